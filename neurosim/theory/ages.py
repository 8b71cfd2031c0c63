"""How long ago the last spike was, in a renewal process that has gone on for ever."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model import Model
from .renewal import RenewalTheory, renewal_theory
from .rule import NoTheory, states_of_rule

Floats = NDArray[np.float64]

_CELLS = 2048
_FEW, _SMALLEST = 1e-3, 1e-13  # survivors where the finer grid ends, and beyond which the tail is left out
_ALIKE = 1e-9  # CV of intervals that are all equal


def stationary_ages(
    model: Model, I: Any, parameters: Mapping[str, Floats], which: NDArray[np.int64], uniform: Floats
) -> Floats:
    """Times since the last spike in ms, drawn from their stationary density S(t)/mean interval: (n,).

    Parameters
    ----------
    I, parameters
        Inputs, by name, and parameters: values (k,) in their declared units of the k different settings there are.
    which : ndarray (n,)
        The setting of each neuron.
    uniform : ndarray (n,)
        Random numbers of [0, 1).

    Raises
    ------
    NoTheory
        For models that are no renewal processes.
    """
    if states := states_of_rule(model):
        raise NoTheory(
            f"the spike rule of {model.name} depends on the state {states[0]}, which goes with the time since the last "
            "spike; give both as start"
        )
    ages = np.empty(which.size)
    for setting in np.unique(which):
        mine = which == setting
        inputs = {name: float(values[setting]) for name, values in I.items()}
        theory = renewal_theory(model, inputs or None, {name: values[setting] for name, values in parameters.items()})
        ages[mine] = age_quantile(theory, uniform[mine])
    return ages


def age_quantile(theory: RenewalTheory, p: Floats) -> Floats:
    """The time since the last spike (ms) that a share p of a stationary process does not exceed.

    The survivor function is integrated by Simpson's rule on two grids, up to where few survive and beyond; within a
    cell it is taken as a straight line.
    """
    if not np.isfinite(theory.mean):
        return np.full(p.shape, np.inf)
    if theory.step is not None:
        last = round(float(theory.quantile(1 - _SMALLEST)) / theory.step)
        survivor = theory.survivor_at(np.arange(last + 1) * theory.step)
        below = np.cumsum(survivor) / survivor.sum()
        return np.asarray(np.searchsorted(below, p, side="right") * theory.step, dtype=np.float64)
    if theory.cv < _ALIKE:
        return np.asarray(p * theory.mean)
    ends = theory.quantile(1 - np.array([_FEW, _SMALLEST]))
    time = np.unique(np.concatenate([np.linspace(0, ends[0], _CELLS), np.linspace(ends[0], ends[1], _CELLS)]))
    survivor, middle = theory.survivor_at(time), theory.survivor_at((time[1:] + time[:-1]) / 2)
    area = np.concatenate([[0.0], np.cumsum(np.diff(time) * (survivor[1:] + 4 * middle + survivor[:-1]) / 6)])
    wanted = p * area[-1]
    cell = np.clip(np.searchsorted(area, wanted, side="right") - 1, 0, time.size - 2)
    width, high = time[cell + 1] - time[cell], survivor[cell]
    fall = (high - survivor[cell + 1]) / np.maximum(width, 1e-300)
    left = wanted - area[cell]
    root = np.sqrt(np.maximum(high**2 - 2 * fall * left, 0.0))
    return np.asarray(time[cell] + np.minimum(2 * left / (high + root), width))
