"""Recordings, gain functions, the ladder; and how a figure is made and written."""

import os
from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..errors import InputError, excerpt
from ..experiments import GainFunction
from ..families import NOT_ASKED
from ..files import replacing
from ..model import Model
from ..recording import Floats, Ints, Recording

_MOST_TRACES = 8
_QUIET, _THEORY = "0.35", "0.1"


def plot_recording(recording: Recording, ax: Axes | None = None) -> Axes:
    """Recorded traces over time, the current below; a raster where nothing was recorded.

    Parameters
    ----------
    ax
        Draw the traces of the first recorded unit there, without the current; a new figure if not given.

    Returns
    -------
    Axes
        Of the topmost panel.
    """
    if not recording.traces:
        return plot_raster(recording, ax=ax)
    panels = _by_unit(recording)
    if ax is not None:
        _traces(ax, recording, panels[0])
        ax.set_xlabel("time (ms)")
        return ax
    noisy = {list(recording.model.inputs)[source.target] for source in recording.drive.noise}
    inputs = [name for name in recording.model.inputs if name not in recording.traces and name not in noisy]
    count = len(panels) + len(inputs)
    heights = [3.0] * len(panels) + [1.0] * len(inputs)
    _, axes = plt.subplots(
        count, 1, sharex=True, squeeze=False, height_ratios=heights, figsize=(7, 1.2 + 0.75 * sum(heights)),
        layout="constrained",
    )  # fmt: skip
    rows: list[Axes] = list(axes[:, 0])
    for row, names in zip(rows, panels, strict=False):
        _traces(row, recording, names)
    for row, name in zip(rows[len(panels) :], inputs, strict=True):
        _input(row, recording, name)
    rows[-1].set_xlabel("time (ms)")
    rows[0].set_title(_title(recording), loc="left", fontsize="medium")
    return rows[0]


def plot_raster(recording: Recording, ax: Axes | None = None) -> Axes:
    """Spikes as dots: neuron against time."""
    ax = axes_of(ax, (7, 3.2))
    ax.plot(recording.spike_time, recording.spike_index, "|" if recording.neurons <= 60 else ".", color="C0",
            markersize=max(1.5, min(10.0, 150 / recording.neurons)))  # fmt: skip
    ax.set(xlabel="time (ms)", ylabel="neuron", xlim=(0, recording.duration), ylim=(-0.5, recording.neurons - 0.5))
    if recording.neurons <= 10:
        ax.set_yticks(range(recording.neurons))
    ax.set_title(recording.model.name, loc="left", fontsize="medium")
    return ax


def plot_gain_function(gain: GainFunction, ax: Axes | None = None) -> Axes:
    """Rate against input, one curve for each combination of the families; points over the theory where there is one.

    The band is two standard errors wide on each side.
    """
    ax = axes_of(ax, (5.5, 3.8))
    families = gain.families
    line = "" if gain.theory is not None else "-"
    chance = bool(np.nan_to_num(gain.standard_error).any())
    size = 5 if gain.input.size <= 60 else 2.5
    for number, index in enumerate(np.ndindex(gain.rate.shape[:-1])):
        label, color, rate = _curve_label(gain, index) or "simulated", f"C{number}", gain.rate[index]
        if gain.theory is not None:
            ax.plot(gain.input, gain.theory[index], color=_THEORY, linewidth=0.8, zorder=1.5)
        marker = "." if gain.input.size <= 40 or not line else ""
        ax.plot(gain.input, rate, color=color, linestyle=line, marker=marker, markersize=size, label=label)
        if chance:
            error = 2 * gain.standard_error[index]
            ax.fill_between(gain.input, np.maximum(rate - error, 0), rate + error, color=color, alpha=0.25, linewidth=0)
    if gain.theory is not None:
        ax.plot([], [], color=_THEORY, linewidth=0.8, label="theory")
    elif chance and gain.no_theory != NOT_ASKED:
        ax.plot([], [], " ", label="no theory known")
    name = next(iter(gain.model.inputs))
    ax.set(xlabel=label_of(name, gain.unit), ylabel="rate (Hz)")
    ax.set_ylim(bottom=0)
    ax.set_title(gain.model.name, loc="left", fontsize="medium")
    if families or gain.direction or gain.theory is not None or chance:
        ax.legend(frameon=False, fontsize="small")
    return ax


def plot_ladder(recordings: Mapping[str, Recording], gains: Mapping[str, GainFunction]) -> Figure:
    """One row for each model: a recording beside its gain function."""
    ladder, axes = plt.subplots(len(gains), 2, figsize=(10, 9), width_ratios=(2, 1), layout="constrained")
    for row, (name, gain) in zip(axes, gains.items(), strict=True):
        plot_recording(recordings[name], ax=row[0])
        plot_gain_function(gain, ax=row[1])
        row[0].set_title(name, loc="left", fontsize="medium")
        row[1].set_title("", loc="left")
    for ax in axes[:-1, 0]:
        ax.set_xlabel("")
    return ladder


