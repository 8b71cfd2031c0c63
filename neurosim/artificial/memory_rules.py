"""Learning rules: from patterns (P, n) of ±1 to weights (n, n) without self-coupling."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .patterns import Signs

Floats = NDArray[np.float64]

_MOST_EPOCHS = 2000


class OverloadWarning(UserWarning):
    """More was stored than the rule is known to hold."""


def hebb_counts(X: Signs) -> NDArray[Any]:
    """Hebb's weights times n, whole numbers: Σ_µ ξ_i ξ_j (Hopfield 1982, doi:10.1073/pnas.79.8.2554)."""
    values = X.astype(np.float32)  # whole numbers up to 2²⁴ are exact
    counts = (values.T @ values).astype(np.int16 if len(X) < 2**15 else np.int32)
    np.fill_diagonal(counts, 0)
    return counts


def covariance(X: Signs, **_options: float) -> Floats:
    """(1/n) Σ_µ (ξ_i − a)(ξ_j − a) with the mean a of all values (Tsodyks & Feigel'man 1988)."""
    centred = X - mean_value(X)
    return _without_diagonal(centred.T @ centred / X.shape[1])


def mean_value(X: Signs) -> float:
    """The mean of all values: 0 if half of them are +1."""
    return float(X.mean(dtype=np.float64))


def pseudo_inverse(X: Signs, **_options: float) -> Floats:
    """Σ_µν ξ_i (Q⁻¹)_µν ξ_j / n, Q the overlaps: projects on the patterns (Personnaz, Guyon & Dreyfus 1985).

    Without the diagonal, as by Kanter & Sompolinsky (1987, doi:10.1103/PhysRevA.35.380).
    """
    values = X.astype(np.float64)
    try:
        projection = values.T @ np.linalg.solve(values @ values.T, values)
        if np.abs(projection @ values.T - values.T).max() < 1e-9:
            return _without_diagonal(projection)
    except np.linalg.LinAlgError:
        pass  # linearly dependent patterns
    _, sizes, right = np.linalg.svd(values, full_matrices=False)
    rank = int(np.count_nonzero(sizes > sizes[0] * max(values.shape) * np.finfo(np.float64).eps))
    return _without_diagonal(right[:rank].T @ right[:rank])


def storkey(X: Signs, **_options: float) -> Floats:
    """Pattern after pattern, w_ij += (ξ_i ξ_j − ξ_i h_ji − h_ij ξ_j)/n (Storkey 1997, doi:10.1007/BFb0020196).

    h_ij = Σ_{k ≠ i, j} w_ik ξ_k is the field of i that comes from neither i nor j.
    """
    n = X.shape[1]
    w = np.zeros((n, n))
    for pattern in X.astype(np.float64):
        local = (w @ pattern)[:, None] - w * pattern  # h_ij: w_ii is 0
        change = np.outer(pattern, pattern) - pattern[:, None] * local.T - local * pattern
        w = _without_diagonal(w + change / n)
    return w


def perceptron(X: Signs, kappa: float = 1.0, quiet: bool = False, **_options: float) -> Floats:
    """Every unit learns as a perceptron until ξ_i Σ_j w_ij ξ_j ≥ κ |w_i| for all patterns (Gardner 1988).

    doi:10.1088/0305-4470/21/1/030. The rows are independent, so that the weights are not symmetric. They are scaled to
    rows of length 1.
    """
    from . import recall_loops

    loops: Any = recall_loops
    n, alpha, values = X.shape[1], len(X) / X.shape[1], X.astype(np.float64)
    overlaps = values @ values.T / n
    stability = np.ascontiguousarray((values * (overlaps @ values)).T - alpha)
    strength = np.ones((n, len(X)))  # Hebb's weights to begin with
    unsolved = loops.learn_rows(overlaps, np.ascontiguousarray(X.T), stability, strength, kappa, _MOST_EPOCHS)
    if unsolved and not quiet:
        text = (
            f"perceptron rule: {unsolved} of {n} units have stabilities below kappa = {kappa:g} after {_MOST_EPOCHS} "
            f"epochs; store fewer patterns or take a smaller kappa (α = {alpha:.3g} allows "
            f"{largest_stability(alpha):.3g} for random patterns)"
        )
        warnings.warn(text, OverloadWarning, stacklevel=4)
    w = (strength * values.T) @ values / n
    np.fill_diagonal(w, 0)
    lengths = np.linalg.norm(w, axis=1, keepdims=True)
    return np.asarray(w / np.where(lengths > 0, lengths, 1))


def _without_diagonal(w: Floats) -> Floats:
    w = (w + w.T) / 2  # to the last bit
    np.fill_diagonal(w, 0)
    return w


RULES: dict[str, Callable[..., Any]] = {
    "hebb": hebb_counts,
    "covariance": covariance,
    "pseudo-inverse": pseudo_inverse,
    "storkey": storkey,
    "perceptron": perceptron,
}


def margin(rule: str) -> float:
    """Up to which size a field counts as zero: at α = 1 the fields of the pseudo-inverse vanish, up to its rounding."""
    return 1e-9 if rule == "pseudo-inverse" else 0.0


def largest_load(rule: str, n: int, kappa: float = 0.0) -> float:
    """Patterns per unit, α = P/n, that a rule is known to hold of random patterns.

    hebb, covariance: 0.138 (Amit, Gutfreund & Sompolinsky 1985). pseudo-inverse: 1. storkey: 1/√(2 ln n), for recall
    without error (Storkey & Valabregue 1999). perceptron: Gardner's bound at the stability κ, 2 at κ = 0.
    """
    if rule == "pseudo-inverse":
        return 1.0
    if rule == "storkey":
        return 1 / math.sqrt(2 * math.log(max(n, 3)))
    if rule == "perceptron":
        return gardner_load(kappa)
    return 0.138


def gardner_load(kappa: float) -> float:
    """Largest α at which weights of stability κ exist: 1/∫_{−κ}^∞ (t + κ)² exp(−t²/2) dt/√(2π)."""
    density = math.exp(-(kappa**2) / 2) / math.sqrt(2 * math.pi)
    below = 0.5 * math.erfc(-kappa / math.sqrt(2))
    return 1 / ((1 + kappa**2) * below + kappa * density)


def largest_stability(alpha: float) -> float:
    """The largest κ for random patterns at this α; 0 from α = 2 on."""
    from scipy.optimize import brentq

    return float(brentq(lambda kappa: gardner_load(kappa) - alpha, 0, 1e3)) if alpha < 2 else 0.0


def check_kappa(kappa: float) -> float:
    """A stability that is not negative."""
    if not 0 <= kappa < math.inf:
        raise InputError(f"kappa is a stability from 0 on, not {kappa}")
    return float(kappa)
