"""How many Boolean functions one unit can realise: counted by symmetry, in whole numbers."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..errors import InputError
from .exact import combine_exactly
from .formula import input_rows
from .states import Ints, check_count, check_positive

_SECONDS = (0.001, 0.001, 0.002, 0.01, 0.02, 0.1, 1.0, 400.0)  # for n = 1 …, on a laptop
_MOST_CORRECTIONS = 200


def count_separable(n: Any, patience: Any = 60.0) -> int:
    """The number of linearly separable Boolean functions of n inputs, of 2^(2^n), counted exactly.

    Parameters
    ----------
    n
        From 1 on: 4, 14, 104, 1,882, 94,572, 15,028,134, 8,378,070,864 and
        17,561,539,552,946 functions for n = 1 … 8.
    patience
        In seconds. What is estimated to take longer is refused; n = 7 takes less than a second, n = 8 some
        minutes.

    Raises
    ------
    InputError
        If n is no whole number from 1 on, or counting would take too long; the message says how long.

    Notes
    -----
    A function of n inputs is separable exactly if the odd function f(−x) = −f(x) of n + 1 signs that it is part of is
    the sign of some w·x. Permuting the signs and changing their sign turns every such function into one with
    w_1 ≥ w_2 ≥ … ≥ 0. These are among the odd functions that do not fall where x rises in the order of their prefix
    sums, and all of these are generated. For each, whole-number weights are found by Rosenblatt's rule – which ends
    if there are any – or it is shown that there are none: four inputs with
    f = 1 that cancel, or other numbers ≥ 0 of them, in fractions. A separable function is known by its sums Σ f(x) x
    (Chow 1961), so that the size of its family under the symmetries follows from how many of these are equal or 0.
    """
    count = check_count(n, "n")
    limit = check_positive(patience, "patience", infinite=True)
    if count > len(_SECONDS):
        raise InputError(f"n = {count} is too large for exact counting: it would take years; the largest is 8")
    if _SECONDS[count - 1] > limit:
        raise InputError(
            f"n = {count} is too large for exact counting: it would take about {_duration(_SECONDS[count - 1])}, "
            f"longer than patience, {limit:g} s; patience=math.inf waits"
        )
    size = count + 1
    x = 2 * input_rows(size).astype(np.int64)[: 2**count] - 1  # the first sign −1: one of each pair of opposites
    total = 0
    for values in _monotone_functions(-x):
        chow = np.sort(np.abs(values @ -x))
        if _has_weights(-x * values[:, None], chow[::-1]):
            same = np.unique(chow, return_counts=True)[1]
            family = math.factorial(size) << int(np.count_nonzero(chow))
            total += family // math.prod(math.factorial(int(k)) for k in same)
    return total


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds > 100 else f"{seconds:g} s"


def _monotone_functions(half: Ints) -> Iterator[Ints]:
    """The odd functions of signs that do not fall where all prefix sums rise: their values ±1 on `half` of the inputs.

    A function is a set of inputs where it is +1, closed upwards. Deciding about one input decides about those above or
    below it and, with the opposite sign, about their opposites; what is still undecided can go either way, so every
    branch ends in a function.
    """
    inputs = np.vstack([half, -half])
    count, total = len(half), len(inputs)
    sums = inputs.cumsum(axis=1)
    above = [(sums >= row).all(axis=1) for row in sums]
    opposite = np.arange(total) ^ count
    up = [sum(1 << int(k) for k in np.flatnonzero(row)) for row in above]
    positive = [up[k] | sum(1 << int(opposite[j]) for j in np.flatnonzero(sums_below)) for k, sums_below in
                enumerate(np.array(above).T[opposite])]  # fmt: skip
    everything = (1 << total) - 1

    def mirror(members: int) -> int:
        return (members >> count) | ((members & ((1 << count) - 1)) << count)

    waiting = [0]
    for k in range(count):
        if above[opposite[k]][k]:
            waiting[0] |= positive[k]
        elif above[k][opposite[k]]:
            waiting[0] |= positive[opposite[k]]
    while waiting:
        plus = waiting.pop()
        undecided = everything & ~(plus | mirror(plus)) & ((1 << count) - 1)
        if not undecided:
            yield np.array([1 if plus >> k & 1 else -1 for k in range(count)], dtype=np.int64)
            continue
        k = (undecided & -undecided).bit_length() - 1
        waiting += [plus | positive[k], plus | positive[opposite[k]]]


def _has_weights(Z: Ints, start: Ints) -> bool:
    """Whether Z·w > 0 for some w: by Rosenblatt's rule in whole numbers; not if rows cancel; else in fractions."""
    w = start.copy()
    for _ in range(_MOST_CORRECTIONS):
        heights = Z @ w
        worst = int(heights.argmin())
        if heights[worst] > 0:
            return True
        w = w + Z[worst]
    if _four_cancel(Z):
        return False
    return combine_exactly(Z.astype(np.float64), np.zeros((1, Z.shape[1]))) is None


def _four_cancel(Z: Ints) -> bool:
    """Whether four rows of signs, some of them perhaps the same, sum to 0."""
    codes = Z @ 9 ** np.arange(Z.shape[1])  # sums of four signs, from −4 to 4, have codes of their own
    a, b = np.triu_indices(len(Z))
    sums = np.unique(codes[a] + codes[b])
    return bool(np.isin(sums, -sums, assume_unique=True).any())
