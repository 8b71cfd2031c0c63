"""The linear part of a model: which states, with which coefficients, and the matrices that carry them over a step."""

import ast
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..expression import CLOCKS, evaluate, names
from ..methods import Exact, ExactRungeKutta, Method
from ..model import Model
from ..model.meaning import reach
from ..model.values import with_defines
from .rewrite import NotLinear, Slopes

Floats = NDArray[np.float64]
MOST_STATES = 32


def linear_states(model: Model) -> list[str]:
    """The largest set of states whose rates are linear with constant coefficients in each other and the input."""
    chosen = list(model.states)
    while True:
        kept = [name for name in chosen if _coefficients_of(model, name, chosen) is not None]
        if kept == chosen:
            return kept[:MOST_STATES]
        chosen = kept


def propagated_states(model: Model, method: Exact | ExactRungeKutta) -> list[str]:
    """The states that a method carries by the matrix exponential.

    Raises
    ------
    InputError
        Where there are none.
    """
    if isinstance(method, Exact):
        return list(model.states)
    states = linear_states(model)
    if not states:
        raise InputError(
            f"{method.name} needs states whose rates are linear, with constant coefficients, in each other and the "
            f"input; {model.name} has none; use {method.rest.name}"
        )
    return states


def linear_form(model: Model, states: list[str], method: Method) -> dict[tuple[str, str], ast.expr | None]:
    """Coefficients of the linear equations of `states`: (state, state or input) → a tree of parameters, None for 0.

    Raises
    ------
    InputError
        Where a rate is not linear with coefficients that are constant in time.
    """
    if len(states) > MOST_STATES:
        raise InputError(f"exact is for up to {MOST_STATES} states, {model.name} has more; use rk4")
    form: dict[tuple[str, str], ast.expr | None] = {}
    for name in states:
        found = _coefficients_of(model, name, states)
        if found is None:
            raise InputError(
                f"{method.name} needs rates that are linear with constant coefficients, which that of {name} in "
                f"{model.name} is not; use rk4"
            )
        form |= {(name, other): coefficient for other, coefficient in found.items()}
    return form


def _coefficients_of(model: Model, name: str, states: list[str]) -> dict[str, ast.expr | None] | None:
    """Of one rate; None if it is not linear in these states and the inputs, or depends on anything else."""
    defines = {key: formula.tree for key, formula in model.defines.items()}
    tree = model.states[name].rate.tree
    used = reach(names(tree), defines)
    others = set(model.states) - set(states)
    varying = {*model.states, *model.inputs, *CLOCKS}
    if used & {*CLOCKS, *others}:
        return None
    found: dict[str, ast.expr | None] = {}
    for other in (*states, *model.inputs):
        try:
            coefficient = Slopes(other, defines).of(tree) if other in used else None
        except NotLinear:
            return None
        if coefficient is not None and reach(names(coefficient), defines) & varying:
            return None
        found[other] = coefficient
    return found


class Membrane(NamedTuple):
    """A state V with dV/dt = -decay V + gain I + drift, driven by no other state: its coefficients, numbers or (n,)."""

    state: str
    decay: Any
    gain: Any
    drift: Any


def leaky_membranes(model: Model, values: Mapping[str, Any]) -> dict[str, Membrane]:
    """For each input, the one state it drives, where that is linear and driven by nothing else.

    Parameters
    ----------
    values
        Parameters and the defines that depend on them alone, in the coherent set.
    """
    defines = {key: formula.tree for key, formula in model.defines.items()}
    found = {}
    for name in model.inputs:
        driven = [state for state in model.states if name in reach(names(model.states[state].rate.tree), defines)]
        form = _coefficients_of(model, driven[0], driven) if len(driven) == 1 else None
        others = set(model.inputs) - {name}
        if form is None or form[driven[0]] is None or form[name] is None or any(form[x] is not None for x in others):
            continue
        at_rest = with_defines(model, dict(values) | dict.fromkeys((driven[0], *model.inputs), 0.0))
        decay, gain = (evaluate(form[key], values) for key in (driven[0], name))  # type: ignore[arg-type]  # neither is None
        found[name] = Membrane(driven[0], -decay, gain, evaluate(model.states[driven[0]].rate.tree, at_rest))
    return found


# Names of rows of the tile ---------------------------------------------------------------------------------------


