"""Run the checks that a model file carries."""

import math
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from .currents import parse_current
from .model import Check, Expected, Model, load_model
from .simulation import finished
from .spikes import firing_pattern
from .units import parse_unit, to_number

_SEED = 1  # of the runs of models with chance
_ROUNDS, _PER_ROUND = 5, 32


class CheckResult(NamedTuple):
    """One expectation of a model file and what came of it, in the unit of `expected`; a pattern by its name."""

    check: int
    expected: Expected
    found: float | str

    @property
    def passed(self) -> bool:
        """Whether what was found is within the tolerance."""
        wanted, found = self.expected.value, self.found
        if isinstance(wanted, str) or isinstance(found, str):
            return wanted == found
        return abs(found - wanted) <= self.expected.tolerance


def check_model(model: str | os.PathLike[str] | Model) -> list[CheckResult]:
    """Run every ``[[check]]`` of a model file, with the method and time step of the file.

    Returns
    -------
    list of CheckResult
        In the order of the file; `expected` (quantity, value, tolerance, unit, source), `found` and `passed`.
    """
    model = load_model(model)
    results = []
    for number, check in enumerate(model.checks, 1):
        of = model if check.variant is None else model.variant(check.variant)
        found = _measure(of, check)
        results += [CheckResult(number, expected, found[expected.quantity]) for expected in check.expected]
    return results


def current_of(value: Any) -> Any:
    """A current that may be in words, for `simulate`."""
    if isinstance(value, Mapping):
        return {name: current_of(part) for name, part in value.items()}
    return parse_current(value) if isinstance(value, str) and ":" in value else value


def _measure(model: Model, check: Check) -> dict[str, float | str]:
    wanted = {expected.quantity for expected in check.expected}
    found: dict[str, float | str] = {}
    if wanted - {"rheobase"}:
        current = current_of(check.input) if model.inputs else None
        recording = finished(model, current, check.duration, parameters=check.parameters, seed=_SEED)
        times = recording.spike_times()
        found |= {name: float(values[0]) for name, values in recording.final_state.items() if name != "random"}
        found["spike_count"] = float(times.size)
        found["first_spike"] = float(times[0]) if times.size else math.nan
        found["rate"] = float(recording.rate(after=check.discard)[0])
        found["pattern"] = firing_pattern(times, check.duration)
    if "rheobase" in wanted:
        found["rheobase"] = _rheobase(model, check)
    return found


def _rheobase(model: Model, check: Check) -> float:
    """The lowest constant input up to the check's with a spike within the duration; NaN if there is none."""
    unit = parse_unit(next(iter(model.inputs.values())).unit)
    low, high = 0.0, to_number(check.input, unit, "input") / unit.factor
    for _ in range(_ROUNDS):
        inputs = np.linspace(low, high, _PER_ROUND + 1)
        fires = finished(model, inputs, check.duration, parameters=check.parameters).spike_count > 0
        if not fires.any() or fires[0]:
            return math.nan
        first = int(fires.argmax())
        low, high = inputs[first - 1], inputs[first]
    return float(high)
