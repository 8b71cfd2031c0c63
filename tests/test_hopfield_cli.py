"""``neurosim hopfield``: what it prints and writes, in a pipe and in a terminal."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import neurosim as ns
from neurosim.cli import app


@pytest.fixture
def hopfield(tmp_path, monkeypatch):
    """Run a command in an empty folder; (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*words):
        result = CliRunner().invoke(app, ["hopfield", *map(str, words)], prog_name="neurosim")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    return run


def test_recall_without_any_word_recalls(hopfield):
    code, out, err = hopfield("recall")
    assert (code, err) == (0, "")
    assert out.isascii()
    assert "pseudo-inverse rule" in out
    cue = re.search(r"the cue is ([A-H]), 12 of 100 pixels flipped", out)[1]
    assert out.strip().splitlines()[-1].startswith(f"retrieved: {cue}, exactly, after ")
    rows = [line.split() for line in out.splitlines() if re.match(r"  [#.]{10} ", line)]
    drawn = ["".join(column) for column in zip(*rows, strict=True)]
    expected = "".join("#" if v > 0 else "." for v in ns.letters()[cue].ravel())
    assert drawn[-1] == drawn[-2] == expected
    assert sum(a != b for a, b in zip(drawn[0], expected, strict=True)) == 12


def test_json_has_the_shape_that_is_promised(hopfield):
    code, out, err = hopfield(*"recall --cue C --seed 3 --json".split())
    result = json.loads(out)
    assert (code, err) == (0, "")
    assert list(result) == ["verdict", "pattern", "overlap", "energy", "sweeps", "state"]
    assert (result["verdict"], result["pattern"], result["overlap"]) == ("retrieved", "C", 1)
    np.testing.assert_array_equal(result["state"], ns.letters()["C"])
    memory = ns.Hopfield(100).store(ns.letters("A-H"), "pseudo-inverse")
    expected = memory.recall(ns.flip(ns.letters()["C"], 0.12, seed=3), seed=3)
    assert result["energy"] == expected.energy.tolist()
    assert result["sweeps"] == expected.sweeps


@pytest.mark.parametrize(
    ("words", "last"),
    [
        ("--cue E --mask top", "retrieved: E, exactly"),
        ("--patterns digits --cue 7 --noise 0.2", "retrieved: 7, exactly"),
        ("--patterns letters:A-D --patterns digits:0-1 --cue A", "error"),
        ("--cue A --noise 1 --rule storkey", "mirror image: A with all signs reversed, exactly"),
        ("--rule hebb --cue A", "retrieved: B, .* units wrong, after .* - but the cue was A"),
        ("--unlearn 450 --cue F", "retrieved: F, exactly"),
        ("--beta 20 --cue H --max-sweeps 20", "retrieved: H, mean overlap (0.9|1)"),
        ("--beta 0.01 --cue H --max-sweeps 20", "not converged after 20 sweeps; nearest is"),
        ("--patterns letters:AH --rule hebb --update synchronous --noise 0.5 --seed 3 --cue A", "."),
    ],
)
def test_ways_to_recall(hopfield, words, last):
    code, out, err = hopfield("recall", *words.split())
    if last == "error":
        assert (code, out) == (2, "")
        assert "has 120 values, but the memory has 100 units" in err
    else:
        assert code == 0
        assert re.match(last, out.strip().splitlines()[-1])


def test_own_patterns(hopfield, tmp_path):
    (tmp_path / "shapes.txt").write_text("[cross]\n.#.\n###\n.#.\n\n[bar]\n...\n###\n...\n")
    assert "retrieved: bar" in hopfield(*"recall --patterns shapes.txt --cue bar --noise 0".split())[1]
    Image.fromarray(np.kron(np.where(ns.letters()["R"] > 0, 0, 255), np.ones((9, 9))).astype(np.uint8)).save("r.png")
    code, out, _ = hopfield(*"recall --patterns letters:P-T --cue r.png --size 10x10".split())
    assert code == 0
    assert "the cue is r, as it is" in out
    assert "retrieved: R, exactly" in out
    code, out, _ = hopfield(*"recall --patterns r.png --size 50x50 --noise 0.3".split())
    assert "retrieved: r, exactly" in out
    assert "(made smaller to fit)" in out
    assert max(len(line) for line in out.splitlines() if "##" in line) <= 80


