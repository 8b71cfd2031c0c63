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
from ..kernel.linear import leaky_membranes
from ..model import Model
from ..model.meaning import reach
from ..model.values import with_defines
from ..units import parse_unit
from ..waveforms import Constant

Floats = NDArray[np.float64]
_LARGEST_HAZARD = 1e6
"""Per ms: what a simulation takes for an infinite one."""


class Course(NamedTuple):
    """A leaky membrane after a spike, at constant input: rest + jump·exp(-decay·(s - held)); all (n, 1) or (1, 1).

    It stays where the spike has put it for the time `held`.
    """

    state: str
    rest: Floats
    jump: Floats
    decay: Floats
    held: Floats

    def at(self, since: Floats) -> Floats:
        """The state at times since the last spike, (k,) or (n, k)."""
        result: Floats = self.rest + self.jump * np.exp(-self.decay * np.maximum(since - self.held, 0.0))
        return result


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
    course : Course or None
        Of the membrane that the rule depends on, if it does.
    """

    model: Model
    columns: Mapping[str, Floats]
    step: Floats
    refractory: Floats
    course: Course | None = None

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
        known: dict[str, Any] = dict(self.columns) | {"since_spike": since}
        if self.course is not None:
            known[self.course.state] = self.course.at(since)
        known = with_defines(self.model, known)
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
        def of(value: Any) -> Any:
            return value[part] if len(value) > 1 else value

        columns = {name: of(value) for name, value in self.columns.items()}
        course = self.course and Course(self.course.state, *map(of, self.course[1:]))
        return Rule(self.model, columns, self.step[part], self.refractory[part], course)


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

    It depends on the time since that spike, or on one leaky membrane that each spike resets to the same value.

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
    if "t" in needed:
        raise NoTheory(f"{what} the time t, so that intervals are not alike")
    states = states_of_rule(model)
    if states:
        needed |= reach(names(model.states[states[0]].rate.tree), trees)
    elif model.spike.kind == "threshold" and "since_spike" not in needed:
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
    course = _course(model, states, columns, refractory) if states else None
    return Rule(model, columns, step, refractory, course)


def states_of_rule(model: Model) -> list[str]:
    """The states that a spike rule depends on, in order."""
    trees = {name: formula.tree for name, formula in model.defines.items()}
    return sorted(reach(names(model.spike.rule.tree), trees) & model.states.keys())


def _course(model: Model, states: list[str], columns: Mapping[str, Floats], refractory: Floats) -> Course:
    """The course of the one membrane that the rule depends on, where every spike puts it to the same place."""
    what = f"no renewal theory for {model.name}: its {model.spike.kind} depends on the state"
    values = with_defines(model, {name: columns[name] for name in model.parameters})
    trees = {name: formula.tree for name, formula in model.defines.items()}
    found = {membrane.state: (name, membrane) for name, membrane in leaky_membranes(model, values).items()}
    for state in states:
        reset = model.spike.reset.get(state)
        if reset is None or not names(reset.tree) <= values.keys():
            raise NoTheory(f"{what} {state}, which a spike does not reset to a constant: it remembers more")
        clocks = {"t", "since_spike"} & reach(names(model.states[state].rate.tree), trees)
        if state not in found or clocks or len(states) > 1:
            raise NoTheory(f"{what} {state}, which is not a leaky membrane by itself, dV/dt = -(V - E)/tau + b*I")
    name, membrane = found[states[0]]
    decay, gain, drift = (np.atleast_2d(np.asarray(value, float)) for value in membrane[1:])
    if not (decay > 0).all():
        raise NoTheory(f"{what} {states[0]}, which does not leak")
    rest = (gain * columns[name] + drift) / decay
    after = np.atleast_2d(np.asarray(evaluate(model.spike.reset[states[0]].tree, values), float))
    held = refractory.reshape(-1, 1) * (states[0] in model.spike.hold)
    return Course(states[0], rest, after - rest, decay, held)
