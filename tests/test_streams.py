"""Runs with chance can be had again: same bits whatever surrounds them; where they start, and what is refused."""

import math

import numpy as np
import pytest
from scipy import stats

import neurosim as ns
from neurosim.kernel import windows

inf = math.inf

RUNS = {  # model, what drives it, duration, arguments
    "white": ("leaky-integrate-and-fire", ns.white_noise(2, 2), 100, {"record": ["V", "I"]}),
    "frozen": ("leaky-integrate-and-fire", ns.white_noise(2, 2, frozen=True), 100, {"record": ["V", "I"]}),
    "coloured": ("leaky-integrate-and-fire", ns.ornstein_uhlenbeck(2, 1, 5), 100, {"record": ["I", "V"]}),
    "poisson": ("leaky-integrate-and-fire", ns.poisson_input(2000, 1), 100, {"record": ["V", "I"]}),
    "sum": (
        "leaky-integrate-and-fire",
        ns.ornstein_uhlenbeck(1, 0.5, 5)
        + ns.white_noise(1, 1)
        + ns.constant(0.5)
        + ns.poisson_input(100, 3, frozen=True),
        100,
        {"record": ["V", "I"]},
    ),
    "probability": ("renewal", 1.5, 500, {"record": ["h"], "dt": 0.5}),
    "hazard": ("escape-integrate-and-fire", 3, 300, {"record": ["V"]}),
    "hazard and noise": ("poisson", ns.ornstein_uhlenbeck(80, 20, 10), 500, {"record": ["rate"]}),
    "probability and noise": ("threshold-unit", ns.white_noise(0, 1), 300, {"record": ["x", "I"]}),
}


def run(name, neurons=5, duration=None, **arguments):
    model, I, whole, others = RUNS[name]
    arguments = others | {"seed": 1} | arguments
    return ns.simulate(model, I, duration or whole, neurons=neurons, **arguments)


def same(one, other, neurons=None):
    """Whether two recordings, or their first neurons, are the same to the last bit."""
    n = neurons or one.neurons
    for i in range(n):
        np.testing.assert_array_equal(one.spike_times(i), other.spike_times(i))
    for name in one.traces.keys() & other.traces.keys():
        np.testing.assert_array_equal(one[name][:n], other[name][:n])
    assert one.spike_time.size or not neurons


@pytest.mark.parametrize("name", RUNS)
def test_same_bits_alone_and_in_a_crowd_and_for_any_number_of_threads(name):
    few, many = run(name, 3, threads=1), run(name, 150, threads=2)
    same(few, many, 3)
    same(many, run(name, 150, threads=1))
    same(many, run(name, 150, threads=7))
    assert many.spike_time.size > 150
    if name != "frozen":
        assert np.unique(many.final_state["random"][:, 0]).size == 150


@pytest.mark.parametrize("name", RUNS)
def test_same_bits_whatever_the_windows(name, monkeypatch):
    whole = run(name, 70)
    monkeypatch.setattr(windows, "_LONGEST_WINDOW", 7)
    same(whole, run(name, 70))
    monkeypatch.setattr(windows, "_LONGEST_WINDOW", 50_000)
    monkeypatch.setattr(windows, "_WINDOW_SECONDS", 1e-5)
    same(whole, run(name, 70))


@pytest.mark.parametrize("name", RUNS)
def test_same_bits_whatever_is_recorded(name):
    whole, bare = run(name), run(name, record=[])
    same(whole, bare)
    for key, value in whole.final_state.items():
        np.testing.assert_array_equal(value, bare.final_state[key])
    every = run(name, record_every=4)
    for key, trace in every.traces.items():
        np.testing.assert_array_equal(trace, whole[key][:, ::4])


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("steps", [1, 36, 151])
def test_final_state_goes_on_with_the_same_bits(name, steps):
    whole = run(name)
    first = run(name, duration=steps * whole.dt)
    rest = run(name, duration=whole.duration - steps * whole.dt, start=first.final_state, seed=None)
    assert rest.seed is None
    for i in range(5):
        together = np.concatenate([first.spike_times(i), rest.spike_times(i) + steps * whole.dt])
        np.testing.assert_allclose(together, whole.spike_times(i), rtol=1e-12)
    for key, trace in whole.traces.items():
        np.testing.assert_array_equal(np.hstack([first[key], rest[key][:, 1:]]), trace)
    for key, value in whole.final_state.items():
        np.testing.assert_array_equal(value, rest.final_state[key])


