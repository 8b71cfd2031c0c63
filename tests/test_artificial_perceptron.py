"""Perceptron, Adaline and capacity: worked examples step by step, theorems, closed forms, scikit-learn."""

import math
import pickle
import warnings

import numpy as np
import pytest
from scipy.optimize import minimize

import neurosim as ns

ROWS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
FIRST = [0, 0, 1, 1]  # the target y = x_1


def separable_problem(random):
    """Random points and a random plane that leaves points on both sides."""
    while True:
        n, P = int(random.integers(1, 12)), int(random.integers(2, 60))
        X = random.normal(size=(P, n))
        y = X @ random.normal(size=n) + 0.5 * random.normal() > 0
        if y.min() < y.max():
            return X, y


def quiet(learner, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ns.NotConvergedWarning)
        return learner.fit(X, y)


# Worked examples -------------------------------------------------------------------------------------------------


def test_rosenblatt_by_hand():
    """Fact: from (0.5, 0, −1), presenting (1,1), (0,0), (0,0) gives (1.5, 1, 0), (0.5, 1, 0), (−0.5, 1, 0): done."""
    shown = [[1, 1], [0, 0], [0, 0]]
    learner = ns.Perceptron(start=[0.5, 0, -1], record="updates", max_epochs=1)
    quiet(learner, shown, [1, 0, 0])
    assert learner.history_.weights.tolist() == [[0.5, 0, -1], [1.5, 1, 0], [0.5, 1, 0], [-0.5, 1, 0]]
    assert learner.history_.shown.tolist() == [0, 1, 2]
    assert learner.predict(ROWS).tolist() == FIRST
    again = ns.Perceptron(start=[-0.5, 1, 0]).fit(ROWS, FIRST)
    assert (again.n_updates_, again.n_epochs_, again.converged_) == (0, 1, True)


def test_updates_beside_the_bound_by_hand():
    """Fact: from zero 3 updates, bound 15; from (100, 0, −1) 137, and the bound does not apply."""
    learner = ns.Perceptron().fit(ROWS, FIRST)
    assert learner.n_updates_ == 3
    assert learner.bound_ == pytest.approx(15, rel=1e-9)
    assert learner.radius_ == pytest.approx(math.sqrt(3))
    assert learner.margin_ == pytest.approx(math.sqrt(1 / 5))
    far = ns.Perceptron(start=[100, 0, -1]).fit(ROWS, FIRST)
    assert far.n_updates_ == 137
    assert math.isnan(far.bound_)


def test_delta_rule_by_hand():
    """Fact: batch, η = 0.25, targets 0.2, 0.1, 0.9, 1.1; online, (1,1) then (0,0)."""
    unit = ns.Adaline(output="value", batch="all", learning_rate=0.25, start=[0.5, 0, -1], max_epochs=3)
    unit.fit(ROWS, [0.2, 0.1, 0.9, 1.1])
    expected = [[0.5, 0, -1], [1.075, 0.5, -0.45], [0.55, 0.325, -0.5875], [0.70625, 0.534375, -0.35]]
    np.testing.assert_allclose(unit.history_.weights, expected, rtol=1e-14)
    online = ns.Adaline(output="value", learning_rate=0.25, start=[0.5, 0, -1], max_epochs=1)
    online.partial_fit([[1, 1]], [1.1])
    np.testing.assert_allclose(np.append(online.intercept_, online.coef_), [0.9, 0.4, -0.6], rtol=1e-14)
    online.partial_fit([[0, 0]], [0.2])
    np.testing.assert_allclose(np.append(online.intercept_, online.coef_), [0.725, 0.4, -0.6], rtol=1e-14)
    both = ns.Adaline(output="value", learning_rate=0.25, start=[0.5, 0, -1], max_epochs=1)
    both.fit([[1, 1], [0, 0]], [1.1, 0.2])
    np.testing.assert_allclose(both.history_.weights[-1], [0.725, 0.4, -0.6], rtol=1e-14)


# Perceptron ------------------------------------------------------------------------------------------------------


