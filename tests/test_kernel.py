"""Kernels: arithmetic against NumPy, sources a person can read, the same bits in every company, the cache."""

import ast
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import neurosim as ns
from models import ADAPTIVE, CLOCKED
from neurosim.kernel import cache, kernel_source, windows
from neurosim.kernel.layout import MOST_SPIKES, TILE
from neurosim.kernel.linear import expm1
from neurosim.methods import METHODS, find_method


@pytest.fixture(scope="module")
def device():
    """The device functions, each as a function of arrays."""
    from numba import njit

    from neurosim.kernel import device

    def of_arrays(function):
        @njit(error_model="numpy")
        def loop(x, out):
            for i in range(x.size):
                out[i] = function(x[i])

        def apply(x):
            x = np.asarray(x, dtype=float)
            out = np.empty_like(x)
            loop(x, out)
            return out

        return apply

    names = ("exp", "exprelr", "sinh", "cosh", "tanh", "gate", "heaviside")
    return {name: of_arrays(getattr(device, name)) for name in names}


def ulps(found, wanted):
    return np.max(np.abs(found - wanted) / np.spacing(np.abs(wanted)))


def test_exp_is_right_to_the_last_digit(device):
    """Within 1 ulp of NumPy's exp, which is itself within 1 ulp."""
    for x in (np.linspace(-708, 709.7, 1_000_001), np.linspace(-1, 1, 1_000_001), np.geomspace(1e-300, 1, 10_001)):
        assert ulps(device["exp"](x), np.exp(x)) <= 1


def test_exp_at_its_ends(device):
    x = [np.inf, -np.inf, np.nan, 1000.0, -1000.0, 709.78, 709.79, -708.38, 0.0, -0.0]
    found = device["exp"](x)
    assert np.isnan(found[2])
    assert found[[0, 3, 6]].tolist() == [np.inf] * 3
    assert found[[1, 4]].tolist() == [0.0, 0.0]
    assert found[5] == pytest.approx(np.exp(709.78), rel=1e-15)
    assert found[7] == pytest.approx(np.exp(-708.38), rel=1e-15)
    assert found[8:].tolist() == [1.0, 1.0]


def test_exprelr_near_zero(device):
    """Against x/expm1(x), which NumPy computes without cancellation."""
    x = np.concatenate([sign * np.geomspace(1e-12, 1e-3, 1000) for sign in (1, -1)] + [np.linspace(-50, 50, 10_002)])
    x = x[x != 0]
    assert ulps(device["exprelr"](x), x / np.expm1(x)) < 60  # 1e-14
    x = np.concatenate([sign * np.geomspace(1e-12, 1e-3, 1000) for sign in (1, -1)])
    assert ulps(device["exprelr"](x), x / np.expm1(x)) <= 2
    assert device["exprelr"]([0.0, np.inf, -1000.0, 1000.0]).tolist() == [1.0, 0.0, 1000.0, 0.0]


@pytest.mark.parametrize("name", ["sinh", "cosh", "tanh"])
def test_hyperbolic_functions(device, name):
    x = np.concatenate([np.linspace(-20, 20, 400_001), np.geomspace(1e-300, 1, 1001), -np.geomspace(1e-300, 1, 1001)])
    wanted = getattr(np, name)(x)
    assert np.max(np.abs(device[name](x) - wanted) / np.maximum(np.abs(wanted), 1e-300)) < 1e-15
    ends = device[name]([np.inf, -np.inf, 0.0])
    assert ends.tolist() == getattr(np, name)([np.inf, -np.inf, 0.0]).tolist()


def test_gate_and_heaviside(device):
    assert device["gate"]([np.nan, np.inf, -np.inf, 0.0]).tolist() == [1.0, 1.0, 0.0, 0.5]
    x = np.linspace(-5, 5, 101)
    np.testing.assert_allclose(device["gate"](x), (1 + np.tanh(x)) / 2, atol=1e-15)
    assert device["heaviside"]([0.0, -0.0, -1e-300, 1.0]).tolist() == [1.0, 1.0, 0.0, 1.0]


