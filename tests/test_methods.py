"""Schemes check themselves, and their measured order is the one they claim."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import neurosim as ns
from models import ADAPTIVE
from neurosim.methods import METHODS, RungeKutta

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


@pytest.mark.parametrize(("method", "order"), [("euler", 1), ("exponential-euler", 1), ("rk4", 4)])
def test_order_on_a_smooth_problem(method, order):
    """Halving dt divides the error by 2**order (within 10 % of the order); the solution is SciPy's."""
    model, wanted = ns.Model.from_toml(SMOOTH), smooth_solution(4.0)
    errors = []
    for dt in (0.1, 0.05, 0.025):
        final = ns.simulate(model, ns.sine(1.0, 200.0), 4, dt=dt, method=method).final_state
        errors.append(np.hypot(final["x"][0] - wanted[0], final["y"][0] - wanted[1]))
    assert orders(errors) == pytest.approx(order, rel=0.1)
    assert METHODS[method].order == order


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


@pytest.mark.parametrize(
    ("method", "order", "steps"),
    [("euler", 1, (0.0025, 0.00125, 0.000625)), ("exponential-euler", 1, (0.0025, 0.00125, 0.000625)),
     ("rk4", 4, (0.04, 0.02, 0.01))],
)  # fmt: skip
def test_order_on_hodgkin_huxley_over_a_spike(method, order, steps):
    wanted = hodgkin_huxley_over_a_spike(8.0)
    errors = [
        abs(ns.simulate("hodgkin-huxley", 10, 8, dt=dt, method=method).final_state["V"][0] - wanted) for dt in steps
    ]
    assert orders(errors) == pytest.approx(order, rel=0.15)


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
        times = ns.simulate("leaky-integrate-and-fire", 2.5, 200, dt=dt).spike_times()
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
    with pytest.raises(ns.InputError, match=r"exponential-euler.*linear.*V in izhikevich.*use rk4 or euler"):
        ns.simulate("izhikevich", 10, 10, method="exponential-euler")
    with pytest.raises(ns.InputError, match="unknown method 'rk5'; legal: euler, rk4, exponential-euler, exact"):
        ns.simulate("izhikevich", 10, 10, method="rk5")
