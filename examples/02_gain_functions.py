"""Gain functions: four models side by side, and a family of curves over one parameter."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import neurosim as ns

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

ranges = {"hodgkin-huxley": 50, "izhikevich": 20, "leaky-integrate-and-fire": 10, "renewal-deterministic": 10}
figure, axes = plt.subplots(2, 2, figsize=(9, 6), layout="constrained")
for ax, (name, largest) in zip(axes.flat, ranges.items(), strict=True):
    gain = ns.gain_function(name, np.linspace(0, largest, 200))
    gain.plot(ax=ax)
    onset = f"{gain.onset:.4g} {gain.unit}".strip()
    print(f"{name}: fires from {onset} on, kind {gain.kind}, up to {gain.rate.max():.1f} Hz")
figure.savefig(folder / "gain-functions.png", dpi=150)

times = {"t_ref": [0, 1, 2, 5]}
family = ns.gain_function("leaky-integrate-and-fire", np.linspace(0, 10, 200), parameters=times, dt=0.01)
family.plot().get_figure().savefig(folder / "refractory-times.png", dpi=150)
print(f"refractory times {times['t_ref']} ms: up to {family.rate.max(axis=-1).round(1)} Hz")
