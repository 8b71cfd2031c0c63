"""Autocorrelation and spectrum against renewal theory, regular trains and slow sums."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spike_trains import gamma, poisson, slow_counts

import neurosim as ns

TRAINS = st.lists(st.lists(st.integers(0, 100), max_size=20), min_size=1, max_size=3)


@settings(max_examples=100, deadline=None)
@given(TRAINS, st.sampled_from([1, 3, 7]))
def test_pairs_against_plain_python(lists, width):
    """All pairs of spikes of a neuron, one by one."""
    found = ns.autocorrelation(ns.SpikeTrains.from_list([np.array(x, float) for x in lists], 100), width, 40)
    edges = [k * width for k in range(40 // width + 1)]
    gaps = [b - a for train in map(sorted, lists) for k, a in enumerate(train) for b in train[k + 1 :]]
    assert found.edges.tolist() == edges
    np.testing.assert_array_equal(found.pairs, slow_counts(gaps, edges))
    spikes = sum(map(len, lists))
    if spikes == 0:
        assert np.isnan(found.rate).all()
        assert math.isnan(found.mean_rate)
    else:
        expected = found.pairs / (spikes * (1 - found.lag / 100) * width) * 1000
        np.testing.assert_allclose(found.rate, expected, rtol=1e-12)
        assert found.mean_rate == pytest.approx(10 * sum(len(x) * (len(x) - 1) for x in lists) / spikes)


def test_pairs_do_not_depend_on_the_block(monkeypatch):
    from neurosim.spikes import correlations

    index, time = poisson(np.random.default_rng(1), 20, 1000)
    trains = ns.SpikeTrains(index, time, 20, 1000)
    whole, spectrum = ns.autocorrelation(trains), ns.power_spectrum(trains, 5)
    monkeypatch.setattr(correlations, "_AT_ONCE", 97)
    np.testing.assert_array_equal(ns.autocorrelation(trains).pairs, whole.pairs)
    np.testing.assert_allclose(ns.power_spectrum(trains, 5).power, spectrum.power, rtol=1e-9)


def test_autocorrelation_of_a_poisson_process():
    """Flat, without edge effects up to lags of half the time."""
    index, time = poisson(np.random.default_rng(2), 1000, 1000)
    found = ns.autocorrelation(ns.SpikeTrains(index, time, 1000, 1000), 10, 500)
    error = 4 * found.rate / np.sqrt(found.pairs)
    np.testing.assert_array_less(np.abs(found.rate - found.mean_rate), error)
    np.testing.assert_allclose(found.normalised, found.rate / found.mean_rate)
    assert abs(found.mean_rate - 100) < 4 * 2 * math.sqrt(100 / 1000)


def test_autocorrelation_of_gamma_intervals():
    """Order 2, stages of rate λ: (λ/2)(1 - exp(-2λτ)), the sum of the densities of gamma orders 2, 4, 6 …"""
    index, time = gamma(np.random.default_rng(3), 500, 10_000, 2)
    found = ns.autocorrelation(ns.SpikeTrains(index, time, 500, 10_000), 0.5, 40)
    stages = 2 / 10

    def integral(x):
        return stages / 2 * (x + np.exp(-2 * stages * x) / (2 * stages))

    expected = 1000 * np.diff(integral(found.edges)) / 0.5
    np.testing.assert_array_less(np.abs(found.rate - expected), 4 * expected / np.sqrt(found.pairs) + 0.15)


def test_autocorrelation_of_a_regular_train():
    """One spike in each bin that ends with a multiple of the period; the delta at 0 is left out."""
    found = ns.autocorrelation(np.arange(5.0, 1000, 10), 1, 50, stop=1000)
    assert np.flatnonzero(found.pairs).tolist() == [9, 19, 29, 39, 49]
    assert found.pairs[[9, 19]].tolist() == [99, 98]
    np.testing.assert_allclose(found.rate[9::10], 1000, rtol=1e-3)
    grid = ns.autocorrelation(0.1 * np.arange(1, 10_001), 0.1, 10, stop=1000)
    np.testing.assert_array_equal(grid.pairs, 10_000 - np.arange(1, 101))


def test_autocorrelation_options():
    with pytest.raises(ns.InputError, match="maximum_lag, 100 ms, must be less than the 100 ms observed"):
        ns.autocorrelation([1.0], stop=100)
    with pytest.raises(ns.InputError, match="bin_width is 20 ms, longer than the 10 ms there are"):
        ns.autocorrelation([1.0], 20, 10, stop=100)
    with pytest.raises(ns.InputError, match="maximum_lag must be positive"):
        ns.autocorrelation([1.0], 1, -10, stop=100)


def slow_spectrum(trains, duration, frequencies, stretch):
    """Mean periodogram in Hz, by the sum over spikes."""
    periodograms = []
    for train in trains:
        for k in range(round(duration / stretch)):
            times = train[(train > k * stretch) & (train <= (k + 1) * stretch)]
            waves = np.exp(-2j * np.pi * np.outer(frequencies / 1000, times)).sum(axis=1)
            periodograms.append(np.abs(waves) ** 2 / (stretch / 1000))
    size = len(periodograms)
    return np.mean(periodograms, axis=0), np.std(periodograms, axis=0) / math.sqrt(max(size - 1, 1))


@pytest.mark.parametrize("resolution", [1, 4, 10])
def test_spectrum_against_the_sum_over_spikes(resolution):
    """Trains of all kinds: a few spikes, many, at random, regular and out of step with the grid."""
    rng = np.random.default_rng(4)
    trains = [rng.uniform(0, 2000, size) for size in (0, 1, 5, 200, 400)] + [np.arange(3.7, 2000, 7.3)]
    trains = [np.sort(train) for train in trains]
    found = ns.power_spectrum(ns.SpikeTrains.from_list(trains, 2000), resolution, 200)
    np.testing.assert_allclose(found.frequency, resolution * np.arange(1, 200 // resolution + 1))
    assert found.periodograms == 6 * 2 * resolution
    power, error = slow_spectrum(trains, 2000, found.frequency, 1000 / resolution)
    low = found.frequency <= 100
    np.testing.assert_allclose(found.power[low], power[low], rtol=2e-3)
    np.testing.assert_allclose(found.power, power, rtol=0.03)
    np.testing.assert_allclose(found.standard_error, error, rtol=0.03)


def test_spectrum_of_trains_in_step_with_its_grid():
    """The worst case stays within what the docs say."""
    for count in (1, 125, 250, 1000):
        for phase in (0.1, 0.25, 0.5, 1.0):
            times = (np.arange(count) + phase) * 1000 / count
            found = ns.power_spectrum(times, stop=1000)
            power, _ = slow_spectrum([times], 1000, found.frequency, 1000)
            lines = power > 1e-6 * count
            bound = np.where(found.frequency <= 125, 2e-3, 0.03)
            np.testing.assert_array_less(np.abs(found.power[lines] / power[lines] - 1), bound[lines])
            np.testing.assert_array_less(found.power[~lines], 3e-3 * max(count, 1) ** 2)


def test_spectrum_of_a_poisson_process():
    """Flat: the rate at all frequencies, and a mean of exponential variates (as many as periodograms)."""
    index, time = poisson(np.random.default_rng(5), 500, 4000)
    found = ns.power_spectrum(ns.SpikeTrains(index, time, 500, 4000))
    assert found.mean_rate == index.size / 500 / 4
    assert found.periodograms == 2000
    scaled = (found.power - 100) / (100 / math.sqrt(2000))
    assert np.abs(scaled).max() < 4.5
    assert abs(np.mean(scaled**2) - 1) < 4 * math.sqrt(2 / 250)
    np.testing.assert_allclose(found.standard_error, 100 / math.sqrt(2000), rtol=0.2)


@pytest.mark.parametrize("order", [2, 5])
def test_spectrum_of_gamma_intervals(order):
    """Renewal theory: ν (1 - |φ|²)/|1 - φ|² with φ = (1 + 2πi f m/k)^-k; CV² ν at low and ν at high frequencies."""
    index, time = gamma(np.random.default_rng(order), 500, 4000, order)
    found = ns.power_spectrum(ns.SpikeTrains(index, time, 500, 4000), maximum=400)
    wave = (1 + 2j * np.pi * found.frequency * 0.01 / order) ** -order
    expected = 100 * (1 - np.abs(wave) ** 2) / np.abs(1 - wave) ** 2
    scaled = (found.power - expected) / found.standard_error
    kept = found.frequency >= 10  # below, stretches of 1 s are short
    assert np.abs(scaled[kept]).max() < 4.5
    assert abs(np.mean(scaled[kept] ** 2) - 1) < 0.35
    assert found.power[:5].mean() == pytest.approx(100 / order, rel=0.1)
    assert found.power[-50:].mean() == pytest.approx(100, rel=0.02)


def test_spectrum_without_spikes():
    found = ns.power_spectrum([], stop=1000)
    assert found.power.tolist() == [0] * 250
    assert found.mean_rate == 0
    assert np.isnan(found.standard_error).all()  # one periodogram
    assert ns.power_spectrum([5.0], "5 Hz", "0.02 kHz", stop=200).power.tolist() == pytest.approx([5] * 4, rel=0.03)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resolution": 0}, "resolution must be above 0 and up to the maximum, not 0 Hz with 250 Hz"),
        ({"resolution": 300}, "not 300 Hz with 250 Hz"),
        ({"maximum": np.inf}, "not 1 Hz with inf Hz"),
        ({"resolution": np.nan}, "not nan Hz"),
        ({"stop": 500}, "1 Hz takes 1000 ms, more than the 500 ms there are; take it coarser than 2 Hz"),
        ({"resolution": "3 ms"}, "resolution: .* wrong dimension"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ns.InputError, match=message):
        ns.power_spectrum([1.0, 2.0], **{"stop": 1000} | options)
