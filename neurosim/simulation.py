"""simulate: from a model and a current to a recording."""

import os
import platform
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arguments import SMALLEST_RTOL, chosen_neurons, default_threads, make_setup, recorded_rows, wanted_names
from .chance import steps_between_draws
from .errors import IncompleteWarning, InputError, OutOfMemoryWarning
from .kernel import Interrupted, Setup, execute
from .kernel.cache import environment
from .kernel.layout import feeds_back
from .methods import Adaptive, find_method
from .model import Model, load_model
from .model.catalogue import installed_version
from .progress import Progress, progress_bar
from .receipt import Receipt
from .recording import Certificate, Recording, in_ms
from .stores import Collector, MemoryStore
from .units import parse_unit

Floats = NDArray[np.float64]
Execute = Callable[..., dict[str, Any]]


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
    record_neurons: Any = None,
    out: str | os.PathLike[str] | None = None,
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
        much spike counts and times change. Takes three times as long, or four: for models whose spikes change nothing,
        both runs are compared with spikes located. For deterministic runs only.
    seed
        Of random numbers, for models whose spike rule draws them and for noise currents: a whole number from 0 on. A
        fresh one if not given; ``recording.seed`` says which. Neuron i gets the same numbers alone and in a crowd.
    threads
        How many to use; all cores if not given. Results do not depend on it.
    progress
        Show a bar on stderr for what takes over a second; or a function to call with the share done.
    record_neurons
        Numbers of the neurons whose traces are recorded; all if not given. Spikes are those of all.
    out
        An HDF5 file to stream the recording to, for runs whose traces do not fit into memory: it grows as
        ``out + ".partial"``, readable at any time, and is renamed at the end. The traces of the recording that is
        returned are read from the file when they are asked for.

    Returns
    -------
    Recording
        After Ctrl-C, or when its spikes have filled the memory, what has been computed until then, with
        ``recording.complete`` False and an `IncompleteWarning`.

    Raises
    ------
    InputError, UnitError, ModelError
        For arguments that cannot be used, and for traces that would not fit into memory.
    SimulationError
        Where a state is no longer finite.
    """
    return run_with(
        execute, model, I, duration, neurons=neurons, dt=dt, method=method, parameters=parameters, start=start,
        record=record, record_every=record_every, spike_timing=spike_timing, rtol=rtol, atol=atol, certify=certify,
        seed=seed, threads=threads, progress=progress, record_neurons=record_neurons, out=out,
    )  # fmt: skip


def run_with(
    by: Execute,
    model: str | os.PathLike[str] | Model,
    I: Any,
    duration: Any,
    *,
    parameters: Mapping[str, Any] | None,
    record: str | Iterable[str],
    certify: bool,
    progress: bool | Progress,
    record_neurons: Any,
    out: Any = None,
    **others: Any,
) -> Recording:
    """`simulate` by any function that does what `neurosim.kernel.execute` does; `others` go to `make_setup`.

    What runs elsewhere has its spikes on the grid, and no receipt: our kernels would not repeat it to the bit.
    """
    model, native = load_model(model), by is execute
    wanted = wanted_names(record)
    setup = make_setup(model, I, duration, parameters=parameters, record=wanted, **others)
    if certify and setup.is_random:
        what = "noise currents draw" if setup.drive.noise else f"the spike rule of {model.name} draws"
        raise InputError(f"certify is for deterministic runs: {what} random numbers, others at half the step")
    setup = setup if native else replace(setup, located=False)
    blank = _blank(setup, parameters or {}, wanted, chosen_neurons(record_neurons, setup.drive.neurons))
    recording, warning = run(setup, blank if native else replace(blank, receipt=None), progress, out, certify, by)
    if warning is not None:
        warnings.warn(warning, stacklevel=3)
    return recording


def completed(recording: Recording, warning: IncompleteWarning | None) -> Recording:
    """What `run` gave, for callers that can do nothing with a part of it."""
    if isinstance(warning, OutOfMemoryWarning):
        raise MemoryError(str(warning))
    if not recording.complete:
        raise KeyboardInterrupt
    return recording


def finished(*arguments: Any, by: Callable[..., Recording] | None = None, **options: Any) -> Recording:
    """As `simulate` or a function like it, for callers to whom half a run is of no use: Ctrl-C is KeyboardInterrupt."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", IncompleteWarning)
        recording = (simulate if by is None else by)(*arguments, **options)
    reason = None
    for one in said:
        if isinstance(one.message, IncompleteWarning):
            reason = one.message
        else:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return completed(recording, reason)


def run(
    setup: Setup,
    blank: Recording,
    progress: bool | Progress = False,
    out: Any = None,
    certify: bool = False,
    by: Execute | None = None,
) -> tuple[Recording, IncompleteWarning | None]:
    """Fill a recording without spikes and samples by a run, or stream it to the file `out`.

    The warning says why there is less than was asked for.
    """
    by = execute if by is None else by
    store = _file_store(blank, out) if out is not None else MemoryStore(blank)
    collector = Collector(setup, blank, store)
    on_trace = collector.add_trace if blank.traces else None
    with progress_bar(progress, f"simulating {setup.model.name}") as show:

        def after_window(share: float) -> None:
            store.advance(round(share * setup.steps))
            if show is not None:
                show(share)

        try:
            with store.guarded():
                final = by(setup, store.add_spikes, on_trace, after_window, store.is_full)
        except Interrupted as interrupted:
            recording = store.finish(interrupted.final_state, interrupted.steps)
            if recording.complete:  # Ctrl-C in the last window is for the caller
                raise KeyboardInterrupt from None
            return recording, _warning(recording, store)
    if not certify:
        return store.finish(final, setup.steps), None
    try:
        return store.finish(final, setup.steps, _certificate(by, setup, store.spikes(), progress)), None
    except Interrupted:
        warning = IncompleteWarning("the finer run was interrupted; there is no certificate")
        return store.finish(final, setup.steps), warning


