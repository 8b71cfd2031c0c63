"""Settings for all tests: figures without a screen, kernels in a folder of their own."""

import getpass
import os
import sys
import tempfile
from pathlib import Path

import pytest

os.environ["MPLBACKEND"] = "Agg"
os.environ.setdefault("NEUROSIM_CACHE_DIR", str(Path(tempfile.gettempdir()) / f"neurosim-tests-{getpass.getuser()}"))


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture
def neurosim(tmp_path, monkeypatch):
    """Run a command in an empty folder; (exit code, stdout, stderr)."""
    from typer.testing import CliRunner

    from neurosim.cli import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*words):
        result = CliRunner().invoke(app, [str(word) for word in words], prog_name="neurosim")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    return run


def pytest_collection_modifyitems(config, items):
    """Leave out slow tests unless they are asked for."""
    if config.option.markexpr:
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="minutes long; run with -m slow"))
