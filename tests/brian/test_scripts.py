"""Exported scripts run without neurosim and give the same spikes; the command line reaches Brian2."""

import ast
import json
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

import neurosim as ns
from neurosim.cli import app
from neurosim.errors import NeurosimError
from neurosim.model import Model

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ALONE = "import sys; sys.modules['neurosim'] = None; import brian2; brian2.prefs.codegen.target = 'numpy'; "


def spikes_of(script, tmp_path):
    """Run a script where neurosim cannot be imported; (neurons, times) of its spikes."""
    path = tmp_path / "script.py"
    path.write_text(script, encoding="utf-8")
    code = ALONE + f"exec(compile(open({str(path)!r}).read(), 'script.py', 'exec'))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert result.returncode == 0, result.stderr
    pairs = np.array([line.split() for line in result.stdout.splitlines()], dtype=float).reshape(-1, 2)
    return pairs[:, 0].astype(int), pairs[:, 1]


RUNS = {
    "hodgkin-huxley": (ns.step(10, 5, 40), 50, {}),
    "leaky-integrate-and-fire": (ns.sine(2, 40, 2), 100, {"parameters": {"t_ref": [1, 2.04]}}),
    "fitzhugh-nagumo": (0.5, 120, {"method": "heun", "start": {"V": 0.5}}),
    "renewal-deterministic": (2, 30, {}),
    "adaptive-threshold": (ns.step(0.9, 5.03) + ns.sine(0.2, 40), 100, {"method": "exact-rk4"}),
    "izhikevich": (ns.pulses(15, np.arange(5, 95, 10), 5), 100, {"method": "exponential-midpoint"}),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_script_gives_the_same_spikes(name, tmp_path):
    current, duration, options = RUNS[name]
    index, times = spikes_of(ns.brian.script(name, current, duration, **options), tmp_path)
    run = ns.simulate(name, current, duration, spike_timing="grid", **options)
    assert run.spike_time.size >= 2
    assert np.array_equal(np.sort(index), np.sort(run.spike_index))
    np.testing.assert_allclose(times, run.spike_time, rtol=0, atol=1e-9)


def test_a_random_script_draws_the_numbers_of_its_seed(tmp_path):
    noise = ns.ornstein_uhlenbeck(2, 0.5, 3) + ns.white_noise(0, 0.1) + ns.poisson_input(100, 1)
    options = {"neurons": 3, "seed": 1}
    index, times = spikes_of(ns.brian.script("escape-integrate-and-fire", noise, 100, **options), tmp_path)
    run = ns.brian.simulate("escape-integrate-and-fire", noise, 100, **options)
    assert run.spike_time.size > 3
    assert np.array_equal(index, run.spike_index)
    np.testing.assert_allclose(times, run.spike_time, rtol=0, atol=1e-9)


HOSTILE = [  # as written between the quotes of a TOML file
    r"\"\"\"'''; print(1); #",
    r"\\'); print(1) #",
    "{print(1)} %(x)s # type: ignore",
    "π print(1)",
]


@pytest.mark.parametrize("evil", HOSTILE)
def test_text_of_the_file_stays_text(evil, tmp_path):
    """The program is that of the file without such words, and so is what it prints."""
    text = ns.load_model("leaky-integrate-and-fire").source
    for words in ("membrane time constant", "A leaky membrane", "Gerstner,", "injected current"):
        assert words in text
        text = text.replace(words, evil)
    script = ns.brian.script(Model.from_toml(text), ns.step(3, 1.03), 20)
    plain = ns.brian.script("leaky-integrate-and-fire", ns.step(3, 1.03), 20)
    assert ast.dump(ast.parse(script)) == ast.dump(ast.parse(plain))
    if evil == HOSTILE[0]:
        _, times = spikes_of(script, tmp_path)
        run = ns.simulate("leaky-integrate-and-fire", ns.step(3, 1.03), 20, spike_timing="grid")
        np.testing.assert_allclose(times, run.spike_time)


@pytest.mark.parametrize("evil", [r"\nprint(1)", r"\r\nprint(1)", r"\u2028print(1)", r"\u0085print(1)", r"\fprint(1)"])
def test_lines_cannot_be_broken(evil):
    """Already the file is refused."""
    with pytest.raises(NeurosimError, match="one line"):
        Model.from_toml(ns.load_model("leaky-integrate-and-fire").source.replace("membrane time constant", evil))


@pytest.mark.parametrize("name", ["__import__", "V = 1; print(1)", "eval", "e\u0301"])
def test_names_that_are_code_are_no_names(name):
    text = ns.load_model("leaky-integrate-and-fire").source.replace("tau_m", name)
    with pytest.raises(NeurosimError):
        Model.from_toml(text)


def test_every_model_can_be_exported():
    for name in ns.list_models():
        result = CliRunner().invoke(app, ["export", name, "--to", "brian2"])
        assert result.exit_code == 0, result.output
        compile(result.stdout, name, "exec")


def test_export_writes_a_file(tmp_path):
    path = tmp_path / "script.py"
    words = ["export", "izhikevich", "--to", "brian2", "--variant", "chattering", "--duration", "50", "-o", str(path)]
    result = CliRunner().invoke(app, words)
    assert result.stdout == f"wrote {path}\n"
    _, times = spikes_of(path.read_text(encoding="utf-8"), tmp_path)
    model = ns.load_model("izhikevich")
    current = ns.parse_current(model.variants["chattering"].current)
    run = ns.simulate(model.variant("chattering"), current, 50, spike_timing="grid")
    np.testing.assert_allclose(times, run.spike_time, atol=1e-9)
    assert CliRunner().invoke(app, ["export", "izhikevich", "--to", "nest"]).exit_code == 2


def test_export_of_a_recorded_current(tmp_path):
    path = tmp_path / "current.csv"
    path.write_text("\n".join(["time (ms),current (pA)", *(f"{k * 0.5},{20 + k % 7}" for k in range(40)), ""]))
    words = ["export", "hodgkin-huxley", "--to", "brian2", "--current", str(path), "--area", "200 um^2"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "run(20.0*ms)" in result.stdout
    _, times = spikes_of(result.stdout, tmp_path)
    run = ns.simulate("hodgkin-huxley", ns.from_file(path, area="200 um^2"), 20)
    np.testing.assert_allclose(times, run.spike_time, atol=1e-9)
    assert times.size


def test_commands_take_a_backend():
    def read(*words):
        result = CliRunner().invoke(app, [*words, "--json", "--backend", "brian2"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    run = ns.simulate("leaky-integrate-and-fire", 3, 50, spike_timing="grid")
    assert read("run", "leaky-integrate-and-fire", "--current", "3", "--duration", "50")["spike_time"] == [
        run.spike_time.tolist()
    ]
    assert len(read("raster", "renewal", "--current", "1.5", "--neurons", "3", "--seed", "1")["spike_count"]) == 3
    gain = read("gain", "leaky-integrate-and-fire", "--to", "3", "--steps", "2", "--duration", "100", "--discard", "20")
    assert gain["rate"][0] == 0 < gain["rate"][1]
    assert read("isi", "renewal", "--current", "1.5", "--intervals", "200", "--seed", "1")["mean"] > 5
    assert CliRunner().invoke(app, ["run", "poisson", "--current", "3", "--backend", "nest"]).exit_code == 2
