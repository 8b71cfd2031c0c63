"""Schemes check themselves, and their measured order is the one they claim."""

import math

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

import neurosim as ns
from models import ADAPTIVE
from neurosim.methods import METHODS, Adaptive, RungeKutta

SMOOTH = """
name = "smooth"
summary = "Two coupled equations, each linear in its own state, whose solution is smooth."
reference = "made for tests"
[defaults]
dt = "0.1 ms"
method = "rk4"
[parameters]
tau = ["1 ms", "time scale"]
[inputs]
I = ["1", "drive"]
[state]
x = { start = "1", rate = "(I - x*(1 + y**2))/tau" }
y = { start = "0.5", rate = "(cosh(x/2) - 2*y)/tau" }
[spike]
threshold = "x > 1000"
"""


def smooth_solution(T):
    """x(T), y(T) by SciPy's DOP853 at rtol 1e-13."""

    def f(t, z):
        x, y = z
        return [math.sin(2 * math.pi * 0.2 * t) - x * (1 + y**2), math.cosh(x / 2) - 2 * y]

    return solve_ivp(f, (0, T), [1.0, 0.5], method="DOP853", rtol=1e-13, atol=1e-14).y[:, -1]


def orders(errors):
    return np.log2(np.array(errors[:-1]) / np.array(errors[1:]))


FIXED = [name for name, method in METHODS.items() if name not in ("exact", "exact-rk4", "dopri5")]


@pytest.mark.parametrize("method", FIXED)
def test_order_on_a_smooth_problem(method):
    """Halving dt divides the error by 2**order (within 10 % of the order); the solution is SciPy's."""
    model, wanted = ns.Model.from_toml(SMOOTH), smooth_solution(4.0)
    errors = []
    for dt in (0.1, 0.05, 0.025):
        final = ns.simulate(model, ns.sine(1.0, 200.0), 4, dt=dt, method=method).final_state
        errors.append(np.hypot(final["x"][0] - wanted[0], final["y"][0] - wanted[1]))
    assert orders(errors) == pytest.approx(METHODS[method].order, rel=0.1)


def test_dopri5_keeps_its_tolerance_on_a_smooth_problem():
    """The error follows rtol over eight decades, and is never more than ten times as large; the solution is SciPy's."""
    model, wanted = ns.Model.from_toml(SMOOTH), smooth_solution(4.0)
    for rtol in (1e-4, 1e-6, 1e-8, 1e-10, 1e-12):
        final = ns.simulate(model, ns.sine(1.0, 200.0), 4, method="dopri5", rtol=rtol, atol=rtol).final_state
        error = np.hypot(final["x"][0] - wanted[0], final["y"][0] - wanted[1])
        assert 1e-4 * rtol < error < 10 * rtol


def hodgkin_huxley_over_a_spike(T):
    """V(T) from rest at 10 uA/cm^2, by SciPy's DOP853 at rtol 1e-12: an independent copy of the equations."""

    def f(t, z):
        V, m, h, n = z
        am, bm = 0.1 * (V + 40) / -np.expm1(-(V + 40) / 10), 4 * np.exp(-(V + 65) / 18)
        ah, bh = 0.07 * np.exp(-(V + 65) / 20), 1 / (1 + np.exp(-(V + 35) / 10))
        an, bn = 0.01 * (V + 55) / -np.expm1(-(V + 55) / 10), 0.125 * np.exp(-(V + 65) / 80)
        ionic = 120 * m**3 * h * (V - 50) + 36 * n**4 * (V + 77) + 0.3 * (V + 54.4)
        gates = am * (1 - m) - bm * m, ah * (1 - h) - bh * h, an * (1 - n) - bn * n
        return [10 - ionic, *gates]

    start = ns.simulate("hodgkin-huxley", 10, 0.05, record=["V", "m", "h", "n"])
    z = [start[name][0, 0] for name in "Vmhn"]
    return solve_ivp(f, (0, T), z, method="DOP853", rtol=1e-12, atol=1e-12).y[0, -1]


@pytest.mark.parametrize("method", FIXED)
def test_order_on_hodgkin_huxley_over_a_spike(method):
    order = METHODS[method].order
    steps = {1: (0.0025, 0.00125, 0.000625), 2: (0.01, 0.005, 0.0025), 4: (0.04, 0.02, 0.01)}[order]
    wanted = hodgkin_huxley_over_a_spike(8.0)
    errors = [
        abs(ns.simulate("hodgkin-huxley", 10, 8, dt=dt, method=method).final_state["V"][0] - wanted) for dt in steps
    ]
    assert orders(errors) == pytest.approx(order, rel=0.15)


