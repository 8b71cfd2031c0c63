"""``neurosim export``."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import (
    DtOption,
    MethodOption,
    ModelArgument,
    NoiseOption,
    SeedOption,
    SetOption,
    VariantOption,
    parse_settings,
    plainly,
    say_written,
)
from .run import CURRENT, AreaOption, InterpolateOption, UnitOption, drive_of, length_of, load_variant

if TYPE_CHECKING:
    from ..model import Model


@plainly
def export(
    model: ModelArgument,
    to: Annotated[str, typer.Option(metavar="brian2", help="The simulator to write for.")],
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="PATH", help="Where to write it. [default: print it]")
    ] = None,
    current: Annotated[
        list[str] | None,
        typer.Option(metavar="CURRENT", help=f"{CURRENT} [default: that of the variant or of the first check]"),
    ] = None,
    duration: Annotated[
        str | None,
        typer.Option(
            help="In ms, or with a unit. [default: that of a recorded current, of the variant or of the first check]"
        ),
    ] = None,
    neurons: Annotated[int | None, typer.Option(help="How many. [default: as the values given]", min=1)] = None,
    noise: NoiseOption = None,
    seed: SeedOption = None,
    variant: VariantOption = None,
    dt: DtOption = None,
    method: MethodOption = None,
    set_: SetOption = None,
    unit: UnitOption = None,
    area: AreaOption = None,
    interpolate: InterpolateOption = False,
) -> None:
    """Write a run as a script for another simulator, which needs neurosim no more.

    Its spikes are those of `neurosim run` with --spike-timing grid.
    """
    from ..errors import InputError, choices, excerpt

    if to != "brian2":
        raise InputError(f"--to {excerpt(to)}: {choices(to, ['brian2'])}")
    from ..brian import script

    loaded = load_variant(model, variant)
    texts, length = _usual(loaded, variant)
    drive = drive_of(loaded, current or texts, noise, {"unit": unit, "area": area, "interpolate": interpolate})
    text = script(
        loaded,
        drive,
        duration or length_of(drive, dt or loaded.dt) or length,
        neurons=neurons,
        dt=dt,
        method=method,
        parameters=parse_settings(set_, loaded.parameters),
        seed=seed,
    )
    if output is None:
        typer.echo(text.rstrip("\n"))
        return
    with open(output, "w", encoding="utf-8") as file:
        file.write(text)
    say_written([output])


def _usual(model: "Model", variant: str | None) -> tuple[list[str], Any]:
    """What to run where nobody says: the variant as it is meant, or the first check."""
    usual = model.variants.get(variant or "")
    if usual is not None and usual.current is not None:
        return [usual.current], usual.duration or 100
    check = next((check for check in model.checks if check.variant is None and not check.parameters), None)
    if check is None:
        return [f"{name}=0" for name in model.inputs], 100
    if isinstance(check.input, Mapping):
        return [f"{name}={value}" for name, value in check.input.items()], check.duration
    return [str(check.input)] if model.inputs else [], check.duration
