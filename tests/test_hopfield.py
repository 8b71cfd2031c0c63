"""The Hopfield memory against a slow one in plain Python, statistical mechanics, and what must hold for any weights."""

import itertools
import math
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import neurosim as ns
from neurosim.artificial import recall_loops
from neurosim.artificial.memory_rules import RULES, gardner_load, largest_load

SYMMETRIC = [rule for rule in RULES if rule != "perceptron"]


def slow_hebb(X):
    """w_ij = (1/n) Σ_µ ξ_i ξ_j, w_ii = 0, in plain loops."""
    n = X.shape[1]
    w = np.zeros((n, n))
    for i, j in itertools.product(range(n), repeat=2):
        if i != j:
            w[i, j] = sum(int(x[i]) * int(x[j]) for x in X) / n
    return w


def slow_energy(w, s):
    n = len(s)
    return -0.5 * sum(w[i, j] * s[i] * s[j] for i in range(n) for j in range(n))


# Rules -----------------------------------------------------------------------------------------------------------


def test_hebb_is_the_sum_over_patterns():
    X = ns.random_patterns(2, 17, seed=1)
    np.testing.assert_allclose(ns.Hopfield(17).store(X).weights, slow_hebb(X), atol=1e-15)
    np.testing.assert_allclose(ns.Hopfield(17, engine="overlaps").store(X).weights, slow_hebb(X), atol=1e-15)


def test_covariance_subtracts_the_mean():
    X = ns.random_patterns(4, 30, activity=0.2, seed=2)
    a = np.mean([[int(v) for v in x] for x in X])
    expected = sum(np.outer(x - a, x - a) for x in X) / 30
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(ns.Hopfield(30).store(X, "covariance").weights, expected, atol=1e-14)


def test_pseudo_inverse_projects():
    """Against NumPy's pseudo-inverse; also where patterns depend on each other."""
    X = ns.random_patterns(6, 20, seed=3)
    for patterns in (X, np.concatenate([X, -X[:1], X[1:2]])):
        expected = np.linalg.pinv(patterns.astype(float)) @ patterns
        np.fill_diagonal(expected, 0)
        np.testing.assert_allclose(ns.Hopfield(20).store(patterns, "pseudo-inverse").weights, expected, atol=1e-12)


def test_storkey_against_plain_loops():
    """Storkey 1997, equations 1 and 2, as they are printed."""
    X, n = ns.random_patterns(4, 9, seed=4).astype(int), 9
    w = np.zeros((n, n))
    for x in X:
        h = np.zeros((n, n))
        for i, j in itertools.product(range(n), repeat=2):
            h[i, j] = sum(w[i, k] * x[k] for k in range(n) if k not in (i, j))
        new = w.copy()
        for i, j in itertools.product(range(n), repeat=2):
            if i != j:
                new[i, j] += (x[i] * x[j] - x[i] * h[j, i] - h[i, j] * x[j]) / n
        w = new
    np.testing.assert_allclose(ns.Hopfield(n).store(X, "storkey").weights, w, atol=1e-14)


@pytest.mark.parametrize(("count", "kappa"), [(30, 0.0), (30, 1.0), (90, 0.2)])
def test_perceptron_reaches_its_stability(count, kappa):
    """Rows of length 1, no self-coupling, every stability at least κ – by the definition."""
    X = ns.random_patterns(count, 100, seed=5)
    w = ns.Hopfield(100).store(X, "perceptron", kappa=kappa).weights
    np.testing.assert_allclose(np.linalg.norm(w, axis=1), 1, atol=1e-12)
    assert (np.diag(w) == 0).all()
    stability = X * (X @ w.T)
    assert stability.min() >= kappa - 1e-9


def test_gardner_bound():
    """α = 2 without stability (Cover 1965, Gardner 1988); at κ by quadrature of her integral."""
    from scipy.integrate import quad

    assert gardner_load(0) == pytest.approx(2, rel=1e-12)
    for kappa in (0.3, 1.0, 2.5):
        integral, _ = quad(lambda t, k=kappa: (t + k) ** 2 * stats.norm.pdf(t), -kappa, np.inf)
        assert gardner_load(kappa) == pytest.approx(1 / integral, rel=1e-9)


