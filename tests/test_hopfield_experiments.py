"""Experiments on memories and the theory under them, against the literature and a slow solution of the equations."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

import neurosim as ns
from neurosim.artificial.memory_fits import extrapolated, half_point
from neurosim.artificial.memory_theory import ground_state_load, spin_glass_temperature

# Theory ----------------------------------------------------------------------------------------------------------


def average(function):
    """∫Dz f(z)."""
    value, _ = quad(lambda z: function(z) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi), -9, 9, limit=400)
    return value


@pytest.mark.parametrize(("alpha", "T"), [(0.02, 0.3), (0.05, 0.5), (0.1, 0.1), (0.001, 0.9), (0.2, 0.5)])
def test_solutions_satisfy_the_equations(alpha, T):
    """Amit, Gutfreund & Sompolinsky 1987, with SciPy's quadrature."""
    m, q, r = ns.amit_gutfreund_sompolinsky(alpha, T)
    sigma, beta = math.sqrt(alpha * r), 1 / T
    assert m == pytest.approx(average(lambda z: math.tanh(beta * (m + sigma * z))), abs=1e-8)
    assert q == pytest.approx(average(lambda z: math.tanh(beta * (m + sigma * z)) ** 2), abs=1e-8)
    assert r == pytest.approx(q / (1 - beta * (1 - q)) ** 2, rel=1e-7)
    assert (m > 0) == (alpha < 0.2)


def test_what_is_known_of_temperature_zero():
    """α_c = 0.138 with m = 0.967, m = 0.998 at α = 0.1, retrieval lowest below 0.051 (Amit et al. 1985, 1987)."""
    limit = ns.critical_load()
    assert limit == pytest.approx(0.1379, abs=5e-5)
    assert ns.amit_gutfreund_sompolinsky(limit * (1 - 1e-9)).m == pytest.approx(0.967, abs=1e-3)
    assert ns.amit_gutfreund_sompolinsky(0.1).m == pytest.approx(0.998, abs=5e-4)
    assert ns.amit_gutfreund_sompolinsky(0.14).m == 0
    assert ground_state_load() == pytest.approx(0.051, abs=0.001)
    for alpha in (0.03, 0.1, 0.13):
        m, _, r = ns.amit_gutfreund_sompolinsky(alpha)
        width = math.sqrt(2 * alpha * r)
        assert m == pytest.approx(math.erf(m / width), abs=1e-9)
        C = math.sqrt(2 / (math.pi * alpha * r)) * math.exp(-((m / width) ** 2))
        assert r == pytest.approx(1 / (1 - C) ** 2, rel=1e-9)


def test_limits_of_theory():
    assert ns.amit_gutfreund_sompolinsky(0, 0.5).m == pytest.approx(0.9575040240772684, abs=1e-10)  # m = tanh 2m
    assert ns.amit_gutfreund_sompolinsky(0, 1.01).m == 0
    assert ns.critical_load(1) == 0
    assert ns.critical_load(0.006) == pytest.approx(ns.critical_load(0), abs=5e-4)
    assert ground_state_load(0.006) == pytest.approx(ground_state_load(0), abs=5e-4)
    assert spin_glass_temperature(0.09) == pytest.approx(1.3)
    assert ns.amit_gutfreund_sompolinsky(0.09, 1.31) == (0, 0, 0)
    assert ns.amit_gutfreund_sompolinsky(0.09, 1.2).q > 0
    lines = ns.phase_boundaries()
    assert (np.diff(lines.retrieval[8:]) < 0).all()
    assert (lines.ground_state <= lines.retrieval).all()
    for wrong in (-0.1, math.nan, "x", math.inf):
        with pytest.raises(ns.InputError):
            ns.amit_gutfreund_sompolinsky(wrong)
        with pytest.raises(ns.InputError):
            ns.critical_load(wrong)


# Fits ------------------------------------------------------------------------------------------------------------


def test_half_point_of_binomial_shares():
    """500 sets drawn from a logistic curve: the mean within 4 standard errors, and their spread as estimated."""
    random, x = np.random.default_rng(1), np.linspace(0, 1, 15)
    p = 1 / (1 + np.exp(-(0.43 - x) / 0.05))
    points, errors = np.array([half_point(x, random.binomial(50, p) / 50, 50) for _ in range(500)]).T
    assert abs(points.mean() - 0.43) < 4 * points.std() / math.sqrt(500) + 1e-4
    assert points.std() == pytest.approx(errors.mean(), rel=0.15)
    assert np.isnan(half_point(x, np.ones(15), 50)).all()


