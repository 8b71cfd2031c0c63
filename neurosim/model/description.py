"""What a model is: data, all of it checked, none of it able to run."""

import ast
import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from ..errors import InputError, choices, excerpt
from ..units import parse_unit, to_number


class Parameter(NamedTuple):
    """A constant of the model: `value` in `unit`, what it means, and its LaTeX symbol."""

    value: float
    unit: str
    meaning: str
    symbol: str


class Input(NamedTuple):
    """What drives the model from outside: the unit bare numbers are in, and what it means."""

    unit: str
    meaning: str


class Formula(NamedTuple):
    """An expression as written, and its tree with units replaced by numbers of the coherent set."""

    text: str
    tree: ast.expr


class State(NamedTuple):
    """A variable with a differential equation: d/dt = `rate`, from `start`; shown in `unit`."""

    start: Formula
    rate: Formula
    unit: str


class Spike(NamedTuple):
    """When the neuron spikes, and what a spike does to it.

    One of three rules: where `threshold` becomes true; with `probability` at every multiple of the time `per`; at the
    rate `hazard`. The others are None.
    """

    threshold: Formula | None
    probability: Formula | None
    per: Formula | None
    hazard: Formula | None
    reset: Mapping[str, Formula]
    refractory: Formula | None
    hold: tuple[str, ...]

    @property
    def rule(self) -> Formula:
        """The one of threshold, probability and hazard there is."""
        rule: Formula = getattr(self, self.kind)
        return rule

    @property
    def kind(self) -> str:
        """Which rule it is: "threshold", "probability" or "hazard"."""
        return next(key for key in ("threshold", "probability", "hazard") if getattr(self, key) is not None)

    @property
    def is_random(self) -> bool:
        """Whether chance decides when a spike happens."""
        return self.threshold is None


class Variant(NamedTuple):
    """A named set of parameters: what it shows, and with which `current` and `duration` (ms; None if not said)."""

    summary: str
    parameters: Mapping[str, Any]
    current: str | None
    duration: float | None


class Expected(NamedTuple):
    """A result a model must reproduce, and where its value comes from; the value of a pattern is its name."""

    quantity: str
    value: float | str
    tolerance: float
    unit: str
    source: str


class Check(NamedTuple):
    """An experiment and what must come of it; times in ms, values as written in the file."""

    input: Any
    duration: float
    discard: float
    parameters: Mapping[str, Any]
    expected: tuple[Expected, ...]
    variant: str | None


@dataclass(frozen=True, eq=False)
class Model:
    """A neuron model: parameters with units, equations, spike rule.

    Made by `load_model` and `Model.from_toml`; changed, never in place, by `replace`. All trees are in the coherent
    set {ms, mV, nA, nF, uS, MOhm}, per area {uA, uF, mS}/cm^2.

    Attributes
    ----------
    name, summary, reference : str
    parameters : mapping of name to `Parameter` (value, unit, meaning, symbol)
    inputs : mapping of name to `Input` (unit, meaning)
    states : mapping of name to `State` (start, rate, unit)
    defines : mapping of name to `Formula`, each after those it needs
    units : mapping of every name that can be recorded to its unit
    spike : `Spike`
    checks : tuple of `Check`
    variants : mapping of name to `Variant` (summary, parameters, current, duration)
    dt : float
        Default time step in ms.
    method : str
        Default integration method.
    source : str
        Text of the file.
    variant_name : str or None
        Which of the `variants` this is; None for the model itself.
    base : Model or None
        What it is a variant of.
    """

    name: str
    summary: str
    reference: str
    parameters: Mapping[str, Parameter]
    inputs: Mapping[str, Input]
    states: Mapping[str, State]
    defines: Mapping[str, Formula]
    units: Mapping[str, str]
    spike: Spike
    checks: tuple[Check, ...]
    variants: Mapping[str, Variant]
    dt: float
    method: str
    source: str
    variant_name: str | None = None
    base: "Model | None" = None

    @staticmethod
    def from_toml(text: str) -> "Model":
        """Read a model from the text of a model file.

        Raises
        ------
        ModelError
            With key and reason.
        """
        from .reader import read_model

        return read_model(text, "model text")

    def replace(self, **parameters: Any) -> "Model":
        """The same model with other parameter values: numbers in the declared unit, or quantities.

        Raises
        ------
        InputError
            For an unknown name or a value that does not fit.
        """
        changed = dict(self.parameters)
        for name, value in parameters.items():
            parameter = self.parameter(name)
            unit = parse_unit(parameter.unit)
            number = to_number(value, unit, f"parameter {name} of {self.name}")
            if math.isnan(number):
                raise InputError(f"parameter {name} of {self.name} cannot be NaN")
            in_unit = float(value) if isinstance(value, int | float) else number / unit.factor
            changed[name] = parameter._replace(value=in_unit)
        base = None if self.base is None else self.base.replace(**parameters)
        return dataclasses.replace(self, parameters=MappingProxyType(changed), base=base)

    def variant(self, name: str) -> "Model":
        """The same model with the parameters, and the summary, of one of its `variants`.

        A variant does not mix with another: what that one set is as in the file again. What `replace` changed, before
        or after, stays, unless this variant sets it.

        Raises
        ------
        InputError
            For an unknown name, with those there are.
        """
        if not isinstance(name, str) or name not in self.variants:
            legal = choices(str(name), self.variants) if self.variants else "it has none"
            raise InputError(f"{self.name} has no variant {excerpt(name)}; {legal}")
        variant, base = self.variants[name], self.base or self
        return dataclasses.replace(
            base.replace(**variant.parameters), summary=variant.summary, variant_name=name, base=base
        )

    def parameter(self, name: str) -> Parameter:
        """A parameter by name, or an error that says which there are."""
        if name not in self.parameters:
            raise InputError(f"{self.name} has no parameter {excerpt(name)}; {choices(name, self.parameters)}")
        return self.parameters[name]

    def latex(self) -> str:
        """The equations as a LaTeX ``aligned`` block."""
        from .latex import equations

        return equations(self)

    def __repr__(self) -> str:
        variant = "" if self.variant_name is None else f", variant {self.variant_name}"
        return f"<Model {self.name}{variant}: {self.summary}>"