def test_more_than_a_rule_holds_is_said():
    with pytest.warns(ns.OverloadWarning, match=r"α = 0\.2; the hebb rule holds up to α = 0\.138"):
        ns.Hopfield(100).store(ns.random_patterns(20, 100, seed=1))
    with pytest.warns(ns.OverloadWarning, match="units have stabilities below kappa"):
        ns.Hopfield(20).store(ns.random_patterns(20, 20, seed=1), "perceptron", kappa=2)
    assert largest_load("pseudo-inverse", 100) == 1


@pytest.mark.parametrize("rule", RULES)
def test_letters_by_every_rule(rule):
    """Four letters are few enough for every rule, without noise."""
    few = ns.letters("AHLX")
    memory = ns.Hopfield(100).store(few, rule)
    for name, letter in few.items():
        recall = memory.recall(letter, seed=1)
        assert (recall.verdict, recall.pattern, recall.overlap >= 0.9) == ("retrieved", name, True)


@pytest.mark.parametrize("alpha", [0.5, 0.9, 0.98])
def test_pseudo_inverse_recalls_exactly_up_to_a_load_of_one(alpha):
    X = ns.random_patterns(round(200 * alpha), 200, seed=6)
    memory = ns.Hopfield(200).store(X, "pseudo-inverse")
    for update in ("asynchronous", "synchronous"):
        for k in (0, 50, len(X) - 1):
            recall = memory.recall(X[k], update, seed=1)
            assert (recall.exact, recall.pattern, recall.sweeps) == (True, str(k), 1)
    assert ns.Hopfield(200).store(X, "pseudo-inverse").recall(ns.flip(X[3], 0.02, seed=1), seed=1).sweeps >= 1


def test_low_activity_by_covariance():
    """Hebb's rule draws everything to silence; with the mean subtracted, patterns of 10 % activity come back."""
    X = ns.random_patterns(10, 1000, activity=0.1, seed=7)
    memory = ns.Hopfield(1000).store(X, "covariance")
    silence = memory.overlaps(-np.ones(1000, int))  # an overlap of 0.8 without the mean
    assert np.abs(silence).max() < 4 * (0.6 / np.sqrt(1000)) / (
        1 - 0.8**2
    )  # four standard deviations of a pattern's mean
    a, w, s = float(X.mean()), memory.weights, X[0].astype(float)
    assert memory.threshold == pytest.approx(-a * (1 - a**2))
    assert memory.energy(X[0]) == pytest.approx(-0.5 * s @ w @ s + memory.threshold * s.sum())
    np.testing.assert_allclose(memory.fields(X[0]), w @ s - memory.threshold, atol=1e-12)
    recall = memory.recall(ns.flip(X[0], 0.2, seed=1), seed=1)
    for state, energy in zip(recall.states.astype(float), recall.energy, strict=True):
        assert energy == pytest.approx(-0.5 * state @ w @ state + memory.threshold * state.sum())
    for k in range(10):
        assert str(memory.recall(ns.flip(X[k], 0.03, seed=k), seed=k)) == f"retrieved: {k}"
    np.testing.assert_allclose(np.diag([memory.overlaps(x)[k] for k, x in enumerate(X)]).sum(), 10)


