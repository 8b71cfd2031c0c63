"""Hopfield memories: storing, recall of one cue, a million units, Glauber dynamics, a capacity curve, compilation.

Before anything is timed, answers are compared: with full sums in NumPy, with the pattern that was stored, with theory.
"""

import os
import subprocess
import sys
import tempfile
import tracemalloc

import numpy as np
from common import Figures, interleaved, main, require, summary

import neurosim as ns

COMPILE = """
import time, numpy as np, neurosim as ns
from neurosim.artificial import recall_loops
X = ns.random_patterns(5, 100, seed=1)
begin = time.perf_counter()
ns.Hopfield(100).store(X).recall(X[0], seed=1)
ns.Hopfield(100).store(X).dilute(0.1, seed=1).recall(X[0], seed=1)
ns.Hopfield(100).store(X, "perceptron").recall(X[0], seed=1)
big = ns.Hopfield(100, engine="overlaps").store(X)
big.recall(X[0], beta=2.0, seed=1)
big.recall(X[0], "synchronous", seed=1)
print(time.perf_counter() - begin)
"""


def numpy_loop(X: np.ndarray, cue: np.ndarray) -> np.ndarray:
    """Asynchronous recall with a full sum for every update."""
    w = X.T.astype(float) @ X / X.shape[1]
    np.fill_diagonal(w, 0)
    s, random = cue.astype(float), np.random.default_rng(1)
    while True:
        before = s.copy()
        for i in random.permutation(s.size):
            s[i] = 1.0 if w[i] @ s >= 0 else -1.0
        if (s == before).all():
            return s


def one_cue(rounds: int) -> Figures:
    """N = 2000, P = 200, 10 % flipped: fields, convergence, energies and verdict."""
    n, count = 2000, 200
    X = ns.random_patterns(count, n, seed=1)
    memory, cues = ns.Hopfield(n).store(X), [ns.flip(X[k % count], 0.1, seed=k) for k in range(rounds)]
    slow = numpy_loop(X, cues[0])
    fast = memory.recall(cues[0], seed=1).state
    require(
        float(slow @ X[0]) / n > 0.98 and float(fast.astype(float) @ slow) / n > 0.99, "recall is not that of NumPy"
    )
    right = [memory.recall(cue, seed=k).pattern == str(k % count) for k, cue in enumerate(cues)]
    require(all(right), "a cue did not recall its pattern")
    number = iter(range(10**9))

    def recall() -> object:
        k = next(number)
        return memory.recall(cues[k % rounds], seed=k)

    def judged() -> object:
        k = next(number)
        return memory.recall(cues[k % rounds], seed=k).verdict

    times = interleaved({"recall": recall, "recall_and_verdict": judged}, 10 * rounds)
    storing = interleaved({"store": lambda: ns.Hopfield(n).store(X)}, rounds)["store"]
    return {f"{name}_seconds": summary(values) for name, values in times.items()} | {"store_seconds": summary(storing)}


def a_million_units(rounds: int) -> Figures:
    """N = 10⁶, P = 100, 10 % flipped; and the memory that NumPy and Python take for it beside the caller's patterns."""
    n, count = 1_000_000, 100
    X = ns.random_patterns(count, n, seed=1)
    tracemalloc.start()
    memory = ns.Hopfield(n).store(X)
    cue = ns.flip(X[3], 0.1, seed=1)
    recall = memory.recall(cue, seed=1)
    require(str(recall) == "retrieved: 3" and recall.exact, "the pattern did not come back")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    number = iter(range(10**9))
    times = interleaved({"recall": lambda: memory.recall(cue, seed=next(number)).verdict,
                         "store": lambda: ns.Hopfield(n).store(X)}, rounds)  # fmt: skip
    return {f"{name}_seconds": summary(values) for name, values in times.items()} | {"peak_megabytes": peak / 1e6}


def glauber(rounds: int) -> Figures:
    """N = 2000, P = 20, T = 0.5: updates per second, by either engine."""
    n, count, sweeps = 2000, 20, 1000
    X = ns.random_patterns(count, n, seed=1)
    memories = {engine: ns.Hopfield(n, engine=engine).store(X) for engine in ("weights", "overlaps")}
    theory = ns.amit_gutfreund_sompolinsky(count / n, 0.5).m
    found = memories["weights"].recall(X[0], beta=2.0, seed=1, max_sweeps=sweeps).overlap
    require(abs(found - theory) < 0.01, f"overlap {found}, in theory {theory}")
    times = interleaved(
        {
            engine: lambda m=memory: m.recall(X[0], beta=2.0, seed=1, max_sweeps=sweeps)
            for engine, memory in memories.items()
        },
        rounds,
    )
    return {f"updates_per_second_{name}": summary([sweeps * n / t for t in values]) for name, values in times.items()}


def curve(rounds: int) -> Figures:
    """N = 1000, 20 loads, 50 trials each, on one and two threads."""
    found = ns.capacity("hebb", 1000, trials=50, seed=1, threads=2)
    theory = ns.amit_gutfreund_sompolinsky(0.1).m
    require(abs(found.overlap[0, 9] / theory - 1) < 0.01, "the overlap at α = 0.1 is not that of theory")
    times = interleaved(
        {f"threads_{k}": lambda k=k: ns.capacity("hebb", 1000, trials=50, seed=1, threads=k) for k in (1, 2)}, rounds
    )
    return {f"{name}_seconds": summary(values) for name, values in times.items()}


def compilation() -> Figures:
    """Every loop in a new process: with an empty cache, and with one that has been filled."""
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(3):
            done = subprocess.run([sys.executable, "-c", COMPILE], env=os.environ | {"NUMBA_CACHE_DIR": folder},
                                  capture_output=True, text=True, check=True)  # fmt: skip
            seconds.append(float(done.stdout))
    return {"seconds_with_empty_cache": seconds[0], "seconds_with_filled_cache": min(seconds[1:])}


def measure(quick: bool) -> Figures:
    """All figures of this benchmark."""
    rounds = 3 if quick else 9
    return {
        "units_2000_patterns_200": one_cue(10 * rounds),
        "units_1000000_patterns_100": a_million_units(rounds),
        "glauber_2000_units_20_patterns": glauber(rounds),
        "capacity_curve_1000_units": curve(1 if quick else 3),
        "compilation": compilation(),
    }


if __name__ == "__main__":
    main("hopfield", __doc__, measure)
