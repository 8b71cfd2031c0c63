"""Goodness of fit by time rescaling: whether a model explains the spikes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError, excerpt
from ..units import parse_unit, to_array
from .trains import Chosen, Floats, choose, positive

_POINTS = 100_000  # at which a hazard is evaluated, from 0 to the longest interval
_HZ, _PURE = parse_unit("Hz"), parse_unit("")
_EXAMPLES = "hazard=f(τ), integrated_hazard=F(τ), or intensity=samples with dt"


@dataclass(frozen=True, eq=False)
class TimeRescaling:
    """Kolmogorov-Smirnov test of rescaled intervals: the result of `time_rescaling_test`.

    Attributes
    ----------
    uniform : ndarray (m,)
        1 - exp(-rescaled interval), in order: uniform on 0 … 1 if the model is right.
    statistic : float
        Largest distance of their distribution from the uniform one; NaN without intervals.
    p_value : float
        Chance of so large a distance if the model is right.
    band : float
        Distance that is not exceeded with the chance `level` if the model is right.
    level : float
    verdict : str
        In words.
    """

    uniform: Floats
    statistic: float
    p_value: float
    band: float
    level: float
    verdict: str

    @property
    def consistent(self) -> bool:
        """Whether the distance stays within the band."""
        return bool(self.statistic <= self.band)

    def plot(self, ax: Any = None) -> Any:
        """Draw their distribution against the uniform one, with the band; returns Axes."""
        from ..plot import plot_time_rescaling

        return plot_time_rescaling(self, ax=ax)


def time_rescaling_test(rescaled: Any, *, level: float = 0.95) -> TimeRescaling:
    """Test whether rescaled intervals are exponential with mean 1, as they are if the model is right.

    Parameters
    ----------
    rescaled : array_like (m,)
        From `rescaled_intervals`, or the integral of any conditional intensity over each interval.
    level
        Of the confidence band.

    Returns
    -------
    TimeRescaling

    Notes
    -----
    Brown et al. 2002, Neural Comput 14:325, doi:10.1162/08997660252741149. The p-value and the band are exact for any
    number of intervals, if the model was not fitted to the same spikes; if it was, the test is too lenient. The test
    does not see correlations between intervals: `serial_correlation` does.
    """
    from scipy.stats import kstwo

    values = to_array(rescaled, _PURE, "the rescaled intervals")
    if values.ndim != 1 or not (values >= 0).all():
        raise InputError("rescaled intervals are numbers from 0 on in a 1-D array; see rescaled_intervals")
    if not 0 < level < 1:
        raise InputError(f"level is between 0 and 1, not {level:g}")
    uniform = np.sort(-np.expm1(-values))
    size = uniform.size
    if size == 0:
        nan = float("nan")
        return TimeRescaling(uniform, nan, nan, nan, level, "no verdict: there are no intervals")
    steps = np.arange(size + 1) / size
    above, below = steps[1:] - uniform, uniform - steps[:-1]
    statistic = float(max(above.max(), below.max()))
    p_value, band = float(kstwo.sf(statistic, size)), float(kstwo.ppf(level, size))
    highest = above.max() >= below.max()
    share = float(uniform[above.argmax() if highest else below.argmax()])
    found = f"largest distance {statistic:.3g}, {level:.0%} band {band:.3g}, p = {p_value:.2g}, {size:,} intervals"
    if statistic <= band:
        verdict = f"consistent with the model ({found})"
    else:
        amount = "more" if highest else "fewer"
        verdict = f"not explained by the model: {amount} short intervals than it has, most so at {share:.2g} ({found})"
    return TimeRescaling(uniform, statistic, p_value, band, level, verdict)


def rescaled_intervals(
    spikes: Any,
    *,
    hazard: Callable[[Floats], Any] | None = None,
    integrated_hazard: Callable[[Floats], Any] | None = None,
    intensity: Any = None,
    dt: Any = None,
    grid: Any = None,
    seed: int | None = None,
    start: Any = None,
    stop: Any = None,
) -> Floats:
    """Integral of a model's intensity over each interspike interval, for `time_rescaling_test`.

    Parameters
    ----------
    spikes
        `Recording`, `SpikeTrains`, or the spike times of one neuron in ms (or quantities), increasing.
    hazard
        Function of the time since the last spike in ms (an array), with values in Hz (or quantities): a renewal model.
        It is evaluated at 100,000 points up to the longest interval and integrated.
    integrated_hazard
        Instead, the integral of the hazard from 0, a pure number, as a function of the interval in ms.
    intensity, dt
        Instead, the rate that the model had over time, given what came before: samples (T,), or (n, T), in Hz (or
        quantities), each holding for `dt` (ms), from time 0 on.
    grid
        Step of the grid that the spikes are on, in ms: if given, the spike of the model came at some time within the
        step that ends with the spike; that time is drawn, with its distribution by the model. Without this, spikes on
        a coarse grid fail the test, however right the model is.
    seed
        Of these draws.
    start, stop
        Only spikes from `start` to `stop` (ms, or quantities; both included) count.

    Returns
    -------
    ndarray (m,)
        One for each of `interspike_intervals`, in that order; independent and exponential with mean 1 if the model is
        right.

    Notes
    -----
    `grid` is the correction of Haslinger, Pipa & Brown 2010, Neural Comput 22:2477, doi:10.1162/NECO_a_00015; the law
    is exact both for spike times rounded up and for chances drawn once per step.
    """
    chosen = choose(spikes, start, stop)
    step = 0.0 if grid is None else positive(grid, "grid")
    same = chosen.index[1:] == chosen.index[:-1]
    if sum(given is not None for given in (hazard, integrated_hazard, intensity)) != 1:
        raise InputError(f"give the model in one way: {_EXAMPLES}")
    if intensity is not None:
        upper, lower = _integrals_of_samples(chosen, same, intensity, dt, step)
    elif dt is not None:
        raise InputError("dt is the step of intensity=…; a hazard is a function of time")
    elif not callable(model := integrated_hazard or hazard):
        raise InputError(f"a hazard is a function of the time since the last spike in ms, not {excerpt(model)}")
    else:
        intervals = np.diff(chosen.time)[same]
        cumulative = integrated_hazard or _integrator(hazard, float(intervals.max(initial=0.0)))
        upper = _values(cumulative, intervals, _PURE, "integrated_hazard")
        lower = _values(cumulative, np.maximum(intervals - step, 0), _PURE, "integrated_hazard") if step else upper
    if not (np.isfinite(lower).all() and (lower >= 0).all() and (upper >= lower).all()):
        raise InputError("the model's hazard must be finite and never negative, and so must its integral")
    if not step:
        return upper
    chance = -np.expm1(lower - upper)
    share = np.random.default_rng(seed).random(upper.size)
    return lower - np.log1p(-share * chance)


def _integrator(hazard: Any, longest: float) -> Callable[[Floats], Floats]:
    """The integral of a hazard as a function of the interval, by the midpoint rule."""
    width = longest / _POINTS or 1.0
    values = _values(hazard, (np.arange(_POINTS, dtype=float) + 0.5) * width, _HZ, "hazard")
    if not (np.isfinite(values).all() and (values >= 0).all()):
        raise InputError("hazard must give finite numbers from 0 on, in Hz; for an infinite one, integrated_hazard=…")
    total = np.concatenate([[0.0], np.cumsum(values * width)])
    return lambda interval: np.interp(interval, np.arange(_POINTS + 1) * width, total)


def _values(function: Any, at: Floats, unit: Any, what: str) -> Floats:
    """What a user's function gives, in the coherent set."""
    values = to_array(function(at), unit, what)
    try:
        return np.broadcast_to(values, at.shape)
    except ValueError:
        raise InputError(
            f"{what} got an array {at.shape} and must give one of that shape, not {values.shape}"
        ) from None


