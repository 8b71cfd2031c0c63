"""Samples of intervals: taken from spike trains, and their numbers."""

import math

import numpy as np
from numpy.typing import NDArray

from .errors import InputError
from .spikes.intervals import IntervalHistogram, histogram_of

Floats = NDArray[np.float64]

_BINS = 60
_TAIL = 0.999
_OF_A_STEP = 1e-6
_ALIKE = 1e-9  # relative spread below which intervals differ by rounding only


def first_intervals(
    parts: list[tuple[NDArray[np.int64], Floats]], members: int, neurons: int, each: int
) -> list[Floats]:
    """The first `each` intervals of every neuron: as many of all, so that short ones have no advantage."""
    index, time = (np.concatenate(values) for values in zip(*parts, strict=True))
    order = np.argsort(index, kind="stable")
    index, time = index[order], time[order]
    first = np.searchsorted(index, np.arange(members * neurons))
    rank = np.arange(index.size) - first[index]
    same = (index[1:] == index[:-1]) & (rank[1:] <= each)
    interval, member = np.diff(time)[same], index[1:][same] // neurons
    return [interval[member == k] for k in range(members)]


def moments(sample: Floats) -> tuple[float, float, float, float]:
    """Mean, CV, and their standard errors; that of the CV by the delta method."""
    if sample.size == 0:
        return math.nan, math.nan, math.nan, math.nan
    mean, n = float(sample.mean()), sample.size
    if n == 1:
        return mean, math.nan, math.nan, math.nan
    z = (sample - mean) / mean
    if np.ptp(z) < _ALIKE:
        return mean, 0.0, 0.0, 0.0
    cv = float(np.sqrt((z**2).sum() / (n - 1)))
    influence = (z**2 - cv**2) / (2 * cv) - cv * z
    return mean, cv, cv * mean / math.sqrt(n), float(influence.std()) / math.sqrt(n)


def common_step(samples: list[Floats], dt: float) -> float | None:
    """The step `dt` if all intervals are multiples of it, as those of spikes on a grid are."""
    for sample in samples:
        for part in (sample[:1000], sample):
            if (np.abs(part / dt - np.rint(part / dt)) > _OF_A_STEP).any():
                return None
    return dt


def bin_edges(samples: list[Floats], step: float | None, width: float | None) -> Floats:
    """Bins that show all but the longest intervals; of whole steps where intervals are multiples of a step."""
    together = np.concatenate(samples)
    if together.size == 0:
        return np.array([0.0, 1.0 if width is None else width])
    end = max(float(np.quantile(sample, _TAIL)) for sample in samples if sample.size)
    if width is None:
        width = end / _BINS if step is None else step * max(1, round(end / _BINS / step))
    if not 0 < width < math.inf:
        raise InputError(f"bin_width must be positive, not {width:g} ms")
    return np.asarray(np.arange(math.ceil(end / width - 1e-9) + 1) * width)


def histogram(sample: Floats, edges: Floats) -> IntervalHistogram:
    """What `interval_histogram` says of intervals, the bins given by their edges."""
    return histogram_of(sample, float(edges[1]), float(edges[-1]))
