"""Models: how to get one, what it is made of, how it is changed, and whether each shipped one keeps its promises."""

import ast
import dataclasses
import os
import re
from pathlib import Path

import numpy as np
import pint
import pytest

import neurosim
from neurosim import InputError, Model, ModelError, UnitError, check_model, list_models, load_model
from neurosim.expression import evaluate
from neurosim.methods import METHODS
from neurosim.model.catalogue import neurons_folder
from neurosim.model.latex import formula
from neurosim.units import parse_unit

MODELS = list_models()

MINIMAL = """
name = "minimal"
summary = "s"
reference = "r"
[defaults]
dt = "0.1 ms"
method = "rk4"
[parameters]
a = ["2", "factor"]
tau_slow = ["0.5 s", "time constant"]
[inputs]
I = ["1", "drive"]
[define]
y = "a*x"
[state]
x = { start = "a", rate = "(I - x)/tau_slow" }
[spike]
threshold = "x > 3"
"""


def minimal(define="", state="", threshold="x > 3"):
    """A small model with more defines and states."""
    text = MINIMAL.replace("[state]", f"{define}\n[state]\n{state}").replace("x > 3", threshold)
    return Model.from_toml(text)


# Getting one ------------------------------------------------------------------------------------------------------


def test_the_folder_of_the_checkout():
    folder = neurons_folder()
    assert folder.parts[-2:] == ("models", "neurons")
    assert sorted(path.stem for path in folder.glob("*.toml")) == MODELS


def test_list_models():
    assert list_models() == sorted(MODELS)
    assert {"hodgkin-huxley", "izhikevich", "leaky-integrate-and-fire", "renewal"} <= set(MODELS)


@pytest.mark.parametrize("name", MODELS)
def test_by_name_and_by_path(name, tmp_path, monkeypatch):
    model = load_model(name)
    path = neurons_folder() / f"{name}.toml"
    assert model.name == name == load_model(path).name == load_model(str(path)).name
    assert model.source == load_model(path).source == path.read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(model.source, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load_model("mine.toml").name == load_model("./mine.toml").name == load_model(Path("mine.toml")).name == name
    assert load_model(model) is model


def test_a_name_is_not_a_file(tmp_path, monkeypatch):
    """A text without separator and ending is a name, even where a file is called so."""
    (tmp_path / "mine").write_text(MINIMAL)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="unknown model 'mine'"):
        load_model("mine")
    assert load_model(Path("mine")).name == "minimal"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("hodgkin_huxley", "hodgkin-huxley"),
        ("Hodgkin-Huxley", "hodgkin-huxley"),
        ("izhikevitch", "izhikevich"),
        ("leaky-integrate-fire", "leaky-integrate-and-fire"),
        ("renewals", "renewal"),
    ],
)
def test_an_unknown_name_suggests_the_nearest(name, nearest):
    with pytest.raises(InputError, match=f"unknown model '{name}'; did you mean {nearest}") as caught:
        load_model(name)
    assert isinstance(caught.value, ValueError)


def test_from_toml():
    model = Model.from_toml(MINIMAL)
    assert (model.name, model.summary, model.reference, model.method, model.dt) == ("minimal", "s", "r", "rk4", 0.1)
    assert model.source == MINIMAL
    with pytest.raises(ModelError, match=r"^model text: define.y: 'b' is not defined; legal: I, a, since_spike, t"):
        Model.from_toml(MINIMAL.replace("a*x", "b*x"))


