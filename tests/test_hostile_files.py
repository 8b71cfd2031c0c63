"""A model file is data from strangers: it is a model, or a ModelError that names file, key and reason."""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import fuzz
import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from neurosim import METHODS, InputError, Model, ModelError, load_model
from neurosim.kernel import kernel_source

GOOD = """
name = "good"
summary = "A leaky membrane with an adaptation current."
reference = "made for tests"
[defaults]
dt = "0.1 ms"
method = "rk4"
[parameters]
tau = ["10 ms", "time constant", "\\\\tau_m"]
E_L = ["-70 mV", "resting potential"]
R = ["10 MOhm", "resistance"]
[inputs]
I = ["nA", "current"]
[define]
I_L = "(V - E_L)/R"
[state]
V = { start = "E_L", rate = "R*(I - I_L - w)/tau" }
w = { start = "0*nA", rate = "-w/tau" }
[spike]
threshold = "V > -50*mV"
reset = { V = "E_L", w = "w + 0.1*nA" }
refractory = "2*ms"
hold = ["V"]
[[check]]
input = "1 nA"
duration = "10 ms"
discard = "1 ms"
parameters = { tau = "20 ms" }
spike_count = { value = 0, tolerance = 0, source = "below threshold" }
final = { V = { value = "-60 mV", tolerance = 10, source = "R I above rest" } }
"""

SECONDS = fuzz.SECONDS_PER_CALL


@pytest.fixture(scope="module", autouse=True)
def _sympy():
    """Imported once, so that no case has to wait for it."""
    load_model("izhikevich").latex()


def refusal(text):
    """The message of the ModelError that a file raises, in no time."""
    start = time.process_time()
    with pytest.raises(ModelError) as caught:
        Model.from_toml(text)
    assert time.process_time() - start < SECONDS
    message = str(caught.value)
    assert message.isprintable(), "a message is one line without control characters"
    assert len(message) < 1500
    return message


def changed(old, new):
    assert GOOD.count(old) == 1, "the change must be unambiguous"
    return GOOD.replace(old, new)


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


def test_the_file_that_all_cases_change_is_good():
    assert Model.from_toml(GOOD).name == "good"


# Expressions ------------------------------------------------------------------------------------------------------

NOT_PART = "is not part of the language"
NO_FUNCTION = "is not a function of the language"
NO_NUMBER = "is not a number that can be used"
EXPRESSIONS = [
    # attribute access
    ("V.__class__", f"attribute {NOT_PART}"),
    ("().__class__.__mro__", f"attribute {NOT_PART}"),
    ("(1).real", f"attribute {NOT_PART}"),
    ("1 .real", NO_NUMBER),
    ("exp.__globals__", f"attribute {NOT_PART}"),
    # calls of unknown names, or of known ones with other arguments
    ("print(V)", "'print' is not a function of the language; legal: abs, cosh, exp"),
    ("eval(V)", NO_FUNCTION),
    ("__import__(V)", NO_FUNCTION),
    ("V(1)", NO_FUNCTION),
    ("exp(V)(V)", NO_FUNCTION),
    ("heavyside(V)", "did you mean heaviside?"),
    ("exp()", "exp takes 1 argument(s)"),
    ("max(V)", "max takes 2 argument(s)"),
    ("min(V, V, V)", "min takes 2 argument(s)"),
    ("exp(x=1)", "exp takes 1 argument(s)"),
    ("max(*V, V)", f"starred {NOT_PART}"),
    # what Python has and the language has not
    ("V[0]", "the character '[' is not part of the language"),
    ("lambda: V", "the character ':' is not part of the language"),
    ("V := 1", "the character ':' is not part of the language"),
    ("{V}", "the character '{' is not part of the language"),
    ("V @ V", "the character '@' is not part of the language"),
    ("V % 2", "the character '%' is not part of the language"),
    ("~V", "the character '~' is not part of the language"),
    ("V; V", "the character ';' is not part of the language"),
    ("'V'", """the character "'" is not part of the language"""),
    ("f(V)", NO_FUNCTION),
    ("V // 2", f"floor div {NOT_PART}"),
    ("V << 2", f"lshift {NOT_PART}"),
    ("V is V", f"is {NOT_PART}"),
    ("V in V", f"in {NOT_PART}"),
    ("(V, V)", f"tuple {NOT_PART}"),
    ("(yield V)", f"yield {NOT_PART}"),
    ("await V", f"await {NOT_PART}"),
    ("True", "True is not a number"),
    ("None", "None is not a number"),
    ("...", NO_NUMBER),
    ("1j", NO_NUMBER),
    ("0x10", NO_NUMBER),
    ("1_000", NO_NUMBER),
    ("007", "is not an expression"),
    ("import os", "is not an expression"),
    ("lambda", "is not an expression"),
    ("V V", "is not an expression"),
    ("V +", "is not an expression"),
    ("not", "is not an expression"),
    ("", "is not an expression"),
    (" ", "is not an expression"),
    ("1 if V > 0*mV", "is not an expression"),
    ("V^2", "write **"),
    ("-70*mV < V < 0*mV", "chained comparison"),
    # huge powers and absurd numbers
    ("V**65", "an exponent is at most 64"),
    ("V**-65", "an exponent is at most 64"),
    ("V**(- - 65)", "an exponent is at most 64"),
    ("(V/mV)**inf", "an exponent is at most 64"),
    ("(V/mV)**(8*16)", "an exponent is at most 64"),
    ("9**9**9", "is not a number that can be used: inf"),
    ("2**64**2", "is not a number that can be used: inf"),
    ("1e999", NO_NUMBER),
    ("1e-400", NO_NUMBER),
    ("5e-324", NO_NUMBER),
    ("1e9999", NO_NUMBER),
    ("9" * 400, NO_NUMBER),
    ("1e300*1e300", "is not a number that can be used: inf"),
    ("1/0", "is not a number that can be used: inf"),
    ("0/0", "is not a number that can be used: nan"),
    ("0**-1", "is not a number that can be used: inf"),
    ("log(-1)", "is not a number that can be used: nan"),
    ("sqrt(-1)", "is not a number that can be used: nan"),
    ("inf - inf", "contains what is not a number"),
    ("I_L/nA + inf*0", "contains what is not a number"),
    ("nan", "'nan' is not defined"),
    # deep nesting and length
    ("(" * 33 + "1" + ")" * 33, "at most 32 nested brackets"),
    ("exp(" * 33 + "1" + ")" * 33, "at most 32 nested brackets"),
    ("(" * 1990, "at most 32 nested brackets"),
    ("- " * 150 + "1", "nests more than 100 operations"),
    ("not " * 150 + "V > 0*mV", "nests more than 100 operations"),
    ("+".join("1" * 150), "nests more than 100 operations"),
    ("-" * 250 + "1", "200 operators"),
    ("1 if V > 0*mV else " * 120 + "1", "at most 2000 characters"),
    ("V" * 2001, "at most 2000 characters"),
    ("V" * 65, "at most 64"),
    # undefined names, and names that only look like known ones
    ("V_m", "'V_m' is not defined"),
    ("i", "'i' is not defined"),
    ("v", "'v' is not defined"),
    ("mv", "'mv' is not defined"),
    ("exp", "'exp' is not defined"),
    ("__builtins__", "is not a name"),
    ("_V", "is not a name"),
    ("\ufb01", r"the character '\ufb01' is not part"),  # Python reads it as fi
    ("\U0001d415", r"the character '\U0001d415' is not part"),  # as V
    ("\u0663", r"the character '\u0663' is not part"),  # a digit three
    ("V\u200b", r"the character '\u200b' is not part"),
    # control characters and newlines
    ("V\n+ 1", r"the character '\n' is not part"),
    ("V\t+ 1", r"the character '\t' is not part"),
    ("V\x00", r"the character '\x00' is not part"),
    ("V\x1b[31m", r"the character '\x1b' is not part"),
    ("V # note", "the character '#' is not part"),
    ("V\\", r"the character '\\' is not part"),
    # wrong dimensions
    ("V + 1", "the two sides of 'V + 1' have different dimensions"),
    ("V + I", "different dimensions"),
    ("max(V, 1*ms)", "different dimensions"),
    ("V if V > 0*mV else I", "different dimensions"),
    ("1 if V > 0*nA else 2", "different dimensions"),
    ("exp(V)", "exp needs a pure number, 'V' has a unit"),
    ("2**V", "the exponent 'V' has a unit"),
    ("V**(1/2)", "must be a plain number"),
    ("V**tau", "has a unit"),
    ("V**0.3333", "no unit has the dimension mV^0.3333; divide by units"),
    ("V**64", "no unit has the dimension mV^64"),
    # truth values and numbers
    ("(V > 0*mV) + 1", "'V > 0 * mV' is true or false where a number is needed"),
    ("-(V > 0*mV)", "true or false where a number is needed"),
    ("exp(V > 0*mV)", "true or false where a number is needed"),
    ("(V > 0*mV) == (w > 0*nA)", "true or false where a number is needed"),
    ("(V > 0*mV)**2", "true or false where a number is needed"),
    ("not V", "'V' is a number where a comparison is needed"),
    ("V and w > 0*nA", "'V' is a number where a comparison is needed"),
    ("1 if V else 2", "'V' is a number where a comparison is needed"),
    ("1 if (2 if V > 0*mV else 3) else 4", "is a number where a comparison is needed"),
]


