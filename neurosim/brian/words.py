"""From the words of model files to those of Brian2: names, units, expressions."""

import ast
import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..expression import CLOCKS, CONSTANTS, Kind, kind, names, parse
from ..model import Model
from ..model.meaning import reach
from ..units import NUMBER, TIME, UNITS, Dimension, Unit, coherent_unit, combine, parse_unit, power_of_ten, scale

Floats = NDArray[np.float64]

_UNIT: Final = {
    **{"s": "second", "uV": "uvolt", "V": "volt", "pS": "psiemens", "Ohm": "ohm", "kOhm": "kohm", "MOhm": "Mohm"},
    **{"GOhm": "Gohm", "pC": "pcoulomb", "nC": "ncoulomb", "nm": "nmetre"},
}
"""What Brian2 calls the units that it does not call as we do."""
_BASE = (("second", (1, 0, 0, 0)), ("volt", (0, 1, 0, 0)), ("amp", (0, 0, 1, 0)), ("metre", (0, 0, 0, 1)))
_DERIVED = (
    *(("hertz", (-1, 0, 0, 0)), ("siemens", (0, -1, 1, 0)), ("ohm", (0, 1, -1, 0)), ("farad", (1, -1, 1, 0))),
    *(("coulomb", (1, 0, 1, 0)),),
)
_SI_TEN = (-3.0, -3.0, -9.0, -3.5)
"""Powers of ten that turn the coherent units of time, voltage, current and length into those of the SI."""

_PREFIX = "(?:y|z|a|f|p|n|u|m|c|d|da|h|k|M|G|T|P|E|Z|Y)?"
_LONG = (
    "metre|meter|gram(?:me)?|kilogram(?:me)?|"
    "second|amp|ampere|kelvin|mole|mol|candle|candela|molar|radian|steradian|hertz|"
    "newton|pascal|joule|watt|coulomb|volt|farad|ohm|siemens|weber|tesla|henry|lumen|lux|becquerel|gray|sievert|katal|"
    "liter|litre"
)
_UNIT_OF_BRIAN = re.compile(rf"{_PREFIX}(?:{_LONG})[23]?|[munp][VASF]|[munck]?m[23]|[mun]M|(?:k|M)?Hz|celsius")
_TAKEN: Final = frozenset(
    """
    assign_id code_objects custom_operation event_codes run run_at run_on_clock
    t dt t_in_timesteps xi i j N e inf pi lastspike not_refractory abs arccos arcsin arctan ceil clip cos cosh exp
    expm1 exprel floor int log log10 log1p poisson rand randn sign sin sinh sqrt tan tanh timestep binomial rint
    where gate zip range float double bool add_attribute add_dependency add_to_magic_network after_run before_run
    check_variable_write clock codeobj_class contained_objects custom_event equations events events
    get_documentation get_states id invalidates_magic_network method_choice name namespace order resetter resolve
    resolve_all run_on_event run_regularly runner scheduler_key set_event_schedule set_states source spikes start
    state state_updater stop subexpression_updater thresholder unit updaters user_equations variables when active
    dependencies indices get_code_object variableview_get_subexpression_with_index_array summed_updaters auto char
    const default delete do enum extern friend goto inline long mutable new operator private protected public
    register short signed static struct switch template this throw typedef union unsigned using virtual void
    volatile namespace export explicit catch case
    """.split()
)
"""Names that Brian2 keeps for itself, or that the languages it writes do."""


def is_taken(name: str) -> bool:
    """Whether a name of a model cannot be one of Brian2."""
    return name in _TAKEN or name.endswith("_") or name.startswith("xi_") or bool(_UNIT_OF_BRIAN.fullmatch(name))


def unit_text(unit: Unit) -> str:
    """A unit as Brian2 writes it: ``mS/cm**2``; ``1`` for pure numbers."""
    text = unit.text.replace("^", "**").replace(" ", "")
    return re.sub(r"[A-Za-z]+", lambda match: _UNIT.get(match[0], match[0]), text) or "1"


