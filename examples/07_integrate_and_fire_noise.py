"""Leaky integrate-and-fire with white noise: Siegert's formula, and how a simulation comes to it as dt → 0."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import neurosim as ns

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

model = ns.load_model("leaky-integrate-and-fire").replace(tau_m=20, theta=20, V_r=10, E_L=0, t_ref=2)
neuron = {"tau": 20, "threshold": 20, "reset": 10, "refractory": 2}  # the same for the formulas; ms and mV
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")

# Gain functions at the model's own step; membrane_noise(0, std) is noise of mean 0, since the membrane rests at 0.
for number, std in enumerate((1, 2, 5)):
    gain = ns.gain_function(model, np.linspace(0, 4, 41), noise=ns.membrane_noise(0, std), seed=1)
    left.plot(gain.input, gain.rate, ".", color=f"C{number}", label=f"std = {std} mV")
    left.plot(gain.input, gain.theory, color=f"C{number}", linewidth=1)
    print(f"std {std} mV: at most {gain.agreement():.2g} standard errors from the theory on the grid")
left.set(xlabel="I (nA)", ylabel="rate (Hz)", title="dt 0.1 ms; lines: theory on this grid")
left.legend(frameon=False)

# The rate at a mean of 20 mV, the threshold, with ever shorter steps.
steps, rates, errors = np.array([0.4, 0.2, 0.1, 0.05, 0.025]), [], []
for dt in steps:
    recording = ns.simulate(model, ns.membrane_noise(20, 5), 5000, neurons=2000, dt=dt, seed=2)
    rate = ns.mean_firing_rate(recording, start=200).rate
    rates.append(rate.mean())
    errors.append(rate.std(ddof=1) / np.sqrt(rate.size))
    on_grid = ns.integrate_and_fire_rate(20, 5, dt=dt, **neuron)
    print(f"dt {dt:5} ms: {rates[-1]:.2f} ± {errors[-1]:.2f} Hz, theory on this grid {on_grid:.2f} Hz")
limit = ns.integrate_and_fire_rate(20, 5, **neuron)
polynomial, covariance = np.polyfit(np.sqrt(steps), rates, 2, w=1 / np.array(errors), cov="unscaled")
at_0, error = polynomial[-1], np.sqrt(covariance[-1, -1])
print(f"dt → 0: {at_0:.2f} ± {error:.2f} Hz by a parabola in √dt, {limit:.2f} Hz by Siegert's formula")

fine = np.linspace(0, 0.42, 100)
right.errorbar(np.sqrt(steps), rates, 2 * np.array(errors), fmt="o", markersize=4, capsize=3, label="simulated")
corrected = [ns.integrate_and_fire_rate(20, 5, dt=dt, **neuron) for dt in fine]
right.plot(np.sqrt(fine), corrected, color="0.1", linewidth=1, label="theory on the grid")
right.axhline(limit, color="0.5", linestyle=":", label="Siegert's formula")
right.set(xlabel="√dt (√ms)", ylabel="rate (Hz)", title="mean 20 mV, std 5 mV", xlim=(0, None))
right.legend(frameon=False)
figure.savefig(folder / "white-noise.png", dpi=150)
