"""A current in an HDF5 file: one group for each wave, noise and array of samples, in the coherent set."""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..drive import Drive, coherent
from ..errors import InputError, excerpt
from ..noise import Kind, Source
from ..units import parse_unit
from ..waveforms import Chirp, Constant, Floats, Origin, Pulses, Ramp, Samples, Sine, Step
from .currents import from_file
from .groups import Group

_ANALYTIC = {waveform.__name__: waveform for waveform in (Constant, Step, Ramp, Sine, Chirp)}
_LARGEST_EMBEDDED = 2**26  # bytes of samples that are kept beside the file they are from


class LostSamples(Samples):
    """Samples whose file is no longer as it was: asked for, they say so."""

    reason = ""
    digest = ""

    def __call__(self, t: Floats, left: bool = False) -> Floats:
        """An error."""
        raise InputError(self.reason)


def write_drive(file: Any, drive: Drive, inputs: list[str], embed: bool | None) -> None:
    """Write every part of a current."""
    terms: list[tuple[str, int, dict[str, Any], Any]] = [
        ("wave", int(target), {"amplitude": amplitude}, waveform)
        for target, amplitude, waveform in zip(drive.target, drive.amplitude, drive.waveforms, strict=True)
    ]
    terms += [("samples", target, {"factor": factor}, samples) for target, factor, samples in drive.dense]
    current = file.create_group("current")
    for number, (what, target, arrays, waveform) in enumerate(terms):
        group = current.create_group(f"{number:03d}")
        group.attrs["what"], group.attrs["input"] = what, inputs[target]
        for name, values in arrays.items():
            group.create_dataset(name, data=values)
        _write_waveform(group, waveform, embed)
    for number, source in enumerate(drive.noise, len(terms)):
        group = current.create_group(f"{number:03d}")
        group.attrs["what"], group.attrs["input"] = "noise", inputs[source.target]
        group.attrs["kind"], group.attrs["frozen"] = source.kind.name, source.frozen
        group.create_dataset("size", data=source.size)
        group.create_dataset("time", data=source.time)


def _write_waveform(group: Any, waveform: Any, embed: bool | None) -> None:
    group.attrs["waveform"] = type(waveform).__name__ if not isinstance(waveform, Samples) else "Samples"
    if isinstance(waveform, Pulses):
        group.attrs["width_ms"] = waveform.width
        group.create_dataset("times", data=np.array(waveform.times))
    elif not isinstance(waveform, Samples):
        for field in dataclasses.fields(waveform):
            group.attrs[field.name] = getattr(waveform, field.name)
    else:
        _write_samples(group, waveform, embed)


def _write_samples(group: Any, samples: Samples, embed: bool | None) -> None:
    group.attrs["dt_ms"], group.attrs["interpolate"] = samples.dt, samples.interpolate
    if samples.area is not None:
        group.attrs["area"] = samples.area
    if samples.origin is not None:
        group.attrs["path"], group.attrs["sha256"] = samples.origin.path, samples.origin.sha256
        group.attrs["reading"] = json.dumps(dict(samples.origin.reading))
    values = samples.values[:1] if samples.values.ndim == 2 and samples.values.strides[0] == 0 else samples.values
    group.attrs["values_sha256"] = samples.digest if isinstance(samples, LostSamples) else hash_of(values)
    kept = samples.origin is None or (values.nbytes <= _LARGEST_EMBEDDED if embed is None else embed)
    if kept and not isinstance(samples, LostSamples):
        group.create_dataset("values", data=values)


def hash_of(values: NDArray[Any]) -> str:
    """SHA-256 of the bytes of an array."""
    return hashlib.sha256(np.ascontiguousarray(values).data).hexdigest()


