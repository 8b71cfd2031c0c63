"""Virtual environments with the other simulators, made where they are missing."""

import hashlib
import json
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
VERSIONS = """
import json, sys
from importlib.metadata import distributions
found = {d.metadata["Name"].lower().replace("_", "-"): d.version for d in distributions()}
wanted = sys.argv[1:]
print(json.dumps({"python": sys.version.split()[0]} | {name: found[name] for name in wanted if name in found}))
"""


class Failed(Exception):
    """Why a tool could not be installed or did not answer."""


@dataclass(frozen=True)
class Tool:
    """What pip is asked for; nothing for a tool that lives in the runner's own environment."""

    requirements: Sequence[str] = ()
    versions: Sequence[str] = ("numpy",)
    modules: str = ""


@dataclass
class Environment:
    """An interpreter and the versions in it, or the reason why there is none."""

    python: Path | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None


TOOLS = {
    "neurosim": Tool(versions=("numpy", "numba", "llvmlite")),
    "numpy": Tool(),
    "brian2": Tool(("brian2", "numpy<2.4"), ("brian2", "numpy", "cython"), modules="brian2"),  # 2.9 needs ndarray.ptp
    "nest": Tool(("nest-simulator",), ("nest-simulator", "numpy"), modules="nest"),
    "neuron": Tool(("neuron",), ("neuron", "numpy"), modules="neuron"),
    "hopfieldnetwork": Tool(("hopfieldnetwork",), ("hopfieldnetwork", "numpy"), modules="hopfieldnetwork"),
    "neurodynex3": Tool(("neurodynex3",), ("neurodynex3", "numpy"), modules="neurodynex3.hopfield_network.network"),
}


def last_line(text: str) -> str:
    """Of an error message: the last line, or pip's last complaint."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    complaints = [line for line in lines if line.startswith("ERROR:")]
    return (complaints or lines or ["no message"])[-1]


def make(name: str, tool: Tool, folder: Path, pip: Sequence[str] = PIP) -> Environment:
    """The environment of a tool, from `folder` if it was made there before."""
    try:
        python = _installed(name, tool, folder, pip) if tool.requirements else Path(sys.executable)
        _run([python, *_ALONE, "-c", f"import {tool.modules or 'json'}"])
        answer = _run([python, *_ALONE, "-c", VERSIONS, *tool.versions])
    except Failed as failed:
        return Environment(reason=str(failed))
    return Environment(python, json.loads(answer.splitlines()[-1]))


_ALONE = ("-E", "-s")  # nothing from the caller's PYTHONPATH or own site-packages


def _installed(name: str, tool: Tool, folder: Path, pip: Sequence[str]) -> Path:
    key = hashlib.sha256(repr((sys.version, tool.requirements)).encode()).hexdigest()[:8]
    home = folder / f"{name}-{key}"
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    done = home / "complete"
    if not done.exists():
        print(f"installing {' '.join(tool.requirements)} …", file=sys.stderr, flush=True)
        venv.create(home, with_pip=False, clear=True, symlinks=sys.platform != "win32")
        _run([*pip, "--python", python, "install", "--quiet", *tool.requirements])
        done.touch()
    return python


def _run(command: Sequence[object]) -> str:
    """What a command prints, or its last complaint as an error."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(last_line(done.stderr or done.stdout))
    return done.stdout