def test_dopri5_on_hodgkin_huxley_over_a_spike():
    """Against SciPy's DOP853; the spike passed through amplifies errors about a hundredfold."""
    wanted = hodgkin_huxley_over_a_spike(8.0)
    for rtol in (1e-5, 1e-7, 1e-9, 1e-11):
        V = ns.simulate("hodgkin-huxley", 10, 8, method="dopri5", rtol=rtol, atol=rtol / 10).final_state["V"][0]
        assert abs(V - wanted) < 1000 * rtol


def test_exact_is_exact_for_constant_input():
    """Two coupled linear states against the closed form by SciPy's expm; no spike below the rheobase."""
    from scipy.linalg import expm

    final = ns.simulate(ns.Model.from_toml(ADAPTIVE), 1.5, 50, dt=0.5).final_state
    matrix = np.array([[-1 / 10, -10 / 10, (-70 + 10 * 1.5) / 10], [0.02 / 80, -1 / 80, 0.02 * 70 / 80], [0, 0, 0]])
    V, w, _ = expm(matrix * 50) @ [-70, 0, 1]
    assert final["V"][0] == pytest.approx(V, abs=1e-11)
    assert final["w"][0] == pytest.approx(w, abs=1e-13)


def test_exact_is_of_second_order_for_smooth_input():
    """The input is held at the middle of a step: order 2, against the closed form of a filtered sine."""
    omega, tau, T = 2 * math.pi * 0.05, 10.0, 30.0
    gain = 10 / (1 + (omega * tau) ** 2)  # R_m, amplitude 1 nA
    steady = gain * (math.sin(omega * T) - omega * tau * math.cos(omega * T))
    wanted = -70 + steady + gain * omega * tau * math.exp(-T / tau)
    errors = []
    for dt in (1.0, 0.5, 0.25):
        final = ns.simulate("leaky-integrate-and-fire", ns.sine(1.0, 50.0), T, dt=dt).final_state
        errors.append(abs(final["V"][0] - wanted))
    assert orders(errors) == pytest.approx(2, rel=0.1)


def test_order_across_a_step_of_the_current():
    """A step of the current on the grid belongs to the step it begins: rk4 keeps its order."""
    wanted = -70 + 15 * (1 - math.exp(-1)) * math.exp(-0.5)  # up for 10 ms, down for 5 ms, tau_m = 10 ms
    errors = []
    for dt in (1.0, 0.5, 0.25):
        current = ns.step(1.5, start=5, stop=15)
        final = ns.simulate("leaky-integrate-and-fire", current, 20, dt=dt, method="rk4").final_state
        errors.append(abs(final["V"][0] - wanted))
    assert orders(errors) == pytest.approx(4, rel=0.1)


def test_grid_spikes_are_late_by_less_than_a_step():
    """Order 1 across a reset on the grid: each interval is too long by 0 to dt. Closed form of the model file."""
    closed = 2 + 10 * math.log((-70 + 10 * 2.5 + 65) / (-70 + 10 * 2.5 + 50))
    for dt in (0.5, 0.1, 0.02):
        times = ns.simulate("leaky-integrate-and-fire", 2.5, 200, dt=dt, spike_timing="grid").spike_times()
        late = np.diff(times) - closed
        assert (late > -1e-9).all()
        assert (late < dt).all()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("not explicit", {"coupling": ((), (0.5,), (0.0, 0.5), (0.0, 0.0))}),
        ("does not sum", {"nodes": (0.0, 0.5, 0.25, 1.0)}),
        ("order 1", {"weights": (1 / 6, 1 / 3, 1 / 3, 1 / 3)}),
        ("order 2", {"weights": (1 / 3, 1 / 3, 1 / 3, 0.0)}),
        ("order 3", {"weights": (0.0, 1.0, 0.0, 0.0)}),
    ],
)
def test_a_wrong_tableau_is_refused(name, change):
    rk4 = METHODS["rk4"]
    entries = {key: getattr(rk4, key) for key in ("name", "order", "nodes", "summary", "coupling", "weights")}
    with pytest.raises(ValueError, match=name):
        RungeKutta(**entries | change)


