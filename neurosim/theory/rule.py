"""The spike rule of a model as a function of the time since the last spike, where it depends on nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, eq=False)
class Rule:
    """A spike rule for n sets of inputs and parameters.

    Attributes
    ----------
    model : Model
    columns : mapping of name to ndarray (n, 1) or (1, 1)
        Inputs and parameters in the coherent set.
    step, refractory : ndarray (n,)
        Time between draws (0 if there are none) and refractory time, in ms.
    """

    model: Model
    columns: Mapping[str, Floats]
    step: Floats
    refractory: Floats

    @property
    def kind(self) -> str:
        """Which rule it is: "threshold", "probability" or "hazard"."""
        return self.model.spike.kind

    @property
    def size(self) -> int:
        """How many sets of inputs and parameters."""
        return self.step.size

    def value(self, since: Floats) -> Any:
        """Whether the threshold is reached, the probability, or the hazard per ms.

        `since`, times since the last spike in ms, is (k,) or (n, k), the result (n, k). As a simulation takes it: a
        probability is within 0 and 1, a hazard within 0 and the largest. NaN at an infinite time says that there is no
        limit.
        """
        known = with_defines(self.model, dict(self.columns) | {"since_spike": since})
        rule = self.model.spike.rule
        found = np.broadcast_to(evaluate(rule.tree, known), (self.size, np.shape(since)[-1]))
        if self.kind == "threshold":
            return found
        if (np.isnan(found) & np.isfinite(since)).any():
            raise InputError(
                f"the {self.kind} {rule.text} of {self.model.name} is NaN for the given input and parameters"
            )
        return np.clip(found, 0.0, 1.0 if self.kind == "probability" else _LARGEST_HAZARD)

    def parts(self, most: int) -> "list[Rule]":
        """The same in parts of at most so many sets."""
        return [self._part(slice(first, first + most)) for first in range(0, self.size, most)]

    def _part(self, part: slice) -> "Rule":
        columns = {name: value[part] if len(value) > 1 else value for name, value in self.columns.items()}
        return Rule(self.model, columns, self.step[part], self.refractory[part])


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
        raise NoTheory(f"no theory known for {model.name} with an input that changes with time; give a constant one")
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
    columns = {name: value.reshape(-1, 1) for name, value in fixed.items()}
    constants, spike = with_defines(model, numbers.values), model.spike
    formulas = (spike.per, spike.refractory)
    times = [np.float64(0.0) if time is None else evaluate(time.tree, constants) for time in formulas]
    step, refractory = (np.broadcast_to(np.asarray(time, float), numbers.size) for time in times)
    if not all((np.isfinite(time) & (time >= 0)).all() for time in (step, refractory)) or (
        spike.per and not step.all()
    ):
        raise InputError(f"the refractory time and the time between draws of {model.name} must be finite and positive")
    return Rule(model, columns, step, refractory)
