"""Functions of time that currents are sums of.

Called with times t (ms) they return values; `left` asks for the limit from the left, which a step needs at its end.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def _reached(t: Floats, edge: float, left: bool) -> NDArray[np.bool_]:
    """Whether `edge` lies before t, from the left or the right of t; rounding of t = step·dt does not matter."""
    slack = 1e-9 + 1e-12 * np.abs(t)
    return t > edge + slack if left else t >= edge - slack


@dataclass(frozen=True)
class Constant:
    """1 at all times."""

    def __call__(self, t: Floats, left: bool = False) -> Floats:
        return np.ones_like(t)


@dataclass(frozen=True)
class Step:
    """1 from start until stop, 0 outside."""

    start: float
    stop: float

    def __call__(self, t: Floats, left: bool = False) -> Floats:
        return (_reached(t, self.start, left) & ~_reached(t, self.stop, left)).astype(np.float64)


@dataclass(frozen=True)
class Ramp:
    """0 until start, 1 from stop, linear in between."""

    start: float
    stop: float

    def __call__(self, t: Floats, left: bool = False) -> Floats:
        return np.clip((t - self.start) / (self.stop - self.start), 0.0, 1.0)


@dataclass(frozen=True)
class Sine:
    """sin(2 pi frequency t + phase), frequency in 1/ms."""

    frequency: float
    phase: float

    def __call__(self, t: Floats, left: bool = False) -> Floats:
        return np.asarray(np.sin(2 * np.pi * self.frequency * t + self.phase))


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


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples dt apart, the first at t = 0, along the last axis of `values` ((T,) or (n, T))."""

    values: Any
    dt: float
    interpolate: bool

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

    def for_neurons(self, n: int) -> "Samples":
        """The same for n neurons, where there is one row or n of them."""
        return replace(self, values=np.broadcast_to(self.values, (n, self.values.shape[-1])))

    @property
    def end(self) -> float:
        """Until when, in ms, the samples say something."""
        return float((self.values.shape[-1] - (1 if self.interpolate else 0)) * self.dt)


Waveform = Callable[[Floats, bool], Floats]
