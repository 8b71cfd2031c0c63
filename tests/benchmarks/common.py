"""What the benchmarks share: machine and versions, interleaved timing, medians, JSON on stdout."""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

Figures = dict[str, Any]
Work = Callable[[], object]


def machine() -> Figures:
    """Where the figures come from."""
    import llvmlite.binding as llvm

    return {
        "cpu": _cpu_model(),
        "llvm_cpu": llvm.get_host_cpu_name(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": platform.platform(),
    }


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if sys.platform == "darwin":
        found = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=False
        )
        return found.stdout.strip() or platform.processor()
    return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """Versions of Python and of what the figures depend on."""
    packages = ("neurosim", "numpy", "numba", "llvmlite")
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


def interleaved(works: Mapping[str, Work], rounds: int) -> dict[str, list[float]]:
    """Seconds that each piece of work took, one after the other in every round.

    What disturbs the machine for a while then disturbs all of them. Every other round goes backwards.
    """
    times: dict[str, list[float]] = {name: [] for name in works}
    for i in range(rounds):
        for name in list(works)[:: -1 if i % 2 else 1]:
            begin = time.perf_counter()
            works[name]()
            times[name].append(time.perf_counter() - begin)
    return times


def summary(values: Sequence[float]) -> Figures:
    """Median, least and greatest of repeated measurements, and how many there were."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "repeats": len(values)}


def per_step(seconds: Sequence[float], steps: float) -> Figures:
    """Nanoseconds for each neuron and step, of so many steps of a neuron."""
    return summary([1e9 * value / steps for value in seconds])


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Quotients of measurements of the same rounds."""
    return [a / b for a, b in zip(above, below, strict=True)]


def at_once(*works: Work) -> None:
    """Run pieces of work on a thread each."""
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def require(holds: bool, what: str) -> None:
    """Stop with a message where an answer is wrong: the time of a wrong answer says nothing."""
    if not holds:
        raise SystemExit(f"wrong answer: {what}")


def parser(description: str | None) -> argparse.ArgumentParser:
    """Options of every benchmark."""
    options = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    options.add_argument("--quick", action="store_true", help="less work and fewer repeats, for a rough look")
    options.add_argument("--out", type=Path, metavar="FILE", help="write the JSON document there, too")
    return options


def document(figures: Figures) -> Figures:
    """Figures with all that is needed to judge them."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return {"date": now, "machine": machine(), "versions": versions(), "figures": figures}


def publish(result: Figures, out: Path | None) -> None:
    """Print a document as JSON, and write it where that was asked for."""
    text = json.dumps(rounded(result), indent=2, allow_nan=False)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")
    print(text)


def rounded(value: Any) -> Any:
    """The same with four significant digits, which is more than timing has."""
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [rounded(part) for part in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def main(name: str, description: str | None, measure: Callable[[bool], Figures]) -> None:
    """Run one benchmark from the command line."""
    options = parser(description).parse_args()
    publish(document({name: measure(options.quick)}), options.out)
