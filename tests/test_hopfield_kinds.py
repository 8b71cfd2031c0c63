"""Memories of other kinds: sequences, steep energies, pairs."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import neurosim as ns

# Sequences -------------------------------------------------------------------------------------------------------


def slow_sequence(X, cue, delay, strength, sweeps, cyclic):
    """Synchronous sweeps with both matrices written out."""
    n = X.shape[1]
    J = X.T @ X / n
    np.fill_diagonal(J, 0)
    last = len(X) if cyclic else len(X) - 1
    K = sum(np.outer(X[(k + 1) % len(X)], X[k]) for k in range(last)) / n
    states = [cue.astype(int)]
    for t in range(sweeps):
        h = J @ states[-1] + strength * K @ states[max(0, t - delay)]
        states.append(np.where(np.abs(h) > 1e-12, np.sign(h), states[-1]).astype(int))
    return np.array(states)


@pytest.mark.parametrize("cyclic", [True, False])
def test_a_sequence_against_written_out_matrices(cyclic):
    X = ns.random_patterns(5, 101, seed=1).astype(int)
    memory = ns.SequenceMemory(101, delay=3, strength=1.7).store(X, cyclic=cyclic)
    cue = ns.flip(X[1], 0.2, seed=1)
    recall = memory.recall(cue, 40)
    np.testing.assert_array_equal(recall.states, slow_sequence(X, cue, 3, 1.7, 40, cyclic))
    np.testing.assert_allclose(recall.overlaps, recall.states @ X.T / 101)


@pytest.mark.parametrize("update", ["synchronous", "asynchronous"])
def test_patterns_follow_each_other_after_the_delay(update):
    """λ > 1: each pattern stays until its delayed image leads on, that is for the delay and one sweep."""
    X = ns.random_patterns(6, 600, seed=2)
    memory = ns.SequenceMemory(600, delay=5, strength=2).store(X)
    recall = memory.recall(X[0], 60, update, seed=1)
    assert recall.verdict == "replayed"
    assert recall.visited[0] in ("0", "1")
    assert len(recall.visited) >= 8
    best = recall.overlaps.argmax(axis=1)
    changes = np.flatnonzero(np.diff(best))
    assert set(np.diff(changes)) <= {5, 6, 7}
    weak = ns.SequenceMemory(600, delay=5, strength=0.5).store(X)
    assert str(weak.recall(X[3], 60, update, seed=1)) == "stuck: 3"


def test_letters_in_order_and_to_the_end():
    letters = ns.letters("A-H")
    memory = ns.SequenceMemory(100).store(letters, "pseudo-inverse", cyclic=False)
    for update in ("synchronous", "asynchronous"):
        recall = memory.recall(ns.flip(letters["A"], 0.05, seed=1), update=update, seed=1)
        assert recall.verdict == "replayed"
        assert str(recall).endswith("F → G → H")
    assert ns.SequenceMemory(100).store(letters).recall(letters["A"], beta=0.1, seed=1).verdict == "lost"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ns.SequenceMemory(4, delay=0), "delay"),
        (lambda: ns.SequenceMemory(4, strength=-1), "strength"),
        (lambda: ns.SequenceMemory(4).store([[1, 1, -1, 1]]), "at least two patterns"),
        (lambda: ns.SequenceMemory(4).store([[1, 1, -1, 1]] * 2, "storkey"), "unknown rule"),
        (lambda: ns.SequenceMemory(4).recall([1, 1, 1, 1]), "nothing is stored"),
        (lambda: ns.SequenceMemory(4).store(-np.eye(4) * 2 + 1).recall([1, 1]), "the cue has 2 values"),
    ],
)
def test_bad_sequences(call, message):
    with pytest.raises(ns.InputError, match=message):
        call()


# Dense memories --------------------------------------------------------------------------------------------------


def slow_dense_energy(X, s, degree):
    M = X.astype(int) @ s
    if degree is None:
        return -math.log(sum(math.exp(m) for m in M))
    n = X.shape[1]
    return -n / 2 * sum((m / n) ** degree for m in M)


def test_degree_2_is_the_hopfield_memory():
    """E = −(1/2n) Σ M² is Hopfield's energy minus P/2; the dynamics has the same fixed points."""
    X = ns.random_patterns(5, 60, seed=1)
    dense, hopfield = ns.DenseMemory(60, degree=2).store(X), ns.Hopfield(60).store(X)
    for state in ns.random_patterns(5, 60, seed=2):
        assert dense.energy(state) == pytest.approx(hopfield.energy(state) - 5 / 2)
    for seed in range(10):
        end = dense.recall(ns.flip(X[0], 0.3, seed=seed), seed=seed).state
        assert hopfield.recall(end).sweeps == 1


