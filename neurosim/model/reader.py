"""From the text of a model file to a `Model`: structure, types and limits. A model file is data from strangers."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, TypeVar

from ..errors import ModelError, UnitError, choices, excerpt
from ..units import NUMBER, TIME, Unit, parse_quantity, parse_unit
from .description import Check, Expected, Input, Model, Parameter
from .latex import GREEK
from .meaning import Draft, understand

T = TypeVar("T")

LARGEST_FILE = 64 * 1024
_MODEL_NAME = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)
_SYMBOL = re.compile(
    r"(?:\\[A-Za-z]{2,10} ?|[A-Za-z0-9](?![A-Za-z])|[_^](?:[A-Za-z0-9]|\{[A-Za-z0-9, ]{1,16}\})){1,8}", re.ASCII
)
_MACROS = frozenset((*GREEK, "varepsilon", "vartheta", "varphi"))
_KEYS = "name summary reference defaults parameters inputs define state spike check"
_METHOD_NAME = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)


def read_model(text: str, file: str) -> Model:
    """Read a model from TOML text; `file` names it in errors.

    Raises
    ------
    ModelError
        Naming file, key and reason, whatever the text is.
    """
    with at(file):
        if len(text.encode("utf-8", "surrogatepass")) > LARGEST_FILE:
            raise ModelError(f"a model file has at most {LARGEST_FILE // 1024} kB")
        try:
            tables = tomllib.loads(text)
        except (ValueError, RecursionError, MemoryError) as error:
            raise ModelError(f"not a TOML file: {excerpt(str(error), 120)}") from None
        return _model(tables, text)


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
        if dt <= 0 or dt == float("inf"):
            raise ModelError("dt: must be positive")
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
        checks=_checks(tables.get("check", []), meaning.units, meaning.states),
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


def _checks(entries: Any, units: Mapping[str, str], states: Mapping[str, Any]) -> tuple[Check, ...]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ModelError("check: must be tables headed [[check]]")
    checks = []
    for number, entry in enumerate(entries, 1):
        with at(f"check {number}"):
            checks.append(_check(entry, units, states))
    return tuple(checks)


def _check(entry: dict[str, Any], units: Mapping[str, str], states: Mapping[str, Any]) -> Check:
    _only(entry, "input duration discard parameters spike_count rate final")
    with at("final"):
        final = _table(entry, "final")
        _only(final, " ".join(states))
    expected = [
        *(_expected(key, entry[key], unit) for key, unit in (("spike_count", ""), ("rate", "Hz")) if key in entry),
        *(_expected(key, value, units[key]) for key, value in final.items()),
    ]
    if not expected:
        raise ModelError("nothing is expected; give spike_count, rate or final")
    return Check(
        input=_number_or_quantity(entry.get("input", 0)),
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
        return Expected(quantity, value, tolerance, unit_text, _text(entry, "source"))


# Values ----------------------------------------------------------------------------------------------------------


def _only(table: Mapping[str, Any], legal: str) -> None:
    for key in table:
        if key not in legal.split():
            raise ModelError(f"unknown key {excerpt(key)}; {choices(key, legal.split())}")


def _table(tables: Mapping[str, Any], key: str) -> dict[str, Any]:
    table = tables.get(key, {})
    if not isinstance(table, dict):
        raise ModelError(f"{key}: must be a table")
    return table


def _each(tables: Mapping[str, Any], key: str, read: Callable[[Any], T]) -> Mapping[str, T]:
    result = {}
    for name, entry in _table(tables, key).items():
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
        return float(value)
    except OverflowError:
        raise ModelError("the number is out of range") from None


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
    """A number or a quantity, in `unit`."""
    with at(key):
        if key not in table:
            raise ModelError("is missing")
        value = _number_or_quantity(table[key])
        if not isinstance(value, str):
            return value
        number, given = parse_quantity(value)
        if given.dimension not in (unit.dimension, NUMBER):
            raise ModelError(f"{excerpt(value)} has the wrong dimension")
        return number * given.factor / unit.factor if given.text else number
