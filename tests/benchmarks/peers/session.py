"""What the command line does."""

import argparse
import json
import os
import time
from pathlib import Path

from common import document, rounded
from platformdirs import user_cache_path

from .environments import TOOLS, make
from .race import Setting, say
from .tables import page
from .workloads import SPIKING, TOOLS_OF, WORKLOADS

DESCRIPTION = "Set neurosim beside other simulators: answers first, then times."


def main() -> None:
    """Run what is asked for."""
    options = argparse.ArgumentParser(prog="python tests/benchmarks/peers", description=DESCRIPTION)
    options.add_argument("--quick", action="store_true", help="less work and fewer repeats, for a rough look")
    options.add_argument("--only", nargs="+", choices=list(WORKLOADS), default=list(WORKLOADS), metavar="WORKLOAD",
                         help=f"of {', '.join(WORKLOADS)}")  # fmt: skip
    options.add_argument("--out", type=Path, default=Path("peers"), metavar="DIR",
                         help="where results.json and results.md go (peers)")  # fmt: skip
    options.add_argument("--environments", type=Path, default=user_cache_path("neurosim") / "peers", metavar="DIR",
                         help="where the other simulators are installed (the user's cache)")  # fmt: skip
    chosen = options.parse_args()
    begin, load = time.perf_counter(), os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    needed = {tool for name in chosen.only for tool in TOOLS_OF.get(name, SPIKING)}
    environments = {
        name: make(name, tool, chosen.environments.absolute()) for name, tool in TOOLS.items() if name in needed
    }
    setting = Setting(environments, quick=chosen.quick)
    figures = {}
    for name in chosen.only:
        say(f"{name} …")
        figures[name] = WORKLOADS[name](setting)
    tools = {
        name: {"versions": dict(environment.versions), "reason": environment.reason}
        for name, environment in environments.items()
    }
    result = document(figures) | {"tools": tools, "quick": chosen.quick}
    result |= {"seconds": time.perf_counter() - begin, "load_before": load}
    chosen.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(rounded(result), indent=1, ensure_ascii=False, allow_nan=False)
    (chosen.out / "results.json").write_text(text + "\n", encoding="utf-8")
    (chosen.out / "results.md").write_text(page(json.loads(text)), encoding="utf-8")
    print(page(json.loads(text)))
