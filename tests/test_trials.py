"""Variants and checks of model files: what is read from them, what is refused, and that a check can fail."""

import dataclasses
import math

import numpy as np
import pytest

import neurosim as ns
from neurosim import InputError, Model, ModelError, UnitError, check_model
from neurosim.model.trials import PATTERNS

HEAD = """
name = "line"
summary = "Rises with its input and is reset: every number is a closed form."
reference = "made for tests"
[defaults]
dt = "0.1 ms"
method = "rk4"
[parameters]
C = ["10 pF", "capacitance"]
V_start = ["-70 mV", "start"]
[inputs]
I = ["nA", "current"]
[state]
V = { start = "V_start", rate = "I/C" }
[spike]
threshold = "V >= -50*mV"
reset = { V = "-70*mV" }
"""

VARIANTS = """
[variants.large]
summary = "rises half as fast"
parameters = { C = "20 pF" }
current = "step:0.1,10 + pulses:0.1,5,50"
duration = "0.1 s"
[variants.depolarized]
summary = "starts higher"
parameters = { V_start = -60 }
[variants.2-as-it-is]
summary = "nothing changed"
"""


def model(more="", head=HEAD):
    return Model.from_toml(head + more)


def one_check(text):
    """A model with one check, on top of the variants."""
    return model(f"{VARIANTS}\n[[check]]\n{text}")


def source(value, tolerance=0):
    return f'{{ value = {value}, tolerance = {tolerance}, source = "closed form" }}'


# Variants ---------------------------------------------------------------------------------------------------------


def test_variants_are_read():
    variants = model(VARIANTS).variants
    assert list(variants) == ["large", "depolarized", "2-as-it-is"]
    large = variants["large"]
    assert (large.summary, dict(large.parameters)) == ("rises half as fast", {"C": "20 pF"})
    assert (large.current, large.duration) == ("step:0.1,10 + pulses:0.1,5,50", 100.0)
    assert dict(variants["depolarized"].parameters) == {"V_start": -60.0}
    assert variants["2-as-it-is"][1:] == ({}, None, None)
    assert model().variants == {}
    with pytest.raises(TypeError):
        variants["large"] = None
    with pytest.raises(TypeError):
        large.parameters["C"] = 1


def test_a_variant_is_a_model():
    """Its parameters and summary; the original stays as it is. Spikes follow the closed form C 20 mV/I."""
    line = model(VARIANTS)
    large, high = line.variant("large"), line.variant("depolarized")
    assert (large.parameters["C"].value, large.parameters["C"].unit) == (0.02, "nF") or (
        large.parameters["C"].value,
        large.parameters["C"].unit,
    ) == (20.0, "pF")
    assert large.summary == "rises half as fast"
    assert line.parameters["C"].value == 10
    assert line.summary.startswith("Rises")
    assert line.variant("2-as-it-is").parameters == line.parameters
    first = [ns.simulate(entry, 0.1, 10).spike_times()[0] for entry in (line, large, high)]
    assert first == pytest.approx([2.0, 4.0, 1.0], abs=1e-6)
    assert large.variant("depolarized").parameters == high.parameters, "a variant keeps nothing of another one"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("larg", "line has no variant 'larg'; did you mean large?"),
        ("Large", "did you mean large"),
        ("", "line has no variant ''; legal: 2-as-it-is, depolarized, large"),
        ("x" * 10_000, "line has no variant 'xxx"),
        ("\x1b[31m", r"no variant '\\x1b"),
        (3, "line has no variant 3"),
        (None, "line has no variant None"),
    ],
)
def test_unknown_variants(name, message):
    with pytest.raises(InputError, match=message) as caught:
        model(VARIANTS).variant(name)
    assert len(str(caught.value)) < 200
    assert str(caught.value).isprintable()


def test_no_variants():
    with pytest.raises(InputError, match="line has no variant 'large'; it has none"):
        model().variant("large")


@pytest.mark.parametrize("name", [["large"], {}])
def test_a_name_that_is_none(name):
    with pytest.raises(InputError):
        model(VARIANTS).variant(name)


def variant(text):
    return f"[variants.one]\nsummary = 's'\n{text}"


def variants(number):
    return "".join(f"[variants.v{i}]\nsummary = 's'\n" for i in range(number))


