"""Loops compiled by Numba. Plain functions on arrays; this module imports nothing else of the package."""

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def update_units(data, indices, indptr, thresholds, low, keeps, beta, states, units, chances, record):
    """Update units one after the other, in place, several networks side by side.

    `units` (steps, networks, updates) says which; `chances`, of the same shape, are uniform in [0, 1) and not looked
    at where beta is infinite. After each step the states (networks, n) go into `record` (steps, networks, n).
    """
    steps, networks, updates = units.shape
    for step in range(steps):
        for k in range(networks):
            for u in range(updates):
                i = units[step, k, u]
                h = -thresholds[i]
                for place in range(indptr[i], indptr[i + 1]):
                    h += data[place] * states[k, indices[place]]
                if beta == np.inf:
                    if h > 0.0 or (h == 0.0 and not keeps[i]):
                        states[k, i] = 1.0
                    elif h < 0.0:
                        states[k, i] = low[i]
                elif chances[step, k, u] * (1.0 + math.exp(min(-2.0 * beta * h, 700.0))) < 1.0:
                    states[k, i] = 1.0
                else:
                    states[k, i] = low[i]
        record[step] = states


@njit(cache=True, nogil=True)
def rosenblatt(X, targets, weights, rate, order, history, shown, pocket, average):
    """One presentation of the rows of X in an order, in place; (errors met, updates kept in `history`).

    X carries the constant input; targets are 0 or 1. `history` (m, n) and `shown` (m,) take the weights after each
    of the first m updates and the row that caused it. `pocket` (n + 2,) holds the best weights, their number of errors
    and the length of their run of correct answers; its last entry is −1 where no pocket is wanted. `average` (n,)
    sums the weights over all presentations.
    """
    errors, kept, run = 0, 0, 0
    size = X.shape[1]
    for k in order:
        h = 0.0
        for j in range(size):
            h += weights[j] * X[k, j]
        output = 1.0 if h >= 0.0 else 0.0
        if output != targets[k]:
            errors += 1
            run = 0
            step = rate * (targets[k] - output)
            for j in range(size):
                weights[j] += step * X[k, j]
            if kept < history.shape[0]:
                history[kept] = weights
                shown[kept] = k
                kept += 1
        else:
            run += 1
            if pocket[size + 1] >= 0.0 and run > pocket[size + 1]:
                wrong = 0
                for i in range(X.shape[0]):
                    h = 0.0
                    for j in range(size):
                        h += weights[j] * X[i, j]
                    wrong += (1.0 if h >= 0.0 else 0.0) != targets[i]
                pocket[size + 1] = run
                if wrong < pocket[size]:
                    pocket[:size] = weights
                    pocket[size] = wrong
        for j in range(size):
            average[j] += weights[j]
    return errors, kept


@njit(cache=True, nogil=True)
def adatron(gram, strengths, order):
    """One sweep of AdaTron with step 1 (coordinate ascent), in place; the largest change of a strength × its norm.

    `gram` are the scalar products of the patterns with their signs; a pattern's stability is brought to 1, but its
    strength stays at or above 0.
    """
    largest = 0.0
    for k in order:
        stability = 0.0
        for j in range(gram.shape[0]):
            stability += gram[k, j] * strengths[j]
        step = max((1.0 - stability) / gram[k, k], -strengths[k])
        strengths[k] += step
        largest = max(largest, abs(step) * gram[k, k])
    return largest


@njit(cache=True, nogil=True)
def descend(X, targets, weights, order, size, rate, l1, l2, free, sigmoid, entropy):
    """One epoch of the delta rule in batches of `size`, in place.

    The first `free` weights, that of the constant input, are not penalised. The penalties of an epoch are those
    of the whole objective, shared among the batches. The absolute value is minimised by soft thresholding.
    """
    count, inputs = X.shape
    change = np.empty(inputs)
    for first in range(0, count, size):
        last = min(first + size, count)
        change[:] = 0.0
        for place in range(first, last):
            k = order[place]
            h = 0.0
            for j in range(inputs):
                h += weights[j] * X[k, j]
            if sigmoid:
                decay = math.exp(-abs(h))
                output = (1.0 if h >= 0.0 else decay) / (1.0 + decay)
                slope = 1.0 if entropy else output * (1.0 - output)
            else:
                output, slope = h, 1.0
            error = (targets[k] - output) * slope
            for j in range(inputs):
                change[j] += error * X[k, j]
        share = (last - first) / count
        for j in range(inputs):
            penalty = 0.0 if j < free else share * l2 * weights[j]
            weights[j] += rate * (change[j] - penalty)
            if j >= free and l1 > 0.0:
                shrunk = abs(weights[j]) - rate * share * l1
                weights[j] = math.copysign(shrunk, weights[j]) if shrunk > 0.0 else 0.0
