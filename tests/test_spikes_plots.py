"""Pictures of the statistics: what is drawn and with which labels. (That they look well was seen by eye.)"""

import numpy as np
import pytest
from spike_trains import gamma

import neurosim as ns

INDEX, TIME = gamma(np.random.default_rng(1), 20, 2000, 3)
TRAINS = ns.SpikeTrains(INDEX, TIME, 20, 2000)
PICTURES = {  # what, its labels
    "interval_histogram": (ns.interval_histogram(TRAINS), "interval (ms)", "density (1/ms)"),
    "serial_correlation": (ns.serial_correlation(TRAINS), "lag (intervals)", "serial correlation"),
    "psth": (ns.psth(TRAINS, events=[500, 1000], before=20, after=50), "time (ms)", "rate (Hz)"),
    "population_rate": (ns.population_rate(TRAINS, sigma=5), "time (ms)", "rate (Hz)"),
    "autocorrelation": (ns.autocorrelation(TRAINS), "lag (ms)", "rate (Hz)"),
    "power_spectrum": (ns.power_spectrum(TRAINS), "frequency (Hz)", "power (Hz)"),
    "time_rescaling": (
        ns.time_rescaling_test(ns.rescaled_intervals(TRAINS, integrated_hazard=lambda x: x / 10)),
        "distribution by the model",
        "distribution found",
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_labels_and_axes(name):
    import matplotlib.pyplot as plt

    statistic, xlabel, ylabel = PICTURES[name]
    ax = statistic.plot()
    assert (ax.get_xlabel(), ax.get_ylabel()) == (xlabel, ylabel)
    _, given = plt.subplots()
    assert statistic.plot(ax=given) is given
    assert len(plt.get_fignums()) == 2


EMPTY = {
    "interval_histogram": lambda: ns.interval_histogram([]),
    "serial_correlation": lambda: ns.serial_correlation([1.0, 2.0]),
    "psth": lambda: ns.psth([], stop=100),
    "population_rate": lambda: ns.population_rate([], stop=100),
    "autocorrelation": lambda: ns.autocorrelation([], maximum_lag=50, stop=100),
    "power_spectrum": lambda: ns.power_spectrum([], stop=1000),
    "time_rescaling": lambda: ns.time_rescaling_test([]),
}


@pytest.mark.parametrize("name", EMPTY)
def test_nothing_is_drawn_without_warnings(name, tmp_path):
    EMPTY[name]().plot().get_figure().savefig(tmp_path / "empty.png")


def test_quantities_of_a_histogram():
    histogram = PICTURES["interval_histogram"][0]
    assert histogram.plot(quantity="hazard").get_ylabel() == "hazard (Hz)"
    (line,) = histogram.plot(quantity="survivor").lines
    np.testing.assert_array_equal(line.get_ydata(), histogram.survivor)
    with pytest.raises(ns.InputError, match="there is no quantity 'hazzard'; did you mean hazard"):
        histogram.plot(quantity="hazzard")


def test_rescaling_plot_thins_many_points_and_says_the_verdict():
    values = np.random.default_rng(2).exponential(size=50_000)
    ax = ns.time_rescaling_test(values).plot()
    assert ax.get_title(loc="left") == "consistent with the model"
    assert max(line.get_xdata().size for line in ax.lines) <= 2001
    ax = ns.time_rescaling_test(values / 2).plot()
    assert ax.get_title(loc="left") == "not explained by the model"
