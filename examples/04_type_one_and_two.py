"""Two ways to begin to fire: at an arbitrarily low rate (type I), or at once at a rate well above zero (type II)."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import neurosim as ns

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

izhikevich = ns.load_model("izhikevich")
neurons = {  # model, and a range that contains its onset
    "leaky integrate-and-fire": ("leaky-integrate-and-fire", 1, 3),
    "quadratic integrate-and-fire": ("quadratic-integrate-and-fire", 3, 4),
    "Izhikevich, class 1": (izhikevich.variant("class-1-excitable"), 2, 3),
    "Morris–Lecar, type I": ("morris-lecar-type-i", 30, 50),
    "Wang–Buzsáki": ("wang-buzsaki", 0.1, 0.2),
    "Connor–Stevens": ("connor-stevens", 7, 9),
    "Hodgkin–Huxley": ("hodgkin-huxley", 5, 7),
    "Morris–Lecar, type II": ("morris-lecar-type-ii", 80, 100),
    "Izhikevich, class 2": (izhikevich.variant("class-2-excitable"), 0, 0.5),
}
kinds, shown = ["I", "II"], ["Connor–Stevens", "Hodgkin–Huxley"]
relative = np.concatenate([[0.8, 0.9999], 1 + 0.5 * np.linspace(0, 1, 40) ** 2])  # most inputs close to the onset
figure, axes = plt.subplots(2, 2, figsize=(10, 6.5), height_ratios=[3, 2], layout="constrained")

for name, (model, lowest, highest) in neurons.items():
    gain = ns.gain_function(model, np.linspace(lowest, highest, 10), duration=3000, discard=600)
    rate = ns.simulate(model, gain.onset * relative, 3000).rate(after=600)
    upper, lower = axes[:, kinds.index(gain.kind)]
    upper.plot(relative, rate / rate[-1], label=name)
    at_onset = rate[relative == 1][0]
    print(f"{name:29} type {gain.kind:3} from {gain.onset:8.5g} {gain.unit:7} on, with {at_onset:6.3f} Hz")
    if name in shown:
        pair = ns.simulate(model, gain.onset * np.array([1.02, 0.98]), 500, record="V", record_every=4)
        for V, color, label in zip(pair["V"], ("C0", "0.5"), ("2 % above the onset", "2 % below"), strict=True):
            lower.plot(pair.time, V, color=color, linewidth=1, label=label)
        lower.set_title(name, loc="left", fontsize="medium")

for kind, (upper, lower) in zip(kinds, axes.T, strict=True):
    upper.set(title=f"type {kind}", xlabel="input / onset", xlim=(0.8, 1.5), ylim=(0, 1.02))
    upper.legend(frameon=False, fontsize="small", loc="upper left")
    lower.set(xlabel="time (ms)", xlim=(0, 500), ylim=(-85, 75))
    lower.legend(frameon=False, fontsize="small", loc="upper right", ncols=2)
axes[0, 0].set_ylabel("rate / rate at 1.5 × onset")
axes[1, 0].set_ylabel("V (mV)")
figure.savefig(folder / "type-one-and-two.png", dpi=150)
