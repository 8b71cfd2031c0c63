"""Bifurcation diagrams against what follows by hand, SciPy and the facts of the field."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import neurosim as ns

HH, FHN, LIF = "hodgkin-huxley", "fitzhugh-nagumo", "leaky-integrate-and-fire"
A, B, PHI = 0.7, 0.8, 0.08  # of fitzhugh-nagumo


@pytest.fixture(scope="module")
def squid():
    return ns.bifurcation(HH)


def test_bistability_of_hodgkin_huxley_in_one_picture(squid):
    """Fold of cycles 6.264 uA/cm^2 with 50.6 Hz, Hopf points at 9.779 and near 154.5 (FACTS)."""
    assert squid.of_kind("Hopf") == pytest.approx([9.779, 154.5], abs=0.05)
    assert squid.of_kind("Hopf")[0] == pytest.approx(9.779, abs=5e-4)
    (end,) = [point for point in squid.points if point.kind == "firing ends downward"]
    assert end.value == pytest.approx(6.264, abs=1e-3)
    assert end.frequency == pytest.approx(50.6, abs=1)
    assert squid.of_kind("firing ends upward") == []  # at the upper Hopf point it fades
    between = (squid.value > 6.27) & (squid.value < 9.77)
    assert between.sum() > 0
    assert not squid.up.periodic[between].any()
    assert squid.down.periodic[between].all()
    assert not squid.down.periodic[squid.value < 6.264].any()


def test_bistability_is_said(squid):
    """From the fold of cycles to the Hopf point, and nowhere else: at the upper one the oscillation fades."""
    assert squid.bistable == [(squid.of_kind("firing ends")[0], squid.of_kind("Hopf")[0])]
    assert squid.bistable[0] == pytest.approx((6.264, 9.779), abs=1e-3)
    labels = [text.get_text() for text in squid.plot().get_legend().get_texts()]
    assert "rest and firing both stable" in labels


def test_labels_are_not_under_the_legend(squid):
    ax = squid.plot()
    ax.figure.draw_without_rendering()
    legend = ax.get_legend().get_window_extent()
    assert not any(legend.overlaps(text.get_window_extent()) for text in ax.texts)


def test_bistability_is_what_runs_do():
    """FitzHugh–Nagumo at 0.327, within the narrow range at its lower end: rest stays, and a kick makes it fire on."""
    diagram = ns.bifurcation(FHN, between=(0.2, 0.6), steps=41)
    ((low, high),) = diagram.bistable
    assert low < 0.327 < high == pytest.approx(0.331281, abs=1e-6)
    (point,) = ns.phase_plane(FHN, I=0.327, trajectories=[]).fixed_points
    near, far = ({name: value + kick for name, value in point.states.items()} for kick in (1e-3, 0.6))
    for start, swing in ((near, 0.01), (far, 3.0)):
        late = ns.simulate(FHN, 0.327, 4000, start=start, record="V")["V"][0, -4000:]
        assert (np.ptp(late) > 2.0) == (swing == 3.0)
        assert np.ptp(late) < swing + 1


def test_no_bistability():
    """A leaky membrane rests below its threshold and fires above: the fixed point up there is no rest."""
    diagram = ns.bifurcation(LIF)
    (branch,) = diagram.branches
    np.testing.assert_array_equal(branch.stable, branch.value <= 2)  # nA, (theta - E_L)/R_m
    assert diagram.bistable == []
    assert ns.bifurcation(HH, between=(20, 40), steps=5).bistable == []
    assert ns.bifurcation(HH, between=(0, 12), steps=0).bistable == []


def test_stability_of_hodgkin_huxley_changes_at_the_hopf_points(squid):
    (branch,) = squid.branches
    low, high = squid.of_kind("Hopf")
    inside = (branch.value > low) & (branch.value < high)
    np.testing.assert_array_equal(branch.stable, ~inside)


def test_extents_are_those_of_a_run(squid):
    """Of a simulation from rest at the same input, once settled."""
    k = 20
    run = ns.simulate(HH, squid.value[k], 1000, record="V")["V"][0, 10_000:]
    for extent in (squid.up, squid.down):
        assert extent.low[k] == pytest.approx(run.min(), abs=0.05)
        assert extent.high[k] == pytest.approx(run.max(), abs=0.5)  # samples of a peak, every 0.05 ms


def test_picture(squid):
    ax = squid.plot()
    texts = [text.get_text() for text in ax.texts]
    assert [text.split()[0] for text in texts] == ["firing", "Hopf", "Hopf"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("I (µA/cm²)", "V (mV)")
    assert "Hopf 9.779" in repr(squid)


def test_hopf_points_of_fitzhugh_nagumo():
    """Trace 1 - V² - φb = 0, on the fixed points I = V³/3 - V + (V + a)/b; the frequency is √determinant/2π."""
    diagram = ns.bifurcation(FHN)
    V = np.array([-1, 1]) * math.sqrt(1 - PHI * B)
    assert diagram.of_kind("Hopf") == pytest.approx(V**3 / 3 - V + (V + A) / B, abs=1e-9)
    hopf = [point for point in diagram.points if point.kind == "Hopf"]
    assert [point.states["V"] for point in hopf] == pytest.approx(V, abs=1e-9)
    turn = math.sqrt(PHI * (1 - B * (1 - V[0] ** 2)))
    np.testing.assert_allclose([point.frequency for point in hopf], 1000 * turn / (2 * math.pi), rtol=1e-8)
    (branch,) = diagram.branches
    np.testing.assert_allclose(
        branch.value, branch.states["V"] ** 3 / 3 - branch.states["V"] + (branch.states["V"] + A) / B, atol=1e-9
    )
    # The cubic is odd: turned about the middle of the two Hopf points the diagram is the same.
    down, up = diagram.of_kind("firing ends downward"), diagram.of_kind("firing ends upward")
    middle = sum(diagram.of_kind("Hopf")) / 2
    assert middle - down[0] == pytest.approx(up[0] - middle, abs=2e-5)
    assert down[0] < diagram.of_kind("Hopf")[0]


def test_fold_of_morris_lecar():
    """The maximum of the steady-state current below the saddle-node, by SciPy: 39.963 uA/cm^2."""

    def current(V):
        m, w = (1 + math.tanh((V + 1.2) / 18)) / 2, (1 + math.tanh((V - 12) / 17.4)) / 2
        return 4 * m * (V - 120) + 8 * w * (V + 84) + 2 * (V + 60)

    highest = minimize_scalar(lambda V: -current(V), bounds=(-50, -15), method="bounded", options={"xatol": 1e-10})
    lowest = minimize_scalar(current, bounds=(-20, 5), method="bounded", options={"xatol": 1e-10})
    diagram = ns.bifurcation("morris-lecar-type-i", between=(-20, 60), steps=0)
    assert diagram.of_kind("fold") == pytest.approx([lowest.fun, -highest.fun], abs=1e-7)
    assert diagram.value.size == 0


def test_izhikevich_loses_rest_in_a_hopf_point_before_the_fold():
    """dV/dt = 0.04V² + 5V + 140 - u + I, u = bV: trace 0.08V + 5 - a = 0, fold at 0.08V + 5 - b = 0, by hand."""
    diagram = ns.bifurcation("izhikevich", between=(0, 6), steps=0)
    V = np.array([(0.02 - 5) / 0.08, (0.2 - 5) / 0.08])
    wanted = -(0.04 * V**2 + 5 * V + 140 - 0.2 * V)
    assert [point.kind for point in diagram.points] == ["Hopf", "fold"]
    assert [point.value for point in diagram.points] == pytest.approx(wanted, abs=1e-8)


def test_firing_of_leaky_integrate_and_fire_ends_at_the_rheobase():
    """(theta - E_L)/R_m = 2 nA; slower firing than the time that is watched is not seen."""
    diagram = ns.bifurcation(LIF, steps=31)
    assert [point.kind for point in diagram.points] == ["firing ends downward"]
    assert diagram.points[0].value == pytest.approx(2, abs=1e-5)
    (branch,) = diagram.branches
    np.testing.assert_allclose(branch.states["V"], -70 + 10 * branch.value, atol=1e-9)


def test_over_a_parameter():
    """Over φ at I = 0.5 the trace 1 - V² - φb is 0 at φ = (1 - V²)/b, V fixed."""
    rest = ns.phase_plane(FHN, I=0.5, xlim=(-3, 3), ylim=(-2, 3), trajectories=[]).fixed_points[0].states["V"]
    diagram = ns.bifurcation(FHN, "phi", between=(0.01, 0.8), I=0.5, steps=21)
    assert diagram.of_kind("Hopf") == pytest.approx([(1 - rest**2) / B], abs=1e-9)
    assert diagram.up.periodic[0]
    assert not diagram.up.periodic[-1]
    assert diagram.unit in ("", "1")


def test_no_fixed_point_at_all():
    diagram = ns.bifurcation("perfect-integrator", between=(1, 2), steps=3)
    assert diagram.branches == ()
    assert diagram.up.periodic.all()
    assert diagram.plot() is not None


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        ("renewal", {}, r"bifurcation is for deterministic models"),
        (HH, {"over": "J"}, r"no input or parameter 'J'"),
        (HH, {"over": "g_Na"}, r"say over which range of g_Na, such as between="),
        ("traub-miles", {}, r"say over which range of I.*already at 0"),
        (HH, {"between": (5, 1)}, r"finite and rising"),
        (HH, {"between": 5}, r"between is a pair"),
        (HH, {"between": ("1 mV", 5)}, r"wrong dimension"),
        (HH, {"between": (0, 5), "steps": 1}, r"steps is 0, or from 2 on"),
        (HH, {"between": (0, 5), "discard": 2000}, r"discard must be from 0 to below the duration"),
        (HH, {"between": (0, 5), "I": 3}, r"no other input to give than I"),
    ],
)
def test_what_cannot_be_followed_is_said(model, given, message):
    with pytest.raises(ns.InputError, match=message):
        ns.bifurcation(model, **given)