# The two engines -------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 70), st.integers(1, 40), st.integers(0, 2**31), st.sampled_from([math.inf, 2.0, 0.4]))
def test_both_engines_go_the_same_way(n, count, seed, beta):
    """Fields are whole numbers in both, so that states, energies and flips agree to the bit, at any β."""
    X, cue = ns.random_patterns(count, n, seed=seed), ns.random_patterns(1, n, seed=seed + 1)[0]
    runs = []
    for engine in ("weights", "overlaps"):
        memory = ns.Hopfield(n, engine=engine)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ns.OverloadWarning)
            memory.store(X)
        if seed % 3 == 0:
            memory.remove([0])
        runs.append((memory, memory.recall(cue, beta=beta, seed=seed, max_sweeps=12)))
    (first, a), (second, b) = runs
    for name in ("states", "energy", "flips", "flip_order", "state"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    np.testing.assert_array_equal(first.fields(cue), second.fields(cue))
    np.testing.assert_allclose(a.overlaps, b.overlaps, atol=1e-12)
    assert str(a) == str(b)
    together = [memory.recall(cue, "synchronous", seed=seed, max_sweeps=30) for memory, _ in runs]
    np.testing.assert_array_equal(together[0].states, together[1].states)


def test_engine_is_chosen_by_size():
    assert ns.Hopfield(4096).engine == "weights"
    big = ns.Hopfield(4097).store(ns.random_patterns(3, 4097, seed=1))
    assert big.engine == "overlaps"
    with pytest.raises(ns.InputError, match="unlearning needs formed weights"):
        big.unlearn(1)
    with pytest.raises(ns.InputError, match=r"2e\+03 GB"):
        ns.Hopfield(500_000).store(np.ones((1, 500_000), int), "storkey")
    np.testing.assert_array_equal(big.patterns, ns.random_patterns(3, 4097, seed=1))


def test_a_course_against_plain_python():
    """Asynchronous recall, replayed flip by flip with a full sum for every field."""
    X = ns.random_patterns(4, 60, seed=8)
    w, cue = slow_hebb(X), ns.flip(X[2], 0.3, seed=1)
    recall = ns.Hopfield(60).store(X).recall(cue, seed=2)
    s, places = cue.astype(int).copy(), np.cumsum(recall.flips)
    energies = [slow_energy(w, s)]
    for k, unit in enumerate(recall.flip_order, start=1):
        assert s[unit] * (w[unit] @ s) < 0  # only what goes against its field flips
        s[unit] *= -1
        for sweep in np.flatnonzero(places == k):
            np.testing.assert_array_equal(recall.states[sweep + 1], s)
            energies.append(slow_energy(w, s))
    np.testing.assert_allclose(recall.energy, energies, atol=1e-12)
    assert (s * (w @ s) >= 0).all()
    assert (recall.period, recall.flips[-1], recall.seed) == (1, 0, 2)


def test_random_numbers_are_those_of_the_reference():
    """First outputs of xoshiro256++ from the state 1, 2, 3, 4, as published with its C source."""
    rng = np.array([1, 2, 3, 4], dtype=np.uint64)
    expected = [41943041, 58720359, 3588806011781223, 3591011842654386, 9228616714210784205, 9973669472204895162]
    assert [int(recall_loops.next_word(rng)) for _ in expected] == expected


def test_every_order_is_as_likely():
    """All 24 orders of four units in 24,000 shuffles: χ²."""
    rng, counts = np.array([5, 6, 7, 8], dtype=np.uint64), dict.fromkeys(itertools.permutations(range(4)), 0)
    order = np.arange(4, dtype=np.int32)
    for _ in range(24_000):
        recall_loops.shuffle(order, rng)
        counts[tuple(order.tolist())] += 1
    assert stats.chisquare(list(counts.values())).pvalue > 1e-3


# Dynamics --------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 40), st.integers(1, 12), st.integers(0, 2**31), st.sampled_from(SYMMETRIC))
def test_energy_never_rises(n, count, seed, rule):
    """Asynchronously at β = ∞: Hebb's are whole numbers, hence exactly; others to rounding."""
    memory = quiet(n, ns.random_patterns(count, n, seed=seed), rule)
    recall = memory.recall(ns.random_patterns(1, n, seed=seed + 1)[0], seed=seed)
    assert (np.diff(recall.energy) <= (0 if rule == "hebb" else 1e-10)).all()
    assert recall.period == 1
    assert memory.energy(recall.state) == pytest.approx(recall.energy[-1], abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 40), st.integers(1, 12), st.integers(0, 2**31), st.sampled_from(SYMMETRIC))