def test_an_error_names_the_file(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text(MINIMAL.replace("x > 3", "x"))
    with pytest.raises(ModelError, match=r"^broken\.toml: spike.threshold: must be a comparison"):
        load_model(path)


# What it is made of -----------------------------------------------------------------------------------------------


def test_parts():
    """As the file above says."""
    model = Model.from_toml(MINIMAL)
    assert model.parameters["a"] == (2.0, "", "factor", "")
    assert model.parameters["tau_slow"] == (0.5, "s", "time constant", "")
    assert model.inputs["I"] == ("", "drive")
    assert list(model.states) == ["x"]
    assert model.states["x"].unit == ""
    assert model.states["x"].rate.text == "(I - x)/tau_slow"
    assert model.defines["y"].text == "a*x"
    assert model.units == {"x": "", "y": "", "I": ""}
    assert model.spike.threshold.text == "x > 3"
    assert (dict(model.spike.reset), model.spike.refractory, model.spike.hold, model.checks) == ({}, None, (), ())
    assert repr(model) == "<Model minimal: s>"


def test_parts_of_hodgkin_huxley():
    """Hodgkin & Huxley 1952, in the convention of rest at -65 mV."""
    model = load_model("hodgkin-huxley")
    assert model.parameters["g_Na"][:2] == (120.0, "mS/cm^2")
    assert model.parameters["E_K"][:2] == (-77.0, "mV")
    assert model.units["V"] == "mV"
    assert model.units["m"] == ""
    assert model.units["alpha_m"] == "1/ms"
    assert model.units["I_Na"] == model.units["I"] == "uA/cm^2"
    values = {"V": -40.0}
    assert evaluate(model.defines["alpha_m"].tree, values) == pytest.approx(1.0, rel=1e-9)  # the removable singularity
    assert evaluate(model.defines["beta_m"].tree, {"V": -65.0}) == 4.0


def test_order_of_defines():
    """Each after those it needs, wherever it stands in the file."""
    model = minimal('c = "b + 1"\nb = "2*d"\nd = "x"')
    assert sorted(model.defines, key=list(model.defines).index) == list(model.defines)
    position = {name: i for i, name in enumerate(model.defines)}
    assert position["d"] < position["b"] < position["c"]


@pytest.mark.parametrize(
    ("state", "name", "unit"),
    [
        ('v = { start = "5*mV", rate = "1*mV/ms" }', "v", "mV"),
        ('v = { start = "0", rate = "2*V/s" }', "v", "mV"),  # a bare 0 has no dimension: the rate tells
        ('v = { start = "0", rate = "-v/ms" }', "v", ""),  # and where it does not, it is a pure number
        ('v = { start = "0", rate = "(5*nA - v)/ms" }', "v", "nA"),
        ('v = { start = "0", rate = "(u*MOhm - v)/ms" }\nu = { start = "0", rate = "2*nA/ms" }', "v", "mV"),
        ('v = { start = "u", rate = "-v/ms" }\nu = { start = "0", rate = "2*nA/ms" }', "v", "nA"),
        ('g = { start = "0", rate = "(1*mS/cm**2 - g)/ms" }', "g", "mS/cm^2"),
        ('q = { start = "0", rate = "1*mV**2/ms" }', "q", "mV^2"),
    ],
)
def test_unit_of_a_state(state, name, unit):
    model = minimal(state=state)
    assert model.units[name] == model.states[name].unit == unit
    assert parse_unit(unit).factor == 1.0


@pytest.mark.parametrize(
    ("define", "unit", "factor"),
    [
        ("5*s", "ms", 1),
        ("x > 1", "", 1),
        ("0", "", 1),
        ("sqrt(2*mV)", "mV^0.5", 1),
        ("3*mV*nA", "mV*nA", 1),
        ("pi*(3*um)**2", "cm^2", 1e3),  # the coherent area is 1e-3 cm², in which 1 nA per area is 1 uA/cm²
        ("2*um", "cm", 10**1.5),
    ],
)
def test_unit_of_a_define(define, unit, factor):
    model = minimal(f'q = "{define}"')
    assert model.units["q"] == unit
    assert parse_unit(unit).factor == pytest.approx(factor, rel=1e-15)


def test_start_and_rate_must_agree():
    """Even where the dimension of what the start needs is known late."""
    with pytest.raises(ModelError, match=r"state.v.rate: the rate of a state in nA must be in nA/ms, not mV/ms"):
        minimal(state='v = { start = "2*u", rate = "1*mV/ms" }\nu = { start = "0*nA", rate = "2*nA/ms" }')
    with pytest.raises(ModelError, match=r"state.v.start: the start value must be in mV, not nA"):
        minimal(state='v = { start = "2*u", rate = "1*mV/ms" }\nu = { start = "0", rate = "2*nA/ms" }')


@pytest.mark.parametrize("target", ["name", "dt", "parameters", "spike", "anything"])
def test_a_model_cannot_be_changed(target):
    model = load_model("renewal")
    with pytest.raises((dataclasses.FrozenInstanceError, AttributeError, TypeError)):
        setattr(model, target, 1)
    for mapping in (model.parameters, model.inputs, model.states, model.defines, model.units, model.spike.reset):
        with pytest.raises(TypeError):
            mapping["new"] = 1
    with pytest.raises(AttributeError):
        model.parameters["theta"].value = 2
    with pytest.raises(AttributeError):
        model.spike.hold = ()
    with pytest.raises(TypeError):
        model.checks[0].parameters["theta"] = 2


# Changing it ------------------------------------------------------------------------------------------------------


def test_replace_leaves_the_original_alone():
    model = load_model("hodgkin-huxley")
    other = model.replace(g_Na="100 mS/cm^2", E_K=-80)
    assert (other.parameters["g_Na"].value, other.parameters["E_K"].value) == (100.0, -80.0)
    assert (model.parameters["g_Na"].value, model.parameters["E_K"].value) == (120.0, -77.0)
    assert other.parameters["g_K"] is model.parameters["g_K"]
    assert other.parameters["g_Na"][1:] == model.parameters["g_Na"][1:]
    assert (other.states, other.spike, other.name, other.source) == (
        model.states,
        model.spike,
        model.name,
        model.source,
    )
    assert model.replace().parameters == model.parameters


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (0.3, 0.3),
        ("300 ms", 0.3),
        ("0.3 s", 0.3),
        ("0.3", 0.3),
        (np.float64(0.3), 0.3),
        (np.array([0.3]), 0.3),
        (pint.UnitRegistry().Quantity(300, "ms"), 0.3),
        ("0.005 minute", 0.3),
        ("inf", np.inf),
        (0, 0.0),
    ],
    ids=str,
)
def test_replace_in_any_unit(value, stored):
    """The parameter is declared in seconds."""
    replaced = Model.from_toml(MINIMAL).replace(tau_slow=value).parameters["tau_slow"]
    assert replaced.value == pytest.approx(stored, rel=1e-15)
    assert (replaced.unit, type(replaced.value)) == ("s", float)


