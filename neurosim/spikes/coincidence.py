"""How well two spike trains agree: coincidences, corrected for chance; and spikes in a recorded voltage."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, excerpt
from ..units import parse_unit, to_array
from .trains import Chosen, choose, positive

Floats = NDArray[np.float64]


def coincidence_factor(data: Any, model: Any, window: Any = 2.0, *, start: Any = None, stop: Any = None) -> float:
    """Kistler's coincidence factor Γ of two spike trains.

    Parameters
    ----------
    data, model
        Two spike trains: arrays of times (ms), or a `Recording` or `SpikeTrains` of one neuron. The rate of `model`
        says how many coincidences there are by chance.
    window
        Spikes at most so far apart (ms) coincide; each at most with one other.
    start, stop
        From and to when spikes are compared, in ms; plain arrays need `stop`.

    Returns
    -------
    float
        Γ = (N_coinc - <N_coinc>) / ((N_data + N_model)/2) / (1 - 2νΔ), where <N_coinc> = 2νΔ N_data is what a Poisson
        process of the model's rate ν would give: 1 where all spikes coincide, 0 as by chance, negative for less. NaN
        without any spike.

    Raises
    ------
    InputError
        For several neurons, and where 2νΔ is 1 or more, so that chance explains everything.

    Notes
    -----
    Kistler, Gerstner & van Hemmen 1997, Neural Comput 9:1015, doi:10.1162/neco.1997.9.5.1015; with N_data and N_model
    as in Jolivet et al. 2008, J Neurosci Methods 169:417, doi:10.1016/j.jneumeth.2007.11.006. It is symmetric where
    both trains have the same number of spikes.
    """
    width = positive(window, "window")
    one, other = (_one(train, what, start, stop) for train, what in ((data, "data"), (model, "model")))
    if one.start != other.start or one.stop != other.stop:
        raise InputError(
            f"data last from {one.start:g} to {one.stop:g} ms, the model from {other.start:g} to {other.stop:g} ms; "
            "say with start= and stop= what to compare"
        )
    total = one.time.size + other.time.size
    if not total:
        return float("nan")
    by_chance = 2 * width * other.time.size / other.length
    if by_chance >= 1:
        raise InputError(
            f"with {other.time.size} spikes in {other.length:g} ms all would coincide by chance within {width:g} ms; "
            "take a smaller window"
        )
    found = coincidences(one.time, other.time, width)
    return float((found - by_chance * one.time.size) / (total / 2) / (1 - by_chance))


def coincidences(one: Floats, other: Floats, window: float) -> int:
    """How many pairs of spikes of two ordered trains are at most `window` apart, each spike in one pair: the most."""
    i = j = found = 0
    slack = window + 1e-9
    a, b = one.tolist(), other.tolist()
    while i < len(a) and j < len(b):
        apart = a[i] - b[j]
        if abs(apart) <= slack:
            i, j, found = i + 1, j + 1, found + 1
        elif apart < 0:
            i += 1
        else:
            j += 1
    return found


def _one(train: Any, what: str, start: Any, stop: Any) -> Chosen:
    chosen = choose(train, start, stop, lasting=True)
    if chosen.neurons != 1:
        raise InputError(f"{what} has {chosen.neurons} neurons; give one, such as recording.spike_times(0)")
    return chosen


def detect_spikes(voltage: Any, dt: Any, threshold: Any = 0.0) -> Floats:
    """Spike times in a recorded voltage: where it rises through a threshold.

    Parameters
    ----------
    voltage : array_like (T,)
        In mV, or a quantity; the first sample at t = 0.
    dt
        Time between samples, in ms.
    threshold
        In mV. After a crossing the voltage must fall below it before there is another.

    Returns
    -------
    ndarray
        Times in ms, between samples on the straight line through them.
    """
    values, spacing = to_array(voltage, parse_unit("mV"), "voltage"), positive(dt, "dt")
    level = float(to_array(threshold, parse_unit("mV"), "threshold").reshape(()))
    if values.ndim != 1 or not np.isfinite(values).all():
        raise InputError(f"voltage is a 1-D array of finite numbers, those of one neuron, not {excerpt(voltage)}")
    before = np.flatnonzero((values[:-1] <= level) & (values[1:] > level))
    share = (level - values[before]) / (values[before + 1] - values[before])
    times: Floats = (before + share) * spacing
    return times
