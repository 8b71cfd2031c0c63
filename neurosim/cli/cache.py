"""``neurosim cache info | clear | warm``."""

import time
from typing import Annotated

import typer

from .common import heading, plainly, show_table

app = typer.Typer(help="Compiled kernels on disk.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
@plainly
def info() -> None:
    """Where compiled kernels are kept, and which there are."""
    from ..kernel.cache import cache_folder, cached_kernels

    entries = cached_kernels()
    typer.echo(f"{cache_folder()}: {len(entries)} kernels, {sum(entry.size for entry in entries) / 1024:.0f} kB")
    if entries:
        table = heading("Kernels", [("name", "left"), ("kB", "right")])
        for entry in entries:
            table.add_row(entry.name, f"{entry.size / 1024:.0f}")
        show_table(table)


@app.command()
@plainly
def clear() -> None:
    """Delete all compiled kernels."""
    from ..kernel.cache import cache_folder, clear_cache

    typer.echo(f"deleted {clear_cache()} files from {cache_folder()}")


@app.command()
@plainly
def warm(
    models: Annotated[
        list[str] | None, typer.Argument(metavar="MODEL", help="Names or paths; all of the package if none.")
    ] = None,
) -> None:
    """Compile models, each with its own method, so that first runs need not wait."""
    from ..kernel import kernel_source
    from ..kernel.cache import load_kernel
    from ..kernel.layout import located_by_default
    from ..methods import find_method
    from ..model import list_models, load_model

    for model in [load_model(name) for name in models or list_models()]:
        began = time.perf_counter()
        method = find_method(model.method)
        source, _ = kernel_source(model, method, located_by_default(model, method))
        load_kernel(source, f"{model.name}_{method.name}")
        typer.echo(f"{model.name} by {model.method}: {time.perf_counter() - began:.2f} s")
