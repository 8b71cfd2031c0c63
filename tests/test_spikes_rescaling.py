"""Time rescaling: right models pass as often as they should, wrong ones are found, statistics are those of SciPy."""

import math

import numpy as np
import pytest
from scipy.stats import kstest
from spike_trains import gamma, poisson, renewal

import neurosim as ns


def gamma_trains(order, seed=1, neurons=20, duration=5000):
    index, time = gamma(np.random.default_rng(seed), neurons, duration, order)
    return ns.SpikeTrains(index, time, neurons, duration)


def gamma_hazard(order):
    """Hz, of intervals with mean 10 ms."""
    from scipy.stats import gamma as law

    known = law(order, scale=10 / order)
    return lambda x: 1000 * known.pdf(x) / known.sf(x)


def gamma_integral(order):
    from scipy.stats import gamma as law

    return lambda x: -law(order, scale=10 / order).logsf(x)


@pytest.mark.parametrize("size", [1, 2, 5, 100, 20_000])
def test_the_test_is_that_of_scipy(size):
    values = np.random.default_rng(size).exponential(size=size)
    found = ns.time_rescaling_test(values)
    known = kstest(values, "expon", method="exact")
    assert found.statistic == pytest.approx(known.statistic, rel=1e-9)
    assert found.p_value == pytest.approx(known.pvalue, rel=1e-6)
    np.testing.assert_allclose(found.uniform, np.sort(1 - np.exp(-values)), atol=1e-15)
    assert found.consistent == (found.p_value >= 0.05)
    if size == 20_000:  # Brown 2002
        assert found.band == pytest.approx(1.36 / math.sqrt(size), rel=0.005)
        assert ns.time_rescaling_test(values, level=0.99).band == pytest.approx(1.63 / math.sqrt(size), rel=0.005)


@pytest.mark.parametrize("order", [1, 2, 4])
def test_the_right_model_passes(order):
    """By its hazard and by the integral of that, in the same numbers."""
    trains = gamma_trains(order)
    rescaled = ns.rescaled_intervals(trains, hazard=gamma_hazard(order))
    np.testing.assert_allclose(
        rescaled, ns.rescaled_intervals(trains, integrated_hazard=gamma_integral(order)), rtol=1e-6, atol=1e-7
    )
    found = ns.time_rescaling_test(rescaled)
    assert found.p_value > 0.001
    assert found.verdict.startswith("consistent with the model (largest distance 0.0")


def test_wrong_models_are_found_and_the_verdict_says_how():
    """Gamma intervals are more regular than a Poisson process: fewer short ones. And the other way round."""
    found = ns.time_rescaling_test(ns.rescaled_intervals(gamma_trains(2), integrated_hazard=lambda x: x / 10))
    assert found.p_value < 1e-10
    assert not found.consistent
    assert found.verdict.startswith("not explained by the model: fewer short intervals than it has, most so at 0.")
    found = ns.time_rescaling_test(ns.rescaled_intervals(gamma_trains(1), hazard=gamma_hazard(2)))
    assert found.verdict.startswith("not explained by the model: more short intervals than it has, most so at 0.")


def test_right_models_are_rejected_as_often_as_said():
    """400 data sets: one in ten outside the band of 90 %, within 4 standard errors."""
    rejected = 0
    for seed in range(400):
        index, time = poisson(np.random.default_rng(1000 + seed), 1, 3000)
        rescaled = ns.rescaled_intervals(ns.SpikeTrains(index, time, 1, 3000), hazard=lambda x: np.full(x.shape, 100))
        rejected += not ns.time_rescaling_test(rescaled, level=0.9).consistent
    assert abs(rejected - 40) < 4 * math.sqrt(400 * 0.1 * 0.9)


