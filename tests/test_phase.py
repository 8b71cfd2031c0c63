"""Phase planes against what follows by hand, SciPy's roots and finite differences."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq, fsolve

import neurosim as ns
from neurosim.expression import parse, resolve
from neurosim.flow import Flow
from neurosim.model.derivatives import partials
from neurosim.plot import figure_of

HH, FHN, ML = "hodgkin-huxley", "fitzhugh-nagumo", "morris-lecar-type-i"
A, B, PHI = 0.7, 0.8, 0.08  # of fitzhugh-nagumo


def fitzhugh_nagumo_rest(I):
    """V of the fixed point: V - V³/3 - (V + a)/b + I = 0 has one root for b < 1."""
    return brentq(lambda V: V - V**3 / 3 - (V + A) / B + I, -5, 5, xtol=1e-14)


def hodgkin_huxley(V, m, h, n, I):
    """The equations as FACTS have them, written out again."""
    alpha_m, beta_m = 0.1 * (V + 40) / (1 - np.exp(-(V + 40) / 10)), 4 * np.exp(-(V + 65) / 18)
    alpha_h, beta_h = 0.07 * np.exp(-(V + 65) / 20), 1 / (1 + np.exp(-(V + 35) / 10))
    alpha_n, beta_n = 0.01 * (V + 55) / (1 - np.exp(-(V + 55) / 10)), 0.125 * np.exp(-(V + 65) / 80)
    return [
        I - 120 * m**3 * h * (V - 50) - 36 * n**4 * (V + 77) - 0.3 * (V + 54.4),
        alpha_m * (1 - m) - beta_m * m,
        alpha_h * (1 - h) - beta_h * h,
        alpha_n * (1 - n) - beta_n * n,
    ]


# Derivatives -----------------------------------------------------------------------------------------------------


def autonomous():
    """Models with a flow of their own."""
    for name in ns.list_models():
        model = ns.load_model(name)
        if not model.spike.is_random and model.states and name != "adaptive-threshold":
            yield name


@pytest.mark.parametrize("name", list(autonomous()))
def test_jacobians_are_those_of_central_differences(name):
    model = ns.load_model(name)
    over = next(iter(model.inputs))
    flow = Flow(model, None, dict.fromkeys(list(model.inputs)[1:], 0), "a test", over)
    rng = np.random.default_rng(1)
    states = flow.start[:, None] + rng.uniform(0, 0.1, (len(flow.names), 20)) * (1 + np.abs(flow.start[:, None]))
    at = 0.3
    rates, matrix = flow.jacobian(states, at)
    np.testing.assert_allclose(rates, flow.rates(states, at), rtol=1e-13)
    for k in range(len(flow.names)):
        step = np.zeros_like(states)
        step[k] = 1e-5 * (1 + np.abs(states[k]))
        difference = (flow.rates(states + step, at) - flow.rates(states - step, at)) / (2 * step[k])
        np.testing.assert_allclose(matrix[:, :, k].T, difference, rtol=1e-5, atol=1e-6)
    slope = (flow.rates(states, at + 1e-5) - flow.rates(states, at - 1e-5)) / 2e-5
    np.testing.assert_allclose(matrix[:, :, -1].T, slope, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "text",
    ["exprelr(x)", "gate(x)", "tanh(2*x)", "sinh(x) + cosh(x)", "sqrt(x**2 + 1)", "log(2 + x)", "abs(x - 1)", "x**y",
     "min(x, 0.5*x)", "max(x*x, 1)", "x**3 if x > 0.2 else 3*x", "exp(-x)/(1 + x**2)", "heaviside(x)*x"],
)  # fmt: skip
def test_derivatives_of_every_function(text):
    """By central differences, away from corners."""
    tree = resolve(parse(text), {})
    from neurosim.expression import evaluate

    x = np.array([-0.91, -0.3, -0.04, 0.011, 0.33, 0.77, 1.9]) if "**y" not in text else np.array([0.3, 1.2])
    known = {"x": x, "y": 1.7}
    found = evaluate(partials(tree, {"x"})["x"], known)
    above, below = (evaluate(tree, known | {"x": x + shift}) for shift in (1e-6, -1e-6))
    np.testing.assert_allclose(found, (above - below) / 2e-6, rtol=1e-7, atol=1e-8)


def test_derivative_of_exprelr_near_zero():
    """-1/2 + x/6 - x³/180 + …, the Bernoulli numbers; where closed form and series meet they agree."""
    from neurosim.expression import evaluate

    tree = partials(resolve(parse("exprelr(x)"), {}), {"x"})["x"]
    x = np.array([-1e-3, -1e-6, 0.0, 1e-12, 1e-4])
    np.testing.assert_allclose(evaluate(tree, {"x": x}), -0.5 + x / 6 - x**3 / 180, rtol=1e-13)
    near = evaluate(tree, {"x": np.array([0.03 - 1e-9, 0.03 + 1e-9])})
    assert near[1] - near[0] == pytest.approx(2e-9 / 6, rel=1e-3)


def test_a_case_that_is_not_taken_does_not_spoil_the_derivative():
    from neurosim.expression import evaluate

    tree = partials(resolve(parse("log(x) if x > 0 else 2*x"), {}), {"x"})["x"]
    np.testing.assert_array_equal(evaluate(tree, {"x": np.array([-1.0, 0.0, 4.0])}), [2, 2, 0.25])


# Fixed points ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("I", [0.0, 0.5, 2.0])
def test_fixed_point_of_fitzhugh_nagumo(I):
    """Where the cubic meets the line; trace 1 - V² - φb, determinant φ(1 - b(1 - V²))."""
    plane = ns.phase_plane(FHN, I=I, xlim=(-3, 3), ylim=(-2, 3), trajectories=[])
    (point,) = plane.fixed_points
    V = fitzhugh_nagumo_rest(I)
    assert point.states["V"] == pytest.approx(V, abs=1e-12)
    assert point.states["W"] == pytest.approx((V + A) / B, abs=1e-12)
    trace, determinant = 1 - V**2 - PHI * B, PHI * (1 - B * (1 - V**2))
    assert point.eigenvalues.sum().real == pytest.approx(trace, abs=1e-12)
    assert point.eigenvalues.prod().real == pytest.approx(determinant, abs=1e-12)
    assert point.stable == (trace < 0)
    shape = "focus" if trace**2 < 4 * determinant else "node"
    assert point.kind == f"{'stable' if trace < 0 else 'unstable'} {shape}"
    np.testing.assert_allclose(plane.whole[0].eigenvalues, point.eigenvalues)


def test_fixed_points_of_morris_lecar():
    """Type I below its saddle-node: node, saddle and an unstable one (Rinzel & Ermentrout 1998); roots by SciPy."""
    plane = ns.phase_plane(ML, I=38, trajectories=[], xlim=(-70, 40), ylim=(-0.1, 0.6))
    assert [point.kind for point in plane.fixed_points] == ["stable node", "saddle", "unstable focus"]

    def steady_current(V):
        m, w = (1 + math.tanh((V + 1.2) / 18)) / 2, (1 + math.tanh((V - 12) / 17.4)) / 2
        return 38 - 4 * m * (V - 120) - 8 * w * (V + 84) - 2 * (V + 60)

    grid = np.linspace(-70, 40, 500)
    values = [steady_current(V) for V in grid]
    roots = [
        brentq(steady_current, a, b)
        for a, b, f, g in zip(grid, grid[1:], values, values[1:], strict=False)
        if f * g < 0
    ]
    np.testing.assert_allclose([point.states["V"] for point in plane.fixed_points], roots, atol=1e-9)


def test_fixed_point_of_hodgkin_huxley_in_the_plane_and_as_a_whole():
    """At 8 uA/cm^2: roots by SciPy, eigenvalues of the whole by central differences of the equations written out."""
    plane = ns.phase_plane(HH, "V", "n", I=8, xlim=(-80, 0), ylim=(0.2, 0.8), trajectories=[])
    (point,) = plane.fixed_points
    root = fsolve(lambda x: hodgkin_huxley(*x, 8), [-60, 0.1, 0.4, 0.4], xtol=1e-13)
    np.testing.assert_allclose([point.states[name] for name in "Vmhn"], root, rtol=1e-9)
    steps = 1e-6 * np.eye(4)
    matrix = np.column_stack(
        [(np.array(hodgkin_huxley(*(root + s), 8)) - hodgkin_huxley(*(root - s), 8)) / 2e-6 for s in steps]
    )
    wanted = np.linalg.eigvals(matrix)
    found = plane.whole[0].eigenvalues
    np.testing.assert_allclose(np.sort(found.real), np.sort(wanted.real), rtol=1e-6)
    own = [[matrix[a, b] for b in (0, 3)] for a in (0, 3)]
    there, back, inner = matrix[[1, 2]][:, [0, 3]], matrix[[0, 3]][:, [1, 2]], matrix[[1, 2]][:, [1, 2]]
    reduced = np.linalg.eigvals(own - back @ np.linalg.solve(inner, there))
    np.testing.assert_allclose(np.sort(point.eigenvalues.real), np.sort(reduced.real), rtol=1e-6)


def test_held_states_make_fitzhughs_plane():
    """V and m with h, n held at rest have three fixed points: rest, a saddle, and the excited state (FitzHugh 1960)."""
    plane = ns.phase_plane(HH, "V", "m", others={"h": 0.6, "n": 0.32}, xlim=(-80, 60), ylim=(-0.05, 1.05))
    assert [point.kind for point in plane.fixed_points] == ["stable node", "saddle", "stable node"]
    assert plane.whole == ()
    for point in plane.fixed_points:
        rates = hodgkin_huxley(point.states["V"], point.states["m"], 0.6, 0.32, 0)
        np.testing.assert_allclose(rates[:2], 0, atol=1e-9)
    assert plane.trajectories[0].x[-1] == pytest.approx(plane.fixed_points[0].states["V"], abs=1e-3)


# Curves ----------------------------------------------------------------------------------------------------------


def test_nullclines_are_those_worked_by_hand():
    """W = V - V³/3 + I and W = (V + a)/b."""
    plane = ns.phase_plane(FHN, I=0.5, trajectories=[])
    (cubic,), (line,) = plane.x_nullcline, plane.y_nullcline
    np.testing.assert_allclose(cubic[1], cubic[0] - cubic[0] ** 3 / 3 + 0.5, atol=1e-12)
    np.testing.assert_allclose(line[1], (line[0] + A) / B, atol=1e-12)


def test_nullclines_of_a_reduced_plane():
    """Of Hodgkin–Huxley with m and h at their steady state: n⁴ from the current balance, n = n_inf(V)."""
    plane = ns.phase_plane(HH, "V", "n", I=5, xlim=(-75, 20), ylim=(0.2, 0.9), trajectories=[])
    for V, n in np.concatenate(plane.x_nullcline, axis=1).T[::7]:
        gates = fsolve(lambda x, V=V, n=n: hodgkin_huxley(V, x[0], x[1], n, 5)[1:3], [0.1, 0.5])
        assert hodgkin_huxley(V, *gates, n, 5)[0] == pytest.approx(0, abs=1e-6)
    for V, n in np.concatenate(plane.y_nullcline, axis=1).T[::7]:
        assert hodgkin_huxley(V, 0, 0, n, 0)[3] == pytest.approx(0, abs=1e-9)


def test_field_is_that_of_the_equations():
    plane = ns.phase_plane(FHN, I=0.5, xlim=(-2, 2), ylim=(-1, 2), trajectories=[])
    V, W = np.meshgrid(plane.grid_x, plane.grid_y)
    np.testing.assert_allclose(plane.x_rate, V - V**3 / 3 - W + 0.5, atol=1e-12)
    np.testing.assert_allclose(plane.y_rate, PHI * (V + A - B * W), atol=1e-12)


def test_axes_can_be_exchanged():
    one, other = (ns.phase_plane(FHN, *axes, I=0.5, trajectories=[]) for axes in ("VW", "WV"))
    assert one.fixed_points[0].states == pytest.approx(other.fixed_points[0].states)
    np.testing.assert_allclose(one.x_rate.shape, other.y_rate.shape)


def test_trajectories_are_the_models_own_with_its_resets():
    plane = ns.phase_plane("izhikevich", I=10, trajectories=[(-65, -13), (-60, -10)], duration=100)
    run = ns.simulate("izhikevich", 10, 100, start={"V": [-65, -60], "u": [-13, -10]}, record=["V", "u"])
    for neuron, path in enumerate(plane.trajectories):
        np.testing.assert_array_equal(path.x, run["V"][neuron])
        np.testing.assert_array_equal(path.y, run["u"][neuron])
        np.testing.assert_array_equal(path.spikes, run.spike_times(neuron))
        assert path.spikes.size > 1


def test_limits_find_the_spike():
    """The pushes make it fire: V reaches +1.7 (a spike of SciPy's LSODA goes to 1.8), W 0.9."""
    plane = ns.phase_plane(FHN, trajectories=[])
    assert plane.grid_x[0] < -1.9
    assert plane.grid_x[-1] > 1.7
    assert plane.grid_y[-1] > 0.9


def test_parameters_and_units():
    plane = ns.phase_plane(FHN, I=0.5, parameters={"phi": 0.2}, trajectories=[])
    assert plane.model.parameters["phi"].value == 0.2
    V = fitzhugh_nagumo_rest(0.5)
    assert plane.fixed_points[0].eigenvalues.sum().real == pytest.approx(1 - V**2 - 0.2 * B, abs=1e-12)
    one, other = (ns.phase_plane(HH, "V", "n", I=I, trajectories=[]) for I in (5, "0.005 mA/cm^2"))
    assert one.fixed_points[0].states == pytest.approx(other.fixed_points[0].states)


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        ("renewal", {}, r"phase_plane is for deterministic models; spikes of renewal are drawn by chance"),
        ("leaky-integrate-and-fire", {}, r"a phase plane needs two states; leaky-integrate-and-fire has 1"),
        ("renewal-deterministic", {}, r"needs states with differential equations"),
        (HH, {}, r"has 4 states: say which two, such as x='V', y='n'; legal: V, m, h, n"),
        (HH, {"x": "V", "y": "k"}, r"no state 'k'"),
        (HH, {"x": "V", "y": "V"}, r"the same state"),
        (HH, {"x": "V", "y": "n", "others": {"V": 1}}, r"others: hodgkin-huxley has no other state 'V'"),
        (HH, {"x": "V", "y": "n", "others": {"h": "open"}}, r"others: h"),
        (FHN, {"I": math.nan}, r"the input I must be finite"),
        (FHN, {"I": {"J": 1}}, r"no input 'J' to give"),
        (FHN, {"I": [1, 2]}, r"single number"),
        (FHN, {"parameters": {"c": 1}}, r"no parameter 'c'"),
        (FHN, {"parameters": {"a": [1, 2]}}, r"takes one value of the parameter a, not 2"),
        (FHN, {"xlim": (1, -1)}, r"xlim is finite and rising"),
        (FHN, {"ylim": 3}, r"ylim is a pair of numbers"),
        (FHN, {"trajectories": [1, 2]}, r"starting points"),
        (FHN, {"duration": 0}, r"duration must be positive"),
        ("pinsky-rinzel", {"x": "V_s", "y": "Ca", "I": 1}, r"2 inputs to give; write I="),
    ],
)
def test_what_cannot_be_drawn_is_said(model, given, message):
    with pytest.raises(ns.InputError, match=message):
        ns.phase_plane(model, **given)


def test_rates_that_depend_on_time_are_refused():
    text = ns.load_model(FHN).source.replace("- W + I)/tau", "- W + I)/tau*(1 + 0*t/(1*ms))").split("[[check]]")[0]
    with pytest.raises(ns.InputError, match="depend on states alone; those of fitzhugh-nagumo depend on t"):
        ns.phase_plane(ns.Model.from_toml(text))


# Picture ---------------------------------------------------------------------------------------------------------


def test_picture():
    plane = ns.phase_plane(ML, I=38, trajectories=[(-20, 0.01)])
    ax = plane.plot()
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["dV/dt = 0", "dw/dt = 0", "trajectory", "stable node", "saddle", "unstable focus"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("V (mV)", "w")
    assert ax.get_title(loc="left") == f"{ML}: I = 38 µA/cm²"
    assert ns.plot_phase_plane(plane, ax=figure_of(ax).axes[0]) is ax
    assert "stable node, saddle" in repr(plane)


def test_a_reset_leaves_a_gap_in_the_path():
    ax = ns.phase_plane("izhikevich", I=10).plot()
    path = next(line for line in ax.lines if line.get_label() == "trajectory")
    assert np.isnan(path.get_xdata()).sum() > 1