def test_extrapolation_finds_the_limit_of_either_power():
    n = np.array([500, 1000, 2000, 4000])
    for power in (1 / 2, 2 / 3):
        limit, error = extrapolated(n, 0.14 + 0.5 * n**-power, np.full(4, 1e-6))
        assert abs(limit - 0.14) <= error
    assert np.isnan(extrapolated(n[:1], np.array([0.1]), np.array([0.1]))).all()


# Experiments -----------------------------------------------------------------------------------------------------


def test_overlap_below_the_critical_load_is_that_of_theory():
    """α = 0.1, n = 2000: within 1 % of 0.998."""
    found = ns.capacity("hebb", 2000, [0.05, 0.1], trials=20, seed=1)
    theory = [ns.amit_gutfreund_sompolinsky(alpha).m for alpha in (0.05, 0.1)]
    np.testing.assert_allclose(found.overlap[0], theory, rtol=0.01)
    assert found.retrieved.min() == 1
    assert np.isnan(found.alpha_c)


@pytest.mark.parametrize("rule", ["hebb", "covariance", "pseudo-inverse", "storkey", "perceptron"])
def test_capacity_of_every_rule(rule):
    """Each holds 5 %; at 40 %, Hebb's rule does not, the pseudo-inverse and the perceptron do."""
    found = ns.capacity(rule, 100, [0.05, 0.4], trials=5, seed=1)
    assert found.overlap[0, 0] > 0.99
    if rule in ("hebb", "covariance"):
        assert found.overlap[0, 1] < 0.9
    if rule in ("pseudo-inverse", "perceptron"):
        assert found.overlap[0, 1] == 1


def test_threads_change_nothing():
    one, two = (ns.capacity("hebb", (60, 100), [0.1, 0.2, 0.3], trials=6, noise=0.1, seed=3, threads=k) for k in (1, 2))
    np.testing.assert_array_equal(one.overlap, two.overlap)
    memory = ns.Hopfield(100).store(ns.letters("A-D"), "pseudo-inverse")
    first, second = (ns.basins(memory, [0.1, 0.4], trials=4, seed=3, threads=k) for k in (1, 2))
    np.testing.assert_array_equal(first.by_pattern, second.by_pattern)
    first, second = (ns.phase_diagram(60, [0.05, 0.1], [0, 0.5], trials=2, seed=3, threads=k) for k in (1, 2))
    np.testing.assert_array_equal(first.overlap, second.overlap)


@pytest.mark.slow
def test_critical_load_extrapolates_to_the_literature():
    """α_c of infinite n: 0.138 by replica-symmetric theory, 0.143–0.145 in large simulations."""
    found = ns.capacity("hebb", (500, 1000, 2000, 4000), np.arange(0.12, 0.2, 0.005), trials=150, seed=1)
    assert found.alpha_c - found.alpha_c_error > 0.135
    assert found.alpha_c + found.alpha_c_error < 0.147
    assert found.alpha_c_error < 0.006
    assert (np.diff(found.critical) < 0).all()


@pytest.mark.slow
def test_phase_diagram_follows_theory():
    """Away from the lines – well inside retrieval, and well outside – the overlap is that of theory."""
    found = ns.phase_diagram(2000, [0.01, 0.03, 0.06, 0.1], [0, 0.2, 0.4, 0.6], trials=4, sweeps=80, seed=1)
    limits = np.array([ns.critical_load(T) for T in found.temperature])
    inside = found.alpha[None, :] < 0.8 * limits[:, None]
    np.testing.assert_allclose(found.overlap[inside], found.theory[inside], atol=0.02)
    outside = found.alpha[None, :] > 2 * limits[:, None]
    assert (found.overlap[outside] < 0.6).all()


