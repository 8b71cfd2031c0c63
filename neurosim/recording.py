"""What comes back from a run: times, traces, spikes as flat arrays, units."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .drive import Drive
from .errors import InputError, choices, excerpt
from .model import Model
from .receipt import Receipt
from .units import parse_unit, to_number

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Certificate:
    """How far a run is from one with half its step, or, for dopri5, with tolerances 32 times smaller.

    Attributes
    ----------
    finer : str
        What the second run differed in, such as ``"dt 0.025 ms"``.
    count_change : ndarray (n,)
        Spikes of each neuron in the second run less those in this one.
    shift : ndarray (n,)
        Largest change of a spike time of each neuron, in ms; NaN where the counts differ, 0 without spikes.
    spikes : int
        Of all neurons, in both runs.
    """

    finer: str
    count_change: Ints
    shift: Floats
    spikes: int

    @classmethod
    def compare(cls, finer: str, neurons: int, one: tuple[Ints, Floats], other: tuple[Ints, Floats]) -> "Certificate":
        """Compare the spikes (index, time) of two runs."""
        trains = []
        for index, time in (one, other):
            order = np.argsort(index, kind="stable")
            trains.append(np.split(time[order], np.searchsorted(index[order], np.arange(1, neurons))))
        pairs = list(zip(*trains, strict=True))
        change = np.array([b.size - a.size for a, b in pairs], dtype=np.int64)
        shift = [float(np.abs(b - a).max(initial=0.0)) if a.size == b.size else np.nan for a, b in pairs]
        return cls(finer, change, np.array(shift), one[1].size + other[1].size)

    def __str__(self) -> str:
        if not self.spikes:
            return f"no spikes to compare, neither here nor at {self.finer}"
        changed = int(np.count_nonzero(self.count_change))
        comma = "," if "," in self.finer else ""
        text = f"at {self.finer}{comma} the spike counts of {changed} of {self.shift.size} neuron(s) change"
        if changed:
            text += f", by up to {int(np.abs(self.count_change).max())}"
        if changed < self.shift.size:
            text += f"; {'the other' if changed else 'their'} spikes shift by at most {np.nanmax(self.shift):.2g} ms"
        return text


@dataclass(frozen=True, eq=False)
class Recording:
    """The result of `simulate`.

    Attributes
    ----------
    model : Model
        With the parameters of the run where they are the same for all neurons.
    neurons : int
    dt, duration : float
        In ms.
    method : str
    spike_timing : str
        "located" or "grid".
    rtol, atol : float or None
        Tolerances of dopri5; None for methods with a fixed step.
    parameters : mapping of name to ndarray () or (n,)
        Values that differ from the model file's, in the declared unit.
    record_every : int
        Steps from sample to sample.
    time : ndarray (T,)
        Times of the samples in ms; the first is the start, 0.
    traces : mapping of name to ndarray (n, T)
        What was asked for by `record`; also ``recording["V"]``. (k, T) where only some neurons were.
    spike_index, spike_time : ndarray
        Neuron and time (ms) of every spike, ordered by time, then neuron.
    final_state : mapping of name to ndarray (n,)
        Accepted as `start` by `simulate`, which then goes on with the same bits; its clock begins at 0 again, which
        matters where the model or the current depends on time.
    units : mapping of name to str
    certificate : Certificate or None
        What `simulate` found, if it was asked to certify.
    seed : int or None
        Of the random numbers; None where none were drawn, or where they go on from those of `start`.
    record_neurons : ndarray (k,)
        The neurons whose traces these are; all of them if not said otherwise.
    complete : bool
        False where the run was interrupted: then `duration` is as far as it came.
    receipt : Receipt or None
        What repeats the run; see `rerun`.
    """

    model: Model
    parameters: Mapping[str, Floats]
    neurons: int
    dt: float
    duration: float
    method: str
    record_every: int
    traces: Mapping[str, Floats]
    spike_index: Ints
    spike_time: Floats
    final_state: Mapping[str, Floats]
    units: Mapping[str, str]
    drive: Drive = field(repr=False)
    spike_timing: str = "grid"
    rtol: float | None = None
    atol: float | None = None
    certificate: Certificate | None = None
    seed: int | None = None
    record_neurons: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    complete: bool = True
    receipt: Receipt | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not self.record_neurons.size:
            object.__setattr__(self, "record_neurons", np.arange(self.neurons))

    @property
    def samples(self) -> int:
        """How many samples the traces have, T."""
        return round(self.duration / self.dt) // self.record_every + 1

    @cached_property
    def time(self) -> Floats:
        """Times of the samples in ms, (T,)."""
        times: Floats = in_ms(np.arange(self.samples) * self.record_every, self.dt)
        return times

    def __getitem__(self, name: str) -> Floats:
        """The trace of a recorded variable: (n, T) in ``units[name]``, (k, T) where k neurons were recorded."""
        if name not in self.traces:
            legal = choices(name, self.traces) if self.traces else f"nothing was; ask for it with record=[{name!r}]"
            raise InputError(f"{excerpt(name)} was not recorded; {legal}")
        return self.traces[name]

    def spike_times(self, neuron: int = 0) -> Floats:
        """Spike times of one neuron in ms."""
        if not isinstance(neuron, int | np.integer) or not -self.neurons <= neuron < self.neurons:
            raise InputError(f"there is no neuron {excerpt(neuron)}; legal: 0 … {self.neurons - 1}")
        times: Floats = self.spike_time[self.spike_index == neuron % self.neurons]
        return times

    @property
    def spike_count(self) -> Ints:
        """Number of spikes of each neuron, (n,)."""
        return np.bincount(self.spike_index, minlength=self.neurons).astype(np.int64)

    def rate(self, after: Any = 0.0) -> Floats:
        """Rate of each neuron in Hz from its intervals between spikes at or after `after` (ms): (n,).

        0 for a neuron with fewer than two such spikes.
        """
        tally = Tally(self.neurons, to_number(after, parse_unit("ms"), "after"))
        tally.add(self.spike_index, self.spike_time)
        return tally.rate()

    def input(self, name: str) -> Floats:
        """An input of the model at the times of the samples: (n, T) in ``units[name]``, as the traces are.

        Noise is in it only where it was recorded, by ``record=[name]``.
        """
        inputs = list(self.model.inputs)
        if name not in inputs:
            raise InputError(f"{self.model.name} has no input {excerpt(name)}; {choices(name, inputs)}")
        if name in self.traces:
            return self.traces[name]
        if any(source.target == inputs.index(name) for source in self.drive.noise):
            raise InputError(f"the input {name} has noise, which was not recorded; simulate with record=[{name!r}]")
        values = self.drive.of(self.record_neurons).at(self.time, len(inputs))[inputs.index(name)]
        converted: Floats = values / parse_unit(self.units[name]).factor
        return converted

    def save(self, path: str | os.PathLike[str], *, embed: bool | None = None) -> None:
        """Write it, with its receipt, into an HDF5 file; see `neurosim.load`.

        Parameters
        ----------
        path
            A file there is replaced by the whole new one, or stays as it is.
        embed
            Whether the samples of a current from a file are kept too, beside the file's path and SHA-256. If not
            given, up to 64 MB are.
        """
        from .files import save

        save(self, path, embed=embed)

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the traces, one row for each sample, or if there are none the spikes, one row each."""
        from .files import to_csv

        to_csv(self, path)

    def to_pandas(self, what: str = "spikes") -> Any:
        """A pandas DataFrame of the ``"spikes"`` (columns neuron, time_ms), or of the ``"traces"``.

        Traces are indexed by time_ms, with columns (variable, neuron).
        """
        from .files import to_pandas

        return to_pandas(self, what)

    def to_neo(self) -> Any:
        """A Neo Block with one Segment: a SpikeTrain for each neuron, an AnalogSignal for each recorded variable.

        Spike trains are annotated with ``channel_id``, the neuron, the columns of signals with ``neuron``.
        """
        from .files import to_neo

        return to_neo(self)

    def plot(self, ax: Any = None) -> Any:
        """Draw it; see `neurosim.plot_recording`."""
        from .plot import plot_recording

        return plot_recording(self, ax=ax)

    def __repr__(self) -> str:
        kind = "Recording" if self.complete else "Incomplete recording"
        how = f"{self.method}, spikes {'on the grid' if self.spike_timing == 'grid' else self.spike_timing}"
        if self.rtol is not None:
            how += f", rtol {self.rtol:g}, atol {self.atol:g}"
        return (
            f"<{kind} of {self.model.name}: {self.neurons} neuron(s), {self.duration:g} ms at dt {self.dt:g} ms by "
            f"{how}, {self.spike_time.size} spike(s), traces: {', '.join(self.traces) or 'none'}>"
        )


