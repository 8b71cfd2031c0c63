"""``neurosim run``."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import (
    BackendOption,
    CsvOption,
    DtOption,
    JsonOption,
    MethodOption,
    ModelArgument,
    NoiseOption,
    PlotOption,
    SeedOption,
    SetOption,
    ThreadsOption,
    TimingOption,
    VariantOption,
    heading,
    parse_settings,
    plainly,
    print_json,
    say_written,
    show_table,
    simulator,
)

if TYPE_CHECKING:
    from ..model import Model
    from ..recording import Recording

_MOST_ROWS = 20
CURRENT = (
    "A number in the unit of the model's input, a quantity ('10 nA'), several (5,10,20: a neuron each), or "
    "step:amplitude,start,stop, ramp:first,last,start,stop, sine:amplitude,frequency,mean, "
    "chirp:amplitude,low,high,start,stop, "
    "pulses:amplitude,width,time,…, or noise: white:mean,sigma, ornstein-uhlenbeck:mean,std,tau, poisson:rate,weight, "
    "membrane:mean,std; times in ms, frequencies in Hz; 'a + b' for a sum. NAME=… for a model with several inputs."
)


@plainly
def run(
    model: ModelArgument,
    current: Annotated[list[str] | None, typer.Option(metavar="CURRENT", help=CURRENT)] = None,
    duration: Annotated[
        str | None, typer.Option(help="In ms, or with a unit. [default: the variant's, or 100 ms]")
    ] = None,
    neurons: Annotated[
        int | None, typer.Option(help="How many; with noise each is different. [default: as the values given]", min=1)
    ] = None,
    noise: NoiseOption = None,
    seed: SeedOption = None,
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
    backend: BackendOption = "neurosim",
    plot: PlotOption = None,
    csv: CsvOption = None,
    json: JsonOption = False,
) -> None:
    """Simulate a model: spikes, traces, a picture.

    Several values of a parameter make several neurons.
    """
    loaded = load_variant(model, variant)
    usual = loaded.variants.get(variant or "")
    if not current and usual is not None and usual.current is not None:
        current = [usual.current]
    recording = simulator(backend)(
        loaded,
        drive_of(loaded, current or [], noise),
        duration or (usual and usual.duration) or 100,
        neurons=neurons,
        seed=seed,
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


def load_variant(model: str, variant: str | None) -> "Model":
    """A model by name or path, or a variant of it."""
    from ..model import load_model

    loaded = load_model(model)
    return loaded if variant is None else loaded.variant(variant)


def noise_of(text: str | None) -> Any:
    """A noise current in words; None if there is none."""
    from ..currents import parse_current

    return None if text is None else parse_current(text)


def drive_of(model: "Model", texts: list[str], noise: str | None = None) -> Any:
    """What `simulate` is to be given as the input, noise added to each."""
    drive, added = _currents(model, texts), noise_of(noise)
    if added is None or drive is None:
        return drive
    return {name: one + added for name, one in drive.items()} if isinstance(drive, dict) else drive + added


def _currents(model: "Model", texts: list[str]) -> Any:
    from ..currents import parse_current
    from ..errors import InputError

    if not texts:
        if model.inputs:
            names = " and ".join(f"{name} ({entry.unit})" for name, entry in model.inputs.items())
            raise InputError(
                f"{model.name} needs a current for {names}, such as --current 10 or --current step:10,20,80"
            )
        return None
    pairs = [text.partition("=") for text in texts]
    if all(equals for _, equals, _ in pairs):
        if len({name.strip() for name, _, _ in pairs}) < len(pairs):
            raise InputError("--current is given twice for the same input; give each input one current")
        return {name.strip(): parse_current(rest) for name, _, rest in pairs}
    if len(texts) > 1:
        raise InputError("several currents need the names of their inputs: --current I=10 --current g=2")
    return parse_current(texts[0])


def _recorded(model: "Model", record: str | None, wanted: bool) -> list[str]:
    if record is not None:
        return [name.strip() for name in record.split(",") if name.strip()]
    return list(model.states)[:1] if wanted else []


# Results ---------------------------------------------------------------------------------------------------------


def _recording_json(recording: "Recording") -> dict[str, Any]:
    result: dict[str, Any] = {
        "spike_count": recording.spike_count,
        "spike_time": [recording.spike_times(i) for i in range(recording.neurons)],
        "model": recording.model.name,
        "duration": recording.duration,
        "dt": recording.dt,
        "seed": recording.seed,
        "method": recording.method,
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
        f"{recording.model.name}, {recording.duration:g} ms by {recording.method} at dt {recording.dt:g} ms",
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
    say_written(written)
