"""The pieces of every current, a + b τ + c sin(d + e τ + f τ²), against the current itself."""

import itertools

import numpy as np
import pytest

import neurosim as ns
from neurosim.drive import resolve_drive
from neurosim.units import parse_unit
from neurosim.waveforms import Chirp, Constant, Pulses, Ramp, Samples, Sine, Step

END, DT = 100.0, 0.1
TICK = 2.0**-26  # of a step: where edges lie
RANDOM = np.random.default_rng(7)
SAMPLES = RANDOM.uniform(-1, 1, 201)

WAVEFORMS = [
    Constant(),
    Step(20.0, 80.0),
    Step(0.0, np.inf),
    Step(-10.0, 33.333),
    Step(50.0, 500.0),
    Ramp(10.0, 90.0),
    Ramp(-50.0, 50.0),
    Ramp(30.0, 1000.0),
    Ramp(40.0, 40.0 + 1e-3),
    Sine(0.04, 0.0),
    Sine(-0.3, 2.0),
    Sine(0.0, 0.5),
    Chirp(0.001, 0.2, 10.0, 60.0),
    Chirp(0.2, 0.001, -30.0, 300.0),
    Chirp(0.05, 0.05, 0.0, 100.0),
    Pulses((5.0, 20.0, 22.0, 99.5), 2.0),
    Pulses((-3.0, -0.5, 7.7), 1.1),
    Pulses((0.0,), 0.05),
    Samples(SAMPLES, 0.5, False),
    Samples(SAMPLES, 0.5, True),
    Samples(SAMPLES[:35], 3.0, True),
    Samples(SAMPLES[:35], 3.3333, False),
]


def value(numbers, tau):
    """What the numbers of a piece mean."""
    a, b, c, d, e, f = numbers
    return a + b * tau + c * np.sin(d + e * tau + f * tau**2)


def cut(waveform, end):
    """Edges of the run and of the waveform inside it."""
    edges = waveform.edges(end)
    return np.unique(np.concatenate([[0.0, end], edges[(edges > 0) & (edges < end)]]))


@pytest.mark.parametrize("waveform", WAVEFORMS, ids=str)
def test_pieces_of_a_waveform(waveform):
    """At random times inside each piece, near its ends too; 1e-9 ms from an edge counts as the edge."""
    edges = cut(waveform, END)
    first, last = edges[:-1], edges[1:]
    pieces = waveform.pieces(first, last)
    assert pieces.shape == (first.size, 6)
    shares = np.concatenate([[1e-6, 1 - 1e-6], RANDOM.uniform(0.001, 0.999, 40)])
    for begin, end, numbers in zip(first, last, pieces, strict=True):
        tau = shares[(shares * (end - begin) > 2e-9) & ((1 - shares) * (end - begin) > 2e-9)] * (end - begin)
        assert value(numbers, tau) == pytest.approx(waveform(begin + tau), abs=1e-9)
        assert value(numbers, 0.0) == pytest.approx(waveform(np.array([begin]))[0], abs=1e-9), "from the right"
        assert value(numbers, end - begin) == pytest.approx(waveform(np.array([end]), True)[0], abs=1e-9), "to the left"


@pytest.mark.parametrize("waveform", WAVEFORMS, ids=str)
def test_a_piece_can_be_cut_anywhere(waveform):
    """Other terms of a current bring edges of their own: more cuts change nothing."""
    edges = np.unique(np.concatenate([cut(waveform, END), RANDOM.uniform(0, END, 30)]))
    edges = edges[np.concatenate([[True], np.diff(edges) > 1e-6])]
    middle = (edges[:-1] + edges[1:]) / 2
    pieces = waveform.pieces(edges[:-1], edges[1:])
    found = [value(numbers, tau) for numbers, tau in zip(pieces, middle - edges[:-1], strict=True)]
    assert found == pytest.approx(waveform(middle), abs=1e-9)


@pytest.mark.parametrize("waveform", WAVEFORMS, ids=str)
def test_smooth_between_edges(waveform):
    """No jump and no kink where no edge is said to be: second differences stay below those of the steepest sine."""
    edges, h = cut(waveform, END), 0.01
    for begin, end in itertools.pairwise(edges):
        t = np.arange(begin + 1e-6, end - 1e-6, h)
        if t.size > 2:
            assert np.abs(np.diff(waveform(t), 2)).max() < 2 * (2 * np.pi * 0.3 * h) ** 2


