"""Pictures of networks and learning: what is drawn. (That they look well was seen by eye.)"""

import numpy as np
import pytest
from matplotlib.patches import Circle, FancyArrowPatch

import neurosim as ns


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_a_network_shows_units_weights_and_thresholds():
    W = [[0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0], [1, 1, -2, 0]]
    network = ns.ThresholdNetwork(W, [0, 0, 1.5, 0.5], names=["a", "b", "", "y"])
    ax = network.plot()
    circles = [patch for patch in ax.patches if isinstance(patch, Circle)]
    arrows = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    assert (len(circles), len(arrows)) == (4, 5)
    shown = texts(ax)
    assert sorted(shown) == sorted(["1"] * 4 + ["−2", "a", "b", "y", "1.5", "0.5", "inputs", "layer 1", "layer 2"])
    assert [arrow.get_linestyle() for arrow in arrows].count("--") == 1
    x = [circle.center[0] for circle in circles]
    assert x[0] == x[1] < x[2] < x[3]


def test_recurrent_networks_and_circuits():
    ax = ns.latch().plot()
    assert {"set", "reset", "stored", "0.5", "−2"} <= set(texts(ax))
    assert sum(isinstance(patch, FancyArrowPatch) for patch in ax.patches) == 3
    random = np.random.default_rng(1)
    large = ns.ThresholdNetwork(random.normal(size=(30, 30)), 0, "sign")
    ax = ns.plot_network(large)
    assert sum(isinstance(patch, Circle) for patch in ax.patches) == 30
    for n in (1, 2):
        assert ns.ThresholdNetwork(np.eye(n)).plot().patches
    with pytest.raises(ns.InputError, match="at most 400 units, this network 401"):
        ns.ThresholdNetwork(np.eye(401)).plot()


def test_decision_lines_are_where_the_field_is_zero():
    random = np.random.default_rng(2)
    X = random.normal(size=(40, 2))
    y = np.where(X @ [1, -1] > 0.1, "p", "q")
    learner = ns.Perceptron(record="updates", max_epochs=10**6).fit(X, y)
    ax = learner.plot(X, y)
    black = [line for line in ax.lines if line.get_color() == "black"]
    np.testing.assert_allclose(learner.decision_function(np.array(black[0].get_data()).T), 0, atol=1e-9)
    ends = learner.decision_function(np.array(black[1].get_data()).T)
    assert ends[0] == pytest.approx(0, abs=1e-9)
    assert ends[1] > 0
    grey = [line for line in ax.lines if line.get_color() not in ("black", "C0", "C1")]
    assert 1 <= len(grey) <= 30
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["p", "q"]
    assert sum(line.get_xdata().size for line in ax.lines if line.get_linestyle() == "None") == 40


def test_decision_lines_of_several_classes_and_of_adaline():
    random = np.random.default_rng(3)
    place = random.integers(0, 3, 60)
    X = np.array([[0, 4], [4, -3], [-4, -3]])[place] + 0.3 * random.normal(size=(60, 2))
    ax = ns.plot_decision(ns.Perceptron(max_epochs=10**5).fit(X, place), X, place)
    assert len(ax.lines) == 3 * 2 + 3
    ax = ns.plot_decision(ns.Adaline(learning_rate=1e-3).fit(X, place == 1), X, place == 1)
    assert any(line.get_color() == "black" for line in ax.lines)
    three = ns.Perceptron().fit(np.eye(3), [0, 0, 1])
    for learner, points, message in (
        (three, np.eye(3), "two features, this unit learned from 3"),
        (ns.Perceptron(), X, "has not learned anything"),
        (ns.Adaline(output="value", learning_rate=1e-4).fit(X, place), X, "this unit learned values"),
    ):
        with pytest.raises(ns.InputError, match=message):
            ns.plot_decision(learner, points, [0] * len(points))


def test_learning_curves():
    random = np.random.default_rng(4)
    X = random.normal(size=(50, 3))
    t = X @ [1, 2, 3]
    unit = ns.Adaline(output="value", learning_rate=0.005, max_epochs=20).fit(
        X[:30], t[:30], validation=(X[30:], t[30:])
    )
    ax = unit.plot()
    for line, values in zip(ax.lines, (unit.history_.training_error, unit.history_.validation_error), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), values)
    learner = ns.Perceptron(max_epochs=10**5).fit(X, t > 0)
    (line,) = ns.plot_learning(learner).lines
    np.testing.assert_array_equal(line.get_ydata(), learner.history_.errors)
    with pytest.raises(ns.InputError, match=r"call fit\(X, y\) first"):
        ns.plot_learning(ns.Adaline())


def test_capacity():
    found = ns.perceptron_capacity([3, 6], load=[1, 2, 3], trials=10, seed=1)
    ax = found.plot()
    theory = dict(zip(*ax.lines[0].get_data(), strict=True))
    assert theory[2.0] == 0.5
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["N = 3", "N = 6"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("P/N", "fraction separable")


def test_a_given_axes_is_drawn_on_and_returned():
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), [0, 0, 1, 1]
    learner = ns.Perceptron().fit(X, y)
    assert ns.circuit("a ^ b").plot(ax=ax) is ax
    assert learner.plot(X, y, ax=ax) is ax
    assert ns.plot_learning(learner, ax=ax) is ax
    assert ns.perceptron_capacity(2, load=[1], trials=2, seed=1).plot(ax=ax) is ax
    assert len(plt.get_fignums()) == 1