def test_bare_numbers_are_kept_to_the_last_bit():
    model = Model.from_toml(MINIMAL)
    for value in np.random.default_rng(1).uniform(0, 1, 1000):
        assert model.replace(tau_slow=value).parameters["tau_slow"].value == value


@pytest.mark.parametrize(
    ("parameters", "error", "reason"),
    [
        ({"g_na": 1}, InputError, "hodgkin-huxley has no parameter 'g_na'; did you mean g_Na?"),
        ({"zzz": 1}, InputError, "has no parameter 'zzz'; legal: C_m, E_K, E_L, E_Na, V_start, g_K, g_L, g_Na"),
        ({"I": 1}, InputError, "has no parameter 'I'"),
        ({"g_Na": "1 mV"}, UnitError, "g_Na of hodgkin-huxley: '1 mV' has the wrong dimension; give it in mS/cm^2"),
        ({"g_Na": [1, 2]}, UnitError, "parameter g_Na of hodgkin-huxley takes a single number"),
        ({"g_Na": None}, UnitError, "parameter g_Na of hodgkin-huxley: None is not a number"),
        ({"g_Na": True}, UnitError, "True is not a number"),
        ({"g_Na": float("nan")}, InputError, "parameter g_Na of hodgkin-huxley cannot be NaN"),
        ({"g_Na": "nan"}, UnitError, "'nan' is not a number with a unit"),
    ],
)  # fmt: skip
def test_replace_by_what_does_not_fit(parameters, error, reason):
    with pytest.raises(error, match=re.escape(reason)):
        load_model("hodgkin-huxley").replace(**parameters)


# LaTeX ------------------------------------------------------------------------------------------------------------