def test_novikoff_on_a_thousand_problems():
    """Every one converges, with at most (R/γ)² updates; γ is checked to be reached by no random direction."""
    random = np.random.default_rng(1)
    closest = 0.0
    for k in range(1000):
        X, y = separable_problem(random)
        learner = ns.Perceptron(max_epochs=10**7, shuffle=k % 2 == 1, random_state=k).fit(X, y)
        assert learner.converged_
        assert learner.score(X, y) == 1
        assert learner.n_updates_ <= learner.bound_
        closest = max(closest, learner.n_updates_ / learner.bound_)
        if k < 50:
            Z = np.where(y, 1.0, -1.0)[:, None] * np.column_stack([np.ones(len(X)), X])
            w = np.append(learner.intercept_, learner.coef_) + random.normal(size=(2000, Z.shape[1])) * 0.1
            margins = (Z @ (w / np.linalg.norm(w, axis=1, keepdims=True)).T).min(axis=0)
            assert margins.max() <= learner.margin_ * (1 + 1e-9)
            assert learner.radius_ == pytest.approx(np.sqrt(1 + (X**2).sum(axis=1).max()))
    assert closest > 0.1


def test_rosenblatt_by_a_plain_loop():
    random = np.random.default_rng(2)
    X = random.normal(size=(40, 3))
    y = (X @ [1, -2, 0.5] + 0.3 > 0).astype(int)
    w, updates = np.zeros(4), 0
    while True:
        errors = 0
        for x, target in zip(X, y, strict=True):
            output = 1 if w[0] + w[1:] @ x >= 0 else 0
            w = w + 0.5 * (target - output) * np.append(1, x)
            errors += output != target
        updates += errors
        if not errors:
            break
    learner = ns.Perceptron(learning_rate=0.5).fit(X, y)
    assert learner.n_updates_ == updates
    np.testing.assert_allclose(learner.history_.weights[-1], w, rtol=1e-12)
    assert learner.history_.errors[-1] == 0
    assert learner.history_.errors.sum() == updates


def test_batch_by_a_plain_loop():
    random = np.random.default_rng(3)
    X = random.normal(size=(30, 2))
    y = (X @ [1, 2] > 0.2).astype(int)
    inputs, w = np.column_stack([np.ones(30), X]), np.zeros(3)
    steps = [w]
    while ((inputs @ w >= 0) != y).any():
        w = w + (y - (inputs @ w >= 0)) @ inputs
        steps.append(w)
    learner = ns.Perceptron("batch").fit(X, y)
    np.testing.assert_allclose(learner.history_.weights[: len(steps)], steps)
    assert learner.n_updates_ == len(steps) - 1


def test_averaged_by_a_plain_loop():
    X, y = np.array([[1.0, 0.2], [-0.3, 0.7], [0.4, -1.0], [0.1, 0.3]]), [1, 0, 1, 0]
    w, total, presented = np.zeros(3), np.zeros(3), 0
    for _ in range(100):
        errors = 0
        for x, target in zip(X, y, strict=True):
            z = np.append(1, x)
            error = target - (w @ z >= 0)
            w, errors = w + error * z, errors + abs(error)
            total, presented = total + w, presented + 1
        if not errors:
            break
    learner = ns.Perceptron("averaged").fit(X, y)
    np.testing.assert_allclose(np.append(learner.intercept_, learner.coef_), total / presented, rtol=1e-12)


def test_the_pocket_by_a_plain_loop():
    """Gallant's ratchet: after a longer run of correct answers than ever, keep the weights if they err less."""
    random = np.random.default_rng(4)
    X = random.normal(size=(40, 2))
    y = ((X @ [1, 1] > 0) ^ (random.random(40) < 0.1)).astype(int)
    inputs = np.column_stack([np.ones(40), X])

    def errors(v):
        return int(((inputs @ v >= 0) != y).sum())

    w, pocket, run, longest = np.zeros(3), np.zeros(3), 0, 0
    fewest = errors(pocket)
    for _ in range(100):
        for z, target in zip(inputs, y, strict=True):
            error = target - (w @ z >= 0)
            if error:
                w, run = w + error * z, 0
                continue
            run += 1
            if run > longest:
                longest = run
                if errors(w) < fewest:
                    pocket, fewest = w, errors(w)
    learner = ns.Perceptron("pocket", max_epochs=100).fit(X, y)
    np.testing.assert_allclose(np.append(learner.intercept_, learner.coef_), pocket, rtol=1e-12)


def test_the_pocket_keeps_good_weights():
    """Non-separable: as good, but for one point, as the best line through any two points."""
    random = np.random.default_rng(4)
    X = random.normal(size=(40, 2))
    y = ((X @ [1, 1] > 0) ^ (random.random(40) < 0.1)).astype(int)
    learner = ns.Perceptron("pocket", max_epochs=2000, shuffle=True, random_state=1).fit(X, y)
    assert not learner.separable_
    wrong = round((1 - learner.score(X, y)) * 40)
    best = 40
    for i in range(40):
        for j in range(i):
            normal = np.array([X[i, 1] - X[j, 1], X[j, 0] - X[i, 0]])
            side = (X - X[i]) @ normal
            free = np.abs(side) > 1e-12  # the two points on the line can be put on the sides wanted
            errors = ((side > 0) != y)[free].sum()
            best = min(best, errors, free.sum() - errors)
    assert wrong <= best + 1
    clear = ns.Perceptron("pocket").fit(ROWS, FIRST)
    assert clear.converged_
    assert clear.score(ROWS, FIRST) == 1


