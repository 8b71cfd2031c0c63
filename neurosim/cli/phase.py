"""``neurosim phase``, ``neurosim bifurcation`` and ``neurosim rheobase``."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import (
    JsonOption,
    ModelArgument,
    PlotOption,
    SetOption,
    VariantOption,
    heading,
    parse_settings,
    plainly,
    print_json,
    save_plot,
    say_written,
    show_table,
)
from .run import load_variant

if TYPE_CHECKING:
    from ..bifurcations import Bifurcation
    from ..flow import FixedPoint
    from ..phase import PhasePlane

ConstantOption = Annotated[
    list[str] | None,
    typer.Option("--current", metavar="CURRENT", help="Constant input; NAME=… for a model with several. [default: 0]"),
]


@plainly
def phase(
    model: ModelArgument,
    x: Annotated[str | None, typer.Option("--x", metavar="STATE", help="State along x. [default: the first]")] = None,
    y: Annotated[
        str | None, typer.Option("--y", metavar="STATE", help="State along y. [default: the second of two]")
    ] = None,
    current: ConstantOption = None,
    xlim: Annotated[str | None, typer.Option(metavar="LOW,HIGH", help="Range of x. [default: found by trying]")] = None,
    ylim: Annotated[str | None, typer.Option(metavar="LOW,HIGH", help="Range of y. [default: found by trying]")] = None,
    hold: Annotated[
        list[str] | None,
        typer.Option(metavar="STATE=VALUE", help="Hold another state; the others follow at their steady state."),
    ] = None,
    from_: Annotated[
        list[str] | None, typer.Option("--from", metavar="X,Y", help="Where a trajectory begins; several times.")
    ] = None,
    duration: Annotated[str, typer.Option(help="Of trajectories, in ms or with a unit.")] = "200",
    variant: VariantOption = None,
    set_: SetOption = None,
    plot: PlotOption = None,
    json: JsonOption = False,
) -> None:
    """Find and classify the fixed points of a model in the plane of two states.

    With --plot, draw nullclines, vector field and trajectories.
    """
    from ..phase import phase_plane

    loaded = load_variant(model, variant)
    result = phase_plane(
        loaded,
        x,
        y,
        _constant(current),
        xlim=_pair(xlim, "--xlim"),
        ylim=_pair(ylim, "--ylim"),
        others=parse_settings(hold, loaded.states),
        parameters=parse_settings(set_, loaded.parameters),
        trajectories=[_pair(text, "--from") for text in from_] if from_ else None,
        duration=duration,
    )
    save_plot(result, plot)
    if json:
        print_json(_phase_json(result))
        return
    table = _states_table(f"{result.model.name}: {result.y} against {result.x}", list(result.model.states))
    for point in result.fixed_points:
        table.add_row(point.kind, *_numbers(point))
    show_table(table)
    if result.whole and len(result.model.states) > 2:
        typer.echo(f"In the model as a whole: {', '.join(point.kind for point in result.whole)}.")
    if not result.fixed_points:
        typer.echo("No fixed point within the limits.")
    say_written([plot] if plot else [])


@plainly
def bifurcation(
    model: ModelArgument,
    over: Annotated[str, typer.Option(metavar="NAME", help="Input or parameter to vary.")] = "I",
    from_: Annotated[str | None, typer.Option("--from", help="Lowest value. [default: 0]")] = None,
    to: Annotated[str | None, typer.Option(help="Highest value. [default: beyond the last bifurcation]")] = None,
    steps: Annotated[int, typer.Option(help="Values at which firing is simulated; 0 for none.", min=0)] = 81,
    duration: Annotated[str, typer.Option(help="How long to keep each value, in ms or with a unit.")] = "1000",
    discard: Annotated[str, typer.Option(help="How much of that to leave for settling.")] = "500",
    current: ConstantOption = None,
    variant: VariantOption = None,
    set_: SetOption = None,
    plot: PlotOption = None,
    json: JsonOption = False,
) -> None:
    """Follow fixed points and firing of a model over its input or a parameter."""
    from ..bifurcations import bifurcation as follow
    from ..errors import InputError

    loaded = load_variant(model, variant)
    if from_ is not None and to is None:
        raise InputError("--from needs --to: say where the range ends")
    result = follow(
        loaded,
        over,
        between=None if to is None else (from_ or 0, to),
        steps=steps,
        duration=duration,
        discard=discard,
        I=_constant(current),
        parameters=parse_settings(set_, loaded.parameters),
        progress=True,
    )
    save_plot(result, plot)
    if json:
        print_json(_bifurcation_json(result))
        return
    unit = f" ({result.unit})" if result.unit else ""
    table = heading(
        f"{result.model.name} over {result.over}{unit}",
        [("what", "left"), (f"{result.over}{unit}", "right"), (result.state, "right"), ("frequency (Hz)", "right")],
    )
    for point in result.points:
        where = f"{point.states[result.state]:.5g}" if point.states else "–"
        table.add_row(point.kind, f"{point.value:.6g}", where, f"{point.frequency:.4g}" if point.frequency else "–")
    show_table(table)
    if not result.points:
        typer.echo("No bifurcation in the range.")
    for low, high in result.bistable:
        typer.echo(f"Rest and firing are both stable from {low:.6g} to {high:.6g} {result.unit}".rstrip() + ".")
    say_written([plot] if plot else [])


@plainly
def rheobase(
    model: ModelArgument,
    duration: Annotated[str, typer.Option(help="How long to wait for a spike, in ms or with a unit.")] = "1000",
    low: Annotated[str, typer.Option(help="Lowest input to try.")] = "0",
    high: Annotated[str | None, typer.Option(help="Highest input to try. [default: a million]")] = None,
    pulses: Annotated[
        bool, typer.Option("--pulses", help="Measure the threshold of pulses, and the chronaxie, too.")
    ] = False,
    tolerance: Annotated[
        float | None, typer.Option(help="Relative, of all that is found. [default: 1e-06, with pulses 1e-05]")
    ] = None,
    variant: VariantOption = None,
    set_: SetOption = None,
    plot: PlotOption = None,
    json: JsonOption = False,
) -> None:
    """Find the lowest constant input that makes a model spike.

    With --pulses or --plot also strength against duration, and the chronaxie.
    """
    from ..errors import InputError
    from ..excitability import rheobase as lowest
    from ..excitability import strength_duration

    loaded = load_variant(model, variant)
    parameters = parse_settings(set_, loaded.parameters)
    unit = next(iter(loaded.inputs.values())).unit if loaded.inputs else ""
    if not (pulses or plot):
        within = 1e-6 if tolerance is None else tolerance
        found = lowest(loaded, duration=duration, low=low, high=high, tolerance=within, parameters=parameters)
        if json:
            print_json({"rheobase": found, "unit": unit, "tolerance": within})
        else:
            typer.echo(f"rheobase of {loaded.name}: {found:.7g} {unit}".rstrip() + f" (to {within:g} of it)")
        return
    if low != "0" or high is not None:
        raise InputError("--low and --high are for the rheobase alone; leave them out, or --pulses and --plot")
    within = 1e-5 if tolerance is None else tolerance
    curve = strength_duration(loaded, duration=duration, tolerance=within, parameters=parameters)
    save_plot(curve, plot)
    if json:
        names = ("rheobase", "chronaxie", "unit", "duration", "threshold", "tolerance")
        print_json({name: getattr(curve, name) for name in names})
        return
    typer.echo(
        f"rheobase of {loaded.name}: {curve.rheobase:.6g} {unit}".rstrip()
        + f", chronaxie {curve.chronaxie:.6g} ms (to {within:g} of them)"
    )
    say_written([plot] if plot else [])


# What they share -------------------------------------------------------------------------------------------------


def _constant(texts: list[str] | None) -> Any:
    """A constant input, or one for each name."""
    from ..errors import InputError

    if not texts:
        return None
    pairs = [text.partition("=") for text in texts]
    if all(equals for _, equals, _ in pairs):
        return {name.strip(): _plain(value) for name, _, value in pairs}
    if len(texts) > 1:
        raise InputError("several currents need the names of their inputs: --current I=10 --current g=2")
    return _plain(texts[0])


def _plain(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _pair(text: str | None, what: str) -> tuple[float, float] | None:
    from ..errors import InputError

    if text is None:
        return None
    try:
        first, second = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"{what} takes two numbers, such as -80,40") from None
    return first, second


def _states_table(title: str, states: list[str]) -> Any:
    columns = [("fixed point", "left"), *((name, "right") for name in states), ("eigenvalues (1/ms)", "left")]
    return heading(title, columns)


def _numbers(point: "FixedPoint") -> list[str]:
    shown = [f"{value.real:.4g}" + (f" ± {abs(value.imag):.4g}i" if value.imag else "") for value in point.eigenvalues]
    return [*(f"{value:.5g}" for value in point.states.values()), ", ".join(dict.fromkeys(shown))]


def _point_json(point: "FixedPoint") -> dict[str, Any]:
    pairs = [[value.real, value.imag] for value in point.eigenvalues.tolist()]
    return {"kind": point.kind, "stable": point.stable, "states": point.states, "eigenvalues": pairs}


def _phase_json(result: "PhasePlane") -> dict[str, Any]:
    return {
        "model": result.model.name,
        "x": result.x,
        "y": result.y,
        "others": dict(result.others),
        "fixed_points": [_point_json(point) for point in result.fixed_points],
        "whole": [_point_json(point) for point in result.whole],
        "x_nullcline": list(result.x_nullcline),
        "y_nullcline": list(result.y_nullcline),
    }


def _bifurcation_json(result: "Bifurcation") -> dict[str, Any]:
    return {
        "model": result.model.name,
        "over": result.over,
        "unit": result.unit,
        "state": result.state,
        "points": [point._asdict() for point in result.points],
        "bistable": result.bistable,
        "branches": [
            {"value": branch.value, "states": branch.states, "stable": branch.stable} for branch in result.branches
        ],
        "value": result.value,
        "up": result.up._asdict(),
        "down": result.down._asdict(),
    }
