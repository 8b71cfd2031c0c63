"""What units that learn have in common: the customs of scikit-learn, without needing it."""

import inspect
from typing import Any, Self

import numpy as np

from ..errors import InputError, choices, excerpt
from .states import Floats, Ints, check_finite

_LARGEST = 1e100


class NotConvergedWarning(UserWarning):
    """Learning did not end: no plane separates the classes, and the message says why, or there was too little time."""


class Estimator:
    """Parameters by name, as scikit-learn's pipelines and searches expect them."""

    classes_: Any
    coef_: Any
    intercept_: Any
    n_features_in_: int

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in inspect.signature(cls).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name."""
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params: Any) -> Self:
        """Change parameters by name; the next `fit` uses them."""
        for name, value in params.items():
            if name not in self._names():
                legal = choices(name, self._names())
                raise InputError(f"{type(self).__name__} has no parameter {excerpt(name)}; {legal}")
            setattr(self, name, value)
        return self

    def _kind(self) -> str:
        return "classifier"

    @property
    def _estimator_type(self) -> str:
        return self._kind()

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn (1.6 and later) wants to know; it alone asks."""
        from sklearn.utils import ClassifierTags, RegressorTags, Tags, TargetTags

        classifier = self._kind() == "classifier"
        return Tags(
            estimator_type=self._kind(),
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags() if classifier else None,
            regressor_tags=None if classifier else RegressorTags(),
        )

    def __sklearn_is_fitted__(self) -> bool:
        """Whether it has learned anything; scikit-learn asks."""
        return hasattr(self, "coef_")

    def fields(self, X: Any) -> Floats:
        """w·x + b for points (P, n): (P, k), for each of the k units."""
        if not self.__sklearn_is_fitted__():
            raise InputError(f"this {type(self).__name__} has not learned anything; call fit(X, y) first")
        points = check_points(X)
        self._check_features(points)
        fields: Floats = points @ self.coef_.T + self.intercept_
        return fields

    def _check_features(self, points: Floats) -> None:
        if points.shape[1] != self.n_features_in_:
            raise InputError(
                f"X has {points.shape[1]} features, but {type(self).__name__} is expecting {self.n_features_in_} "
                "features as input, those it learned from"
            )

    def decision_function(self, X: Any) -> Floats:
        """w·x + b, (P,); with several classes (P, k), one column for each."""
        fields = self.fields(X)
        return fields[:, 0] if fields.shape[1] == 1 else fields

    def predict(self, X: Any) -> Any:
        """The class of each point, (P,)."""
        fields = self.fields(X)
        if fields.shape[1] == 1:
            return self.classes_[(fields[:, 0] >= 0.0).astype(np.int64)]
        return self.classes_[fields.argmax(axis=1)]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of points that are classified correctly."""
        predicted = self.predict(X)
        right = predicted == check_labels(y, len(predicted))
        return float(np.average(right, weights=sample_weight))

    def _take(self, weights: Floats, n: int, with_bias: bool) -> None:
        """Keep weights (k, n + 1), the bias first, or (k, n) without one."""
        self.n_features_in_ = n
        self.coef_ = weights[:, -n:].copy()
        self.intercept_ = weights[:, 0].copy() if with_bias else np.zeros(len(weights))

    def __repr__(self) -> str:
        usual = inspect.signature(type(self)).parameters
        given = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if value is not usual[name].default and repr(value) != repr(usual[name].default)
        ]
        return f"{type(self).__name__}({', '.join(given)})"


def check_points(X: Any) -> Floats:
    """Points (P, n), both at least 1."""
    if hasattr(X, "toarray"):
        raise InputError("X: sparse matrices are not taken; give X.toarray()")
    points = check_finite(X, "X")
    if points.ndim != 2:
        raise InputError(f"X: (P, n), a row for each point, not the shape {points.shape}. Reshape your data")
    if 0 in points.shape:
        what = "feature(s)" if points.shape[1] == 0 else "sample(s)"
        raise InputError(f"X: 0 {what} (shape={points.shape}) while a minimum of 1 is required.")
    if np.abs(points).max() > _LARGEST:
        raise InputError(f"X: values beyond ±{_LARGEST:g} cannot be learned from; scale the points")
    return points


def check_labels(y: Any, count: int) -> Any:
    """Labels (P,), finite where they are numbers."""
    if y is None:
        raise InputError("y: learning requires y to be passed, but the target y is None")
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape != (count,):
        raise InputError(f"y: one label for each of {count} points, not the shape {labels.shape}")
    if labels.dtype.kind == "c":
        raise InputError("y: Complex data not supported")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise InputError(f"y: the label of point {int(np.flatnonzero(~np.isfinite(labels))[0])} is NaN or infinite")
    return labels


def find_classes(y: Any, known: Any = None) -> tuple[Any, Ints]:
    """The classes in order, and the place of each label among them; at least two."""
    try:
        classes = np.unique(y if known is None else np.asarray(known))
    except TypeError:
        raise InputError("y: labels that can be put in order, such as 0 and 1, or names") from None
    if classes.dtype.kind == "f" and (classes != np.rint(classes)).any():
        raise InputError("y: Unknown label type: continuous values; labels are whole numbers or names")
    if classes.size < 2:
        raise InputError(f"y: at least two classes are needed, there is only one class, {excerpt(classes.tolist()[0])}")
    if unknown := np.setdiff1d(y, classes).tolist():
        raise InputError(f"y: the label {excerpt(unknown[0])} is none of the classes {excerpt(classes.tolist())}")
    return classes, np.searchsorted(classes, y).astype(np.int64)


def check_word(value: Any, legal: tuple[str, ...], what: str) -> str:
    """One of a few words."""
    if not isinstance(value, str) or value not in legal:
        raise InputError(
            f"{what} is {', '.join(legal[:-1])} or {legal[-1]}, not {excerpt(value)}; {choices(value, legal)}"
        )
    return value


def starting_weights(start: Any, units: int, size: int) -> Floats:
    """Weights (units, size) from None, one row for all or a row for each."""
    if start is None:
        return np.zeros((units, size))
    given = check_finite(start, "start")
    if given.shape not in ((size,), (units, size)):
        raise InputError(
            f"start: the bias, if there is one, and the weights, {size} in all, not the shape {given.shape}"
        )
    return np.broadcast_to(given, (units, size)).copy()
