"""``neurosim isi`` and ``neurosim raster``: what chance does to spikes."""

import shutil
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
    TheoryOption,
    ThreadsOption,
    VariantOption,
    heading,
    parse_settings,
    plainly,
    print_json,
    say_written,
    show_table,
    simulator,
)
from .run import CURRENT, drive_of, load_variant, noise_of

if TYPE_CHECKING:
    from ..distributions import IntervalDistribution
    from ..recording import Recording

_MOST_ROWS = 30


@plainly
def isi(
    model: ModelArgument,
    current: Annotated[str, typer.Option(help="Constant input, in the unit of the model or with one.")],
    intervals: Annotated[int, typer.Option(help="How many, at least.", min=1)] = 10_000,
    sampling: Annotated[
        str, typer.Option(metavar="simulate|direct", help="Run neurons, or draw from a renewal theory.")
    ] = "simulate",
    noise: NoiseOption = None,
    bin_width: Annotated[str | None, typer.Option(help="Of the histogram, in ms. [default: by the data]")] = None,
    variant: VariantOption = None,
    dt: DtOption = None,
    method: MethodOption = None,
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
        current,
        intervals=intervals,
        sampling=sampling,
        noise=noise_of(noise),
        bin_width=bin_width,
        parameters=parse_settings(set_, loaded.parameters),
        dt=dt,
        method=method,
        seed=seed,
        threads=threads,
        simulate=simulator(backend),
        theory=theory,
        progress=True,
    )
    if csv is not None:
        _write_intervals(result, csv)
    if plot is not None:
        from ..plot import figure_of, save_figure

        save_figure(figure_of(result.plot()), plot)
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
    variant: VariantOption = None,
    dt: DtOption = None,
    method: MethodOption = None,
    set_: SetOption = None,
    seed: SeedOption = None,
    threads: ThreadsOption = None,
    backend: BackendOption = "neurosim",
    plot: PlotOption = None,
    csv: CsvOption = None,
    json: JsonOption = False,
) -> None:
    """Draw the spikes of many neurons against time, with their statistics."""
    from ..simulation import completed

    loaded = load_variant(model, variant)
    recording = completed(
        simulator(backend)(
            loaded,
            drive_of(loaded, current or [], noise),
            duration,
            neurons=neurons,
            dt=dt,
            method=method,
            parameters=parse_settings(set_, loaded.parameters),
            seed=seed,
            threads=threads,
            progress=True,
        )
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


# Results ---------------------------------------------------------------------------------------------------------


def _members(result: "IntervalDistribution") -> list[tuple[str, tuple[int, ...]]]:
    import numpy as np

    families = result.families.items()
    return [
        (", ".join(f"{name}={values[k]:g}" for k, (name, values) in zip(i, families, strict=True)), i)
        for i in np.ndindex(np.shape(result.mean))
    ]


def _of(values: Any, index: tuple[int, ...]) -> Any:
    return values[index] if index else values


def _print_intervals(result: "IntervalDistribution", theory: bool, written: list[str]) -> None:
    unit = f" {result.unit}" if result.unit else ""
    columns = [("curve", "left"), ("intervals", "right"), ("mean (ms)", "right"), ("CV", "right")]
    columns += [("in theory: mean", "right"), ("CV", "right")] if not result.no_theory else []
    table = heading(f"{result.model.name} at {result.input:g}{unit}, {_WORDS[result.sampling]}", columns)
    verdicts: list[str] = []
    agreements = None if result.no_theory else result.agreement()
    for name, index in _members(result):
        mean, cv, mean_error, cv_error = (
            _of(values, index) for values in (result.mean, result.cv, result.mean_error, result.cv_error)
        )
        row = [name or "as in the file", f"{_of(result.intervals, index).size:,}"]
        row += [_with_error(mean, mean_error), _with_error(cv, cv_error)]
        if agreements is not None:
            expected = _of(result.theory, index)
            row += [f"{expected.mean:.5g}", f"{expected.cv:.4g}"]
            verdicts.append(f"{name}: {_of(agreements, index)}" if name else str(_of(agreements, index)))
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
    def of_theory(name: str) -> Any:
        found = [getattr(_of(result.theory, index), name) for _, index in _members(result)]
        return found if result.families else found[0]

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
        "theory": {"mean": of_theory("mean"), "cv": of_theory("cv")} if known else None,
        "no_theory": result.no_theory,
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
    return {
        "model": recording.model.name,
        "neurons": recording.neurons,
        "duration": recording.duration,
        "dt": recording.dt,
        "seed": recording.seed,
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
    for name, value in (("CV", cv(recording)), ("Fano factor", fano_factor(recording, recording.duration / 10))):
        if np.isfinite(value).any():
            parts.append(f"{name} {np.nanmean(value):.3g}")
    typer.echo(f"mean over neurons: {', '.join(parts)}")
    say_written(written)
