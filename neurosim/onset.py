"""Where firing begins on a gain function, of which kind it is, and whether it levels off."""

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

REFINEMENTS, PER_REFINEMENT = 3, 32
_CONTINUOUS = 0.05  # a rate that still falls by this much in the last refinement goes to zero
_FINEST = 1e-9  # step between two inputs, relative to them, that rounding leaves a meaning
_FEWEST_INTERVALS = 8  # with fewer, the duration and not the neuron sets the lowest rate
_LEVEL = 0.01  # a curve has levelled off where it changes by less over the last tenth of the inputs


class Sweep(Protocol):
    """Runs of curves at constant currents: the time of a run and its discarded part in ms, and how to measure more."""

    chance: bool
    length: float
    skipped: float

    def measure(self, currents: Floats) -> tuple[Floats, NDArray[np.int64], Floats]:
        """Rates, counts and standard errors for (curves, k) currents."""


def onset_and_kind(inputs: Floats, rate: Floats, sweep: Sweep) -> tuple[Floats, NDArray[Any]]:
    """Onset and kind of each curve: the step from silence to firing is measured again, ever finer.

    Type II if the rate at the onset no longer falls (by less than 5 % while the step shrinks 33-fold); type I if it
    does, or has become so low that the duration sets it. Three times, and three times more where it falls and is not
    that low; but not once the step is below 1e-9 of the input. None if no finer input was found to fire.
    """
    order = np.argsort(inputs)
    sorted_inputs, firing = inputs[order], rate[:, order] > 0
    found = ~firing[:, 0] & firing.any(axis=1)
    first = np.where(found, firing.argmax(axis=1), 1 if inputs.size > 1 else 0)
    low, high = sorted_inputs[first - 1], sorted_inputs[first]
    at_onset = rate[:, order][np.arange(len(rate)), first]
    onset, kind = np.full(len(rate), np.nan), np.full(len(rate), None, dtype=object)
    if sweep.chance or not found.any():
        return onset, kind
    seconds = (sweep.length - sweep.skipped) / 1000
    previous, open_, measured = at_onset, found, np.zeros(len(rate), dtype=bool)
    for number in range(2 * REFINEMENTS):
        if number >= REFINEMENTS:  # a curve that is settled stays as it is, whatever others need
            falls = (at_onset <= (1 - _CONTINUOUS) * previous) | ~measured
            open_ = open_ & falls & (at_onset * seconds >= _FEWEST_INTERVALS)
        open_ = open_ & (high - low > _FINEST * np.abs(high))
        if not open_.any():
            break
        steps = np.linspace(0, 1, PER_REFINEMENT + 2)[1:-1]
        currents = low[:, None] + (high - low)[:, None] * steps
        finer, _, _ = sweep.measure(currents)
        fires = finer > 0
        index = np.where(fires.any(axis=1), fires.argmax(axis=1), PER_REFINEMENT)
        nearer = open_ & (index < PER_REFINEMENT)
        previous, measured = np.where(nearer, at_onset, previous), measured | nearer
        padded = np.column_stack([low, currents, high])
        rates = np.column_stack([finer, at_onset])
        curve = np.arange(len(rate))
        low = np.where(open_, padded[curve, index], low)
        high = np.where(open_, padded[curve, index + 1], high)
        at_onset = np.where(open_, rates[curve, index], at_onset)
    slow = at_onset * seconds < _FEWEST_INTERVALS
    jumps, judged = (at_onset > (1 - _CONTINUOUS) * previous) & ~slow, found & (measured | slow)
    onset[found] = high[found]
    kind[judged] = np.where(jumps, "II", "I")[judged]
    return onset, kind


def saturation_of(inputs: Floats, rate: Floats) -> float:
    """The highest rate, if the curve has its maximum before, or is level over, the last tenth of the inputs."""
    highest = float(rate.max())
    tail = rate[inputs >= inputs.max() - 0.1 * np.ptp(inputs)]
    if highest == 0 or tail.size < 2:
        return math.nan
    level = np.ptp(tail) <= _LEVEL * highest
    return highest if level or highest > tail.max() else math.nan
