"""Model × method → the source of a kernel that a person can read.

A tile holds up to `TILE` neurons as rows of one block: states, bookkeeping, constants and inputs, each a row with one
column per neuron. A kernel steps a whole window of time over one tile; its inner loop runs over neurons.

Names from the model file are prefixed (s_ state, p_ parameter, d_ define, i_ input, r_ rate); nothing else of the
file but numbers enters the source.
"""

import re
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

from ..errors import InputError
from ..expression import names
from ..methods import Adaptive, Method
from ..model import Model
from ..model.meaning import reach
from .adaptive import write_adaptive
from .escape import HAZARD, with_hazard
from .layout import BOOKKEEPING, MOST_SPIKES, TICK, TILE, Layout, feeds_back, needs_since_spike
from .margin import margin_of
from .schemes import AT_BEGIN, AT_END, Scheme, write_scheme
from .templates import DRAW, DRIVE, ESCAPING, GRID, HEAD, LIMITS, LOCATED, MOVE, NOISY_DRIVE, STREAMS, fill, indented
from .writer import Writer, names_in

_NEXT = "-exponential(random, sources, j)"  # what is to accumulate until the next spike
_STEEPEST, _STEEPEST_OF_SECOND_ORDER = 0.4, 0.1  # growth of a rate over a step that a scheme resolves


class _Key(NamedTuple):
    """What a kernel depends on: not the values of parameters."""

    source: str
    method: Method
    located: bool
    noisy: bool


def kernel_source(model: Model, method: Method, located: bool = False, noisy: bool = False) -> tuple[str, Layout]:
    """Source of the module that defines `advance`, and the layout of its tiles.

    Parameters
    ----------
    located
        Whether spikes happen where in a step the threshold is crossed; at the end of the step otherwise.
    noisy
        Whether there are noise currents.

    Raises
    ------
    InputError
        Where the method cannot integrate the model, with methods that can.
    """
    if model.spike.is_random:  # a hazard is always located, a probability never
        located = model.spike.kind == "hazard"
    key = _Key(model.source, method, located, noisy)
    if key not in _written:
        if len(_written) >= _MOST_WRITTEN:
            _written.clear()
        _written[key] = _write(with_hazard(model), method, located, noisy)
    return _written[key]


_written: dict[_Key, tuple[str, Layout]] = {}
_MOST_WRITTEN = 64


def _write(model: Model, method: Method, located: bool, noisy: bool) -> tuple[str, Layout]:
    writer = Writer(model)
    if isinstance(method, Adaptive):
        if noisy or model.spike.is_random or HAZARD in model.states:
            raise InputError(f"{method.name} is for deterministic runs; take a method with a fixed step")
        return write_adaptive(model, method, writer)
    nodes = _nodes(model, method, located)
    scheme = write_scheme(model, method, writer, nodes)
    threshold = [] if HAZARD in model.states else [_rule(model, writer, located)]
    reset_lines, reset = writer.block([formula.tree for formula in model.spike.reset.values()])
    layout = _layout(model, writer, method, scheme, nodes, located, noisy)
    lines = _Lines(model, writer, layout, scheme, reset_lines, reset)
    functions = [*scheme.functions, *threshold]
    if located:
        functions.append(fill(MOVE, lines.of_a_move()))
    template = ESCAPING if HAZARD in model.states else LOCATED if located else GRID
    body = fill(template, lines.of_a_step(located))
    parts = _head(model, layout, scheme, located, noisy) | {"prepare": indented(lines.of_the_beginning(), 1)}
    text = fill(HEAD, parts | {"functions": ["\n\n\n".join(functions)], "body": [body]})
    return re.sub(r"\n\n(?=    for step)", "\n", text) + "\n", layout


def _rule(model: Model, writer: Writer, located: bool) -> str:
    """The function that tells whether the spike rule holds, and by how much where spikes are located."""
    trees = [model.spike.rule.tree, *([margin_of(model)] if located else [])]
    return writer.function(model.spike.kind, *writer.block(trees))


