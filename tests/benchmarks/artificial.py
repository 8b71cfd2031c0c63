"""Counting separable functions, deciding about random points, Glauber updates and learning.

Before anything is timed, counts are compared with the literature's, verdicts with SciPy's linear programming.
"""

import numpy as np
from common import Figures, interleaved, main, require, summary
from scipy.optimize import linprog

import neurosim as ns

COUNTS = {5: 94_572, 6: 15_028_134, 7: 8_378_070_864}
UNITS, SWEEPS = 1000, 100


def problems() -> list[tuple[np.ndarray, np.ndarray]]:
    """Random points with random labels, near the capacity, where verdicts are hardest."""
    random = np.random.default_rng(1)
    return [(random.normal(size=(2 * n, n)), random.integers(0, 2, 2 * n)) for n in (5, 10, 20, 40) for _ in range(10)]


def by_linear_programming(X: np.ndarray, y: np.ndarray) -> bool:
    """SciPy's verdict."""
    A = np.where(y == 1, -1.0, 1.0)[:, None] * np.column_stack([X, -np.ones(len(X))])
    return bool(linprog(np.zeros(A.shape[1]), A_ub=A, b_ub=-np.ones(len(X)), bounds=(None, None)).status == 0)


def measure(quick: bool) -> Figures:
    """Seconds each."""
    rounds = 3 if quick else 11
    for n, count in COUNTS.items():
        require(ns.count_separable(n) == count, f"the count for n = {n} is wrong")
    points = problems()
    verdicts = [bool(ns.is_linearly_separable(*problem)) for problem in points]
    require(verdicts == [by_linear_programming(*problem) for problem in points], "a verdict is not that of SciPy")
    random = np.random.default_rng(2)
    W = random.normal(size=(UNITS, UNITS)) / np.sqrt(UNITS)
    network, start = ns.ThresholdNetwork(W, 0, "sign"), np.ones(UNITS)
    X = random.normal(size=(1500, 20))
    height = X @ random.normal(size=20)
    clear = np.argsort(-np.abs(height))[:1000]  # a gap between the classes
    X, y = X[clear], height[clear] > 0
    works = {
        **{f"count_{n}": (lambda n=n: ns.count_separable(n)) for n in COUNTS},
        "decide_40_problems": lambda: [ns.is_linearly_separable(*problem) for problem in points],
        "decide_40_problems_scipy": lambda: [by_linear_programming(*problem) for problem in points],
        "glauber": lambda: network.run(start, SWEEPS, beta=1.0, seed=1, record_every=SWEEPS),
        "perceptron_1000_points": lambda: ns.Perceptron(max_epochs=10**6).fit(X, y),
    }
    for work in works.values():
        work()
    times = interleaved(works, rounds)
    figures: Figures = {f"{name}_seconds": summary(seconds) for name, seconds in times.items()}
    synapses = UNITS * UNITS * SWEEPS
    figures["glauber_ns_per_synapse"] = min(times["glauber"]) / synapses * 1e9
    return figures


if __name__ == "__main__":
    main("artificial", __doc__, measure)