def in_ms(steps: Any, dt: float) -> Any:
    """Times in ms of numbers of steps, divided where 1/dt is whole: 39 steps of 0.05 ms are 1.95 ms to the last bit."""
    per_ms = round(1 / dt)
    return steps / per_ms if per_ms and abs(per_ms * dt - 1) < 1e-12 else steps * dt


class Tally:
    """Counts spikes as they come and remembers the first and the last of each neuron: memory does not grow.

    Attributes
    ----------
    count : ndarray (n,)
        All spikes of each neuron.
    later : ndarray (n,)
        Those at or after `after`.
    """

    def __init__(self, neurons: int, after: float) -> None:
        self.after = after
        self.count = np.zeros(neurons, dtype=np.int64)
        self.later = np.zeros(neurons, dtype=np.int64)
        self.first = np.full(neurons, np.nan)
        self.last = np.full(neurons, np.nan)

    def add(self, index: Ints, time: Floats) -> None:
        """More spikes, ordered by time and later than all before."""
        self.count += np.bincount(index, minlength=self.count.size)
        chosen = time >= self.after - 1e-9
        index, time = index[chosen], time[chosen]
        self.later += np.bincount(index, minlength=self.count.size)
        self.last[index] = time  # NumPy keeps the last of several values for one place
        fresh = np.isnan(self.first)
        earliest = np.full(self.count.size, np.nan)
        earliest[index[::-1]] = time[::-1]
        self.first[fresh] = earliest[fresh]

    def rate(self) -> Floats:
        """1 / mean interval, in Hz: (n,); 0 with fewer than two spikes."""
        span = np.where(self.later >= 2, self.last - self.first, 1.0)
        return np.where(self.later >= 2, 1000.0 * (self.later - 1) / span, 0.0)
