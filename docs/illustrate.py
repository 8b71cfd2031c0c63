"""Pictures of a model, drawn from what its file says: a response, the gain function, the variants."""

import ast
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

import neurosim as ns
from neurosim.expression import names, parse
from neurosim.model import Check
from neurosim.model.meaning import reach
from neurosim.units import parse_unit, to_number

MOST_SPIKES = 15  # in the picture of a response
SAMPLE = 0.1  # ms between samples of a picture
WINDOWS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
LONG = 4000.0  # ms, to tell the kind
SEED = 1
NEURONS = 25  # of a raster, where chance is at work
RANDOM_INPUTS, RANDOM_DURATION = 41, 4000.0  # of a gain function, where chance is at work


class Onset(NamedTuple):
    """Where a model begins to fire: the input, the rate there in Hz, the kind, and how long each run took in ms."""

    input: float
    rate: float
    kind: str | None
    duration: float


def pretty(unit: object) -> str:
    return str(unit).replace("uA", "µA").replace("uS", "µS").replace("^2", "²")


# Responses -------------------------------------------------------------------------------------------------------


def response(model: ns.Model) -> tuple[ns.Recording, str]:
    """The first experiment in the checks that makes the model fire, as a step, and a name for it."""
    for check in own_checks(model):
        if (times := run(model, currents(model, check.input), check.duration).spike_times()).size:
            break
    else:
        return run(model, currents(model, 0.0), 100.0), "at rest"
    if in_words(check.input):
        return run(model, currents(model, check.input), check.duration), str(check.input)
    active = times[MOST_SPIKES - 1] if times.size >= MOST_SPIKES else check.duration
    window = rounded_up(active / 0.8)
    neurons = NEURONS if model.spike.is_random else 1
    step = ns.step(1, start=0.1 * window, stop=0.9 * window)
    values = amplitudes(model, check.input)
    label = " and ".join(
        f"{value:g} {pretty(model.inputs[name].unit)}".strip() + (f" into {name}" if len(values) > 1 else "")
        for name, value in values.items()
        if value
    )
    return run(model, {name: value * step for name, value in values.items()}, window, neurons), f"a step of {label}"


def run(model: ns.Model, current: Any, duration: float, neurons: int = 1) -> ns.Recording:
    """Simulate, and record what shows the spikes: what the rule looks at, and all potentials."""
    seen = names(parse(model.spike.rule.text)) | {name for name in model.states if name.split("_")[0] == "V"}
    if model.spike.is_random:  # only what changes between spikes and has a scale of its own: a potential, a field
        seen = {name for name in seen & model.units.keys() if moves(model, name)}
    record = [name for name in model.units if name in seen - model.inputs.keys()]
    every = max(1, int(SAMPLE / model.dt + 1e-9))
    return ns.simulate(model, current, duration, record=record, record_every=every, neurons=neurons, seed=SEED)


def moves(model: ns.Model, name: str) -> bool:
    """Whether a potential, or a field `h`, depends on the past."""
    trees = {name: formula.tree for name, formula in model.defines.items()}
    remembers = reach([name], trees) & {*model.states, "since_spike"}
    return bool(remembers) and (name == "h" or model.units[name] == "mV")


def draw(recording: ns.Recording, ax: Axes | None = None) -> Axes:
    """Traces with the input below; where chance is at work, the spikes of all neurons and the trace of the first."""
    if not recording.model.spike.is_random:
        top = ns.plot_recording(recording, ax=ax)
        reach_threshold(top, recording)
        return top
    if ax is not None or not recording.traces:
        return ns.plot_raster(recording, ax=ax)
    _, (top, below) = plt.subplots(2, 1, figsize=(7, 4.6), sharex=True, height_ratios=(2, 1.3), layout="constrained")
    ns.plot_raster(recording, ax=top)
    top.set_xlabel("")
    finite = [trace[0][np.isfinite(trace[0])] for trace in recording.traces.values()]
    for name, trace in recording.traces.items():
        below.plot(recording.time, trace[0], linewidth=1, label=name)
    values = np.concatenate(finite)
    low, high = np.quantile(values, 0.1 if len(finite[0]) < recording.time.size else 0), values.max()
    below.set_ylim(low - 0.05 * (high - low), high + 0.1 * (high - low))
    unit = recording.units[next(iter(recording.traces))]
    below.set(xlabel="time (ms)", ylabel=", ".join(recording.traces) + (f" ({unit})" if unit else "") + "\nof neuron 0")
    if len(recording.traces) > 1:
        below.legend(frameon=False, fontsize="small", loc="upper left", ncols=2)
    return top