FRAGMENTS = {
    "hodgkin-huxley": [
        r"\frac{\mathrm{d}V}{\mathrm{d}t} &= \frac{I - I_{\mathrm{Na}} - I_{K} - I_{L}}{C_{m}}",
        r"\frac{\mathrm{d}m}{\mathrm{d}t} &= \alpha_{m}\,\left(1 - m\right) - \beta_{m}\,m",
        r"I_{\mathrm{Na}} &= g_{\mathrm{Na}}\,m^{3}\,h\,\left(V - E_{\mathrm{Na}}\right)",
        r"\beta_{m} &= \frac{4\,e^{\frac{-\left(V + 65\,\mathrm{mV}\right)}{18\,\mathrm{mV}}}}{\mathrm{ms}}",
        r"\text{spike if } & V > 0\,\mathrm{mV}",
    ],
    "izhikevich": [
        r"k_{2}\,V^{2} + k_{1}\,V + k_{0} - u + I",
        r"\frac{\mathrm{d}u}{\mathrm{d}t} &= a\,\left(b\,\left(V - V_{b}\right) - k_{u}\,u\right)",
        r"\text{spike if } & V \ge V_{\mathrm{peak}}",
        r"\text{then } & u \leftarrow u + d",
    ],
    "leaky-integrate-and-fire": [
        r"\frac{\mathrm{d}V}{\mathrm{d}t} &= \frac{E_{L} - V + R_{m}\,I}{\tau_{m}}",
        r"\text{spike if } & V > \vartheta",
        r"\text{refractory for } & t_{\mathrm{ref}}\text{ with } V \text{ held}",
    ],
    "renewal": [
        r"J_{r} &= \begin{cases} \infty & \hat t \le t_{\mathrm{abs}} \\",
        r"\frac{c}{\hat t - t_{\mathrm{abs}}} & \text{otherwise} \end{cases}",
        r"h &= I - J_{r} - \theta",
    ],
}


@pytest.mark.parametrize("name", MODELS)
def test_latex(name):
    """The equations as a person would write them; every state and define has a row."""
    model = load_model(name)
    latex = model.latex()
    for fragment in FRAGMENTS.get(name, []):
        assert fragment in latex
    assert latex.startswith("\\begin{aligned}\n")
    assert latex.endswith("\n\\end{aligned}")
    assert latex.count("{") == latex.count("}")
    assert latex.count("&=") == len(model.states) + len(model.defines)


@pytest.mark.parametrize(
    ("expression", "latex"),
    [
        ("x - (a - y)", r"x - \left(a - y\right)"),
        ("x - (-a)", r"x - \left(- a\right)"),
        ("-(-x)", r"- \left(- x\right)"),
        ("a*-1*x", r"a\,\left(-1\right)\,x"),
        ("-(a + x)", "- (a + x)"),
        ("(-x)**2", r"\left(- x\right)^{2}"),
        ("-x**2", "- x^{2}"),
        ("(x**a)**2", r"\left(x^{a}\right)^{2}"),
        ("x**a**2", "x^{a^{2}}"),
        ("x/a/y", r"\frac{x}{a\,y}"),
        ("x/(a/y)", r"\frac{x\,y}{a}"),
        ("1/x", r"\frac{1}{x}"),
        ("0.123456789*x", r"0.123456789\,x"),
        ("1e-5*x", r"10^{-5}\,x"),
        ("2.5e-7", r"2.5 \cdot 10^{-7}"),
        ("(1e-5)**2", r"\left(10^{-5}\right)^{2}"),
        ("5*s", r"5\,\mathrm{s}"),
        ("sqrt(x) + abs(x)", r"\sqrt{x} + \left|x\right|"),
        ("min(x, a)", r"\min\left(x, a\right)"),
        ("heaviside(x)", r"\Theta\left(x\right)"),
        ("tau_slow", r"\tau_{\mathrm{slow}}"),
        ("2 if x != 1 else 3", r"\begin{cases} 2 & x \ne 1 \\ 3 & \text{otherwise} \end{cases}"),
    ],
)
def test_latex_of_an_expression(expression, latex):
    assert formula(Model.from_toml(MINIMAL), expression) == latex


