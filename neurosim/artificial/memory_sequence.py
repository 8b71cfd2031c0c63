"""A memory for sequences: asymmetric weights that act with a delay lead from one pattern to the next."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import InputError, choices, excerpt
from .memory_recall import RETRIEVED, Floats, Stored, check_update
from .patterns import Signs, as_patterns, random_numbers, signs, whole

_RULES = ("hebb", "pseudo-inverse")


class SequenceMemory:
    """Units ±1 that replay patterns in their order (Sompolinsky & Kanter 1986, doi:10.1103/PhysRevLett.57.2861).

    The field is h(t) = J s(t) + λ K s(t − τ): symmetric J holds the present pattern, K leads from each to the next, but
    sees the state as it was τ sweeps ago. A pattern therefore stays for about τ sweeps, where λ > 1.

    Parameters
    ----------
    n
        Number of units.
    delay
        τ in sweeps, at least 1.
    strength
        λ of the asymmetric weights.
    """

    def __init__(self, n: int, *, delay: int = 4, strength: float = 2.0) -> None:
        self.n, self.delay = whole(n, "n", 1), whole(delay, "delay", 1)
        if not 0 <= strength < math.inf:
            raise InputError(f"strength is a number from 0 on, not {excerpt(strength)}")
        self.strength = float(strength)
        self.cyclic = True
        self._stored = Stored((), self.n, (self.n,), np.zeros((0, self.n), np.int8))
        self._dual: Floats = np.zeros((0, self.n))
        self._self: Floats = np.zeros(self.n)

    def store(self, patterns: Any, rule: str = "hebb", *, cyclic: bool = True) -> "SequenceMemory":
        """Store a sequence, in place of an earlier one.

        Parameters
        ----------
        patterns
            At least two: a dict of name → array, or an array (P, n), in the order in which they are replayed.
        rule
            "hebb": J = Σ ξ^µ ξ^µ/n, K = Σ ξ^(µ+1) ξ^µ/n. "pseudo-inverse", for correlated patterns: the second of each
            two is replaced by the dual pattern, so that the others have no part in it.
        cyclic
            The first pattern follows the last.
        """
        if rule not in _RULES:
            raise InputError(f"unknown rule {excerpt(rule)} for a sequence; {choices(rule, _RULES)}")
        names, values, shape = as_patterns(patterns, self.n)
        if len(values) < 2:
            raise InputError("a sequence has at least two patterns")
        self._stored, self.cyclic = Stored(names, self.n, shape, values), cyclic
        numbers = values.astype(np.float64)
        self._dual = np.asarray(numbers / self.n if rule == "hebb" else np.linalg.pinv(numbers).T)
        self._self = np.einsum("ki,ki->i", numbers, self._dual)
        return self

    def recall(
        self,
        cue: ArrayLike,
        sweeps: int | None = None,
        update: str = "synchronous",
        beta: float = math.inf,
        *,
        seed: int | None = None,
    ) -> "SequenceRecall":
        """Start at a cue, which stands for all times before, and replay.

        Parameters
        ----------
        cue
            n values of ±1.
        sweeps
            How many; enough for all patterns and the first again if not given.
        update, beta, seed
            As for `Hopfield.recall`.
        """
        beta = check_update(update, beta)
        if not self._stored.count:
            raise InputError("nothing is stored; store a sequence first")
        start = signs(cue, "the cue")
        if start.size != self.n:
            raise InputError(f"the cue has {start.size} values, but the memory has {self.n} units")
        steps = whole((self.delay + 2) * (self._stored.count + 1) if sweeps is None else sweeps, "sweeps", 1)
        generator = random_numbers(seed)
        states = np.empty((steps + 1, self.n), dtype=np.int8)
        states[0] = start.ravel()
        advance = self._all_at_once if update == "synchronous" else self._one_by_one
        for t in range(steps):
            before = self._dual @ states[max(0, t - self.delay)].astype(np.float64)
            states[t + 1] = advance(states[t], self._lead(before), beta, generator)
        return SequenceRecall(
            states.reshape(steps + 1, *self._stored.shape), self._follower_names(), self._stored, self.cyclic
        )

    def _lead(self, shares: Floats) -> Floats:
        """The delayed field, from how much of each pattern there was."""
        following = np.roll(shares, 1)
        if not self.cyclic:
            following[0] = 0.0
        return np.asarray(self.strength * (self._stored.all().T @ following))

    def _all_at_once(self, s: Signs, lead: Floats, beta: float, generator: np.random.Generator) -> Signs:
        h = self._stored.all().T @ (self._dual @ s.astype(np.float64)) - self._self * s + lead
        new: Signs = _choose(s, h, beta, generator.random(self.n) if math.isfinite(beta) else None)
        return new

    def _one_by_one(self, s: Signs, lead: Floats, beta: float, generator: np.random.Generator) -> Signs:
        s, columns = s.copy(), np.ascontiguousarray(self._stored.all().T)
        shares = self._dual @ s.astype(np.float64)
        for i in generator.permutation(self.n):
            h = columns[i] @ shares - self._self[i] * s[i] + lead[i]
            new = _choose(s[i], h, beta, generator.random() if math.isfinite(beta) else None)
            if new != s[i]:
                shares += self._dual[:, i] * (float(new) - float(s[i]))
                s[i] = new
        return s

    def _follower_names(self) -> dict[str, str]:
        names = self._stored.names
        pairs = dict(zip(names, names[1:] + names[:1], strict=True))
        return pairs if self.cyclic else {name: other for name, other in pairs.items() if name != names[-1]}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the patterns, in their order."""
        return self._stored.names

    def __repr__(self) -> str:
        return f"<SequenceMemory: {self.n} units, {self._stored.count} patterns, delay {self.delay}>"


