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


def test_simulate_says_what_is_wrong_with_the_one_there_is(tmp_path):
    (tmp_path / "brian2.py").write_text("import numpy\nnumpy.no_longer_there\n")
    use = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import neurosim as ns; "
    use += "ns.brian.simulate('poisson', 1, 1)"

    def last_line():
        result = subprocess.run([sys.executable, "-c", use], capture_output=True, text=True, check=False)
        return result.stderr.splitlines()[-1]

    assert "cannot be imported (AttributeError: module 'numpy'" in last_line()
    (tmp_path / "brian2.py").write_text("__version__ = '2.8.0.1'\n")
    assert "Brian2 2.8.0.1 is older than 2.9: pip install --upgrade" in last_line()


def test_a_script_is_written_all_the_same():
    result = run("print(ns.brian.script('hodgkin-huxley', 10, 10))")
    assert result.returncode == 0, result.stderr
    assert "from brian2 import *" in result.stdout
