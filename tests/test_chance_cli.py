"""Commands where chance is at work: what they print, write and refuse, beside the same through the API."""

import csv
import json

import numpy as np
import pytest

import neurosim as ns

LIF = "leaky-integrate-and-fire"


def strict(text):
    """JSON as the standard has it: without NaN and Infinity."""

    def refuse(name):
        raise AssertionError(name)

    return json.loads(text, parse_constant=refuse)


def test_isi_of_a_family_in_json(neurosim):
    words = "isi renewal --current 1.5 --set beta=2,inf --set t_abs=3,4 --intervals 500 --seed 1 --json"
    code, out, err = neurosim(*words.split())
    result = strict(out)
    assert (code, err) == (0, "")
    family = {"beta": [2, np.inf], "t_abs": [3, 4]}
    expected = ns.interval_distribution("renewal", 1.5, parameters=family, intervals=500, seed=1)
    assert result["mean"] == expected.mean.tolist()
    assert result["theory"]["cv"] == [[theory.cv for theory in row] for row in expected.theory]
    assert [row[0]["test"] for row in result["agreement"]] == ["χ²", "deterministic"]
    assert result["agreement"][0][1]["p_value"] == expected.agreement()[0, 1].p_value
    assert result["parameters"]["beta"] == [2, "inf"]
    assert result["cut"] == [[False, False], [False, False]]


def test_isi_of_silent_and_slow_neurons_in_json(neurosim):
    _, out, _ = neurosim(*"isi renewal --current 0 --set beta=5,inf --longest 2000 --seed 1 --json".split())
    result = strict(out)
    assert result["theory"]["mean"][1] == "inf"
    assert result["mean"][1] is None
    assert [found["test"] for found in result["agreement"]] == ["cut short", "no intervals"]
    _, out, _ = neurosim(*f"isi {LIF} --current 2 --intervals 20 --no-theory --json".split())
    assert (strict(out)["theory"], strict(out)["agreement"]) == (None, None)


