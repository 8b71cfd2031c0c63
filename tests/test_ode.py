"""integrate: against closed forms and SciPy, events, several systems, and arguments that cannot be used.

A function handed to `integrate` takes seconds to compile: those below have a parameter that says which equations are
meant, and `ns.integrate` is called through a fixture that keeps what was compiled.
"""

import math

import numpy as np
import pytest
from numba import njit
from scipy.integrate import solve_ivp

import neurosim as ns

FIXED = {"euler": 1, "heun": 2, "midpoint": 2, "rk4": 4}
METHODS = [*FIXED, "dopri5"]
OSCILLATOR, VAN_DER_POL, FORCED, SQUARE, LOG_FIRST, LOG_SECOND, POLE = range(7)
INTEGRATOR, BALL, CIRCLE, CLIMB = range(4)


def smooth(t, y, p):
    """Two equations: which, and their constant."""
    if p[0] == OSCILLATOR:
        return p[1] * y[1], -p[1] * y[0]
    if p[0] == VAN_DER_POL:
        return y[1], p[1] * (1 - y[0] ** 2) * y[1] - y[0]
    if p[0] == FORCED:
        return -p[1] * (y[0] - np.cos(t)), -2 * t * y[1]
    if p[0] == SQUARE:
        return y[0] ** 2, 1.0
    if p[0] == LOG_FIRST:
        return 1.0 if t < 10 else -p[1] * np.log(y[0]), -0.001 * y[1]
    if p[0] == LOG_SECOND:
        return -0.001 * y[0], 1.0 if t < 10 else -p[1] * np.log(y[1])
    return 1 / (1 - t), 1.0


def run(kind, constant, y0, t, **options):
    return ns.integrate(smooth, y0, t, parameters=[kind, constant], **options)


def forced(t, start, rate):
    """Closed form of FORCED with y0 = (start, 1)."""
    particular = (rate**2 * np.cos(t) + rate * np.sin(t)) / (1 + rate**2)
    return np.array([particular + (start - rate**2 / (1 + rate**2)) * np.exp(-rate * t), np.exp(-(t**2))])


def by_scipy(kind, constant, y0, t):
    parameters = np.array([kind, constant], dtype=float)
    end = solve_ivp(
        *(lambda t, y: smooth(t, y, parameters), (t[0], t[-1]), y0), "DOP853", t_eval=t, rtol=1e-12, atol=1e-13
    )
    return end.y


# Accuracy ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_closed_forms_and_scipy(method):
    """Every method on three systems; the bound is what its order leaves at this step."""
    t = np.linspace(0, 3, 31)
    fine = {} if method == "dopri5" else {"dt": 1e-3}
    bound = {1: 2e-2, 2: 2e-5, 4: 1e-10}[FIXED[method]] if method in FIXED else 1e-5
    for kind, constant, y0, wanted in (
        (OSCILLATOR, 2.0, [1.0, 0.0], [np.cos(2 * t), -np.sin(2 * t)]),
        (FORCED, 3.0, [2.0, 1.0], forced(t, 2.0, 3.0)),
        (VAN_DER_POL, 1.5, [1.0, 0.5], by_scipy(VAN_DER_POL, 1.5, [1.0, 0.5], t)),
    ):
        solution = run(kind, constant, y0, t, method=method, **fine)
        assert solution.y.shape == (2, 31)
        assert np.abs(solution.y - wanted).max() < bound
        assert (solution.event_time.size, solution.event_number.size, solution.event_system.size) == (0, 0, 0)


@pytest.mark.parametrize("method", FIXED)
def test_measured_order(method):
    """The error at the end falls with the step as the order says, on an oscillator that is not linear and on time."""
    cases = (
        (VAN_DER_POL, 1.0, [1.0, 0.5], by_scipy(VAN_DER_POL, 1.0, [1.0, 0.5], [0.0, 2.0])[:, -1]),
        (FORCED, 1.0, [2.0, 1.0], forced(2.0, 2.0, 1.0)),
    )
    for kind, constant, y0, wanted in cases:
        errors = [
            np.abs(run(kind, constant, y0, [0, 2], method=method, dt=2 / steps).y[:, -1] - wanted).max()
            for steps in (80, 160, 320)
        ]
        assert np.log2(errors[0] / errors[1]) == pytest.approx(FIXED[method], abs=0.15)
        assert np.log2(errors[1] / errors[2]) == pytest.approx(FIXED[method], abs=0.1)