@pytest.mark.parametrize(("expression", "reason"), EXPRESSIONS, ids=lambda value: ascii(value)[:40])
def test_expression(expression, reason):
    message = refusal(changed('I_L = "', f'odd = {quoted(expression)}\nI_L = "'))
    assert message.startswith("model text: define.odd: ")
    assert reason in message


@pytest.mark.parametrize(
    ("old", "key"),
    [
        ('"(V - E_L)/R"', "define.I_L"),
        ('start = "E_L"', "state.V.start"),
        ('rate = "-w/tau"', "state.w.rate"),
        ('"V > -50*mV"', "spike.threshold"),
        ('{ V = "E_L"', "spike.reset.V"),
        ('"2*ms"', "spike.refractory"),
    ],
)
def test_every_expression_is_checked(old, key):
    """Wherever an expression can stand, the error says so."""
    before = old[: old.index('"')]
    for bad, reason in (("f(V)", NO_FUNCTION), ("ghost", "'ghost' is not defined"), ("", "is not an expression")):
        message = refusal(changed(old, f'{before}"{bad}"'))
        assert message.startswith(f"model text: {key}: ")
        assert reason in message


# Names ------------------------------------------------------------------------------------------------------------

BAD_NAME = "a name is a letter, then letters, digits and _, at most 64, ASCII only"
TAKEN = "the name is taken by the language or by a unit"
NAMES = [
    *((name, TAKEN) for name in ("exp", "exprelr", "min", "abs", "pi", "inf", "t", "since_spike")),
    *((name, TAKEN) for name in ("lambda", "None", "True", "if", "import", "match", "type", "print", "open", "eval")),
    *((name, TAKEN) for name in ("mV", "ms", "nA", "MOhm", "Hz", "cm", "uF")),
    *((name, BAD_NAME) for name in ("", "_V", "__class__", "__proto__", "1V", "V m", "V.m", "V-m", "V+1", "V" * 65)),
    *((name, BAD_NAME) for name in ("\ufb01", "\U0001d415", "\u00b5", "V\u0663", "\u0412", "V\u0301", "\ufeffV")),
    *(
        (name, BAD_NAME)
        for name in ("V\n", "V\x00", "\x1b[31mV", "V\u202e", "'", '"', "\\", "V; import os", "x" * 9999)
    ),
]
SECTIONS = {
    "parameters": ('["1 ms", "x"]', "[inputs]"),
    "inputs": ('["1", "x"]', "[define]"),
    "define": ('"1"', "[state]"),
    "state": ('{ start = "0", rate = "1/ms" }', "[spike]"),
}


