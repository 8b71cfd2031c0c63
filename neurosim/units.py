"""Units: a closed list of names, one coherent set inside, conversion at the border.

Inside, every number is a float64 in the coherent set {ms, mV, nA, nF, uS, MOhm}. Per area it is
{uA, uF, mS}/cm^2: the same set with the length that makes 1 nA per unit area equal 1 uA/cm^2.
A unit is then a power of ten and four exponents, so that no conversion inside the set rounds.
"""

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import UnitError, choices, excerpt

Dimension = tuple[float, float, float, float]
"""Exponents of time, voltage, current and length."""

NUMBER: Dimension = (0, 0, 0, 0)
TIME: Dimension = (1, 0, 0, 0)
RATE: Dimension = (-1, 0, 0, 0)
_VOLTAGE: Dimension = (0, 1, 0, 0)
_CURRENT: Dimension = (0, 0, 1, 0)
_CONDUCTANCE: Dimension = (0, -1, 1, 0)
_RESISTANCE: Dimension = (0, 1, -1, 0)
_CAPACITANCE: Dimension = (1, -1, 1, 0)
_CHARGE: Dimension = (1, 0, 1, 0)
_LENGTH: Dimension = (0, 0, 0, 1)

_UNITS_BY_DIMENSION: tuple[tuple[Dimension, dict[str, float]], ...] = (
    # name: power of ten that turns it into the coherent unit
    (TIME, {"us": -3, "ms": 0, "s": 3}),
    (RATE, {"Hz": -3, "kHz": 0}),
    (_VOLTAGE, {"uV": -3, "mV": 0, "V": 3}),
    (_CURRENT, {"pA": -3, "nA": 0, "uA": 3, "mA": 6}),
    (_CONDUCTANCE, {"pS": -6, "nS": -3, "uS": 0, "mS": 3}),
    (_RESISTANCE, {"Ohm": -6, "kOhm": -3, "MOhm": 0, "GOhm": 3}),
    (_CAPACITANCE, {"pF": -3, "nF": 0, "uF": 3}),
    (_CHARGE, {"pC": 0, "nC": 3}),
    (_LENGTH, {"nm": -5.5, "um": -2.5, "mm": 0.5, "cm": 1.5}),
)
UNITS: dict[str, tuple[float, Dimension]] = {
    name: (ten, dimension) for dimension, units in _UNITS_BY_DIMENSION for name, ten in units.items()
}
"""The closed list: name → power of ten that turns it into the coherent unit, dimension."""

_DISPLAY = "ms mV nA uS MOhm nF pC 1/ms uA/cm^2 mS/cm^2 uF/cm^2 mV/ms nA/ms uS/ms"
_NUMBER = r"[+-]?(?:(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?|inf)"
_QUANTITY = re.compile(rf"({_NUMBER})(?![\w.])[ \t]*((?!\s).*)", re.ASCII | re.DOTALL)
_FOREIGN_FACTOR = r"[A-Za-z\u00b5\u03bc\u03a9]{1,32}(?: *(?:\^|\*\*) *-?\d)?"
_FOREIGN_QUANTITY = re.compile(
    rf"\s*({_NUMBER}) *((?:1 */ *)?{_FOREIGN_FACTOR}(?: *[*/] *{_FOREIGN_FACTOR}){{0,6}})\s*", re.ASCII
)
_FACTOR = re.compile(r" *([*/]?) *(?:([A-Za-z]{1,8})(?:(?:\^|\*\*)([+-]?\d(?:\.\d{1,3})?))?|(1)) *", re.ASCII)
_LARGEST_TEN = 90
SMALLEST, LARGEST = 1e-300, 1e300  # of numbers other than 0 that are written in files and texts


@dataclass(frozen=True)
class Unit:
    """A unit as written, e.g. ``mS/cm^2``, with what turns it into the coherent set."""

    text: str
    ten: float
    dimension: Dimension

    @property
    def factor(self) -> float:
        """Value in the coherent set of one of this unit."""
        return power_of_ten(self.ten)

    def __str__(self) -> str:
        return self.text


def power_of_ten(exponent: float) -> float:
    """10**exponent, exact where a float64 can be."""
    return float(f"1e{exponent:.0f}") if exponent == round(exponent) else float(10.0**exponent)


def combine(a: Dimension, b: Dimension, sign: float = 1) -> Dimension:
    """Dimension of a product (`sign` 1) or a quotient (`sign` -1)."""
    return (a[0] + sign * b[0], a[1] + sign * b[1], a[2] + sign * b[2], a[3] + sign * b[3])


def scale(a: Dimension, power: float) -> Dimension:
    """Dimension of a quantity raised to a power."""
    return (a[0] * power, a[1] * power, a[2] * power, a[3] * power)


