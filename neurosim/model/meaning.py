"""What the names of a model mean: each known, once, in an order without cycles, with dimensions that fit."""

import ast
import builtins
import keyword
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, NamedTuple

from ..errors import ModelError, UnitError, choices, excerpt
from ..expression import (
    CLOCKS,
    CONSTANTS,
    FUNCTIONS,
    NAME,
    TRUTH,
    UNKNOWN,
    Kind,
    Truth,
    kind,
    names,
    operators,
    parse,
    resolve,
    unknown,
)
from ..units import NUMBER, RATE, TIME, UNITS, Dimension, coherent_unit, combine, parse_unit
from .description import Formula, Input, Parameter, Spike, State

_RESERVED = {*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *FUNCTIONS, *CONSTANTS, *CLOCKS}
_RESULTS = {"time", "rate", "spike_count", "above_threshold", "refractory", "hazard_left", "random"}
"""What a recording has beside the states: no state can be called so."""
RULES = ("threshold", "probability", "hazard")
"""The ways to say when a neuron spikes; a model has one of them."""
_MOST_OPERATORS = 2000
_ROUNDS = 8
"""States in a row of which each tells the dimension of the next only by its rate."""
_CLOCK_KINDS: dict[str, Kind] = {"t": TIME, "since_spike": TIME, "pi": NUMBER, "inf": None}


class Draft(NamedTuple):
    """A model file as read, its expressions still text."""

    parameters: Mapping[str, Parameter]
    inputs: Mapping[str, Input]
    define: Mapping[str, str]
    state: Mapping[str, dict[str, str]]
    spike: dict[str, Any]


class Meaning(NamedTuple):
    """The part of a `Model` that follows from its expressions."""

    states: Mapping[str, State]
    defines: Mapping[str, Formula]
    units: Mapping[str, str]
    spike: Spike


def understand(draft: Draft) -> Meaning:
    """Check names, cycles and dimensions of a draft and resolve its expressions.

    Raises
    ------
    ModelError
        With key and reason.
    """
    own = _own_names(draft)
    known = {*own, *UNITS, *CONSTANTS, *CLOCKS}
    raw = {key: _parse(key, text, own, known) for key, text in _texts(draft).items()}
    if sum(map(operators, _texts(draft).values())) > _MOST_OPERATORS:
        raise ModelError(f"define, state, spike: all expressions together have at most {_MOST_OPERATORS} operators")
    order = _ordered(draft, raw)
    kinds = _kinds(draft, raw, order)
    _check_spike(draft, raw, kinds)
    numbers = {name: parse_unit(name).factor for name in UNITS if name not in own} | CONSTANTS
    formulas = {}
    for key, text in _texts(draft).items():
        with _at(key):
            formulas[key] = Formula(text, resolve(raw[key], numbers))
    units = {name: _unit_of(draft, name, kinds[name]) for name in (*draft.state, *draft.define)}
    units |= {name: entry.unit for name, entry in draft.inputs.items()}
    states = {
        name: State(formulas[f"state.{name}.start"], formulas[f"state.{name}.rate"], units[name])
        for name in draft.state
    }
    defines = {name: formulas[f"define.{name}"] for name in order if name in draft.define}
    spike = Spike(
        **{key: formulas.get(f"spike.{key}") for key in (*RULES, "per")},
        reset=MappingProxyType({name: formulas[f"spike.reset.{name}"] for name in draft.spike["reset"]}),
        refractory=formulas.get("spike.refractory"),
        hold=draft.spike["hold"],
    )
    return Meaning(MappingProxyType(states), MappingProxyType(defines), MappingProxyType(units), spike)


@contextmanager
def _at(key: str) -> Iterator[None]:
    try:
        yield
    except ModelError as error:
        raise ModelError(f"{key}: {error}") from None


def _unit(found: Kind) -> str:
    return "" if found is None or isinstance(found, Truth) else coherent_unit(found).text


def _unit_of(draft: Draft, name: str, found: Kind) -> str:
    """The unit a state or define is recorded in."""
    text = _unit(found)
    with _at(f"state.{name}" if name in draft.state else f"define.{name}"):
        try:
            unit = parse_unit(text)
        except UnitError:
            unit = None
        if unit is None or unit.dimension != (found if isinstance(found, tuple) else NUMBER):
            raise ModelError(f"no unit has the dimension {text}; divide by units, as in (V/mV)**0.3")
        if name in draft.state and unit.ten:
            raise ModelError(f"a state cannot be in {text}; take a ratio of lengths")
    return text


