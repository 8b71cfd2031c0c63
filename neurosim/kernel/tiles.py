"""Neurons laid out in tiles: what the host computes once, before time starts to run."""

import ast
import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..expression import evaluate, names
from ..model import Model
from ..model.meaning import reach
from ..model.values import with_defines
from .layout import TILE, Layout
from .linear import matrices

Floats = NDArray[np.float64]
_CACHE_LINE = 64  # bytes

REMEMBERED: Final = ("since_spike", "above_threshold", "refractory")
"""What a final state has beside the states of the model."""


def tile_width(neurons: int, threads: int) -> int:
    """Neurons per tile: all of a tile, or fewer so that every thread has some."""
    share = -(-neurons // threads)
    return min(TILE, -(-share // 8) * 8)


def make_tiles(
    model: Model,
    layout: Layout,
    parameters: Mapping[str, Floats],
    start: Mapping[str, Floats],
    neurons: int,
    width: int,
    dt: float,
) -> Floats:
    """All rows of all tiles at t = 0: (tiles, rows, TILE).

    Parameters
    ----------
    parameters
        Value of every parameter in the coherent set, (n,) or ().
    start
        Values given in place of the model's own, of states and of the bookkeeping in `final_state`.
    """
    rows: dict[str, Any] = {f"s_{name}": value for name, value in start_values(model, parameters, start).items()}
    since = start.get("since_spike", np.float64(np.inf))
    rows["last_spike"] = -_rounded(since / dt, layout)
    rows["above"] = start.get("above_threshold", 0.0)
    rows["fired"] = 0.0
    values = with_defines(model, parameters)
    refractory = model.spike.refractory
    rows["refractory"] = 0.0 if refractory is None else _rounded(evaluate(refractory.tree, values) / dt, layout)
    if not np.all(rows["refractory"] >= 0):
        raise InputError(f"the refractory time {refractory and refractory.text} of {model.name} is negative or NaN")
    ago = -rows["last_spike"]
    left = np.where(ago < rows["refractory"], rows["refractory"] - np.where(np.isfinite(ago), ago, 0.0), 0.0)
    rows["free_from"] = _rounded(start["refractory"] / dt, layout) if "refractory" in start else left
    rows |= {name: _constant(model, tree, values) for name, tree in layout.constants.items()}
    if layout.matrices:
        entries = matrices(model, layout.method, values, neurons, dt)
        rows |= {name: entries[name] for name in layout.matrices}
    tiles = new_tiles(neurons, width, layout.rows)
    for name, value in rows.items():
        fill(tiles, layout.row[name], value, neurons, width)
    return tiles


def _rounded(steps: Any, layout: Layout) -> Any:
    """A time in steps, as fine as the kernel tells spikes apart: whole steps on the grid."""
    return np.rint(steps / layout.tick) * layout.tick


def _constant(model: Model, tree: ast.expr, values: Mapping[str, Any]) -> Any:
    """The value of a part that depends on parameters only; infinite only if one of them is."""
    value = evaluate(tree, values)
    trees = {name: formula.tree for name, formula in model.defines.items()}
    used = [name for name in model.parameters if name in reach(names(tree), trees)]
    if not np.isfinite(value).all() and all(np.isfinite(values[name]).all() for name in used):
        given = " and ".join(f"{name} ({model.parameters[name].meaning})" for name in used)
        raise InputError(f"{ast.unparse(tree)} in {model.name} is not finite for the given {given}")
    return value


def new_tiles(neurons: int, width: int, rows: int) -> Floats:
    """Zeros (tiles, rows, TILE) from the beginning of a cache line on: threads share none, no vector straddles two."""
    shape = (-(-neurons // width), rows, TILE)
    block = np.zeros(math.prod(shape) + _CACHE_LINE // 8)
    skip = -block.ctypes.data % _CACHE_LINE // 8
    return block[skip : skip + math.prod(shape)].reshape(shape)


def fill(tiles: Floats, row: int, values: Any, neurons: int, width: int) -> None:
    """Put one value, or one per neuron, into a row of all tiles."""
    padded = np.zeros(len(tiles) * width)
    padded[:neurons] = values
    tiles[:, row, :width] = padded.reshape(-1, width)


def start_values(model: Model, parameters: Mapping[str, Floats], start: Mapping[str, Floats]) -> dict[str, Any]:
    """States at t = 0: as given in `start`, else as the model says, in an order in which each finds what it needs."""
    known: dict[str, Any] = dict(parameters) | {name: start[name] for name in model.states if name in start}
    trees: dict[str, ast.expr] = {name: formula.tree for name, formula in model.defines.items()}
    trees |= {name: state.start.tree for name, state in model.states.items()}
    waiting = {name: tree for name, tree in trees.items() if name not in known and _settled(name, trees, known)}
    while waiting:
        ready = [name for name, tree in waiting.items() if names(tree) <= known.keys()]
        for name in ready:
            known[name] = evaluate(waiting.pop(name), known)
    return {name: known[name] for name in model.states}


def _settled(name: str, trees: Mapping[str, ast.expr], known: Mapping[str, Any]) -> bool:
    """Whether a definition depends on nothing but parameters and start values: not on input or time."""
    return reach([name], trees) <= trees.keys() | known.keys()


def final_state(
    model: Model, layout: Layout, tiles: Floats, neurons: int, width: int, steps: int, dt: float
) -> dict[str, Floats]:
    """What `make_tiles` accepts as `start` to go on from where the tiles are."""

    def row(name: str) -> Floats:
        return tiles[:, layout.row[name], :width].reshape(-1)[:neurons].copy()

    state = {name: row(f"s_{name}") for name in model.states}
    state["since_spike"] = (steps - row("last_spike")) * dt
    state["above_threshold"] = row("above")
    state["refractory"] = np.maximum(row("free_from") - steps, 0.0) * dt
    return state