def test_closed_forms():
    """What each waveform is, in words of its docstring, at times inside."""
    t = np.array([0.05, 12.34, 20.0, 55.5, 80.0, 99.9])
    assert Constant()(t).tolist() == [1] * 6
    assert Step(20, 80)(t).tolist() == [0, 0, 1, 1, 0, 0]
    assert Step(20, 80)(t, True).tolist() == [0, 0, 0, 1, 1, 0]
    assert Ramp(10, 60)(t) == pytest.approx([0, 2.34 / 50, 0.2, 0.91, 1, 1])
    assert Sine(0.05, 1.0)(t) == pytest.approx(np.sin(0.1 * np.pi * t + 1))
    assert Pulses((0, 20.0, 99), 2)(t).tolist() == [1, 0, 1, 0, 0, 1]
    assert Pulses((0, 20.0, 99), 2)(t, True).tolist() == [1, 0, 0, 0, 0, 1]
    assert Pulses((18.0, 20.0), 2)(np.array([20.0]), True).tolist() == [1], "the end of the one before"
    held, line = (Samples(np.array([1.0, 3, 2]), 10.0, interpolate) for interpolate in (False, True))
    assert held(np.array([0, 9.9, 10, 25, 29])).tolist() == [1, 1, 3, 2, 2]
    assert held(np.array([10.0, 20]), True).tolist() == [1, 3]
    assert line(np.array([0, 5, 10, 15, 20])).tolist() == [1, 2, 3, 2.5, 2]
    s = t[:3] - 5
    cycles = 0.01 * s + (0.09 - 0.01) * s**2 / 2 / 50  # the integral of the frequency
    assert Chirp(0.01, 0.09, 5.0, 55.0)(t[1:3]) == pytest.approx(np.sin(2 * np.pi * cycles[1:]))


CURRENTS = {
    "constant": ns.constant(3.0),
    "step": ns.step(3, 20, 80),
    "step without end": ns.step("3 nA", 12.5),
    "ramp": ns.ramp(-1, 4, 5, 60),
    "sine": ns.sine(2, 40, mean=1, phase=0.3),
    "chirp": ns.chirp(2, 1, 200, 10, 90, mean=-1),
    "pulses": ns.pulses(4, [5, 10, 70], 2.5),
    "held": ns.from_array(SAMPLES, 0.5),
    "interpolated": ns.from_array(SAMPLES, 0.5, interpolate=True),
    "sum": ns.step(3, 20, 80) + ns.sine(1, 100) - ns.ramp(0, 1, 33.33, 66.6) + 2,
    "interpolated, edges off the grid": ns.from_array(RANDOM.uniform(-1, 1, 1500), 0.07, interpolate=True),
    "many": ns.pulses(1, [1, 3], 1.0) * 2 + ns.chirp(1, 5, 50, 0, 100) + ns.from_array(SAMPLES, 0.7) / 4,
    "edges alike": ns.step(1, 20, 40) + ns.step(2, 40, 60) - ns.step(1, 20 + 1e-12, 60),
    "neurons": ns.step([1.0, 2, 3], 20, 80) + ns.sine(1, 30) * [1.0, 0.0, -1.0],
}


OFF_GRID = {("held", 10.0), ("many", 1.0), ("many", 10.0)}


@pytest.mark.parametrize(
    ("name", "dt"),
    [pytest.param(name, dt) for name in CURRENTS for dt in (0.1, 1.0, 10.0)],
)
def test_pieces_of_a_drive(name, dt):
    """Edges rise from 0 to the end in multiples of the tick; amplitudes times pieces are the current.

    An edge moves by up to half a tick, and a slope of up to 30/ms with it.
    """
    check_pieces(CURRENTS[name], dt)


@pytest.mark.parametrize(("spacing", "dt"), [(0.07, 0.1), (0.3333, 0.1), (0.07, 1.0), (1 / 3, 10.0)])
def test_held_samples_off_the_grid(spacing, dt):
    check_pieces(ns.from_array(RANDOM.uniform(-1, 1, 1500), spacing), dt)


def test_held_samples_off_the_grid_drive_a_neuron():
    """A ramp in small stairs: dopri5 with its steps on the stairs against fine fixed steps."""
    current = ns.from_array(np.linspace(1, 5, 1500), 0.07)
    stairs = ns.simulate("leaky-integrate-and-fire", current, 100, method="dopri5", rtol=1e-9).spike_times()
    fine = ns.simulate("leaky-integrate-and-fire", current, 100, dt=0.01).spike_times()  # divides 0.07
    assert stairs == pytest.approx(fine, abs=1e-5)


def check_pieces(current, dt):
    steps = round(END / dt)
    drive = resolve_drive(current, {"I": parse_unit("nA")}, steps, dt, 1)
    edges, pieces = drive.pieces(steps, dt, TICK)
    assert (edges[0], edges[-1]) == (0, steps)
    assert (np.diff(edges) > 0).all()
    assert (edges / TICK == np.rint(edges / TICK)).all()
    assert pieces.shape == (edges.size - 1, len(drive.waveforms), 6)
    for first, last, waves in zip(edges[:-1], edges[1:], pieces, strict=True):
        tau = RANDOM.uniform(0.01, 0.99, 20) * (last - first) * dt
        found = sum(
            amplitude[:, None] * value(numbers, tau) for amplitude, numbers in zip(drive.amplitude, waves, strict=True)
        )
        assert found == pytest.approx(drive.at(first * dt + tau, 1)[0], abs=1e-9 + 30 * TICK * dt)


