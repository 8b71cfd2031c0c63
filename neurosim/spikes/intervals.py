"""Statistics of interspike intervals."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..errors import InputError, excerpt
from .trains import Chosen, Floats, Ints, bin_count, bin_of, choose, positive, quotient

_ALIKE = 1e-9  # relative spread below which intervals differ by rounding only
_OF_VARIANCE = 1e-12  # what rounding leaves of it


def interspike_intervals(spikes: Any, *, start: Any = None, stop: Any = None) -> Floats:
    """Times between successive spikes of the same neuron.

    Parameters
    ----------
    spikes
        `Recording`, `SpikeTrains`, or the spike times of one neuron in ms (or quantities), increasing.
    start, stop
        Only spikes from `start` to `stop` (ms, or quantities; both included) count.

    Returns
    -------
    ndarray (m,)
        In ms, neuron after neuron, in each by time: a neuron with k spikes has max(k - 1, 0). No interval reaches from
        one neuron to the next, and none is counted that was not over at the end.
    """
    return _intervals(choose(spikes, start, stop))[0]


def cv(spikes: Any, *, start: Any = None, stop: Any = None) -> Any:
    """Coefficient of variation of the intervals: standard deviation / mean.

    Parameters
    ----------
    spikes, start, stop
        As for `interspike_intervals`.

    Returns
    -------
    float or ndarray (n,)
        For one plain train, or for each neuron. NaN with fewer than three spikes, or if all are at the same time.

    Notes
    -----
    1 for a Poisson process, 1/√k for gamma intervals of order k, 0 for a regular train, up to rounding. The variance is
    the unbiased one (divisor: intervals - 1).
    """
    chosen = choose(spikes, start, stop)
    return chosen.shaped(cv_of(chosen))


def cv_of(chosen: Chosen) -> Floats:
    """CV of each neuron, (n,)."""
    intervals, neuron = _intervals(chosen)
    count, mean, deviation = _centred(intervals, neuron, chosen.neurons)
    variance = quotient(np.bincount(neuron, deviation**2, chosen.neurons), np.maximum(count - 1, 0))
    found = quotient(np.sqrt(variance), mean)
    return np.where(found < _ALIKE, 0.0, found)


def cv2(spikes: Any, *, start: Any = None, stop: Any = None) -> Any:
    """Mean of ``2 |b - a| / (a + b)`` over successive intervals a, b of a neuron.

    Parameters
    ----------
    spikes, start, stop
        As for `interspike_intervals`.

    Returns
    -------
    float or ndarray (n,)
        For one plain train, or for each neuron. NaN with fewer than three spikes; pairs of two intervals of length 0
        do not count.

    Notes
    -----
    1 for a Poisson process, 4^(1 - k)/(k B(k, k)) for gamma intervals of order k (B is the beta function), 0 for a
    regular train; insensitive to slow changes of the rate. Holt et al. 1996, J Neurophysiol 75:1806,
    doi:10.1152/jn.1996.75.5.1806.
    """
    return _mean_over_pairs(choose(spikes, start, stop), lambda contrast: 2 * np.abs(contrast))


def lv(spikes: Any, *, start: Any = None, stop: Any = None) -> Any:
    """Local variation: mean of ``3 (b - a)² / (a + b)²`` over successive intervals a, b of a neuron.

    Parameters
    ----------
    spikes, start, stop
        As for `interspike_intervals`.

    Returns
    -------
    float or ndarray (n,)
        For one plain train, or for each neuron. NaN with fewer than three spikes; pairs of two intervals of length 0
        do not count.

    Notes
    -----
    1 for a Poisson process, 3/(2k + 1) for gamma intervals of order k, 0 for a regular train. Shinomoto et al. 2003,
    Neural Comput 15:2823, doi:10.1162/089976603322518759.
    """
    return _mean_over_pairs(choose(spikes, start, stop), lambda contrast: 3 * contrast**2)


def _mean_over_pairs(chosen: Chosen, function: Any) -> Any:
    """Mean of a function of (b - a)/(a + b)."""
    intervals, neuron = _intervals(chosen)
    a, b = intervals[:-1], intervals[1:]
    pairs = (neuron[:-1] == neuron[1:]) & (a + b > 0)
    a, b, neuron = a[pairs], b[pairs], neuron[1:][pairs]
    total = np.bincount(neuron, function((b - a) / (a + b)), chosen.neurons)
    return chosen.shaped(quotient(total, np.bincount(neuron, minlength=chosen.neurons)))


class SerialCorrelation(NamedTuple):
    """Correlation of each interval with later ones: the result of `serial_correlation`.

    Attributes
    ----------
    lag : ndarray (k,)
        1 … k, in intervals.
    correlation : ndarray (k,) or (n, k)
    standard_error : ndarray (k,) or (n, k)
        1/√pairs: what independent intervals would give.
    pairs : ndarray (k,) or (n, k)
        Of intervals.
    """

    lag: Ints
    correlation: Floats
    standard_error: Floats
    pairs: Ints

    @property
    def mean(self) -> tuple[Floats, Floats]:
        """Over the neurons, weighted by their pairs, with standard error: (k,) each."""
        known = np.atleast_2d(np.where(np.isnan(self.correlation), 0, self.pairs))
        total = known.sum(axis=0)
        weighted = np.where(known > 0, known * np.nan_to_num(np.atleast_2d(self.correlation)), 0.0).sum(axis=0)
        return quotient(weighted, total), quotient(1.0, np.sqrt(total))

    def plot(self, ax: Any = None) -> Any:
        """Draw the mean over the neurons, with a band of two standard errors around 0; returns Axes."""
        from ..plot import plot_serial_correlation

        return plot_serial_correlation(self, ax=ax)


def serial_correlation(spikes: Any, lags: int = 10, *, start: Any = None, stop: Any = None) -> SerialCorrelation:
    """Correlation coefficient of interval i with interval i + k of the same neuron, k = 1 … `lags`.

    Parameters
    ----------
    spikes, start, stop
        As for `interspike_intervals`.
    lags
        The largest k.

    Returns
    -------
    SerialCorrelation
        For each neuron, or without that axis for one plain train. NaN with fewer than three pairs, that is k + 4
        spikes, and where the intervals are all alike.

    Notes
    -----
    Pearson's coefficient of the pairs. 0 for a renewal process, for which m intervals give -1/m on average; negative
    where short intervals follow long ones, as with adaptation.
    """
    if not isinstance(lags, int | np.integer) or not 1 <= lags <= 10_000:
        raise InputError(f"lags is how many there are, 1 … 10000, not {excerpt(lags)}")
    chosen = choose(spikes, start, stop)
    intervals, neuron = _intervals(chosen)
    count, mean, deviation = _centred(intervals, neuron, chosen.neurons)
    moments = [np.bincount(neuron, deviation**power, chosen.neurons) for power in (1, 2)]
    sums = [[moment.astype(float) for moment in moments] for _ in ("earlier", "later")]
    noise = np.maximum((_ALIKE * mean) ** 2, _OF_VARIANCE * quotient(moments[1], count))
    last = np.cumsum(count)
    first = last - count
    columns = []
    for lag in range(1, lags + 1):
        more = count >= lag  # one less at the end of the earlier intervals, one less at the beginning of the later
        for moment, place in zip(sums, (last[more] - lag, first[more] + lag - 1), strict=True):
            for power, values in enumerate(moment, start=1):
                values[more] -= deviation[place] ** power
        columns.append(_correlation(deviation, neuron, lag, noise, np.maximum(count - lag, 0), sums))
    correlation = np.stack([column[0] for column in columns], axis=1)
    pairs = np.stack([column[1] for column in columns], axis=1)
    error = np.where(np.isnan(correlation), np.nan, quotient(1.0, np.sqrt(pairs)))
    return SerialCorrelation(np.arange(1, lags + 1), *map(chosen.shaped, (correlation, error, pairs)))


def _correlation(
    deviation: Floats, neuron: Ints, lag: int, noise: Floats, pairs: Ints, sums: list[list[Floats]]
) -> tuple[Floats, Ints]:
    """Pearson's coefficient at one lag, of each neuron, from the sums over the members of its pairs, and the pairs."""
    products = np.where(neuron[lag:] == neuron[:-lag], deviation[lag:] * deviation[:-lag], 0.0)
    (mean_a, square_a), (mean_b, square_b) = ([quotient(moment, pairs) for moment in each] for each in sums)
    covariance = quotient(np.bincount(neuron[lag:], products, noise.size), pairs) - mean_a * mean_b
    variances = [square_a - mean_a**2, square_b - mean_b**2]
    vary = (np.minimum(*variances) > noise) & (pairs >= 3)
    scale = np.sqrt(np.where(vary, variances[0], 1.0)) * np.sqrt(np.where(vary, variances[1], 1.0))
    return np.where(vary, np.clip(covariance / scale, -1, 1), np.nan), pairs


