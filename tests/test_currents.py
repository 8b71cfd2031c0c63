"""Currents: their values at any time, sums and multiples, the side of an edge a step sees, and bad input."""

import math

import numpy as np
import pytest

import neurosim as ns
from neurosim.currents import parse_current
from neurosim.drive import resolve_drive
from neurosim.units import parse_unit

NANO = {"I": parse_unit("nA")}


def values(current, t, neurons=1):
    """Value of a current at times t, in nA: (n, T)."""
    return resolve_drive(current, NANO, 10, 1.0, neurons).at(np.asarray(t, float), 1)[0]


def inside_steps(current, steps, dt, nodes):
    """What the kernel sees at the nodes of each step: (steps, nodes), for one neuron."""
    drive = resolve_drive(current, NANO, steps, dt, 1)
    return (drive.waves(0, steps, dt, nodes) * drive.amplitude[:, 0]).sum(axis=2)


T = np.array([0.0, 2.0, 4.0, 5.0, 7.0, 10.0])


@pytest.mark.parametrize(
    ("current", "wanted"),
    [
        (3, [3] * 6),
        ("2000 pA", [2] * 6),
        (ns.constant(3), [3] * 6),
        (ns.step(3, start=2, stop=5), [0, 3, 3, 0, 0, 0]),
        (ns.step(3), [3] * 6),
        (ns.ramp(1, 3, start=2, stop=4), [1, 1, 3, 3, 3, 3]),
        (ns.ramp("0 pA", "10 nA", stop="0.01 s"), [0, 2, 4, 5, 7, 10]),
        (ns.pulses(2, [2, 7], 3), [0, 2, 2, 0, 2, 0]),
        (ns.sine(2, 100), 2 * np.sin(2 * np.pi * 0.1 * T)),
        (ns.sine(2, "0.1 kHz", mean=1, phase=math.pi / 2), 1 + 2 * np.cos(2 * np.pi * 0.1 * T)),
        (ns.chirp(1, 100, 300, stop=8), np.sin(2 * np.pi * (0.1 * T + 0.2 * T**2 / 16)) * (T < 8)),
        (ns.from_array([1, 2, 4, 8, 16], dt=2), [1, 2, 4, 4, 8, 16]),
        (ns.from_array([0, 2, 4, 10, 10, 10], dt=2, interpolate=True), [0, 2, 4, 7, 10, 10]),
        (ns.step(3, start=2) + 1, [1, 4, 4, 4, 4, 4]),
        (1 - ns.step(3, start=2) * 2, [1, -5, -5, -5, -5, -5]),
        (ns.step(3, start=2) / 2, [0, 1.5, 1.5, 1.5, 1.5, 1.5]),
        (2 * ns.step(3, start=2, stop=5) - ns.constant("1 nA"), [-1, 5, 5, -1, -1, -1]),
    ],
)
def test_values(current, wanted):
    np.testing.assert_allclose(values(current, T)[0], wanted, atol=1e-12)


def test_one_amplitude_per_neuron():
    found = values(np.array([1.0, 2.0, 3.0]) * ns.step(2, start=4) + [1, 1, 0], [0.0, 5.0])
    assert found.tolist() == [[1, 3], [1, 5], [0, 6]]


def test_samples_for_each_neuron():
    found = values(ns.from_array([[1, 2, 3, 4, 5], [10, 20, 30, 40, 50]], dt=2) * [1, 2] + 1, [0.0, 2.0])
    assert found.tolist() == [[2, 3], [21, 41]]


def test_an_edge_on_the_grid_belongs_to_the_step_it_begins():
    """dt = 0.1 is not a binary number: 3·0.1 > 0.3. At its end a step sees the limit from the left."""
    found = inside_steps(ns.step(1, start=0.3, stop=0.7), 10, 0.1, (0.0, 0.5, 1.0))
    assert found.tolist() == [[0.0] * 3] * 3 + [[1.0] * 3] * 4 + [[0.0] * 3] * 3
    found = inside_steps(ns.pulses(1, [0.3], 0.4), 10, 0.1, (0.0, 0.5, 1.0))
    assert found.tolist() == [[0.0] * 3] * 3 + [[1.0] * 3] * 4 + [[0.0] * 3] * 3
    found = inside_steps(ns.from_array(np.arange(10.0), dt=0.1), 10, 0.1, (0.0, 0.5, 1.0))
    assert found.tolist() == [[k] * 3 for k in range(10)]


def test_edges_stay_on_the_grid_in_long_runs():
    t = np.array([999_999.9, 1_000_000.0, 1_000_000.1])
    assert values(ns.step(1, start=1_000_000.0), t)[0].tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("3", [3] * 6),
        ("3000 pA", [3] * 6),
        ("3,3000 pA", [3] * 6),
        ("step:3,2,5", [0, 3, 3, 0, 0, 0]),
        ("step:3 nA,0.002 s,5 ms", [0, 3, 3, 0, 0, 0]),
        ("ramp:0,10,0,10", [0, 2, 4, 5, 7, 10]),
        ("sine:2,100,1", 1 + 2 * np.sin(2 * np.pi * 0.1 * T)),
        ("chirp:1,100,100,0,8", np.sin(2 * np.pi * 0.1 * T) * (T < 8)),
        ("pulses:2,3,2,7", [0, 2, 2, 0, 2, 0]),
        ("constant:1", [1] * 6),
    ],
)
def test_currents_as_written_on_the_command_line(text, wanted):
    np.testing.assert_allclose(values(parse_current(text), T)[0], wanted, atol=1e-12)


BAD = [
    (lambda: ns.step(1, start=5, stop=5), r"step: start must come before stop, not 5 and 5 ms"),
    (lambda: ns.step(1, start="3 mV"), r"start of step: '3 mV' has the wrong dimension"),
    (lambda: ns.ramp(0, 1), r"ramp: say when it ends"),
    (lambda: ns.chirp(1, 1, 100), r"chirp: say when it ends"),
    (lambda: ns.chirp(1, 1, 100, stop=math.inf), r"chirp: start must come before stop"),
    (lambda: ns.pulses(1, [3, 2]), r"pulses: .* increasing"),
    (lambda: ns.pulses(1, [1, 2], 3), r"at least the width apart"),
    (lambda: ns.pulses(1, []), r"pulses: times must be a list"),
    (lambda: ns.from_array([1, 2], dt=0), r"from_array: dt must be positive, not 0 ms"),
    (lambda: ns.from_array(3, dt=1), r"from_array takes samples \(T,\) or \(n, T\), not of shape \(\)"),
    (lambda: parse_current("stp:1,2"), r"unknown current 'stp'; did you mean step\?"),
    (lambda: parse_current("ramp:1"), r"ramp: say when it ends|write ramp:first,last,start,stop"),
    (lambda: parse_current("sine:1"), r"write sine:amplitude,frequency"),
    (lambda: parse_current("step:1,x"), r"start of step: 'x' is not a number"),
    (lambda: values(ns.constant([1, 2]) * [1, 2, 3], T), r"2 amplitudes times 3 factors"),
    (lambda: ns.constant(1) * [1, 2] * [1, 2, 3], r"factors of a current, 2 and 3, do not fit"),
    (lambda: ns.from_array([[1], [2, 3]], dt=1), r"from_array: the rows of .* have different lengths"),
    (lambda: values(ns.constant([1, 2]), T, neurons=3), r"different numbers of neurons"),
]


@pytest.mark.parametrize(("make", "message"), BAD)
def test_bad_currents_are_named(make, message):
    with pytest.raises(ns.InputError, match=message):
        make()