def test_methods_that_do_not_fit_are_refused_with_others():
    with pytest.raises(ns.InputError, match=r"exact needs rates that are linear.*V in izhikevich.*use rk4"):
        ns.simulate("izhikevich", 10, 10, method="exact")
    with pytest.raises(ns.InputError, match=r"exponential-euler.*linear.*V in izhikevich.*use rk4 or exponential-mid"):
        ns.simulate("izhikevich", 10, 10, method="exponential-euler")
    with pytest.raises(ns.InputError, match=r"exact-rk4 needs states whose rates are linear.*has none; use rk4"):
        ns.simulate("izhikevich", 10, 10, method="exact-rk4")
    with pytest.raises(ns.InputError, match="unknown method 'rk5'; legal: euler, heun, midpoint, rk4, exponential-eul"):
        ns.simulate("izhikevich", 10, 10, method="rk5")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("not explicit", {"coupling": METHODS["dopri5"].coupling[:-1]}),
        ("order 1", {"difference": (0.1, *METHODS["dopri5"].difference[1:])}),
        ("order 5", {"weights": (5179 / 57600, 0.0, 7571 / 16695, 393 / 640, -92097 / 339200, 187 / 2100, 1 / 40)}),
        ("order 1", {"dense": ((1.0, -1.0, 0.0, 0.0), *METHODS["dopri5"].dense[1:])}),
    ],
)
def test_a_wrong_pair_is_refused(name, change):
    pair = METHODS["dopri5"]
    keys = ("name", "order", "nodes", "summary", "coupling", "weights", "difference", "dense")
    with pytest.raises(ValueError, match=name):
        Adaptive(**{key: getattr(pair, key) for key in keys} | change)


FILTERED = """
name = "filtered"
summary = "A nonlinear membrane behind two linear filters in a row; the first is held while refractory."
reference = "made for tests"
[defaults]
dt = "0.1 ms"
method = "exact-rk4"
[parameters]
tau = ["2 ms", "time constant of the filters"]
t_ref = ["1.3 ms", "refractory time"]
[inputs]
I = ["1", "drive"]
[state]
p = { start = "0.2", rate = "(I - p)/tau" }
q = { start = "0.1", rate = "(p - q)/(3*tau)" }
x = { start = "0", rate = "(4*q - x*(1 + q**2/5))/(5*ms)" }
[spike]
threshold = "x > 0.9"
reset = { x = "0.1", p = "p/2" }
refractory = "t_ref"
hold = ["p"]
"""


def filtered_by_scipy(T):
    """Spikes of FILTERED until T under 1 + sin(2 pi 0.05 t), by DOP853 from event to event, at rtol 1e-12."""

    def f(t, z, held):
        p, q, x = z
        I = 1 + math.sin(2 * math.pi * 0.05 * t)
        return [0 if held else (I - p) / 2, (p - q) / 6, (4 * q - x * (1 + q**2 / 5)) / 5]

    def reaches(t, z, held):
        return z[2] - 0.9

    reaches.terminal, reaches.direction = True, 1
    options = {"method": "DOP853", "rtol": 1e-12, "atol": 1e-13}
    t, z, spikes = 0.0, [0.2, 0.1, 0.0], []
    while t < T:
        run = solve_ivp(f, (t, T), z, events=reaches, args=(False,), **options)
        t, z = run.t[-1], run.y[:, -1]
        if run.status == 1:
            spikes.append(t)
            z = [z[0] / 2, z[1], 0.1]
            rest = solve_ivp(f, (t, min(t + 1.3, T)), z, args=(True,), **options)
            t, z = rest.t[-1], rest.y[:, -1]
    return np.array(spikes), z


@pytest.mark.parametrize("method", [*FIXED, "exact-rk4"])
def test_order_across_resets_and_refractory_times(method):
    """Spike times under a sinusoidal drive, with refractory times that end inside steps: the scheme keeps its order."""
    model = ns.Model.from_toml(FILTERED)
    wanted, _ = filtered_by_scipy(60.0)
    assert wanted.size >= 8
    current = 1 + ns.sine(1.0, 50.0)
    errors = []
    for dt in (0.2, 0.1, 0.05) if METHODS[method].order == 4 else (0.05, 0.025, 0.0125):
        found = ns.simulate(model, current, 60, dt=dt, method=method).spike_times()
        assert found.size == wanted.size
        errors.append(np.abs(found - wanted).max())
    # where in its step a spike falls makes the constant differ from step to step
    assert np.log2(errors[0] / errors[2]) / 2 == pytest.approx(METHODS[method].order, rel=0.25)


def test_dopri5_across_resets_and_refractory_times():
    wanted, state = filtered_by_scipy(60.0)
    for rtol in (1e-6, 1e-8, 1e-10):
        run = ns.simulate(
            ns.Model.from_toml(FILTERED), 1 + ns.sine(1.0, 50.0), 60, method="dopri5", rtol=rtol, atol=rtol
        )
        assert np.abs(run.spike_times() - wanted).max() < 100 * rtol + 2e-8  # the lattice of spike times is 1.5e-9 ms
        assert [run.final_state[name][0] for name in "pqx"] == pytest.approx(state, abs=100 * rtol + 2e-8)