def test_synchronous_runs_end_in_fixed_points_or_2_cycles(n, count, seed, rule):
    """Goles 1982, for symmetric weights."""
    memory = quiet(n, ns.random_patterns(count, n, seed=seed), rule)
    recall = memory.recall(ns.random_patterns(1, n, seed=seed + 1)[0], "synchronous", seed=seed, max_sweeps=1000)
    assert recall.period in (1, 2)
    assert recall.verdict in ("retrieved", "mirror", "spurious", "2-cycle")


def quiet(n, X, rule):
    """A memory, however much is stored."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ns.OverloadWarning)
        return ns.Hopfield(n).store(X, rule)


@pytest.mark.parametrize("engine", ["weights", "overlaps"])
def test_glauber_dynamics_satisfies_detailed_balance(engine):
    """Six units, all 64 states: the law is exp(−βE)/Z, and every transition of a sweep is as frequent as its reverse.

    The order is drawn anew for every sweep and as likely as its reverse, so that whole sweeps are reversible, too.
    """
    n, beta, sweeps = 6, 0.9, 200_000
    X = ns.random_patterns(2, n, seed=3)
    memory = quiet_engine(n, X, engine)
    recall = memory.recall(X[0], beta=beta, seed=4, max_sweeps=sweeps)
    codes = (recall.states > 0) @ (1 << np.arange(n))
    w = slow_hebb(X)
    energies = np.array([slow_energy(w, [1 if code >> k & 1 else -1 for k in range(n)]) for code in range(64)])
    law = np.exp(-beta * energies)
    law /= law.sum()
    thinned = codes[100::20]  # successive sweeps are correlated, these hardly
    assert stats.chisquare(np.bincount(thinned, minlength=64), law * thinned.size).pvalue > 1e-3
    moves = np.bincount(64 * codes[:-1] + codes[1:], minlength=64 * 64).reshape(64, 64)
    upper = np.triu_indices(64, 1)
    there, back = moves[upper], moves.T[upper]
    seen = there + back >= 20
    chi = ((there - back) ** 2 / (there + back))[seen].sum()
    assert stats.chi2.sf(chi, seen.sum()) > 1e-3


def quiet_engine(n, X, engine):
    with pytest.warns(ns.OverloadWarning):
        return ns.Hopfield(n, engine=engine).store(X)


def test_synchronous_glauber_follows_the_probability():
    """One sweep from a fixed state: every unit is +1 with the probability (1 + tanh βh)/2, within 4 standard errors."""
    X = ns.random_patterns(3, 40, seed=9)
    memory, beta = ns.Hopfield(40).store(X), 1.3
    start = ns.flip(X[0], 0.2, seed=1)
    first = [memory.recall(start, "synchronous", beta, seed=k, max_sweeps=1).state for k in range(4000)]
    expected = (1 + np.tanh(beta * slow_hebb(X) @ start)) / 2
    measured = (np.array(first) > 0).mean(axis=0)
    assert (np.abs(measured - expected) < 4.5 * np.sqrt(expected * (1 - expected) / 4000) + 1e-9).all()


def test_retrieval_at_finite_temperature():
    """α → 0: m = tanh βm (Amit, Gutfreund & Sompolinsky 1985); P = 3, n = 4000, an error of order 1/√n."""
    X = ns.random_patterns(3, 4000, seed=1)
    memory = ns.Hopfield(4000).store(X)
    recall = memory.recall(X[1], beta=2.0, seed=1, max_sweeps=200)
    assert abs(recall.overlap - 0.9575040240772684) < 4 / math.sqrt(4000 * 100) + 0.005
    assert (recall.verdict, recall.pattern, recall.period, recall.sweeps) == ("retrieved", "1", None, 200)
    warm = memory.recall(X[1], beta=0.7, seed=1, max_sweeps=200)
    assert abs(warm.overlap) < 0.1
    assert warm.verdict == "not converged"


# Verdicts --------------------------------------------------------------------------------------------------------


def test_verdicts():
    X = ns.random_patterns(5, 1000, seed=1)
    memory = ns.Hopfield(1000).store(X)
    assert str(memory.recall(ns.flip(X[3], 0.2, seed=1), seed=1)) == "retrieved: 3"
    mirror = memory.recall(-X[2], seed=1)
    assert (str(mirror), mirror.pattern, mirror.overlap, mirror.exact) == ("mirror: 2", "2", -1.0, True)
    mixed = np.sign(X[0].astype(int) - X[2] + X[4])
    spurious = memory.recall(mixed, seed=1)
    assert spurious.verdict == "spurious"
    assert sorted(spurious.mixture, key=lambda part: part[1]) == [(1, "0"), (-1, "2"), (1, "4")]
    assert spurious.pattern is None
    assert str(spurious).startswith("spurious: ")
    stopped = memory.recall(ns.flip(X[0], 0.45, seed=1), seed=1, max_sweeps=1)
    assert stopped.verdict == "not converged"


def test_cycles():
    """Two units that inhibit each other swap for ever when updated at once; a ring without symmetry goes round."""
    pair = quiet(2, [[1, -1]], "hebb")
    swap = pair.recall([1, 1], "synchronous")
    assert (swap.verdict, swap.period, str(swap)) == ("2-cycle", 2, "2-cycle")
    from neurosim.artificial.memory_engines import FormedWeights, synchronous

    ring = np.roll(np.eye(4), 1, axis=0)
    course = synchronous(FormedWeights.of(ring), np.array([1, -1, -1, -1], np.int8), np.arange(4), 1, math.inf, 50)
    assert course.period == 4


def test_overlaps_and_course():
    letters = ns.letters("A-H")
    memory = ns.Hopfield(100).store(letters, "pseudo-inverse")
    recall = memory.recall(ns.flip(letters["C"], 0.12, seed=1), seed=1)
    assert str(recall) == "retrieved: C"
    assert recall.states.shape == (recall.sweeps + 1, 10, 10)
    assert recall.energy.shape == (recall.sweeps + 1,)
    np.testing.assert_array_equal(recall.states[-1], letters["C"])
    expected = [[np.mean(state * letter) for letter in letters.values()] for state in recall.states]
    np.testing.assert_allclose(recall.overlap_course, expected, atol=1e-12)
    np.testing.assert_allclose(recall.overlaps, expected[-1], atol=1e-12)
    assert (recall.exact, recall.errors, recall.overlap) == (True, 0, 1)


def test_a_seed_gives_the_same_course():
    X = ns.random_patterns(8, 100, seed=1)
    memory, cue = ns.Hopfield(100).store(X), ns.flip(X[0], 0.3, seed=1)
    for options in ({}, {"beta": 2}, {"update": "synchronous", "beta": 2}):
        first = memory.recall(cue, seed=5, **options)
        np.testing.assert_array_equal(first.states, memory.recall(cue, seed=5, **options).states)
        drawn = memory.recall(cue, **options)
        np.testing.assert_array_equal(drawn.states, memory.recall(cue, seed=drawn.seed, **options).states)


# Changing a memory -----------------------------------------------------------------------------------------------


def test_unlearning_against_plain_loops():
    """w_ij −= (ε/n) s_i s_j for the states that random starts end in: the sum of all steps, and nothing else."""
    letters = ns.letters("A-H")
    before = ns.Hopfield(100).store(letters)
    after = ns.Hopfield(100).store(letters).unlearn(1, seed=3, strength=0.5)
    change = (before.weights - after.weights) * 100 / 0.5
    end = np.sign(change[0] + (np.arange(100) == 0))  # s_0 s_j, with s_0 = 1 by convention
    expected = np.outer(end, end)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(change, expected, atol=1e-9)
    assert (end * (before.weights @ end) >= 0).all()  # a fixed point of the weights as they were


def test_unlearning_separates_letters():
    """Hopfield, Feinstein & Palmer 1983: letters that Hebb's rule mixes are told apart after it, and lost by more."""
    letters = ns.letters("A-H")

    def right(steps):
        memory = ns.Hopfield(100).store(letters).unlearn(steps, seed=1)
        cues = [(name, ns.flip(letters[name], 0.12, seed=k), k) for k in range(20) for name in letters]
        return np.mean([memory.recall(cue, seed=k).pattern == name for name, cue, k in cues])

    plain, good, overdone = right(0), right(450), right(1200)
    assert plain < 0.2
    assert good > 0.8
    assert overdone < 0.2