@lru_cache(maxsize=1024)
def parse_unit(text: str) -> Unit:
    """Read a unit such as ``uA/cm^2`` or ``1/ms`` (``1`` or nothing: a pure number).

    Raises
    ------
    UnitError
        Where a name is not in `UNITS` or the text is no product of powers.
    """
    ten, dimension, position = 0.0, NUMBER, 0
    stripped = text.strip()
    if len(stripped) > 64:
        raise UnitError(f"unit {excerpt(text)} is too long; write a product such as mS/cm^2")
    while position < len(stripped):
        match = _FACTOR.match(stripped, position)
        if match is None or (match[1] == "" and position > 0) or (match[1] and position == 0):
            raise UnitError(f"cannot read the unit {excerpt(text)}; write a product of powers such as mS/cm^2")
        if match[2]:
            if match[2] not in UNITS:
                raise UnitError(f"unknown unit {excerpt(match[2])}; {choices(match[2], UNITS)}")
            power = float(match[3] or 1) * (-1 if match[1] == "/" else 1)
            name_ten, name_dimension = UNITS[match[2]]
            ten += power * name_ten
            dimension = combine(dimension, scale(name_dimension, power))
        position = match.end()
    if abs(ten) > _LARGEST_TEN:
        raise UnitError(f"the unit {excerpt(text)} is 1e{ten:+.0f} of those the simulator computes in; write another")
    return Unit("" if stripped == "1" else stripped, ten, dimension)


@lru_cache(maxsize=256)
def coherent_unit(dimension: Dimension) -> Unit:
    """The unit of the coherent set, as people write it, for a dimension; with lengths in cm."""
    for text in ("", *_DISPLAY.split()):
        unit = parse_unit(text)
        if unit.dimension == dimension:
            return unit
    area = dimension[2] > 0 and dimension[3] == -2 * dimension[2]
    text = "*".join(
        name if power == 1 else f"{name}^{power:g}"
        for name, power in zip(("ms", "mV", "uA" if area else "nA", "cm"), dimension, strict=True)
        if power
    )
    try:
        return parse_unit(text)
    except UnitError:  # a power that nobody writes
        return Unit(text, 0.0, dimension)


@lru_cache(maxsize=1024)
def parse_quantity(text: str) -> tuple[float, Unit]:
    """Split ``"120 mS/cm^2"`` into the number as written and its unit.

    Raises
    ------
    UnitError
        Where the text is not *number [unit]*, or the number is beyond those of a float64.
    """
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        raise UnitError(f"{excerpt(text)} is not a number with a unit, such as '10 uA/cm^2'")
    unit = parse_unit(match[2])
    return _in_range(match[1], unit.factor, text), unit


def _in_range(number: str, factor: float, text: str) -> float:
    """A number that is 0, infinite as written, or of a size that leaves room to compute with it."""
    value, mantissa = float(number), number.lower().partition("e")[0]
    if mantissa.strip("+-0.") not in ("", "inf") and not SMALLEST <= abs(value * factor) <= LARGEST:
        raise UnitError(f"the number in {excerpt(text)} is out of range")
    return value


def to_array(value: Any, unit: Unit, what: str) -> NDArray[np.float64]:
    """Bring what a user gave for `what` into the coherent set.

    Parameters
    ----------
    value
        Number or array in `unit`; a string such as ``"10 ms"`` (any unit pint knows) or a sequence of them; a pint,
        quantities or Brian2 quantity.
    unit
        The unit bare numbers are in, and the dimension required of everything else.
    what
        How to name the value in an error.

    Returns
    -------
    ndarray of float64
        Any shape, in the coherent set.
    """
    if isinstance(value, str):
        number, given = _quantity_of_user(value, what)
        return np.float64(number) * np.float64(_factor(given, unit, what, value, number)) + np.zeros(())
    if hasattr(value, "dim") and type(value).__module__.startswith("brian2"):
        return _from_si(np.asarray(value, float), value.dim._dims, unit, what)
    if hasattr(value, "dimensionality") and hasattr(value, "magnitude"):
        return _from_quantity(value, unit, what)
    if isinstance(value, list | tuple) and any(isinstance(item, str) for item in value):
        return np.array([to_number(item, unit, what) for item in value])
    return _numbers(value, value, unit, what) * unit.factor


def has_unit(value: Any) -> bool:
    """Whether `value` is a quantity of pint, quantities or Brian2, not bare numbers."""
    brian = hasattr(value, "dim") and type(value).__module__.startswith("brian2")
    return brian or (hasattr(value, "dimensionality") and hasattr(value, "magnitude"))


def to_number(value: Any, unit: Unit, what: str) -> float:
    """`to_array` for a single number."""
    array = to_array(value, unit, what)
    if array.size != 1:
        raise UnitError(f"{what} takes a single number{_in(unit)}, not {array.size} values")
    return float(array.reshape(()))


def _in(unit: Unit) -> str:
    return f" (bare numbers are in {unit})" if unit.text else ""


def _factor(given: Unit, wanted: Unit, what: str, value: object, number: float) -> float:
    if given.text == "" and number in (0.0, float("inf"), float("-inf")):
        return 1.0
    if given.text == "" and wanted.text:
        return wanted.factor
    if given.dimension != wanted.dimension:
        raise UnitError(f"{what}: {excerpt(value)} has the wrong dimension; give it in {wanted.text or 'pure numbers'}")
    return given.factor