@pytest.mark.parametrize(("name", "reason"), NAMES, ids=lambda value: ascii(value)[:40])
@pytest.mark.parametrize("section", SECTIONS)
def test_name(section, name, reason):
    entry, following = SECTIONS[section]
    message = refusal(changed(following, f"{quoted(name)} = {entry}\n{following}"))
    assert message.startswith(f"model text: {section}.{ascii(name)[1:-1][:4]}")
    assert reason in message


@pytest.mark.parametrize("name", ["time", "rate", "spike_count", "above_threshold", "refractory"])
def test_name_of_a_result(name):
    """A recording, its final state or a check already has something of this name."""
    assert "taken by a result" in refusal(
        changed("w = { start", f'{name} = {{ start = "0", rate = "0/ms" }}\nw = {{ start')
    )


@pytest.mark.parametrize("name", "s_V c0 e0 e0_2 d_V dt step tile exp2 r1_V P_V_V now free lanes nan self np v".split())
def test_name_of_the_kernel(name):
    """Names that generated source uses are free: those of a file are prefixed there."""
    text = changed("I_L = ", f'{name} = "2*I_L + w"\nI_L = ').replace("- I_L - w", f"- {name} - I_L - w")
    model = Model.from_toml(text)
    for method in METHODS.values():
        fuzz.check_source(kernel_source(model, method)[0], model)


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ("E_L = [", "tau = [", "", "Cannot overwrite a value"),
        ("w = { start", "V = { start", "", "Cannot overwrite a value"),
        ("I_L = ", "V = ", "state.V", "the name is used twice"),
        ("I = [", "tau = [", "inputs.tau", "the name is used twice"),
        ("I_L = ", "R = ", "define.R", "the name is used twice"),
        ("[define]", "[inputs]\n[define]", "", "Cannot declare"),
        ("[define]", "[[define]]", "define", "must be a table"),
    ],
)
def test_names_used_twice(old, new, key, reason):
    message = refusal(changed(old, new))
    assert message.startswith(f"model text: {key}")
    assert reason in message


def test_names_differ_by_case():
    model = Model.from_toml(changed("I_L = ", 'i_l = "2*I_L"\nI_L = '))
    assert set(model.defines) == {"I_L", "i_l"}


@pytest.mark.parametrize(
    ("define", "cycle"),
    [
        ('a = "a"', "define.a: defined by itself: a → a"),
        ('a = "b"\nb = "a"', "define.a: defined by itself: a → b → a"),
        ('a = "b + 1"\nb = "exp(c)"\nc = "V/mV*a"', "a → b → c → a"),
        ("\n".join(f'd{i} = "d{(i + 1) % 100}"' for i in range(100)), "d0 → d1 → d2 → d3 → d4 → d5 → d6 → d7 → … → d0"),
    ],
)
def test_cyclic_definitions(define, cycle):
    assert cycle in refusal(changed("I_L = ", f"{define}\nI_L = "))


def test_states_that_start_from_each_other():
    text = changed('start = "E_L"', 'start = "w*R"').replace('start = "0*nA"', 'start = "I_L"')
    assert "define.I_L: defined by itself: I_L → V → w → I_L" in refusal(text)


# Structure, types, units ------------------------------------------------------------------------------------------


def many(count, line, following):
    return "\n".join([*(line.format(i) for i in range(count)), following])


