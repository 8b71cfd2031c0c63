"""Currents from files: every reader against arrays the test wrote, every error by what it says."""

import contextlib

import numpy as np
import pytest
from recorded import RECORDINGS, needs_recordings, write_ibw, write_nwb

import neurosim as ns

SAMPLES = np.array([0.0, 100.0, -25.5, 400.0, 7.25, 300.0])  # pA


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def table(header="time_ms,current_pA", samples=SAMPLES, dt=0.1):
    return header + "\n" + "".join(f"{k * dt:.4f},{x!r}\n" for k, x in enumerate(samples.tolist()))


def driven(current, duration=0.5):
    """The samples in pA as adaptive-exponential gets them, at dt 0.1 ms."""
    return ns.simulate("adaptive-exponential", current, duration, dt=0.1, record="I")["I"][0]


# Readers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    ["time_ms,current_pA", "time (ms),I (pA)", "t [ms], I [pA]", '"time (ms)","I (pA)"', "# a comment\ntime_ms,I_pA"],
)
def test_csv_headers(tmp_path, header):
    current = ns.from_file(written(tmp_path / "a.csv", table(header)))
    np.testing.assert_array_equal(driven(current), SAMPLES)
    assert current.end == pytest.approx(0.6)
    assert ns.from_array([1, 2, 3], 0.1).end == pytest.approx(0.3)
    assert ns.step(1, 2, 3).end == np.inf


def test_csv_in_other_units_and_with_other_delimiters(tmp_path):
    lines = [f"{k * 1e-4:.4f};{x / 1000!r}" for k, x in enumerate(SAMPLES.tolist())]
    current = ns.from_file(written(tmp_path / "a.csv", "\ufefftime (s);I (nA)\n" + "\n".join(lines)))
    np.testing.assert_allclose(driven(current), SAMPLES, rtol=1e-15)
    current = ns.from_file(written(tmp_path / "b.csv", table("time_ms\tI_A").replace(",", "\t")))
    np.testing.assert_allclose(driven(current * 1e-12), SAMPLES, rtol=1e-15)


def test_what_the_file_does_not_say_is_given(tmp_path):
    bare = written(tmp_path / "bare.csv", "I\n" + "\n".join(map(repr, SAMPLES.tolist())) + "\n")
    np.testing.assert_array_equal(driven(ns.from_file(bare, unit="pA", dt=0.1)), SAMPLES)
    np.testing.assert_allclose(driven(ns.from_file(bare, unit="nA", dt="100 us")), SAMPLES * 1000, rtol=1e-15)


def test_a_column_is_chosen(tmp_path):
    rows = "".join(f"{k * 0.1:.1f},{x},{-x},{k}\n" for k, x in enumerate(SAMPLES))
    path = written(tmp_path / "a.csv", "time_ms,I1_pA,I2_pA,V_mV\n" + rows)
    np.testing.assert_array_equal(driven(ns.from_file(path, column="I2")), -SAMPLES)
    np.testing.assert_array_equal(driven(ns.from_file(path, column="I2_pA")), -SAMPLES)
    path = written(
        tmp_path / "b.csv", "time_ms,V_mV,I_pA\n" + "".join(f"{k / 10},-70,{x}\n" for k, x in enumerate(SAMPLES))
    )
    np.testing.assert_array_equal(driven(ns.from_file(path)), SAMPLES)  # the only current


def test_npz(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, current_pA=SAMPLES.astype("f4"), sampling_interval_ms=np.float64(0.1), voltage_mV=SAMPLES)
    np.testing.assert_array_equal(driven(ns.from_file(path)), SAMPLES)
    np.savez(path, I=SAMPLES.astype("i4"), time_s=np.arange(6) * 1e-4)
    np.testing.assert_array_equal(driven(ns.from_file(path, unit="pA")), SAMPLES.astype("i4"))
    np.savez_compressed(path, I_pA=np.stack([SAMPLES, 2 * SAMPLES]))
    recording = ns.simulate("adaptive-exponential", ns.from_file(path, dt=0.1), 0.5, record="I")
    np.testing.assert_array_equal(recording["I"], [SAMPLES, 2 * SAMPLES])


