"""Currents, methods, starts and experiments on Brian2 beside our own."""

import numpy as np
import pytest

import neurosim as ns
from neurosim.errors import InputError
from neurosim.methods import METHODS, Adaptive
from neurosim.model import Model

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def compare(model, current, duration, **options):
    model = ns.load_model(model)
    record = [*model.states, *model.inputs, *model.defines]
    ours = ns.simulate(model, current, duration, record=record, spike_timing="grid", **options)
    theirs = ns.brian.simulate(model, current, duration, record=record, **options)
    for name in record:
        assert np.abs(ours[name] - theirs[name]).max() < 1e-9 * max(np.abs(ours[name]).max(), 1), name
    assert np.array_equal(ours.spike_index, theirs.spike_index)
    assert np.array_equal(ours.spike_time, theirs.spike_time)
    for name, value in ours.final_state.items():
        np.testing.assert_allclose(theirs.final_state[name], value, rtol=1e-9, atol=1e-9)
    return ours, theirs


SAMPLES = np.random.default_rng(1).normal(8, 5, (3, 201))
CURRENTS = {
    "step on the grid": ns.step(10, 5, 15),
    "step off the grid": ns.step(10, 5.03, 15.02),
    "ramp": ns.ramp(0, 20, 2, 15),
    "sine": ns.sine(10, 100, 5),
    "chirp": ns.chirp(10, 50, 200, 3, 15, 2),
    "pulses": ns.pulses(20, [2, 5, 9], 1),
    "many pulses": ns.pulses(20, np.arange(1, 15), 0.5),
    "sum": ns.step(5, 5, 15) + ns.ramp(0, 9, 0, 20) - 1,
    "samples": ns.from_array(SAMPLES[0], 0.1),
    "interpolated samples": ns.from_array(SAMPLES[0], 0.1, interpolate=True),
    "samples of each": ns.from_array(SAMPLES, 0.1),
    "interpolated samples of each": ns.from_array(SAMPLES, 0.1, interpolate=True),
}


@pytest.mark.parametrize("kind", CURRENTS)
def test_currents(kind):
    compare("fitzhugh-nagumo", CURRENTS[kind] * 0.1, 20)


FIXED = [name for name, method in METHODS.items() if not isinstance(method, Adaptive)]


@pytest.mark.parametrize("method", [name for name in FIXED if not name.startswith("exact")])
def test_methods(method):
    compare("hodgkin-huxley", ns.step(10, 1, 8) + ns.step(3, 2.03, 6), 10, method=method)


@pytest.mark.parametrize("method", [name for name in FIXED if name != "exponential-euler"])
def test_methods_with_a_reset_and_an_input_that_moves(method):
    current = (
        ns.sine([1, 0.3], 40, 0.9) + ns.step(0.2, 7.03, 21) + ns.from_array(SAMPLES[0], 0.1, interpolate=True) / 60
    )
    compare("adaptive-threshold", current, 20, method=method)


def test_exponential_midpoint_where_a_rate_is_not_linear():
    compare("izhikevich", ns.ramp(0, 20, 2, 15), 30, method="exponential-midpoint")


HELD = """
name = "made-up"
summary = "linear, with a held state that another depends on, and an integral, so that no state of rest is the only one"
reference = "none"
[defaults]
dt = "0.1 ms"
method = "exact"
[parameters]
tau = ["10 ms", "time constant"]
t_ref = ["3 ms", "refractory time"]
[inputs]
I = ["mV", "input"]
J = ["mV", "not looked at"]
[state]
V = { start = "0", rate = "(I - V - w)/tau" }
w = { start = "0", rate = "(V/2 - w)/(3*tau)" }
total = { start = "0*mV*ms", rate = "V" }
[spike]
threshold = "V > 7*mV"
reset = { V = "0", w = "w + 1*mV" }
refractory = "t_ref"
hold = ["V"]
"""


@pytest.mark.parametrize("method", ["exact", "exact-rk4"])
def test_linear_models_that_brian2_does_not_solve(method):
    drive = {"I": ns.sine([4, 8], 30, 10) + ns.step(2, 5.03, 21), "J": 1}
    ours, _ = compare(Model.from_toml(HELD), drive, 40, method=method, parameters={"tau": [8, 10]})
    assert ours.spike_count.min() >= 2


