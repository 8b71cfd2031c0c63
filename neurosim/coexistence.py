"""Where rest and periodic firing are both stable, from a bifurcation diagram."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Range = tuple[float, float]


def coexistence(diagram: Any) -> list[Range]:
    """Ranges of the value of a `Bifurcation` in which a stable fixed point and periodic firing are both there.

    They end where a fixed point loses its stability, or where firing ends.
    """
    if not diagram.value.size:
        return []
    firing = [*_firing(diagram, diagram.up, "upward"), *_firing(diagram, diagram.down, "downward")]
    changes = [point.value for point in diagram.points if point.states]
    edges = np.unique([*diagram.value[[0, -1]], *changes, *(edge for ends in firing for edge in ends)])
    found: list[Range] = []
    for low, high in pairwise(edges):
        middle = float(low + high) / 2
        if any(first < middle < last for first, last in firing) and _rests(diagram, middle):
            start = found.pop()[0] if found and found[-1][1] == low else float(low)
            found.append((start, float(high)))
    return found


def _firing(diagram: Any, extent: Any, way: str) -> Iterator[Range]:
    """Ranges of firing in one direction: between simulated values, to the points where it ends or is born."""
    value, periodic = diagram.value, extent.periodic
    jumps = diagram.of_kind(f"firing ends {way}")
    padded = np.r_[False, periodic, False].astype(np.int8)
    for first, beyond in zip(np.flatnonzero(np.diff(padded) == 1), np.flatnonzero(np.diff(padded) == -1), strict=True):
        last = beyond - 1
        low, high = float(value[first]), float(value[last])
        below, above = [jump for jump in jumps if jump <= low], [jump for jump in jumps if jump >= high]
        if way == "downward" and below:
            low = max(below)
        elif first > 0:
            low = _fading(diagram, value[first - 1], value[min(first + 1, last)], low)
        if way == "upward" and above:
            high = min(above)
        elif beyond < value.size:
            high = _fading(diagram, value[beyond], value[max(last - 1, first)], high)
        if low < high:
            yield low, high


def _fading(diagram: Any, outside: float, inside: float, edge: float) -> float:
    """Where firing fades between two simulated values: at the Hopf point there, or where it was seen last."""
    near = _between(diagram.of_kind("Hopf"), outside, inside)
    return near[0] if near else edge


def _between(values: Sequence[float], one: float, other: float) -> list[float]:
    return [value for value in values if min(one, other) <= value <= max(one, other)]


def _rests(diagram: Any, at: float) -> bool:
    """Whether a branch has a stable fixed point at a value that is no point of change."""
    changes = [point.value for point in diagram.points if point.states]
    for branch in diagram.branches:
        side = branch.value - at
        for k in np.flatnonzero(side[:-1] * side[1:] <= 0):
            here, there = branch.stable[k : k + 2]
            if here and there:
                return True
            change = _between(changes, *branch.value[k : k + 2])
            if here != there and change:  # stable on one side of it
                side_of_here = (at - change[0]) * (branch.value[k] - change[0]) > 0
                if side_of_here == here:
                    return True
    return False