def test_ibw(tmp_path):
    pytest.importorskip("neo")
    pytest.importorskip("igor2")
    write_ibw(tmp_path / "a.ibw", SAMPLES * 1e-12, 1e-4, "A")
    single = (SAMPLES * 1e-12).astype("f4").astype(float) * 1e12
    np.testing.assert_allclose(driven(ns.from_file(tmp_path / "a.ibw")), single, rtol=1e-14)
    write_ibw(tmp_path / "b.ibw", SAMPLES, 1e-4, "")
    with pytest.raises(ns.InputError, match=r"does not say the unit of 'wave'; say it with unit="):
        ns.from_file(tmp_path / "b.ibw")
    np.testing.assert_array_equal(driven(ns.from_file(tmp_path / "b.ibw", unit="pA")), SAMPLES)


def test_nwb(tmp_path):
    pytest.importorskip("neo")
    write_nwb(tmp_path / "a.nwb", SAMPLES * 1e-12, 1e-4)
    np.testing.assert_allclose(driven(ns.from_file(tmp_path / "a.nwb")), SAMPLES, rtol=1e-14)
    write_nwb(tmp_path / "b.nwb", SAMPLES * 1e-12, 0, timestamps=np.arange(6) * 1e-4)
    np.testing.assert_allclose(driven(ns.from_file(tmp_path / "b.nwb")), SAMPLES, rtol=1e-14)
    write_nwb(tmp_path / "c.nwb", SAMPLES * 1e-12, 0, timestamps=np.array([0, 1, 2, 4, 5, 6]) * 1e-4)
    with pytest.raises(ns.InputError, match=r"time steps are uneven: 0.2 ms from sample 2"):
        ns.from_file(tmp_path / "c.nwb")


def test_abf(tmp_path):
    pytest.importorskip("neo")
    writer = pytest.importorskip("pyabf.abfWriter")
    samples = np.arange(5000) % 100 - 20.0
    writer.writeABF1(samples[None], str(tmp_path / "a.abf"), 10000, units="pA")
    current = ns.from_file(tmp_path / "a.abf")
    assert current.end == 500
    np.testing.assert_allclose(driven(current, 499.9), samples, atol=2 * 80 / 2**15)  # 16 bits
    np.testing.assert_array_equal(driven(ns.from_file(tmp_path / "a.abf", segment=0)), driven(current))
    with pytest.raises(ns.InputError, match="no sweep 3; segment= is 0 … 0"):
        ns.from_file(tmp_path / "a.abf", segment=3)


def test_sweeps():
    from neurosim.files.channels import Channel
    from neurosim.files.signals import _sweep

    sweeps = [[Channel("I", "I", SAMPLES + k, "pA", 0.1)] for k in range(3)]
    assert _sweep(sweeps, 2)[0].values[0] == 2
    with pytest.raises(ns.InputError, match=r"it has 3 sweeps; say which with segment=, 0 … 2"):
        _sweep(sweeps, None)
    with pytest.raises(ns.InputError, match="no sweep True"):
        _sweep(sweeps, True)
    with pytest.raises(ns.InputError, match="no signals"):
        _sweep([[]], None)


# Resampling ------------------------------------------------------------------------------------------------------


def test_samples_are_held_or_interpolated(tmp_path):
    path = written(tmp_path / "a.csv", table(dt=0.4))
    held = ns.simulate("adaptive-exponential", ns.from_file(path), 2.0, dt=0.1, record="I")
    np.testing.assert_array_equal(held["I"][0], np.repeat(SAMPLES, 4)[:21])
    straight = ns.simulate("adaptive-exponential", ns.from_file(path, interpolate=True), 2.0, dt=0.1, record="I")
    expected = np.interp(np.arange(21) * 0.1, np.arange(6) * 0.4, SAMPLES)
    np.testing.assert_allclose(straight["I"][0], expected, atol=1e-11)
    coarse = ns.simulate("adaptive-exponential", ns.from_file(path), 1.6, dt=0.8, record="I")
    np.testing.assert_array_equal(coarse["I"][0], SAMPLES[:5:2])


