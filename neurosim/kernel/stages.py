"""Runge–Kutta steps over a user's own function: the loop that `ode.integrate` compiles for it."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import is_jitted, overload


@lru_cache(maxsize=32)
def compiled(f: Callable[..., Any], pairs: tuple[Any, ...], with_parameters: bool) -> tuple[Any, Any, Any]:
    """(f, events, resets) as functions of one form: rates(t, y, p), look(t, y, p, out), reset(which, t, y, p, out)."""

    def jitted(function: Any) -> Any:
        inner = function if is_jitted(function) else njit(error_model="numpy")(function)
        if with_parameters:
            return inner
        return njit(lambda t, y, p: inner(t, y))

    @njit
    def look(t: Any, y: Any, p: Any, out: Any) -> None:
        pass

    @njit
    def reset(which: Any, t: Any, y: Any, p: Any, out: Any) -> None:
        pass

    for number, (event, change) in enumerate(pairs):
        look = _one_more(look, jitted(event), number)
        if change is not None:
            reset = _one_more_reset(reset, jitted(change), number)
    return jitted(f), look, reset


def _one_more(before: Any, event: Any, number: int) -> Any:
    @njit
    def look(t: Any, y: Any, p: Any, out: Any) -> None:
        before(t, y, p, out)
        out[number] = event(t, y, p)

    return look


def _one_more_reset(before: Any, change: Any, number: int) -> Any:
    @njit
    def reset(which: Any, t: Any, y: Any, p: Any, out: Any) -> None:
        if which == number:
            copy(change(t, y, p), out)
        else:
            before(which, t, y, p, out)

    return reset


def copy(found, out):
    """Numbers as a function returned them, a tuple or an array, into an array."""
    for i in range(out.size):
        out[i] = found[i]


@overload(copy)
def _copy(found, out):
    if isinstance(found, types.BaseTuple):  # whose members may be of several types
        lines = [f"    out[{i}] = found[{i}]" for i in range(len(found))]
        space = {}
        exec("\n".join(["def copy(found, out):", *lines]), space)
        return space["copy"]
    return copy


@njit
def step(rates, tableau, t, y, p, h, r, new, trial):
    """One step from y into `new`, the rates of its stages into r (stages, n), of which the first row is given."""
    a, b, c = tableau[0], tableau[1], tableau[2]
    for s in range(1, b.size):
        for i in range(y.size):
            total = 0.0
            for j in range(s):
                total += a[s, j] * r[j, i]
            trial[i] = y[i] + h * total
        copy(rates(t + c[s] * h, trial, p), r[s])
    for i in range(y.size):
        total = 0.0
        for j in range(b.size):
            total += b[j] * r[j, i]
        new[i] = y[i] + h * total


@njit
def error_of(tableau, y, new, h, r, tolerances):
    """The largest estimate of the error of a step, in tolerances."""
    difference, largest = tableau[3], 0.0
    for i in range(y.size):
        total = 0.0
        for j in range(difference.size):
            total += difference[j] * r[j, i]
        share = abs(h * total) / (tolerances[1] + tolerances[0] * max(abs(y[i]), abs(new[i])))
        if largest == largest and not share <= largest:  # a NaN stays
            largest = share
    return largest


@njit
def between(tableau, theta, y, new, h, r, last, out):
    """The continuous extension of a step at a share of it; `last` are the rates at its end."""
    dense = tableau[4]
    for i in range(y.size):
        if dense.shape[0]:
            total = 0.0
            for j in range(dense.shape[0]):
                total += (
                    r[j, i]
                    * theta
                    * (dense[j, 0] + theta * (dense[j, 1] + theta * (dense[j, 2] + theta * dense[j, 3])))
                )
            out[i] = y[i] + h * total
        else:  # Hermite
            change = new[i] - y[i]
            bend = theta * (theta - 1) * ((1 - 2 * theta) * change + (theta - 1) * h * r[0, i] + theta * h * last[i])
            out[i] = y[i] + theta * change + bend


@njit
def crossing(look, tableau, e, low, high, below, t, y, new, h, r, last, p, trial, values):
    """The first share of a step, between `low` and `high`, at which event number e is not negative."""
    above, side = np.nan, 0
    for number in range(100):
        if high - low <= 1e-15 * (1 + abs(t / h)):
            break
        share = below / (below - above) if number and number < 20 else 0.5
        middle = low + (high - low) * (share if 0.0 < share < 1.0 else 0.5)
        if not low < middle < high:
            break
        between(tableau, middle, y, new, h, r, last, trial)
        look(t + middle * h, trial, p, values)
        if values[e] >= 0:
            below = 0.5 * below if side > 0 else below
            high, above, side = middle, values[e], 1
        else:
            above = 0.5 * above if side < 0 else above
            low, below, side = middle, values[e], -1
    return high


@njit
def first_step(y, r, tolerances, span):
    """A step over which y changes by about a hundredth of what counts as a change."""
    slowest = span
    for i in range(y.size):
        if r[0, i] != 0.0:
            slowest = min(slowest, 0.01 * max(abs(y[i]), 1e3 * tolerances[1]) / abs(r[0, i]))
    return max(slowest, 1e-12 * span)


@njit
def attempt(rates, tableau, tolerances, t, y, p, h, r, new, trial):
    """A step as long as the error allows: (its length, the length of the next); a length of 0 if there is none."""
    while True:
        step(rates, tableau, t, y, p, h, r, new, trial)
        if tableau[3].size == 0:
            return h, h
        error = error_of(tableau, y, new, h, r, tolerances)
        grown = h * min(max(0.9 * max(error, 1e-10) ** -0.2, 0.2), 5.0) if error < np.inf else 0.1 * h
        if error <= 1.0:
            return h, grown
        h = min(grown, 0.9 * h)
        if t + h == t:
            return 0.0, 0.0


@njit
def search(look, tableau, resets, before, t, y, new, h, r, last, p, trial, log, system):
    """Log the events of a step, up to the first that resets: (share of the step until then, its number or -1)."""
    share, winner, low = 1.0, -1, 0.0
    quarters = 4 if tableau[3].size else 1
    values, scratch = np.empty(resets.size), np.empty(resets.size)
    for quarter in range(1, quarters + 1):
        if winner >= 0 or resets.size == 0:
            break
        high = quarter / quarters
        between(tableau, high, y, new, h, r, last, trial)
        look(t + high * h, trial, p, values)
        for first in (True, False):  # those that reset come first: what follows the earliest of them does not happen
            for e in range(resets.size):
                if resets[e] == first and before[e] < 0 and values[e] >= 0:
                    at = crossing(look, tableau, e, low, high, before[e], t, y, new, h, r, last, p, trial, scratch)
                    if first and (winner < 0 or at < share):
                        share, winner = at, e
                    elif not first and at <= share:
                        log.append((t + at * h, e, system))
        before[:] = values
        low = high
    return share, winner


@njit(nogil=True)
def solve(rates, look, reset, resets, tableau, start, times, parameters, tolerances, longest, results):
    """Integrate all systems into `results`: (events as (time, number, system), steps, what failed, when, where)."""
    n, stages, adaptive = start.shape[1], tableau[1].size, tableau[3].size > 0
    r, last, new, trial, before = np.empty((stages, n)), np.empty(n), np.empty(n), np.empty(n), np.empty(resets.size)
    log = [(0.0, 0, 0)]
    steps, stuck = 0, 0
    for system in range(len(start)):
        y, p, now, k = start[system].copy(), parameters[system], times[0], 1
        results[system, :, 0] = y
        look(now, y, p, before)
        copy(rates(now, y, p), r[0])
        h = first_step(y, r, tolerances, times[-1] - times[0])
        while k < times.size:
            copy(rates(now, y, p), r[0])
            if not adaptive:
                h = (times[k] - now) / max(1.0, np.ceil((times[k] - now) / longest - 1e-9))
            h, grown = attempt(rates, tableau, tolerances, now, y, p, min(h, longest, times[-1] - now), r, new, trial)
            if h == 0.0 or now + h == now or not np.isfinite(new).all():
                return log, steps, 2 if h == 0.0 or now + h == now else 1, now, system
            steps += 1
            copy(rates(now + h, new, p), last)
            share, winner = search(look, tableau, resets, before, now, y, new, h, r, last, p, trial, log, system)
            end = now + share * h
            if winner < 0 and abs(end - times[k if not adaptive else -1]) <= 1e-9 * h:
                end = times[k if not adaptive else -1]
            while k < times.size and times[k] <= end:
                between(tableau, (times[k] - now) / h, y, new, h, r, last, trial)
                results[system, :, k] = new if times[k] == end and winner < 0 else trial
                k += 1
            if winner >= 0:
                stuck = stuck + 1 if end - now < 1e-13 * (times[-1] - times[0]) else 0
                if stuck > 1000:
                    return log, steps, 3, now, system
                log.append((end, winner, system))
                between(tableau, share, y, new, h, r, last, trial)
                y[:] = trial
                reset(winner, end, trial, p, y)
                look(end, y, p, before)
                copy(rates(end, y, p), r[0])
                grown = min(grown, first_step(y, r, tolerances, times[-1] - times[0]))
            else:
                y[:] = new
            now, h = end, grown
    return log, steps, 0, 0.0, 0
