"""Which of Brian2's integration methods is which of ours, and what it needs to be told of the others."""

import numpy as np

from ..errors import InputError
from ..kernel import Setup
from ..kernel.linear import equations_of, linear_form
from ..kernel.schemes import frozen_slopes
from ..methods import Exact, ExponentialEuler, RungeKutta
from ..model import Model
from ..model.values import with_defines

_BUILT_IN = {"euler": "euler", "midpoint": "rk2", "rk4": "rk4", "exponential-euler": "exponential_euler"}
LEGAL = "euler, heun, midpoint, rk4, exponential-euler or exact"


def scheme_of(setup: Setup, model: Model) -> tuple[str, str]:
    """The name of a method of Brian2, or an empty one and the description of a state updater.

    Raises
    ------
    InputError
        For a method that Brian2 cannot run.
    """
    method = setup.method
    if not model.states:
        return "euler", ""
    if isinstance(method, Exact):
        return _exact(setup, model), ""
    if isinstance(method, ExponentialEuler):
        frozen_slopes(model)  # refuses in our own words
    if method.name in _BUILT_IN:
        return _BUILT_IN[method.name], ""
    if isinstance(method, RungeKutta):
        return "", description(method)
    raise InputError(f"Brian2 cannot run the method {method.name}; take one of {LEGAL}")


def description(method: RungeKutta) -> str:
    """A Runge–Kutta scheme as Brian2's ``ExplicitStateUpdater`` reads it."""
    lines = []
    for i, (row, node) in enumerate(zip(method.coupling, method.nodes, strict=True), 1):
        x = " + ".join(["x", *(f"{a!r}*k_{j}" for j, a in enumerate(row, 1) if a)])
        lines.append(f"k_{i} = dt*f({x}, t{f' + {node!r}*dt' if node else ''})")
    weights = " + ".join(f"{b!r}*k_{j}" for j, b in enumerate(method.weights, 1) if b)
    return "\n".join([*lines, f"x_new = x + {weights}"])


def _exact(setup: Setup, model: Model) -> str:
    """``exact``, or ``euler`` where no rate depends on a state: the same, since the input is held over a step."""
    states = list(model.states)
    linear_form(model, states, setup.method)
    values = with_defines(model, setup.parameters)
    matrix = equations_of(model, setup.method, states, values, setup.drive.neurons)[:, :, : len(states)]
    if not matrix.any():
        return "euler"
    where = "Brian2's exact method solves"
    if np.any(np.linalg.matrix_rank(matrix) < len(states)):
        raise InputError(f"{where} equations that have one state of rest, not those of {model.name}; take rk4")
    for held in model.spike.hold:
        column = states.index(held)
        others = [k for k in range(len(states)) if k != column]
        if matrix[:, others, column].any():
            raise InputError(
                f"{where} all equations together, and cannot hold {held} of {model.name}, on which others depend; "
                "take rk4"
            )
    return "exact"