BAD_VARIANTS = [
    ("variants = 1", "unknown|variants: must be a table"),
    ("[variants]\none = 1", r"variants.one: must be a table of summary, parameters = \{ … \}"),
    ("[variants]\none = []", "variants.one: must be a table of summary"),
    ("[variants.one]\nparameters = {}", "variants.one: summary: is missing"),
    ("[variants.one]\nsummary = 1", "variants.one: summary: must be a text in quotes"),
    ("[variants.one]\nsummary = ' '", "variants.one: summary: must be a text in quotes"),
    ("[variants.one]\nsummary = " + repr("x" * 501), "summary: must be one line of at most 500"),
    ('[variants.one]\nsummary = "a\\nb"', "summary: must be one line of at most 500 printable"),
    (
        variant("reference = 'x'"),
        "variants.one: unknown key 'reference'; legal: current, duration, parameters, summary",
    ),
    (variant("parameter = {}"), "variants.one: unknown key 'parameter'; did you mean parameters"),
    (variant("parameters = 1"), "variants.one: parameters: must be a table"),
    (variant("parameters = { D = 1 }"), "variants.one: parameters: unknown key 'D'"),
    (variant("parameters = { I = 1 }"), "variants.one: parameters: unknown key 'I'"),
    (variant("parameters = { C = '1 mV' }"), "parameters.C: '1 mV' has the wrong dimension; give it in pF"),
    (variant("parameters = { C = 'much' }"), "parameters.C: 'much' is not a number with a unit"),
    (variant("parameters = { C = true }"), "parameters.C: must be a number or a quantity in quotes"),
    (variant("parameters = { C = [1, 2] }"), "parameters.C: must be a number or a quantity in quotes"),
    (variant("parameters = { C = nan }"), "parameters.C: nan is not a number that can be used"),
    (variant("parameters = { C = " + "9" * 400 + " }"), "parameters.C: the number is out of range"),
    (variant("parameters = { C = '1 " + "pF" * 60 + "' }"), "parameters.C: unit .* is too long"),
    (variant("current = 'step:1'"), "variants.one: duration: is missing"),
    (variant("duration = '1 s'"), "variants.one: current: is missing"),
    (variant("current = 5\nduration = '1 s'"), "current: must be a text in quotes"),
    (variant("current = ''\nduration = '1 s'"), "current: must be a text in quotes"),
    (variant("current = 'stop:1'\nduration = '1 s'"), "current: unknown current 'stop'; did you mean step"),
    (variant("current = 'step:1,30,20'\nduration = '1 s'"), "current: step: start must come before stop"),
    (variant("current = 'step:1 mV'\nduration = '1 s'"), "current: the current: '1 mV' has the wrong dimension"),
    (variant("current = '1 mV'\nduration = '1 s'"), "current: the current: '1 mV' has the wrong dimension"),
    (variant("current = 'step:inf'\nduration = '1 s'"), "current: must be finite"),
    (variant("current = 'step:nan'\nduration = '1 s'"), "current: must be finite"),
    (variant("current = '1 + nan'\nduration = '1 s'"), "current: must be finite"),
    (variant("current = '" + "1 + " * 200 + "1'\nduration = '1 s'"), "current: must be one line of at most 500"),
    (variant("current = 'step:1'\nduration = 5"), "duration: must be a quantity in quotes"),
    (variant("current = 'step:1'\nduration = '5'"), "duration: '5' has the wrong dimension"),
    (variant("current = 'step:1'\nduration = '5 mV'"), "duration: '5 mV' has the wrong dimension"),
    (variant("current = 'step:1'\nduration = '0 ms'"), "duration: must be positive and at most 1e[+]09 steps of dt"),
    (variant("current = 'step:1'\nduration = '-1 ms'"), "duration: '-1 ms' must not be negative or infinite"),
    (variant("current = 'step:1'\nduration = 'inf ms'"), "duration: 'inf ms' must not be negative or infinite"),
    (variant("current = 'step:1'\nduration = '1e9 s'"), "duration: must be positive and at most"),
    ("[variants.Large]\nsummary = 's'", "variants.Large: a name has lower-case letters, digits and '-'"),
    ("[variants.-large]\nsummary = 's'", "variants.-large: a name has"),
    ("[variants.a_b]\nsummary = 's'", "variants.a_b: a name has"),
    ("[variants.'']\nsummary = 's'", "variants.: a name has"),
    ("[variants.'a b']\nsummary = 's'", "variants.a b: a name has"),
    (f"[variants.{'a' * 65}]\nsummary = 's'", "variants.aaa.*: a name has"),
    ("[variants.\"\\u001b[31m\"]\nsummary = 's'", r"variants.\\x1b.*: a name has"),
    (variants(101), "variants: at most 100, not 101"),
]