def test_exact_takes_the_input_in_the_middle_of_a_step():
    compare("leaky-integrate-and-fire", ns.sine(3, 40, 2), 100)


def test_values_of_each_neuron():
    compare(
        "hodgkin-huxley", [5, 10, 20], 15, parameters={"g_Na": [100, 120, 130]}, start={"V": -70, "h": [0.5, 0.6, 0.7]}
    )


def test_refractory_times_that_are_no_multiples_of_a_step_are_rounded():
    compare("leaky-integrate-and-fire", 3, 60, parameters={"t_ref": [0, 1.96, 2.04, 2.06]})


@pytest.mark.parametrize("name", ["leaky-integrate-and-fire", "hodgkin-huxley", "adaptive-threshold"])
def test_going_on_from_a_final_state(name):
    current = {"leaky-integrate-and-fire": 3, "hodgkin-huxley": 20, "adaptive-threshold": 0.8}[name]
    whole = ns.simulate(name, current, 24, spike_timing="grid")
    first = ns.brian.simulate(name, current, 11)  # inside a refractory time, or a spike
    second = ns.brian.simulate(name, current, 13, start=first.final_state)
    times = np.concatenate([first.spike_time, second.spike_time + 11])
    np.testing.assert_allclose(times, whole.spike_time, rtol=0, atol=1e-9)


MODEL = """
name = "made-up"
summary = "every word of the language, and names that Brian2 keeps for itself"
reference = "none"
[defaults]
dt = "0.1 ms"
method = "rk4"
[parameters]
tau = ["10 ms", "time constant"]
order = ["2", "a name of Brian2's"]
N = ["3 mV", "another"]
volt = ["1 mV", "a unit of Brian2's"]
last_step = ["1", "a name we might have used"]
[inputs]
I = ["mV", "input"]
[define]
clock = "min(max(V, -10*mV), 0) + max(0, volt)*heaviside(V - N)"
fast = "V > N and not (V > 2*N or V < 0)"
xi = "0 if fast else sqrt(abs(V/mV))*gate(V/mV)*exprelr(V/N)"
[state]
V = { start = "0", rate = "(I - V + clock + volt*xi*sinh(-0.1*last_step)*cosh(0.1)*log(order) + t*mV/s)/tau" }
i = { start = "V/mV", rate = "(tanh(V/N) - i)/tau if V > 0*mV else 0" }
[spike]
threshold = "V > N*order and since_spike > 2*ms"
reset = { V = "i*mV", i = "V/mV/10 + since_spike/s if since_spike < 1*s else 0" }
"""


def test_every_word_and_names_that_brian2_has_taken():
    compare(Model.from_toml(MODEL), ns.step(12, 2) * np.array([1, 2]), 40)


def test_a_threshold_on_the_input():
    text = MODEL[: MODEL.index("[spike]")] + '[spike]\nthreshold = "V + I > N*4"\n'
    compare(Model.from_toml(text), ns.sine(10, 50, 5), 60)


def test_names_that_brian2_takes():
    import keyword

    import brian2
    from brian2.core.functions import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS
    from brian2.core.namespace import DEFAULT_UNITS

    from neurosim.brian.words import is_taken
    from neurosim.units import UNITS

    with_all = {"threshold": "v > 1", "reset": "v = 0", "refractory": "v > 1", "method": "exact"}
    group = brian2.NeuronGroup(1, "dv/dt = -v/ms : 1", **with_all)
    attributes = [name for name in dir(group) if not name.startswith("_") and name != "v"]
    for name in {
        *DEFAULT_CONSTANTS,
        *DEFAULT_FUNCTIONS,
        *DEFAULT_UNITS,
        *attributes,
    } - UNITS.keys():  # no model has those
        assert is_taken(name) or not name.isidentifier() or keyword.iskeyword(name), name
    for name in "V m h n g_Na tau_m I E_L theta a b c d u w x y s q r p Ca beta".split():
        assert not is_taken(name)


