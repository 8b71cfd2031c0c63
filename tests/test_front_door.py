"""Everything a user types is importable from neurosim, and importing it costs little."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import neurosim as ns

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", ns.__all__)
def test_every_name_is_there_and_explained(name):
    found = getattr(ns, name)
    assert name in dir(ns)
    if callable(found):
        assert found.__doc__


def test_type_checkers_see_the_same_names():
    stub = (ROOT / "neurosim" / "__init__.pyi").read_text()
    assert sorted(re.findall(r"import (\w+) as \1\n", stub)) == sorted([*ns.__all__, "brian"])


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'simulat'"):
        ns.simulat  # noqa: B018


def test_importing_is_lazy():
    program = "import sys, neurosim; print('numpy' in sys.modules); neurosim.simulate; print('numba' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["False", "False"]


def test_the_version_lives_in_pyproject_only():
    text = (ROOT / "pyproject.toml").read_text()
    version = re.search(r'^version = "(.+)"$', text, re.MULTILINE)[1]
    assert ns.__version__ == version
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()


def test_a_progress_bar_appears_after_a_second_and_on_a_terminal_only(monkeypatch, capsys):
    from neurosim import progress

    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    with progress.progress_bar(True, "counting") as show:
        time.sleep(0.01)
        show(0.5)
        assert show.bar is not None
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress.progress_bar(True, "counting") as show:
        time.sleep(0.01)
        show(0.5)
    out, err = capsys.readouterr()
    assert (out, "counting" in err, "50%" in err) == ("", True, True)
