"""Threshold units and integrate-and-fire neurons: closed forms, mpmath, an integral equation, a slow simulation."""

import math

import mpmath
import numpy as np
import pytest

from neurosim.errors import InputError
from neurosim.theory import integrate_and_fire_cv, integrate_and_fire_rate, threshold_unit
from neurosim.theory.grid import overshoot_slope

NEURON = {"tau": 20.0, "threshold": 20.0, "reset": 10.0, "refractory": 2.0}
"""That of FACTS: mV and ms."""


# Threshold unit --------------------------------------------------------------------------------------------------


def test_threshold_unit_is_the_gate():
    h = np.linspace(-3, 3, 13)
    for beta in (0.0, 0.5, 2.0, 40.0):
        np.testing.assert_allclose(threshold_unit(h, beta), [(1 + math.tanh(beta * x)) / 2 for x in h], atol=1e-15)


def test_threshold_unit_at_infinite_gain_is_the_heaviside_function():
    """Theta(0) = 1 by convention, but 1/2 at any finite gain."""
    np.testing.assert_array_equal(threshold_unit([-1e-300, 0, 1e-300, np.inf], np.inf), [0, 1, 1, 1])
    np.testing.assert_array_equal(threshold_unit(0.0, [0, 1, 1e300]), 0.5)
    assert threshold_unit(np.inf, 0.0) == 0.5


@pytest.mark.parametrize(("h", "beta"), [(np.nan, 1), (1, np.nan), (1, -1)])
def test_threshold_unit_refuses(h, beta):
    with pytest.raises(InputError):
        threshold_unit(h, beta)


# Without noise ---------------------------------------------------------------------------------------------------


def test_closed_form_without_noise():
    """1/(t_ref + tau ln((mean - reset)/(mean - threshold))) above the threshold, 0 up to it."""
    mean = np.array([-50, 10, 20, 20.001, 25, 40, 1e6])
    wanted = [0, 0, 0, *(1000 / (2 + 20 * math.log((m - 10) / (m - 20))) for m in mean[3:])]
    np.testing.assert_allclose(integrate_and_fire_rate(mean, **NEURON), wanted, rtol=1e-12)
    np.testing.assert_array_equal(integrate_and_fire_cv(mean, **NEURON), [np.nan] * 3 + [0] * 4)


def test_closed_form_on_a_grid_is_rounded_up():
    """At 30 mV the membrane takes 20 ln 2 = 13.8629… ms to the threshold."""
    assert integrate_and_fire_rate(30, dt=0.1, **NEURON) == pytest.approx(1000 / 15.9, rel=1e-12)
    assert integrate_and_fire_rate(30, dt=0.5, **NEURON) == pytest.approx(1000 / 16, rel=1e-12)


# White noise -----------------------------------------------------------------------------------------------------


def siegert(mean, std, tau=20, threshold=20, reset=10, refractory=2):
    """Rate and CV to 20 digits; the double integral of Brunel 2000 with the order of integration exchanged."""
    with mpmath.workdps(30):
        low, high = ((mpmath.mpf(limit) - mean) / (mpmath.sqrt(2) * std) for limit in (reset, threshold))

        def g(x):
            return mpmath.exp(x * x) * mpmath.erfc(-x)

        def weight(y):
            return mpmath.exp(-y * y) * g(y) ** 2 * (mpmath.erfi(high) - mpmath.erfi(max(low, y)))

        below = [low - step for step in (40, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02)]
        inside = mpmath.linspace(low, high, 9)
        interval = refractory + tau * mpmath.sqrt(mpmath.pi) * mpmath.quad(g, inside)
        outer = mpmath.quad(weight, [*below, *inside]) * mpmath.sqrt(mpmath.pi) / 2
        return 1000 / interval, tau * mpmath.sqrt(2 * mpmath.pi * outer) / interval


