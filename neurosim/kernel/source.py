"""Model × method → the source of a kernel that a person can read.

A tile holds up to `TILE` neurons as rows of one block: states, bookkeeping, constants and inputs, each a row with one
column per neuron. A kernel steps a whole window of time over one tile; its inner loop runs over neurons.

Names from the model file are prefixed (s_ state, p_ parameter, d_ define, i_ input, r_ rate); nothing else of the
file but numbers enters the source.
"""

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..errors import InputError
from ..expression import CLOCKS, names
from ..methods import Exact, ExponentialEuler, Method, RungeKutta
from ..model import Model
from ..model.meaning import reach
from .rewrite import NotLinear, Slopes
from .writer import Writer, names_in

_MOST_STATES_OF_EXACT = 32
TILE = 64
"""Neurons that are advanced together: their state stays in the first-level cache."""

BOOKKEEPING = ("above", "fired", "last_spike", "free_from", "refractory")


@dataclass(frozen=True)
class Layout:
    """Where things are in a tile: row numbers by name, and the constants the host computes."""

    row: dict[str, int]
    constants: dict[str, ast.expr]
    propagator: tuple[str, ...]
    drive: int
    nodes: tuple[float, ...]
    rows: int


@lru_cache(maxsize=64)
def kernel_source(model: Model, method: Method) -> tuple[str, Layout]:
    """Source of the module that defines `advance`, and the layout of its tiles.

    Raises
    ------
    InputError
        Where the method cannot integrate the model, with methods that can.
    """
    writer = Writer(model)
    nodes = _nodes(model, method)
    functions, body = _SCHEMES[type(method)](model, method, writer, nodes)
    threshold_lines, threshold = writer.block([model.spike.threshold.tree])
    functions.append(writer.function("threshold", threshold_lines, threshold))
    reset_lines, reset = writer.block([formula.tree for formula in model.spike.reset.values()])
    layout = _layout(model, writer, method, nodes)
    lines = _Lines(model, writer, layout)
    text = _MODULE.format(
        model=model.name,
        method=method.name,
        functions="\n\n\n".join(functions),
        rows=layout.rows,
        tile=TILE,
        coefficients=_indent(_coefficients(method), 1),
        inputs=len(model.inputs),
        nodes=len(nodes),
        drive=layout.drive,
        advance=_indent([*lines.load(body), *body, *lines.store(), *lines.test()], 3),
        bookkeeping=", ".join(name.upper() for name in BOOKKEEPING),
        numbers=", ".join(str(layout.row[name]) for name in BOOKKEEPING),
        guard=_indent(lines.guard(), 5),
        finish=_indent(lines.finish(reset_lines, reset), 5),
    )
    return re.sub(r"\n\n(?=    for step| {20})", "\n", text), layout


def needs_since_spike(model: Model) -> bool:
    """Whether the time since the last spike enters the model."""
    trees = {name: formula.tree for name, formula in model.defines.items()}
    roots = [model.spike.threshold, *model.spike.reset.values(), *(state.rate for state in model.states.values())]
    return "since_spike" in reach(set().union(*(names(formula.tree) for formula in roots)), trees)


def _nodes(model: Model, method: Method) -> tuple[float, ...]:
    """Where in a step the input is needed: by the method, and at its end if the spike rule looks at it."""
    trees = {name: formula.tree for name, formula in model.defines.items()}
    rule = [model.spike.threshold, *model.spike.reset.values()]
    seen = reach(set().union(*(names(formula.tree) for formula in rule)), trees)
    nodes = set(method.nodes if model.states else ()) | ({1.0} if seen & model.inputs.keys() else set())
    return tuple(sorted(nodes)) or (0.0,)


def _layout(model: Model, writer: Writer, method: Method, nodes: tuple[float, ...]) -> Layout:
    row = {f"s_{name}": i for i, name in enumerate(model.states)}
    for name in BOOKKEEPING:
        row[name] = len(row)
    for name in writer.constants:
        row[name] = len(row)
    propagator = propagator_entries(model) if isinstance(method, Exact) else ()
    for name in propagator:
        row[name] = len(row)
    drive = len(row)
    for i in model.inputs:
        for s in range(len(nodes)):
            row[f"i_{i}_{s}"] = len(row)
    return Layout(row, dict(writer.constants), tuple(propagator), drive, nodes, len(row))