@settings(deadline=None, max_examples=40)
@given(st.integers(3, 30), st.integers(1, 20), st.integers(0, 2**31), st.sampled_from([2, 3, 4, None]))
def test_dense_updates_go_downhill_to_where_no_unit_gains(n, count, seed, degree):
    X, cue = ns.random_patterns(count, n, seed=seed), ns.random_patterns(1, n, seed=seed + 1)[0]
    memory = dense_memory(n, degree, X)
    recall = memory.recall(cue, seed=seed)
    assert recall.energy[0] == pytest.approx(slow_dense_energy(X, cue, degree))
    assert (np.diff(recall.energy) <= 1e-9).all()
    assert recall.period == 1
    for i in range(n):
        other = recall.state.copy()
        other[i] *= -1
        assert slow_dense_energy(X, other, degree) >= recall.energy[-1] - 1e-8


def dense_memory(n, degree, X):
    import warnings

    options = {"energy": "exponential"} if degree is None else {"degree": degree}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ns.OverloadWarning)
        return ns.DenseMemory(n, **options).store(X)


def test_steep_energies_hold_more_than_there_are_units():
    """Krotov & Hopfield 2016: degree 3 holds 300 patterns in 100 units, which no weights could (Gardner: 200)."""
    X = ns.random_patterns(300, 100, seed=1)
    for degree in (3, 4, None):
        memory = dense_memory(100, degree, X)
        recalls = [memory.recall(ns.flip(X[k], 0.1, seed=k), seed=k) for k in range(20)]
        assert [recall.pattern for recall in recalls] == [str(k) for k in range(20)]
    with pytest.warns(ns.OverloadWarning, match="degree 2 holds about 11"):
        ns.DenseMemory(100, degree=2).store(X)


def test_dense_glauber_dynamics_has_the_right_law():
    """Five units, 32 states, against exp(−βE)/Z: χ²."""
    X, beta = ns.random_patterns(3, 5, seed=1), 0.8
    memory = dense_memory(5, 3, X)
    recall = memory.recall(X[0], beta=beta, seed=2, max_sweeps=30_000)
    codes = (recall.states > 0) @ (1 << np.arange(5))
    states = np.array(list(itertools.product([-1, 1], repeat=5)))[:, ::-1]
    law = np.exp([-beta * slow_dense_energy(X, s, 3) for s in states])
    thinned = codes[100::10]
    assert stats.chisquare(np.bincount(thinned, minlength=32), law / law.sum() * thinned.size).pvalue > 1e-3


def test_bad_dense_memories():
    for call, message in (
        (lambda: ns.DenseMemory(5, energy="cubic"), "unknown energy"),
        (lambda: ns.DenseMemory(5, degree=1), "degree"),
        (lambda: ns.DenseMemory(5).recall([1] * 5), "nothing is stored"),
        (lambda: dense_memory(5, 3, [[1] * 5]).recall([1] * 4), "the cue has 4 values"),
        (lambda: dense_memory(5, 3, [[1] * 5]).recall([1] * 5, beta=-2), "beta"),
    ):
        with pytest.raises(ns.InputError, match=message):
            call()


# Pairs -----------------------------------------------------------------------------------------------------------


def test_pairs():
    """Hebb's weights written out; by the pseudo-inverse every pair exactly, also of correlated inputs."""
    letters, digits = ns.letters("A-H"), ns.digits("0-7")
    named = dict(zip(letters, digits.values(), strict=True))
    exact = ns.Heteroassociator(100, 120).store(letters, named, "pseudo-inverse")
    for name, letter in letters.items():
        found = exact.recall(letter)
        assert (found.pattern, found.exact, str(found)) == (name, True, f"retrieved: {name}")
        np.testing.assert_array_equal(found.output, named[name])
        assert exact.recall(-letter).verdict == "mirror"
    X, Y = ns.random_patterns(6, 300, seed=1), ns.random_patterns(6, 40, seed=2)
    hebb = ns.Heteroassociator(300, 40).store(X, Y)
    written_out = sum(np.outer(y, x) for x, y in zip(X.astype(int), Y, strict=True)) / 300
    np.testing.assert_allclose(hebb.weights, written_out, atol=1e-14)
    for k in range(6):
        np.testing.assert_array_equal(hebb.recall(ns.flip(X[k], 0.1, seed=k)).output, Y[k])
    shuffled = dict(reversed(named.items()))
    first, second = (ns.Heteroassociator(100, 120).store(letters, outputs).weights for outputs in (named, shuffled))
    np.testing.assert_allclose(first, second, atol=1e-14)


def test_bad_pairs():
    X, Y = ns.random_patterns(3, 8, seed=1), ns.random_patterns(2, 5, seed=1)
    for call, message in (
        (lambda: ns.Heteroassociator(8, 5).store(X, Y), "3 inputs, but 2 outputs"),
        (lambda: ns.Heteroassociator(8, 5).store(X[:2], Y, "storkey"), "unknown rule"),
        (lambda: ns.Heteroassociator(8, 5).store(Y, Y), "has 5 values"),
        (lambda: ns.Heteroassociator(8, 5).recall(X[0]), "nothing is stored"),
        (lambda: ns.Heteroassociator(8, 5).store(X[:2], Y).recall(Y[0]), "the cue has 5 values"),
    ):
        with pytest.raises(ns.InputError, match=message):
            call()