def inhomogeneous(seed, neurons=20):
    """Poisson spikes with a rate that swings; the rate in steps of 1 ms."""
    rng = np.random.default_rng(seed)
    rate = 100 + 80 * np.sin(2 * np.pi * (np.arange(5000) + 0.5) / 250)
    counts = rng.poisson(rate / 1000, (neurons, 5000))
    index, step = np.nonzero(counts)
    index, step = np.repeat(index, counts[index, step]), np.repeat(step, counts[index, step])
    return ns.SpikeTrains(index, step + rng.random(step.size), neurons, 5000), rate


def test_an_intensity_over_time():
    """The rate that made the spikes passes; its mean, or it an hour too late, does not; per neuron or for all."""
    trains, rate = inhomogeneous(2)
    one = ns.rescaled_intervals(trains, intensity=rate, dt=1)
    each = ns.rescaled_intervals(trains, intensity=np.tile(rate, (20, 1)), dt="0.001 s")
    np.testing.assert_allclose(one, each)
    assert ns.time_rescaling_test(one).p_value > 0.001
    for wrong in (np.full(5000, 100.0), np.roll(rate, 125)):
        assert ns.time_rescaling_test(ns.rescaled_intervals(trains, intensity=wrong, dt=1)).p_value < 1e-6


def test_integral_of_an_intensity_by_hand():
    """Samples hold for dt: 0 … 10 ms at 100 Hz, 10 … 20 ms at 300 Hz; units may be said."""
    found = ns.rescaled_intervals([2.0, 8.0, 12.0, 20.0], intensity=[100, 300], dt=10)
    np.testing.assert_allclose(found, [0.6, 0.8, 2.4])
    found = ns.rescaled_intervals([2.0, 8.0, 12.0, 20.0], intensity=["0.1 kHz", "0.3 kHz"], dt="10 ms")
    np.testing.assert_allclose(found, [0.6, 0.8, 2.4])


@pytest.mark.parametrize("by", ["integrated_hazard", "hazard", "intensity"])
def test_spikes_on_a_grid(by):
    """Times rounded up to steps of 4 ms, with intervals of 10 ms: rejected as they are, accepted with the grid said.

    A Poisson process forgets: rounding up each spike is the same as rounding up intervals (two in a step aside, so
    intervals are made of whole steps here).
    """
    rng = np.random.default_rng(3)
    index, time = renewal(rng, lambda shape: 4 * np.ceil(rng.exponential(10, shape) / 4), 20, 10_000)
    trains = ns.SpikeTrains(index, np.minimum(4 * np.ceil(time / 4), 10_000), 20, 10_000)
    model = {
        "integrated_hazard": {"integrated_hazard": lambda x: x / 10},
        "hazard": {"hazard": lambda x: np.full(x.shape, 100.0)},
        "intensity": {"intensity": np.full(10_000, 100.0), "dt": 1},
    }[by]
    assert ns.time_rescaling_test(ns.rescaled_intervals(trains, **model)).p_value < 1e-10
    rescaled = ns.rescaled_intervals(trains, **model, grid=4, seed=1)
    assert ns.time_rescaling_test(rescaled).p_value > 0.001
    np.testing.assert_array_equal(rescaled, ns.rescaled_intervals(trains, **model, grid="4 ms", seed=1))
    wrong = {"integrated_hazard": lambda x: x / 9}
    assert ns.time_rescaling_test(ns.rescaled_intervals(trains, **wrong, grid=4, seed=1)).p_value < 1e-6


def test_chances_per_step():
    """Intervals with chance g_k at step k, Λ(kΔ) = -Σ ln(1 - g_j): exact with the grid, a certain spike included."""
    rng = np.random.default_rng(4)
    chance = np.array([0.1, 0.2, 0.5, 0.9, 1.0])
    law = chance * np.cumprod(np.concatenate([[1], 1 - chance[:-1]]))
    times = np.cumsum(rng.choice(5, 5000, p=law) + 1.0)
    with np.errstate(divide="ignore"):
        integral = np.concatenate([[0], -np.cumsum(np.log(1 - chance))])

    def integrated(interval):
        return integral[np.rint(interval).astype(int)]

    found = ns.time_rescaling_test(ns.rescaled_intervals(times, integrated_hazard=integrated, grid=1, seed=2))
    assert found.p_value > 0.001
    with pytest.raises(ns.InputError, match="must be finite and never negative"):
        ns.rescaled_intervals(times, integrated_hazard=integrated)


