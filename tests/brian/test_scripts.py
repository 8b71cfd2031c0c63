"""Exported scripts run without neurosim and give the same spikes; the command line reaches Brian2."""

import json
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

import neurosim as ns
from neurosim.cli import app
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
    "pinsky-rinzel": ({"I_s": 5, "I_d": 0}, 20, {}),
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


def test_text_of_the_file_stays_text(tmp_path):
    evil = "\\\"\\\"\\\"'''; print(1); #"
    text = ns.load_model("leaky-integrate-and-fire").source
    text = text.replace("membrane time constant", evil).replace("A leaky membrane", evil).replace("Gerstner,", evil)
    script = ns.brian.script(Model.from_toml(text), 3, 20)
    _, times = spikes_of(script, tmp_path)
    np.testing.assert_allclose(times, ns.simulate("leaky-integrate-and-fire", 3, 20, spike_timing="grid").spike_time)


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
