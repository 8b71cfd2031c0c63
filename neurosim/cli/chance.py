"""``neurosim isi`` and ``neurosim raster``: what chance does to spikes."""

import shutil
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError
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
    TheoryOption,
    ThreadsOption,
    TimingOption,
    VariantOption,
    heading,
    member_name,
    parse_settings,
    plainly,
    print_json,
    save_plot,
    say_written,
    show_table,
    simulator,
)
from .run import CURRENT, AreaOption, UnitOption, drive_of, load_variant, noise_of

if TYPE_CHECKING:
    from ..distributions import IntervalDistribution
    from ..recording import Recording

_MOST_ROWS = 30
_WINDOWS = 10  # of a run, for the Fano factor


@plainly
def isi(
    model: ModelArgument,
    current: Annotated[str, typer.Option(help="Constant input, in the unit of the model or with one.")],
    intervals: Annotated[int, typer.Option(help="How many, at least.", min=1)] = 10_000,
    sampling: Annotated[
        str, typer.Option(metavar="simulate|direct", help="Run neurons, or draw from a renewal theory.")
    ] = "simulate",
    noise: NoiseOption = None,
    discard: Annotated[str, typer.Option(help="Beginning that does not count, in ms or with a unit.")] = "200",
    longest: Annotated[
        str, typer.Option(help="Where a simulation ends at the latest, in ms or with a unit.")
    ] = "100000",
    bin_width: Annotated[str | None, typer.Option(help="Of the histogram, in ms. [default: by the data]")] = None,
    variant: VariantOption = None,
    dt: DtOption = None,
    method: MethodOption = None,
    spike_timing: TimingOption = None,
    set_: SetOption = None,
    seed: SeedOption = None,
    threads: ThreadsOption = None,
    backend: BackendOption = "neurosim",
    theory: TheoryOption = True,
    plot: PlotOption = None,
    csv: CsvOption = None,
    json: JsonOption = False,
) -> None:
    """Measure the distribution of interspike intervals, beside theory.

    Several values of a parameter make a family.
    """
    from ..distributions import interval_distribution

    loaded = load_variant(model, variant)
    result = interval_distribution(
        loaded,
        _constant(current),
        intervals=intervals,
        sampling=sampling,
        noise=noise_of(noise),
        discard=discard,
        longest=longest,
        bin_width=bin_width,
        parameters=parse_settings(set_, loaded.parameters),
        dt=dt,
        method=method,
        spike_timing=spike_timing,
        seed=seed,
        threads=threads,
        simulate=simulator(backend),
        theory=theory,
        progress=True,
    )
    if csv is not None:
        _write_intervals(result, csv)
    save_plot(result, plot)
    if json:
        print_json(_intervals_json(result))
    else:
        _print_intervals(result, theory, [path for path in (plot, csv) if path])


@plainly
def raster(
    model: ModelArgument,
    current: Annotated[list[str] | None, typer.Option(metavar="CURRENT", help=CURRENT)] = None,
    neurons: Annotated[int, typer.Option(help="How many, each with random numbers of its own.", min=1)] = 20,
    duration: Annotated[str, typer.Option(help="In ms, or with a unit.")] = "1000",
    noise: NoiseOption = None,
    unit: UnitOption = None,
    area: AreaOption = None,
    variant: VariantOption = None,
    dt: DtOption = None,
    method: MethodOption = None,
    spike_timing: TimingOption = None,
    set_: SetOption = None,
    seed: SeedOption = None,
    threads: ThreadsOption = None,
    backend: BackendOption = "neurosim",
    plot: PlotOption = None,
    csv: CsvOption = None,
    json: JsonOption = False,
) -> None:
    """Draw the spikes of many neurons against time, with their statistics."""
    from ..simulation import finished

    loaded = load_variant(model, variant)
    recording = finished(
        loaded,
        drive_of(loaded, current or [], noise, {"unit": unit, "area": area}),
        duration,
        neurons=neurons,
        dt=dt,
        method=method,
        spike_timing=spike_timing,
        parameters=parse_settings(set_, loaded.parameters),
        seed=seed,
        threads=threads,
        by=simulator(backend),
        progress=True,
    )
    if csv is not None:
        from ..files import write_csv

        rows = zip(recording.spike_index.tolist(), recording.spike_time.tolist(), strict=True)
        write_csv(csv, ["neuron", "spike_time_ms"], rows)
    if plot is not None:
        from ..plot import figure_of, plot_raster, save_figure

        save_figure(figure_of(plot_raster(recording)), plot)
    if json:
        print_json(_raster_json(recording))
    else:
        _print_raster(recording, [path for path in (plot, csv) if path])


def _constant(current: str) -> str:
    """The input in words, if it is one and constant."""
    if {",", ":"} & set(current):
        raise InputError(
            f"--current {current}: an interval distribution has one constant input, such as --current 1.5; "
            "several values of a parameter, --set NAME=1,2, make a family"
        )
    return current


# Results ---------------------------------------------------------------------------------------------------------


def _members(result: "IntervalDistribution") -> list[tuple[str, tuple[int, ...]]]:
    import numpy as np

    return [(member_name(result.families, index), index) for index in np.ndindex(np.shape(result.mean))]


def _of(values: Any, index: tuple[int, ...]) -> Any:
    return values[index] if index else values