def test_a_hazard_with_a_dead_time():
    """A jump costs no more than the points are apart."""
    found = ns.rescaled_intervals([0.0, 3.0, 13.0], hazard=lambda x: np.where(x > 2, 100.0, 0.0))
    np.testing.assert_allclose(found, [0.1, 0.8], atol=1e-4)


@pytest.mark.parametrize("times", [[], [5.0]])
def test_without_intervals_there_is_no_verdict(times):
    rescaled = ns.rescaled_intervals(times, hazard=lambda x: np.full(x.shape, 100.0), grid=1)
    found = ns.time_rescaling_test(rescaled)
    assert rescaled.size == 0
    assert math.isnan(found.statistic)
    assert math.isnan(found.p_value)
    assert not found.consistent
    assert found.verdict == "no verdict: there are no intervals"
    assert ns.rescaled_intervals(times, intensity=[100.0], dt=10).size == 0


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({}, "give the model in one way: hazard="),
        ({"hazard": abs, "integrated_hazard": abs}, "give the model in one way"),
        ({"integrated_hazard": abs, "dt": 1}, "dt is the step of intensity="),
        ({"hazard": lambda x: -x}, "hazard must give finite numbers from 0 on, in Hz"),
        ({"hazard": lambda x: x * np.inf}, "hazard must give finite numbers"),
        ({"hazard": lambda x: x[:3]}, r"hazard got an array \(100000,\) and must give one of that shape, not \(3,\)"),
        ({"hazard": lambda x: "3 mV"}, "hazard: .* wrong dimension"),
        ({"integrated_hazard": lambda x: -x}, "must be finite and never negative"),
        ({"integrated_hazard": lambda x: np.exp(-x), "grid": 1}, "must be finite and never negative"),
        ({"integrated_hazard": lambda x: np.nan}, "must be finite"),
        ({"intensity": [100.0] * 20}, "say how long each sample of intensity holds with dt="),
        ({"intensity": [100.0] * 20, "dt": 0}, "dt must be positive"),
        ({"intensity": [100.0] * 10, "dt": 1}, "intensity lasts from 0 to 10 ms, but there are spikes outside"),
        ({"intensity": [-1.0] * 20, "dt": 1}, "intensity takes finite numbers from 0 on, in Hz"),
        ({"intensity": [[1.0] * 20] * 2, "dt": 1}, r"intensity is \(T,\) or \(1, T\), not of shape \(2, 20\)"),
        ({"intensity": [], "dt": 1}, "intensity lasts from 0 to 0 ms"),
        ({"integrated_hazard": abs, "grid": 0}, "grid must be positive"),
    ],
)
def test_bad_models_are_named(model, message):
    with pytest.raises(ns.InputError, match=message):
        ns.rescaled_intervals([1.0, 4.0, 12.0], **model)


@pytest.mark.parametrize("values", [[-1.0], [np.nan], [[1.0]], 3.0, None])
def test_bad_rescaled_intervals_are_named(values):
    with pytest.raises(ns.InputError, match="rescaled intervals"):
        ns.time_rescaling_test(values)


@pytest.mark.parametrize("level", [0, 1, 95, np.nan])
def test_the_level_is_a_probability(level):
    with pytest.raises(ns.InputError, match="level is between 0 and 1"):
        ns.time_rescaling_test([1.0], level=level)


@pytest.mark.parametrize("model", [{"hazard": "x"}, {"integrated_hazard": [1, 2]}])
def test_a_hazard_is_a_function(model):
    with pytest.raises(ns.InputError, match="a hazard is a function of the time since the last spike in ms, not "):
        ns.rescaled_intervals([1, 2, 3], **model)
