"""The command line as a user meets it: what it prints, writes and returns."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import neurosim as ns


def test_gain_json_has_a_fixed_shape(neurosim):
    """1000 inputs from 0 to 50 for 1 s: 82,564 spikes in all (RK4 at dt 0.01 and 0.05 ms alike)."""
    words = "gain hodgkin-huxley --from 0 --to 50 --steps 1000 --duration 1000 --json"
    code, out, err = neurosim(*words.split())
    result = json.loads(out)
    assert (code, err) == (0, "")
    keys = "input rate standard_error trials theory theory_error no_theory agreement spike_count duration discard"
    more = "parameters dt method spike_timing model variant direction onset saturation kind"
    assert list(result) == [*keys.split(), *more.split()]
    assert (result["dt"], result["method"], result["spike_timing"]) == (0.05, "rk4", "grid")
    assert sum(result["spike_count"]) == 82_564
    assert (result["input"][0], result["input"][-1], len(result["input"])) == (0, 50, 1000)
    assert (result["duration"], result["discard"]) == (1000, 200)
    assert result["parameters"]["g_Na"] == 120


def test_run_json_has_a_fixed_shape(neurosim):
    code, out, _ = neurosim(*"run hodgkin-huxley --current 10 --duration 1000 --json".split())
    result = json.loads(out)
    assert code == 0
    assert result["spike_count"] == [69]
    assert len(result["spike_time"][0]) == 69
    assert (result["method"], result["spike_timing"], result["rtol"], result["atol"]) == ("rk4", "grid", None, None)
    assert result["spike_time"][0][0] == ns.simulate("hodgkin-huxley", 10, 10).spike_time[0]


def test_a_family_in_gain(neurosim):
    code, out, _ = neurosim(
        *"gain leaky-integrate-and-fire --to 5 --steps 7 --set tau_m=5,10 --set R_m=9 --json".split()
    )
    result = json.loads(out)
    assert code == 0
    expected = ns.gain_function(
        "leaky-integrate-and-fire", np.linspace(0, 5, 7), parameters={"tau_m": [5, 10], "R_m": 9}
    )
    assert result["rate"] == expected.rate.tolist()
    assert result["parameters"]["tau_m"] == [5, 10]
    assert result["parameters"]["R_m"] == 9


def test_results_name_the_variant(neurosim):
    words = "izhikevich --variant chattering"
    for command in ("run", "gain"):
        more = " --to 12 --steps 3" if command == "gain" else ""
        result = json.loads(neurosim(*f"{command} {words}{more} --json".split())[1])
        assert (result["model"], result["variant"]) == ("izhikevich", "chattering")
        out = neurosim(*f"{command} {words}{more}".split())[1]
        assert out.startswith("izhikevich, variant chattering")
        assert "as in the file" not in out
    assert json.loads(neurosim(*"run izhikevich --current 10 --json".split())[1])["variant"] is None


def test_several_values_are_neurons_in_run(neurosim):
    _, out, _ = neurosim("run", "leaky-integrate-and-fire", "--current", "3 nA", "--set", "tau_m=5 ms,10 ms", "--json")
    recording = ns.simulate("leaky-integrate-and-fire", 3, 100, parameters={"tau_m": [5, 10]})
    result = json.loads(out)
    assert result["spike_count"] == recording.spike_count.tolist()
    assert result["parameters"]["tau_m"] == [5, 10]


def test_infinity_in_json(neurosim):
    _, out, _ = neurosim(*"run renewal --current 2 --duration 10 --dt 1 --record J_r --json".split())
    assert json.loads(out)["traces"]["J_r"][0][:4] == [0.0, "inf", "inf", "inf"]


def test_tables(neurosim):
    code, out, _ = neurosim(*"run hodgkin-huxley --current step:10,20,80".split())
    assert code == 0
    assert "21.95 36.85 51.50 66.15 80.95" in out
    code, out, _ = neurosim(*"gain leaky-integrate-and-fire --to 5 --set tau_m=5,10".split())
    assert code == 0
    assert "tau_m=10" in out
    assert "165.16" in out  # 1/(t_ref + tau_m ln(65/50)) at 5 nA
    assert max(map(len, out.splitlines())) <= 100


def test_pictures_and_tables_of_numbers(neurosim, tmp_path):
    def table(name):
        return list(csv.reader((tmp_path / name).read_text().splitlines()))

    code, out, _ = neurosim(*"run hodgkin-huxley --current step:10,20,80 --plot v.png --csv v.csv".split())
    assert code == 0
    assert "wrote v.png" in out
    assert "wrote v.csv" in out
    assert (tmp_path / "v.png").read_bytes().startswith(b"\x89PNG")
    rows = table("v.csv")
    assert rows[0] == ["time_ms", "V (mV)"]
    recording = ns.simulate("hodgkin-huxley", ns.step(10, start=20, stop=80), 100, record="V")
    np.testing.assert_array_equal(np.array(rows[1:], float), np.column_stack([recording.time, recording["V"][0]]))
    assert neurosim(*"gain renewal --to 5 --set c=1,2 --plot g.pdf --csv g.csv".split())[0] == 0
    names = "rate_Hz", "standard_error_Hz", "theory_Hz"
    assert table("g.csv")[0] == ["I", *(f"{name} c={c}" for c in (1, 2) for name in names)]
    assert neurosim(*"run renewal --current 3 --csv s.csv".split())[0] == 0
    assert table("s.csv")[0] == ["neuron", "spike_time_ms"]
    assert {path.name for path in tmp_path.iterdir()} == {"v.png", "v.csv", "g.pdf", "g.csv", "s.csv"}


def test_models_and_show(neurosim):
    _, out, _ = neurosim("models")
    for name in ns.list_models():
        assert name in out
    assert list(json.loads(neurosim("models", "--json")[1])) == ns.list_models()
    _, out, _ = neurosim("show", "hodgkin-huxley")
    for part in ("g_Na", "mS/cm^2", "peak sodium conductance", "doi:10.1113", "dV/dt = (I - I_Na - I_K - I_L)/C_m"):
        assert part in out
    assert neurosim("show", "renewal", "--source")[1].strip() == ns.load_model("renewal").source.strip()
    assert neurosim("show", "renewal", "--latex")[1].strip() == ns.load_model("renewal").latex()
    _, out, _ = neurosim("show", "hodgkin-huxley", "--kernel", "--method", "euler")
    compile(out, "kernel", "exec")
    assert "def advance(" in out


def test_new_and_check(neurosim, tmp_path):
    assert neurosim("new", "mine")[0] == 0
    code, out, _ = neurosim("check", "mine.toml")
    assert (code, "FAILED" in out) == (0, False)
    assert neurosim("run", "./mine.toml", "--current", "3", "--json")[0] == 0
    text = (tmp_path / "mine.toml").read_text()
    (tmp_path / "mine.toml").write_text(text.replace('"-51 mV"', '"-52 mV"'))
    code, out, err = neurosim("check", "mine.toml")
    assert (code, "FAILED" in out, err) == (1, True, "check 1, V: E_L + R_m I\n1 of 2 failed\n")
    assert "check 1, V: E_L + R_m I" in neurosim("check", "mine.toml", "--sources")[1]
    code, out, _ = neurosim("check", "mine.toml", "--json")
    assert [entry["passed"] for entry in json.loads(out)["checks"]] == [True, False]
    assert neurosim("check", "hodgkin-huxley")[0] == 0


def test_checks_fit_80_columns(neurosim, monkeypatch):
    """A row for each expectation, its first columns whole."""
    monkeypatch.setenv("COLUMNS", "80")
    lines = neurosim("check", "adaptive-exponential")[1].splitlines()
    rows = [line.split() for line in lines if " ok" in line]
    assert len(rows) == len(ns.check_model("adaptive-exponential"))
    assert all(row[0].isdigit() and len(row) >= 5 for row in rows)
    assert max(map(len, lines)) <= 80
    assert "…" not in "".join(lines)


@pytest.mark.parametrize("names", [["leaky-integrate-and-fire", "renewal"], pytest.param([], marks=pytest.mark.slow)])
def test_the_cache_commands(neurosim, tmp_path, monkeypatch, names):
    from neurosim.kernel import cache

    monkeypatch.setenv("NEUROSIM_CACHE_DIR", str(tmp_path / "kernels"))
    cache.cache_folder.cache_clear()
    cache.load_kernel.cache_clear()
    try:
        assert "0 kernels" in neurosim("cache", "info")[1]
        out = neurosim("cache", "warm", *names)[1]
        assert re.findall(r"^(\S+) by", out, re.MULTILINE) == (names or list(ns.list_models()))
        kernels = len(names or ns.list_models())
        assert f"{kernels} kernels" in neurosim("cache", "info")[1]
        assert f"deleted {2 * kernels} files" in neurosim("cache", "clear")[1]
        assert not list((tmp_path / "kernels").iterdir())
    finally:
        monkeypatch.undo()
        cache.cache_folder.cache_clear()
        cache.load_kernel.cache_clear()


def test_doctor(neurosim):
    code, out, _ = neurosim("doctor")
    assert code == 0
    assert "7 spikes (7 expected)" in out
    assert out.endswith("all is well\n")


def test_demo(neurosim, tmp_path):
    code, out, _ = neurosim("demo", "--out", "figures")
    assert code == 0
    assert "6.264 uA/cm^2" in out
    for name in ("spike-train.png", "ladder.png"):
        assert (tmp_path / "figures" / name).read_bytes().startswith(b"\x89PNG")
        assert f"wrote figures/{name}" in out


def test_version(neurosim):
    assert neurosim("--version") == (0, f"neurosim {ns.__version__}\n", "")


# Mistakes --------------------------------------------------------------------------------------------------------

MISTAKES = [
    ("run hodgkin-huxly --current 10", "error: unknown model 'hodgkin-huxly'; did you mean hodgkin-huxley?"),
    ("run hodgkin-huxley", "error: hodgkin-huxley needs a current for I (uA/cm^2), such as --current 10"),
    ("run hodgkin-huxley --current stp:1", "error: unknown current 'stp'; did you mean step?"),
    ("run hodgkin-huxley --current ten", "'ten' is not a number with a unit"),
    ("run hodgkin-huxley --current 10 --current 3", "hodgkin-huxley has one input; several neurons are --current 5,10"),
    ("run pinsky-rinzel --current 2", "pinsky-rinzel has 2 inputs; name them: --current I_s=2 --current I_d=0"),
    (
        "run pinsky-rinzel",
        "needs a current for I_s (uA/cm^2) and I_d (uA/cm^2), such as --current I_s=2 --current I_d=0",
    ),
    ("run hodgkin-huxley --current I=10 --current I=20", "given twice for the same input"),
    ("run hodgkin-huxley --current 10 --duration 1e300", "more than 1e+12 steps"),
    ("run hodgkin-huxley --current J=10", "no input 'J'"),
    ("run hodgkin-huxley --current 10 --dt -1", "dt must be positive"),
    ("run hodgkin-huxley --current 10 --duration 10.03", "no multiple of dt 0.05 ms; take 10 or 10.05 ms"),
    ("run hodgkin-huxley --current 10 --method rk5", "unknown method 'rk5'; legal: euler"),
    ("run hodgkin-huxley --current 10 --set g_N=3", "no parameter 'g_N'; did you mean g_"),
    ("run hodgkin-huxley --current 10 --set g_Na", "write NAME=VALUE"),
    ("run hodgkin-huxley --current 10 --set g_Na=1 --set g_Na=2", "given twice"),
    ("run hodgkin-huxley --current 10 --record W", "nothing called 'W' to record"),
    ("run hodgkin-huxley --current 10 --plot v.xyz", "end it in .png, .pdf or .svg"),
    ("run hodgkin-huxley --current 10 --csv missing/v.csv", "cannot write 'missing/v.csv': No such file or directory"),
    ("run hodgkin-huxley --current 10 --csv .", "cannot write '.': it is no name of a file"),
    ("run missing.toml --current 10", "'missing.toml': No such file or directory"),
    ("gain hodgkin-huxley --from 5 --to 1", "--from and --to must be finite, --to not below --from"),
    ("gain hodgkin-huxley --to 10 --discard 2000", "discard must be from 0 to below the duration"),
    ("gain hodgkin-huxley --to x", "'x' is not a number with a unit"),
    ("show renewal --latex --source", "exclude each other"),
    ("show renewal --method rk4", "--method goes with --kernel"),
    ("check nothing", "unknown model 'nothing'"),
    ("new ../x", "a model name has lower-case letters"),
    ("demo --out /proc/nothing/here", "cannot make the folder"),
]


@pytest.mark.parametrize(("words", "message"), MISTAKES)
def test_a_mistake_is_a_sentence_and_exit_code_2(neurosim, words, message):
    code, out, err = neurosim(*words.split())
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize("words", ["", "runn", "run", "gain", "gain renewal --to 5 --steps 0", "run x --what"])
def test_wrong_usage_is_exit_code_2(neurosim, words):
    assert neurosim(*words.split())[0] == 2


def test_new_does_not_overwrite(neurosim, tmp_path):
    (tmp_path / "mine.toml").write_text("mine")
    assert neurosim("new", "mine")[0] == 2
    assert (tmp_path / "mine.toml").read_text() == "mine"


def test_a_failed_run_is_exit_code_1(neurosim, tmp_path):
    words = "run hodgkin-huxley --current 100 --method euler --dt 1 --csv v.csv".split()
    code, out, err = neurosim(*words)
    assert (code, out) == (1, "")
    assert "smaller dt" in err
    assert not list(tmp_path.iterdir())


def test_interrupted_is_exit_code_130():
    command = [sys.executable, "-m", "neurosim", *"run hodgkin-huxley --current 10 --duration 1e8 --json".split()]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    result = json.loads(out)  # what was computed until then
    assert result["complete"] is False
    assert 0 < result["duration"] < 1e8
    assert "interrupted" in err
    assert "Traceback" not in err


def test_a_closed_pipe_is_no_error():
    command = f"{sys.executable} -m neurosim show hodgkin-huxley --source | head -n 1"
    result = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False)
    assert result.stdout == 'name = "hodgkin-huxley"\n'
    assert "Traceback" not in result.stderr


def test_a_full_disk_is_a_sentence():
    if not os.path.exists("/dev/full"):
        pytest.skip("needs a device that is always full")
    command = f"{sys.executable} -m neurosim show hodgkin-huxley --source > /dev/full"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr == "error: cannot write the result: No space left on device\n"


def test_help_imports_little():
    """`neurosim --help` needs neither NumPy nor Matplotlib nor Numba: it answers at once."""
    program = "import sys; from neurosim.cli import app; print({'numpy', 'numba', 'matplotlib'} & sys.modules.keys())"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"
    result = subprocess.run([sys.executable, "-m", "neurosim", "--help"], capture_output=True, text=True, check=True)
    for command in ("models", "show", "run", "gain", "check", "new", "cache", "doctor", "demo"):
        assert f"\n  {command} " in result.stdout


def test_shell_completion():
    environment = os.environ | {"_NEUROSIM_COMPLETE": "complete_bash", "COMP_WORDS": "neurosim do", "COMP_CWORD": "1"}
    result = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv[0] = 'neurosim'; from neurosim.__main__ import main; main()"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "doctor" in result.stdout


def test_what_is_shown_and_warmed_is_what_runs(neurosim, monkeypatch):
    """The kernel of `show --kernel` is the one a run loads, for a model with a reset and one without."""
    from neurosim.kernel import windows

    loaded = []
    load = windows.load_kernel
    monkeypatch.setattr(windows, "load_kernel", lambda source, name: loaded.append(source) or load(source, name))
    for name in ("leaky-integrate-and-fire", "hodgkin-huxley"):
        _, shown, _ = neurosim("show", name, "--kernel")
        assert neurosim("run", name, "--current", "3", "--duration", "1")[0] == 0
        assert shown.strip() == loaded[-1].strip()