def read_drive(group: Group, inputs: list[str], neurons: int) -> Drive:
    """The current that `write_drive` wrote."""
    waves: list[tuple[int, Floats, Any]] = []
    dense: list[tuple[int, Floats, Samples]] = []
    noise: list[Source] = []
    for name in group.names():
        part = group.group(name)
        what, target = part.text("what"), inputs.index(part.one_of("input", inputs))
        if what == "noise":
            kind = Kind[part.one_of("kind", [kind.name for kind in Kind])]
            size, time = (part.floats(name, (neurons,)) for name in ("size", "time"))
            noise.append(Source(target, kind, size, time, part.flag("frozen")))
        elif what == "samples":
            samples = _read_samples(part, 2).for_neurons(neurons)
            dense.append((target, part.floats("factor", (neurons,)), samples))
        else:
            waves.append((target, part.floats("amplitude", (neurons,)), _read_waveform(part)))
    return Drive(
        amplitude=np.array([amplitude for _, amplitude, _ in waves]).reshape(len(waves), neurons),
        target=np.array([target for target, _, _ in waves], dtype=np.int64),
        waveforms=tuple(waveform for _, _, waveform in waves),
        dense=tuple(dense),
        noise=tuple(noise),
    )


def _read_waveform(group: Group) -> Any:
    kind = group.one_of("waveform", [*_ANALYTIC, "Pulses", "Samples"])
    if kind == "Samples":
        return _read_samples(group, 1)
    if kind == "Pulses":
        times = group.floats("times", (None,))
        if times.size == 0:
            raise InputError("pulses without times")
        return Pulses(tuple(times.tolist()), group.number("width_ms"))
    waveform = _ANALYTIC[kind]
    return waveform(**{field.name: group.number(field.name) for field in dataclasses.fields(waveform)})


def _read_samples(group: Group, axes: int) -> Samples:
    origin = None
    if group.has("path"):
        reading = json.loads(group.text("reading"))
        origin = Origin(group.text("path"), group.text("sha256"), reading)
    area = group.number("area") if group.has("area") else None
    dt, interpolate = group.number("dt_ms"), group.flag("interpolate")
    if not 0 < dt < np.inf:
        raise InputError("samples without a positive interval")
    if group.has_array("values"):
        values = group.floats("values", (None,) * axes)
        if values.shape[-1] == 0 or hash_of(values) != group.text("values_sha256"):
            raise InputError("the samples of the current do not have their SHA-256")
        return Samples(values, dt, interpolate, None, area, origin)
    if origin is None:
        raise InputError("samples of a current are missing")
    try:
        return _again(origin, dt, interpolate, area, group.text("values_sha256"))
    except InputError as error:
        lost = LostSamples(np.zeros((1,) * axes), dt, interpolate, None, area, origin)
        object.__setattr__(lost, "reason", str(error))
        object.__setattr__(lost, "digest", group.text("values_sha256"))
        return lost


def _again(origin: Origin, dt: float, interpolate: bool, area: float | None, digest: str) -> Samples:
    """Samples read once more from the file they are from, if it is as it was."""
    name = excerpt(origin.path, 200)
    if not Path(origin.path).is_file():
        raise InputError(f"the current came from {name}, which is not there; put the file back")
    (term,) = from_file(origin.path, **origin.reading).terms
    samples = term.waveform
    assert isinstance(samples, Samples), "from_file makes them"
    if samples.origin is None or samples.origin.sha256 != origin.sha256:
        raise InputError(f"the current came from {name}, which has changed since (its SHA-256 is another)")
    unit = parse_unit("nA") if area is not None else None
    values = _in_any_unit(samples) if unit is None else coherent(samples, unit, name).values / area
    if hash_of(values) != digest:
        raise InputError(f"the samples read from {name} are not those of the run")
    return Samples(values, dt, interpolate, None, area, origin)


def _in_any_unit(samples: Samples) -> Floats:
    for text in ("nA", "uA/cm^2", "mV", "uS", "mS/cm^2", "1", "1/ms"):
        try:
            values: Floats = coherent(samples, parse_unit(text), "").values
            return values
        except InputError:
            continue
    raise InputError(f"samples in {excerpt(samples.unit)} cannot be read again")
