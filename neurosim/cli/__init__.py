"""The command line: thin layers of words over the same calls that scripts use."""

from typing import Annotated

import typer

from . import (
    cache,
    chance,
    demo,
    doctor,
    export,
    files,
    gain,
    logic,
    memory,
    models,
    perceptron,
    phase,
    recordings,
    run,
)

app = typer.Typer(
    help="Simulate the whole ladder of neuron models, from Hodgkin–Huxley to threshold units.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        from ..model.catalogue import installed_version

        typer.echo(f"neurosim {installed_version()}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Say the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


app.command("models")(models.models)
app.command("show")(models.show)
app.command("run")(run.run)
app.command("rerun")(recordings.rerun)
app.command("diff")(recordings.diff)
app.command("gain")(gain.gain)
app.command("isi")(chance.isi)
app.command("raster")(chance.raster)
app.command("export")(export.export)
app.command("phase")(phase.phase)
app.command("bifurcation")(phase.bifurcation)
app.command("rheobase")(phase.rheobase)
app.command("check")(files.check)
app.command("new")(files.new)
app.add_typer(logic.boolean, name="boolean")
app.command("circuit")(logic.circuit)
app.add_typer(perceptron.app, name="perceptron")
app.add_typer(memory.app, name="hopfield")
app.add_typer(cache.app, name="cache")
app.command("doctor")(doctor.doctor)
app.command("demo")(demo.demo)

__all__ = ["app"]
