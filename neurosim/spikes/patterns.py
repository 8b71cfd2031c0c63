"""What the response to a step is called."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..units import to_number
from .trains import MS, one_train

Floats = NDArray[np.float64]

_SMALLEST = 1e-12  # ms
_GAP = 3.0  # between bursts, in longest intervals inside them
_SHORT = 0.25  # share of intervals inside bursts, at least
_TREND = 1.5  # of the last interval to the first
_TREND_OF_THIRDS = 1.3  # of late intervals to early ones; two thirds of a steady trend lie between them
_EQUAL = 0.01  # intervals that differ by less, relative to the larger, are equal
_ORDERED = 0.9  # of pairs of intervals in one order, less those in the other
_BEYOND_CHANCE = 3.0  # standard deviations
_REGULAR = 0.1  # coefficient of variation


def firing_pattern(times: Any, duration: Any, start: Any = 0.0) -> str:
    """Name the response to a current that lasts from `start` for `duration`.

    Parameters
    ----------
    times
        Spike times in ms, or a quantity, increasing.
    duration, start
        In ms, or quantities.

    Returns
    -------
    str
        The first that holds of

        - ``"silent"``: no spike;
        - ``"transient"``: none in the second half of the duration;
        - ``"bursting"``: the intervals fall into two groups, the shortest of the long ones at least 3 times as long as
          the longest of the short ones, a gap as wide as the range (the ratio of the longest to the shortest) of
          either; there are two or more long ones, a quarter or more short ones, and a short one after a long one;
        - ``"initial burst"``: two such groups, and all short intervals come before all long ones;
        - ``"adapting"``: intervals grow. Of the pairs that differ (by 1 % or more) 95 % are in this order, and the last
          interval is at least 1.5 times as long as the first; or else, intervals being scattered, Kendall's rank
          correlation with their number is 3 standard deviations above 0, and the median of their last third at least
          1.3 times that of the first third;
        - ``"accelerating"``: intervals shrink, by the same measures;
        - ``"tonic"``: the second half of the intervals has a coefficient of variation of at most 0.1;
        - ``"irregular"``.

    Notes
    -----
    The words are those of Markram et al. 2004, Nat Rev Neurosci 5:793, doi:10.1038/nrn1519; the numbers are
    conventions. Few intervals say little: of random ones, three are in order in one case of three.
    """
    spikes = one_train(times)
    length, begin = to_number(duration, MS, "duration"), to_number(start, MS, "start")
    if not 0 < length < np.inf or not np.isfinite(begin):
        raise InputError(f"duration must be positive, not {length:g} ms; duration and start finite")
    if spikes.size == 0:
        return "silent"
    if spikes[-1] < begin + length / 2:
        return "transient"
    intervals = np.diff(spikes)
    if intervals.size < 2:
        return "tonic"
    return _bursts(intervals) or _trend(intervals) or _regularity(intervals)


def _bursts(intervals: Floats) -> str | None:
    """Whether short and long intervals are two groups, and how they alternate."""
    ordered = np.maximum(np.sort(intervals), _SMALLEST)
    ratios = ordered[1:] / ordered[:-1]
    last_short = int(ratios.argmax())
    widest = max(ordered[last_short] / ordered[0], ordered[-1] / ordered[last_short + 1])
    if ratios[last_short] < max(_GAP, widest * (1 - 1e-9)):
        return None
    long = intervals > ordered[last_short]
    if long[long.argmax() :].all():
        return "initial burst" if not long[0] else None
    return "bursting" if long.sum() >= 2 and (~long).mean() >= _SHORT else None


def _trend(intervals: Floats) -> str | None:
    """Whether intervals grow or shrink, beyond their scatter."""
    n = intervals.size
    apart = intervals[None, :] - intervals[:, None]
    differs = np.abs(apart) > _EQUAL * np.maximum(intervals[None, :], intervals[:, None])
    signs = np.sign(apart)[np.triu(differs, 1)]
    if not signs.size:
        return None
    name, ahead = ("adapting", signs.sum()) if signs.sum() > 0 else ("accelerating", -signs.sum())
    early, late, least = intervals[0], intervals[-1], _TREND
    if ahead < _ORDERED * signs.size:
        if ahead < _BEYOND_CHANCE * np.sqrt(n * (n - 1) * (2 * n + 5) / 18):  # of Kendall's S without a trend
            return None
        third, least = -(-n // 3), _TREND_OF_THIRDS
        early, late = np.median(intervals[:third]), np.median(intervals[-third:])
    short, long = (early, late) if name == "adapting" else (late, early)
    return name if long >= least * short and long > 0 else None


def _regularity(intervals: Floats) -> str:
    later = intervals[intervals.size // 2 :]
    return "tonic" if later.std() <= _REGULAR * later.mean() else "irregular"
