"""What the statistics of spike trains accept, what they refuse, and which spikes count."""

import warnings

import numpy as np
import pint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurosim as ns
from neurosim.spikes import trains as module

LIF = "leaky-integrate-and-fire"
STATISTICS = {
    "mean_firing_rate": ns.mean_firing_rate,
    "interspike_intervals": ns.interspike_intervals,
    "cv": ns.cv,
    "cv2": ns.cv2,
    "lv": ns.lv,
    "serial_correlation": lambda *args, **kw: ns.serial_correlation(*args, lags=3, **kw),
    "interval_histogram": ns.interval_histogram,
    "fano_factor": lambda *args, **kw: ns.fano_factor(*args, window=10, **kw),
    "psth": ns.psth,
    "population_rate": ns.population_rate,
    "autocorrelation": lambda *args, **kw: ns.autocorrelation(*args, maximum_lag=20, **kw),
    "power_spectrum": lambda *args, **kw: ns.power_spectrum(*args, resolution=20, **kw),
    "rescaled_intervals": lambda *args, **kw: ns.rescaled_intervals(*args, integrated_hazard=lambda x: x / 10, **kw),
}
LASTING = {"mean_firing_rate", "fano_factor", "psth", "population_rate", "autocorrelation", "power_spectrum"}


def numbers(result):
    """All that a statistic returned, in one row."""
    if isinstance(result, float | np.ndarray):
        return np.ravel(result)
    parts = result if isinstance(result, tuple) else vars(result).values()
    return np.concatenate([np.ravel(part) for part in parts])


@pytest.mark.parametrize("name", STATISTICS)
def test_recordings_trains_and_times_say_the_same(name):
    """One neuron as a Recording, as SpikeTrains, as times in ms, in quantities, as a list."""
    statistic = STATISTICS[name]
    recording = ns.simulate(LIF, 2.5, 100)
    times = recording.spike_times()
    assert times.size > 4
    expected = numbers(statistic(recording))
    window = {"stop": 100} if name in LASTING else {}
    milliseconds = pint.UnitRegistry().ms
    for spikes in (times, times.tolist(), times * milliseconds):
        np.testing.assert_array_equal(numbers(statistic(spikes, **window)), expected)
    trains = ns.SpikeTrains(recording.spike_index, times * milliseconds, 1, "0.1 s")
    np.testing.assert_array_equal(numbers(statistic(trains)), expected)
    np.testing.assert_array_equal(numbers(statistic(trains, start="0 s", stop=100 * milliseconds)), expected)


