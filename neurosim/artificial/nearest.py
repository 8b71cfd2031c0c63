"""The nearest points of two convex hulls, by the method of Wolfe 1976 (Math Program 11:128, doi:10.1007/BF01580381)."""

import numpy as np

from .states import Floats

_TOLERANCE, _ROUNDING, _NOTHING = 1e-11, 1e-15, 1e-13


def nearest_points(
    upper: Floats, lower: Floats, most: int = 0, any_plane: bool = False
) -> tuple[Floats, Floats, Floats] | None:
    """Shares of the points (p, n) and (q, n) that make up the two nearest points of their hulls, and the difference.

    The difference, from the nearest point of `lower` to that of `upper`, is normal to the plane of largest margin, and
    is twice as long; with `any_plane`, the search ends at the first difference that is normal to some separating plane.
    None if `most` steps (unless given, some that suffice for all but contrived points) do not do.
    """
    most = most or 200 + upper.shape[0] + lower.shape[0] + 20 * upper.shape[1]
    scale = float(np.sqrt(max((upper**2).sum(axis=1).max(), (lower**2).sum(axis=1).max())))
    pairs: list[tuple[int, int]] = [(0, 0)]
    corral = (upper[0] - lower[0])[None]
    shares = np.ones(1)
    for _ in range(most):
        x = shares @ corral
        i, j = int((upper @ x).argmin()), int((lower @ x).argmax())
        farther = upper[i] - lower[j]
        length = float(np.sqrt(x @ x))
        near = x @ x - x @ farther <= _TOLERANCE * length**2 + _ROUNDING * scale * length
        separates = any_plane and x @ farther > _ROUNDING * scale * length * len(x)
        if near or separates or length <= _NOTHING * scale or (i, j) in pairs:
            ends = zip(*pairs, strict=True)
            one, other = (_spread(shares, end, len(set_)) for end, set_ in zip(ends, (upper, lower), strict=True))
            return one, other, x
        pairs.append((i, j))
        corral, shares = np.vstack([corral, farther]), np.append(shares, 0.0)
        while True:
            best = _affine(corral)
            if (best > 0).all():
                shares = best
                break
            falling = best <= 0
            falling[-1] &= shares[-1] > 0  # a newcomer has still to come in
            ratio = shares[falling] / (shares[falling] - best[falling]) if falling.any() else np.zeros(1)
            shares = shares + ratio.min() * (best - shares)
            kept = shares > 1e-15
            if kept.all():
                kept[np.flatnonzero(falling)[ratio.argmin()]] = False
            if kept.sum() == 0:
                return None
            pairs = [pair for pair, keep in zip(pairs, kept, strict=True) if keep]
            corral, shares = corral[kept], shares[kept] / shares[kept].sum()
            if len(pairs) == 1:
                break
    return None


def _affine(corral: Floats) -> Floats:
    """Numbers with the sum 1 that make the shortest vector of the rows, of either sign."""
    if len(corral) == 1:
        return np.ones(1)
    differences = corral[1:] - corral[0]
    rest = np.linalg.lstsq(differences.T, -corral[0], rcond=None)[0]
    result: Floats = np.append(1.0 - rest.sum(), rest)
    return result


def _spread(shares: Floats, points: tuple[int, ...], count: int) -> Floats:
    whole = np.zeros(count)
    np.add.at(whole, list(points), shares)
    return whole


def widest_margin(Z: Floats) -> tuple[Floats, float] | None:
    """The unit vector w of largest min Z·w, (P, n) → (n,), and that minimum; None where none is positive."""
    found = nearest_points(Z / (np.abs(Z).max() or 1.0), np.zeros((1, Z.shape[1])))
    if found is None or not (length := float(np.linalg.norm(found[2]))):
        return None
    w: Floats = found[2] / length
    margin = float((Z @ w).min())
    return (w, margin) if margin > 0 else None


def has_plane(Z: Floats) -> bool:
    """Whether Z·w > 0 for some w, to rounding."""
    found = nearest_points(Z, np.zeros((1, Z.shape[1])), any_plane=True)
    return found is not None and bool((Z @ found[2]).min() > 1e-12 * np.abs(Z).max() * np.abs(found[2]).max())


def by_linear_programming(upper: Floats, lower: Floats) -> tuple[Floats, Floats, Floats] | None:
    """Shares of the points as in `nearest_points`, and a normal vector: of the largest margin in the sum of |w|."""
    from scipy.optimize import linprog

    points, signs = np.vstack([upper, lower]), np.repeat([1.0, -1.0], [len(upper), len(lower)])[:, None]
    count, n = points.shape
    A = np.column_stack([-signs * points, signs, np.ones(count)])  # t − ±(w·x − θ) ≤ 0
    bounds = [(-1.0, 1.0)] * n + [(None, None)] * 2
    found = linprog(np.append(np.zeros(n + 1), -1.0), A_ub=A, b_ub=np.zeros(count), bounds=bounds)
    if found.status != 0:
        return None
    shares = np.maximum(-found.ineqlin.marginals, 0.0)
    one, other = shares[: len(upper)], shares[len(upper) :]
    if not one.sum() or not other.sum():
        return None
    return one / one.sum(), other / other.sum(), found.x[:n]
