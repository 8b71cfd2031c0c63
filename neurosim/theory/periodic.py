"""Intervals that are all alike: a threshold on the time since the last spike."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .rule import Rule

Floats = NDArray[np.float64]

_LONGEST: Final = 1e15  # ms
_PER_DECADE, _BISECTIONS = 500, 60


def periods(rule: Rule) -> Floats:
    """The first time after the refractory time at which each threshold is reached, in ms: (n,); inf for never.

    Looked for on a grid of times that grow by 0.5 %, from a millionth of the model's time step on, then by bisection.
    0 is a threshold that is reached at once.
    """
    shortest = 1e-6 * rule.model.dt
    decades = np.log10(_LONGEST / shortest)
    late = np.append(np.geomspace(shortest, _LONGEST, int(decades * _PER_DECADE)), np.inf)
    start = rule.refractory[:, None]
    reached = rule.value(start + late)
    first = np.where(reached.any(axis=1), reached.argmax(axis=1), late.size - 1)
    high = late[first]
    low = np.where(first > 0, late[first - 1], 0.0)
    searched = np.isfinite(high)
    for _ in range(_BISECTIONS):
        middle = np.where(searched, (low + high) / 2, 0.0)
        above = rule.value(start + middle[:, None])[:, 0] & searched
        low, high = np.where(above | ~searched, low, middle), np.where(above, middle, high)
    found = np.where(high <= shortest, 0.0, high)
    return np.where(reached.any(axis=1), rule.refractory + found, np.inf)


class Periodic:
    """The law of intervals that all last `mean` (ms), which may be infinite."""

    step = None

    def __init__(self, mean: float) -> None:
        self.mean, self.variance = mean, 0.0
        self.silent = float(np.isinf(self.mean))

    def survivor(self, t: Floats) -> Floats:
        """1 before the interval ends, then 0."""
        return np.where(t < self.mean, 1.0, 0.0)

    def hazard(self, t: Floats) -> Floats:
        """Infinite where the interval ends."""
        return np.where(t == self.mean, np.inf, 0.0)

    density = hazard

    def quantile(self, survivors: Floats) -> Floats:
        """The interval."""
        return np.full(survivors.shape, self.mean)

    def grid(self) -> Floats:
        """Times that show the law."""
        return np.array([0.0, self.mean])

    def spectrum(self, frequency: Floats) -> Floats:
        """Lines at the multiples of the rate, nothing between them."""
        cycles = frequency * self.mean
        return np.where(np.abs(cycles - np.rint(cycles)) > 1e-9, 0.0, np.where(np.rint(cycles) == 0, 0.0, np.inf))

    def conditional_rate(self, t: Floats) -> Floats:
        """Infinite at the multiples of the interval, but 0."""
        return self.spectrum(np.abs(t) / self.mean**2)