def test_overload_is_said_on_stderr(hopfield):
    code, out, err = hopfield(*"recall --patterns letters --rule hebb --json".split())
    assert code == 0
    json.loads(out)
    assert (
        err == "note: 26 patterns in 100 units are α = 0.26; the hebb rule holds up to α = 0.138 of random patterns\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("recall --patterns alphabet", "no such file, and not letters or digits"),
        ("recall --patterns letters:1", "legal are A to Z"),
        ("recall --cue Z", "neither a stored pattern nor a file"),
        ("recall --noise 2", "from 0 to 1"),
        ("recall --mask below", "unknown part"),
        ("recall --rule hebbian", "did you mean hebb?"),
        ("recall --beta -1", "beta is an inverse temperature"),
        ("recall --update both", '"asynchronous" or "synchronous"'),
        ("recall --plot r.xyz", "cannot write a figure as"),
        ("recall --patterns blank.png", "empty, all pixels are"),
        ("recall --patterns empty.png", "not an image"),
        ("recall --size 3 --patterns blank.png", "write ROWSxCOLUMNS"),
        ("capacity --n 100,x", "write whole numbers"),
        ("sequence --patterns letters:A", "at least two patterns"),
    ],
)
def test_bad_words(hopfield, tmp_path, words, message):
    Image.new("L", (8, 8), 200).save(tmp_path / "blank.png")
    (tmp_path / "empty.png").write_bytes(b"")
    code, out, err = hopfield(*words.split())
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert message in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["blank.png", "empty.png"]


def test_pictures_and_the_textbook_figure(hopfield, tmp_path):
    code, out, _ = hopfield(*"recall --compare --plot textbook.png".split())
    assert code == 0
    right = {name: int(count) for name, count in re.findall(r"^(\S+)[^\n]*: (\d) of 8 retrieved", out, re.M)}
    assert right["Hebb"] <= 2  # mixed up: letters are correlated
    assert right["unlearning"] >= 6
    assert right["pseudo-inverse"] == 8
    assert (tmp_path / "textbook.png").read_bytes().startswith(b"\x89PNG")
    assert "wrote r.gif" in hopfield(*"recall --plot r.gif".split())[1]
    with Image.open(tmp_path / "r.gif") as moving:
        assert moving.format == "GIF"
        assert moving.n_frames >= 8
    assert hopfield(*"recall --plot r.svg".split())[0] == 0
    assert {path.name for path in tmp_path.iterdir()} == {"textbook.png", "r.gif", "r.svg"}


def test_other_commands(hopfield, tmp_path):
    code, out, err = hopfield(*"capacity --n 60,100 --trials 4 --steps 4 --to 0.4 --csv c.csv --json".split())
    found = json.loads(out)
    assert (code, err, found["n"], len(found["alpha"][0])) == (0, "", [60, 100], 4)
    assert (tmp_path / "c.csv").read_text().splitlines()[0] == "n,alpha,overlap,error,retrieved"
    assert "n = 100" in hopfield(*"capacity --n 60,100 --trials 4 --steps 4 --to 0.4".split())[1]
    code, out, _ = hopfield(*"basins --patterns letters:A-C --trials 2 --json".split())
    assert json.loads(out)["names"] == ["A", "B", "C"]
    assert "half of the cues" in hopfield(*"basins --patterns letters:A-C --trials 2 --plot b.png".split())[1]
    code, out, _ = hopfield(*"phase-diagram --n 30 --trials 1 --sweeps 4 --json".split())
    assert set(json.loads(out)) == {"n", "alpha", "temperature", "overlap", "error", "theory", "boundaries"}
    out = hopfield(*"phase-diagram --n 30 --trials 1 --sweeps 4".split())[1]
    assert out.isascii()
    assert len(re.findall(r"^T +\d", out, re.M)) == 24
    code, out, _ = hopfield(*"sequence --patterns letters:A-D --noise 0.05".split())
    assert "replayed: " in out.splitlines()[-1]
    assert json.loads(hopfield(*"sequence --patterns letters:A-D --json".split())[1])["verdict"] == "replayed"


pty = pytest.importorskip("pty", reason="terminals of this kind are POSIX's")


@pytest.mark.parametrize("columns", [80, 140])
@pytest.mark.parametrize("command", ["recall --cue C", "recall --compare", "recall --cue C --animate", "sequence"])
def test_in_a_terminal(columns, command):
    """Half blocks and colour, no line longer than the terminal is wide, the verdict last."""
    import fcntl
    import struct
    import termios

    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    hidden = ("COLUMNS", "NO_COLOR", "CI")
    environment = {k: v for k, v in os.environ.items() if k not in hidden}
    environment |= {"TERM": "xterm-256color", "PYTHONUTF8": "1"}
    words = [sys.executable, "-m", "neurosim", "hopfield", *command.split()]
    with subprocess.Popen(words, stdout=child, stderr=child, stdin=child, env=environment) as process:
        os.close(child)
        shown = b""
        while True:
            try:
                block = os.read(parent, 65_536)
            except OSError:
                break
            if not block:
                break
            shown += block
    os.close(parent)
    assert process.returncode == 0
    raw = shown.decode()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", raw)
    assert {"▀", "▄", "█"} <= set(text)
    assert max(len(line) for line in re.split(r"[\r\n]+", text)) <= columns
    if "cue C" in command:
        assert "\x1b[31m" in raw  # wrong pixels are red
        assert text.split("\r\n")[-2].startswith("retrieved: C, exactly")


def test_a_dumb_terminal_gets_ascii(tmp_path):
    environment = os.environ | {"TERM": "dumb", "COLUMNS": "80"}
    done = subprocess.run(
        [sys.executable, "-m", "neurosim", "hopfield", "recall"], capture_output=True, env=environment, check=True
    )
    assert done.stdout.isascii()
