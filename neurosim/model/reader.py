"""From the text of a model file to a `Model`: structure, types and limits. A model file is data from strangers."""

import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, TypeVar

from ..errors import ModelError, UnitError, choices, excerpt
from ..units import TIME, Unit, parse_quantity, parse_unit
from .description import Check, Expected, Input, Model, Parameter
from .latex import GREEK
from .meaning import Draft, Meaning, understand

T = TypeVar("T")

LARGEST_FILE = 64 * 1024
_MODEL_NAME = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)
_SYMBOL = re.compile(
    r"(?:\\[A-Za-z]{2,10} ?|[A-Za-z0-9](?![A-Za-z])|[_^](?:[A-Za-z0-9]|\{[A-Za-z0-9, ]{1,16}\})){1,8}", re.ASCII
)
_MACROS = frozenset((*GREEK, "varepsilon", "vartheta", "varphi"))
_KEYS = "name summary reference defaults parameters inputs define state spike check"
_METHOD_NAME = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)
_MOST = {"parameters": 500, "inputs": 20, "define": 500, "state": 100, "check": 100}
_MOST_STEPS = 1e9
_STRING_OR_COMMENT = re.compile(  # a string without end goes on as far as it can, so that nothing is read twice
    r'"""(?:\\.|[^\\])*?(?:"{3,5}|\\?\Z)|' r"'''.*?(?:'{3,5}|\Z)|" r'"(?:\\.|[^"\\\n])*"?|' r"'[^'\n]*'?|#[^\n]*",
    re.DOTALL,
)
_DOTTED = re.compile(r"(?:\.[^.,=\n\[\]{}]*){8}")


def read_model(text: str, file: str) -> Model:
    """Read a model from TOML text; `file` names it in errors.

    Raises
    ------
    ModelError
        Naming file, key and reason, whatever the text is.
    """
    with at(file):
        _scan(text)
        try:
            tables = tomllib.loads(text)
        except (ValueError, RecursionError, MemoryError) as error:
            raise ModelError(f"not a TOML file: {excerpt(str(error), 120)}") from None
        return _model(tables, text)


def _scan(text: Any) -> None:
    """Refuse, by looking at characters only, what no parser should be given."""
    if not isinstance(text, str):
        raise ModelError(f"must be a text, not {excerpt(text)}")
    if len(text) > LARGEST_FILE or len(text.encode("utf-8", "surrogatepass")) > LARGEST_FILE:
        raise ModelError(f"a model file has at most {LARGEST_FILE // 1024} kB")
    if text.startswith("\ufeff"):
        raise ModelError("starts with a byte-order mark; save it as UTF-8 without one")
    if re.search("[\ud800-\udfff]", text):
        raise ModelError("contains half a character (a surrogate); save it as UTF-8")
    structure = _STRING_OR_COMMENT.sub("s", text)
    depth = deepest = 0
    for mark in re.findall(r"[\[\]{}]", structure):
        depth += 1 if mark in "[{" else -1
        deepest = max(depth, deepest)
    if deepest > 16 or _DOTTED.search(structure):
        raise ModelError("not a model: tables are nested too deeply")


@contextmanager
def at(where: str) -> Iterator[None]:
    """Put the place in front of the reason of a model or unit error raised inside."""
    try:
        yield
    except (ModelError, UnitError) as error:
        raise ModelError(f"{where}: {error}") from None


def _model(tables: dict[str, Any], text: str) -> Model:
    _only(tables, _KEYS)
    name = _text(tables, "name")
    if not _MODEL_NAME.fullmatch(name):
        raise ModelError("name: lower-case letters, digits and '-', at most 64")
    defaults = _table(tables, "defaults")
    with at("defaults"):
        _only(defaults, "dt method")
        dt = _quantity(defaults, "dt", TIME)
        method = _text(defaults, "method")
        if not 1e-9 <= dt <= 1e9:
            raise ModelError("dt: must be from 1e-9 to 1e9 ms")
        if not _METHOD_NAME.fullmatch(method):
            raise ModelError("method: lower-case letters, digits and '-'")
    parameters = _each(tables, "parameters", _parameter)
    inputs = _each(tables, "inputs", _input)
    draft = Draft(
        parameters=parameters,
        inputs=inputs,
        define=_each(tables, "define", _formula),
        state=_each(tables, "state", _state),
        spike=_spike(_table(tables, "spike")),
    )
    meaning = understand(draft)
    return Model(
        name=name,
        summary=_text(tables, "summary"),
        reference=_text(tables, "reference"),
        parameters=parameters,
        inputs=inputs,
        checks=_checks(tables.get("check", []), meaning, parameters, inputs, dt),
        dt=dt,
        method=method,
        source=text,
        **meaning._asdict(),
    )