def own_checks(model: ns.Model) -> list[Check]:
    """Those that run the model as it is, without other parameters."""
    return [
        check
        for check in model.checks
        if not check.parameters and (check.variant is None or not model.variants[check.variant].parameters)
    ]


def currents(model: ns.Model, value: Any) -> Any:
    """The input of a check, for `simulate`."""
    if not model.inputs:
        return None
    if isinstance(value, Mapping):
        return {name: currents(model, part) for name, part in value.items()}
    return ns.parse_current(value) if in_words(value) else value


def in_words(value: Any) -> bool:
    """Whether a current, or one of several, is more than a constant."""
    if isinstance(value, Mapping):
        return any(map(in_words, value.values()))
    return isinstance(value, str) and ":" in value


def amplitudes(model: ns.Model, value: Any) -> dict[str, float]:
    """The constant input of a check, in the unit of each input."""
    several = value if isinstance(value, Mapping) else dict.fromkeys(list(model.inputs)[:1], value)
    units = {name: parse_unit(model.inputs[name].unit) for name in several}
    return {name: to_number(part, units[name], name) / units[name].factor for name, part in several.items()}


def rounded_up(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next(float(digit * power) for digit in WINDOWS if digit * power >= value * (1 - 1e-9))


def reach_threshold(ax: Axes, recording: ns.Recording) -> bool:
    """A spike lies between two samples: lead the trace up to the threshold at which the spike reset it."""
    model = recording.model
    if model.spike.is_random:
        return False
    match parse(model.spike.rule.text):
        case ast.Compare(left=ast.Name(id=trace), comparators=[ast.Name(id=limit)]) if limit in model.parameters:
            if trace in recording.traces and trace in model.spike.reset:
                spikes = recording.spike_times()
                between = np.searchsorted(recording.time, spikes)
                line = ax.lines[list(recording.traces).index(trace)]
                line.set_data(
                    np.insert(recording.time, between, spikes),
                    np.insert(recording[trace][0], between, model.parameters[limit].value),
                )
                ax.relim()
                ax.autoscale_view(scalex=False)
                return True
    return False


def thumbnail(recording: ns.Recording) -> Axes:
    """The response without axes, for the gallery."""
    _, ax = plt.subplots(figsize=(3, 1.3), layout="constrained")
    draw(recording, ax).set_title("", loc="left")
    bare(ax)
    return ax


def bare(ax: Axes) -> None:
    ax.axis("off")
    if legend := ax.get_legend():
        legend.remove()


# Gain functions --------------------------------------------------------------------------------------------------


def random_gain(model: ns.Model) -> ns.GainFunction:
    """Rate against input where chance is at work, up to twice the input in the checks; a unit on at 0, also below."""
    highest = 2 * constant_input(model)
    options: dict[str, Any] = {"duration": RANDOM_DURATION, "seed": SEED}
    ends = ns.gain_function(model, [0, highest], **options).rate
    if ends[0] > 0.1 * ends[1]:
        return ns.gain_function(model, np.linspace(-3 * highest, 3 * highest, RANDOM_INPUTS), **options)
    return ns.gain_function(model, np.linspace(0, highest, RANDOM_INPUTS), **options)


def constant_input(model: ns.Model) -> float:
    """The strongest constant input in the checks, in the unit of the input; 0.5 if there is none."""
    values = [
        amplitude
        for check in own_checks(model)
        if not in_words(check.input)
        for amplitude in amplitudes(model, check.input).values()
    ]
    return max(values, default=0.0) or 0.5


def intervals(model: ns.Model) -> ns.IntervalDistribution:
    """The distribution of intervals at the input of the checks, or at half of it if the neuron is not slow there."""
    inputs = constant_input(model) * np.array([0.5, 1])
    rate = ns.gain_function(model, inputs, theory=False, seed=SEED).rate
    at = float(inputs[0] if rate[0] > 0.25 * rate[1] else inputs[1])
    per = None if model.spike.per is None else model.parameters[model.spike.per.text].value
    return ns.interval_distribution(model, at, bin_width=per, seed=SEED)


def gain(model: ns.Model) -> tuple[Axes, Onset | None]:
    """Rate against input, up to twice the strongest constant input in the checks; where and how firing begins."""
    values = [
        amplitude
        for check in own_checks(model)
        if not in_words(check.input)
        for amplitude in amplitudes(model, check.input).values()
    ]
    lowest, highest = 2 * min([0.0, *values]), 2 * max(values, default=0.0) or 1.0
    duration = max([1000.0, *(check.duration for check in own_checks(model))])
    if len(model.inputs) == 1:
        inputs = np.linspace(lowest, highest, 100)
        curve = ns.gain_function(model, inputs, duration=duration, discard=duration / 5)
        return curve.plot(), onset(curve)
    inputs = np.linspace(lowest, highest, 60)
    _, ax = plt.subplots(figsize=(5.5, 3.8), layout="constrained")
    for name, others in ((name, model.inputs.keys() - {name}) for name in model.inputs):
        recording = ns.simulate(model, dict.fromkeys(others, 0.0) | {name: inputs}, 2 * duration)
        late = recording.spike_time > duration  # counted, since the intervals of a burst are not its rate
        counts = np.bincount(recording.spike_index[late], minlength=inputs.size)
        ax.plot(inputs, 1000 * counts / duration, label=f"{name}, with {' and '.join(sorted(others))} = 0")
    ax.set(xlabel=f"input ({pretty(model.inputs[name].unit)})", ylabel="rate (Hz)")
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False, fontsize="small")
    return ax, None