def test_adatron_finds_the_largest_stability():
    """Against SciPy: minimise |w|² under y (w·x + b) ≥ 1, the bias among the weights."""
    random = np.random.default_rng(5)
    for _ in range(10):
        X = random.normal(size=(20, 2))
        y = X @ random.normal(size=2) > 0.3
        if y.min() == y.max():
            continue
        learner = ns.Perceptron("adatron", max_epochs=100_000).fit(X, y)
        w = np.append(learner.intercept_, learner.coef_)
        Z = np.where(y, 1.0, -1.0)[:, None] * np.column_stack([np.ones(20), X])
        found = minimize(
            lambda v: v @ v, 2 * w + 0.1, jac=lambda v: 2 * v, method="SLSQP",
            constraints={"type": "ineq", "fun": lambda v, Z=Z: Z @ v - 1, "jac": lambda v, Z=Z: Z},
            options={"ftol": 1e-14, "maxiter": 1000},
        )  # fmt: skip
        np.testing.assert_allclose(w, found.x, rtol=1e-4, atol=1e-5 * np.abs(w).max())
        assert 1 / np.linalg.norm(w) == pytest.approx(learner.margin_, rel=1e-5)


@pytest.mark.parametrize("rule", ["rosenblatt", "batch"])
def test_data_that_cannot_be_separated_are_said_so(rule):
    with pytest.warns(ns.NotConvergedWarning, match=r"0\.5·p1 \+ 0\.5·p2 = 0\.5·p0 \+ 0\.5·p3; use rule='pocket'"):
        learner = ns.Perceptron(rule, max_epochs=10**9).fit(ROWS, [0, 1, 1, 0])
    assert (learner.separable_, learner.converged_, learner.margin_) == (False, False, 0)
    assert learner.n_epochs_ <= 20
    proof = learner.certificate_
    assert (proof.upper_shares @ ROWS[proof.upper]).tolist() == (proof.lower_shares @ ROWS[proof.lower]).tolist()


def test_non_separable_problems_stop_with_a_certificate():
    random = np.random.default_rng(6)
    for _ in range(50):
        X = random.normal(size=(30, 3))
        y = random.random(30) < 0.5
        verdict = ns.is_linearly_separable(X, y)
        learner = quiet(ns.Perceptron(max_epochs=10**7), X, y)
        assert learner.separable_ == bool(verdict)
        assert learner.converged_ == bool(verdict)
        assert (learner.certificate_ is None) == bool(verdict)
    with pytest.raises(ns.InputError, match=r"adatron has no answer: 0\.5"):
        ns.Perceptron("adatron").fit(ROWS, [0, 1, 1, 0])
    for rule in ("pocket", "averaged"):  # meant for such data: no warning
        learner = ns.Perceptron(rule, max_epochs=50).fit(ROWS, [0, 1, 1, 0])
        assert (learner.separable_, learner.certificate_ is None) == (False, False)


def test_too_few_epochs_are_said_so():
    X, y = np.array([[0.0], [1.0], [1.001]]), [0, 0, 1]
    with pytest.warns(ns.NotConvergedWarning, match=r"max_epochs=50 reached .* are separable; the bound is"):
        learner = ns.Perceptron(max_epochs=50).fit(X, y)
    assert learner.separable_
    assert not learner.converged_


def test_without_a_bias():
    """Separable with a threshold, but not through the origin: points on one ray."""
    X, y = [[1.0, 1.0], [2.0, 2.0]], [0, 1]
    assert ns.Perceptron().fit(X, y).converged_
    with pytest.warns(ns.NotConvergedWarning):
        learner = ns.Perceptron(fit_intercept=False).fit(X, y)
    doubled = np.vstack([X, np.negative(X)])
    proof = learner.certificate_
    np.testing.assert_allclose(proof.upper_shares @ doubled[proof.upper], proof.lower_shares @ doubled[proof.lower])
    random = np.random.default_rng(7)
    Z = random.normal(size=(30, 4))
    through = ns.Perceptron(fit_intercept=False, max_epochs=10**6).fit(Z, Z @ [1, 2, -1, 0.5] > 0)
    assert through.converged_
    assert through.intercept_.tolist() == [0]
    assert through.n_updates_ <= through.bound_


