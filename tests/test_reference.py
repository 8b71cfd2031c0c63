"""Every fixed-step method against the plain-Python simulator of reference.py, spikes on the grid."""

import math

import numpy as np
import pytest
import reference

import neurosim as ns
from models import ADAPTIVE, CLOCKED
from neurosim.units import parse_unit

CASES = [
    # model, method, amplitude of a sine on a step (unit of the input), dt, ms
    ("hodgkin-huxley", "rk4", 10, 0.05, 100),
    ("hodgkin-huxley", "euler", 10, 0.01, 40),
    ("hodgkin-huxley", "exponential-euler", 10, 0.02, 60),
    ("hodgkin-huxley", "heun", 10, 0.02, 60),
    ("hodgkin-huxley", "midpoint", 10, 0.02, 60),
    ("hodgkin-huxley", "exponential-midpoint", 10, 0.02, 60),
    ("izhikevich", "exponential-midpoint", 10, 0.1, 300),
    ("izhikevich", "heun", 10, 0.1, 300),
    ("izhikevich", "rk4", 10, 0.1, 300),
    ("izhikevich", "euler", 10, 0.1, 300),
    ("leaky-integrate-and-fire", "exact", 3, 0.1, 200),
    ("leaky-integrate-and-fire", "rk4", 3, 0.1, 200),
    ("leaky-integrate-and-fire", "euler", 3, 0.1, 200),
    ("leaky-integrate-and-fire", "exponential-euler", 3, 0.1, 200),
    ("renewal-deterministic", "exact", 2, 0.05, 100),
    ("renewal-deterministic", "rk4", 2, 0.05, 100),
    ("renewal-deterministic", "euler", 2, 0.05, 100),
    ("renewal-deterministic", "exponential-euler", 2, 0.05, 100),
    ("adaptive", "exact", 3, 0.1, 300),
    ("adaptive", "rk4", 3, 0.1, 300),
    ("adaptive", "midpoint", 3, 0.1, 300),
    ("adaptive", "exponential-euler", 3, 0.1, 300),
    ("adaptive", "exponential-midpoint", 3, 0.1, 300),
]


def model_of(name):
    return ns.Model.from_toml(ADAPTIVE) if name == "adaptive" else ns.load_model(name)


def wave(amplitude, scale, start=5.0, stop=1e9, frequency=0.037):
    """The sine on a step of CASES, in SI at a time in ms, written without the package."""

    def current(t, left):
        on = start < round(t, 9) <= stop if left else start <= round(t, 9) < stop
        return scale * amplitude * ((1.0 if on else 0.0) + 0.2 * math.sin(2 * math.pi * frequency * t))

    return current


def si_factor(text):
    return reference.si(f"1 {text}") if text else 1.0


@pytest.mark.parametrize(("name", "method", "amplitude", "dt", "duration"), CASES)
def test_agrees_spike_for_spike(name, method, amplitude, dt, duration):
    model = model_of(name)
    (unit,) = (entry.unit for entry in model.inputs.values())
    current = ns.step(amplitude, start=5) + ns.sine(0.2 * amplitude, 37.0)
    recording = ns.simulate(
        model, current, duration, dt=dt, method=method, spike_timing="grid", record=list(model.states)
    )
    expected = reference.simulate(model.source, {"I": wave(amplitude, si_factor(unit))}, duration, dt, method)
    assert np.rint(recording.spike_time / dt).astype(int).tolist() == expected.spikes
    assert len(expected.spikes) >= 2
    for state, trace in expected.traces.items():
        wanted = np.array(trace) / si_factor(model.units[state])
        # rounding differs (other units, shared exponentials) and grows along a spike
        np.testing.assert_allclose(recording[state][0], wanted, rtol=0, atol=1e-8 * np.ptp(wanted))


@pytest.mark.parametrize("method", ["rk4", "euler"])
def test_clocks_functions_and_several_inputs(method):
    model = ns.Model.from_toml(CLOCKED)
    drive, record = {"I": ns.sine(1.5, 60), "g": 2.0}, ["x", "recovery", "season", "g"]
    recording = ns.simulate(model, drive, 100, method=method, spike_timing="grid", record=record)
    inputs = {"I": lambda t, left: 1.5 * math.sin(2 * math.pi * 0.06 * t), "g": lambda t, left: 2.0}
    expected = reference.simulate(CLOCKED, inputs, 100, 0.1, method)
    assert np.rint(recording.spike_time / 0.1).astype(int).tolist() == expected.spikes
    assert len(expected.spikes) >= 3
    np.testing.assert_allclose(recording["x"][0], expected.traces["x"], atol=1e-12)
    assert (recording["g"] == 2.0).all()
    assert recording["recovery"][0, 0] == 1.0


@pytest.mark.parametrize("name", ["hodgkin-huxley", "leaky-integrate-and-fire", "izhikevich"])
def test_parameters_and_start_values(name):
    """Other parameters and start values mean the same in both."""
    changes = {
        "hodgkin-huxley": {"g_K": "30 mS/cm^2", "C_m": "1.3 uF/cm^2"},
        "leaky-integrate-and-fire": {"tau_m": "17 ms", "t_ref": "3.3 ms"},
        "izhikevich": {"a": "0.1 1/ms", "d": "2 mV/ms"},
    }[name]
    model = model_of(name)
    (unit,) = (entry.unit for entry in model.inputs.values())
    recording = ns.simulate(model, 12, 80, parameters=changes, start={"V": -61.5}, record="V", spike_timing="grid")
    current = {"I": lambda t, left: 12 * si_factor(unit)}
    expected = reference.simulate(model.source, current, 80, model.dt, model.method, changes, {"V": -61.5e-3})
    assert np.rint(recording.spike_time / model.dt).astype(int).tolist() == expected.spikes
    np.testing.assert_allclose(recording["V"][0], np.array(expected.traces["V"]) * 1e3, rtol=0, atol=1e-6)


def test_units_of_the_oracle_are_those_of_the_package():
    """The oracle has its own table of units; a slip in one of the two would show here."""
    for name in ("mV", "nA", "MOhm", "uS", "nF", "ms"):
        assert parse_unit(name).factor == 1.0
        assert reference.SI[name] > 0
