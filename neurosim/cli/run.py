"""``neurosim run`` and ``neurosim gain``."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import (
    CsvOption,
    DtOption,
    JsonOption,
    MethodOption,
    ModelArgument,
    PlotOption,
    SetOption,
    ThreadsOption,
    TimingOption,
    VariantOption,
    heading,
    parse_settings,
    plainly,
    print_json,
    show_table,
)

if TYPE_CHECKING:
    from ..experiments import GainFunction
    from ..model import Model
    from ..recording import Recording

_MOST_ROWS = 20
_CURRENT = (
    "A number in the unit of the model's input, a quantity ('10 nA'), several (5,10,20: a neuron each), or "
    "step:amplitude,start,stop, ramp:first,last,start,stop, sine:amplitude,frequency,mean, "
    "chirp:amplitude,low,high,start,stop, "
    "pulses:amplitude,width,time,…; times in ms, frequencies in Hz. NAME=… for a model with several inputs."
)


@plainly
def run(
    model: ModelArgument,
    current: Annotated[list[str] | None, typer.Option(metavar="CURRENT", help=_CURRENT)] = None,
    duration: Annotated[
        str | None, typer.Option(help="In ms, or with a unit. [default: the variant's, or 100 ms]")
    ] = None,
    variant: VariantOption = None,
    dt: DtOption = None,
    method: MethodOption = None,
    spike_timing: TimingOption = None,
    certify: Annotated[
        bool, typer.Option("--certify", help="Run again with half the step and say what changes.")
    ] = False,
    set_: SetOption = None,
    record: Annotated[
        str | None, typer.Option(metavar="NAME,…", help="What to plot or write. [default: the first state]")
    ] = None,
    threads: ThreadsOption = None,
    plot: PlotOption = None,
    csv: CsvOption = None,
    json: JsonOption = False,
) -> None:
    """Simulate a model: spikes, traces, a picture.

    Several values of a parameter make several neurons.
    """
    from ..model import load_model
    from ..simulation import simulate

    loaded = load_model(model)
    usual = None if variant is None else loaded.variants.get(variant)
    loaded = loaded if variant is None else loaded.variant(variant)
    if not current and usual is not None and usual.current is not None:
        current = [usual.current]
    recording = simulate(
        loaded,
        _drive(loaded, current or []),
        duration or (usual and usual.duration) or 100,
        dt=dt,
        method=method,
        parameters=parse_settings(set_, loaded.parameters),
        record=_recorded(loaded, record, plot is not None or csv is not None),
        spike_timing=spike_timing,
        certify=certify,
        threads=threads,
        progress=True,
    )
    if csv is not None:
        _write_recording(recording, csv)
    if plot is not None:
        from ..plot import figure_of, save_figure

        save_figure(figure_of(recording.plot()), plot)
    if json:
        print_json(_recording_json(recording))
    else:
        _print_recording(recording, [path for path in (plot, csv) if path])


@plainly
def gain(
    model: ModelArgument,
    to: Annotated[str, typer.Option(help="Last input, in the unit of the model or with one.")],
    from_: Annotated[str, typer.Option("--from", help="First input.")] = "0",
    steps: Annotated[int, typer.Option(help="Number of inputs.", min=1)] = 100,
    duration: Annotated[str, typer.Option(help="Of each run, in ms or with a unit.")] = "1000",
    discard: Annotated[str, typer.Option(help="How much of its beginning not to count.")] = "200",
    variant: VariantOption = None,
    dt: DtOption = None,
    method: MethodOption = None,
    spike_timing: TimingOption = None,
    set_: SetOption = None,
    threads: ThreadsOption = None,
    plot: PlotOption = None,
    csv: CsvOption = None,
    json: JsonOption = False,
) -> None:
    """Measure a gain function: rate against input.

    Several values of a parameter make a family of curves.
    """
    from ..experiments import gain_function
    from ..model import load_model

    loaded = load_model(model)
    loaded = loaded if variant is None else loaded.variant(variant)
    result = gain_function(
        loaded,
        _range(loaded, from_, to, steps),
        duration=duration,
        discard=discard,
        dt=dt,
        method=method,
        spike_timing=spike_timing,
        parameters=parse_settings(set_, loaded.parameters),
        threads=threads,
        progress=True,
    )
    if csv is not None:
        _write_gain(result, csv)
    if plot is not None:
        from ..plot import figure_of, save_figure

        save_figure(figure_of(result.plot()), plot)
    if json:
        print_json(_gain_json(result))
    else:
        _print_gain(result, [path for path in (plot, csv) if path])


def _drive(model: "Model", texts: list[str]) -> Any:
    from ..currents import parse_current
    from ..errors import InputError

    if not texts and not model.inputs:
        return None
    several = " ".join(f"--current {name}={0 if k else 2}" for k, name in enumerate(model.inputs))
    if not texts:
        names = " and ".join(f"{name} ({entry.unit})" for name, entry in model.inputs.items())
        such = several if len(model.inputs) > 1 else "--current 10 or --current step:10,20,80"
        raise InputError(f"{model.name} needs a current for {names}, such as {such}")
    pairs = [text.partition("=") for text in texts]
    if all(equals for _, equals, _ in pairs):
        if len({name.strip() for name, _, _ in pairs}) < len(pairs):
            raise InputError("--current is given twice for the same input; give each input one current")
        return {name.strip(): parse_current(rest) for name, _, rest in pairs}
    if len(model.inputs) > 1:
        raise InputError(f"{model.name} has {len(model.inputs)} inputs; name them: {several}")
    if len(texts) > 1:
        raise InputError(f"{model.name} has one input; several neurons are --current 5,10")
    return parse_current(texts[0])


def _recorded(model: "Model", record: str | None, wanted: bool) -> list[str]:
    if record is not None:
        return [name.strip() for name in record.split(",") if name.strip()]
    return list(model.states)[:1] if wanted else []


def _range(model: "Model", first: str, last: str, steps: int) -> Any:
    import numpy as np

    from ..errors import InputError
    from ..units import parse_unit, to_number

    if len(model.inputs) != 1:
        raise InputError(f"a gain function needs a model with one input; {model.name} has {len(model.inputs)}")
    unit = parse_unit(next(iter(model.inputs.values())).unit)
    low, high = (to_number(text, unit, what) / unit.factor for text, what in ((first, "--from"), (last, "--to")))
    if not np.isfinite([low, high]).all() or not low <= high:
        raise InputError(f"--from and --to must be finite, --to not below --from; they are {low:g} and {high:g}")
    return np.linspace(low, high, steps)


# Results ---------------------------------------------------------------------------------------------------------


def _name(model: "Model") -> str:
    return model.name if model.variant_name is None else f"{model.name}, variant {model.variant_name}"


def _recording_json(recording: "Recording") -> dict[str, Any]:
    result: dict[str, Any] = {
        "spike_count": recording.spike_count,
        "spike_time": [recording.spike_times(i) for i in range(recording.neurons)],
        "model": recording.model.name,
        "variant": recording.model.variant_name,
        "duration": recording.duration,
        "dt": recording.dt,
        "method": recording.method,
        "spike_timing": recording.spike_timing,
        "rtol": recording.rtol,
        "atol": recording.atol,
        "parameters": {**{name: p.value for name, p in recording.model.parameters.items()}, **recording.parameters},
    }
    if recording.certificate is not None:
        result["certificate"] = vars(recording.certificate)
    if recording.traces:
        result |= {"time": recording.time, "traces": dict(recording.traces), "units": dict(recording.units)}
    return result


def _write_recording(recording: "Recording", path: str) -> None:
    import numpy as np

    from ..files import write_csv

    if not recording.traces:
        rows = zip(recording.spike_index.tolist(), recording.spike_time.tolist(), strict=True)
        write_csv(path, ["neuron", "spike_time_ms"], rows)
        return
    header, columns = ["time_ms"], [recording.time]
    for name, trace in recording.traces.items():
        unit = recording.units[name]
        for neuron in range(recording.neurons):
            number = f"_{neuron}" if recording.neurons > 1 else ""
            header.append(f"{name}{number}" + (f" ({unit})" if unit else ""))
            columns.append(trace[neuron])
    write_csv(path, header, np.column_stack(columns).tolist())


def _print_recording(recording: "Recording", written: list[str]) -> None:
    table = heading(
        f"{_name(recording.model)}, {recording.duration:g} ms by {recording.method} at dt {recording.dt:g} ms",
        [("neuron", "right"), ("spikes", "right"), ("rate (Hz)", "right"), ("spike times (ms)", "left")],
    )
    rates, counts = recording.rate(), recording.spike_count
    for neuron in range(min(recording.neurons, _MOST_ROWS)):
        times = recording.spike_times(neuron)
        shown = " ".join(f"{time:.2f}" for time in times[:6]) + (" …" if times.size > 6 else "")
        table.add_row(str(neuron), str(counts[neuron]), f"{rates[neuron]:.2f}" if counts[neuron] > 1 else "–", shown)
    show_table(table)
    if recording.neurons > _MOST_ROWS:
        typer.echo(f"… {recording.neurons - _MOST_ROWS} more neurons; {recording.spike_time.size} spikes in all")
    if recording.certificate is not None:
        typer.echo(f"certificate: {recording.certificate}")
    _say_written(written)


def _gain_json(result: "GainFunction") -> dict[str, Any]:
    parameters: dict[str, Any] = {name: entry.value for name, entry in result.model.parameters.items()}
    return {
        "input": result.input,
        "rate": result.rate,
        "spike_count": result.spike_count,
        "duration": result.duration,
        "discard": result.discard,
        "parameters": parameters | result.families,
        "dt": result.dt,
        "method": result.method,
        "spike_timing": result.spike_timing,
        "model": result.model.name,
        "variant": result.model.variant_name,
    }


def _curves(result: "GainFunction") -> list[tuple[str, tuple[int, ...]]]:
    """What to call each curve, and where it is in the leading axes."""
    import numpy as np

    return [
        (", ".join(f"{name}={values[k]:g}" for k, (name, values) in zip(i, result.families.items(), strict=True)), i)
        for i in np.ndindex(result.rate.shape[:-1])
    ]


def _write_gain(result: "GainFunction", path: str) -> None:
    import numpy as np

    from ..files import write_csv

    name = next(iter(result.model.inputs))
    header, columns = [f"{name} ({result.unit})" if result.unit else name], [result.input]
    for curve, index in _curves(result):
        header.append(f"rate_Hz {curve}".strip())
        columns.append(result.rate[index])
    write_csv(path, header, np.column_stack(columns).tolist())


def _print_gain(result: "GainFunction", written: list[str]) -> None:
    import numpy as np

    unit = f" ({result.unit})" if result.unit else ""
    table = heading(
        f"{_name(result.model)}: {result.input.size} inputs from {result.input.min():g} to {result.input.max():g}{unit}"
        f", {result.duration:g} ms each",
        [("curve", "left"), (f"onset{unit}", "right"), ("kind", "left"), ("highest rate (Hz)", "right"),
         ("saturation (Hz)", "right")],
    )  # fmt: skip
    onset, saturation, kind = (np.asarray(value) for value in (result.onset, result.saturation, result.kind))
    for curve, index in _curves(result):
        numbers = [f"{value:.5g}" if np.isfinite(value) else "–" for value in (onset[index], saturation[index])]
        highest = f"{result.rate[index].max():.2f}"
        table.add_row(
            curve or result.model.variant_name or "as in the file",
            numbers[0],
            str(kind[index] or "–"),
            highest,
            numbers[1],
        )
    show_table(table)
    if not written:
        typer.echo("All rates: --json, --csv PATH, or as a picture --plot PATH.")
    _say_written(written)


def _say_written(written: list[str]) -> None:
    for path in written:
        typer.echo(f"wrote {path}")