def dimension_text(dimension: Dimension) -> str:
    """A dimension in units of the SI, as declared after an equation: ``siemens/metre**2``."""
    if dimension == NUMBER:
        return "1"
    for name, one in (*_DERIVED, *_BASE):
        area = combine(one, scale((0, 0, 0, 1), 2), -1)
        if dimension in (one, area):
            return name if dimension == one else f"{name}/metre**2"
    powers = {name: power for (name, _), power in zip(_BASE, dimension, strict=True) if power}
    above = [name if power == 1 else f"{name}**{power:g}" for name, power in powers.items() if power > 0]
    below = [f"/{name}" if power == -1 else f"/{name}**{-power:g}" for name, power in powers.items() if power < 0]
    return ("*".join(above) or "1") + "".join(below)


def coherent_in_si(dimension: Dimension) -> float:
    """What one coherent unit is in the SI."""
    return power_of_ten(sum(a * b for a, b in zip(dimension, _SI_TEN, strict=True)))


class Amount(NamedTuple):
    """A number, or an array of them, in a unit."""

    values: Floats
    unit: Unit

    @classmethod
    def of(cls, coherent: Floats, unit: Unit) -> "Amount":
        """From values in the coherent set."""
        return cls(np.asarray(coherent) / unit.factor, unit)

    @property
    def si(self) -> Floats:
        """The values in the SI."""
        ten = self.unit.ten + sum(a * b for a, b in zip(self.unit.dimension, _SI_TEN, strict=True))
        return np.asarray(self.values * power_of_ten(ten))

    @property
    def exponents(self) -> tuple[float, ...]:
        """Powers of metre, kilogram, second, ampere, kelvin, mole and candela."""
        time, voltage, current, length = self.unit.dimension
        return (length + 2 * voltage, voltage, time - 3 * voltage, current - voltage, 0, 0, 0)

    @property
    def text(self) -> str:
        """As a Brian2 user writes it: ``120.0*mS/cm**2``; an array in brackets."""
        numbers = np.asarray(self.values)
        written = "inf" if numbers.ndim == 0 and numbers == np.inf else repr(numbers.tolist())
        unit = unit_text(self.unit)
        if numbers.ndim:
            written = f"array({written})"
        return written if unit == "1" else f"{written}*{unit}" if unit[0] != "1" else f"{written}{unit[1:]}"


class Place(NamedTuple):
    """Where in a step an expression is read: what stands there for the clocks, and for names with a value of their own.

    `t` and `since_spike` are texts of Brian2.
    """

    t: str
    since_spike: str
    others: Mapping[str, str]