@pytest.mark.parametrize(("text", "message"), BAD_VARIANTS)
def test_bad_variants_are_named(text, message):
    refused(text, message)


def refused(text, message, head=HEAD):
    with pytest.raises(ModelError, match=f"^model text: .*(?:{message})") as caught:
        model(text, head)
    assert len(str(caught.value)) < 500
    assert str(caught.value).isprintable()


def test_a_hundred_variants():
    assert len(model(variants(100)).variants) == 100


TWO_INPUTS = HEAD.replace('I = ["nA", "current"]', 'I = ["nA", "current"]\nJ = ["nA", "current"]').replace(
    "I/C", "(I + J)/C"
)
NO_INPUT = HEAD.replace('[inputs]\nI = ["nA", "current"]', "").replace("I/C", "1*nA/C")


@pytest.mark.parametrize("head", [TWO_INPUTS, NO_INPUT])
def test_a_current_is_for_one_input(head):
    refused(
        variant("current = 'step:1'\nduration = '1 s'"), "variants.one: current: is for models with one input", head
    )
    assert model(variant("parameters = { C = 1 }"), head).variant("one").parameters["C"].value == 1


# Checks -----------------------------------------------------------------------------------------------------------

GOOD = [
    (f"input = 0.1\nduration = '11 ms'\nspike_count = {source(5)}", "spike_count", 5),
    (f"input = '100 pA'\nduration = '0.011 s'\nspike_count = {source(5)}", "spike_count", 5),
    (f"input = 'step:0.1,5'\nduration = '10 ms'\nfirst_spike = {source(7, 1e-6)}", "first_spike", 7),
    (f"input = 'step:100 pA,5 ms'\nduration = '10 ms'\nfirst_spike = {source(7, 1e-6)}", "first_spike", 7),
    (f'input = 0.1\nduration = "21 ms"\nrate = {source(500, 1e-3)}', "rate", 500),
    (f'input = 0.1\nduration = "21 ms"\nrate = {source(repr("0.5 kHz"), 1e-3)}', "rate", 500),
    (f"variant = 'large'\nfirst_spike = {source(14, 1e-6)}", "first_spike", 14),
    (f"variant = 'large'\nspike_count = {source(math.floor((9 + 0.5) / 0.4))}", "spike_count", 23),
    (f"variant = 'large'\ninput = 0.1\nduration = '9 ms'\nspike_count = {source(2)}", "spike_count", 2),
    (f"variant = 'large'\nduration = '13.9 ms'\nspike_count = {source(0)}", "spike_count", 0),
    (f"variant = 'depolarized'\ninput = 0.1\nduration = '9 ms'\nfirst_spike = {source(1, 1e-6)}", "first_spike", 1),
    (f"input = 0.1\nduration = '3 ms'\nfinal = {{ V = {source(-60, 1e-6)} }}", "V", -60),
    (f"input = 0.1\nduration = '10 ms'\nrheobase = {source(0.02, 1e-5)}", "rheobase", 0.02),
    (f"input = '1 nA'\nduration = '10 ms'\nrheobase = {source(repr('20 pA'), '1e-5')}", "rheobase", 0.02),
    ("input = 0.1\nduration = '31 ms'\npattern = { value = 'tonic', source = 's' }", "pattern", "tonic"),
    ("duration = '31 ms'\npattern = { value = 'silent', source = 's' }", "pattern", "silent"),
    ("input='pulses:0.1,2.1,0'\nduration='9 ms'\npattern={value='transient', source='s'}", "pattern", "transient"),
    (f"parameters = {{ C = 5 }}\ninput = 0.1\nduration = '9 ms'\nfirst_spike = {source(1, 1e-6)}", "first_spike", 1),
    (f"variant='large'\nparameters = {{ C = '5 pF' }}\nfirst_spike = {source(11, 1e-6)}", "first_spike", 11),
]


