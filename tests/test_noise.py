"""Noise currents: their laws against closed forms, and the orders of the schemes that integrate them."""

import math

import numpy as np
import pytest
from scipy import stats

import neurosim as ns
from neurosim.currents import parse_current

LEAKY = "leaky-integrate-and-fire"  # tau_m 10 ms, R_m 10 MOhm, E_L -70 mV
FREE = {"theta": 1e6}  # never reached

MULTIPLIED = ns.Model.from_toml("""
name = "multiplied"
summary = "A linear state whose noise is multiplied by k times its distance from 1, by 1 if k is 0."
reference = "made for tests"
[defaults]
dt = "1 ms"
method = "heun"
[parameters]
tau = ["10 ms", "time constant"]
k = ["1", "whether the noise is multiplied"]
[inputs]
g = ["kHz", "rate of going to 1"]
[state]
x = { start = "0", rate = "-x/tau + g*(1 - k*x)" }
[spike]
threshold = "x > 1e9"
""")


def free_membrane(current, duration, **arguments):
    """Potential at the end, (n,), of membranes that never spike."""
    arguments["parameters"] = FREE | arguments.get("parameters", {})
    return ns.simulate(LEAKY, current, duration, **arguments).final_state["V"]


def is_variance(found, expected):
    """Whether numbers have a variance, that of a normal law, to 4 standard errors."""
    return abs(np.var(found) / expected - 1) < 4 * math.sqrt(2 / np.size(found))


def is_mean(found, expected):
    return abs(np.mean(found) - expected) < 4 * np.std(found) / math.sqrt(np.size(found))


# White noise -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dt", [0.1, 1.0, 10.0])
def test_exact_gives_the_free_membrane_its_law_at_any_step(dt):
    """V is normal, mean E_L + R µ, variance R²σ²/2τ: even with a step as long as τ."""
    V = free_membrane(ns.white_noise(np.full(20_000, 0.5), 0.4), 100, dt=dt, seed=1)
    assert is_mean(V, -65 - 5 * math.exp(-10))
    assert is_variance(V, 100 * 0.4**2 / 20)
    assert stats.kstest(V, "norm", args=(-65, math.sqrt(0.8))).pvalue > 0.001
    assert stats.kstest(V, "norm", args=(-65, 1.05 * math.sqrt(0.8))).pvalue < 0.001


@pytest.mark.parametrize("dt", [0.5, 5.0])
def test_exact_gives_the_free_membrane_its_correlations(dt):
    I, every = ns.white_noise(np.zeros(4000), 0.4), round(5 / dt)
    r = ns.simulate(LEAKY, I, 100, dt=dt, parameters=FREE, record=["V"], record_every=every, seed=2)
    V = r["V"][:, 10:] + 70
    for lag in (1, 2, 4):
        pairs = V[:, :-lag] * V[:, lag:]
        error = pairs.mean(axis=1).std() / math.sqrt(4000)
        assert abs(pairs.mean() - 0.8 * math.exp(-lag / 2)) < 4 * error


def test_variance_before_it_is_stationary():
    V = free_membrane(ns.white_noise(np.zeros(20_000), 0.4), 4, dt=2, seed=3)
    assert is_variance(V, 0.8 * -math.expm1(-2 * 4 / 10))


def variance(method, dt, neurons=30_000):
    """Of the state with additive noise, relative to that of the exact law; 3 samples of each neuron, 30 ms apart."""
    r = ns.simulate(
        MULTIPLIED, ns.white_noise(np.zeros(neurons), 0.2), 120, dt=dt, method=method, parameters={"k": 0},
        record=["x"], record_every=round(30 / dt), seed=4,
    )  # fmt: skip
    return r["x"][:, 2:].var() / (0.2**2 * 10 / 2)


@pytest.mark.parametrize(
    ("method", "order", "steps"),
    [("euler", 1, (5, 2.5)), ("heun", 2, (10, 5)), pytest.param("rk4", 2, (10, 5), marks=pytest.mark.slow)],
)
def test_weak_order(method, order, steps):
    """The error of the variance against the exact law, and against the law of each scheme in closed form."""
    of_scheme = {  # with a = dt/τ; V → rV + s ξ has the variance s²/(1 - r²)
        "euler": lambda a: (1 - a, 1.0),
        "heun": lambda a: (1 - a + a**2 / 2, 1 - a / 2),
        "rk4": lambda a: (1 - a + a**2 / 2 - a**3 / 6 + a**4 / 24, 1 - a / 2 + a**2 / 6 - a**3 / 24),
    }[method]
    errors = []
    for dt in steps:
        found, (r, s) = variance(method, dt), of_scheme(dt / 10)
        assert found == pytest.approx(2 * dt / 10 * s**2 / (1 - r**2), rel=4 * math.sqrt(2 / 85_000))
        errors.append(abs(found - 1))
    measured = math.log2(errors[0] / errors[1])
    assert order - 0.35 < measured < order + 0.45
    assert variance(method, 0.5) == pytest.approx(1, abs=0.03 if order == 1 else 0.02)