@pytest.mark.parametrize(
    ("mean", "std"), [(20, 5), (0, 5), (15, 20), (40, 5), (20, 100), (25, 0.5), (10, 2), (18, 0.4)]
)
def test_white_noise_against_mpmath(mean, std):
    rate, cv = siegert(mean, std)
    assert float(integrate_and_fire_rate(mean, std, **NEURON) / rate) == pytest.approx(1, abs=1e-12)
    assert float(integrate_and_fire_cv(mean, std, **NEURON) / cv) == pytest.approx(1, abs=1e-11)


def test_white_noise_facts():
    """FACTS: 32.78 Hz on no grid."""
    assert integrate_and_fire_rate(20, 5, **NEURON) == pytest.approx(32.78, abs=0.005)


@pytest.mark.parametrize("mean", [20.5, 25.0, 40.0, 1e4])
def test_little_noise_comes_to_the_closed_form(mean):
    quiet = integrate_and_fire_rate(mean, **NEURON)
    std = np.array([1e-2, 1e-3, 1e-6, 1e-12, 1e-100, 1e-300])
    np.testing.assert_allclose(integrate_and_fire_rate(mean, std, **NEURON), quiet, rtol=1e-3)
    np.testing.assert_allclose(integrate_and_fire_rate(mean, std[2:], **NEURON), quiet, rtol=1e-11)
    cv = integrate_and_fire_cv(mean, std, **NEURON)
    assert (cv[:3] > 0).all()
    assert (np.diff(cv) <= 0).all()
    np.testing.assert_allclose(cv[1] / cv[0], 0.1, rtol=1e-2)  # of first order in the noise


def test_far_below_threshold():
    """exp(-x²) x/(tau sqrt(pi)) at a threshold x·sqrt(2)·std above the mean, relative error 1/(2x²); CV 1."""
    x = np.array([5.0, 10, 15, 25])
    mean = 20 - math.sqrt(2) * x
    wanted = 1000 * x * np.exp(-(x**2)) / (20 * math.sqrt(math.pi))
    rate = integrate_and_fire_rate(mean, 1.0, **NEURON)
    assert (np.abs(rate / wanted - 1) < 0.6 / x**2).all()
    np.testing.assert_allclose(integrate_and_fire_cv(mean, 1.0, **NEURON), 1, atol=1e-4)


def test_no_overflow_anywhere():
    mean, std = np.meshgrid([-1e9, -1e3, 0, 15, 19.999, 20, 20.001, 25, 1e3, 1e9], 10.0 ** np.arange(-300, 10))
    rate, cv = (f(mean, std, **NEURON) for f in (integrate_and_fire_rate, integrate_and_fire_cv))
    assert np.isfinite(rate).all()
    assert np.isfinite(cv).all()
    assert (cv >= 0).all()
    assert ((rate >= 0) & (rate <= 500)).all()
    assert (np.diff(rate, axis=1) >= -1e-9).all()


# Grid ------------------------------------------------------------------------------------------------------------


def on_a_grid(mean, std, dt, tau=20.0, threshold=20.0, reset=10.0, refractory=2.0):
    """Rate and CV of a membrane that is looked at every dt: the integral equations u = dt + K u and so on, solved.

    K moves the membrane by one exact step and drops what has reached the threshold (Nyström, panels of half a step's
    standard deviation).
    """
    keep = math.exp(-dt / tau)
    moved = std * math.sqrt(1 - keep**2)
    edges = np.arange(threshold, min(reset, mean) - 7 * std, -moved / 2)[::-1]
    nodes, weights = np.polynomial.legendre.leggauss(4)
    half = np.diff(edges)[:, None] / 2
    V, w = (edges[:-1, None] + half * (1 + nodes)).ravel(), (half * weights).ravel()

    def step_from(start):
        arrival = mean + (start - mean) * keep
        return np.exp(-0.5 * ((V - arrival[:, None]) / moved) ** 2) / (moved * math.sqrt(2 * math.pi)) * w

    K, first = step_from(V), step_from(np.array([reset]))[0]
    system = np.eye(V.size) - K
    once = np.linalg.solve(system, np.full(V.size, dt))
    twice = np.linalg.solve(system, dt**2 + 2 * dt * (K @ once))
    interval, square = dt + first @ once, dt**2 + first @ (2 * dt * once + twice)
    return 1000 / (interval + refractory), math.sqrt(square - interval**2) / (interval + refractory)


