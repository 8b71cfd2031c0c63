"""simulate: from a model and a current to a recording."""

import math
import os
import warnings
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arguments import SMALLEST_RTOL, chosen_neurons, default_threads, make_setup, recorded_rows, wanted_names
from .chance import steps_between_draws
from .errors import IncompleteWarning, InputError
from .kernel import Interrupted, Setup, execute
from .kernel.cache import environment
from .kernel.layout import feeds_back
from .memory import available_memory, size_in_words
from .methods import Adaptive, find_method
from .model import Model, load_model
from .model.catalogue import installed_version
from .model.values import with_defines
from .progress import Progress, progress_bar
from .receipt import Receipt
from .recording import Certificate, Recording, in_ms
from .units import parse_unit

Floats = NDArray[np.float64]

_SHARE_OF_MEMORY = 0.8  # of what is free, that traces may take
_ALWAYS_FITS = 2.0**24  # bytes
_BOOKKEEPING = 5  # numbers that the kernel keeps for each neuron beside its states, at least


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
        After Ctrl-C what has been computed until then, with ``recording.complete`` False and an `IncompleteWarning`.

    Raises
    ------
    InputError, UnitError, ModelError
        For arguments that cannot be used, and for traces that would not fit into memory.
    SimulationError
        Where a state is no longer finite.
    """
    model = load_model(model)
    wanted = wanted_names(record)
    setup = make_setup(
        model, I, duration, dt, method, parameters, start, wanted, record_every, spike_timing, seed, threads,
        rtol, atol, neurons,
    )  # fmt: skip
    if certify and setup.is_random:
        what = "noise currents draw" if setup.drive.noise else f"the spike rule of {model.name} draws"
        raise InputError(f"certify is for deterministic runs: {what} random numbers, others at half the step")
    if certify and out is not None:
        raise InputError(
            "certify is for a recording in memory, not one streamed to a file; leave out= out, then save it"
        )
    blank = _blank(setup, parameters or {}, wanted, chosen_neurons(record_neurons, setup.drive.neurons))
    recording = run(setup, blank, progress, out)
    if not recording.complete:
        when = f"{model.name} was interrupted at {recording.duration:g} of {in_ms(setup.steps, setup.dt):g} ms"
        warnings.warn(f"{when}; the recording ends there", IncompleteWarning, stacklevel=2)
    if certify and recording.complete:
        spikes = recording.spike_index, recording.spike_time
        try:
            recording = replace(recording, certificate=_certificate(setup, spikes, progress))
        except Interrupted:
            warnings.warn("the finer run was interrupted; there is no certificate", IncompleteWarning, stacklevel=2)
    return recording


def completed(recording: Recording) -> Recording:
    """The recording, for callers that can do nothing with one that was interrupted."""
    if not recording.complete:
        raise KeyboardInterrupt
    return recording


def finished(*arguments: Any, **options: Any) -> Recording:
    """As `simulate`, for callers to whom half a run is of no use: Ctrl-C raises KeyboardInterrupt."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IncompleteWarning)
        return completed(simulate(*arguments, **options))


def run(setup: Setup, blank: Recording, progress: bool | Progress = False, out: Any = None) -> Recording:
    """Fill a recording without spikes and samples by a run; or stream it to the file `out`."""
    store = _file_store(blank, out) if out is not None else _MemoryStore(blank)
    collector = _Collector(setup, blank, store)
    with progress_bar(progress, f"simulating {setup.model.name}") as show:

        def after_window(share: float) -> None:
            store.advance(round(share * setup.steps))
            if show is not None:
                show(share)

        try:
            with store.guarded():
                final = execute(setup, store.add_spikes, collector.add_trace if blank.traces else None, after_window)
        except Interrupted as interrupted:
            recording = store.finish(interrupted.final_state, interrupted.steps)
            if recording.complete:  # Ctrl-C in the last window is for the caller
                raise KeyboardInterrupt from None
            return recording
    return store.finish(final, setup.steps)


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
    return {"neurosim": installed_version(), "numpy": np.__version__, **environment()}


def _certificate(setup: Setup, spikes: tuple[Any, Floats], progress: bool | Progress) -> Certificate:
    """Run again, finer, and compare; with spikes located where the grid would be all there is to see."""
    aside = ""
    if not setup.located and not feeds_back(setup.model):
        setup, aside = replace(setup, recorded=(), located=True), ", spikes located"
        spikes = _spikes(setup, "with spikes located", progress)
    if isinstance(setup.method, Adaptive):
        relative = max(setup.rtol / 32, SMALLEST_RTOL)
        finer = replace(setup, recorded=(), rtol=relative, atol=setup.atol / 32)
        what = f"rtol {relative:.2g}"
    else:
        finer = replace(setup, recorded=(), dt=setup.dt / 2, steps=2 * setup.steps)
        what = f"dt {finer.dt:g} ms"
    again = _spikes(finer, f"at {what}", progress)
    return Certificate.compare(what + aside, setup.drive.neurons, spikes, again)


