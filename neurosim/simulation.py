"""simulate: from a model and a current to a recording."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arguments import SMALLEST_RTOL, make_setup
from .errors import InputError, excerpt
from .kernel import Setup, execute
from .methods import Adaptive
from .model import Model, load_model
from .model.values import with_defines
from .progress import Progress, progress_bar
from .recording import Certificate, Recording, in_ms
from .units import parse_unit

Floats = NDArray[np.float64]
Execute = Callable[..., dict[str, Any]]
Simulate = Callable[..., Recording]


def simulate(
    model: str | os.PathLike[str] | Model,
    I: Any,
    duration: Any,
    *,
    neurons: int | None = None,
    dt: Any = None,
    method: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    start: Mapping[str, Any] | str | None = None,
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
    neurons
        How many, where no other argument says so: with noise each is different.
    dt
        Time step in ms, or a quantity; the model's own if not given.
    method
        One of `METHODS`; the model's own if not given.
    parameters
        Values that differ from the model's: numbers in the declared unit, quantities, or one value per neuron (n,).
    start
        Values of states at the start, such as ``{"V": -70}``, or the `final_state` of a recording. ``since_spike`` is
        infinite if not given; ``"stationary"`` draws it, for a renewal model at constant input, as it is in a process
        that has gone on for ever.
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
        much spike counts and times change. Takes three times as long. For deterministic runs only.
    seed
        Of random numbers, for models whose spike rule draws them and for noise currents: a whole number from 0 on. A
        fresh one if not given; ``recording.seed`` says which. Neuron i gets the same numbers alone and in a crowd.
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
    return run_with(
        execute, model, I, duration, neurons=neurons, dt=dt, method=method, parameters=parameters, start=start,
        record=record, record_every=record_every, spike_timing=spike_timing, rtol=rtol, atol=atol, certify=certify,
        seed=seed, threads=threads, progress=progress,
    )  # fmt: skip


def run_with(
    execute: Execute,
    model: str | os.PathLike[str] | Model,
    I: Any,
    duration: Any,
    *,
    parameters: Mapping[str, Any] | None = None,
    record: str | Iterable[str] = (),
    certify: bool = False,
    progress: bool | Progress = False,
    **others: Any,
) -> Recording:
    """`simulate` by any function that does what `neurosim.kernel.execute` does; `others` go to `make_setup`."""
    model = load_model(model)
    wanted = _wanted(record)
    setup = make_setup(model, I, duration, parameters=parameters, record=wanted, **others)
    if certify and setup.is_random:
        what = "noise currents draw" if setup.drive.noise else f"the spike rule of {model.name} draws"
        raise InputError(f"certify is for deterministic runs: {what} random numbers, others at half the step")
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
        certificate=_certificate(execute, setup, spikes, progress) if certify else None,
        seed=setup.seed if setup.is_random and setup.random is None else None,
    )


def run(
    by: Simulate,
    on_spikes: Callable[[NDArray[np.int64], Floats], None],
    progress: Progress | None,
    model: Model,
    I: Any,
    duration: float,
    **options: Any,
) -> Mapping[str, Any]:
    """Hand the spikes (index, time in ms) of a run to a function as they come; the final state.

    `simulate` itself makes no recording for that, so that memory does not grow; any other function does.
    """
    if by is not simulate:
        recording = by(model, I, duration, **options)
        on_spikes(recording.spike_index, recording.spike_time)
        if progress is not None:
            progress(1.0)
        return recording.final_state
    setup = make_setup(model, I, duration, **options)
    return execute(setup, lambda index, when: on_spikes(index, in_ms(when, setup.dt)), progress=progress)


def _certificate(execute: Execute, setup: Setup, spikes: tuple[Any, Floats], progress: bool | Progress) -> Certificate:
    """Run again, finer, and compare."""
    if isinstance(setup.method, Adaptive):
        relative = max(setup.rtol / 32, SMALLEST_RTOL)
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


def _wanted(record: Any) -> tuple[str, ...]:
    names = (record,) if isinstance(record, str) else tuple(record) if isinstance(record, Iterable) else (record,)
    for name in names:
        if not isinstance(name, str):
            raise InputError(f"record takes names, such as 'V' or ['V', 'I'], not {excerpt(name)}")
    return names


# Traces ----------------------------------------------------------------------------------------------------------


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
        noise = {}
        for name, rows in zip(setup.recorded, block, strict=True):
            if name == "last_spike":
                values["since_spike"] = t - rows * setup.dt
            elif name.startswith("n_"):
                noise[name.removeprefix("n_")] = rows
            else:
                values[name.removeprefix("s_")] = rows
        if any(name in model.inputs or name in model.defines for name in self.traces):
            for name, mean in zip(model.inputs, setup.drive.at(t, len(model.inputs)), strict=True):
                values[name] = mean + noise.get(name, 0.0)
            values = with_defines(model, values)
        for name, trace in self.traces.items():
            trace[:, first : first + t.size] = values[name] / parse_unit(model.units[name]).factor
