"""integrate: the Runge–Kutta schemes for equations of a user's own, several systems at once."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, SimulationError, excerpt
from ..methods import METHODS, Adaptive, Method, RungeKutta, find_method

Floats = NDArray[np.float64]

_RTOL, _ATOL = 1e-6, 1e-9
_CAUSES = {
    1: "the solution is no longer finite",
    2: "no step is small enough for rtol and atol, or dt lets no time pass",
    3: "events follow each other without time passing",
}


@dataclass(frozen=True, eq=False)
class Solution:
    """What `integrate` returns.

    Attributes
    ----------
    t : ndarray (T,)
    y : ndarray (n, T), or (systems, n, T)
    event_time : ndarray (events,)
        When an event function rose through 0; by system, then time.
    event_number, event_system : ndarray (events,)
        Which of the event functions, and in which of the systems.
    steps : int
        Accepted steps, of all systems.
    """

    t: Floats
    y: Floats
    event_time: Floats
    event_number: NDArray[np.int64]
    event_system: NDArray[np.int64]
    steps: int


def integrate(
    f: Callable[..., Any],
    y0: Any,
    t: Any,
    *,
    method: str = "dopri5",
    rtol: float | None = None,
    atol: float | None = None,
    events: Any = None,
    parameters: Any = None,
    dt: float | None = None,
) -> Solution:
    """Integrate y' = f(t, y).

    Parameters
    ----------
    f
        ``f(t, y)``, or ``f(t, y, p)`` with `parameters`; it returns the n rates as a tuple or an array. Jitted with
        Numba, or a function that Numba can jit. A tuple is faster: an array is allocated at each call.
    y0
        Start (n,), or (systems, n): several systems with the same equations.
    t
        Times of the results (T,), increasing; the first is the start. Any unit.
    method
        ``dopri5``, whose steps are as long as the tolerances allow and which fills in the results; or ``euler``,
        ``heun``, ``midpoint``, ``rk4`` with fixed steps.
    rtol, atol
        For dopri5 alone: the estimated error of a step is at most ``atol + rtol*abs(y)``; 1e-6 and 1e-9 if not given.
    events
        A function ``g(t, y)``, or ``g(t, y, p)``, that rises through 0 when something happens; or a pair of such a
        function and a reset ``r(t, y)`` that returns the new y; or a sequence of these, counted from 0.
    parameters
        Numbers handed to `f` and the events as p: (k,), the same for all systems, or (systems, k), a row for each. As
        many numbers as systems can be meant both ways and are refused: give (systems, k).
    dt
        Longest step. The fixed-step methods divide each interval of `t` evenly; they take one step for each if it is
        not given.

    Returns
    -------
    Solution

    Raises
    ------
    InputError
        For arguments that cannot be used, or an `f` that Numba cannot compile.
    SimulationError
        Where a solution is no longer finite, or dopri5 finds no step small enough.

    Notes
    -----
    Numba compiles the loop anew for every new `f`, which takes a few seconds. Times of events are exact to rounding for
    the continuous extension of a step: of order 4 for dopri5, the cubic one of Hermite for the others. dopri5 may step
    over what happens in a small part of a long step: give `dt` then. Of two resets at the same instant only the first
    happens.
    """
    scheme = _scheme(method)
    times, start, several = _times(t), *_start(y0)
    numbers = _parameters(parameters, len(start))
    tolerances = _tolerances(scheme, rtol, atol)
    if dt is not None and not ((step := _numbers(dt, "dt")).ndim == 0 and 0 < step < np.inf):
        raise InputError(f"dt is a positive number, not {excerpt(dt)}")
    pairs = _events(events)
    functions = [("f", f, start[0].shape), *((f"events[{k}]", event, ()) for k, (event, _) in enumerate(pairs))]
    resets = ((f"the reset of events[{k}]", reset) for k, (_, reset) in enumerate(pairs) if reset is not None)
    functions += [(what, reset, start[0].shape) for what, reset in resets]
    for what, function, shape in functions:
        _try(what, function, times, start, numbers, parameters is not None, shape)
    y = np.empty((*start.shape, times.size))
    from numba.core.errors import NumbaError, UnsupportedBytecodeError

    from .stages import compiled, solve

    try:
        rates, look, reset = compiled(f, tuple(pairs), parameters is not None)
        log, steps, failed, when, where = solve(
            *(rates, look, reset, np.array([r is not None for _, r in pairs], dtype=np.bool_)),
            *(_tableau(scheme), start, times, numbers, tolerances, np.inf if dt is None else float(dt), y),
        )
    except ZeroDivisionError:
        raise SimulationError(
            "f or an event divides by zero; jit it with error_model='numpy' to go on with infinity"
        ) from None
    except (NumbaError, UnsupportedBytecodeError, TypeError, NotImplementedError) as error:  # all come from compiling
        raise InputError(_refused(str(error), [(what, function) for what, function, _ in functions])) from None
    if failed:
        of = f" of system {where}" if several else ""
        cause = _CAUSES[failed]
        raise SimulationError(f"{cause}{of} after t = {when:g} by {method}; take other tolerances or steps, or check f")
    events_in_order = sorted(log[1:], key=lambda entry: (entry[2], entry[0]))  # the first told Numba the types
    happened, which, system = zip(*events_in_order, strict=True) if events_in_order else ((), (), ())
    return Solution(
        *(times, y if several else y[0], np.array(happened, dtype=np.float64), np.array(which, dtype=np.int64)),
        *(np.array(system, dtype=np.int64), steps),
    )


def _refused(text: str, functions: list[tuple[str, Any]]) -> str:
    """What Numba says, at which line, of which function: its own text ends with where in `stages` that was called."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("Failed in ")]
    places = (text.find(repr(getattr(function, "py_func", function))) for _, function in functions)
    named = sorted((place, what) for place, (what, _) in zip(places, functions, strict=True) if place >= 0)
    found = re.search(r'^File ".*?([^"/\\]*)", line (\d+)', text, re.MULTILINE)
    where = f", {found[1]}, line {found[2]}" if found and found[1] != "stages.py" else ""
    who = named[0][1] if named else "f or the events"
    return f"Numba cannot compile {who}: {excerpt(lines[0] if lines else '', 200)}{where}"


