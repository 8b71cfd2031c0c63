"""Theory found from a model file: the results files state, neurons made up to be recognised, and those that are not."""

import math

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

import neurosim as ns
from models import ADAPTIVE, CLOCKED
from neurosim.currents import membrane_noise, ornstein_uhlenbeck, poisson_input, white_noise
from neurosim.errors import InputError
from neurosim.theory import (
    IntegrateAndFireTheory,
    NoTheory,
    RenewalTheory,
    integrate_and_fire_cv,
    integrate_and_fire_rate,
    interval_theory,
    leaky_neuron,
    renewal_theory,
    theory_of,
)

LIF = "leaky-integrate-and-fire"
FACTS = {"tau_m": 20, "theta": 20, "V_r": 10, "E_L": 0, "t_ref": 2}
NEURON = {"tau": 20, "threshold": 20, "reset": 10, "refractory": 2}


# Shipped models --------------------------------------------------------------------------------------------------

FROM_SUMS = [  # computed for the files by sums in plain Python, by scipy.integrate.quad, or in closed form
    ("escape-integrate-and-fire", 2, {}, 38.533302),
    ("gamma", 50, {}, 50),
    ("poisson", 50, {}, 50),
    ("poisson-with-dead-time", 50, {}, 40),
    ("renewal", 3, {}, 142.29729),
    ("renewal", 3, {"beta": np.inf}, 142.857143),
    ("renewal-deterministic", 3, {}, 153.84615),
    ("renewal-exponential-recovery", 1, {}, 51.498418),
    ("renewal-hazard", 3, {}, 133.3987),
    (LIF, 2.5, {}, 63.040002),
]


@pytest.mark.parametrize(("name", "I", "parameters", "rate"), FROM_SUMS)
def test_shipped_models_have_the_rates_their_files_state(name, I, parameters, rate):
    assert theory_of(name, I, parameters).rate == pytest.approx(rate, rel=1e-7)
    assert interval_theory(name, [I, I], parameters).rate == pytest.approx([rate, rate], rel=1e-7)


def test_threshold_unit_spikes_with_the_chance_of_its_gate():
    theory = theory_of("threshold-unit", 0.3)
    model = ns.load_model("threshold-unit")
    chance = (1 + math.tanh(model.parameters["beta"].value * (0.3 - model.parameters["theta"].value))) / 2
    assert theory.step * theory.rate / 1000 == pytest.approx(chance, rel=1e-12)


# Leaky membranes -------------------------------------------------------------------------------------------------


def test_noise_of_a_leaky_membrane_is_recognised():
    """Whatever the noise is stated as, it is Siegert with the same mean and standard deviation of the free membrane."""
    wanted = integrate_and_fire_rate(20, 5, **NEURON)
    sigma = 5 * math.sqrt(2 / 20) * 20 / 10  # tau dV = … + R sigma dW: variance (R sigma)²/(2 tau)
    for current in (membrane_noise(20, 5), white_noise(2, sigma), 2 + white_noise(0, sigma / 2) * 2):
        theory = theory_of(LIF, current, FACTS)
        assert isinstance(theory, IntegrateAndFireTheory)
        assert theory.rate == pytest.approx(wanted, rel=1e-12)
        assert theory.mean == pytest.approx(1000 / wanted, rel=1e-12)
        assert theory.cv == pytest.approx(integrate_and_fire_cv(20, 5, **NEURON), rel=1e-12)
    two = white_noise(2, 0.6 * sigma) + white_noise(0, 0.8 * sigma)
    assert theory_of(LIF, two, FACTS).rate == pytest.approx(wanted, rel=1e-12)
    on_grid = integrate_and_fire_rate(20, 5, dt=0.1, **NEURON)
    assert theory_of(LIF, membrane_noise(20, 5), FACTS, dt=0.1).rate == pytest.approx(on_grid, rel=1e-12)


def test_filtered_noise_of_a_leaky_membrane():
    """Its variance by the equations of the moments: d<VI>/dt and d<V²>/dt set to 0."""
    std, tau_noise, tau, R = 0.4, 1.5, 20.0, 10.0
    both = R * std**2 / tau / (1 / tau + 1 / tau_noise)
    neuron = leaky_neuron(ns.load_model(LIF), ornstein_uhlenbeck(2, std, tau_noise), FACTS)
    assert neuron.std == pytest.approx(math.sqrt(R * both), rel=1e-12)
    assert neuron.tau_noise == pytest.approx(tau_noise)
    wanted = integrate_and_fire_rate(20, math.sqrt(R * both), tau_noise=tau_noise, **NEURON)
    assert theory_of(LIF, ornstein_uhlenbeck(2, std, tau_noise), FACTS).rate == pytest.approx(wanted, rel=1e-12)


