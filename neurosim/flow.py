"""The flow of a model between spikes: rates, Jacobians, steady states, fixed points."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arguments import by_name, parameter_values
from .errors import InputError, choices, excerpt
from .expression import CLOCKS, evaluate, names
from .kernel.tiles import start_values
from .model import Model
from .model.derivatives import Derivatives
from .model.meaning import reach
from .model.values import with_defines
from .units import Unit, parse_unit, to_number

Floats = NDArray[np.float64]

_ITERATIONS, _CLOSE = 60, 1e-11
_SCAN = 1201
_REACH = {"mV": (2.0, 400.0), "": (0.02, 100.0)}  # of the scan for fixed points: finest step nearby, and how far
_SAME = 1e-6


class FixedPoint(NamedTuple):
    """A state that does not change.

    Attributes
    ----------
    states : dict of name to float
        Values of all states, in the units they are recorded in.
    eigenvalues : ndarray of complex
        Of the Jacobian, in 1/ms, the one with the largest real part first.
    kind : str
        "stable node", "stable focus", "saddle", "unstable node", "unstable focus"; "saddle-focus" for a saddle with a
        pair of complex eigenvalues; "degenerate" where a real part is 0 to rounding.
    stable : bool
        Whether all real parts are negative.
    """

    states: dict[str, float]
    eigenvalues: NDArray[np.complex128]
    kind: str
    stable: bool


class Flow:
    """Rates of a deterministic model, and their exact derivatives, at any states, one or many at once.

    States are arrays (k, …) in the coherent set, in the order of the model.

    Parameters
    ----------
    model
    parameters, inputs
        Values that differ from the model's, and of all its inputs, in declared units or as quantities.
    over
        Name of an input or a parameter that `rates` and `jacobian` are to be given; None for none.
    what
        How errors name the experiment.
    """

    def __init__(
        self, model: Model, parameters: Mapping[str, Any] | None, inputs: Any, what: str, over: str | None = None
    ) -> None:
        _check(model, what)
        self.model, self.over = model, over
        self.names = list(model.states)
        self.values: dict[str, Any] = single_values(model, parameters, what)
        self.values |= constant_inputs(model, inputs, what, over)
        self._derivatives = Derivatives(model, (*self.names, *([over] if over else [])))
        known = {name: np.asarray(self.values[name]) for name in model.parameters}
        start = start_values(model, known, {})
        self.start: Floats = np.array([float(start[name]) for name in self.names])

    def rates(self, states: Floats, at: Any = None) -> Floats:
        """Rates (k, …) at states (k, …), and at a value of `over`."""
        return _stack(self._derivatives.rates_at(self._known(states, at)), states.shape)

    def jacobian(self, states: Floats, at: Any = None) -> tuple[Floats, Floats]:
        """Rates (k, …) and their derivatives (…, k, k) with respect to the states, one more column for `over`."""
        rates, rows = self._derivatives.at(self._known(states, at))
        matrix = np.stack([_stack(row, (len(row), *states.shape[1:])) for row in rows])
        return _stack(rates, states.shape), np.moveaxis(matrix, (0, 1), (-2, -1))

    def spikes(self, states: Floats, at: Any = None) -> NDArray[np.bool_]:
        """Whether a reset would throw the model out of states (k, …): what is there is no rest."""
        spike = self.model.spike
        if not spike.reset or spike.threshold is None:
            return np.zeros(states.shape[1:], dtype=np.bool_)
        clocks = {"t": 0.0, "since_spike": math.inf}
        known = with_defines(self.model, clocks | self._known(states, at))
        return np.broadcast_to(np.asarray(evaluate(spike.threshold.tree, known), dtype=np.bool_), states.shape[1:])

    def _known(self, states: Floats, at: Any) -> dict[str, Any]:
        known = self.values | dict(zip(self.names, states, strict=True))
        return known if self.over is None else known | {self.over: at}

    def steady(self, states: Floats, free: Sequence[int], at: Any = None) -> Floats:
        """Move the states `free` to where their rates are 0, the others held, by Newton's method; NaN where it fails.

        Parameters
        ----------
        states
            (k, …), where to begin.
        free
            Indices of the states to move.
        """
        chosen, found = list(free), np.array(states, dtype=np.float64)
        if not chosen:
            return found
        settled: Any = False
        with np.errstate(all="ignore"):
            for _ in range(_ITERATIONS):
                rates, matrix = self.jacobian(found, at)
                step = _solve(matrix[..., chosen, :][..., chosen], np.moveaxis(rates[chosen], 0, -1))
                step = np.moveaxis(step, -1, 0)
                found[chosen] -= step
                settled = (np.abs(step) <= _CLOSE * (1e-2 + np.abs(found[chosen]))).all(axis=0)
                if (settled | ~np.isfinite(found).all(axis=0)).all():
                    break
        return np.where(settled, found, np.nan)

    def fixed_points(self, at: Any = None, limits: tuple[float, float] | None = None) -> Floats:
        """All fixed points (k, p) with the first state in a wide range, or within `limits`, in its order.

        The first state is scanned with the others at their steady state; where its rate changes sign a fixed point of
        the whole model is near.
        """
        if limits is None:
            finest, farthest = _REACH.get(self.model.states[self.names[0]].unit, (0.02, 100.0))
            farthest = max(farthest, 4 * abs(float(self.start[0])))
            grid = self.start[0] + finest * np.sinh(np.linspace(-1, 1, _SCAN) * math.asinh(farthest / finest))
        else:
            grid = np.linspace(*limits, _SCAN)
        states = np.repeat(self.start[:, None], grid.size, axis=1)
        states[0] = grid
        with np.errstate(all="ignore"):
            states = self.steady(states, range(1, len(self.names)), at)
            rate = self.rates(states, at)[0]
            change = np.flatnonzero(rate[:-1] * rate[1:] <= 0)
        near = np.where(rate[change] == 0, states[:, change], (states[:, change] + states[:, change + 1]) / 2)
        return distinct(self.steady(near, range(len(self.names)), at))

    def reduced(self, states: Floats, kept: Sequence[int], free: Sequence[int], at: Any = None) -> Floats:
        """Jacobian (…, m, m) of the states `kept` alone, the states `free` following at their steady state."""
        rows, columns = list(kept), list(free)
        _, matrix = self.jacobian(states, at)
        own = matrix[..., rows, :][..., rows]
        if not columns:
            return own
        there, back = matrix[..., columns, :][..., rows], matrix[..., rows, :][..., columns]
        inner = matrix[..., columns, :][..., columns]
        follow = np.stack([_solve(inner, there[..., k]) for k in range(len(rows))], axis=-1)
        return own - back @ follow

    def stability(self, states: Floats, at: Any = None) -> FixedPoint:
        """What kind of fixed point a state (k,) is."""
        size = len(self.names)
        _, matrix = self.jacobian(states, at)
        return classify(dict(zip(self.names, states.tolist(), strict=True)), matrix[:size, :size])


def classify(states: dict[str, float], matrix: Floats) -> FixedPoint:
    """The fixed point with this Jacobian."""
    found = np.linalg.eigvals(matrix).astype(np.complex128)
    found = found[np.lexsort((-found.imag, -found.real))]
    real, size = found.real, np.abs(found).max()
    if (np.abs(real) <= 1e-9 * size).any():
        kind = "degenerate"
    else:
        turning = bool((np.abs(found.imag) > 1e-9 * size).any())
        shape = "focus" if turning else "node"
        if (real < 0).all():
            kind = f"stable {shape}"
        elif (real > 0).all():
            kind = f"unstable {shape}"
        else:
            kind = "saddle-focus" if turning else "saddle"
    return FixedPoint(states, found, kind, bool((real < 0).all()))


def distinct(states: Floats) -> Floats:
    """The finite ones of states (k, p), each once, ordered by the first."""
    kept: list[Floats] = []
    for state in states.T[np.argsort(states[0])]:
        scale = 1e-2 + np.abs(state)
        if np.isfinite(state).all() and not any((np.abs(state - other) <= _SAME * scale).all() for other in kept):
            kept.append(state)
    return np.array(kept).reshape(-1, len(states)).T


def _solve(matrices: Floats, right: Floats) -> Floats:
    """Solutions x of A x = b for many A (…, k, k) and b (…, k); NaN where A is singular or not finite."""
    usable: Any = np.isfinite(matrices).all(axis=(-2, -1)) & np.isfinite(right).all(axis=-1)
    usable &= np.where(usable, np.linalg.det(np.where(usable[..., None, None], matrices, 1.0)), 0.0) != 0
    regular: Any = np.where(usable[..., None, None], matrices, np.eye(matrices.shape[-1]))
    found: Floats = np.linalg.solve(regular, right[..., None])[..., 0]
    return np.where(usable[..., None], found, np.nan)


def _stack(parts: Sequence[Any], shape: tuple[int, ...]) -> Floats:
    return np.stack([np.broadcast_to(part, shape[1:]) for part in parts]).astype(np.float64)


# Arguments -------------------------------------------------------------------------------------------------------


def _check(model: Model, what: str) -> None:
    """Refuse what has no flow of its own."""
    if model.spike.is_random:
        raise InputError(f"{what} is for deterministic models; spikes of {model.name} are drawn by chance")
    if not model.states:
        raise InputError(f"{what} needs states with differential equations; {model.name} has none")
    defines = {name: formula.tree for name, formula in model.defines.items()}
    used = reach(set().union(*(names(state.rate.tree) for state in model.states.values())), defines)
    if clocks := sorted(used & set(CLOCKS)):
        raise InputError(f"{what} needs rates that depend on states alone; those of {model.name} depend on {clocks[0]}")


def single_values(model: Model, parameters: Mapping[str, Any] | None, what: str) -> dict[str, float]:
    """One value of every parameter, in the coherent set."""
    values = parameter_values(model, by_name(parameters, "parameters"))
    for name, value in values.items():
        if value.size != 1:
            raise InputError(f"{what} takes one value of the parameter {name}, not {value.size}")
    return {name: float(value.reshape(())) for name, value in values.items()}


def constant_inputs(model: Model, I: Any, what: str, over: str | None = None) -> dict[str, float]:
    """A constant value of every input but `over`, in the coherent set; those not given are 0."""
    units = {name: parse_unit(entry.unit) for name, entry in model.inputs.items()}
    others = [name for name in units if name != over]
    if I is None:
        given: Mapping[str, Any] = {}
    elif isinstance(I, Mapping):
        given = by_name(I, "I")
    elif len(others) == 1:
        given = {others[0]: I}
    else:
        if not others:
            raise InputError(f"{what}: {model.name} has no other input to give than {over}, over which it goes")
        raise InputError(f"{what}: {model.name} has {len(others)} inputs to give; write I={{NAME: value}}")
    for name in given:
        if name not in others:
            raise InputError(f"{what}: {model.name} has no input {excerpt(name)} to give; {choices(name, others)}")
    found = {name: to_number(given.get(name, 0.0), units[name], f"the input {name}") for name in others}
    for name, value in found.items():
        if not math.isfinite(value):
            raise InputError(f"{what}: the input {name} must be finite, not {value:g}")
    return found


def the_input(model: Model, what: str) -> tuple[str, Unit]:
    """Name and unit of the one input of a model."""
    if len(model.inputs) != 1:
        raise InputError(f"{what} needs a model with one input; {model.name} has {len(model.inputs)}")
    ((name, entry),) = model.inputs.items()
    return name, parse_unit(entry.unit)