def _head(model: Model, layout: Layout, scheme: Scheme, located: bool, noisy: bool) -> dict[str, list[str]]:
    """What goes into `HEAD` beside functions and body."""
    method, random = layout.method, noisy or model.spike.is_random or HAZARD in model.states
    numbers = {
        "drive": layout.drive,
        "quiet": (quiet := layout.drive - len(model.inputs) * len(layout.nodes)),
        "sums": quiet - 2 * len(model.inputs),
        "inputs": len(model.inputs),
        "nodes": len(layout.nodes),
    }
    step = (NOISY_DRIVE if noisy else DRIVE).format(**numbers)
    return {
        "model": [model.name],
        "method": [method.name],
        "imports": [f"from neurosim.kernel.{module} import *" for module in ("device", *(["chance"] * random))] + [""],
        "tile": [str(TILE)],
        "nodes": [", ".join(map(repr, layout.nodes))],
        "tick": [repr(layout.tick)],
        "bookkeeping": [", ".join(name.upper() for name in layout.bookkeeping)],
        "numbers": [", ".join(str(layout.row[name]) for name in layout.bookkeeping)],
        "steepest": [repr(_STEEPEST if method.order > 2 else _STEEPEST_OF_SECOND_ORDER)],
        "usual": [repr(model.dt)],
        "limits": [LIMITS.format(power=int(min(method.order, 4)) - 1)] * located,
        "fine": ["2.0**-14" if HAZARD in model.states else "TICK"],
        "rows": [str(layout.rows)],
        "streams": [STREAMS] * random,
        "coefficients": indented(scheme.coefficients, 1),
        "room": [f"{MOST_SPIKES}*lanes" if located else "lanes"],
        "drive_step": [step, *([DRAW] * (model.spike.kind == "probability"))],
    }


def _nodes(model: Model, method: Method, located: bool) -> tuple[float, ...]:
    """Where in a step the input is needed: by the method, and at its end if the spike rule looks at it.

    All over the step where a spike is located by the input alone.
    """
    trees = {name: formula.tree for name, formula in model.defines.items()}
    rule = [model.spike.rule, *model.spike.reset.values()]
    seen = reach(set().union(*(names(formula.tree) for formula in rule)), trees)
    alone = (0.0, 0.5) if located and model.spike.kind == "threshold" else ()
    nodes = set(method.nodes if model.states else alone) | ({1.0} if seen & model.inputs.keys() else set())
    return tuple(sorted(nodes)) or (0.0,)


def _layout(
    model: Model,
    writer: Writer,
    method: Method,
    scheme: Scheme,
    nodes: tuple[float, ...],
    located: bool,
    noisy: bool,
) -> Layout:
    used = names_in([*scheme.lines, *(scheme.partial if located else [])])
    matrices = tuple(name for name in scheme.matrices if name in used)
    inputs = [f"i_{name}_{k}" for name in model.inputs for k in range(len(nodes))]
    before = [f"o_{name}" for name in model.states] if located else []
    if scheme.passes:
        before += [f"{letter}_{name}" for letter in "ya" for name in model.states]
        first = names_in([*scheme.steep]) if located else set()
        before += [f"r1_{name}" for name in model.states if f"r1_{name}" in first]
    bookkeeping = (*BOOKKEEPING, *(["drawn"] * (model.spike.kind == "probability")))
    sums = [f"{letter}_{name}" for name in model.inputs for letter in "mn"] if noisy else []
    sums += [f"q{name[1:]}" for name in inputs] if noisy else []
    before += [AT_BEGIN] * bool(scheme.hazard)
    fixed = [*bookkeeping, *before, *writer.constants, *matrices]
    order = [*(f"s_{name}" for name in model.states), *fixed, *sums, *inputs]
    row = {name: number for number, name in enumerate(order)}
    drive = len(row) - len(inputs)
    tick = TICK if located else 1.0
    return Layout(method, row, dict(writer.constants), matrices, drive, nodes, len(row), tick, bookkeeping)


