"""From the text of a model file to a `Model`: structure, types and limits. A model file is data from strangers."""

import re
import tomllib
from typing import Any

from ..errors import ModelError, excerpt
from ..units import TIME, parse_quantity, parse_unit
from .description import Input, Model, Parameter
from .entries import LARGEST_FILE, at, each_of, list_of_texts, only, quantity_of, table_of, text_of
from .latex import GREEK
from .meaning import RULES, Draft, understand
from .trials import Known, read_checks, read_variants

_MODEL_NAME = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)
_SYMBOL = re.compile(
    r"(?:\\[A-Za-z]{2,10} ?|[A-Za-z0-9](?![A-Za-z])|[_^](?:[A-Za-z0-9]|\{[A-Za-z0-9, ]{1,16}\})){1,8}", re.ASCII
)
_MACROS = frozenset((*GREEK, "varepsilon", "vartheta", "varphi"))
_KEYS = "name summary reference defaults parameters inputs define state spike variants check"
_METHOD_NAME = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)
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


def _model(tables: dict[str, Any], text: str) -> Model:
    only(tables, _KEYS)
    name = text_of(tables, "name")
    if not _MODEL_NAME.fullmatch(name):
        raise ModelError("name: lower-case letters, digits and '-', at most 64")
    defaults = table_of(tables, "defaults")
    with at("defaults"):
        only(defaults, "dt method")
        dt = quantity_of(defaults, "dt", TIME)
        method = text_of(defaults, "method")
        if not 1e-9 <= dt <= 1e9:
            raise ModelError("dt: must be from 1e-9 to 1e9 ms")
        if not _METHOD_NAME.fullmatch(method):
            raise ModelError("method: lower-case letters, digits and '-'")
    parameters = each_of(tables, "parameters", _parameter)
    inputs = each_of(tables, "inputs", _input)
    draft = Draft(
        parameters=parameters,
        inputs=inputs,
        define=each_of(tables, "define", _formula),
        state=each_of(tables, "state", _state),
        spike=_spike(table_of(tables, "spike")),
    )
    meaning = understand(draft)
    known = Known(parameters, inputs, meaning.units, dt)
    variants = read_variants(tables, known)
    return Model(
        name=name,
        summary=text_of(tables, "summary"),
        reference=text_of(tables, "reference"),
        parameters=parameters,
        inputs=inputs,
        checks=read_checks(tables.get("check", []), known, variants, list(meaning.states)),
        variants=variants,
        dt=dt,
        method=method,
        source=text,
        **meaning._asdict(),
    )


# Entries ---------------------------------------------------------------------------------------------------------


def _parameter(entry: Any) -> Parameter:
    value, meaning, symbol = list_of_texts(entry, 2, 3, '["120 mS/cm^2", "meaning"] or with a LaTeX symbol as third')
    number, unit = parse_quantity(value)
    if symbol and (not _SYMBOL.fullmatch(symbol) or not set(re.findall(r"\\([A-Za-z]+)", symbol)) <= _MACROS):
        raise ModelError(f"{excerpt(symbol)} is not a LaTeX symbol such as \\tau_m; Greek letters and scripts only")
    return Parameter(number, unit.text, meaning, symbol)


def _input(entry: Any) -> Input:
    unit, meaning, _ = list_of_texts(entry, 2, 2, '["uA/cm^2", "meaning"]')
    return Input(parse_unit(unit).text, meaning)


def _formula(entry: Any) -> str:
    if not isinstance(entry, str):
        raise ModelError('must be an expression in quotes, such as "alpha*(1 - m)"')
    return entry


def _state(entry: Any) -> dict[str, str]:
    if not isinstance(entry, dict):
        raise ModelError('must be { start = "…", rate = "…" }')
    only(entry, "start rate")
    for key in ("start", "rate"):
        if key not in entry:
            raise ModelError(f"{key} is missing")
    return {key: _formula(value) for key, value in entry.items()}


def _spike(entry: dict[str, Any]) -> dict[str, Any]:
    with at("spike"):
        only(entry, "threshold probability per hazard reset refractory hold")
        rules = [key for key in RULES if key in entry]
        if len(rules) != 1:
            found = f"there are {' and '.join(rules)}" if rules else "there is none"
            raise ModelError(
                f'exactly one rule is needed, {found}; threshold = "V > 0*mV", probability = "gate(beta*h)" with '
                'per = "1*ms", or hazard = "rho*exp((V - theta)/delta)"'
            )
        if ("per" in entry) != ("probability" in entry):
            raise ModelError('probability and per go together, such as probability = "gate(beta*h)", per = "1*ms"')
        hold = entry.get("hold", [])
        if not isinstance(hold, list) or not all(isinstance(name, str) for name in hold):
            raise ModelError('hold: must be a list of states, such as ["V"]')
        spike: dict[str, Any] = {"reset": each_of(entry, "reset", _formula), "hold": tuple(hold)}
        for key in (*RULES, "per", "refractory"):
            with at(key):
                spike[key] = _formula(entry[key]) if key in entry else None
        return spike