WRONG_DIMENSION = "has the wrong dimension"
NO_QUANTITY = "is not a number with a unit"
FILES = [
    # what must be there
    ("a state without a rate", ', rate = "-w/tau"', "", "state.w: ", "rate is missing"),
    ("a state without a start", 'start = "0*nA", ', "", "state.w: ", "start is missing"),
    ("no threshold", 'threshold = "V > -50*mV"', "", "spike: ", "exactly one rule is needed, there is none"),
    ("no spike rule", "[spike]", "[[spike]]", "spike: ", "must be a table"),
    ("no name", 'name = "good"', "", "name: ", "is missing"),
    ("no summary", 'summary = "A leaky membrane with an adaptation current."', "", "summary: ", "is missing"),
    ("no reference", 'reference = "made for tests"', "", "reference: ", "is missing"),
    ("no step", 'dt = "0.1 ms"', "", "defaults: dt: ", "is missing"),
    ("no method", 'method = "rk4"', "", "defaults: method: ", "is missing"),
    # keys
    ("an unknown table", "[inputs]", "[input]", "", "unknown key 'input'; did you mean inputs?"),
    ("an unknown key", "\nhold =", "\nholds =", "spike: ", "unknown key 'holds'; did you mean hold?"),
    ("an unknown key of a state", "rate = \"-w", 'reset = "0", rate = "-w', "state.w: ", "unknown key 'reset'"),
    ("a key with control characters", "[inputs]", '["\\u001b[2J"]\n[inputs]', "", r"unknown key '\x1b[2J'"),
    ("a key of a megabyte", "[inputs]", f"[{'x' * 2**20}]\n[inputs]", "", "at most 64 kB"),
    ("a prototype", "[inputs]", '[__proto__]\npolluted = "1"\n[inputs]', "", "unknown key '__proto__'"),
    # types
    ("a name of digits", '"good"', "3", "name: ", "must be a text in quotes"),
    ("a list for a name", '"good"', '["good"]', "name: ", "must be a text in quotes"),
    ("a number for a step", '"0.1 ms"', "0.1", "defaults: dt: ", "must be a quantity in quotes"),
    ("true for a step", '"0.1 ms"', "true", "defaults: dt: ", "must be a quantity in quotes"),
    ("a date for a step", '"0.1 ms"', "1979-05-27T07:32:00Z", "defaults: dt: ", "must be a quantity in quotes"),
    ("a time for a parameter", '["10 MOhm", "resistance"]', "07:32:00", "parameters.R: ", "must be ["),
    ("a number for a parameter", '["10 MOhm", "resistance"]', "10", "parameters.R: ", "must be ["),
    ("a parameter without meaning", '["10 MOhm", "resistance"]', '["10 MOhm"]', "parameters.R: ", "must be ["),
    ("a parameter of numbers", '["10 MOhm", "resistance"]', '[10, "x"]', "parameters.R: ", "must be a text in quotes"),
    ("a number for a define", '"(V - E_L)/R"', "1.5", "define.I_L: ", "must be an expression in quotes"),
    ("a list for a define", '"(V - E_L)/R"', '["V"]', "define.I_L: ", "must be an expression in quotes"),
    ("a text for a state", 'w = { start = "0*nA", rate = "-w/tau" }', 'w = "-w/tau"', "state.w: ", "must be {"),
    ("nan for a rate", 'rate = "-w/tau"', "rate = nan", "state.w: ", "must be an expression in quotes"),
    ("a text for hold", '["V"]', '"V"', "spike: hold: ", "must be a list of states"),
    ("numbers for hold", '["V"]', "[1]", "spike: hold: ", "must be a list of states"),
    ("a text for reset", '{ V = "E_L", w = "w + 0.1*nA" }', '"V"', "spike: reset: ", "must be a table"),
    ("a table for check", "[[check]]", "[check]", "check: ", "must be tables headed [[check]]"),
    # texts
    ("an empty summary", '"A leaky membrane with an adaptation current."', '" "', "summary: ", "must be a text"),
    ("a summary of lines", '"A leaky', '"A\\nleaky', "summary: ", "one line of at most 500 printable characters"),
    ("a summary in red", '"A leaky', '"\\u001b[31mleaky', "summary: ", "printable"),
    ("a summary written backwards", '"A leaky', '"\\u202eleaky', "summary: ", "printable"),
    ("a summary of pages", '"A leaky', '"' + "A" * 501, "summary: ", "at most 500"),
    ("a meaning of lines", '"resistance"', '"re\\nsistance"', "parameters.R: ", "one line"),
    ("a meaning with a bell", '"resistance"', '"\\u0007"', "parameters.R: ", "printable"),
    ("a symbol that reads files", "\\\\tau_m", "\\\\input{/etc/passwd}", "parameters.tau: ", "is not a LaTeX symbol"),
    ("a symbol that writes files", "\\\\tau_m", "\\\\write18{ls}", "parameters.tau: ", "is not a LaTeX symbol"),
    ("a symbol that defines", "\\\\tau_m", "\\\\def x", "parameters.tau: ", "is not a LaTeX symbol"),
    ("a symbol that ends mathematics", "\\\\tau_m", "$x$", "parameters.tau: ", "is not a LaTeX symbol"),
    # names of models and methods
    ("a model called like a path", '"good"', '"../good"', "name: ", "lower-case letters, digits and '-'"),
    ("a model called like a file", '"good"', '"good.toml"', "name: ", "lower-case letters"),
    ("a model called like code", '"good"', "'good\"\"\"'", "name: ", "lower-case letters"),
    ("a model with a long name", '"good"', f'"{"g" * 65}"', "name: ", "at most 64"),
    ("a model with a line in its name", '"good"', '"good\\n"', "name: ", "one line"),
    ("a method called like a path", '"rk4"', '"../rk4"', "defaults: method: ", "lower-case letters"),
    # quantities
    ("an unknown unit", '"10 MOhm"', '"10 furlong"', "parameters.R: ", "unknown unit 'furlong'; legal: "),
    ("a unit nearly right", '"10 MOhm"', '"10 Mohm"', "parameters.R: ", "did you mean MOhm?"),
    ("a power of numbers", '"10 MOhm"', '"9**9**9 mV"', "parameters.R: ", "cannot read the unit '**9**9 mV'"),
    ("a code for a quantity", '"10 MOhm"', '"__import__(\'os\')"', "parameters.R: ", NO_QUANTITY),
    ("a huge exponent of a unit", '"10 MOhm"', '"1 mV^99999"', "parameters.R: ", "cannot read the unit"),
    ("a unit beyond the numbers", '"10 MOhm"', f'"1 {"mA^9*" * 7}cm"', "parameters.R: ", "is 1e+380 of those"),
    ("a unit of pages", '"10 MOhm"', f'"1 {"mV*" * 100}mV"', "parameters.R: ", "is too long"),
    ("a unit with a line in it", '"nA"', '"nA\\n"', "inputs.I: ", "one line"),
    ("digits of another script", '"10 MOhm"', '"\\u0661\\u0660 MOhm"', "parameters.R: ", NO_QUANTITY),
    ("a number too large", '"10 MOhm"', '"1e999 MOhm"', "parameters.R: ", "is out of range"),
    ("a number too large in the unit", '["10 ms"', '["1e308 s"', "parameters.tau: ", "is out of range"),
    ("a number too small", '"10 MOhm"', '"1e-400 MOhm"', "parameters.R: ", "is out of range"),
    ("a number of too many digits", '"10 MOhm"', f'"{"1" * 400} MOhm"', "parameters.R: ", NO_QUANTITY),
    ("a number of pages", '"10 MOhm"', f'"{"1" * 5000} MOhm"', "parameters.R: ", "at most 500"),
    ("not a number", '"10 MOhm"', '"nan MOhm"', "parameters.R: ", NO_QUANTITY),
    ("no number at all", '"10 MOhm"', '"MOhm"', "parameters.R: ", NO_QUANTITY),
    ("two numbers", '"10 MOhm"', '"10 20 MOhm"', "parameters.R: ", "cannot read the unit"),
    ("a step in volts", '"0.1 ms"', '"0.1 mV"', "defaults: dt: ", WRONG_DIMENSION),
    ("a step without a unit", '"0.1 ms"', '"0.1"', "defaults: dt: ", WRONG_DIMENSION),
    ("a step of nothing", '"0.1 ms"', '"0 ms"', "defaults: dt: ", "must be from 1e-9 to 1e9 ms"),
    ("a step backwards", '"0.1 ms"', '"-0.1 ms"', "defaults: dt: ", "must not be negative or infinite"),
    ("an endless step", '"0.1 ms"', '"inf ms"', "defaults: dt: ", "must not be negative or infinite"),
    ("a step too short to end", '"0.1 ms"', '"1e-300 ms"', "defaults: dt: ", "must be from 1e-9 to 1e9 ms"),
    # dimensions
    ("a rate without time", '"-w/tau"', '"-w"', "state.w.rate: ", "must be in nA/ms, not nA"),
    ("a rate of something else", '"-w/tau"', '"V/tau"', "state.w.rate: ", "must be in nA/ms, not mV/ms"),
    ("a start of something else", '"0*nA"', '"0*mV"', "state.V.rate: ", "'I - I_L - w' have different dimensions"),
    ("a start that does not fit the rate", '"0*nA", rate = "-w/', '"0*nA", rate = "-V/', "state.w.rate: ", "nA/ms"),
    ("a rate that is true or false", '"-w/tau"', '"w > 0*nA"', "state.w.rate: ", "true or false"),
    ("a start that is true or false", '"0*nA"', '"1 > 0"', "state.w.start: ", "not a comparison"),
    ("a start that needs the input", '"0*nA"', '"I"', "state.w.start: ", "cannot depend on I"),
    ("a start that needs time", '"0*nA"', '"nA*(t/ms)"', "state.w.start: ", "cannot depend on t"),
    ("a length for a state", "w = {", "x = { start = '1*um', rate = '0*um/ms' }\nw = {", "state.x: ", "be in cm"),
    ("a threshold that is a number", '"V > -50*mV"', '"V"', "spike.threshold: ", "must be a comparison"),
    ("two rules", '"V > -50*mV"', '"V > -50*mV"\nhazard = "1/ms"', "spike: ", "there are threshold and hazard"),
    ("a chance at no time", 'threshold = "V > -50*mV"', 'probability = "0.5"', "spike: ", "go together"),
    ("a hazard without unit", 'threshold = "V > -50*mV"', 'hazard = "2"', "spike.hazard: ", "must be in 1/ms"),
    (
        "a probability in mV",
        'threshold = "V > -50*mV"',
        'probability = "V"\nper = "1*ms"',
        "spike.probability: ",
        "must be in pure numbers",
    ),
    (
        "draws at a varying time",
        'threshold = "V > -50*mV"',
        'probability = "0.5"\nper = "V/mV*ms"',
        "spike.per: ",
        "may depend on parameters only",
    ),
    ("a threshold of nothing", '"V > -50*mV"', '"0"', "spike.threshold: ", "must be a comparison"),
    ("a reset of something else", '"w + 0.1*nA"', '"V"', "spike.reset.w: ", "must be in nA, not mV"),
    ("a reset that is true or false", '"w + 0.1*nA"', '"w > 0*nA"', "spike.reset.w: ", "true or false"),
    ("a refractory time in volts", '"2*ms"', '"2*mV"', "spike.refractory: ", "must be in ms, not mV"),
    ("a refractory time that varies", '"2*ms"', '"t"', "spike.refractory: ", "not on t"),
    ("a refractory time of a state", '"2*ms"', '"2*ms*V/mV"', "spike.refractory: ", "not on V"),
    ("a refractory time of a define", '"2*ms"', '"2*ms*I_L/nA"', "spike.refractory: ", "parameters only"),
    # the spike rule
    ("a reset of an unknown state", 'w = "w + 0.1*nA"', 'u = "1"', "spike.reset.u: ", "is not a state; legal: V, w"),
    ("a reset of a parameter", 'w = "w + 0.1*nA"', 'tau = "1*ms"', "spike.reset.tau: ", "is not a state"),
    ("a reset with a line in it", 'w = "w + 0.1*nA"', '"w\\n" = "1"', r"spike.reset.w\n: ", "is not a state"),
    ("holding an unknown state", '["V"]', '["u"]', "spike.hold: ", "'u' is not a state; legal: V, w"),
    ("holding a state twice", '["V"]', '["V", "V"]', "spike.hold: ", "V is named twice"),
    ("holding without refractoriness", 'refractory = "2*ms"', "", "spike.hold: ", "needs a refractory time"),
    # checks
    ("nan for a value", "value = 0,", "value = nan,", "check 1: spike_count: value: ", "nan is not a number"),
    ("infinity for a value", "value = 0,", "value = inf,", "check 1: spike_count: value: ", "must be finite"),
    ("true for a value", "value = 0,", "value = true,", "check 1: spike_count: value: ", "must be a number"),
    ("thousands of digits", "value = 0,", f"value = {'9' * 4000},", "check 1: spike_count: value: ", "out of range"),
    ("more digits than Python reads", "value = 0,", f"value = {'9' * 5000},", "", "not a TOML file"),
    ("a long hexadecimal number", "value = 0,", f"value = 0x{'f' * 9999},", "check 1: spike_count: ", "out of range"),
    ("an infinite tolerance", "tolerance = 0,", "tolerance = inf,", "check 1: spike_count: tolerance: ", "finite"),
    ("a negative tolerance", "tolerance = 0,", "tolerance = -1,", "check 1: spike_count: tolerance: ", "negative"),
    ("a value without source", ', source = "below threshold"', "", "check 1: spike_count: source: ", "is missing"),
    ("a value of another dimension", '"-60 mV"', '"-60 nA"', "check 1: final: V: value: ", WRONG_DIMENSION),
    ("an unknown state", "final = { V", "final = { u", "check 1: final: ", "unknown key 'u'"),
    ("an unknown parameter", "{ tau =", "{ taum =", "check 1: parameters: ", "unknown key 'taum'; did you mean tau?"),
    ("a parameter in volts", '"20 ms"', '"20 mV"', "check 1: parameters.tau: ", WRONG_DIMENSION),
    ("an input in volts", '"1 nA"', '"1 mV"', "check 1: input: ", WRONG_DIMENSION),
    ("an infinite input", '"1 nA"', "inf", "check 1: input: ", "must be finite"),
    ("no duration", 'duration = "10 ms"', "", "check 1: duration: ", "is missing"),
    ("a duration of nothing", '"10 ms"\ndiscard', '"0 ms"\ndiscard', "check 1: duration: ", "must be positive"),
    ("a duration of ages", '"10 ms"\ndiscard', '"1e30 s"\ndiscard', "check 1: duration: ", "at most 1e+09 steps"),
    ("a discard in volts", '"1 ms"', '"1 mV"', "check 1: discard: ", WRONG_DIMENSION),
    # TOML
    ("half a file", "[spike]", "[spike", "", "not a TOML file"),
    ("a null character", "[spike]", "\x00[spike]", "", "not a TOML file"),
    ("a control character in a comment", "[spike]", "# \x1b[2J\n[spike]", "", "not a TOML file"),
    ("half a surrogate pair", "[spike]", "# \ud800\n[spike]", "", "half a character"),
    ("a surrogate that is escaped", '"A leaky', '"\\ud800leaky', "", "not a TOML file"),
    ("a byte-order mark inside", "[spike]", "\ufeff[spike]", "", "not a TOML file"),
    ("arrays in arrays", "\nhold =", f"\na = {'[' * 9999}\nhold =", "", "nested too deeply"),
    ("arrays in arrays that end", "\nhold =", f"\na = {'[' * 300}{']' * 300}\nhold =", "", "nested too deeply"),
    ("tables in tables", "\nhold =", f"\na = {'{a=' * 300}1{'}' * 300}\nhold =", "", "nested too deeply"),
    ("a long dotted key", "\nhold =", f"\n{'a.' * 9999}a = 1\nhold =", "", "nested too deeply"),
    ("a long dotted key in quotes", "\nhold =", "\n" + "\"a\" . " * 999 + "a = 1\nhold =", "", "nested too deeply"),
    ("a long dotted header", "[spike]", f"[{'a.' * 9999}a]\n[spike]", "", "nested too deeply"),
    ("a dotted key behind odd quotes", "\nhold =", f'\na = """"""""\n{"a." * 99}a = 1\nhold =', "", "too deeply"),
    ("escapes without end", "[spike]", 'a = "' + '\\"' * 30000, "", "not a TOML file"),
    ("escaped quotes without end", "[spike]", 'a = """\n' + '\\"""\n' * 12000 + "\\", "", "not a TOML file"),
    ("strings without end", "[spike]", "a = '" + "a'" * 30000, "", "not a TOML file"),
    ("a table opened twice", "[spike]", "[state]\n[spike]", "", "not a TOML file"),
    # how much
    ("a megabyte of comments", "[spike]", f"#{'x' * 2**20}\n[spike]", "", "at most 64 kB"),
    ("a megabyte of text", '"A leaky', f'"{"x" * 2**20}', "", "at most 64 kB"),
    ("64 kB in few characters", "[spike]", "#" + "\U0001f9e0" * 2**14 + "\n[spike]", "", "at most 64 kB"),
    ("a thousand parameters", "[inputs]", many(1000, 'p{} = ["1", "x"]', "[inputs]"), "parameters: ", "at most 500"),
    ("a thousand defines", "I_L =", many(1000, 'd{} = "1"', "I_L ="), "define: ", "at most 500"),
    ("a thousand states", "w = {", many(1000, "x{} = {{start='0',rate='0/ms'}}", "w = {"), "state: ", "at most 100"),
    ("a hundred inputs", "[define]", many(100, 'i{} = ["1", "x"]', "[define]"), "inputs: ", "at most 20"),
    ("a thousand checks", "[[check]]", many(1000, "[[check]]", "[[check]]"), "check: ", "at most 100"),
    ("thousands of operators", "I_L =", many(30, f'd{{}} = "{"+".join("1" * 90)}"', "I_L ="), "define", "at most 2000"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "old", "new", "key", "reason"), FILES, ids=[case[0] for case in FILES])
