"""``neurosim rerun`` and ``neurosim diff``: recordings that were kept."""

from typing import Annotated

import typer

from .common import JsonOption, plainly, print_json

FileArgument = Annotated[str, typer.Argument(metavar="FILE", help="A recording, as --out or `save` writes them.")]


@plainly
def rerun(file: FileArgument, json: JsonOption = False) -> None:
    """Repeat a recording from its receipt and say whether it comes out the same.

    Bit by bit on the machine and with the versions it was made with, to rounding elsewhere. Exit code 1 if it differs.
    """
    from ..files import rerun as repeat

    result = repeat(file, progress=True)
    if json:
        print_json(
            {
                "verdict": result.verdict,
                "same_environment": result.same_environment,
                "receipt": [line._asdict() for line in result.comparison.receipt],
                "result": [line._asdict() for line in result.comparison.result],
            }
        )
    else:
        typer.echo(f"{file}: {result}")
    if result.verdict == "different":
        raise typer.Exit(1)


@plainly
def diff(
    one: Annotated[str, typer.Argument(metavar="A", help="A recording.")],
    other: Annotated[str, typer.Argument(metavar="B", help="Another.")],
    json: JsonOption = False,
) -> None:
    """Say what differs between two recordings: what they were made with, and what came of it.

    Exit code 1 if anything does.
    """
    from ..files import diff as compare

    comparison = compare(one, other)
    if json:
        print_json(
            {
                "identical": comparison.identical,
                "close": comparison.close,
                "receipt": [line._asdict() for line in comparison.receipt],
                "result": [line._asdict() for line in comparison.result],
            }
        )
    else:
        typer.echo(str(comparison))
    if comparison.receipt or comparison.result:
        raise typer.Exit(1)