def paths(method, dt, k, neurons=1000, duration=20.0, finer=64):
    """The end of every path by the kernel, and by the Itô and Stratonovich integrals of its own Brownian path.

    The increments that were recorded are refined by Brownian bridges and the equation integrated by Milstein's scheme
    with a step `finer` times as fine.
    """
    mean, sigma, generator = 0.1, 0.25, np.random.default_rng(5)
    r = ns.simulate(
        MULTIPLIED, ns.white_noise(np.full(neurons, mean), sigma), duration, dt=dt, method=method,
        parameters={"k": k}, record=["g"], seed=5,
    )  # fmt: skip
    dW = (r["g"][:, 1:] - mean) * dt / sigma
    assert is_mean(dW, 0)
    assert is_variance(dW, dt)
    h = dt / finer
    ito, stratonovich = np.zeros(neurons), np.zeros(neurons)
    for increment in dW.T:
        fine = generator.standard_normal((finer, neurons)) * math.sqrt(h)
        fine += increment / finer - fine.mean(axis=0)
        for w in fine:
            for x, correction in ((ito, h), (stratonovich, 0.0)):
                b = sigma * (1 - k * x)
                x += (-x / 10 + mean * (1 - k * x)) * h + b * w - 0.5 * sigma * k * b * (w * w - correction)
    return r.final_state["x"], ito, stratonovich


@pytest.mark.parametrize(
    ("method", "k", "order"), [("euler", 1, 0.5), ("heun", 1, 1.0), ("euler", 0, 1.0), ("heun", 0, 1.0)]
)
def test_strong_order(method, k, order):
    """Euler's scheme follows Itô's integral at order 1/2, Heun's that of Stratonovich at order 1."""
    errors = []
    for dt in (1.0, 0.25):
        found, ito, stratonovich = paths(method, dt, k)
        mine, other = (ito, stratonovich) if method == "euler" else (stratonovich, ito)
        errors.append(math.sqrt(np.mean((found - mine) ** 2)))
    assert math.log(errors[0] / errors[1], 4) == pytest.approx(order, abs=0.15)
    if k:
        assert math.sqrt(np.mean((found - other) ** 2)) > 3 * errors[1]  # no doubt which


def test_ito_and_stratonovich_in_the_mean():
    """Means in closed form: m/(m + 1/τ) by Itô, with m - σ²/2 in place of m by Stratonovich."""
    I = ns.white_noise(np.full(20_000, 0.1), 0.25)
    for method, drift in (("euler", 0.1), ("heun", 0.1 - 0.25**2 / 2)):
        x = ns.simulate(MULTIPLIED, I, 60, dt=0.1, method=method, seed=6).final_state["x"]
        assert is_mean(x, drift / (drift + 0.1) * -math.expm1(-60 * (drift + 0.1)))


# Ornstein–Uhlenbeck noise ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dt", [0.1, 1.0, 10.0])
def test_ornstein_uhlenbeck_is_stationary_from_the_first_sample_on(dt):
    r = ns.simulate(
        LEAKY, ns.ornstein_uhlenbeck(np.full(5000, 0.3), 0.2, 5), 40, dt=dt, parameters=FREE, record=["I"], seed=7
    )
    I = r["I"] - 0.3
    for k in (0, 1, 2, -1):
        assert is_mean(I[:, k], 0)
        assert is_variance(I[:, k], 0.04)
        assert stats.kstest(I[:, k], "norm", args=(0, 0.2)).pvalue > 0.001
    for lag in {1, max(1, round(10 / dt))}:
        correlation = np.corrcoef(I[:, 0], I[:, lag])[0, 1]
        expected = math.exp(-lag * dt / 5)
        assert abs(correlation - expected) < 4 * (1 - expected**2) / math.sqrt(5000) + 1e-3
    pairs = (I[:, :-1] * I[:, 1:]).mean(axis=1)
    assert abs(pairs.mean() - 0.04 * math.exp(-dt / 5)) < 4 * pairs.std() / math.sqrt(5000)