def _texts(draft: Draft) -> dict[str, str]:
    """Every expression of the draft under its key in the file."""
    texts = {f"define.{name}": text for name, text in draft.define.items()}
    texts |= {f"state.{name}.{key}": text for name, entry in draft.state.items() for key, text in entry.items()}
    single = (*RULES, "per", "refractory")
    texts |= {f"spike.{key}": draft.spike[key] for key in single if draft.spike[key] is not None}
    return texts | {f"spike.reset.{name}": text for name, text in draft.spike["reset"].items()}


def _own_names(draft: Draft) -> set[str]:
    own: set[str] = set()
    for section in ("parameters", "inputs", "define", "state"):
        for name in getattr(draft, section):
            with _at(f"{section}.{excerpt(name)[1:-1]}"):
                if not NAME.fullmatch(name):
                    raise ModelError("a name is a letter, then letters, digits and _, at most 64, ASCII only")
                if name in _RESERVED or (name in UNITS and len(name) > 1):
                    raise ModelError("the name is taken by the language or by a unit; choose another")
                if name in _RESULTS and section == "state":
                    raise ModelError("the name is taken by a result; choose another for a state")
                if name in own:
                    raise ModelError("the name is used twice")
                own.add(name)
    for name in draft.spike["reset"]:
        with _at(f"spike.reset.{excerpt(name)[1:-1]}"):
            if name not in draft.state:
                raise ModelError(f"is not a state; {choices(name, draft.state)}")
    return own


def _parse(key: str, text: str, own: set[str], known: set[str]) -> ast.expr:
    with _at(key):
        tree = parse(text)
        for name in sorted(names(tree) - known):
            raise ModelError(f"{excerpt(name)} is not defined; {choices(name, {*own, *CLOCKS})}")
        return tree


def _ordered(draft: Draft, raw: Mapping[str, ast.expr]) -> list[str]:
    """Defines and states so that each comes after what its definition, or its start, needs.

    Raises ModelError for a cycle.
    """
    trees = {name: raw[f"define.{name}"] for name in draft.define}
    trees |= {name: raw[f"state.{name}.start"] for name in draft.state}
    needs = {name: sorted(names(tree) & trees.keys()) for name, tree in trees.items()}
    order: dict[str, None] = {}
    for root in trees:
        stack = {root: iter(needs[root])} if root not in order else {}
        while stack:
            name, rest = next(reversed(stack.items()))
            following = next((other for other in rest if other not in order), None)
            if following is None:
                del stack[name]
                order[name] = None
            elif following in stack:
                cycle = list(stack)[list(stack).index(following) :]
                path = " → ".join([*cycle[:8], *["…"][: len(cycle) - 8], following])
                raise ModelError(f"{_key(draft, following)}: defined by itself: {path}")
            else:
                stack[following] = iter(needs[following])
    _no_inputs_at_start(draft, {name: names(trees[name]) for name in order})
    return list(order)


def _key(draft: Draft, name: str) -> str:
    return f"define.{name}" if name in draft.define else f"state.{name}.start"


def _no_inputs_at_start(draft: Draft, needs: Mapping[str, set[str]]) -> None:
    """A start value may need parameters and other start values, but neither input nor time."""
    culprit = {name: name for name in (*draft.inputs, *CLOCKS)}
    for name, needed in needs.items():
        if found := min(needed & culprit.keys(), default=None):
            if name in draft.state:
                raise ModelError(f"state.{name}.start: a start value cannot depend on {culprit[found]}")
            culprit[name] = culprit[found]


