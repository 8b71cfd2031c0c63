"""Which of Brian2's integration methods is which of ours, and what it needs to be told of the others."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..kernel import Setup
from ..kernel.linear import equations_of, linear_form, matrices, propagated_states
from ..kernel.schemes import frozen_slopes, slopes_where_linear
from ..methods import Exact, ExactRungeKutta, ExponentialEuler, ExponentialMidpoint, RungeKutta
from ..model import Model
from ..model.values import with_defines
from ..units import RATE, parse_unit
from .inputs import Lines
from .words import Amount, Place, Words, coherent_in_si, dimension_text

_BUILT_IN = {"euler": "euler", "midpoint": "rk2", "rk4": "rk4", "exponential-euler": "exponential_euler"}
_NODES = {1: ("",), 3: ("_begin", "_middle", "_end")}


@dataclass(frozen=True)
class Scheme:
    """How Brian2 is to integrate.

    Attributes
    ----------
    name : str
        A method of Brian2, or one of the functions in `updaters`.
    description : str
        In its place, what an ``ExplicitStateUpdater`` is made from.
    options : mapping of str to mapping
        ``method_options`` of one of the functions.
    """

    name: str = ""
    description: str = ""
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


def scheme_of(setup: Setup, words: Words, lines: Lines, place: Place) -> Scheme:
    """Choose a scheme, and add to the lines what it needs.

    Raises
    ------
    InputError
        For a model that the method cannot integrate.
    """
    model, method = words.model, setup.method
    if not model.states and setup.model.spike.hazard is None:
        return Scheme("euler")
    if isinstance(method, Exact | ExactRungeKutta):
        return _by_matrices(setup, words, lines)
    if isinstance(method, ExponentialMidpoint):
        return _exponential_midpoint(words, lines, place)
    if isinstance(method, ExponentialEuler):
        frozen_slopes(model)  # refuses in our own words
    if method.name in _BUILT_IN:
        return Scheme(_BUILT_IN[method.name])
    assert isinstance(method, RungeKutta), f"{method.name} was refused before"
    return Scheme(description=description(method))


def description(method: RungeKutta) -> str:
    """A Runge–Kutta scheme as Brian2's ``ExplicitStateUpdater`` reads it."""
    lines = []
    for i, (row, node) in enumerate(zip(method.coupling, method.nodes, strict=True), 1):
        x = " + ".join(["x", *(f"{a!r}*k_{j}" for j, a in enumerate(row, 1) if a)])
        lines.append(f"k_{i} = dt*f({x}, t{f' + {node!r}*dt' if node else ''})")
    weights = " + ".join(f"{b!r}*k_{j}" for j, b in enumerate(method.weights, 1) if b)
    return "\n".join([*lines, f"x_new = x + {weights}"])


def _exponential_midpoint(words: Words, lines: Lines, place: Place) -> Scheme:
    """The slopes as subexpressions, which the updater looks up by name."""
    slopes = {}
    for name, slope in zip(words.model.states, slopes_where_linear(words.model), strict=True):
        if ast.unparse(slope) != "0.0":
            own = slopes[words.name[name]] = words.fresh(f"{words.name[name]}_slope")
            lines.equations.append(f"{own} = {words.write_tree(slope, place, RATE)} : {dimension_text(RATE)}")
    return Scheme("exponential_midpoint", options={"slopes": slopes})


# By the matrix exponential ---------------------------------------------------------------------------------------


def _by_matrices(setup: Setup, words: Words, lines: Lines) -> Scheme:
    """Brian2's ``exact`` where that can, ``euler`` where no rate depends on a state, else propagators that we compute.

    With the input held over a step ``euler`` is the same there.
    """
    model, method = words.model, setup.method
    assert isinstance(method, Exact | ExactRungeKutta)
    whole = isinstance(method, Exact)
    states = propagated_states(model, method)
    linear_form(model, states, method)
    values = with_defines(model, setup.parameters)
    if whole:
        matrix = equations_of(model, method, states, values, setup.drive.neurons)[:, :, : len(states)]
        if not matrix.any():
            return Scheme("euler")
        if _solved_by_brian2(model, states, matrix):
            return Scheme("exact")
    rows = matrices(model, method, values, setup.drive.neurons, setup.dt)
    writer = _Propagators(model, words, lines, states, rows, _NODES[1 if whole else 3])
    half = {} if whole else writer.all("Q", "K")
    used = [name for name in model.inputs if any(rows[f"P{i}_{name}_0"].any() for i in range(len(states)))]
    inputs = {} if whole else {words.name[name]: writer.at_nodes(name) for name in used}
    return Scheme("propagate", options={"inputs": inputs, "half": half, "whole": writer.all("P", "H")})


def _solved_by_brian2(model: Model, states: list[str], matrix: np.ndarray) -> bool:
    """Whether there is one state of rest, and no other state depends on one that is held."""
    if np.any(np.linalg.matrix_rank(matrix) < len(states)):
        return False
    held = [states.index(name) for name in model.spike.hold]
    others = [[k for k in range(len(states)) if k != column] for column in held]
    return not any(matrix[:, rows, column].any() for rows, column in zip(others, held, strict=True))


@dataclass
class _Propagators:
    """Writes what a step adds to linear states; the numbers are in units of the SI."""

    model: Model
    words: Words
    lines: Lines
    states: list[str]
    rows: Mapping[str, np.ndarray]
    nodes: tuple[str, ...]

    def all(self, letter: str, held: str) -> dict[str, str]:
        """Each state after the step; with other numbers, or not moved, while states are held."""
        hold, found = set(self.model.spike.hold) & set(self.states), {}
        for i, name in enumerate(self.states):
            own, free = self.words.name[name], self._row(letter, i)
            if name in hold:
                free = f"int(not_refractory)*({free})"
            elif hold and self._depends(i, hold):
                free = f"int(not_refractory)*({free}) + int(not not_refractory)*({self._row(held, i)})"
            found[own] = f"{own} + {free}"
        return found

    def at_nodes(self, name: str) -> tuple[str, ...]:
        """What an input is called at the nodes of a step."""
        own = self.words.name[name]
        return tuple(f"_{own}{node}" for node in self.nodes) if len(self.nodes) > 1 else (own,)

    def _depends(self, i: int, hold: set[str]) -> bool:
        return any(self.rows[f"P{i}_{name}"].any() for name in hold)

    def _row(self, letter: str, i: int) -> str:
        row, mine = f"{letter}{i}", self._in_si(self.model.states[self.states[i]].unit)
        terms = [(name, self.words.name[name], self._in_si(self.model.states[name].unit)) for name in self.states]
        for name, entry in self.model.inputs.items():
            nodes = enumerate(self.at_nodes(name))
            terms += [(f"{name}_{k}", node, self._in_si(entry.unit)) for k, node in nodes]
        written = []
        for column, factor, theirs in [*terms, ("1", "", 1.0)]:
            numbers = self.rows[f"{row}_{column}"] * (mine / theirs)
            if numbers.any():
                name = self.words.fresh(f"{letter}_{self.states[i]}_{column}")
                self.lines.number(name, Amount(numbers, parse_unit("1")))
                written.append(f"{name}*{factor}" if factor else name)
        return " + ".join(written) or "0"

    def _in_si(self, unit: str) -> float:
        return coherent_in_si(parse_unit(unit).dimension)
