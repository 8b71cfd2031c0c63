"""What a memory withstands, and where in the plane of load and temperature it works at all."""

import copy
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import InputError, choices, excerpt
from ..progress import Progress
from .hopfield import Hopfield
from .memory_engines import asynchronous
from .memory_experiments import (
    DAMAGES,
    Robustness,
    checked_levels,
    in_threads,
    random_memory,
    standard_error,
    stored_names,
)
from .memory_recall import RETRIEVED, Floats
from .memory_theory import PhaseBoundaries, amit_gutfreund_sompolinsky, phase_boundaries
from .patterns import flip, root_seed, seed_sequence, whole


def robustness(
    memory: Hopfield,
    against: str = "dilution",
    levels: ArrayLike | None = None,
    *,
    noise: float = 0.0,
    trials: int = 10,
    max_sweeps: int = 100,
    seed: int | None = None,
    threads: int | None = None,
    progress: bool | Progress = False,
) -> Robustness:
    """Recall every pattern of a memory that is damaged or disturbed more and more.

    Parameters
    ----------
    memory
        With patterns stored; it stays as it is.
    against
        "noise": flipped values of the cue. "temperature": 1/β. "dilution": share of the weights that are cut, in pairs.
        "removed units": their share.
    levels
        0 to 0.9 in steps of 0.1 if not given; up to 0.5 in steps of 0.05 for noise, up to 1.2 for temperature.
    noise
        Share of the cue that is flipped in any case.
    trials
        For every pattern and level; each with damage of its own.
    max_sweeps, seed, threads, progress
        As for `basins`. At a finite temperature all sweeps are made, and the last half counts.
    """
    if against not in DAMAGES:
        raise InputError(f"unknown {excerpt(against)}; {choices(against, DAMAGES)}")
    names, patterns, trials = stored_names(memory), memory.patterns, whole(trials, "trials", 1)
    usual = {"noise": np.linspace(0, 0.5, 11), "temperature": np.linspace(0, 1.2, 13)}
    grid = usual.get(against, np.linspace(0, 0.9, 10)) if levels is None else levels
    strengths = checked_levels(grid, against, 100.0 if against == "temperature" else 1.0)
    root = root_seed(seed)
    jobs = [(level, trial) for level in range(strengths.size) for trial in range(trials)]

    def run(job: tuple[int, int]) -> list[float]:
        strength = float(strengths[job[0]])
        damage, *seeds = seed_sequence(root, *job).generate_state(1 + 2 * len(names)).tolist()
        used = _damaged(memory, against, strength, damage)
        beta = 1 / strength if against == "temperature" and strength else math.inf
        flipped = strength if against == "noise" else noise
        overlaps = []
        for k, (first, second) in enumerate(zip(seeds[::2], seeds[1::2], strict=True)):
            cue = flip(patterns[k], flipped, seed=first)
            overlaps.append(float(used.recall(cue, beta=beta, seed=second, max_sweeps=max_sweeps).overlaps[k]))
        return overlaps

    found = in_threads(run, jobs, threads, progress, f"robustness against {against}")
    found = found.reshape(strengths.size, -1)
    return Robustness(
        against, strengths, found.mean(axis=1), standard_error(found), (found >= RETRIEVED).mean(axis=1), trials
    )


def _damaged(memory: Hopfield, against: str, strength: float, seed: int) -> Hopfield:
    if against not in ("dilution", "removed units") or strength == 0:
        return memory
    damaged = copy.copy(memory)  # arrays are replaced, never written to
    damaged._changed = list(memory._changed)
    return damaged.dilute(strength, seed=seed) if against == "dilution" else damaged.remove(strength, seed=seed)


@dataclass(frozen=True, eq=False)
class PhaseDiagram:
    """Overlap after recall over load and temperature, with theory: the result of `phase_diagram`.

    Attributes
    ----------
    n : int
    alpha : ndarray (A,)
        P/n, with whole P.
    temperature : ndarray (T,)
    overlap : ndarray (T, A)
        Mean over the trials and over the last half of the sweeps, starting from the pattern.
    error : ndarray (T, A)
        Its standard error over the trials; NaN for a single one.
    theory : ndarray (T, A)
        m of `amit_gutfreund_sompolinsky`.
    boundaries : PhaseBoundaries
    """

    n: int
    alpha: Floats
    temperature: Floats
    overlap: Floats
    error: Floats
    theory: Floats
    boundaries: PhaseBoundaries

    def plot(self, ax: Any = None) -> Any:
        """Draw it; see `neurosim.plot_phase_diagram`."""
        from ..plot.memory_experiments import plot_phase_diagram

        return plot_phase_diagram(self, ax=ax)

    def __repr__(self) -> str:
        return f"<PhaseDiagram: n = {self.n}, {self.alpha.size} loads × {self.temperature.size} temperatures>"


def phase_diagram(
    n: int = 500,
    alphas: ArrayLike | None = None,
    temperatures: ArrayLike | None = None,
    *,
    trials: int = 4,
    sweeps: int = 60,
    seed: int | None = None,
    threads: int | None = None,
    progress: bool | Progress = False,
) -> PhaseDiagram:
    """Start Hebb memories of random patterns at one of them, at many loads and temperatures.

    Parameters
    ----------
    n
        Number of units.
    alphas, temperatures
        Loads from 0.01 to 0.16 and temperatures from 0 to 1.15 if not given.
    trials
        Memories for every point.
    sweeps
        Of which the last half counts; at temperature 0 a fixed point ends a trial before.
    seed, threads, progress
        The same seed gives the same result for any number of threads.
    """
    n, trials, sweeps = whole(n, "n", 2), whole(trials, "trials", 1), whole(sweeps, "sweeps", 2)
    loads = np.linspace(0.01, 0.16, 16) if alphas is None else np.atleast_1d(np.asarray(alphas, dtype=np.float64))
    if loads.ndim != 1 or not loads.size or not (np.isfinite(loads) & (loads > 0)).all():
        raise InputError("alphas are loads above 0 in a 1-D array")
    counts = np.unique(np.maximum(1, np.round(loads * n)).astype(np.int64))
    warm = checked_levels(np.linspace(0, 1.15, 24) if temperatures is None else temperatures, "temperature", 100.0)
    root = root_seed(seed)
    jobs = [(t, a, trial) for t in range(warm.size) for a in range(counts.size) for trial in range(trials)]

    def run(job: tuple[int, int, int]) -> float:
        T, count = float(warm[job[0]]), int(counts[job[1]])
        engine, target = random_memory("hebb", n, count, 0.0, root, job)
        rng = seed_sequence(root, *job, 1).generate_state(4, np.uint64)
        course = asynchronous(engine, target, np.arange(n, dtype=np.int32), rng, 1 / T if T else math.inf, sweeps)
        last = course.bits[(len(course.bits) + 1) // 2 :] if T else course.bits[-1:]
        different = np.unpackbits(last ^ np.packbits(target > 0, bitorder="little"), axis=1, count=n, bitorder="little")
        return 1 - 2 * float(different.mean())

    found = in_threads(run, jobs, threads, progress, "phase diagram").reshape(warm.size, counts.size, trials)
    alpha = counts / n
    theory = np.array([[amit_gutfreund_sompolinsky(a, T).m for a in alpha.tolist()] for T in warm.tolist()])
    return PhaseDiagram(n, alpha, warm, found.mean(axis=2), standard_error(found), theory, phase_boundaries())
