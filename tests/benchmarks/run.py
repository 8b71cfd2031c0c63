"""Run all benchmarks, each in a process of its own, and print one JSON document."""

import json
import subprocess
import sys
from pathlib import Path

from common import Figures, document, parser, publish

BENCHMARKS = (
    "first_spike",
    "one_neuron",
    "hodgkin_huxley",
    "adaptive_exponential",
    "leaky_integrate_and_fire",
    "spike_statistics",
    "noise",
    "artificial",
    "hopfield",
    "recorded_current",
)


def figures_of(name: str, quick: bool) -> Figures:
    """Run one benchmark and take its figures."""
    print(f"{name} …", file=sys.stderr, flush=True)
    command = [sys.executable, str(Path(__file__).with_name(f"{name}.py")), *(["--quick"] if quick else [])]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed")
    figures: Figures = json.loads(done.stdout)["figures"]
    return figures


def main() -> None:
    """Run them in turn."""
    options = parser(__doc__).parse_args()
    figures: Figures = {}
    for name in BENCHMARKS:
        figures |= figures_of(name, options.quick)
    publish(document(figures | {"quick": options.quick}), options.out)


if __name__ == "__main__":
    main()
