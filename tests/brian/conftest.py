"""These tests need Brian2; they run on its numpy target, where nothing is compiled."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def _numpy_target():
    brian2 = pytest.importorskip("brian2", reason="Brian2 is not installed: pip install 'neurosim[brian2]'")
    before = brian2.prefs.codegen.target
    brian2.prefs.codegen.target = "numpy"
    yield
    brian2.prefs.codegen.target = before