@dataclass(frozen=True, eq=False)
class IntervalHistogram:
    """How interspike intervals are distributed: the result of `interval_histogram`.

    Attributes
    ----------
    edges : ndarray (b + 1,)
        Of the bins, in ms; a bin holds its right edge, and 0 is in the first.
    count : ndarray (b,)
        Intervals in each bin.
    intervals : int
        All of them, those beyond the last edge included.
    density : ndarray (b,)
        1/ms: its integral over all intervals is 1.
    survivor : ndarray (b + 1,)
        Part of the intervals that are longer than each edge.
    hazard : ndarray (b,)
        Hz: intervals that end in a bin / time spent in it; NaN where no interval comes to.
    """

    edges: Floats
    count: Ints
    intervals: int
    density: Floats
    survivor: Floats
    hazard: Floats

    @property
    def standard_error(self) -> Floats:
        """Of the density, of independent intervals, in 1/ms: (b,)."""
        part = quotient(self.count, self.intervals)
        return np.sqrt(quotient(part * (1 - part), self.intervals)) / np.diff(self.edges)

    def plot(self, ax: Any = None, quantity: str = "density") -> Any:
        """Draw its density, survivor or hazard; returns Axes."""
        from ..plot import plot_interval_histogram

        return plot_interval_histogram(self, ax=ax, quantity=quantity)


