"""``neurosim doctor``: what is in place and what is not."""

import platform
import time
from importlib.metadata import PackageNotFoundError, version

import typer

from ..errors import NeurosimError
from .common import heading, plainly, show_table

_PACKAGES = "numpy scipy numba llvmlite matplotlib pint sympy typer rich platformdirs h5py"
_EXTRAS = "brian2 neo pandas"


@plainly
def doctor() -> None:
    """Say what neurosim runs on, and try it.

    Exit code 1 if something is broken.
    """
    from ..arguments import default_threads
    from ..kernel.cache import cache_folder, environment
    from ..model import list_models
    from ..model.catalogue import installed_version, neurons_folder
    from ..simulation import simulate

    table = heading("neurosim doctor", [("what", "left"), ("found", "left")])
    table.add_row("neurosim", installed_version())
    table.add_row("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    table.add_row("processor", f"{environment()['cpu']}, {default_threads()} threads used")
    missing = []
    for name in _PACKAGES.split():
        found = _version(name)
        table.add_row(name, found or "MISSING")
        missing += [] if found else [name]
    for name in _EXTRAS.split():
        table.add_row(name, _version(name) or f'not installed; needs the extra: pip install "neurosim[{name}]"')
    table.add_row("model files", f"{len(list_models())} in {neurons_folder()}")
    table.add_row("kernel cache", str(cache_folder() or "in memory only: no folder can be written to"))
    began = time.perf_counter()
    try:
        spikes = int(simulate("hodgkin-huxley", 10, 100).spike_count[0])
        table.add_row("a test run", f"{spikes} spikes (7 expected) in {time.perf_counter() - began:.2f} s")
        broken = spikes != 7
    except NeurosimError as error:
        table.add_row("a test run", f"FAILED: {error}")
        broken = True
    show_table(table)
    if broken or missing:
        typer.echo("something is broken; install neurosim again in a fresh virtual environment", err=True)
        raise typer.Exit(1)
    typer.echo("all is well")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