# Currents that were recorded ---------------------------------------------------------------------------------------


@pytest.fixture
def recorded(tmp_path):
    path = tmp_path / "current.csv"
    rows = [f"{k * 0.2:.1f},{value:.6f}" for k, value in enumerate(SAMPLES[0, :101] * 100)]
    path.write_text("\n".join(["time (ms),current (pA)", *rows, ""]), encoding="utf-8")
    return path


def test_a_recorded_current(recorded):
    compare("leaky-integrate-and-fire", ns.from_file(recorded) * [3, 4], 20)
    compare("leaky-integrate-and-fire", ns.from_file(recorded, interpolate=True) * 3 + 0.2, 20)


def test_a_recorded_current_for_an_area_of_membrane(recorded):
    current = ns.from_file(recorded, area="8000 um^2")
    ours, _ = compare("hodgkin-huxley", current, 20)
    assert abs(ours["I"][0, 1] - SAMPLES[0, 0] * 100e-6 / 8000e-8) < 1e-6  # pA over um² in uA/cm²


# Starts --------------------------------------------------------------------------------------------------------------


def test_a_stationary_start():
    """Of a stationary process the mean number of spikes in T is T over the mean interval, from the first ms on."""
    run = ns.brian.simulate("renewal", 1.2, 10, neurons=4000, start="stationary", seed=1)
    rate = ns.renewal_theory("renewal", 1.2).rate / 1000
    counts = run.spike_count
    assert abs(counts.mean() - 10 * rate) < 4 * counts.std() / np.sqrt(counts.size)
    fresh = ns.brian.simulate("renewal", 1.2, 10, neurons=4000, seed=1).spike_count
    assert abs(fresh.mean() - 10 * rate) > 8 * fresh.std() / np.sqrt(fresh.size)


def test_going_on_from_a_random_run_draws_by_the_seed_given():
    start = ns.simulate("renewal", 1.5, 50, neurons=5, seed=1).final_state
    runs = [ns.brian.simulate("renewal", 1.5, 50, start=start, seed=seed) for seed in (1, 1, 2)]
    assert runs[0].seed == 1
    assert np.array_equal(runs[0].spike_time, runs[1].spike_time)
    assert not np.array_equal(runs[0].spike_time, runs[2].spike_time)


# What is refused -----------------------------------------------------------------------------------------------------


def made(spike):
    """A model with another spike rule."""
    return Model.from_toml(HELD[: HELD.index("total =")] + "[spike]\n" + spike)