def _curve_label(gain: GainFunction, index: tuple[int, ...]) -> str:
    """The direction and the values of one curve."""
    ways, rest = ([gain.direction], index) if gain.direction != "both" else ([("up", "down")[index[0]]], index[1:])
    return ", ".join([*filter(None, ways), *filter(None, [family_label(gain.model, gain.families, rest)])])


def family_label(model: Model, families: Mapping[str, Floats], index: tuple[int, ...]) -> str:
    """The values of one member of the families, such as ``beta = 2``."""
    values = (
        f"{name} = {_number(values[k])}{_unit(model.parameters[name].unit)}"
        for k, (name, values) in zip(index, families.items(), strict=True)
    )
    return ", ".join(values)


def figure_of(ax: Axes) -> Figure:
    """The figure an Axes is in."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def axes_of(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """`ax`, or that of a new figure."""
    if ax is not None:
        return ax
    _, made = plt.subplots(figsize=size, layout="constrained")
    return made


def _by_unit(recording: Recording) -> list[list[str]]:
    """Recorded names in groups of one unit, in the order they were asked for."""
    groups: dict[str, list[str]] = {}
    for name in recording.traces:
        groups.setdefault(recording.units[name], []).append(name)
    return list(groups.values())


def _traces(ax: Axes, recording: Recording, names: list[str]) -> None:
    shown = recording.record_neurons[: max(1, _MOST_TRACES // len(names))]
    traces = {name: recording.traces[name][: shown.size] for name in names}
    for name in names:
        for neuron, trace in zip(shown, traces[name], strict=True):
            several = f" of {neuron}" if recording.neurons > 1 else ""
            ax.plot(recording.time, trace, linewidth=1, label=f"{name}{several}")
    unit = recording.units[names[0]]
    ax.set_ylabel(label_of(", ".join(names), unit))
    ax.set_xlim(0, recording.duration)
    _show_what_is_finite(ax, np.stack([traces[name] for name in names]))
    if recording.model.spike.reset or not recording.model.states:
        _mark_spikes(ax, recording, shown)
    if shown.size * len(names) > 1:
        ax.legend(frameon=False, fontsize="small", loc="lower right", bbox_to_anchor=(1, 1), ncols=4, borderaxespad=0)


def _show_what_is_finite(ax: Axes, values: Floats) -> None:
    """Where values come from infinity, the way there would hide the rest: show three quarters of the finite ones."""
    for infinite, quantiles in ((-np.inf, (0.25, 1.0)), (np.inf, (0.0, 0.75))):
        if (values == infinite).any():
            low, high = np.quantile(values[np.isfinite(values)], quantiles)
            margin = 0.1 * (high - low) or 1.0
            ax.set_ylim(low - margin, high + margin)


def _mark_spikes(ax: Axes, recording: Recording, shown: Ints) -> None:
    """Where a spike cannot be seen in the trace, tick marks along the top say when it was."""
    for row, neuron in enumerate(shown):
        times = recording.spike_times(neuron)
        if times.size:  # a line without points would be laid out as if it were at the corner of the figure
            top = np.full(times.size, 1.0)
            ax.plot(times, top, "|", color=f"C{row}", transform=ax.get_xaxis_transform(), clip_on=False)


def _input(ax: Axes, recording: Recording, name: str) -> None:
    for trace in recording.input(name)[:_MOST_TRACES]:
        ax.plot(recording.time, trace, color=_QUIET, linewidth=1)
    ax.set_ylabel(label_of(name, recording.units[name]))
    ax.margins(y=0.2)


def label_of(name: str, unit: str) -> str:
    """A name with its unit, as on an axis."""
    pretty = unit.replace("uA", "µA").replace("uS", "µS").replace("^2", "²")
    return f"{name} ({pretty})" if unit else name


def _unit(text: str) -> str:
    return f" {label_of('', text)[2:-1]}" if text else ""


def _number(value: float) -> str:
    return "∞" if np.isinf(value) else f"{value:g}"


def _title(recording: Recording) -> str:
    rows = recording.record_neurons.size
    shown = f", first {_MOST_TRACES} of {rows} neurons" if rows > _MOST_TRACES else ""
    return recording.model.name + (shown if recording.traces else "")


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure, whole or not at all; the ending of the path says the format."""
    formats = figure.canvas.get_supported_filetypes()
    ending = Path(path).suffix.removeprefix(".").lower()
    if ending not in formats:
        raise InputError(f"cannot write a figure as {excerpt(str(path))}; end it in .png, .pdf or .svg")
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=150, format=ending)
    plt.close(figure)
