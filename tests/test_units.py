"""Units: the closed list against pint, which knows SI by itself; relations that must be exact; what users may give."""

import itertools
import math

import numpy as np
import pint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosim import UnitError
from neurosim.units import (
    UNITS,
    coherent_unit,
    combine,
    parse_quantity,
    parse_unit,
    power_of_ten,
    scale,
    to_array,
    to_number,
)

PINT = pint.UnitRegistry()
BASE = ("ms", "mV", "nA", "cm")  # a unit of each of the four exponents of a dimension
to_number("1 minute", parse_unit("ms"), "x")  # the registry of the package takes a moment to make
quick = settings(derandomize=True, deadline=1000, max_examples=300, database=None)


def in_pint(text):
    return PINT.Quantity(1, text.replace("Ohm", "ohm"))


def factor(text):
    return parse_unit(text).factor


# The list ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", UNITS)
def test_dimension_against_pint(name):
    """A unit has the dimension of ms^a mV^b nA^c cm^d, whose exponents the list gives."""
    product = math.prod(in_pint(base) ** power for base, power in zip(BASE, parse_unit(name).dimension, strict=True))
    assert in_pint(name).check(PINT.Quantity(1, product.units).dimensionality)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(UNITS, 2)))
def test_factor_against_pint(one, other):
    """Ratios of units of one dimension; pint raises for others."""
    if parse_unit(one).dimension == parse_unit(other).dimension:
        ratio = in_pint(one).to(other.replace("Ohm", "ohm")).magnitude
        assert factor(one) / factor(other) == pytest.approx(ratio, rel=1e-14)
    else:
        with pytest.raises(pint.DimensionalityError):
            in_pint(one).to(other.replace("Ohm", "ohm"))


COHERENT = [  # from the definitions: F = C/V, S = A/V, Ohm = V/A, C = A s
    ("nF*mV/ms", "nA"),
    ("uS*mV", "nA"),
    ("MOhm*nA", "mV"),
    ("MOhm*nF", "ms"),
    ("nF/uS", "ms"),
    ("nA*ms", "pC"),
    ("mS/cm^2*mV", "uA/cm^2"),
    ("uF/cm^2*mV/ms", "uA/cm^2"),
    ("uF/cm^2/mS*cm^2", "ms"),
    ("kHz*ms", "1"),
    ("V/ms", "V/ms"),
    ("kOhm*cm^2*uA/cm^2", "mV"),
]


@pytest.mark.parametrize(("product", "unit"), COHERENT)
def test_coherent_relations(product, unit):
    """Exact: a model in these units needs no factor. pint agrees to its rounding."""
    assert factor(product) == factor(unit)
    assert parse_unit(product).dimension == parse_unit(unit).dimension
    assert in_pint(product).to(unit.replace("Ohm", "ohm")).magnitude == pytest.approx(1, rel=1e-14)


@pytest.mark.parametrize("unit", "ms mV nA nF uS MOhm uA/cm^2 uF/cm^2 mS/cm^2 1/ms mV/ms 1".split())
def test_units_of_the_coherent_set(unit):
    assert factor(unit) == 1.0


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("mS/cm^2", "mS/cm**2"),
        ("mS/cm^2", " mS / cm^2 "),
        ("mV/ms", "mV*ms^-1"),
        ("1/ms", "kHz"),
        ("1", ""),
        ("mV^0.5*mV^0.5", "mV"),
        ("1/ms/mV", "ms^-1*mV^-1"),
    ],
)
def test_ways_to_write_a_unit(text, same):
    one, other = parse_unit(text), parse_unit(same)
    assert (one.ten, one.dimension) == (other.ten, other.dimension)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("furlong", "unknown unit 'furlong'; legal: GOhm, Hz"),
        ("mv", r"unknown unit 'mv'; did you mean mV\?"),
        ("Mohm", "did you mean MOhm?"),
        ("m", "unknown unit 'm'"),
        ("mV ms", "write a product of powers such as mS/cm"),
        ("mV//ms", "cannot read the unit"),
        ("/ms", "cannot read the unit"),
        ("mV/", "cannot read the unit"),
        ("mV^99", "cannot read the unit"),
        ("mV**-", "cannot read the unit"),
        ("mV^\u0663", "cannot read the unit"),
        ("mV/\nms", "cannot read the unit"),
        ("(mV)", "cannot read the unit"),
        ("2*mV", "cannot read the unit"),
        ("\u00b5V", "cannot read the unit"),
        ("mV*" * 30 + "mV", "is too long"),
        ("mA^9*mA^9*mA^9", r"is 1e\+162 of those the simulator computes in"),
        ("nm^9*nm^9", "is 1e-99 of those"),
    ],
)
def test_what_is_no_unit(text, reason):
    with pytest.raises(UnitError, match=reason):
        parse_unit(text)