def test_matrix_exponential():
    """Against SciPy's, for small and large norms and a singular matrix."""
    from scipy.linalg import expm as scipy_expm

    rng = np.random.default_rng(1)
    matrices = rng.normal(size=(20, 3, 3)) * np.geomspace(1e-6, 5, 20)[:, None, None]
    matrices[0] = 0
    for found, matrix in zip(expm1(matrices), matrices, strict=True):
        wanted = scipy_expm(matrix) - np.eye(3)
        assert np.linalg.norm(found - wanted) <= 1e-12 * np.linalg.norm(wanted) + 1e-15


# Sources ---------------------------------------------------------------------------------------------------------


def source_of(model, method=None):
    model = ns.load_model(model)
    return kernel_source(model, find_method(method or model.method))[0]


def test_six_exponentials_of_hodgkin_huxley_become_two():
    source = source_of("hodgkin-huxley")
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    assert sum(getattr(node.func, "id", "") in ("exp", "exprelr") for node in calls) == 2


def test_parts_of_parameters_are_computed_once():
    """1/tau_m is a constant of a tile: no division is left in the loop of a leaky membrane."""
    source = source_of("leaky-integrate-and-fire", "rk4")
    assert not any(isinstance(node, ast.Div) for node in ast.walk(ast.parse(source)))


def test_nothing_of_the_file_but_names_and_numbers_enters_the_source():
    words = source_of("leaky-integrate-and-fire", "rk4")
    for text in ("membrane", "Neuronal", "doi", "Gerstner", "vartheta"):
        assert text not in words


# The same bits ---------------------------------------------------------------------------------------------------


def run(model, **options):
    current = ns.step(np.linspace(5, 40, 150), start=3) + ns.sine(3.0, 80)
    if not isinstance(model, str):
        current = current * 0.1
    recording = ns.simulate(model, current, 60, **options)
    return recording, [recording.final_state[name].tobytes() for name in sorted(recording.final_state)]


@pytest.fixture(params=["hodgkin-huxley", "izhikevich", "adaptive"])
def model(request):
    return ns.Model.from_toml(ADAPTIVE) if request.param == "adaptive" else request.param


def test_same_bits_for_any_number_of_threads(model):
    one, bits = run(model, threads=1)
    assert one.spike_time.size > 50
    for threads in (2, 3, 7):
        other, other_bits = run(model, threads=threads)
        assert other_bits == bits
        assert other.spike_time.tobytes() == one.spike_time.tobytes()
        assert other.spike_index.tobytes() == one.spike_index.tobytes()


def test_same_bits_for_any_window(model, monkeypatch):
    one, bits = run(model)
    for longest in (1, 7, 100):
        monkeypatch.setattr(windows, "_LONGEST_WINDOW", longest)
        other, other_bits = run(model)
        assert other_bits == bits
        assert other.spike_time.tobytes() == one.spike_time.tobytes()


def test_same_bits_whatever_is_recorded(model):
    _, bits = run(model)
    first = next(iter(ns.load_model(model).states))
    recording, others = run(model, record=[first, "I"], record_every=7)
    assert others == bits
    every, _ = run(model, record=[first])
    assert recording[first].tobytes() == np.ascontiguousarray(every[first][:, ::7]).tobytes()


def test_same_bits_alone_and_in_a_crowd(model):
    """Neuron 77 of 150 by itself: it goes through another place of the vectorised loop, or none."""
    crowd, _ = run(model)
    amplitude = np.linspace(5, 40, 150)[77]
    current = ns.step(amplitude, start=3) + ns.sine(3.0, 80)
    alone = ns.simulate(model, current if isinstance(model, str) else current * 0.1, 60)
    for name, values in alone.final_state.items():
        assert values.tobytes() == crowd.final_state[name][77:78].tobytes()
    assert alone.spike_time.tobytes() == crowd.spike_times(77).tobytes()


def test_same_bits_alone_and_among_neurons_with_other_parameters(model):
    name = {"hodgkin-huxley": "g_K", "izhikevich": "a"}.get(model, "tau_m")
    value = ns.load_model(model).parameters[name].value
    values = value * np.geomspace(0.01, 2, 90)
    current = 12.0 if isinstance(model, str) else 3.0
    crowd = ns.simulate(model, current, 20, dt=0.01, parameters={name: values})
    alone = ns.simulate(model, current, 20, dt=0.01, parameters={name: values[70]})
    for state, found in alone.final_state.items():
        assert found.tobytes() == crowd.final_state[state][70:71].tobytes()


