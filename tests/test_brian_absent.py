"""Without Brian2: what needs it says how to get it, what does not works."""

import subprocess
import sys

BLOCKED = "import sys; sys.modules['brian2'] = None; import neurosim as ns; "


def run(code):
    return subprocess.run([sys.executable, "-c", BLOCKED + code], capture_output=True, text=True, check=False)


def test_simulate_names_the_extra():
    result = run("ns.brian.simulate('hodgkin-huxley', 10, 10)")
    assert result.stderr.splitlines()[-1].startswith("neurosim.errors.InputError: Brian2 is missing")
    assert "pip install 'neurosim[brian2]'" in result.stderr


def test_a_script_is_written_all_the_same():
    result = run("print(ns.brian.script('hodgkin-huxley', 10, 10))")
    assert result.returncode == 0, result.stderr
    assert "from brian2 import *" in result.stdout
