"""From a run to what Brian2 needs for the same run. Nothing here imports Brian2, or runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from ..errors import InputError
from ..expression import CLOCKS, evaluate, names, parse
from ..kernel import Setup
from ..kernel.layout import feeds_back, needs_since_spike
from ..model.values import with_defines
from ..units import NUMBER, RATE, TIME, combine, parse_unit
from .inputs import InputWriter, Lines, NoiseTerm
from .schemes import Scheme, scheme_of
from .words import Amount, Floats, Place, Words, dimension_text

_MS = parse_unit("ms")


@dataclass(frozen=True)
class Translation:
    """A run in the words of Brian2.

    Attributes
    ----------
    setup : Setup
    name : mapping
        What each name of the model is called.
    lines : Lines
        Equations, and the numbers and tables they need.
    threshold : str
    reset : list of str
        Statements.
    refractory : str
        A time, or a condition; empty if there is none.
    after : str
        Statements at the end of every step.
    scheme : Scheme
        How it integrates.
    functions : frozenset
        Functions needed that Brian2 does not have.
    last_step : str
        The variable that holds the last spike, in steps; empty if none does.
    hazard : str
        The variable that holds the integral of the hazard, less what it is to reach.
    edge : bool
        Whether the threshold must be crossed anew for each spike.
    above : str
        The variable that remembers whether it was, where no condition does.
    refractory_steps : ndarray or None
        The refractory time in steps.
    """

    setup: Setup
    name: Mapping[str, str]
    lines: Lines
    threshold: str
    reset: list[str]
    refractory: str
    after: str
    scheme: Scheme
    functions: frozenset[str]
    last_step: str
    hazard: str
    edge: bool
    above: str
    refractory_steps: Floats | None

    @property
    def divides_by_zero(self) -> bool:
        """Whether it may divide by zero where that is dropped, at which Brian2's Cython code stops."""
        return "where" in self.functions

    @property
    def noise(self) -> list[NoiseTerm]:
        """The noise currents."""
        return self.lines.noise


def translate(setup: Setup) -> Translation:
    """Write a run for Brian2.

    Raises
    ------
    InputError
        For what Brian2 cannot express, by name.
    """
    return _Translator(setup).result()


