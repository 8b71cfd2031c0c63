"""Recordings on disk: back bit by bit, repeated bit by bit, whole when the writer dies, readable when interrupted."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import warnings

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

import neurosim as ns
from neurosim.cli import app

EVERYTHING = (
    ns.step([5, 10, 20], start=20, stop=80)
    + ns.ramp(0, 1, 10, 20)
    + ns.sine(1, 20)
    + ns.chirp(1, 5, 50, 10, 90)
    + ns.pulses(3, [5, 8])
    + ns.from_array(np.arange(1000.0) % 7, 0.1)
    + ns.from_array(np.arange(3000.0).reshape(3, 1000) % 5, 0.1, interpolate=False)
    + ns.white_noise(0, 1)
    + ns.ornstein_uhlenbeck(0, [1, 2, 3], 5, frozen=True)
    + ns.poisson_input(1000, 0.1)
)


def hodgkin_huxley(**options):
    given = {"parameters": {"g_Na": [110, 120, 130.0], "g_K": "36 mS/cm^2"}, "record": ["V", "I"], "seed": 3}
    return ns.simulate("hodgkin-huxley", EVERYTHING, 100, **given | options)


def assert_same(one, other):
    assert list(one.traces) == list(other.traces)
    for name in one.traces:
        np.testing.assert_array_equal(one[name], other[name])
    np.testing.assert_array_equal(one.spike_index, other.spike_index)
    np.testing.assert_array_equal(one.spike_time, other.spike_time)
    assert one.final_state.keys() == other.final_state.keys()
    for name, values in one.final_state.items():
        np.testing.assert_array_equal(values, other.final_state[name])
    for name in "neurons dt duration method record_every seed complete".split():
        assert getattr(one, name) == getattr(other, name), name
    assert dict(one.units) == dict(other.units)


# Back and again --------------------------------------------------------------------------------------------------


def test_everything_comes_back(tmp_path):
    recording = hodgkin_huxley()
    recording.save(tmp_path / "a.h5")
    back = ns.load(tmp_path / "a.h5")
    assert_same(recording, back)
    assert_same(recording, ns.load(tmp_path / "a.h5", lazy=True))
    assert back.model.source == recording.model.source
    assert back.model.parameters == recording.model.parameters
    assert back.receipt.environment == recording.receipt.environment
    assert {"neurosim", "numpy", "numba", "llvmlite", "python", "system", "cpu", "features", "libc"} <= set(
        back.receipt.environment
    )
    np.testing.assert_array_equal(back.parameters["g_Na"], [110, 120, 130])
    assert ns.diff(recording, tmp_path / "a.h5").receipt == ()
    assert os.listdir(tmp_path) == ["a.h5"]


@pytest.mark.parametrize(
    ("model", "I", "duration", "options"),
    [
        ("leaky-integrate-and-fire", 2.5, 200, {"record": "V", "record_every": 3}),
        ("leaky-integrate-and-fire", ns.white_noise([2.1, 2.5], 0.2), 200, {"start": {"V": -60}}),
        ("adaptive-exponential", 800, 200, {"method": "dopri5", "rtol": 1e-5, "record": ["V", "w"]}),
        ("izhikevich", 10, 200, {"spike_timing": "grid", "record": "V"}),
        ("renewal", 1.5, 500, {"neurons": 4, "start": "stationary"}),
        ("renewal-hazard", 1.5, 500, {"neurons": 4}),
        ("hodgkin-huxley", 10, 50, {"record": "I", "record_neurons": [0], "neurons": 3}),
    ],
)
def test_a_rerun_is_bit_identical(tmp_path, model, I, duration, options):
    recording = ns.simulate(model, I, duration, **options)
    recording.save(tmp_path / "a.h5")
    result = ns.rerun(tmp_path / "a.h5")
    assert (result.verdict, result.same_environment) == ("bit-identical", True)
    assert_same(recording, result.recording)
    assert str(result) == "bit-identical, on the same machine and versions"


def test_a_variant_and_replaced_parameters_are_repeated(tmp_path):
    model = ns.load_model("adaptive-exponential").variant("irregular-spiking").replace(b="31.7 pA")
    recording = ns.simulate(model, 160, 300, record="V")
    recording.save(tmp_path / "a.h5")
    assert ns.load(tmp_path / "a.h5").model.parameters["b"].value == 31.7
    assert ns.rerun(tmp_path / "a.h5").verdict == "bit-identical"


def test_a_run_that_went_on_is_repeated(tmp_path):
    """The second half carries the state of its random streams."""
    noise = ns.ornstein_uhlenbeck(2.2, 0.5, 5)
    first = ns.simulate("leaky-integrate-and-fire", noise, 100, seed=4, neurons=3)
    second = ns.simulate("leaky-integrate-and-fire", noise, 100, start=first.final_state, record="V")
    second.save(tmp_path / "b.h5")
    assert ns.rerun(tmp_path / "b.h5").verdict == "bit-identical"
    first.save(tmp_path / "a.h5")
    again = ns.simulate(
        "leaky-integrate-and-fire", noise, 100, start=ns.load(tmp_path / "a.h5").final_state, record="V"
    )
    np.testing.assert_array_equal(again["V"], second["V"])


def test_a_certificate_is_kept(tmp_path):
    recording = ns.simulate("hodgkin-huxley", 10, 50, certify=True)
    recording.save(tmp_path / "a.h5")
    back = ns.load(tmp_path / "a.h5").certificate
    assert str(back) == str(recording.certificate)


def test_on_another_machine_rounding_is_allowed(tmp_path):
    """The receipt of another processor: the same bits are equal to rounding, another spike is different."""
    path = tmp_path / "a.h5"
    hodgkin_huxley().save(path)
    with h5py.File(path, "r+") as file:
        text = file["receipt"].attrs["environment"]
        file["receipt"].attrs["environment"] = text.replace('"cpu": "', '"cpu": "another ')
        file["spikes/time"][0] += 1e-9
        file["receipt"].attrs["environment"] = (
            file["receipt"].attrs["environment"].replace('"features": "', '"features": "sse6 ')
        )
    result = ns.rerun(path)
    assert result.verdict == "equal to rounding"
    assert "environment, cpu: another" in str(result)
    assert "environment, features: sse6 | –" in str(result)
    with h5py.File(path, "r+") as file:
        file["spikes/time"][0] += 1e-3
    assert ns.rerun(path).verdict == "different"


def test_a_changed_result_is_found(tmp_path):
    path = tmp_path / "a.h5"
    hodgkin_huxley().save(path)
    with h5py.File(path, "r+") as file:
        file["traces/V"][1, 7] += 1e-13
    result = ns.rerun(path)
    assert result.verdict == "different"
    assert result.comparison.close
    assert "neuron 1, t = 0.35 ms" in str(result)


def test_diff_says_what(tmp_path):
    one, other = hodgkin_huxley(), hodgkin_huxley(seed=5, parameters={"g_K": 35}, method="midpoint", record="V")
    comparison = ns.diff(one, other)
    text = str(comparison)
    for line in (
        "method: rk4 | midpoint",
        "seed: 3 | 5",
        "parameter g_K (mS/cm^2): 36 | 35",
        "record: V, I | V",
        "trace of I",
    ):
        assert line in text
    assert not comparison.identical
    assert not comparison.close
    assert str(ns.diff(one, hodgkin_huxley())) == "no difference"
    assert "text of the model" in str(ns.diff(one, ns.simulate("izhikevich", 10, 100, neurons=3)))
    step = (
        ns.simulate("hodgkin-huxley", ns.step(10, 20, 80), 100),
        ns.simulate("hodgkin-huxley", ns.step(10, 21, 80), 100),
    )
    assert "current 0 into I, start: 20 | 21" in str(ns.diff(*step))


# A current from a file -------------------------------------------------------------------------------------------


def recorded(tmp_path):
    path = tmp_path / "current.csv"
    path.write_text("time_ms,I_pA\n" + "".join(f"{k / 10},{800 + 10 * (k % 50)}\n" for k in range(1000)))
    return path


@pytest.mark.parametrize("area", [None, "2000 um^2"])
def test_a_current_from_a_file_is_embedded_or_found_again(tmp_path, area):
    model = "adaptive-exponential" if area is None else "hodgkin-huxley"
    source = recorded(tmp_path)
    recording = ns.simulate(model, 2 * ns.from_file(source, area=area), 100)
    recording.save(tmp_path / "embedded.h5")
    recording.save(tmp_path / "path.h5", embed=False)
    with h5py.File(tmp_path / "path.h5") as file:
        import hashlib

        group = file["current/000"]
        assert group.attrs["sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
        assert group.attrs["path"] == str(source)
        assert "values" not in group
    for name in ("embedded.h5", "path.h5"):
        assert ns.rerun(tmp_path / name).verdict == "bit-identical"
    source.write_text(source.read_text() + "100,800\n")
    assert ns.rerun(tmp_path / "embedded.h5").verdict == "bit-identical"
    with pytest.raises(ns.InputError, match=r"has changed since \(its SHA-256"):
        ns.rerun(tmp_path / "path.h5")
    source.unlink()
    back = ns.load(tmp_path / "path.h5")  # what was recorded is there
    assert str(ns.diff(recording, back)) == "no difference"
    back.save(tmp_path / "again.h5")
    assert str(ns.diff(recording, tmp_path / "again.h5")) == "no difference"
    np.testing.assert_array_equal(back.spike_time, recording.spike_time)
    with pytest.raises(ns.InputError, match="is not there"):
        back.input("I")


# Hostile files ---------------------------------------------------------------------------------------------------


def test_files_that_are_no_recordings(tmp_path):
    with pytest.raises(ns.InputError, match="there is no such file"):
        ns.load(tmp_path / "missing.h5")
    with pytest.raises(ns.InputError, match="not a file"):
        ns.load(tmp_path)
    (tmp_path / "a.h5").write_bytes(b"hello")
    with pytest.raises(ns.InputError, match="no HDF5 file, or truncated"):
        ns.load(tmp_path / "a.h5")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(ns.InputError, match="no recording of neurosim"):
        ns.load(tmp_path / "b.h5")


def _external(file):
    data = file["spikes/time"][()]
    del file["spikes/time"]
    file["spikes"].create_dataset("time", data.shape, "<f8", external=[("/etc/hostname", 0, data.nbytes)])


def _replace(path, value):
    def change(file):
        del file[path]
        file[path] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.attrs.update(layout=2), "of layout 2, this version reads 1"),
        (lambda f: f.attrs.update(neurons=0), "/@neurons is no whole number from 1 on"),
        (lambda f: f.attrs.update(neurons="x"), "/@neurons is no whole number"),
        (lambda f: f.attrs.update(dt_ms=-1.0), "dt must be positive"),
        (lambda f: f.attrs.update(method="magic"), "/@method is 'magic'"),
        (lambda f: f["model"].attrs.update(sha256="0"), "text of the model does not have its SHA-256"),
        (lambda f: f.__delitem__("spikes"), "/spikes is missing"),
        (lambda f: f.__delitem__("receipt/settings/g_K"), "settings are not the parameters"),
        (_replace("spikes/time", b"text"), "spikes/time is no array of float64"),
        (_replace("spikes/index", np.full(3, 7)), "not those of these neurons"),
        (_replace("traces/V", np.zeros((3, 2))), r"/traces/V has shape \(3, 2\) where \(3, 2001\)"),
        (_replace("record_neurons", np.array([2, 1])), "record_neurons are not numbers"),
        (_replace("current/000/amplitude", np.zeros(2)), r"has shape \(2,\) where \(3\)"),
        (lambda f: f["current/000"].attrs.update(waveform="os.system"), "'os.system', none of"),
        (lambda f: f["current/000"].attrs.update(input="J"), "/@input is 'J'"),
        (lambda f: f["current/009"]["values"].__setitem__(3, 1e9), "do not have their SHA-256"),
        (lambda f: f["receipt"].attrs.update(environment="[]"), "no table of texts"),
        (lambda f: f["receipt"].attrs.update(environment="{"), "the file is damaged"),
        (lambda f: f.attrs.update(record="V,nothing"), "nothing called 'nothing'"),
        (_external, "kept outside of the file"),
    ],
)
def test_hostile_recordings(tmp_path, change, message):
    path = tmp_path / "a.h5"
    hodgkin_huxley().save(path)
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(ns.InputError, match=message):
        ns.load(path)


def test_links_to_elsewhere_and_sizes_beyond_memory(tmp_path):
    path = tmp_path / "a.h5"
    hodgkin_huxley().save(path)
    with h5py.File(path, "r+") as file:
        del file["traces/V"]
        file["traces/V"] = h5py.ExternalLink("/etc/hostname", "/x")
    with pytest.raises(ns.InputError, match="link to elsewhere"):
        ns.load(path)
    with h5py.File(path, "r+") as file:
        del file["traces/V"], file["final_state/V"]
        file["traces"].create_dataset("V", data=np.zeros((3, 2001)))
        file["final_state"].create_dataset("V", (2**50,), "<f8", chunks=(2**20,))
    with pytest.raises(ns.InputError, match="of memory are free"):
        ns.load(path)


def test_truncated_and_damaged_recordings_end_in_an_error_or_in_numbers(tmp_path):
    path = tmp_path / "a.h5"
    ns.simulate("leaky-integrate-and-fire", 2.5, 20, record="V").save(path)
    data, chance = path.read_bytes(), np.random.default_rng(3)
    for size in np.linspace(0, len(data) - 1, 40).astype(int):
        path.write_bytes(data[:size])
        with pytest.raises(ns.InputError):
            ns.load(path)
    for _ in range(150):
        spoilt = bytearray(data)
        for place in chance.integers(len(data), size=4):
            spoilt[place] = chance.integers(256)
        path.write_bytes(spoilt)
        with contextlib.suppress(ns.InputError):
            ns.load(path)


# Killed ----------------------------------------------------------------------------------------------------------


def test_a_save_killed_at_200_random_moments_leaves_the_old_or_the_new(tmp_path):
    """SIGKILL while two recordings are saved in turn under one name: one of the two is there, whole."""
    folder = tmp_path / "folder"
    folder.mkdir()
    target = folder / "a.h5"
    recordings = [ns.simulate("leaky-integrate-and-fire", I, 500, record="V", dt=0.1) for I in (2.5, 3.5)]
    for k, recording in enumerate(recordings):
        recording.save(tmp_path / f"{k}.h5")
    recordings[0].save(target)
    chance, seen = random.Random(1), set()
    for fork in range(200):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # other threads of this process do not write HDF5 files
            child = os.fork() if hasattr(os, "fork") else pytest.skip("needs fork")
        if child == 0:
            try:
                while True:
                    for recording in recordings[:: 1 if fork % 2 else -1]:
                        recording.save(target)
            finally:
                os._exit(1)
        time.sleep(chance.uniform(0.0, 0.06))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        back = ns.load(target)
        matching = [k for k, recording in enumerate(recordings) if recording.spike_time.size == back.spike_time.size]
        assert len(matching) == 1, fork
        assert_same(back, recordings[matching[0]])
        seen |= set(matching)
    assert seen == {0, 1}


def test_a_failed_save_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "a.h5"
    recording = hodgkin_huxley()
    recording.save(path)
    before = path.read_bytes()

    def fails(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("neurosim.files.saving.write_results", fails)
    with pytest.raises(ns.InputError, match="No space left"):
        recording.save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.h5"]


# Streams ---------------------------------------------------------------------------------------------------------


def test_a_streamed_recording_is_the_same(tmp_path):
    in_memory, streamed = hodgkin_huxley(), hodgkin_huxley(out=tmp_path / "a.h5")
    assert os.listdir(tmp_path) == ["a.h5"]
    assert_same(in_memory, streamed)
    assert_same(in_memory, ns.load(tmp_path / "a.h5"))
    assert str(ns.diff(in_memory, streamed)) == "no difference"
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file["time"][()], in_memory.time)
    streamed.save(tmp_path / "b.h5")
    assert_same(in_memory, ns.load(tmp_path / "b.h5"))


def test_a_certificate_is_streamed(tmp_path):
    """What certify says of a recording in memory it says of one in a file, and the file keeps it."""
    options = {"record": "V", "certify": True}
    expected = ns.simulate("adaptive-exponential", 700, 300, **options)
    for recording in (
        ns.simulate("adaptive-exponential", 700, 300, **options, out=tmp_path / "a.h5"),
        ns.load(tmp_path / "a.h5"),
    ):
        assert_same(recording, expected)
        assert str(recording.certificate) == str(expected.certificate)
    assert expected.certificate.spikes > 4
    assert os.listdir(tmp_path) == ["a.h5"]


def test_what_fails_before_it_begins_leaves_no_file(tmp_path, monkeypatch):
    """Ctrl-C while compiling, and a disk that is full at once; a run that has come further stays."""
    from neurosim.kernel import windows

    def fail(error):
        def failing(*_):
            raise error

        return failing

    for error, expected in ((KeyboardInterrupt(), KeyboardInterrupt), (OSError(28, "No space left"), ns.InputError)):
        with monkeypatch.context() as patch:
            patch.setattr(windows._Run, "advance", fail(error))
            with pytest.raises(expected):
                hodgkin_huxley(out=tmp_path / "a.h5")
        assert os.listdir(tmp_path) == []
    with pytest.raises(ns.SimulationError):
        ns.simulate("hodgkin-huxley", ns.step(1e9, start=49_000), 50_000, record="V", out=tmp_path / "a.h5")
    assert os.listdir(tmp_path) == ["a.h5.partial"]
    assert 0 < ns.load(tmp_path / "a.h5.partial").duration < 50_000


def test_many_windows_are_streamed(tmp_path):
    options = {"record": ["V", "I"], "record_every": 7, "neurons": 200, "record_neurons": range(0, 200, 3), "seed": 1}
    current = ns.white_noise(2.2, 0.3)
    in_memory = ns.simulate("leaky-integrate-and-fire", current, 2000, **options)
    streamed = ns.simulate("leaky-integrate-and-fire", current, 2000, **options, out=tmp_path / "a.h5")
    assert_same(in_memory, streamed)


def test_a_trace_that_is_read_late_is_of_the_same_file(tmp_path):
    streamed = hodgkin_huxley(out=tmp_path / "a.h5")
    hodgkin_huxley(seed=4).save(tmp_path / "a.h5")
    with pytest.raises(ns.InputError, match="another file has taken its place"):
        streamed["V"]


def test_where_nothing_can_be_streamed_to(tmp_path):
    for path in (tmp_path, tmp_path / "no folder" / "a.h5", ""):
        with pytest.raises(ns.InputError, match="it is no name of a file"):
            hodgkin_huxley(out=path)
    (tmp_path / "a.h5.partial").touch()
    with pytest.raises(ns.InputError, match="is there already"):
        hodgkin_huxley(out=tmp_path / "a.h5")


def test_a_stream_killed_is_readable_as_far_as_it_came(tmp_path):
    path = tmp_path / "a.h5"
    code = (
        "import neurosim as ns\n"
        f"ns.simulate('leaky-integrate-and-fire', 2.5, 1e6, record='V', out={str(path)!r}, threads=1)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code])
    partial, until = tmp_path / "a.h5.partial", time.monotonic() + 60
    try:
        while time.monotonic() < until:
            time.sleep(0.05)
            if partial.exists():
                try:
                    growing = ns.load(partial, lazy=True)  # while it is written
                except ns.InputError:  # its first bytes are not there yet
                    continue
                if growing.duration > 10_000:
                    break
    finally:
        child.kill()
        child.wait()
    killed = ns.load(partial)
    assert not killed.complete
    assert not path.exists()
    assert 10_000 < killed.duration < 1e6
    whole = ns.simulate("leaky-integrate-and-fire", 2.5, killed.duration, record="V")
    np.testing.assert_array_equal(killed["V"], whole["V"])
    np.testing.assert_array_equal(killed.spike_time, whole.spike_time)
    assert ns.rerun(partial).verdict in ("bit-identical", "different")


# Ctrl-C ----------------------------------------------------------------------------------------------------------


def press_ctrl_c(monkeypatch, after=3):
    """Ctrl-C in the main thread, in the middle of a window."""
    from neurosim.kernel import windows

    signal.signal(signal.SIGINT, signal.default_int_handler)

    advance, calls = windows._Run.advance, []

    def advance_and_press(self, *arguments):
        advance(self, *arguments)
        calls.append(1)
        if len(calls) == after:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(windows._Run, "advance", advance_and_press)


@pytest.mark.parametrize("streamed", [False, True])
def test_ctrl_c_returns_what_has_been_computed(tmp_path, monkeypatch, streamed):
    options = {"record": ["V", "I"], "seed": 2}
    current = ns.white_noise(2.2, 0.3)
    press_ctrl_c(monkeypatch)
    out = {"out": tmp_path / "a.h5"} if streamed else {}
    with pytest.warns(ns.IncompleteWarning, match="was interrupted at .* of 500000 ms"):
        part = ns.simulate("leaky-integrate-and-fire", current, 500_000, **options, **out)
    assert not part.complete
    assert 0 < part.duration < 500_000
    assert part["V"].shape == (1, part.time.size)
    assert repr(part).startswith("<Incomplete recording of")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    monkeypatch.undo()
    whole = ns.simulate("leaky-integrate-and-fire", current, part.duration, **options)
    np.testing.assert_array_equal(part["V"], whole["V"])
    np.testing.assert_array_equal(part.spike_time, whole.spike_time)
    more = [ns.simulate("leaky-integrate-and-fire", current, 50, start=r.final_state).spike_time for r in (part, whole)]
    np.testing.assert_array_equal(*more)
    if streamed:
        assert os.listdir(tmp_path) == ["a.h5.partial"]
        assert not ns.load(tmp_path / "a.h5.partial").complete
    part.save(tmp_path / "b.h5")
    assert not ns.load(tmp_path / "b.h5").complete
    result = ns.rerun(tmp_path / "b.h5")
    assert result.verdict == "bit-identical"


INTERRUPTED = """
import sys
import neurosim as ns
from neurosim.kernel import windows

