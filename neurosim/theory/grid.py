"""A noisy membrane whose threshold is looked at once per step: how much later it is found above."""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ZETA_HALF: Final = -1.4603545088095868
"""Riemann's zeta function at 1/2."""
SHIFT: Final = -ZETA_HALF / math.sqrt(2 * math.pi)
"""How far a threshold that is tested on a grid seems raised, in standard deviations of one step: 0.5826."""

_ZETAS = (-0.2078862249773546, -0.02548520188983304, 0.00851692877785033)  # at -1/2, -3/2, -5/2
_SLOW, _STEPS = 1.0, 64  # drift up to which the series is used, and number of steps summed above it
_FAST = 1e6  # drift beside which noise is nothing
_LINED_UP = 0.7  # a spread of the passage, in steps, beyond which it does not matter where on the grid it is
_NEIGHBOURS = np.arange(-6.0, 8.0)


def raised(threshold: Floats, std: Floats, tau: Floats, step: Floats) -> Floats:
    """The threshold at which a membrane that is looked at all the time would spike as late."""
    found: Floats = threshold + SHIFT * std * np.sqrt(2 * step / tau)
    return found


class Late(NamedTuple):
    """What a grid adds to the time to the raised threshold: to its mean, in ms, and to its variance, in ms²."""

    mean: Floats
    variance: Floats


def lateness(mean: Floats, std: Floats, tau: Floats, threshold: Floats, reset: Floats, step: Floats) -> Late:
    """What a grid of a step adds beside what the raised threshold does; see the documentation, "Threshold on a grid".

    A quarter of a step where noise moves the membrane, half of one where its drift does; and with so little noise that
    all passages fall into the same steps, what lacks to the end of those.
    """
    drift = np.maximum(mean - threshold, 0.0) / tau
    with np.errstate(all="ignore"):
        slow = step * overshoot_slope(drift * step / (std * np.sqrt(2 * step / tau)))
        time = tau * np.log1p((threshold - reset) / (mean - threshold))
        spread = std * np.sqrt(-np.expm1(-2 * time / tau)) / drift
        lined_up = (drift > 0) & (spread > 0) & (spread < _LINED_UP * step)
        x, q = np.where(lined_up, time / step, 0.0), np.where(lined_up, spread / step, 1.0)
    late, variance = _rounded_up(x, q)
    mean_late = np.where(step > 0, slow, 0.0) + np.where(lined_up, step * (late - 0.5), 0.0)
    return Late(mean_late, step**2 * np.where(lined_up, variance - q**2, 1 / 12))


def overshoot_slope(m: Floats) -> Floats:
    """(ρ(m) - ρ(0))/m: ρ is the mean overshoot of a walk with normal steps of mean m >= 0 and variance 1.

    ρ = (1 + m²)/(2m) - Σ E[max(-S_n, 0)]/n (Siegmund 1985, Sequential Analysis, chapter 8), where m is small a series
    (Janssen & van Leeuwaarden 2007, Ann Appl Probab 17:421, doi:10.1214/105051606000000781).
    """
    from scipy.special import erfc

    small, large = np.minimum(m, _SLOW), np.clip(m, _SLOW, _FAST)[..., None]
    terms = sum(
        zeta * (-(small**2) / 2) ** r / (math.factorial(r) * (2 * r + 1) * (2 * r + 2)) for r, zeta in enumerate(_ZETAS)
    )
    series = 0.25 - small / math.sqrt(2 * math.pi) * terms
    n = np.arange(1, _STEPS + 1)
    way = large * np.sqrt(n)
    below = np.exp(-(way**2) / 2) / np.sqrt(2 * math.pi * n) - large * erfc(way / math.sqrt(2)) / 2
    fast = large[..., 0]
    summed = (1 / (2 * fast) + fast / 2 - below.sum(axis=-1) - SHIFT) / fast
    return np.where(m < _SLOW, series, summed)


def _rounded_up(time: Floats, spread: Floats) -> tuple[Floats, Floats]:
    """Of a normal time that is rounded up to a whole number: how much later in the mean, and its variance."""
    from scipy.special import ndtr

    first, spread = np.floor(time)[..., None], spread[..., None]
    up_to = ndtr((first + _NEIGHBOURS - time[..., None]) / spread)
    share, late = np.diff(up_to, axis=-1), first + _NEIGHBOURS[1:] - time[..., None]
    mean = (share * late).sum(axis=-1)
    return mean, (share * late**2).sum(axis=-1) - mean**2
