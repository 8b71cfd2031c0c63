"""The runner of the benchmarks against the field, on tools made up for the test, and the tables made from figures."""

import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parent / "benchmarks"
SERVE = (BENCHMARKS / "peers" / "tools" / "serve.py").read_text(encoding="utf-8")
COUNTS = """
from serve import serve

def prepare(settings):
    print("greetings from a tool that talks")
    if {reason!r}:
        raise RuntimeError({reason!r})
    return settings

serve(prepare, lambda job: {counts} , lambda job, result: {{"counts": result}})
"""


@pytest.fixture(scope="module")
def peers():
    """The package of the benchmarks, which stands beside the scripts that it shares code with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        yield
    for name in [name for name in sys.modules if name.split(".")[0] in ("peers", "common")]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def rows(peers, tmp_path_factory):
    """A race: ours, one that agrees, one that does not, one that stops with an error, one that pip cannot find."""
    tmp_path = tmp_path_factory.mktemp("peers")
    from peers.environments import Environment, Failed, Tool, make
    from peers.race import Entry, Setting, race

    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "serve.py").write_text(SERVE)
    tools = {"neurosim": [7, 3], "twin": [7, 3], "other": [7, 5], "broken": [7, 3]}
    for tool, counts in tools.items():
        reason = "no licence for this machine" if tool == "broken" else ""
        (scripts / f"{tool}.py").write_text(COUNTS.format(counts=counts, reason=reason))
    environments = {tool: Environment(Path(sys.executable)) for tool in tools}
    (scripts / "pip.py").write_text("raise SystemExit('ERROR: No matching distribution found for nothing')")
    environments["absent"] = make("absent", Tool(("nothing",)), tmp_path, pip=(sys.executable, str(scripts / "pip.py")))

    def judge(answer, settings):
        if (difference := int(np.abs(np.subtract(answer["counts"], settings["expected"])).max())) > 1:
            raise Failed(f"a count is off by {difference}")
        return {"largest_difference": difference}

    entries = [Entry(tool, tool, {"expected": [7, 3]}) for tool in environments]
    found = race(entries, judge, Setting(environments, patience=20, scripts=scripts), rounds=2)
    return {row["tool"]: row for row in found}


def test_who_agrees_is_timed_and_who_does_not_is_listed_with_the_reason(rows):
    for tool in ("neurosim", "twin"):
        assert rows[tool]["reason"] is None
        assert rows[tool]["agreement"] == {"largest_difference": 0}
        assert rows[tool]["warm_seconds"]["repeats"] == rows[tool]["ratio"]["repeats"] == 2
        assert rows[tool]["later_seconds"] > 0
    assert rows["neurosim"]["ratio"]["median"] == 1
    assert rows["other"]["reason"] == "a count is off by 2"
    assert rows["broken"]["reason"] == "RuntimeError: no licence for this machine"
    assert rows["absent"]["reason"] == "not installed: ERROR: No matching distribution found for nothing"
    for tool in ("other", "broken", "absent"):
        assert "warm_seconds" not in rows[tool]
        assert "ratio" not in rows[tool]


def test_no_row_is_missing_from_the_table(rows):
    from peers.tables import race_table

    lines = race_table(list(rows.values())).splitlines()
    assert [line.split("|")[1] for line in lines[2:]] == ["neurosim", "twin", "other", "broken", "absent"]
    assert "a count is off by 2" in lines[4]


def test_crossings_are_those_of_the_curve(peers, monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS / "peers" / "tools")
    from spikes import crossings

    time = np.cumsum(0.05 + 0.01 * np.sin(np.arange(2000)))  # steps of different lengths
    found = crossings(time, np.sin(time - 0.3))
    assert found.size == int((time[-1] - 0.3) // (2 * np.pi)) + 1
    np.testing.assert_allclose(found, 0.3 + 2 * np.pi * np.arange(found.size), atol=1e-6)  # error h⁴/24, at most


def test_the_table_of_the_readme_is_made_from_the_figures(peers):
    from peers.tables import README, load, with_table

    text = README.read_text(encoding="utf-8")
    assert with_table(text, load()) == text