def test_draws_go_on_where_they_were_in_the_elementary_step():
    first = ns.simulate("renewal", 2, 50.75, dt=0.25, neurons=20, seed=2)
    rest = ns.simulate("renewal", 2, 49.25, dt=0.25, start=first.final_state)
    whole = ns.simulate("renewal", 2, 100, dt=0.25, neurons=20, seed=2)
    np.testing.assert_array_equal(np.concatenate([first.spike_time, rest.spike_time + 50.75]), whole.spike_time)
    finer = ns.simulate("renewal", 2, 49.25, dt=0.05, start=first.final_state)
    assert (np.abs((finer.spike_time + 50.75) - np.rint(finer.spike_time + 50.75)) < 1e-9).all()


@pytest.mark.parametrize("name", RUNS)
def test_a_fresh_seed_is_told_and_gives_the_run_again(name):
    fresh, other = run(name, seed=None), run(name, seed=None)
    assert fresh.seed >= 0
    assert fresh.seed != other.seed
    assert not np.array_equal(fresh.final_state["random"], other.final_state["random"])
    assert not np.array_equal(fresh.spike_time, other.spike_time)
    same(fresh, run(name, seed=fresh.seed))
    same(run(name), run(name, seed=np.int64(1)))


def test_a_seed_takes_new_numbers_where_a_run_goes_on():
    first = run("coloured")
    assert run("coloured", start=first.final_state).seed == 1
    new = [run("coloured", start=first.final_state, seed=s) for s in (3, 3, 4)]
    same(new[0], new[1])
    assert not np.array_equal(new[0]["I"], new[2]["I"])
    np.testing.assert_array_equal(new[0]["V"][:, 0], first["V"][:, -1])


def test_without_chance_there_is_no_seed():
    assert ns.simulate("leaky-integrate-and-fire", 3, 10).seed is None
    assert ns.simulate("leaky-integrate-and-fire", 3, 10, seed=3).seed is None


# Start -----------------------------------------------------------------------------------------------------------


def test_since_spike_at_the_start_of_a_probability():
    """No spike before: J_r = 0. Given a time, the law of what is left of the interval: by hand for β = ∞."""
    r = ns.simulate("renewal", 2, 20, parameters={"beta": inf}, start={"since_spike": np.array([inf, 0, 3, 8, 20])})
    assert [r.spike_times(i)[0] for i in range(5)] == [1, 9, 6, 1, 1]


def test_since_spike_at_the_start_of_a_hazard():
    """Renewal with the rate 1/τ from 6.5 ms on: what is left is (6.5 - since)⁺ and an exponential time."""
    for since, wait in ((2.0, 4.5), (9.0, 0.0), (inf, 0.0)):
        r = ns.simulate(
            "renewal-hazard", np.full(4000, 3.0), 60, dt=0.5, parameters={"beta": inf, "tau": 2}, seed=3,
            start={"since_spike": since},
        )  # fmt: skip
        first = np.array([r.spike_time[r.spike_index == i][0] for i in range(4000)])
        assert stats.kstest(first - wait, "expon", args=(0, 2)).pvalue > 0.001


def test_refractory_time_left_follows_from_since_spike():
    r = ns.simulate("poisson-with-dead-time", 1e6, 10, start={"since_spike": np.array([0, 1.5, 4.75, 5, inf])}, seed=4)
    first = [r.spike_times(i)[0] for i in range(5)]
    assert first == pytest.approx([5, 3.5, 0.25, 0, 0], abs=0.02)
    given = ns.simulate("poisson-with-dead-time", 1e6, 10, start={"since_spike": 1, "refractory": 2.5}, seed=4)
    assert given.spike_time[0] == pytest.approx(2.5, abs=0.02)


