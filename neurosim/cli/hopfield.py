"""``neurosim hopfield recall``; its other commands are in memory.py."""

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError, choices, excerpt
from .common import JsonOption, plainly, print_json, save_plot

if TYPE_CHECKING:
    from ..artificial.hopfield import Hopfield
    from ..artificial.memory_recall import Recall
    from .pictures import Screen

app = typer.Typer(help="Associative memories.", no_args_is_help=True, rich_markup_mode=None)

PatternsOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="letters:A-H|digits|FILE",
        help="What to store; may be given several times. FILE: a text of # and . or an image. [default: letters:A-H]",
    ),
]
SizeOption = Annotated[str, typer.Option(metavar="ROWSxCOLUMNS", help="What images are resized to.")]
RuleOption = Annotated[
    str | None,
    typer.Option(
        help="hebb, covariance, pseudo-inverse, storkey or perceptron. [default: pseudo-inverse; hebb with --unlearn]"
    ),
]
UnlearnOption = Annotated[int, typer.Option(metavar="N", help="Steps of unlearning after storing.", min=0)]
SeedOption = Annotated[int, typer.Option(help="The same seed gives the same result.", min=0)]
_DOSE = 450  # steps of unlearning for the letters A–H


@app.command()
@plainly
def recall(
    patterns: PatternsOption = None,
    cue: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="Where to start. [default: a pattern drawn by the seed]")
    ] = None,
    noise: Annotated[
        float | None, typer.Option(help="Share of the cue to flip. [default: 0.12; 0 with --mask or a cue from a file]")
    ] = None,
    mask: Annotated[
        str | None, typer.Option(metavar="PART", help="Blank half of the cue: top, bottom, left, right or middle.")
    ] = None,
    size: SizeOption = "40x40",
    rule: RuleOption = None,
    unlearn: UnlearnOption = 0,
    beta: Annotated[float, typer.Option(metavar="B", help="Inverse temperature.")] = float("inf"),
    update: Annotated[str, typer.Option(metavar="asynchronous|synchronous", help="One unit at a time, or all.")] = (
        "asynchronous"
    ),
    max_sweeps: Annotated[int, typer.Option(help="When to stop at the latest.", min=1)] = 100,
    seed: SeedOption = 1,
    animate: Annotated[bool, typer.Option("--animate", help="Show the course in the terminal.")] = False,
    compare: Annotated[
        bool,
        typer.Option("--compare", help="All patterns as cues, for Hebb's rule, with unlearning, and pseudo-inverse."),
    ] = False,
    plot: Annotated[
        str | None, typer.Option("--plot", metavar="PATH", help="Draw into a file (.png, .pdf, .svg, .gif moves).")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Store patterns, start at a spoiled one and see what comes back."""
    stored = load_patterns(patterns, size)
    spoil = Spoiler(noise, mask, seed)
    if compare:
        _compare(stored, spoil, seed, plot, json, unlearn or _DOSE)
        return
    with notes():
        memory = make_memory(stored, rule, unlearn, seed)
    name, start = find_cue(stored, cue, spoil, size)
    result = memory.recall(start, update, beta, seed=seed, max_sweeps=max_sweeps)
    if plot is not None:
        _write(result, plot)
    if json:
        print_json(
            {
                "verdict": result.verdict,
                "pattern": result.pattern,
                "overlap": result.overlap,
                "energy": result.energy,
                "sweeps": result.sweeps,
                "state": result.state,
            }
        )
        return
    _show(memory, result, name, spoil, animate)
    if plot is not None:
        typer.echo(f"wrote {plot}")


# What goes in ----------------------------------------------------------------------------------------------------


def load_patterns(sources: list[str] | None, size: str = "40x40") -> dict[str, Any]:
    """Patterns by name, from the words of --patterns."""
    stored: dict[str, Any] = {}
    for source in sources or ["letters:A-H"]:
        for name, pattern in _from_source(source, size).items():
            if name in stored:
                raise InputError(f"--patterns: two patterns have the name {excerpt(name)}")
            stored[name] = pattern
    return stored


def _from_source(source: str, size: str) -> dict[str, Any]:
    from ..artificial.pattern_files import digits, letters, read_image, read_patterns

    kind, colon, which = source.partition(":")
    if kind == "letters":
        return letters(which) if colon else letters()
    if kind == "digits":
        return digits(which) if colon else digits()
    path = Path(source)
    if not path.exists():
        hint = choices(source, ["letters", "digits"])
        raise InputError(f"--patterns {excerpt(source)}: no such file, and not letters or digits; {hint}")
    if path.suffix.lower() in (".txt", ""):
        return read_patterns(path)
    return {path.stem: read_image(path, _shape(size))}


def _shape(size: str) -> tuple[int, int]:
    rows, _, columns = size.lower().replace("×", "x").partition("x")
    if not (rows.isdecimal() and columns.isdecimal() and 0 < int(rows) <= 1000 and 0 < int(columns) <= 1000):
        raise InputError(f"--size {excerpt(size)}: write ROWSxCOLUMNS such as 40x40, up to 1000 each")
    return int(rows), int(columns)


class Spoiler:
    """Noise and mask, as asked for."""

    def __init__(self, noise: float | None, part: str | None, seed: int) -> None:
        self.noise, self.part, self.seed = noise, part, seed

    def __call__(self, pattern: Any, usual: float = 0.12, key: int = 0) -> Any:
        """A spoiled copy; `usual` is the noise where none was asked for."""
        from ..artificial.patterns import flip, mask

        self.usual = 0.0 if self.part else usual
        spoiled = mask(pattern, self.part) if self.part else pattern
        return flip(spoiled, self.usual if self.noise is None else self.noise, seed=self.seed + key)

    def words(self, n: int) -> str:
        """Such as "12 of 100 pixels flipped"."""
        noise = self.usual if self.noise is None else self.noise
        done = [f"{self.part} blank"] if self.part else []
        done += [f"{round(noise * n)} of {n} pixels flipped"] if noise else []
        return " and ".join(done) or "as it is"


def find_cue(stored: dict[str, Any], cue: str | None, spoil: Spoiler, size: str) -> tuple[str, Any]:
    """The name of the cue, and the spoiled cue."""
    if cue is None:
        from ..artificial.patterns import random_numbers

        cue = list(stored)[int(random_numbers(spoil.seed, 3).integers(len(stored)))]
    if cue in stored:
        return cue, spoil(stored[cue])
    if not Path(cue).exists():
        raise InputError(f"--cue {excerpt(cue)}: neither a stored pattern nor a file; {choices(cue, stored)}")
    found = _from_source(cue, size)
    if len(found) > 1:
        raise InputError(f"--cue {excerpt(cue)}: the file has {len(found)} patterns; a cue is one")
    (name, pattern), *_ = found.items()
    return name, spoil(pattern, usual=0.0)


def make_memory(stored: dict[str, Any], rule: str | None, unlearn: int, seed: int) -> "Hopfield":
    """A memory of these patterns."""
    from ..artificial.hopfield import Hopfield

    memory = Hopfield(next(iter(stored.values())).size)
    memory.store(stored, rule or ("hebb" if unlearn else "pseudo-inverse"))
    return memory.unlearn(unlearn, seed=seed) if unlearn else memory


@contextmanager
def notes() -> Iterator[None]:
    """Say warnings on stderr, as sentences."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        typer.echo(f"note: {warning.message}", err=True)


# What comes out --------------------------------------------------------------------------------------------------


def _write(result: "Recall", path: str) -> None:
    if path.lower().endswith(".gif"):
        result.animate(path)
        return
    save_plot(result, path)


def _show(memory: "Hopfield", result: "Recall", name: str, spoil: Spoiler, animate: bool) -> None:
    from .pictures import Screen

    screen = Screen()
    target = _target(result, name)
    changed = ", after unlearning" if "unlearning" in repr(memory) else ""
    count = len(memory.names)
    screen.text(
        f"{count} pattern{'s' * (count > 1)} in {memory.n} units, {memory.rule} rule{changed}, α = {memory.load:.3g}; "
        f"the cue is {name}, {spoil.words(memory.n)}"
    )
    screen.text()
    if animate and screen.blocks:
        _animate(screen, result, target)
    show_course(screen, result, target)
    screen.text()
    if result.energy is not None:
        values = result.energy / memory.n
        screen.text(f"  energy   {screen.sparks(values)}{_through(values)} per unit")
    screen.text(f"  flips    {_through(result.flips, '')} per sweep")
    screen.text()
    overlaps = sorted(zip(memory.names, result.overlaps.tolist(), strict=True), key=lambda pair: -abs(pair[1]))[:12]
    screen.bars(sorted(overlaps, key=lambda pair: memory.names.index(pair[0])), result.nearest)
    if len(memory.names) > 12:
        screen.text(f"  (the 12 largest of {len(memory.names)} overlaps)", "dim")
    screen.text()
    style = {"retrieved": "bold green" if result.pattern == name or name not in memory.names else "bold yellow"}
    screen.text(in_words(result, name), style.get(result.verdict, "bold yellow"))


def _target(result: "Recall", name: str) -> Any:
    names = result.stored.names
    if name not in names:
        return None
    return result.stored.pattern(names.index(name)).reshape(result.state.shape)


def _through(values: Any, form: str = ".3f") -> str:
    texts = [f"{value:{form}}".replace("-", "−") for value in values]
    return " → ".join(texts if len(texts) <= 7 else [*texts[:4], "…", *texts[-2:]])


def show_course(screen: "Screen", result: "Recall", target: Any) -> None:
    """Cue, states after sweeps in which something moved, and what was stored."""
    import numpy as np

    from .pictures import shrink

    moved = [0, *(np.flatnonzero(result.flips) + 1).tolist()]
    ending = [] if target is None else [("stored", target)]
    room = screen.fits([("sweep 99", result.state)]) - len(ending)
    if len(moved) > room:
        moved = [*moved[: max(1, room - 1)], moved[-1]]
    titles = {0: "cue", moved[-1]: f"sweep {moved[-1]}" if moved[-1] else "cue"}
    pictures = [(titles.get(k, f"sweep {k}"), result.states[k]) for k in moved]
    screen.row([*pictures, *ending], like=target)
    columns = result.state.shape[1] if result.state.ndim == 2 else 0
    if columns and shrink(result.state, screen.width // 2 - 4).shape[1] < columns:
        screen.text("  (made smaller to fit)", "dim")


def _animate(screen: "Screen", result: "Recall", target: Any) -> None:
    from rich.console import Group
    from rich.live import Live

    from ..artificial.memory_recall import frames

    shown = frames(result, 30)
    with Live(console=screen.console, refresh_per_second=20, transient=True) as live:
        for number, (title, state) in enumerate(shown):
            live.update(Group(*screen.lines([(title, state)], like=target)), refresh=True)
            time.sleep(0.8 if number in (0, len(shown) - 1) else 0.06)


def in_words(result: "Recall", cue: str | None = None) -> str:
    """The verdict as a sentence."""
    sweeps = f"{result.sweeps} sweep{'s' * (result.sweeps > 1)}"
    verdict = str(result)
    if result.verdict in ("retrieved", "mirror"):
        wrong = f"{result.errors} of {result.live or result.stored.n} units wrong"
        thing = verdict if result.verdict == "retrieved" else f"mirror image: {result.pattern} with all signs reversed"
        if result.period == 1:
            sentence = f"{thing}, {'exactly' if result.exact else wrong}, after {sweeps}"
        else:
            sentence = f"{thing}, mean overlap {result.overlap:.3f} over the last half of {sweeps}"
        other = cue is not None and cue in result.stored.names and result.pattern != cue
        return sentence + (f" – but the cue was {cue}" if other else "")
    nearest = f"nearest is {result.nearest} with overlap {result.overlap:.2f}".replace("-", "−")
    if result.verdict == "spurious":
        what = f"{verdict}" if result.mixture else "spurious: a stable state that is no mixture of a few patterns"
        return f"{what}; {nearest}, after {sweeps}"
    if result.period:
        return f"{verdict}: the network comes back to the same {result.period} states for ever; {nearest}"
    return f"not converged after {sweeps}; {nearest}"


def _compare(stored: dict[str, Any], spoil: Spoiler, seed: int, plot: str | None, json: bool, dose: int) -> None:
    from .pictures import Screen

    cues = {name: spoil(pattern, key=k) for k, (name, pattern) in enumerate(stored.items())}
    with notes():
        memories = {
            "Hebb": make_memory(stored, "hebb", 0, seed),
            "unlearning": make_memory(stored, "hebb", dose, seed),
            "pseudo-inverse": make_memory(stored, "pseudo-inverse", 0, seed),
        }
    rows = {
        title: [memory.recall(cue, seed=seed + k) for k, cue in enumerate(cues.values())]
        for title, memory in memories.items()
    }
    if plot is not None:
        from ..plot import save_figure
        from ..plot.memory import plot_comparison

        save_figure(plot_comparison(cues, rows, stored), plot)
    right = {
        title: sum(result.pattern == name for result, name in zip(results, stored, strict=True))
        for title, results in rows.items()
    }
    if json:
        print_json({"noise": spoil.words(next(iter(stored.values())).size), "unlearning": dose,
                    "patterns": list(stored), "retrieved": right})  # fmt: skip
        return
    screen = Screen()
    screen.text(f"{len(stored)} cues, {spoil.words(next(iter(stored.values())).size)}")
    for title, pictures in (
        {"cue": list(cues.values())} | {t: [r.state for r in rs] for t, rs in rows.items()}
    ).items():
        found = f": {right[title]} of {len(stored)} retrieved" if title in right else ""
        steps = f" ({dose} steps)" if title == "unlearning" else ""
        screen.text(f"\n{title}{steps}{found}", "bold")
        for start in range(0, len(pictures), per := screen.fits([("", picture) for picture in pictures])):
            part = pictures[start : start + per]
            if start:
                screen.text()
            screen.row([("", picture) for picture in part], titles=False)
    if plot is not None:
        typer.echo(f"wrote {plot}")