def test_ornstein_uhlenbeck_with_values_for_each_neuron():
    std, tau = np.repeat([0.1, 0.4], 3000), np.tile(np.repeat([2.0, 20.0], 1500), 2)
    I = ns.simulate(LEAKY, ns.ornstein_uhlenbeck(0, std, tau), 4, dt=2, parameters=FREE, record=["I"], seed=8)["I"]
    for s in (0.1, 0.4):
        for t in (2.0, 20.0):
            mine = I[(std == s) & (tau == t)]
            assert is_variance(mine[:, 2], s**2)
            expected = math.exp(-2 / t)
            assert abs(np.corrcoef(mine[:, 1], mine[:, 2])[0, 1] - expected) < 4 * (1 - expected**2) / math.sqrt(1500)


def test_membrane_driven_by_ornstein_uhlenbeck_noise():
    """Variance R²s²·τ_s/(τ_s + τ_m) in closed form."""
    V = free_membrane(ns.ornstein_uhlenbeck(np.full(20_000, 0.3), 0.2, 5), 150, dt=0.5, seed=9)
    assert is_mean(V, -67)
    assert is_variance(V, 4 * 5 / 15)


# Poisson input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rate", "dt"), [(0.05, 1.0), (30.0, 0.1), (2000.0, 1.0), (1e6, 0.25)])
def test_poisson_input_counts(rate, dt):
    """Charge comes in whole weights; counts of a step follow Poisson's law."""
    weight = -0.02
    r = ns.simulate(
        LEAKY, ns.poisson_input(np.full(500, rate), weight), 100 * dt, dt=dt, record=["I"], parameters=FREE, seed=10
    )
    count = r["I"][:, 1:] * dt / weight
    np.testing.assert_allclose(count, np.rint(count), atol=1e-9)
    assert (r["I"][:, 0] == 0).all()
    mean = rate * dt / 1000
    assert abs(count.sum() - count.size * mean) < 4 * math.sqrt(count.size * mean)
    k = np.arange(stats.poisson.ppf(1e-3, mean), stats.poisson.ppf(1 - 1e-3, mean) + 1)
    observed = [
        (np.rint(count) <= k[0]).sum(),
        *((np.rint(count) == i).sum() for i in k[1:-1]),
        (np.rint(count) >= k[-1]).sum(),
    ]
    expected = [stats.poisson.cdf(k[0], mean), *stats.poisson.pmf(k[1:-1], mean), stats.poisson.sf(k[-1] - 1, mean)]
    if len(k) > 2 and min(expected) * count.size > 5:
        assert stats.chisquare(observed, np.array(expected) * count.size / sum(expected)).pvalue > 0.001
    assert abs(np.corrcoef(count[:-1].ravel(), count[1:].ravel())[0, 1]) < 4 / math.sqrt(count.size)


def test_membrane_driven_by_poisson_input():
    """Campbell's theorem: mean E_L + R λw, variance R²w²λ/2τ."""
    rate = np.full(20_000, 2000.0)
    V = free_membrane(ns.poisson_input(rate, "0.3 pC"), 100, dt=0.1, seed=11)
    assert is_mean(V, -70 + 10 * 2 * 0.3 * -math.expm1(-10))
    assert V.var() == pytest.approx(100 * 0.3**2 * 2 / 20, rel=0.05)
    both = free_membrane(ns.poisson_input(rate, 0.3) + ns.poisson_input(rate, -0.3), 100, dt=0.1, seed=11)
    assert is_mean(both, -70)
    assert both.var() == pytest.approx(2 * 100 * 0.3**2 * 2 / 20, rel=0.05)


def test_poisson_input_at_rates_of_nothing():
    V = free_membrane(ns.poisson_input([0, 1e-9, 1e3], 1.0), 50, seed=12)
    assert V[:2].tolist() == [-70, -70]
    assert V[2] > -70


# Sums, factors, realisations -------------------------------------------------------------------------------------


def recorded(current, duration=20.0, **arguments):
    arguments = {"parameters": FREE, "seed": 13, "dt": 0.5} | arguments
    return ns.simulate(LEAKY, current, duration, record=["I"], **arguments)["I"]


def test_noise_adds_to_every_other_current():
    noise = ns.ornstein_uhlenbeck(np.zeros(3), 0.2, 5)
    alone = recorded(noise)
    samples = np.linspace(0, 1, 40).reshape(1, -1) * [[1], [2], [3]]
    for other in (ns.step(2, 5, 10), ns.sine(1, 50), ns.from_array(samples, dt=0.5), ns.constant([1, 2, 3])):
        end = slice(0, 40)
        expected = alone[:, end] + recorded(other + ns.constant(np.zeros(3)), 19.5)
        np.testing.assert_allclose(recorded(noise + other)[:, end], expected, atol=1e-12)
        np.testing.assert_allclose(recorded(other + noise)[:, end], expected, atol=1e-12)


