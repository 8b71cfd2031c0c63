"""Functions of time that currents are sums of.

Called with times t (ms) they return values; `left` asks for the limit from the left, which a step needs at its end.

Between two neighbours of its `edges` each is smooth: a + b τ + c sin(d + e τ + f τ²) at τ after the first of them, and
`pieces` says with which numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def _piece(first: Floats, **numbers: Any) -> Floats:
    """Numbers a … f of pieces that begin at `first`, 0 where not given: (pieces, 6)."""
    result = np.zeros((first.size, 6))
    for name, value in numbers.items():
        result[:, "abcdef".index(name)] = value
    return result


def _straight(waveform: Any, first: Floats, last: Floats) -> Floats:
    """Pieces of a waveform that is straight from each edge to the next, by two places well inside."""
    quarter = (last - first) / 4
    low, high = waveform(first + quarter), waveform(last - quarter)
    slope = (high - low) / (2 * quarter)
    return _piece(first, a=low - slope * quarter, b=slope)


def _reached(t: Floats, edge: float, left: bool) -> NDArray[np.bool_]:
    """Whether `edge` lies before t, from the left or the right of t; rounding of t = step·dt does not matter."""
    slack = 1e-9 + 1e-12 * np.abs(t)
    return t > edge + slack if left else t >= edge - slack


@dataclass(frozen=True)
class Constant:
    """1 at all times."""

    def __call__(self, t: Floats, left: bool = False) -> Floats:
        return np.ones_like(t)

    def edges(self, end: float) -> Floats:
        return np.empty(0)

    def pieces(self, first: Floats, last: Floats) -> Floats:
        return _piece(first, a=1.0)


@dataclass(frozen=True)
class Step:
    """1 from start until stop, 0 outside."""

    start: float
    stop: float

    def __call__(self, t: Floats, left: bool = False) -> Floats:
        return (_reached(t, self.start, left) & ~_reached(t, self.stop, left)).astype(np.float64)

    def edges(self, end: float) -> Floats:
        return np.array([self.start, self.stop])

    def pieces(self, first: Floats, last: Floats) -> Floats:
        return _piece(first, a=self((first + last) / 2))


@dataclass(frozen=True)
class Ramp:
    """0 until start, 1 from stop, linear in between."""

    start: float
    stop: float

    def __call__(self, t: Floats, left: bool = False) -> Floats:
        return np.clip((t - self.start) / (self.stop - self.start), 0.0, 1.0)

    def edges(self, end: float) -> Floats:
        return np.array([self.start, self.stop])

    def pieces(self, first: Floats, last: Floats) -> Floats:
        return _straight(self, first, last)


@dataclass(frozen=True)
class Sine:
    """sin(2 pi frequency t + phase), frequency in 1/ms."""

    frequency: float
    phase: float

    def __call__(self, t: Floats, left: bool = False) -> Floats:
        return np.asarray(np.sin(2 * np.pi * self.frequency * t + self.phase))

    def edges(self, end: float) -> Floats:
        return np.empty(0)

    def pieces(self, first: Floats, last: Floats) -> Floats:
        omega = 2 * np.pi * self.frequency
        return _piece(first, c=1.0, d=omega * first + self.phase, e=omega)


@dataclass(frozen=True)
class Chirp:
    """A sine whose frequency (1/ms) runs linearly from low to high between start and stop; 0 outside."""

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, t: Floats, left: bool = False) -> Floats:
        s = t - self.start
        phase = 2 * np.pi * (self.low * s + (self.high - self.low) * s**2 / (2 * (self.stop - self.start)))
        return np.sin(phase) * Step(self.start, self.stop)(t, left)

    def edges(self, end: float) -> Floats:
        return np.array([self.start, self.stop])

    def pieces(self, first: Floats, last: Floats) -> Floats:
        s, growth = first - self.start, (self.high - self.low) / (2 * (self.stop - self.start))
        on = Step(self.start, self.stop)((first + last) / 2)
        turn = 2 * np.pi
        d, e = self.low * s + growth * s**2, self.low + 2 * growth * s
        return _piece(first, c=on, d=turn * d, e=turn * e, f=turn * growth)


@dataclass(frozen=True)
class Pulses:
    """1 for `width` ms from each of `times`, 0 outside."""

    times: tuple[float, ...]
    width: float

    def __call__(self, t: Floats, left: bool = False) -> Floats:
        starts = np.asarray(self.times)
        slack = (1e-9 + 1e-12 * np.abs(t)) * (-1 if left else 1)
        last = np.searchsorted(starts, t + slack, side="left" if left else "right") - 1
        inside = (last >= 0) & ~_reached(t - starts[np.maximum(last, 0)], self.width, left)
        return inside.astype(np.float64)

    def edges(self, end: float) -> Floats:
        starts = np.asarray(self.times)
        return np.concatenate([starts, starts + self.width])

    def pieces(self, first: Floats, last: Floats) -> Floats:
        return _piece(first, a=self((first + last) / 2))


class Origin(NamedTuple):
    """The file that samples are from, its SHA-256, and how it was read: the options of `from_file` beside its path."""

    path: str
    sha256: str
    reading: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples dt apart, the first at t = 0, along the last axis of `values` ((T,) or (n, T)).

    As given they are in `unit`, to be divided by the `area` (in the coherent set) of the membrane if that is not None.
    A run has them divided, and in the coherent set.
    """

    values: Any
    dt: float
    interpolate: bool
    unit: str | None = None
    area: float | None = None
    origin: Origin | None = None

    def __call__(self, t: Floats, left: bool = False) -> Floats:
        values: Floats = self.values
        position = t / self.dt
        slack = (1e-9 + 1e-12 * np.abs(position)) * (-1 if left else 1)
        index = np.clip(np.floor(position + slack), 0, values.shape[-1] - 1).astype(np.intp)
        if not self.interpolate:
            return values[..., index]
        following = np.minimum(index + 1, values.shape[-1] - 1)
        share = np.clip(position - index, 0.0, 1.0)
        return values[..., index] * (1 - share) + values[..., following] * share

    def edges(self, end: float) -> Floats:
        return np.asarray(np.arange(1, np.ceil(end / self.dt)) * self.dt, dtype=np.float64)

    def pieces(self, first: Floats, last: Floats) -> Floats:
        return _straight(self, first, last) if self.interpolate else _piece(first, a=self((first + last) / 2))

    def for_neurons(self, n: int) -> "Samples":
        """The same for n neurons, where there is one row or n of them."""
        return replace(self, values=np.broadcast_to(self.values, (n, self.values.shape[-1])))

    @property
    def end(self) -> float:
        """Until when, in ms, the samples say something."""
        return float((np.shape(self.values)[-1] - (1 if self.interpolate else 0)) * self.dt)


class Waveform(Protocol):
    """What every function of time above can do."""

    def __call__(self, t: Floats, left: bool = False) -> Floats:
        """Values at times t."""

    def edges(self, end: float) -> Floats:
        """Times until `end`, and perhaps later ones, at which it is not smooth."""

    def pieces(self, first: Floats, last: Floats) -> Floats:
        """Numbers a … f of the pieces from `first` to `last`, neighbouring edges: (pieces, 6)."""