def interval_histogram(
    spikes: Any, bin_width: Any = 1.0, *, maximum: Any = None, start: Any = None, stop: Any = None
) -> IntervalHistogram:
    """Density, survivor function and hazard of the intervals of all neurons together.

    Parameters
    ----------
    spikes, start, stop
        As for `interspike_intervals`.
    bin_width
        In ms, or a quantity.
    maximum
        Where the last bin ends, in ms, or a quantity; if not given, after the longest interval.

    Returns
    -------
    IntervalHistogram
        NaN throughout if there is no interval.

    Notes
    -----
    Within a bin the hazard is the maximum of the likelihood of a constant one: it has no bias from the width of the
    bins where the hazard does not change. With spikes on a grid and bins of one step it is g_k/Δ, the chance of a spike
    per step.
    """
    width = positive(bin_width, "bin_width")
    end = None if maximum is None else positive(maximum, "maximum")
    return histogram_of(interspike_intervals(spikes, start=start, stop=stop), width, end)


def histogram_of(intervals: Floats, width: float, maximum: float | None) -> IntervalHistogram:
    """`interval_histogram` of intervals (m,) in ms."""
    longest = float(intervals.max(initial=0.0))
    if maximum is None:
        bins = bin_count(max(longest, width), width, "bin_width")
        bins += int(bin_of(np.array([longest]), width)[0] >= bins)
    else:
        bins = bin_count(maximum, width, "bin_width")
    number = bin_of(intervals, width)
    inside = number < bins
    within = np.clip(intervals[inside] - number[inside] * width, 0, width)
    count = np.bincount(number[inside], minlength=bins)
    longer = intervals.size - np.cumsum(count)
    exposure = longer * width + np.bincount(number[inside], within, bins)
    return IntervalHistogram(
        edges=np.arange(bins + 1, dtype=float) * width,
        count=count,
        intervals=int(intervals.size),
        density=quotient(count, intervals.size * width),
        survivor=quotient(np.concatenate([[intervals.size], longer]), intervals.size),
        hazard=quotient(1000 * count, exposure),
    )


def _intervals(chosen: Chosen) -> tuple[Floats, Ints]:
    """Intervals, and the neuron of each."""
    same = chosen.index[1:] == chosen.index[:-1]
    return np.diff(chosen.time)[same], chosen.index[1:][same]


def _centred(intervals: Floats, neuron: Ints, neurons: int) -> tuple[Ints, Floats, Floats]:
    """Number and mean (n,) of the intervals of each neuron, and how far each interval is from its mean."""
    count = np.bincount(neuron, minlength=neurons)
    mean = quotient(np.bincount(neuron, intervals, neurons), count)
    return count, mean, intervals - mean[neuron]
