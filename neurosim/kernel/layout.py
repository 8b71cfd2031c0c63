"""How a tile is laid out, and what a spike means for it."""

import ast
from dataclasses import dataclass

from ..expression import names
from ..methods import Adaptive, Method
from ..model import Model
from ..model.meaning import reach

TICK = 2.0**-26
"""The part of a step that located spikes are told apart by: sums of such parts are exact for 10^8 steps."""

TILE = 64
"""Neurons that are advanced together: their state stays in the first-level cache."""

MOST_SPIKES = 100
"""Of one neuron in one step, where they are located."""

BOOKKEEPING = ("above", "fired", "last_spike", "free_from", "refractory")


@dataclass(frozen=True)
class Layout:
    """Where things are in a tile: row numbers by name, and the constants the host computes.

    `drive` is the first row of the inputs, `tick` the part of a step that spike times are multiples of.
    """

    method: Method
    row: dict[str, int]
    constants: dict[str, ast.expr]
    matrices: tuple[str, ...]
    drive: int
    nodes: tuple[float, ...]
    rows: int
    tick: float
    bookkeeping: tuple[str, ...] = BOOKKEEPING


def feeds_back(model: Model) -> bool:
    """Whether a spike changes what the neuron does later: by a reset, a refractory time, or since_spike."""
    return bool(model.spike.reset) or model.spike.refractory is not None or needs_since_spike(model)


def located_by_default(model: Model, method: Method) -> bool:
    """Whether spikes are located where nobody said how: if they change what follows, or the method has no grid.

    Those of a hazard always are, those of a probability never.
    """
    if model.spike.is_random:
        return model.spike.kind == "hazard"
    return feeds_back(model) or isinstance(method, Adaptive)


def needs_since_spike(model: Model) -> bool:
    """Whether the time since the last spike enters the model."""
    trees = {name: formula.tree for name, formula in model.defines.items()}
    roots = [model.spike.rule, *model.spike.reset.values(), *(state.rate for state in model.states.values())]
    return "since_spike" in reach(set().union(*(names(formula.tree) for formula in roots)), trees)