def _integrals_of_samples(chosen: Chosen, same: Any, intensity: Any, dt: Any, step: float) -> tuple[Floats, Floats]:
    """Integral of a sampled intensity over each interval, and over all but its last `step`."""
    rate, width = to_array(intensity, _HZ, "intensity"), positive(1.0 if dt is None else dt, "dt")
    if dt is None:
        raise InputError("say how long each sample of intensity holds with dt=…, in ms")
    if rate.ndim not in (1, 2) or (rate.ndim == 2 and rate.shape[0] != chosen.neurons):
        raise InputError(f"intensity is (T,) or ({chosen.neurons}, T), not of shape {rate.shape}")
    rate = np.atleast_2d(rate)
    samples = rate.shape[1]
    if not (np.isfinite(rate).all() and (rate >= 0).all()):
        raise InputError("intensity takes finite numbers from 0 on, in Hz")
    first, last = chosen.time.min(initial=np.inf), chosen.time.max(initial=0.0)
    if first < -1e-9 or last > samples * width * (1 + 1e-9):
        raise InputError(f"intensity lasts from 0 to {samples * width:g} ms, but there are spikes outside")
    total = np.concatenate([np.zeros((rate.shape[0], 1)), np.cumsum(rate * width, axis=1)], axis=1)

    def integral(time: Floats, neuron: Any) -> Floats:
        place = np.clip(time / width, 0, samples)
        left = np.minimum(place.astype(np.int64), samples - 1)
        row = neuron if rate.shape[0] > 1 else 0
        values: Floats = total[row, left] + (place - left) * width * rate[row, left]
        return values

    begin, end, neuron = chosen.time[:-1][same], chosen.time[1:][same], chosen.index[1:][same]
    before = integral(begin, neuron)
    upper = integral(end, neuron) - before
    lower = integral(np.maximum(end - step, begin), neuron) - before
    return np.maximum(upper, 0), np.clip(lower, 0, np.maximum(upper, 0))
