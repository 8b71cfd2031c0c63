"""Tools side by side: answers first, then times, in turn."""

import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from common import summary

from .environments import Environment, Failed
from .processes import Worker, speed_up

TOOLS = Path(__file__).parent / "tools"
OURS = "neurosim"
FREE = 0.8  # of the speed of so many cores; threads that wait for each other are far slower where one is not free
Figures = dict[str, Any]
Judge = Callable[[Mapping[str, Any], Mapping[str, Any]], Figures]
"""Takes an answer and the settings; gives figures of the agreement, or raises `Failed` with what disagrees."""


@dataclass(frozen=True)
class Entry:
    """One tool with its settings."""

    tool: str
    script: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    threads: int = 1
    label: str = ""
    times: float = 1.0  # what a run is multiplied with where only part of the work is done

    @property
    def name(self) -> str:
        """What the tables call it."""
        label = self.label or self.tool
        return f"{label}, {self.threads} threads" if self.threads > 1 else label


@dataclass(frozen=True)
class Setting:
    """What all races of a session have in common."""

    environments: Mapping[str, Environment]
    quick: bool = False
    patience: float = 300.0  # seconds to wait for one answer
    budget: float = 60.0  # seconds of warm runs of one entry, after which it sits out further rounds
    scripts: Path = TOOLS


class Lane:
    """An entry on its way: its worker, and what is known about it."""

    def __init__(self, entry: Entry, setting: Setting, judge: Judge) -> None:
        self.entry, self.setting, self.judge = entry, setting, judge
        self.settings = {**entry.settings, "threads": entry.threads}
        self.folder = Path()
        self.worker: Worker | None = None
        self.seconds: dict[int, float] = {}  # of the rounds it took part in
        self.row: Figures = {"tool": entry.tool, "name": entry.name, "threads": entry.threads, "reason": None}

    def attempt(self, work: Callable[[], None]) -> None:
        """Do it, unless the lane has failed; if it fails, note why."""
        if self.row["reason"] is None:
            try:
                work()
            except Failed as failed:
                self.row["reason"] = str(failed)

    def start(self, folder: Path) -> None:
        """Set up, run once, and have the answer judged."""
        if not self.cores_are_free():
            raise Failed(f"{self.entry.threads} cores were not free")
        folder.mkdir()
        self.folder = folder
        self.worker = self.new_worker()
        prepare, first = self.worker.prepare(self.settings), self.worker.run()
        self.row |= {"prepare_seconds": prepare, "first_seconds": first * self.entry.times}
        try:
            self.row["agreement"] = self.judge(self.worker.answer(), self.settings)
        except (KeyError, TypeError, ValueError) as error:
            raise Failed(f"its answer cannot be read: {error}") from error

    def new_worker(self) -> Worker:
        """A process in the folder of this lane."""
        environment = self.setting.environments[self.entry.tool]
        if environment.python is None:
            raise Failed(f"not installed: {environment.reason}")
        return Worker(
            environment.python, self.setting.scripts / f"{self.entry.script}.py", own=self.entry.tool == OURS,
            threads=self.entry.threads, folder=self.folder, patience=self.setting.patience,
        )  # fmt: skip

    def cores_are_free(self) -> bool:
        """Whether as many processes as there are threads do nearly as many times as much."""
        threads = self.entry.threads
        return threads == 1 or speed_up(threads) >= FREE * threads

    def lap(self, i: int) -> None:
        """One warm run."""
        assert self.worker is not None
        if sum(self.seconds.values()) <= self.setting.budget * self.entry.times and self.cores_are_free():
            self.seconds[i] = self.worker.run() * self.entry.times

    def again(self) -> None:
        """A second process, which finds what the first one left in its folder: time of its first run, and memory."""
        self.close()
        self.worker = self.new_worker()
        seconds = self.worker.prepare(self.settings) + self.worker.run()
        self.row |= {"later_seconds": seconds * self.entry.times, "peak_megabytes": self.worker.peak_megabytes()}
        self.close()

    def close(self) -> None:
        """End the process, if there is one."""
        if self.worker is not None:
            self.worker.close()

    def finish(self) -> None:
        """Medians."""
        if not self.seconds:
            raise Failed(f"{self.entry.threads} cores were not free")
        self.row["warm_seconds"] = summary(list(self.seconds.values()))
        first = self.row["prepare_seconds"] + self.row["first_seconds"]
        self.row["compile_seconds"] = max(0.0, first - statistics.median(self.seconds.values()))

    def compare(self, ours: "Lane | None") -> None:
        """How many times as long as ours it takes, in the rounds that both ran."""
        if ours is not None and ours.row["reason"] is None:
            both = [self.seconds[i] / ours.seconds[i] for i in sorted(self.seconds.keys() & ours.seconds.keys())]
            if both:
                self.row["ratio"] = summary(both)


def race(entries: Sequence[Entry], judge: Judge, setting: Setting, rounds: int, *, again: bool = True) -> list[Figures]:
    """A row for every entry: agreement and times, or the reason why there are none.

    Warm runs go round after round, every other one backwards, so that what disturbs the machine disturbs all.
    """
    lanes = [Lane(entry, setting, judge) for entry in entries]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            for number, lane in enumerate(lanes):
                say(f"  {lane.entry.name} …")
                lane.attempt(partial(lane.start, Path(folder, str(number))))
                if lane.row["reason"]:
                    say(f"    {lane.row['reason']}")
            for i in range(rounds):
                for lane in lanes[:: -1 if i % 2 else 1]:
                    lane.attempt(partial(lane.lap, i))
            for lane in lanes:
                lane.attempt(lane.finish)
                if again:
                    lane.attempt(lane.again)
        finally:
            for lane in lanes:
                lane.close()
    for lane in lanes:
        ours = [other for other in lanes if other.entry.tool == OURS and other.entry.threads == lane.entry.threads]
        lane.attempt(partial(lane.compare, ours[0] if ours else None))
    return [lane.row for lane in lanes]


def say(what: str) -> None:
    """On standard error, at once."""
    print(what, file=sys.stderr, flush=True)