def onset(curve: ns.GainFunction) -> Onset | None:
    """The onset and the kind, measured again by longer runs, in which lower inputs may fire too."""
    if math.isnan(curve.onset):
        return None
    first = int(np.argmax(curve.rate > 0))
    inputs = np.append(np.linspace(curve.input[0], curve.input[first - 1], 20), curve.input[first])
    close = ns.gain_function(curve.model, inputs, duration=LONG, discard=LONG / 5)
    rate = ns.simulate(curve.model, close.onset, LONG).rate(after=LONG / 5)[0]
    if close.kind == "I" and rate * LONG > 10_000:  # more than 8 intervals: the neuron sets the rate; look closer
        nearer = [close.onset * (1 - 1e-6), close.onset]
        finer = ns.gain_function(curve.model, nearer, duration=LONG, discard=LONG / 5)
        if finer.kind is not None:
            close, rate = finer, ns.simulate(curve.model, finer.onset, LONG).rate(after=LONG / 5)[0]
    return Onset(close.onset, float(rate), close.kind, LONG)


# Variants --------------------------------------------------------------------------------------------------------


def variants(model: ns.Model) -> Axes | None:
    """What each variant with a current of its own does with it, the current below."""
    drawn = {name: variant for name, variant in model.variants.items() if variant.current and variant.duration}
    if not drawn:
        return None
    columns = 4 if len(drawn) > 4 else 2
    rows = math.ceil(len(drawn) / columns)
    figure = plt.figure(figsize=(10, 2.2 * rows + 0.3))
    heights = {"top": 1 - 0.35 / (2.2 * rows + 0.3), "bottom": 0.15 / (2.2 * rows + 0.3)}
    grid = figure.add_gridspec(rows, columns, left=0.06, right=0.99, hspace=0.25, wspace=0.1, **heights)
    panels = []
    for (name, variant), cell in zip(drawn.items(), grid, strict=False):
        neurons = NEURONS if model.spike.is_random else 1
        recording = run(model.variant(name), ns.parse_current(variant.current), variant.duration, neurons)
        above, below = cell.subgridspec(2, 1, height_ratios=[5, 1], hspace=0.05).subplots(sharex=True)
        if model.spike.is_random:
            ns.plot_raster(recording, ax=above)
        else:
            ns.plot_recording(recording, ax=above)
        if reach_threshold(above, recording):
            above.lines[-1].remove()  # the marks along the top
        above.set_title(name, loc="left", fontsize="small")
        above.set_title(f"{variant.duration:g} ms", loc="right", fontsize="x-small", color="0.4")
        below.plot(recording.time, recording.input(next(iter(model.inputs)))[0], color="0.35", linewidth=1)
        below.margins(y=0.1)
        bare(below)
        panels.append(above)
    low, high = min(ax.get_ylim()[0] for ax in panels), max(ax.get_ylim()[1] for ax in panels)
    for number, ax in enumerate(panels):
        ax.set(ylim=(low, high), xlabel="")
        if number % columns:
            bare(ax)
        else:
            ax.spines[["top", "right", "bottom"]].set_visible(False)
            ax.tick_params(bottom=False, labelbottom=False, labelsize="small")
            if legend := ax.get_legend():
                legend.remove()
    return panels[0]