def test_pieces_of_several_inputs():
    """Each wave keeps the input it belongs to; the edges of all are one list."""
    units = {"g": parse_unit("uS"), "I": parse_unit("nA")}
    drive = resolve_drive({"g": ns.step(1, 10, 30), "I": ns.pulses(1, [20], 5) + 1}, units, 1000, DT, 1)
    edges, pieces = drive.pieces(1000, DT, TICK)
    assert edges * DT == pytest.approx([0, 10, 20, 25, 30, 100])
    assert drive.target.tolist() == [0, 1, 1]
    assert pieces[:, 0, 0].tolist() == [0, 1, 1, 1, 0]
    assert pieces[:, 1, 0].tolist() == [0, 0, 1, 0, 0]


def test_edges_outside_the_run_are_left_out():
    drive = resolve_drive(ns.step(1, -5, 500) + ns.pulses(1, [99.5, 200], 1), {"I": parse_unit("nA")}, 1000, DT, 1)
    edges, _ = drive.pieces(1000, DT, TICK)
    assert edges * DT == pytest.approx([0, 99.5, 100])


# In words ---------------------------------------------------------------------------------------------------------


def over_time(current, t=np.linspace(0, 99.95, 1333)):  # noqa: B008 - read only
    return resolve_drive(current, {"I": parse_unit("nA")}, 1000, DT, 1).at(t, 1)[0]


@pytest.mark.parametrize(
    ("words", "current"),
    [
        ("10", ns.constant(10)),
        ("-2.5 nA", ns.constant(-2.5)),
        ("200 pA", ns.constant(0.2)),
        ("constant:4", ns.constant(4)),
        ("step:10", ns.step(10)),
        ("step:10,20", ns.step(10, 20)),
        ("step:10,20,80", ns.step(10, 20, 80)),
        ("step:10 nA,0.02 s,80 ms", ns.step(10, 20, 80)),
        ("step: 10, 20", ns.step(10, 20)),
        ("ramp:0,5,10,90", ns.ramp(0, 5, 10, 90)),
        ("sine:1,40", ns.sine(1, 40)),
        ("sine:1,0.04 kHz,2,0.5", ns.sine(1, 40, 2, 0.5)),
        ("chirp:1,5,50,0,100", ns.chirp(1, 5, 50, 0, 100)),
        ("pulses:7,2,9,14", ns.pulses(7, [9, 14], 2)),
        ("1,2,3", ns.constant([1, 2, 3])),
        ("10 + step:5,20", ns.constant(10) + ns.step(5, 20)),
        ("step:10,20 + pulses:1,2,50", ns.step(10, 20) + ns.pulses(1, [50], 2)),
        ("1e+1 + step:5,+20", ns.constant(10) + ns.step(5, 20)),
        ("-1 + -2 + sine:1,40 + 3 nA", ns.sine(1, 40)),
        ("  10   +   5  ", ns.constant(15)),
        ("1,2,3 + step:1,20", ns.constant([1, 2, 3]) + ns.step(1, 20)),
        (
            "ramp:0,8,0,20 + step:-8,20 + ramp:0,4,30,32.5",
            ns.ramp(0, 8, 0, 20) - ns.step(8, 20) + ns.ramp(0, 4, 30, 32.5),
        ),
    ],
)
def test_currents_in_words(words, current):
    """Each is the current that the function of the same name makes."""
    assert over_time(ns.parse_current(words)) == pytest.approx(over_time(current), abs=1e-12)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("stop:10", "unknown current 'stop'; did you mean step"),
        (":10", "unknown current ''"),
        ("ramp:1", "'ramp:1': write|ramp: say when it ends"),
        ("chirp:1", "'chirp:1': write chirp:amplitude,low,high,start,stop"),
        ("pulses:1", "'pulses:1': write pulses:amplitude,width,time"),
        ("pulses:1,2", "pulses: times must be a list of finite times"),
        ("step:1,2,3,4", "'step:1,2,3,4': write step:amplitude"),
        ("step:1,30,20", "step: start must come before stop, not 30 and 20 ms"),
        ("step:1,2 mV", "start of step: '2 mV' has the wrong dimension"),
        ("sine:1,ten", "frequency: 'ten' is not a number with a unit"),
        ("10 + stop:1", "unknown current 'stop'"),
        ("step:1 + ramp:1", "'ramp:1': write|ramp: say when it ends"),
        ("step:1,nan", "step: start must come before stop"),
    ],
)
def test_words_that_are_no_current(words, message):
    with pytest.raises(ns.InputError, match=message):
        ns.parse_current(words)


@pytest.mark.parametrize("words", ["", "10 + ", " + 10", "10 +  + 5", "ten", "10 nA nA", "1,,2", "step:", "nan", "inf"])
def test_amplitudes_that_are_none(words):
    """Amplitudes are read when the unit of the input is known: then at the latest they are refused."""
    with pytest.raises(ns.InputError):
        over_time(ns.parse_current(words))