def test_small_phase_diagram():
    found = ns.phase_diagram(300, [0.01, 0.1], [0, 0.4, 1.1], trials=3, seed=1)
    np.testing.assert_allclose(found.overlap[0], found.theory[0], atol=0.01)
    assert found.overlap[1, 0] == pytest.approx(found.theory[1, 0], abs=0.02)
    assert found.overlap[2].max() < 0.5
    assert found.theory[2].tolist() == [0, 0]


def test_basins():
    memory = ns.Hopfield(200).store(ns.random_patterns(6, 200, seed=1), "pseudo-inverse")
    found = ns.basins(memory, [0, 0.1, 0.3, 0.5], trials=10, seed=1)
    assert found.retrieved[:2].tolist() == [1, 1]
    assert found.exact[0] == 1
    assert found.retrieved[3] < 0.2
    assert ((found.radius > 0.3) & (found.radius < 0.5)).all()
    assert found.by_pattern.shape == (4, 6)


def test_robustness():
    """Removing units or weights hurts less than it removes; the memory itself stays whole."""
    memory = ns.Hopfield(200).store(ns.random_patterns(6, 200, seed=1))
    weights = memory.weights
    for against, levels in {"dilution": [0, 0.5], "removed units": [0, 0.5], "temperature": [0, 0.5]}.items():
        found = ns.robustness(memory, against, levels, trials=4, seed=1)
        assert found.overlap[0] > 0.99
        assert found.overlap[1] > 0.9
    assert ns.robustness(memory, "noise", [0.5], trials=4, seed=1).overlap[0] < 0.5
    assert ns.robustness(memory, "temperature", [1.5], trials=2, seed=1).overlap[0] < 0.3
    np.testing.assert_array_equal(memory.weights, weights)
    assert memory.units.size == 200


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ns.capacity("hebbian"), "did you mean hebb"),
        (lambda: ns.capacity(n=1), "n is a whole number of at least 2"),
        (lambda: ns.capacity(alphas=[-0.1]), "loads above 0"),
        (lambda: ns.capacity(trials=0), "trials"),
        (lambda: ns.capacity(noise=2), "noise"),
        (lambda: ns.capacity(threads=0, n=10, trials=1), "threads"),
        (lambda: ns.basins(ns.Hopfield(5)), "patterns are stored"),
        (lambda: ns.basins("letters"), "patterns are stored"),
        (lambda: ns.basins(ns.Hopfield(20).store(np.ones((1, 20))), [2.0]), "levels of noise"),
        (lambda: ns.robustness(ns.Hopfield(20).store(np.ones((1, 20))), "fire"), "unknown 'fire'|unknown fire"),
        (lambda: ns.phase_diagram(100, temperatures=[-1]), "levels of temperature"),
    ],
)
def test_bad_experiments(call, message):
    with pytest.raises(ns.InputError, match=message):
        call()


# Pictures --------------------------------------------------------------------------------------------------------


def test_pictures():
    """Labels and what is drawn; that they look well was seen by eye."""
    found = ns.capacity("hebb", (50, 100), [0.1, 0.2, 0.3], trials=4, seed=1)
    ax = found.plot()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("load α = P/n", "overlap after recall")
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels[0].startswith("theory")
    assert {"n = 50", "n = 100"} <= set(labels)
    memory = ns.Hopfield(100).store(ns.letters("A-C"), "pseudo-inverse")
    assert ns.basins(memory, [0.1, 0.4], trials=2, seed=1).plot().get_xlabel() == "share of the cue flipped"
    assert ns.robustness(memory, "dilution", [0, 0.5], trials=2, seed=1).plot().get_xlabel() == "dilution"
    diagram = ns.phase_diagram(50, [0.05, 0.1], [0, 0.5], trials=1, seed=1)
    assert diagram.plot().lines[0].get_label() == "retrieval ends"
    sequence = ns.SequenceMemory(100).store(ns.letters("A-C"), "pseudo-inverse").recall(ns.letters()["A"], 10)
    assert len(sequence.plot().lines) == 4
    recall = memory.recall(ns.flip(ns.letters()["B"], 0.1, seed=1), seed=1)
    ax = recall.plot()
    assert [one.get_title() for one in ax.get_figure(root=True).axes[:2]] == ["cue", "sweep 1"]
    own = ns.plot_pattern(ns.letters()["B"])
    assert ns.plot_recall(recall, ax=own) is own