# Schemes: functions the kernel calls, and the lines that carry s_… over one step ----------------------------------


def _runge_kutta(
    model: Model, method: RungeKutta, writer: Writer, nodes: tuple[float, ...]
) -> tuple[list[str], list[str]]:
    if not model.states:
        return [], []
    lines, rates = writer.block([state.rate.tree for state in model.states.values()])
    function = writer.function("rates", lines, rates)
    body = []
    for i, couplings in enumerate(method.coupling, 1):
        prefix = "s_"
        if any(couplings):
            prefix = f"y{i}_"
            for name in model.states:
                terms = [(f"h{i}_{j}", f"r{j}_{name}") for j, a in enumerate(couplings, 1) if a]
                body.append(f"y{i}_{name} = {_fused(terms, f's_{name}')}")
        arguments = writer.arguments("rates", method.nodes[i - 1], nodes, state=prefix)
        body.append(f"{', '.join(f'r{i}_{name}' for name in model.states)} = rates({arguments})")
        body += [f"r{i}_{name} = select(free, r{i}_{name}, 0.0)" for name in model.spike.hold]
    for name in model.states:
        terms = [(f"w{j}", f"r{j}_{name}") for j, b in enumerate(method.weights, 1) if b]
        body.append(f"s_{name} = {_fused(terms, f's_{name}')}")
    return [function], body


def _fused(products: Sequence[tuple[str, str]], start: str) -> str:
    """The sum of a start and products, by fused multiply-adds."""
    for a, b in products:
        start = f"fma({a}, {b}, {start})"
    return start


def _exponential_euler(
    model: Model, method: ExponentialEuler, writer: Writer, nodes: tuple[float, ...]
) -> tuple[list[str], list[str]]:
    """Each state as x' = a + bx with a and b frozen.

    Then x(dt) = x + dt·x'·(e^(b·dt) - 1)/(b·dt), and 1/exprelr(b·dt) is that quotient.
    """
    if not model.states:
        return [], []
    defines = {name: formula.tree for name, formula in model.defines.items()}
    slopes = []
    for name, state in model.states.items():
        try:
            slopes.append(Slopes(name, defines).of(state.rate.tree) or ast.Constant(0.0))
        except NotLinear:
            raise InputError(
                f"exponential-euler needs the rate of each state to be linear in it, which that of {name} in "
                f"{model.name} is not; use rk4 or euler"
            ) from None
    lines, results = writer.block([*(state.rate.tree for state in model.states.values()), *slopes])
    function = writer.function("rates_and_slopes", lines, results)
    targets = [*(f"r_{name}" for name in model.states), *(f"b_{name}" for name in model.states)]
    body = [f"{', '.join(targets)} = rates_and_slopes({writer.arguments('rates_and_slopes', 0.0, nodes)})"]
    body += [f"r_{name} = select(free, r_{name}, 0.0)" for name in model.spike.hold]
    body += [f"s_{name} = s_{name} + dt*r_{name}/exprelr(dt*b_{name})" for name in model.states]
    return [function], body


def _exact(model: Model, method: Exact, writer: Writer, nodes: tuple[float, ...]) -> tuple[list[str], list[str]]:
    linear_form(model)
    hold = set(model.spike.hold)
    body = []
    middle = {name: f"i_{name}_{nodes.index(method.nodes[0])}" for name in model.inputs} if model.states else {}
    for name in model.states:
        body.append(f"x_{name} = {_row_of_propagator(model, 'P', name, middle)}")
        if name in hold:
            body.append(f"x_{name} = select(free, x_{name}, s_{name})")
        elif hold:
            body.append(f"x_{name} = select(free, x_{name}, {_row_of_propagator(model, 'H', name, middle)})")
    return [], body + [f"s_{name} = x_{name}" for name in model.states]


