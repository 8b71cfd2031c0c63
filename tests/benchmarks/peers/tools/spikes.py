"""What the answers of spiking tools have in common, the same for every tool."""

import numpy as np


def crossings(time, V):
    """When V rises through 0, by the cubic through the four samples around it; the same for every tool."""
    time, V = np.asarray(time), np.asarray(V)
    k = np.flatnonzero((V[1:-2] <= 0) & (V[2:-1] > 0)) + 1
    t = [time[k + j] for j in (-1, 0, 1, 2)]
    v = [V[k + j] for j in (-1, 0, 1, 2)]

    def cubic(x):
        total = 0.0
        for i in range(4):
            term = v[i]
            for j in range(4):
                if j != i:
                    term = term * (x - t[j]) / (t[i] - t[j])
            total = total + term
        return total

    low, high = t[1].copy(), t[2].copy()
    for _ in range(50):
        middle = (low + high) / 2
        above = cubic(middle) > 0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return (low + high) / 2


def late_counts(index, times, settings):
    """Spikes of each neuron after the time to leave out."""
    late = np.asarray(times) >= settings["discard"]
    return np.bincount(np.asarray(index)[late], minlength=settings["neurons"])


def stationary_intervals(index, times, settings):
    """Mean, coefficient of variation and deciles of the intervals that begin in the first part of the stationary time.

    Those that begin late and end after the run would be missing, and they are the long ones.
    """
    index, times = np.asarray(index), np.asarray(times)
    order = np.lexsort((times, index))
    index, times = index[order], times[order]
    intervals = np.diff(times)
    last = (settings["discard"] + settings["duration"]) / 2
    chosen = (np.diff(index) == 0) & (times[:-1] >= settings["discard"]) & (times[:-1] < last)
    intervals = intervals[chosen]
    return {
        "intervals": intervals.size,
        "mean": intervals.mean(),
        "cv": intervals.std() / intervals.mean(),
        "deciles": np.quantile(intervals, np.arange(1, 10) / 10),
    }