@pytest.mark.parametrize(("text", "quantity", "wanted"), GOOD)
def test_good_checks_pass_and_wrong_values_fail(text, quantity, wanted):
    """Charge C 20 mV = 0.2 pC for each spike: I/C gives every number. Beside the tolerance the check fails."""
    line = one_check(text)
    (result,) = check_model(line)
    assert result.expected.quantity == quantity
    assert result.expected.value == wanted
    assert result.passed
    assert result.check == 1
    if isinstance(wanted, str):
        others = [name for name in PATTERNS if name != wanted]
    else:
        assert result.found == pytest.approx(wanted, abs=max(result.expected.tolerance, 1e-12))
        others = [wanted + sign * (2 * result.expected.tolerance + 1e-3) for sign in (1, -1)]
    for value in others:
        expected = result.expected._replace(value=value)
        wrong = dataclasses.replace(line, checks=(line.checks[0]._replace(expected=(expected,)),))
        assert [entry.passed for entry in check_model(wrong)] == [False]


def test_several_checks_and_expectations():
    """In the order of the file, numbered from 1, each with its own result."""
    text = f"input = 0.1\nduration = '11 ms'\nspike_count = {source(5)}\nfirst_spike = {source(3)}\n"
    text += f"rheobase = {source(0.5, 0.1)}\npattern = {{ value = 'tonic', source = 's' }}\n"
    text += f"final = {{ V = {source(-60, 1)} }}\n"
    line = one_check(text + f"[[check]]\nduration = '1 ms'\nspike_count = {source(0)}")
    results = check_model(line)
    assert [entry.check for entry in results] == [1] * 5 + [2]
    assert [entry.expected.quantity for entry in results] == [
        *("spike_count", "first_spike", "rheobase", "pattern", "V", "spike_count")
    ]
    assert [entry.passed for entry in results] == [True, False, False, True, True, True]
    assert [entry.expected.unit for entry in results] == ["", "ms", "nA", "", "mV", ""]


@pytest.mark.parametrize("value", [0, 1, -5])
def test_what_never_comes_is_no_number(value):
    """No spike, no first spike; no spike up to the input, no rheobase; firing without input, none either."""
    line = one_check(f"duration = '5 ms'\nfirst_spike = {source(value, 1e9)}")
    assert math.isnan(check_model(line)[0].found)
    assert not check_model(line)[0].passed
    line = one_check(f"input = 0.01\nduration = '5 ms'\nrheobase = {source(value, 1e9)}")
    assert math.isnan(check_model(line)[0].found)
    assert not check_model(line)[0].passed
    alone = (
        HEAD.replace("I/C", "(I + 1*nA)/C")
        + f"[[check]]\ninput = 1\nduration = '5 ms'\nrheobase = {source(value, 1e9)}"
    )
    assert not check_model(Model.from_toml(alone))[0].passed


def test_checks_of_several_inputs():
    text = (
        f"[[check]]\ninput = {{ I = 0.05, J = 'step:50 pA,1' }}\nduration = '9 ms'\nfirst_spike = {source(2.5, 1e-6)}"
    )
    (result,) = check_model(model(text, TWO_INPUTS))
    assert result.passed
    text = f"[[check]]\nduration = '3 ms'\nfirst_spike = {source(0.2, 1e-6)}"
    (result,) = check_model(model(text, NO_INPUT))
    assert result.passed


