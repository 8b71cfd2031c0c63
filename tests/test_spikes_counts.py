"""Statistics of counts against the Poisson process, renewal theory and slow plain Python."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spike_trains import gamma, poisson, slow_counts

import neurosim as ns


def test_rate_by_hand():
    assert ns.mean_firing_rate([10, 20, 40], stop=200).rate == 15
    assert ns.mean_firing_rate([], stop=200) == pytest.approx((0, math.nan), nan_ok=True)
    for times in ([50], [50, 60]):
        rate, error = ns.mean_firing_rate(times, stop=1000)
        assert rate == len(times)
        assert math.isnan(error)
    both = ns.mean_firing_rate(ns.SpikeTrains.from_list([[1, 2, 3], []], 100))
    assert both.rate.tolist() == [30, 0]


def test_error_of_a_regular_train():
    """A window that begins anywhere holds n or n + 1 spikes of a regular train: standard deviation √(p(1 - p)), 1/√6
    in the square mean over p."""
    found = ns.mean_firing_rate(np.arange(3.0, 1000, 10), stop=1000)
    assert found.standard_error == pytest.approx(1 / math.sqrt(6))


@pytest.mark.parametrize("order", [1, 3, 10, 0.5])
@pytest.mark.parametrize("duration", [500, 5000])
def test_standard_error_is_that_of_repetition(order, duration):
    """The spread of the rates of 4000 equal neurons is what the error of each says; gamma intervals of any order."""
    neurons = 4000
    index, time = gamma(np.random.default_rng(5), neurons, duration, order)
    rate, error = ns.mean_firing_rate(ns.SpikeTrains(index, time, neurons, duration))
    assert abs(rate.mean() - 100) < 4 * rate.std() / math.sqrt(neurons)
    allowed = 4 / math.sqrt(2 * neurons) + (0.04 if duration < 1000 else 0.01)  # the second is the bias of CV
    assert math.sqrt((error**2).mean()) / rate.std(ddof=1) == pytest.approx(1, abs=allowed)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 1000), max_size=20), min_size=1, max_size=3), st.sampled_from([70, 100, 250, 600])
)
def test_fano_factor_against_plain_python(lists, window):
    trains = ns.SpikeTrains.from_list([np.array(times, float) for times in lists], 1000)
    found = ns.fano_factor(trains, window)
    for times, value in zip(lists, found, strict=True):
        counts = slow_counts(times, [k * window for k in range(1000 // window + 1)])
        if len(counts) < 2 or sum(counts) == 0:
            assert math.isnan(value)
        else:
            assert value == pytest.approx(np.var(counts, ddof=1) / np.mean(counts), rel=1e-9, abs=1e-12)


def test_fano_factor_of_a_poisson_process():
    """1 at every window."""
    index, time = poisson(np.random.default_rng(6), 200, 20_000)
    windows = [1, 10, 100, 500]
    found = ns.fano_factor(ns.SpikeTrains(index, time, 200, 20_000), windows)
    assert found.shape == (200, 4)
    np.testing.assert_array_less(np.abs(found.mean(axis=0) - 1), 4 * found.std(axis=0) / math.sqrt(200))


@pytest.mark.parametrize("order", [2, 4])
def test_fano_factor_of_gamma_intervals(order):
    """Renewal theory: variance N CV² + (1 - CV⁴)/6 in long windows, so CV² in the end; 1 in short ones (at most one
    spike there)."""
    index, time = gamma(np.random.default_rng(9), 400, 40_000, order)
    trains = ns.SpikeTrains(index, time, 400, 40_000)
    for window in (200, 1000):
        found = ns.fano_factor(trains, window)
        expected = 1 / order + (1 - 1 / order**2) / 6 * (10 / window)
        assert abs(found.mean() - expected) < 4 * found.std() / 20
        assert abs(found.mean() - 1 / order) < 0.02
    short = ns.fano_factor(trains, 0.1)
    assert short.mean() == pytest.approx(1, abs=0.02)


def test_fano_factor_shapes():
    times = [1, 5, 11, 12, 30]
    assert isinstance(ns.fano_factor(times, 10, stop=40), float)
    assert ns.fano_factor(times, [5, 10], stop=40).shape == (2,)
    assert ns.fano_factor(times, [10], stop=40)[0] == ns.fano_factor(times, "10 ms", stop=40)
    assert math.isnan(ns.fano_factor(times, 30, stop=40))  # one window
    assert math.isnan(ns.fano_factor([], 10, stop=40))
    assert ns.fano_factor([5, 15, 25, 35], 10, stop=40) == 0
    with pytest.raises(ns.InputError, match="window is 50 ms, longer than the 40 ms there are"):
        ns.fano_factor(times, 50, stop=40)
    with pytest.raises(ns.InputError, match=r"window is a length or a 1-D array of them, not of shape \(1, 1\)"):
        ns.fano_factor(times, [[1]], stop=40)
    with pytest.raises(ns.InputError, match="window must be positive"):
        ns.fano_factor(times, [10, -1], stop=40)


def test_psth_by_hand():
    """Neurons as trials: a bin holds its right edge."""
    trains = ns.SpikeTrains.from_list([[1, 4, 5], [5, 12], []], 17)
    found = ns.psth(trains, 5)
    assert found.edges.tolist() == [0, 5, 10, 15]
    assert found.count.tolist() == [4, 0, 1]
    assert found.trials == 3
    np.testing.assert_allclose(found.rate, 200 * np.array([4, 0, 1]) / 3)
    per_trial = np.array([[3, 0, 0], [1, 0, 1], [0, 0, 0]])
    np.testing.assert_allclose(found.standard_error, 200 * per_trial.std(axis=0, ddof=1) / math.sqrt(3))
    later = ns.psth(trains, 5, start=2, stop=12)
    assert (later.edges.tolist(), later.count.tolist()) == ([2, 7, 12], [3, 1])
    assert np.isnan(ns.psth([1, 2], 5, stop=10).standard_error).all()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 200), max_size=15), min_size=1, max_size=3),
    st.lists(st.integers(-10, 210), min_size=1, max_size=5),
)
def test_psth_around_events_against_plain_python(lists, events):
    """Every neuron around every event, with windows that overlap, and events at the ends left out."""
    trains = ns.SpikeTrains.from_list([np.array(times, float) for times in lists], 200)
    whole = [event for event in events if event - 10 >= 0 and event + 20 <= 200]
    if not whole:
        with pytest.raises(ns.InputError, match="no event has a whole trial, -10 … 20 ms around it, inside 0 … 200 ms"):
            ns.psth(trains, 7, events=events, before=10, after=20)
        return
    found = ns.psth(trains, 7, events=events, before=10, after=20)
    edges = [-10, -3, 4, 11, 18]
    assert found.edges.tolist() == edges
    counts = [slow_counts([t - event for t in times], edges) for event in whole for times in lists]
    assert found.trials == len(counts)
    np.testing.assert_array_equal(found.count, np.sum(counts, axis=0))
    np.testing.assert_allclose(found.rate, 1000 / 7 * np.mean(counts, axis=0), rtol=1e-12)
    if len(counts) > 1:
        error = 1000 / 7 * np.std(counts, axis=0, ddof=1) / math.sqrt(len(counts))
        np.testing.assert_allclose(found.standard_error, error, rtol=1e-9, atol=1e-9)


def test_psth_of_a_rate_that_changes():
    """Poisson spikes with 20 + 15 sin Hz, 1000 trials: within 4 of its own standard errors of the truth."""
    rng = np.random.default_rng(10)
    time = np.sort(rng.uniform(0, 1000, rng.poisson(35_000)))
    rate = 20 + 15 * np.sin(2 * np.pi * time / 1000)
    time = time[rng.random(time.size) < rate / 35]
    trains = ns.SpikeTrains(rng.integers(0, 1000, time.size), time, 1000, 1000)
    found = ns.psth(trains, 20)
    middle = (found.edges[1:] + found.edges[:-1]) / 2
    truth = 20 + 15 * np.sin(2 * np.pi * middle / 1000)
    np.testing.assert_array_less(np.abs(found.rate - truth), 4 * found.standard_error + 0.1)
    np.testing.assert_allclose(found.standard_error, np.sqrt(truth / (0.02 * 1000)), rtol=0.3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"after": 10}, "before and after count from events"),
        ({"before": 10}, "before and after count from events"),
        ({"events": [50]}, "say how long after each event to look with after="),
        ({"events": [50], "after": -10}, "before and after are numbers, together more than 0 ms, not 0.0 and -10"),
        ({"events": [50], "after": [1, 2]}, "before and after are numbers"),
        ({"events": [50], "after": np.nan}, "before and after are numbers"),
        ({"events": [np.nan], "after": 10}, "events are finite times in a 1-D array"),
        ({"events": [[50]], "after": 10}, "events are finite times in a 1-D array"),
        ({"events": [], "after": 10}, "no event has a whole trial"),
        ({"events": [50], "after": 3}, "bin_width is 5 ms, longer than the 3 ms there are"),
    ],
)
def test_bad_events_are_named(options, message):
    with pytest.raises(ns.InputError, match=message):
        ns.psth([1.0, 2.0], 5, stop=100, **options)


def test_population_rate():
    trains = ns.SpikeTrains.from_list([[1, 4, 5], [5, 12]], 17)
    found = ns.population_rate(trains, 5)
    assert found.time.tolist() == [2.5, 7.5, 12.5]
    np.testing.assert_allclose(found.rate, [400, 0, 100])
    assert (found.bin_width, found.neurons) == (5, 2)
    later = ns.population_rate(trains, 5, start=5, stop=15)
    assert later.time.tolist() == [7.5, 12.5]
    assert ns.population_rate([], 5, stop=10).rate.tolist() == [0, 0]


@pytest.mark.parametrize("sigma", [0.3, 2.0, 50.0, 1000.0])
def test_smoothing_against_the_sum(sigma):
    """Each bin a weighted mean of all within 5 σ, by the obvious sum."""
    rng = np.random.default_rng(14)
    times = np.sort(rng.uniform(0, 300, 200))
    raw = ns.population_rate(times, 1.0, stop=300).rate
    smooth = ns.population_rate(times, 1.0, sigma=sigma, stop=300).rate
    distance = np.arange(300)[:, None] - np.arange(300)
    weight = np.where(np.abs(distance) <= math.ceil(5 * sigma), np.exp(-0.5 * (distance / sigma) ** 2), 0)
    np.testing.assert_allclose(smooth, weight @ raw / weight.sum(axis=1), rtol=1e-9, atol=1e-9)
    constant = ns.population_rate(np.arange(1.0, 301), 1.0, sigma=sigma, stop=300).rate
    np.testing.assert_allclose(constant, 1000, rtol=1e-12)


def test_bad_sigma():
    with pytest.raises(ns.InputError, match="sigma must be positive and finite, not 0 ms"):
        ns.population_rate([1.0], sigma=0, stop=10)
