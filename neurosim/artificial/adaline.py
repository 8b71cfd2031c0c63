"""Adaptive linear units: learning as descent along the gradient of an error."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ..errors import InputError, SimulationError, excerpt
from .estimator import Estimator, check_labels, check_points, check_word, find_classes, starting_weights
from .neuron import FUNCTIONS
from .states import Floats, check_count, check_finite, check_positive, random_generator

_FAR = 1e100


@dataclass(frozen=True, eq=False)
class LearningCurve:
    """How a unit learned; the start comes first, then the end of each epoch.

    Attributes
    ----------
    weights : ndarray (epochs + 1, n + 1)
        The bias first (no bias: (epochs + 1, n)).
    training_error, validation_error : ndarray (epochs + 1,)
        Mean error of a point, without penalties; validation is NaN where there are no such data.
    objective : ndarray (epochs + 1,)
        What is minimised: the sum of the errors, and the penalties.
    """

    weights: Floats
    training_error: Floats
    validation_error: Floats
    objective: Floats


class Adaline(Estimator):
    """Units y = f(w·x + b), linear or sigmoid, that learn by the delta rule, Δw = η Σ (t − y) f′ x.

    Parameters
    ----------
    unit
        ``"linear"`` or ``"sigmoid"``, 1/(1 + e^−h).
    error
        ``"squared"``, ½(t − y)², or, for sigmoid units, ``"cross-entropy"``, −t ln y − (1 − t) ln(1 − y), whose
        gradient has no f′.
    output
        ``"class"``: learn labels, as targets −1 and +1 (linear) or 0 and 1 (sigmoid); several classes by one unit for
        each against the rest. ``"value"``: learn and predict numbers.
    learning_rate
        η. Changes are summed over a batch, not averaged: online and batch learning take the same way for small η.
    max_epochs
        Presentations of all points.
    batch
        ``"online"``: change the weights after each point; ``"all"``: once in an epoch; or a number of points.
    shuffle
        A new random order in each epoch, instead of the order given.
    l1, l2
        Penalties ``l1 Σ |w|`` and ½ l2 Σ w², added to the sum of the errors. The bias is free.
    tol
        End when an epoch improves the objective by less than this share of it; 0 goes on to `max_epochs`.
    fit_intercept
        Learn a bias b.
    start
        Weights to start from, the bias first; 0 unless given.
    random_state
        Seed of the orders.

    Attributes
    ----------
    classes_ : ndarray
        If classes are learned.
    coef_, intercept_ : ndarray (k, n) and (k,)
        k = 1 for values and two classes, else one unit for each class.
    n_epochs_ : int
    history_ : LearningCurve, or a tuple of one for each unit

    Notes
    -----
    Widrow & Hoff 1960. L1 is minimised by soft thresholding after each step; with ``batch="all"`` weights become
    exactly 0.

    Examples
    --------
    >>> X, targets = [[0, 0], [0, 1], [1, 0], [1, 1]], [0.2, 0.1, 0.9, 1.1]
    >>> unit = Adaline(output="value", batch="all", learning_rate=0.25, start=[0.5, 0, -1], max_epochs=1)
    >>> unit.fit(X, targets).history_.weights[1].round(4).tolist()
    [1.075, 0.5, -0.45]
    """

    n_epochs_: int
    history_: Any

    def __init__(
        self,
        unit: str = "linear",
        *,
        error: str = "squared",
        output: str = "class",
        learning_rate: float = 0.01,
        max_epochs: int = 100,
        batch: Any = "online",
        shuffle: bool = False,
        l1: float = 0.0,
        l2: float = 0.0,
        tol: float = 0.0,
        fit_intercept: bool = True,
        start: Any = None,
        random_state: Any = None,
    ) -> None:
        self.unit = unit
        self.error = error
        self.output = output
        self.learning_rate = learning_rate
        self.max_epochs = max_epochs
        self.batch = batch
        self.shuffle = shuffle
        self.l1 = l1
        self.l2 = l2
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.start = start
        self.random_state = random_state

    def _kind(self) -> str:
        return "regressor" if self.output == "value" else "classifier"

    def fit(self, X: Any, y: Any, validation: Any = None) -> Self:
        """Learn from points (P, n) and their labels or values (P,).

        Parameters
        ----------
        X, y
            The training data.
        validation
            Further points and labels, ``(X, y)``, on which the error is measured after each epoch.

        Raises
        ------
        InputError
            For wrong shapes, values that are not finite, labels of one class, cross-entropy of values outside 0 … 1
            or of linear units, parameters that are not legal.
        SimulationError
            If the weights grow without bound: the learning rate is too large.
        """
        return self._go(X, y, validation, check_count(self.max_epochs, "max_epochs"), None)

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Go on learning: one epoch over these points, from the present weights.

        Parameters
        ----------
        X, y
            More points (P, n) and their labels or values (P,).
        classes
            All classes there will be, with the first points; unless given, those among them.
        """
        return self._go(X, y, None, 1, classes, True)

    def predict(self, X: Any) -> Any:
        """The class of each point, (P,), or the value."""
        if self.output == "value":
            return self._output(self.fields(X)[:, 0])
        return super().predict(X)

    @property
    def predict_proba(self) -> Callable[[Any], Floats]:
        """``predict_proba(X)``: the outputs of sigmoid units as probabilities of the classes, (P, k), rows of sum 1."""
        if self.unit != "sigmoid" or self.output != "class":
            raise AttributeError("probabilities of classes are the outputs of sigmoid units that learn classes")
        return self._probabilities

    def _probabilities(self, X: Any) -> Floats:
        outputs = self._output(self.fields(X))
        if outputs.shape[1] == 1:
            return np.column_stack([1.0 - outputs, outputs])
        share: Floats = outputs / outputs.sum(axis=1, keepdims=True)
        return share

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of points that are classified correctly; of values, R², the share of the variance explained."""
        if self.output != "value":
            return super().score(X, y, sample_weight)
        predicted = self.predict(X)
        targets = check_finite(check_labels(y, len(predicted)), "y")
        mean = np.average(targets, weights=sample_weight)
        total = np.average((targets - mean) ** 2, weights=sample_weight)
        left = np.average((targets - predicted) ** 2, weights=sample_weight)
        return float(1.0 - left / total) if total else float(left == 0)

    def plot(self, ax: Any = None) -> Any:
        """Draw the learning curves; see `neurosim.plot_learning`."""
        from ..plot.networks import plot_learning

        return plot_learning(self, ax=ax)

    def _output(self, h: Floats) -> Floats:
        return FUNCTIONS["logistic"](h) if self.unit == "sigmoid" else h

    def _check(self) -> None:
        check_word(self.unit, ("linear", "sigmoid"), "unit")
        check_word(self.error, ("squared", "cross-entropy"), "error")
        check_word(self.output, ("class", "value"), "output")
        if self.error == "cross-entropy" and self.unit != "sigmoid":
            raise InputError("cross-entropy is an error of probabilities; it goes with unit='sigmoid'")
        check_positive(self.learning_rate, "learning_rate")
        for name in ("l1", "l2", "tol"):
            check_positive(getattr(self, name), name, zero=True)
        if self.batch not in ("online", "all") and not isinstance(self.batch, int | np.integer):
            raise InputError(f"batch is 'online', 'all' or a number of points, not {excerpt(self.batch)}")

    def _go(self, X: Any, y: Any, validation: Any, epochs: int, classes: Any, more: bool = False) -> Self:
        self._check()
        going_on = more and self.__sklearn_is_fitted__()
        points = check_points(X)
        if going_on:
            self._check_features(points)
        targets = self._targets(
            check_labels(y, len(points)), self.classes_ if going_on and self._labelled() else classes
        )
        inputs = self._inputs(points)
        random = random_generator(self.random_state, "random_state")
        checked = None
        if validation is not None:
            checked = self._validation(validation, points.shape[1])
        if going_on:
            bias = [self.intercept_[:, None]] if self.fit_intercept else []
            start = np.hstack([*bias, self.coef_])
        else:
            start = starting_weights(self.start, len(targets), inputs.shape[1])
        curves = []
        for k, target in enumerate(targets):
            held = None if checked is None else (checked[0], checked[1][k])
            curves.append(self._descend(inputs, target, start[k], random, epochs, held))
        self._take(np.array([curve.weights[-1] for curve in curves]), points.shape[1], self.fit_intercept)
        self.history_ = curves[0] if len(curves) == 1 else tuple(curves)
        self.n_epochs_ = max(len(curve.objective) - 1 for curve in curves) + (self.n_epochs_ if going_on else 0)
        return self

    def _labelled(self) -> bool:
        return self.output == "class"

    def _inputs(self, points: Floats) -> Floats:
        """With the constant input first."""
        constant = np.full(len(points), 1.0 if self.fit_intercept else 0.0)
        inputs = np.column_stack([constant, points])
        return inputs if self.fit_intercept else np.ascontiguousarray(inputs[:, 1:])

    def _targets(self, y: Any, classes: Any) -> Floats:
        """What each unit should put out: (k, P)."""
        if not self._labelled():
            values = check_finite(y, "y")
            if self.error == "cross-entropy" and ((values < 0) | (values > 1)).any():
                raise InputError("y: cross-entropy is for values from 0 to 1")
            return values[None]
        self.classes_, place = find_classes(y, classes)
        chosen = [1] if self.classes_.size == 2 else range(self.classes_.size)
        upper = np.array([place == k for k in chosen], dtype=np.float64)
        return upper if self.unit == "sigmoid" else 2.0 * upper - 1.0

    def _validation(self, validation: Any, features: int) -> tuple[Floats, Floats]:
        if not isinstance(validation, tuple | list) or len(validation) != 2:
            raise InputError("validation: a pair of points and labels, (X, y)")
        points = check_points(validation[0])
        if points.shape[1] != features:
            raise InputError(f"validation: {points.shape[1]} features instead of {features}")
        labels = check_labels(validation[1], len(points))
        return self._inputs(points), self._targets(labels, self.classes_ if self._labelled() else None)

    def _errors(self, inputs: Floats, targets: Floats, w: Floats) -> Floats:
        h = inputs @ w
        if self.error == "cross-entropy":
            entropy: Floats = np.logaddexp(0.0, h) - targets * h
            return entropy
        squared: Floats = 0.5 * (targets - self._output(h)) ** 2
        return squared

    def _descend(
        self, inputs: Floats, targets: Floats, w: Floats, random: np.random.Generator, epochs: int, held: Any
    ) -> LearningCurve:
        """One unit."""
        from .loops import descend

        P = len(inputs)
        size = {"online": 1, "all": P}.get(self.batch) or min(check_count(self.batch, "batch"), P)
        free = 1 if self.fit_intercept else 0
        l1, l2 = float(self.l1), float(self.l2)
        record: list[tuple[Floats, float, float, float]] = []

        def measure() -> float:
            errors = self._errors(inputs, targets, w)
            penalty = l1 * np.abs(w[free:]).sum() + 0.5 * l2 * (w[free:] ** 2).sum()
            unseen = np.nan if held is None else float(self._errors(held[0], held[1], w).mean())
            record.append((w.copy(), float(errors.mean()), unseen, float(errors.sum() + penalty)))
            return record[-1][3]

        w = w.copy()
        with np.errstate(all="ignore"):
            before = measure()
            for epoch in range(1, epochs + 1):
                order = random.permutation(P) if self.shuffle else np.arange(P)
                descend(
                    inputs, targets, w, order, size, float(self.learning_rate), l1, l2, free,
                    self.unit == "sigmoid", self.error == "cross-entropy",
                )  # fmt: skip
                after = measure()
                if not np.isfinite(after) or np.abs(w).max() > _FAR:
                    raise SimulationError(self._too_fast(inputs, epoch))
                if self.tol > 0 and abs(before - after) < self.tol * abs(before):
                    break
                before = after
        weights, training, unseen, objective = zip(*record, strict=True)
        return LearningCurve(np.array(weights), np.array(training), np.array(unseen), np.array(objective))

    def _too_fast(self, inputs: Floats, epoch: int) -> str:
        scale = np.abs(inputs).max() or 1.0
        steepest = float(np.linalg.norm(inputs / scale, 2) ** 2) * scale**2 + self.l2
        return (
            f"the weights grew without bound in epoch {epoch}: learning_rate={self.learning_rate:g} is too large; "
            f"for batch='all' and linear units it stays below {2 / steepest:.3g}, or scale the points"
        )