def test_forgetting():
    X = ns.random_patterns(6, 80, seed=1)
    names = dict(zip("abcdef", X, strict=True))
    for rule in SYMMETRIC:
        memory = ns.Hopfield(80).store(names, rule).forget("c").forget(X[4])
        assert memory.names == ("a", "b", "d", "f")
        rest = {name: names[name] for name in memory.names}
        np.testing.assert_allclose(memory.weights, ns.Hopfield(80).store(rest, rule).weights, atol=1e-12)
    unlearned = ns.Hopfield(80).store(names).unlearn(5, seed=1)
    weights = unlearned.weights
    forgotten = weights - slow_hebb(X[:1])
    np.testing.assert_allclose(unlearned.forget("a").weights, forgotten, atol=1e-12)
    np.testing.assert_allclose(unlearned.store({"a": X[0]}).weights, weights, atol=1e-12)
    with pytest.raises(ns.InputError, match="legal: a, b, d, f"):
        memory.forget("zz")
    with pytest.raises(ns.InputError, match="not stored"):
        memory.forget(-X[0] * np.where(np.arange(80) % 2, 1, -1))
    with pytest.raises(ns.InputError, match="unlearning came before"):
        ns.Hopfield(80).store(names, "storkey").unlearn(1, seed=1).forget("a")


