"""``neurosim hopfield capacity | basins | phase-diagram | sequence``."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError, excerpt
from .common import (
    CsvOption,
    JsonOption,
    PlotOption,
    ThreadsOption,
    heading,
    plainly,
    print_json,
    save_plot,
    show_table,
)
from .hopfield import (
    PatternsOption,
    RuleOption,
    SeedOption,
    SizeOption,
    Spoiler,
    UnlearnOption,
    app,
    find_cue,
    load_patterns,
    make_memory,
    notes,
)

__all__ = ["app"]

if TYPE_CHECKING:
    from ..artificial.memory_sequence import SequenceRecall

TrialsOption = Annotated[int | None, typer.Option(help="Trials for every point.", min=1)]


@app.command()
@plainly
def capacity(
    rule: Annotated[str, typer.Option(help="hebb, covariance, pseudo-inverse, storkey or perceptron.")] = "hebb",
    n: Annotated[
        str, typer.Option(metavar="N,…", help="Numbers of units; several are extrapolated.")
    ] = "500,1000,2000",
    to: Annotated[float | None, typer.Option(help="Largest load. [default: beyond what the rule holds]")] = None,
    steps: Annotated[int, typer.Option(help="Number of loads.", min=1)] = 20,
    trials: TrialsOption = None,
    noise: Annotated[float, typer.Option(help="Share of the cue to flip.")] = 0.0,
    kappa: Annotated[float, typer.Option(help="Stability asked of the perceptron rule.")] = 0.0,
    seed: SeedOption = 1,
    threads: ThreadsOption = None,
    plot: PlotOption = None,
    csv: CsvOption = None,
    json: JsonOption = False,
) -> None:
    """Measure the overlap after recall against the load P/N of random patterns."""
    import numpy as np

    from ..artificial.memory_experiments import capacity as measure
    from .pictures import Screen

    alphas = None if to is None else np.linspace(0, to, steps + 1)[1:]
    found = measure(
        rule, _numbers(n), alphas, trials=trials or 50, noise=noise, kappa=kappa, seed=seed, threads=threads,
        progress=True,
    )  # fmt: skip
    save_plot(found, plot)
    columns = ["alpha", "overlap", "error", "retrieved"]
    if csv is not None:
        from ..files import write_csv

        rows = zip(found.n, *(getattr(found, name) for name in columns), strict=True)
        write_csv(csv, ["n", *columns], ([size, *map(float, values)] for size, *curves in rows
                                         for values in zip(*curves, strict=True)))  # fmt: skip
    if json:
        names = ["n", *columns, "trials", "critical", "critical_error", "alpha_c", "alpha_c_error"]
        print_json({"rule": found.rule} | {name: getattr(found, name) for name in names})
        return
    table = heading(
        f"{found.rule} rule, {found.trials} trials: overlap after recall",
        [("α", "right")] + [("", "right")] * len(found.n),
    )
    for column, size in zip(table.columns[1:], found.n, strict=True):
        column.header = f"n = {size}"
    for k, alpha in enumerate(found.alpha[0]):
        table.add_row(f"{alpha:.3f}", *(f"{row[k]:.3f}" for row in found.overlap))
    show_table(table)
    screen = Screen()
    for size, point, error in zip(found.n, found.critical, found.critical_error, strict=True):
        if np.isfinite(point):
            screen.text(f"n = {size}: half of the trials retrieve at α = {point:.4f} ± {error:.4f}")
    if np.isfinite(found.alpha_c):
        theory = "; theory 0.138" if rule == "hebb" else ""
        screen.text(f"n → ∞: α_c = {found.alpha_c:.4f} ± {found.alpha_c_error:.4f}{theory}")
    _say(plot, csv)


@app.command()
@plainly
def basins(
    patterns: PatternsOption = None,
    size: SizeOption = "40x40",
    rule: RuleOption = None,
    unlearn: UnlearnOption = 0,
    trials: TrialsOption = None,
    seed: SeedOption = 1,
    threads: ThreadsOption = None,
    plot: PlotOption = None,
    json: JsonOption = False,
) -> None:
    """Measure from how noisy a cue each pattern is recalled."""
    from ..artificial.memory_experiments import basins as measure

    with notes():
        memory = make_memory(load_patterns(patterns, size), rule, unlearn, seed)
    found = measure(memory, trials=trials or 20, seed=seed, threads=threads, progress=True)
    save_plot(found, plot)
    if json:
        names = ["noise", "retrieved", "error", "exact", "overlap", "names", "by_pattern", "radius", "trials"]
        print_json({name: getattr(found, name) for name in names})
        return
    table = heading(
        f"{memory.rule} rule, {found.trials} cues for each of {len(found.names)} patterns and level",
        [("flipped", "right"), ("retrieved", "right"), ("exactly", "right"), ("overlap", "right")],
    )
    for row in zip(found.noise, found.retrieved, found.exact, found.overlap, strict=True):
        table.add_row(f"{row[0]:.2f}", f"{row[1]:.1%}", f"{row[2]:.1%}", f"{row[3]:.3f}")
    show_table(table)
    worst = sorted(zip(found.radius.tolist(), found.names, strict=True))
    least, most = worst[0], worst[-1]
    typer.echo(
        f"half of the cues are recalled up to {found.radius.mean():.2f} flipped; least {least[1]} ({least[0]:.2f}), "
        f"most {most[1]} ({most[0]:.2f})"
    )
    _say(plot)


@app.command()
@plainly
def phase_diagram(
    n: Annotated[int, typer.Option(help="Number of units.", min=2)] = 500,
    trials: TrialsOption = None,
    sweeps: Annotated[int, typer.Option(help="Of which the last half counts.", min=2)] = 60,
    seed: SeedOption = 1,
    threads: ThreadsOption = None,
    plot: PlotOption = None,
    json: JsonOption = False,
) -> None:
    """Measure where in the plane of load and temperature Hebb's rule recalls, beside theory."""
    from ..artificial.memory_phases import phase_diagram as measure
    from .pictures import Screen

    found = measure(n, trials=trials or 4, sweeps=sweeps, seed=seed, threads=threads, progress=True)
    save_plot(found, plot)
    if json:
        names = ["n", "alpha", "temperature", "overlap", "error", "theory"]
        lines = {name: getattr(found.boundaries, name) for name in ("temperature", "retrieval", "ground_state")}
        print_json({name: getattr(found, name) for name in names} | {"boundaries": lines})
        return
    screen = Screen()
    shades = " ░▒▓█" if screen.blocks else " .:*#"
    key = ", ".join(f"{shade} {0.2 * k:.1f}" for k, shade in enumerate(shades) if k)
    screen.text(f"overlap after {sweeps} sweeps, n = {n}: from {key}")
    screen.text("| where retrieval ends in theory")
    for T, row, theory in list(zip(found.temperature, found.overlap, found.theory, strict=True))[::-1]:
        edge = int((theory > 0).sum())
        cells = [3 * shades[min(4, max(0, int(5 * value)))] for value in row]
        screen.console.print(f"T {T:5.2f}  " + "".join(cells[:edge]) + "|" + "".join(cells[edge:]), no_wrap=True)
    low, high = found.alpha[0], found.alpha[-1]
    screen.text(f"         α = {low:.2f}" + " " * max(1, 3 * found.alpha.size - 16) + f"{high:.2f}")
    _say(plot)


