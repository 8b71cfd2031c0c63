"""``neurosim check`` and ``neurosim new``: a user's own model files."""

import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import JsonOption, heading, plainly, print_json, show_table

if TYPE_CHECKING:
    from ..check import CheckResult
    from ..model import Model

_TEMPLATE = """\
# A neuron model for neurosim. Try it:
#     neurosim check {name}.toml
#     neurosim run ./{name}.toml --current 2.5 --plot {name}.png
name = "{name}"
summary = "A leaky membrane with an adaptation current."
reference = "Where the equations come from: authors, year, journal, doi:…"

[defaults]
dt = "0.05 ms"      # the step the checks below are run with
method = "rk4"      # rk4, dopri5 (chooses its steps), exact (linear models), …: see the docs

[parameters]        # value with unit, meaning, and, if you like, a LaTeX symbol
tau_m = ["10 ms", "membrane time constant"]
tau_w = ["100 ms", "time constant of the adaptation"]
R_m = ["10 MOhm", "membrane resistance"]
E_L = ["-70 mV", "resting potential"]
theta = ["-50 mV", "threshold", "\\\\vartheta"]
V_r = ["-65 mV", "potential after a spike"]
b = ["0.1 nA", "jump of the adaptation at a spike"]
t_ref = ["2 ms", "refractory time"]

[inputs]            # what drives the model; bare numbers are in this unit
I = ["nA", "injected current"]

[define]            # named expressions, in any order
V_inf = "E_L + R_m*(I - w)"

[state]             # where each variable starts, and its rate of change
V = {{ start = "E_L", rate = "(V_inf - V)/tau_m" }}
w = {{ start = "0*nA", rate = "-w/tau_w" }}

[spike]             # one rule; the reset and what follows are optional
threshold = "V > theta"
reset = {{ V = "V_r", w = "w + b" }}
refractory = "t_ref"
hold = ["V"]        # keeps its reset value while refractory

# Expressions: + - * / ** ( ), comparisons, and/or/not, a if c else b,
# exp log sqrt tanh sinh cosh abs min max heaviside exprelr gate, pi, inf, t, since_spike,
# and units: ms s mV V pA nA uA nS uS mS pF nF uF kOhm MOhm Hz kHz um cm ...

[[check]]           # what must come out, and who says so
input = "1.9 nA"
duration = "500 ms"
spike_count = {{ value = 0, tolerance = 0, source = "below the rheobase (theta - E_L)/R_m = 2 nA" }}
final = {{ V = {{ value = "-51 mV", tolerance = "1e-6 mV", source = "E_L + R_m I" }} }}
"""


def shown(value: float | str) -> str:
    """A value of a check as people read it."""
    return value if isinstance(value, str) else f"{value:.10g}"


@plainly
def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A model file, or the name of a model.")],
    sources: Annotated[bool, typer.Option("--sources", help="Say where each value comes from.")] = False,
    json: JsonOption = False,
) -> None:
    """Read a model file and run the checks it carries.

    Of those that fail it says where the value comes from.
    """
    from ..check import check_model
    from ..model import load_model

    model = load_model(Path(file) if Path(file).is_file() else file)
    results = check_model(model)
    failed = sum(not result.passed for result in results)
    if json:
        print_json(
            {
                "model": model.name,
                "checks": [
                    result.expected._asdict() | {"found": result.found, "passed": result.passed} for result in results
                ],
            }
        )
    else:
        table = _table(model, results)
        if results:
            show_table(table)
            for line in _sources(results) if sources else ():
                typer.echo(line)
        else:
            typer.echo(f"{model.name} is a model, but carries no checks; add a [[check]] so that it is tested")
    if failed:
        if not json:
            for line in _sources([result for result in results if not result.passed]) if not sources else ():
                typer.echo(line, err=True)
            typer.echo(f"{failed} of {len(results)} failed", err=True)
        raise typer.Exit(1)


def _table(model: "Model", results: "list[CheckResult]") -> Any:
    variants = [model.checks[result.check - 1].variant for result in results]
    names = ["check", "quantity", "expected", "found", "", *(["variant"] * any(variants))]
    table = heading(
        f"{model.name}: {len(results)} checks",
        [(name, "right" if name in ("expected", "found") else "left") for name in names],
    )
    for column in table.columns[:5]:
        column.no_wrap = True
    shown_already = 0
    for result, variant in zip(results, variants, strict=True):
        number, expected, found = result
        variant = "" if variant is None or number == shown_already else textwrap.fill(variant, 10)
        shown_already = number
        wanted = shown(expected.value)
        if not isinstance(expected.value, str):
            wanted = f"{wanted} ± {expected.tolerance:g} {expected.unit}".rstrip()
        cells = [str(number), expected.quantity, wanted, shown(found), "ok" if result.passed else "FAILED"]
        table.add_row(*cells, *([variant] * any(variants)))
    return table


def _sources(results: "list[CheckResult]") -> list[str]:
    """Where the values of each check come from: a line for each source."""
    quantities: dict[tuple[int, str], list[str]] = {}
    for number, expected, _ in results:
        quantities.setdefault((number, expected.source), []).append(expected.quantity)
    return [f"check {number}, {', '.join(names)}: {source}" for (number, source), names in quantities.items()]


@plainly
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the model: lower case, digits and '-'.")],
) -> None:
    """Write a commented model file to start from.

    It becomes NAME.toml in this folder.
    """
    from ..errors import InputError, excerpt
    from ..files import replacing

    name = name.removesuffix(".toml")
    if not re.fullmatch(r"[a-z0-9-]{1,64}", name, re.ASCII):
        raise InputError(f"{excerpt(name)}: a model name has lower-case letters, digits and '-', at most 64")
    path = Path(f"{name}.toml")
    if path.exists():
        raise InputError(f"{path} exists already; take another name or delete it first")
    with replacing(path) as temporary:
        temporary.write_text(_TEMPLATE.format(name=name), encoding="utf-8")
    typer.echo(f"wrote {path}; next: neurosim check {path}")
