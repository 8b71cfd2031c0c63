"""Parameters with several values: each makes a family, every combination a curve."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .currents import Current
from .errors import InputError
from .model import Model
from .noise import MembraneNoise, Noise
from .units import Unit, parse_unit, to_array

Floats = NDArray[np.float64]


def one_input(model: Model, I: Any, what: str) -> tuple[Floats, Unit]:
    """Values (m,) of the one input of a model in its declared unit, and that unit."""
    if len(model.inputs) != 1:
        raise InputError(f"{what} needs a model with one input; {model.name} has {len(model.inputs)}")
    if isinstance(I, Current):
        raise InputError(f"{what} is of constant inputs, an array of numbers; a current over time drives simulate")
    unit = parse_unit(next(iter(model.inputs.values())).unit)
    inputs = np.atleast_1d(to_array(I, unit, "the input")) / unit.factor
    if inputs.ndim != 1 or inputs.size == 0 or not np.isfinite(inputs).all():
        raise InputError(f"the inputs of {what} are finite numbers in a 1-D array")
    return inputs, unit


def has_noise(noise: Any) -> bool:
    """Whether noise is added; an error for a current without any, which would be the same in every trial."""
    if isinstance(noise, Current) and not any(isinstance(term.waveform, Noise | MembraneNoise) for term in noise.terms):
        raise InputError("noise is drawn anew in each trial, as white_noise(0, 5) is; this current is always the same")
    return noise is not None


def family_values(model: Model, name: str, value: Any) -> Floats:
    """One or several values of a parameter, in its declared unit."""
    unit = parse_unit(model.parameter(name).unit)
    values = to_array(value, unit, f"parameter {name}") / unit.factor
    if values.ndim > 1 or values.size == 0:
        raise InputError(f"parameter {name} is a number or a 1-D array of values, not of shape {values.shape}")
    return values


def combinations(given: Mapping[str, Floats]) -> tuple[tuple[int, ...], dict[str, Floats]]:
    """The shape of the families, and every combination of the values, the last varying fastest, as flat arrays."""
    shape = tuple(values.size for values in given.values() if values.ndim)
    axes = np.meshgrid(*(np.atleast_1d(values) for values in given.values()), indexing="ij")
    flat = {name: axis.ravel() for name, axis in zip(given, axes, strict=True)}
    assert all(values.size == math.prod(shape) for values in flat.values())
    return shape, flat
