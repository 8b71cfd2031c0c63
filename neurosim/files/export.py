"""Recordings for other tools: CSV, pandas, Neo."""

import os
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, choices, excerpt
from ..recording import Recording
from .atomic import write_csv


def to_csv(recording: Recording, path: str | os.PathLike[str]) -> None:
    """Write the traces, one row for each sample, or if there are none the spikes; see `Recording.to_csv`."""
    if not recording.traces:
        rows = zip(recording.spike_index.tolist(), recording.spike_time.tolist(), strict=True)
        write_csv(path, ["neuron", "spike_time_ms"], rows)
        return
    header, columns = ["time_ms"], [recording.time]
    for name, trace in recording.traces.items():
        unit = recording.units[name]
        for neuron, values in zip(recording.record_neurons, trace, strict=True):
            number = f"_{neuron}" if recording.neurons > 1 else ""
            header.append(f"{name}{number}" + (f" ({unit})" if unit else ""))
            columns.append(values)
    write_csv(path, header, np.column_stack(columns).tolist())


def to_pandas(recording: Recording, what: str = "spikes") -> Any:
    """A DataFrame of the spikes or of the traces; see `Recording.to_pandas`."""
    if what not in ("spikes", "traces"):
        raise InputError(
            f"to_pandas gives 'spikes' or 'traces', not {excerpt(what)}; {choices(what, ['spikes', 'traces'])}"
        )
    try:
        import pandas
    except ImportError:
        raise InputError('to_pandas needs pandas; pip install "neurosim[pandas]"') from None
    if what == "spikes":
        return pandas.DataFrame({"neuron": recording.spike_index, "time_ms": recording.spike_time})
    if not recording.traces:
        raise InputError("no traces were recorded; simulate with record=[…], or take to_pandas('spikes')")
    names = list(recording.traces)
    columns = pandas.MultiIndex.from_product([names, recording.record_neurons.tolist()], names=["variable", "neuron"])
    values = np.concatenate([recording.traces[name] for name in names]).T
    frame = pandas.DataFrame(values, index=pandas.Index(recording.time, name="time_ms"), columns=columns)
    frame.attrs["units"] = {name: recording.units[name] for name in names}
    return frame


def spikes_of_each(recording: Recording) -> list[NDArray[np.float64]]:
    """Spike times (ms) of every neuron, from one sort of all."""
    order = np.argsort(recording.spike_index, kind="stable")
    edges = np.searchsorted(recording.spike_index[order], np.arange(1, recording.neurons))
    return np.split(recording.spike_time[order], edges)


def to_neo(recording: Recording) -> Any:
    """A Neo Block; see `Recording.to_neo`."""
    try:
        import neo
        import quantities
        from neo.core.spiketrainlist import SpikeTrainList
    except ImportError:
        raise InputError('to_neo needs Neo; pip install "neurosim[neo]"') from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        period = recording.dt * recording.record_every * quantities.ms
        segment = neo.Segment(name=recording.model.name)
        segment.spiketrains = SpikeTrainList.from_spike_time_array(
            recording.spike_time,
            recording.spike_index,
            np.arange(recording.neurons),
            units="ms",
            t_stop=max(recording.duration, recording.spike_time.max(initial=0.0)) * quantities.ms,
        )
        for name, trace in recording.traces.items():
            signal = neo.AnalogSignal(
                trace.T,
                units=_unit(recording.units[name], quantities),
                sampling_period=period,
                name=name,
                array_annotations={"neuron": recording.record_neurons},
            )
            segment.analogsignals.append(signal)
        block = neo.Block(name=recording.model.name, model=recording.model.name, method=recording.method)
        block.segments.append(segment)
        return block


def _unit(text: str, quantities: Any) -> Any:
    """A unit of ours for the package quantities."""
    return quantities.Quantity(1.0, text.replace("^", "**").replace("Ohm", "ohm") or "dimensionless")
