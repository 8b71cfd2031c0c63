"""Spike trains with known laws, and slow statistics in plain Python; imports nothing from the package."""

import itertools
import math

import numpy as np


def renewal(rng, draw, neurons, duration):
    """(index, time) of neurons that are observed long after they began: stationary renewal processes.

    `draw(shape)` gives intervals in ms. The beginning is thrown away: twenty mean intervals and more.
    """
    mean = draw((1000,)).mean()
    warm = 50 * mean
    size = int((warm + duration) / mean * 1.3 + 60)
    while True:
        times = np.cumsum(draw((neurons, size)), axis=1) - warm - mean * rng.random((neurons, 1))
        if times[:, -1].min() > duration:
            break
        size *= 2
    index, place = np.nonzero((times > 0) & (times <= duration))
    return index, times[index, place]


def poisson(rng, neurons, duration, mean=10.0):
    """Intervals exponential."""
    return renewal(rng, lambda shape: rng.exponential(mean, shape), neurons, duration)


def gamma(rng, neurons, duration, order, mean=10.0):
    """Intervals gamma of this order."""
    return renewal(rng, lambda shape: rng.gamma(order, mean / order, shape), neurons, duration)


def slow_intervals(index, time, neurons):
    """List of intervals for each neuron."""
    trains = [sorted(t for i, t in zip(index, time, strict=True) if i == n) for n in range(neurons)]
    return [[b - a for a, b in itertools.pairwise(train)] for train in trains]


def slow_cv(intervals):
    """Standard deviation by mean."""
    if len(intervals) < 2 or sum(intervals) == 0:
        return math.nan
    mean = sum(intervals) / len(intervals)
    return math.sqrt(sum((x - mean) ** 2 for x in intervals) / (len(intervals) - 1)) / mean


def slow_pair_mean(intervals, function):
    """Mean of a function of neighbours that are not both 0."""
    pairs = [(a, b) for a, b in itertools.pairwise(intervals) if a + b > 0]
    return sum(function(a, b) for a, b in pairs) / len(pairs) if pairs else math.nan


def slow_counts(time, edges):
    """How many times lie in each (edge, next edge]; the first bin has its left edge, too."""
    counts = [0] * (len(edges) - 1)
    for t in time:
        for k, (a, b) in enumerate(itertools.pairwise(edges)):
            if a < t <= b or (k == 0 and t == a):
                counts[k] += 1
    return counts
