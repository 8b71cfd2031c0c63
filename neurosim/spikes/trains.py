"""Spike trains as flat arrays: what every statistic starts from."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, excerpt
from ..units import parse_unit, to_array, to_number

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MS = parse_unit("ms")
_TOLERANCE = 1e-9  # ms, of the ends of a window
_OF_A_BIN = 1e-6  # beyond an edge that rounding may be
_MOST_BINS = 10**8
_FIELDS = ("spike_index", "spike_time", "neurons", "duration")


@dataclass(frozen=True, eq=False)
class SpikeTrains:
    """Spikes of several neurons (or trials) as flat arrays, for the functions that take a `Recording`.

    Parameters
    ----------
    spike_index : array_like (m,)
        Neuron of each spike, 0 … `neurons` - 1.
    spike_time : array_like (m,)
        Its time in ms, or quantities: from 0 to `duration`. In any order; kept ordered by time, then neuron.
    neurons : int
        How many there are; those without spikes count, too.
    duration
        How long they were observed, from 0; ms, or a quantity.

    Notes
    -----
    Spikes are sorted by neuron once for each object: to compute many statistics of a large recording, make one of it
    with `SpikeTrains.of` and use that.
    """

    spike_index: Any
    spike_time: Any
    neurons: int
    duration: Any

    def __post_init__(self) -> None:
        if not isinstance(self.neurons, int | np.integer) or self.neurons < 1:
            raise InputError(f"neurons is how many there are, 1 or more, not {excerpt(self.neurons)}")
        duration = to_number(self.duration, MS, "duration")
        if not 0 < duration < np.inf:
            raise InputError(f"duration must be positive and finite, not {duration:g} ms")
        time = to_array(self.spike_time, MS, "spike_time")
        index = _indices(self.spike_index, self.neurons)
        if time.ndim != 1 or index.shape != time.shape:
            raise InputError(f"spike_index {index.shape} and spike_time {time.shape} must be 1-D and of one length")
        if not _within(time, 0.0, duration):
            raise InputError(f"spike times must lie between 0 and the duration, {duration:g} ms")
        later = time[1:] >= time[:-1]
        if not (later & ((time[1:] > time[:-1]) | (index[1:] >= index[:-1]))).all():
            order = np.lexsort((index, time))
            index, time = index[order], time[order]
        for name, value in zip(_FIELDS, (index, time, int(self.neurons), duration), strict=True):
            object.__setattr__(self, name, value)

    @classmethod
    def of(cls, spikes: Any) -> "SpikeTrains":
        """Of a `Recording`, or of anything else with `spike_index`, `spike_time`, `neurons` and `duration`."""
        return spikes if isinstance(spikes, cls) else cls(*(getattr(spikes, name) for name in _FIELDS))

    @classmethod
    def from_list(cls, trains: Iterable[Any], duration: Any) -> "SpikeTrains":
        """Of one array of times (ms, or quantities) for each neuron."""
        times = [to_array(train, MS, f"train {number}") for number, train in enumerate(trains)]
        if any(time.ndim != 1 for time in times):
            raise InputError("from_list takes a list with one 1-D array of spike times for each neuron")
        index = np.repeat(np.arange(len(times)), [time.size for time in times])
        return cls(index, np.concatenate([*times, np.empty(0)]), len(times), duration)

    @cached_property
    def _by_neuron(self) -> tuple[Ints, Floats]:
        """(index, time), neuron after neuron."""
        size = self.spike_time.size
        bits = max(1, int(size).bit_length())
        if (self.neurons - 1) >> (63 - bits):
            order = np.argsort(self.spike_index, kind="stable")
        else:  # neuron and place in one number: the fastest stable sort
            order = np.sort(self.spike_index << bits | np.arange(size)) & ((1 << bits) - 1)
        return self.spike_index[order], self.spike_time[order]

    def __repr__(self) -> str:
        return f"<SpikeTrains: {self.neurons} neuron(s), {self.duration:g} ms, {self.spike_time.size} spike(s)>"


@dataclass(frozen=True, eq=False)
class Chosen:
    """Spikes in a window, neuron after neuron and in each by time."""

    index: Ints
    time: Floats
    neurons: int
    start: float
    stop: float
    single: bool  # a plain array of times was given: results lose the axis of neurons

    @property
    def length(self) -> float:
        """Of the window, ms."""
        return self.stop - self.start

    @cached_property
    def count(self) -> Ints:
        """Spikes of each neuron, (n,)."""
        return np.bincount(self.index, minlength=self.neurons)

    def shaped(self, values: NDArray[Any]) -> Any:
        """Of values (n, …) for the neurons: all, or those of the one there is."""
        return values[0] if self.single else values


def choose(spikes: Any, start: Any, stop: Any, *, lasting: bool = False) -> Chosen:
    """Spikes of a Recording, SpikeTrains or plain array from `start` to `stop`, both ends included.

    With `lasting` the window must be known: a plain array needs `stop`, and begins at 0 if `start` is not given.
    """
    begin = None if start is None else to_number(start, MS, "start")
    end = None if stop is None else to_number(stop, MS, "stop")
    if all(hasattr(spikes, name) for name in _FIELDS):
        trains = SpikeTrains.of(spikes)
        index, time = trains._by_neuron
        neurons, single, limit = trains.neurons, False, trains.duration
        begin, end = 0.0 if begin is None else begin, limit if end is None else end
        if begin < -_TOLERANCE or end > limit + _TOLERANCE:
            raise InputError(f"there is nothing outside 0 … {limit:g} ms; start is {begin:g}, stop {end:g} ms")
    else:
        time = one_train(spikes)
        index, neurons, single = np.zeros(time.size, np.int64), 1, True
        if lasting and end is None:
            raise InputError("say how long the spike train lasts with stop=…, in ms; spike times alone do not tell")
        if lasting and begin is None and time.size and time[0] < -_TOLERANCE:
            raise InputError(f"the first spike is at {time[0]:g} ms; say when the spike train begins with start=…")
        begin = (0.0 if lasting else -np.inf) if begin is None else begin
        end = np.inf if end is None else end
    if not begin < end or (lasting and not np.isfinite(end - begin)):
        raise InputError(f"start must be before stop, not {begin:g} and {end:g} ms")
    if not _within(time, begin, end):
        inside = (time >= begin - _TOLERANCE) & (time <= end + _TOLERANCE)
        index, time = index[inside], time[inside]
    return Chosen(index, time, neurons, begin, end, single)


def one_train(times: Any) -> Floats:
    """Spike times of one neuron in ms, checked."""
    array = to_array(times, MS, "the spike times")
    if array.ndim != 1 or not np.isfinite(array).all() or (array[1:] < array[:-1]).any():
        raise InputError(
            "spike times are finite and increasing, in a 1-D array, those of one neuron; "
            "for several neurons, a Recording or SpikeTrains"
        )
    return array


def positive(value: Any, what: str) -> float:
    """A length of time in ms, or an error."""
    number = to_number(value, MS, what)
    if not 0 < number < np.inf:
        raise InputError(f"{what} must be positive and finite, not {number:g} ms")
    return number


def bin_count(length: float, width: float, what: str) -> int:
    """How many whole bins there are in a length of time, in ms both; what remains is left out."""
    if length / width > _MOST_BINS:
        raise InputError(f"{what} of {width:g} ms makes {length / width:.2g} bins of {length:g} ms; take it longer")
    bins = int(length / width + _OF_A_BIN)
    if bins < 1:
        raise InputError(f"{what} is {width:g} ms, longer than the {length:g} ms there are")
    return bins


def bin_of(time: Floats, width: float) -> Ints:
    """Number of the bin each time is in: bin k is k·width < t ≤ (k + 1)·width, and 0 is in the first.

    Spikes carry the end of their step, so that with this rule every bin has the same number of steps.
    """
    number: Ints = np.ceil(time / width - _OF_A_BIN).astype(np.int64) - 1
    return np.maximum(number, 0, out=number)


def quotient(above: Any, below: Any) -> Floats:
    """above/below, NaN where `below` is 0."""
    above, below = np.broadcast_arrays(np.asarray(above, float), np.asarray(below, float))
    found: Floats = np.full(above.shape, np.nan)
    with np.errstate(over="ignore"):  # intervals may be as short as numbers are small
        np.divide(above, below, out=found, where=below != 0)
    return found


def run_lengths(keys: Ints) -> tuple[Ints, Ints]:
    """Values of an ordered array without repetition, and how often each is there."""
    if keys.size == 0:
        return keys, keys
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return keys[first], np.diff(np.append(first, keys.size))


def _within(time: Floats, begin: float, end: float) -> bool:
    """Whether all times are, up to rounding, in a window; NaN is not."""
    return time.size == 0 or bool(time.min() >= begin - _TOLERANCE and time.max() <= end + _TOLERANCE)


def _indices(values: Any, neurons: int) -> Ints:
    index = np.asarray(values)
    if index.size == 0:
        return index.astype(np.int64)
    if not np.issubdtype(index.dtype, np.integer) or index.min() < 0 or index.max() >= neurons:
        raise InputError(f"spike_index takes the whole numbers of neurons, 0 … {neurons - 1}")
    return index.astype(np.int64, copy=False)
