"""One model, twenty neurons: the patterns A to T of Izhikevich 2004, each with its own parameters and current."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import neurosim as ns

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

model = ns.load_model("izhikevich")
variants = list(model.variants)
patterns = variants[variants.index("tonic-spiking") :]
figure = plt.figure(figsize=(11, 11.5))
grid = figure.add_gridspec(5, 4, left=0.02, right=0.98, top=0.97, bottom=0.02, hspace=0.24, wspace=0.1)

for letter, name, cell in zip("ABCDEFGHIJKLMNOPQRST", patterns, grid, strict=True):
    current, duration = ns.parse_current(model.variants[name].current), model.variants[name].duration
    recording = ns.simulate(model.variant(name), current, duration, record="V")
    time, spikes = recording.time, recording.spike_times()
    between = np.searchsorted(time, spikes)  # a spike is located between two samples: draw it up to its peak
    V = np.insert(recording["V"][0], between, model.parameters["V_peak"].value)

    above, below = cell.subgridspec(2, 1, height_ratios=[5, 1], hspace=0.05).subplots(sharex=True)
    above.plot(np.insert(time, between, spikes), V, linewidth=0.9)
    above.set_title(f"{letter}  {name.replace('-', ' ')}", loc="left", fontsize="medium")
    above.set(ylim=(-95, 32), xlim=(0, duration))
    below.plot(time, recording.input("I")[0], color="0.35", linewidth=0.9)
    below.plot([duration - 20, duration], [-0.25, -0.25], "k", clip_on=False, transform=below.get_xaxis_transform())
    for ax in (above, below):
        ax.axis("off")
    if letter == "B":
        above.plot([duration, duration], [-50, 0], "k", clip_on=False)
        above.text(duration - 4, -25, "50 mV", ha="right", va="center")
        below.text(duration - 26, -0.25, "20 ms", ha="right", va="center", transform=below.get_xaxis_transform())
    print(f"{letter}  {name:30} spikes: {spikes.size:2}, the first at {spikes[0]:6.2f} ms")
figure.savefig(folder / "izhikevich-patterns.png", dpi=150)