@pytest.mark.parametrize("width", [80, 140])
def test_isi_prints_every_number_on_one_line(neurosim, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    _, out, _ = neurosim(*"isi renewal --current 1.5 --set beta=2,5,inf --seed 1".split())
    table = out.splitlines()
    assert max(map(len, table)) <= width
    rows = [line.split() for line in table if line.startswith(" beta=")]
    expected = ns.interval_distribution("renewal", 1.5, parameters={"beta": [2, 5, np.inf]}, seed=1)
    assert [float(row[2]) for row in rows] == pytest.approx(expected.mean, abs=1e-3)
    assert rows[2][1:] == ["10,000", "14.0000", "14", "0.0000", "0"]
    assert out.count("agrees with the theory (χ² ") == 2
    _, out, _ = neurosim(*f"isi {LIF} --current 0.5 --longest 500".split())
    assert "∞" in out
    assert "nan" not in out
    assert "no intervals to compare" in out


def test_isi_with_noise_writes_files(neurosim, tmp_path):
    words = (
        f"isi {LIF} --current 1.8 --noise membrane:-70,5 --intervals 2000 --seed 1 --plot i.png --csv i.csv --dt 0.2"
    )
    code, out, _ = neurosim(*words.split(), "--bin-width", "2 ms", "--discard", "0.1 s")
    assert code == 0
    assert "agrees with the theory (Kolmogorov–Smirnov distance" in out
    rows = list(csv.reader((tmp_path / "i.csv").read_text().splitlines()))
    assert rows[0] == ["from_ms", "to_ms", "density_per_ms"]
    options = {"noise": ns.membrane_noise(-70, 5), "intervals": 2000, "seed": 1, "dt": 0.2}
    found = ns.interval_distribution(LIF, 1.8, bin_width=2, discard=100, **options)
    np.testing.assert_array_equal(np.array(rows[1:], float)[:, 2], found.density)
    assert (tmp_path / "i.png").read_bytes().startswith(b"\x89PNG")


def test_raster_in_json_and_in_rows(neurosim, tmp_path):
    words = "raster renewal --current 1.5 --neurons 3 --duration 500 --seed 4"
    result = strict(neurosim(*words.split(), "--json")[1])
    recording = ns.simulate("renewal", 1.5, 500, neurons=3, seed=4)
    assert result["spike_time"] == recording.spike_time.tolist()
    assert result["cv"] == ns.cv(recording).tolist()
    assert result["rate"] == ns.mean_firing_rate(recording).rate.tolist()
    _, out, _ = neurosim(*words.split(), "--csv", "s.csv")
    rows = [line[2:] for line in out.splitlines() if line[:2] in ("0 ", "1 ", "2 ")]
    cells = 100 - 1 - 3
    for neuron, row in enumerate(rows):
        filled = {int(time / 500 * cells) for time in recording.spike_times(neuron)}
        assert {place for place, mark in enumerate(row) if mark == "|"} == filled
    table = list(csv.reader((tmp_path / "s.csv").read_text().splitlines()))
    assert len(table) == 1 + recording.spike_time.size
    silent = strict(neurosim(*f"raster {LIF} --current 0 --neurons 2 --json".split())[1])
    assert (silent["rate"], silent["cv"]) == ([0, 0], [None, None])


def test_gain_ends_where_the_file_says_something_happens(neurosim):
    """Twice the strongest constant input in the checks of the file: 3 for the renewal neuron."""
    result = strict(neurosim(*"gain renewal --set beta=2,inf --steps 4 --seed 1 --json".split())[1])
    assert result["input"] == [0, 2, 4, 6]
    expected = ns.gain_function("renewal", [0, 2, 4, 6], parameters={"beta": [2, np.inf]}, seed=1)
    assert result["theory"] == expected.theory.tolist()
    assert result["theory_error"] == expected.theory_error.tolist()
    assert result["agreement"] == expected.agreement()


def test_gain_says_why_there_is_no_theory(neurosim):
    _, out, _ = neurosim(*"gain hodgkin-huxley --steps 3 --duration 300".split())
    assert "no theory known for hodgkin-huxley: its spikes do not come from one leaky membrane" in out
    _, out, _ = neurosim(*"gain hodgkin-huxley --steps 3 --duration 300 --no-theory".split())
    assert "theory" not in out


MISTAKES = [
    ("isi renewal --current 1,2", "one constant input, such as --current 1.5"),
    ("isi renewal --current step:1,2", "one constant input, such as --current 1.5"),
    ("isi renewal --current ten", "'ten' is not a number with a unit"),
    ("isi renewal --current 1.5 --sampling directly", "sampling is 'simulate' or 'direct', not 'directly'"),
    ("isi renewal --current 1.5 --bin-width 0", "bin_width must be positive"),
    ("isi renewal --current 1.5 --discard 10 --longest 5", "discard must be from 0 to below longest"),
    ("isi renewal --current 1.5 --dt 0.3", "no multiple of dt 0.3 ms"),
    ("isi spike-response --current 1.5 --sampling direct", "needs a renewal theory: take 'simulate'"),
    ("isi pinsky-rinzel --current 1.5", "needs a model with one input; pinsky-rinzel has 2"),
    (f"isi {LIF} --current 2 --noise 5", "noise is a noise current, such as white_noise(0, 5), in words white:0,5"),
    (f"isi {LIF} --current 2 --noise white:0", "'white:0': write white:mean,sigma"),
    (f"isi {LIF} --current 2 --noise wite:0,5", "unknown current 'wite'; did you mean white?"),
    (f"isi {LIF} --current 2 --noise ornstein-uhlenbeck:0,5,0", "tau is positive and finite"),
    ("isi hodgkin-huxley --current 2 --noise membrane:0,5", "hodgkin-huxley has none: take white_noise(mean, sigma)"),
    (f"gain {LIF} --noise step:1,5 --steps 2", "this is a current without noise"),
    ("raster renewal", "renewal needs a current for I"),
]


@pytest.mark.parametrize(("words", "message"), MISTAKES)
def test_a_mistake_is_a_sentence_and_exit_code_2(neurosim, words, message):
    code, out, err = neurosim(*words.split())
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
