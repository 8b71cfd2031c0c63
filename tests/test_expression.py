"""The language of model files: what it takes, what it computes, which dimensions fit."""

import ast
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosim import ModelError
from neurosim.expression import (
    CLOCKS,
    CONSTANTS,
    FUNCTIONS,
    TRUTH,
    UNKNOWN,
    evaluate,
    kind,
    literal,
    names,
    operators,
    parse,
    resolve,
    unknown,
)
from neurosim.units import NUMBER, UNITS, parse_unit

quick = settings(derandomize=True, deadline=1000, max_examples=300, database=None)

FACTORS = {name: parse_unit(name).factor for name in UNITS if name != "V"}
KINDS = {name: parse_unit(name).dimension for name in UNITS} | {"pi": NUMBER, "inf": None, "x": NUMBER, "w": UNKNOWN}
KINDS |= {"V": parse_unit("mV").dimension, "tau": parse_unit("ms").dimension, "g": parse_unit("nS").dimension}


def value(text, **values):
    """Value of an expression in which units and constants are numbers."""
    return evaluate(resolve(parse(text), FACTORS | CONSTANTS), values)


def dimension(text):
    return kind(parse(text), KINDS)


def refusal(text, act=dimension):
    with pytest.raises(ModelError) as caught:
        act(text)
    return str(caught.value)


# Values -----------------------------------------------------------------------------------------------------------

TRUTHS = {  # by the standard library
    "exp": math.exp,
    "log": lambda x: math.log(abs(x) + 1),
    "sqrt": lambda x: math.sqrt(abs(x)),
    "tanh": math.tanh,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "abs": abs,
    "heaviside": lambda x: 1.0 if x >= 0 else 0.0,
    "exprelr": lambda x: x / math.expm1(x) if x else 1.0,
    "gate": lambda x: (1 + math.tanh(x)) / 2,
}
ARGUMENT = {"log": "abs(x) + 1", "sqrt": "abs(x)"}


@pytest.mark.parametrize("name", TRUTHS)
@given(x=st.floats(-700, 700))
@quick
def test_function(name, x):
    """gate loses digits where 1 + tanh does, so it is compared to an absolute 1e-15 as well."""
    found = value(f"{name}({ARGUMENT.get(name, 'x')})", x=x)
    assert found == pytest.approx(TRUTHS[name](x), rel=1e-13, abs=3e-16 if name == "gate" else 1e-305)


@pytest.mark.parametrize("name", ["min", "max"])
@given(a=st.floats(allow_nan=False), b=st.floats(allow_nan=False))
@quick
def test_function_of_two(name, a, b):
    assert value(f"{name}(a, b)", a=a, b=b) == {"min": min, "max": max}[name](a, b)


def test_every_function_is_tested():
    assert set(FUNCTIONS) == {*TRUTHS, "min", "max"}


@pytest.mark.parametrize("exponent", np.linspace(-12, -3, 37))
@pytest.mark.parametrize("sign", [1, -1])
def test_exprelr_near_zero(exponent, sign):
    """Truth: the series 1 - x/2 + x²/12 - x⁴/720 of x/(exp(x) - 1); the next term is below 1e-22."""
    x = sign * 10.0**exponent
    assert value("exprelr(x)", x=x) == pytest.approx(1 - x / 2 + x**2 / 12 - x**4 / 720, rel=2e-15)


@pytest.mark.parametrize(
    ("text", "x", "wanted"),
    [
        ("exprelr(x)", 0.0, 1.0),
        ("exprelr(x)", math.inf, 0.0),
        ("exprelr(x)", -1000.0, 1000.0),
        ("exprelr(x)", 1000.0, 0.0),
        ("gate(x)", math.inf, 1.0),
        ("gate(x)", -math.inf, 0.0),
        ("gate(x)", 0.0, 0.5),
        ("gate(inf*x)", 0.0, 1.0),  # a threshold unit fires at its threshold
        ("heaviside(x)", 0.0, 1.0),
        ("heaviside(x)", -0.0, 1.0),
        ("heaviside(x)", -5e-324, 0.0),
        ("exp(x)", -math.inf, 0.0),
        ("exp(x)", 1000.0, math.inf),
        ("1/x", math.inf, 0.0),
        ("inf if x > 0 else 2", 1.0, math.inf),
    ],
)
def test_ends(text, x, wanted):
    """The conventions of the language, and those of IEEE 754."""
    assert value(text, x=x) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "1 + 2*3 - 4/5",
        "-2**2",
        "2**-1",
        "2**3**2",
        "(1 + 2)*3",
        "- - + 3",
        "1e3 + 1.5e-3 + .5 + 2.",
        "7 - 2 - 1",
        "8/4/2",
        "2*3**2*2",
    ],
)
def test_arithmetic_is_that_of_python(text):
    assert value(text) == eval(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 if x > 2 else 0", [0, 0, 1]),
        ("1 if x >= 2 and x < 3 else 0", [0, 1, 0]),
        ("1 if x < 2 or x == 3 else 0", [1, 0, 1]),
        ("1 if not x == 2 else 0", [1, 0, 1]),
        ("1 if x != 2 and not (x > 2 or x < 0) else 0", [1, 0, 0]),
        ("1 if x < 2 else 2 if x < 3 else 3", [1, 2, 3]),
        ("log(x - 2) if x > 2 else 0", [0, 0, 0]),  # both sides are evaluated: log(-1) and log(0) must not matter
        ("max(x, 2)*min(x, 2)", [2, 4, 6]),
    ],
)
def test_choices_work_elementwise(text, wanted):
    assert np.array(value(text, x=np.array([1.0, 2.0, 3.0]))).tolist() == wanted


