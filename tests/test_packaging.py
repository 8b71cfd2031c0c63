"""A wheel and an editable install both find the model files."""

import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROGRAM = """
import neurosim as ns
from neurosim.model.catalogue import neurons_folder
print(neurons_folder())
print(*ns.list_models())
print(ns.load_model("renewal").name, *ns.letters("A-C"))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project: builds leave nothing behind in the original."""
    copy = tmp_path_factory.mktemp("project") / "neurosim"
    leave = shutil.ignore_patterns(".git", ".venv", "__pycache__", "*.egg-info", "_build", "generated", ".*_cache")
    shutil.copytree(ROOT, copy, ignore=leave)
    return copy


@pytest.fixture
def install(tmp_path):
    """Install into a fresh environment that sees this one's packages; the answer of PROGRAM there."""
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False)
    python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    here = {"base": str(environment), "platbase": str(environment)}
    site = Path(sysconfig.get_path("purelib", "venv", here))
    (site / "outside.pth").write_text(sysconfig.get_path("purelib") + "\n")

    def installed(*what):
        pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps"]
        subprocess.run([*pip, "--no-build-isolation", "--no-index", *what], check=True, cwd=tmp_path)
        result = subprocess.run([python, "-c", PROGRAM], check=True, cwd=tmp_path, capture_output=True, text=True)
        return site, result.stdout.splitlines()

    return installed


def names():
    return sorted(path.stem for path in (ROOT / "models" / "neurons").glob("*.toml"))


def test_a_wheel_carries_its_models(project, install, tmp_path):
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", tmp_path, project], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    inside = zipfile.ZipFile(wheel).namelist()
    assert "neurosim/models/neurons/hodgkin-huxley.toml" in inside
    assert "neurosim/models/patterns/letters.txt" in inside
    assert "neurosim/py.typed" in inside
    assert not any(name.startswith(("tests", "docs", "models")) for name in inside)
    site, (folder, listed, loaded) = install(wheel)
    assert Path(folder) == site / "neurosim" / "models" / "neurons"
    assert listed.split() == names()
    assert loaded == "renewal A B C"


def test_an_editable_install_finds_the_models_beside_the_package(project, install):
    _, (folder, listed, loaded) = install("--editable", project)
    assert Path(folder) == project / "models" / "neurons"
    assert listed.split() == names()
    assert loaded == "renewal A B C"