@pytest.mark.parametrize(("mean", "std", "dt"), [(20, 5, 0.1), (10, 5, 0.1), (40, 5, 0.1), (30, 8, 0.2), (20, 5, 0.4)])
def test_grid_against_an_integral_equation(mean, std, dt):
    """The correction is of order dt^(3/2); without it rates are 3 to 11 % too high."""
    rate, cv = on_a_grid(mean, std, dt)
    assert integrate_and_fire_rate(mean, std, dt=dt, **NEURON) == pytest.approx(rate, rel=1.5e-4)
    assert integrate_and_fire_cv(mean, std, dt=dt, **NEURON) == pytest.approx(cv, rel=2e-4)
    assert integrate_and_fire_rate(mean, std, **NEURON) > 1.03 * rate


@pytest.mark.parametrize(
    ("mean", "std", "dt"), [(40, 1, 0.1), (60, 2, 0.5), (30, 0.7, 0.5), (25, 1, 0.1), (60, 0.7, 0.5)]
)
def test_grid_where_drift_counts(mean, std, dt):
    """Where the drift of a step comes to the size of its noise, or above, the delay goes from dt/4 to dt/2."""
    rate, cv = on_a_grid(mean, std, dt)
    assert abs(1000 / integrate_and_fire_rate(mean, std, dt=dt, **NEURON) - 1000 / rate) < 0.01 * dt
    assert integrate_and_fire_cv(mean, std, dt=dt, **NEURON) == pytest.approx(cv, rel=0.01)


@pytest.mark.parametrize("spread", [0.01, 0.1, 0.3])
def test_grid_with_next_to_no_noise(spread):
    """A normal time with this spread in steps, rounded up: between the closed form on a grid and half a step late.

    The noise is such that the passage has that spread: std·√(1 - exp(-2T/τ)) over the drift at the threshold.
    """
    dt, mean = 0.5, np.array([25.0, 33.0, 41.5, 60.0])
    passage = 20 * np.log((mean - 10) / (mean - 20))
    std = spread * dt * (mean - 20) / 20 / np.sqrt(1 - np.exp(-2 * passage / 20))
    normal = np.random.default_rng(1).standard_normal(10**6)
    rounded = [dt * np.ceil(time / dt + spread * normal) for time in passage]
    found = 1000 / integrate_and_fire_rate(mean, std, dt=dt, **NEURON) - 2
    assert np.abs(found - [times.mean() for times in rounded]).max() < 0.01 * dt
    deviation = integrate_and_fire_cv(mean, std, dt=dt, **NEURON) * (found + 2)
    assert np.abs(deviation - [times.std() for times in rounded]).max() < 0.01 * dt
    silent = 1000 / integrate_and_fire_rate(mean, 0.0, dt=dt, **NEURON)
    assert 1000 / integrate_and_fire_rate(mean, 1e-9, dt=dt, **NEURON) == pytest.approx(silent, rel=1e-6)


def test_overshoot_of_a_walk_against_a_simulation():
    """100,000 walks with normal steps of mean m from 30 below: mean overshoot r₀ + m·slope, within 4 s.e."""
    generator = np.random.default_rng(1)
    for m in (0.4, 1.5, 4.0):
        place, over = np.full(100_000, -30.0), []
        while place.size:
            place = place + generator.standard_normal(place.size) + m
            over.append(place[place > 0])
            place = place[place <= 0]
        beyond = np.concatenate(over)
        expected = 0.5825971579390107 + m * float(overshoot_slope(np.array(m)))
        assert abs(beyond.mean() - expected) < 4 * beyond.std() / math.sqrt(beyond.size)
    near = overshoot_slope(np.array([1e-9, 1 - 1e-9, 1.0, 1e9]))
    assert near[[0, 3]] == pytest.approx([0.25, 0.5], abs=1e-6)
    assert near[1] == pytest.approx(near[2], abs=2e-6)


