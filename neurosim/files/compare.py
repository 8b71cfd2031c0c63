"""Two recordings side by side, and a recording beside what its receipt gives today."""

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..drive import Drive
from ..errors import InputError
from ..progress import Progress
from ..receipt import text_hash
from ..recording import Recording
from ..simulation import completed, repeated
from ..simulation import run as simulate_again
from ..units import coherent_unit, parse_unit
from ..waveforms import Samples
from .drives import LostSamples, hash_of
from .export import spikes_of_each
from .loading import load

_ROUNDING = 1e-6  # ms of spike times, and of the largest size of a trace


class Difference(NamedTuple):
    """What differs, and what it is in one and in the other."""

    what: str
    one: str
    other: str

    def __str__(self) -> str:
        return f"{self.what}: {self.one} | {self.other}" if self.one or self.other else self.what


@dataclass(frozen=True, eq=False)
class Comparison:
    """What differs between two recordings.

    Attributes
    ----------
    receipt : tuple of Difference
        Model, parameters, current, method, versions …: what decides the result.
    result : tuple of Difference
        Spikes, traces, final state; none where all bits agree.
    close : bool
        Whether the results agree to rounding: the same number of spikes of each neuron, none shifted by more than 1e-6
        ms, no trace different by more than 1e-6 of its largest size.
    """

    receipt: tuple[Difference, ...]
    result: tuple[Difference, ...]
    close: bool

    @property
    def identical(self) -> bool:
        """Whether all bits of the results agree."""
        return not self.result

    def __str__(self) -> str:
        parts = [f"receipt, {line}" for line in self.receipt] + [f"result, {line}" for line in self.result]
        return "\n".join(parts) or "no difference"


@dataclass(frozen=True, eq=False)
class Rerun:
    """A run repeated from its receipt.

    Attributes
    ----------
    recording : Recording
        Of the new run.
    comparison : Comparison
        Of the old with the new.
    same_environment : bool
        Whether machine and versions are those of the first run. Only then bits are to agree.
    """

    recording: Recording
    comparison: Comparison
    same_environment: bool

    @property
    def verdict(self) -> str:
        """``"bit-identical"``, ``"equal to rounding"`` or ``"different"``."""
        if self.same_environment:
            return "bit-identical" if self.comparison.identical else "different"
        return "equal to rounding" if self.comparison.close else "different"

    def __str__(self) -> str:
        where = "the same machine and versions" if self.same_environment else "another machine or other versions"
        lines = [f"{self.verdict}, on {where}"]
        if not self.same_environment:
            lines += [f"  {line}" for line in self.comparison.receipt]
        if self.verdict == "different":
            lines += [f"  {line}" for line in self.comparison.result]
        return "\n".join(lines)


def rerun(recording: Recording | str | os.PathLike[str], *, progress: bool | Progress = False) -> Rerun:
    """Repeat a run from its receipt, as far as it came, and compare.

    Parameters
    ----------
    recording
        Or the path of its file.
    progress
        Show a bar on stderr for what takes over a second; or a function to call with the share done.

    Raises
    ------
    InputError
        Where it has no receipt, or its current was in a file that is gone or has changed.
    """
    old = _recording(recording)
    setup, blank = repeated(old)
    new = completed(*simulate_again(setup, blank, progress))
    assert old.receipt is not None, "repeated asks for it"
    assert new.receipt is not None, "made by the run"
    old_whole = dataclasses.replace(  # repeated as far as it came
        old, complete=True, receipt=dataclasses.replace(old.receipt, steps=new.receipt.steps)
    )
    same = dict(old.receipt.environment) == dict(new.receipt.environment)
    return Rerun(new, diff(old_whole, new), same)


def diff(one: Recording | str | os.PathLike[str], other: Recording | str | os.PathLike[str]) -> Comparison:
    """What differs between two recordings, or files of them: what they were made with, and what came of it."""
    a, b = _recording(one), _recording(other)
    facts = _facts(a), _facts(b)
    names = list(dict.fromkeys([*facts[0], *facts[1]]))
    receipt = [
        _difference(name, facts[0].get(name), facts[1].get(name))
        for name in names
        if not _same(facts[0].get(name), facts[1].get(name))
    ]
    spikes, spikes_close = _spikes(a, b)
    traces, traces_close = _traces(a, b)
    final = [
        Difference(f"final {name}", "", "")
        for name in dict.fromkeys([*a.final_state, *b.final_state])
        if not _same(a.final_state.get(name), b.final_state.get(name))
    ]
    return Comparison(tuple(receipt), (*spikes, *traces, *final), spikes_close and traces_close)


def _recording(given: Any) -> Recording:
    if isinstance(given, Recording):
        return given
    if not isinstance(given, str | os.PathLike):
        raise InputError("a recording, or the path of its file, is needed")
    return load(given, lazy=True)


# What a run is made with -----------------------------------------------------------------------------------------


def _facts(recording: Recording) -> dict[str, Any]:
    """Everything in the receipt by name."""
    model, receipt = recording.model, recording.receipt
    facts: dict[str, Any] = {
        "model": model.name,
        "text of the model (SHA-256)": text_hash(model.source),
        "neurons": recording.neurons,
        "duration (ms)": recording.duration,
        "dt (ms)": recording.dt,
        "method": recording.method,
        "record": ", ".join(recording.traces),
        "record_every": recording.record_every,
        "record_neurons": recording.record_neurons,
        "complete": recording.complete,
        "seed": recording.seed,
    }
    facts |= _facts_of_drive(recording.drive, list(model.inputs))
    if receipt is None:
        return facts | {"receipt": "none"}
    facts |= {name: getattr(receipt, name) for name in ("spike_timing", "rtol", "atol", "random")}
    for name, values in receipt.settings.items():
        unit = coherent_unit(parse_unit(model.parameters[name].unit).dimension)
        facts[f"parameter {name}" + (f" ({unit})" if unit.text else "")] = values
    facts |= {f"start of {name}": values for name, values in receipt.start.items()}
    return facts | {f"environment, {name}": value for name, value in receipt.environment.items()}