def test_numbers_of_units_and_constants():
    """In the coherent set: ms, mV, nA, uS."""
    assert value("2*s + 3*us") == 2000.003
    assert value("5*mV") == 5
    assert value("3*nS*10*mV") == pytest.approx(0.03, rel=1e-15)
    assert value("pi") == math.pi
    assert value("-inf") == -math.inf


def test_own_names_come_first():
    """A model's own V is not the volt."""
    assert evaluate(resolve(parse("V/(5*mV)"), FACTORS), {"V": 10.0}) == 2.0


# Folding ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("2*3 + 4", "10.0"),
        ("(V + 40*mV)/(10*mV)", "(V + 40.0) / 10.0"),
        ("x*mV", "x"),  # a unit of the coherent set costs nothing
        ("x/ms", "x"),
        ("1*x*1/1", "x"),
        ("exp(0)*x", "x"),
        ("x + 2*pi", f"x + {2 * math.pi!r}"),
        ("min(3, 2)*x", "2.0 * x"),
        ("x**(1 + 1)", "x ** 2.0"),
        ("-(5*x)", "-(5.0 * x)"),
        ("x if 1 > 2 else 3*s", "x if 1.0 > 2.0 else 3000.0"),
        ("gate(inf*0)", "1.0"),
        ("x/inf", "x / 1e309"),  # how Python writes infinity in a tree
    ],
)
def test_folding(text, folded):
    assert ast.unparse(resolve(parse(text), FACTORS | CONSTANTS)) == folded


def test_folding_leaves_the_raw_tree_alone():
    raw = parse("2*3*x")
    before = ast.dump(raw)
    resolve(raw, {"x": 5.0})
    assert ast.dump(raw) == before


@pytest.mark.parametrize(
    "text", ["1/0", "1e308*10", "log(-1)", "0**-1", "inf - inf", "x + inf*0", "exp(1000)", "9**9**9"]
)
def test_folding_to_what_is_no_number(text):
    assert "not a number" in refusal(text, value)


# Trees ------------------------------------------------------------------------------------------------------------


def test_names():
    assert names(parse("exp(a + b)*max(c, a) if d > 0 else t")) == {"a", "b", "c", "d", "t"}
    assert names(parse("1 + 2")) == set()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("3", 3.0),
        ("-3", -3.0),
        ("+3", 3.0),
        ("- - 3", 3.0),
        ("x", None),
        ("3 + 1", None),
        ("-x", None),
        ("not 3 > 2", None),
    ],
)
def test_literal(text, wanted):
    assert literal(parse(text)) == wanted


def test_operators_are_counted_without_parsing():
    assert operators("a + b*c") == 2
    assert operators("exp(-x) if x > 0 and not y else 2**3") == 9  # ( - if > and not else, ** counts twice
    assert operators("notable + order") == 1


def test_limits_are_reached():
    """The longest, the deepest and the busiest expression that are legal."""
    assert parse("V" * 64 + " " * 1936)
    assert parse("(" * 32 + "x" + ")" * 32)
    assert parse("+".join("x" * 99))
    assert parse("x**64 + x**-64")
    assert refusal("V" * 64 + " " * 1937, parse).endswith("use [define]")
    assert refusal("+".join("x" * 101), parse).endswith("use [define]")


def test_power_and_chain():
    """The two mistakes that look most like the language."""
    assert refusal("x^2", parse) == "'^' is not a power; write ** in 'x^2'"
    assert refusal("1 < x < 2", parse).endswith("write a < b and b < c")


