"""What the response to a step is called."""

from typing import Any

import numpy as np

from ..errors import InputError
from ..units import to_number
from .trains import MS, one_train

_GAP = 3.0  # between bursts, in longest intervals inside them
_TREND = 1.5  # of the last interval to the first
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
          the longest of the short ones; there are two or more long ones, and a short one after a long one;
        - ``"initial burst"``: two such groups, and all short intervals come before all long ones;
        - ``"adapting"``: the last interval is at least 1.5 times as long as the first;
        - ``"accelerating"``: the first interval is at least 1.5 times as long as the last;
        - ``"tonic"``: the second half of the intervals has a coefficient of variation of at most 0.1;
        - ``"irregular"``.

    Notes
    -----
    The words are those of Markram et al. 2004, Nat Rev Neurosci 5:793, doi:10.1038/nrn1519; the numbers are
    conventions.
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
    ordered = np.sort(intervals)
    ratios = ordered[1:] / np.maximum(ordered[:-1], 1e-12)
    if ratios.max() >= _GAP:
        long = intervals > ordered[ratios.argmax()]
        if long.sum() >= 2 and not long[long.argmax() :].all():
            return "bursting"
        if long[long.argmax() :].all() and not long[0]:
            return "initial burst"
    first, last = intervals[0], intervals[-1]
    if last >= _TREND * first and last > 0:
        return "adapting"
    if first >= _TREND * last and first > 0:
        return "accelerating"
    later = intervals[intervals.size // 2 :]
    return "tonic" if later.std() <= _REGULAR * later.mean() else "irregular"