def test_same_bits_where_spikes_fill_their_buffer(monkeypatch):
    one, bits = run("izhikevich")
    monkeypatch.setattr(windows, "_SPIKES_AT_ONCE", MOST_SPIKES * TILE)
    other, other_bits = run("izhikevich")
    assert (other_bits, other.spike_time.tobytes()) == (bits, one.spike_time.tobytes())


def test_a_matrix_of_samples_is_the_same_as_a_waveform():
    samples = np.where(np.arange(400) < 100, 0.0, 2.5)
    wave = ns.simulate("leaky-integrate-and-fire", ns.from_array(samples, dt=0.1), 40)
    matrix = ns.simulate("leaky-integrate-and-fire", np.tile(samples, (70, 1)), 40)
    step = ns.simulate("leaky-integrate-and-fire", ns.step(2.5, start=10), 40)
    assert wave.spike_time.tobytes() == step.spike_time.tobytes()
    assert matrix.spike_times(69).tobytes() == step.spike_time.tobytes()


# The cache -------------------------------------------------------------------------------------------------------

PROGRAM = textwrap.dedent("""
    import sys
    import neurosim as ns
    count = ns.simulate("leaky-integrate-and-fire", 2.5, 100).spike_count[0]
    print(count, "numba" in sys.modules, "pint" in sys.modules, "sympy" in sys.modules, "matplotlib" in sys.modules)
""")


def in_a_new_process(folder, program=PROGRAM, **environment):
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"NEUROSIM_CACHE_DIR": str(folder)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split(), result.stderr


def test_a_second_process_needs_no_numba(tmp_path):
    folder = tmp_path / "kernels"
    cold, _ = in_a_new_process(folder)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    warm, _ = in_a_new_process(folder)
    assert cold == ["6", "True", "False", "False", "False"]
    assert warm == ["6", "False", "False", "False", "False"]
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert sorted(path.suffix for path in folder.iterdir()) == [".o", ".py"]
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", [b"", b"nonsense" * 10, None])
def test_a_damaged_file_is_compiled_again(tmp_path, damage):
    in_a_new_process(tmp_path / "kernels")
    (code,) = (tmp_path / "kernels").glob("*.o")
    whole = code.read_bytes()
    code.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert in_a_new_process(tmp_path / "kernels")[0][:2] == ["6", "True"]
    assert code.read_bytes()[32:].startswith(b"\x7fELF") or sys.platform != "linux"
    assert in_a_new_process(tmp_path / "kernels")[0][:2] == ["6", "False"]


def test_a_folder_open_to_others_is_not_trusted(tmp_path):
    folder = tmp_path / "open"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    output, message = in_a_new_process(folder)
    assert output[0] == "6"
    assert not list(folder.iterdir())
    assert "is open to other users; kernels of this process go to" in message


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    output, message = in_a_new_process(tmp_path / "file" / "kernels")
    assert output[0] == "6"
    assert "kernels of this process go to" in message


def test_without_object_code_the_callback_is_used(monkeypatch):
    """Where object code cannot be linked, the function Numba compiled in this process gives the same bits."""
    expected = ns.simulate("leaky-integrate-and-fire", 2.5, 100).final_state["V"]

    def refuse(code):
        raise ValueError("cannot link")

    monkeypatch.setattr(cache, "_bind", refuse)
    monkeypatch.setattr(cache, "cache_folder", lambda: None)
    cache.load_kernel.cache_clear()
    assert ns.simulate("leaky-integrate-and-fire", 2.5, 100).final_state["V"].tobytes() == expected.tobytes()
    monkeypatch.undo()
    cache.load_kernel.cache_clear()


def test_the_fingerprint_covers_source_and_versions(monkeypatch):
    source = source_of("renewal-deterministic")
    first = cache._fingerprint(source)
    assert cache._fingerprint(source + " ") != first
    for name in cache.environment():
        changed = cache.environment() | {name: "other"}
        monkeypatch.setattr(cache, "environment", lambda changed=changed: changed)
        assert cache._fingerprint(source) != first
        monkeypatch.undo()


def test_every_method_compiles_for_every_function_of_the_language():
    model = ns.Model.from_toml(CLOCKED)
    for method in ("rk4", "euler"):
        ast.parse(kernel_source(model, METHODS[method])[0])
