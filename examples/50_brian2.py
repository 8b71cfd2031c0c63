"""The same run on Brian2, where it is installed; and as a script that needs Brian2 alone."""

import importlib.util
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import neurosim as ns

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
current = ns.step(0.8, start=20, stop=180)
run = ns.simulate("adaptive-threshold", current, 200, record=["V", "theta"], spike_timing="grid")
figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
axes.plot(run.time, run["V"][0], label="V")
axes.plot(run.time, run["theta"][0], label="threshold")

if importlib.util.find_spec("brian2") is not None:
    other = ns.brian.simulate("adaptive-threshold", current, 200, record=["V", "theta"])
    axes.plot(other.time, other["theta"][0], "k:", label="threshold, Brian2")
    difference = np.abs(run["theta"] - other["theta"]).max()
    print(f"{run.spike_time.size} and {other.spike_time.size} spikes, thresholds within {difference:.0e} mV")
else:
    print(f"{run.spike_time.size} spikes; Brian2 is not installed")

axes.set(xlabel="time (ms)", ylabel="mV")
axes.legend(frameon=False)
figure.savefig(folder / "brian2.png", dpi=150)
print(ns.brian.script("adaptive-threshold", current, 200))