def _warning(recording: Recording, store: Any) -> IncompleteWarning:
    """Why a run ended early."""
    wanted = recording.duration if recording.receipt is None else in_ms(recording.receipt.steps, recording.dt)
    when = f"at {recording.duration:g} of {wanted:g} ms; the recording ends there"
    if not store.is_full():
        return IncompleteWarning(f"{recording.model.name} was interrupted {when}")
    return OutOfMemoryWarning(
        f"the spikes of {recording.model.name} filled the memory {when}; take fewer neurons or a shorter duration, or "
        "stream them to a file with out='….h5'"
    )


def repeated(recording: Recording) -> tuple[Setup, Recording]:
    """What repeats a run, as far as it came, and its recording without spikes and samples.

    Raises
    ------
    InputError
        Where it has no receipt.
    """
    receipt, model = recording.receipt, recording.model
    if receipt is None:
        raise InputError(f"the recording of {model.name} has no receipt; only what simulate returned can be repeated")
    setup = Setup(
        model=model,
        method=find_method(recording.method),
        drive=recording.drive,
        parameters=receipt.settings,
        start=receipt.start,
        dt=recording.dt,
        steps=round(recording.duration / recording.dt),
        threads=default_threads(),
        located=receipt.spike_timing == "located",
        rtol=receipt.rtol,
        atol=receipt.atol,
        recorded=recorded_rows(model, recording.traces, bool(recording.drive.noise)),
        every=recording.record_every,
        seed=receipt.seed,
        per=steps_between_draws(model, receipt.settings, recording.dt),
        random=receipt.random,
    )
    blank = _blank(setup, recording.parameters, tuple(recording.traces), recording.record_neurons)
    return setup, replace(blank, model=model)


def _blank(setup: Setup, given: Mapping[str, Any], wanted: tuple[str, ...], chosen: NDArray[np.int64]) -> Recording:
    """All of a recording that is known before the run."""
    model, none = setup.model, np.empty((chosen.size, 0))

    def factor(name: str) -> float:
        return parse_unit(model.parameters[name].unit).factor

    return Recording(
        model=model.replace(**{name: value for name, value in given.items() if np.size(value) == 1}),
        parameters=MappingProxyType({name: setup.parameters[name] / factor(name) for name in given}),
        neurons=setup.drive.neurons,
        dt=setup.dt,
        duration=float(in_ms(setup.steps, setup.dt)),
        method=setup.method.name,
        record_every=setup.every,
        traces=MappingProxyType(dict.fromkeys(wanted, none)),
        spike_index=np.empty(0, dtype=np.int64),
        spike_time=np.empty(0),
        final_state={},
        units=MappingProxyType({**model.units, "time": "ms"}),
        drive=setup.drive,
        spike_timing="located" if setup.located else "grid",
        rtol=setup.rtol if isinstance(setup.method, Adaptive) else None,
        atol=setup.atol if isinstance(setup.method, Adaptive) else None,
        seed=setup.seed if setup.is_random and setup.random is None else None,
        record_neurons=chosen,
        receipt=Receipt(
            settings=MappingProxyType(dict(setup.parameters)),
            start=MappingProxyType(dict(setup.start)),
            random=setup.random,
            seed=setup.seed,
            steps=setup.steps,
            spike_timing="located" if setup.located else "grid",
            rtol=setup.rtol,
            atol=setup.atol,
            environment=MappingProxyType(_environment()),
        ),
    )


@lru_cache(maxsize=1)
def _environment() -> dict[str, str]:
    """What bits depend on: versions, processor, and the C library, whose exp, log and pow kernels may call."""
    library = " ".join(platform.libc_ver()).strip() or platform.release()
    return {"neurosim": installed_version(), "numpy": np.__version__, **environment(), "libc": library}


def _certificate(by: Execute, setup: Setup, spikes: tuple[Any, Floats], progress: bool | Progress) -> Certificate:
    """Run again, finer, and compare; with spikes located where the grid would be all there is to see."""
    aside = ""
    if by is execute and not setup.located and not feeds_back(setup.model):
        setup, aside = replace(setup, recorded=(), located=True), ", spikes located"
        spikes = _spikes(by, setup, "with spikes located", progress)
    if isinstance(setup.method, Adaptive):
        relative = max(setup.rtol / 32, SMALLEST_RTOL)
        finer = replace(setup, recorded=(), rtol=relative, atol=setup.atol / 32)
        what = f"rtol {relative:.2g}"
    else:
        finer = replace(setup, recorded=(), dt=setup.dt / 2, steps=2 * setup.steps)
        what = f"dt {finer.dt:g} ms"
    again = _spikes(by, finer, f"at {what}", progress)
    return Certificate.compare(what + aside, setup.drive.neurons, spikes, again)


def _spikes(by: Execute, setup: Setup, how: str, progress: bool | Progress) -> tuple[NDArray[np.int64], Floats]:
    index: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
    when: list[Floats] = [np.empty(0)]

    def add(neurons: NDArray[np.int64], times: Floats) -> None:
        index.append(neurons)
        when.append(times)

    with progress_bar(progress, f"simulating {setup.model.name} {how}") as show:
        by(setup, add, None, show)
    return np.concatenate(index), in_ms(np.concatenate(when), setup.dt)


def _file_store(blank: Recording, out: Any) -> Any:
    from .files.stream import FileStore

    return FileStore(out, blank)
