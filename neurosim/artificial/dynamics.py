"""Networks in time: asynchronous and synchronous updates, deterministic or at a temperature."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError, choices, excerpt
from .states import TWO_STATES, Floats, Ints, check_count, check_positive, random_generator

if TYPE_CHECKING:
    from .network import ThresholdNetwork

_AT_ONCE = 1_000_000  # random numbers
_UPDATES = ("asynchronous", "synchronous")
_ORDERS = ("random", "shuffled", "ordered")


@dataclass(frozen=True, eq=False)
class NetworkRun:
    """What became of a network.

    Attributes
    ----------
    states : ndarray (k + 1, n) or (k + 1, r, n)
        The start and every recorded state, the last one included.
    step : ndarray (k + 1,)
        Numbers of the steps after which they were recorded.
    fixed : bool or ndarray (r,)
        Whether the last state is one that no deterministic update changes (at any β).
    period : int or None
        Of a deterministic synchronous run recorded at every step, how many steps before its end the last state was
        there last, in all networks; 1 is a fixed point. None if it was not, or for other runs.
    """

    states: Floats
    step: Ints
    fixed: Any
    period: int | None

    @property
    def final_state(self) -> Floats:
        """The last state, (n,) or (r, n)."""
        last: Floats = self.states[-1]
        return last


def run_network(
    network: "ThresholdNetwork",
    start: Any,
    steps: Any,
    update: Any,
    beta: Any,
    order: Any,
    seed: Any,
    record_every: Any,
) -> NetworkRun:
    """What `ThresholdNetwork.run` does."""
    states = network.check(start, np.arange(network.size), "start")
    if states.ndim > 2 or states.size == 0:
        raise InputError(f"start: (n,) or (r, n), not the shape {states.shape}")
    count = check_count(steps, "steps", 0)
    every = check_count(record_every, "record_every")
    for word, legal, what in ((update, _UPDATES, "update"), (order, _ORDERS, "order")):
        if not isinstance(word, str) or word not in legal:
            near = choices(word, legal)
            hint = f"; {near}" if near.startswith("did") else ""
            raise InputError(f"{what} is {' or '.join(legal)}, not {excerpt(word)}{hint}")
    beta = check_positive(beta, "beta", zero=True, infinite=True)
    names = {network.activations[i].name for i in network.free}
    if beta != np.inf and not names <= set(TWO_STATES):
        other = min(names - set(TWO_STATES))
        raise InputError(f"beta is for units with two states, heaviside and sign; {other} units have none")
    if update == "asynchronous" and "softmax" in names:
        raise InputError("softmax units are computed together; run them with update='synchronous'")
    random = random_generator(seed)
    flat = states.reshape(-1, network.size)
    if update == "synchronous":
        record = _synchronous(network, flat, count, beta, random, every)
    elif names <= set(TWO_STATES):
        record = _asynchronous(network, flat, count, beta, order, random, every)
    else:
        record = _one_by_one(network, flat, count, order, random, every)
    recorded = np.array(record).reshape(-1, *states.shape)
    at = np.unique(np.append(np.arange(0, count + 1, every), count))
    fixed = (_updated(network, record[-1]) == record[-1]).all(axis=-1)
    deterministic = update == "synchronous" and beta == np.inf and every == 1
    return NetworkRun(recorded, at, fixed if states.ndim == 2 else bool(fixed[0]), _period(record, deterministic))


def _period(record: list[Floats], deterministic: bool) -> int | None:
    if deterministic:
        for back in range(1, len(record)):
            if np.array_equal(record[-1], record[-1 - back]):
                return back
    return None


def _updated(network: "ThresholdNetwork", states: Floats) -> Floats:
    """All free units at once, without noise."""
    after = states.copy()
    network.activate(after, network.free, network.fields(states)[..., network.free], states)
    return after


def _synchronous(
    network: "ThresholdNetwork", states: Floats, steps: int, beta: float, random: np.random.Generator, every: int
) -> list[Floats]:
    record = [states]
    low = np.array([TWO_STATES.get(f.name, (0.0, 1.0))[0] for f in network.activations])[network.free]
    for step in range(1, steps + 1):
        if beta == np.inf:
            states = _updated(network, states)
        else:
            h = network.fields(states)[:, network.free]
            with np.errstate(over="ignore"):
                up = random.random(h.shape) * (1.0 + np.exp(-2.0 * beta * h)) < 1.0
            states = states.copy()
            states[:, network.free] = np.where(up, 1.0, low)
        if step % every == 0 or step == steps:
            record.append(states)
    return record


def _picks(free: Ints, shape: tuple[int, int], order: str, random: np.random.Generator) -> Ints:
    """Which unit is updated when: (steps, networks, updates)."""
    full = (*shape, free.size)
    if order == "random":
        return free[random.integers(free.size, size=full)]
    picks = np.broadcast_to(free, full)
    return random.permuted(picks, axis=-1) if order == "shuffled" else np.ascontiguousarray(picks)


def _asynchronous(
    network: "ThresholdNetwork",
    states: Floats,
    steps: int,
    beta: float,
    order: str,
    random: np.random.Generator,
    every: int,
) -> list[Floats]:
    from .loops import update_units

    record, states, W = [states], states.copy(), network.weights
    if not network.free.size:
        return record + [states] * (-(-steps // every))
    low = np.array([TWO_STATES.get(f.name, (0.0, 1.0))[0] for f in network.activations])
    keeps = np.array([f.name == "sign" for f in network.activations])
    chunk = max(1, _AT_ONCE // (states.shape[0] * network.size))
    for first in range(0, steps, chunk):
        count = min(chunk, steps - first)
        units = _picks(network.free, (count, states.shape[0]), order, random)
        chances = random.random(units.shape) if beta != np.inf else np.zeros((0, 0, 0))
        out = np.empty((count, *states.shape))
        update_units(
            W.data, W.indices, W.indptr, network.thresholds, low, keeps, float(beta), states, units, chances, out
        )
        after = np.arange(first + 1, first + count + 1)
        record.extend(out[(after % every == 0) | (after == steps)])
    return record


def _one_by_one(
    network: "ThresholdNetwork", states: Floats, steps: int, order: str, random: np.random.Generator, every: int
) -> list[Floats]:
    """Asynchronous updates of units with continuous states."""
    record, states = [states], states.copy()
    rows = [network.weights[[i]] for i in range(network.size)]
    for step in range(1, steps + 1):
        picks = _picks(network.free, (1, states.shape[0]), order, random)[0]
        for k, updates in enumerate(picks):
            for i in updates:
                h = rows[i] @ states[k] - network.thresholds[i]
                states[k, i] = network.activations[i](h, states[k, [i]])[0]
        if step % every == 0 or step == steps:
            record.append(states.copy())
    return record
