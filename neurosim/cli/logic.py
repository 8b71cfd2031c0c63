"""``neurosim boolean`` and ``neurosim circuit``."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import JsonOption, PlotOption, heading, plainly, print_json, save_plot, show_table

if TYPE_CHECKING:
    from ..artificial.logic import Circuit

boolean = typer.Typer(
    help="Boolean functions and the single threshold unit.", no_args_is_help=True, rich_markup_mode=None
)
FunctionArgument = Annotated[
    str,
    typer.Argument(
        metavar="FUNCTION",
        help="A truth table such as 0110 (2^n values, the first input leading) or an expression such as 'a and not b'.",
    ),
]


@boolean.command()
@plainly
def separable(function: FunctionArgument, json: JsonOption = False) -> None:
    """Say whether one unit can compute a function, with the proof.

    Weights and threshold; or convex combinations of inputs with value 1 and with value 0 that coincide.
    """
    from ..artificial.formula import input_rows, truth_table
    from ..artificial.separable import is_linearly_separable
    from ..artificial.synthesis import smallest_weights

    names, table = truth_table(function)
    verdict = is_linearly_separable(table)
    rows = input_rows(len(names)).tolist()
    if verdict:
        weights, threshold = smallest_weights(table)
        result: dict[str, Any] = {
            "inputs": list(names), "separable": True, "weights": weights, "threshold": threshold,
            "margin": verdict.margin,
        }  # fmt: skip
    else:
        proof = verdict.certificate
        assert proof is not None
        sides = ((proof.upper, proof.upper_shares), (proof.lower, proof.lower_shares))
        ones, zeros = ([{"input": rows[k], "share": float(a)} for k, a in zip(*side, strict=True)] for side in sides)
        result = {"inputs": list(names), "separable": False, "ones": ones, "zeros": zeros, "point": proof.point}
    if json:
        print_json(result)
    elif verdict:
        typer.echo(f"linearly separable: 1 where {_sum(names, weights.tolist())} > {threshold:g}")
        typer.echo(f"largest margin {verdict.margin:.6g}")
    else:
        typer.echo(f"not linearly separable: inputs ({', '.join(names)}) with the value 1 and with the value 0 mix to")
        typer.echo("the same point")
        for word, members in (("1", result["ones"]), ("0", result["zeros"])):
            mixed = " + ".join(f"{m['share']:g} ({', '.join(map(str, m['input']))})" for m in members)
            typer.echo(f"  value {word}: {mixed} = ({', '.join(f'{x:g}' for x in result['point'])})")


def _sum(names: tuple[str, ...], weights: list[int]) -> str:
    """Such as a − 2 b + c."""
    text = ""
    for name, weight in zip(names, weights, strict=True):
        if weight:
            size = "" if abs(weight) == 1 else f"{abs(weight)} "
            sign = ("−" if weight < 0 else "") if not text else (" − " if weight < 0 else " + ")
            text += f"{sign}{size}{name}"
    return text or "0"


@boolean.command()
@plainly
def count(
    n: Annotated[int, typer.Argument(metavar="N", help="Number of inputs.")],
    patience: Annotated[float, typer.Option(help="Seconds; what is estimated to take longer is refused.")] = 60.0,
    json: JsonOption = False,
) -> None:
    """Count the functions of N inputs that one unit can compute."""
    from ..artificial.counting import count_separable

    found = count_separable(n, patience)
    if json:
        print_json({"n": n, "separable": found, "functions": 2 ** (2**n)})
    else:
        typer.echo(f"{found:,} of 2^{2**n} = {2 ** (2**n):,} functions of {n} inputs are linearly separable")


@plainly
def circuit(function: FunctionArgument, plot: PlotOption = None, json: JsonOption = False) -> None:
    """Make a network of threshold units that computes a Boolean function."""
    from ..artificial.synthesis import circuit as make

    made = make(function)
    save_plot(made, plot)
    if json:
        network = made.network
        print_json(
            {
                "inputs": made.inputs,
                "outputs": made.outputs,
                "weights": network.weights.toarray(),
                "thresholds": network.thresholds,
                "truth_table": made.truth_table()[:, 0],
            }
        )
        return
    _describe(made)
    if plot is not None:
        typer.echo(f"wrote {plot}")


def _describe(made: "Circuit") -> None:
    network = made.network
    typer.echo(f"{network.topology}")
    table = heading("Units", [("unit", "left"), ("is 1 where", "left")])
    names = [name or f"h{k - len(made.inputs) + 1}" for k, name in enumerate(network.names or ())]
    dense = network.weights.toarray()
    for unit in network.free:
        weights = [int(w) for w in dense[unit]]
        table.add_row(names[unit], f"{_sum(tuple(names), weights)} > {network.thresholds[unit]:g}")
    show_table(table)