def _spikes(setup: Setup, how: str, progress: bool | Progress) -> tuple[NDArray[np.int64], Floats]:
    index: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
    when: list[Floats] = [np.empty(0)]

    def add(neurons: NDArray[np.int64], times: Floats) -> None:
        index.append(neurons)
        when.append(times)

    with progress_bar(progress, f"simulating {setup.model.name} {how}") as show:
        execute(setup, add, None, show)
    return np.concatenate(index), in_ms(np.concatenate(when), setup.dt)


# Traces ----------------------------------------------------------------------------------------------------------


def _file_store(blank: Recording, out: Any) -> Any:
    from .files.stream import FileStore

    return FileStore(out, blank)


def _refuse_what_does_not_fit(blank: Recording) -> None:
    """Forecast what a run needs, and say what to change where that is more than there is."""
    states = 16.0 * blank.neurons * (len(blank.model.states) + _BOOKKEEPING)
    needed = 8.0 * blank.samples * blank.record_neurons.size * len(blank.traces)
    if states + needed < _ALWAYS_FITS:
        return
    free = available_memory()
    room = _SHARE_OF_MEMORY * free - states
    if room <= 0:
        raise InputError(
            f"{blank.neurons} neurons take at least {size_in_words(states)}, {size_in_words(free)} are free; take fewer"
        )
    if needed > room:
        rows = blank.record_neurons.size
        cures = [f"record_every={blank.record_every * math.ceil(needed / room)}"]
        cures += ["fewer neurons in record_neurons=[…]"] if rows > 1 else []
        raise InputError(
            f"the traces would take {size_in_words(needed)} ({len(blank.traces)} of {rows} neuron(s) at "
            f"{blank.samples} times), {size_in_words(free)} are free; take "
            f"{', '.join([*cures, 'a shorter duration'])}, or stream them to a file with out='….h5'"
        )


class _MemoryStore:
    """Keeps spikes and samples, where they fit."""

    def __init__(self, blank: Recording) -> None:
        _refuse_what_does_not_fit(blank)
        samples, rows = blank.samples, blank.record_neurons.size
        self.blank, self.done = blank, 0
        self.traces = {name: np.empty((rows, samples)) for name in blank.traces}
        self.index: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
        self.when: list[Floats] = [np.empty(0)]

    def guarded(self) -> AbstractContextManager[None]:
        """What `execute` runs in."""
        return nullcontext()

    def add_spikes(self, index: NDArray[np.int64], when: Floats) -> None:
        self.index.append(index)
        self.when.append(when)

    def add_samples(self, name: str, first: int, values: Floats) -> None:
        self.traces[name][:, first : first + values.shape[1]] = values

    def advance(self, done: int) -> None:
        """All windows up to this step have been delivered."""
        self.done = done

    def finish(self, final: Mapping[str, Any], steps: int) -> Recording:
        """The recording of so many steps."""
        blank, wanted = self.blank, self.blank.receipt.steps if self.blank.receipt else steps
        samples = steps // blank.record_every + 1
        return replace(
            blank,
            duration=float(in_ms(steps, blank.dt)),
            traces=MappingProxyType({name: trace[:, :samples] for name, trace in self.traces.items()}),
            spike_index=np.concatenate(self.index),
            spike_time=in_ms(np.concatenate(self.when), blank.dt),
            final_state=MappingProxyType(dict(final)),
            complete=steps == wanted,
        )


class _Collector:
    """Takes samples from windows and computes what was to be recorded."""

    def __init__(self, setup: Setup, blank: Recording, store: Any) -> None:
        self.setup, self.names, self.store = setup, tuple(blank.traces), store
        self.every = blank.record_neurons.size == setup.drive.neurons
        self.neurons = blank.record_neurons
        self.drive = setup.drive.of(self.neurons)
        self.parameters = {
            name: (value if self.every or value.size == 1 else value[self.neurons]).reshape(-1, 1)
            for name, value in setup.parameters.items()
        }

    def add_trace(self, first: int, block: Floats) -> None:
        """Samples (rows, neurons, samples) from the first-th on."""
        setup, model = self.setup, self.setup.model
        block = block if self.every else block[:, self.neurons]
        t: Floats = in_ms((first + np.arange(block.shape[2])) * setup.every, setup.dt)
        values: dict[str, Any] = {**self.parameters, "t": t}
        noise = {}
        for name, rows in zip(setup.recorded, block, strict=True):
            if name == "last_spike":
                values["since_spike"] = t - rows * setup.dt
            elif name.startswith("n_"):
                noise[name.removeprefix("n_")] = rows
            else:
                values[name.removeprefix("s_")] = rows
        if any(name in model.inputs or name in model.defines for name in self.names):
            for name, mean in zip(model.inputs, self.drive.at(t, len(model.inputs)), strict=True):
                values[name] = mean + noise.get(name, 0.0)
            values = with_defines(model, values)
        for name in self.names:
            samples = np.broadcast_to(values[name] / parse_unit(model.units[name]).factor, block.shape[1:])
            self.store.add_samples(name, first, samples)