def _numbers(value: Any, given: object, unit: Unit, what: str) -> NDArray[np.float64]:
    """`value` as an array, where it is one of real numbers; `given` is what to quote if not."""
    try:
        array = np.asarray(value)
        if array.dtype.kind in "fiu":
            return array.astype(np.float64)
    except (TypeError, ValueError, RecursionError):
        pass
    reason = f"{excerpt(given)} is not a number, an array of numbers or a quantity{_in(unit)}"
    raise UnitError(f"{what}: {reason}")


def _quantity_of_user(text: str, what: str) -> tuple[float, Unit]:
    """A quantity in the closed list or, failing that, in any unit pint knows."""
    for sign, plain in (("\u00b2", "^2"), ("\u00b5", "u"), ("\u03bc", "u"), ("\u03a9", "Ohm")):
        text = text.replace(sign, plain)
    try:
        return parse_quantity(text)
    except UnitError as unknown:
        match = _FOREIGN_QUANTITY.fullmatch(text)
        found = match and _foreign_unit(match[2])
        if not match or not found:
            raise UnitError(f"{what}: {unknown}") from None
        factor, dimension = found
        try:
            return _in_range(match[1], factor, text) * factor, Unit(match[2], 0.0, dimension)
        except UnitError as error:
            raise UnitError(f"{what}: {error}") from None


@lru_cache(maxsize=1)
def _registry() -> Any:
    import pint

    return pint.UnitRegistry()


@lru_cache(maxsize=256)
def _foreign_unit(text: str) -> tuple[float, Dimension] | None:
    """Value in the coherent set, and dimension, of a unit that pint knows."""
    try:
        one, two = (_registry().Quantity(number, text).to_root_units() for number in (1.0, 2.0))
        exponents = {str(name): float(power) for name, power in one.unit_items()}
        g, m, s, a = (exponents.pop(name, 0.0) for name in ("gram", "meter", "second", "ampere"))
        value = float(one.magnitude)
        proportional = math.isfinite(value) and two.magnitude == 2 * value  # degrees and decibels are not
        if exponents or not proportional:
            return None
    except Exception:
        return None
    dimension, ten = _from_si_exponents(m, g, s, a)
    return value * power_of_ten(ten - 3 * g), dimension


def _from_quantity(value: Any, unit: Unit, what: str) -> NDArray[np.float64]:
    """A quantity of pint or of quantities (Neo), which convert themselves: to the unit, else to SI."""
    dimension, ten = _to_si_exponents(unit.dimension)
    si = "*".join(f"{name}**{power:g}" for name, power in zip(("kg", "m", "s", "A"), dimension, strict=True) if power)
    for text, factor in ((unit.text.replace("Ohm", "ohm"), unit.factor), (si, power_of_ten(ten))):
        try:
            convert = value.to if hasattr(value, "to") else value.rescale
            converted = convert(text or "dimensionless").magnitude
        except Exception:  # noqa: S112  # each library has errors of its own
            continue
        return _numbers(converted, value, unit, what) * factor
    raise UnitError(f"{what}: {excerpt(value)} has the wrong dimension; give it in {unit.text or 'pure numbers'}")


def _from_si(array: NDArray[np.float64], dims: tuple[float, ...], unit: Unit, what: str) -> NDArray[np.float64]:
    """A Brian2 quantity: numbers in SI with exponents (m, kg, s, A, K, mol, cd)."""
    dimension, ten = _from_si_exponents(*dims[:4])
    if dimension != unit.dimension or any(dims[4:]):
        raise UnitError(f"{what}: the quantity given has the wrong dimension; give it in {unit.text or 'pure numbers'}")
    return array * power_of_ten(ten)


def _from_si_exponents(m: float, kg: float, s: float, a: float) -> tuple[Dimension, float]:
    """SI exponents as a dimension, with the power of ten from SI to the coherent set.

    A volt is kg m^2 s^-3 A^-1: kilograms count the volts, and each takes m^2, s^-3 and A^-1 with it.
    """
    dimension = (s + 3 * kg, kg, a + kg, m - 2 * kg)
    return dimension, 3 * dimension[0] + 3 * dimension[1] + 9 * dimension[2] + 3.5 * dimension[3]


def _to_si_exponents(dimension: Dimension) -> tuple[tuple[float, float, float, float], float]:
    """The inverse of `_from_si_exponents`: (kg, m, s, A) and the power of ten from SI to the coherent set."""
    t, v, i, length = dimension
    return (v, length + 2 * v, t - 3 * v, i - v), 3 * t + 3 * v + 9 * i + 3.5 * length


def dimension_of(text: str) -> Dimension | None:
    """Dimension of a unit in the closed list or, failing that, of any that pint knows; None for what is no unit."""
    try:
        return _quantity_of_user(f"1 {text}", "")[1].dimension if text else None
    except UnitError:
        return None
