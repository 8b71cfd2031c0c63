"""Experiments on memories: how much they hold, from how far they recall, what they withstand."""

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError, choices, excerpt
from ..progress import Progress, progress_bar
from .hopfield import Hopfield
from .memory_engines import Engine, OverlapFields, asynchronous
from .memory_fits import extrapolated, half_point
from .memory_learning import learned, storage
from .memory_recall import RETRIEVED, Floats
from .memory_rules import RULES, check_kappa, largest_load
from .patterns import Patterns, Signs, flip, random_numbers, random_patterns, root_seed, seed_sequence, share, whole

DAMAGES = ("noise", "temperature", "dilution", "removed units")
"""What `robustness` can test against."""


@dataclass(frozen=True, eq=False)
class StorageCapacity:
    """How well one of P random patterns is recalled from itself: the result of `capacity`.

    Attributes
    ----------
    rule : str
    n : ndarray (k,)
        Numbers of units.
    alpha : ndarray (k, A)
        P/n, with whole P.
    overlap, error : ndarray (k, A)
        Mean overlap with the pattern after recall, and its standard error.
    retrieved : ndarray (k, A)
        Share of the trials that end with an overlap of at least 0.9.
    trials : int
    critical, critical_error : ndarray (k,)
        The α at which half of the trials retrieve, from a logistic curve through all of them; NaN where it is not in
        range.
    alpha_c, alpha_c_error : float
        Extrapolated to n → ∞ as α + a n^(−x): the mean of x = 1/2 and x = 2/3; the error has half their difference in
        it. NaN with fewer than two sizes.
    """

    rule: str
    n: NDArray[np.int64]
    alpha: Floats
    overlap: Floats
    error: Floats
    retrieved: Floats
    trials: int
    critical: Floats
    critical_error: Floats
    alpha_c: float
    alpha_c_error: float

    def plot(self, ax: Any = None) -> Any:
        """Draw it; see `neurosim.plot_storage`."""
        from ..plot.memory_experiments import plot_storage

        return plot_storage(self, ax=ax)

    def __repr__(self) -> str:
        limit = f", α_c = {self.alpha_c:.4f} ± {self.alpha_c_error:.4f}" if math.isfinite(self.alpha_c) else ""
        sizes = ", ".join(map(str, self.n))
        return (
            f"<StorageCapacity of {self.rule}: n = {sizes}, {self.alpha.shape[1]} loads, {self.trials} trials{limit}>"
        )


def capacity(
    rule: str = "hebb",
    n: int | Sequence[int] = 1000,
    alphas: ArrayLike | None = None,
    *,
    trials: int = 50,
    noise: float = 0.0,
    kappa: float = 0.0,
    max_sweeps: int = 500,
    seed: int | None = None,
    threads: int | None = None,
    progress: bool | Progress = False,
) -> StorageCapacity:
    """Measure the overlap after recall against the load α = P/n.

    Every trial stores P new random patterns and recalls one of them, asynchronously and without noise.

    Parameters
    ----------
    rule
        As for `Hopfield.store`.
    n
        One or several sizes; with two and more, the critical load is extrapolated to n → ∞.
    alphas
        Loads; from near 0 to beyond what the rule holds if not given.
    trials
        For every load and size.
    noise
        Share of the pattern that is flipped at the start.
    kappa
        For the perceptron rule.
    max_sweeps
        After which a trial ends in any case.
    seed, threads, progress
        The same seed gives the same result for any number of threads. Rules other than Hebb's leave threads to NumPy.
    """
    if rule not in RULES:
        raise InputError(f"unknown rule {excerpt(rule)}; {choices(rule, RULES)}")
    sizes = [whole(size, "n", 2) for size in np.atleast_1d(np.asarray(n)).tolist()]
    trials, most = whole(trials, "trials", 1), whole(max_sweeps, "max_sweeps", 1)
    noise, kappa = share(noise, "noise"), check_kappa(kappa)
    root = root_seed(seed)
    counts = np.array([_counts(rule, size, alphas, kappa) for size in sizes])
    jobs = [
        (row, column, trial)
        for row in range(len(sizes))
        for column in range(counts.shape[1])
        for trial in range(trials)
    ]

    def run(job: tuple[int, int, int]) -> float:
        row, column, trial = job
        size, count = sizes[row], int(counts[row, column])
        key = (size, count, trial)
        engine, target = random_memory(rule, size, count, kappa, root, key)
        start = flip(target, noise, seed=int(seed_sequence(root, *key, 1).generate_state(1)[0]))
        rng = seed_sequence(root, *key, 2).generate_state(4, np.uint64)
        end = asynchronous(engine, start, np.arange(size, dtype=np.int32), rng, math.inf, most).state
        return float(np.dot(end.astype(np.int64), target)) / size

    if rule != "hebb":
        threads = 1  # linear algebra has threads of its own
    found = in_threads(run, jobs, threads, progress, "capacity").reshape(len(sizes), -1, trials)
    alpha = counts / np.array(sizes)[:, None]
    hits = (found >= RETRIEVED).mean(axis=2)
    points = np.array([half_point(*pair, trials) for pair in zip(alpha, hits, strict=True)])
    limit, limit_error = extrapolated(np.array(sizes), points[:, 0], points[:, 1])
    return StorageCapacity(
        rule, np.array(sizes), alpha, found.mean(axis=2), standard_error(found), hits, trials, points[:, 0],
        points[:, 1], limit, limit_error,
    )  # fmt: skip


