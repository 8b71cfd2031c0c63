"""simulate: from a model and a current to a recording."""

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .drive import Drive, common_size, resolve_drive
from .errors import InputError, choices, excerpt
from .kernel import Setup, execute
from .kernel.layout import located_by_default
from .kernel.tiles import REMEMBERED, with_defines
from .methods import Adaptive, Method, find_method
from .model import Model, load_model
from .model.meaning import reach
from .progress import Progress, progress_bar
from .recording import Certificate, Recording, in_ms
from .units import parse_unit, to_array, to_number

Floats = NDArray[np.float64]
_MS = parse_unit("ms")
_MOST_STEPS = 1e12
_RTOL, _ATOL, _SMALLEST_RTOL = 1e-6, 1e-9, 1e-13


def simulate(
    model: str | os.PathLike[str] | Model,
    I: Any,
    duration: Any,
    *,
    dt: Any = None,
    method: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    start: Mapping[str, Any] | None = None,
    record: str | Iterable[str] = (),
    record_every: int = 1,
    spike_timing: str | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    certify: bool = False,
    seed: int | None = None,
    threads: int | None = None,
    progress: bool | Progress = False,
) -> Recording:
    """Simulate neurons of a model.

    Parameters
    ----------
    model
        Name of a model, path of a model file, or a `Model`.
    I
        What drives it: a number in the unit of the model's input, a quantity such as ``"10 uA/cm^2"``, one value per
        neuron (n,), one column per step (n, T), a `Current`, or a mapping from the names of inputs to these.
    duration
        In ms, or a quantity; a multiple of `dt`.
    dt
        Time step in ms, or a quantity; the model's own if not given.
    method
        One of `METHODS`; the model's own if not given.
    parameters
        Values that differ from the model's: numbers in the declared unit, quantities, or one value per neuron (n,).
    start
        Values of states at the start, such as ``{"V": -70}``, or the `final_state` of a recording.
    record
        States, defines and inputs to record.
    record_every
        Record every so many steps.
    spike_timing
        ``"located"``: a spike happens where in the step the threshold is crossed, and the rest of the step starts from
        there, so that methods keep their order. ``"grid"``: it happens at the end of the step. Located if not given,
        but on the grid for models whose spikes change nothing, such as hodgkin-huxley.
    rtol, atol
        For dopri5, which chooses its steps so that the estimated error of each step is at most
        ``atol + rtol*abs(state)``, in the units used inside; 1e-6 and 1e-9 if not given. `dt` is then the time between
        samples.
    certify
        Run again with half the step (dopri5: with tolerances 32 times smaller) and say in ``recording.certificate`` how
        much spike counts and times change. Takes three times as long.
    seed
        Of random numbers. No model draws any yet: recordings do not depend on it.
    threads
        How many to use; all cores if not given. Results do not depend on it.
    progress
        Show a bar on stderr for what takes over a second; or a function to call with the share done.

    Returns
    -------
    Recording

    Raises
    ------
    InputError, UnitError, ModelError
        For arguments that cannot be used.
    SimulationError
        Where a state is no longer finite.
    """
    model = load_model(model)
    wanted = _wanted(record)
    setup = make_setup(
        model, I, duration, dt, method, parameters, start, wanted, record_every, spike_timing, seed, threads, rtol, atol
    )
    collector = _Collector(setup, wanted)

    def factor(name: str) -> float:
        return parse_unit(model.parameters[name].unit).factor

    with progress_bar(progress, f"simulating {model.name}") as show:
        final = execute(setup, collector.add_spikes, collector.add_trace if wanted else None, show)
    spikes = np.concatenate(collector.index), in_ms(np.concatenate(collector.when), setup.dt)
    given = parameters or {}
    return Recording(
        model=model.replace(**{name: value for name, value in given.items() if np.size(value) == 1}),
        parameters=MappingProxyType({name: setup.parameters[name] / factor(name) for name in given}),
        neurons=setup.drive.neurons,
        dt=setup.dt,
        duration=float(in_ms(setup.steps, setup.dt)),
        method=setup.method.name,
        record_every=setup.every,
        traces=MappingProxyType(collector.traces),
        spike_index=spikes[0],
        spike_time=spikes[1],
        final_state=MappingProxyType(final),
        units=MappingProxyType({**model.units, "time": "ms"}),
        drive=setup.drive,
        certificate=_certificate(setup, spikes, progress) if certify else None,
    )


def _certificate(setup: Setup, spikes: tuple[Any, Floats], progress: bool | Progress) -> Certificate:
    """Run again, finer, and compare."""
    if isinstance(setup.method, Adaptive):
        relative = max(setup.rtol / 32, _SMALLEST_RTOL)
        finer = replace(setup, recorded=(), rtol=relative, atol=setup.atol / 32)
        what = f"rtol {relative:.2g}"
    else:
        finer = replace(setup, recorded=(), dt=setup.dt / 2, steps=2 * setup.steps)
        what = f"dt {finer.dt:g} ms"
    collector = _Collector(finer, ())
    with progress_bar(progress, f"simulating {setup.model.name} at {what}") as show:
        execute(finer, collector.add_spikes, None, show)
    again = np.concatenate(collector.index), in_ms(np.concatenate(collector.when), finer.dt)
    return Certificate.compare(what, setup.drive.neurons, spikes, again)


