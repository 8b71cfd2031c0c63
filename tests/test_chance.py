"""Spike rules with chance: the laws of spikes against closed forms, quadrature and plain loops over the definition."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

import neurosim as ns

inf = math.inf
GRID = np.linspace(0, 400, 400_001)  # ms


def intervals(recording, share=0.7):
    """The first so many intervals of each neuron, the same number for all, so that none is chosen by its length.

    (n, k), from the first spike of each neuron on.
    """
    count = recording.spike_count
    k = int(share * count.mean())
    assert count.min() > k > 0
    order = np.lexsort((recording.spike_time, recording.spike_index))
    trains = np.split(recording.spike_time[order], np.cumsum(count)[:-1])
    return np.array([np.diff(train[: k + 1]) for train in trains])


def run(model, I, duration, neurons=200, seed=1, **arguments):
    """Intervals of neurons alike."""
    return intervals(ns.simulate(model, np.full(neurons, float(I)), duration, seed=seed, **arguments))


# Probability ... per Δ -------------------------------------------------------------------------------------------


def lattice_law(I, beta, Delta=1.0, t_abs=4.0, c=5.0, theta=1.0):
    """D_k = g_k Π_{j<k} (1 - g_j) of the renewal neuron, k = 1 …: the definition."""
    D, survivor = [], 1.0
    for k in range(1, 3000):
        free = k * Delta - t_abs
        h = I - c / free - theta if free > 0 else -inf
        g = 0.5 * (1 + math.tanh(beta * h)) if free > 0 else 0.0
        D.append(g * survivor)
        survivor *= 1 - g
    return np.array(D)


def p_of(found, D, Delta=1.0):
    """p of χ² for intervals to follow D, bins of less than 10 expected joined."""
    k = np.rint(found.ravel() / Delta).astype(np.int64)
    np.testing.assert_allclose(found.ravel(), k * Delta, rtol=1e-9)
    expected = k.size * D
    observed = np.bincount(k - 1, minlength=D.size)[: D.size]
    edges, total = [0], 0.0
    for i, e in enumerate(expected):
        total += e
        if total >= 10:
            edges.append(i + 1)
            total = 0.0
    edges[-1] = D.size
    joined = [np.add.reduceat(counts, edges[:-1]) for counts in (observed, expected)]
    return stats.chisquare(joined[0], joined[1] * joined[0].sum() / joined[1].sum()).pvalue


@pytest.mark.parametrize(("beta", "I"), [(0.0, 1.5), (0.5, 1.5), (2.0, 1.5), (5.0, 1.5), (5.0, 0.9), (50.0, 1.91)])
def test_renewal_follows_its_interval_distribution(beta, I):
    found = run("renewal", I, 3000, parameters={"beta": beta}, seed=2)
    assert p_of(found, lattice_law(I, beta)) > 0.001
    assert p_of(found, lattice_law(I + 0.05, beta + 0.02)) < 1e-6  # a wrong theory


@pytest.mark.parametrize("dt", [1.0, 0.25, 0.1])
def test_law_does_not_depend_on_dt(dt):
    found = run("renewal", 1.5, 2000, dt=dt, seed=3)
    assert p_of(found, lattice_law(1.5, 5.0)) > 0.001


@pytest.mark.parametrize(("Delta", "dt"), [(0.5, 0.5), (0.5, 0.125), (2.0, 1.0), (0.3, 0.1)])
def test_elementary_step(Delta, dt):
    found = run("renewal", 1.5, 1500, dt=dt, parameters={"Delta": Delta}, seed=4)
    assert p_of(found, lattice_law(1.5, 5.0, Delta), Delta) > 0.001
    assert p_of(found, lattice_law(1.55, 5.0, Delta), Delta) < 0.001


def test_rate_is_one_over_the_mean_interval():
    D = lattice_law(1.5, 5.0)
    k = np.arange(1, D.size + 1)
    mean = (k * D).sum()
    spread = math.sqrt((k**2 * D).sum() - mean**2)
    found = run("renewal", 1.5, 3000, seed=5)
    assert abs(found.mean() - mean) < 4 * spread / math.sqrt(found.size)
    assert found.std() == pytest.approx(spread, rel=0.03)


@pytest.mark.parametrize("dt", [1.0, 0.25])
def test_without_noise_the_period_is_rounded_up_to_the_elementary_step(dt):
    I = np.array([0.5, 1.0, 1.01, 1.5, 2.0, 3.0, 3.5, 20.0, 1e6])
    r = ns.simulate("renewal", I, 3000, dt=dt, parameters={"beta": inf}, seed=1)
    for i, current in enumerate(I):
        if current <= 1:  # h reaches 0 at infinity only, but for the first spike: nothing refractory before it
            assert r.spike_times(i).tolist() == ([1.0] if current == 1 else [])
            continue
        period = math.ceil(4 + 5 / (current - 1))
        times = r.spike_times(i)
        assert (np.diff(times) == period).all()
        assert times[0] == 1
        assert times.size == 1 + math.floor(2999 / period)


def test_intervals_of_the_renewal_neuron_are_independent():
    found = run("renewal", 1.5, 6000, seed=6)
    r = np.corrcoef(found[:, :-1].ravel(), found[:, 1:].ravel())[0, 1]
    assert abs(r) < 4 / math.sqrt(found[:, 1:].size)


@pytest.mark.parametrize("dt", [1.0, 0.25])
def test_threshold_unit(dt):
    I = np.array([-1.0, -0.2, 0.0, 0.25, 2.0])
    r = ns.simulate("threshold-unit", I, 20_000, dt=dt, parameters={"theta": 0.1}, record=["x"], seed=7)
    steps = round(1 / dt)
    x = r["x"][:, ::steps][:, 1:]  # at t = Δ, 2Δ …
    assert np.isin(x, (0, 1)).all()
    assert r["x"][:, 0].tolist() == [0] * 5
    expected = 0.5 * (1 + np.tanh(2 * (I - 0.1)))
    error = np.sqrt(expected * (1 - expected) / 20_000)
    assert (np.abs(x.mean(axis=1) - expected) < 4 * error).all()
    assert (x.sum(axis=1) == r.spike_count).all()
    for row, p in zip(x, expected, strict=True):
        for lag in (1, 2, 5):
            covariance = np.mean((row[:-lag] - p) * (row[lag:] - p))
            assert abs(covariance) < 4 * p * (1 - p) / math.sqrt(20_000)
    assert np.abs(np.corrcoef(x)[np.triu_indices(5, 1)]).max() < 4 / math.sqrt(20_000)


def test_threshold_unit_without_noise_is_that_of_mcculloch_and_pitts():
    r = ns.simulate("threshold-unit", np.array([-1e-9, 0.0, 1e-9]), 50, parameters={"beta": inf}, record=["x"], seed=1)
    assert (r["x"][:, 1:] == np.array([[0], [1], [1]])).all()  # at its threshold it is 1


def spike_response_loop(I, steps, neurons, seed, J_slow, J_fast, beta):
    """Spikes (steps, neurons) by the definition: kernels of all previous spikes, in steps of 1 ms."""
    generator = np.random.default_rng(seed)
    slow, fast, last = np.zeros(neurons), np.zeros(neurons), np.full(neurons, -inf)
    fired = np.zeros((steps, neurons), dtype=bool)
    for k in range(1, steps + 1):
        slow *= math.exp(-1 / 100)
        fast *= math.exp(-1 / 10)
        g = 0.5 * (1 + np.tanh(beta * (I - slow + fast - 1.0)))
        now = (k - last > 3) & (generator.random(neurons) < g)
        fired[k - 1] = now
        slow[now] += J_slow
        fast[now] += J_fast
        last[now] = k
    return fired


@pytest.mark.parametrize(
    ("I", "kernels"), [(2.0, {"J_slow": 0.15, "J_fast": 0.0}), (1.2, {"J_slow": 0.5, "J_fast": 1.2})]
)
def test_spike_response_against_a_plain_loop(I, kernels):
    neurons, steps = 3000, 500
    oracle = spike_response_loop(I, steps, neurons, 8, beta=5.0, **kernels)
    expected = [np.flatnonzero(column) + 1.0 for column in oracle.T]
    r = ns.simulate("spike-response", np.full(neurons, I), steps, parameters=kernels, seed=8)
    order = np.lexsort((r.spike_time, r.spike_index))
    found = np.split(r.spike_time[order], np.cumsum(r.spike_count)[:-1])
    for number in (1, 2, 5, 9):
        one, other = ([np.diff(t)[number - 1] for t in trains if t.size > number] for trains in (expected, found))
        assert stats.ks_2samp(one, other, method="asymp").pvalue > 0.001
        assert stats.ks_2samp(one, np.array(other) + 1, method="asymp").pvalue < 1e-6
    counts = [np.array([t.size for t in trains]) for trains in (expected, found)]
    error = math.hypot(*(stats.sem(count) for count in counts))
    assert abs(counts[0].mean() - counts[1].mean()) < 4 * error


def test_adaptation_makes_intervals_correlate_negatively():
    found = run("spike-response", 2.0, 6000, seed=9)[:, 20:]  # once adapted
    r = np.corrcoef(found[:, :-1].ravel(), found[:, 1:].ravel())[0, 1]
    assert r < -8 / math.sqrt(found[:, 1:].size)


# Hazard ----------------------------------------------------------------------------------------------------------


def rescaled(found, hazard):
    """Intervals through 1 - S with S = exp(-∫ρ), by quadrature: uniform if the hazard is theirs."""
    cumulative = integrate.cumulative_trapezoid(hazard(GRID), GRID, initial=0)
    return -np.expm1(-np.interp(found.ravel(), GRID, cumulative))


def ks(found, hazard):
    return stats.kstest(rescaled(found, hazard), "uniform").pvalue


def renewal_hazard(I, beta, t_abs=4.0):
    def hazard(s):
        with np.errstate(divide="ignore"):
            return np.where(s > t_abs, 0.5 * (1 + np.tanh(beta * (I - 5 / np.maximum(s - t_abs, 0) - 1))), 0.0)

    return hazard


def exponential_recovery(I, tau_r=10.0):
    return lambda s: np.where(s > 2, np.exp(2 * (I - 5 * np.exp(-(s - 2) / tau_r) - 1)), 0.0)


def escape_along_the_membrane(I, theta=-50.0):
    """From V_r at the end of t_ref, V relaxes to E_L + R I with τ = 10 ms."""

    def hazard(s):
        V = -70 + 10 * I + (5 - 10 * I) * np.exp(-np.maximum(s - 2, 0) / 10)
        return np.where(s > 2, 0.2 * np.exp((V - theta) / 2), 0.0)

    return hazard


HAZARDS = {
    "renewal-hazard": (3.0, renewal_hazard(3.0, 5.0), renewal_hazard(3.0, 5.0, 4.05)),
    "renewal-exponential-recovery": (1.5, exponential_recovery(1.5), exponential_recovery(1.5, 10.5)),
    "escape-integrate-and-fire": (2.5, escape_along_the_membrane(2.5), escape_along_the_membrane(2.5, -50.2)),
    "poisson": (50.0, lambda s: np.full_like(s, 0.05), lambda s: np.full_like(s, 0.052)),
    "poisson-with-dead-time": (80.0, lambda s: 0.08 * (s > 5), lambda s: 0.08 * (s > 5.4)),
}


@pytest.mark.parametrize("model", HAZARDS)
@pytest.mark.parametrize("dt", [0.05, 0.2, 1.0])
def test_hazard(model, dt):
    I, hazard, wrong = HAZARDS[model]
    found = run(model, I, 1500, 300, dt=dt, seed=11)
    assert found.size > 10_000
    assert ks(found, hazard) > 0.001
    assert ks(found, wrong) < 0.001


@pytest.mark.slow
@pytest.mark.parametrize("model", HAZARDS)
@pytest.mark.parametrize("method", ["heun", "midpoint", "rk4", "exact-rk4", "exponential-midpoint"])
@pytest.mark.parametrize("dt", [0.05, 0.2, 1.0])
def test_hazard_by_all_methods_from_the_second_order_on(model, method, dt):
    I, hazard, _ = HAZARDS[model]
    if method.startswith("ex") and model != "escape-integrate-and-fire":
        pytest.skip("has no linear state")
    assert ks(run(model, I, 3000, 300, dt=dt, method=method, seed=12), hazard) > 0.001


def test_hazard_by_euler_is_of_first_order():
    """Same random numbers at every dt: intervals differ by the integration alone."""
    I = 2.5
    mean = (
        2
        + integrate.quad(
            lambda s: math.exp(-integrate.quad(lambda u: float(escape_along_the_membrane(I)(np.array(u))), 2, s)[0]),
            2,
            150,
        )[0]
    )
    exact, coarse, fine = (
        run("escape-integrate-and-fire", I, 1500, 300, seed=13, **kind)[:, :30]
        for kind in ({"dt": 0.1}, {"dt": 0.1, "method": "euler"}, {"dt": 0.025, "method": "euler"})
    )
    assert abs(exact.mean() - mean) < 4 * exact.std() / math.sqrt(exact.size)
    errors = np.abs([(coarse - exact).mean(), (fine - exact).mean()])
    assert math.log(errors[0] / errors[1], 4) == pytest.approx(1, abs=0.15)


def test_hazard_that_jumps_from_nothing():
    """β = ∞: the rate is 0 until h reaches 0 at 6.5 ms, then 1/τ; no NaN."""
    for dt in (0.1, 1.0):
        found = run("renewal-hazard", 3.0, 1500, dt=dt, parameters={"beta": inf, "tau": 2.0}, seed=14)
        assert stats.kstest(found.ravel() - 6.5, "expon", args=(0, 2.0)).pvalue > 0.001
        assert stats.kstest(found.ravel() - 6.6, "expon", args=(0, 2.0)).pvalue < 0.001
    silent = ns.simulate("renewal-hazard", 0.99, 500, parameters={"beta": inf}, seed=1)
    assert silent.spike_time.size == 0


def test_intervals_of_hazards_are_independent():
    found = run("renewal-exponential-recovery", 1.5, 5000, seed=15)
    r = np.corrcoef(found[:, :-1].ravel(), found[:, 1:].ravel())[0, 1]
    assert abs(r) < 4 / math.sqrt(found[:, 1:].size)


def test_poisson_with_a_rate_that_varies():
    """Time rescaling: with Λ = ∫rate the spikes are a Poisson process of rate 1, so its intervals are Exp(1)."""
    mean, depth, f, T = 60.0, 80.0, 5.0, 2000
    t = np.linspace(0, T, 200_001)
    Lambda = integrate.cumulative_simpson(
        np.maximum(mean + depth * np.sin(2 * np.pi * f * t / 1000), 0) / 1000, x=t, initial=0
    )
    for dt in (0.1, 1.0):
        current = ns.sine(np.full(200, depth), f, mean=mean)
        r = ns.simulate("poisson", current, T, dt=dt, seed=16)
        order = np.lexsort((r.spike_time, r.spike_index))
        trains = np.split(r.spike_time[order], np.cumsum(r.spike_count)[:-1])
        found = np.concatenate([np.diff(np.interp(train[:80], t, Lambda), prepend=0) for train in trains])
        assert r.spike_count.min() >= 80
        assert stats.kstest(found, "expon").pvalue > 0.001
        assert stats.kstest(1.06 * found, "expon").pvalue < 0.001
        expected = Lambda[-1]
        assert abs(r.spike_count.mean() - expected) < 4 * math.sqrt(expected / 200)
        assert r.spike_count.var() == pytest.approx(expected, rel=0.4)


def test_poisson_with_sampled_rates():
    rates = np.repeat([[20.0, 0.0, 200.0, -50.0]], 300, axis=0)
    r = ns.simulate("poisson", ns.from_array(rates, dt=100), 400, seed=17)
    counts = np.histogram(r.spike_time, bins=[0, 100, 200, 300, 400])[0] / 300
    assert counts[1] == counts[3] == 0
    for found, expected in ((counts[0], 2), (counts[2], 20)):
        assert abs(found - expected) < 4 * math.sqrt(expected / 300)


def test_gamma_of_all_orders():
    order = np.arange(1, 11)
    r = ns.simulate("gamma", 60, 3000, parameters={"order": np.repeat(order, 60)}, seed=18)
    found = intervals(r)
    for k in order:
        one = found[(k - 1) * 60 : k * 60].ravel()
        assert stats.kstest(one, "gamma", args=(k, 0, 1000 / 60 / k)).pvalue > 0.001
        assert stats.kstest(one, "gamma", args=(1.2 * k, 0, 1000 / 60 / k / 1.2)).pvalue < 0.001
        assert one.std() / one.mean() == pytest.approx(1 / math.sqrt(k), rel=0.05)


@pytest.mark.parametrize("order", [0, -1, 11, 2.5, 1.0001])
def test_gamma_of_no_such_order(order):
    with pytest.raises(ns.InputError, match=r"gamma.*order"):
        ns.simulate("gamma", 60, 100, parameters={"order": order})


def generalised_loop(I, duration, neurons, seed, dt=0.05):
    """Spike times of each neuron by the definition of the GIF: exact decays, chance 1 - exp(-λ dt) in each step."""
    generator = np.random.default_rng(seed)
    V, last = np.full(neurons, -65.0), np.full(neurons, -inf)
    jumps = np.array([0.1, 0.01, 10.0, 1.0])[:, None]  # nA, nA, mV, mV
    decay = np.exp(-dt / np.array([20.0, 200.0, 10.0, 200.0]))[:, None]
    after = np.zeros((4, neurons))
    trains = [[] for _ in range(neurons)]
    for k in range(1, round(duration / dt) + 1):
        middle = after[:2] * np.sqrt(decay[:2])
        target = -65 + (I - middle.sum(axis=0)) / 0.01  # g_L = 0.01 µS; τ = 20 ms
        free = k * dt - last > 4.0 + dt / 2
        V = np.where(free, target + (V - target) * math.exp(-dt / 20), V)
        after *= decay
        rate = np.exp((V + 45 - after[2:].sum(axis=0)) / 2)
        for j in np.flatnonzero(free & (generator.random(neurons) < -np.expm1(-rate * dt))):
            trains[j].append(k * dt)
            V[j], last[j] = -50.0, k * dt
            after[:, j] += jumps[:, 0]
    return [np.array(train) for train in trains]


def test_generalised_integrate_and_fire_against_a_plain_loop():
    neurons = 1500
    expected = generalised_loop(0.5, 350, neurons, 19)
    for dt in (0.1, 0.5):
        r = ns.simulate("generalised-integrate-and-fire", np.full(neurons, 0.5), 350, dt=dt, seed=19)
        order = np.lexsort((r.spike_time, r.spike_index))
        found = np.split(r.spike_time[order], np.cumsum(r.spike_count)[:-1])
        for number in (1, 2, 6):
            one, other = ([np.diff(t)[number - 1] for t in trains if t.size > number] for trains in (expected, found))
            assert len(one) > 0.9 * neurons
            assert stats.ks_2samp(one, other).pvalue > 0.001
            assert stats.ks_2samp(one, 1.1 * np.array(other)).pvalue < 0.001
        assert stats.ks_2samp([t[0] for t in expected], [t[0] for t in found]).pvalue > 0.001
