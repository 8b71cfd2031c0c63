"""From the start of a process to the spike count of one Hodgkin–Huxley neuron after 100 ms.

Each measurement is a process of its own: with an empty folder of kernels, or with one that the same command has filled
before. Python's own compiled modules are there in both cases.
"""

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

from common import Figures, interleaved, main, require, summary

SPIKES = 7  # of this neuron in 100 ms
PYTHON = (
    sys.executable,
    "-c",
    "import neurosim as ns; print(ns.simulate('hodgkin-huxley', 10, 100).spike_count[0])",
)


def command_line(*arguments: str) -> tuple[str, ...]:
    """The installed command, or the module where there is none."""
    script = Path(sysconfig.get_path("scripts")) / ("neurosim.exe" if os.name == "nt" else "neurosim")
    return (str(script), *arguments) if script.exists() else (sys.executable, "-m", "neurosim", *arguments)


COMMAND_LINE = command_line("run", "hodgkin-huxley", "--current", "10", "--duration", "100", "--json")
HELP = command_line("--help")


def run(command: Sequence[str], folder: str) -> str:
    """What a command prints, with its kernels in `folder`."""
    environment = {**os.environ, "NEUROSIM_CACHE_DIR": folder}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def run_with_empty_cache(command: Sequence[str]) -> str:
    """The same with a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return run(command, folder)


def compare_answers(folder: str) -> None:
    """Answers before times; this fills the folder, too."""
    for _ in ("empty", "filled"):
        require(run(PYTHON, folder).split() == [str(SPIKES)], "spike count from Python")
        require(json.loads(run(COMMAND_LINE, folder))["spike_count"] == [SPIKES], "spike count from the command line")
    require("run" in run(HELP, folder), "the help does not name the command run")


def measure(quick: bool) -> Figures:
    """Seconds of whole processes."""
    with tempfile.TemporaryDirectory() as folder:
        compare_answers(folder)
        filled = interleaved(
            {
                "python": lambda: run(PYTHON, folder),
                "command_line": lambda: run(COMMAND_LINE, folder),
                "help": lambda: run(HELP, folder),
                "python_alone": lambda: run((sys.executable, "-c", "pass"), folder),
                "import_numpy": lambda: run((sys.executable, "-c", "import numpy"), folder),
            },
            5 if quick else 15,
        )
    empty = interleaved(
        {
            "python": lambda: run_with_empty_cache(PYTHON),
            "command_line": lambda: run_with_empty_cache(COMMAND_LINE),
        },
        2 if quick else 5,
    )
    return {
        "seconds_with_empty_cache": {name: summary(times) for name, times in empty.items()},
        "seconds_with_filled_cache": {name: summary(times) for name, times in filled.items()},
    }


if __name__ == "__main__":
    main("first_spike", __doc__, measure)
