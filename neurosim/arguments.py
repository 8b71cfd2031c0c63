"""From the arguments of a run to numbers: each checked, converted and given its default."""

import math
import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .chance import check_random, fresh_seed, of_membranes, random_state, steps_between_draws
from .drive import Drive, common_size, resolve_drive
from .errors import InputError, choices, excerpt
from .kernel import Setup
from .kernel.layout import located_by_default
from .kernel.streams import AGE, streams, uniform
from .kernel.tiles import REMEMBERED
from .methods import Adaptive, Method, find_method
from .model import Model
from .model.meaning import reach
from .model.values import with_defines
from .units import parse_unit, to_array, to_number

Floats = NDArray[np.float64]
_MS = parse_unit("ms")
_MOST_STEPS = 1e12
_RTOL, _ATOL, SMALLEST_RTOL = 1e-6, 1e-9, 1e-13


def make_setup(
    model: Model,
    I: Any,
    duration: Any,
    dt: Any = None,
    method: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    start: Mapping[str, Any] | str | None = None,
    record: tuple[str, ...] = (),
    record_every: int = 1,
    spike_timing: str | None = None,
    seed: int | None = None,
    threads: int | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    neurons: int | None = None,
) -> Setup:
    """Check the arguments of `simulate` and turn them into numbers."""
    step = model.dt if dt is None else to_number(dt, _MS, "dt")
    if not 0 < step < math.inf:
        raise InputError(f"dt must be positive, not {step:g} ms")
    steps = _steps(to_number(duration, _MS, "duration"), step)
    values = parameter_values(model, by_name(parameters, "parameters"))
    stationary = isinstance(start, str) and start == "stationary"
    given = by_name(None if stationary else start, "start")
    begin = _start(model, {name: value for name, value in given.items() if name != "random"})
    sizes = [(f"parameter {name}", value.size) for name, value in values.items()]
    sizes += [(f"start of {name}", value.size) for name, value in begin.items()]
    if neurons is not None:
        sizes.append(("neurons", whole(neurons, "neurons", 1)))
    units = {name: parse_unit(entry.unit) for name, entry in model.inputs.items()}
    scheme = find_method(model.method if method is None else method)
    currents = of_membranes(model, I, with_defines(model, values))
    drive = resolve_drive(currents, units, steps, step, common_size(sizes))
    if drive.noise or model.spike.is_random:
        check_random(model, scheme, drive, spike_timing)
    relative, absolute = _tolerances(scheme, drive, rtol, atol)
    entropy = fresh_seed() if seed is None else whole(seed, "seed", 0)
    if stationary:
        begin["since_spike"] = _stationary(model, drive, values, entropy)
    return Setup(
        model=model,
        method=scheme,
        drive=drive,
        parameters=values,
        start=begin,
        dt=step,
        steps=steps,
        threads=_threads(threads),
        located=_located(model, spike_timing, scheme, bool(drive.noise)),
        rtol=relative,
        atol=absolute,
        recorded=recorded_rows(model, record, bool(drive.noise)),
        every=whole(record_every, "record_every", 1),
        seed=entropy,
        per=steps_between_draws(model, values, step),
        random=random_state(given.get("random"), seed),
    )


def _stationary(model: Model, drive: Drive, values: Mapping[str, Floats], seed: int) -> Floats:
    """Times since the last spike as in a process that has gone on for ever."""
    from .theory.ages import stationary_ages
    from .theory.rule import constant_inputs

    n = drive.neurons
    units = {name: entry.unit for name, entry in model.inputs.items()}
    units |= {name: entry.unit for name, entry in model.parameters.items()}
    factors = {name: parse_unit(unit).factor for name, unit in units.items()}
    numbers = dict(constant_inputs(model, drive)) | dict(values)
    table = np.array([np.broadcast_to(value, n) / factors[name] for name, value in numbers.items()]).reshape(-1, n)
    settings, which = np.unique(table, axis=1, return_inverse=True)
    rows = dict(zip(numbers, settings, strict=True))
    if drive.noise:
        raise InputError("start='stationary' is for constant input without noise; leave it out, or give since_spike")
    return stationary_ages(
        model,
        {name: rows[name] for name in model.inputs},
        {name: rows[name] for name in model.parameters},
        which.reshape(-1),
        uniform(streams(seed, AGE, n)[4]),
    )


def _located(model: Model, spike_timing: str | None, method: Method, noisy: bool) -> bool:
    if spike_timing is None:
        return located_by_default(model, method) and (model.spike.kind == "hazard" or not noisy)
    if spike_timing not in ("grid", "located"):
        raise InputError(f"spike_timing is 'located' or 'grid', not {excerpt(spike_timing)}")
    if isinstance(method, Adaptive) and spike_timing == "grid":
        raise InputError(f"{method.name} has no grid for spikes; leave spike_timing out or take a fixed-step method")
    return spike_timing == "located"