def test_exact_rk4_is_exact_in_the_linear_part():
    """The filters alone, against the closed form of two filters in a row, at a step longer than their time constant."""
    final = ns.simulate(ns.Model.from_toml(FILTERED), -1.0, 12, dt=4).final_state
    wanted = -1 + 1.2 * math.exp(-12 / 2)
    a = (1.2 * 2) / (2 - 6)  # p = -1 + 1.2 e^(-t/2) drives q' = (p - q)/6
    q = -1 + a * math.exp(-12 / 2) + (1.1 - a) * math.exp(-12 / 6)
    assert final["p"][0] == pytest.approx(wanted, abs=1e-14)
    assert final["q"][0] == pytest.approx(q, abs=1e-14)


@pytest.mark.parametrize("method", ["rk4", "heun", "midpoint", "exponential-midpoint"])
def test_order_across_a_blow_up(method):
    """Exponential integrate-and-fire blows up within a step; the interval is SciPy's quad of 1/V'."""
    I, parameters = 1.0, ns.load_model("exponential-integrate-and-fire").parameters
    C, g_L, V_L, V_T, Delta_T, V_r, t_ref, V_peak = (
        parameters[name].value for name in ("C", "g_L", "V_L", "V_T", "Delta_T", "V_r", "tau_ref", "V_peak")
    )

    def slowness(V):
        return C / (I - g_L * (V - V_L) + g_L * Delta_T * math.exp((V - V_T) / Delta_T))

    interval = t_ref + quad(slowness, V_r, V_peak, epsabs=1e-13, epsrel=1e-13, limit=200)[0]
    errors = []
    for dt in (0.05, 0.025, 0.0125):
        times = ns.simulate("exponential-integrate-and-fire", I, 300, dt=dt, method=method).spike_times()
        assert times.size > 5
        errors.append(np.abs(np.diff(times) - interval).max())
    assert orders(errors) == pytest.approx(METHODS[method].order, rel=0.1)
    assert errors[0] < {"rk4": 2e-6, "heun": 3e-4}.get(method, 1e-3)


def adaptive_exponential_by_scipy(I, T):
    """Spikes of adaptive-exponential until T at a constant current: DOP853 in t up to -30 mV, from there on in V."""
    names = ("C", "g_L", "E_L", "V_T", "Delta_T", "a", "tau_w", "b", "V_r", "V_peak", "V_start")
    C, g_L, E_L, V_T, Delta_T, a, tau_w, b, V_r, V_peak, V_start = (
        ns.load_model("adaptive-exponential").parameters[name].value for name in names
    )

    def rates(V, w):
        current = I - g_L * (V - E_L) + g_L * Delta_T * math.exp((V - V_T) / Delta_T) - w
        return current / C, (a * (V - E_L) - w) / tau_w

    def blows_up(t, z):
        return z[0] + 30

    def over_V(V, z):
        dV, dw = rates(V, z[1])
        return [1 / dV, dw / dV]

    blows_up.terminal, options = True, {"method": "DOP853", "rtol": 1e-12, "atol": 1e-12}
    t, z, spikes = 0.0, [V_start, a * (V_start - E_L)], []
    while True:
        run = solve_ivp(lambda t, z: rates(*z), (t, T), z, events=blows_up, **options)
        if run.status == 0:
            return np.array(spikes)
        t, w = solve_ivp(over_V, (-30, V_peak), [run.t[-1], run.y[1, -1]], **options).y[:, -1]
        spikes.append(t)
        z = [V_r, w + b]


@pytest.mark.parametrize("method", ["rk4", "heun"])
def test_order_across_blow_ups_with_adaptation(method):
    """Adaptive exponential neurons leave their blow-up at a rate e^35 times that of the membrane; SciPy's spikes."""
    wanted = adaptive_exponential_by_scipy(900.0, 150.0)
    assert wanted.size >= 5
    errors = []
    for dt in (0.1, 0.05, 0.025) if method == "rk4" else (0.05, 0.025, 0.0125):
        found = ns.simulate("adaptive-exponential", 900.0, 150, dt=dt, method=method).spike_times()
        assert found.size == wanted.size
        errors.append(np.abs(found - wanted).max())
    assert np.log2(errors[0] / errors[2]) / 2 == pytest.approx(METHODS[method].order, rel=0.25)