def matrix_names(model: Model, states: list[str], letters: str, nodes: int) -> tuple[str, ...]:
    """Rows of the tile that hold the propagators: P over a step, Q over half of it, H and K while states are held."""
    hold = set(model.spike.hold) & set(states)
    some = letters if hold and len(states) > len(hold) else letters[: len(letters) // 2]
    columns = [*states, *(f"{name}_{k}" for name in model.inputs for k in range(nodes)), "1"]
    return tuple(f"{letter}{row}_{column}" for letter in some for row in range(len(states)) for column in columns)


def generator_names(model: Model, states: list[str]) -> tuple[str, ...]:
    """Rows of the tile that hold the linear equations themselves, and their norm."""
    columns = [*states, *model.inputs, "1"]
    return ("norm", *(f"A{row}_{column}" for row in range(len(states)) for column in columns))


# Their values ----------------------------------------------------------------------------------------------------


def matrices(model: Model, method: Method, values: Mapping[str, Any], neurons: int, dt: float) -> dict[str, Floats]:
    """The rows named by `matrix_names` and `generator_names`.

    x' = Ax + Bu + c with u = u0 + u1 τ + u2 τ²/2 is z' = Mz for z = (x, u0, u1, u2, 1), which changes by exp(Mτ) - 1
    times itself in τ; P, Q, H, K are what that adds to the states, in terms of u at the nodes of the step.

    Parameters
    ----------
    values
        Parameters and the defines that depend on them alone, in the coherent set.
    """
    states = linear_states(model) if isinstance(method, ExactRungeKutta) else list(model.states)
    matrix = equations_of(model, method, states, values, neurons)
    size, inputs = len(states), list(model.inputs)
    columns = [*states, *inputs, "1"]
    rows = {f"A{i}_{column}": matrix[:, i, k] for i in range(size) for k, column in enumerate(columns)}
    rows["norm"] = np.abs(matrix[:, :size, :size]).sum(axis=-1).max(axis=-1)
    held = matrix.copy()
    for name in set(model.spike.hold) & set(states):
        held[:, states.index(name), :] = 0.0
    nodes = 1 if isinstance(method, Exact) else 3
    for letter, equations, share in (("P", matrix, 1.0), ("Q", matrix, 0.5), ("H", held, 1.0), ("K", held, 0.5)):
        change = _change(equations, size, len(inputs), nodes, share, dt)
        names_of = [*states, *(f"{name}_{k}" for name in inputs for k in range(nodes)), "1"]
        rows |= {f"{letter}{i}_{column}": change[:, i, k] for i in range(size) for k, column in enumerate(names_of)}
    return {name: np.ascontiguousarray(row) for name, row in rows.items()}


def equations_of(model: Model, method: Method, states: list[str], values: Mapping[str, Any], neurons: int) -> Floats:
    """(A B c) of every neuron: (neurons, states, states + inputs + 1)."""
    form = linear_form(model, states, method)
    inputs = list(model.inputs)
    at_rest = with_defines(model, dict(values) | dict.fromkeys((*states, *inputs), 0.0))
    matrix = np.zeros((neurons, len(states), len(states) + len(inputs) + 1))
    for i, name in enumerate(states):
        for k, other in enumerate((*states, *inputs)):
            coefficient = form[name, other]
            if coefficient is not None:
                matrix[:, i, k] = evaluate(coefficient, values)
        matrix[:, i, -1] = evaluate(model.states[name].rate.tree, at_rest)
    if not np.isfinite(matrix).all():
        raise InputError(
            f"the rates of {model.name} are not finite for these parameters; is one of them 0 or infinite?"
        )
    return matrix


def _change(matrix: Floats, size: int, inputs: int, nodes: int, share: float, dt: float) -> Floats:
    """What `share` of a step adds to the states: (neurons, states, states + inputs·nodes + 1)."""
    degree = 1 if nodes == 1 else 3
    whole = np.zeros((len(matrix), size + degree * inputs + 1, size + degree * inputs + 1))
    whole[:, :size, :size] = matrix[:, :, :size]
    whole[:, :size, -1] = matrix[:, :, -1]
    for u in range(inputs):
        first = size + u * degree
        whole[:, :size, first] = matrix[:, :, size + u]
        for k in range(degree - 1):
            whole[:, first + k, first + k + 1] = 1.0
    change = expm1(whole * (share * dt))[:, :size]
    if nodes == 1:
        return change
    # u0, u1, u2 of the parabola through the values at 0, dt/2 and dt
    parabola = np.array([[1.0, 0.0, 0.0], [-3.0 / dt, 4.0 / dt, -1.0 / dt], np.array([4.0, -8.0, 4.0]) / dt**2])
    for u in range(inputs):
        of_input = slice(size + 3 * u, size + 3 * u + 3)
        change[:, :, of_input] = change[:, :, of_input] @ parabola
    return change


def expm1(matrices: Floats) -> Floats:
    """exp(A) - 1 for matrices A (n, k, k), by scaling and doubling of the Taylor series, each by itself.

    With a norm of at most 1/2 the series is exact to rounding after 14 terms; exp(2A) - 1 = 2E + EE where
    E = exp(A) - 1.
    (scipy.linalg.expm does the like for larger matrices, but importing it takes longer than most runs.)
    """
    norm = np.abs(matrices).sum(axis=-1).max(axis=-1)
    with np.errstate(all="ignore"):
        doublings = np.where(np.isfinite(norm), np.clip(np.ceil(np.log2(norm)) + 1, 0, None), 0)[:, None, None]
        scaled = matrices / 2.0**doublings
        term = result = scaled
        for k in range(2, 15):
            term = term @ scaled / k
            result = result + term
        for k in range(int(doublings.max())):
            result = np.where(k < doublings, 2 * result + result @ result, result)
    return result
