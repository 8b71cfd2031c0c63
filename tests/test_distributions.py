"""Interval distributions and gain functions with chance, beside theory derived from the same files.

Everywhere a fixed seed; p-values above 0.001, and rates within 4 standard errors, as for 1 in 1000 and 1 in 16,000.
"""

import numpy as np
import pytest

import neurosim as ns
from neurosim.agreement import agreement_of
from neurosim.theory.ages import age_quantile

LIF = "leaky-integrate-and-fire"
MEMBRANE = {"tau_m": 20, "R_m": 1, "E_L": 0, "theta": 20, "V_r": 10, "t_ref": 2}  # FACTS, in mV and ms
RENEWAL = {
    "renewal": (1.5, {"beta": [1, 2, 5, 20]}),
    "renewal-hazard": (2.0, {"beta": [1, 5, np.inf]}),
    "renewal-exponential-recovery": (1.0, {"beta": [1, 3]}),
    "poisson": (40.0, {}),
    "poisson-with-dead-time": (80.0, {"t_dead": [0, 3, 10]}),
    "gamma": (50.0, {"order": [1, 2, 5, 10]}),
    "threshold-unit": (0.2, {"beta": [0, 1, 4]}),
    "escape-integrate-and-fire": (2.0, {"delta": [1, 4]}),
}
GAIN = {
    "renewal": (np.linspace(0, 5, 26), {"beta": [2, 5, np.inf]}),
    "renewal-hazard": (np.linspace(0, 5, 26), {"beta": [2, 5]}),
    "renewal-exponential-recovery": (np.linspace(0, 3, 16), {}),
    "poisson": (np.linspace(0, 100, 11), {}),
    "poisson-with-dead-time": (np.linspace(0, 300, 11), {}),
    "gamma": (np.linspace(0, 100, 11), {"order": [1, 4]}),
    "threshold-unit": (np.linspace(-2, 2, 21), {"beta": [1, 3]}),
    "escape-integrate-and-fire": (np.linspace(0, 4, 11), {}),
}


@pytest.mark.parametrize("name", RENEWAL)
def test_intervals_follow_the_theory(name):
    I, family = RENEWAL[name]
    found = ns.interval_distribution(name, I, intervals=4000, parameters=family, seed=3)
    agreements = found.agreement()
    for agreement in agreements.ravel() if family else [agreements]:
        assert agreement.p_value > 0.001, str(agreement)
        assert agreement.intervals >= 4000


@pytest.mark.parametrize("name", ["renewal", "renewal-hazard", "gamma", "escape-integrate-and-fire"])
def test_a_wrong_theory_is_rejected(name):
    """That of a parameter 10 % off."""
    parameter = {"renewal": "t_abs", "renewal-hazard": "c", "gamma": "order"}.get(name, "V_r")
    I, _ = RENEWAL[name]
    sample = ns.interval_distribution(name, I, intervals=4000, seed=3).intervals
    value = ns.load_model(name).parameters[parameter].value
    wrong = ns.theory_of(name, I, {parameter: {"gamma": 4}.get(name, 0.9 * value)})
    assert agreement_of(sample, wrong).p_value < 1e-3


@pytest.mark.parametrize("name", ["renewal", "renewal-hazard", "gamma", "poisson-with-dead-time"])
def test_direct_samples_have_the_same_law(name):
    """Two-sample Kolmogorov–Smirnov test against simulated ones; and they fit the theory they are drawn from."""
    from scipy import stats

    I, _ = RENEWAL[name]
    simulated = ns.interval_distribution(name, I, intervals=4000, seed=5).intervals
    direct = ns.interval_distribution(name, I, intervals=20_000, sampling="direct", seed=5)
    assert direct.agreement().p_value > 0.001
    assert stats.ks_2samp(simulated, direct.intervals).pvalue > 0.001


@pytest.mark.parametrize("name", GAIN)
def test_gain_functions_follow_the_theory(name):
    I, family = GAIN[name]
    gain = ns.gain_function(name, I, parameters=family, seed=11)
    assert gain.agreement() < 4
    assert gain.trials == 25
    assert gain.standard_error.shape == gain.rate.shape == gain.theory.shape


