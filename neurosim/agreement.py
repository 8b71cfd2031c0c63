"""Whether measured intervals fit a theory."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .theory import IntegrateAndFireTheory, RenewalTheory

Floats = NDArray[np.float64]


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
        fits = "agrees with the theory" if self.p_value > 0.001 else "differs from the theory"
        return f"{fits} ({self.test} {self.statistic:.3g}, p = {self.p_value:.2g}, {self.intervals:,} intervals)"


def agreement_of(sample: Floats, theory: RenewalTheory | IntegrateAndFireTheory) -> Agreement:
    """Test intervals (n,) in ms against a theory; see `IntervalDistribution.agreement`."""
    from scipy import stats

    n = sample.size
    if n == 0:
        return Agreement("no intervals", math.nan, math.nan, 0)
    if theory.cv == 0:
        return Agreement("deterministic", float(np.abs(sample - theory.mean).max()), math.nan, n)
    if isinstance(theory, IntegrateAndFireTheory):
        z = float((sample.mean() - theory.mean) / (theory.cv * theory.mean / math.sqrt(n)))
        return Agreement("mean, in standard errors", z, float(2 * stats.norm.sf(abs(z))), n)
    if theory.step is None:
        test = stats.kstest(sample, lambda t: 1 - theory.survivor_at(t))
        return Agreement("Kolmogorov–Smirnov distance", float(test.statistic), float(test.pvalue), n)
    multiple = np.rint(sample / theory.step).astype(np.int64)
    last = int(np.ceil(theory.quantile(1 - min(0.5, 20 / n)) / theory.step))
    survivor = theory.survivor_at(np.arange(last + 1) * theory.step)
    expected = n * np.append(-np.diff(survivor), survivor[-1])
    counts = np.bincount(np.minimum(multiple, last + 1), minlength=last + 2)[1:].astype(float)
    group = np.minimum(np.cumsum(expected) // 5, expected.sum() // 5 - 1).astype(np.int64)
    pooled, seen = (np.bincount(group, values) for values in (expected, counts))
    full = pooled > 0
    square = float(((seen[full] - pooled[full]) ** 2 / pooled[full]).sum())
    return Agreement("χ²", square, float(stats.chi2.sf(square, max(1, full.sum() - 1))), n)