@app.command()
@plainly
def sequence(
    patterns: PatternsOption = None,
    cue: Annotated[str | None, typer.Option(metavar="NAME|FILE", help="Where to start. [default: the first]")] = None,
    noise: Annotated[float, typer.Option(help="Share of the cue to flip.")] = 0.12,
    size: SizeOption = "40x40",
    rule: Annotated[str, typer.Option(help="hebb or pseudo-inverse.")] = "pseudo-inverse",
    delay: Annotated[int, typer.Option(help="Of the weights that lead on, in sweeps.", min=1)] = 4,
    strength: Annotated[float, typer.Option(help="Of the weights that lead on.")] = 2.0,
    cyclic: Annotated[bool, typer.Option(help="The first follows the last.")] = True,
    sweeps: Annotated[int | None, typer.Option(help="How many. [default: once round]", min=1)] = None,
    update: Annotated[str, typer.Option(metavar="synchronous|asynchronous")] = "synchronous",
    beta: Annotated[float, typer.Option(metavar="B", help="Inverse temperature.")] = float("inf"),
    seed: SeedOption = 1,
    animate: Annotated[bool, typer.Option("--animate", help="Show the course in the terminal.")] = False,
    plot: PlotOption = None,
    json: JsonOption = False,
) -> None:
    """Store patterns as a sequence and replay it."""
    from ..artificial.memory_sequence import SequenceMemory

    stored = load_patterns(patterns, size)
    memory = SequenceMemory(next(iter(stored.values())).size, delay=delay, strength=strength)
    memory.store(stored, rule, cyclic=cyclic)
    name, start = find_cue(stored, cue or next(iter(stored)), Spoiler(noise, None, seed), size)
    result = memory.recall(start, sweeps, update, beta, seed=seed)
    save_plot(result, plot)
    if json:
        print_json({"verdict": result.verdict, "visited": result.visited, "names": memory.names,
                    "overlaps": result.overlaps})  # fmt: skip
        return
    _show_sequence(result, name, animate)
    _say(plot)


def _show_sequence(result: "SequenceRecall", cue: str, animate: bool) -> None:
    from .pictures import Screen

    screen = Screen()
    screen.text(f"{len(result.stored.names)} patterns in {result.stored.n} units; the cue is {cue}")
    screen.text()
    if animate and screen.blocks:
        from rich.console import Group
        from rich.live import Live

        with Live(console=screen.console, refresh_per_second=20, transient=True) as live:
            for t, state in enumerate(result.states):
                live.update(Group(*screen.lines([(f"sweep {t}", state)])), refresh=True)
                time.sleep(0.12)
    best = result.overlaps.argmax(axis=1)
    changes = [0, *(t for t in range(1, len(best)) if best[t] != best[t - 1])]
    spans = zip(changes, [*changes[1:], len(best)], strict=True)
    clearest = [first + int(result.overlaps[first:last].max(axis=1).argmax()) for first, last in spans]
    names = result.stored.names
    pictures = [("cue", result.states[0]), *((f"{t}: {names[best[t]]}", result.states[t]) for t in clearest if t)]
    for first in range(0, len(pictures), per := screen.fits(pictures)):
        screen.row(pictures[first : first + per])
        screen.text()
    screen.text(str(result), "bold green" if result.verdict == "replayed" else "bold yellow")


def _numbers(text: str) -> list[int]:
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise InputError(f"--n {excerpt(text)}: write whole numbers such as 500,1000,2000")
    return [int(part) for part in parts]


def _say(*paths: str | None) -> None:
    for path in paths:
        if path is not None:
            typer.echo(f"wrote {path}")
