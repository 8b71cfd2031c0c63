"""Commands about logic and learning: what they print, write and refuse."""

import json
import subprocess
import sys

import numpy as np
import pytest

import neurosim as ns


def test_separable(neurosim):
    code, out, _ = neurosim("boolean", "separable", "0110")
    assert code == 0
    assert "not linearly separable" in out
    assert "0.5 (0, 1) + 0.5 (1, 0) = (0.5, 0.5)" in out
    code, out, _ = neurosim("boolean", "separable", "a and not b or c")
    assert "1 where a − b + 2 c > 0.5" in out
    _, out, _ = neurosim("boolean", "separable", "0111", "--json")
    assert json.loads(out) == {
        "inputs": ["x1", "x2"], "separable": True, "weights": [1, 1], "threshold": 0.5,
        "margin": pytest.approx(1 / np.sqrt(8)),
    }  # fmt: skip
    _, out, _ = neurosim("boolean", "separable", "a ^ b ^ c", "--json")
    proof = json.loads(out)
    for side, value in (("ones", 1), ("zeros", 0)):
        assert all(sum(member["input"]) % 2 == value for member in proof[side])
        mixed = sum(member["share"] * np.array(member["input"]) for member in proof[side])
        assert mixed.tolist() == proof["point"]
    assert json.loads(neurosim("boolean", "separable", "00", "--json")[1])["margin"] == "inf"


def test_count(neurosim):
    assert "1,882 of 2^16 = 65,536 functions" in neurosim("boolean", "count", "4")[1]
    assert json.loads(neurosim("boolean", "count", "6", "--json")[1]) == {
        "n": 6, "separable": 15_028_134, "functions": 2**64,
    }  # fmt: skip
    code, out, err = neurosim("boolean", "count", "9")
    assert (code, out) == (2, "")
    assert "it would take years" in err


def test_circuit(neurosim, tmp_path):
    code, out, _ = neurosim("circuit", "a and not b or c", "--plot", "c.png")
    assert code == 0
    assert "a − b + 2 c > 0.5" in out
    assert "wrote c.png" in out
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    found = json.loads(neurosim("circuit", "0110", "--json")[1])
    network = ns.ThresholdNetwork(found["weights"], found["thresholds"])
    assert network.compute([[0, 0], [0, 1], [1, 0], [1, 1]])[:, 0].tolist() == found["truth_table"] == [0, 1, 1, 0]


def test_learn(neurosim, tmp_path):
    (tmp_path / "or.csv").write_text("a,b,class\n0,0,no\n0,1,yes\n1,0,yes\n1,1,yes\n")
    code, out, _ = neurosim(*"perceptron learn or.csv --plot p.png".split())
    assert code == 0
    assert "Novikoff's bound" in out
    assert "100 % of the points" in out
    assert (tmp_path / "p.png").stat().st_size > 1000
    found = json.loads(neurosim(*"perceptron learn or.csv --json --shuffle --seed 3".split())[1])
    again = ns.Perceptron(shuffle=True, random_state=3).fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 1])
    assert found["classes"] == ["no", "yes"]
    assert found["weights"] == again.coef_.tolist()
    assert found["updates"] == again.n_updates_
    assert found["certificate"] is None


def test_learn_what_cannot_be_learned(neurosim, tmp_path):
    (tmp_path / "xor.csv").write_text("0,0,0\n0,1,1\n1,0,1\n1,1,0\n")
    code, out, err = neurosim("perceptron", "learn", "xor.csv")
    assert (code, err) == (0, "")
    assert "no plane separates the classes: points (counted from 0) 0.5·p1 + 0.5·p2 = 0.5·p0 + 0.5·p3" in out
    found = json.loads(neurosim("perceptron", "learn", "xor.csv", "--json")[1])
    assert (found["separable"], found["bound"], found["certificate"]["upper"]) == (False, "inf", [1, 2])
    (tmp_path / "three.csv").write_text("0,0,0,a\n5,1,1,b\n1,5,1,c\n")
    assert neurosim(*"perceptron learn three.csv --rule averaged --plot e.pdf".split())[0] == 0
    assert (tmp_path / "e.pdf").exists()


def test_capacity(neurosim, tmp_path):
    words = "perceptron capacity --n 3,6 --load 1,2 --trials 20 --seed 1"
    found = json.loads(neurosim(*words.split(), "--json")[1])
    expected = ns.perceptron_capacity([3, 6], [1, 2], 20, seed=1)
    assert found["separable"] == expected.separable.tolist()
    assert found["theory"] == [[1, 0.5], [1, 0.5]]
    code, out, _ = neurosim(*words.split(), "--plot", "c.png", "--csv", "c.csv")
    assert code == 0
    assert "Cover" in out
    assert (tmp_path / "c.csv").read_text().splitlines()[0] == "N,P,separable,error,theory"
    assert len((tmp_path / "c.csv").read_text().splitlines()) == 5


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("boolean separable 011", "no power of two"),
        ("boolean separable a+b", "not part of the language"),
        ("boolean count 0", "n is a whole number from 1"),
        ("circuit 0121", "values 0 and 1, not 2 in row 2"),
        ("circuit a.b", "not part of the language"),
        ("perceptron learn missing.csv", "cannot read 'missing.csv': No such file"),
        ("perceptron learn empty.csv", "at least two columns"),
        ("perceptron learn one.csv", "only one class"),
        ("perceptron learn ragged.csv", "line 3: 3 columns instead of 2"),
        ("perceptron learn words.csv", "line 3: 'x' are not numbers"),
        ("perceptron learn nan.csv", "NaN or infinite"),
        ("perceptron learn binary.csv", "is no CSV file"),
        ("perceptron learn header.csv", "has no points"),
        ("perceptron learn good.csv --rule best", "rule is rosenblatt"),
        ("perceptron learn good.csv --plot p.xyz", "end it in .png"),
        ("perceptron learn good.csv --rule adatron", "adatron has no answer"),
        ("perceptron learn good.csv --max-epochs 0", "max_epochs is a whole number"),
        ("perceptron capacity --n x", "--n: numbers with commas"),
        ("perceptron capacity --n 2.5", "N: whole numbers"),
        ("perceptron capacity --load 0", "above 0"),
        ("perceptron capacity --seed -1", "seed is a whole number"),
    ],
)
def test_errors_are_one_sentence(neurosim, tmp_path, words, message):
    files = {
        "empty": "", "one": "1,a\n2,a\n", "ragged": "x,y\n1,a\n1,2,a\n", "words": "x,y\n1,a\nx,b\n",
        "nan": "1,a\nnan,b\n", "header": "x,class\n", "good": "1,a\n2,b\n3,a\n",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text)
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x01,\x80")
    code, out, err = neurosim(*words.split())
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert message in err
    assert "Traceback" not in err


def test_neither_numba_nor_scikit_learn_is_needed_to_start():
    program = (
        "import sys, neurosim as ns; ns.circuit('a ^ b')(1, 0); ns.is_linearly_separable('0110'); ns.Perceptron();"
        "print([name for name in ('numba', 'sklearn', 'matplotlib') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
    blocked = (
        "import sys; sys.modules['sklearn'] = None; import neurosim as ns;"
        "print(ns.Perceptron().fit([[0], [1]], [0, 1]).score([[1]], [1]))"
    )
    result = subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "1.0"