advance = windows._Run.advance

def tell(self, *arguments):
    advance(self, *arguments)
    print("running", flush=True)  # the first window is done
    windows._Run.advance = advance

windows._Run.advance = tell
"""


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
@pytest.mark.parametrize(
    ("code", "ends"),
    [
        ("r = ns.simulate('leaky-integrate-and-fire', 2.5, 1e7, record='V', record_every=100)\nr.save('a.h5')", 0),
        ("ns.simulate('leaky-integrate-and-fire', 2.5, 1e7, record='V', record_every=100, out='b.h5')", 0),
        (
            "sys.argv[1:] = 'run leaky-integrate-and-fire --current 2.5 --duration 1e7 --out b.h5'.split()\n"
            "from neurosim.__main__ import main\nmain()",
            130,
        ),
    ],
)
def test_a_signal_from_outside(tmp_path, code, ends):
    """SIGINT to another process, as a terminal sends it: a script goes on with what it has; the command says 130."""
    child = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED + code], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        assert child.stdout.readline() == "running\n"
        time.sleep(0.1)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=60)
    finally:
        child.kill()
    assert child.returncode == ends, err
    assert "was interrupted at" in err
    (name,) = os.listdir(tmp_path)
    assert name in ("a.h5", "b.h5.partial")
    part = ns.load(tmp_path / name)
    assert not part.complete
    assert 0 < part.duration < 1e7
    np.testing.assert_array_equal(part.spike_time, ns.simulate(part.model, 2.5, part.duration).spike_time)


def test_ctrl_c_while_certifying_keeps_the_recording(monkeypatch):
    from neurosim import simulation

    def interrupted(*_):
        raise simulation.Interrupted(0, {})

    monkeypatch.setattr(simulation, "_certificate", interrupted)
    with pytest.warns(ns.IncompleteWarning, match="there is no certificate"):
        recording = ns.simulate("hodgkin-huxley", 10, 50, certify=True)
    assert recording.complete
    assert recording.certificate is None


def test_other_handlers_and_threads_are_left_alone():
    seen = []
    before = signal.signal(signal.SIGINT, lambda *_: seen.append(1))
    try:
        assert ns.simulate("hodgkin-huxley", 10, 50).complete
    finally:
        signal.signal(signal.SIGINT, before)
    result = []
    thread = threading.Thread(target=lambda: result.append(ns.simulate("hodgkin-huxley", 10, 50).complete))
    thread.start()
    thread.join()
    assert result == [True]


def test_experiments_are_interrupted_as_ever(monkeypatch):
    press_ctrl_c(monkeypatch, 1)
    with pytest.raises(KeyboardInterrupt):
        ns.gain_function("hodgkin-huxley", [5, 10], duration=100_000)
    for work in (
        lambda: ns.check_model("hodgkin-huxley"),
        lambda: ns.rheobase("hodgkin-huxley", duration=100_000),
        lambda: ns.strength_duration("hodgkin-huxley", duration=100_000),
        lambda: ns.impedance("hodgkin-huxley", duration=100_000),
        lambda: ns.phase_plane("fitzhugh-nagumo", xlim=(-3, 3), ylim=(-1, 3), duration=100_000),
        lambda: ns.bifurcation("hodgkin-huxley", between=(0, 20), duration=100_000),
    ):
        press_ctrl_c(monkeypatch, 1)
        with pytest.raises(KeyboardInterrupt):
            work()


# Memory ----------------------------------------------------------------------------------------------------------


def test_a_run_that_would_not_fit_is_refused_before_it_starts(monkeypatch):
    monkeypatch.setattr("neurosim.stores.available_memory", lambda: 1e6)
    monkeypatch.setattr("neurosim.stores._ALWAYS_FITS", 0)
    monkeypatch.setattr("neurosim.simulation.execute", None)  # it never comes to that
    with pytest.raises(ns.InputError) as found:
        ns.simulate("leaky-integrate-and-fire", np.full(10, 2.0), 10_000, record=["V", "I"])
    text = str(found.value)
    assert "16 MB (2 of 10 neuron(s) at 100001 times), 1 MB are free" in text
    for cure in ("record_every=21", "record_neurons=[…]", "a shorter duration", "out='….h5'"):
        assert cure in text
    with pytest.raises(ns.InputError, match="1000000 neurons take at least"):
        ns.simulate("leaky-integrate-and-fire", 2, 1, neurons=1_000_000)


def test_spikes_that_fill_the_memory_end_the_run(tmp_path, monkeypatch):
    """16 bytes a spike, and half as many to join them: 1 MB, of which 0.8 may be used, holds 33,000."""
    monkeypatch.setattr("neurosim.stores.available_memory", lambda: 1e6)
    monkeypatch.setattr("neurosim.stores._ALWAYS_FITS", 2.0**12)
    monkeypatch.setattr("neurosim.stores._refuse_what_does_not_fit", lambda _: None)
    monkeypatch.setattr("neurosim.kernel.windows._LONGEST_WINDOW", 100)
    currents = np.full(500, 5.0)
    with pytest.warns(ns.OutOfMemoryWarning, match=r"filled the memory at .* of 2000 ms; .*out='….h5'"):
        part = ns.simulate("leaky-integrate-and-fire", currents, 2000)
    assert not part.complete
    assert 33_000 < part.spike_time.size < 36_000
    streamed = ns.simulate("leaky-integrate-and-fire", currents, 2000, out=tmp_path / "a.h5")
    assert streamed.complete
    assert streamed.spike_time.size > 100_000
    before = streamed.spike_time <= part.duration
    np.testing.assert_array_equal(part.spike_time, streamed.spike_time[before])
    result = run("run", "leaky-integrate-and-fire", "--current", ",".join(["5"] * 500), "--duration", "2000")
    assert result.exit_code == 1
    assert "filled the memory at" in result.output
    with pytest.raises(MemoryError, match="filled the memory"):
        ns.rerun(streamed)


def test_the_cures_work(tmp_path, monkeypatch):
    monkeypatch.setattr("neurosim.stores.available_memory", lambda: 1e6)
    monkeypatch.setattr("neurosim.stores._ALWAYS_FITS", 0)
    options = {"record": ["V", "I"]}
    currents = np.full(10, 2.0)
    assert ns.simulate("leaky-integrate-and-fire", currents, 10_000, **options, record_every=21).samples == 4762
    few = ns.simulate("leaky-integrate-and-fire", currents, 9000, record="V", record_neurons=[3])
    assert few["V"].shape == (1, 90_001)
    assert ns.simulate("leaky-integrate-and-fire", currents, 10_000, **options, out=tmp_path / "a.h5").complete


def test_a_disk_that_is_too_small(tmp_path, monkeypatch):
    monkeypatch.setattr("neurosim.files.stream.shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000})())
    with pytest.raises(ns.InputError, match=r"would take .* kB, 1 kB are free on the disk"):
        hodgkin_huxley(out=tmp_path / "a.h5")


# Some neurons ----------------------------------------------------------------------------------------------------


def test_record_neurons(tmp_path):
    options = {"record": ["V", "I", "m"], "seed": 3}
    every, some = hodgkin_huxley(**options), hodgkin_huxley(**options, record_neurons=[-1, 0])
    np.testing.assert_array_equal(some.record_neurons, [0, 2])
    for name in every.traces:
        np.testing.assert_array_equal(some[name], every[name][[0, 2]])
    np.testing.assert_array_equal(some.spike_time, every.spike_time)
    some.plot()
    some.to_csv(tmp_path / "a.csv")
    header = (tmp_path / "a.csv").read_text().partition("\n")[0]
    assert header == "time_ms,V_0 (mV),V_2 (mV),I_0 (uA/cm^2),I_2 (uA/cm^2),m_0,m_2"
    quiet = [ns.simulate("hodgkin-huxley", [1, 2, 3.0], 10, record="V", record_neurons=n) for n in (None, 1)]
    np.testing.assert_array_equal(quiet[1].input("I"), quiet[0].input("I")[[1]])
    for wrong in ([3], [-4], [], [0.5], "V"):
        with pytest.raises(ns.InputError, match="record_neurons takes numbers of neurons, 0 … 2"):
            hodgkin_huxley(record_neurons=wrong)


# Other tools -----------------------------------------------------------------------------------------------------


def test_to_csv(tmp_path):
    recording = ns.simulate("hodgkin-huxley", 10, 30, record=["V", "m"])
    recording.to_csv(tmp_path / "a.csv")
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0] == "time_ms,V (mV),m"
    np.testing.assert_array_equal(
        np.loadtxt(lines[1:], delimiter=","), np.column_stack([recording.time, recording["V"][0], recording["m"][0]])
    )
    ns.simulate("hodgkin-huxley", 10, 30).to_csv(tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_text().splitlines()[0] == "neuron,spike_time_ms"
    again = ns.from_file(tmp_path / "a.csv", column="m", unit="pA")
    assert again.end == pytest.approx(30.05)


def test_to_pandas():
    pandas = pytest.importorskip("pandas")
    recording = hodgkin_huxley()
    spikes = recording.to_pandas()
    assert list(spikes.columns) == ["neuron", "time_ms"]
    assert spikes.groupby("neuron").size().tolist() == recording.spike_count.tolist()
    traces = recording.to_pandas("traces")
    assert isinstance(traces, pandas.DataFrame)
    np.testing.assert_array_equal(traces["V"][1], recording["V"][1])
    np.testing.assert_array_equal(traces.index, recording.time)
    assert traces.attrs["units"] == {"V": "mV", "I": "uA/cm^2"}
    with pytest.raises(ns.InputError, match="'spikes' or 'traces', not 'voltage'"):
        recording.to_pandas("voltage")
    with pytest.raises(ns.InputError, match="no traces were recorded"):
        ns.simulate("hodgkin-huxley", 10, 30).to_pandas("traces")


def test_to_neo():
    neo = pytest.importorskip("neo")
    quantities = pytest.importorskip("quantities")
    recording = hodgkin_huxley(record=["V", "I", "m"], record_every=2)
    (segment,) = recording.to_neo().segments
    assert len(segment.spiketrains) == 3
    for neuron, train in enumerate(segment.spiketrains):
        assert isinstance(train, neo.SpikeTrain)
        np.testing.assert_array_equal(train.rescale("ms").magnitude, recording.spike_times(neuron))
        assert float(train.t_stop.rescale("ms")) == 100
        assert train.annotations["channel_id"] == neuron
    V, I, m = segment.analogsignals
    np.testing.assert_array_equal(V.rescale("mV").magnitude, recording["V"].T)
    assert float(V.sampling_period.rescale("ms")) == pytest.approx(0.1)
    assert I.units.dimensionality == (quantities.A / quantities.m**2).rescale("uA/cm**2").units.dimensionality
    np.testing.assert_allclose(I.rescale("A/m**2").magnitude, recording["I"].T / 100, rtol=1e-12)
    assert m.units == quantities.dimensionless
    assert V.array_annotations["neuron"].tolist() == [0, 1, 2]


def test_every_unit_of_the_catalogue_is_known_to_neo():
    quantities = pytest.importorskip("quantities")
    from neurosim.files.export import _unit

    for name in ns.list_models():
        for unit in set(ns.load_model(name).units.values()):
            assert _unit(unit, quantities).magnitude == 1


# The command line ------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _restore_signals():
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_run_with_a_recorded_current(tmp_path):
    source = recorded(tmp_path)
    result = run("run", "adaptive-exponential", "--current", source, "--out", tmp_path / "a.h5")
    assert result.exit_code == 0, result.output
    assert "100 ms" in result.output
    expected = ns.simulate("adaptive-exponential", ns.from_file(source), 100).spike_time
    assert expected.size
    np.testing.assert_array_equal(ns.load(tmp_path / "a.h5").spike_time, expected)
    sum_ = run("run", "adaptive-exponential", "--current", f"{source} + 100", "--out", tmp_path / "b.h5")
    assert sum_.exit_code == 0
    both = ns.simulate("adaptive-exponential", ns.from_file(source) + 100, 100).spike_time
    np.testing.assert_array_equal(ns.load(tmp_path / "b.h5").spike_time, both)
    refused = run("run", "hodgkin-huxley", "--current", source)
    assert refused.exit_code == 2
    assert "area" in refused.output
    assert run("run", "hodgkin-huxley", "--current", source, "--area", "20000 um^2", "--interpolate").exit_code == 0
    named = run("run", "hodgkin-huxley", "--current", f"I={source}", "--area", "20000 um^2", "--json")
    assert named.exit_code == 0
    assert run("run", "hodgkin-huxley", "--current", "missing.csv").exit_code == 2
    raster = run("raster", "hodgkin-huxley", "--current", source, "--area", "20000 um^2", "--duration", "100", "--json")
    assert json.loads(raster.stdout)["spike_count"][0] == json.loads(named.stdout)["spike_count"][0]


def test_run_with_a_bare_file(tmp_path):
    (tmp_path / "bare.csv").write_text("time_ms,I\n" + "".join(f"{k / 10},900\n" for k in range(100)))
    assert run("run", "adaptive-exponential", "--current", tmp_path / "bare.csv").exit_code == 2
    assert run("run", "adaptive-exponential", "--current", tmp_path / "bare.csv", "--unit", "pA").exit_code == 0
    options = ("--unit=pA", "--area=3 um^2", "--interpolate", "--column=I", "--segment=0", "--sampling-interval=0.1")
    for option in options:
        result = run("run", "adaptive-exponential", "--current", "10", option)
        assert (result.exit_code, result.output.startswith(f"error: {option.partition('=')[0]} is for")) == (2, True)


def test_what_a_file_leaves_open_is_said_on_the_command_line(tmp_path):
    """Two currents, no times: column and interval are options; the run is that of the same call in Python."""
    source = tmp_path / "two.csv"
    source.write_text("a_pA,b_pA\n" + "0,900\n" * 500)
    words = ("run", "adaptive-exponential", "--current", source)
    assert "say column=, one of 'a', 'b'" in run(*words).output
    assert "--sampling-interval" in run(*words, "--column", "b").output
    result = run(*words, "--column", "b", "--sampling-interval", "0.2", "--json")
    expected = ns.simulate("adaptive-exponential", ns.from_file(source, column="b", dt=0.2), 100)
    assert expected.spike_count[0] > 1
    assert json.loads(result.stdout)["spike_time"] == [expected.spike_time.tolist()]
    assert "no sweeps" in run(*words, "--segment", "1").output


def test_rerun_and_diff_commands(tmp_path):
    for name, current in (("a", 10), ("b", 11), ("c", 10)):
        assert run("run", "hodgkin-huxley", "--current", current, "--out", tmp_path / f"{name}.h5").exit_code == 0
    result = run("rerun", tmp_path / "a.h5")
    assert (result.exit_code, "bit-identical" in result.output) == (0, True)
    assert '"verdict": "bit-identical"' in run("rerun", tmp_path / "a.h5", "--json").stdout
    same = run("diff", tmp_path / "a.h5", tmp_path / "c.h5")
    assert (same.exit_code, same.output) == (0, "no difference\n")
    other = run("diff", tmp_path / "a.h5", tmp_path / "b.h5")
    assert other.exit_code == 1
    assert "current 0 into I, amplitude: 10 | 11" in other.output
    assert '"identical": false' in run("diff", tmp_path / "a.h5", tmp_path / "b.h5", "--json").stdout
    assert run("rerun", tmp_path / "missing.h5").exit_code == 2
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["spikes/time"][0] += 1
    assert run("rerun", tmp_path / "a.h5").exit_code == 1


def test_ctrl_c_on_the_command_line_saves(tmp_path, monkeypatch):
    press_ctrl_c(monkeypatch)
    arguments = ("run", "leaky-integrate-and-fire", "--current", "2.5", "--duration", "500000", "--record", "V")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = run(*arguments, "--out", tmp_path / "a.h5")
    assert result.exit_code == 130
    assert "interrupted at" in result.output
    assert not ns.load(tmp_path / "a.h5.partial").complete
    monkeypatch.undo()
    press_ctrl_c(monkeypatch)
    result = run(*arguments, "--csv", tmp_path / "a.csv", "--json")
    assert result.exit_code == 130
    assert '"complete": false' in result.stdout
    assert (tmp_path / "a.csv").exists()
