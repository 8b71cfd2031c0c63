"""What the command line does."""

import argparse
import json
import os
import time
from pathlib import Path

from common import Figures, document, rounded
from platformdirs import user_cache_path

from .environments import TOOLS, Environment, make
from .race import Setting, say
from .tables import page
from .workloads import SPIKING, TOOLS_OF, WORKLOADS

DESCRIPTION = "Set neurosim beside other simulators: answers first, then times."


def main() -> None:
    """Run what is asked for; what an earlier session left in DIR stays, where it fits."""
    options = argparse.ArgumentParser(prog="python tests/benchmarks/peers", description=DESCRIPTION)
    options.add_argument("--quick", action="store_true", help="less work and fewer repeats, for a rough look")
    options.add_argument("--only", nargs="+", choices=list(WORKLOADS), default=list(WORKLOADS), metavar="WORKLOAD",
                         help=f"of {', '.join(WORKLOADS)}")  # fmt: skip
    options.add_argument("--out", type=Path, default=Path("peers"), metavar="DIR",
                         help="where results.json and results.md go (peers)")  # fmt: skip
    options.add_argument("--environments", type=Path, default=user_cache_path("neurosim") / "peers", metavar="DIR",
                         help="where the other simulators are installed (the user's cache)")  # fmt: skip
    chosen = options.parse_args()
    needed = {tool for name in chosen.only for tool in TOOLS_OF.get(name, SPIKING)}
    environments = {
        name: make(name, tool, chosen.environments.absolute()) for name, tool in TOOLS.items() if name in needed
    }
    result = document({}) | {
        "quick": chosen.quick,
        "tools": {name: described(environments[name]) for name in environments},
    }
    chosen.out.mkdir(parents=True, exist_ok=True)
    keep(result, chosen.out / "results.json")
    setting = Setting(environments, quick=chosen.quick)
    for name in chosen.only:
        say(f"{name} …")
        begin, load = time.perf_counter(), os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        figures = WORKLOADS[name](setting)
        result["figures"][name] = figures | {"load_before": load, "seconds": time.perf_counter() - begin}
        write(result, chosen.out)
    print((chosen.out / "results.md").read_text(encoding="utf-8"))


def described(environment: Environment) -> Figures:
    """Versions, or the reason why there are none."""
    return {"versions": dict(environment.versions), "reason": environment.reason}


def keep(result: Figures, path: Path) -> None:
    """Take over what an earlier session on this machine, with these versions, found of other workloads."""
    if not path.exists():
        return
    earlier = json.loads(path.read_text(encoding="utf-8"))
    tools = {**earlier["tools"], **result["tools"]}
    same = all(earlier[key] == result[key] for key in ("machine", "versions", "quick"))
    if same and all(tools[name] == found for name, found in earlier["tools"].items()):
        result |= {"figures": earlier["figures"], "tools": tools}


def write(result: Figures, folder: Path) -> None:
    """After every workload, in the order of the list, so that nothing is lost if one of them fails."""
    result["figures"] = {name: result["figures"][name] for name in WORKLOADS if name in result["figures"]}
    text = json.dumps(rounded(result), indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "results.json").write_text(text + "\n", encoding="utf-8")
    (folder / "results.md").write_text(page(json.loads(text)), encoding="utf-8")
