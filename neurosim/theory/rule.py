"""The spike rule of a model as a function of the time since the last spike, where it depends on nothing else."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arguments import by_name, parameter_values
from ..chance import of_membranes
from ..drive import Drive, common_size, resolve_drive
from ..errors import InputError
from ..expression import evaluate, names
from ..model import Model
from ..model.meaning import reach
from ..model.values import with_defines
from ..units import parse_unit
from ..waveforms import Constant

Floats = NDArray[np.float64]
_LARGEST_HAZARD = 1e6
"""Per ms: what a simulation takes for an infinite one."""


class NoTheory(InputError):
    """There is no theory for this model and input: which part of them stands against it."""


class Rule(NamedTuple):
    """A spike rule for n sets of inputs and parameters.

    `value` takes times since the last spike, (k,) or (n, k), and returns (n, k): whether the threshold is reached, the
    probability, or the hazard per ms. `step` is the time between draws, `refractory` the refractory time: (n,), ms.
    """

    kind: str
    value: Callable[[Floats], Any]
    step: Floats
    refractory: Floats
    dt: float

    def of_one(self, index: int) -> "Rule":
        """The rule for one of the n."""

        def value(since: Floats) -> Any:
            return self.value(since)[index : index + 1]

        part = slice(index, index + 1)
        return Rule(self.kind, value, self.step[part], self.refractory[part], self.dt)

    @property
    def size(self) -> int:
        """How many sets of inputs and parameters."""
        return self.step.size


class Driven(NamedTuple):
    """A model with numbers: parameters (n,) or (), what drives it, and n."""

    values: Mapping[str, Floats]
    drive: Drive
    size: int


def driven(model: Model, I: Any, parameters: Mapping[str, Any] | None) -> Driven:
    """Inputs and parameters in the coherent set.

    Raises
    ------
    InputError
        As `simulate` does.
    """
    values = parameter_values(model, by_name(parameters, "parameters"))
    units = {name: parse_unit(entry.unit) for name, entry in model.inputs.items()}
    size = common_size([(f"parameter {name}", value.size) for name, value in values.items()])
    drive = resolve_drive(of_membranes(model, I, with_defines(model, values)), units, 1, 1.0, size)
    return Driven(values, drive, drive.neurons)


def constant_inputs(model: Model, drive: Drive) -> dict[str, Floats]:
    """The inputs without their noise, (n,) each.

    Raises
    ------
    NoTheory
        If one of them changes with time.
    """
    total = {name: np.zeros(drive.neurons) for name in model.inputs}
    if drive.dense or not all(isinstance(waveform, Constant) for waveform in drive.waveforms):
        raise NoTheory(f"no theory for {model.name} here: its input changes with time; give a constant one")
    for amplitude, target in zip(drive.amplitude, drive.target, strict=True):
        total[list(model.inputs)[target]] += amplitude
    return total


def renewal_rule(model: Model, I: Any, parameters: Mapping[str, Any] | None = None) -> Rule:
    """The rule of a model that forgets everything but its last spike, at constant input.

    Parameters
    ----------
    model : Model
    I
        Numbers in the unit of the input, (n,) or one, quantities, a constant `Current`; by name for several inputs.
    parameters
        Values that differ from the model's, (n,) or one each.

    Raises
    ------
    NoTheory
        Where the rule depends on more than the time since the last spike.
    """
    numbers = driven(model, I, parameters)
    rule = model.spike.rule
    trees = {name: formula.tree for name, formula in model.defines.items()}
    needed = reach(names(rule.tree), trees)
    what = f"no renewal theory for {model.name}: its {model.spike.kind} depends on"
    if states := sorted(needed & model.states.keys()):
        raise NoTheory(f"{what} the state {states[0]}, which may remember more than the last spike")
    if "t" in needed:
        raise NoTheory(f"{what} the time t, so that intervals are not alike")
    if model.spike.kind == "threshold" and "since_spike" not in needed:
        raise NoTheory(f"no renewal theory for {model.name}: its threshold does not depend on since_spike")
    if numbers.drive.noise and needed & model.inputs.keys():
        raise NoTheory(f"{what} an input with noise; give a constant one")
    fixed = dict(numbers.values) | constant_inputs(model, numbers.drive)
    column = {name: value.reshape(-1, 1) for name, value in fixed.items()}
    n, refractory, per = numbers.size, model.spike.refractory, model.spike.per
    constants = with_defines(model, numbers.values)

    def value(since: Floats) -> Any:
        known = with_defines(model, column | {"since_spike": since})
        found = np.broadcast_to(evaluate(rule.tree, known), (n, np.shape(since)[-1]))
        return _usable(found, since, model)

    times = [np.float64(0.0) if time is None else evaluate(time.tree, constants) for time in (per, refractory)]
    step, held = (np.broadcast_to(np.asarray(time, float), n).astype(float) for time in times)
    if not (np.isfinite(step) & (step >= 0) & np.isfinite(held) & (held >= 0)).all() or (per and not step.all()):
        raise InputError(f"the refractory time and the time between draws of {model.name} must be finite and positive")
    return Rule(model.spike.kind, value, step, held, model.dt)


def _usable(value: Any, since: Floats, model: Model) -> Any:
    """As a simulation takes it: a probability within 0 and 1, a hazard within 0 and the largest.

    An expression may have no limit at infinite times; NaN there says so.
    """
    if model.spike.kind == "threshold":
        return value
    if (np.isnan(value) & np.isfinite(since)).any():
        rule = model.spike.rule.text
        raise InputError(f"the {model.spike.kind} {rule} of {model.name} is NaN for the given input and parameters")
    return np.clip(value, 0.0, 1.0 if model.spike.kind == "probability" else _LARGEST_HAZARD)
