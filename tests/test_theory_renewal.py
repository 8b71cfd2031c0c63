"""Renewal theory of model files against closed forms, slow loops and quadrature."""

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad

import neurosim as ns
from neurosim.errors import InputError
from neurosim.theory import NoTheory, renewal_intervals, renewal_theory

FILE = """
name = "made-for-tests"
summary = "A spike rule."
reference = "made for tests"
[defaults]
dt = "0.1 ms"
method = "rk4"
[parameters]
t_abs = ["4 ms", "absolute refractory time"]
c = ["5 ms", "strength of the relative refractoriness"]
theta = ["1", "threshold"]
beta = ["5", "gain"]
step = ["1 ms", "time between draws"]
rho = ["0.05 ms^-1", "hazard"]
t_ref = ["3 ms", "refractory time"]
tau = ["20 ms", "time constant"]
[inputs]
I = ["1", "input"]
[define]
J_r = "inf if since_spike <= t_abs else c/(since_spike - t_abs)"
h = "I - J_r - theta"
"""


def model(rule, states=""):
    return ns.Model.from_toml(f"{FILE}\n{states}\n[spike]\n{rule}\n")


RENEWAL = model('probability = "gate(beta*h)"\nper = "step"')
CONTINUOUS = model('hazard = "gate(beta*h)/step"')
DETERMINISTIC = model('threshold = "h >= 0"')
POISSON = model('hazard = "rho"')
DEAD_TIME = model('hazard = "rho"\nrefractory = "t_ref"')
GAMMA_2 = model('hazard = "rho*(rho*since_spike)/(1 + rho*since_spike)"')
GAMMA_3 = model('hazard = "rho*(rho*since_spike)**2/2/(1 + rho*since_spike + (rho*since_spike)**2/2)"')


# Probability at every step ---------------------------------------------------------------------------------------


def by_hand(I, beta, step=1.0, steps=3000):
    """FACTS, word for word: g_k, S_k, D_k for k = 1 … of the renewal neuron."""
    g, S, D = [], [], []
    survivor = 1.0
    for k in range(1, steps + 1):
        since = k * step
        chance = 0.0 if since <= 4 else 0.5 * (1 + math.tanh(beta * (I - 5 / (since - 4) - 1)))
        g.append(chance)
        D.append(chance * survivor)
        survivor *= 1 - chance
        S.append(survivor)
    return np.array(g), np.array(S), np.array(D)


