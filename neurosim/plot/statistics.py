"""Statistics of spike trains."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ..errors import InputError, choices, excerpt
from ..spikes import (
    PSTH,
    Autocorrelation,
    IntervalHistogram,
    PopulationRate,
    PowerSpectrum,
    SerialCorrelation,
    TimeRescaling,
)

_QUIET, _FAINT = "0.35", 0.25
_MOST_POINTS = 2000
_QUANTITIES = {"density": "density (1/ms)", "survivor": "survivor", "hazard": "hazard (Hz)"}


def plot_interval_histogram(histogram: IntervalHistogram, ax: Axes | None = None, quantity: str = "density") -> Axes:
    """Density, survivor function or hazard of interspike intervals, as `quantity` says."""
    if quantity not in _QUANTITIES:
        raise InputError(f"there is no quantity {excerpt(quantity)}; {choices(quantity, _QUANTITIES)}")
    ax = _axes(ax)
    if quantity == "survivor":
        ax.plot(histogram.edges, histogram.survivor)
    else:
        ax.stairs(getattr(histogram, quantity), histogram.edges, fill=quantity == "density")
    ax.set(xlabel="interval (ms)", ylabel=_QUANTITIES[quantity], xlim=(0, histogram.edges[-1]))
    ax.set_ylim(bottom=0)
    return ax


def plot_serial_correlation(serial: SerialCorrelation, ax: Axes | None = None) -> Axes:
    """Mean over the neurons against the lag, with a band of two standard errors of independent intervals."""
    ax = _axes(ax)
    mean, error = serial.mean
    ax.fill_between(serial.lag, -2 * error, 2 * error, color=_QUIET, alpha=_FAINT, linewidth=0)
    ax.axhline(0, color=_QUIET, linewidth=0.8)
    ax.plot(serial.lag, mean, "o-")
    ax.set(xlabel="lag (intervals)", ylabel="serial correlation")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return ax


def plot_psth(histogram: PSTH, ax: Axes | None = None) -> Axes:
    """Rate against time from the stimulus, with a band of one standard error."""
    ax = _axes(ax, (6.5, 3.2))
    ax.stairs(histogram.rate, histogram.edges)
    if histogram.trials > 1:
        low, high = histogram.rate - histogram.standard_error, histogram.rate + histogram.standard_error
        ax.stairs(high, histogram.edges, baseline=np.maximum(low, 0), fill=True, color="C0", alpha=_FAINT)
    if histogram.edges[0] < 0 < histogram.edges[-1]:
        ax.axvline(0, color=_QUIET, linestyle=":", linewidth=1)
    ax.set(xlabel="time (ms)", ylabel="rate (Hz)", xlim=histogram.edges[[0, -1]])
    ax.set_ylim(bottom=0)
    return ax


def plot_population_rate(population: PopulationRate, ax: Axes | None = None) -> Axes:
    """Rate per neuron against time."""
    ax = _axes(ax, (6.5, 3.2))
    ax.plot(population.time, population.rate, linewidth=1)
    half = population.bin_width / 2
    ax.set(xlabel="time (ms)", ylabel="rate (Hz)", xlim=(population.time[0] - half, population.time[-1] + half))
    ax.set_ylim(bottom=0)
    return ax


def plot_autocorrelation(correlation: Autocorrelation, ax: Axes | None = None) -> Axes:
    """Rate against the lag from a spike, on both sides, and the mean rate."""
    ax = _axes(ax)
    edges = np.concatenate([-correlation.edges[:0:-1], correlation.edges])
    ax.stairs(np.concatenate([correlation.rate[::-1], correlation.rate]), edges)
    ax.axhline(correlation.mean_rate, color=_QUIET, linestyle=":", linewidth=1, label="mean rate")
    ax.set(xlabel="lag (ms)", ylabel="rate (Hz)", xlim=edges[[0, -1]])
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False, fontsize="small")
    return ax


def plot_power_spectrum(spectrum: PowerSpectrum, ax: Axes | None = None) -> Axes:
    """Power against frequency with a band of one standard error, and the rate."""
    ax = _axes(ax)
    low, high = spectrum.power - spectrum.standard_error, spectrum.power + spectrum.standard_error
    ax.fill_between(spectrum.frequency, low, high, alpha=_FAINT, linewidth=0)
    ax.plot(spectrum.frequency, spectrum.power, linewidth=1)
    ax.axhline(spectrum.mean_rate, color=_QUIET, linestyle=":", linewidth=1, label="rate")
    ax.set(xlabel="frequency (Hz)", ylabel="power (Hz)", xlim=(0, spectrum.frequency[-1]))
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False, fontsize="small")
    return ax


def plot_time_rescaling(test: TimeRescaling, ax: Axes | None = None) -> Axes:
    """Distribution of the rescaled intervals against that of the model, with the confidence band: inside is well."""
    ax = _axes(ax, (4.2, 4.2))
    size = test.uniform.size
    line = np.array([0.0, 1.0])
    if size:
        ax.fill_between(line, line - test.band, line + test.band, color=_QUIET, alpha=_FAINT, linewidth=0,
                        label=f"{test.level:.0%} band")  # fmt: skip
        shown = np.unique(np.linspace(0, size - 1, min(size, _MOST_POINTS)).astype(np.int64))
        ax.step(np.append(test.uniform[shown], 1), np.append((shown + 1) / size, 1), where="post", label="intervals")
    ax.plot(line, line, color=_QUIET, linewidth=0.8)
    ax.set(xlabel="distribution by the model", ylabel="distribution found", xlim=(0, 1), ylim=(0, 1), aspect="equal")
    ax.set_title(test.verdict.partition(":")[0].partition(" (")[0], loc="left", fontsize="medium")
    if size:
        ax.legend(frameon=False, fontsize="small", loc="upper left")
    return ax


def _axes(ax: Axes | None, size: tuple[float, float] = (5.5, 3.8)) -> Axes:
    if ax is None:
        _, ax = plt.subplots(figsize=size, layout="constrained")
    return ax