COUNT = f"spike_count = {source(0)}"
RHEOBASE = f"duration = '9 ms'\nrheobase = {source(0.02)}"
LASTING = "duration = '9 ms'"
BAD_CHECKS = [
    ("", "check 1: nothing is expected; give spike_count, rate, first_spike, rheobase, pattern or final"),
    (LASTING, "check 1: nothing is expected"),
    ("final = {}\n" + LASTING, "check 1: nothing is expected"),
    (COUNT, "check 1: duration: is missing"),
    (f"{COUNT}\nduration = 9", "check 1: duration: must be a quantity in quotes"),
    (f"{COUNT}\nduration = '9 mV'", "check 1: duration: '9 mV' has the wrong dimension"),
    (f"{COUNT}\nduration = '0 s'", "check 1: duration: must be positive"),
    (f"{COUNT}\nduration = '1e9 s'", "check 1: duration: must be positive and at most"),
    (f"{COUNT}\n{LASTING}\ndiscard = '-1 ms'", "check 1: discard: '-1 ms' must not be negative"),
    (f"{COUNT}\n{LASTING}\nspike_counts = 1", "check 1: unknown key 'spike_counts'; did you mean spike_count"),
    (f"{COUNT}\n{LASTING}\nvariant = 1", "check 1: variant: must be a text in quotes"),
    (
        f"{COUNT}\n{LASTING}\nvariant = 'small'",
        "check 1: variant: unknown name 'small'; legal: 2-as-it-is, depolarized, large",
    ),
    (f"{COUNT}\n{LASTING}\nvariant = 'larg'", "check 1: variant: unknown name 'larg'; did you mean large"),
    (f"{COUNT}\nvariant = 'depolarized'", "check 1: duration: is missing"),
    (f"{COUNT}\n{LASTING}\nparameters = {{ D = 1 }}", "check 1: parameters: unknown key 'D'"),
    (f"{COUNT}\n{LASTING}\nparameters = {{ C = '1 mV' }}", "check 1: parameters.C: '1 mV' has the wrong dimension"),
    (f"{COUNT}\n{LASTING}\ninput = '1 mV'", "check 1: input: I: '1 mV' has the wrong dimension"),
    (f"{COUNT}\n{LASTING}\ninput = true", "check 1: input: must be a number or a quantity"),
    (f"{COUNT}\n{LASTING}\ninput = [1, 2]", "check 1: input: must be a number or a quantity"),
    (f"{COUNT}\n{LASTING}\ninput = nan", "check 1: input: nan is not a number"),
    (f"{COUNT}\n{LASTING}\ninput = inf", "check 1: input: I: must be finite"),
    (f"{COUNT}\n{LASTING}\ninput = '-inf nA'", "check 1: input: I: must be finite"),
    (f"{COUNT}\n{LASTING}\ninput = 'inf'", "check 1: input: I: must be finite"),
    (f"{COUNT}\n{LASTING}\ninput = 'stop:1'", "check 1: input: I: unknown current 'stop'; did you mean step"),
    (f"{COUNT}\n{LASTING}\ninput = ':'", "check 1: input: I: unknown current ''"),
    (f"{COUNT}\n{LASTING}\ninput = 'step:1 mV'", "check 1: input: I: the current: '1 mV' has the wrong dimension"),
    (f"{COUNT}\n{LASTING}\ninput = 'step:nan'", "check 1: input: I: must be finite"),
    (f"{COUNT}\n{LASTING}\ninput = 'step:1,x'", "check 1: input: I: start of step: 'x' is not a number"),
    (f"{COUNT}\n{LASTING}\ninput = 'sine:1,5,9 mV'", "check 1: input: I: the current: '9 mV' has the wrong dimension"),
    (f"{COUNT}\n{LASTING}\ninput = '" + "step:" * 200 + "'", "check 1: input: must be one line of at most 500"),
    (f"{COUNT}\n{LASTING}\ninput = {{ J = 1 }}", r"check 1: input: the model has 1 inputs; write input = \{ I = … \}"),
    (f"{COUNT}\n{LASTING}\ninput = {{ I = {{}} }}", "check 1: input: input.I: must be a number or a quantity"),
    (f"{LASTING}\nspike_count = 3", r"check 1: spike_count: must be \{ value = …, tolerance = …, source = "),
    (f"{LASTING}\nspike_count = {{ value = 1, tolerance = 0 }}", "check 1: spike_count: source: is missing"),
    (f"{LASTING}\nspike_count = {{ value = 1, source = 's' }}", "check 1: spike_count: tolerance: is missing"),
    (f"{LASTING}\nspike_count = {{ tolerance = 1, source = 's' }}", "check 1: spike_count: value: is missing"),
    (f"{LASTING}\nspike_count = {source(1, -1)}", "check 1: spike_count: tolerance: must not be negative"),
    (f"{LASTING}\nspike_count = {source('nan')}", "check 1: spike_count: value: nan is not a number"),
    (f"{LASTING}\nspike_count = {source('inf')}", "check 1: spike_count: value: must be finite"),
    (f"{LASTING}\nspike_count = {source(1, 'inf')}", "check 1: spike_count: tolerance: must be finite"),
    (f"{LASTING}\nspike_count = {source(repr('1 ms'))}", "check 1: spike_count: value: '1 ms' has the wrong dimension"),
    (
        f"{LASTING}\nrate = {source(repr('1 ms'))}",
        "check 1: rate: value: '1 ms' has the wrong dimension; give it in Hz",
    ),
    (
        f"{LASTING}\nfirst_spike = {source(repr('1 Hz'))}",
        "first_spike: value: '1 Hz' has the wrong dimension; give it in ms",
    ),
    (f"{LASTING}\nspike_count = {{ value=1, tolerance=0, source='s', by='me' }}", "spike_count: unknown key 'by'"),
    (f"{LASTING}\nfinal = 1", "check 1: final: must be a table"),
    (f"{LASTING}\nfinal = {{ C = {source(1)} }}", "check 1: final: unknown key 'C'"),
    (f"{LASTING}\nfinal = {{ V = 1 }}", "check 1: final: V: must be"),
    (f"{LASTING}\nfinal = {{ V = {source(repr('1 nA'))} }}", "final: V: value: '1 nA' has the wrong dimension"),
    (f"{RHEOBASE}\ninput = -1", "check 1: rheobase: needs one input and, as input, a positive number"),
    (f"{RHEOBASE}\ninput = '-1 nA'", "check 1: rheobase: needs one input and, as input, a positive number"),
    (f"{RHEOBASE}\ninput = '0 nA'", "check 1: rheobase: needs one input and, as input, a positive number"),
    (f"{RHEOBASE}\ninput = 'step:1'", "check 1: rheobase: needs one input and, as input, a positive number"),
    (f"{RHEOBASE}\ninput = {{ I = 1 }}", "check 1: rheobase: needs one input and, as input, a positive number"),
    (f"{RHEOBASE}\nvariant = 'large'", "check 1: rheobase: needs one input and, as input, a positive number"),
    (
        f"{LASTING}\ninput = 1\nrheobase = {source(repr('1 mV'))}",
        "rheobase: value: '1 mV' has the wrong dimension; give it in nA",
    ),
    (f"{LASTING}\npattern = 'tonic'", r"check 1: pattern: must be \{ value = .tonic., source = "),
    (f"{LASTING}\npattern = {{ value = 'tonic' }}", "check 1: pattern: source: is missing"),
    (f"{LASTING}\npattern = {{ value = 1, source = 's' }}", "check 1: pattern: value: must be a text"),
    (f"{LASTING}\npattern = {{ source = 's' }}", "check 1: pattern: value: is missing"),
    (
        f"{LASTING}\npattern = {{ value = 'tonik', source = 's' }}",
        "pattern: unknown pattern 'tonik'; did you mean tonic",
    ),
    (f"{LASTING}\npattern = {{ value = 'tonic', tolerance = 0, source = 's' }}", "pattern: unknown key 'tolerance'"),
]


