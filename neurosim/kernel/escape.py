"""Escape at a rate: the integral of the hazard becomes a state, and a spike happens where it reaches a drawn number.

After each spike the integral starts from -E with an exponential number E of mean 1, and the neuron spikes where it is
0: exact in law (inversion of the survivor function exp(-∫ρ)), one draw per interval.
"""

import ast
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from ..expression import names
from ..methods import Method
from ..model import Model
from ..model.description import Formula, State
from ..model.meaning import reach
from .writer import call

HAZARD: Final = "_hazard"
"""The state; no name of a model file begins with _."""

_LARGEST = 1e6
"""Per ms; an infinite hazard becomes this one, which fires within 1e-5 ms."""


def with_hazard(model: Model) -> Model:
    """The model with a threshold in place of a hazard; any other model as it is."""
    if model.spike.hazard is None:
        return model
    nothing = Formula("0", ast.Constant(0.0))
    rate = Formula(model.spike.hazard.text, call("min", model.spike.hazard.tree, ast.Constant(_LARGEST)))
    reached = Formula("the integral", ast.Compare(ast.Name(HAZARD), [ast.GtE()], [ast.Constant(0.0)]))
    spike = model.spike._replace(
        threshold=reached,
        hazard=None,
        reset=MappingProxyType({**model.spike.reset, HAZARD: nothing}),
        hold=(*model.spike.hold, HAZARD) if model.spike.refractory is not None else model.spike.hold,
    )
    states = MappingProxyType({**model.states, HAZARD: State(nothing, rate, "")})
    return replace(model, states=states, spike=spike)


def integrated_after(model: Model, method: Method) -> bool:
    """Whether the hazard is integrated by the trapezoid, once the other states have made their step.

    So it is where it depends on them alone and the method is of no higher order: the hazard at the end of a step then
    is that at the beginning of the next, and one evaluation does where the stages of the method would take several.
    """
    if HAZARD not in model.states or method.order > 2:
        return False
    trees = {name: formula.tree for name, formula in model.defines.items()}
    needs = reach(names(model.states[HAZARD].rate.tree), trees) - trees.keys()
    return bool(needs & model.states.keys()) and needs <= model.states.keys() | model.parameters.keys()


def without_hazard(model: Model) -> Model:
    """The model that `with_hazard` made, without what it added to the states."""
    spike = model.spike._replace(
        reset=MappingProxyType({name: formula for name, formula in model.spike.reset.items() if name != HAZARD}),
        hold=tuple(name for name in model.spike.hold if name != HAZARD),
    )
    states = MappingProxyType({name: state for name, state in model.states.items() if name != HAZARD})
    return replace(model, states=states, spike=spike)