def test_hazard_left_at_the_start():
    left = np.array([0.0, 0.5, 1.0, 2.0])
    r = ns.simulate("poisson", 50, 100, start={"hazard_left": left}, seed=5)
    assert [r.spike_times(i)[0] for i in range(4)] == pytest.approx(left / 0.05, abs=1e-3)
    early = ns.simulate("poisson", 50, 3, start={"hazard_left": left}, seed=5).final_state["hazard_left"]
    assert early[1:] == pytest.approx(left[1:] - 0.15)


@pytest.mark.parametrize(("model", "I"), [("renewal", 1.5), ("renewal-hazard", 2.0), ("poisson-with-dead-time", 100.0)])
def test_stationary_from_the_start(model, I):
    """A stationary renewal process has the same rate in every window: 1/mean interval, from the first on."""
    n = 20_000
    r = ns.simulate(model, np.full(n, I), 40, start="stationary", seed=7)
    edges = np.array([0, 2.5, 5.5, 10.5, 20.5, 40.5])  # between the draws
    widths = np.diff(edges) - [0.5 * (model == "renewal"), 0, 0, 0, 0.5]
    counts = np.histogram(r.spike_time, bins=edges)[0] / n / widths
    long = ns.simulate(model, np.full(200, I), 10_000, seed=8).rate().mean() / 1000
    assert (np.abs(counts - long) < 4 * np.sqrt(long / widths / n) + 0.003 * long).all()
    transient = ns.simulate(model, np.full(n, I), 10, seed=7)
    fresh = np.histogram(transient.spike_time, bins=[0, 2.5])[0][0] / n / widths[0]
    assert abs(fresh - long) > 0.05 * long


def test_stationary_without_noise_is_any_phase_of_the_period():
    r = ns.simulate("renewal-deterministic", np.full(2000, 2.0), 9, start="stationary", seed=9)  # 4 + 5/(2 - 1) ms
    assert r.spike_count.tolist() == [1] * 2000
    assert stats.kstest(r.spike_time, "uniform", args=(0, 9)).pvalue > 0.001


# What is refused -------------------------------------------------------------------------------------------------

LEAKY = "leaky-integrate-and-fire"
WHITE = ns.white_noise(2, 1)
COLOURED = ns.ornstein_uhlenbeck(2, 1, 5)


