"""Escape noise: interval distributions and gain functions of the renewal neuron for three values of β, with theory."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import neurosim as ns

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

betas = {"beta": [2, 5, np.inf]}
intervals = ns.interval_distribution("renewal", 1.5, parameters=betas, seed=1)
gain = ns.gain_function("renewal", np.linspace(0, 5, 101), parameters=betas, seed=1)

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
intervals.plot(ax=left)
gain.plot(ax=right)
figure.savefig(folder / "escape-noise.png", dpi=150)

members = zip(betas["beta"], intervals.mean, intervals.cv, intervals.theory, intervals.agreement(), strict=True)
for beta, mean, cv, theory, agreement in members:
    print(f"β = {beta:<4g} mean {mean:.3f} ms, CV {cv:.4f}; in theory {theory.mean:.3f} ms and {theory.cv:.4f}")
    print(f"         {agreement}")
print(f"gain functions: at most {gain.agreement():.2g} standard errors from the theory, of {gain.rate.size} rates")