def make_setup(
    model: Model,
    I: Any,
    duration: Any,
    dt: Any = None,
    method: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    start: Mapping[str, Any] | None = None,
    record: tuple[str, ...] = (),
    record_every: int = 1,
    spike_timing: str | None = None,
    seed: int | None = None,
    threads: int | None = None,
    rtol: float | None = None,
    atol: float | None = None,
) -> Setup:
    """Check the arguments of `simulate` and turn them into numbers."""
    step = model.dt if dt is None else to_number(dt, _MS, "dt")
    if not 0 < step < math.inf:
        raise InputError(f"dt must be positive, not {step:g} ms")
    steps = _steps(to_number(duration, _MS, "duration"), step)
    if seed is not None:
        _whole(seed, "seed", 0)
    values = _parameters(model, by_name(parameters, "parameters"))
    begin = _start(model, by_name(start, "start"))
    sizes = [(f"parameter {name}", value.size) for name, value in values.items()]
    sizes += [(f"start of {name}", value.size) for name, value in begin.items()]
    units = {name: parse_unit(entry.unit) for name, entry in model.inputs.items()}
    scheme = find_method(model.method if method is None else method)
    drive = resolve_drive(I, units, steps, step, common_size(sizes))
    relative, absolute = _tolerances(scheme, drive, rtol, atol)
    return Setup(
        model=model,
        method=scheme,
        drive=drive,
        parameters=values,
        start=begin,
        dt=step,
        steps=steps,
        threads=_threads(threads),
        located=_located(model, spike_timing, scheme),
        rtol=relative,
        atol=absolute,
        recorded=_rows(model, record),
        every=_whole(record_every, "record_every", 1),
    )


def _located(model: Model, spike_timing: str | None, method: Method) -> bool:
    if spike_timing is None:
        return located_by_default(model, method)
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
    if not _SMALLEST_RTOL <= relative < 1 or not 0 < absolute < math.inf:
        raise InputError(
            f"rtol is from {_SMALLEST_RTOL:g} to below 1, atol positive; they are {relative:g} and {absolute:g}"
        )
    return relative, absolute


def by_name(given: Any, what: str) -> Mapping[str, Any]:
    """A mapping from names; an error for anything else but None."""
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise InputError(f"{what} is a mapping from names to values, such as {{'V': -70}}, not {excerpt(given)}")
    return given


def _wanted(record: Any) -> tuple[str, ...]:
    names = (record,) if isinstance(record, str) else tuple(record) if isinstance(record, Iterable) else (record,)
    for name in names:
        if not isinstance(name, str):
            raise InputError(f"record takes names, such as 'V' or ['V', 'I'], not {excerpt(name)}")
    return names


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


def _whole(value: Any, what: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value < 2**63:
        raise InputError(f"{what} must be a whole number from {least} on, not {excerpt(value)}")
    return int(value)


def default_threads() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _threads(threads: int | None) -> int:
    if threads is not None:
        return _whole(threads, "threads", 1)
    return default_threads()


def _parameters(model: Model, given: Mapping[str, Any]) -> dict[str, Floats]:
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
    values = {}
    for name, value in given.items():
        if name not in legal:
            raise InputError(f"start: {model.name} has no state {excerpt(name)}; {choices(str(name), legal)}")
        array = to_array(value, legal[name], f"start of {name}")
        if array.ndim > 1 or array.size == 0 or not _can_start(name, array).all():
            what = {"above_threshold": "0 or 1"}.get(
                name, "a time from 0 on" if name in REMEMBERED else "a finite number"
            )
            raise InputError(f"start of {name} is {what}, or one value per neuron (n,)")
        values[name] = array
    return values


def _can_start(name: str, values: Floats) -> NDArray[np.bool_]:
    if name == "above_threshold":
        return np.isin(values, (0.0, 1.0))
    return values >= 0 if name in REMEMBERED else np.isfinite(values)


# Traces ----------------------------------------------------------------------------------------------------------


def _rows(model: Model, record: Iterable[str]) -> tuple[str, ...]:
    """Rows of a tile that must be recorded so that all names in `record` can be computed."""
    trees = {name: formula.tree for name, formula in model.defines.items()}
    for name in record:
        if name not in model.units:
            legal = choices(str(name), model.units)
            raise InputError(f"{model.name} has nothing called {excerpt(name)} to record; {legal}")
    needed = reach(record, trees)
    rows = [f"s_{name}" for name in model.states if name in needed]
    return (*rows, "last_spike") if "since_spike" in needed else tuple(rows)


class _Collector:
    """Takes spikes and samples from windows and puts them where the recording wants them."""

    def __init__(self, setup: Setup, wanted: tuple[str, ...]) -> None:
        samples = setup.steps // setup.every + 1
        self.setup = setup
        self.traces = {name: np.empty((setup.drive.neurons, samples)) for name in wanted}
        self.index: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
        self.when: list[Floats] = [np.empty(0)]

    def add_spikes(self, index: NDArray[np.int64], when: Floats) -> None:
        self.index.append(index)
        self.when.append(when)

    def add_trace(self, first: int, block: Floats) -> None:
        """Samples (rows, neurons, samples) from the first-th on."""
        setup, model = self.setup, self.setup.model
        t: Floats = in_ms((first + np.arange(block.shape[2])) * setup.every, setup.dt)
        values: dict[str, Any] = {name: value.reshape(-1, 1) for name, value in setup.parameters.items()}
        values["t"] = t
        for name, rows in zip(setup.recorded, block, strict=True):
            if name == "last_spike":
                values["since_spike"] = t - rows * setup.dt
            else:
                values[name.removeprefix("s_")] = rows
        if any(name in model.inputs or name in model.defines for name in self.traces):
            values |= zip(model.inputs, setup.drive.at(t, len(model.inputs)), strict=True)
            values = with_defines(model, values)
        for name, trace in self.traces.items():
            trace[:, first : first + t.size] = values[name] / parse_unit(model.units[name]).factor
