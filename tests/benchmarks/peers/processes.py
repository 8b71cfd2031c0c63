"""A tool at work in a process of its own: asked over its standard input, pinned to cores, its memory watched."""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .environments import Failed, last_line

ROOT = Path(__file__).parents[3]
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def surroundings(own: bool, threads: int, folder: Path) -> dict[str, str]:
    """Environment variables: as many threads as wanted, caches in `folder`, this checkout for our own scripts only."""
    variables = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    pools = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    variables |= dict.fromkeys(pools, str(threads))
    variables |= {"NEUROSIM_CACHE_DIR": str(folder / "kernels"), "NUMBA_CACHE_DIR": str(folder / "numba")}
    return variables | ({"PYTHONPATH": str(ROOT)} if own else {})


def cores(threads: int) -> set[int]:
    """The last ones of those we may use: the first one serves the rest of the machine."""
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return set(allowed[-threads:])


CONTROL = "import time; t = time.perf_counter(); sum(range(10**7)); print(time.perf_counter() - t)"


def speed_up(threads: int) -> float:
    """How many times as much arithmetic so many processes do at once; below `threads` if cores are busy."""

    def seconds(processes: int) -> float:
        command = [sys.executable, "-c", CONTROL]
        started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
        return max(float(process.communicate()[0]) for process in started)

    return threads * seconds(1) / seconds(threads)


class Worker:
    """One script of one tool."""

    def __init__(self, python: Path, script: Path, *, own: bool, threads: int, folder: Path, patience: float) -> None:
        self.threads, self.patience = threads, patience
        self._log = (folder / "stderr.txt").open("w+", encoding="utf-8", errors="replace")
        self._process = subprocess.Popen(
            [str(python), *(() if own else ("-E", "-s")), str(script)], cwd=folder, text=True, encoding="utf-8",
            env=surroundings(own, threads, folder),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, start_new_session=os.name == "posix",
        )  # fmt: skip
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):  # some tools print while they are imported
                self._lines.put(line)
        self._lines.put("")

    def ask(self, message: str) -> dict[str, Any]:
        """Send a line and wait for the reply; the last line of its error if there is none."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(message + "\n")
            self._process.stdin.flush()
            line = self._lines.get(timeout=self.patience)
        except queue.Empty:
            raise Failed(f"no answer within {self.patience:g} s") from None
        except OSError:
            line = ""
        if not line:
            self._process.wait()
            self._log.seek(0)
            raise Failed(last_line(self._log.read()))
        reply: dict[str, Any] = json.loads(line)
        return reply

    def prepare(self, settings: Mapping[str, Any]) -> float:
        """Seconds to set up, on all cores; afterwards only those that its runs may use."""
        seconds: float = self.ask(json.dumps(settings))["seconds"]
        if hasattr(os, "sched_setaffinity"):
            for task in Path(f"/proc/{self._process.pid}/task").glob("*"):
                os.sched_setaffinity(int(task.name), cores(self.threads))
        return seconds

    def run(self) -> float:
        """Seconds of one run."""
        seconds: float = self.ask("run")["seconds"]
        return seconds

    def answer(self) -> dict[str, Any]:
        """What to compare."""
        found: dict[str, Any] = self.ask("answer")["answer"]
        return found

    def peak_megabytes(self) -> float | None:
        """Greatest resident memory of the process and its children while it runs once more; None where unknown."""
        if not sys.platform.startswith("linux"):
            return None
        finished, peaks = threading.Event(), [0]

        def watch() -> None:
            while not finished.is_set():
                peaks.append(sum(map(_resident, _family(self._process.pid))))
                time.sleep(0.002)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            self.run()
        finally:
            finished.set()
            watcher.join()
        return max(peaks) / 1e6

    def close(self) -> None:
        """End the process and what it started."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._log.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            if os.name == "posix":
                os.killpg(self._process.pid, 9)
            self._process.kill()
            self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()


def _family(pid: int) -> list[int]:
    """The process and all below it."""
    found = [pid]
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += _family(int(child))
    except OSError:
        pass  # it has ended meanwhile
    return found


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def command_seconds(command: Sequence[str], folder: Path, *, own: bool, patience: float) -> tuple[float, str]:
    """Seconds of a whole process on the cores of one thread, and the last line it prints."""
    pinned = cores(1)

    def pin() -> None:
        os.sched_setaffinity(0, pinned)

    begin = time.perf_counter()
    try:
        done = subprocess.run(
            command, cwd=folder, env=surroundings(own, 1, folder), timeout=patience, check=False, text=True,
            capture_output=True, preexec_fn=pin if pinned else None,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Failed(f"no answer within {patience:g} s") from None
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise Failed(last_line(done.stderr))
    lines = done.stdout.split()
    return seconds, lines[-1] if lines else ""
