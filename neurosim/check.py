"""Run the checks that a model file carries."""

import os
from typing import NamedTuple

from .experiments import gain_function
from .model import Check, Expected, Model, load_model
from .simulation import simulate


class CheckResult(NamedTuple):
    """One expectation of a model file and what came of it, in the unit of `expected`."""

    check: int
    expected: Expected
    found: float

    @property
    def passed(self) -> bool:
        """Whether what was found is within the tolerance."""
        return abs(self.found - self.expected.value) <= self.expected.tolerance


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
        found = _measure(model, check)
        results += [CheckResult(number, expected, found[expected.quantity]) for expected in check.expected]
    return results


def _measure(model: Model, check: Check) -> dict[str, float]:
    current = check.input if model.inputs else None
    recording = simulate(model, current, check.duration, parameters=check.parameters)
    found = {name: float(values[0]) for name, values in recording.final_state.items()}
    found["spike_count"] = float(recording.spike_count[0])
    if any(expected.quantity == "rate" for expected in check.expected):
        if len(model.inputs) == 1:
            curve = gain_function(
                model, [check.input], duration=check.duration, discard=check.discard, parameters=check.parameters
            )
            found["rate"] = float(curve.rate[0])
        else:
            found["rate"] = float(recording.rate(after=check.discard)[0])
    return found
