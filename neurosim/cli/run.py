"""``neurosim run``."""

import math
import os
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import IncompleteWarning, InputError, OutOfMemoryWarning
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
    save_plot,
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
    "pulses:amplitude,width,time,…, or a recorded current: FILE (.csv, .npz, .ibw, .abf, .nwb), "
    "or noise: white:mean,sigma, ornstein-uhlenbeck:mean,std,tau, poisson:rate,weight, "
    "membrane:mean,std; times in ms, frequencies in Hz; 'a + b' for a sum. NAME=… for a model with several inputs."
)
DurationOption = Annotated[
    str | None,
    typer.Option(help="In ms, or with a unit. [default: that of a recorded current or of the variant, or 100 ms]"),
]
NeuronsOption = Annotated[
    int | None, typer.Option(help="How many; with noise each is different. [default: as the values given]", min=1)
]
CertifyOption = Annotated[bool, typer.Option("--certify", help="Run again with half the step and say what changes.")]
RecordOption = Annotated[
    str | None, typer.Option(metavar="NAME,…", help="What to plot or write. [default: the first state]")
]
UnitOption = Annotated[
    str | None, typer.Option(metavar="UNIT", help="Of a recorded current whose file does not say, such as pA.")
]
IntervalOption = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Between samples of a recorded current whose file does not say, in ms."),
]
ColumnOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Of the recorded current, in a file that has several.")
]
SegmentOption = Annotated[int | None, typer.Option(help="Sweep of a recorded current, in a file that has several.")]
AreaOption = Annotated[
    str | None,
    typer.Option(metavar="AREA", help="Of the membrane ('2000 um^2'): for a recorded current into a model per area."),
]
InterpolateOption = Annotated[
    bool, typer.Option("--interpolate", help="Linear between the samples of a recorded current. [default: held]")
]
OutOption = Annotated[
    str | None,
    typer.Option("--out", metavar="PATH", help="Stream the recording, with all that repeats it, into an HDF5 file."),
]