def test_a_run_longer_than_the_recording_is_refused(tmp_path):
    current = ns.from_file(written(tmp_path / "a.csv", table()))
    with pytest.raises(ns.InputError, match=r"samples of I end at 0.6 ms, the run at 1 ms"):
        ns.simulate("adaptive-exponential", current, 1)


# Area ------------------------------------------------------------------------------------------------------------


def test_area(tmp_path):
    """100 pA over 1000 um² are 10 uA/cm²."""
    path = written(tmp_path / "a.csv", table())
    for area in ("1000 um^2", 1e-5, "1e-5 cm^2"):
        current = ns.from_file(path, area=area)
        run = ns.simulate("hodgkin-huxley", current, 0.5, dt=0.1, record="I")
        np.testing.assert_allclose(run["I"][0], SAMPLES / 10, rtol=1e-14)
    current = ns.from_array(SAMPLES, 0.1, unit="pA", area="1000 um^2")
    np.testing.assert_array_equal(ns.simulate("hodgkin-huxley", current, 0.5, dt=0.1, record="I")["I"], run["I"])


def test_area_of_quantities():
    quantities = pytest.importorskip("quantities")
    current = ns.from_array(SAMPLES * quantities.pA, 0.1, area="1000 um^2")
    run = ns.simulate("hodgkin-huxley", current, 0.5, dt=0.1, record="I")
    np.testing.assert_allclose(run["I"][0], SAMPLES / 10, rtol=1e-14)
    with pytest.raises(ns.UnitError, match="say the area of the neuron with area="):
        ns.simulate("hodgkin-huxley", ns.from_array(SAMPLES * quantities.pA, 0.1), 0.5)


@pytest.mark.parametrize(
    ("options", "model", "message"),
    [
        ({}, "hodgkin-huxley", r"in uA/cm\^2, per area of membrane.*area='2000 um\^2'"),
        ({"area": 1e-5}, "adaptive-exponential", "in pA, not per area; leave area= out"),
        ({"area": 2000}, "hodgkin-huxley", "no neuron has 2000 cm"),
        ({"area": 0}, "hodgkin-huxley", "area must be positive"),
        ({"area": "inf cm^2"}, "hodgkin-huxley", "area must be positive"),
        ({"area": "3 mV"}, "hodgkin-huxley", "area: '3 mV' has the wrong dimension"),
        ({}, "izhikevich", "the samples of .* in 'pA'"),
    ],
)
def test_areas_that_cannot_be(tmp_path, options, model, message):
    path = written(tmp_path / "a.csv", table())
    with pytest.raises(ns.InputError, match=message):
        ns.simulate(model, ns.from_file(path, **options), 0.5)


def test_samples_that_are_per_area_already(tmp_path):
    path = written(tmp_path / "a.csv", table("time_ms,I (uA/cm^2)"))
    assert ns.simulate("hodgkin-huxley", ns.from_file(path), 0.5).complete
    with pytest.raises(ns.UnitError, match="per area already; leave area= out"):
        ns.simulate("hodgkin-huxley", ns.from_file(path, area="2000 um^2"), 0.5)


def test_area_needs_a_unit():
    with pytest.raises(ns.InputError, match="say the unit of the samples"):
        ns.simulate("hodgkin-huxley", ns.from_array(SAMPLES, 0.1, area=1e-5), 0.5)
    with pytest.raises(ns.InputError, match="unit is a text"):
        ns.from_array(SAMPLES, 0.1, unit=3)


# Errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", {}, "the file is empty"),
        ("\n\n", {}, "nothing in it"),
        ("time_ms,current_pA\n", {}, "no samples in it: only names"),
        ("0,1\n0.1,2\n", {}, "the first line must name the columns with their units"),
        (table("time_ms,I"), {}, r"does not say the unit of 'I'; say it with unit="),
        (table("time_ms,I_pA"), {"unit": "nA"}, "'pA' as the file says; leave unit= out"),
        (table("time_ms,I (bananas)"), {}, "'bananas' is no unit"),
        (table("time,I_pA"), {}, "does not say the unit of its times; say their distance with dt="),
        (table(), {"dt": 0.2}, "0.1 ms apart as the file says; leave dt= out"),
        ("I_pA\n1\n2\n", {}, "does not say how far its samples are apart"),
        (table(samples=np.array([0, np.nan, 1])), {}, r"'current_pA' is nan at t = 0.1 ms \(sample 1\); 1 sample"),
        (table(samples=np.array([0, 1, np.inf])), {}, r"'current_pA' is inf at t = 0.2 ms"),
        ("time_ms,I_pA\n0,1\n0.1,2\n0.3,3\n0.4,3\n0.5,3\n", {}, r"time steps are uneven: 0.2 ms from sample 1"),
        ("time_ms,I_pA\n0,1\n0,2\n0,3\n", {}, "time steps are uneven"),
        ("time_ms,I_pA\n0.2,1\n0.1,2\n0,3\n", {}, "time steps are uneven"),
        ("time_ms,I_pA\nnan,1\n0.1,2\n", {}, "time is nan at sample 0"),
        (table() + "0.6", {}, r"truncated: its last line, 8, is '0.6'"),
        (table() + "0.6,", {}, r"truncated: its last line, 8, is '0.6,'"),
        (table() + "0.6,1\n0.7\n0.8,1\n", {}, "line 9 has 1 values where there are 2 columns"),
        (table() + "0.6,x\n", {}, "'x' in line 8 is no number"),
        (table() + "0.6,1,2\n", {}, "line 8 has 3 values"),
        (table() + "0.6,1_0\n", {}, "'1_0' in line 8 is no number$"),
        (table() + "0.6,\n0.7,1\n", {}, "a value is missing in line 8"),
        ("time_ms;I_pA\n0,0;1,5\n", {}, "'0,0' in line 2 is no number; write decimal points, not commas"),
        ("time_ms,t_s\n0,0\n", {}, "2 columns of times"),
        ("time_ms\n0\n0.1\n", {}, "no column beside time"),
        (table("time_ms,I_pA"), {"column": "J"}, "no column called 'J'; "),
        ("time_ms,a_pA,b_pA\n0,1,2\n0.1,2,2\n", {}, "which is the current"),
        (table(), {"unit": "bananas"}, "unit is one such as 'pA', not 'bananas'"),
        (table(), {"dt": 0}, "dt must be positive"),
        (table(), {"segment": 0}, "csv files have no sweeps; leave segment= out"),
        (table("time_ms,V_mV"), {}, None),
    ],
)
def test_csv_errors(tmp_path, text, options, message):
    path = written(tmp_path / "a.csv", text)
    with pytest.raises(ns.InputError, match=message or "is in pA, the samples of .* in 'mV', which measures something"):
        ns.simulate("adaptive-exponential", ns.from_file(path, **options), 0.5)


@pytest.mark.parametrize(
    ("arrays", "options", "message"),
    [
        ({}, {}, "no column beside time"),
        ({"I_pA": SAMPLES}, {}, "how far its samples are apart"),
        ({"I_pA": SAMPLES[:0], "dt_ms": 0.1}, {}, "no samples in it"),
        ({"I_pA": np.zeros((2, 2, 2)), "dt_ms": 0.1}, {}, r"samples are \(T,\) or \(n, T\)"),
        ({"I_pA": SAMPLES, "dt_ms": -0.1}, {}, "sampling interval must be positive"),
        ({"I_pA": np.array(["a", "b"]), "dt_ms": 0.1}, {"column": "I_pA"}, "no array of numbers"),
        ({"I_pA": np.array([[0, 1], [2, np.nan]]), "dt_ms": 0.5}, {}, "nan at t = 0.5 ms"),
        ({"I_pA": np.array([{}, 2], dtype=object)}, {}, "not an NPZ archive of plain arrays"),
        ({"V_mV": SAMPLES, "dt_ms": 0.1}, {}, None),
    ],
)
def test_npz_errors(tmp_path, arrays, options, message):
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    with pytest.raises(ns.InputError, match=message or "'mV'"):
        ns.simulate("adaptive-exponential", ns.from_file(path, **options), 0.2)