def test_factors_scale_noise():
    for noise in (ns.white_noise(0.5, 0.2), ns.ornstein_uhlenbeck(0.5, 0.2, 5), ns.poisson_input(500, 0.2)):
        one = recorded(noise + ns.constant(np.zeros(3)))
        np.testing.assert_allclose(recorded(np.array([2, 0, -3]) * noise), one * [[2], [0], [-3]], atol=1e-12)
        np.testing.assert_allclose(recorded(-noise / 4), -one[:1] / 4, atol=1e-12)
        assert recorded(noise - noise).std() > 0  # two sources, independent of each other


def test_sources_are_independent():
    source = ns.white_noise(np.zeros(5000), 0.2)
    assert is_variance(recorded(source + source, 5, dt=1.0)[:, 1:], 2 * 0.04)
    for way in (0 * source + source, source + 0 * source):
        assert is_variance(recorded(way, 5, dt=1.0)[:, 1:], 0.04)


def test_frozen_noise_is_the_same_for_all_neurons():
    for make in (ns.white_noise, lambda *sizes, **kind: ns.ornstein_uhlenbeck(*sizes, 5, **kind), ns.poisson_input):
        frozen = make(100, 0.2, frozen=True)
        I = recorded(frozen + ns.constant(np.zeros(70)))
        assert (I[0] == I).all()
        assert (I[0] == recorded(make(100, 0.2))[0]).all()  # the numbers of the first neuron
        assert np.unique(recorded(make(100, 0.2) + ns.constant(np.zeros(70)))[:, -1]).size > 1
        two = recorded(frozen + -1 * frozen)
        assert two.std() > 0  # two frozen sources differ
    I = recorded(ns.white_noise(0, np.array([1.0, 2.0]), frozen=True))
    np.testing.assert_allclose(I[1], 2 * I[0])


# Membrane noise --------------------------------------------------------------------------------------------------


def test_membrane_noise_is_stated_in_mV():
    tau = np.repeat([5.0, 20.0], 10_000)
    for noise in (
        ns.membrane_noise(-60, 3),
        ns.membrane_noise("-60 mV", "3000 uV"),
        0.5 * (2 * ns.membrane_noise(-60, 3)),
    ):
        V = free_membrane(noise, 200, dt=0.5, parameters={"tau_m": tau, "R_m": 40, "E_L": -72}, seed=14)
        for t in (5.0, 20.0):
            assert is_mean(V[tau == t], -60)
            assert is_variance(V[tau == t], 9)
    V = free_membrane(ns.membrane_noise(np.repeat([-60, -50], 5000), np.repeat([1, 2], 5000)), 100, dt=0.5, seed=15)
    for mine, mean, std in ((V[:5000], -60, 1), (V[5000:], -50, 2)):
        assert is_mean(mine, mean)
        assert is_variance(mine, std**2)


def test_membrane_noise_is_white_noise():
    """mean (µ - E)/(τb) and sigma = s·√(2/τ)/b with b = R/τ: worked by hand."""
    stated = recorded(ns.membrane_noise(-60, 3))
    assert (stated == recorded(ns.white_noise(1.0, 3 * math.sqrt(2 / 10)))).all()
    both = recorded(ns.membrane_noise(-60, 3, frozen=True) + ns.constant([0.0, 0.5]))
    np.testing.assert_allclose(both[1] - both[0], 0.5, atol=1e-12)


@pytest.mark.parametrize(
    ("model", "current"),
    [
        ("hodgkin-huxley", ns.membrane_noise(-60, 3)),
        ("quadratic-integrate-and-fire", ns.membrane_noise(0, 3)),
        ("poisson", ns.membrane_noise(50, 3)),
        ("pinsky-rinzel", {"I_s": ns.membrane_noise(0, 3), "I_d": 0}),
    ],
)
def test_membrane_noise_is_for_leaky_membranes(model, current):
    with pytest.raises(ns.InputError, match=rf"leaky membrane.*{model} has none: take white_noise"):
        ns.simulate(model, current, 10)


