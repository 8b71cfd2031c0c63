"""Benchmarks against the field: one command makes the environments, runs the tools side by side and writes the tables.

python tests/benchmarks/peers [--quick] [--only WORKLOAD …] [--out DIR] [--environments DIR]
"""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # where the package and what it shares with its neighbours are

from peers.session import main  # noqa: E402

main()
