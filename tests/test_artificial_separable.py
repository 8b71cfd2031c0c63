"""Linear separability: verdicts against SciPy's linear programming, proofs by arithmetic, counts by other means."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import linprog

import neurosim as ns
from neurosim.artificial.counting import _has_weights, _monotone_functions
from neurosim.artificial.exact import combine_exactly
from neurosim.artificial.formula import input_rows

COUNTS = {1: 4, 2: 14, 3: 104, 4: 1_882, 5: 94_572, 6: 15_028_134, 7: 8_378_070_864}


def by_linear_programming(X, upper):
    """Whether SciPy finds w, θ with ±(w·x − θ) ≥ 1, on points centred and scaled."""
    X = (X - X.mean(axis=0)) / (np.abs(X - X.mean(axis=0)).max() or 1.0)
    signs = np.where(upper, -1.0, 1.0)[:, None]
    A = signs * np.column_stack([X, -np.ones(len(X))])
    return linprog(np.zeros(A.shape[1]), A_ub=A, b_ub=-np.ones(len(X)), bounds=(None, None)).status == 0


def check_proof(verdict, X, upper, exact=True):
    """The caller's own arithmetic on a plane or a certificate."""
    if verdict:
        heights = np.where(upper, 1.0, -1.0) * (X @ verdict.weights - verdict.threshold)
        assert np.linalg.norm(verdict.weights) == pytest.approx(1, rel=1e-12)
        assert heights.min() == pytest.approx(verdict.margin, rel=1e-9)
        assert verdict.margin > 0
        assert verdict.certificate is None
        return
    proof = verdict.certificate
    assert (verdict.weights, verdict.threshold, verdict.margin) == (None, None, None)
    assert upper[proof.upper].all()
    assert not upper[proof.lower].any()
    for shares in (proof.upper_shares, proof.lower_shares):
        assert (shares > 0).all()
        assert shares.sum() == pytest.approx(1, rel=1e-12)
    scale = np.abs(X).max()
    np.testing.assert_allclose(proof.upper_shares @ X[proof.upper], proof.point, atol=1e-9 * scale)
    np.testing.assert_allclose(proof.lower_shares @ X[proof.lower], proof.point, atol=1e-9 * scale)
    if not exact:
        assert proof.fractions is None
        return
    points = []
    for rows, shares in zip((proof.upper, proof.lower), proof.fractions, strict=True):
        assert all(share > 0 for share in shares)
        assert sum(shares) == 1
        columns = X[rows].T.tolist()
        points.append([sum(f * Fraction(x) for f, x in zip(shares, column, strict=True)) for column in columns])
    assert points[0] == points[1]


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_every_boolean_function_up_to_four_inputs(n):
    """All proofs hold, so the verdicts are right; and there are as many separable functions as the literature has."""
    rows = input_rows(n).astype(float)
    count = 0
    for number in range(2 ** (2**n)):
        upper = (number >> np.arange(2**n) & 1).astype(bool)
        verdict = ns.is_linearly_separable(upper.astype(int))
        count += bool(verdict)
        if upper.min() == upper.max():
            assert verdict.weights.tolist() == [0] * n
            assert (rows @ verdict.weights >= verdict.threshold).tolist() == upper.tolist()
        elif verdict:
            assert (np.where(upper, 1, -1) * (rows @ verdict.weights - verdict.threshold)).min() > 0.05
        else:
            proof = verdict.certificate
            assert upper[proof.upper].all()
            assert not upper[proof.lower].any()
            assert set(map(sum, proof.fractions)) == {1}
            assert min(map(min, proof.fractions)) > 0
            assert (proof.upper_shares @ rows[proof.upper] == proof.lower_shares @ rows[proof.lower]).all()
    assert count == COUNTS[n]