def test_a_membrane_without_gain_is_deaf_to_noise():
    model = ns.Model.from_toml(ns.load_model("leaky-integrate-and-fire").source.replace("R_m*I", "0*R_m*I"))
    deaf = ns.simulate(model, ns.white_noise(3, 5), 20, neurons=10, record=["V"], seed=9)
    assert np.ptp(deaf["V"]) == 0
    with pytest.raises(ns.InputError, match="has none: take white_noise"):
        ns.simulate(model, ns.membrane_noise(-60, 3), 10)


# Where noise goes ------------------------------------------------------------------------------------------------


def test_noise_in_models_with_several_inputs():
    current = {"I_s": ns.white_noise(0.5, 2), "I_d": ns.ornstein_uhlenbeck(np.zeros(2000), 0.3, 5)}
    r = ns.simulate("pinsky-rinzel", current, 0.2, method="euler", record=["I_s", "I_d"], seed=16)
    assert is_mean(r["I_s"][:, 1:], 0.5)
    assert is_variance(r["I_s"][:, 1:], 4 / 0.01)
    assert is_variance(r["I_d"][:, 0], 0.09)
    assert abs(np.corrcoef(r["I_s"][:, 1], r["I_d"][:, 1])[0, 1]) < 4 / math.sqrt(2000)
    only = ns.simulate("pinsky-rinzel", current | {"I_s": 0.5}, 0.2, method="euler", record=["I_s"], seed=16)
    assert (only["I_s"] == 0.5).all()


def test_noise_in_a_hazard():
    """Cox process: counts have the variance mean + 2s²τ(T - τ(1 - e^(-T/τ))), with the rate's s and τ."""
    T, s, tau = 200.0, 0.02, 10.0
    current = ns.ornstein_uhlenbeck(np.full(10_000, 100.0), 1000 * s, tau)
    count = ns.simulate("poisson", current, T, seed=17).spike_count
    assert is_mean(count, 20)
    expected = 20 + 2 * s**2 * tau * (T + tau * math.expm1(-T / tau))
    assert count.var() == pytest.approx(expected, rel=4 * math.sqrt(2.1 / 10_000))


def test_noise_in_a_probability():
    """The mean of ½(1 + tanh βh) over the normal law of h, by Gauss–Hermite quadrature."""
    z, w = np.polynomial.hermite_e.hermegauss(60)
    for current, std in (
        (ns.ornstein_uhlenbeck(np.full(200, 0.3), 0.5, 7), 0.5),
        (ns.white_noise(np.full(200, 0.3), 0.5), 0.5),
    ):
        r = ns.simulate("threshold-unit", current, 1000, seed=18)
        expected = (w * 0.5 * (1 + np.tanh(2 * (0.3 + std * z)))).sum() / w.sum()
        rate = r.spike_count / 1000
        assert abs(rate.mean() - expected) < 4 * rate.std() / math.sqrt(200)


# In words --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "current"),
    [
        ("white:0,5", ns.white_noise(0, 5)),
        ("ornstein-uhlenbeck:0,5,10", ns.ornstein_uhlenbeck(0, 5, 10)),
        ("ornstein-uhlenbeck:0 nA,5 pA,0.01 s", ns.ornstein_uhlenbeck(0, 0.005, 10)),
        ("poisson:1000,0.002", ns.poisson_input(1000, 0.002)),
        ("poisson:1 kHz,2 pC", ns.poisson_input(1000, 2)),
        ("membrane:-55,5", ns.membrane_noise(-55, 5)),
        ("step:1,5,10 + white:0.5,0.2", ns.step(1, 5, 10) + ns.white_noise(0.5, 0.2)),
        ("2 + poisson:50,1 + white:0,1", 2 + ns.poisson_input(50, 1) + ns.white_noise(0, 1)),
    ],
)
def test_noise_in_words(text, current):
    np.testing.assert_allclose(recorded(parse_current(text)), recorded(current), rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("white:0", "write white:mean,sigma"),
        ("ornstein-uhlenbeck:0,5", "write ornstein-uhlenbeck:mean,std,tau"),
        ("ornstein-uhlenbeck:0,5,-1", "tau is positive"),
        ("poisson:-5,1", "rate is from 0 on"),
        ("white:0,-5", "sigma and std are from 0 on"),
        ("ornstein-uhlenbeck:0,-5,1", "sigma and std are from 0 on"),
        ("membrane:-60,-5", "std is from 0 on"),
        ("membrane:5", "write membrane:mean,std"),
        ("withe:0,5", "did you mean white"),
        ("10 + white", "'white'"),
    ],
)
def test_noise_in_wrong_words(text, message):
    with pytest.raises(ValueError, match=message):
        recorded(parse_current(text))
