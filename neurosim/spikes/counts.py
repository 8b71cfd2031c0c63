"""Statistics of spike counts: rates, Fano factor, peri-stimulus time histogram."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..errors import InputError
from ..units import to_array
from .intervals import cv_of
from .trains import MS, Chosen, Floats, Ints, bin_count, bin_of, choose, positive, quotient, run_lengths

_REACH = 5.0  # of a Gaussian kernel, in its standard deviations


class FiringRate(NamedTuple):
    """Rate with standard error, in Hz: the result of `mean_firing_rate`."""

    rate: Any
    standard_error: Any


def mean_firing_rate(spikes: Any, *, start: Any = None, stop: Any = None) -> FiringRate:
    """Number of spikes / time observed, in Hz, with its standard error.

    Parameters
    ----------
    spikes
        `Recording`, `SpikeTrains`, or the spike times of one neuron in ms (or quantities), increasing.
    start, stop
        The time observed, in ms, or quantities: the whole recording if not given. A plain array begins at 0 and needs
        `stop`.

    Returns
    -------
    FiringRate
        ``rate`` and ``standard_error``: floats for one plain train, else (n,). The rate is 0 without spikes; the error
        is NaN with fewer than three spikes, which do not show how regular the train is.

    Notes
    -----
    The error is that of a stationary renewal process with gamma intervals of the CV found: the number N of spikes has
    variance N CV² + (1 - CV⁴)/6 (Cox 1962, Renewal theory, ch. 4; the second term, which counts for regular trains, is
    taken as 0 where it is negative). It does not hold where successive intervals are correlated. `Recording.rate` is
    1/(mean interval) instead, which counts from spike to spike.
    """
    chosen = choose(spikes, start, stop, lasting=True)
    count, variation = chosen.count, cv_of(chosen)
    variance = count * variation**2 + np.maximum(1 - variation**4, 0) / 6
    per_second = 1000 / chosen.length
    return FiringRate(chosen.shaped(per_second * count), chosen.shaped(per_second * np.sqrt(variance)))


def fano_factor(spikes: Any, window: Any, *, start: Any = None, stop: Any = None) -> Any:
    """Variance / mean of the number of spikes in successive windows.

    Parameters
    ----------
    spikes, start, stop
        As for `mean_firing_rate`. What is left at the end, shorter than a window, does not count.
    window
        Length of the windows in ms, or a quantity; or several lengths (w,).

    Returns
    -------
    float or ndarray (n,), (w,) or (n, w)
        With an axis of neurons but for one plain train, and one of windows if several were given. NaN without spikes
        and with fewer than two windows.

    Notes
    -----
    1 for a Poisson process at any window; a renewal process comes to CV² in long windows. The variance is the unbiased
    one (divisor: windows - 1).
    """
    lengths = to_array(window, MS, "window")
    if lengths.ndim > 1 or lengths.size == 0:
        raise InputError(f"window is a length or a 1-D array of them, not of shape {lengths.shape}")
    chosen = choose(spikes, start, stop, lasting=True)
    found = [_fano(chosen, positive(length, "window")) for length in np.atleast_1d(lengths)]
    return chosen.shaped(np.stack(found, axis=1) if lengths.ndim else found[0])


def _fano(chosen: Chosen, window: float) -> Floats:
    """Of one length of windows, (n,)."""
    windows = bin_count(chosen.length, window, "window")
    number = bin_of(chosen.time - chosen.start, window)
    inside = number < windows
    key, count = run_lengths(chosen.index[inside] * windows + number[inside])
    neuron = key // windows
    total = np.bincount(neuron, count, chosen.neurons)
    squares = np.bincount(neuron, count**2, chosen.neurons)
    if windows < 2:
        return np.full(chosen.neurons, np.nan)
    return quotient((squares - total**2 / windows) / (windows - 1), total / windows)


@dataclass(frozen=True, eq=False)
class PSTH:
    """Peri-stimulus time histogram: the result of `psth`.

    Attributes
    ----------
    edges : ndarray (b + 1,)
        Of the bins, in ms after the stimulus; a bin holds its right edge.
    count : ndarray (b,)
        Spikes in all trials.
    rate : ndarray (b,)
        Hz: mean over the trials.
    standard_error : ndarray (b,)
        Hz: from the differences between trials; NaN with one.
    trials : int
    """

    edges: Floats
    count: Ints
    rate: Floats
    standard_error: Floats
    trials: int

    def plot(self, ax: Any = None) -> Any:
        """Draw the rate with a band of one standard error; returns Axes."""
        from ..plot import plot_psth

        return plot_psth(self, ax=ax)


def psth(
    spikes: Any,
    bin_width: Any = 5.0,
    *,
    events: Any = None,
    before: Any = 0.0,
    after: Any = None,
    start: Any = None,
    stop: Any = None,
) -> PSTH:
    """Rate over time, averaged over trials (peri-stimulus time histogram).

    Parameters
    ----------
    spikes, start, stop
        As for `mean_firing_rate`.
    bin_width
        In ms, or a quantity.
    events
        Times of the stimuli in ms, or quantities: each is a trial of each neuron, with time counted from it. If not
        given, each neuron is one trial, and time is that of the recording.
    before, after
        With `events`: how long before and after each one to look, ms, or quantities.

    Returns
    -------
    PSTH

    Notes
    -----
    Events less than `before` after the start, or less than `after` before the end, are no whole trials and do not
    count; ``trials`` says how many do. Windows of neighbouring events may overlap.
    """
    width = positive(bin_width, "bin_width")
    chosen = choose(spikes, start, stop, lasting=True)
    if events is None:
        if after is not None or np.any(before):
            raise InputError("before and after count from events; give events=…, or start and stop")
        bins, begin, trials = bin_count(chosen.length, width, "bin_width"), chosen.start, chosen.neurons
        trial, time = chosen.index, chosen.time - chosen.start
    else:
        begin, end = _around(before, after)
        bins = bin_count(end - begin, width, "bin_width")
        trial, time, trials = _aligned(chosen, _whole(events, begin, end, chosen), begin, end)
    number = bin_of(time, width)
    inside = number < bins
    key, count = run_lengths(np.sort(trial[inside] * bins + number[inside]))
    total = np.bincount(key % bins, count, bins)
    squares = np.bincount(key % bins, count**2, bins)
    per_second = 1000 / width
    variance = quotient(np.maximum(squares - total**2 / trials, 0), trials - 1)
    return PSTH(
        edges=begin + np.arange(bins + 1, dtype=float) * width,
        count=total.astype(np.int64),
        rate=per_second * total / trials,
        standard_error=per_second * np.sqrt(variance / trials),
        trials=trials,
    )


def _around(before: Any, after: Any) -> tuple[float, float]:
    """First and last time of a trial, from its event."""
    if after is None:
        raise InputError("say how long after each event to look with after=…, in ms")
    sides = to_array(before, MS, "before"), to_array(after, MS, "after")
    if any(side.ndim or not np.isfinite(side) for side in sides) or not -sides[0] < sides[1]:
        raise InputError(f"before and after are numbers, together more than 0 ms, not {before!s:.40} and {after!s:.40}")
    return 0.0 - float(sides[0]), float(sides[1])


def _whole(events: Any, begin: float, end: float, chosen: Chosen) -> Floats:
    """Times of the events with a whole trial around them, in order."""
    times = np.sort(np.atleast_1d(to_array(events, MS, "events")))
    if times.ndim != 1 or not np.isfinite(times).all():
        raise InputError("events are finite times in a 1-D array")
    times = times[(times + begin >= chosen.start - 1e-9) & (times + end <= chosen.stop + 1e-9)]
    if times.size == 0:
        raise InputError(
            f"no event has a whole trial, {begin:g} … {end:g} ms around it, "
            f"inside {chosen.start:g} … {chosen.stop:g} ms"
        )
    return times


def _aligned(chosen: Chosen, events: Floats, begin: float, end: float) -> tuple[Ints, Floats, int]:
    """Trial of each spike and its time from the beginning of that, once for each trial it is in; number of trials."""
    order = np.argsort(chosen.time, kind="stable")
    time, neuron = chosen.time[order], chosen.index[order]
    first = np.searchsorted(time, events + begin - 1e-9, "left")
    count = np.searchsorted(time, events + end + 1e-9, "right") - first
    event = np.repeat(np.arange(events.size), count)
    spike = np.arange(event.size) + np.repeat(first - (np.cumsum(count) - count), count)
    trial = event * chosen.neurons + neuron[spike]
    return trial, time[spike] - events[event] - begin, events.size * chosen.neurons


@dataclass(frozen=True, eq=False)
class PopulationRate:
    """Rate of a population over time: the result of `population_rate`.

    Attributes
    ----------
    time : ndarray (b,)
        Middle of each bin, in ms.
    rate : ndarray (b,)
        Hz, per neuron.
    bin_width : float
        In ms.
    neurons : int
    """

    time: Floats
    rate: Floats
    bin_width: float
    neurons: int

    def plot(self, ax: Any = None) -> Any:
        """Draw rate against time; returns Axes."""
        from ..plot import plot_population_rate

        return plot_population_rate(self, ax=ax)


def population_rate(
    spikes: Any, bin_width: Any = 1.0, *, sigma: Any = None, start: Any = None, stop: Any = None
) -> PopulationRate:
    """Spikes of all neurons per time and neuron, in bins, and smoothed if `sigma` is given.

    Parameters
    ----------
    spikes, start, stop
        As for `mean_firing_rate`.
    bin_width
        In ms, or a quantity. What is left at the end, shorter than a bin, does not count.
    sigma
        Standard deviation of a Gaussian kernel in ms, or a quantity. At both ends it is cut off and what remains is
        scaled up, so that a constant rate stays constant.

    Returns
    -------
    PopulationRate
        In Hz; 0 where there are no spikes.
    """
    width = positive(bin_width, "bin_width")
    chosen = choose(spikes, start, stop, lasting=True)
    bins = bin_count(chosen.length, width, "bin_width")
    number = bin_of(chosen.time - chosen.start, width)
    rate = np.bincount(number, minlength=bins)[:bins].astype(float) * (1000 / (width * chosen.neurons))
    if sigma is not None:
        rate = _smooth(rate, positive(sigma, "sigma") / width)
    middle = chosen.start + (np.arange(bins, dtype=float) + 0.5) * width
    return PopulationRate(middle, rate, width, chosen.neurons)


def _smooth(values: Floats, sigma: float) -> Floats:
    """Weighted mean with a Gaussian, `sigma` in samples."""
    from scipy.signal import fftconvolve

    reach = min(int(np.ceil(_REACH * sigma)), values.size - 1)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weight = np.cumsum(np.concatenate([[0.0], kernel]))
    place = np.arange(values.size)
    first, last = np.maximum(reach - place, 0), np.minimum(reach + values.size - place, kernel.size)
    smooth: Floats = fftconvolve(values, kernel, mode="same") / (weight[last] - weight[first])
    return np.maximum(smooth, 0.0)
