"""Units and networks of them: activations, topology, layers in order, dynamics against exact enumeration."""

import doctest
import importlib
import itertools
import math
import pkgutil

import numpy as np
import pytest
from scipy import sparse, stats
from scipy.special import expit, softmax

import neurosim as ns


def gate(x):
    """½(1 + tanh x)."""
    return (1 + math.tanh(x)) / 2


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("heaviside", {}, [0, 0, 1, 1, 1]),
        ("sign", {}, [-1, -1, 1, 1, 1]),
        ("gate", {}, [gate(-3), gate(-0.5), 0.5, gate(0.5), gate(3)]),
        ("gate", {"beta": 2}, [gate(-6), gate(-1), 0.5, gate(1), gate(6)]),
        ("gate", {"beta": np.inf}, [0, 0, 0.5, 1, 1]),
        ("logistic", {}, [1 / (1 + math.exp(-h)) for h in (-3, -0.5, 0, 0.5, 3)]),
        ("linear", {}, [-3, -0.5, 0, 0.5, 3]),
        ("relu", {}, [0, 0, 0, 0.5, 3]),
        ("parametric-relu", {"slope": 0.1}, [-0.3, -0.05, 0, 0.5, 3]),
    ],
)
def test_activations(name, parameters, expected):
    f = ns.activation(name, **parameters)
    np.testing.assert_allclose(f([-3, -0.5, 0, 0.5, 3]), expected, atol=1e-15)


def test_activations_against_scipy_far_out():
    h = np.array([-1e300, -800, -40, -1e-9, 1e-9, 40, 800, 1e300])
    np.testing.assert_allclose(ns.activation("logistic")(h), expit(h), rtol=1e-14)
    np.testing.assert_allclose(ns.activation("gate", beta=0.5)(h[1:-1]), expit(h[1:-1]), atol=1e-15)
    rows = np.array([[1.0, 2.0, 3.0], [1000.0, 0.0, -1000.0]])
    np.testing.assert_allclose(ns.activation("softmax")(rows), softmax(rows, axis=1), rtol=1e-14)


def test_the_conventions_at_zero():
    assert ns.activation("heaviside")(0.0) == 1
    assert ns.activation("sign")([0.0, 0.0], [-1.0, 1.0]).tolist() == [-1, 1]
    stay = ns.ThresholdNetwork(np.zeros((2, 2)), 0, "sign", inputs=[])
    for update in ("synchronous", "asynchronous"):
        assert stay.run([-1, 1], 3, update=update, seed=1).final_state.tolist() == [-1, 1]


