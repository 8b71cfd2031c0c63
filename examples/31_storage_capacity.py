"""How much a Hopfield memory holds: overlap against load, the temperature it stands, and a million units."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import neurosim as ns

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

capacity = ns.capacity("hebb", (250, 500, 1000), np.arange(0.02, 0.21, 0.01), trials=50, seed=1)
for n, alpha, error in zip(capacity.n, capacity.critical, capacity.critical_error, strict=True):
    print(f"n = {n:4}: half of the trials retrieve at α = {alpha:.3f} ± {error:.3f}")
print(f"n → ∞:    α_c = {capacity.alpha_c:.3f} ± {capacity.alpha_c_error:.3f}; theory {ns.critical_load():.3f}")

phases = ns.phase_diagram(300, trials=2, sweeps=40, seed=1)
figure, axes = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
capacity.plot(ax=axes[0])
phases.plot(ax=axes[1])
figure.savefig(folder / "capacity-and-phases.png", dpi=150)

patterns = ns.random_patterns(100, 1_000_000, seed=1)
memory = ns.Hopfield(1_000_000).store(patterns)
cue = ns.flip(patterns[42], 0.2, seed=1)
recall = memory.recall(cue, seed=1)
print(f"a million units, 100 patterns, 200,000 units flipped: {recall}, {'exactly' if recall.exact else 'nearly'}")