def test_truncated_archives_and_other_kinds(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, I_pA=SAMPLES, dt_ms=0.1)
    data = path.read_bytes()
    for size in range(1, len(data), 37):
        path.write_bytes(data[:size])
        with pytest.raises(ns.InputError, match="truncated"):
            ns.from_file(path)
    image = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    for suffix in (".npz", ".csv"):
        (tmp_path / f"b{suffix}").write_bytes(image)
        with pytest.raises(ns.InputError, match="not a"):
            ns.from_file(tmp_path / f"b{suffix}")
    (tmp_path / "c.csv").write_text("a\0b")
    with pytest.raises(ns.InputError, match="it is no text"):
        ns.from_file(tmp_path / "c.csv")


def test_damaged_archives_end_in_an_error_or_in_numbers(tmp_path):
    """A byte changed anywhere in an NPZ archive: numbers or an InputError, nothing else."""
    path = tmp_path / "a.npz"
    np.savez_compressed(path, I_pA=SAMPLES, dt_ms=0.1)
    data, random = path.read_bytes(), np.random.default_rng(5)
    for _ in range(300):
        spoilt = bytearray(data)
        spoilt[random.integers(len(data))] = random.integers(256)
        path.write_bytes(spoilt)
        with contextlib.suppress(ns.InputError):
            ns.from_file(path)


@pytest.mark.parametrize("suffix", [".ibw", ".abf", ".nwb"])
def test_files_of_rigs_that_are_none(tmp_path, suffix):
    pytest.importorskip("neo")
    path = tmp_path / f"a{suffix}"
    for data in (b"hello " * 100, b"\0" * 1000, b"ABF " + b"\0" * 60):
        path.write_bytes(data)
        with pytest.raises(ns.InputError, match=r"not a \S+ file, or truncated|no signals"):
            ns.from_file(path)
    path.write_bytes(b"")
    with pytest.raises(ns.InputError, match="the file is empty"):
        ns.from_file(path)


def test_truncated_files_of_rigs(tmp_path, capfd):
    pytest.importorskip("neo")
    pytest.importorskip("igor2")
    write_ibw(tmp_path / "a.ibw", SAMPLES * 1e-12, 1e-4, "A")
    write_nwb(tmp_path / "b.nwb", SAMPLES * 1e-12, 1e-4)
    for path, sizes in ((tmp_path / "a.ibw", (145, 120, 30)), (tmp_path / "b.nwb", (80_000, 5000))):
        data = path.read_bytes()
        for size in sizes:
            path.write_bytes(data[:size])
            with pytest.raises(ns.InputError, match="or truncated"):
                ns.from_file(path)
    assert capfd.readouterr() == ("", "")


def test_paths_that_are_no_files(tmp_path):
    for path, message in (
        (tmp_path / "missing.csv", "No such file"),
        (tmp_path, "a file of the kind .csv, .npz"),
        (tmp_path / "a.wav", "a file of the kind"),
        ("a\0.csv", "no name of a file"),
    ):
        with pytest.raises(ns.InputError, match=message):
            ns.from_file(path)
    for path in (None, 3):
        with pytest.raises(ns.InputError, match=f"give its path, not {path}"):
            ns.from_file(path)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ns.InputError, match="not a file"):
        ns.from_file(tmp_path / "folder.csv")


# Real recordings -------------------------------------------------------------------------------------------------


@needs_recordings
@pytest.mark.parametrize(
    ("model", "factor", "area"),
    [("leaky-integrate-and-fire", 8, None), ("adaptive-exponential", 3, None), ("hodgkin-huxley", 1, "2000 um^2")],
)
def test_real_files_agree(model, factor, area):
    """The same neuron's files of three kinds: the same spikes over the 2 s they share."""
    pytest.importorskip("igor2")
    names = ("current-first-2s.csv", "current-repeat1.ibw", "frozen-noise.npz")
    csv, ibw, npz = (
        ns.simulate(model, factor * ns.from_file(RECORDINGS / name, area=area), 2000, spike_timing="grid").spike_time
        for name in names
    )
    assert csv.size > 5
    np.testing.assert_array_equal(csv, ibw)
    np.testing.assert_allclose(npz, csv, atol=0.1 + 1e-9)  # the mean of five repeats: within a step