@pytest.mark.parametrize("kind", ["normal", "whole", "offset", "flat"])
def test_agrees_with_linear_programming(kind):
    random = np.random.default_rng(1)
    verdicts = []
    for _ in range(150):
        n = int(random.integers(1, 9))
        P = int(random.integers(2, 4 * n + 4))
        X = random.normal(size=(P, n))
        if kind == "whole":
            X = random.integers(-2, 3, (P, n)).astype(float)
        elif kind == "offset":
            X = 1e3 + 1e-3 * X
        elif kind == "flat":  # points in a plane of fewer dimensions
            X[:, n // 2 :] = X[:, :1]
        upper = random.random(P) < 0.5
        if upper.min() == upper.max():
            continue
        verdict = ns.is_linearly_separable(X, upper)
        assert bool(verdict) == by_linear_programming(X, upper)
        check_proof(verdict, X, upper)
        verdicts.append(bool(verdict))
    assert 0.2 < np.mean(verdicts) < 0.8


def test_many_dimensions_and_points():
    random = np.random.default_rng(2)
    for n, P in ((30, 45), (30, 90), (60, 100), (3, 3000), (20, 500)):
        X = random.normal(size=(P, n))
        for upper in (random.random(P) < 0.5, X @ random.normal(size=n) > 0.3):
            verdict = ns.is_linearly_separable(X, upper)
            assert bool(verdict) == by_linear_programming(X, upper)
            check_proof(verdict, X, upper, exact=n <= 12)


def test_the_margin_is_the_largest():
    """Against the margin that any w has, maximised by SciPy over directions in the plane."""
    random = np.random.default_rng(3)
    angles = np.linspace(0, 2 * np.pi, 20_001)
    directions = np.array([np.cos(angles), np.sin(angles)])
    for _ in range(20):
        X = random.normal(size=(12, 2))
        upper = X @ random.normal(size=2) > 0.2
        if upper.min() == upper.max():
            continue
        heights = X @ directions
        best = ((heights[upper].min(axis=0) - heights[~upper].max(axis=0)) / 2).max()
        margin = ns.is_linearly_separable(X, upper).margin
        assert best <= margin * (1 + 1e-12)
        assert margin <= best + (angles[1] - angles[0]) * np.linalg.norm(X, axis=1).max()
    plane = ns.is_linearly_separable("a and b")
    assert plane.margin == pytest.approx(1 / np.sqrt(8), rel=1e-12)


def test_close_calls_are_decided_exactly():
    """A point moved by one unit in the last place: on the segment between two others, or off it."""
    on, off = [0.1, 0.1], [0.1, np.nextafter(0.1, 1)]
    for point, separable in ((on, False), (off, True)):
        X = np.array([[0.0, 0.0], [0.3, 0.3], point])
        exact = combine_exactly(X[2:], X[:2])
        assert (exact is None) == separable
        if not separable:
            check_proof(ns.is_linearly_separable(X, [0, 0, 1]), X, np.array([False, False, True]))
        else:
            with pytest.raises(ns.SimulationError, match="by less than the rounding of the values"):
                ns.is_linearly_separable(X, [0, 0, 1])


def test_the_same_point_in_both_classes():
    verdict = ns.is_linearly_separable([[1.5], [2.5], [2.5]], [0, 0, 1])
    assert not verdict
    assert (verdict.certificate.upper.tolist(), verdict.certificate.lower.tolist()) == ([2], [1])


def test_labels_of_any_kind():
    for labels in (["no", "no", "yes", "yes"], [-1, -1, 1, 1], [False, False, True, True], [2.5, 2.5, 7, 7]):
        verdict = ns.is_linearly_separable([[0, 0], [0, 1], [1, 0], [1, 1]], labels)
        assert verdict.labels == (labels[0], labels[-1])
        np.testing.assert_allclose(verdict.weights, [1, 0], atol=1e-12)
        assert verdict.threshold == pytest.approx(0.5)


# Smallest weights ------------------------------------------------------------------------------------------------


def by_trial(n, largest):
    """The smallest Σ |w| with which each function is realised, over all small weights and thresholds."""
    rows = input_rows(n)
    best = {}
    weights = sorted(itertools.product(range(-largest, largest + 1), repeat=n), key=lambda w: sum(map(abs, w)))
    for w in weights:
        sums = rows @ np.array(w)
        for threshold in range(sums.min(), sums.max() + 2):
            best.setdefault(tuple((sums >= threshold).astype(int).tolist()), sum(map(abs, w)))
    return best


@pytest.mark.parametrize(("n", "largest"), [(1, 1), (2, 2), (3, 3), (4, 3)])
def test_smallest_weights_are_the_smallest(n, largest):
    best = by_trial(n, largest)
    assert len(best) == COUNTS[n]
    tables = list(best)
    if n == 4:
        tables = [tables[k] for k in np.random.default_rng(1).choice(len(tables), 300, replace=False)]
    rows = input_rows(n)
    for table in tables:
        weights, threshold = ns.smallest_weights(table)
        assert weights.dtype.kind == "i"
        assert threshold % 1 == 0.5
        assert ((rows @ weights > threshold) == np.array(table)).all()
        assert np.abs(weights).sum() == best[table]


def test_smallest_weights_of_a_function_that_has_none():
    with pytest.raises(ns.InputError, match=r"not linearly separable: 0\.5·p1 \+ 0\.5·p2 = 0\.5·p0 \+ 0\.5·p3"):
        ns.smallest_weights("a ^ b")
    assert ns.smallest_weights("a or not a")[1] == -0.5


# Counting --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", range(1, 8))
def test_counts(n):
    """Fact: 4, 14, 104, 1,882, 94,572, 15,028,134, 8,378,070,864; the benchmark times them."""
    assert ns.count_separable(n) == COUNTS[n]


def test_counts_by_linear_programming_and_by_trial():
    """n ≤ 3: SciPy on every function. n = 4 and 5: the different functions that small weights realise."""
    for n in (1, 2, 3):
        rows = input_rows(n).astype(float)
        tables = [(number >> np.arange(2**n) & 1).astype(bool) for number in range(2 ** (2**n))]
        assert sum(t.min() == t.max() or by_linear_programming(rows, t) for t in tables) == ns.count_separable(n)
    for n, largest in ((4, 3), (5, 5)):
        rows = input_rows(n).astype(np.int64)
        weights = np.array(list(itertools.combinations_with_replacement(range(largest + 1), n)))
        found = set()
        for w in weights:
            sums = rows @ w
            for threshold in np.unique(np.append(sums, sums.max() + 1)):
                found.add((sums >= threshold).tobytes())
        cubes = np.array([np.frombuffer(table, dtype=bool).reshape((2,) * n) for table in found])
        everything = set()
        for order in itertools.permutations(range(n)):
            permuted = cubes.transpose(0, *(k + 1 for k in order))
            for flips in itertools.product((slice(None), slice(None, None, -1)), repeat=n):
                flipped = permuted[(slice(None), *flips)].reshape(len(cubes), -1)
                packed = np.packbits(flipped, axis=1)
                everything.update(map(bytes, packed))
        assert len(everything) == ns.count_separable(n)


def test_what_is_counted_is_complete():
    """The odd monotone functions of up to five signs, by trial of all functions; each separable one has weights."""
    for size in (2, 3, 4):
        half = -(2 * input_rows(size).astype(int)[: 2 ** (size - 1)] - 1)
        sums = np.vstack([half, -half]).cumsum(axis=1)
        above = (sums[:, None] >= sums[None]).all(axis=2)
        expected = set()
        for number in range(2 ** len(half)):
            values = 2 * (number >> np.arange(len(half)) & 1) - 1
            everywhere = np.append(values, -values)
            if (everywhere[:, None] >= everywhere[None])[above].all():
                expected.add(tuple(values.tolist()))
        found = [tuple(values.tolist()) for values in _monotone_functions(half)]
        assert len(found) == len(set(found))
        assert set(found) == expected


def test_functions_without_weights_are_told():
    """Nine signs are the first with odd monotone functions that are not separable; verdicts against SciPy."""
    half = -(2 * input_rows(9).astype(int)[:256] - 1)
    verdicts = set()
    for values in itertools.islice(_monotone_functions(half), 9000, 14000, 100):
        Z = half * values[:, None]
        found = linprog(np.zeros(9), A_ub=-Z, b_ub=-np.ones(256), bounds=(None, None)).status == 0
        assert _has_weights(Z, values @ half) == found
        verdicts.add(found)
    assert verdicts == {True, False}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ns.count_separable(0), "n is a whole number from 1"),
        (lambda: ns.count_separable(2.0), "n is a whole number"),
        (lambda: ns.count_separable(True), "n is a whole number"),
        (lambda: ns.count_separable(8), r"n = 8 is too large .* about \d+ minutes"),
        (lambda: ns.count_separable(9), "n = 9 is too large .* years"),
        (lambda: ns.count_separable(10**6), "years"),
        (lambda: ns.count_separable(6, patience=0.01), "longer than patience, 0.01 s"),
        (lambda: ns.count_separable(3, patience=np.nan), "patience"),
        (lambda: ns.is_linearly_separable("011"), "3 is no power of two"),
        (lambda: ns.is_linearly_separable("0"), "'0' has no inputs|no power of two"),
        (lambda: ns.is_linearly_separable([]), "this one none"),
        (lambda: ns.is_linearly_separable([0, 1, 2, 1]), "values 0 and 1, not 2 in row 2"),
        (lambda: ns.is_linearly_separable([0, np.nan]), "NaN or infinite"),
        (lambda: ns.is_linearly_separable([[0, 1], [1, 0]]), "2\\^n values in a row"),
        (lambda: ns.is_linearly_separable([0, 1] * 4096), "13 inputs has a truth table"),
        (lambda: ns.is_linearly_separable([[0], [1]], [1, 1]), "two classes are needed, there is only 1"),
        (lambda: ns.is_linearly_separable([[0], [1], [2]], [0, 1, 2]), "two classes are needed, there are 3"),
        (
            lambda: ns.is_linearly_separable([[0], [np.inf]], [0, 1]),
            r"points: the value at \[1, 0\] is NaN or infinite",
        ),
        (lambda: ns.is_linearly_separable([[0], [1]], [0, np.nan]), "label|labels"),
        (lambda: ns.is_linearly_separable([[0], [1]], [0, 1, 1]), "one for each of 2 points"),
        (lambda: ns.is_linearly_separable([0, 1], [0, 1]), r"points: \(P, n\)"),
        (lambda: ns.is_linearly_separable([[], []], [0, 1]), r"points: \(P, n\)"),
        (lambda: ns.is_linearly_separable([["a"], ["b"]], [0, 1]), "no array of numbers"),
        (lambda: ns.is_linearly_separable("a +"), "not part of the language"),
        (lambda: ns.is_linearly_separable(None), "truth table"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ns.InputError, match=message):
        call()