def _print_intervals(result: "IntervalDistribution", theory: bool, written: list[str]) -> None:
    unit = f" {result.unit}" if result.unit else ""
    known = [("theory", "right")] if not result.no_theory else []
    columns = [("curve", "left"), ("intervals", "right"), ("mean (ms)", "right"), *known, ("CV", "right"), *known]
    table = heading(f"{result.model.name} at {result.input:g}{unit}, {_WORDS[result.sampling]}", columns)
    for column in table.columns[1:]:
        column.no_wrap = True
    verdicts: list[str] = []
    agreements = None if result.no_theory else result.agreement()
    for name, index in _members(result):
        mean, cv, mean_error, cv_error = (
            _of(values, index) for values in (result.mean, result.cv, result.mean_error, result.cv_error)
        )
        row = [name or "as in the file", f"{_of(result.intervals, index).size:,}"]
        expected = _of(result.theory, index)
        for value, error, what in ((mean, mean_error, "mean"), (cv, cv_error, "cv")):
            row.append(_with_error(value, error))
            if agreements is not None:
                row.append(f"{getattr(expected, what):.5g}".replace("nan", "–").replace("inf", "∞"))
        verdict = "" if agreements is None else str(_of(agreements, index))
        if agreements is None and _of(result.cut, index):
            verdict = "cut short: the longest intervals are missing; raise --longest"
        if verdict:
            verdicts.append(f"{name}: {verdict}" if name else verdict)
        table.add_row(*row)
    show_table(table)
    for verdict in verdicts:
        typer.echo(verdict)
    if result.no_theory and theory:
        typer.echo(result.no_theory)
    say_written(written)


_WORDS = {"simulate": "simulated", "direct": "drawn from the theory"}


def _with_error(value: float, error: float) -> str:
    """A number with its standard error, to two digits of that."""
    import math

    if not math.isfinite(value) or not math.isfinite(error):
        return "–"
    digits = max(0, 1 - math.floor(math.log10(error))) if error > 1e-9 * abs(value) else 4
    return f"{value:.{digits}f}" + (f" ± {error:.{digits}f}" if error > 1e-9 * abs(value) else "")


def _intervals_json(result: "IntervalDistribution") -> dict[str, Any]:
    import numpy as np

    def each(values: Any, what: Callable[[Any], Any]) -> Any:
        found = np.empty(np.shape(result.mean), dtype=object)
        for index in np.ndindex(found.shape):
            found[index] = what(_of(values, index))
        return found[()]

    parameters: dict[str, Any] = {name: entry.value for name, entry in result.model.parameters.items()}
    known = not result.no_theory
    return {
        "model": result.model.name,
        "input": result.input,
        "mean": result.mean,
        "mean_error": result.mean_error,
        "cv": result.cv,
        "cv_error": result.cv_error,
        "edges": result.edges,
        "density": result.density,
        "survivor": result.survivor,
        "hazard": result.hazard,
        "theory": {name: each(result.theory, attrgetter(name)) for name in ("mean", "cv")} if known else None,
        "no_theory": result.no_theory,
        "agreement": each(result.agreement(), lambda one: {"verdict": str(one), **one._asdict()}) if known else None,
        "cut": result.cut,
        "sampling": result.sampling,
        "seed": result.seed,
        "parameters": parameters | result.families,
    }


def _write_intervals(result: "IntervalDistribution", path: str) -> None:
    import numpy as np

    from ..files import write_csv

    header, columns = ["from_ms", "to_ms"], [result.edges[:-1], result.edges[1:]]
    for name, index in _members(result):
        header.append(f"density_per_ms {name}".strip())
        columns.append(result.density[index])
    write_csv(path, header, np.column_stack(columns).tolist())


def _raster_json(recording: "Recording") -> dict[str, Any]:
    from ..spikes import cv, fano_factor, mean_firing_rate

    return {
        "model": recording.model.name,
        "neurons": recording.neurons,
        "duration": recording.duration,
        "dt": recording.dt,
        "seed": recording.seed,
        "rate": mean_firing_rate(recording).rate,
        "cv": cv(recording),
        "fano_factor": fano_factor(recording, recording.duration / _WINDOWS),
        "spike_count": recording.spike_count,
        "spike_index": recording.spike_index,
        "spike_time": recording.spike_time,
        "parameters": {**{name: p.value for name, p in recording.model.parameters.items()}, **recording.parameters},
    }


def _print_raster(recording: "Recording", written: list[str]) -> None:
    """Rows of ticks, and the statistics of all neurons below."""
    import numpy as np

    from ..spikes import cv, fano_factor, mean_firing_rate

    shown = min(recording.neurons, _MOST_ROWS)
    label = len(str(shown - 1))
    cells = max(20, min(160, shutil.get_terminal_size((100, 24)).columns) - label - 3)
    seed = f", seed {recording.seed}" if recording.seed is not None else ""
    typer.echo(f"{recording.model.name}, {recording.neurons} neurons, {recording.duration:g} ms{seed}")
    for neuron in range(shown):
        cell = np.minimum((recording.spike_times(neuron) / recording.duration * cells).astype(int), cells - 1)
        row = np.full(cells, " ")
        row[cell] = "|"
        typer.echo(f"{neuron:>{label}} {''.join(row)}".rstrip())
    if recording.neurons > shown:
        typer.echo(f"… {recording.neurons - shown} more neurons")
    rate = mean_firing_rate(recording).rate
    parts = [f"rate {rate.mean():.4g} Hz"]
    for name, value in (("CV", cv(recording)), ("Fano factor", fano_factor(recording, recording.duration / _WINDOWS))):
        if np.isfinite(value).any():
            parts.append(f"{name} {np.nanmean(value):.3g}")
    typer.echo(f"mean over neurons: {', '.join(parts)}")
    say_written(written)
