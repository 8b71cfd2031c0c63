"""The variants and checks of a model file: named sets of parameters, and experiments with what must come of them."""

import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..currents import parse_current
from ..errors import InputError, ModelError, choices, excerpt
from ..units import TIME, parse_quantity, parse_unit, to_array
from .description import Check, Expected, Input, Parameter, Variant
from .entries import (
    at,
    each_of,
    few_enough,
    given,
    in_unit,
    number_or_quantity,
    only,
    printable,
    quantity_of,
    table_of,
    text_of,
)

PATTERNS = (
    *("silent", "transient", "tonic", "adapting", "accelerating"),
    *("bursting", "initial burst", "irregular"),
)
"""What `neurosim.firing_pattern` tells apart."""

_UNITS = {"spike_count": "", "rate": "Hz", "first_spike": "ms"}
_MOST_STEPS = 1e9
_VARIANT_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)


class Known(NamedTuple):
    """The parts of a model that variants and checks refer to; `units` of everything that can be recorded."""

    parameters: Mapping[str, Parameter]
    inputs: Mapping[str, Input]
    units: Mapping[str, str]
    dt: float


def read_variants(tables: Mapping[str, Any], known: Known) -> Mapping[str, Variant]:
    """The tables ``[variants.NAME]``."""
    variants = each_of(tables, "variants", lambda entry: _variant(entry, known))
    for name in variants:
        if not _VARIANT_NAME.fullmatch(name):
            raise ModelError(f"variants.{excerpt(name)[1:-1]}: a name has lower-case letters, digits and '-'")
    return variants


def _variant(entry: Any, known: Known) -> Variant:
    if not isinstance(entry, dict):
        raise ModelError('must be a table of summary, parameters = { … } and, if need be, current = "…"')
    only(entry, "summary parameters current duration")
    current = duration = None
    if "current" in entry or "duration" in entry:
        with at("current"):
            if len(known.inputs) != 1:
                raise ModelError("is for models with one input")
            current = printable(entry.get("current"))
            _check_words(current, next(iter(known.inputs.values())))
        duration = _duration(entry, known)
    return Variant(text_of(entry, "summary"), _parameters(entry, known), current, duration)


def _duration(entry: dict[str, Any], known: Known) -> float:
    duration = quantity_of(entry, "duration", TIME)
    if not 0 < duration <= _MOST_STEPS * known.dt:
        raise ModelError(f"duration: must be positive and at most {_MOST_STEPS:g} steps of dt")
    return duration


def _parameters(entry: dict[str, Any], known: Known) -> Mapping[str, float | str]:
    parameters = each_of(entry, "parameters", number_or_quantity)
    only(parameters, " ".join(known.parameters), "parameters: ")
    for name, value in parameters.items():
        with at(f"parameters.{name}"):
            given(value, parse_unit(known.parameters[name].unit))
    return parameters