def test_coherent_unit_is_written_as_people_write_it():
    for text in ("", "mV", "uA/cm^2", "mS/cm^2", "1/ms", "mV/ms"):
        assert coherent_unit(parse_unit(text).dimension).text == text
    assert coherent_unit(parse_unit("s").dimension).text == "ms"
    assert coherent_unit(parse_unit("Hz").dimension).text == "1/ms"
    assert coherent_unit(parse_unit("um").dimension).text == "cm"


@given(st.tuples(*[st.integers(-4, 4)] * 4), st.sampled_from([0.5, 1]))
@quick
def test_coherent_unit_can_be_read_back(powers, half):
    dimension = scale(powers, half)
    unit = coherent_unit(dimension)
    assert parse_unit(unit.text).dimension == dimension
    if dimension[3] in (0, -2 * dimension[2]) and dimension[3] <= 0:
        assert unit.factor == 1.0


def test_arithmetic_of_dimensions():
    volt, second = parse_unit("V").dimension, parse_unit("s").dimension
    assert combine(volt, second, -1) == parse_unit("V/s").dimension
    assert scale(volt, 2) == parse_unit("V^2").dimension


@pytest.mark.parametrize("exponent", range(-30, 31))
def test_powers_of_ten_are_exact(exponent):
    assert power_of_ten(exponent) == float(f"1e{exponent}")


# Texts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        ("120 mS/cm^2", 120, "mS/cm^2"),
        ("-77 mV", -77, "mV"),
        ("+.5 ms", 0.5, "ms"),
        ("2. ms", 2, "ms"),
        ("1e-3 s", 0.001, "s"),
        ("5", 5, ""),
        ("0.2 1/ms", 0.2, "1/ms"),
        (" 5  mV ", 5, "mV"),
        ("5 mV\n", 5, "mV"),
        ("inf", math.inf, ""),
        ("-inf mV", -math.inf, "mV"),
        ("0 mV", 0, "mV"),
        ("-0.0e5", 0, ""),
    ],
)
def test_quantity(text, number, unit):
    found, given_unit = parse_quantity(text)
    assert (found, given_unit.text) == (number, unit)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("mV", "is not a number with a unit, such as '10 uA/cm"),
        ("ten mV", "is not a number with a unit"),
        ("", "is not a number with a unit"),
        ("nan", "is not a number with a unit"),
        ("nan mV", "is not a number with a unit"),
        ("NaN", "is not a number with a unit"),
        ("Infinity", "is not a number with a unit"),
        ("1_000 mV", "is not a number with a unit"),
        ("0x10 mV", "is not a number with a unit"),
        ("1e5e5 mV", "is not a number with a unit"),
        ("\u0663 mV", "is not a number with a unit"),
        ("5\nmV", "is not a number with a unit"),
        ("1" * 50, "is not a number with a unit"),
        ("1e9999 mV", "is not a number with a unit"),
        ("9**9**9 mV", "cannot read the unit"),
        ("5 mV; import os", "cannot read the unit"),
        ("1e999 mV", "the number in '1e999 mV' is out of range"),
        ("1e308 s", "out of range"),
        ("1e-400 mV", "out of range"),
        ("5e-324 us", "out of range"),
    ],
)
def test_what_is_no_quantity(text, reason):
    with pytest.raises(UnitError, match=reason):
        parse_quantity(text)


