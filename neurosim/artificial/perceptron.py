"""The perceptron: units that learn from their errors, and what is known about it."""

import warnings
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ..errors import InputError, SimulationError
from .estimator import (
    Estimator,
    NotConvergedWarning,
    check_labels,
    check_points,
    check_word,
    find_classes,
    starting_weights,
)
from .nearest import widest_margin
from .rules import Outcome, learn
from .separable import Separability, separate
from .states import Floats, Ints, check_count, check_positive, random_generator

RULES = ("rosenblatt", "batch", "pocket", "averaged", "adatron")
_ASK_AFTER = 20  # epochs
_LARGEST = 2_000_000  # values in X that are asked about


@dataclass(frozen=True, eq=False)
class LearningHistory:
    """How a unit learned.

    Attributes
    ----------
    weights : ndarray (k + 1, n + 1)
        At the start and after each epoch or update, the bias first (no bias: (k + 1, n)).
    shown : ndarray (k,) or None
        If updates were recorded, the point that caused each.
    errors : ndarray (epochs,)
        Errors met in each epoch.
    """

    weights: Floats
    shown: Ints | None
    errors: Ints


class Perceptron(Estimator):
    """Threshold units that learn two or more classes, y = Θ(w·x + b) with Θ(0) = 1.

    Parameters
    ----------
    rule
        - ``"rosenblatt"``: each point in turn, Δw = η (t − y) x with t and y 0 or 1; ends after an epoch without error.
        - ``"batch"``: the same, summed over all points, once in an epoch.
        - ``"pocket"``: Rosenblatt's rule, and the weights with the fewest errors so far are kept (Gallant 1990, with
          ratchet); for classes that no plane separates.
        - ``"averaged"``: Rosenblatt's rule, and the mean of the weights over all presentations is the result (Freund &
          Schapire 1999).
        - ``"adatron"``: the largest stability (Anlauf & Biehl 1989), that is the largest min ±(w·x + b) of unit-length
          (b, w). Needs separable classes.
    learning_rate
        η. Starting from 0 it scales the weights and changes nothing else.
    max_epochs
        Presentations of all points; ``"adatron"``: sweeps.
    shuffle
        A new random order in each epoch, instead of the order given.
    fit_intercept
        Learn a bias b, as the weight of a constant input 1.
    start
        Weights to start from, the bias first; 0 unless given. Not for ``"adatron"``.
    record
        What `history_` has: weights after each of the ``"epochs"``, or of the first 10,000 ``"updates"``.
    tol
        Of ``"adatron"``: the largest error of a stability, relative to the smallest.
    random_state
        Seed of the orders.

    Attributes
    ----------
    classes_ : ndarray
    coef_, intercept_ : ndarray (k, n) and (k,)
        k = 1 for two classes (the upper one is the greater label), else one unit for each class against the rest; the
        one with the largest field wins.
    n_updates_ : int
        Corrections of all units.
    n_epochs_ : int
        Of the unit that took longest.
    converged_ : bool
        Whether every unit ended by its rule.
    separable_ : bool or None
        Whether planes separate the classes (each from the rest): True also if learning converged, None if not known.
    certificate_ : Coincidence or None
        If not, why; see `is_linearly_separable`. Without a bias, its points are those of X, then those of −X with the
        labels exchanged.
    radius_, margin_, bound_ : float
        R, the length of the longest input (the constant 1 included); γ, the largest possible stability of a unit-length
        vector of weights (the bias included), 0 if not separable; and (R/γ)², which the number of updates of
        ``"rosenblatt"`` does not exceed if it starts from 0 (Novikoff 1962). For several classes, those of the unit
        with the smallest γ. NaN where not known.
    history_ : LearningHistory, or a tuple of one for each unit

    Examples
    --------
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 1, 1]
    >>> learner = Perceptron().fit(X, y)
    >>> learner.n_updates_, round(learner.bound_, 6), learner.predict(X).tolist()
    (3, 15.0, [0, 0, 1, 1])
    """

    n_updates_: int
    n_epochs_: int
    converged_: bool
    separable_: bool | None
    certificate_: Any
    radius_: float
    margin_: float
    bound_: float
    history_: Any

    def __init__(
        self,
        rule: str = "rosenblatt",
        *,
        learning_rate: float = 1.0,
        max_epochs: int = 1000,
        shuffle: bool = False,
        fit_intercept: bool = True,
        start: Any = None,
        record: str = "epochs",
        tol: float = 1e-6,
        random_state: Any = None,
    ) -> None:
        self.rule = rule
        self.learning_rate = learning_rate
        self.max_epochs = max_epochs
        self.shuffle = shuffle
        self.fit_intercept = fit_intercept
        self.start = start
        self.record = record
        self.tol = tol
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from points (P, n) and their labels (P,).

        Raises
        ------
        InputError
            For wrong shapes, values that are not finite, labels of one class, parameters that are not legal.

        Warns
        -----
        NotConvergedWarning
            If no plane separates the classes: ``"rosenblatt"`` and ``"batch"`` stop, and the message has the
            certificate. ``"adatron"`` has no answer and raises an error instead; ``"pocket"`` and ``"averaged"`` are
            made for this and only set `separable_`. Also if `max_epochs` is reached on separable classes.
        """
        self._check()
        inputs, place = self._data(X, y)
        units = 1 if self.classes_.size == 2 else self.classes_.size
        start = starting_weights(self.start, units, inputs.shape[1])
        random = random_generator(self.random_state, "random_state")
        outcomes, verdicts = [], []
        for k in range(units):
            targets = (place == (1 if units == 1 else k)).astype(np.float64)
            outcome, verdict = self._learn(inputs, targets, start[k], random)
            outcomes.append(outcome)
            verdicts.append(verdict)
        weights = np.array([outcome.weights for outcome in outcomes])
        self._take(weights, self.n_features_in_, self.fit_intercept)
        self.n_updates_ = sum(outcome.updates for outcome in outcomes)
        self.n_epochs_ = max(outcome.epochs for outcome in outcomes)
        self.converged_ = all(outcome.converged for outcome in outcomes)
        histories = [LearningHistory(o.history, o.shown, o.errors) for o in outcomes]
        self.history_ = histories[0] if units == 1 else tuple(histories)
        self._averages = [(o.total, o.presented, o.last) for o in outcomes]
        self._conclude(inputs, place, units, verdicts)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Go on learning: one epoch over these points, from the present weights.

        Parameters
        ----------
        X, y
            More points (P, n) and their labels (P,).
        classes
            All classes there will be, with the first points; unless given, those among them.

        Raises
        ------
        InputError
            As in `fit`; for the rules ``"pocket"`` and ``"adatron"``, which need all points at once.
        """
        self._check()
        if self.rule in ("pocket", "adatron"):
            raise InputError(f"the rule {self.rule} needs all points at once; use fit")
        first = not self.__sklearn_is_fitted__()
        inputs, place = self._data(X, y, classes if first else self.classes_, first)
        units = 1 if self.classes_.size == 2 else self.classes_.size
        if first or not hasattr(self, "_averages"):
            start = starting_weights(self.start, units, inputs.shape[1])
            self._averages = [(np.zeros(inputs.shape[1]), 0, row) for row in start]
            self.n_updates_, self.n_epochs_ = 0, 0
        random = random_generator(self.random_state, "random_state")
        outcomes = []
        for k, (total, presented, last) in enumerate(self._averages):
            targets = (place == (1 if units == 1 else k)).astype(np.float64)
            outcomes.append(learn(self, inputs, targets, last, random, 1, total, presented))
        self._averages = [(o.total, o.presented, o.last) for o in outcomes]
        self._take(np.array([o.weights for o in outcomes]), self.n_features_in_, self.fit_intercept)
        self.n_updates_ += sum(o.updates for o in outcomes)
        self.n_epochs_ += 1
        return self

    def _check(self) -> None:
        check_word(self.rule, RULES, "rule")
        check_word(self.record, ("epochs", "updates"), "record")
        check_positive(self.learning_rate, "learning_rate")
        check_positive(self.tol, "tol")
        check_count(self.max_epochs, "max_epochs")
        if self.rule == "adatron" and self.start is not None:
            raise InputError("start: adatron finds the same weights from anywhere; leave it out")

    def _data(self, X: Any, y: Any, classes: Any = None, first: bool = True) -> tuple[Floats, Ints]:
        """Inputs with the constant one first, and the class of each."""
        points = check_points(X)
        if not first:
            self._check_features(points)
        self.classes_, place = find_classes(check_labels(y, len(points)), classes)
        self.n_features_in_ = points.shape[1]
        return np.column_stack([np.ones(len(points)), points]) if self.fit_intercept else points, place

    def _learn(
        self, inputs: Floats, targets: Floats, start: Floats, random: np.random.Generator
    ) -> tuple[Outcome, Separability | None]:
        """One unit: learn, and where that does not end, ask whether it can."""
        verdict = self._separability(inputs, targets) if self.rule == "adatron" else None
        if verdict is not None and not verdict:
            raise InputError(f"no plane separates the classes, so adatron has no answer: {verdict.certificate}")
        if self.rule not in ("rosenblatt", "batch") or self.max_epochs <= _ASK_AFTER:
            outcome = learn(self, inputs, targets, start, random, self.max_epochs)
            if not outcome.converged and verdict is None:
                verdict = self._separability(inputs, targets)
            return outcome, verdict
        asked = []

        def go_on(epoch: int) -> bool:
            if epoch == _ASK_AFTER:
                asked.append(self._separability(inputs, targets))
            return not asked or asked[0] is None or asked[0].separable

        return learn(self, inputs, targets, start, random, self.max_epochs, go_on=go_on), asked[0] if asked else None

    def _separability(self, inputs: Floats, targets: Floats) -> Separability | None:
        """The verdict on two classes, or None where it cannot be had."""
        if inputs.size > _LARGEST or targets.min() == targets.max():
            return None
        upper = targets.astype(np.int64)
        points = inputs[:, -self.n_features_in_ :]
        if not self.fit_intercept:
            points, upper = np.vstack([points, -points]), np.append(upper, 1 - upper)
        try:
            return separate(points, upper, (0, 1))
        except SimulationError:
            return None

    def _conclude(self, inputs: Floats, place: Ints, units: int, verdicts: list[Separability | None]) -> None:
        """Separability, Novikoff's bound, and warnings."""
        failed = [verdict for verdict in verdicts if verdict is not None and not verdict]
        self.certificate_ = failed[0].certificate if failed else None
        known = self.converged_ or all(verdict is not None for verdict in verdicts)
        self.separable_ = False if failed else True if known else None
        self.radius_ = float(np.linalg.norm(inputs, axis=1).max())
        self.margin_ = 0.0 if failed else np.nan
        if self.separable_ and inputs.size <= _LARGEST:
            margins = []
            for k in range(units):
                signs = np.where(place == (1 if units == 1 else k), 1.0, -1.0)
                found = widest_margin(signs[:, None] * inputs)
                margins.append(np.nan if found is None else found[1])
            self.margin_ = float(np.min(margins))
        applies = self.rule in ("rosenblatt", "pocket", "averaged") and not np.any(self.start)
        self.bound_ = (self.radius_ / self.margin_) ** 2 if applies and self.margin_ > 0 else np.nan
        if failed and applies:
            self.bound_ = np.inf
        if self.rule in ("pocket", "averaged") or self.converged_:
            return
        if failed:
            which = "" if units == 1 else f" {self.classes_[verdicts.index(failed[0])]} from the rest"
            warnings.warn(
                f"no plane separates the classes{which}, {self.rule} would never end and was stopped after "
                f"{self.n_epochs_} epochs; convex combinations of both that coincide: {self.certificate_}; "
                "use rule='pocket'",
                NotConvergedWarning,
                stacklevel=3,
            )
        else:
            what = "separable" if self.separable_ else "perhaps separable"
            bound = f"; the bound is {self.bound_:.4g} updates" if np.isfinite(self.bound_) else ""
            warnings.warn(
                f"max_epochs={self.max_epochs} reached after {self.n_updates_} updates, the classes are {what}{bound}",
                NotConvergedWarning,
                stacklevel=3,
            )

    def plot(self, X: Any, y: Any, ax: Any = None) -> Any:
        """Draw points, decision lines and their movement; see `neurosim.plot_decision`."""
        from ..plot.networks import plot_decision

        return plot_decision(self, X, y, ax=ax)
