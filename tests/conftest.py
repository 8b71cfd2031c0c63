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


def pytest_collection_modifyitems(config, items):
    """Leave out slow tests unless they are asked for."""
    if config.option.markexpr:
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="minutes long; run with -m slow"))