def test_several_classes():
    random = np.random.default_rng(8)
    centres = np.array([[0, 4], [4, -3], [-4, -3]])
    place = random.integers(0, 3, 90)
    X = centres[place] + 0.5 * random.normal(size=(90, 2))
    names = np.array(["oak", "ash", "elm"])[place]
    for rule in ("rosenblatt", "batch", "pocket", "averaged", "adatron"):
        learner = ns.Perceptron(rule, max_epochs=100_000).fit(X, names)
        assert learner.classes_.tolist() == ["ash", "elm", "oak"]
        assert learner.coef_.shape == (3, 2)
        assert learner.decision_function(X).shape == (90, 3)
        assert learner.score(X, names) == 1
        assert len(learner.history_) == 3
    one = ns.Perceptron(max_epochs=100_000).fit(X, names == "elm")
    np.testing.assert_array_equal(one.coef_[0], ns.Perceptron(max_epochs=100_000).fit(X, names).coef_[1])


def test_partial_fit_goes_on():
    random = np.random.default_rng(9)
    X, y = separable_problem(random)
    whole = quiet(ns.Perceptron(max_epochs=3), X, y)
    for rule in ("rosenblatt", "batch", "averaged"):
        whole = quiet(ns.Perceptron(rule, max_epochs=3), X, y)
        parts = ns.Perceptron(rule)
        for _ in range(whole.n_epochs_):
            parts.partial_fit(X, y)
        np.testing.assert_allclose(parts.coef_, whole.coef_, rtol=1e-12)
        assert parts.n_updates_ == whole.n_updates_
    fresh = ns.Perceptron().partial_fit(X[:1], y[:1], classes=[False, True])
    assert fresh.classes_.tolist() == [False, True]
    with pytest.raises(ns.InputError, match="the label 7 is none of the classes"):
        fresh.partial_fit(X[:1], [7])


def test_order_and_seed():
    X, y = separable_problem(np.random.default_rng(10))
    runs = [ns.Perceptron(shuffle=True, random_state=seed, max_epochs=10**6).fit(X, y).coef_ for seed in (1, 1)]
    np.testing.assert_array_equal(*runs)
    same = ns.Perceptron(max_epochs=10**6, learning_rate=7).fit(X, y)
    np.testing.assert_allclose(same.coef_, 7 * ns.Perceptron(max_epochs=10**6).fit(X, y).coef_, rtol=1e-9)


# Adaline ---------------------------------------------------------------------------------------------------------


def regression():
    random = np.random.default_rng(11)
    X = random.normal(size=(60, 4))
    return X, X @ [1.0, -2.0, 0.0, 0.3] + 0.7 + 0.1 * random.normal(size=60)


@pytest.mark.parametrize("batch", ["all", 20, "online"])
def test_linear_units_approach_least_squares(batch):
    """The normal equations, with ½ l2 |w|² added; online learning circles around it at a distance of order η."""
    X, t = regression()
    for l2 in (0.0, 5.0):
        inputs = np.column_stack([np.ones(60), X])
        exact = np.linalg.solve(inputs.T @ inputs + l2 * np.diag([0, 1, 1, 1, 1]), inputs.T @ t)
        unit = ns.Adaline(output="value", batch=batch, l2=l2, learning_rate=0.001, max_epochs=3000).fit(X, t)
        tolerance = 1e-9 if batch == "all" else 2e-3
        np.testing.assert_allclose(unit.history_.weights[-1], exact, atol=tolerance)


def test_l1_meets_its_optimality_conditions():
    """Subgradients: |Σ (t − y) x_j| = l1 for weights that are not 0, at most l1 for those that are."""
    X, t = regression()
    unit = ns.Adaline(output="value", batch="all", l1=6.0, learning_rate=0.005, max_epochs=5000).fit(X, t)
    w = unit.coef_[0]
    pull = X.T @ (t - unit.predict(X))
    assert (w == 0).sum() == 1
    np.testing.assert_allclose(pull[w != 0], 6.0 * np.sign(w[w != 0]), rtol=1e-9)
    assert np.abs(pull[w == 0]).max() < 6.0
    assert (t - unit.predict(X)).sum() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("error", ["squared", "cross-entropy"])