def read_checks(entries: Any, known: Known, variants: Mapping[str, Variant], states: list[str]) -> tuple[Check, ...]:
    """The tables ``[[check]]``."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ModelError("check: must be tables headed [[check]]")
    few_enough("check", len(entries))
    checks = []
    for number, entry in enumerate(entries, 1):
        with at(f"check {number}"):
            checks.append(_check(entry, known, variants, states))
    return tuple(checks)


def _check(entry: dict[str, Any], known: Known, variants: Mapping[str, Variant], states: list[str]) -> Check:
    only(entry, f"variant input duration discard parameters {' '.join(_UNITS)} rheobase pattern final")
    name = text_of(entry, "variant") if "variant" in entry else None
    if name is not None and name not in variants:
        raise ModelError(f"variant: unknown name {excerpt(name)}; {choices(name, variants)}")
    variant = Variant("", {}, None, None) if name is None else variants[name]
    expected = _expectations(entry, known, states)
    if not expected:
        raise ModelError("nothing is expected; give spike_count, rate, first_spike, rheobase, pattern or final")
    with at("input"):
        current = _input(entry, known, variant.current)
    if "rheobase" in entry and (len(known.inputs) != 1 or not _is_positive(current)):
        raise ModelError("rheobase: needs one input and, as input, a positive number or quantity to search below")
    of_variant = variant.duration is not None and "duration" not in entry
    return Check(
        input=current,
        duration=variant.duration or 0.0 if of_variant else _duration(entry, known),
        discard=quantity_of(entry, "discard", TIME) if "discard" in entry else 0.0,
        parameters=_parameters(entry, known),
        expected=expected,
        variant=name,
    )


def _expectations(entry: dict[str, Any], known: Known, states: list[str]) -> tuple[Expected, ...]:
    expected = [_expected(key, entry[key], unit) for key, unit in _UNITS.items() if key in entry]
    if "rheobase" in entry:
        units = [declared.unit for declared in known.inputs.values()]
        expected.append(_expected("rheobase", entry["rheobase"], units[0] if units else ""))
    if "pattern" in entry:
        with at("pattern"):
            expected.append(_expected_pattern(entry["pattern"]))
    final = table_of(entry, "final")
    only(final, " ".join(states), "final: ")
    for name, value in final.items():
        with at("final"):
            expected.append(_expected(name, value, known.units[name]))
    return tuple(expected)


def _input(entry: dict[str, Any], known: Known, default: str | None) -> Any:
    """A number, a quantity or a current in words; a table of them for a model with several inputs."""
    value = entry.get("input", 0 if default is None else default)
    several = each_of(entry, "input", _number_or_words) if isinstance(value, dict) else None
    if several is None:
        several = dict.fromkeys(list(known.inputs)[:1], _number_or_words(value))
    if several.keys() != known.inputs.keys():
        form = ", ".join(f"{name} = …" for name in known.inputs)
        raise ModelError(f"the model has {len(known.inputs)} inputs; write input = {{ {form} }}")
    for name, current in several.items():
        with at(name):
            _check_current(current, known.inputs[name])
    return several if isinstance(value, dict) else _number_or_words(value)


def _number_or_words(value: Any) -> float | str:
    return printable(value) if isinstance(value, str) and ":" in value else number_or_quantity(value)


def _check_current(value: float | str, declared: Input) -> None:
    if isinstance(value, str) and ":" in value:
        _check_words(value, declared)
    elif not math.isfinite(given(value, parse_unit(declared.unit))):
        raise ModelError("must be finite")


def _check_words(words: str, declared: Input) -> None:
    """Read a current in words and try whether its amplitudes fit the input."""
    try:
        for term in parse_current(words).terms:
            amplitude = to_array(term.amplitude, parse_unit(declared.unit), "the current")
            if amplitude.ndim or not math.isfinite(amplitude):
                raise ModelError("must be finite, and for one neuron")
    except InputError as error:
        raise ModelError(str(error)) from None


def _is_positive(value: Any) -> bool:
    if isinstance(value, str):
        return ":" not in value and parse_quantity(value)[0] > 0
    return isinstance(value, float) and value > 0


def _expected(quantity: str, entry: Any, unit_text: str) -> Expected:
    with at(quantity):
        if not isinstance(entry, dict):
            raise ModelError('must be { value = …, tolerance = …, source = "…" }')
        only(entry, "value tolerance source")
        unit = parse_unit(unit_text)
        value, tolerance = (in_unit(entry, key, unit) for key in ("value", "tolerance"))
        if tolerance < 0:
            raise ModelError("tolerance: must not be negative")
        return Expected(quantity, value, tolerance, unit_text, text_of(entry, "source"))


def _expected_pattern(entry: Any) -> Expected:
    if not isinstance(entry, dict):
        raise ModelError('must be { value = "tonic", source = "…" }')
    only(entry, "value source")
    pattern = text_of(entry, "value")
    if pattern not in PATTERNS:
        raise ModelError(f"unknown pattern {excerpt(pattern)}; {choices(pattern, PATTERNS)}")
    return Expected("pattern", pattern, 0.0, "", text_of(entry, "source"))
