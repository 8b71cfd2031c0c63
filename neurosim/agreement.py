"""Whether measured intervals fit a theory."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .theory import IntegrateAndFireTheory, NoTheory, RenewalTheory

Floats = NDArray[np.float64]

_CUT = "cut short"


class Agreement(NamedTuple):
    """How well measured intervals fit a theory.

    `p_value` is the chance of a `statistic` that large if the theory holds; of a deterministic model, which leaves
    nothing to chance, the statistic is the largest deviation in ms.
    """

    test: str
    statistic: float
    p_value: float
    intervals: int

    def __str__(self) -> str:
        if not self.intervals:
            return "no intervals to compare"
        if self.test == "deterministic":
            return f"deterministic: {self.intervals:,} intervals within {self.statistic:.2g} ms of the theory"
        if self.test == _CUT:
            return f"no verdict: cut short, the longest of {self.intervals:,} intervals are missing; raise longest"
        fits = "agrees with the theory" if self.p_value > 0.001 else "differs from the theory"
        return f"{fits} ({self.test} {self.statistic:.3g}, p = {self.p_value:.2g}, {self.intervals:,} intervals)"


def agreement_of(sample: Floats, theory: RenewalTheory | IntegrateAndFireTheory, *, cut: bool = False) -> Agreement:
    """Test intervals (n,) in ms against a theory; see `IntervalDistribution.agreement`."""
    n = sample.size
    if n == 0:
        return Agreement("no intervals", math.nan, math.nan, 0)
    if theory.cv == 0:
        return Agreement("deterministic", float(np.abs(sample - theory.mean).max()), math.nan, n)
    if cut:
        return Agreement(_CUT, math.nan, math.nan, n)
    if isinstance(theory, IntegrateAndFireTheory):
        try:
            law = theory.distribution()
        except NoTheory:
            return _of_the_mean(sample, theory)
        return _kolmogorov_smirnov(sample, law, theory.dt)
    return _kolmogorov_smirnov(sample, theory, 0.0) if theory.step is None else _chi_square(sample, theory, theory.step)


def _of_the_mean(sample: Floats, theory: IntegrateAndFireTheory) -> Agreement:
    from scipy.stats import norm

    spread = max(theory.cv * theory.mean, float(sample.std()))  # a grid adds to the one of the theory
    z = (float(sample.mean()) - theory.mean) / (spread / math.sqrt(sample.size))
    return Agreement("mean, in standard errors", z, float(2 * norm.sf(abs(z))), sample.size)


def _kolmogorov_smirnov(sample: Floats, law: RenewalTheory, dt: float) -> Agreement:
    """By the largest distance of the distribution functions.

    A law that is corrected for a grid of step dt has the mean of intervals on that grid: each of them stands for the dt
    around it.
    """
    from scipy.stats import kstwo

    value, count = np.unique(np.rint(sample / dt) * dt if dt else sample, return_counts=True)
    reached = np.cumsum(count) / sample.size
    above, below = (1 - law.survivor_at(value + side * dt / 2) for side in (1, -1))
    distance = float(max(np.abs(reached - above).max(), np.abs(reached - count / sample.size - below).max()))
    return Agreement("Kolmogorov–Smirnov distance", distance, float(kstwo.sf(distance, sample.size)), sample.size)


def _chi_square(sample: Floats, theory: RenewalTheory, step: float) -> Agreement:
    """Of the multiples of the step, in groups of five expected intervals and more."""
    from scipy.stats import chi2

    n = sample.size
    multiple = np.rint(sample / step).astype(np.int64)
    last = int(np.ceil(theory.quantile(1 - min(0.5, 20 / n)) / step))
    survivor = theory.survivor_at(np.arange(last + 1) * step)
    expected = n * np.append(-np.diff(survivor), survivor[-1])
    counts = np.bincount(np.minimum(multiple, last + 1), minlength=last + 2)[1:].astype(float)
    group = np.minimum(np.cumsum(expected) // 5, expected.sum() // 5 - 1).astype(np.int64)
    pooled, seen = (np.bincount(group, values) for values in (expected, counts))
    full = pooled > 0
    square = float(((seen[full] - pooled[full]) ** 2 / pooled[full]).sum())
    return Agreement("χ²", square, float(chi2.sf(square, max(1, full.sum() - 1))), n)


# Rates -----------------------------------------------------------------------------------------------------------


def count_error(count: Floats, cv: Floats, trials: int, until: Floats | None) -> Floats:
    """Standard error of the mean number of spikes over several trials, of a renewal process.

    Parameters
    ----------
    count, cv : ndarray (n,)
        Mean number of spikes in a trial, and CV of the intervals.
    until : ndarray (2, n) or None
        Spikes in a trial before counting begins and until it ends, where all trials begin in the same state; None
        where they begin in the stationary one.

    Notes
    -----
    The variance in one trial is count·CV² + (1 - CV⁴)/6 (Cox 1962, Renewal Theory, chapter 4). The second term comes
    from where in an interval counting begins and ends. Trials that begin alike have that in common, until their
    intervals have blurred it: after k of them its correlation is that of their first harmonic, exp(-4π² k CV²).
    """
    square = np.where(np.isfinite(cv), cv, 0.0) ** 2
    ends = np.where(square > 0, np.maximum(1 - square**2, 0.0) / 6, 0.0)
    common = np.zeros(count.shape) if until is None else np.exp(-4 * np.pi**2 * square * until).mean(axis=0)
    variance = (square * count + ends * (1 - common)) / trials + ends * common
    return np.asarray(np.sqrt(variance))


def largest_deviation(deviation: Floats, measured: Floats, expected: Floats, one: float, trials: int) -> float | str:
    """Of rates from their theory, in standard errors, as measured and as expected by it; see `GainFunction.agreement`.

    `one` is the rate of one spike in one trial.
    """
    if not (expected > 0).any():
        return f"deterministic: rates within {np.abs(deviation).max():.2g} Hz of the theory"
    least = np.where(expected > 0, one / trials, one)
    return float((np.abs(deviation) / np.fmax(np.fmax(measured, expected), least)).max())