def test_sigmoid_units_against_scipy(error):
    random = np.random.default_rng(12)
    X = random.normal(size=(80, 2))
    y = (X @ [1, -1] + random.logistic(size=80) > 0.5).astype(int)
    inputs = np.column_stack([np.ones(80), X])

    def objective(w):
        h = inputs @ w
        output = 1 / (1 + np.exp(-h))
        errors = 0.5 * (y - output) ** 2 if error == "squared" else np.log1p(np.exp(h)) - y * h
        return errors.sum() + 0.5 * 0.5 * (w[1:] ** 2).sum()

    exact = minimize(objective, np.zeros(3), tol=1e-12)
    unit = ns.Adaline("sigmoid", error=error, batch="all", l2=0.5, learning_rate=0.05, max_epochs=3000).fit(X, y)
    np.testing.assert_allclose(unit.history_.weights[-1], exact.x, atol=1e-5)
    assert unit.history_.objective[-1] == pytest.approx(exact.fun, rel=1e-9)
    chance = unit.predict_proba(X)
    np.testing.assert_allclose(chance.sum(axis=1), 1)
    assert ((chance[:, 1] >= 0.5) == unit.predict(X)).all()


def test_one_online_step_is_the_gradient():
    """Each rule against the numerical derivative of its error."""
    random = np.random.default_rng(13)
    x, w0 = random.normal(size=3), random.normal(size=4)
    for unit, error, t in (("linear", "squared", 0.3), ("sigmoid", "squared", 0.3), ("sigmoid", "cross-entropy", 0.3)):

        def E(w, unit=unit, error=error, t=t):
            h = w[0] + w[1:] @ x
            y = h if unit == "linear" else 1 / (1 + math.exp(-h))
            return 0.5 * (t - y) ** 2 if error == "squared" else -t * math.log(y) - (1 - t) * math.log(1 - y)

        slope = [(E(w0 + 1e-6 * e) - E(w0 - 1e-6 * e)) / 2e-6 for e in np.eye(4)]
        made = ns.Adaline(unit, error=error, output="value", learning_rate=0.1, start=w0, max_epochs=1).fit([x], [t])
        np.testing.assert_allclose(made.history_.weights[1], w0 - 0.1 * np.array(slope), rtol=1e-7)


def test_learning_curves():
    X, t = regression()
    unit = ns.Adaline(output="value", learning_rate=0.002, max_epochs=30)
    unit.fit(X[:40], t[:40], validation=(X[40:], t[40:]))
    curve = unit.history_
    assert curve.training_error.shape == curve.validation_error.shape == (31,)
    for row, training, unseen in zip(curve.weights, curve.training_error, curve.validation_error, strict=True):
        errors = 0.5 * (t - X @ row[1:] - row[0]) ** 2
        assert training == pytest.approx(errors[:40].mean(), rel=1e-12)
        assert unseen == pytest.approx(errors[40:].mean(), rel=1e-12)
    assert curve.training_error[-1] < curve.training_error[0] / 10
    assert np.isnan(
        ns.Adaline(output="value", max_epochs=2, learning_rate=1e-3).fit(X, t).history_.validation_error
    ).all()
    early = ns.Adaline(output="value", batch="all", learning_rate=0.005, max_epochs=10_000, tol=1e-6).fit(X, t)
    assert early.n_epochs_ < 1000


def test_adaline_learns_classes():
    random = np.random.default_rng(14)
    place = random.integers(0, 3, 120)
    X = np.array([[0, 4], [4, -3], [-4, -3]])[place] + random.normal(size=(120, 2))
    for options in ({"learning_rate": 0.001}, {"unit": "sigmoid", "learning_rate": 0.05}):
        unit = ns.Adaline(max_epochs=200, shuffle=True, random_state=1, **options).fit(X, place)
        assert unit.score(X, place) > 0.97
    two = ns.Adaline(learning_rate=0.001).fit(X, np.where(place == 1, "b", "a"))
    assert two.classes_.tolist() == ["a", "b"]
    assert two.decision_function(X).shape == (120,)


def test_a_learning_rate_too_large_is_told():
    """The rate named is the bound 2/λ of the largest eigenvalue: below it descends, above it does not."""
    X, t = regression()
    inputs = np.column_stack([np.ones(60), X])
    limit = 2 / np.linalg.eigvalsh(inputs.T @ inputs)[-1]
    with pytest.raises(ns.SimulationError, match=f"stays below {limit:.3g}"):
        ns.Adaline(output="value", batch="all", learning_rate=1.05 * limit, max_epochs=10_000).fit(X, t)
    fine = ns.Adaline(output="value", batch="all", learning_rate=0.95 * limit, max_epochs=2000).fit(X, t)
    assert fine.history_.objective[-1] < fine.history_.objective[0]


