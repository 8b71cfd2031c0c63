"""The Hopfield memory."""

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError, choices, excerpt
from .memory_engines import Engine, FormedWeights, OverlapFields, asynchronous, synchronous
from .memory_learning import check_room, diluted, energies, learned, remaining, storage, unlearned
from .memory_recall import Floats, Recall, Stored, check_update
from .memory_rules import RULES, OverloadWarning, check_kappa, hebb_counts, largest_load
from .patterns import Patterns, Signs, as_patterns, seed_sequence, share, signs, whole

_MOST_FORMED = 4096  # from here on Hebb's weights are not formed
_ENGINES = ("weights", "overlaps")


class Hopfield:
    """An associative memory of n units ±1 (Hopfield 1982, doi:10.1073/pnas.79.8.2554).

    Parameters
    ----------
    n
        Number of units.
    engine
        "weights": the matrix is formed, and fields are kept up to date, at a cost per flip. "overlaps": Hebb's rule
        only; nothing but the patterns is kept, as bits. Chosen by the size if not given: overlaps from 4097 units on.
        The results are the same.

    Attributes
    ----------
    n : int
    names : tuple of str
        Of the stored patterns.
    rule : str or None
    engine : str
    """

    def __init__(self, n: int, *, engine: str | None = None) -> None:
        self.n = whole(n, "n", 1)
        if engine is not None and engine not in _ENGINES:
            raise InputError(f"unknown engine {excerpt(engine)}; {choices(engine, _ENGINES)}")
        self._wanted = engine
        self.rule: str | None = None
        self.kappa = 1.0
        self._stored = Stored((), self.n, (self.n,), np.zeros((0, self.n), np.int8))
        self._engine: Engine | None = None
        self._live = np.arange(self.n, dtype=np.int32)
        self._changed: list[str] = []

    # Storing -----------------------------------------------------------------------------------------------------

    def store(self, patterns: Any, rule: str = "hebb", *, kappa: float = 1.0) -> "Hopfield":
        """Add patterns to the memory.

        Parameters
        ----------
        patterns
            A dict of name → array, an array (P, n), or one pattern; values −1 and +1, n in each.
        rule
            "hebb"; "covariance", for low activity; "pseudo-inverse"; "storkey"; "perceptron", to the stability `kappa`.
            All patterns are learned by it, earlier ones too.
        kappa
            For the perceptron rule: least ξ_i h_i for rows of weights of length 1.

        Returns
        -------
        Hopfield
            The memory itself.

        Warns
        -----
        OverloadWarning
            Where more is stored than the rule is known to hold.
        """
        if rule not in RULES:
            raise InputError(f"unknown rule {excerpt(rule)}; {choices(rule, RULES)}")
        kappa = check_kappa(kappa)
        added = as_patterns(patterns, self.n)
        if self._changed and not rule == self.rule == "hebb":
            raise InputError(
                f"{self._changed[0]} came before; only Hebb's rule adds to such weights, take a new memory"
            )
        if rule != "hebb" and self._wanted == "overlaps":
            raise InputError(f"the {rule} rule needs weights; leave engine out, or take the rule hebb")
        if rule != "hebb" or self._wanted == "weights":
            check_room(self.n, rule)
        together = self._together(added)
        before = self._engine
        self.rule, self.kappa = rule, kappa
        self._stored = storage(together, rule, self._by_overlaps)
        if self._changed and isinstance(before, FormedWeights):
            self._engine = FormedWeights.of(before.matrix * before.scale + hebb_counts(added.values) / self.n)
        else:
            self._engine = learned(self._stored, rule, kappa)
        alpha, limit = self.load, largest_load(rule, self.n, kappa)
        if alpha > limit and rule != "perceptron":  # which has said what it could not learn
            warnings.warn(
                f"{self._stored.count} patterns in {self.n} units are α = {alpha:.3g}; the {rule} rule holds up to "
                f"α = {limit:.3g} of random patterns",
                OverloadWarning,
                stacklevel=2,
            )
        return self

    def _together(self, added: Patterns) -> Patterns:
        if not self._stored.count:
            return added
        names = added.names
        if set(names) & set(self.names):
            if not all(name.isdigit() for name in names):
                taken = sorted(set(names) & set(self.names))[0]
                raise InputError(f"a pattern {excerpt(taken)} is stored already; forget it first or take another name")
            names = tuple(str(self._stored.count + k) for k in range(len(names)))
        return Patterns(self.names + names, np.concatenate([self._stored.all(), added.values]), self._stored.shape)

    @property
    def _by_overlaps(self) -> bool:
        return self.rule in (None, "hebb") and (self._wanted or self._by_size) == "overlaps"

    @property
    def _by_size(self) -> str:
        return "weights" if self.n <= _MOST_FORMED else "overlaps"

    def forget(self, pattern: Any) -> "Hopfield":
        """Take one pattern out of the memory, by its name or as an array: the others are then as if alone.

        Raises
        ------
        InputError
            Where it is not stored, or weights were changed and the rule is not Hebb's.
        """
        index = self._index(pattern)
        if self._changed and self.rule != "hebb":
            raise InputError(f"{self._changed[0]} came before; only Hebb's rule forgets from such weights")
        values, removed = self._stored.all(), self._stored.pattern(index)
        keep = np.arange(len(values)) != index
        before = self._engine
        names = tuple(name for name, kept in zip(self.names, keep, strict=True) if kept)
        rule = self.rule or "hebb"
        self._stored = storage(Patterns(names, values[keep], self._stored.shape), rule, self._by_overlaps)
        if self._changed and isinstance(before, FormedWeights):
            self._engine = FormedWeights.of(before.matrix * before.scale - hebb_counts(removed[None]) / self.n)
        else:
            self._engine = learned(self._stored, rule, self.kappa)
        return self

    def _index(self, pattern: Any) -> int:
        if isinstance(pattern, str):
            if pattern not in self.names:
                raise InputError(f"no pattern {excerpt(pattern)} is stored; {choices(pattern, self.names)}")
            return self.names.index(pattern)
        found = np.flatnonzero(self._stored.products(self._cue(pattern)) == self.n)
        if not found.size:
            raise InputError("this pattern is not stored; see .names")
        return int(found[0])

    # Changing the weights ----------------------------------------------------------------------------------------

    def unlearn(self, steps: int, *, seed: int | None = None, strength: float = 0.01) -> "Hopfield":
        """Weaken what random starts end in (Hopfield, Feinstein & Palmer 1983, doi:10.1038/304158a0).

        Each step takes a random state to its fixed point s and subtracts (strength/n) s_i s_j from every weight.
        Spurious states and dominant patterns lose; the dose matters, too much destroys the memory.

        Parameters
        ----------
        steps
            Random starts.
        seed
            The same seed gives the same weights.
        strength
            The ε of the paper.
        """
        steps = whole(steps, "steps", 0)
        if not 0 <= strength < math.inf:
            raise InputError(f"strength is a number from 0 on, not {excerpt(strength)}")
        engine = self._own_engine("unlearning")
        if not engine.symmetric:
            raise InputError("unlearning needs symmetric weights; the perceptron rule's are not")
        self._engine = unlearned(engine, self._live, steps, strength, seed)
        self._changed.append("unlearning")
        return self

    def dilute(self, fraction: float, *, seed: int | None = None, symmetric: bool = True) -> "Hopfield":
        """Set this fraction of the weights, drawn at random, to 0.

        Parameters
        ----------
        fraction
            From 0 to 1; exactly that, to the nearest whole number.
        symmetric
            Both directions of a pair go together. Otherwise each on its own, and there is no energy any more.
        """
        fraction = share(fraction, "the fraction to dilute")
        self._engine = diluted(self._own_engine("dilution"), fraction, seed, symmetric)
        self._changed.append("dilution")
        return self

    def clip(self, limit: float) -> "Hopfield":
        """Cut weights off at ±`limit`; only their signs remain, as ±1/n, where it is 0."""
        if not 0 <= limit < math.inf:
            raise InputError(f"the limit of weights is a number from 0 on, not {excerpt(limit)}")
        engine = self._own_engine("clipping")
        weights = engine.matrix * engine.scale
        clipped = np.clip(weights, -limit, limit) if limit else np.sign(weights) / self.n
        self._engine = FormedWeights.of(clipped, threshold=engine.threshold)
        self._changed.append("clipping")
        return self

    def remove(self, units: float | ArrayLike, *, seed: int | None = None) -> "Hopfield":
        """Silence units for good: their state is 0.

        Parameters
        ----------
        units
            Indices of units, or a fraction (a float) to be drawn at random.
        """
        self._live = remaining(self._live, units, self.n, seed)
        return self

    def _own_engine(self, what: str) -> FormedWeights:
        if self._engine is None:
            raise InputError(f"nothing is stored; {what} needs weights, store patterns first")
        if isinstance(self._engine, OverlapFields):
            raise InputError(f"{what} needs formed weights; take Hopfield(n, engine='weights') with fewer units")
        assert isinstance(self._engine, FormedWeights)
        return self._engine

    # Recalling ---------------------------------------------------------------------------------------------------

    def recall(
        self,
        cue: ArrayLike,
        update: str = "asynchronous",
        beta: float = math.inf,
        *,
        seed: int | None = None,
        max_sweeps: int = 100,
    ) -> Recall:
        """Start at a cue and let the network run.

        Parameters
        ----------
        cue
            n values of ±1, in any shape.
        update
            "asynchronous": one unit after the other, in an order drawn anew for every sweep. "synchronous": all at
            once.
        beta
            Inverse temperature. At ∞ a unit takes the sign of its field h, and keeps its state at h = 0; otherwise
            it is +1 with the probability (1 + tanh βh)/2.
        seed
            The same seed gives the same course.
        max_sweeps
            Sweeps after which to stop. At β = ∞ a fixed point or cycle ends the run before; at finite β all are made.

        Returns
        -------
        Recall

        Raises
        ------
        InputError
            For a cue of another size or with other values, an unknown update, β < 0.
        """
        beta = check_update(update, beta)
        sweeps = whole(max_sweeps, "max_sweeps", 1)
        engine = self._running()
        state = self._cue(cue)
        live = self._live.size if self._live.size < self.n else None
        if live:
            gone = np.ones(self.n, dtype=bool)
            gone[self._live] = False
            state = np.where(gone, 0, state).astype(np.int8)
        sequence = seed_sequence(seed)
        rng = sequence.generate_state(4, np.uint64)
        run = asynchronous if update == "asynchronous" else synchronous
        course = run(engine, state, self._live, rng if run is asynchronous else sequence, beta, sweeps)
        return Recall(
            state=course.state.reshape(self._stored.shape),
            sweeps=course.flips.size,
            period=course.period,
            energy=energies(engine, course.products, course.sums(live or self.n)) if engine.symmetric else None,
            flips=course.flips,
            flip_order=course.order,
            update=update,
            beta=beta,
            seed=int(sequence.entropy),  # type: ignore[arg-type]  # one number: that is how it was made
            stored=self._stored,
            live=live,
            course=course.bits,
        )

    def _running(self) -> Engine:
        if self._engine is None:
            raise InputError("nothing is stored; store patterns first")
        return self._engine

    def _cue(self, cue: Any) -> Signs:
        state = signs(cue, "the cue")
        if state.size != self.n:
            raise InputError(f"the cue has {state.size} values, but the memory has {self.n} units")
        return np.ascontiguousarray(state).reshape(self.n)

    def energy(self, state: ArrayLike) -> float:
        """−½ Σ_ij w_ij s_i s_j + θ Σ_i s_i of a state, θ the threshold.

        Raises
        ------
        InputError
            Where the weights are not symmetric: there is no energy then.
        """
        engine = self._running()
        if not engine.symmetric:
            raise InputError(
                "there is no energy: the weights are not symmetric; symmetric are all rules but perceptron"
            )
        s = np.where(np.isin(np.arange(self.n), self._live), self._cue(state), 0).astype(np.int8)
        product = np.dot(s.astype(np.float64), engine.fields(s))
        return float(energies(engine, product, s.sum(dtype=np.int64)))

    def fields(self, state: ArrayLike) -> Floats:
        """Fields Σ_j w_ij s_j − θ (n,) of all units in a state, θ the threshold."""
        s = np.where(np.isin(np.arange(self.n), self._live), self._cue(state), 0).astype(np.int8)
        engine = self._running()
        return np.asarray(engine.fields(s) * engine.scale)

    def overlaps(self, state: ArrayLike) -> Floats:
        """Overlap (P,) of a state with every pattern, Σ ξ_i s_i/n; relative to the mean by the covariance rule."""
        return self._stored.overlaps(self._cue(state))

    # What it is --------------------------------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the stored patterns; "0", "1", … where none were given."""
        return self._stored.names

    @property
    def patterns(self) -> Signs:
        """The stored patterns (P, n)."""
        return self._stored.all()

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape in which patterns were given."""
        return self._stored.shape

    @property
    def load(self) -> float:
        """α = P/n."""
        return self._stored.count / self.n

    @property
    def engine(self) -> str:
        """How recall is computed, "weights" or "overlaps"; see the class."""
        return "overlaps" if self._by_overlaps else "weights"

    @property
    def symmetric(self) -> bool:
        """Whether w_ij = w_ji, so that there is an energy."""
        return self._engine is None or self._engine.symmetric

    @property
    def units(self) -> NDArray[np.int32]:
        """Indices of the units that were not removed."""
        return self._live.copy()

    @property
    def weights(self) -> Floats:
        """The matrix (n, n), formed if it is not."""
        check_room(self.n, self.rule or "hebb")
        engine = self._running()
        if isinstance(engine, FormedWeights):
            return np.asarray(engine.matrix * engine.scale, dtype=np.float64)
        return np.asarray(hebb_counts(self.patterns) / self.n)

    @property
    def threshold(self) -> float:
        """θ of all units: 0 but for the covariance rule, by which it lies midway between active and silent units."""
        return 0.0 if self._engine is None else self._engine.threshold

    def __repr__(self) -> str:
        rule = f", {self.rule}" if self.rule else ""
        changed = f", after {', '.join(dict.fromkeys(self._changed))}" if self._changed else ""
        return f"<Hopfield: {self.n} units, {self._stored.count} patterns (α = {self.load:.3g}){rule}{changed}>"
