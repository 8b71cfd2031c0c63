"""What all commands share: options, errors in plain words, JSON."""

import functools
import json
import math
import os
import sys
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ParamSpec, TypeVar

import typer

from ..errors import InputError, NeurosimError, SimulationError, choices, excerpt
from ..methods import METHODS

P = ParamSpec("P")
R = TypeVar("R")

ModelArgument = Annotated[
    str, typer.Argument(metavar="MODEL", help="Name of a model (see `neurosim models`) or path of a model file.")
]
DtOption = Annotated[str | None, typer.Option(help="Time step, in ms or with a unit. [default: the model's]")]
MethodOption = Annotated[str | None, typer.Option(help=f"{', '.join(METHODS)}. [default: the model's]")]
TimingOption = Annotated[
    str | None, typer.Option(metavar="located|grid", help="Where in a step spikes happen. [default: the model's]")
]
VariantOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Parameters by name: a variant of the model (see `neurosim show`).")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE[,VALUE…]", help="Change a parameter; may be given several times."),
]
NoiseOption = Annotated[
    str | None,
    typer.Option("--noise", metavar="NOISE", help="Noise current to add: white:0,5, ornstein-uhlenbeck:0,5,10, …"),
]
SeedOption = Annotated[int | None, typer.Option(help="Of the random numbers. [default: a fresh one]")]
TheoryOption = Annotated[bool, typer.Option("--theory/--no-theory", help="Compare with theory where one is known.")]
ThreadsOption = Annotated[int | None, typer.Option(help="Threads to use. [default: all cores]")]
BackendOption = Annotated[
    str, typer.Option(metavar="neurosim|brian2", help="What runs the neurons; brian2 needs neurosim[brian2].")
]
PlotOption = Annotated[str | None, typer.Option("--plot", metavar="PATH", help="Draw into a file (.png, .pdf, .svg).")]
CsvOption = Annotated[str | None, typer.Option("--csv", metavar="PATH", help="Write the numbers into a CSV file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")]


def plainly(command: Callable[P, R]) -> Callable[P, R]:
    """End a command with a sentence instead of a traceback: exit code 2 for bad input, 1 for a failed run."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except NeurosimError as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(1 if isinstance(error, SimulationError) else 2) from None
        except MemoryError:
            typer.echo("error: not enough memory; take fewer neurons, a shorter duration or record less", err=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            typer.echo("interrupted", err=True)
            raise typer.Exit(130) from None
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            typer.echo(f"error: cannot write the result: {error.strerror or error}", err=True)
            raise typer.Exit(1) from None

    return wrapped


def print_json(result: Mapping[str, Any]) -> None:
    """Print a result as one JSON object: NaN becomes null, infinities "inf" and "-inf"."""
    typer.echo(json.dumps(_plain(result)))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):  # NumPy's arrays and numbers
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value


def simulator(backend: str) -> Callable[..., Any]:
    """The `simulate` of a backend."""
    if backend == "brian2":
        from ..brian import simulate

        return simulate
    if backend != "neurosim":
        raise InputError(f"--backend {excerpt(backend)}: {choices(backend, ('neurosim', 'brian2'))}")
    from ..simulation import simulate as native

    return native


def parse_settings(texts: list[str] | None, known: Mapping[str, Any]) -> dict[str, Any]:
    """``["g_Na=100,120", …]`` as parameters: one value, or a list of several."""
    settings: dict[str, Any] = {}
    for text in texts or []:
        name, equals, values = text.partition("=")
        name = name.strip()
        if not equals or not values:
            hint = "" if name in known else f"; {choices(name, known)}"
            raise InputError(f"--set {text}: write NAME=VALUE, such as --set {name}=1{hint}")
        if name in settings:
            raise InputError(f"--set {name} is given twice; write the values in one list, {name}=1,2")
        parts: list[str] = values.split(",")
        settings[name] = parts[0] if len(parts) == 1 else parts
    return settings


def heading(text: str, columns: list[tuple[str, str]]) -> Any:
    """A Rich table with a title above and columns of (name, justification)."""
    from rich import box
    from rich.table import Table

    table = Table(title=text, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold", pad_edge=False)
    for name, justify in columns:
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]  # "left" or "right"
    return table


def member_name(families: Mapping[str, Any], index: tuple[int, ...]) -> str:
    """The values of one member of the families, such as ``beta=2``."""
    return ", ".join(f"{name}={values[k]:g}" for k, (name, values) in zip(index, families.items(), strict=True))


def say_written(written: list[str]) -> None:
    """Name the files that a command wrote."""
    for path in written:
        typer.echo(f"wrote {path}")


def save_plot(result: Any, path: str | None) -> None:
    """Draw a result into a file, if one is named."""
    if path is not None:
        from ..plot import figure_of, save_figure

        save_figure(figure_of(result.plot()), path)


def show_table(table: Any) -> None:
    """Print a table, to the width of the terminal; whole words are kept where the output is no terminal."""
    from rich.console import Console

    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 100
    console = Console(width=width, highlight=False, markup=False)
    title, table.title = table.title, None  # Rich would break it to the width of a narrow table
    if title:
        console.print(title, style=table.title_style)
    console.print(table)