@pytest.mark.parametrize(("I", "beta", "step"), [(1.5, 5, 1), (3, 2, 1), (1.0, 5, 1), (0.7, 2, 0.5), (5, 0.3, 1)])
def test_draws_follow_the_sums_by_hand(I, beta, step):
    g, S, D = by_hand(I, beta, step)
    k = np.arange(1, g.size + 1)
    assert S[-1] < 1e-15
    mean = step * (k * D).sum()
    cv = math.sqrt(step**2 * (k**2 * D).sum() - mean**2) / mean
    theory = renewal_theory(RENEWAL, I, {"beta": beta, "step": step})
    assert theory.mean == pytest.approx(mean, rel=1e-10)
    assert theory.cv == pytest.approx(cv, rel=1e-9)
    assert theory.rate == pytest.approx(1000 / mean, rel=1e-10)
    assert (theory.step, theory.silent) == (step, 0)
    shown = theory.time.size
    np.testing.assert_allclose(theory.time, step * k[:shown])
    np.testing.assert_allclose(theory.hazard, g[:shown] / step, rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(theory.survivor, S[:shown], rtol=1e-12)
    np.testing.assert_allclose(theory.density, D[:shown] / step, rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(theory.density_at(step * k[:500] - 0.3 * step), D[:500] / step, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(theory.survivor_at(step * k[:500] + 0.3 * step), S[:500], rtol=1e-9, atol=1e-18)
    np.testing.assert_array_equal(theory.survivor_at([-1, 0, 0.9 * step]), 1)


@pytest.mark.parametrize(("I", "beta"), [(0.5, 5), (0.1, 5), (0.0, 4), (-0.5, 2)])
def test_long_intervals_of_a_chance_that_is_hardly_constant(I, beta):
    """Up to some 20,000 steps on average: the chance comes to its limit as 1/k only; the sums by brute force."""
    k = np.arange(1, 1_500_001)
    since = np.maximum(k - 4.0, 1e-300)
    g = 0.5 * (1 + np.tanh(beta * (I - 5 / since - 1)))
    S = np.concatenate([[1], np.cumprod(1 - g)])
    assert S[-1] < 1e-15
    mean = S.sum()
    cv = math.sqrt(((2 * np.arange(S.size) + 1.0) * S).sum() - mean**2) / mean
    intervals = renewal_intervals(RENEWAL, I, {"beta": beta})
    assert intervals.mean == pytest.approx(mean, rel=1e-9)
    assert intervals.cv == pytest.approx(cv, rel=1e-9)


def test_a_constant_chance_of_any_size():
    """Geometric: mean step/g, CV sqrt(1 - g)."""
    for g in (1.0, 0.5, 1e-2, 1e-3, 1e-9, 1e-15):
        theory = renewal_theory(model(f'probability = "{g:.17g}"\nper = "step"'), 0, {"step": 0.5})
        assert theory.mean == pytest.approx(0.5 / g, rel=1e-12)
        assert theory.cv == pytest.approx(math.sqrt(1 - g), rel=1e-12)


def test_without_noise_intervals_are_rounded_up():
    """FACTS: beta = inf is the deterministic period t_abs + c/(I - theta), rounded up to the step."""
    I = np.array([-1, 0.5, 0.999, 1.03, 1.1, 1.5, 1.9, 2, 3, 6, 11, 40])
    for step in (1.0, 0.5, 0.04):
        period = 4 + 5 / np.where(I > 1, I - 1, np.nan)
        wanted = np.where(I > 1, np.ceil(period / step - 1e-9) * step, np.inf)
        intervals = renewal_intervals(RENEWAL, I, {"beta": np.inf, "step": step})
        np.testing.assert_allclose(intervals.mean, wanted, rtol=1e-12)
        np.testing.assert_allclose(intervals.cv, np.where(I > 1, 0, np.nan), atol=1e-7)
        np.testing.assert_allclose(intervals.rate, 1000 / wanted)


def test_a_jump_after_many_steps_is_found():
    """Nothing for 50,000 steps, then a geometric interval."""
    late = model('probability = "0.25 if since_spike > t_abs else 0"\nper = "step"')
    for t_abs in (50, 3000, 50_000):
        intervals = renewal_intervals(late, 0, {"t_abs": t_abs + 0.5})
        assert intervals.mean == pytest.approx(t_abs + 4, rel=1e-12)
        assert intervals.cv == pytest.approx(math.sqrt(0.75) * 4 / (t_abs + 4), rel=1e-9)


def test_no_draw_while_refractory():
    """The first draw is at the first multiple of the step from the refractory time on."""
    rule = model('probability = "1"\nper = "step"\nrefractory = "t_ref"')
    for t_ref, period in ((0, 1), (2.9, 3), (3, 3), (3.1, 4), (2000.5, 2001)):
        assert renewal_intervals(rule, 0, {"t_ref": t_ref}).mean == pytest.approx(period)


# Hazards ---------------------------------------------------------------------------------------------------------


def test_poisson():
    theory = renewal_theory(POISSON, 0)
    assert (theory.mean, theory.cv, theory.rate) == pytest.approx((20, 1, 50), rel=1e-12)
    t = np.linspace(0, 100, 7)
    np.testing.assert_allclose(theory.density_at(t), 0.05 * np.exp(-0.05 * t), rtol=1e-12)
    np.testing.assert_allclose(theory.survivor_at(t), np.exp(-0.05 * t), rtol=1e-12)
    np.testing.assert_allclose(theory.spectrum([0, 0.1, 10, 1000]), 50, rtol=1e-9)
    np.testing.assert_allclose(theory.autocorrelation(t), 50, rtol=1e-5)
    np.testing.assert_allclose(theory.quantile([0, 0.5]), [0, 20 * math.log(2)], rtol=1e-9)


@pytest.mark.parametrize("rule", [None, "rho if since_spike > t_ref else 0*Hz"])
def test_poisson_with_dead_time(rule):
    """CV = 1 - rate·t_ref; spectrum and autocorrelation in closed form."""
    theory = renewal_theory(DEAD_TIME if rule is None else model(f'hazard = "{rule}"'), 0)
    rate = 1 / 23
    assert theory.mean == pytest.approx(23, rel=1e-11)
    assert theory.cv == pytest.approx(1 - rate * 3, rel=1e-11)
    t = np.array([0, 1, 2.99, 3.01, 5, 30])
    density = np.where(t < 3, 0, 0.05 * np.exp(-0.05 * (t - 3)))
    np.testing.assert_allclose(theory.density_at(t), density, rtol=1e-10)
    np.testing.assert_allclose(theory.density_at(-t[1:]), 0)
    f = np.array([0.5, 7, 55, 300, 2500])
    transform = np.exp(2j * np.pi * f * 3e-3) * 50 / (50 - 2j * np.pi * f)
    spectrum = 1000 * rate * (1 - abs(transform) ** 2) / abs(1 - transform) ** 2
    np.testing.assert_allclose(theory.spectrum(f), spectrum, rtol=1e-9)
    assert theory.spectrum(0) == pytest.approx(1000 * rate * theory.cv**2, rel=1e-9)
    lag = np.array([1, 4, 5.9, 6.5, 8, 20, 30])
    total = np.zeros(lag.size)
    for n in range(1, 20):  # a gamma density of order n, after n dead times
        left = np.maximum(lag - 3 * n, 0)
        total += np.where(left > 0, 0.05**n * left ** (n - 1) * np.exp(-0.05 * left) / math.factorial(n - 1), 0)
    np.testing.assert_allclose(theory.autocorrelation(lag), 1000 * total, rtol=2e-4, atol=1e-9)
    np.testing.assert_allclose(theory.autocorrelation(-lag), theory.autocorrelation(lag))


def test_gamma_intervals():
    """Of order k: mean k/rho, CV 1/sqrt(k); density, and for order 2 autocorrelation, in closed form."""
    t = np.linspace(0.1, 200, 50)
    for k, rule in ((2, GAMMA_2), (3, GAMMA_3)):
        theory = renewal_theory(rule, 0)
        assert (theory.mean, theory.cv) == pytest.approx((20 * k, 1 / math.sqrt(k)), rel=1e-11)
        density = 0.05**k * t ** (k - 1) * np.exp(-0.05 * t) / math.factorial(k - 1)
        np.testing.assert_allclose(theory.density_at(t), density, rtol=1e-10)
        transform = (1 - 2j * np.pi * np.array([3, 20, 100]) / 50) ** -k
        spectrum = theory.rate * (1 - abs(transform) ** 2) / abs(1 - transform) ** 2
        np.testing.assert_allclose(theory.spectrum([3, 20, 100]), spectrum, rtol=1e-9)
    order_2 = renewal_theory(GAMMA_2, 0).autocorrelation(t)
    np.testing.assert_allclose(order_2, 25 * (1 - np.exp(-0.1 * t)), rtol=1e-4)


@pytest.mark.parametrize(("I", "beta"), [(1.5, 5), (3, 2), (0.5, 5)])
def test_continuous_sibling_against_quadrature(I, beta):
    def hazard(s):
        return 0.0 if s <= 4 else 0.5 * (1 + math.tanh(beta * (I - 5 / (s - 4) - 1)))

    edges = np.concatenate([[4], np.geomspace(4.01, 20_000, 400)])
    pieces = [quad(hazard, a, b, epsabs=1e-14)[0] for a, b in itertools.pairwise(edges)]
    to_edge = np.concatenate([[0], np.cumsum(pieces)])

    def survivor(s, i):
        return math.exp(-to_edge[i] - quad(hazard, edges[i], s, epsabs=1e-14)[0])

    mean = 4 + sum(quad(survivor, edges[i], edges[i + 1], (i,), epsabs=1e-13)[0] for i in range(400))
    theory = renewal_theory(CONTINUOUS, I, {"beta": beta})
    assert math.exp(-to_edge[-1]) < 1e-15
    assert theory.mean == pytest.approx(mean, rel=1e-10)
    at = np.array([10, 50, 100, 200, 300])
    np.testing.assert_allclose(theory.survivor_at(edges[at]), np.exp(-to_edge[at]), rtol=1e-9, atol=1e-18)
    np.testing.assert_allclose(theory.hazard_at(edges[at]), [hazard(s) for s in edges[at]], rtol=1e-11, atol=1e-15)


def test_a_hazard_that_jumps_to_infinity_is_a_period():
    """beta = inf: the deterministic neuron of FACTS, within the largest hazard, 1e6/ms."""
    sudden = model('hazard = "inf if h >= 0 else 0*Hz"')
    I = np.array([0.5, 1.5, 3, 6])
    intervals = renewal_intervals(sudden, I)
    np.testing.assert_allclose(intervals.mean, [np.inf, 14, 6.5, 5], atol=2e-6)
    np.testing.assert_allclose(intervals.cv[1:], 0, atol=1e-6)


def test_intervals_that_may_never_end():
    """A hazard exp(-s/tau)·rho leaves exp(-rho·tau) of all intervals without end: rate 0."""
    theory = renewal_theory(model('hazard = "rho*exp(-since_spike/tau)"'), 0)
    assert (theory.rate, theory.mean) == (0, np.inf)
    assert math.isnan(theory.cv)
    assert theory.silent == pytest.approx(math.exp(-1), rel=1e-10)
    assert theory.survivor_at(1e6) == pytest.approx(math.exp(-1), rel=1e-10)
    np.testing.assert_allclose(theory.quantile([0.2, 0.7]), [-20 * math.log(1 + math.log(0.8)), np.inf], rtol=1e-9)
    for call in (lambda: theory.sample(10), lambda: theory.spectrum(1), lambda: theory.autocorrelation(1)):
        with pytest.raises(InputError, match="silent"):
            call()
    never = renewal_theory(model('probability = "0"\nper = "step"'), 0)
    assert (never.rate, never.silent) == (0, 1)


# Thresholds ------------------------------------------------------------------------------------------------------


def test_deterministic_limit_in_closed_form():
    """FACTS: t_abs + c/(I - theta), no spikes for I <= theta."""
    I = np.array([-1, 0.5, 1, 1.001, 1.5, 3, 6, 1e3])
    intervals = renewal_intervals(DETERMINISTIC, I)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(
            intervals.mean, np.where(I > 1, 4 + 5 / np.maximum(I - 1, 1e-300), np.inf), rtol=1e-12
        )
    np.testing.assert_array_equal(intervals.cv, np.where(I > 1, 0, np.nan))
    theory = renewal_theory(DETERMINISTIC, 3)
    assert theory.mean == pytest.approx(6.5, rel=1e-12)
    np.testing.assert_allclose(theory.sample(3, seed=1), 6.5)
    np.testing.assert_array_equal(theory.survivor_at([6.49, 6.51]), [1, 0])
    np.testing.assert_array_equal(theory.spectrum([0, 100]), [0, 0])


# Spectrum, autocorrelation, samples ------------------------------------------------------------------------------


def test_spectrum_of_draws_against_the_sum():
    _, _, D = by_hand(1.5, 2)
    f = np.array([0.01, 1, 30, 70, 140, 400, 900])
    transform = np.exp(2j * np.pi * np.outer(f, np.arange(1, D.size + 1)) / 1000) @ D
    theory = renewal_theory(RENEWAL, 1.5, {"beta": 2})
    wanted = theory.rate * (1 - abs(transform) ** 2) / abs(1 - transform) ** 2
    np.testing.assert_allclose(theory.spectrum(f[1:]), wanted[1:], rtol=1e-9)
    np.testing.assert_allclose(theory.spectrum(f[0]), wanted[0], rtol=1e-4)  # the sum loses digits to cancellation
    np.testing.assert_allclose(theory.spectrum(0), theory.rate * theory.cv**2, rtol=1e-9)


def test_autocorrelation_of_draws_against_the_convolution():
    _, _, D = by_hand(3, 2)
    wanted = np.zeros(200)
    for k in range(200):
        wanted[k] = D[k] + sum(D[j] * wanted[k - 1 - j] for j in range(k))
    theory = renewal_theory(RENEWAL, 3, {"beta": 2})
    np.testing.assert_allclose(theory.autocorrelation(np.arange(1, 201)), 1000 * wanted, rtol=1e-9, atol=1e-8)
    assert theory.autocorrelation(1e4) == pytest.approx(theory.rate, rel=1e-9)


def test_autocorrelation_of_a_hazard_against_a_convolution():
    """On a grid of 0.02 ms by the trapezium rule, D from the theory."""
    theory = renewal_theory(CONTINUOUS, 2, {"beta": 2})
    t = np.arange(0, 30, 0.02)
    D = theory.density_at(t)
    wanted = D.copy()
    for k in range(1, t.size):
        wanted[k] = D[k] + 0.02 * (D[1:k] @ wanted[k - 1 : 0 : -1])
    np.testing.assert_allclose(theory.autocorrelation(t), 1000 * wanted, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize(("rule", "I"), [(CONTINUOUS, 1.5), (DEAD_TIME, 0), (GAMMA_3, 0)])
def test_samples_follow_the_survivor_function(rule, I):
    """Kolmogorov–Smirnov, p > 0.001, and a law that is 1 % off is found out."""
    n = 1_000_000
    theory = renewal_theory(rule, I)
    found = np.sort(theory.sample(n, seed=5))
    wanted = 1 - theory.survivor_at(found)
    empirical = (np.arange(n) + 0.5) / n
    assert np.abs(wanted - empirical).max() * math.sqrt(n) < 1.95
    assert np.abs(1 - theory.survivor_at(1.01 * found) - empirical).max() * math.sqrt(n) > 1.95
    assert theory.density_at(found).min() > 0


def test_samples_of_draws_follow_their_law():
    """Chi² over all intervals of which 10 or more are expected, p > 0.001."""
    n = 1_000_000
    found = renewal_theory(RENEWAL, 1.5, {"beta": 2}).sample(n, seed=6)
    steps = np.rint(found).astype(int)
    np.testing.assert_array_equal(steps, found)
    _, _, D = by_hand(1.5, 2)
    wanted = n * D
    likely = wanted >= 10
    seen = np.bincount(steps, minlength=D.size + 1)[1 : D.size + 1]
    chi2, degrees = ((seen - wanted)[likely] ** 2 / wanted[likely]).sum(), likely.sum() - 1
    assert abs(chi2 - degrees) < 3.3 * math.sqrt(2 * degrees)
    assert seen[~likely].sum() < 10 * wanted[~likely].sum() + 20


def test_samples_with_very_long_intervals():
    """Geometric with a chance of 1e-5: mean within 4 standard errors, and the survivors of two means."""
    theory = renewal_theory(model('probability = "1e-5"\nper = "step"'), 0)
    found = theory.sample(200_000, seed=7)
    assert abs(found.mean() / 1e5 - 1) < 4 / math.sqrt(200_000)
    survivors = math.exp(2e5 * math.log1p(-1e-5))
    assert abs((found > 2e5).mean() - survivors) < 4 * math.sqrt(survivors / 200_000)


def test_samples_are_repeatable():
    theory = renewal_theory(RENEWAL, 1.5)
    np.testing.assert_array_equal(theory.sample(1000, seed=1), theory.sample(1000, seed=1))
    assert (theory.sample(1000, seed=1) != theory.sample(1000, seed=2)).any()
    assert theory.sample(0).size == 0
    with pytest.raises(InputError):
        theory.sample(-1)


# Gain functions and refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [RENEWAL, CONTINUOUS])
def test_a_gain_function_is_made_of_single_theories(rule):
    I = np.tile(np.linspace(-1, 5, 50), 3)
    beta = np.repeat([2, 5, np.inf], 50)
    intervals = renewal_intervals(rule, I, {"beta": beta})
    for k in (0, 20, 49, 60, 99, 100, 140):
        single = renewal_theory(rule, I[k], {"beta": beta[k]})
        np.testing.assert_allclose(
            [v[k] for v in intervals], [single.mean, single.cv, single.rate], rtol=1e-9, atol=1e-9
        )


STATE = '[state]\nV = { start = "0", rate = "(I - V)/tau" }'


def test_states_that_the_rule_does_not_need_are_no_matter():
    assert renewal_theory(model('hazard = "rho"', STATE), 1).rate == pytest.approx(50)


@pytest.mark.parametrize(
    ("rule", "I", "reason"),
    [
        (model('hazard = "rho*V"', STATE), 1, "the state V"),
        (model('hazard = "rho*heaviside(t - t_ref)"'), 1, "the time t"),
        (model('threshold = "I > theta"'), 1, "does not depend on since_spike"),
        (model('threshold = "since_spike > t_abs or I > theta"'), 2, "reached again"),
        (CONTINUOUS, ns.step(1, start=5), "changes with time"),
        (CONTINUOUS, np.ones((1, 1)), "changes with time"),
    ],
)
def test_no_theory_with_a_reason(rule, I, reason):
    for call in (renewal_theory, renewal_intervals):
        with pytest.raises(NoTheory, match=reason):
            call(rule, I)


def test_noise_matters_only_where_it_enters():
    from neurosim.currents import white_noise

    with pytest.raises(NoTheory, match="noise"):
        renewal_theory(CONTINUOUS, white_noise(1, 1))
    assert renewal_theory(POISSON, white_noise(1, 1)).rate == pytest.approx(50)


def test_arguments_refused():
    with pytest.raises(InputError, match="renewal_intervals"):
        renewal_theory(RENEWAL, [1, 2])
    with pytest.raises(InputError, match="no parameter"):
        renewal_theory(RENEWAL, 1, {"gamma": 1})
    with pytest.raises(InputError, match="NaN"):
        renewal_theory(model('hazard = "rho*log(I)"'), -1)
    with pytest.raises(InputError, match="positive"):
        renewal_theory(RENEWAL, 1, {"step": 0})
    with pytest.raises(InputError, match="shares"):
        renewal_theory(RENEWAL, 1).quantile(1)