@pytest.mark.parametrize("name", STATISTICS)
@pytest.mark.parametrize("times", [[], [40.0], [40.0, 50.0], [40.0, 40.0], [40.0, 40.0, 40.0], [0.0, 100.0]])
def test_few_spikes_make_no_warning(name, times):
    """Neither alone nor as one of several neurons; the other neuron has what it has alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        STATISTICS[name](np.array(times), stop=100)
        STATISTICS[name](ns.SpikeTrains.from_list([times, [10, 20, 35, 50], []], 100))


@pytest.mark.parametrize("name", ["cv", "cv2", "lv"])
def test_neurons_do_not_see_each_other(name):
    rng = np.random.default_rng(1)
    trains = [np.sort(rng.uniform(0, 1000, size)) for size in (50, 0, 1, 2, 3, 80)]
    together = STATISTICS[name](ns.SpikeTrains.from_list(trains, 1000))
    assert together.shape == (6,)
    np.testing.assert_allclose(together, [STATISTICS[name](train) for train in trains], rtol=1e-12)
    assert np.isnan(together).tolist() == [False, True, True, True, False, False]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.floats(0, 100), max_size=8), min_size=1, max_size=4), st.sampled_from(sorted(STATISTICS)))
def test_nothing_warns_whatever_the_times(lists, name):
    """Warnings are errors here; times may be equal, or differ by the smallest numbers there are."""
    STATISTICS[name](ns.SpikeTrains.from_list([np.array(times, float) for times in lists], 100))


def test_order_of_the_spikes_does_not_matter():
    rng = np.random.default_rng(2)
    index, time = rng.integers(0, 7, 500), rng.uniform(0, 100, 500)
    trains = ns.SpikeTrains(index, time, 7, 100)
    assert (np.diff(trains.spike_time) >= 0).all()
    shuffled = rng.permutation(500)
    other = ns.SpikeTrains(index[shuffled], time[shuffled], 7, 100)
    np.testing.assert_array_equal(other.spike_time, trains.spike_time)
    np.testing.assert_array_equal(other.spike_index, trains.spike_index)
    for neuron in range(7):
        alone = np.diff(np.sort(time[index == neuron]))
        found = ns.interspike_intervals(trains)
        begin = sum(np.count_nonzero(index == k) - 1 for k in range(neuron))
        np.testing.assert_array_equal(found[begin : begin + alone.size], alone)


def test_sorting_with_more_neurons_than_fit_in_a_key():
    """The slower way gives the same order."""
    index, time = np.array([2**61, 5, 2**61, 5]), np.array([1.0, 2.0, 3.0, 4.0])
    trains = ns.SpikeTrains(index, time, 2**62, 10)
    assert [part.tolist() for part in trains._by_neuron] == [[5, 5, 2**61, 2**61], [2, 4, 1, 3]]


def test_windows_hold_both_ends():
    times = [10.0, 20.0, 30.0, 40.0]
    assert ns.interspike_intervals(times, start=20, stop=30).tolist() == [10]
    assert ns.mean_firing_rate(times, start=20, stop=40).rate == 150
    trains = ns.SpikeTrains.from_list([times], 50)
    assert ns.mean_firing_rate(trains, start=10).rate.tolist() == [100]
    assert ns.interspike_intervals([-5.0, 5.0]).tolist() == [10]
    assert ns.mean_firing_rate([-5.0, 5.0], start=-10, stop=10).rate == 100


def test_bins_of_spikes_on_a_grid():
    """A spike at every step: every bin has as many, whatever rounding does to k·dt and to the edges."""
    for dt in (0.1, 0.05, 0.025, 0.3, 0.7):
        steps = 21 * 40
        times = dt * np.arange(1, steps + 1)
        for per_bin in (1, 3, 7, 20):
            rate = ns.population_rate(times, per_bin * dt, stop=steps * dt).rate
            assert rate.size == steps // per_bin
            np.testing.assert_allclose(rate, 1000 / dt, rtol=1e-12)
            assert ns.fano_factor(times, per_bin * dt, stop=steps * dt) == 0


@settings(deadline=None)
@given(st.lists(st.floats(0, 1000), max_size=30), st.floats(0.5, 300))
def test_bins_hold_their_right_edges(times, width):
    numbers = module.bin_of(np.array(times, dtype=float), width)
    for time, number in zip(times, numbers, strict=True):
        slack = 2e-6 * width
        assert number >= 0
        assert number * width - slack <= time <= (number + 1) * width + slack


@pytest.mark.parametrize("name", sorted(LASTING))
def test_times_alone_do_not_tell_how_long_they_last(name):
    with pytest.raises(ns.InputError, match="say how long the spike train lasts with stop="):
        STATISTICS[name]([1.0, 2.0])
    with pytest.raises(ns.InputError, match="the first spike is at -1 ms; say when the spike train begins with start="):
        STATISTICS[name]([-1.0, 2.0], stop=100)


@pytest.mark.parametrize("name", STATISTICS)
@pytest.mark.parametrize(
    ("spikes", "window", "message"),
    [
        ([2.0, 1.0], {}, "finite and increasing, in a 1-D array, .*; for several neurons, a Recording or SpikeTrains"),
        ([[1.0, 2.0]], {}, "in a 1-D array"),
        ([1.0, np.nan], {}, "finite and increasing"),
        (5.0, {}, "in a 1-D array"),
        (None, {}, "the spike times: None is not a number"),
        ("10 mV", {}, "wrong dimension"),
        ([1.0], {"start": 10, "stop": 10}, "start must be before stop, not 10 and 10 ms"),
        ([1.0], {"start": np.nan}, "start must be before stop"),
        ([1.0], {"stop": "5 mV"}, "stop: .* wrong dimension"),
        ("trains", {"stop": 101}, "nothing outside 0 … 100 ms; start is 0, stop 101 ms"),
        ("trains", {"start": -1}, "nothing outside 0 … 100 ms; start is -1, stop 50 ms"),
    ],
)
def test_bad_spikes_are_named(name, spikes, window, message):
    if spikes == "trains":
        spikes = ns.SpikeTrains.from_list([[1.0, 2.0]], 100)
    with pytest.raises(ns.InputError, match=message):
        STATISTICS[name](spikes, **{"stop": 50} | window)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 1], [1.0, 2.0], 1, 10), "spike_index takes the whole numbers of neurons, 0 … 0"),
        (([-1], [1.0], 1, 10), "whole numbers of neurons"),
        (([0.0], [1.0], 1, 10), "whole numbers of neurons"),
        (([0, 0], [1.0], 1, 10), r"spike_index \(2,\) and spike_time \(1,\) must be 1-D and of one length"),
        (([[0]], [[1.0]], 1, 10), "must be 1-D and of one length"),
        (([0], [11.0], 1, 10), "spike times must lie between 0 and the duration, 10 ms"),
        (([0], [-1.0], 1, 10), "spike times must lie between 0"),
        (([0], [np.nan], 1, 10), "spike times must lie between 0"),
        (([0], [1.0], 0, 10), "neurons is how many there are, 1 or more, not 0"),
        (([0], [1.0], 2.5, 10), "neurons is how many there are"),
        (([0], [1.0], 1, 0), "duration must be positive and finite, not 0 ms"),
        (([0], [1.0], 1, np.inf), "duration must be positive and finite, not inf ms"),
    ],
)
def test_bad_trains_are_named(arguments, message):
    with pytest.raises(ns.InputError, match=message):
        ns.SpikeTrains(*arguments)


def test_lists_of_trains():
    trains = ns.SpikeTrains.from_list([[1, 5], [], ["0.002 s"]], "10 ms")
    assert repr(trains) == "<SpikeTrains: 3 neuron(s), 10 ms, 3 spike(s)>"
    assert (trains.spike_index.tolist(), trains.spike_time.tolist()) == ([0, 2, 0], [1, 2, 5])
    assert ns.SpikeTrains.of(trains) is trains
    with pytest.raises(ns.InputError, match="from_list takes a list with one 1-D array"):
        ns.SpikeTrains.from_list([1.0, 2.0], 10)
    with pytest.raises(ns.InputError, match="neurons is how many there are"):
        ns.SpikeTrains.from_list([], 10)


def test_too_many_bins_are_refused():
    with pytest.raises(ns.InputError, match=r"bin_width of 1e-09 ms makes 1e\+12 bins of 1000 ms; take it longer"):
        ns.population_rate([1.0], 1e-9, stop=1000)
    with pytest.raises(ns.InputError, match="bin_width is 20 ms, longer than the 10 ms there are"):
        ns.population_rate([1.0], 20, stop=10)
    with pytest.raises(ns.InputError, match="bin_width must be positive and finite, not 0 ms"):
        ns.psth([1.0], 0, stop=10)