class _Translator:
    def __init__(self, setup: Setup) -> None:
        self.setup, self.model = setup, setup.model
        spike = self.model.spike
        texts = [formula.text for formula in (spike.rule, *self.model.defines.values())]
        infinite = any("inf" in names(parse(text)) for text in texts)
        infinite |= any(np.isinf(values).any() for values in setup.parameters.values())
        self.words = Words(self.model, infinite)
        self.lines = Lines()
        self.rates = [state.rate.text for state in self.model.states.values()]
        self.rates += [spike.hazard.text] if spike.hazard is not None else []
        self.rules = [] if spike.hazard is not None else [spike.rule.text]
        self.resets = [formula.text for formula in spike.reset.values()]
        self.in_rates = self.words.needs(self.rates)
        self.at_end = self.words.needs([*self.rules, *self.resets])
        self.clock = self.words.fresh("step_start")
        self.last_step = self.words.fresh("last_step")
        self.hazard = self.words.fresh("escape") if spike.hazard is not None else ""
        self.counts = needs_since_spike(self.model) or "last_spike" in setup.recorded
        self.counts |= spike.kind == "probability" and spike.refractory is not None
        self.above = ""
        self.refractory_steps: Floats | None = None
        self.edge = not feeds_back(self.model) and not spike.is_random

    def result(self) -> Translation:
        setup = self.setup
        self._parameters()
        starts = self._starts()
        inputs = InputWriter(setup, self.words, self.lines, self.in_rates, self.at_end, self.clock)
        dt = f"{setup.dt!r}*ms"
        inside = f"(t_in_timesteps - {self.last_step})*{dt}"
        if len(set(inputs.nodes)) > 1 or set(inputs.nodes) - {0.0}:
            inside = f"({inside} + (t - {self.clock}))"
            inputs.needs_clock |= "since_spike" in self.in_rates
        before = Place("t", inside, {})
        end = Place("(t + dt)", f"(t_in_timesteps + 1 - {self.last_step})*{dt}", inputs.end)
        moved = self._defines(before, end, starts)
        end = end._replace(others={**end.others, **moved})
        if inputs.needs_clock:
            self.lines.equations.insert(0, f"{self.clock} = t : second (constant over dt)")
        self._states(before)
        scheme = scheme_of(setup, self.words, self.lines, before)
        if self.counts:
            self.lines.equations.append(f"{self.last_step} : 1")
            ago = np.asarray(setup.start.get("since_spike", np.inf)) / setup.dt
            self.lines.start.append((self.last_step, Amount(-np.rint(ago), parse_unit("1"))))
        refractory, after = self._refractory(before, end)
        threshold = self._threshold(end)
        reset = self._reset(end)
        if self.edge and after:
            threshold = f"({threshold}) and not {self.above}"
        if not self.lines.equations:
            self.lines.equations.append("unused : 1")
        return Translation(
            setup, MappingProxyType(self.words.name), self.lines, threshold, reset, refractory, after, scheme,
            frozenset(self.words.functions), self.last_step if self.counts else "", self.hazard,
            self.edge, self.above, self.refractory_steps,
        )  # fmt: skip

    # Numbers and equations ---------------------------------------------------------------------------------------

    def _parameters(self) -> None:
        spike, words = self.model.spike, self.words
        given = [state.start.text for state in self.model.states.values()]
        given += [spike.refractory.text] if spike.refractory is not None else []
        used = self.in_rates | self.at_end | words.needs(given)
        for name, parameter in self.model.parameters.items():
            if name in used:
                unit = parse_unit(parameter.unit)
                self.lines.number(words.name[name], Amount.of(self.setup.parameters[name], unit))

    def _starts(self) -> set[str]:
        """Values at the start; the names they need."""
        needed: set[str] = set()
        waiting = dict(self.model.states)
        place = Place("t", "", {})
        while waiting:
            for name, state in list(waiting.items()):
                needs = self.words.needs([state.start.text]) if name not in self.setup.start else set()
                if needs & waiting.keys():
                    continue
                needed |= needs
                del waiting[name]
                own, unit = self.words.name[name], parse_unit(state.unit)
                if name in self.setup.start:
                    self.lines.start.append((own, Amount.of(self.setup.start[name], unit)))
                else:
                    self.lines.start.append((own, self.words.write(state.start.text, place, unit.dimension)))
        return needed

    def _defines(self, before: Place, end: Place, starts: set[str]) -> dict[str, str]:
        """Equations of the defines; what those are called that are not the same at the end of the step."""
        words, moved = self.words, {}
        varying = {*CLOCKS, *end.others}
        for name, formula in self.model.defines.items():
            dimension = words.of(name)
            unit = "boolean" if dimension is None else dimension_text(dimension)
            changes = bool(words.needs([formula.text]) & varying)
            if name in self.in_rates or name in starts or (name in self.at_end and not changes):
                text = words.write(formula.text, before, dimension)
                self.lines.equations.append(f"{words.name[name]} = {text} : {unit}")
            if name in self.at_end and changes:
                moved[name] = words.fresh(f"{words.name[name]}_end") if name in self.in_rates else words.name[name]
                text = words.write(formula.text, end._replace(others={**end.others, **moved}), dimension)
                self.lines.equations.append(f"{moved[name]} = {text} : {unit}")
        return moved

    def _states(self, place: Place) -> None:
        words, spike = self.words, self.model.spike
        for name, state in self.model.states.items():
            dimension = parse_unit(state.unit).dimension
            rate = words.write(state.rate.text, place, combine(dimension, RATE))
            flag = " (unless refractory)" if name in spike.hold else ""
            self.lines.equations.append(f"d{words.name[name]}/dt = {rate} : {dimension_text(dimension)}{flag}")
        if spike.hazard is not None:
            flag = " (unless refractory)" if spike.refractory is not None else ""
            rate = words.write(spike.hazard.text, place, RATE)
            self.lines.equations.append(f"d{self.hazard}/dt = {rate} : 1{flag}")
            left = self.setup.start.get("hazard_left")
            drawn = "log(1 - rand())" if left is None else Amount(-np.asarray(left), parse_unit("1"))
            self.lines.start.append((self.hazard, drawn))

    # The spike rule ----------------------------------------------------------------------------------------------

    def _threshold(self, end: Place) -> str:
        spike = self.model.spike
        if spike.hazard is not None:
            return f"{self.hazard} >= 0"
        if spike.probability is None:
            return self.words.write(spike.rule.text, end)
        text = f"rand() < {self.words.write(spike.rule.text, end, NUMBER)}"
        if self.setup.per > 1:
            text = f"(t_in_timesteps + 1) % {self.setup.per} == 0 and {text}"
        if spike.refractory is not None:
            if spike.hold:
                raise InputError(
                    f"Brian2 cannot hold {' and '.join(spike.hold)} of {self.model.name} and draw again at the moment "
                    "the refractory time ends"
                )
            left = self.words.write(spike.refractory.text, end, TIME)
            text = f"{end.since_spike} > {left} - dt/2 and {text}"
        return text

    def _refractory(self, before: Place, end: Place) -> tuple[str, str]:
        """Brian2's refractory, and what is to be done at the end of a step to know an edge.

        Brian2 counts the refractory time from the beginning of the step at whose end the reset happens, we from its
        end: one step more.
        """
        spike, words = self.model.spike, self.words
        if self.edge:
            if self.at_end & {*CLOCKS, *self.model.inputs}:
                self.above = words.fresh("above")
                self.lines.equations.append(f"{self.above} : boolean")
                self._remember_above(self.above)
                return "", f"{self.above} = {words.write(spike.rule.text, end)}"
            self._remember_above("not_refractory")
            return words.write(spike.rule.text, before), ""
        if spike.refractory is None or spike.probability is not None:
            return "", ""
        if not spike.reset and not needs_since_spike(self.model) and spike.hazard is None:
            raise InputError(
                f"Brian2 cannot wait for a new rising edge of {spike.rule.text} after the refractory time of "
                f"{self.model.name}, which no spike resets"
            )
        values = with_defines(self.model, self.setup.parameters)
        steps = np.asarray(evaluate(spike.refractory.tree, values) / self.setup.dt)
        if not np.all(steps >= 0):
            raise InputError(f"the refractory time {spike.refractory.text} of {self.model.name} is negative or NaN")
        text = words.write(spike.refractory.text, before, TIME)
        if np.abs(steps - np.rint(steps)).max() > 1e-6:
            text = f"floor(({text})/dt + 0.5)*dt"
        self.refractory_steps = np.rint(steps)
        self._remember_refractory(self.refractory_steps)
        return f"{text} + dt", ""

    def _remember_above(self, name: str) -> None:
        above = self.setup.start.get("above_threshold")
        if above is not None and np.any(above):
            free = above if name != "not_refractory" else 1.0 - np.asarray(above)
            self.lines.start.append((name, Amount(np.asarray(free), parse_unit("1"))))

    def _remember_refractory(self, steps: Floats) -> None:
        start, dt = self.setup.start, self.setup.dt
        if "refractory" in start:
            left = np.rint(start["refractory"] / dt)
        elif "since_spike" in start:
            left = np.maximum(steps - np.rint(start["since_spike"] / dt), 0.0)
        else:
            return
        if np.any(left > 0):
            last: Floats = np.asarray((left - steps - 1) * dt, dtype=np.float64)
            self.lines.start.append(("lastspike", Amount.of(last, _MS)))
            free: Floats = np.asarray(left <= 0, dtype=np.float64)
            self.lines.start.append(("not_refractory", Amount(free, parse_unit("1"))))

    def _reset(self, end: Place) -> list[str]:
        """Statements one after the other that do what ours do at once."""
        spike, words = self.model.spike, self.words
        statements: list[str] = []
        later = []
        for name, formula in spike.reset.items():
            dimension = parse_unit(self.model.states[name].unit).dimension
            text, own = words.write(formula.text, end, dimension), words.name[name]
            if words.needs([formula.text]) & (spike.reset.keys() - {name}):
                new = words.fresh(f"{own}_new")
                statements.insert(0, f"{new} = {text}")
                later.append(f"{own} = {new}")
            else:
                later.append(f"{own} = {text}")
        statements += later
        if self.hazard:
            statements.append(f"{self.hazard} = log(1 - rand())")
        if self.counts:
            statements.append(f"{self.last_step} = t_in_timesteps + 1")
        return statements
