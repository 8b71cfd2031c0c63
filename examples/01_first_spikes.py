"""First spikes: a Hodgkin–Huxley neuron under a step of current, then sixty of them, one current each."""

import sys
from pathlib import Path

import numpy as np

import neurosim as ns

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

current = ns.step(10, start=20, stop=80)
recording = ns.simulate("hodgkin-huxley", current, 100, record=["V", "m", "h", "n"])
recording.plot().get_figure().savefig(folder / "first-spikes.png", dpi=150)
print(f"10 µA/cm²: {recording.spike_count[0]} spikes, at {recording.spike_times(0)} ms")

currents = np.linspace(4, 16, 60)
crowd = ns.simulate("hodgkin-huxley", ns.step(currents, start=20), 200)
axes = ns.plot_raster(crowd)
axes.set_ylabel("current (µA/cm²)")
axes.set_yticks(np.linspace(0, 59, 5), labels=[f"{I:g}" for I in np.linspace(4, 16, 5)])
axes.get_figure().savefig(folder / "raster.png", dpi=150)
lasting = currents[crowd.rate(after=100) > 0]
print(f"after 100 ms {lasting.size} of {crowd.neurons} still fire, from {lasting.min():.1f} µA/cm² on")
