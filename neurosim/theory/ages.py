"""How long ago the last spike was, in a renewal process that has gone on for ever."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model import Model
from .renewal import RenewalTheory, renewal_theory
from .rule import NoTheory, states_of_rule

Floats = NDArray[np.float64]

_LEVELS = 512
_SMALLEST = 1e-15  # survivor, beyond which the tail is left out


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

    Between neighbouring quantiles of the intervals the survivor function is taken as a straight line, so that its
    integral is a parabola; where many intervals are equal, the line is vertical.
    """
    if not np.isfinite(theory.mean):
        return np.full(p.shape, np.inf)
    if theory.step is not None:
        last = round(float(theory.quantile(1 - _SMALLEST)) / theory.step)
        survivor = theory.survivor_at(np.arange(last + 1) * theory.step)
        below = np.cumsum(survivor) / survivor.sum()
        return np.asarray(np.searchsorted(below, p, side="right") * theory.step, dtype=np.float64)
    levels = np.concatenate([np.linspace(1, 1 / _LEVELS, _LEVELS), np.geomspace(1 / _LEVELS, _SMALLEST, _LEVELS)])
    time = np.maximum.accumulate(np.concatenate([[0.0], theory.quantile(1 - levels[1:])]))
    survivor = levels
    area = np.concatenate([[0.0], np.cumsum(np.diff(time) * (survivor[1:] + survivor[:-1]) / 2)])
    wanted = p * area[-1]
    cell = np.clip(np.searchsorted(area, wanted, side="right") - 1, 0, time.size - 2)
    width, high = time[cell + 1] - time[cell], survivor[cell]
    fall = (high - survivor[cell + 1]) / np.maximum(width, 1e-300)
    left = wanted - area[cell]
    root = np.sqrt(np.maximum(high**2 - 2 * fall * left, 0.0))
    return np.asarray(time[cell] + np.minimum(2 * left / (high + root), width))
