"""Why a neuron fires: phase planes of FitzHugh–Nagumo, the two states of the squid axon, and its excitability."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import neurosim as ns

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

# Rest, and firing, in the phase plane. At rest a push of 0.5 along V dies out, one of 0.6 makes a spike.
figure, axes = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
rest = ns.phase_plane("fitzhugh-nagumo", I=0, trajectories=[(-0.7, -0.624), (-0.6, -0.624)], duration=100)
firing = ns.phase_plane("fitzhugh-nagumo", I=0.5, duration=100)
for ax, plane in zip(axes, (rest, firing), strict=True):
    plane.plot(ax)
    (point,) = plane.fixed_points
    where = ", ".join(f"{name} = {value:.3f}" for name, value in point.states.items())
    print(f"I = {plane.inputs['I']:g}: {point.kind} at {where}; eigenvalues {np.round(point.eigenvalues, 3)} per ms")
figure.savefig(folder / "phase-planes.png", dpi=150)

# Over the input: where rest is lost, and how far firing goes on the way up and down.
figure, (whole, part, gain) = plt.subplots(1, 3, figsize=(15, 4.4), layout="constrained")
ns.bifurcation("hodgkin-huxley").plot(whole)
diagram = ns.bifurcation("hodgkin-huxley", between=(4, 12))
diagram.plot(part)
for found in diagram.points:
    print(f"Hodgkin–Huxley: {found.kind} at {found.value:.3f} {diagram.unit}, {found.frequency:.1f} Hz")
sweep = ns.gain_function("hodgkin-huxley", np.linspace(4, 12, 81), direction="both")
sweep.plot(gain)
print(f"its rate jumps at {sweep.onset[0]:.1f} on the way up and at {sweep.onset[1]:.1f} on the way down")
figure.savefig(folder / "bistability.png", dpi=150)

# How easily it is excited: pulses, and a small current of rising frequency.
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for model in ("leaky-integrate-and-fire", "hodgkin-huxley"):
    curve = ns.strength_duration(model)
    print(f"{model}: rheobase {curve.rheobase:.4g} {curve.unit}, chronaxie {curve.chronaxie:.4g} ms")
    left.loglog(curve.duration, curve.threshold / curve.rheobase, ".-", label=model)
    left.plot(curve.chronaxie, 2, "ko")
left.set(xlabel="duration of the pulse (ms)", ylabel="threshold / rheobase")
left.legend(frameon=False)
response = ns.impedance("hodgkin-huxley")
response.plot(right)
print(f"hodgkin-huxley: resonance at {response.resonance:.0f} Hz")
figure.savefig(folder / "excitability.png", dpi=150)