def test_dilution_clipping_and_removed_units():
    X = ns.random_patterns(4, 60, seed=1)
    full = slow_hebb(X)
    memory = ns.Hopfield(60).store(X).dilute(0.3, seed=2)
    kept = memory.weights != 0
    np.testing.assert_allclose(memory.weights[kept], full[kept])
    pairs = 60 * 59 // 2
    gone = ~kept & (full != 0)
    assert (gone == gone.T).all()
    zero = np.count_nonzero(np.triu(full == 0, 1))
    assert abs(np.count_nonzero(np.triu(gone, 1)) - 0.3 * (pairs - zero)) <= 0.3 * zero + 1
    one_way = ns.Hopfield(60).store(X).dilute(0.5, seed=2, symmetric=False)
    assert not one_way.symmetric
    with pytest.raises(ns.InputError, match="there is no energy"):
        one_way.energy(X[0])
    np.testing.assert_allclose(one_way.fields(X[1]), one_way.weights @ X[1], atol=1e-12)
    assert one_way.recall(X[1], seed=1).energy is None
    clipped = ns.Hopfield(60).store(X).clip(0.02)
    np.testing.assert_allclose(clipped.weights, np.clip(full, -0.02, 0.02))
    np.testing.assert_allclose(ns.Hopfield(60).store(X).clip(0).weights, np.sign(full) / 60)
    small = ns.Hopfield(60).store(X).remove([1, 5, 7])
    recall = small.recall(ns.flip(X[0], 0.1, seed=1), seed=1)
    assert np.flatnonzero(recall.state == 0).tolist() == [1, 5, 7]
    assert (recall.states[:, [1, 5, 7]] == 0).all()
    s = recall.state.astype(int)
    assert recall.energy[-1] == pytest.approx(slow_energy(full, s))
    assert recall.overlaps[0] == pytest.approx(s @ X[0] / 57)
    assert ns.Hopfield(60).store(X).remove(0.5, seed=1).units.size == 30