def test_dopri5_keeps_its_tolerances():
    """The error is proportional to rtol from 1e-3 to 1e-11; steps grow in number as rtol**(-1/5)."""
    wanted = by_scipy(VAN_DER_POL, 1.0, [2.0, 0.0], [0.0, 10.0])[:, -1]
    tolerances = 10.0 ** -np.arange(3, 12)
    runs = [run(VAN_DER_POL, 1.0, [2.0, 0.0], [0, 10], rtol=rtol, atol=rtol) for rtol in tolerances]
    errors = [np.abs(solution.y[:, -1] - wanted).max() for solution in runs]
    assert np.polyfit(np.log(tolerances), np.log(errors), 1)[0] == pytest.approx(1, abs=0.15)
    assert all(0.03 * rtol < error < 30 * rtol for rtol, error in zip(tolerances, errors, strict=True))
    steps = [solution.steps for solution in runs]
    assert np.polyfit(np.log(tolerances[2:]), np.log(steps[2:]), 1)[0] == pytest.approx(-0.2, abs=0.02)


def test_dense_output():
    """Between steps the error is that of the steps; asking for more times changes no bit of the others."""
    few, many = np.array([0.0, 20.0]), np.linspace(0, 20, 4001)
    errors = []
    for rtol in (1e-4, 1e-6, 1e-8, 1e-10):
        ends, dense = (run(OSCILLATOR, 1.0, [1.0, 0.0], t, rtol=rtol, atol=rtol) for t in (few, many))
        assert dense.steps == ends.steps < 1000
        assert dense.y[:, -1].tobytes() == ends.y[:, -1].tobytes()
        errors.append(np.abs(dense.y - [np.cos(many), -np.sin(many)]).max())
        assert errors[-1] < 3 * max(np.abs(ends.y[:, -1] - [math.cos(20), -math.sin(20)]).max(), 10 * rtol)
    assert np.diff(np.log10(errors)) == pytest.approx(-2, abs=0.3)


@pytest.mark.parametrize("method", METHODS)
def test_results_at_the_first_and_last_time(method):
    """What was given at t[0], to the bit; t as it was given, whatever its scale and offset; y by its closed form."""
    for t in ([0.0, 1.0], [-3.0, -2.7, 0.1], [1e6, 1e6 + 1], [1e-12, 3e-12], [1, 2, 5]):
        y0 = np.array([0.1, 1 / 3])
        span = t[-1] - t[0]
        solution = run(OSCILLATOR, 1 / span, y0, t, method=method, **({} if method == "dopri5" else {"dt": span / 300}))
        assert solution.t.tolist() == list(map(float, t))
        assert solution.y[:, 0].tolist() == y0.tolist()
        turn = (solution.t - t[0]) / span
        wanted = y0[0] * np.cos(turn) + y0[1] * np.sin(turn), y0[1] * np.cos(turn) - y0[0] * np.sin(turn)
        assert np.abs(solution.y - wanted).max() < {1: 3e-3, 2: 3e-6}.get(FIXED.get(method, 4), 1e-6)
        assert y0.tolist() == [0.1, 1 / 3], "y0 is not changed"


def test_steps_of_fixed_methods():
    """One for each interval of t without dt; with it, as many equal ones as are needed."""
    t = [0.0, 1.0, 1.5, 4.0]
    assert run(OSCILLATOR, 1.0, [1.0, 0.0], t, method="rk4").steps == 3
    assert run(OSCILLATOR, 1.0, [1.0, 0.0], t, method="rk4", dt=0.5).steps == 2 + 1 + 5
    assert run(OSCILLATOR, 1.0, [1.0, 0.0], t, method="rk4", dt=0.4).steps == 3 + 2 + 7
    one = run(OSCILLATOR, 1.0, [1.0, 0.0], [0, 0.25], method="heun")
    assert one.y[:, 1].tolist() == [1 - 0.25**2 / 2, -0.25]  # two stages by hand


