"""The coincidence factor against its definition, a maximum matching by SciPy, and chance; spikes in a voltage."""

import math

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

import neurosim as ns
from neurosim.spikes.coincidence import coincidences


def test_as_many_pairs_as_any_matching_has():
    """SciPy's maximum matching of the graph of all spikes that are near enough."""
    chance = np.random.default_rng(2)
    for _ in range(300):
        a, b = (np.sort(chance.uniform(0, 60, chance.integers(0, 25))) for _ in range(2))
        near = csr_matrix(np.abs(a[:, None] - b) <= 2.0)
        expected = int((maximum_bipartite_matching(near) >= 0).sum()) if a.size and b.size else 0
        assert coincidences(a, b, 2.0) == expected


def test_the_definition_by_hand():
    """2 of 4 and 3 spikes coincide in 1000 ms: ν = 3/1000, by chance 2·0.003·2·4."""
    data, model = [100, 200, 300, 400.0], [101, 202, 350.0]
    by_chance = 2 * 0.003 * 2
    expected = (2 - by_chance * 4) / (0.5 * 7) / (1 - by_chance)
    assert ns.coincidence_factor(data, model, 2, stop=1000) == pytest.approx(expected, rel=1e-14)


def test_equal_trains_are_one_and_silence_is_nothing():
    train = np.arange(10, 1000, 37.0)
    assert ns.coincidence_factor(train, train, 2, stop=1000) == pytest.approx(1, abs=1e-14)
    assert ns.coincidence_factor(train, train + 1.9, 2, stop=1000) == pytest.approx(1, abs=1e-14)
    assert ns.coincidence_factor(train, [], 2, stop=1000) == 0
    assert math.isnan(ns.coincidence_factor([], [], 2, stop=1000))


def test_independent_trains_are_zero_on_average():
    """A regular train and Poisson trains: the mean over 2000 is 0 within 5 standard errors."""
    chance = np.random.default_rng(7)
    data = np.arange(25.0, 10_000, 50)
    found = [
        ns.coincidence_factor(data, np.sort(chance.uniform(0, 10_000, chance.poisson(50))), 1, stop=10_000)
        for _ in range(2000)
    ]
    error = np.std(found) / np.sqrt(len(found))
    # a window is used once, however many spikes fall into it: of 2νΔ = 0.01 a share 0.005 less
    assert abs(np.mean(found)) < 5 * error + 0.01 * 0.005


def test_recordings_and_quantities():
    one, other = (ns.simulate("leaky-integrate-and-fire", I, 500) for I in (2.5, 2.6))
    expected = ns.coincidence_factor(one.spike_times(), other.spike_times(), 3, stop=500)
    assert ns.coincidence_factor(one, other, "3 ms") == expected
    assert ns.coincidence_factor(one, one) == pytest.approx(1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0], [2.0]), "say how long the spike train lasts"),
        (([1.0], [2.0], 0), "window must be positive"),
        ((ns.SpikeTrains([0, 1], [1, 2], 2, 9), [2.0]), "data has 2 neurons"),
        ((ns.SpikeTrains([0], [1], 1, 9), ns.SpikeTrains([0], [1], 1, 8)), "say with start= and stop="),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ns.InputError, match=message):
        ns.coincidence_factor(*arguments)


def test_a_window_that_explains_everything():
    with pytest.raises(ns.InputError, match="take a smaller window"):
        ns.coincidence_factor([1.0], np.arange(1, 100.0), 2, stop=100)


def test_detect_spikes():
    """A sine of 10 Hz rises through 0 at whole tenths of a second, through its half 1/12 of a period later."""
    t = np.arange(0, 1000, 0.1) + 20
    voltage = np.sin(2 * np.pi * t / 100)
    expected = np.arange(80, 1000, 100.0)
    np.testing.assert_allclose(ns.detect_spikes(voltage, 0.1), expected, atol=1e-5)
    np.testing.assert_allclose(ns.detect_spikes(voltage, 0.1, 0.5), expected + 100 / 12, atol=1e-3)
    assert ns.detect_spikes([-1.0, -2.0], 0.1).size == 0
    assert ns.detect_spikes([], 0.1).size == 0
    np.testing.assert_allclose(ns.detect_spikes([-1.0, 0.0, 1.0, 1.0, 0.0, 2.0], 1), [1, 4])
    for wrong in ([[1.0]], [np.nan, 1]):
        with pytest.raises(ns.InputError, match="1-D array of finite numbers"):
            ns.detect_spikes(wrong, 0.1)