def test_noise_must_be_nearly_white():
    """The theory is of first order in the root of tau_noise/tau: 86 % off where both are alike."""
    assert theory_of(LIF, ornstein_uhlenbeck(2, 0.4, 2.0), FACTS).rate > 0
    with pytest.raises(
        NoTheory, match=r"correlation time of the noise, 2\.1 ms, is not short beside that of the membrane, 20"
    ):
        theory_of(LIF, ornstein_uhlenbeck(2, 0.4, 2.1), FACTS)
    with pytest.raises(NoTheory, match="is not short"):
        interval_theory(LIF, ornstein_uhlenbeck(2, 0.4, [1.0, 20.0]), FACTS)
    assert leaky_neuron(ns.load_model(LIF), ornstein_uhlenbeck(2, 0.4, 20.0), FACTS).tau_noise == 20


def test_many_neurons_at_once():
    mean, std = np.array([10, 20, 30.0]), np.array([5, 1, 0.0])
    intervals = interval_theory(LIF, membrane_noise(mean, std), FACTS | {"t_ref": [2, 3, 4]})
    wanted = [
        integrate_and_fire_rate(m, s, **NEURON | {"refractory": t})
        for m, s, t in zip(mean, std, [2, 3, 4], strict=True)
    ]
    np.testing.assert_allclose(intervals.rate, wanted, rtol=1e-12)


def test_a_deterministic_membrane_in_two_ways():
    """Closed form, and as a renewal neuron whose potential is a function of the time since the last spike."""
    for I in (2.001, 2.5, 6):
        assert renewal_theory(LIF, I).rate == pytest.approx(theory_of(LIF, I).rate, rel=1e-10)
    assert theory_of(LIF, 1.9).rate == renewal_theory(LIF, 1.9).rate == 0


def test_escape_from_a_membrane_against_an_ode():
    """Survivor function and potential integrated together by SciPy, from the end of the refractory time on."""
    theory = theory_of("escape-integrate-and-fire", 1.8, {"delta": 3})
    assert isinstance(theory, RenewalTheory)

    def rates(t, y):
        V, S = y
        return [(-70 - V + 18) / 10, -0.2 * math.exp((V + 50) / 3) * S]

    t = np.array([1, 5, 20, 60])
    solved = solve_ivp(rates, (0, 60), [-65, 1], t_eval=t, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(theory.survivor_at(2 + t), solved.y[1], rtol=1e-8)
    assert theory.mean == pytest.approx(
        quad(theory.survivor_at, 0, 40)[0] + quad(theory.survivor_at, 40, 2000)[0], rel=1e-8
    )


UNUSUAL = """
name = "unusual"
summary = "A leaky membrane, written so that one has to look twice; a second state watches it."
reference = "made for tests"
[defaults]
dt = "0.1 ms"
method = "exact"
[parameters]
g = ["0.1 uS", "leak"]
C = ["1 nF", "capacitance"]
E = ["-60 mV", "rest"]
[inputs]
I = ["nA", "current"]
[define]
leak = "g*(V - E)"
limit = "E + 10*mV"
[state]
V = { start = "E", rate = "(I - leak)/C" }
trace = { start = "0", rate = "(heaviside(V - E) - trace)/(100*ms)" }
[spike]
threshold = "limit <= V"
reset = { V = "E", trace = "trace + 1" }
"""


def test_an_unusual_membrane():
    """tau = C/g = 10 ms, R = 1/g = 10 MOhm, no refractory time: 1/(tau ln(RI/(RI - 10 mV)))."""
    theory = theory_of(ns.Model.from_toml(UNUSUAL), 1.5)
    assert theory.rate == pytest.approx(1000 / (10 * math.log(15 / 5)), rel=1e-12)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("limit <= V", "limit + trace*mV <= V"), "one leaky membrane"),
        (("limit <= V", "limit <= V and V > E"), "not of the form V > constant"),
        (("limit <= V", "V < limit"), "not of the form V > constant"),
        (("limit <= V", "V > limit + 5*mV*exp(-since_spike/ms)"), "depends on time"),
        (("limit <= V", "V > limit + I*10*mV/nA"), "not constant"),
        (('reset = { V = "E", trace', "reset = { trace"), "does not reset V"),
        (('reset = { V = "E"', 'reset = { V = "V - 10*mV"'), "not constant"),
        (("trace + 1", 'trace + 1" }\nrefractory = "2*ms'), "moves during the refractory time"),
        (("(I - leak)/C", "(I - leak - trace*nA)/C"), "one leaky membrane"),
        (("(I - leak)/C", "(I - leak*exp(V/mV))/C"), "one leaky membrane"),
        (("(I - leak)/C", "(I + leak)/C"), "does not leak"),
    ],
)
def test_membranes_that_are_something_else(change, reason):
    text = UNUSUAL.replace(*change)
    text = text.replace('refractory = "2*ms" }', 'refractory = "2*ms"')
    assert text != UNUSUAL
    with pytest.raises(NoTheory, match=reason):
        theory_of(ns.Model.from_toml(text), 1.5)


@pytest.mark.parametrize("name", ["hodgkin-huxley", "spike-response", "generalised-integrate-and-fire", "izhikevich"])
def test_no_theory_for_most_models(name):
    with pytest.raises(NoTheory, match=f"no .*theory.* for {name}: "):
        theory_of(name, 1)