def _choose(s: Any, h: Any, beta: float, draw: Any) -> Any:
    """New states in fields h: their signs, where they are not zero; at finite β with the probability of Glauber."""
    if draw is None:
        return np.where(np.abs(h) > 1e-12, np.sign(h), s).astype(np.int8)
    return np.where(draw < 0.5 * (1 + np.tanh(beta * h)), 1, -1).astype(np.int8)


@dataclass(frozen=True, eq=False)
class SequenceRecall:
    """What a sequence memory replayed.

    Attributes
    ----------
    states : ndarray (sweeps + 1, …)
        The cue, and the state after every sweep.
    following : dict of str to str
        Which pattern follows which, as stored.
    """

    states: Signs
    following: dict[str, str]
    stored: Stored = field(repr=False)
    cyclic: bool = True

    @cached_property
    def overlaps(self) -> Floats:
        """Overlap with every pattern (sweeps + 1, P)."""
        flat = self.states.reshape(len(self.states), -1)
        return np.stack([self.stored.overlaps(state) for state in flat])

    @cached_property
    def visited(self) -> tuple[str, ...]:
        """Names of the patterns with an overlap of at least 0.9, in the order in which they came."""
        best = self.overlaps.argmax(axis=1)
        names = [self.stored.names[k] for t, k in enumerate(best) if self.overlaps[t, k] >= RETRIEVED]
        return tuple(name for k, name in enumerate(names) if not k or name != names[k - 1])

    @cached_property
    def verdict(self) -> str:
        """What the run showed.

        "replayed": at least two patterns, each followed by the one stored after it; "out of order"; "stuck" in one
        pattern; "lost": no pattern, or none in the second half of the sweeps unless the sequence came to its end.
        """
        visited = self.visited
        late = self.overlaps[len(self.overlaps) // 2 :].max()
        if not visited or late < RETRIEVED:
            return "lost"
        if len(visited) == 1:
            return "stuck"
        in_order = all(self.following.get(a) == b for a, b in pairwise(visited))
        return "replayed" if in_order else "out of order"

    def __str__(self) -> str:
        return f"{self.verdict}: {path_text(self.visited)}" if self.visited else self.verdict

    def __repr__(self) -> str:
        return f"<SequenceRecall: {self}, {len(self.states) - 1} sweeps>"

    def plot(self, ax: Any = None) -> Any:
        """Draw the overlaps; see `neurosim.plot_sequence`."""
        from ..plot.memory import plot_sequence

        return plot_sequence(self, ax=ax)


def path_text(names: Sequence[str], most: int = 12) -> str:
    """Such as ``A → B → C``."""
    shown = list(names) if len(names) <= most else [*names[: most - 1], "…"]
    return " → ".join(shown)
