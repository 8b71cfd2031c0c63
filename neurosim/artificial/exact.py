"""Decisions about points in exact arithmetic: every float is a fraction."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from .states import Floats, Ints

Row = list[Fraction]


def combine_exactly(upper: Floats, lower: Floats) -> tuple[Row, Row] | None:
    """Convex combinations of two sets of points, (p, n) and (q, n), that coincide; None if there are none.

    The simplex method (first phase, rule of Bland, so that it ends) on: shares ≥ 0 of either set sum to 1, and the
    difference of the combinations is 0.
    """
    columns = [[Fraction(1), Fraction(0), *map(Fraction, point)] for point in upper.tolist()]
    columns += [[Fraction(0), Fraction(1), *(-Fraction(x) for x in point)] for point in lower.tolist()]
    shares = _feasible(columns, [Fraction(1), Fraction(1)] + [Fraction(0)] * upper.shape[1])
    return None if shares is None else (shares[: len(upper)], shares[len(upper) :])


def _feasible(columns: Sequence[Row], target: Row) -> Row | None:
    """Numbers ≥ 0 whose sum over the columns is `target` (≥ 0), or None."""
    height, count = len(target), len(columns)
    rows = [[column[i] for column in columns] + [target[i]] for i in range(height)]
    basis = list(range(count, count + height))  # artificial variables, which need no columns: they never return
    cost = [sum((row[k] for row in rows), Fraction(0)) for k in range(count + 1)]
    while cost[-1] > 0:
        entering = next((k for k in range(count) if cost[k] > 0), None)
        if entering is None:
            return None
        ratios = [(row[-1] / row[entering], basis[i], i) for i, row in enumerate(rows) if row[entering] > 0]
        leaving = min(ratios)[2]
        basis[leaving] = entering
        pivot = rows[leaving][entering]
        rows[leaving] = scaled = [value / pivot for value in rows[leaving]]
        for i, row in enumerate(rows):
            if i != leaving and row[entering]:
                rows[i] = _minus(row, row[entering], scaled)
        cost = _minus(cost, cost[entering], scaled)
    shares = [Fraction(0)] * count
    for i, k in enumerate(basis):
        if k < count:
            shares[k] = rows[i][-1]
    return shares


def _minus(row: Row, factor: Fraction, other: Row) -> Row:
    return [value - factor * subtracted if subtracted else value for value, subtracted in zip(row, other, strict=True)]


def opposite_sums(points: Floats, labels: Ints) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Two points of label 1 and two of label 0 (a point may count twice) with the same sum; None if there are none.

    For points with few different whole coordinates, such as the inputs of a Boolean function. A function of up to eight
    inputs that has none is linearly separable (Muroga 1971, Threshold Logic and its Applications).
    """
    base = 2 * int(points.max(initial=1)) + 1
    codes = (points @ base ** np.arange(points.shape[1], dtype=np.float64)).astype(np.int64)
    pairs = []
    for label in (1, 0):
        members = np.flatnonzero(labels == label)
        sums, first = np.unique(np.add.outer(codes[members], codes[members]), return_index=True)
        pairs.append((sums, members[first // members.size], members[first % members.size]))
    common, i, j = np.intersect1d(pairs[0][0], pairs[1][0], assume_unique=True, return_indices=True)
    if not common.size:
        return None
    k, m = i[0], j[0]
    return (int(pairs[0][1][k]), int(pairs[0][2][k])), (int(pairs[1][1][m]), int(pairs[1][2][m]))