def _row_of_propagator(model: Model, matrix: str, name: str, middle: dict[str, str]) -> str:
    row = f"{matrix}{list(model.states).index(name)}"
    terms = [f"{row}_{other}*s_{other}" for other in model.states]
    terms += [f"{row}_{other}*{middle[other]}" for other in model.inputs]
    return f"s_{name} + ({' + '.join([*terms, f'{row}_1'])})"


def propagator_entries(model: Model) -> tuple[str, ...]:
    """Names of the rows of the propagator: P while all is free, H while the states in `hold` are held."""
    matrices = "PH" if model.spike.hold and len(model.states) > len(model.spike.hold) else "P"
    return tuple(
        f"{matrix}{row}_{other}"
        for matrix in matrices
        for row in range(len(model.states))
        for other in (*model.states, *model.inputs, "1")
    )


def linear_form(model: Model) -> dict[tuple[str, str], ast.expr | None]:
    """Coefficients of a linear model: (state, state or input) → a tree of parameters, None for 0.

    Raises
    ------
    InputError
        Where a rate is not linear with coefficients that are constant in time.
    """
    if len(model.states) > _MOST_STATES_OF_EXACT:
        raise InputError(f"exact is for up to {_MOST_STATES_OF_EXACT} states, {model.name} has more; use rk4")
    defines = {name: formula.tree for name, formula in model.defines.items()}
    varying = {*model.states, *model.inputs, *CLOCKS}
    by: dict[str, Slopes] = {}
    form = {}
    for name, state in model.states.items():
        used = reach(names(state.rate.tree), defines)
        try:
            if used & set(CLOCKS):
                raise NotLinear
            for other in (*model.states, *model.inputs):
                if other in used and other not in by:
                    by[other] = Slopes(other, defines)
                coefficient = by[other].of(state.rate.tree) if other in used else None
                if coefficient is not None and reach(names(coefficient), defines) & varying:
                    raise NotLinear
                form[name, other] = coefficient
        except NotLinear:
            raise InputError(
                f"exact needs rates that are linear with constant coefficients, which that of {name} in {model.name} "
                "is not; use rk4"
            ) from None
    return form


_SCHEMES: dict[type[Method], Callable[..., tuple[list[str], list[str]]]] = {
    RungeKutta: _runge_kutta,
    ExponentialEuler: _exponential_euler,
    Exact: _exact,
}


def _coefficients(method: Method) -> list[str]:
    if not isinstance(method, RungeKutta):
        return []
    lines = [f"h{i}_{j} = {a!r} * dt" for i, row in enumerate(method.coupling, 1) for j, a in enumerate(row, 1) if a]
    return lines + [f"w{j} = {b!r} * dt" for j, b in enumerate(method.weights, 1) if b]