def _counts(rule: str, n: int, alphas: ArrayLike | None, kappa: float) -> NDArray[np.int64]:
    if alphas is None:
        limit = largest_load(rule, n, kappa)
        highest = {"storkey": 1.5, "perceptron": 0.75}.get(rule, 1.0)
        grid = np.linspace(0.05, 1, 20) * (0.2 if limit == 0.138 else highest * limit)
    else:
        grid = np.atleast_1d(np.asarray(alphas, dtype=np.float64))
        if grid.ndim != 1 or not grid.size or not (np.isfinite(grid) & (grid > 0)).all():
            raise InputError("alphas are loads above 0 in a 1-D array")
    return np.maximum(1, np.round(grid * n)).astype(np.int64)


def random_memory(rule: str, n: int, count: int, kappa: float, root: int, key: tuple[int, ...]) -> tuple[Engine, Signs]:
    """A memory of random patterns, and the first of them; Hebb's without weights."""
    if rule == "hebb":
        bits = random_numbers(root, *key).integers(0, 256, (n, (count + 7) // 8), dtype=np.uint8)
        if count % 8:
            bits[:, -1] &= np.uint8((1 << count % 8) - 1)
        return OverlapFields(bits, count, 1 / n), np.where(bits[:, 0] & 1, 1, -1).astype(np.int8)
    seed = int(seed_sequence(root, *key).generate_state(1, np.uint64)[0])
    values = random_patterns(count, n, seed=seed)
    stored = storage(Patterns(tuple(map(str, range(count))), values, (n,)), rule, as_bits=False)
    return learned(stored, rule, kappa, quiet=True), values[0]


def standard_error(values: Floats) -> Floats:
    """Of the mean over the last axis; NaN for a single value."""
    count = values.shape[-1]
    if count < 2:
        return np.full(values.shape[:-1], np.nan)
    return np.asarray(values.std(axis=-1, ddof=1) / math.sqrt(count))


def in_threads(
    run: Callable[[Any], Any], jobs: Sequence[Any], threads: int | None, progress: bool | Progress, what: str
) -> Floats:
    """The results of all jobs, in order; each has random numbers of its own, so that threads change nothing."""
    if threads is None:
        threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    results = []
    with progress_bar(progress, what) as show, ThreadPoolExecutor(whole(threads, "threads", 1)) as pool:
        try:
            for result in pool.map(run, jobs):
                results.append(result)
                if show is not None:
                    show(len(results) / len(jobs))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return np.array(results, dtype=np.float64)


# One memory ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Basins:
    """From how far a memory recalls: the result of `basins`.

    Attributes
    ----------
    noise : ndarray (L,)
        Share of the cue that was flipped.
    retrieved, error : ndarray (L,)
        Share of the trials in which the pattern of the cue was retrieved (overlap at least 0.9); its standard error.
    exact : ndarray (L,)
        Share in which it came back to the last unit.
    overlap : ndarray (L,)
        Mean overlap with the pattern of the cue.
    by_pattern : ndarray (L, P)
        The share retrieved of every pattern.
    names : tuple of str
    radius : ndarray (P,)
        Noise at which half of the trials retrieve, of every pattern: the lowest, on straight lines between the levels;
        the largest level where none fails.
    trials : int
        For every pattern and level.
    """

    noise: Floats
    retrieved: Floats
    error: Floats
    exact: Floats
    overlap: Floats
    by_pattern: Floats
    names: tuple[str, ...]
    radius: Floats
    trials: int

    def plot(self, ax: Any = None) -> Any:
        """Draw it; see `neurosim.plot_basins`."""
        from ..plot.memory_experiments import plot_basins

        return plot_basins(self, ax=ax)

    def __repr__(self) -> str:
        return f"<Basins of {len(self.names)} patterns: mean radius {self.radius.mean():.2f}>"


def basins(
    memory: Hopfield,
    noise: ArrayLike | None = None,
    *,
    trials: int = 20,
    update: str = "asynchronous",
    max_sweeps: int = 100,
    seed: int | None = None,
    threads: int | None = None,
    progress: bool | Progress = False,
) -> Basins:
    """Recall every pattern of a memory from cues with more and more of their values flipped.

    Parameters
    ----------
    memory
        With patterns stored.
    noise
        Shares to flip; 0 to 0.5 in steps of 0.05 if not given.
    trials
        Cues for every pattern and level.
    update, max_sweeps
        As for `Hopfield.recall`.
    seed, threads, progress
        The same seed gives the same result for any number of threads.
    """
    levels = checked_levels(np.linspace(0, 0.5, 11) if noise is None else noise, "noise")
    trials, names = whole(trials, "trials", 1), stored_names(memory)
    patterns = memory.patterns
    root = root_seed(seed)
    jobs = [(level, k, trial) for level in range(levels.size) for k in range(len(names)) for trial in range(trials)]

    def run(job: tuple[int, int, int]) -> tuple[float, float, float]:
        level, k, _ = job
        first, second = seed_sequence(root, *job).generate_state(2)
        cue = flip(patterns[k], float(levels[level]), seed=int(first))
        result = memory.recall(cue, update, seed=int(second), max_sweeps=max_sweeps)
        overlap = float(result.overlaps[k])
        wrong = np.count_nonzero((result.state.ravel() != patterns[k]) & (result.state.ravel() != 0))
        return overlap, float(overlap >= RETRIEVED), float(wrong == 0)

    found = in_threads(run, jobs, threads, progress, "basins").reshape(levels.size, len(names), trials, 3)
    share_of = found[..., 1].mean(axis=2)
    return Basins(
        noise=levels,
        retrieved=share_of.mean(axis=1),
        error=standard_error(found[..., 1].reshape(levels.size, -1)),
        exact=found[..., 2].mean(axis=(1, 2)),
        overlap=found[..., 0].mean(axis=(1, 2)),
        by_pattern=share_of,
        names=names,
        radius=np.array([_crossing(levels, column) for column in share_of.T]),
        trials=trials,
    )


def stored_names(memory: Hopfield) -> tuple[str, ...]:
    """The names in a memory in which something is stored."""
    if not isinstance(memory, Hopfield) or not memory.names:
        raise InputError("this experiment needs a Hopfield memory in which patterns are stored")
    return memory.names


def checked_levels(values: ArrayLike, what: str, largest: float = 1.0) -> Floats:
    """Strengths of a disturbance, sorted."""
    levels = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if levels.ndim != 1 or not levels.size or not ((levels >= 0) & (levels <= largest)).all():
        raise InputError(f"levels of {what} are numbers from 0 to {largest:g} in a 1-D array")
    return np.sort(levels)


def _crossing(levels: Floats, shares: Floats) -> float:
    """Where the shares first fall below one half."""
    below = np.flatnonzero(shares < 0.5)
    if not below.size:
        return float(levels[-1])
    k = int(below[0])
    if k == 0:
        return float(levels[0])
    return float(np.interp(0.5, [shares[k], shares[k - 1]], [levels[k], levels[k - 1]]))


@dataclass(frozen=True, eq=False)
class Robustness:
    """What a memory withstands: the result of `robustness`.

    Attributes
    ----------
    against : str
    level : ndarray (L,)
    overlap, error : ndarray (L,)
        Mean overlap with the pattern of the cue after recall, and its standard error.
    retrieved : ndarray (L,)
        Share of the trials with an overlap of at least 0.9.
    trials : int
        For every pattern and level.
    """

    against: str
    level: Floats
    overlap: Floats
    error: Floats
    retrieved: Floats
    trials: int

    def plot(self, ax: Any = None) -> Any:
        """Draw it; see `neurosim.plot_robustness`."""
        from ..plot.memory_experiments import plot_robustness

        return plot_robustness(self, ax=ax)

    def __repr__(self) -> str:
        return f"<Robustness against {self.against}: overlap {self.overlap[0]:.2f} … {self.overlap[-1]:.2f}>"
