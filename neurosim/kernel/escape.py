"""Escape at a rate: the integral of the hazard becomes a state, and a spike happens where it reaches a drawn number.

After each spike the integral starts from -E with an exponential number E of mean 1, and the neuron spikes where it is
0: exact in law (inversion of the survivor function exp(-∫ρ)), one draw per interval.
"""

import ast
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from ..model import Model
from ..model.description import Formula, State
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