def _scheme(name: str) -> RungeKutta | Adaptive:
    scheme: Method = find_method(name)
    if not isinstance(scheme, RungeKutta | Adaptive):
        fitting = ", ".join(key for key, other in METHODS.items() if isinstance(other, RungeKutta | Adaptive))
        raise InputError(f"{name} needs the equations of a model, not a function; integrate takes {fitting}")
    return scheme


def _tolerances(scheme: RungeKutta | Adaptive, rtol: Any, atol: Any) -> Floats:
    if not isinstance(scheme, Adaptive) and not (rtol is None and atol is None):
        raise InputError(f"rtol and atol are for dopri5; {scheme.name} has a fixed step: give a smaller dt")
    tolerances = _numbers([_RTOL if rtol is None else rtol, _ATOL if atol is None else atol], "rtol and atol")
    if tolerances.ndim != 1:
        raise InputError("rtol and atol are one number each")
    relative, absolute = tolerances
    if not (1e-13 <= relative < 1 and 0 < absolute < np.inf):
        raise InputError(f"rtol is from 1e-13 to below 1, atol positive; they are {relative:g} and {absolute:g}")
    return tolerances


def _tableau(scheme: RungeKutta | Adaptive) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """(a, b, c, weights of the error, dense output); the last two empty for fixed steps."""
    stages = len(scheme.weights)
    coupling = np.zeros((stages, stages))
    for i, row in enumerate(scheme.coupling):
        coupling[i, :i] = row
    adaptive = isinstance(scheme, Adaptive)
    difference = np.array(scheme.difference if isinstance(scheme, Adaptive) else ())
    dense = np.array(scheme.dense if isinstance(scheme, Adaptive) else ()).reshape(stages if adaptive else 0, 4)
    return coupling, np.array(scheme.weights), np.array(scheme.nodes), difference, dense


