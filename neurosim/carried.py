"""Sweeps through inputs that carry the state of the model from each to the next."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputError, excerpt

Floats = NDArray[np.float64]
Measured = tuple[Floats, NDArray[np.int64], Floats]

WAYS = {None: (), "up": ("up",), "down": ("down",), "both": ("up", "down")}
"""In which order a direction goes through the inputs."""


def ways_of(direction: Any) -> tuple[str, ...]:
    """The sweeps that a direction consists of."""
    if direction is not None and (not isinstance(direction, str) or direction not in WAYS):
        raise InputError(f"direction is 'up', 'down', 'both' or None, not {excerpt(direction)}")
    return WAYS[direction]


def carried(ways: tuple[str, ...], inputs: Floats, measure: Callable[[float], Measured]) -> Measured:
    """Rates, counts and standard errors of all sweeps, one after the other: (sweeps·curves, m).

    Parameters
    ----------
    measure
        What a value of the input gives for all curves, (curves, 1) each, going on from where it was called last.
    """
    upward = np.argsort(inputs, kind="stable")
    sweeps = []
    for way in ways:
        order = upward if way == "up" else upward[::-1]
        stages = [measure(float(inputs[k])) for k in order]
        place = np.argsort(order)
        sweeps.append([np.concatenate(parts, axis=1)[:, place] for parts in zip(*stages, strict=True)])
    rate, count, error = (np.concatenate(parts) for parts in zip(*sweeps, strict=True))
    return rate, count, error


def jumps(ways: tuple[str, ...], inputs: Floats, rate: Floats) -> Floats:
    """Where each curve (sweeps·curves, m) begins to fire on the way up, or stops on the way down.

    NaN where it fires from the first input on, never, or to the end.
    """
    order = np.argsort(inputs, kind="stable")
    ascending, firing = inputs[order], rate[:, order] > 0
    found = np.full(len(rate), math.nan)
    curves = len(rate) // len(ways)
    for row, fires in enumerate(firing):
        if ways[row // curves] == "up":
            if fires.any() and not fires[0]:
                found[row] = ascending[fires.argmax()]
        elif fires.any() and not fires.all():
            top = fires.size - 1 - int(fires[::-1].argmax())  # where firing begins on the way down
            below = np.flatnonzero(~fires[:top])
            if below.size:
                found[row] = ascending[below[-1] + 1]
    return found