def test_grid_facts():
    """FACTS: 31.26 Hz in a simulation at dt 0.1 ms; 31.25 by the shift of the threshold alone."""
    assert integrate_and_fire_rate(20, 5, dt=0.1, **NEURON) == pytest.approx(31.26, abs=0.04)
    shift = 0.5826 * math.sqrt(2) * 5 * math.sqrt(0.1 / 20)
    shifted = integrate_and_fire_rate(20, 5, **NEURON | {"threshold": 20 + shift})
    assert shifted == pytest.approx(31.25, abs=0.005)
    assert 1000 / integrate_and_fire_rate(20, 5, dt=0.1, **NEURON) == pytest.approx(1000 / shifted + 0.025, rel=1e-6)


# Simulation ------------------------------------------------------------------------------------------------------


def simulated(mean, std, tau_noise, refractory, dt, neurons=3000, duration=1000.0, seed=1):
    """Rate in Hz, its standard error, and CV, by exact steps of membrane and Ornstein–Uhlenbeck noise in NumPy."""
    tau, threshold, reset = 20.0, 20.0, 10.0
    random = np.random.default_rng(seed)
    keep = math.exp(-dt / tau)
    moved = std * math.sqrt(1 - keep**2)
    if tau_noise:
        size = std * math.sqrt((tau_noise + tau) / tau_noise)
        lasting, fine = math.exp(-dt / tau_noise), (np.arange(2000) + 0.5) * dt / 2000
        drive = tau_noise / (tau - tau_noise)
        of_noise = np.exp(-fine / tau_noise)
        of_V = (np.exp(-fine / tau) - of_noise) * drive
        factor = 2 * size**2 / tau_noise * dt / 2000
        chol = np.linalg.cholesky(
            factor * np.array([[of_noise @ of_noise, of_noise @ of_V], [of_noise @ of_V, of_V @ of_V]])
        )
        noise, passed = size * random.standard_normal(neurons), (keep - lasting) * drive
    V, free_from = np.full(neurons, reset), np.zeros(neurons)
    count, last, intervals = np.zeros(neurons), np.full(neurons, -1), []
    steps, warm, held = round(duration / dt), round(0.2 * duration / dt), round(refractory / dt)
    for step in range(steps):
        first = random.standard_normal(neurons)
        V = mean + (V - mean) * keep
        if tau_noise:
            V += passed * noise + chol[1, 0] * first + chol[1, 1] * random.standard_normal(neurons)
            noise = lasting * noise + chol[0, 0] * first
        else:
            V += moved * first
        V[step < free_from] = reset
        spikes = np.flatnonzero(threshold <= V)
        V[spikes] = reset
        free_from[spikes] = step + 1 + held
        if step >= warm and spikes.size:
            count[spikes] += 1
            known = spikes[last[spikes] >= 0]
            intervals.append((step - last[known]) * dt)
            last[spikes] = step
    seen = (steps - warm) * dt / 1000
    interval = np.concatenate(intervals)
    return count.mean() / seen, count.std() / seen / math.sqrt(neurons), interval.std() / interval.mean()


def test_white_noise_against_a_simulation():
    """On its grid; intervals above the length of the run are cut off, which leaves the CV within 2 %."""
    rate, error, cv = simulated(20.0, 5.0, 0.0, 2.0, dt=0.1)
    assert abs(integrate_and_fire_rate(20, 5, dt=0.1, **NEURON) - rate) < 4 * error
    assert abs(integrate_and_fire_rate(20, 5, **NEURON) - rate) > 10 * error
    assert integrate_and_fire_cv(20, 5, dt=0.1, **NEURON) == pytest.approx(cv, rel=0.02)


