"""Curves through measured shares: where half of the trials succeed, and what remains for infinite size."""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_EXPONENTS = (1 / 2, 2 / 3)  # fluctuations of the patterns, and of a spinodal in mean field, go with these powers of n


def half_point(x: Floats, shares: Floats, trials: int) -> tuple[float, float]:
    """Where a logistic curve through binomial shares is ½, and its standard error; NaN if that is not in range of `x`.

    Maximum likelihood by Newton's method; half a trial is added on either side, so that a jump has a width.
    """
    if not (shares > 0.5).any() or not (shares < 0.5).any():
        return math.nan, math.nan
    hits = shares * trials
    hits, total = hits + 0.5 * (hits == 0) - 0.5 * (hits == trials), float(trials)
    centre, width = x.mean(), float(np.ptp(x)) or 1.0
    u = (x - centre) / width
    design = np.column_stack([np.ones_like(u), u])
    b = np.zeros(2)
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(design @ b, -30, 30)))
        information = design.T @ (design * (total * p * (1 - p))[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(information, design.T @ (hits - total * p))
        b += np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-10:
            break
    covariance = np.linalg.inv(information)
    point = -b[0] / b[1]
    gradient = np.array([-1 / b[1], b[0] / b[1] ** 2])
    error = math.sqrt(float(gradient @ covariance @ gradient))
    if not abs(point) <= 1:
        return math.nan, math.nan
    return float(centre + width * point), width * error


def extrapolated(n: NDArray[np.int64], values: Floats, errors: Floats) -> tuple[float, float]:
    """The limit of values at size n as n → ∞, and its error; NaN with fewer than two of them.

    Straight lines over n^(−1/2) and over n^(−2/3), weighted by the errors: their mean; half of what they differ by is
    added to the statistical error in quadrature.
    """
    known = np.isfinite(values) & np.isfinite(errors) & (errors > 0)
    if np.unique(n[known]).size < 2:
        return math.nan, math.nan
    limits, variances = [], []
    for exponent in _EXPONENTS:
        design = np.column_stack([np.ones(known.sum()), n[known].astype(np.float64) ** -exponent])
        weight = 1 / errors[known] ** 2
        covariance = np.linalg.inv(design.T @ (design * weight[:, None]))
        limits.append(float((covariance @ (design.T @ (weight * values[known])))[0]))
        variances.append(float(covariance[0, 0]))
    half = (limits[0] - limits[1]) / 2
    return sum(limits) / 2, math.sqrt(max(variances) + half**2)