# The loop --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Lines:
    """The lines around the scheme: what comes from the tile, what goes back, and the spike rule."""

    model: Model
    writer: Writer
    layout: Layout

    def load(self, body: list[str]) -> list[str]:
        """Bring rows that `body`, the threshold or the end of a step need into local names."""
        needed = names_in([*body, f"threshold({self._threshold()})"])
        lines = [f"{name} = tile[{row}, j]" for name, row in self.layout.row.items() if name in needed]
        if "free" in needed or self.model.spike.refractory:
            lines.append("free = step >= tile[FREE_FROM, j]")
        return lines

    def store(self) -> list[str]:
        return [f"tile[{self.layout.row[f's_{name}']}, j] = s_{name}" for name in self.model.states]

    def test(self) -> list[str]:
        lines = [
            f"now = threshold({self._threshold()})",
            "fires = now & (tile[ABOVE, j] == 0.0)",
            "tile[ABOVE, j] = select(now, 1.0, 0.0)",
        ]
        if self.model.spike.refractory:  # no test meanwhile
            lines[1] += " & free"
            lines[2] = "tile[ABOVE, j] = select(free, select(now, 1.0, 0.0), tile[ABOVE, j])"
        return [*lines, "tile[FIRED, j] = select(fires, 1.0, 0.0)", "firing += 1 if fires else 0"]

    def _threshold(self) -> str:
        return self.writer.arguments("threshold", 1.0, self.layout.nodes)

    def finish(self, lines: list[str], results: list[str]) -> list[str]:
        """What a spike does to the one neuron that fired."""
        row, reset = self.layout.row, self.model.spike.reset
        text = ["tile[LAST_SPIKE, j] = step + 1.0"]
        if self.model.spike.refractory:
            text.append("tile[FREE_FROM, j] = step + 1.0 + tile[REFRACTORY, j]")
        if reset or needs_since_spike(self.model):
            text.append("tile[ABOVE, j] = 0.0")
        if not reset:
            return text
        needed = names_in([*lines, *results])
        end = len(self.layout.nodes) - 1
        rows = {name: row[name] for name in row} | {f"i_{name}": row[f"i_{name}_{end}"] for name in self.model.inputs}
        clocks = {"t": "(step + 1.0)*dt", "since_spike": "(step + 1.0 - tile[LAST_SPIKE, j])*dt"}
        loads = [f"{name} = tile[{number}, j]" for name, number in rows.items() if name in needed]
        loads += [f"{name} = {clock}" for name, clock in clocks.items() if name in needed]
        results = [f"x_{name} = {result}" for name, result in zip(reset, results, strict=True)]
        stores = [f"tile[{row[f's_{name}']}, j] = x_{name}" for name in reset]
        return [*loads, *lines, *results, *text, *stores]

    def guard(self) -> list[str]:
        """A reset would hide a state that is no longer finite: stop before it."""
        if not self.model.spike.reset:
            return []
        tests = [f"is_finite(tile[{self.layout.row[f's_{name}']}, j])" for name in self.model.states]
        return [f"if not ({' and '.join(tests)}):", "    sizes[FAILED] = j + 1", "    return step"]


def _indent(lines: list[str], level: int) -> str:
    return "\n".join("    " * level + line for line in lines)


_MODULE = '''\
"""{model} by {method}: advance a tile of neurons through a window of steps. Written by neurosim.

A tile holds up to TILE neurons: one column each, one row for every state, constant and input.
"""

from numpy import inf

from neurosim.kernel.device import *

TILE = {tile}  # neurons, at most, of a tile
{bookkeeping} = {numbers}  # rows of a tile
SPIKES, FAILED = 9, 10  # what `sizes` counts and reports


{functions}


@kernel
def advance(
    tile, amplitude, target, wave, changed, dense, dense_target, spike_lane, spike_when, record_row, trace, sizes, dt
):
    sizes = carray(sizes, (11,))
    lanes, first, last, window = sizes[0], sizes[1], sizes[2], sizes[3]
    waves, denses, records, every, capacity = sizes[4], sizes[5], sizes[6], sizes[7], sizes[8]
    steps = last - window
    tile = carray(tile, ({rows}, TILE))
    amplitude = carray(amplitude, (waves, TILE))
    target = carray(target, (waves,))
    wave = carray(wave, (steps, {nodes}, waves))
    changed = carray(changed, (steps,))
    dense = carray(dense, (steps, denses, {nodes}, lanes))
    dense_target = carray(dense_target, (denses,))
    spike_lane = carray(spike_lane, (capacity,))
    spike_when = carray(spike_when, (capacity,))
    record_row = carray(record_row, (records,))
    trace = carray(trace, (steps, records, lanes))
{coefficients}
    for step in range(first, last):
        if sizes[SPIKES] + lanes > capacity:
            return step  # the host empties the buffer and calls again
        k = step - window
        if changed[k]:
            refresh_drive(tile, {drive}, {inputs}, {nodes}, lanes, amplitude, target, wave[k], dense[k], dense_target)
        # One step of every neuron: nothing branches, so that LLVM takes several at a time.
        firing = 0
        for j in range(lanes):
{advance}
        # The few that fired.
        if firing:
            for j in range(lanes):
                if tile[FIRED, j] != 0.0:
{guard}
                    spike_lane[sizes[SPIKES]] = j
                    spike_when[sizes[SPIKES]] = step + 1.0
                    sizes[SPIKES] += 1
{finish}
        if records and (step + 1) % every == 0:
            record(trace[(step + 1) // every - window // every - 1], tile, record_row, lanes)
    return last
'''