def test_file(what, old, new, key, reason):
    message = refusal(changed(old, new))
    assert message.startswith(f"model text: {key}")
    assert reason in message


@pytest.mark.parametrize("text", [None, 3, b"name = 1", ["name = 1"]], ids=str)
def test_what_is_not_a_text(text):
    assert "model text: must be a text" in refusal(text)


@pytest.mark.parametrize(
    "text", ["", " ", "\n", "#", "\ufeff" + GOOD, GOOD[:100], GOOD[::-1], GOOD + GOOD, "x" * 10**7]
)
def test_what_is_not_a_model(text):
    assert refusal(text).startswith("model text: ")


# Time -------------------------------------------------------------------------------------------------------------


def test_a_name_among_many_like_it_is_suggested_quickly():
    """Where names are long and alike, comparing them all in every detail would take seconds."""
    alike = [f"a{i:09b}" * 6 for i in range(450)]
    text = changed("I_L =", "\n".join(f'{name}="1"' for name in alike) + '\nodd = "' + "a01" * 20 + '"\nI_L =')
    assert "is not defined" in refusal(text)


def chain(length, form):
    return "\n".join(f'd{i} = "{form.format(f"d{i - 1}")}"' for i in range(1, length))


# Models near the limits, over which a careless reader or writer would sit for minutes: defines after d0, and a rate.
LONG = {
    "a chain of defines": (chain(499, "{0} + 1"), "d498"),
    "a billion laughs": (chain(499, "{0} + {0}"), "d498"),
    "a billion laughs that multiply": (chain(499, "{0}*{0}"), "d498"),
    "a chain of factors": (chain(499, "E_L/mV*{0}"), "d498"),
    "a chain of powers": (chain(400, "{0}**64"), "d399"),
    "a short chain of wide sums": (chain(20, "+".join(["{0}"] * 90)), "d19"),
    "a tower of powers": ("", "**".join(["d0"] * 90)),
    "nested conditions": ("", "(1 if d0 > 1 else " * 30 + "d0" + ")" * 30),
    "a long sum": ("", "+".join(["d0"] * 90)),
    "a nested quotient": ("", "d0/(" * 30 + "d0" + ")" * 30),
    "a nested function": ("", "exp(-" * 30 + "d0" + ")" * 30),
    "a tower of exponents": ("", "2**(-exp(-" * 15 + "d0" + " - 1))" * 15),
}


