"""The recorded current of a layer-5 neuron into three models; Γ between repeats, and between model and recording."""

import runpy
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from recorded import RECORDINGS, needs_recordings

import neurosim as ns

pytestmark = needs_recordings
EXAMPLE = Path(__file__).parent.parent / "examples" / "40_recorded_current.py"


@pytest.fixture(scope="module")
def voltages():
    return np.load(RECORDINGS / "frozen-noise.npz")["voltage_mV_x100"] / 100


@pytest.fixture(scope="module")
def repeats(voltages):
    return [ns.detect_spikes(voltage, 0.1) for voltage in voltages]


def test_spikes_of_the_repeats(repeats, voltages):
    """220–226 spikes, two thirds within 1 ms of one in another repeat: counted apart, sample by sample."""
    counts = [int(((v[:-1] <= 0) & (v[1:] > 0)).sum()) for v in voltages]
    assert [train.size for train in repeats] == counts
    assert (min(counts), max(counts)) == (220, 226)
    near = [(np.abs(a[:, None] - b).min(axis=1) <= 1.0).mean() for a in repeats for b in repeats if a is not b]
    assert np.mean(near) == pytest.approx(2 / 3, abs=0.03)


def test_coincidence_between_repeats(repeats):
    """By its definition, with coincidences counted by distance: repeats have no two spikes within 4 ms."""
    for a, b in combinations(repeats, 2):
        for window in (1.0, 2.0):
            assert min(np.diff(a).min(), np.diff(b).min()) > 2 * window
            by_chance = 2 * window * b.size / 20_000
            pairs = (np.abs(a[:, None] - b).min(axis=1) <= window).sum()
            expected = (pairs - by_chance * a.size) / (0.5 * (a.size + b.size)) / (1 - by_chance)
            assert ns.coincidence_factor(a, b, window, stop=20_000) == pytest.approx(expected, rel=1e-12)


def test_the_rig_s_files_hold_the_same_recording(voltages):
    """Igor's file of the first repeat, in A and V, beside the arrays in pA and hundredths of mV."""
    pytest.importorskip("neo")
    pytest.importorskip("igor2")
    voltage = ns.from_file(RECORDINGS / "voltage-repeat1.ibw").terms[0].waveform
    assert (voltage.unit, voltage.dt) == ("V", 0.1)
    np.testing.assert_allclose(voltage.values * 1000, voltages[0], atol=0.005 + 1e-6)
    with pytest.raises(ns.UnitError, match=r"is in pA, the samples of .*voltage-repeat1.ibw' in 'V'"):
        ns.simulate("adaptive-exponential", ns.from_file(RECORDINGS / "voltage-repeat1.ibw"), 100)
    one = ns.from_file(RECORDINGS / "current-repeat1.ibw").terms[0].waveform.values * 1e12
    mean = ns.from_file(RECORDINGS / "frozen-noise.npz").terms[0].waveform.values
    assert np.abs(one - mean).max() < 0.65  # pA
    text = ns.from_file(RECORDINGS / "current-first-2s.csv").terms[0].waveform.values
    np.testing.assert_allclose(text, one[:20_000], atol=0.0006)


def test_the_example_compares_models_with_the_neuron(tmp_path, monkeypatch, capsys):
    """Over the half that no parameter was fitted to: adaptation helps, a squid's axon does not."""
    monkeypatch.setattr("sys.argv", ["example", str(tmp_path)])
    monkeypatch.setenv("NEUROSIM_RECORDINGS", str(RECORDINGS))
    runpy.run_path(str(EXAMPLE))
    lines = capsys.readouterr().out.splitlines()
    between = float(lines[1].rpartition(" ")[2])
    leaky, adaptive, squid = (float(line.rpartition(" ")[2]) for line in lines[2:])
    assert squid < 0.3 < 0.5 < leaky < adaptive < between
    assert (tmp_path / "recorded-current.png").stat().st_size > 10_000


def test_a_current_in_pA_needs_an_area_for_hodgkin_huxley():
    with pytest.raises(ns.UnitError, match="say the area of the neuron with area="):
        ns.simulate("hodgkin-huxley", ns.from_file(RECORDINGS / "frozen-noise.npz"), 100)


def test_hodgkin_huxley_gets_the_density():
    """150 pA over 19,200 um² is 0.78 uA/cm²: the recorded input is the file's numbers over the area."""
    current = ns.from_file(RECORDINGS / "frozen-noise.npz", area="19200 um^2")
    run = ns.simulate("hodgkin-huxley", current, 1000, dt=0.05, record="I", record_every=2)
    pA = np.load(RECORDINGS / "frozen-noise.npz")["current_pA"].astype(float)
    np.testing.assert_allclose(run["I"][0], pA[:10_001] * 1e-6 / 19200e-8, rtol=1e-12)


def test_elephant_reads_a_recording():
    """Elephant's rates and coefficients of variation of a Neo block are ours; its CV divides by n."""
    pytest.importorskip("elephant")
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from elephant.statistics import cv, isi, mean_firing_rate

        run = ns.simulate("adaptive-exponential", 3 * ns.from_file(RECORDINGS / "frozen-noise.npz"), 20_000, record="V")
        (train,) = run.to_neo().segments[0].spiketrains
        n = train.size - 1
        assert float(mean_firing_rate(train).rescale("Hz")) == pytest.approx(ns.mean_firing_rate(run).rate[0])
        assert float(cv(isi(train))) * np.sqrt(n / (n - 1)) == pytest.approx(ns.cv(run)[0])