class Words:
    """Writes the expressions of one model for Brian2.

    Attributes
    ----------
    name : dict
        What each name of the model is called there.
    functions : set
        The functions needed that Brian2 does not have.
    """

    def __init__(self, model: Model, infinite: bool) -> None:
        self.model = model
        self.functions: set[str] = set()
        self._gate_can_fail = infinite
        own = [*model.parameters, *model.inputs, *model.defines, *model.states]
        self._used = set(own)
        self.name = {name: self.fresh(name) if is_taken(name) else name for name in own}
        self.kinds: dict[str, Kind] = {name: parse_unit(name).dimension for name in UNITS}
        self.kinds |= {"t": TIME, "since_spike": TIME, "pi": NUMBER, "inf": None}
        self.kinds |= {name: parse_unit(entry.unit).dimension for name, entry in model.parameters.items()}
        self.kinds |= {name: parse_unit(unit).dimension for name, unit in model.units.items()}
        self.raw = {name: parse(formula.text) for name, formula in model.defines.items()}
        for name, tree in self.raw.items():
            self.kinds[name] = kind(tree, self.kinds)

    def fresh(self, base: str) -> str:
        """A name that neither the model nor Brian2 uses."""
        name = base if not is_taken(base) and base not in self._used else f"my_{base.rstrip('_')}"
        while name in self._used:
            name += "n"
        self._used.add(name)
        return name

    def needs(self, texts: Iterable[str]) -> set[str]:
        """All names that expressions depend on, through defines."""
        return reach(set().union(*(names(parse(text)) for text in texts)), self.raw)

    def of(self, name: str) -> Dimension | None:
        """The dimension of a name; None for a comparison."""
        found = self.kinds[name]
        return NUMBER if found is None else found if isinstance(found, tuple) else None

    def write(self, text: str, place: Place, wanted: Dimension | None = None) -> str:
        """An expression of the model file in Brian2's words, in the dimension wanted where it fits any."""
        return self.write_tree(parse(text), place, wanted)

    def write_tree(self, tree: ast.expr, place: Place, wanted: Dimension | None = None) -> str:
        """The same for a parsed expression."""
        return ast.unparse(self._code(tree, place, wanted))

    def _code(self, tree: ast.expr, place: Place, wanted: Dimension | None = None) -> ast.expr:
        if wanted not in (None, NUMBER) and kind(tree, self.kinds) is None:
            assert wanted is not None
            unit = ast.parse(unit_text(coherent_unit(wanted)), mode="eval").body
            return ast.BinOp(self._code(tree, place), ast.Mult(), unit)
        match tree:
            case ast.Name(id=name):
                return self._name(name, place)
            case ast.UnaryOp(op=unary, operand=operand):
                return ast.UnaryOp(unary, self._code(operand, place))
            case ast.BoolOp(op=boolean, values=parts):
                return ast.BoolOp(boolean, [self._code(part, place) for part in parts])
            case ast.Compare(left=left, ops=ops, comparators=[right]):
                a, b = self._both(left, right, place)
                return ast.Compare(a, ops, [b])
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.functions.add("where")
                return _call("where", self._code(test, place), *self._both(body, orelse, place, wanted))
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as operator, right=right):
                a, b = self._both(left, right, place)
                return ast.BinOp(a, operator, b)
            case ast.BinOp(left=left, op=operator, right=right):
                return ast.BinOp(self._code(left, place), operator, self._code(right, place))
            case ast.Call(func=ast.Name(id="min" | "max" as function), args=[first, second]):
                a, b = self._both(first, second, place)
                infinite = self._code(ast.Name("inf"), place, self._common(first, second))
                bounds = [ast.UnaryOp(ast.USub(), infinite), b] if function == "min" else [b, infinite]
                return _call("clip", a, *bounds)
            case ast.Call(func=ast.Name(id=function), args=[argument]):
                return self._call(function, argument, place)
        return tree

    def _call(self, function: str, argument: ast.expr, place: Place) -> ast.expr:
        x = self._code(argument, place)
        if function == "exprelr":
            return ast.BinOp(ast.Constant(1), ast.Div(), _call("exprel", x))
        if function == "heaviside":
            found = kind(argument, self.kinds)
            nothing = self._code(ast.Constant(0), place, found if isinstance(found, tuple) else None)
            return _call("int", ast.Compare(x, [ast.GtE()], [nothing]))
        if function != "gate":
            return _call(function, x)
        if self._gate_can_fail:
            self.functions.add("gate")
            return _call("gate", x)
        one = ast.BinOp(ast.Constant(1), ast.Add(), _call("tanh", x))
        return ast.BinOp(one, ast.Div(), ast.Constant(2))

    def _common(self, a: ast.expr, b: ast.expr) -> Dimension | None:
        found = [part for part in (kind(a, self.kinds), kind(b, self.kinds)) if isinstance(part, tuple)]
        return found[0] if found else None

    def _both(self, a: ast.expr, b: ast.expr, place: Place, wanted: Dimension | None = None) -> list[ast.expr]:
        common = self._common(a, b) or wanted
        return [self._code(a, place, common), self._code(b, place, common)]

    def _name(self, name: str, place: Place) -> ast.expr:
        if name in place.others:
            return ast.Name(place.others[name])
        if name in self.name:
            return ast.Name(self.name[name])
        if name in CLOCKS:
            clock: ast.expr = ast.parse(getattr(place, name), mode="eval").body
            return clock
        if name in CONSTANTS:
            return ast.Name(name)
        return ast.Name(_UNIT.get(name, name))


def _call(function: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(function), list(arguments), [])