@pytest.mark.parametrize(("text", "message"), BAD_CHECKS)
def test_bad_checks_are_named(text, message):
    refused(f"{VARIANTS}\n[[check]]\n{text}", message)


@pytest.mark.parametrize(
    "text", ["check = 1", "check = [1]", "check = 'x'", "[check]\nduration = '1 s'", "check = [[]]"]
)
def test_checks_are_tables(text):
    with pytest.raises(ModelError, match="check: must be tables headed"):
        Model.from_toml(f"{text}\n{HEAD}" if text[0] == "c" else HEAD + text)


def test_at_most_a_hundred_checks():
    check = f"[[check]]\n{LASTING}\n{COUNT}\n"
    assert len(model(check * 100).checks) == 100
    refused(check * 101, "check: at most 100, not 101")


def test_the_number_of_the_check_is_said():
    check = f"[[check]]\n{LASTING}\n{COUNT}\n"
    refused(check * 2 + f"[[check]]\n{COUNT}\n", "check 3: duration: is missing")


def test_rheobase_and_inputs():
    refused(f"[[check]]\n{RHEOBASE}\ninput = {{ I = 1, J = 1 }}", "rheobase: needs one input", TWO_INPUTS)
    refused(f"[[check]]\n{RHEOBASE}", "rheobase: needs one input", NO_INPUT)
    refused(f"[[check]]\n{COUNT}\n{LASTING}\ninput = 1", "the model has 2 inputs; write input = ", TWO_INPUTS)