def reach(roots: Iterable[str], trees: Mapping[str, ast.expr]) -> set[str]:
    """All names that `roots` depend on, through the definitions in `trees`."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            if name in trees:
                waiting.extend(names(trees[name]))
    return found


def _kinds(draft: Draft, raw: Mapping[str, ast.expr], order: list[str]) -> dict[str, Kind]:
    kinds: dict[str, Kind] = {name: parse_unit(name).dimension for name in UNITS}
    kinds |= _CLOCK_KINDS
    kinds |= {name: parse_unit(entry.unit).dimension for name, entry in draft.parameters.items()}
    kinds |= {name: parse_unit(entry.unit).dimension for name, entry in draft.inputs.items()}
    kinds |= dict.fromkeys(draft.state, UNKNOWN)
    before = -1
    for _ in range(_ROUNDS):
        left = _infer(draft, raw, order, kinds)
        if left in (0, before):
            break
        before = left
    kinds |= {name: NUMBER for name in draft.state if unknown(kinds[name])}
    for name in order:
        with _at(_key(draft, name)):
            found = kind(raw[_key(draft, name)], kinds)
            if name in draft.define:
                kinds[name] = found
            else:
                _fits(_number(found), _number(kinds[name]) or NUMBER, "the start value")
    for name in draft.state:
        with _at(f"state.{name}.rate"):
            rate = _number(kind(raw[f"state.{name}.rate"], kinds))
            wanted = combine(_number(kinds[name]) or NUMBER, RATE)
            _fits(rate, wanted, f"the rate of a state in {_unit(kinds[name]) or 'pure numbers'}")
    return kinds


def _infer(draft: Draft, raw: Mapping[str, ast.expr], order: list[str], kinds: dict[str, Kind]) -> int:
    """Find the dimension of states from their start or, as a start of 0 says nothing, from their rate.

    Returns how many are still unknown.
    """
    for name in order:
        with _at(_key(draft, name)):
            if name in draft.define or unknown(kinds[name]):
                found = kind(raw[_key(draft, name)], kinds)
                kinds[name] = UNKNOWN if found is None and name in draft.state else found
            if name in draft.state and isinstance(kinds[name], Truth):
                raise ModelError("a start value is a number, not a comparison")
    for name in draft.state:
        if unknown(kinds[name]):
            with _at(f"state.{name}.rate"):
                rate = _number(kind(raw[f"state.{name}.rate"], kinds))
                kinds[name] = UNKNOWN if rate is None else combine(rate, TIME)
    return sum(unknown(kinds[name]) for name in draft.state)


def _number(found: Kind) -> Dimension | None:
    if isinstance(found, Truth):
        raise ModelError("is true or false where a number is needed")
    return found


def _fits(found: Dimension | None, wanted: Dimension, what: str) -> None:
    if found is not None and found != wanted:
        got = coherent_unit(found).text or "a pure number"
        raise ModelError(f"{what} must be in {coherent_unit(wanted).text or 'pure numbers'}, not {got}")


def _check_spike(draft: Draft, raw: Mapping[str, ast.expr], kinds: Mapping[str, Kind]) -> None:
    _check_rule(draft, raw, kinds)
    for name in draft.spike["reset"]:
        with _at(f"spike.reset.{name}"):
            found = _number(kind(raw[f"spike.reset.{name}"], kinds))
            _fits(found, _number(kinds[name]) or NUMBER, "the value after a reset")
    with _at("spike.hold"):
        hold = draft.spike["hold"]
        for name in hold:
            if name not in draft.state:
                raise ModelError(f"{excerpt(name)} is not a state; {choices(name, draft.state)}")
            if hold.count(name) > 1:
                raise ModelError(f"{name} is named twice")
        if hold and draft.spike["refractory"] is None:
            raise ModelError("needs a refractory time")
    _check_constant_time(draft, raw, kinds, "refractory", "the refractory time")
    _check_constant_time(draft, raw, kinds, "per", "the time between draws")


def _check_rule(draft: Draft, raw: Mapping[str, ast.expr], kinds: Mapping[str, Kind]) -> None:
    """A threshold is a comparison, a probability a number, a hazard a rate."""
    rule = next(key for key in RULES if draft.spike[key] is not None)
    with _at(f"spike.{rule}"):
        found = kind(raw[f"spike.{rule}"], kinds)
        if rule == "threshold":
            if found is not TRUTH:
                raise ModelError("must be a comparison, such as V > 0*mV")
        else:
            what = "a probability" if rule == "probability" else "a hazard"
            _fits(_number(found), NUMBER if rule == "probability" else RATE, what)


def _check_constant_time(
    draft: Draft, raw: Mapping[str, ast.expr], kinds: Mapping[str, Kind], key: str, what: str
) -> None:
    """A time that may depend on parameters only."""
    if draft.spike[key] is None:
        return
    with _at(f"spike.{key}"):
        _fits(_number(kind(raw[f"spike.{key}"], kinds)), TIME, what)
        trees = {name: raw[f"define.{name}"] for name in draft.define}
        for name in reach(names(raw[f"spike.{key}"]), trees):
            if name in draft.state or name in draft.inputs or name in CLOCKS:
                raise ModelError(f"may depend on parameters only, not on {name}")