# Entries ---------------------------------------------------------------------------------------------------------


def _parameter(entry: Any) -> Parameter:
    value, meaning, symbol = _list_of_texts(entry, 2, 3, '["120 mS/cm^2", "meaning"] or with a LaTeX symbol as third')
    number, unit = parse_quantity(value)
    if symbol and (not _SYMBOL.fullmatch(symbol) or not set(re.findall(r"\\([A-Za-z]+)", symbol)) <= _MACROS):
        raise ModelError(f"{excerpt(symbol)} is not a LaTeX symbol such as \\tau_m; Greek letters and scripts only")
    return Parameter(number, unit.text, meaning, symbol)


def _input(entry: Any) -> Input:
    unit, meaning, _ = _list_of_texts(entry, 2, 2, '["uA/cm^2", "meaning"]')
    return Input(parse_unit(unit).text, meaning)


def _formula(entry: Any) -> str:
    if not isinstance(entry, str):
        raise ModelError('must be an expression in quotes, such as "alpha*(1 - m)"')
    return entry


def _state(entry: Any) -> dict[str, str]:
    if not isinstance(entry, dict):
        raise ModelError('must be { start = "…", rate = "…" }')
    _only(entry, "start rate")
    for key in ("start", "rate"):
        if key not in entry:
            raise ModelError(f"{key} is missing")
    return {key: _formula(value) for key, value in entry.items()}


def _spike(entry: dict[str, Any]) -> dict[str, Any]:
    with at("spike"):
        _only(entry, "threshold reset refractory hold")
        if "threshold" not in entry:
            raise ModelError('threshold is missing, such as threshold = "V > 0*mV"')
        hold = entry.get("hold", [])
        if not isinstance(hold, list) or not all(isinstance(name, str) for name in hold):
            raise ModelError('hold: must be a list of states, such as ["V"]')
        spike: dict[str, Any] = {"reset": _each(entry, "reset", _formula), "hold": tuple(hold)}
        for key in ("threshold", "refractory"):
            with at(key):
                spike[key] = _formula(entry[key]) if key in entry else None
        return spike


def _checks(
    entries: Any, meaning: Meaning, parameters: Mapping[str, Parameter], inputs: Mapping[str, Input], dt: float
) -> tuple[Check, ...]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ModelError("check: must be tables headed [[check]]")
    if len(entries) > _MOST["check"]:
        raise ModelError(f"check: at most {_MOST['check']}")
    checks = []
    for number, entry in enumerate(entries, 1):
        with at(f"check {number}"):
            check = _check(entry, meaning)
            if not 0 < check.duration <= _MOST_STEPS * dt:
                raise ModelError(f"duration: must be positive and at most {_MOST_STEPS:g} steps of dt")
            _only(check.parameters, " ".join(parameters), "parameters: ")
            for name, value in check.parameters.items():
                with at(f"parameters.{name}"):
                    _given(value, parse_unit(parameters[name].unit))
            with at("input"):
                _check_input(check.input, inputs)
            checks.append(check)
    return tuple(checks)


def _check_input(given: Any, inputs: Mapping[str, Input]) -> None:
    """One value for a model with one input, a table of all for a model with several."""
    several = given if isinstance(given, Mapping) else dict.fromkeys(inputs, given)
    if several.keys() != inputs.keys() or (len(inputs) > 1 and several is not given):
        form = ", ".join(f"{name} = …" for name in inputs)
        raise ModelError(f"the model has {len(inputs)} inputs; write input = {{ {form} }}")
    for name, value in several.items():
        if not math.isfinite(_given(value, parse_unit(inputs[name].unit))):
            raise ModelError(f"{name} must be finite")


def _check(entry: dict[str, Any], meaning: Meaning) -> Check:
    _only(entry, "input duration discard parameters spike_count rate final")
    final = _table(entry, "final")
    _only(final, " ".join(meaning.states), "final: ")
    units = {"spike_count": "", "rate": "Hz"}
    expected = [_expected(key, entry[key], unit) for key, unit in units.items() if key in entry]
    for name, value in final.items():
        with at("final"):
            expected.append(_expected(name, value, meaning.units[name]))
    if not expected:
        raise ModelError("nothing is expected; give spike_count, rate or final")
    with at("input"):
        several = isinstance(entry.get("input"), dict)
        given = _each(entry, "input", _number_or_quantity) if several else _number_or_quantity(entry.get("input", 0))
    return Check(
        input=given,
        duration=_quantity(entry, "duration", TIME),
        discard=_quantity(entry, "discard", TIME) if "discard" in entry else 0.0,
        parameters=_each(entry, "parameters", _number_or_quantity),
        expected=tuple(expected),
    )