@pytest.mark.parametrize("value", ["0", "0.0", "'+0 nA'", "'0.00 nA'", "'0e5 nA'", "'0.'", "' -1 nA'"])
def test_rheobase_below_what_is_not_positive(value):
    refused(f"[[check]]\n{RHEOBASE}\ninput = {value}", "rheobase: needs one input and, as input, a positive number")


def test_rheobase_without_input():
    refused(f"[[check]]\n{RHEOBASE}", "rheobase: needs one input and, as input, a positive number")


WRONG = [
    "1",
    "-1",
    "nan",
    "inf",
    "true",
    "''",
    "'x'",
    "[]",
    "[1]",
    "[[]]",
    "{}",
    "{ a = 1 }",
    "1979-05-27",
    "'1 mV'",
    "9e999",
]
WRONG += [
    repr("x" * 600),
    "'\U0001f9e0'",
    '"\\u0000"',
    "'step:1'",
    "'" + ":" * 400 + "'",
    "[{}]",
    "'9**9**9 nA'",
    "'1 + '",
]


@pytest.mark.parametrize("value", WRONG)
def test_wrong_types_everywhere(value):
    """In the place of any entry, anything is either read or a ModelError of one line."""
    places = [
        f"[variants]\none = {value}",
        *(f"[variants.one]\nsummary='s'\n{key} = {value}" for key in ("parameters", "extra")),
    ]
    places += [f"[variants.one]\nsummary = {value}", variant(f"parameters = {{ C = {value} }}")]
    places += [variant(f"current = {value}\nduration = '1 s'"), variant(f"current = '1'\nduration = {value}")]
    for key in (
        "variant",
        "input",
        "discard",
        "parameters",
        "rate",
        "first_spike",
        "rheobase",
        "pattern",
        "final",
        "x",
    ):
        places.append(f"[[check]]\n{LASTING}\n{COUNT}\n{key} = {value}")
    places += [f"[[check]]\n{COUNT}\nduration = {value}", f"[[check]]\n{LASTING}\n{COUNT}\ninput = {{ I = {value} }}"]
    for key in ("spike_count", "rate", "rheobase"):
        places.append(f"[[check]]\n{LASTING}\ninput = 1\n{key} = {{ value = {value}, tolerance = 0, source = 's' }}")
        places.append(f"[[check]]\n{LASTING}\ninput = 1\n{key} = {{ value = 0, tolerance = {value}, source = 's' }}")
        places.append(f"[[check]]\n{LASTING}\ninput = 1\n{key} = {{ value = 0, tolerance = 0, source = {value} }}")
    places += [f"[[check]]\n{LASTING}\npattern = {{ value = {value}, source = 's' }}"]
    places += [
        f"[[check]]\n{LASTING}\nfinal = {{ V = {value} }}",
        f"[[check]]\n{LASTING}\nfinal = {{ {value[:9]!r} = 1 }}",
    ]
    messages = [str(error) for error in map(reading, places) if error is not None]
    assert len(messages) > len(places) // 2
    for message in messages:
        assert message.startswith("model text: ")
        assert message.isprintable()
        assert len(message) < 500


def reading(text):
    """The ModelError of a text; None for a model."""
    try:
        model(text)
    except ModelError as error:
        return error
    return None


def test_what_was_read_can_be_run():
    """Checks whose input is any current in words, for every word that there is."""
    words = ["10", "constant:1", "step:1,2,3", "ramp:0,1,2,3", "sine:1,100", "chirp:1,10,100,0,5", "pulses:1,1,2"]
    text = "".join(f"[[check]]\ninput = '{w}{':' * (':' not in w) and ''}'\n{LASTING}\n{COUNT}\n" for w in words)
    assert len(check_model(model(text))) == len(words)


def test_a_current_is_for_one_neuron():
    refused(variant("current = '1,2,3'\nduration = '1 s'"), "current: ")


def test_duration_that_is_no_multiple_of_dt():
    """Found when the check is run, as an InputError that says what to do."""
    line = one_check(f"{COUNT}\nduration = '9.05 ms'")
    with pytest.raises(InputError, match="no multiple of dt"):
        check_model(line)


def test_units_in_errors_are_those_of_the_file():
    with pytest.raises((ModelError, UnitError), match="give it in pF"):
        model(variant("parameters = { C = '1 s' }"))
    assert np.isfinite(model(VARIANTS).variants["large"].duration)
