"""Parameters with several values: each makes a family, every combination a curve."""

import contextlib
import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .currents import Current
from .errors import InputError, excerpt
from .model import Model
from .noise import MembraneNoise, Noise
from .units import Unit, parse_unit, to_array, to_number

Floats = NDArray[np.float64]

NOT_ASKED: Final = "theory=False"
"""In place of a reason why no theory is known, where none was asked for."""


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


def usual_end(model: Model) -> float:
    """Input to end a gain function at: twice the strongest constant one in the checks of the model's file.

    In the declared unit of the one input.
    """
    unit = parse_unit(next(iter(model.inputs.values())).unit)
    constant = [0.0]
    for check in model.checks:
        with contextlib.suppress(InputError):  # a current in words
            constant.append(to_number(check.input, unit, "input") / unit.factor)
    if max(constant) == 0:
        raise InputError(f"no check of {model.name} has a constant input to go by; say how far to go")
    return 2 * max(constant)


def common_noise(noise: Any) -> Current | None:
    """A noise current for all curves of an experiment alike; None for none."""
    if noise is None:
        return None
    if not isinstance(noise, Current) or not any(isinstance(t.waveform, Noise | MembraneNoise) for t in noise.terms):
        found = "a current without noise" if isinstance(noise, Current) else excerpt(noise)
        raise InputError(f"noise is a noise current, such as white_noise(0, 5), in words white:0,5; this is {found}")
    if any(getattr(term.waveform, "frozen", False) for term in noise.terms):
        raise InputError("noise is drawn anew in each trial here; leave out frozen=True, with which all would be alike")
    for term in noise.terms:
        stated = term.amplitude if isinstance(term.amplitude, tuple) else (term.amplitude,)
        if any(np.size(part) != 1 for part in (*stated, term.factor, getattr(term.waveform, "time", 1.0))):
            raise InputError("noise takes single numbers here, as all curves have it; a parameter may have several")
    return noise


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
