"""Random intervals by inversion of the survivor function, tens of millions per second."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

Floats = NDArray[np.float64]

_BINS = 2**15
_BLOCK = 2**16
_STRAIGHT = 0.02  # how far, in widths of a bin, a straight line may be from the quantile function


class Quantiles(Protocol):
    """What a law must offer."""

    @property
    def step(self) -> float | None:
        """All intervals are multiples of it, if there is one."""

    def quantile(self, survivors: Floats) -> Floats:
        """The interval t with P(interval > t) = `survivors`."""


class Sampler:
    """The quantile function of a law, tabulated at equal shares.

    Between two entries a straight line stands for it, where that is close; in the other bins, the ends of the
    distribution and its jumps, it is computed for each draw. With a `step`, bins with one interval only are looked up.
    """

    def __init__(self, law: Quantiles) -> None:
        self.law = law
        shares = np.arange(_BINS) / _BINS
        self.low = law.quantile(1 - shares)
        self.rise = np.append(np.diff(self.low), 0.0)
        if law.step is None:
            middle = law.quantile(1 - shares - 0.5 / _BINS) - self.low
            with np.errstate(invalid="ignore", divide="ignore"):
                self.close = np.abs(middle - self.rise / 2) <= _STRAIGHT * self.rise
        else:
            self.close = self.rise == 0
            self.rise[:] = 0.0
        self.close[-1] = False

    def draw(self, intervals: int, generator: np.random.Generator) -> Floats:
        """Independent intervals (n,), in ms."""
        if isinstance(intervals, bool) or not isinstance(intervals, int | np.integer) or intervals < 0:
            raise InputError("sample: the number of intervals is a whole number from 0 on")
        result, rough = np.empty(intervals), ~self.close
        uniform, place = np.empty(_BLOCK), np.empty(_BLOCK, np.int64)
        odd, shares = [], []
        for first in range(0, intervals, _BLOCK):
            out = result[first : first + _BLOCK]
            u, index = uniform[: out.size], place[: out.size]
            generator.random(out=u)
            u *= _BINS
            np.copyto(index, u, casting="unsafe")
            np.take(self.low, index, out=out, mode="clip")
            among = np.flatnonzero(rough[index])
            odd.append(first + among)
            shares.append(u[among] / _BINS)
            if self.law.step is None:
                u -= index
                u *= self.rise[index]
                out += u
        if odd:
            result[np.concatenate(odd)] = self.law.quantile(1 - np.concatenate(shares))
        return result
