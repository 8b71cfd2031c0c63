"""From the currents of a run to lines of Brian2: waveforms, samples, noise."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ..errors import InputError
from ..kernel import Setup
from ..kernel.streams import size_and_share
from ..kernel.windows import exact_in_law
from ..noise import Kind, Source
from ..units import parse_unit
from ..waveforms import Chirp, Constant, Pulses, Ramp, Samples, Sine, Step, Waveform
from .words import Amount, Floats, Words, dimension_text

_SLACK = "1e-6*dt"
_MOST_PULSES = 8
"""Of one current, that are written out; more become a table."""


AtNode = Callable[[float | None], str]
"""What a noise current is at a node of a step; None: at any time within it."""


class NoiseTerm(NamedTuple):
    """A noise current: the input it is in, the Brian2 variable, and what one of it is worth in the coherent set.

    None where the variable has a dimension.
    """

    target: int
    variable: str
    scale: Floats | None


@dataclass
class Lines:
    """What Brian2 is given, as it is collected.

    Attributes
    ----------
    equations : list of str
    constants, arrays : dict
        Numbers for all neurons, and those of each neuron: (constant) parameters of the equations.
    tables : dict
        What is looked up by time, a column for each step: (steps,) or (steps, neurons).
    regular : list of str
        Statements at the beginning of every step.
    start : list
        Names and their first values: texts, or numbers.
    noise : list of NoiseTerm
    """

    equations: list[str] = field(default_factory=list)
    constants: dict[str, Amount] = field(default_factory=dict)
    arrays: dict[str, Amount] = field(default_factory=dict)
    tables: dict[str, Amount] = field(default_factory=dict)
    regular: list[str] = field(default_factory=list)
    start: list[tuple[str, str | Amount]] = field(default_factory=list)
    noise: list[NoiseTerm] = field(default_factory=list)

    def number(self, name: str, amount: Amount) -> None:
        """A constant, or a parameter with a value for each neuron."""
        if amount.values.ndim and np.unique(amount.values).size > 1:
            self.equations.append(f"{name} : {dimension_text(amount.unit.dimension)} (constant)")
            self.arrays[name] = amount
        else:
            self.constants[name] = Amount(amount.values.reshape(-1)[0], amount.unit)


class _Terms(NamedTuple):
    """The terms of an input: those that vary within a step, and those that are held over it."""

    moving: list[str]
    held: list[str]


class InputWriter:
    """Writes the inputs of one run.

    Attributes
    ----------
    end : dict
        What each input is called at the end of a step, for those in `at_end`.
    """

    def __init__(self, setup: Setup, words: Words, lines: Lines, used: set[str], at_end: set[str], clock: str) -> None:
        self.setup, self.words, self.lines, self.clock = setup, words, lines, clock
        self.nodes = setup.method.nodes if words.model.states or setup.model.spike.hazard is not None else ()
        self.single = len(set(self.nodes)) <= 1
        self.needs_clock = False
        self.end: dict[str, str] = {}
        self.noise = exact_in_law(setup)
        for target, name in enumerate(words.model.inputs):
            if name in used or name in at_end:
                self._input(target, name, name in used and bool(self.nodes), name in at_end)

    def _input(self, target: int, name: str, inside: bool, at_end: bool) -> None:
        words, drive = self.words, self.setup.drive
        unit = parse_unit(words.model.inputs[name].unit)
        waves = [w for w in range(len(drive.waveforms)) if drive.target[w] == target]
        plain = all(isinstance(drive.waveforms[w], Constant) for w in waves)
        rough = any(source.target == target for source in drive.noise)
        if plain and not rough and not any(d[0] == target for d in drive.dense):
            total = drive.amplitude[waves].sum(axis=0) if waves else np.zeros(drive.neurons)
            self.lines.number(words.name[name], Amount.of(total, unit))
            return
        dimension = dimension_text(unit.dimension)
        noise = self._noise(target, name)
        if inside:
            terms = self._terms(target, name, "inside")
            node = next(iter(self.nodes)) if self.single else None
            for of_node in noise:
                (terms.held if self.single or not of_node[1] else terms.moving).append(of_node[0](node))
            if self.single or not terms.moving:
                text = " + ".join([*terms.moving, *terms.held])
                self.lines.equations.append(f"{words.name[name]} = {text} : {dimension} (constant over dt)")
            else:
                moving = terms.moving
                if terms.held:
                    held = words.fresh(f"{words.name[name]}_held")
                    self.lines.equations.append(f"{held} = {' + '.join(terms.held)} : {dimension} (constant over dt)")
                    moving = [held, *moving]
                self.lines.equations.append(f"{words.name[name]} = {' + '.join(moving)} : {dimension}")
        if at_end:
            terms = self._terms(target, name, "end")
            text = " + ".join([*terms.moving, *terms.held, *(of_node[0](1.0) for of_node in noise)])
            self.end[name] = words.fresh(f"{words.name[name]}_end")
            self.lines.equations.append(f"{self.end[name]} = {text} : {dimension}")

    def _terms(self, target: int, name: str, where: str) -> _Terms:
        terms, drive = _Terms([], []), self.setup.drive
        unit = parse_unit(self.words.model.inputs[name].unit)
        for w, waveform in enumerate(drive.waveforms):
            if drive.target[w] != target or not drive.amplitude[w].any():
                continue
            amount = self._amount(name, Amount.of(drive.amplitude[w], unit))
            parts = [waveform]
            if isinstance(waveform, Pulses) and len(waveform.times) <= _MOST_PULSES:
                parts = [Step(time, time + waveform.width) for time in waveform.times]
            for part in parts:
                moving, held = self._factors(part, name, where, unit)
                if moving and held and where == "inside":
                    switch = self.words.fresh(f"{self.words.name[name]}_on")
                    self.lines.equations.append(f"{switch} = {'*'.join(held)} : 1 (constant over dt)")
                    moving, held = [switch, *moving], []
                (terms.moving if moving else terms.held).append("*".join([amount, *moving, *held]))
        for d, (goal, factor, samples) in enumerate(drive.dense):
            if goal == target:
                values = Samples(samples.values * factor[:, None], samples.dt, samples.interpolate)
                moving, held = self._samples(values, name, where, f"dense_{d}", Amount.of(np.ones(()), unit))
                (terms.moving if moving else terms.held).extend([*moving, *held])
        if not (terms.moving or terms.held):
            terms.held.append(Amount(np.zeros(()), unit).text)
        return terms

    def _amount(self, name: str, amount: Amount) -> str:
        """A number in place, or the name of a parameter with one for each neuron."""
        if np.unique(amount.values).size == 1:
            text = Amount(amount.values[0], amount.unit).text
            return f"({text})" if text.startswith("-") else text
        own = self.words.fresh(f"{self.words.name[name]}_amplitude")
        self.lines.number(own, amount)
        return own

    # Waveforms ---------------------------------------------------------------------------------------------------

    def _factors(self, waveform: Waveform, name: str, where: str, unit: object) -> tuple[list[str], list[str]]:
        """The factors of a waveform that vary within a step, and those that are held over it."""
        t = {"end": "(t + dt)"}.get(where, "t")
        if where == "inside" and self.single and self.nodes[0]:
            t = f"(t + {self.nodes[0]!r}*dt)"
        match waveform:
            case Constant():
                return [], []
            case Step(start, stop):
                return self._window(start, stop, t, where)
            case Ramp(start, stop):
                return [f"clip(({t} - {start!r}*ms)/({stop - start!r}*ms), 0, 1)"], []
            case Sine(frequency, phase):
                turn = f" + {phase!r}" if phase else ""
                return [f"sin(2*pi*{frequency!r}*kHz*{t}{turn})"], []
            case Chirp(low, high, start, stop):
                s = f"({t} - {start!r}*ms)" if start else t
                growth = f"{(high - low) / (2 * (stop - start))!r}*kHz/ms"
                moving, held = self._window(start, stop, t, where)
                return [f"sin(2*pi*({low!r}*kHz*{s} + {growth}*{s}**2))", *moving], held
        return self._samples(waveform, name, where, "table", None)

    def _window(self, start: float, stop: float, t: str, where: str) -> tuple[list[str], list[str]]:
        """1 from `start` until `stop`. Edges on the grid are between steps: what is before them is held over a step."""
        moving: list[str] = []
        held: list[str] = []
        for edge, sign in ((start, ">"), (stop, "<")):
            if edge == np.inf or (sign == ">" and edge <= 0):
                continue
            slack = "+" if where == "end" else "-"
            steps = edge / self.setup.dt
            on_grid = abs(steps - round(steps)) < 1e-6
            text = f"int({t} {sign} {edge!r}*ms {slack} {_SLACK})"
            (held if on_grid and where == "inside" and not self.single else moving).append(text)
        return moving, held

    def _samples(
        self, waveform: Waveform, name: str, where: str, kind: str, amount: Amount | None
    ) -> tuple[list[str], list[str]]:
        """A table with a value for each step, and with a slope where it is interpolated."""
        setup, dense = self.setup, amount is not None
        steps: Floats = np.arange(setup.steps, dtype=np.float64) * setup.dt
        own = self.words.fresh(
            f"{self.words.name[name]}_{kind}_end" if where == "end" else f"{self.words.name[name]}_{kind}"
        )
        one = amount or Amount(np.ones(()), parse_unit("1"))
        index = "(t, i)" if dense else "(t)"

        def table(key: str, values: Floats, per: str = "") -> str:
            unit = parse_unit((one.unit.text or "1") + per)
            self.lines.tables[key] = Amount(values.T * (one.unit.factor / unit.factor) / one.unit.factor, unit)
            return key + index

        if where == "end":
            return [table(own, waveform(steps + setup.dt, True))], []
        if self.single:
            return [table(own, waveform(steps + self.nodes[0] * setup.dt, False))], []
        edges = waveform.edges(setup.steps * setup.dt) / setup.dt
        if np.abs(edges - np.rint(edges)).max(initial=0.0) > 1e-6:
            raise InputError(
                f"Brian2 takes the input {name} from a table with a value for each step, which {setup.method.name} "
                f"evaluates within steps, where this current jumps or bends; let its edges be multiples of dt "
                f"{setup.dt:g} ms, or take the method euler"
            )
        first = waveform(steps, False)
        held = table(own, first)
        if not (isinstance(waveform, Samples) and waveform.interpolate):
            return [], [held]
        self.needs_clock = True
        slope = (waveform(steps + setup.dt, True) - first) / setup.dt
        bend = table(self.words.fresh(f"{own}_slope"), slope, "/ms")
        base, slant = (text.replace("(t", f"({self.clock}") for text in (held, bend))
        return [f"({base} + {slant}*(t - {self.clock}))"], []

    # Noise -------------------------------------------------------------------------------------------------------

    def _noise(self, target: int, name: str) -> list[tuple[AtNode, bool]]:
        """Of each noise current, what it is at a node of the step, and whether it moves within it."""
        found = []
        for source in self.noise:
            if source.target == target:
                size, share = size_and_share(source, self.setup.dt)
                write = self._smooth if source.kind == Kind.ORNSTEIN_UHLENBECK else self._rough
                found.append((write(source, name, size, share), source.kind == Kind.ORNSTEIN_UHLENBECK))
        return found

    def _rough(self, source: Source, name: str, size: Floats, share: Floats) -> AtNode:
        """White noise and events of a Poisson process: drawn for each step, held over it."""
        own, flags = self.words.name[name], "shared, constant over dt" if source.frozen else "constant over dt"
        if source.kind == Kind.WHITE:
            drawn, call = self.words.fresh(f"{own}_noise"), "randn()"
        else:
            drawn, mean = self.words.fresh(f"{own}_events"), self.words.fresh(f"{own}_mean_events")
            if source.frozen and np.unique(share).size > 1:
                raise InputError(
                    f"frozen poisson_input of several rates for {name}: Brian2 draws it once for all neurons"
                )
            self.lines.number(mean, Amount(share, parse_unit("1")))
            call = f"poisson({mean})"
        self.lines.equations.append(f"{drawn} = {call} : 1 ({flags})")
        self.lines.noise.append(NoiseTerm(source.target, drawn, size))
        amount = self._amount(name, Amount.of(size, parse_unit(self.words.model.inputs[name].unit)))
        return lambda node: f"{amount}*{drawn}"

    def _smooth(self, source: Source, name: str, size: Floats, share: Floats) -> AtNode:
        """Ornstein–Uhlenbeck noise: exact from step to step, a straight line within each."""
        own, unit = self.words.name[name], parse_unit(self.words.model.inputs[name].unit)
        first, last = self.words.fresh(f"{own}_before"), self.words.fresh(f"{own}_after")
        if source.frozen:
            sizes = [np.unique(values).size for values in (size, share)]
            if max(sizes) > 1:
                raise InputError(
                    f"frozen ornstein_uhlenbeck of several values for {name}: Brian2 draws it once for all"
                )
        flag = " (shared)" if source.frozen else ""
        dimension = dimension_text(unit.dimension)
        left = self._amount(name, Amount(share, parse_unit("1")))
        scale = self._amount(name, Amount.of(size, unit))
        self.lines.equations += [f"{first} : {dimension}{flag}", f"{last} : {dimension}{flag}"]
        self.lines.regular.append(f"{first} = {last}\n{last} = {left}*{last} + {scale}*randn()")
        self.lines.noise.append(NoiseTerm(source.target, last, None))
        self.lines.start.append((last, f"{self._amount(name, Amount.of(source.size, unit))}*randn()"))

        def at(node: float | None) -> str:
            if node == 1.0:
                return last
            if node is None:
                self.needs_clock = True
            place = f"(t - {self.clock})/dt" if node is None else repr(node)
            return f"({first} + ({last} - {first})*{place})"

        return at
