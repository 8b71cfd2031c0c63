"""The current that a rig recorded drives three models: recorded and simulated voltage, and how well spikes agree."""

import os
import sys
from itertools import combinations
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import neurosim as ns

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
given = os.environ.get("NEUROSIM_RECORDINGS")
SAMPLE = 0.1  # ms

# Parameters found by random search over the first half of the recording; the second half is the test.
LEAKY = {"tau_m": 24.6, "R_m": 120, "E_L": -65, "theta": -44, "V_r": -61.9, "t_ref": 10.2}
ADAPTIVE = {
    "C": "185 pF", "g_L": "7.34 nS", "E_L": -68.6, "V_T": -48.6, "Delta_T": 0.71, "V_r": -57, "V_start": -68.6,
    "tau_w": 68.5, "a": "-0.53 nS", "b": "60.9 pA",
}  # fmt: skip

if given:
    recorded = Path(given) / "frozen-noise.npz"
    voltages = np.load(recorded)["voltage_mV_x100"] / 100  # (5, T), five repeats of one current
    who = "layer-5 pyramidal neuron"
else:  # a model with a noise of its own in each repeat stands in for the neuron
    print("NEUROSIM_RECORDINGS names no folder of recordings; a simulated neuron stands in")
    recorded, who = folder / "stand-in.npz", "stand-in"
    options = {"duration": 20_000, "dt": SAMPLE, "parameters": ADAPTIVE}
    noise = ns.ornstein_uhlenbeck(150, 160, 3)
    frozen = ns.simulate("adaptive-exponential", noise, record="I", seed=1, **options)["I"][0, :-1]
    np.savez(recorded, current_pA=frozen, sampling_interval_ms=SAMPLE)
    own = ns.from_file(recorded) + ns.white_noise(0, 60)
    run = ns.simulate("adaptive-exponential", own, neurons=5, record="V", seed=2, **options)
    voltages = run["V"][:, :-1]
    voltages[run.spike_index, np.rint(run.spike_time / SAMPLE).astype(int) - 1] = 20  # spikes have no width there

MODELS = {
    "leaky-integrate-and-fire": (LEAKY, ns.from_file(recorded)),
    "adaptive-exponential": (ADAPTIVE, ns.from_file(recorded)),
    "hodgkin-huxley": ({}, ns.from_file(recorded, area="19200 um^2")),  # a squid's axon has no reason to fit
}

HALF, END, WINDOW = 10_000, 20_000, 4
repeats = [ns.detect_spikes(voltage, SAMPLE) for voltage in voltages]
between = [ns.coincidence_factor(a, b, WINDOW, start=HALF, stop=END) for a, b in combinations(repeats, 2)]
print(f"{who}: {', '.join(str(train.size) for train in repeats)} spikes in five repeats")
print(f"coincidence factor within {WINDOW} ms between repeats: {np.mean(between):.2f}")

figure, axes = plt.subplots(5, 1, sharex=True, figsize=(8, 8), height_ratios=(1, 2, 2, 2, 2), layout="constrained")
shown = slice(150_000, 160_000)
times = np.arange(voltages.shape[1])[shown] * SAMPLE
axes[1].plot(times, voltages[0, shown], color="0.2", linewidth=0.7)
axes[1].set_title(f"{who}, first of five repeats", loc="left", fontsize="medium")
for ax, (name, (parameters, current)) in zip(axes[2:], MODELS.items(), strict=True):
    run = ns.simulate(name, current, END, dt=SAMPLE / 2, parameters=parameters, record="V", record_every=2)
    found = [ns.coincidence_factor(repeat, run.spike_times(), WINDOW, start=HALF, stop=END) for repeat in repeats]
    label = f"{name}: {run.spike_count[0]} spikes, coincidence factor {np.mean(found):.2f}"
    print(label)
    ax.plot(times, run["V"][0, :-1][shown], color="C0", linewidth=0.7)
    spikes = run.spike_times()
    spikes = spikes[(spikes >= times[0]) & (spikes <= times[-1])]
    ax.plot(spikes, np.full(spikes.size, 1.0), "|", color="C3", transform=ax.get_xaxis_transform(), clip_on=False)
    ax.set_title(label, loc="left", fontsize="medium")
samples = ns.simulate("adaptive-exponential", ns.from_file(recorded), END, dt=SAMPLE, record="I")["I"][0, :-1]
axes[0].plot(times, samples[shown], color="0.5", linewidth=0.5)
axes[0].set_ylabel("I (pA)")
for ax in axes[1:]:
    ax.set_ylabel("V (mV)")
axes[-1].set(xlabel="time (ms)", xlim=(times[0], times[-1]))
figure.savefig(folder / "recorded-current.png", dpi=150)
