"""The rules by which a perceptron learns, for one unit."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from .states import Floats, Ints

_MOST_RECORDED = 10_000
_MOST_PATTERNS = 5000


@dataclass(eq=False)
class Outcome:
    """What one unit learned: `weights` are the result, `last` those at the end of learning, `total` their sum."""

    weights: Floats
    last: Floats
    total: Floats
    presented: int
    updates: int
    epochs: int
    converged: bool
    history: Floats
    shown: Ints | None
    errors: Ints


def learn(
    settings: Any,
    inputs: Floats,
    targets: Floats,
    start: Floats,
    random: np.random.Generator,
    epochs: int,
    total: Floats | None = None,
    presented: int = 0,
    go_on: Callable[[int], bool] = lambda epoch: True,
) -> Outcome:
    """Let one unit learn by the rule of `settings`, a Perceptron, while `go_on` agrees after each epoch."""
    if settings.rule == "adatron":
        return _adatron(settings, inputs, targets, random, epochs)
    epoch_of = _batch if settings.rule == "batch" else _online
    state = Outcome(
        start, start.copy(), np.zeros_like(start) if total is None else total.copy(), presented, 0, 0, False,
        start[None], None, np.zeros(0, np.int64),
    )  # fmt: skip
    pocket = np.full(start.size + 2, -1.0)
    if settings.rule == "pocket":
        pocket[:-2], pocket[-2], pocket[-1] = start, ((inputs @ start >= 0) != (targets == 1)).sum(), 0.0
    record, shown, errors = [start[None]], [np.zeros(0, np.int64)], []
    for epoch in range(1, epochs + 1):
        order = random.permutation(len(inputs)) if settings.shuffle else np.arange(len(inputs))
        room = _MOST_RECORDED - sum(map(len, shown)) if settings.record == "updates" else 0
        wrong, changes, rows = epoch_of(settings, inputs, targets, state, order, min(room, len(inputs)), pocket)
        errors.append(wrong)
        state.epochs = epoch
        state.presented += len(inputs)
        record.append(changes if settings.record == "updates" else state.last[None].copy())
        shown.append(rows)
        if wrong == 0:
            state.converged = True
            break
        if not go_on(epoch):
            break
    state.weights = state.last
    if settings.rule == "averaged":
        state.weights = state.total / state.presented
    elif settings.rule == "pocket" and not state.converged:
        state.weights = pocket[:-2]
    state.history, state.errors = np.concatenate(record), np.array(errors, dtype=np.int64)
    state.shown = np.concatenate(shown) if settings.record == "updates" else None
    return state


def _online(
    settings: Any, inputs: Floats, targets: Floats, state: Outcome, order: Ints, room: int, pocket: Floats
) -> tuple[int, Floats, Ints]:
    from .loops import rosenblatt

    changes, rows = np.empty((room, inputs.shape[1])), np.empty(room, dtype=np.int64)
    rate = float(settings.learning_rate)
    wrong, kept = rosenblatt(inputs, targets, state.last, rate, order, changes, rows, pocket, state.total)
    state.updates += wrong
    return wrong, changes[:kept], rows[:kept]


def _batch(
    settings: Any, inputs: Floats, targets: Floats, state: Outcome, order: Ints, room: int, pocket: Floats
) -> tuple[int, Floats, Ints]:
    error = targets - (inputs @ state.last >= 0.0)
    wrong = int(np.count_nonzero(error))
    state.last = state.last + settings.learning_rate * (error @ inputs)
    state.total += state.last * len(inputs)
    state.updates += wrong > 0
    kept = min(room, int(wrong > 0))
    return wrong, state.last[None][:kept].copy(), np.full(kept, -1)


def _adatron(settings: Any, inputs: Floats, targets: Floats, random: np.random.Generator, sweeps: int) -> Outcome:
    from .loops import adatron

    if len(inputs) > _MOST_PATTERNS:
        raise InputError(f"adatron keeps all scalar products and takes at most {_MOST_PATTERNS} points")
    Z = np.where(targets == 1, 1.0, -1.0)[:, None] * inputs
    scale = float(np.linalg.norm(Z, axis=1).max())
    Z = Z / scale
    gram = Z @ Z.T
    if (np.diag(gram) == 0).any():
        raise InputError("without a bias, a point at the origin cannot be classified")
    strengths = np.zeros(len(Z))
    record, errors, converged = [np.zeros(Z.shape[1])], [], False
    for _ in range(sweeps):
        order = random.permutation(len(Z)) if settings.shuffle else np.arange(len(Z))
        change = adatron(gram, strengths, order)
        record.append(strengths @ Z / scale)
        errors.append(int((Z @ record[-1] <= 0).sum()))
        stability = gram @ strengths
        loose = np.abs((stability - 1.0)[strengths > 0]).max(initial=0.0)
        if change <= settings.tol and loose <= settings.tol and stability.min() >= 1.0 - settings.tol:
            converged = True
            break
    last = record[-1]
    return Outcome(
        last, last, last, 1, int((strengths > 0).sum()), len(errors), converged,
        np.array(record), None, np.array(errors, dtype=np.int64),
    )  # fmt: skip
