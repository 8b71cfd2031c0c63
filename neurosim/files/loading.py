"""Recordings back from HDF5. A file is data from strangers: all of it is checked, none of it runs."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, ModelError, excerpt
from ..methods import METHODS
from ..model import Model
from ..receipt import Receipt, text_hash
from ..recording import Certificate, Recording, in_ms
from .channels import named
from .drives import read_drive
from .groups import Group
from .saving import FORMAT, LAYOUT

Floats = NDArray[np.float64]


def load(path: str | os.PathLike[str], *, lazy: bool = False) -> Recording:
    """A recording that `Recording.save` or ``simulate(…, out=)`` wrote.

    Parameters
    ----------
    path
        Also ``….partial``, that of a run which goes on or was interrupted: what it holds until now.
    lazy
        Read each trace from the file when it is asked for, not all at once.

    Raises
    ------
    InputError
        Where the file is not there, truncated, damaged or none of ours.
    """
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"a recording is in a file: give its path, not {excerpt(path)}")
    with named(excerpt(str(path), 200)):
        return _load(Path(path), lazy)


def _load(path: Path, lazy: bool) -> Recording:
    file = opened(path)
    try:
        with file:
            return _recording(Group(file), path, lazy)
    except InputError:
        raise
    except ModelError as error:
        raise InputError(f"the model in it cannot be read: {error}") from None
    except MemoryError:
        raise InputError("it holds more than fits into memory; load it with lazy=True") from None
    except Exception as error:  # h5py raises many kinds where a file is damaged
        raise InputError(f"the file is damaged ({excerpt(str(error) or type(error).__name__, 120)})") from None


def opened(path: Path) -> Any:
    """An HDF5 file to read from; one that is being written to, too."""
    import h5py

    if not path.is_file():
        raise InputError("there is no such file" if not path.exists() else "not a file")
    reason = ""
    for swmr in (False, True):
        try:
            return h5py.File(path, "r", swmr=swmr, locking=False)
        except (OSError, ValueError) as error:
            reason = reason or str(error)
    raise InputError(f"no HDF5 file, or truncated ({excerpt(reason, 120)})")


def _recording(file: Group, path: Path, lazy: bool) -> Recording:
    if not file.has("format") or file.text("format") != FORMAT:
        raise InputError("an HDF5 file, but no recording of neurosim")
    if file.whole("layout") != LAYOUT:
        raise InputError(f"of layout {file.whole('layout')}, this version reads {LAYOUT}; get a newer neurosim")
    model, parameters = _model(file)
    neurons, dt = file.whole("neurons", 1), file.number("dt_ms")
    if not 0 < dt < np.inf:
        raise InputError("dt must be positive")
    every, receipt = file.whole("record_every", 1), _receipt(file, model)
    steps = file.whole("steps_done") if file.has("steps_done") else None
    if file.has_array("progress"):
        steps = int(file.ints("progress", (1,))[0])
    if steps is None:
        steps = round(file.number("duration_ms") / dt)
    index, time = _spikes(file, neurons, steps, dt)
    chosen = file.ints("record_neurons", (None,))
    if not chosen.size or chosen.min() < 0 or chosen.max() >= neurons or (np.diff(chosen) <= 0).any():
        raise InputError("record_neurons are not numbers of neurons in order")
    samples = steps // every + 1
    traces: Mapping[str, Floats] = _traces(file, model, path, (chosen.size, samples))
    return Recording(
        model=model,
        parameters=MappingProxyType(parameters),
        neurons=neurons,
        dt=dt,
        duration=float(in_ms(steps, dt)),
        method=file.one_of("method", list(METHODS)),
        record_every=every,
        traces=traces if lazy else MappingProxyType({name: traces[name] for name in traces}),
        spike_index=index,
        spike_time=time,
        final_state=MappingProxyType(_arrays(file, "final_state", neurons)),
        units=MappingProxyType({**model.units, "time": "ms"}),
        drive=read_drive(file.group("current"), list(model.inputs), neurons),
        spike_timing="grid" if receipt is None else receipt.spike_timing,
        rtol=(receipt.rtol or None) if receipt is not None else None,
        atol=(receipt.atol or None) if receipt is not None else None,
        certificate=_certificate(file, neurons),
        seed=file.whole("seed") if file.has("seed") else None,
        record_neurons=chosen,
        complete=file.flag("complete") if file.has("complete") else False,
        receipt=receipt,
    )


def _model(file: Group) -> tuple[Model, dict[str, Floats]]:
    """The model with the values of its parameters, and those that were given."""
    group = file.group("model")
    text = group.string("text")
    if text_hash(text) != group.text("sha256"):
        raise InputError("the text of the model does not have its SHA-256: one of them was changed")
    model, given = Model.from_toml(text), {}
    values = file.group("parameters")
    for name in values.names():
        entry = values.group(name)
        if name not in model.parameters or entry.text("unit") != model.parameters[name].unit:
            raise InputError(f"the model has no parameter {excerpt(name)} in this unit")
        model = model.replace(**{name: entry.number("value")})
        if entry.has_array("values"):
            array = entry.floats("values", (None,)) if len(entry.lengths("values")) else entry.floats("values", ())
            given[name] = array
    return model, given


def _receipt(file: Group, model: Model) -> Receipt | None:
    if not file.has_array("receipt"):
        return None
    group, neurons = file.group("receipt"), file.whole("neurons", 1)
    environment = json.loads(group.text("environment"))
    if not isinstance(environment, dict) or not all(isinstance(value, str) for value in environment.values()):
        raise InputError("/receipt/@environment is no table of texts")
    settings = _arrays(group, "settings", neurons)
    if set(settings) != set(model.parameters):
        raise InputError("/receipt/settings are not the parameters of the model")
    return Receipt(
        settings=MappingProxyType(settings),
        start=MappingProxyType(_arrays(group, "start", neurons)),
        random=group.ints("random", (None, None)) if group.has_array("random") else None,
        seed=group.whole("seed"),
        steps=group.whole("steps", 1),
        spike_timing=group.one_of("spike_timing", ["located", "grid"]),
        rtol=group.number("rtol"),
        atol=group.number("atol"),
        environment=MappingProxyType(environment),
    )


def _arrays(file: Group, name: str, neurons: int) -> dict[str, Any]:
    """Arrays () or (n,) by name; that of the random streams is (n, words)."""
    if not file.has_array(name):
        return {}
    group = file.group(name)
    found: dict[str, Any] = {}
    for key in group.names():
        if key == "random":
            found[key] = group.ints(key, (neurons, None))
            continue
        array = group.floats(key, (None,) * len(group.lengths(key)))
        if array.shape not in ((), (1,), (neurons,)):
            raise InputError(f"/{name}/{key} has shape {array.shape} for {neurons} neuron(s)")
        found[key] = array
    return found


def _spikes(file: Group, neurons: int, steps: int, dt: float) -> tuple[NDArray[np.int64], Floats]:
    group = file.group("spikes")
    index, time = group.ints("index", (None,)), group.floats("time", (None,))
    size = min(index.size, time.size)  # a run that was killed may have written one and not the other
    index, time = index[:size], time[:size]
    done = time <= in_ms(steps, dt) + 1e-9 * dt
    index, time = index[done], time[done]
    if index.size and (index.min() < 0 or index.max() >= neurons or not (np.diff(time) >= 0).all() or time[0] < 0):
        raise InputError("/spikes are not those of these neurons, ordered by time")
    return index, time


def _certificate(file: Group, neurons: int) -> Certificate | None:
    if not file.has_array("certificate"):
        return None
    group = file.group("certificate")
    return Certificate(
        group.text("finer"),
        group.ints("count_change", (neurons,)),
        group.floats("shift", (neurons,)),
        group.whole("spikes"),
    )


def _traces(file: Group, model: Model, path: Path, shape: tuple[int, int]) -> "StoredTraces":
    names = [name for name in file.text("record").split(",") if name]
    group = file.group("traces")
    for name in names:
        if name not in model.units:
            raise InputError(f"the model has nothing called {excerpt(name)}")
        lengths = group.lengths(name)
        if len(lengths) != 2 or lengths[0] != shape[0] or lengths[1] < shape[1]:
            raise InputError(f"/traces/{name} has shape {lengths} where {shape} is needed")
    return StoredTraces(path, tuple(names), shape[1])


class StoredTraces(Mapping[str, Floats]):
    """Traces that are read from their file when they are asked for."""

    def __init__(self, path: Path, names: tuple[str, ...], samples: int) -> None:
        self.path, self.names, self.samples = path, names, samples
        self.file = path.stat().st_ino

    def __getitem__(self, name: str) -> Floats:
        if name not in self.names:
            raise KeyError(name)
        with named(excerpt(str(self.path), 200)), opened(self.path) as file:
            if self.path.stat().st_ino != self.file:
                raise InputError("another file has taken its place; load it again")
            return Group(file).group("traces").part(name, self.samples)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)