def _tolerances(method: Method, drive: Drive, rtol: Any, atol: Any) -> tuple[float, float]:
    if not isinstance(method, Adaptive):
        if rtol is not None or atol is not None:
            raise InputError(f"rtol and atol are for dopri5; {method.name} has a fixed step: give a smaller dt")
        return 0.0, 0.0
    if drive.dense:
        raise InputError(
            f"{method.name} cannot follow samples that differ from neuron to neuron; take rk4, or from_array of one "
            "waveform (T,), times a factor for each neuron"
        )
    number = parse_unit("1")
    relative = _RTOL if rtol is None else to_number(rtol, number, "rtol")
    absolute = _ATOL if atol is None else to_number(atol, number, "atol")
    if not SMALLEST_RTOL <= relative < 1 or not 0 < absolute < math.inf:
        raise InputError(
            f"rtol is from {SMALLEST_RTOL:g} to below 1, atol positive; they are {relative:g} and {absolute:g}"
        )
    return relative, absolute


def by_name(given: Any, what: str) -> Mapping[str, Any]:
    """A mapping from names; an error for anything else but None."""
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise InputError(f"{what} is a mapping from names to values, such as {{'V': -70}}, not {excerpt(given)}")
    return given


def _steps(duration: float, dt: float) -> int:
    if not 0 < duration < math.inf:
        raise InputError(f"duration must be positive, not {duration:g} ms")
    if duration / dt > _MOST_STEPS:
        raise InputError(
            f"duration {duration:g} ms at dt {dt:g} ms is more than {_MOST_STEPS:g} steps; shorten the run"
        )
    steps = round(duration / dt)
    if steps < 1 or abs(steps * dt - duration) > 1e-6 * dt:
        below = math.floor(duration / dt) * dt
        raise InputError(
            f"duration {duration:g} ms is no multiple of dt {dt:g} ms; take {below:g} or {below + dt:g} ms"
        )
    return steps


def whole(value: Any, what: str, least: int) -> int:
    """A whole number from `least` on."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value < 2**63:
        raise InputError(f"{what} must be a whole number from {least} on, not {excerpt(value)}")
    return int(value)


def default_threads() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _threads(threads: int | None) -> int:
    if threads is not None:
        return whole(threads, "threads", 1)
    return default_threads()


def parameter_values(model: Model, given: Mapping[str, Any]) -> dict[str, Floats]:
    """Every parameter of a model, as given or as the file has it, in the coherent set: () or (n,)."""
    for name in given:
        model.parameter(name)
    values = {}
    for name, parameter in model.parameters.items():
        unit, what = parse_unit(parameter.unit), f"parameter {name}"
        value = to_array(given.get(name, parameter.value), unit, what)
        if value.ndim > 1 or value.size == 0 or np.isnan(value).any():
            raise InputError(f"{what} is a number or one value per neuron (n,), none of them NaN")
        values[name] = value
    return values


def _start(model: Model, given: Mapping[str, Any]) -> dict[str, Floats]:
    legal = {name: parse_unit(state.unit) for name, state in model.states.items()}
    legal |= dict(zip(REMEMBERED, (_MS, parse_unit("1"), _MS), strict=True))
    if model.spike.hazard is not None:
        legal["hazard_left"] = parse_unit("1")
    values = {}
    for name, value in given.items():
        if name not in legal:
            raise InputError(f"start: {model.name} has no state {excerpt(name)}; {choices(str(name), legal)}")
        array = to_array(value, legal[name], f"start of {name}")
        if array.ndim > 1 or array.size == 0 or not _can_start(name, array).all():
            what = {"above_threshold": "0 or 1", "hazard_left": "a finite number from 0 on"}.get(
                name, "a time from 0 on" if name in REMEMBERED else "a finite number"
            )
            raise InputError(f"start of {name} is {what}, or one value per neuron (n,)")
        values[name] = array
    return values


def _can_start(name: str, values: Floats) -> NDArray[np.bool_]:
    if name == "above_threshold":
        return np.isin(values, (0.0, 1.0))
    if name in REMEMBERED:
        return values >= 0
    return np.isfinite(values) & ((values >= 0) | (name != "hazard_left"))


def recorded_rows(model: Model, record: Iterable[str], noisy: bool) -> tuple[str, ...]:
    """Rows of a tile that must be recorded so that all names in `record` can be computed."""
    trees = {name: formula.tree for name, formula in model.defines.items()}
    for name in record:
        if name not in model.units:
            legal = choices(str(name), model.units)
            raise InputError(f"{model.name} has nothing called {excerpt(name)} to record; {legal}")
    needed = reach(record, trees)
    rows = [f"s_{name}" for name in model.states if name in needed]
    rows += [f"n_{name}" for name in model.inputs if noisy and name in needed]
    return (*rows, "last_spike") if "since_spike" in needed else tuple(rows)


def wanted_names(record: Any) -> tuple[str, ...]:
    """Names of what is to be recorded."""
    names = (record,) if isinstance(record, str) else tuple(record) if isinstance(record, Iterable) else (record,)
    for name in names:
        if not isinstance(name, str):
            raise InputError(f"record takes names, such as 'V' or ['V', 'I'], not {excerpt(name)}")
    return names


def chosen_neurons(record_neurons: Any, neurons: int) -> NDArray[np.int64]:
    """The neurons whose traces are recorded, in order."""
    if record_neurons is None:
        return np.arange(neurons)
    array = np.atleast_1d(np.asarray(record_neurons))
    legal = array.ndim == 1 and array.size and array.dtype.kind in "iu"
    if not legal or array.min() < -neurons or array.max() >= neurons:
        raise InputError(f"record_neurons takes numbers of neurons, 0 … {neurons - 1}, not {excerpt(record_neurons)}")
    return np.unique(array.astype(np.int64) % neurons)