def test_latex_keeps_the_order_of_and_and_or():
    model = Model.from_toml(MINIMAL)
    conjunction = formula(model, "x > 1 and (x < 2 or a > 3)")
    assert conjunction == r"x > 1 \;\text{and}\; \left(x < 2 \;\text{or}\; a > 3\right)"
    assert formula(model, "x > 1 and x < 2 or a > 3") == r"x > 1 \;\text{and}\; x < 2 \;\text{or}\; a > 3"
    assert formula(model, "not (x > 1)") == r"\text{not }\left(x > 1\right)"


# Each shipped model -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_checks_of_the_file(name):
    """Every expectation in the file, with the tolerance it gives; the file says where its value comes from."""
    results = check_model(name)
    assert len(results) >= (1 if load_model(name).spike.is_random else 2)
    for result in results:
        assert result.passed, f"check {result.check}, {result.expected}: found {result.found}"
        assert len(result.expected.source) > 3


@pytest.mark.parametrize("name", MODELS)
def test_a_check_can_fail(name):
    """Where the value in the file is changed beyond its tolerance, the check says so."""
    model = load_model(name)
    check = model.checks[0]
    expected = tuple(
        entry._replace(value="silent" if entry.quantity == "pattern" else entry.value + 2 * entry.tolerance + 1)
        for entry in check.expected
    )
    wrong = dataclasses.replace(model, checks=(check._replace(expected=expected),))
    assert not any(result.passed for result in check_model(wrong))


@pytest.mark.parametrize("name", MODELS)
def test_what_a_shipped_file_says(name):
    model = load_model(name)
    assert re.fullmatch(r"[a-z0-9-]+", model.name)
    assert re.search(r"\bdoi:10\.\d{4,}/\S+", model.reference), "the reference has a DOI"
    assert re.search(r"\b(19|20)\d\d\b", model.reference), "the reference has a year"
    assert model.summary.endswith(".")
    assert model.method in METHODS
    assert all(parameter.meaning for parameter in model.parameters.values())
    assert all(entry.meaning for entry in model.inputs.values())


@pytest.mark.parametrize("name", MODELS)
def test_every_define_and_parameter_is_used(name):
    """A name that nothing needs is a mistake."""
    model = load_model(name)
    formulas = [*model.defines.values(), model.spike.rule, *model.spike.reset.values()]
    formulas += [formula for state in model.states.values() for formula in (state.start, state.rate)]
    formulas += [formula for formula in (model.spike.refractory, model.spike.per) if formula]
    used = {node.id for entry in formulas for node in ast.walk(entry.tree) if isinstance(node, ast.Name)}
    shown = {"threshold-unit": {"x"}}  # made to be recorded
    assert {*model.parameters, *model.defines, *model.inputs} <= used | shown.get(name, set())


def test_the_public_names():
    """What users type comes from the package itself."""
    assert neurosim.load_model is load_model
    assert issubclass(ModelError, neurosim.NeurosimError)
    assert isinstance(load_model(os.fspath(neurons_folder() / "renewal.toml")), neurosim.Model)


def test_variants_do_not_mix():
    """A variant of a variant is that of the model; what replace changed stays, unless the variant sets it."""
    model = load_model("izhikevich")

    def values(model):
        return {name: parameter.value for name, parameter in model.parameters.items()}

    tonic = model.variant("tonic-spiking")
    again = model.variant("accommodation").variant("tonic-spiking")
    assert values(again) == values(tonic)
    assert (again.summary, again.variant_name, repr(again)) == (tonic.summary, "tonic-spiking", repr(tonic))
    assert (model.variant_name, model.base) == (None, None)
    changed = values(tonic) | {"k_1": 4.0}
    assert values(model.replace(k_1=4).variant("tonic-spiking")) == changed
    assert values(model.variant("accommodation").replace(k_1=4).variant("tonic-spiking")) == changed
    assert model.variant("tonic-spiking").replace(d=7).parameters["d"].value == 7
    assert model.replace(d=7).variant("tonic-spiking").parameters["d"].value == 6