@given(st.text() | st.text(alphabet="xV01.eE+-*/()<>=!, andotrif", max_size=60))
@quick
def test_any_text_is_an_expression_or_an_error(text):
    try:
        tree = parse(text)
    except ModelError as error:
        tree = None
        message = str(error)
    if tree is None:
        assert message.isprintable()
    else:
        assert parse(ast.unparse(tree)) is not None
        assert names(tree) <= set(text.replace("(", " ").split()) | {
            node.id for node in ast.walk(tree) if isinstance(node, ast.Name)
        }


# Dimensions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("5", "1"),
        ("5*mV", "mV"),
        ("V/tau", "mV/ms"),
        ("g*V", "nA"),
        ("V**2", "mV^2"),
        ("V**-1", "1/mV"),
        ("V**0.5", "mV^0.5"),
        ("sqrt(V*V)", "mV"),
        ("sqrt(V)**2", "mV"),
        ("abs(-V)", "mV"),
        ("max(V, 0)", "mV"),
        ("min(0, V)", "mV"),
        ("V + 0", "mV"),
        ("0 - V", "mV"),
        ("V if V > 0 else inf", "mV"),
        ("inf if x > 0 else V", "mV"),
        ("0*mV", "mV"),
        ("exp(V/(5*mV))", "1"),
        ("x**x", "1"),
        ("2**x", "1"),
        ("heaviside(V)", "1"),
        ("x**2.5", "1"),
        ("0**2", "1"),
        ("tau*Hz", "1"),
        ("mS/cm**2*V", "uA/cm^2"),
    ],
)
def test_dimension(text, unit):
    assert dimension(text) == parse_unit(unit).dimension


@pytest.mark.parametrize(
    "text", ["0", "inf", "-inf", "-0", "0 + 0", "min(0, inf)", "sqrt(0)", "abs(-inf)", "0 if x > 1 else 0"]
)
def test_bare_zero_and_infinity_fit_any_dimension(text):
    assert dimension(text) is None
    assert dimension(f"V + ({text})") == dimension("V")
    assert dimension(f"V > ({text})") is TRUTH


@pytest.mark.parametrize("text", ["V > 0", "V > 5*mV", "x == 1 and V < 0*mV", "not x > 1", "x > 1 or not (x < 0)"])
def test_truth(text):
    assert dimension(text) is TRUTH


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("V + 1", "the two sides of 'V + 1' have different dimensions"),
        ("V - tau", "different dimensions"),
        ("V > tau", "the two sides of 'V > tau' have different dimensions"),
        ("min(V, 1)", "different dimensions"),
        ("V if x > 0 else 1", "different dimensions"),
        ("exp(V)", "exp needs a pure number, 'V' has a unit"),
        ("gate(tau)", "gate needs a pure number"),
        ("exprelr(V)", "exprelr needs a pure number"),
        ("V**x", "the power of 'V', which has a unit, must be a plain number"),
        ("V**(2*1)", "must be a plain number"),
        ("x**V", "the exponent 'V' has a unit"),
        ("(x > 0) + 1", "'x > 0' is true or false where a number is needed"),
        ("x*(x > 0)", "true or false where a number is needed"),
        ("-(x > 0)", "true or false where a number is needed"),
        ("(x > 0) > (x > 1)", "true or false where a number is needed"),
        ("sqrt(x > 0)", "true or false where a number is needed"),
        ("x**(x > 0)", "true or false where a number is needed"),
        ("not x", "'x' is a number where a comparison is needed"),
        ("x and x > 1", "'x' is a number where a comparison is needed"),
        ("1 if x else 2", "'x' is a number where a comparison is needed"),
        ("(x > 0) if x > 1 else (x > 2)", "true or false where a number is needed"),
    ],
)
def test_what_does_not_fit(text, reason):
    assert reason in refusal(text)


def test_unknown_fits_anything_and_spreads():
    """w stands for a state whose dimension its rate will tell."""
    assert dimension("V + w") == dimension("V")
    assert dimension("w + V") == dimension("V")
    assert dimension("exp(w)") == NUMBER
    assert all(unknown(dimension(text)) for text in ("w", "w*V", "V/w", "w**2", "sqrt(w)", "-w", "w + 0", "0 - w"))
    assert not unknown(dimension("V"))
    assert not unknown(dimension("0"))
    assert not unknown(TRUTH)


def test_clocks_and_constants_are_no_functions():
    assert not set(FUNCTIONS) & {*CLOCKS, *CONSTANTS}