def test_filtered_noise_against_a_simulation():
    """What is left out is of the order of tau_noise/tau = 1 %; white noise of the same size would be 8 % off."""
    neuron = NEURON | {"refractory": 0.0}
    rate, error, cv = simulated(20.0, 5.0, 0.2, 0.0, dt=0.04)
    theory = integrate_and_fire_rate(20, 5, tau_noise=0.2, dt=0.04, **neuron)
    assert abs(theory - rate) < 4 * error
    assert abs(integrate_and_fire_rate(20, 5, **neuron) - rate) > 10 * error
    assert integrate_and_fire_cv(20, 5, tau_noise=0.2, **neuron) == pytest.approx(cv, rel=0.02)


def test_shift_by_filtered_noise():
    """Fourcaud & Brunel 2002: both limits are raised by alpha/2·sqrt(tau_noise/tau), alpha = sqrt(2)|zeta(1/2)|."""
    alpha = math.sqrt(2) * abs(float(mpmath.zeta(0.5)))
    assert alpha == pytest.approx(2.0653, abs=1e-4)
    sigma = math.sqrt(2 * (1 + 0.5 / 20)) * 5  # of the white noise before the filter
    shift = alpha / 2 * math.sqrt(0.5 / 20) * sigma
    neuron = NEURON | {"refractory": 0.0}
    raised = neuron | {"threshold": 20 + shift, "reset": 10 + shift}
    wanted = integrate_and_fire_rate(20, sigma / math.sqrt(2), **raised)
    assert integrate_and_fire_rate(20, 5, tau_noise=0.5, **neuron) == pytest.approx(wanted, rel=1e-12)


def test_a_long_refractory_time_forgets_the_noise_at_the_spike():
    """Then only the threshold is raised; the reset where the noise still is what made it spike."""
    sigma = math.sqrt(2 * (1 + 0.5 / 20)) * 5
    shift = math.sqrt(2) * 1.4603545088095868 / 2 * math.sqrt(0.5 / 20) * sigma
    neuron = NEURON | {"refractory": 50.0}
    wanted = integrate_and_fire_rate(20, sigma / math.sqrt(2), **neuron | {"threshold": 20 + shift})
    assert integrate_and_fire_rate(20, 5, tau_noise=0.5, **neuron) == pytest.approx(wanted, rel=1e-12)


# Arguments -------------------------------------------------------------------------------------------------------


def test_arguments_broadcast_and_have_units():
    rate = integrate_and_fire_rate(np.array([[10.0], [20.0]]), [0, 1, 5], **NEURON)
    assert rate.shape == (2, 3)
    quantities = {"tau": "0.02 s", "threshold": "20 mV", "reset": "0.01 V", "refractory": "2 ms"}
    np.testing.assert_allclose(integrate_and_fire_rate("20 mV", ["0 mV", "1 mV", "5 mV"], **quantities), rate[1])
    assert integrate_and_fire_rate([], 5, **NEURON).shape == (0,)
    assert integrate_and_fire_cv([], 5, **NEURON).shape == (0,)


@pytest.mark.parametrize(
    "wrong",
    [
        {"threshold": 10.0}, {"std": -1.0}, {"tau": 0.0}, {"refractory": -1.0}, {"mean": np.nan}, {"std": np.inf},
        {"tau_noise": -1.0}, {"dt": -0.1}, {"mean": [1, 2], "std": [1, 2, 3]}, {"tau": "20 mV"},
    ],
)  # fmt: skip
def test_arguments_refused(wrong):
    arguments = NEURON | {"mean": 20.0, "std": 5.0} | wrong
    for function in (integrate_and_fire_rate, integrate_and_fire_cv):
        with pytest.raises(InputError):
            function(**arguments)
