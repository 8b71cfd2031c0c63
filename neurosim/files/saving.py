"""Recordings into HDF5, with all that repeats them. The layout is described in docs/recordings.md."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from ..receipt import Receipt, text_hash
from ..recording import Recording
from ..units import coherent_unit, parse_unit
from .atomic import replacing
from .drives import write_drive

FORMAT, LAYOUT = "neurosim recording", 1


def save(recording: Recording, path: str | os.PathLike[str], *, embed: bool | None = None) -> None:
    """Write a recording into an HDF5 file; see `Recording.save`."""
    import h5py

    with replacing(path) as temporary:
        with h5py.File(temporary, "w") as file:
            write_header(file, recording, embed)
            write_results(file, recording)
        _onto_disk(temporary)


def _onto_disk(path: Path) -> None:
    """Have the bytes written before the file gets its name."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def write_header(file: Any, recording: Recording, embed: bool | None = None) -> None:
    """All that is known before a run: model, parameters, current, receipt."""
    model, receipt = recording.model, recording.receipt
    file.attrs["format"], file.attrs["layout"] = FORMAT, LAYOUT
    for name in ("neurons", "record_every"):
        file.attrs[name] = getattr(recording, name)
    file.attrs["dt_ms"], file.attrs["method"] = recording.dt, recording.method
    file.attrs["record"] = ",".join(recording.traces)
    if recording.seed is not None:
        file.attrs["seed"] = recording.seed
    file.create_dataset("record_neurons", data=recording.record_neurons)
    group = file.create_group("model")
    group.attrs["name"], group.attrs["summary"] = model.name, model.summary
    group.attrs["sha256"] = text_hash(model.source)
    group.create_dataset("text", data=np.frombuffer(model.source.encode(), dtype=np.uint8))
    values = file.create_group("parameters")
    for name, parameter in model.parameters.items():
        entry = values.create_group(name)
        entry.attrs["unit"], entry.attrs["value"] = parameter.unit, parameter.value
        if name in recording.parameters:
            entry.create_dataset("values", data=recording.parameters[name])
    write_drive(file, recording.drive, list(model.inputs), embed)
    if receipt is not None:
        _write_receipt(file.create_group("receipt"), receipt, recording)


def _write_receipt(group: Any, receipt: Receipt, recording: Recording) -> None:
    model = recording.model
    for name in ("seed", "steps", "spike_timing", "rtol", "atol"):
        group.attrs[name] = getattr(receipt, name)
    group.attrs["environment"] = json.dumps(dict(receipt.environment))
    settings = group.create_group("settings")
    for name, values in receipt.settings.items():
        unit = coherent_unit(parse_unit(model.parameters[name].unit).dimension).text
        settings.create_dataset(name, data=values).attrs["unit"] = unit
    start = group.create_group("start")
    for name, values in receipt.start.items():
        start.create_dataset(name, data=values)
    if receipt.random is not None:
        group.create_dataset("random", data=receipt.random)


def write_results(file: Any, recording: Recording) -> None:
    """All that a run led to."""
    spikes = file.create_group("spikes")
    spikes.create_dataset("index", data=recording.spike_index)
    spikes.create_dataset("time", data=recording.spike_time).attrs["unit"] = "ms"
    if recording.traces:
        file.create_dataset("time", data=recording.time).attrs["unit"] = "ms"
    traces = file.create_group("traces")
    for name in recording.traces:
        traces.create_dataset(name, data=recording.traces[name]).attrs["unit"] = recording.units[name]
    write_end(file, recording)


def write_end(file: Any, recording: Recording) -> None:
    """What is known last: how far the run came, the final state, the certificate."""
    file.attrs["duration_ms"], file.attrs["complete"] = recording.duration, recording.complete
    final = file.create_group("final_state")
    for name, values in recording.final_state.items():
        final.create_dataset(name, data=values)
    if recording.certificate is not None:
        group = file.create_group("certificate")
        group.attrs["finer"], group.attrs["spikes"] = recording.certificate.finer, recording.certificate.spikes
        group.create_dataset("count_change", data=recording.certificate.count_change)
        group.create_dataset("shift", data=recording.certificate.shift)
