"""Currents, methods, starts and experiments on Brian2 beside our own."""

import numpy as np
import pytest

import neurosim as ns
from neurosim.errors import InputError
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


@pytest.mark.parametrize("method", ["euler", "heun", "midpoint", "rk4", "exponential-euler"])
def test_methods(method):
    compare("hodgkin-huxley", ns.step(10, 1, 8) + ns.step(3, 2.03, 6), 10, method=method)


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


REFUSED = {
    "chooses its steps": lambda: ns.brian.simulate("hodgkin-huxley", 10, 10, method="dopri5"),
    "cannot run the method exponential-midpoint": lambda: ns.brian.simulate(
        "hodgkin-huxley", 10, 10, method="exponential-midpoint"
    ),
    "no spikes between steps": lambda: ns.brian.simulate("izhikevich", 10, 10, spike_timing="located"),
    "multiples of dt": lambda: ns.brian.simulate("hodgkin-huxley", ns.from_array(SAMPLES[0], 0.07), 10),
    "linear in it": lambda: ns.brian.simulate("izhikevich", 10, 10, method="exponential-euler"),
    "linear with constant": lambda: ns.brian.simulate("izhikevich", 10, 10, method="exact"),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_brian2_cannot_express_is_refused_by_name(words):
    with pytest.raises(InputError, match=words):
        REFUSED[words]()


def test_gain_function_and_intervals_run_on_it():
    inputs = np.linspace(1.5, 4, 4)
    options = {"duration": 300, "discard": 50, "parameters": {"t_ref": [1, 2]}}
    ours = ns.gain_function("leaky-integrate-and-fire", inputs, spike_timing="grid", **options)
    theirs = ns.gain_function("leaky-integrate-and-fire", inputs, simulate=ns.brian.simulate, **options)
    np.testing.assert_allclose(theirs.rate, ours.rate, rtol=1e-12)
    np.testing.assert_array_equal(theirs.spike_count, ours.spike_count)
    np.testing.assert_allclose(theirs.onset, ours.onset)
    found = ns.interval_distribution("renewal", 1.5, intervals=2000, simulate=ns.brian.simulate, seed=1, discard=50)
    assert found.intervals.size >= 2000
    assert found.agreement().p_value > 1e-3  # χ² against the law in closed form
    again = ns.interval_distribution("renewal", 1.5, intervals=2000, simulate=ns.brian.simulate, seed=1, discard=50)
    assert np.array_equal(found.intervals, again.intervals)


def test_record_every_and_certify():
    ours = ns.simulate("fitzhugh-nagumo", 0.5, 30, record="V", record_every=7)
    theirs = ns.brian.simulate("fitzhugh-nagumo", 0.5, 30, record="V", record_every=7, certify=True)
    np.testing.assert_allclose(theirs["V"], ours["V"], atol=1e-9)
    assert theirs.certificate.finer == "dt 0.05 ms"