@pytest.mark.parametrize(
    ("model", "I", "arguments", "message"),
    [
        (LEAKY, WHITE, {"method": "dopri5"}, "dopri5 is for deterministic runs, not for noise currents; take a method"),
        ("poisson", 50, {"method": "dopri5"}, "not for the random spikes of poisson"),
        (LEAKY, WHITE, {"certify": True}, "noise currents draw random numbers"),
        ("renewal", 2, {"certify": True}, "the spike rule of renewal draws random numbers"),
        ("poisson", 50, {"method": "exact"}, r"exact cannot integrate the hazard of poisson; take rk4$"),
        ("escape-integrate-and-fire", 2, {"method": "exact"}, "take rk4 or exact-rk4"),
        ("poisson", 50, {"spike_timing": "grid"}, "drawn from its hazard, on no grid; leave it out"),
        ("renewal", 2, {"spike_timing": "located"}, "they happen at the draws; leave it out"),
        (LEAKY, WHITE, {"spike_timing": "located"}, "path inside a step is not known; leave it out"),
        (LEAKY, COLOURED + WHITE, {"spike_timing": "located"}, "path inside a step is not known"),
        (LEAKY, WHITE, {"spike_timing": "finely"}, "'located' or 'grid', not 'finely'"),
        ("renewal", 2, {"dt": 0.4}, "Delta of renewal is 1 ms, no multiple of dt 0.4 ms; take dt=0.5"),
        ("renewal", 2, {"dt": 2}, "no multiple of dt 2 ms; take dt=1"),
        ("renewal", 2, {"parameters": {"Delta": [1, 2]}}, "one positive time for all neurons, not 1, 2 ms"),
        ("renewal", 2, {"parameters": {"Delta": 0}}, "one positive time"),
        (LEAKY, 3, {"seed": -1}, "seed must be a whole number from 0 on"),
        ("poisson", 50, {"seed": 0.5}, "seed must be a whole number"),
        ("poisson", 50, {"start": {"hazard_left": -1}}, "hazard_left is a finite number from 0 on"),
        ("poisson", 50, {"start": {"hazard_left": inf}}, "hazard_left is a finite number from 0 on"),
        ("renewal", 2, {"start": {"hazard_left": 1}}, "no state 'hazard_left'"),
        ("renewal", 2, {"start": {"since_spike": -1}}, "since_spike is a time from 0 on"),
        ("renewal", 2, {"start": {"random": [1, 2]}}, "what final_state of a recording holds"),
        ("renewal", 2, {"start": {"random": np.zeros((1, 9), np.int64)}}, "give the same currents, or a seed"),
        ("renewal", COLOURED, {"start": "stationary"}, "without noise; leave it out, or give since_spike"),
        (LEAKY, 3, {"start": "stationary"}, "goes with the time since the last spike; give both as start"),
        ("renewal", "stationary", {}, "'stationary'"),
        (LEAKY, ns.white_noise(np.nan, 1), {}, "NaN"),
        (LEAKY, ns.white_noise(1, inf), {}, "infinite"),
        (LEAKY, ns.white_noise(1, "0.3 nA"), {}, r"'0.3 nA' has the wrong dimension; give it in nA\*ms\^0.5"),
        (LEAKY, ns.poisson_input(100, "0.3 nA"), {}, r"give it in nA\*ms$"),
        (LEAKY, ns.poisson_input(1e8, 1), {}, r"1e\+04 events per time step; at most 500. Take white_noise"),
        (LEAKY, ns.white_noise([1, 2], [1, 2, 3]), {}, "different numbers of neurons"),
        (LEAKY, ns.ornstein_uhlenbeck(1, 1, [1, 2]), {"neurons": 3}, "different numbers of neurons: 3"),
    ],
)
def test_what_has_no_meaning_is_refused(model, I, arguments, message):
    with pytest.raises(ValueError, match=message):
        ns.simulate(model, I, 100, **arguments)


@pytest.mark.parametrize("tau", [-1, 0, inf, np.nan, [1, -1], [[1.0]], []])
def test_correlation_times_are_positive(tau):
    with pytest.raises(ns.InputError, match=r"ornstein_uhlenbeck: tau is positive and finite, or one such value per"):
        ns.ornstein_uhlenbeck(0, 1, tau)


@pytest.mark.parametrize("rate", [-1, inf, np.nan, [1, -1]])
def test_rates_of_events_are_not_negative(rate):
    with pytest.raises(ns.InputError, match=r"poisson_input: rate is from 0 on and finite"):
        ns.poisson_input(rate, 1)


def test_spikes_under_coloured_noise_are_located_where_that_is_asked_for():
    """The noise is linear inside a step, so a crossing has a place there; otherwise they are on the grid."""
    grid, located = (run("coloured", spike_timing=timing, record=["I"]) for timing in (None, "located"))
    np.testing.assert_array_equal(grid["I"], located["I"])
    assert np.allclose(np.rint(grid.spike_time / grid.dt) * grid.dt, grid.spike_time)
    assert not np.allclose(np.rint(located.spike_time / grid.dt) * grid.dt, located.spike_time)
    first = [np.array([r.spike_times(i)[0] for i in range(5)]) for r in (grid, located)]
    assert ((first[0] - first[1] >= 0) & (first[0] - first[1] <= grid.dt + 1e-9)).all()