def _times(t: Any) -> Floats:
    times = _numbers(t, "t")
    if times.ndim != 1 or times.size < 2 or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise InputError("t is at least two increasing times, the first of them the start")
    return np.ascontiguousarray(times)


def _start(y0: Any) -> tuple[Floats, bool]:
    start = _numbers(y0, "y0")
    if start.ndim not in (1, 2) or start.size == 0:
        raise InputError(f"y0 is (n,) or (systems, n), not of shape {start.shape}")
    if not np.isfinite(start).all():
        raise InputError(f"y0 has finite numbers, not {start[~np.isfinite(start)][0]}")
    return np.ascontiguousarray(np.atleast_2d(start)), start.ndim == 2


def _parameters(parameters: Any, systems: int) -> Floats:
    numbers = np.zeros((1, 0)) if parameters is None else np.atleast_2d(_numbers(parameters, "parameters"))
    if numbers.ndim != 2 or len(numbers) not in (1, systems):
        raise InputError(f"parameters are (k,) or (systems, k) with {systems} systems, not of shape {numbers.shape}")
    if np.ndim(parameters) == 1 and numbers.size == systems > 1:
        raise InputError(
            f"parameters of shape ({systems},) with {systems} systems: the same {systems} numbers for each, or one "
            "number for each? Give (systems, k), such as [[p1, p2]]*2 or [[p1], [p2]]"
        )
    return np.array(np.broadcast_to(numbers, (systems, numbers.shape[1])))


def _events(events: Any) -> list[tuple[Callable[..., Any], Callable[..., Any] | None]]:
    if events is None:
        return []
    listed = [events] if callable(events) else list(events) if isinstance(events, Sequence) else [None]
    if len(listed) == 2 and not isinstance(events, list) and all(map(callable, listed)):
        listed = [tuple(listed)]  # a pair of a function and its reset
    pairs = [entry if isinstance(entry, tuple) else (entry, None) for entry in listed]
    for pair in pairs:
        if len(pair) != 2 or not callable(pair[0]) or not (pair[1] is None or callable(pair[1])):
            raise InputError("events are functions g(t, y), pairs (g, reset), or a list of these")
    return pairs


def _numbers(value: Any, what: str) -> Floats:
    try:
        array = np.asarray(value)
        if not (np.issubdtype(array.dtype, np.floating) or np.issubdtype(array.dtype, np.integer)):
            raise TypeError
        return array.astype(np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{what}: {excerpt(value)} is not real numbers in an array") from None


def _try(
    what: str,
    function: Any,
    times: Floats,
    start: Floats,
    numbers: Floats,
    with_parameters: bool,
    shape: tuple[int, ...],
) -> None:
    """Call a function once as Python does, for errors people can read."""
    if not callable(function):
        raise InputError(f"{what} is a function f(t, y), not {excerpt(function)}")
    plain = getattr(function, "py_func", function)
    arguments = (times[0], start[0].copy(), numbers[0]) if with_parameters else (times[0], start[0].copy())
    called = f"{what}(t, y, p)" if with_parameters else f"{what}(t, y)"
    try:
        with np.errstate(all="ignore"):
            returned = np.asarray(plain(*arguments))
            found = returned.astype(np.float64)
    except ZeroDivisionError:  # what is compiled goes on with infinity
        return
    except Exception as error:
        raise InputError(f"{called} fails at the start: {type(error).__name__}: {excerpt(str(error), 200)}") from None
    if found.shape != shape:
        of = "y has shape" if shape else "it must be one number, shape"
        raise InputError(f"{what} returns shape {found.shape}, but {of} {shape}")
    if not shape and returned.dtype == np.bool_:
        raise InputError(f"{what} returns a truth value; it must be a number that rises through 0, such as y[0] - 1")
    if np.isnan(found).any() and not what.startswith("the reset"):
        raise InputError(f"{what} returns NaN at the start, t = {times[0]:g}")