def test_the_artificial_neuron():
    """Fact: AND has w = (1, 1), θ = 1.5; OR θ = 0.5; NOT w = −1, θ = −0.5."""
    rows = [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert ns.ArtificialNeuron([1, 1], 1.5)(rows).tolist() == [0, 0, 0, 1]
    assert ns.ArtificialNeuron([1, 1], 0.5)(rows).tolist() == [0, 1, 1, 1]
    assert ns.ArtificialNeuron([-1], -0.5)([[0], [1]]).tolist() == [1, 0]
    assert ns.ArtificialNeuron([2.0, -1.0], 0.25, "linear")([1.0, 0.5]) == 2 - 0.5 - 0.25


def test_states_are_converted_explicitly():
    assert ns.bits_to_signs([[0, 1], [1, 1]]).tolist() == [[-1, 1], [1, 1]]
    assert ns.signs_to_bits([-1, 1]).tolist() == [0, 1]
    with pytest.raises(ns.InputError, match=r"-1 at \[0\] is neither 0 nor 1; convert with"):
        ns.bits_to_signs([-1, 1])
    with pytest.raises(ns.InputError, match=r"0\.5 at \[1\] is neither -1 nor 1"):
        ns.signs_to_bits([1, 0.5])


def test_examples_in_docstrings():
    import neurosim.artificial as package

    tried = 0
    for module in pkgutil.iter_modules(package.__path__):
        result = doctest.testmod(importlib.import_module(f"neurosim.artificial.{module.name}"))
        assert result.failed == 0
        tried += result.attempted
    assert tried > 15


# Topology --------------------------------------------------------------------------------------------------------


def reachable(W):
    """Which unit can be reached from which, by Warshall's triple loop."""
    n = len(W)
    path = [[W[i][j] != 0 for j in range(n)] for i in range(n)]
    for k, i, j in itertools.product(range(n), repeat=3):
        path[i][j] = path[i][j] or (path[i][k] and path[k][j])
    return path


def test_topology_of_random_networks():
    """Recurrence by Warshall's algorithm, layers by the longest path from a recursion."""
    random = np.random.default_rng(1)
    kinds = set()
    for _ in range(200):
        n = int(random.integers(1, 9))
        W = np.where(random.random((n, n)) < random.uniform(0.05, 0.6), random.normal(size=(n, n)), 0.0)
        if random.random() < 0.6:
            order = random.permutation(n)
            W = np.tril(W, -1)[np.ix_(order, order)]
        found = ns.ThresholdNetwork(W).topology
        path = reachable(W)
        loop = any(path[i][i] for i in range(n))
        kinds.add(found.kind)
        assert found.kind == ("recurrent" if loop else "feedforward")
        assert found.self_connected == bool(np.diag(W).any())
        assert found.components == len(
            {frozenset(j for j in range(n) if j == i or (path[i][j] and path[j][i])) for i in range(n)}
        )
        if loop:
            assert (found.order, found.layers) == (None, ())
            continue

        def depth(i, W=W):
            return max((1 + depth(j) for j in np.flatnonzero(W[i])), default=0)

        depths = [depth(i) for i in range(n)]
        assert [sorted(layer) for layer in found.layers] == [
            [i for i in range(n) if depths[i] == k] for k in range(max(depths) + 1)
        ]
        assert found.order == max((depths[i] - depths[j] for i, j in np.argwhere(W)), default=0)
    assert kinds == {"recurrent", "feedforward"}


def test_topology_in_words():
    layered = np.zeros((5, 5))
    layered[2:4, :2] = 1
    layered[4, 2:4] = -1
    found = ns.ThresholdNetwork(layered).topology
    assert str(found) == "feedforward of first order, layers 2–2–1, fully connected, 2 inputs, 1 outputs"
    layered[4, 0] = 1
    found = ns.ThresholdNetwork(layered).topology
    assert (found.order, found.fully_connected) == (2, False)
    assert "higher order" in str(found)
    W = np.ones((4, 4)) - np.eye(4)
    assert str(ns.ThresholdNetwork(W).topology) == "recurrent, fully connected, symmetric, 0 inputs, 4 outputs"
    W[0, 1] = 2
    assert not ns.ThresholdNetwork(W).topology.symmetric
    W[0, 2] = 0
    assert not ns.ThresholdNetwork(W).topology.fully_connected
    assert ns.ThresholdNetwork([[1.0]]).topology.self_connected
    lonely = ns.ThresholdNetwork([[0.0]], -1.0, inputs=[])
    assert lonely.compute(np.zeros((1, 0))).tolist() == [[1]]


def test_dense_and_sparse_are_the_same():
    random = np.random.default_rng(2)
    W = np.where(random.random((30, 30)) < 0.2, random.normal(size=(30, 30)), 0.0)
    start = random.choice([-1.0, 1.0], (3, 30))
    runs = []
    for kind in (np.asarray, sparse.csr_matrix, sparse.coo_array, sparse.csc_array, sparse.lil_matrix):
        network = ns.ThresholdNetwork(kind(W), 0.1, "sign")
        runs.append(network.run(start, 20, seed=3).states)
        np.testing.assert_allclose(network.field(start), start @ W.T - 0.1, atol=1e-14)
    assert all(np.array_equal(run, runs[0]) for run in runs)


def test_layers_are_computed_in_order():
    """Against a recursion over the units, with activations mixed and layers skipped."""
    random = np.random.default_rng(3)
    names = ["heaviside", "sign", "gate", "logistic", "linear", "relu", "parametric-relu"]
    for _ in range(30):
        n = int(random.integers(3, 12))
        order = random.permutation(n)
        W = np.where(random.random((n, n)) < 0.5, random.normal(size=(n, n)), 0.0)
        W = np.tril(W, -1)[np.ix_(order, order)]
        theta, kinds = random.normal(size=n), [names[k] for k in random.integers(0, len(names), n)]
        network = ns.ThresholdNetwork(W, theta, kinds)
        low = {"sign": -1.0}
        given = np.array([[random.choice([low.get(kinds[i], 0.0), 1.0]) for i in network.inputs] for _ in range(4)])
        activity = network.activity(given)
        for row, states in zip(given, activity, strict=True):
            known = dict(zip(network.inputs.tolist(), row.tolist(), strict=True))

            def value(i, known=known, W=W, theta=theta, kinds=kinds):
                if i not in known:
                    h = sum(W[i, j] * value(j) for j in np.flatnonzero(W[i])) - theta[i]
                    known[i] = float(ns.activation(kinds[i])(h))
                return known[i]

            np.testing.assert_allclose(states, [value(i) for i in range(n)], rtol=1e-12, atol=1e-12)
        np.testing.assert_array_equal(network.compute(given), activity[:, network.outputs])


def test_softmax_is_over_a_layer():
    W = np.zeros((5, 5))
    W[2:, :2] = [[1, 2], [3, 4], [5, 6]]
    network = ns.ThresholdNetwork(W, 0, ["linear"] * 2 + ["softmax"] * 3)
    np.testing.assert_allclose(network.compute([0.1, 0.2]), softmax(W[2:, :2] @ [0.1, 0.2]), rtol=1e-14)


# Dynamics --------------------------------------------------------------------------------------------------------


def symmetric(n, seed):
    random = np.random.default_rng(seed)
    W = random.normal(size=(n, n))
    W = (W + W.T) / 2
    np.fill_diagonal(W, 0)
    return W, 0.3 * random.normal(size=n)


def energy(W, theta, states):
    return -0.5 * np.einsum("...i,ij,...j", states, W, states) + states @ theta


def test_asynchronous_updates_never_raise_the_energy():
    """Fact: with symmetric weights, E = −½ Σ w s s + Σ θ s does not grow; synchronous runs end in a 2-cycle."""
    W, theta = symmetric(40, 1)
    network = ns.ThresholdNetwork(W, theta, "sign")
    start = np.random.default_rng(2).choice([-1.0, 1.0], (50, 40))
    for order in ("random", "shuffled", "ordered"):
        run = network.run(start, 60, order=order, seed=3)
        assert (np.diff(energy(W, theta, run.states), axis=0) <= 1e-9).all()
        assert run.fixed.all()
    periods = {network.run(row, 200, update="synchronous").period for row in start}
    assert periods <= {1, 2}
    assert 2 in periods


def test_ordered_updates_by_a_plain_loop():
    W, theta = symmetric(12, 4)
    W += np.triu(W) / 3  # no symmetry needed
    states = np.random.default_rng(5).choice([-1.0, 1.0], 12)
    expected = states.copy()
    for _ in range(3):
        for i in range(12):
            h = W[i] @ expected - theta[i]
            expected[i] = expected[i] if h == 0 else math.copysign(1, h)
    run = ns.ThresholdNetwork(W, theta, "sign").run(states, 3, order="ordered")
    assert run.final_state.tolist() == expected.tolist()


def boltzmann(states, W, theta, beta):
    weight = np.exp(-beta * energy(W, theta, states))
    return weight / weight.sum()


@pytest.mark.parametrize("order", ["random", "shuffled", "ordered"])
@pytest.mark.parametrize(("kind", "low", "factor"), [("sign", -1, 1), ("heaviside", 0, 2)])
def test_glauber_samples_boltzmann(order, kind, low, factor):
    """Fact: ±1 units sample exp(−βE), {0, 1} units exp(−2βE); χ² of independent runs, 16 states."""
    n, beta, runs = 4, 0.6, 20_000
    W, theta = symmetric(n, 6)
    states = np.array(list(itertools.product([low, 1], repeat=n)), dtype=float)
    expected = boltzmann(states, W, theta, factor * beta)
    network = ns.ThresholdNetwork(W, theta, kind)
    run = network.run(np.full((runs, n), float(low)), 40, beta=beta, order=order, seed=7, record_every=40)
    code = ((run.final_state - low) / (1 - low)) @ [8, 4, 2, 1]
    counts = np.bincount(code.astype(int), minlength=16)
    assert stats.chisquare(counts, runs * expected).pvalue > 1e-3


def test_detailed_balance_of_random_but_not_of_ordered_updates():
    """Fact: ordered sweeps keep the law but not detailed balance. Fluxes between states, in standard errors."""
    n, beta, steps = 3, 0.8, 400_000
    W, theta = symmetric(n, 8)
    network = ns.ThresholdNetwork(W, theta, "sign")
    largest = {}
    for order in ("random", "ordered"):
        states = network.run(np.ones(n), steps, beta=beta, order=order, seed=9).states
        code = ((states + 1) / 2 @ [4, 2, 1]).astype(int)
        flux = np.bincount(8 * code[:-1] + code[1:], minlength=64).reshape(8, 8)
        error = np.sqrt(np.maximum(flux + flux.T, 1))
        largest[order] = np.abs((flux - flux.T) / error).max()
    assert largest["random"] < 4.5
    assert largest["ordered"] > 20


def test_synchronous_updates_at_a_temperature():
    """P(s' | s) = Π ½(1 + tanh βh_i s'_i), from one start, χ² over the eight next states."""
    n, beta, runs = 3, 0.7, 40_000
    W = np.random.default_rng(10).normal(size=(n, n))
    network = ns.ThresholdNetwork(W, 0.2, "sign")
    start = np.array([1.0, -1.0, 1.0])
    h = W @ start - 0.2
    following = np.array(list(itertools.product([-1, 1], repeat=n)))
    expected = np.prod((1 + np.tanh(beta * h) * following) / 2, axis=1)
    run = network.run(np.tile(start, (runs, 1)), 1, update="synchronous", beta=beta, seed=11)
    counts = np.bincount(((run.final_state + 1) / 2 @ [4, 2, 1]).astype(int), minlength=8)
    assert stats.chisquare(counts, runs * expected).pvalue > 1e-3


def test_the_limits_of_beta():
    W, theta = symmetric(10, 12)
    network = ns.ThresholdNetwork(W, theta, "sign")
    start = np.ones(10)
    cold = network.run(start, 30, order="ordered", seed=1).final_state
    assert np.array_equal(network.run(start, 30, beta=1e9, order="ordered", seed=1).final_state, cold)
    free = network.run(np.ones((4000, 10)), 20, beta=0, seed=2).final_state.mean(axis=0)
    assert np.abs(free).max() < 5 / math.sqrt(4000)


def test_inputs_are_clamped_and_seeds_repeat():
    W, theta = symmetric(8, 13)
    network = ns.ThresholdNetwork(W, theta, "sign", inputs=[0, 5])
    start = np.random.default_rng(14).choice([-1.0, 1.0], (6, 8))
    for update in ("asynchronous", "synchronous"):
        runs = [network.run(start, 30, update=update, beta=0.5, seed=seed) for seed in (1, 1, 2)]
        assert (runs[0].states[..., [0, 5]] == start[:, [0, 5]]).all()
        assert np.array_equal(runs[0].states, runs[1].states)
        assert not np.array_equal(runs[0].states, runs[2].states)


def test_recording_does_not_change_the_run():
    W, theta = symmetric(6, 15)
    network = ns.ThresholdNetwork(W, theta, "sign")
    for update in ("asynchronous", "synchronous"):
        all_of = network.run(np.ones(6), 23, update=update, beta=0.5, seed=1)
        some = network.run(np.ones(6), 23, update=update, beta=0.5, seed=1, record_every=5)
        assert some.step.tolist() == [0, 5, 10, 15, 20, 23]
        assert np.array_equal(some.states, all_of.states[some.step])
        assert all_of.states.shape == (24, 6)


def test_continuous_units_one_by_one():
    """x ← ½(x + c) alone: linear units approach the solution of (1 − W) x = −θ."""
    W = np.array([[0, 0.5, 0.1], [0.2, 0, 0.3], [0.1, 0.1, 0]])
    theta = np.array([1.0, -2.0, 0.5])
    network = ns.ThresholdNetwork(W, theta, "linear")
    expected = np.linalg.solve(np.eye(3) - W, -theta)
    for update in ("asynchronous", "synchronous"):
        run = network.run(np.zeros(3), 80, update=update, seed=1)
        np.testing.assert_allclose(run.final_state, expected, rtol=1e-9)


def test_large_sparse_networks():
    """A hundred thousand units in a ring: a step to the left each time."""
    n = 100_000
    ring = ns.ThresholdNetwork(sparse.diags_array([np.ones(n - 1), [1.0]], offsets=[1, 1 - n], shape=(n, n)), 0.5)
    start = np.random.default_rng(16).integers(0, 2, n).astype(float)
    run = ring.run(start, 10, update="synchronous", record_every=10)
    assert np.array_equal(run.final_state, np.roll(start, -10))
    assert (ring.topology.kind, ring.topology.components) == ("recurrent", 1)
