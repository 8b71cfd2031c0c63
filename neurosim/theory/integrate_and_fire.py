"""Rate and interval statistics of the leaky integrate-and-fire neuron at constant mean input.

The membrane obeys tau dV/dt = -(V - mean) + noise, a spike is fired at `threshold`, V is held at `reset` for the
refractory time. `std` is always the standard deviation that V would have without threshold; many papers write
sigma = sqrt(2)·std instead.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..units import parse_unit, to_array
from .grid import SHIFT, ZETA_HALF, lateness

Floats = NDArray[np.float64]

_MS, _MV = parse_unit("ms"), parse_unit("mV")
COLOURED: Final = math.sqrt(2) * abs(ZETA_HALF) / 2
"""Shift of the threshold by filtered noise, in sqrt(2)·std·sqrt(tau_noise/tau): 1.0326."""

_NODES = 48
_FAR = 27.0  # from here on the asymptotic series of erfcx and of the integral for the variance are exact to rounding
_EXPONENTS = 40.0  # exp(-40) is nothing beside 1
_LEAST_NOISE = 1e-200  # relative; with less, numbers overflow
_BOTTOMLESS = 1e100  # in standard deviations: beyond any threshold that is ever reached


class Membrane(NamedTuple):
    """What the formulas need; arrays of one shape, in mV and ms.

    `above` and `below` are how far threshold and reset lie above the mean, in sqrt(2)·std, `width` their difference;
    `delay` is what is added to the time from reset to threshold, `rounding` what a grid adds to its variance.
    """

    above: Floats
    below: Floats
    width: Floats
    log_ratio: Floats
    tau: Floats
    delay: Floats
    rounding: Floats


def integrate_and_fire_rate(
    mean: Any,
    std: Any = 0.0,
    *,
    tau: Any,
    threshold: Any,
    reset: Any,
    refractory: Any = 0.0,
    tau_noise: Any = 0.0,
    dt: Any = 0.0,
) -> Floats:
    """Firing rate of a leaky integrate-and-fire neuron, without noise, with white noise or with filtered noise.

    All arguments broadcast; bare numbers are in mV and ms.

    Parameters
    ----------
    mean
        Mean of the free membrane: E_L + R·I, and what the noise has as mean.
    std
        Stationary standard deviation of the free membrane, that is, of V if there were no threshold. For white noise
        of intensity sigma, tau dV = (mean - V) dt + sigma·sqrt(tau) dW, it is sigma/sqrt(2). With filtered noise it
        is that of the membrane behind the filter.
    tau
        Membrane time constant.
    threshold, reset
        Potentials of the spike and after it.
    refractory
        Time at the reset after a spike.
    tau_noise
        Correlation time of an Ornstein–Uhlenbeck input (exponential synapses); 0: white noise. The result is of
        first order in sqrt(tau_noise/tau).
    dt
        Step of a simulation that tests the threshold at the end of each step and is exact in between: the result is
        what it would find. 0: the rate of the neuron itself. Meant for steps much shorter than `tau` and, with
        filtered noise, than `tau_noise`.

    Returns
    -------
    ndarray
        Hz, of the common shape. Infinite where the neuron is always above threshold and never refractory.

    Raises
    ------
    InputError
        For values that are not finite, a threshold that is not above the reset, negative times.

    Notes
    -----
    Without noise 1/(t_ref + tau ln((mean - reset)/(mean - threshold))), 0 below threshold. With white noise Siegert
    1951, Phys Rev 81:617, doi:10.1103/PhysRev.81.617. Filtered noise: Fourcaud & Brunel 2002, Neural Comput 14:2057,
    doi:10.1162/089976602320264015. The correction for the grid is derived in the documentation.
    """
    membrane, silent, noisy = _membrane(mean, std, tau, threshold, reset, refractory, tau_noise, dt)
    with np.errstate(all="ignore"):
        interval = membrane.delay + membrane.tau * membrane.log_ratio
        scaled, scale = _mean_interval(membrane)
        rate = np.where(noisy, scale / scaled, np.where(silent, 0.0, 1 / interval))
    return 1000 * rate


def integrate_and_fire_cv(
    mean: Any,
    std: Any = 0.0,
    *,
    tau: Any,
    threshold: Any,
    reset: Any,
    refractory: Any = 0.0,
    tau_noise: Any = 0.0,
    dt: Any = 0.0,
) -> Floats:
    """Coefficient of variation of the intervals of a leaky integrate-and-fire neuron.

    Parameters
    ----------
    mean, std, tau, threshold, reset, refractory, tau_noise, dt
        As for `integrate_and_fire_rate`.

    Returns
    -------
    ndarray
        0 without noise (NaN where there are no spikes), 1 far below threshold.

    Raises
    ------
    InputError
        As for `integrate_and_fire_rate`.

    Notes
    -----
    Brunel 2000, J Comput Neurosci 8:183, doi:10.1023/A:1008925309027, appendix A.1: the variance of the intervals is
    2 pi tau² times the integral of exp(x²) ∫ exp(y²)(1 + erf y)² dy, y up to x, over the x of Siegert's formula.
    """
    membrane, silent, noisy = _membrane(mean, std, tau, threshold, reset, refractory, tau_noise, dt)
    with np.errstate(all="ignore"):
        scaled, scale = _mean_interval(membrane)
        variance = membrane.tau**2 * 2 * np.pi * _integral(membrane, _VARIANCE) + membrane.rounding * scale**2
        deviation = np.sqrt(np.maximum(variance, 0.0))
        cv: Floats = np.where(noisy, deviation / scaled, np.where(silent, np.nan, 0.0))
    return cv


def _membrane(
    mean: Any, std: Any, tau: Any, threshold: Any, reset: Any, refractory: Any, tau_noise: Any, dt: Any
) -> tuple[Membrane, NDArray[np.bool_], NDArray[np.bool_]]:
    """The arguments checked and broadcast, where the noise-free neuron is silent, and where there is noise."""
    given = [(mean, _MV, "mean"), (std, _MV, "std"), (threshold, _MV, "threshold"), (reset, _MV, "reset")]
    given += [(tau, _MS, "tau"), (refractory, _MS, "refractory"), (tau_noise, _MS, "tau_noise"), (dt, _MS, "dt")]
    values = [to_array(value, unit, name) for value, unit, name in given]
    for (_, _, name), value in zip(given, values, strict=True):
        if not np.isfinite(value).all():
            raise InputError(f"{name} of the integrate-and-fire neuron must be finite")
        if name not in ("mean", "threshold", "reset") and not (value >= 0).all():
            raise InputError(f"{name} of the integrate-and-fire neuron cannot be negative")
    try:
        mu, sd, theta, V_r, tau_m, t_ref, tau_s, step = np.broadcast_arrays(*values)
    except ValueError:
        shapes = ", ".join(f"{name} {value.shape}" for (_, _, name), value in zip(given, values, strict=True))
        raise InputError(f"the shapes do not broadcast: {shapes}") from None
    if not (tau_m > 0).all() or not (theta > V_r).all():
        raise InputError("an integrate-and-fire neuron needs tau > 0 and a threshold above its reset")
    noisy, silent = sd > 0, mu <= theta
    with np.errstate(all="ignore"):
        log_ratio = np.log1p((theta - V_r) / np.where(silent, np.nan, mu - theta))
        least = _LEAST_NOISE * (abs(theta - mu) + (theta - V_r))
        sigma = np.sqrt(2 * (1 + tau_s / tau_m)) * np.where(noisy, np.maximum(sd, least), 1.0)
        coloured = COLOURED * np.sqrt(tau_s / tau_m)
        kept = np.exp(-t_ref / tau_s, where=tau_s > 0, out=np.zeros_like(tau_s))  # of the noise at the spike
        up = np.where(tau_s > 0, coloured, SHIFT * np.sqrt(step / tau_m))
        low = coloured * kept
        above, below = (theta - mu) / sigma + up, (V_r - mu) / sigma + low
        width = (theta - V_r) / sigma + up - low
    rise = np.where(step > 0, _rounded_up(tau_m * log_ratio, step) - tau_m * log_ratio, 0.0)
    late = lateness(mu, sd, tau_m, theta, V_r, step)
    delay = t_ref + np.where(noisy, np.where(tau_s > 0, step / 2, late.mean), rise)
    limits = np.clip(above, -np.inf, _BOTTOMLESS), np.clip(below, -np.inf, _BOTTOMLESS)
    return Membrane(*limits, width, log_ratio, tau_m, delay, late.variance), silent, noisy


def _rounded_up(time: Floats, step: Floats) -> Floats:
    with np.errstate(all="ignore"):
        rounded: Floats = np.ceil(time / step * (1 - 1e-12)) * step
    return rounded


def _mean_interval(membrane: Membrane) -> tuple[Floats, Floats]:
    """The mean interval times a scale, and the scale: exp(-x²) at a threshold x above the mean, else 1."""
    scale = np.exp(-(np.maximum(membrane.above, 0.0) ** 2))
    return scale * membrane.delay + membrane.tau * math.sqrt(math.pi) * _integral(membrane, _MEAN), scale


# Integrals -------------------------------------------------------------------------------------------------------


class Integrand(NamedTuple):
    """f by its parts: f(-u) for u >= 0; f(x) exp(-power·x²) for x >= 0; the series of u·f(-u) in 1/u², for large u."""

    below: Callable[[Floats], Floats]
    above: Callable[[Floats], Floats]
    series: Floats
    leading: int
    power: int


def _integral(membrane: Membrane, f: Integrand) -> Floats:
    """The integral of f(x) from `below` to `above`, times exp(-power·above²) where above > 0.

    Below 0 in two parts, so that nothing cancels or overflows: to `_FAR` by Gauss–Legendre in log(1 + u), beyond by the
    asymptotic series. Above 0 the last stretch before the limit is all that counts.
    """
    high, low, width = membrane.above, membrane.below, membrane.width
    nodes, weights = _gauss()
    start = np.maximum(-high, 0.0)
    length = np.where(high <= 0, width, np.maximum(-low, 0.0))
    near = np.clip(_FAR - start, 0.0, length)
    first, stretch = 1 + start[..., None], np.log1p(near / (1 + start))[..., None]
    moved = first * np.expm1(stretch * nodes)
    total = np.sum(weights * stretch * (first + moved) * f.below(start[..., None] + moved), axis=-1)
    total = total + _beyond(np.maximum(start, _FAR), length - near, f)
    top = np.maximum(high, 0.0)
    total = total * np.exp(-f.power * top**2)
    deep = np.maximum(top**2 - _EXPONENTS, 0.0)
    stretch = np.minimum(np.minimum(top, width), np.where(deep > 0, _EXPONENTS / (top + np.sqrt(deep)), np.inf))
    back = stretch[..., None] * nodes
    decay = np.exp(-f.power * back * (2 * top[..., None] - back))
    result: Floats = total + stretch * np.sum(weights * decay * f.above(top[..., None] - back), axis=-1)
    return result


def _beyond(start: Floats, length: Floats, f: Integrand) -> Floats:
    """The integral of f(-u) over u from `start` >= `_FAR` on, by its series."""
    log = np.log1p(length / start)
    total = np.zeros_like(log)
    for n, coefficient in enumerate(f.series):
        p = f.leading + 2 * n - 1
        total = total + coefficient * (log if p == 0 else -np.expm1(-p * log) / p * start ** -float(p))
    return total


def _scaled_erfc(u: Floats) -> Floats:
    from scipy.special import erfcx

    result: Floats = erfcx(u)
    return result


def _one_plus_erf(x: Floats) -> Floats:
    from scipy.special import erfc

    result: Floats = erfc(-x)
    return result


def _variance_below(u: Floats) -> Floats:
    """H(-u) for H(x) = exp(x²) ∫ exp(y²)(1 + erf y)² dy, y up to x; u >= 0."""
    return _in_blocks(_variance_below_of, u)


def _variance_below_of(u: Floats) -> Floats:
    nodes, weights = _gauss()
    stretch = _EXPONENTS / (u + np.sqrt(u**2 + _EXPONENTS))
    s = stretch * nodes
    result: Floats = np.sum(stretch * weights * np.exp(-s * (2 * u + s)) * _scaled_erfc(u + s) ** 2, axis=-1)
    return result


def _variance_above(x: Floats) -> Floats:
    """H(x) exp(-2x²) for x >= 0."""
    return _in_blocks(_variance_above_of, x)


def _variance_above_of(x: Floats) -> Floats:
    nodes, weights = _gauss()
    deep = np.maximum(x**2 - _EXPONENTS, 0.0)
    stretch = np.where(deep > 0, _EXPONENTS / (x + np.sqrt(deep)), x)
    s = stretch * nodes
    result: Floats = np.sum(stretch * weights * np.exp(-s * (2 * x - s)) * _one_plus_erf(x - s) ** 2, axis=-1)
    return np.exp(-(x[:, 0] ** 2)) * _variance_below_of(np.zeros((1, 1))) + result


def _in_blocks(function: Callable[[Floats], Floats], x: Floats) -> Floats:
    """A function of (k, 1) applied to any shape, a part at a time, for it needs `_NODES` times the memory."""
    column = x.reshape(-1, 1)
    parts = [function(column[first : first + 4096]) for first in range(0, len(column), 4096)]
    return np.concatenate(parts).reshape(x.shape) if parts else x


def _series() -> tuple[Floats, Floats]:
    """Coefficients in 1/u² of u·erfcx(u), and of u³·H(-u), which obeys dH/du = 2uH - erfcx²."""
    mean = [1 / math.sqrt(math.pi)]
    for n in range(1, 7):
        mean.append(-mean[-1] * (2 * n - 1) / 2)
    square = np.convolve(mean, mean)[: len(mean)]
    variance = [square[0] / 2]
    for n in range(1, len(mean)):
        variance.append((square[n] - (2 * n + 1) * variance[-1]) / 2)
    return np.array(mean), np.array(variance)


_MEAN: Final = Integrand(_scaled_erfc, _one_plus_erf, _series()[0], leading=1, power=1)
_VARIANCE: Final = Integrand(_variance_below, _variance_above, _series()[1], leading=3, power=2)


@lru_cache(maxsize=1)
def _gauss() -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return (nodes + 1) / 2, weights / 2