def test_the_spread_of_rates_is_that_of_the_theory():
    """Squared deviations in standard errors of the theory: χ² with 26 degrees of freedom, within 4.5 s.d."""
    gain = ns.gain_function("renewal-exponential-recovery", np.linspace(0.5, 3, 26), trials=100, seed=2)
    z = (gain.rate - gain.theory) / gain.theory_error
    assert abs((z**2).sum() - 26) < 4.5 * np.sqrt(2 * 26)
    measured = gain.standard_error / gain.theory_error
    assert abs(measured.mean() - 1) < 0.1  # each to 1/sqrt(2·99) = 7 %, 26 of them


@pytest.mark.parametrize("dt", [0.1, 0.025])
def test_integrate_and_fire_with_white_noise(dt):
    """Against Siegert's formula with the grid's correction, over the whole range; mean 10 … 40 mV, s.d. 5 mV."""
    mean = np.linspace(10, 40, 16)
    gain = ns.gain_function(LIF, mean, noise=ns.membrane_noise(0, 5), parameters=MEMBRANE, dt=dt, trials=100, seed=1)
    assert gain.agreement() < 4


def test_integrate_and_fire_goes_to_siegert_as_the_step_shrinks():
    """The rate is too low by an amount that goes like √dt: 0.5826·√(2 dt/τ) σ in the threshold, to 10 %; plain at 0."""
    mean, trials = np.full(1, 20.0), 4000
    exact = ns.integrate_and_fire_rate(20.0, 5.0, tau=20, threshold=20, reset=10, refractory=2)
    assert exact == pytest.approx(32.78, abs=0.01)  # FACTS
    missing = []
    steps = (0.4, 0.1, 0.025)
    for dt in steps:
        options = {"parameters": MEMBRANE, "dt": dt, "trials": trials, "seed": 4, "theory": False}
        gain = ns.gain_function(LIF, mean, noise=ns.membrane_noise(0, 5), **options)
        missing.append(float(exact - gain.rate[0]))
        error = float(gain.standard_error[0])
    assert abs(missing[1] - (32.78 - 31.26)) < 4 * error  # FACTS at 0.1 ms
    assert missing[0] > missing[1] > missing[2] > 0
    slope = np.polyfit(np.log(steps), np.log(missing), 1)[0]
    assert slope == pytest.approx(0.5, abs=0.1)


def test_deterministic_models_say_so():
    gain = ns.gain_function(LIF, np.linspace(0, 5, 21))
    assert gain.agreement().startswith("deterministic: rates within")
    assert gain.trials == 1
    assert not gain.standard_error.any()
    found = ns.interval_distribution(LIF, 2.5, intervals=100)
    assert str(found.agreement()).startswith("deterministic: 100 intervals within")
    assert found.agreement().statistic < 1e-6


def test_where_no_theory_is_known():
    gain = ns.gain_function("hodgkin-huxley", [5, 10], duration=300)
    assert gain.theory is None
    with pytest.raises(ns.NoTheory, match="no theory known for hodgkin-huxley: "):
        gain.agreement()
    found = ns.interval_distribution("spike-response", 2, intervals=200, seed=1)
    with pytest.raises(ns.NoTheory, match="no renewal theory for spike-response"):
        found.agreement()
    with pytest.raises(ns.NoTheory, match="sampling='direct' needs a renewal theory"):
        ns.interval_distribution("spike-response", 2, sampling="direct")


def test_mean_and_cv_have_standard_errors():
    """Over 100 seeds, deviations of mean and CV from the theory are as large as their errors say, to 4.5 s.d."""
    theory = ns.renewal_theory("renewal", 1.5)
    z = []
    for seed in range(100):
        found = ns.interval_distribution("renewal", 1.5, intervals=500, sampling="direct", seed=seed, theory=True)
        z.append([(found.mean - theory.mean) / found.mean_error, (found.cv - theory.cv) / found.cv_error])
    for column in np.array(z).T:
        assert abs((column**2).sum() - 100) < 4.5 * np.sqrt(200)


def test_families_and_shapes():
    found = ns.interval_distribution(
        "renewal", 2, parameters={"beta": [2, 5], "c": [3, 5, 8], "t_abs": 3}, intervals=50, seed=1
    )
    assert found.mean.shape == found.cv.shape == found.intervals.shape == (2, 3)
    assert found.density.shape == (2, 3, found.edges.size - 1)
    assert found.survivor.shape == (2, 3, found.edges.size)
    assert list(found.families) == ["beta", "c"]
    assert (found.mean[:, 0] < found.mean[:, 2]).all(), "the stronger the refractoriness, the longer"
    assert found.model.parameters["t_abs"].value == 3


