"""``neurosim demo``: what neurosim does, in under a minute."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import heading, plainly, show_table
from .gain import say_agreement

if TYPE_CHECKING:
    from ..distributions import IntervalDistribution
    from ..experiments import GainFunction
    from ..recording import Recording

_LADDER = {  # model: (current of the spike train, range of the gain function)
    "hodgkin-huxley": (10.0, (0.0, 50.0)),
    "izhikevich": (10.0, (0.0, 20.0)),
    "leaky-integrate-and-fire": (2.5, (0.0, 5.0)),
    "renewal": (1.5, (0.0, 5.0)),
}
_INPUTS = 200
_NOISE, _NOISY_INPUT, _BETAS = "renewal", 1.5, (2.0, 5.0, float("inf"))


@plainly
def demo(
    out: Annotated[str, typer.Option(metavar="FOLDER", help="Where to put the figures.")] = "neurosim-demo",
) -> None:
    """Draw spike trains and gain functions of all models, and recall a letter.

    Figures go into a folder, a table to the terminal.
    """
    import numpy as np
    from rich.console import Console
    from rich.progress import Progress

    from ..distributions import interval_distribution
    from ..experiments import gain_function

    folder = Path(out)
    began = time.perf_counter()
    trains, gains, seconds = {}, {}, {}
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("starting", total=len(_LADDER) + 2)
        for name, (amplitude, span) in _LADDER.items():
            progress.update(task, description=name)
            started = time.perf_counter()
            trains[name] = _train(name, amplitude)
            gains[name] = gain_function(name, np.linspace(*span, _INPUTS), seed=1)
            seconds[name] = time.perf_counter() - started
            progress.advance(task)
        progress.update(task, description="noise")
        betas = {"beta": _BETAS}
        intervals = interval_distribution(_NOISE, _NOISY_INPUT, parameters=betas, seed=1)
        noisy = gain_function(_NOISE, np.linspace(*_LADDER[_NOISE][1], 50), parameters=betas, seed=1)
        progress.advance(task)
        progress.update(task, description="drawing")
        written = _draw(folder, trains, gains, intervals, noisy)
    table = heading(
        f"The ladder: {_INPUTS} inputs × 1 s each",
        [("model", "left"), ("onset", "right"), ("kind", "left"), ("highest rate (Hz)", "right"),
         ("time (s)", "right")],
    )  # fmt: skip
    for name, gain in gains.items():
        onset = f"{gain.onset:.4g} {gain.unit}".rstrip() if np.isfinite(gain.onset) else "–"
        table.add_row(name, onset, str(gain.kind or "–"), f"{gain.rate.max():.1f}", f"{seconds[name]:.1f}")
    show_table(table)
    typer.echo("noise: the renewal neuron at beta = 2, 5 and ∞, intervals and rates beside theory")
    typer.echo(f"  gain functions: {say_agreement(noisy)}\n")
    written.append(_recall(folder))
    for path in written:
        typer.echo(f"wrote {path}")
    typer.echo(f"{time.perf_counter() - began:.1f} s, compiling included where a kernel was not in the cache")


def _train(name: str, amplitude: float) -> "Recording":
    from ..currents import step
    from ..simulation import finished

    variable = {"renewal": "h"}.get(name, "V")
    return finished(name, step(amplitude, start=20, stop=180), 200, record=[variable], seed=1)


def _recall(folder: Path) -> Path:
    """Recall a letter from a noisy one, in the terminal and as a moving picture."""
    from ..artificial.hopfield import Hopfield
    from ..artificial.pattern_files import letters
    from ..artificial.patterns import flip
    from .hopfield import in_words, show_course
    from .pictures import Screen

    stored = letters("A-H")
    memory = Hopfield(100).store(stored, rule="pseudo-inverse")
    recall = memory.recall(flip(stored["C"], 0.12, seed=1), seed=1)
    screen = Screen()
    screen.text("The letters A to H in 100 units, and a C with 12 pixels flipped", "bold")
    screen.text()
    show_course(screen, recall, stored["C"])
    screen.text()
    screen.text(in_words(recall, "C"), "bold green")
    screen.text()
    path = folder / "recall.gif"
    recall.animate(path)
    return path


def _draw(
    folder: Path,
    trains: "dict[str, Recording]",
    gains: "dict[str, GainFunction]",
    intervals: "IntervalDistribution",
    noisy: "GainFunction",
) -> list[Path]:
    from ..errors import InputError
    from ..plot import figure_of, plot_ladder, plot_noise, save_figure

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {folder}: {error.strerror}; choose another with --out") from None
    first = figure_of(trains["hodgkin-huxley"].plot())
    ladder = plot_ladder(trains, gains)
    paths = [folder / "spike-train.png", folder / "ladder.png", folder / "noise.png"]
    for figure, path in zip((first, ladder, plot_noise(intervals, noisy)), paths, strict=True):
        save_figure(figure, path)
    return paths
