"""Autocorrelation and power spectrum of spike trains."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..units import parse_unit, to_number
from .trains import Chosen, Floats, Ints, bin_count, bin_of, choose, positive, quotient

_HZ = parse_unit("Hz")
_AT_ONCE = 1 << 18  # spikes, and samples, worked on at once: they stay in the processor's cache
_OVERSAMPLING = 4  # of the grid behind a spectrum, over its highest frequency


@dataclass(frozen=True, eq=False)
class Autocorrelation:
    """Rate of spikes after (or before) a spike: the result of `autocorrelation`.

    Attributes
    ----------
    edges : ndarray (b + 1,)
        Of the bins of lag, in ms, from 0; a bin holds its right edge.
    pairs : ndarray (b,)
        Of spikes of one neuron, in each bin.
    rate : ndarray (b,)
        Hz: rate of the neuron at this lag from one of its spikes. The spike itself, a delta function at lag 0, is left
        out. The same for negative lags.
    mean_rate : float
        Hz: what `rate` comes to at long lags, Σν²/Σν over the neurons: the mean rate that their spikes meet. With N
        spikes in the time T, ν² is taken as N (N - 1)/T², which has no bias for a Poisson process.
    """

    edges: Floats
    pairs: Ints
    rate: Floats
    mean_rate: float

    @property
    def lag(self) -> Floats:
        """Middle of each bin, in ms: (b,)."""
        return (self.edges[1:] + self.edges[:-1]) / 2

    @property
    def normalised(self) -> Floats:
        """Rate / mean_rate, which comes to 1 at long lags: (b,)."""
        return quotient(self.rate, self.mean_rate)

    def plot(self, ax: Any = None) -> Any:
        """Draw both sides, with the mean rate; returns Axes."""
        from ..plot import plot_autocorrelation

        return plot_autocorrelation(self, ax=ax)


def autocorrelation(
    spikes: Any, bin_width: Any = 1.0, maximum_lag: Any = 100.0, *, start: Any = None, stop: Any = None
) -> Autocorrelation:
    """How the rate of a neuron depends on the time since any of its spikes, averaged over spikes and neurons.

    Parameters
    ----------
    spikes
        `Recording`, `SpikeTrains`, or the spike times of one neuron in ms (or quantities), increasing.
    bin_width, maximum_lag
        In ms, or quantities.
    start, stop
        The time observed, in ms, or quantities: the whole recording if not given. A plain array begins at 0 and needs
        `stop`.

    Returns
    -------
    Autocorrelation
        In Hz; NaN without spikes.

    Notes
    -----
    With time T observed, a spike and one τ later are both seen during T - τ only; the count is divided by that. Of a
    stationary train with rate ν and autocorrelation C(τ) = ⟨s(t) s(t + τ)⟩ this is C(τ)/ν without the delta function:
    for a renewal process the sum of the densities of one, two, three … intervals. The time taken grows with the number
    of pairs.
    """
    width = positive(bin_width, "bin_width")
    chosen = choose(spikes, start, stop, lasting=True)
    longest = positive(maximum_lag, "maximum_lag")
    if longest >= chosen.length:
        raise InputError(f"maximum_lag, {longest:g} ms, must be less than the {chosen.length:g} ms observed")
    bins = bin_count(longest, width, "bin_width")
    pairs = np.zeros(bins, dtype=np.int64)
    ends = np.cumsum(chosen.count)
    for first in range(0, chosen.time.size, _AT_ONCE):
        pairs += _pairs(chosen, ends, first, width, bins)
    edges = np.arange(bins + 1, dtype=float) * width
    seen = chosen.time.size * (1 - (edges[1:] + edges[:-1]) / (2 * chosen.length))
    per_second = 1000 / width
    others = chosen.count.astype(float) * (chosen.count - 1)
    mean = quotient(others.sum(), chosen.time.size) * 1000 / chosen.length
    return Autocorrelation(edges, pairs, per_second * quotient(pairs, seen), float(mean))


def _pairs(chosen: Chosen, ends: Ints, first: int, width: float, bins: int) -> Ints:
    """Pairs in each bin of lag, of one in a block of spikes with the next, the one after it, and so on."""
    here = np.arange(first, min(first + _AT_ONCE, chosen.time.size))
    end = ends[chosen.index[here]]
    pairs = np.zeros(bins, dtype=np.int64)
    order = 1
    while here.size:
        inside = here + order < end
        here, end = here[inside], end[inside]
        number = bin_of(chosen.time[here + order] - chosen.time[here], width)
        inside = number < bins
        here, end = here[inside], end[inside]
        pairs += np.bincount(number[inside], minlength=bins)
        order += 1
    return pairs


@dataclass(frozen=True, eq=False)
class PowerSpectrum:
    """Power spectrum of spike trains: the result of `power_spectrum`.

    Attributes
    ----------
    frequency : ndarray (f,)
        Hz: multiples of the resolution, without 0.
    power : ndarray (f,)
        Hz: mean of the periodograms; comes to the rate at high frequencies.
    standard_error : ndarray (f,)
        Hz: from the differences between periodograms; NaN with one.
    periodograms : int
        How many: stretches of time × neurons.
    mean_rate : float
        Hz: mean over the neurons, the asymptote.
    """

    frequency: Floats
    power: Floats
    standard_error: Floats
    periodograms: int
    mean_rate: float

    def plot(self, ax: Any = None) -> Any:
        """Draw it, with the rate; returns Axes."""
        from ..plot import plot_power_spectrum

        return plot_power_spectrum(self, ax=ax)


def power_spectrum(
    spikes: Any, resolution: Any = 1.0, maximum: Any = 250.0, *, start: Any = None, stop: Any = None
) -> PowerSpectrum:
    """Power spectrum of each spike train, averaged over stretches of time and neurons.

    Parameters
    ----------
    spikes, start, stop
        As for `autocorrelation`.
    resolution
        Distance of the frequencies in Hz, or a quantity: each stretch is 1/resolution long. What is left at the end,
        shorter than that, does not count.
    maximum
        The highest frequency in Hz, or a quantity.

    Returns
    -------
    PowerSpectrum
        0 without spikes.

    Notes
    -----
    Of a stretch of length L with spikes at t_j the periodogram is ``|Σ exp(-2πi f t_j)|²/L``, at multiples of 1/L,
    where the mean rate contributes nothing. Spikes are not moved to a grid: they are spread over one by cubic splines,
    whose effect is divided out again (error in power below 3 % at the highest frequency for a train that is in step
    with the grid, and 0.2 % at half of it; far smaller for others).
    """
    step, highest = to_number(resolution, _HZ, "resolution") * 1000, to_number(maximum, _HZ, "maximum") * 1000
    if not 0 < step <= highest < np.inf:
        raise InputError(f"resolution must be above 0 and up to the maximum, not {step:g} Hz with {highest:g} Hz")
    chosen = choose(spikes, start, stop, lasting=True)
    stretch = 1000 / step
    if stretch > chosen.length * (1 + 1e-9):
        raise InputError(
            f"a resolution of {step:g} Hz takes {stretch:g} ms, more than the {chosen.length:g} ms there are; "
            f"take it coarser than {1000 / chosen.length:.3g} Hz"
        )
    frequencies = bin_count(highest, step, "resolution")
    stretches = bin_count(chosen.length, stretch, "a stretch")
    number = bin_of(chosen.time - chosen.start, stretch)
    inside = number < stretches
    row = chosen.index[inside] * stretches + number[inside]
    place = (chosen.time[inside] - chosen.start) / stretch - number[inside]
    total, squares = _periodograms(row, place, frequencies)
    rows = chosen.neurons * stretches
    power, scale = total / rows, 1000 / stretch
    variance = quotient(np.maximum(squares - rows * power**2, 0), rows - 1)
    return PowerSpectrum(
        frequency=step * np.arange(1, frequencies + 1, dtype=float),
        power=scale * power,
        standard_error=scale * np.sqrt(variance / rows),
        periodograms=rows,
        mean_rate=1000 * row.size / (rows * stretch),
    )


def _periodograms(row: Ints, place: Floats, frequencies: int) -> tuple[Floats, Floats]:
    """Sum over the rows of |Σ exp(-2πi k place)|², k = 1 … frequencies, and of its square."""
    from scipy.fft import next_fast_len, rfft

    samples = int(next_fast_len(max(_OVERSAMPLING * frequencies, 16), real=True))
    smoothing = np.sinc(np.arange(1, frequencies + 1) / samples) ** 8
    total, squares = np.zeros(frequencies), np.zeros(frequencies)
    rows = max(1, _AT_ONCE // samples)
    first = 0
    while first < row.size:
        base = row[first]
        last = int(np.searchsorted(row, base + rows))
        grid = _spread(row[first:last] - base, place[first:last] * samples, samples, int(row[last - 1] - base) + 1)
        waves = rfft(grid, axis=1)[:, 1 : frequencies + 1]
        power = (waves.real**2 + waves.imag**2) / smoothing
        total += power.sum(axis=0)
        squares += np.square(power).sum(axis=0)
        first = last
    return total, squares


def _spread(row: Ints, place: Floats, samples: int, rows: int) -> Floats:
    """Each spike as a cubic spline on four samples of its row, which is a circle."""
    left = np.floor(place).astype(np.int64)
    x = place - left
    weights = ((1 - x) ** 3 / 6, 2 / 3 - x**2 + x**3 / 2, 1 / 6 + (x + x**2 - x**3) / 2, x**3 / 6)
    grid = np.zeros(rows * samples)
    for offset, weight in enumerate(weights, start=-1):
        grid += np.bincount(row * samples + (left + offset) % samples, weight, grid.size)
    return grid.reshape(rows, samples)
