"""Can one unit do it? A plane with the widest margin, or a proof that there is none."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from ..errors import InputError, SimulationError, excerpt
from .exact import combine_exactly, opposite_sums
from .formula import Bits, input_rows, truth_table
from .nearest import by_linear_programming, nearest_points
from .states import Floats, Ints, check_finite

_EXACT_INPUTS, _EXACT_SIZE = 12, 20_000
_RESIDUAL = 1e-9

Search = Callable[[Floats, Floats], tuple[Floats, Floats, Floats] | None]


@dataclass(frozen=True, eq=False)
class Coincidence:
    """A proof that no plane separates two classes: convex combinations of either that are the same point.

    If some w·x − θ were ≥ 0 on all points of one class and < 0 on all of the other, it would be both in this point.

    Attributes
    ----------
    upper, lower : ndarray of int
        Rows of the points that take part, of the class that should be above the threshold and of the other.
    upper_shares, lower_shares : ndarray
        Their shares: positive, with the sum 1.
    point : ndarray (n,)
        What both combinations are.
    fractions : pair of tuples of Fraction, or None
        The same shares, exactly; None for points of more than 12 coordinates.

    Notes
    -----
    ``upper_shares @ points[upper]`` and ``lower_shares @ points[lower]`` are equal to rounding; with `fractions`,
    exactly.
    """

    upper: Ints
    lower: Ints
    upper_shares: Floats
    lower_shares: Floats
    point: Floats
    fractions: tuple[tuple[Fraction, ...], tuple[Fraction, ...]] | None

    def __str__(self) -> str:
        sides = []
        for rows, shares in ((self.upper, self.upper_shares), (self.lower, self.lower_shares)):
            sides.append(" + ".join(f"{share:.4g}·p{row}" for share, row in zip(shares[:4], rows[:4], strict=True)))
            sides[-1] += f" + … ({rows.size} points)" if rows.size > 4 else ""
        return " = ".join(sides)


@dataclass(frozen=True, eq=False)
class Separability:
    """Whether a plane separates two classes, and why. True or false where a truth value is asked for.

    Attributes
    ----------
    separable : bool
    weights : ndarray (n,) or None
        The unit vector w with w·x − θ > 0 on the upper class (label 1, or the greater label), < 0 on the other, with
        the largest margin. Zero for a constant Boolean function.
    threshold : float or None
        θ.
    margin : float or None
        The smallest distance of a point from the plane, ``min |w·x − θ|``; infinite for a constant Boolean function.
    certificate : Coincidence or None
        If not separable, why.
    labels : tuple
        The two labels, of the lower and of the upper class.
    """

    separable: bool
    weights: Floats | None
    threshold: float | None
    margin: float | None
    certificate: Coincidence | None
    labels: tuple[Any, Any] = (0, 1)

    def __bool__(self) -> bool:
        return self.separable


def is_linearly_separable(points: Any, labels: Any = None) -> Separability:
    """Whether a single threshold unit can tell two classes apart, with a proof either way.

    Parameters
    ----------
    points
        (P, n), with `labels`; or a Boolean function, as a truth table ``"0110"`` or an expression ``"a and not b"``,
        whose points are its inputs in the order of binary numbers.
    labels
        (P,), two different values; the greater one is the upper class.

    Returns
    -------
    Separability

    Raises
    ------
    InputError
        For wrong shapes, values that are not finite, labels of one class or of more than two, no truth table.
    SimulationError
        Where the classes are so close that rounding decides and there are too many points for exact arithmetic.

    Notes
    -----
    The nearest points of the two convex hulls are sought (Wolfe 1976; where that fails, a plane is, by linear
    programming, HiGHS). If they are apart, the plane midway has the largest margin; it is accepted if that is more than
    rounding can do. If they coincide, they are the certificate, made exact in fractions for up to 12 coordinates. Where
    rounding leaves it open, the simplex method in fractions decides.

    Examples
    --------
    >>> print(is_linearly_separable("0110").certificate)
    0.5·p1 + 0.5·p2 = 0.5·p0 + 0.5·p3
    >>> plane = is_linearly_separable("a and b")
    >>> plane.weights, round(plane.threshold, 8), round(plane.margin, 8)
    (array([0.70710678, 0.70710678]), 1.06066017, 0.35355339)
    """
    if labels is None:
        return separate_table(truth_table(points)[1])
    X, upper, classes = check_classes(points, labels)
    return separate(X, upper, classes)


def check_classes(points: Any, labels: Any) -> tuple[Floats, Ints, tuple[Any, Any]]:
    """Points (P, n); 1 where the label is the greater one; the two labels."""
    X = check_finite(points, "points")
    if X.ndim != 2 or 0 in X.shape:
        raise InputError(f"points: (P, n), a row for each point, not the shape {X.shape}")
    given = np.asarray(labels)
    if given.shape != (len(X),):
        raise InputError(f"labels: one for each of {len(X)} points, not the shape {given.shape}")
    if given.dtype.kind in "fc" and not np.isfinite(given).all():
        raise InputError(f"labels: that of point {int(np.flatnonzero(~np.isfinite(given))[0])} is not finite")
    try:
        classes, place = np.unique(given, return_inverse=True)
    except TypeError:
        raise InputError("labels: values that can be put in order, such as 0 and 1") from None
    if classes.size != 2:
        there = f"is only {excerpt(classes.tolist()[0])}" if classes.size == 1 else f"are {classes.size}"
        raise InputError(f"labels: two classes are needed, there {there}")
    low, high = classes.tolist()
    return X, place.astype(np.int64), (low, high)


def separate_table(table: Bits) -> Separability:
    """The verdict on a Boolean function, (2^n,) of 0 and 1."""
    n = table.size.bit_length() - 1
    if (table == table[0]).all():
        return Separability(True, np.zeros(n), -1.0 if table[0] else 1.0, np.inf, None)
    points = input_rows(n).astype(np.float64)
    labels = table.astype(np.int64)
    if n <= 10 and (found := opposite_sums(points, labels)) is not None:
        half = Fraction(1, 2)
        sides = [tuple(dict.fromkeys(pair)) for pair in found]
        shares: list[tuple[Fraction, ...]] = [(half, half) if len(side) == 2 else (Fraction(1),) for side in sides]
        return _not_separable(points, [np.array(side) for side in sides], shares, (0, 1))
    return separate(points, labels, (0, 1))


def separate(X: Floats, upper: Ints, classes: tuple[Any, Any]) -> Separability:
    """The verdict on checked points."""
    members = np.flatnonzero(upper == 1), np.flatnonzero(upper == 0)
    for search, coordinates, back in _attempts(X):
        found = search(coordinates[members[0]], coordinates[members[1]])
        if found is None:
            continue
        plane = _plane(X, upper, back @ found[2], members)
        if plane is not None:
            return Separability(True, *plane, None, classes)
        support = [rows[np.flatnonzero(shares > 0)] for rows, shares in zip(members, found[:2], strict=True)]
        verdict = _coincidence(X, support, [s[s > 0] for s in found[:2]], classes)
        if verdict is not None:
            return verdict
    if X.size > _EXACT_SIZE or X.shape[1] > _EXACT_INPUTS:
        raise SimulationError(
            "the classes touch to within rounding, and this is too much to decide in exact arithmetic "
            f"(at most {_EXACT_INPUTS} coordinates and {_EXACT_SIZE} values); move them apart, or take fewer"
        )
    exact = combine_exactly(X[members[0]], X[members[1]])
    if exact is None:
        raise SimulationError(
            "the classes are separable, but by less than the rounding of the values: weights in floating point cannot "
            "tell them apart; shift the points towards the origin or move them apart"
        )
    rows = [part[[k for k, f in enumerate(shares) if f]] for part, shares in zip(members, exact, strict=True)]
    return _not_separable(X, rows, [tuple(f for f in shares if f) for shares in exact], classes)


def _attempts(X: Floats) -> Iterator[tuple[Search, Floats, Floats]]:
    """How to search, the points in coordinates that suit, and what turns normal vectors back.

    First centred and scaled. Then, for points that hardly differ in some directions, with all directions alike; then
    the plane is not the one with the largest margin.
    """
    centred = X - X.mean(axis=0)
    size = float(np.abs(centred).max()) or 1.0
    yield nearest_points, centred / size, np.eye(X.shape[1])
    u, spread, directions = np.linalg.svd(centred / size, full_matrices=False)
    kept = spread > 1e-14 * spread[0]
    alike, back = u[:, kept] * np.sqrt(len(X)), directions[kept].T / spread[kept]
    yield nearest_points, alike, back
    yield by_linear_programming, alike, back


def _plane(X: Floats, upper: Ints, normal: Floats, members: tuple[Ints, Ints]) -> tuple[Floats, float, float] | None:
    """The plane midway between the classes, if the points lie on its sides beyond doubt."""
    length = float(np.linalg.norm(normal))
    if length < 1e-14:
        return None
    w = normal / length
    heights = X @ w
    top, bottom = float(heights[members[1]].max()), float(heights[members[0]].min())
    threshold = 0.5 * (top + bottom)
    margin = float((np.where(upper == 1, 1.0, -1.0) * (heights - threshold)).min())
    doubt = (w.size + 4) * np.finfo(float).eps * float((np.abs(X) @ np.abs(w)).max() + abs(threshold))
    return (w, threshold, margin) if margin > 4 * doubt else None


def _coincidence(X: Floats, rows: list[Ints], shares: list[Floats], classes: tuple[Any, Any]) -> Separability | None:
    """The verdict if the combinations coincide: exactly where that can be had, else to rounding."""
    points = [X[part] for part in rows]
    if X.shape[1] <= _EXACT_INPUTS:
        exact = combine_exactly(*points)
        if exact is None:
            return None
        kept = [part[[k for k, f in enumerate(f_) if f]] for part, f_ in zip(rows, exact, strict=True)]
        return _not_separable(X, kept, [tuple(f for f in f_ if f) for f_ in exact], classes)
    upper, lower = (s / s.sum() for s in shares)
    one, other = upper @ points[0], lower @ points[1]
    spread = float(np.abs(X - X.mean(axis=0)).max()) or 1.0
    if np.abs(one - other).max() > _RESIDUAL * spread:
        return None
    proof = Coincidence(rows[0], rows[1], upper, lower, 0.5 * (one + other), None)
    return Separability(False, None, None, None, proof, classes)


def _not_separable(
    X: Floats, rows: list[Ints], shares: list[tuple[Fraction, ...]], classes: tuple[Any, Any]
) -> Separability:
    one, other = (np.array([float(f) for f in part]) for part in shares)
    point = one @ X[rows[0]]
    proof = Coincidence(rows[0], rows[1], one, other, point, (shares[0], shares[1]))
    return Separability(False, None, None, None, proof, classes)