def test_stiff():
    """dopri5 stays accurate where a rate of 10,000 forces small steps, and through the jumps of a relaxation."""
    t = np.linspace(0, 1, 11)
    solution = run(FORCED, 1e4, [2.0, 1.0], t, rtol=1e-6)
    assert np.abs(solution.y - forced(t, 2.0, 1e4)).max() < 1e-5
    assert solution.steps > 1e4 / 4  # its stability ends at about 3.3/rate
    t = [0.0, 50.0, 150.0]
    end = run(VAN_DER_POL, 100.0, [2.0, 0.0], t, rtol=1e-8).y
    parameters = np.array([VAN_DER_POL, 100.0])
    wanted = solve_ivp(
        *(lambda t, y: smooth(t, y, parameters), (0, 150), [2.0, 0.0], "Radau"), t_eval=t, rtol=1e-9, atol=1e-11
    )
    assert end == pytest.approx(wanted.y, rel=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_past_the_pole(method):
    """y' = y**2 from 1 ends at t = 1: no method returns numbers for what comes after."""
    options = {} if method == "dopri5" else {"dt": 1e-3}
    assert run(SQUARE, 0.0, [1.0, 0.0], [0, 0.5], method=method, **options).y[0, -1] == pytest.approx(2, rel=3e-3)
    with pytest.raises(ns.SimulationError, match=rf"after t = 1(\.0\d*)? by {method}") as caught:
        run(SQUARE, 0.0, [1.0, 0.0], [0, 1.5], method=method, **options)
    expected = "no step is small enough" if method == "dopri5" else "the solution is no longer finite"
    assert str(caught.value).startswith(expected)
    with pytest.raises(ns.SimulationError, match=r"of system 1 after t = 0\.5"):
        ns.integrate(smooth, [[0.1, 0], [2, 0]], [0, 1.5], parameters=[[SQUARE, 0]] * 2, method=method, **options)


def test_a_step_that_leaves_where_rates_are_numbers_is_refused():
    """y' = -100 log y with y far from 1: long steps would make y negative and the rate NaN."""
    solution = run(LOG_SECOND, 100.0, [1.0, 1.0], [0, 20])
    assert solution.y[:, -1] == pytest.approx([math.exp(-0.02), 1], abs=1e-5)


def test_nan_in_any_component_refuses_the_step():
    solution = run(LOG_FIRST, 100.0, [1.0, 1.0], [0, 20])
    assert solution.y[:, -1] == pytest.approx([1, math.exp(-0.02)], abs=1e-5)


def test_division_by_zero_is_a_simulation_error():
    with pytest.raises(ns.SimulationError):
        run(POLE, 0.0, [0.0, 0.0], [0, 1, 2], method="rk4")


# Several systems, forms of functions ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_a_system_alone_has_the_same_bits(method):
    """Parameters and starts differ from system to system; the result of each does not depend on the others."""
    parameters = np.array([[OSCILLATOR, 1.0], [VAN_DER_POL, 5.0], [FORCED, 50.0], [OSCILLATOR, 7.0], [OSCILLATOR, 0.0]])
    starts, t = np.array([[1.0, 0], [2, 0], [0, 1], [0.3, -1], [0, 0]]), np.linspace(0, 4, 9)
    options = {} if method == "dopri5" else {"dt": 0.01}
    together = ns.integrate(smooth, starts, t, parameters=parameters, method=method, **options)
    assert together.y.shape == (5, 2, 9)
    alone = [
        ns.integrate(smooth, start, t, parameters=p, method=method, **options)
        for start, p in zip(starts, parameters, strict=True)
    ]
    for system, solution in enumerate(alone):
        assert solution.y.tobytes() == together.y[system].tobytes()
    assert together.steps == sum(solution.steps for solution in alone)
    order = [3, 1, 4]
    mixed = ns.integrate(smooth, starts[order], t, parameters=parameters[order], method=method, **options)
    assert mixed.y.tobytes() == together.y[order].tobytes()


def test_parameters_of_all_systems():
    """(k,) is for all systems; lists, integers and arrays that are not contiguous are read."""
    starts = np.array([[1.0, 0], [0, 1], [1, 1]])
    wanted = ns.integrate(smooth, starts, [0, 1], parameters=[[0.0, 2.0]] * 3).y
    assert ns.integrate(smooth, starts, [0, 1], parameters=[0, 2]).y.tobytes() == wanted.tobytes()
    other = np.asfortranarray(np.repeat(starts, 2, axis=1))[:, ::2]
    table = np.array([[0.0, 9, 2, 9]] * 3)[:, ::2]
    assert ns.integrate(smooth, other, (0, 1), parameters=table).y.tobytes() == wanted.tobytes()
    one = ns.integrate(smooth, [[1, 0]], np.array([0, 1]), parameters=[0, 2])
    assert one.y.shape == (1, 2, 2)
    assert one.y[0].tobytes() == wanted[0].tobytes()


def turning_array(t, y):
    return np.array([y[1], -y[0]])


@njit
def turning_jitted(t, y):
    return y[1], -y[0]


@pytest.mark.parametrize("f", [turning_array, turning_jitted])
def test_arrays_and_jitted_functions(f):
    """The same bits as a Python function that returns a tuple and takes parameters."""
    t = np.linspace(0, 5, 7)
    found = ns.integrate(f, [1.0, 0.0], t).y
    assert found == pytest.approx(run(OSCILLATOR, 1.0, [1.0, 0.0], t).y, abs=1e-15)
    assert np.abs(found - [np.cos(t), -np.sin(t)]).max() < 1e-5


# Events -----------------------------------------------------------------------------------------------------------


def machine(t, y, p):
    """Equations with events: which, and up to three constants."""
    if p[0] == INTEGRATOR:  # towards p[1] with time constant p[2]
        return (p[1] - y[0]) / p[2], 0.0
    if p[0] == BALL:
        return y[1], -9.81
    if p[0] == CIRCLE:
        return p[1] * y[1], -p[1] * y[0]
    return 1.0, 0.0


def floor_or_threshold(t, y, p):
    if p[0] == INTEGRATOR:
        return y[0] - 1.0
    return -y[0] if p[0] == BALL else -1.0


def after_event(t, y, p):
    """The integrator goes to p[3] and counts; the ball bounces with a share p[1] of its speed."""
    return (p[3], y[1] + 1.0) if p[0] == INTEGRATOR else (0.0, -p[1] * y[1])


def rises_through_high(t, y, p):
    return y[0] - 0.9 if p[0] >= CIRCLE else -1.0


def rises_through_middle(t, y, p):
    return y[0] - 0.5 if p[0] >= CIRCLE else -1.0


EVENTS = [(floor_or_threshold, after_event), rises_through_high, rises_through_middle]


def play(parameters, y0, t, **options):
    return ns.integrate(machine, y0, t, parameters=parameters, events=EVENTS, **options)


def bounces(share, number):
    """Times at which a ball dropped from 1 at t = 0 meets the floor."""
    fall = math.sqrt(2 / 9.81)
    return fall + 2 * fall * np.concatenate([[0], np.cumsum(share ** np.arange(1, number))])


def test_events_are_where_they_are():
    """sin t rises through 0.5 and 0.9 once in each turn, at closed-form times; falling through is no event."""
    turns = 2 * np.pi * np.arange(3)
    for rtol, bound in ((1e-6, 2e-5), (1e-10, 2e-9)):
        solution = play([CIRCLE, 1, 0, 0], [0.0, 1.0], [0, 18], rtol=rtol, atol=rtol / 1000)
        assert solution.event_number.tolist() == [2, 1] * 3
        assert solution.event_time[0::2] == pytest.approx(np.pi / 6 + turns, abs=bound)
        assert solution.event_time[1::2] == pytest.approx(np.arcsin(0.9) + turns, abs=bound)
        assert solution.event_system.tolist() == [0] * 6


@pytest.mark.parametrize("method", FIXED)
def test_order_of_event_times(method):
    """The error of the first event falls as the order of the method; Hermite's cubic leaves that of rk4 at 4."""
    errors = []
    for steps in (70, 140, 280):
        times = play([CIRCLE, 1, 0, 0], [0.0, 1.0], [0, 2], method=method, dt=2 / steps).event_time
        errors.append(abs(times[0] - np.pi / 6))
    measured = np.log2(errors[0] / errors[2]) / 2
    assert measured == pytest.approx(FIXED[method], abs=0.35)


def test_times_of_events_are_exact_to_rounding():
    """A straight line crosses where it does, in steps of any length; results that coincide with it are right."""
    for method in METHODS:
        solution = play([CLIMB, 0, 0, 0], [0.0, 0.0], [0, 0.7, 3], method=method)
        assert sorted(solution.event_time) == pytest.approx([0.5, 0.9], abs=1e-15)
        assert solution.y[0] == pytest.approx([0, 0.7, 3], abs=1e-14)


def test_events_are_in_the_order_of_time():
    solution = play([CLIMB, 0, 0, 0], [0.0, 0.0], [0, 1], method="rk4")
    assert solution.event_time == pytest.approx([0.5, 0.9], abs=1e-15)
    assert solution.event_number.tolist() == [2, 1]


@pytest.mark.parametrize(("method", "bound"), [("dopri5", 1e-6), ("rk4", 1e-9), ("heun", 1e-3), ("euler", 2e-1)])
def test_leaky_integrate_and_fire(method, bound):
    """Every spike of neurons with different inputs, against tau ln((I - v_r)/(I - 1)); sub-threshold ones none."""
    drive, reset = np.array([1.02, 1.5, 4.0, 0.99, -3.0]), np.array([0, -0.5, 0.3, 0, 0])
    tau = np.array([10.0, 8, 20, 10, 10])
    parameters = np.column_stack([np.full(5, INTEGRATOR), drive, tau, reset])
    options = {"rtol": 1e-9} if method == "dopri5" else {"dt": 0.05}
    t = np.array([0.0, 33.3, 150.0])
    solution = play(parameters, np.zeros((5, 2)), t, method=method, **options)
    for system in range(5):
        times = solution.event_time[solution.event_system == system]
        if drive[system] < 1:
            assert times.size == 0
            assert solution.y[system, 0] == pytest.approx(drive[system] * (1 - np.exp(-t / 10)), abs=bound)
            continue
        first = tau[system] * np.log(drive[system] / (drive[system] - 1))
        interval = tau[system] * np.log((drive[system] - reset[system]) / (drive[system] - 1))
        wanted = np.arange(first, 150, interval)
        assert times == pytest.approx(wanted, abs=bound * 150)
        assert solution.y[system, 1].tolist() == [(wanted <= at).sum() for at in t]
        last = np.array([np.max(wanted, where=wanted <= at, initial=0) for at in t])
        begin = np.where(last > 0, reset[system], 0)
        course = drive[system] + (begin - drive[system]) * np.exp(-(t - last) / tau[system])
        assert solution.y[system, 0] == pytest.approx(course, abs=30 * bound)
    assert (np.diff(solution.event_system) >= 0).all()


def test_events_of_a_system_alone_have_the_same_bits():
    parameters = np.array([[INTEGRATOR, 1.5, 8, 0], [BALL, 0.8, 0, 0], [CIRCLE, 3, 0, 0], [INTEGRATOR, 9, 1, 0.5]])
    starts = np.array([[0.0, 0], [1, 0], [0, 1], [0, 0]])
    together = play(parameters, starts, [0, 1, 2])
    for system in range(4):
        alone = play(parameters[system], starts[system], [0, 1, 2])
        mine = together.event_system == system
        assert alone.event_time.tobytes() == together.event_time[mine].tobytes()
        assert alone.event_number.tolist() == together.event_number[mine].tolist()
        assert alone.y.tobytes() == together.y[system].tobytes()


@pytest.mark.parametrize("method", ["dopri5", "rk4", "midpoint"])
def test_bouncing_ball(method):
    """Schemes of order 2 and up follow a parabola exactly: the bounces are those of the geometric series."""
    wanted = bounces(0.8, 6)
    t = np.linspace(0, 3, 61)
    solution = play([BALL, 0.8, 0, 0], [1.0, 0.0], t, method=method)
    assert solution.event_time == pytest.approx(wanted, abs=1e-11)
    assert solution.y[0].min() > -1e-11
    number = np.searchsorted(wanted, t)
    since = t - np.where(number > 0, wanted[number - 1], 0)
    thrown = np.sqrt(2 * 9.81) * 0.8**number * since
    course = np.where(number > 0, thrown, 1) - 9.81 * since**2 / 2
    assert solution.y[0] == pytest.approx(course, abs=1e-10)


def test_bounces_without_end_do_not_hang():
    """Half the speed at each bounce: all of them within 1.36 s; what follows is not a question with an answer."""
    for method in METHODS:
        options = {} if method == "dopri5" else {"dt": 0.01}
        times = play([BALL, 0.5, 0, 0], [1.0, 0.0], [0, 2], method=method, **options).event_time
        assert times[0] == pytest.approx(bounces(0.5, 1)[0], abs=0.02)
        assert (np.diff(times) >= 0).all()


def test_no_bounce_is_missed_however_long_the_run():
    solution = play([BALL, 0.8, 0, 0], [1.0, 0.0], [0, 4])
    assert solution.event_time[:6] == pytest.approx(bounces(0.8, 6), abs=1e-9)


def test_resets_that_let_no_time_pass_are_an_error():
    with pytest.raises(ns.SimulationError):
        play([INTEGRATOR, 1e3, 1e-3, 1 - 1e-15], [0.0, 0.0], [0, 100])


def test_steps_that_let_no_time_pass_are_an_error():
    with pytest.raises((ns.InputError, ns.SimulationError)):
        run(OSCILLATOR, 1.0, [1.0, 0.0], [1, 2], method="rk4", dt=1e-17)


# Arguments that cannot be used ------------------------------------------------------------------------------------


def fine(t, y):
    return (-y[0],)


def fails(t, y):
    return (y[7],)


def returns_two(t, y):
    return y[0], 1.0


def python_only(t, y):
    return (float(len(y.dumps())),)


def late(t, y):
    return float(len(y.dumps()))


def no_bytecode(t, y):
    return (float(f"{t:.3f}"),)


def event(t, y):
    return y[0]


T = "t is at least two increasing times, the first of them the start"
Y0 = r"y0 is \(n,\) or \(systems, n\), not of shape "
EVENT = r"events are functions g\(t, y\), pairs \(g, reset\), or a list of these"
TOLERANCES = "rtol is from 1e-13 to below 1, atol positive; they are "
DT = "dt is a positive number, not "
BAD = [
    *(({"t": t}, T) for t in (0.0, [1.0], [], [0, 0], [1, 0], [0, np.nan], [0, np.inf], [[0, 1]])),
    *(({"y0": y0}, Y0) for y0 in (1.0, [], [[]], [[[1.0]]])),
    ({"y0": [np.nan]}, "y0 has finite numbers, not nan"),
    ({"y0": [1.0, np.inf]}, "y0 has finite numbers, not inf"),
    *(({"rtol": rtol}, TOLERANCES) for rtol in (0, 1, -1e-6, 1e-14, np.nan, np.inf)),
    *(({"atol": atol}, TOLERANCES) for atol in (0, -1, np.nan, np.inf)),
    *(({"dt": dt, "method": "rk4"}, DT) for dt in (0, -0.1, np.nan, np.inf)),
    ({"dt": -0.1}, DT + "-0.1"),
    ({"dt": [1, 2]}, DT + r"\[1, 2\]"),
    *(({"method": "rk4", key: 1e-6}, "rtol and atol are for dopri5; rk4 has a fixed step") for key in ("rtol", "atol")),
    (
        {"parameters": [1.0, 2.0], "y0": [[1.0], [2.0]]},
        r"shape \(2,\) with 2 systems: the same 2 .* Give \(systems, k\)",
    ),
    ({"events": lambda t, y: y[0] > 1}, r"events\[0\] returns a truth value; it must be a number that rises through 0"),
    ({"events": [event, lambda t, y: np.log(y[0] - 2)]}, r"events\[1\] returns NaN at the start, t = 0"),
    ({"f": lambda t, y: (np.sqrt(-y[0]),)}, "f returns NaN at the start, t = 0"),
    ({"method": "lsoda"}, "unknown method 'lsoda'; legal: euler, heun"),
    ({"method": None}, "unknown method None"),
    *(
        ({"method": method}, rf"{method} needs the equations of a model, .* takes euler, heun, midpoint, rk4, dopri5$")
        for method in ("exact", "exact-rk4", "exponential-euler", "exponential-midpoint")
    ),
    ({"parameters": [[1.0], [2.0]]}, r"parameters are \(k,\) or \(systems, k\) with 1 systems, not of shape \(2, 1\)"),
    ({"parameters": np.zeros((1, 1, 1))}, r"parameters are .* not of shape \(1, 1, 1\)"),
    ({"parameters": [[1.0], [2.0]], "y0": [[1.0]] * 3}, r"with 3 systems, not of shape \(2, 1\)"),
    *(({"events": wrong}, EVENT) for wrong in (1, {}, [1], "ab", [None], [(event,)], [(event, event, event)])),
    *(({"events": wrong}, EVENT) for wrong in ([(event, 1)], [(1, event)], (event, 1), [[event, event]])),
    ({"f": None}, r"f is a function f\(t, y\), not None"),
    ({"f": "y"}, r"f is a function f\(t, y\), not 'y'"),
    ({"f": fails}, r"f\(t, y\) fails at the start: IndexError: "),
    ({"f": machine}, r"f\(t, y\) fails at the start: TypeError: .*'p'"),
    ({"parameters": [1.0]}, r"f\(t, y, p\) fails at the start: TypeError: "),
    ({"f": returns_two}, r"f returns shape \(2,\), but y has shape \(1,\)"),
    ({"f": lambda t, y: -y[0]}, r"f returns shape \(\), but y has shape \(1,\)"),
    ({"f": python_only}, r"Numba cannot compile f: .*Unknown attribute 'dumps'.*, test_ode.py, line \d+$"),
    ({"events": [event, late]}, r"Numba cannot compile events\[1\]: .*'dumps'.*, test_ode.py, line \d+$"),
    ({"events": (event, python_only)}, r"Numba cannot compile the reset of events\[0\]: .*'dumps'.*, line \d+$"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_arguments_are_named(change, message):
    with pytest.raises(ns.InputError, match=message) as caught:
        ns.integrate(**{"f": fine, "y0": [1.0], "t": [0.0, 1.0], **change})
    assert len(str(caught.value)) < 400
    assert str(caught.value).isprintable()


UNREADABLE = [
    {"t": "ab"},
    {"t": None},
    {"y0": None},
    {"y0": "ab"},
    {"y0": [[1], [1, 2]]},
    {"y0": [1j]},
    {"y0": np.array([1j])},
    {"rtol": "1e-6"},
    {"atol": [1e-9, 1e-9]},
    {"dt": "0.1", "method": "rk4"},
    {"parameters": {"a": 1}},
    {"parameters": "a"},
    {"f": no_bytecode},
    {"f": lambda t, y: (y.nothing,)},
    {"f": lambda t, y: (math.exp(1e4),)},
    {"f": lambda t, y: ({}[1],)},
    {"f": type("Rates", (), {"__call__": lambda self, t, y: (-y[0],)})()},
]


@pytest.mark.parametrize("change", UNREADABLE, ids=lambda change: "-".join(change))
def test_what_cannot_be_read_is_an_input_error(change):
    with pytest.raises(ns.InputError):
        ns.integrate(**{"f": fine, "y0": [1.0], "t": [0.0, 1.0], **change})


def test_no_events():
    for none in (None, (), []):
        assert ns.integrate(fine, [1.0], [0.0, 1.0], events=none).event_time.size == 0


def test_a_tuple_of_floats_and_integers():
    """As in ``return y[1], 0``."""
    assert ns.integrate(lambda t, y: (y[1], 0), [0.0, 2.0], [0, 1]).y[:, 1] == pytest.approx([2, 2])


def test_a_reset_of_too_few_numbers_is_an_error():
    pair = (lambda t, y: y[0] - 0.5, lambda t, y: np.zeros(1))
    with pytest.raises((ns.InputError, ns.SimulationError)):
        ns.integrate(turning_array, [0.0, 1.0], [0, 1], events=pair)


def pulse(t, y):
    return (1.0 if 50 <= t < 50.5 else 0.0,)


def test_a_longest_step_finds_what_is_short():
    """Half a unit in a hundred: dopri5 steps over it unless told not to."""
    assert ns.integrate(pulse, [0.0], [0, 100]).y[0, -1] == 0
    assert ns.integrate(pulse, [0.0], [0, 100], dt=0.1).y[0, -1] == pytest.approx(0.5, abs=1e-5)