def _facts_of_drive(drive: Drive, inputs: list[str]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    parts: list[tuple[int, Any, Any]] = [
        (int(target), waveform, amplitude)
        for target, waveform, amplitude in zip(drive.target, drive.waveforms, drive.amplitude, strict=True)
    ]
    parts += [(target, samples, factor) for target, factor, samples in drive.dense]
    waveform: Any
    for number, (target, waveform, amplitude) in enumerate(parts):
        name = f"current {number} into {inputs[target]}"
        kind = "Samples" if isinstance(waveform, Samples) else type(waveform).__name__
        facts |= {f"{name}": kind.lower(), f"{name}, amplitude": amplitude}
        if isinstance(waveform, Samples):
            facts[f"{name}, sampling interval (ms)"] = waveform.dt
            facts[f"{name}, interpolated"] = waveform.interpolate
            digest = waveform.digest if isinstance(waveform, LostSamples) else hash_of(waveform.values)
            facts[f"{name}, samples (SHA-256)"] = digest
        else:
            facts |= {f"{name}, {f.name}": getattr(waveform, f.name) for f in dataclasses.fields(waveform)}
    for number, source in enumerate(drive.noise):
        name = f"noise {number} into {inputs[source.target]}"
        facts |= {name: source.kind.name.lower(), f"{name}, size": source.size, f"{name}, time": source.time}
        facts[f"{name}, frozen"] = source.frozen
    return facts


def _difference(name: str, one: Any, other: Any) -> Difference:
    """Of two lists of features only what one has and the other has not."""
    if name.endswith("features") and isinstance(one, str) and isinstance(other, str):
        sets = set(one.split()), set(other.split())
        return Difference(name, *(" ".join(sorted(a - b)) or "–" for a, b in (sets, sets[::-1])))
    return Difference(name, _shown(one), _shown(other))


def _same(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    a, b = np.asarray(one), np.asarray(other)
    if a.shape != b.shape and a.size == b.size == 1:
        a, b = a.reshape(()), b.reshape(())
    return a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f" and b.dtype.kind == "f"))


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    array = np.asarray(value)
    if array.ndim == 0 or array.size == 1:
        item = array.reshape(-1)[0]
        return f"{item:.10g}" if array.dtype.kind == "f" else str(item)
    if array.dtype.kind == "f" and array.ndim == 1 and (array == array[0]).all():
        return f"{array[0]:.10g} for all of {array.size}"
    return f"{array.size} values, {hash_of(array)[:12]}"


# What came of it -------------------------------------------------------------------------------------------------


def _spikes(a: Recording, b: Recording) -> tuple[list[Difference], bool]:
    if a.neurons != b.neurons:
        return [Difference("neurons", str(a.neurons), str(b.neurons))], False
    if np.array_equal(a.spike_index, b.spike_index) and np.array_equal(a.spike_time, b.spike_time):
        return [], True
    changed = np.flatnonzero(a.spike_count != b.spike_count)
    found = []
    if changed.size:
        counts = f"{a.spike_time.size}", f"{b.spike_time.size}"
        found.append(Difference(f"number of spikes ({changed.size} of {a.neurons} neuron(s))", *counts))
    largest, first = 0.0, (np.inf, 0)
    for neuron, (one, other) in enumerate(zip(spikes_of_each(a), spikes_of_each(b), strict=True)):
        size = min(one.size, other.size)
        apart = np.flatnonzero(one[:size] != other[:size])
        if one.size == other.size and size:
            largest = max(largest, float(np.abs(one - other).max()))
        place = apart[0] if apart.size else size
        rest = [train[place] for train in (one, other) if place < train.size]
        if rest:
            first = min(first, (float(min(rest)), neuron))
    if np.isfinite(first[0]):
        found.append(Difference(f"first difference of spikes at t = {first[0]:g} ms, neuron {first[1]}", "", ""))
    if largest:
        found.append(Difference(f"spikes shifted by up to {largest:.3g} ms", "", ""))
    if not found:
        found.append(Difference("order of spikes at the same time", "", ""))
    return found, not changed.size and largest <= _ROUNDING


def _traces(a: Recording, b: Recording) -> tuple[list[Difference], bool]:
    found, close = [], True
    for name in dict.fromkeys([*a.traces, *b.traces]):
        one, other = _trace(a.traces, name), _trace(b.traces, name)
        if one is None or other is None or one.shape != other.shape:
            shapes = tuple("–" if trace is None else str(trace.shape) for trace in (one, other))
            found.append(Difference(f"trace of {name}", *shapes))
            close = False
        elif not np.array_equal(one, other, equal_nan=True):
            apart = np.abs(np.nan_to_num(one - other, nan=np.inf))
            row, place = np.unravel_index(int(np.argmax(apart)), apart.shape)
            largest = float(apart[row, place])
            unit = a.units.get(name, "")
            where = f"neuron {a.record_neurons[row]}, t = {a.time[place]:g} ms"
            found.append(Difference(f"{name} differs by up to {largest:.3g} {unit}".rstrip() + f" ({where})", "", ""))
            close = close and largest <= _ROUNDING * max(float(np.nanmax(np.abs(one))), float(np.nanmax(np.abs(other))))
    return found, close


def _trace(traces: Mapping[str, NDArray[np.float64]], name: str) -> NDArray[np.float64] | None:
    return traces.get(name)
