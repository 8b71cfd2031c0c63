"""What a recall brings: the course of states, overlaps with the stored patterns, a verdict."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, excerpt
from .patterns import Signs

Floats = NDArray[np.float64]
Bits = NDArray[np.uint8]

RETRIEVED = 0.9  # least |overlap| with a pattern that counts as having retrieved it
_MIXED = 0.8  # least |overlap| with the sign of a sum of patterns that counts as their mixture
_LARGEST_MIXTURE = 7
_BYTE = np.where(np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little"), 1, -1)


@dataclass(frozen=True, eq=False)
class Stored:
    """The patterns of a memory, never changed: as numbers (P, n) or bits (n, B), pattern k in bit k % 8 of byte k // 8.

    The mean is subtracted from the patterns before overlaps are taken; it is not 0 for the covariance rule.
    """

    names: tuple[str, ...]
    n: int
    shape: tuple[int, ...]
    values: Signs | None = None
    bits: Bits | None = None
    mean: float = 0.0

    @property
    def count(self) -> int:
        """How many patterns there are."""
        return len(self.names)

    @cached_property
    def _numbers(self) -> NDArray[np.float32]:
        assert self.values is not None
        return self.values.astype(np.float32)

    def pattern(self, k: int) -> Signs:
        """Pattern k (n,)."""
        if self.values is not None:
            return np.asarray(self.values[k])
        assert self.bits is not None
        return np.asarray(np.where(self.bits[:, k // 8] >> np.uint8(k % 8) & 1, 1, -1), dtype=np.int8)

    def all(self) -> Signs:
        """All patterns (P, n)."""
        if self.values is not None:
            return self.values
        return np.stack([self.pattern(k) for k in range(self.count)])

    def products(self, state: NDArray[Any]) -> Floats:
        """Σ_i ξ_i s_i with every pattern (P,)."""
        if self.bits is None:
            exact = np.float64 if state.dtype.kind == "f" else np.float32  # whole numbers up to 2²⁴ are exact in both
            return np.asarray(self._numbers.astype(exact, copy=False) @ state.astype(exact), dtype=np.float64)
        return bit_products(self.bits, state)[: self.count]

    def overlaps(self, state: NDArray[Any], live: int | None = None) -> Floats:
        """Overlaps (P,) of a state (n,): 1 for the pattern itself, −1 for its mirror image; `live` units count."""
        if not self.count:
            return np.zeros(0)
        units = live or self.n
        if not self.mean:
            return self.products(state) / units
        ones = np.where(state == 0, 0, 1) if live else np.ones(self.n)
        centred = self.products(state) - self.mean * state.sum()
        itself = units - self.mean * self.products(ones)
        return np.asarray(centred / np.where(itself > 0, itself, np.inf))


def bit_products(bits: Bits, state: NDArray[Any]) -> Floats:
    """Σ_i ξ_i s_i (8 B,) for all bits (n, B)."""
    from . import recall_loops

    loops: Any = recall_loops
    counts = np.zeros((bits.shape[1], 256), dtype=np.float64 if state.dtype.kind == "f" else np.int32)
    loops.weigh_bytes(bits, state, counts)
    return (counts.astype(np.float64) @ _BYTE).ravel()


@dataclass(frozen=True, eq=False)
class Recall:
    """A cue and what became of it.

    Attributes
    ----------
    state : ndarray
        The last state, ±1, in the shape of the patterns; 0 for units that were removed.
    sweeps : int
        How many times all units were updated.
    period : int or None
        1 for a fixed point, 2 for a 2-cycle and so on; None where the sweeps ended before one was reached, and at
        finite β.
    energy : ndarray (sweeps + 1,) or None
        Before the first and after every sweep; None where there is none: the weights are not symmetric.
    flips : ndarray (sweeps,)
        How many units changed in every sweep.
    flip_order : ndarray
        The units in the order in which they flipped, of asynchronous updates; the first million.
    update, beta, seed
        As given; a seed that was not given was drawn.
    """

    state: Signs
    sweeps: int
    period: int | None
    energy: Floats | None
    flips: NDArray[np.int64]
    flip_order: NDArray[np.int32]
    update: str
    beta: float
    seed: int
    stored: Stored = field(repr=False)
    live: int | None = field(repr=False, default=None)
    course: Bits = field(repr=False, default_factory=lambda: np.zeros((0, 0), np.uint8))

    @cached_property
    def states(self) -> Signs:
        """The cue, and the state after every sweep (sweeps + 1, …)."""
        return self._unpacked(self.course).reshape(len(self.course), *self.state.shape)

    def _unpacked(self, course: Bits) -> Signs:
        values = 2 * np.unpackbits(course, axis=1, count=self.stored.n, bitorder="little").view(np.int8) - 1
        if self.live:
            values[:, self.state.ravel() == 0] = 0
        return np.asarray(values, dtype=np.int8)

    @cached_property
    def overlaps(self) -> Floats:
        """Overlap with every pattern (P,): of the last state; at finite β of the mean over the last half."""
        if np.isinf(self.beta):
            return self.stored.overlaps(self.state.ravel(), self.live)
        half = self.course[(len(self.course) + 1) // 2 :]
        mean = np.zeros(self.stored.n)
        for block in np.array_split(half, max(1, half.shape[0] * self.stored.n // 4_000_000)):
            mean += self._unpacked(block).sum(axis=0, dtype=np.int64)
        return self.stored.overlaps(mean / len(half), self.live)

    @cached_property
    def overlap_course(self) -> Floats:
        """Overlaps before the first and after every sweep (sweeps + 1, P)."""
        return np.stack([self.stored.overlaps(self._unpacked(row[None])[0], self.live) for row in self.course])

    @property
    def overlap(self) -> float:
        """The overlap of largest size, with its sign."""
        return float(self.overlaps[self._nearest]) if self.stored.count else 0.0

    @cached_property
    def _nearest(self) -> int:
        return int(np.argmax(np.abs(self.overlaps)))

    @property
    def nearest(self) -> str | None:
        """Name of the pattern with the overlap of largest size."""
        return self.stored.names[self._nearest] if self.stored.count else None

    @property
    def pattern(self) -> str | None:
        """Name of the pattern that was retrieved, or whose mirror image was; None otherwise."""
        return self.nearest if self.verdict in ("retrieved", "mirror") else None

    @cached_property
    def verdict(self) -> str:
        """What the run ended in.

        "retrieved" or "mirror": a fixed point whose overlap of largest size is at least 0.9, or at most −0.9. At
        finite β the overlap is that of the mean over the last half of the sweeps, and there need be no fixed point.

        "spurious": another fixed point; at finite β, a mean state in which several patterns have a share.

        "2-cycle", "limit cycle": synchronous updates that come back to a state after two, or more, sweeps.

        "not converged": none of these within the sweeps.
        """
        if self.period is not None and self.period > 1:
            return "2-cycle" if self.period == 2 else "limit cycle"
        if self.period is None and np.isinf(self.beta):
            return "not converged"
        if abs(self.overlap) >= RETRIEVED:
            return "retrieved" if self.overlap > 0 else "mirror"
        return "spurious" if self.period == 1 or len(self.mixture) > 1 else "not converged"

    @property
    def errors(self) -> int:
        """How many units differ from the nearest pattern – or, nearer to it, from its mirror image."""
        if not self.stored.count:
            return 0
        state = self.state.ravel()
        other = self.stored.pattern(self._nearest) * (1 if self.overlap > 0 else -1)
        return int(np.count_nonzero((state != other) & (state != 0)))

    @property
    def exact(self) -> bool:
        """Whether the last state is a stored pattern or a mirror image to the last unit."""
        return bool(self.stored.count) and self.errors == 0

    @cached_property
    def mixture(self) -> tuple[tuple[int, str], ...]:
        """Signs and names of an odd number of patterns whose sum has nearly the signs of the state; empty if none."""
        if not self.stored.count or self.stored.count > 4096:
            return ()
        shares = self._shares()
        order = np.argsort(-np.abs(shares))[:_LARGEST_MIXTURE]
        if np.isfinite(self.beta):  # a mean state of noise resembles anything a little
            order = order[np.abs(self.overlaps[order]) > max(0.2, 5 / np.sqrt(self.stored.n))]
        state = self.state.ravel()
        total, best, found = np.zeros(self.stored.n), _MIXED, 0
        for k, index in enumerate(order, start=1):
            total += np.sign(shares[index]) * self.stored.pattern(index)
            likeness = float(np.sign(total) @ state) / (self.live or self.stored.n)
            if k % 2 and k > 1 and likeness >= best + 0.005 * (found > 0):
                best, found = likeness, k
        return tuple((int(np.sign(shares[k])), self.stored.names[k]) for k in order[:found])

    def _shares(self) -> Floats:
        """How much of each pattern is in the state: the overlaps, with what patterns have in common counted once."""
        if self.stored.count > 512 or self.stored.count * self.stored.n > 20_000_000:
            return self.overlaps
        values = self.stored.all().astype(np.float64)
        return np.asarray(np.linalg.lstsq(values @ values.T, values @ self.state.ravel(), rcond=None)[0])

    def __str__(self) -> str:
        verdict = self.verdict
        if verdict in ("retrieved", "mirror"):
            return f"{verdict}: {self.pattern}"
        if verdict == "spurious" and self.mixture:
            return f"spurious: {mixture_text(self.mixture)}"
        if verdict == "limit cycle":
            return f"limit cycle of {self.period} states"
        return verdict

    def __repr__(self) -> str:
        nearest = f", overlap {self.overlap:.3f} with {self.nearest}" if self.stored.count else ""
        return f"<Recall: {self}, {self.sweeps} sweeps{nearest}>"

    def plot(self, ax: Any = None) -> Any:
        """Draw cue and result; see `neurosim.plot_recall`."""
        from ..plot.memory import plot_recall

        return plot_recall(self, ax=ax)

    def animate(self, path: str | os.PathLike[str]) -> None:
        """Write the course as a moving picture; see `neurosim.animate_recall`."""
        from ..plot.memory import animate_recall

        animate_recall(self, path)


def mixture_text(mixture: Sequence[tuple[int, str]]) -> str:
    """Such as ``A + B − C``."""
    text = " ".join(f"{'+' if sign > 0 else '−'} {name}" for sign, name in mixture)
    return text.removeprefix("+ ")


def frames(recall: Recall, count: int = 40) -> list[tuple[str, Signs]]:
    """Titles and states for a moving picture: steps between sweeps too, where the order of the flips is known."""
    states = recall.states.reshape(len(recall.course), -1)
    known = recall.flip_order.size == recall.flips.sum() and recall.flips.size
    shown = [("cue", states[0])]
    per_sweep = max(1, count // max(1, int(np.count_nonzero(recall.flips))))
    for sweep, (start, stop) in enumerate(pairwise(np.concatenate([[0], np.cumsum(recall.flips)])), start=1):
        steps = min(per_sweep, stop - start) if known else 0
        state = states[sweep - 1].copy()
        for first, last in pairwise(np.linspace(start, stop, steps + 1).round().astype(int)[:-1]):
            units, times = np.unique(recall.flip_order[first:last], return_counts=True)
            state[units[times % 2 == 1]] *= -1
            shown.append((f"sweep {sweep}", state.copy()))
        shown.append((f"sweep {sweep}", states[sweep]))
    if len(shown) > 4 * count:
        shown = [shown[k] for k in np.linspace(0, len(shown) - 1, 4 * count).round().astype(int)]
    return [(title, state.reshape(recall.state.shape)) for title, state in shown]


def check_update(update: str, beta: float) -> float:
    """`beta` as a number, if these are legal."""
    if update not in ("asynchronous", "synchronous"):
        raise InputError(f'update is "asynchronous" or "synchronous", not {excerpt(update)}')
    try:
        value = float(beta)
    except (TypeError, ValueError):
        value = np.nan
    if not value >= 0:
        raise InputError(f"beta is an inverse temperature from 0 to inf, not {excerpt(beta)}")
    return value