def test_asymmetric_dynamics_follows_its_fields():
    """One-way dilution: the kept-up fields of the loop against full sums, flip by flip."""
    X = ns.random_patterns(5, 50, seed=2)
    for memory in (ns.Hopfield(50).store(X).dilute(0.6, seed=1, symmetric=False), quiet(50, X, "perceptron")):
        recall = memory.recall(ns.flip(X[0], 0.3, seed=4), seed=3)
        w, s = memory.weights, ns.flip(X[0], 0.3, seed=4).astype(int)
        assert recall.flip_order.size > 3
        for unit in recall.flip_order:
            assert s[unit] * (w[unit] @ s) < 1e-12
            s[unit] *= -1
        np.testing.assert_array_equal(s, recall.state)


# Bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.recall(np.ones(9, int)), "the cue has 9 values, but the memory has 10 units"),
        (lambda m: m.recall(np.zeros(10)), "from_binary"),
        (lambda m: m.recall(np.full(10, 0.5)), "every value is -1 or"),
        (lambda m: m.recall(np.ones(10), beta=-1), "beta is an inverse temperature from 0 to inf, not -1"),
        (lambda m: m.recall(np.ones(10), beta=math.nan), "beta"),
        (lambda m: m.recall(np.ones(10), beta="hot"), "beta"),
        (lambda m: m.recall(np.ones(10), "sequential"), '"asynchronous" or "synchronous"'),
        (lambda m: m.recall(np.ones(10), max_sweeps=0), "max_sweeps is a whole number of at least 1"),
        (lambda m: m.recall(np.ones(10), seed=-1), "seed is a whole number"),
        (lambda m: m.recall(np.ones(10), seed=1.5), "seed is a whole number"),
        (lambda m: m.store(np.ones((1, 10)), "Hebb"), "did you mean hebb"),
        (lambda m: m.store({"a": np.ones(10)}), "is stored already"),
        (lambda m: m.store(np.ones(10), "perceptron", kappa=-1), "kappa"),
        (lambda m: m.dilute(1.5), "from 0 to 1"),
        (lambda m: m.dilute("x"), "from 0 to 1"),
        (lambda m: m.clip(-1), "from 0 on"),
        (lambda m: m.remove([10]), "from 0 to 9"),
        (lambda m: m.remove(np.arange(10)), "no unit would remain"),
        (lambda m: m.unlearn(-1), "steps"),
        (lambda m: m.unlearn(1, strength=-1), "strength"),
        (lambda m: ns.Hopfield(10).recall(np.ones(10)), "nothing is stored"),
        (lambda m: ns.Hopfield(10).unlearn(3), "nothing is stored"),
        (lambda m: ns.Hopfield(0), "n is a whole number of at least 1"),
        (lambda m: ns.Hopfield(10, engine="gpu"), "unknown engine"),
        (lambda m: ns.Hopfield(10, engine="overlaps").store(np.ones((1, 10)), "storkey"), "needs weights"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ns.InputError, match=message):
        call(ns.Hopfield(10).store({"a": np.where(np.arange(10) % 3, 1, -1)}))


def test_a_failed_call_leaves_the_memory_as_it_was():
    memory = ns.Hopfield(10).store({"a": np.where(np.arange(10) % 3, 1, -1)})
    weights = memory.weights
    for bad in ({"b": np.ones(9)}, {"a": np.ones(10)}):
        with pytest.raises(ns.InputError):
            memory.store(bad, "storkey")
    with pytest.raises(ns.InputError):
        ns.Hopfield(10, engine="overlaps").store(np.ones((1, 10)), "storkey")
    assert (memory.rule, memory.names) == ("hebb", ("a",))
    np.testing.assert_array_equal(memory.weights, weights)
    assert str(memory.recall(np.where(np.arange(10) % 3, 1, -1))) == "retrieved: a"


def test_numba_waits_until_something_is_recalled():
    program = "import sys, neurosim as ns; ns.Hopfield; ns.letters('A'); print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    program = "import sys; sys.argv = ['neurosim', 'hopfield', 'recall', '--help']\n"
    program += "try:\n import neurosim.__main__ as m; m.main()\nfinally:\n"
    program += " print(*(name in sys.modules for name in ('numba', 'matplotlib', 'scipy')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("False False False")
