"""Where the spikes and samples of a run go, and whether they fit into memory."""

import math
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputError
from .kernel import Setup
from .memory import available_memory, size_in_words
from .model.values import with_defines
from .recording import Certificate, Recording, in_ms
from .units import parse_unit

Floats = NDArray[np.float64]

_SHARE_OF_MEMORY = 0.8  # of what is free, that traces may take
_ALWAYS_FITS = 2.0**24  # bytes
_BOOKKEEPING = 5  # numbers that the kernel keeps for each neuron beside its states, at least
_JOINING = 1.5  # what it takes to make one array of spikes, in sizes of what is kept


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


class MemoryStore:
    """Keeps spikes and samples, where they fit."""

    def __init__(self, blank: Recording) -> None:
        _refuse_what_does_not_fit(blank)
        samples, rows = blank.samples, blank.record_neurons.size
        self.blank, self.done = blank, 0
        self.traces = {name: np.empty((rows, samples)) for name in blank.traces}
        self.index: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
        self.when: list[Floats] = [np.empty(0)]
        self.size = self.looked_at = 0.0  # bytes of spikes
        self.full = False

    def guarded(self) -> AbstractContextManager[None]:
        """What `execute` runs in."""
        return nullcontext()

    def add_spikes(self, index: NDArray[np.int64], when: Floats) -> None:
        """More spikes; times in steps."""
        self.index.append(index)
        self.when.append(when)
        self.size += index.nbytes + when.nbytes

    def is_full(self) -> bool:
        """Whether there would soon be no room to join the spikes; asked of the system whenever many were added."""
        if self.size - self.looked_at >= _ALWAYS_FITS:
            self.looked_at = self.size
            steps = self.blank.receipt.steps if self.blank.receipt else max(1, self.done)
            to_come = (1 - self.done / steps) * sum(trace.nbytes for trace in self.traces.values())
            free = _SHARE_OF_MEMORY * available_memory() - to_come
            self.full = self.full or _JOINING * self.size > free
        return self.full

    def spikes(self) -> tuple[NDArray[np.int64], Floats]:
        """Neurons, and times in ms."""
        return np.concatenate(self.index), in_ms(np.concatenate(self.when), self.blank.dt)

    def add_samples(self, name: str, first: int, values: Floats) -> None:
        """Samples (k, T) from the first-th on."""
        self.traces[name][:, first : first + values.shape[1]] = values

    def advance(self, done: int) -> None:
        """All windows up to this step have been delivered."""
        self.done = done

    def finish(self, final: Mapping[str, Any], steps: int, certificate: Certificate | None = None) -> Recording:
        """The recording of so many steps."""
        index, when = self.spikes()
        blank, wanted = self.blank, self.blank.receipt.steps if self.blank.receipt else steps
        samples = steps // blank.record_every + 1
        return replace(
            blank,
            duration=float(in_ms(steps, blank.dt)),
            traces=MappingProxyType({name: trace[:, :samples] for name, trace in self.traces.items()}),
            spike_index=index,
            spike_time=when,
            final_state=MappingProxyType(dict(final)),
            complete=steps == wanted,
            certificate=certificate,
        )


class Collector:
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