@given(st.text() | st.from_regex(r"[-+]?\d+(\.\d+)?([eE]-?\d+)? [a-zA-Z/*^0-9]{1,12}", fullmatch=True))
@quick
def test_any_text_is_a_quantity_or_an_error(text):
    messages = []
    for read in (parse_unit, parse_quantity, lambda text: to_array(text, parse_unit("mV"), "x")):
        try:
            read(text)
        except UnitError as error:
            messages.append(str(error))
    assert all(message.isprintable() for message in messages)


@given(
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e290, max_value=1e290), st.sampled_from(list(UNITS))
)
@quick
def test_text_and_number_mean_the_same(number, name):
    if number and abs(number) < 1e-290:
        number = 0.0
    unit = parse_unit(name)
    assert to_array(f"{number!r} {name}", unit, "x") == to_array(number, unit, "x") == number * unit.factor


# What users give --------------------------------------------------------------------------------------------------

MILLIVOLTS = parse_unit("mV")
DENSITY = parse_unit("uA/cm^2")


@pytest.mark.parametrize(
    ("value", "unit", "wanted"),
    [
        (5, "mV", 5),
        (5, "V", 5000),
        ("5 mV", "V", 5),
        ("5", "V", 5000),
        ("0.1 A/m**2", "uA/cm^2", 10),  # 0.1 A/m² = 1e5 uA / 1e4 cm²
        ("0.1 A/m^2", "uA/cm^2", 10),
        ("2 minute", "ms", 120_000),
        ("3 1/minute", "1/ms", 3 / 60_000),
        ("1 kilovolt", "mV", 1e6),
        ("5 \u00b5V", "mV", 0.005),
        ("5 k\u03a9", "MOhm", 0.005),
        ("1 siemens/m**2", "mS/cm^2", 0.1),  # 1e3 mS / 1e4 cm²
        ("50 percent", "1", 0.5),
        ("0", "mV", 0),
        ("inf", "s", math.inf),
        ("-inf", "s", -math.inf),
        ([1, 2], "V", [1000, 2000]),
        ((1, 2), "mV", [1, 2]),
        (["1 mV", "2 V", 3], "mV", [1, 2000, 3]),
        (np.arange(4).reshape(2, 2), "mV", [[0, 1], [2, 3]]),
        (np.float32(0.5), "mV", 0.5),
        (np.uint8(200), "mV", 200),
        (PINT.Quantity(10, "ohm"), "MOhm", 1e-5),
        (PINT.Quantity([1.0, 2.0], "V"), "mV", [1000, 2000]),
        (PINT.Quantity(1, "A/m**2"), "uA/cm^2", 100),
        (PINT.Quantity(0.5, ""), "1", 0.5),
        (PINT.Quantity(3, "1/minute"), "Hz", 3 / 60_000),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_value(value, unit, wanted):
    """Truth: SI by hand."""
    array = to_array(value, parse_unit(unit), "x")
    assert array.dtype == np.float64
    np.testing.assert_allclose(array, wanted, rtol=1e-14)
    assert array.shape == np.shape(wanted)


@pytest.mark.parametrize("name", UNITS)
def test_pint_quantity_in_every_unit(name):
    assert to_array(2.0 * in_pint(name), parse_unit(name), "x") == 2 * factor(name)


@pytest.mark.parametrize("name", UNITS)
def test_quantity_of_quantities_in_every_unit(name):
    """Neo's signals are such; the package knows no GOhm, pC and nC, but converts to them from SI."""
    quantities = pytest.importorskip("quantities")
    power, symbol = {"GOhm": (9, "ohm"), "pC": (-12, "C"), "nC": (-9, "C")}.get(name, (0, name.replace("Ohm", "ohm")))
    value = quantities.Quantity([2.0, 4.0], symbol) * 10.0**power
    np.testing.assert_allclose(to_array(value, parse_unit(name), "x"), [2 * factor(name), 4 * factor(name)], rtol=1e-14)
    with pytest.raises(UnitError, match=r"x: .* has the wrong dimension"):
        to_array(quantities.Quantity(1.0, "kg"), parse_unit(name), "x")


def test_quantity_of_brian2():
    """Recognised before NumPy strips its unit."""
    brian2 = pytest.importorskip("brian2")
    assert to_array(3 * brian2.mV, MILLIVOLTS, "x") == 3
    assert to_array(3 * brian2.uA / brian2.cm**2, DENSITY, "x") == pytest.approx(3, rel=1e-14)
    assert to_array([1, 2] * brian2.Mohm, parse_unit("MOhm"), "x").tolist() == [1, 2]
    with pytest.raises(UnitError, match="wrong dimension"):
        to_array(3 * brian2.mV, DENSITY, "x")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("5 ms", r"'5 ms' has the wrong dimension; give it in mV"),
        ("5 minute", r"wrong dimension; give it in mV"),
        (PINT.Quantity(1, "m"), r"has the wrong dimension; give it in mV"),
        (PINT.Quantity(1j, "mV"), r"is not a number"),
        ("5 bananas", r"unknown unit 'bananas'; legal: "),
        ("5 dBm", r"unknown unit 'dBm'"),  # logarithmic
        ("5 degC", r"unknown unit 'degC'"),  # does not start at nothing
        ("5 kelvin", r"unknown unit 'kelvin'"),
        ("5 nan", r"unknown unit 'nan'"),
        ("5 m**9**9**9", r"unknown unit 'm'"),  # pint would compute 9**9**9
        ("nan", r"is not a number with a unit"),
        ("1e999 minute", r"out of range"),
        (True, r"True is not a number, an array of numbers or a quantity \(bare numbers are in mV\)"),
        ([True, False], r"is not a number"),
        (np.array([True]), r"is not a number"),
        (None, r"None is not a number"),
        ({}, r"\{\} is not a number"),
        (1j, r"1j is not a number"),
        (b"5 mV", r"is not a number"),
        ([1, [2, 3]], r"is not a number"),
        ([1, ["2 mV"]], r"is not a number"),
        (["1 mV", [2, 3]], r"takes a single number"),
        (["1 mV", "2 ms"], r"'2 ms' has the wrong dimension"),
        (10**400, r"is not a number"),
        (10**5000, r"a value of type int is not a number"),
        (np.datetime64("2020-01-01"), r"is not a number"),
        (object(), r"is not a number"),
    ],
    ids=lambda value: "huge" if isinstance(value, int) and value > 1 else ascii(value).split(" at ")[0][:30],
)
def test_error_names_what_where_and_what_is_legal(value, reason):
    with pytest.raises(UnitError, match=f"^threshold of V: .*{reason}|^threshold of V {reason}") as caught:
        to_array(value, MILLIVOLTS, "threshold of V")
    assert str(caught.value).isprintable()


def test_single_number():
    assert to_number("5 V", MILLIVOLTS, "x") == 5000
    assert isinstance(to_number([5], MILLIVOLTS, "x"), float)
    with pytest.raises(UnitError, match=r"x takes a single number \(bare numbers are in mV\), not 2 values"):
        to_number([1, 2], MILLIVOLTS, "x")
    with pytest.raises(UnitError, match="not 0 values"):
        to_number([], MILLIVOLTS, "x")


def test_values_are_not_changed_in_place():
    array = np.array([1.0, 2.0])
    to_array(array, parse_unit("V"), "x")[0] = 7
    assert array.tolist() == [1.0, 2.0]
    to_array(array, MILLIVOLTS, "x")[0] = 7
    assert array.tolist() == [1.0, 2.0]