def sources(model):
    """The sources of the kernels that the methods which fit the model make."""
    found = []
    for name, method in METHODS.items():
        if name in ("euler", "rk4"):
            found.append(fuzz.timed(name, kernel_source, model, method)[0])
        else:
            with contextlib.suppress(InputError):
                found.append(fuzz.timed(name, kernel_source, model, method)[0])
    return found


@pytest.mark.parametrize(("define", "rate"), LONG.values(), ids=LONG)
def test_long_and_legal(define, rate):
    """In seconds, not hours; the source of a kernel grows with the file, not with its meaning."""
    text = changed("I_L =", f'd0 = "w/nA"\n{define}\nI_L =').replace('"-w/tau"', f'"nA*({rate})/tau"')
    model = fuzz.timed("from_toml", Model.from_toml, text)
    assert len(fuzz.timed("latex", model.latex)) < 40 * len(text)
    for source in sources(model):
        assert len(source) < 10_000 + 40 * len(text)
        fuzz.check_source(source, model)


def test_many_coupled_states():
    """98 states that depend on 16 others each: as many as fit into a file."""
    rates = [" + ".join(f"x{(i + k) % 98}" for k in range(16)) for i in range(98)]
    states = "\n".join(f'x{i} = {{ start = "0", rate = "({rate})/ms" }}' for i, rate in enumerate(rates))
    model = fuzz.timed("from_toml", Model.from_toml, changed("[spike]", f"{states}\n[spike]"))
    assert len(sources(model)) >= 2