# Capacity --------------------------------------------------------------------------------------------------------


def test_cover_against_its_recursion():
    """C(P + 1, N) = C(P, N) + C(P, N − 1) (Cover 1965); ½ at P = 2N; all 2^P for P ≤ N."""
    C = {(1, N): 2 for N in range(1, 31)} | {(P, 0): 0 for P in range(1, 41)}
    for P in range(1, 40):
        for N in range(1, 31):
            C[P + 1, N] = C[P, N] + C[P, N - 1]
    for (P, N), count in C.items():
        if N:
            assert ns.cover_count(P, N) == count
    assert all(ns.cover_fraction(2 * N, N) == 0.5 for N in (1, 5, 50, 400))
    assert ns.cover_fraction(20, 20) == 1
    assert ns.cover_fraction(2000, 1000) == pytest.approx(0.5, rel=1e-9)


def test_cover_counts_points_in_the_plane():
    """Four points in general position, a threshold beside two weights: 14 of 16, as for the Boolean functions."""
    X = np.random.default_rng(15).normal(size=(4, 2))
    count = sum(bool(ns.is_linearly_separable(X, [k >> i & 1 for i in range(4)])) for k in range(1, 15)) + 2
    assert count == ns.cover_count(4, 3) == 14


def test_capacity_follows_cover():
    """Fact: capacity 2N. Every fraction within four standard errors, their squares as many as there are."""
    found = ns.perceptron_capacity([4, 12, 25], load=[0.5, 1, 1.5, 1.8, 2, 2.2, 2.5, 3], trials=150, seed=1)
    assert found.points[1].tolist() == [6, 12, 18, 22, 24, 26, 30, 36]
    assert (found.separable[found.theory == 1] == 1).all()
    uncertain = found.error > 0.005
    deviation = ((found.separable - found.theory) / np.maximum(found.error, 1e-9))[uncertain]
    assert np.abs(deviation).max() < 4
    assert (deviation**2).mean() == pytest.approx(1, abs=1)
    again = ns.perceptron_capacity([4, 12], load=[2], trials=20, seed=2)
    assert np.array_equal(again.separable, ns.perceptron_capacity([4, 12], load=[2], trials=20, seed=2).separable)


# scikit-learn ----------------------------------------------------------------------------------------------------


def test_scikit_learn_reaches_the_same_verdicts():
    """Its perceptron ends without error on what is said to be separable, and not on what is not."""
    theirs = pytest.importorskip("sklearn.linear_model").Perceptron
    random = np.random.default_rng(16)
    verdicts = []
    for _ in range(60):
        n = int(random.integers(1, 6))
        X = random.normal(size=(int(random.integers(4, 4 * n + 4)), n))
        y = random.integers(0, 2, len(X))
        if y.min() == y.max():
            continue
        ours = quiet(ns.Perceptron(max_epochs=10**7), X, y)
        other = theirs(tol=None, max_iter=20_000 if ours.separable_ else 300).fit(X, y)
        assert ours.separable_ == (other.score(X, y) == 1)
        verdicts.append(ours.separable_)
    assert 0.2 < np.mean(verdicts) < 0.9


def test_in_pipelines_and_cross_validation():
    pytest.importorskip("sklearn")
    from sklearn.base import clone, is_classifier, is_regressor
    from sklearn.model_selection import GridSearchCV, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    random = np.random.default_rng(17)
    X = random.normal(size=(120, 3)) * [1, 100, 0.01] + [5, -300, 0]
    y = np.where((X - [5, -300, 0]) / [1, 100, 0.01] @ [1, 1, 1] > 0.2, "up", "down")
    for learner in (ns.Perceptron("averaged", max_epochs=50), ns.Adaline(learning_rate=0.002)):
        assert is_classifier(learner)
        assert cross_val_score(make_pipeline(StandardScaler(), learner), X, y, cv=4).mean() > 0.9
        copy = clone(learner.set_params(random_state=3))
        assert copy.get_params() == learner.get_params()
    assert is_regressor(ns.Adaline(output="value"))
    grid = {"adaline__learning_rate": [1e-9, 1e-3]}
    search = GridSearchCV(make_pipeline(StandardScaler(), ns.Adaline()), grid, cv=3).fit(X, y)
    assert search.best_params_ == {"adaline__learning_rate": 1e-3}


