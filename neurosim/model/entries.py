"""Readers of the entries of a model file: each checks the type of what it is given and says what it should be."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, TypeVar

from ..errors import ModelError, UnitError, choices, excerpt
from ..units import Unit, parse_quantity

T = TypeVar("T")

LARGEST_FILE = 64 * 1024
_MOST = {"parameters": 500, "inputs": 20, "define": 500, "state": 100, "variants": 100, "check": 100}


@contextmanager
def at(where: str) -> Iterator[None]:
    """Put the place in front of the reason of a model or unit error raised inside."""
    try:
        yield
    except (ModelError, UnitError) as error:
        raise ModelError(f"{where}: {error}") from None


def only(table: Mapping[str, Any], legal: str, where: str = "") -> None:
    """Refuse keys that are not among the words of `legal`."""
    names = set(legal.split())
    for key in table:
        if key not in names:
            raise ModelError(f"{where}unknown key {excerpt(key)}; {choices(key, names)}")


def table_of(tables: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The table at a key; empty if there is none."""
    table = tables.get(key, {})
    if not isinstance(table, dict):
        raise ModelError(f"{key}: must be a table")
    return table


def each_of(tables: Mapping[str, Any], key: str, read: Callable[[Any], T]) -> Mapping[str, T]:
    """What `read` makes of every entry of the table at a key."""
    result = {}
    table = table_of(tables, key)
    few_enough(key, len(table))
    for name, entry in table.items():
        with at(f"{key}.{excerpt(name)[1:-1]}"):
            result[name] = read(entry)
    return MappingProxyType(result)


def few_enough(key: str, number: int) -> None:
    """Refuse more entries than a section may have."""
    if number > _MOST.get(key, LARGEST_FILE):
        raise ModelError(f"{key}: at most {_MOST[key]}, not {number}")


def text_of(table: Mapping[str, Any], key: str) -> str:
    """The text at a key, which must be there."""
    value = table.get(key)
    with at(key):
        return printable(value)


def printable(value: Any) -> str:
    """A text of one line."""
    if not isinstance(value, str) or not value.strip():
        raise ModelError("is missing" if value is None else "must be a text in quotes")
    if len(value) > 500 or not value.isprintable():
        raise ModelError("must be one line of at most 500 printable characters")
    return value


def list_of_texts(entry: Any, least: int, most: int, example: str) -> tuple[str, str, str]:
    """A list of two or three texts; the third is empty if it is missing."""
    if not isinstance(entry, list) or not least <= len(entry) <= most:
        raise ModelError(f"must be {example}")
    texts = [printable(item) for item in entry]
    return texts[0], texts[1], texts[2] if len(texts) > 2 else ""


def number_or_quantity(value: Any) -> float | str:
    """A number as it is, or a quantity as text, checked."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ModelError("must be a number or a quantity in quotes")
    if isinstance(value, str):
        parse_quantity(value)
        return value
    return plain_number(value)


def plain_number(value: int | float) -> float:
    """A number as a float."""
    try:
        number = float(value)
    except OverflowError:
        raise ModelError("the number is out of range") from None
    if math.isnan(number):
        raise ModelError("nan is not a number that can be used")
    return number


def quantity_of(table: Mapping[str, Any], key: str, dimension: Any) -> float:
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


def in_unit(table: Mapping[str, Any], key: str, unit: Unit) -> float:
    """A finite number or quantity, in `unit`."""
    with at(key):
        if key not in table:
            raise ModelError("is missing")
        value = given(number_or_quantity(table[key]), unit)
        if not math.isfinite(value):
            raise ModelError("must be finite")
        return value


def given(value: float | str, unit: Unit) -> float:
    """A number, or a quantity of the same dimension, in `unit`."""
    if not isinstance(value, str):
        return value
    number, given = parse_quantity(value)
    if not given.text or given == unit:
        return number
    if given.dimension != unit.dimension:
        raise ModelError(f"{excerpt(value)} has the wrong dimension; give it in {unit.text or 'pure numbers'}")
    return number * given.factor / unit.factor