@pytest.mark.parametrize("text", [ADAPTIVE, CLOCKED])
def test_no_theory_for_the_models_of_other_tests(text):
    model = ns.Model.from_toml(text)
    with pytest.raises(NoTheory):
        theory_of(model, dict.fromkeys(model.inputs, 1))


@pytest.mark.parametrize(
    ("current", "reason"),
    [
        (ns.step(3, start=5), "changes with time"),
        (poisson_input(100, 1) + 1, "Poisson"),
        (white_noise(1, 1) + ornstein_uhlenbeck(0, 1, 5), "together"),
        ([1, 2], "interval_theory"),
    ],
)
def test_no_theory_for_other_currents(current, reason):
    with pytest.raises(NoTheory, match=reason):
        theory_of(LIF, current)


def test_arguments_are_those_of_a_simulation():
    for wrong in ({"I": "3 mV"}, {"I": 1, "parameters": {"tau": 1}}, {"I": 1, "dt": "1 mV"}):
        with pytest.raises(InputError):
            theory_of(LIF, **wrong)
    with pytest.raises(InputError):
        theory_of("poisson", np.ones((2, 2, 2)))


# Intervals of a membrane with white noise ------------------------------------------------------------------------


@pytest.mark.parametrize(("mean", "std"), [(20, 5), (10, 5), (0, 4), (30, 5), (25, 1), (40, 0.2), (20, 50)])
def test_first_passage_density_has_the_moments_of_siegert_and_brunel(mean, std):
    """The density comes from an integral equation in time, the moments from integrals over the potential."""
    theory = theory_of(LIF, membrane_noise(mean, std), FACTS).distribution()
    law = theory.law
    t = np.linspace(2, law.delay + law.end, 200_001)
    S, last = theory.survivor_at(t), theory.survivor_at(t[-1])
    first = 2 + np.trapezoid(S, t) + last / law.tail
    second = 4 + 2 * np.trapezoid(t * S, t) + 2 * last * (t[-1] / law.tail + 1 / law.tail**2)
    assert first == pytest.approx(theory.mean, rel=2e-5)
    assert math.sqrt(second - first**2) / first == pytest.approx(theory.cv, rel=2e-3)
    np.testing.assert_allclose(theory.density_at([0, 1.9, 2]), 0)


def test_first_passage_through_the_mean_in_closed_form():
    """With the threshold at the mean P(passed) = 2 P(V > mean) of the free membrane, by reflection."""
    theory = theory_of(LIF, membrane_noise(20, 5), FACTS).distribution()
    s = np.array([1, 5, 20, 50.0])
    depth = 10 * np.exp(-s / 20) / (5 * np.sqrt(1 - np.exp(-s / 10)))
    wanted = np.array([math.erf(d / math.sqrt(2)) for d in depth])
    np.testing.assert_allclose(theory.survivor_at(2 + s), wanted, rtol=1e-6)


def test_what_follows_from_the_density_of_a_membrane():
    theory = theory_of(LIF, membrane_noise(20, 5), FACTS).distribution()
    assert theory.spectrum(0) == pytest.approx(theory.rate * theory.cv**2)
    assert theory.spectrum(0.01) == pytest.approx(theory.rate * theory.cv**2, rel=1e-4)
    assert theory.autocorrelation(2000) == pytest.approx(theory.rate, rel=1e-4)
    found = theory.sample(200_000, seed=3)
    assert abs(found.mean() - theory.mean) < 4 * theory.cv * theory.mean / math.sqrt(200_000)
    distance = np.abs(1 - theory.survivor_at(np.sort(found)) - (np.arange(200_000) + 0.5) / 200_000).max()
    assert distance * math.sqrt(200_000) < 1.95


def test_intervals_on_a_grid_are_later():
    plain, grid = (theory_of(LIF, membrane_noise(20, 5), FACTS, dt=dt).distribution() for dt in (0, 0.1))
    assert (grid.survivor_at([5, 20, 80]) > plain.survivor_at([5, 20, 80])).all()
    assert grid.mean == pytest.approx(1000 / integrate_and_fire_rate(20, 5, dt=0.1, **NEURON))


def test_distributions_that_there_are_not():
    period = theory_of(LIF, 2.5).distribution()
    assert (period.mean, period.cv) == (pytest.approx(1000 / 63.0400022), 0)
    for current, reason in (
        (1.0, "does not spike"),
        (ornstein_uhlenbeck(3, 1, 1), "depend on each other"),
        (membrane_noise(0, 1e-9), "differ too little"),
    ):
        with pytest.raises(NoTheory, match=reason):
            theory_of(LIF, current).distribution()


def test_a_stationary_start_that_would_have_to_set_a_state_is_refused():
    """The potential of an escaping membrane is a function of the time since its last spike, which alone is drawn."""
    with pytest.raises(NoTheory, match="the state V"):
        ns.simulate("escape-integrate-and-fire", 2, 10, start="stationary")