# Paths ------------------------------------------------------------------------------------------------------------


def path_refusal(path):
    start = time.process_time()
    with pytest.raises(ModelError) as caught:
        load_model(path)
    assert time.process_time() - start < SECONDS
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "..\\..\\boot.ini",
        "/",
        "./",
        "../",
        "nowhere.toml",
        "no/where",
        ".toml",
        "//x",
    ],
)
def test_path_tricks(path):
    assert path_refusal(path)


@pytest.mark.parametrize("path", ["a\x00.toml", "a/\x00", "a/" + "b" * 5000, "a/" * 5000, "\ud800/x", "a\n/\x1b[31m"])
def test_path_of_odd_characters(path):
    assert path_refusal(path)


@pytest.mark.parametrize(
    "name",
    ["..", ".", "", "~", "renewal\x00", "renewal\n", "passwd", "C:renewal", "RENEWAL", "x" * 10**6, "*", "%2e%2e"],
)
def test_unknown_name(name):
    start = time.process_time()
    with pytest.raises(InputError, match="unknown model") as caught:
        load_model(name)
    assert time.process_time() - start < SECONDS
    assert str(caught.value).isprintable()
    assert "renewal" in str(caught.value), "the legal names, or the nearest"


@pytest.mark.parametrize("name", [None, 3, b"renewal", ["renewal"], object()], ids=lambda name: str(name)[:7])
def test_neither_name_nor_path(name):
    with pytest.raises(InputError, match="a model is a name, a path or a Model"):
        load_model(name)


def test_missing_file(tmp_path):
    assert path_refusal(tmp_path / "nothing.toml").endswith("nothing.toml': No such file or directory")


def test_folder(tmp_path):
    (tmp_path / "folder.toml").mkdir()
    assert path_refusal(tmp_path / "folder.toml").endswith("not a file")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipe(tmp_path):
    """Opening one would wait until somebody writes."""
    os.mkfifo(tmp_path / "pipe.toml")
    assert path_refusal(tmp_path / "pipe.toml").endswith("not a file")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom", "/dev/null"])
def test_device(device, tmp_path):
    assert path_refusal(device).endswith("not a file")
    (tmp_path / "device.toml").symlink_to(device)
    assert path_refusal(tmp_path / "device.toml").endswith("not a file")


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
def test_links_in_a_circle(tmp_path):
    (tmp_path / "a.toml").symlink_to(tmp_path / "b.toml")
    (tmp_path / "b.toml").symlink_to(tmp_path / "a.toml")
    assert "symbolic links" in path_refusal(tmp_path / "a.toml")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (GOOD.encode("utf-16"), "not UTF-8 text"),
        (GOOD.encode() + b"# \xff", "not UTF-8 text"),
        (b"\x89PNG\r\n\x1a\n", "not UTF-8 text"),
        (GOOD.encode("utf-8-sig"), "byte-order mark"),
        (b"\x00" * 100, "not a TOML file"),
        (b"x" * 2**20, "at most 64 kB"),
        (b"\xff" * 2**20, "at most 64 kB"),
        (b"", "name: is missing"),
    ],
    ids=range(8),
)
def test_bytes(data, reason, tmp_path):
    path = tmp_path / "bytes.toml"
    path.write_bytes(data)
    message = path_refusal(path)
    assert "bytes.toml" in message
    assert reason in message


def test_what_is_in_a_file_that_is_no_model_stays_there(tmp_path):
    path = tmp_path / "private.txt"
    path.write_text("root:hunter2:0:0::/root:/bin/sh\n")
    assert "hunter2" not in path_refusal(path)


def test_file_with_an_odd_name(tmp_path):
    path = tmp_path / "a\x1b[31m\nb.toml"
    path.write_text("x = 1")
    assert path_refusal(path).startswith(r"a\x1b[31m\nb.toml: unknown key 'x'")


def test_lines_may_end_as_on_windows(tmp_path):
    path = tmp_path / "windows.toml"
    path.write_bytes(GOOD.replace("\n", "\r\n").encode())
    assert load_model(path).source == GOOD


# Code -------------------------------------------------------------------------------------------------------------

