"""``neurosim gain``."""

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
    TimingOption,
    VariantOption,
    heading,
    member_name,
    parse_settings,
    plainly,
    print_json,
    save_plot,
    say_written,
    show_table,
    simulator,
)
from .run import load_variant, name_of, noise_of

if TYPE_CHECKING:
    from ..experiments import GainFunction
    from ..model import Model

DirectionOption = Annotated[
    str | None,
    typer.Option(
        metavar="up|down|both",
        help="Raise or lower the input step by step, or both, the neuron going on from its state at the last: shows "
        "hysteresis. [default: each input from the model's start]",
    ),
]


TrialsOption = Annotated[
    int | None, typer.Option(help="Neurons for each input. [default: 1, or 25 where chance is at work]", min=1)
]


@plainly
def gain(
    model: ModelArgument,
    to: Annotated[
        str | None,
        typer.Option(
            help="Last input, in the unit of the model or with one. [default: twice the strongest constant one in the "
            "checks of its file]"
        ),
    ] = None,
    from_: Annotated[str, typer.Option("--from", help="First input.")] = "0",
    steps: Annotated[int, typer.Option(help="Number of inputs.", min=1)] = 100,
    duration: Annotated[str, typer.Option(help="Of each run, in ms or with a unit.")] = "1000",
    discard: Annotated[str, typer.Option(help="How much of its beginning not to count.")] = "200",
    direction: DirectionOption = None,
    current: Annotated[str | None, typer.Option(hidden=True)] = None,
    noise: NoiseOption = None,
    trials: TrialsOption = None,
    seed: SeedOption = None,
    theory: TheoryOption = True,
    variant: VariantOption = None,
    dt: DtOption = None,
    method: MethodOption = None,
    spike_timing: TimingOption = None,
    set_: SetOption = None,
    threads: ThreadsOption = None,
    backend: BackendOption = "neurosim",
    plot: PlotOption = None,
    csv: CsvOption = None,
    json: JsonOption = False,
) -> None:
    """Measure a gain function: rate against input.

    Several values of a parameter make a family of curves.
    """
    from ..experiments import gain_function

    loaded = load_variant(model, variant)
    result = gain_function(
        loaded,
        _range(loaded, from_, to, steps, current),
        duration=duration,
        discard=discard,
        direction=direction,
        noise=noise_of(noise),
        trials=trials,
        seed=seed,
        theory=theory,
        dt=dt,
        method=method,
        spike_timing=spike_timing,
        parameters=parse_settings(set_, loaded.parameters),
        threads=threads,
        simulate=simulator(backend),
        progress=True,
    )
    if csv is not None:
        _write_gain(result, csv)
    save_plot(result, plot)
    if json:
        print_json(_gain_json(result))
    else:
        _print_gain(result, theory, [path for path in (plot, csv) if path])


def _range(model: "Model", first: str, last: str | None, steps: int, current: str | None) -> Any:
    import numpy as np

    from ..errors import InputError
    from ..families import usual_end
    from ..units import parse_unit, to_number

    if current is not None:
        raise InputError(
            "a gain function is of constant inputs, --from … --to; a current over time, or from a file, drives "
            "neurosim run MODEL --current …"
        )
    if len(model.inputs) != 1:
        raise InputError(f"a gain function needs a model with one input; {model.name} has {len(model.inputs)}")
    unit = parse_unit(next(iter(model.inputs.values())).unit)
    low = to_number(first, unit, "--from") / unit.factor
    high = usual_end(model) if last is None else to_number(last, unit, "--to") / unit.factor
    if not np.isfinite([low, high]).all() or not low <= high:
        raise InputError(f"--from and --to must be finite, --to not below --from; they are {low:g} and {high:g}")
    return np.linspace(low, high, steps)


def _gain_json(result: "GainFunction") -> dict[str, Any]:
    parameters: dict[str, Any] = {name: entry.value for name, entry in result.model.parameters.items()}
    return {
        "input": result.input,
        "rate": result.rate,
        "standard_error": result.standard_error,
        "trials": result.trials,
        "theory": result.theory,
        "theory_error": result.theory_error,
        "no_theory": result.no_theory,
        "agreement": None if result.theory is None else result.agreement(),
        "spike_count": result.spike_count,
        "duration": result.duration,
        "discard": result.discard,
        "parameters": parameters | result.families,
        "dt": result.dt,
        "method": result.method,
        "spike_timing": result.spike_timing,
        "model": result.model.name,
        "variant": result.model.variant_name,
        "direction": result.direction,
        "onset": result.onset,
        "saturation": result.saturation,
        "kind": result.kind,
    }


def _curves(result: "GainFunction") -> list[tuple[str, tuple[int, ...]]]:
    """What to call each curve, and where it is in the leading axes."""
    import numpy as np

    curves = []
    for index in np.ndindex(result.rate.shape[:-1]):
        way, family = (result.direction,), index
        if result.direction == "both":
            way, family = (("up", "down")[index[0]],), index[1:]
        curves.append((", ".join(filter(None, [*way, member_name(result.families, family)])), index))
    return curves


def _write_gain(result: "GainFunction", path: str) -> None:
    import numpy as np

    from ..files import write_csv

    name = next(iter(result.model.inputs))
    header, columns = [f"{name} ({result.unit})" if result.unit else name], [result.input]
    for curve, index in _curves(result):
        header.append(f"rate_Hz {curve}".strip())
        columns.append(result.rate[index])
        if np.nan_to_num(result.standard_error).any():
            header.append(f"standard_error_Hz {curve}".strip())
            columns.append(result.standard_error[index])
        if result.theory is not None:
            header.append(f"theory_Hz {curve}".strip())
            columns.append(result.theory[index])
    write_csv(path, header, np.column_stack(columns).tolist())


def _print_gain(result: "GainFunction", theory: bool, written: list[str]) -> None:
    import numpy as np

    unit = f" ({result.unit})" if result.unit else ""
    span = f"{result.input.size} inputs from {result.input.min():g} to {result.input.max():g}{unit}"
    table = heading(
        f"{name_of(result.model)}: {span}, {result.duration:g} ms each",
        [("curve", "left"), (f"{'jump' if result.direction else 'onset'}{unit}", "right"),
         *([] if result.direction else [("kind", "left")]), ("highest rate (Hz)", "right"),
         ("saturation (Hz)", "right")],
    )  # fmt: skip
    onset, saturation, kind = (np.asarray(value) for value in (result.onset, result.saturation, result.kind))
    for curve, index in _curves(result):
        numbers = [f"{value:.5g}" if np.isfinite(value) else "–" for value in (onset[index], saturation[index])]
        highest = f"{result.rate[index].max():.2f}"
        name = curve or result.model.variant_name or "as in the file"
        table.add_row(name, numbers[0], *([] if result.direction else [str(kind[index] or "–")]), highest, numbers[1])
    show_table(table)
    if result.direction:
        typer.echo("jump: the first input that fires on the way up, the last on the way down.")
    if result.theory is not None:
        typer.echo(f"theory: {say_agreement(result)}")
    elif theory:
        typer.echo(result.no_theory)
    if not written:
        typer.echo("All rates: --json, --csv PATH, or as a picture --plot PATH.")
    say_written(written)


def say_agreement(result: "GainFunction") -> str:
    """How well rates fit the theory, in words."""
    found = result.agreement()
    return (
        found
        if isinstance(found, str)
        else f"largest deviation {found:.2g} standard errors, of {result.rate.size} rates"
    )