@plainly
def run(
    model: ModelArgument,
    current: Annotated[list[str] | None, typer.Option(metavar="CURRENT", help=CURRENT)] = None,
    duration: DurationOption = None,
    neurons: NeuronsOption = None,
    noise: NoiseOption = None,
    seed: SeedOption = None,
    variant: VariantOption = None,
    dt: DtOption = None,
    method: MethodOption = None,
    spike_timing: TimingOption = None,
    certify: CertifyOption = False,
    set_: SetOption = None,
    record: RecordOption = None,
    unit: UnitOption = None,
    sampling_interval: IntervalOption = None,
    column: ColumnOption = None,
    segment: SegmentOption = None,
    area: AreaOption = None,
    interpolate: InterpolateOption = False,
    out: OutOption = None,
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
    reading = {"unit": unit, "dt": sampling_interval, "column": column, "segment": segment, "area": area}
    drive = drive_of(loaded, current or [], noise, {**reading, "interpolate": interpolate})
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", IncompleteWarning)
        recording = simulator(backend)(
            loaded,
            drive,
            duration or length_of(drive, dt or loaded.dt) or (usual and usual.duration) or 100,
            neurons=neurons,
            seed=seed,
            dt=dt,
            method=method,
            parameters=parse_settings(set_, loaded.parameters),
            record=_recorded(loaded, record, any(path is not None for path in (plot, csv, out))),
            spike_timing=spike_timing,
            certify=certify,
            threads=threads,
            progress=True,
            out=out,
        )
    _hand_over(recording, plot, csv, out, json)
    for warning in said:
        typer.echo(str(warning.message), err=True)
    if not recording.complete:
        raise typer.Exit(1 if issubclass(said[-1].category, OutOfMemoryWarning) else 130)


def _hand_over(recording: "Recording", plot: str | None, csv: str | None, out: str | None, json: bool) -> None:
    """Write the files that were asked for, and print."""
    if csv is not None:
        recording.to_csv(csv)
    save_plot(recording, plot)
    if json:
        print_json(_recording_json(recording))
    else:
        kept = out if out is None or recording.complete else f"{out}.partial"
        _print_recording(recording, [path for path in (plot, csv, kept) if path])


def length_of(drive: Any, dt: Any) -> float | None:
    """How long the samples in a current last, in whole steps; None without any."""
    from ..currents import Current
    from ..units import parse_unit, to_number

    drives = drive.values() if isinstance(drive, dict) else [drive]
    end = min((one.end for one in drives if isinstance(one, Current)), default=math.inf)
    if not math.isfinite(end):
        return None
    step = to_number(dt, parse_unit("ms"), "dt")
    return math.floor(end / step + 1e-6) * step if step > 0 else None


def load_variant(model: str, variant: str | None) -> "Model":
    """A model by name or path, or a variant of it."""
    from ..model import load_model

    loaded = load_model(model)
    return loaded if variant is None else loaded.variant(variant)


def noise_of(text: str | None) -> Any:
    """A noise current in words; None if there is none."""
    from ..currents import parse_current

    return None if text is None else parse_current(text)


def drive_of(
    model: "Model", texts: list[str], noise: str | None = None, recorded: Mapping[str, Any] | None = None
) -> Any:
    """What `simulate` is to be given as the input, noise added to each; `recorded` says how files are read."""
    drive, added = _currents(model, texts, recorded or {}), noise_of(noise)
    given = [name for name, value in (recorded or {}).items() if value is not None and value is not False]
    if given and not any(_is_file(part) for text in texts for part in text.split(" + ")):
        option = "sampling-interval" if given[0] == "dt" else given[0]
        raise InputError(f"--{option} is for a recorded current, --current FILE")
    if added is None or drive is None:
        return drive
    return {name: one + added for name, one in drive.items()} if isinstance(drive, dict) else drive + added


def _is_file(text: str) -> bool:
    """Whether a current is the name of a file."""
    from ..files import SUFFIXES

    return text.strip().lower().endswith(SUFFIXES)


def _current(text: str, recorded: Mapping[str, Any]) -> Any:
    """A current in words, or recorded in a file; 'a + b' for a sum."""
    from ..currents import parse_current
    from ..files import from_file

    if _is_file(text) and os.path.exists(text.strip()):
        return from_file(text.strip(), **recorded)
    parts = [
        from_file(part.strip(), **recorded) if _is_file(part) else parse_current(part) for part in text.split(" + ")
    ]
    return sum(parts[1:], parts[0])


def _currents(model: "Model", texts: list[str], recorded: Mapping[str, Any]) -> Any:
    if not texts and not model.inputs:
        return None
    several = " ".join(f"--current {name}={0 if k else 2}" for k, name in enumerate(model.inputs))
    if not texts:
        names = " and ".join(f"{name} ({entry.unit})" for name, entry in model.inputs.items())
        such = several if len(model.inputs) > 1 else "--current 10 or --current step:10,20,80"
        raise InputError(f"{model.name} needs a current for {names}, such as {such}")
    pairs = [text.partition("=") for text in texts]
    if all(equals and name.strip() in model.inputs for name, equals, _ in pairs) or (
        all(equals for _, equals, _ in pairs) and not any(os.path.exists(text) for text in texts)
    ):
        if len({name.strip() for name, _, _ in pairs}) < len(pairs):
            raise InputError("--current is given twice for the same input; give each input one current")
        return {name.strip(): _current(rest, recorded) for name, _, rest in pairs}
    if len(model.inputs) > 1:
        raise InputError(f"{model.name} has {len(model.inputs)} inputs; name them: {several}")
    if len(texts) > 1:
        raise InputError(f"{model.name} has one input; several neurons are --current 5,10")
    return _current(texts[0], recorded)


def _recorded(model: "Model", record: str | None, wanted: bool) -> list[str]:
    if record is not None:
        return [name.strip() for name in record.split(",") if name.strip()]
    return list(model.states)[:1] if wanted else []


# Results ---------------------------------------------------------------------------------------------------------


def name_of(model: "Model") -> str:
    """A model and its variant, for headings."""
    return model.name if model.variant_name is None else f"{model.name}, variant {model.variant_name}"


def _recording_json(recording: "Recording") -> dict[str, Any]:
    result: dict[str, Any] = {
        "spike_count": recording.spike_count,
        "spike_time": [recording.spike_times(i) for i in range(recording.neurons)],
        "model": recording.model.name,
        "variant": recording.model.variant_name,
        "duration": recording.duration,
        "dt": recording.dt,
        "seed": recording.seed,
        "complete": recording.complete,
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


def _print_recording(recording: "Recording", written: list[str]) -> None:
    table = heading(
        f"{name_of(recording.model)}, {recording.duration:g} ms by {recording.method} at dt {recording.dt:g} ms",
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