@dataclass(frozen=True)
class _Lines:
    """The lines around the scheme: what comes from the tile, what goes back, and the spike rule."""

    model: Model
    writer: Writer
    layout: Layout
    scheme: Scheme
    reset_lines: list[str]
    reset: list[str]

    def of_a_step(self, located: bool) -> dict[str, list[str]]:
        """What goes into `GRID` or `LOCATED`, by name, indented as there."""
        passes = self.scheme.passes or [self.scheme.lines]
        loops: list[str] = []
        for number, lines in enumerate(passes):
            is_last = number == len(passes) - 1
            end = [*(self._store() if is_last else []), *(self._test(located) if is_last else [])]
            begin = self._before() if located and number == 0 else []
            loops += ["for j in range(lanes):"] * (number > 0)
            loops += [
                "    " + line
                for line in [*self._load([*begin, *lines, *end]), *begin, *lines, *self._carry(lines), *end]
            ]
        return {
            "advance": indented(loops, 2),
            "guard": indented(self._guard(), 5),
            "finish": indented(self._finish_located() if located else self._finish_on_grid(), 7 if located else 5),
            "keep": indented(self._keep(), 6) if located else [],
            "most": [str(MOST_SPIKES)],
            "steep": [self._steep()],
            "begin": [str(self.layout.row.get(f"o_{HAZARD}"))],
            "end": [str(self.layout.row.get(f"s_{HAZARD}"))],
            "rest": indented(self._rest(), 6),
            "settle": indented(self._settle(), 5),
        }

    def of_the_beginning(self) -> list[str]:
        """What a window of steps starts with."""
        return ["for j in range(lanes):", *indented(self._settle(), 1)] if self.scheme.hazard else []

    def of_a_move(self) -> dict[str, list[str]]:
        """What goes into `MOVE`."""
        escapes = HAZARD in self.model.states
        threshold = [] if escapes else [f"now, margin = threshold({self._rule()})"]
        states = [f"s_{name} = tile[{self.layout.row[f'o_{name}']}, j]" for name in self.model.states]
        others = [line for line in self._load([*self.scheme.partial, *threshold]) if not line.startswith("s_")]
        load = [self._inside_step(line, "width") for line in [*states, *others]]
        return {
            "coefficients": indented(self.scheme.coefficients, 1),
            "load": indented(load, 1),
            "body": indented(self.scheme.partial, 1),
            "store": indented(self._store(), 1),
            "returns": [
                "was that too steep to be\n    # exact?"
                if escapes
                else "is it above its threshold then,\n    # how far, and was that too steep to be exact?"
            ],
            "outcome": indented([*threshold, f"return {'' if escapes else 'now, margin, '}{self._steep()}"], 1),
        }

    def _load(self, body: list[str]) -> list[str]:
        """Bring rows that the lines need before they assign them into local names."""
        needed, made = set[str](), set[str]()
        for line in body:
            targets, _, _ = line.partition(" = ")
            needed |= names_in([line.removeprefix(targets + " = ") if "[" not in targets else line]) - made
            made |= set(targets.split(", "))
        lines = [f"{name} = tile[{row}, j]" for name, row in self.layout.row.items() if name in needed]
        return lines + ["free = step >= tile[FREE_FROM, j]"] * ("free" in needed)

    def _before(self) -> list[str]:
        return [f"tile[{self.layout.row[f'o_{name}']}, j] = s_{name}" for name in self.model.states]

    def _carry(self, lines: list[str]) -> list[str]:
        """Keep what the next pass needs."""
        made = {name for line in lines for name in line.partition(" = ")[0].split(", ")}
        rows = {name: row for name, row in self.layout.row.items() if name in made and name[:2] in ("y_", "a_", "r1")}
        return [f"tile[{row}, j] = {name}" for name, row in rows.items()]

    def _inside_step(self, line: str, width: str) -> str:
        """A line that loads an input: by interpolation between its nodes, at the node of a piece of the step."""
        name = line.split(" = ")[0]
        if not name.startswith("i_"):
            return "" if name == "free" else line
        key, _, k = name.rpartition("_")
        node = self.layout.nodes[int(k)]
        return f"{name} = {self._input_at(key, 'at' if node == 0 else f'at + {node!r}*{width}')}"

    def _input_at(self, key: str, place: str) -> str:
        """An input anywhere in a step: the polynomial through its nodes, in Newton's form."""
        nodes = self.layout.nodes
        u = [f"tile[{self.layout.row[f'{key}_{k}']}, j]" for k in range(len(nodes))]
        if len(nodes) == 1:
            return u[0]
        if len(nodes) == 2:
            return f"line({place}, {nodes[0]!r}, {nodes[1]!r}, {u[0]}, {u[1]})"
        return f"parabola({place}, {', '.join(u)})"

    def _store(self) -> list[str]:
        return [f"tile[{self.layout.row[f's_{name}']}, j] = s_{name}" for name in self.model.states]

    def _steep(self) -> str:
        values = [f"growth({arguments})" for arguments in self.scheme.steep] or ["0.0"]
        return reduce("maximum({}, {})".format, values)

    def _test_hazard(self) -> list[str]:
        """Whether the neuron spikes in the step, and whether it has to take it again in pieces."""
        inside = ["((tile[FREE_FROM, j] > step) & (tile[FREE_FROM, j] < step + 1.0))"]
        again = [f"grows({arguments}, steepest)" for arguments in self.scheme.steep]
        again += inside * (self.model.spike.refractory is not None)
        return [
            *([f"tile[{self.layout.row[AT_BEGIN]}, j] = {AT_END}"] if self.scheme.hazard else []),
            f"again = {' | '.join(again) or 'False'}",
            f"waits = ((s_{HAZARD} >= 0.0) & free) | again",
            "tile[FIRED, j] = select(waits, select(again, 2.0, 1.0), 0.0)",
        ]

    def _rest(self) -> list[str]:
        """While all states are held there is nothing to compute."""
        return ["if not free:", "    at = end", "    continue"] * (set(self.model.spike.hold) == set(self.model.states))

    def _settle(self) -> list[str]:
        """The hazard where the states are."""
        if not self.scheme.hazard:
            return []
        line = f"tile[{self.layout.row[AT_BEGIN]}, j] = {self.scheme.hazard}"
        return [*self._load([self.scheme.hazard]), line]

    def _test(self, located: bool) -> list[str]:
        refractory = self.model.spike.refractory is not None
        if HAZARD in self.model.states:
            return self._test_hazard()
        if self.model.spike.kind == "probability":
            free = " & (step + 1.0 >= tile[FREE_FROM, j])" if refractory else ""
            return [
                f"chance = probability({self._rule()})",
                f"fires = (tile[DRAWN, j] < chance){free}",
                "tile[ABOVE, j] = select(chance == chance, tile[ABOVE, j], 1.0)  # not a number: the host says so",
            ]
        fires = "now & (tile[ABOVE, j] == 0.0)" + (" & free" if refractory else "")
        now = f"threshold({self._rule()})"
        if not located:  # no test while refractory
            above = "select(free, select(now, 1.0, 0.0), tile[ABOVE, j])" if refractory else "select(now, 1.0, 0.0)"
            return [f"now = {now}", f"fires = {fires}", f"tile[ABOVE, j] = {above}"]
        lines = [f"now, margin = {now}", f"waits = ({fires})"]
        if self.scheme.steep:
            lines[1] += f" | ({self._steep()} > steepest)"
        if refractory:
            lines[1] += " | ((tile[FREE_FROM, j] > step) & (tile[FREE_FROM, j] < step + 1.0))"
        settled = "(waits | (step < tile[FREE_FROM, j]))" if refractory else "waits"
        return [*lines, f"tile[ABOVE, j] = select({settled}, tile[ABOVE, j], select(now, 1.0, 0.0))"]

    def _rule(self) -> str:
        return self.writer.arguments(self.model.spike.kind, 1.0, self.layout.nodes)

    def _finish_on_grid(self) -> list[str]:
        """What a spike does to the one neuron that fired."""
        text = ["tile[LAST_SPIKE, j] = step + 1.0"]
        if self.model.spike.refractory:
            text.append("tile[FREE_FROM, j] = step + 1.0 + tile[REFRACTORY, j]")
        if self.model.spike.reset or needs_since_spike(self.model):
            text.append("tile[ABOVE, j] = 0.0")
        end = len(self.layout.nodes) - 1
        inputs = {f"i_{name}": f"tile[{self.layout.row[f'i_{name}_{end}']}, j]" for name in self.model.inputs}
        return self._reset("step + 1.0", inputs, text)

    def _finish_located(self) -> list[str]:
        if not feeds_back(self.model):  # what the neuron does in the rest of the step is as it was
            return ["tile[LAST_SPIKE, j] = step + high", "tile[ABOVE, j] = 1.0", "continue"]
        text = ["tile[LAST_SPIKE, j] = step + high"]
        if self.model.spike.refractory:
            text.append("tile[FREE_FROM, j] = step + high + tile[REFRACTORY, j]")
        resets = self.model.spike.reset or needs_since_spike(self.model)
        if HAZARD not in self.model.states:
            text.append(f"tile[ABOVE, j] = {'0.0' if resets else '1.0'}")
        inputs = {f"i_{name}": self._input_at(f"i_{name}", "high") for name in self.model.inputs}
        return [*self._reset("step + high", inputs, text), "at, piece = high, 1.0"]

    def _reset(self, moment: str, inputs: dict[str, str], text: list[str]) -> list[str]:
        row, reset = self.layout.row, self.model.spike.reset
        if not reset:
            return text
        needed = names_in([*self.reset_lines, *self.reset])
        values = {name: f"tile[{number}, j]" for name, number in row.items()} | inputs
        values |= {"t": f"({moment})*dt", "since_spike": f"({moment} - tile[LAST_SPIKE, j])*dt"}
        loads = [f"{name} = {value}" for name, value in values.items() if name in needed]
        drawn = dict(zip(reset, self.reset, strict=True)) | dict.fromkeys(reset.keys() & {HAZARD}, _NEXT)
        results = [f"x_{name} = {result}" for name, result in drawn.items()]
        stores = [f"tile[{row[f's_{name}']}, j] = x_{name}" for name in reset]
        return [*loads, *self.reset_lines, *results, *text, *stores]

    def _keep(self) -> list[str]:
        row = self.layout.row
        return [f"tile[{row[f'o_{name}']}, j] = tile[{row[f's_{name}']}, j]" for name in self.model.states]

    def _guard(self) -> list[str]:
        """A reset would hide a state that is no longer finite: stop before it."""
        if not self.model.spike.reset:
            return []
        tests = [f"is_finite(tile[{self.layout.row[f's_{name}']}, j])" for name in self.model.states]
        return [f"if not ({' and '.join(tests)}):", "    sizes[FAILED] = j + 1", "    return step"]