@pytest.mark.parametrize("kind", ["perceptron", "adaline"])
def test_scikit_learns_own_checks(kind):
    """All but three, which ask for scikit-learn's own exceptions and warnings."""
    checks = pytest.importorskip("sklearn.utils.estimator_checks")
    if not hasattr(checks, "estimator_checks_generator"):
        pytest.skip("needs scikit-learn 1.6")
    learner = ns.Perceptron(max_epochs=30) if kind == "perceptron" else ns.Adaline(learning_rate=1e-7)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = checks.check_estimator(learner, on_fail=None, on_skip=None)
    failed = {result["check_name"] for result in results if result["status"] == "failed"}
    assert failed <= {"check_estimators_unfitted", "check_dtype_object", "check_supervised_y_2d"}
    assert len(results) > 30


def test_estimators_without_scikit_learn():
    learner = ns.Perceptron("pocket", shuffle=True)
    assert repr(learner) == "Perceptron(rule='pocket', shuffle=True)"
    assert learner.get_params()["rule"] == "pocket"
    with pytest.raises(ns.InputError, match="no parameter 'rul'; did you mean rule"):
        learner.set_params(rul="batch")
    learner.fit(ROWS, FIRST)
    copy = pickle.loads(pickle.dumps(learner))
    assert copy.predict(ROWS).tolist() == FIRST


# Bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [ns.Perceptron, ns.Adaline])
@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (ROWS, [1, 1, 1, 1], "only one class"),
        (ROWS, [0, 1], "one label for each of 4 points"),
        (ROWS, None, "target y is None"),
        (ROWS, [0.5, 1.5, 0.2, 0.1], "Unknown label type"),
        (ROWS, [0, 1, np.nan, 1], "label of point 2 is NaN or infinite"),
        ([[0, 1], [np.nan, 1]], [0, 1], r"value at \[1, 0\] is NaN or infinite"),
        ([0, 1], [0, 1], r"\(P, n\), a row for each point"),
        (np.zeros((0, 2)), [], "0 sample"),
        (np.zeros((2, 0)), [0, 1], "0 feature"),
        ([[1j], [2]], [0, 1], "Complex data not supported"),
        ([["a"], ["b"]], [0, 1], "no array of numbers"),
        ([[1], [2, 3]], [0, 1], "no array of numbers"),
        ([[1e200], [-1e200]], [0, 1], "scale the points"),
    ],
)
def test_bad_data(make, X, y, message):
    with pytest.raises(ns.InputError, match=message):
        make().fit(X, y)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ns.Perceptron("rosenblat").fit(ROWS, FIRST), "did you mean rosenblatt"),
        (lambda: ns.Perceptron(learning_rate=0).fit(ROWS, FIRST), "learning_rate is a finite number above 0"),
        (lambda: ns.Perceptron(max_epochs=0).fit(ROWS, FIRST), "max_epochs is a whole number"),
        (lambda: ns.Perceptron(start=[1, 2]).fit(ROWS, FIRST), "3 in all"),
        (lambda: ns.Perceptron("adatron", start=[1, 2, 3]).fit(ROWS, FIRST), "leave it out"),
        (lambda: ns.Perceptron("adatron").partial_fit(ROWS, FIRST), "needs all points at once"),
        (lambda: ns.Perceptron(random_state="x", shuffle=True).fit(ROWS, FIRST), "random_state is a whole number"),
        (lambda: ns.Perceptron().predict(ROWS), "has not learned anything"),
        (
            lambda: ns.Perceptron().fit(ROWS, FIRST).predict([[1, 2, 3]]),
            "X has 3 features, but Perceptron is expecting 2",
        ),
        (lambda: ns.Adaline("linear", error="cross-entropy").fit(ROWS, FIRST), "goes with unit='sigmoid'"),
        (lambda: ns.Adaline("sigmoid", error="cross-entropy", output="value").fit(ROWS, [0, 1, 2, 0]), "from 0 to 1"),
        (lambda: ns.Adaline(batch=0).fit(ROWS, FIRST), "batch is a whole number"),
        (lambda: ns.Adaline(batch="some").fit(ROWS, FIRST), "batch is 'online', 'all'"),
        (lambda: ns.Adaline(l1=-1).fit(ROWS, FIRST), "l1 is a finite number not below 0"),
        (lambda: ns.Adaline().fit(ROWS, FIRST, validation=ROWS), "validation: a pair"),
        (lambda: ns.Adaline().fit(ROWS, FIRST, validation=([[1]], [0])), "validation: 1 features instead of 2"),
        (lambda: ns.perceptron_capacity(0), "N: whole numbers"),
        (lambda: ns.perceptron_capacity(5, load=[-1]), "load: values of P/N above 0"),
        (lambda: ns.perceptron_capacity(1000, load=[100], trials=1000), "take hours"),
        (lambda: ns.perceptron_capacity(5, trials=0), "trials is a whole number"),
        (lambda: ns.cover_count(10**6, 5), "P is a whole number"),
    ],
)
def test_bad_parameters(call, message):
    with pytest.raises(ns.InputError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ns.ThresholdNetwork([[1, 2, 3]]), r"a matrix \(n, n\)"),
        (lambda: ns.ThresholdNetwork([1, 2]), r"a matrix \(n, n\)"),
        (lambda: ns.ThresholdNetwork(np.zeros((0, 0))), r"a matrix \(n, n\)"),
        (lambda: ns.ThresholdNetwork([[np.nan]]), "NaN or infinite"),
        (lambda: ns.ThresholdNetwork(np.eye(2), [1, 2, 3]), "thresholds: one for all or 2"),
        (lambda: ns.ThresholdNetwork(np.eye(2), 0, "sine"), "there is no activation 'sine'; did you mean sign"),
        (lambda: ns.ThresholdNetwork(np.eye(2), 0, ["sign"]), "activation: a name, or 2"),
        (lambda: ns.ThresholdNetwork(np.eye(2), inputs=[2]), "inputs: units are whole numbers from 0 to 1"),
        (lambda: ns.ThresholdNetwork(np.eye(2), outputs=[0, 0]), "a unit is named twice"),
        (lambda: ns.ThresholdNetwork(np.eye(2), names=["a"]), "names: 2 are needed"),
        (lambda: ns.ThresholdNetwork(np.eye(2)).run([0, 2], 1), r"2 at \[1\] is neither 0 nor 1"),
        (lambda: ns.ThresholdNetwork(np.eye(2), 0, "sign").run([0, 1], 1), "convert with bits_to_signs"),
        (lambda: ns.ThresholdNetwork(np.eye(2)).run([0, 1, 1], 1), "2 values along the last axis"),
        (lambda: ns.ThresholdNetwork(np.eye(2)).run(np.zeros((1, 1, 2)), 1), r"\(n,\) or \(r, n\)"),
        (lambda: ns.ThresholdNetwork(np.eye(2)).run(np.zeros((0, 2)), 1), r"\(n,\) or \(r, n\)"),
        (lambda: ns.ThresholdNetwork(np.eye(2)).run([0, 1], 1, beta=np.array([1, 2])), "beta is a number"),
        (lambda: ns.ThresholdNetwork(np.eye(2)).run([0, 1], -1), "steps is a whole number"),
        (
            lambda: ns.ThresholdNetwork(np.eye(2)).run([0, 1], 1, update="async"),
            "update is asynchronous or synchronous, not 'async'",
        ),
        (lambda: ns.ThresholdNetwork(np.eye(2)).run([0, 1], 1, order="any"), "order is random or shuffled or ordered"),
        (lambda: ns.ThresholdNetwork(np.eye(2)).run([0, 1], 1, beta=-1), "beta is a number not below 0"),
        (
            lambda: ns.ThresholdNetwork(np.eye(2), 0, "linear").run([0, 1], 1, beta=1),
            "beta is for units with two states",
        ),
        (lambda: ns.ThresholdNetwork(np.eye(2), 0, "softmax").run([0, 1], 1), "update='synchronous'"),
        (lambda: ns.ThresholdNetwork(np.eye(2)).run([0, 1], 1, seed="x"), "seed is a whole number"),
        (lambda: ns.ThresholdNetwork(np.eye(2)).compute([0, 1]), "a recurrent network has no order of layers"),
        (lambda: ns.ArtificialNeuron([[1]]), r"weights \(n,\) and one threshold"),
        (lambda: ns.ArtificialNeuron([1], 0, "softmax"), "softmax is for several units"),
        (lambda: ns.ArtificialNeuron([1, 2])([1]), "2 values along its last axis"),
        (lambda: ns.ArtificialNeuron([1], 0, "sign")([1], 0.5), "has the states -1 and 1"),
        (lambda: ns.activation("gate", gamma=1), "gate has no parameter 'gamma'"),
        (lambda: ns.activation("gate", beta=-1), "beta is a number not below 0"),
        (lambda: ns.activation("relu", slope=1), "it has none"),
    ],
)
def test_bad_networks(call, message):
    with pytest.raises(ns.InputError, match=message):
        call()