CODE = """
import os, sys
import fuzz, test_hostile_files as hostile

FORBIDDEN = ("os.", "subprocess.", "socket.", "ctypes.", "shutil.", "marshal.", "pty.")
texts, armed = hostile.attacks(sys.argv[1]), False


def hook(event, arguments):
    if armed and event not in ("os.listdir", "os.scandir"):
        written = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        executed = event == "exec" and arguments[0].co_filename in ("<string>", "<unknown>", "<stdin>")
        if written or executed or event.startswith(FORBIDDEN):
            sys.stderr.write(f"{event} {arguments!r}")
            os._exit(1)


sys.addaudithook(hook)
for armed in (False, True):  # the first round imports whatever it needs
    fuzz.run(range(300, 340))
    print([fuzz.check(text) for text in texts].count("refused"))
armed = False
"""
PLACES = [
    *('"(V - E_L)/R"', '"-w/tau"', '"V > -50*mV"', '"2*ms"', '"10 MOhm"', '"nA"', '"rk4"', '"0.1 ms"', '"good"'),
    *('"1 nA"', '"-60 mV"', '["V"]', '"0*nA"', '"w + 0.1*nA"', '"20 ms"', '"1 ms"', r'"\\tau_m"', "[inputs]"),
]


def attacks(target):
    """Files that would make a file called `target`."""
    codes = [f"open({target!r}, 'w')", f"__import__('os').system('touch {target}')", f"'{target}'.__class__.mro()"]
    return [changed(place, json.dumps(code)) for code in codes for place in PLACES]


def watched(code, target):
    """Run code in a process of its own."""
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    command = [sys.executable, "-c", code, str(target)]
    environment = os.environ | {"PYTHONPATH": path}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_no_code_runs(tmp_path):
    """In a process that ends at the first thing a file could want: code run, a file written, a program started."""
    target = tmp_path / "target"
    run = watched(CODE, target)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == [str(len(attacks(target)))] * 2, "each attack is refused"
    assert not target.exists()


@pytest.mark.parametrize("crime", ["exec('1')", "open(sys.argv[1], 'w')", "os.system('true')"])
def test_the_watch_sees_code(crime, tmp_path):
    """Were something run, the process above would end."""
    run = watched(CODE.replace("fuzz.run(range(300, 340))", crime), tmp_path / "target")
    assert run.returncode == 1
    assert run.stderr.startswith(("exec", "open", "os.system"))


# Chance -----------------------------------------------------------------------------------------------------------

quick = settings(derandomize=True, deadline=1000, max_examples=150, database=None)
keys = st.sampled_from(
    "name summary reference defaults parameters inputs define state spike check threshold rate V".split()
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys | st.text(max_size=5), inner, max_size=3)
)


def toml(value):
    """A value in TOML, as far as it has one."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value)
    return str(value).lower()


@quick
@given(st.text())
def test_any_text(text):
    fuzz.check(text)


@quick
@given(st.text(alphabet="[]{}\"'=.,#\n abV01", max_size=200))
def test_any_text_of_the_characters_of_toml(text):
    fuzz.check(text)


@quick
@given(st.dictionaries(keys, values, max_size=8))
def test_any_tables(tables):
    fuzz.check("\n".join(f"{key} = {toml(value)}" for key, value in tables.items()))


@quick
@given(st.data())
def test_any_value_anywhere(data):
    """One value of a good file is replaced by any other."""
    lines = GOOD.strip().split("\n")
    number = data.draw(st.sampled_from([i for i, line in enumerate(lines) if " = " in line]))
    key = lines[number].split(" = ")[0]
    lines[number] = f"{key} = {toml(data.draw(values))}"
    fuzz.check("\n".join(lines))


@pytest.mark.parametrize("cases", [range(120), pytest.param(range(120, 2000), marks=pytest.mark.slow)], ids=len)
def test_fuzzed_files(cases):
    """Cases of the fuzzer: half of them are models."""
    tally = fuzz.run(cases)
    assert tally["read"] > len(cases) / 5
    assert tally["refused"] > len(cases) / 5


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("    return s_V > -50.0", "    return s_V > __import__", "an unexpected name: __import__"),
        ("    return s_V > -50.0", "    return s_V.real > -50.0", "an unexpected node: Attribute"),
        ("    return s_V > -50.0", "    return [s_V] > -50.0", "an unexpected node: List"),
        ("    return s_V > -50.0", "    return s_V > nan", "an unexpected name: nan"),
        ("    return s_V > -50.0", "    return s_V > 1e999", "an unexpected constant: inf"),
        ("    return s_V > -50.0", "    return s_V > 'x'", "an unexpected constant: 'x'"),
        ("    return s_V > -50.0", "    return s_V > s_w", "not defined in threshold: {'s_w'}"),
        ("    return s_V > -50.0", "    return s_V", "truth values and numbers are mixed in threshold"),
        ("    return s_V > -50.0", "    return (s_V > -50.0) & s_V", "truth values and numbers are mixed in threshold"),
        ("def threshold(s_V)", "def threshold(s_V, s_V)", "threshold has an argument twice"),
        ("from numpy import inf", "from os import inf", "unexpected imports"),
        ("for step in range", "with 1:\n        firing = 1\n    for step in range", "an unexpected node: With"),
        ('"""good by', '"""good\'; by', "an unexpected documentation string"),
    ],
)
def test_the_fuzzer_sees_what_must_not_be(old, new, complaint):
    """What `fuzz.check_source` would say of a kernel that is not as it must be."""
    model = Model.from_toml(GOOD)
    source, _ = kernel_source(model, METHODS["euler"])
    fuzz.check_source(source, model)
    assert source.count(old) == 1
    with pytest.raises(fuzz.Failure, match=re.escape(complaint)):
        fuzz.check_source(source.replace(old, new), model)


def test_the_fuzzer_sees_other_errors_and_slowness(monkeypatch):
    def compute(seconds):
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass

    with pytest.raises(fuzz.Failure, match="looking raised KeyError"):
        fuzz.timed("looking", {}.__getitem__, "x")
    monkeypatch.setattr(fuzz, "SECONDS_PER_CALL", 0.1)
    with pytest.raises(fuzz.Failure, match="computing took"):
        fuzz.timed("computing", compute, 0.11)