def test_silent_neurons_have_no_intervals():
    found = ns.interval_distribution(
        "renewal", 0.5, parameters={"beta": [5, np.inf]}, intervals=20, longest=3000, seed=1
    )
    assert np.isnan(found.mean[1])
    assert found.intervals[1].size == 0
    assert str(found.agreement()[1]) == "no intervals to compare"
    assert found.plot().get_legend() is not None


def test_as_many_intervals_of_every_neuron():
    """Else short ones would have an advantage: slow and irregular neurons, few intervals each, have the right mean."""
    found = ns.interval_distribution("poisson", 5, intervals=3000, seed=8)
    assert abs(found.mean - 200) < 4 * found.mean_error


def test_same_seed_same_intervals_whatever_the_threads():
    one = ns.interval_distribution("renewal", 1.5, intervals=500, seed=9, threads=1)
    two = ns.interval_distribution("renewal", 1.5, intervals=500, seed=9, threads=2)
    np.testing.assert_array_equal(one.intervals, two.intervals)
    other = ns.interval_distribution("renewal", 1.5, intervals=500, seed=10)
    assert not np.array_equal(one.intervals, other.intervals)
    fresh = ns.interval_distribution("renewal", 1.5, intervals=500)
    again = ns.interval_distribution("renewal", 1.5, intervals=500, seed=fresh.seed)
    np.testing.assert_array_equal(fresh.intervals, again.intervals)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"I": [1, 2]}, "I is one input, not 2"),
        ({"sampling": "dirct"}, "sampling is 'simulate' or 'direct'"),
        ({"intervals": 0}, "intervals must be a whole number from 1 on"),
        ({"discard": 1e6}, "discard must be from 0 to below longest"),
        ({"bin_width": -1}, "bin_width must be positive"),
        ({"parameters": {"gamma": 3}}, "renewal has no parameter 'gamma'"),
        ({"model": "pinsky-rinzel"}, "needs a model with one input"),
    ],
)
def test_bad_arguments_are_named(change, message):
    arguments = {"model": "renewal", "I": 1.5, "intervals": 20, "seed": 1} | change
    model, I = arguments.pop("model"), arguments.pop("I")
    with pytest.raises(ns.InputError, match=message):
        ns.interval_distribution(model, I, **arguments)


# Stationary start ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "I"), [("renewal", 1.5), ("renewal-hazard", 2.0), ("poisson-with-dead-time", 60.0)])
def test_a_stationary_start_has_the_rate_from_the_first_step_on(name, I):
    """Of a stationary process the expected count in any window is its rate times the window: within 4 s.e."""
    neurons, window = 20_000, 20.0
    recording = ns.simulate(name, I, window, neurons=neurons, start="stationary", seed=2)
    rate = ns.theory_of(name, I).rate / 1000
    for first in np.arange(0, window, 5):
        count = ((recording.spike_time > first + 1e-9) & (recording.spike_time <= first + 5 + 1e-9)).sum()
        assert abs(count - neurons * rate * 5) < 4 * np.sqrt(neurons * rate * 5)


def test_ages_have_the_density_of_the_survivor_function():
    """P(age <= a) = ∫S/mean, by the trapezoidal rule on a fine grid; in discrete time the sum over multiples."""
    theory = ns.renewal_theory("renewal-hazard", 2.0)
    t = np.linspace(0, 200, 400_001)
    below = np.concatenate([[0], np.cumsum((theory.survivor_at(t)[1:] + theory.survivor_at(t)[:-1]) / 2 * np.diff(t))])
    p = np.linspace(0.001, 0.999, 50)
    np.testing.assert_allclose(age_quantile(theory, p), np.interp(p * theory.mean, below, t), atol=1e-4)
    theory = ns.renewal_theory("renewal", 1.5)
    survivor = theory.survivor_at(np.arange(200.0))
    ages = age_quantile(theory, (np.arange(100_000) + 0.5) / 100_000)
    share = np.bincount(np.rint(ages).astype(int), minlength=200) / 100_000
    np.testing.assert_allclose(share, survivor / theory.mean, atol=2e-5)


def test_a_stationary_start_is_refused_where_there_is_none():
    with pytest.raises(ns.NoTheory, match="spike-response"):
        ns.simulate("spike-response", 2, 10, start="stationary")
    with pytest.raises(ns.InputError, match="constant input without noise"):
        ns.simulate("renewal", ns.white_noise(1, 1), 10, start="stationary")