LIF = "leaky-integrate-and-fire"
REFUSED = {
    "chooses its steps": ("hodgkin-huxley", 10, {"method": "dopri5"}),
    "rtol and atol are for dopri5": ("hodgkin-huxley", 10, {"rtol": 1e-6}),
    "no spikes between steps": ("izhikevich", 10, {"spike_timing": "located"}),
    "whole run in memory": ("hodgkin-huxley", 10, {"out": "run.h5"}),
    "certify is for deterministic runs": ("renewal", 1.5, {"certify": True, "dt": 1}),
    "multiples of dt": ("hodgkin-huxley", ns.from_array(SAMPLES[0], 0.07), {}),
    "linear in it": ("izhikevich", 10, {"method": "exponential-euler"}),
    "linear with constant": ("izhikevich", 10, {"method": "exact"}),
    "exact-rk4 needs states": ("izhikevich", 10, {"method": "exact-rk4"}),
    "poisson_input of several rates": (LIF, ns.poisson_input([5, 6], 1, frozen=True), {}),
    "ornstein_uhlenbeck of several": (LIF, ns.ornstein_uhlenbeck(1, 1, [5, 6], frozen=True), {}),
    "wait for a new rising edge": (
        made('threshold = "V > 7*mV"\nrefractory = "t_ref"'),
        {"I": 1, "J": 1},
        {},
    ),
    "draw again at the moment": (
        made('probability = "gate(V/mV)"\nper = "1*ms"\nreset = { V = "0" }\nrefractory = "t_ref"\nhold = ["V"]'),
        {"I": 1, "J": 1},
        {},
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_brian2_cannot_express_is_refused_by_name(words, monkeypatch):
    monkeypatch.setattr("brian2.Network.run", None)  # it never comes to that
    model, current, options = REFUSED[words]
    with pytest.raises(InputError, match=words):
        ns.brian.simulate(model, current, 10, **options)


# Experiments ---------------------------------------------------------------------------------------------------------


def test_gain_functions_run_on_it():
    inputs = np.linspace(1.5, 4, 3)
    options = {"duration": 150, "discard": 50, "parameters": {"t_ref": [1, 2]}}
    ours = ns.gain_function(LIF, inputs, spike_timing="grid", **options)
    theirs = ns.gain_function(LIF, inputs, simulate=ns.brian.simulate, **options)
    np.testing.assert_allclose(theirs.rate, ours.rate, rtol=1e-12)
    np.testing.assert_array_equal(theirs.spike_count, ours.spike_count)
    np.testing.assert_allclose(theirs.onset, ours.onset)


def test_a_gain_function_both_ways_runs_on_it():
    options = {"duration": 100, "discard": 20, "direction": "both"}
    ours, theirs = (
        ns.gain_function("fitzhugh-nagumo", [0.2, 0.5], simulate=by, **options)
        for by in (ns.simulate, ns.brian.simulate)
    )
    assert ours.spike_count.max() >= 2
    np.testing.assert_array_equal(theirs.spike_count, ours.spike_count)
    np.testing.assert_allclose(theirs.rate, ours.rate, rtol=1e-12)


def test_a_gain_function_under_noise_has_the_rate_of_theory():
    noise = ns.white_noise(0, 1)
    found = ns.gain_function(LIF, [2.2], noise=noise, duration=1200, trials=100, seed=1, simulate=ns.brian.simulate)
    assert abs(found.rate - found.theory)[0] < 4 * found.standard_error[0] + 0.01 * found.theory[0]  # a grid of 0.1 ms


def test_interval_distributions_run_on_it():
    """χ² against the law in closed form; blocks of a run go on with other numbers."""
    options = {"intervals": 2000, "simulate": ns.brian.simulate, "seed": 1, "discard": 50}
    found = ns.interval_distribution("renewal", 1.5, **options)
    assert found.intervals.size >= 2000
    assert found.agreement().p_value > 1e-3
    assert np.array_equal(found.intervals, ns.interval_distribution("renewal", 1.5, **options).intervals)


def test_excitability_runs_on_it():
    """Rheobase of a leaky membrane: (theta - E)/R·(1 - e^(-T/tau)); its impedance R/(1 + iωτ)."""
    found = ns.rheobase(LIF, duration=50, low=1, high=3, tolerance=1e-3, simulate=ns.brian.simulate)
    assert found == pytest.approx(2 / (1 - np.exp(-5)), rel=2e-3)
    at = np.array([10.0, 40.0])
    measured = ns.impedance(LIF, frequencies=at, duration=300, tolerance=0.01, simulate=ns.brian.simulate)
    np.testing.assert_allclose(measured.impedance, 10 / (1 + 2j * np.pi * at / 1000 * 10), rtol=0.01)


def test_record_every_some_neurons_and_certify():
    options = {"record": "V", "record_every": 7, "record_neurons": [2, 0]}
    ours = ns.simulate("fitzhugh-nagumo", [0.5, 0.6, 0.7], 30, **options)
    theirs = ns.brian.simulate("fitzhugh-nagumo", [0.5, 0.6, 0.7], 30, certify=True, **options)
    np.testing.assert_allclose(theirs["V"], ours["V"], atol=1e-9)
    assert theirs.certificate.finer == "dt 0.05 ms"  # on the grid, as all that Brian2 does


def test_a_recording_of_it_can_be_kept_but_not_repeated(tmp_path):
    run = ns.brian.simulate("renewal-hazard", 1.5, 30, neurons=3, seed=1)
    assert run.spike_timing == "grid"
    run.save(tmp_path / "run.h5")
    kept = ns.load(tmp_path / "run.h5")
    assert np.array_equal(kept.spike_time, run.spike_time)
    with pytest.raises(InputError, match="no receipt"):
        ns.rerun(kept)
