"""How many random dichotomies one unit can learn: an experiment, and Cover's theory."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from ..progress import Progress, progress_bar
from .nearest import has_plane
from .states import Floats, Ints, check_count, check_finite, random_generator

_MOST_WORK = 2e10


def cover_count(P: int, N: int) -> int:
    """The number of dichotomies of P points in general position that planes through the origin of N dimensions make.

    C(P, N) = 2 Σ_{k<N} (P−1 over k), exactly; 2^P for P ≤ N. A threshold adds a dimension.

    Raises
    ------
    InputError
        If P or N is no whole number from 1 on, P up to 100,000.

    Notes
    -----
    Cover 1965, IEEE Trans Electron Comput 14:326, doi:10.1109/PGEC.1965.264137.
    """
    points, size = check_count(P, "P", 1, 100_000), check_count(N, "N")
    term, total = 1, 0
    for k in range(min(size, points)):
        total += term
        term = term * (points - 1 - k) // (k + 1)
    return 2 * total


def cover_fraction(P: int, N: int) -> float:
    """The share of all 2^P dichotomies that `cover_count` counts: 1 for P ≤ N, ½ for P = 2N."""
    count = cover_count(P, N)
    return float(count / 2**P) if P < 1000 else math.exp(math.log(count) - P * math.log(2))


@dataclass(frozen=True, eq=False)
class Capacity:
    """The result of `perceptron_capacity`.

    Attributes
    ----------
    N : ndarray (m,)
        Numbers of weights.
    points : ndarray (m, k)
        Numbers of points, P.
    separable : ndarray (m, k)
        Fraction of the dichotomies that are separable.
    error : ndarray (m, k)
        Its standard error, √(p(1 − p)/trials) with p of the theory.
    theory : ndarray (m, k)
        `cover_fraction`.
    trials : int
    """

    N: Ints
    points: Ints
    separable: Floats
    error: Floats
    theory: Floats
    trials: int

    @property
    def load(self) -> Floats:
        """P/N, (m, k)."""
        load: Floats = self.points / self.N[:, None]
        return load

    def plot(self, ax: Any = None) -> Any:
        """Draw it; see `neurosim.plot_capacity`."""
        from ..plot.networks import plot_capacity

        return plot_capacity(self, ax=ax)


def perceptron_capacity(
    N: Any = (5, 20, 50),
    load: Any = None,
    trials: int = 100,
    *,
    seed: Any = None,
    progress: bool | Progress = False,
) -> Capacity:
    """How often a perceptron of N weights can learn random labels of P random points.

    Parameters
    ----------
    N
        Numbers of weights; no threshold beside them.
    load
        Values of P/N; 0.5 to 4 unless given. P is rounded.
    trials
        Dichotomies for each N and P: points from a normal distribution, which are in general position, and labels ±1
        with equal chances.
    seed
        Of the random numbers.
    progress
        True for a progress bar, or a function that takes the share done.

    Returns
    -------
    Capacity

    Raises
    ------
    InputError
        For numbers that are not positive, or more work than hours can do.

    Notes
    -----
    Each dichotomy is decided as in `is_linearly_separable`, by the distance of a convex hull from the origin.
    """
    sizes = _whole(N)
    ratios = np.linspace(0.5, 4.0, 15) if load is None else check_finite(load, "load").reshape(-1)
    count = check_count(trials, "trials")
    if not ratios.size or (ratios <= 0).any():
        raise InputError("load: values of P/N above 0")
    points = np.maximum(1, np.rint(ratios * sizes[:, None])).astype(np.int64)
    if float((points * sizes[:, None].astype(float) ** 2).sum()) * count > _MOST_WORK:
        raise InputError("this would take hours; take smaller N or load, or fewer trials")
    random = random_generator(seed)
    found, done = np.zeros(points.shape), 0.0
    work = points * sizes[:, None].astype(float) ** 2
    with progress_bar(progress, "separating") as show:
        for place in np.ndindex(points.shape):
            P, n = int(points[place]), int(sizes[place[0]])
            Z = random.standard_normal((count, P, n))  # a random sign changes nothing in the law
            found[place] = np.mean([has_plane(z) for z in Z])
            done += float(work[place] / work.sum())
            if show is not None:
                show(done)
    theory = np.array([[cover_fraction(int(P), int(n)) for P in row] for n, row in zip(sizes, points, strict=True)])
    return Capacity(sizes, points, found, np.sqrt(theory * (1 - theory) / count), theory, count)


def _whole(N: Any) -> Ints:
    sizes = check_finite(N, "N").reshape(-1)
    if not sizes.size or (sizes != np.rint(sizes)).any() or sizes.min() < 1 or sizes.max() > 1000:
        raise InputError("N: whole numbers from 1 to 1000")
    return sizes.astype(np.int64)