def _expected(quantity: str, entry: Any, unit_text: str) -> Expected:
    with at(quantity):
        if not isinstance(entry, dict):
            raise ModelError('must be { value = …, tolerance = …, source = "…" }')
        _only(entry, "value tolerance source")
        unit = parse_unit(unit_text)
        value, tolerance = (_in_unit(entry, key, unit) for key in ("value", "tolerance"))
        if tolerance < 0:
            raise ModelError("tolerance: must not be negative")
        return Expected(quantity, value, tolerance, unit_text, _text(entry, "source"))


# Values ----------------------------------------------------------------------------------------------------------


def _only(table: Mapping[str, Any], legal: str, where: str = "") -> None:
    names = set(legal.split())
    for key in table:
        if key not in names:
            raise ModelError(f"{where}unknown key {excerpt(key)}; {choices(key, names)}")


def _table(tables: Mapping[str, Any], key: str) -> dict[str, Any]:
    table = tables.get(key, {})
    if not isinstance(table, dict):
        raise ModelError(f"{key}: must be a table")
    return table


def _each(tables: Mapping[str, Any], key: str, read: Callable[[Any], T]) -> Mapping[str, T]:
    result = {}
    table = _table(tables, key)
    if len(table) > _MOST.get(key, LARGEST_FILE):
        raise ModelError(f"{key}: at most {_MOST[key]}, not {len(table)}")
    for name, entry in table.items():
        with at(f"{key}.{excerpt(name)[1:-1]}"):
            result[name] = read(entry)
    return MappingProxyType(result)


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    with at(key):
        return _printable(value)


def _printable(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ModelError("is missing" if value is None else "must be a text in quotes")
    if len(value) > 500 or not value.isprintable():
        raise ModelError("must be one line of at most 500 printable characters")
    return value


def _list_of_texts(entry: Any, least: int, most: int, example: str) -> tuple[str, str, str]:
    if not isinstance(entry, list) or not least <= len(entry) <= most:
        raise ModelError(f"must be {example}")
    texts = [_printable(item) for item in entry]
    return texts[0], texts[1], texts[2] if len(texts) > 2 else ""


def _number_or_quantity(value: Any) -> float | str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ModelError("must be a number or a quantity in quotes")
    if isinstance(value, str):
        parse_quantity(value)
        return value
    return _float(value)


def _float(value: int | float) -> float:
    try:
        number = float(value)
    except OverflowError:
        raise ModelError("the number is out of range") from None
    if math.isnan(number):
        raise ModelError("nan is not a number that can be used")
    return number


def _quantity(table: Mapping[str, Any], key: str, dimension: Any) -> float:
    """A quantity in quotes, in the coherent set."""
    with at(key):
        value = table.get(key)
        if not isinstance(value, str):
            raise ModelError("is missing" if value is None else 'must be a quantity in quotes, such as "1 ms"')
        number, unit = parse_quantity(value)
        if unit.dimension != dimension:
            raise ModelError(f"{excerpt(value)} has the wrong dimension")
        if not 0 <= number * unit.factor < float("inf"):
            raise ModelError(f"{excerpt(value)} must not be negative or infinite")
        return number * unit.factor


def _in_unit(table: Mapping[str, Any], key: str, unit: Unit) -> float:
    """A finite number or quantity, in `unit`."""
    with at(key):
        if key not in table:
            raise ModelError("is missing")
        value = _given(_number_or_quantity(table[key]), unit)
        if not math.isfinite(value):
            raise ModelError("must be finite")
        return value


def _given(value: float | str, unit: Unit) -> float:
    """A number, or a quantity of the same dimension, in `unit`."""
    if not isinstance(value, str):
        return value
    number, given = parse_quantity(value)
    if not given.text or given == unit:
        return number
    if given.dimension != unit.dimension:
        raise ModelError(f"{excerpt(value)} has the wrong dimension; give it in {unit.text or 'pure numbers'}")
    return number * given.factor / unit.factor
