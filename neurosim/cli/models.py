"""``neurosim models`` and ``neurosim show``."""

from typing import TYPE_CHECKING, Annotated

import typer

from .common import JsonOption, MethodOption, ModelArgument, heading, plainly, print_json, show_table

if TYPE_CHECKING:
    from ..model import Model


@plainly
def models(json: JsonOption = False) -> None:
    """List the models that come with neurosim."""
    from ..model import list_models, load_model

    loaded = [load_model(name) for name in list_models()]
    if json:
        print_json({model.name: model.summary for model in loaded})
        return
    table = heading("Models", [("name", "left"), ("input", "left"), ("summary", "left")])
    for model in loaded:
        inputs = ", ".join(f"{name} ({entry.unit})" if entry.unit else name for name, entry in model.inputs.items())
        table.add_row(model.name, inputs, model.summary)
    show_table(table)


@plainly
def show(
    model: ModelArgument,
    latex: Annotated[bool, typer.Option("--latex", help="The equations in LaTeX.")] = False,
    kernel: Annotated[bool, typer.Option("--kernel", help="The program that runs the model.")] = False,
    source: Annotated[bool, typer.Option("--source", help="The model file.")] = False,
    method: MethodOption = None,
) -> None:
    """Show parameters and equations of a model.

    Or its file, its equations in LaTeX, the program that runs it.
    """
    from ..errors import InputError
    from ..model import load_model

    if latex + kernel + source > 1:
        raise InputError("--latex, --kernel and --source exclude each other")
    loaded = load_model(model)
    if method is not None and not kernel:
        raise InputError("--method goes with --kernel")
    if latex:
        typer.echo(loaded.latex())
    elif source:
        typer.echo(loaded.source.rstrip("\n"))
    elif kernel:
        from ..kernel import kernel_source
        from ..kernel.layout import located_by_default
        from ..methods import find_method

        scheme = find_method(method or loaded.method)
        typer.echo(kernel_source(loaded, scheme, located_by_default(loaded, scheme))[0].rstrip("\n"))
    else:
        _describe(loaded)


_RULES = {
    "threshold": "spike if {0}",
    "probability": "spike every {1} with probability {0}",
    "hazard": "spike at the rate {0}",
}


def _describe(model: "Model") -> None:
    typer.echo(f"{model.name}: {model.summary}\n{model.reference}")
    typer.echo(f"dt {model.dt:g} ms, method {model.method}\n")
    table = heading("Parameters", [("name", "left"), ("value", "right"), ("unit", "left"), ("meaning", "left")])
    for name, parameter in model.parameters.items():
        table.add_row(name, f"{parameter.value:g}", parameter.unit, parameter.meaning)
    show_table(table)
    table = heading("Inputs", [("name", "left"), ("unit", "left"), ("meaning", "left")])
    for name, entry in model.inputs.items():
        table.add_row(name, entry.unit, entry.meaning)
    show_table(table)
    typer.echo("Equations")
    for name, state in model.states.items():
        typer.echo(f"  d{name}/dt = {state.rate.text}\n      from {state.start.text}")
    for name, formula in model.defines.items():
        typer.echo(f"  {name} = {formula.text}")
    typer.echo(f"  {_RULES[model.spike.kind].format(model.spike.rule.text, model.spike.per and model.spike.per.text)}")
    for name, formula in model.spike.reset.items():
        typer.echo(f"      then {name} = {formula.text}")
    if model.spike.refractory is not None:
        held = f", {' and '.join(model.spike.hold)} held" if model.spike.hold else ""
        typer.echo(f"      refractory for {model.spike.refractory.text}{held}")
    if model.variants:
        typer.echo()
        table = heading("Variants", [("name", "left"), ("current", "left"), ("summary", "left")])
        for name, variant in model.variants.items():
            table.add_row(name, variant.current or "", variant.summary)
        show_table(table)
