"""Leaky integrate-and-fire neurons with white noise, in neurosim."""

import numpy as np
from serve import serve
from spikes import late_counts

import neurosim as ns


def run(settings):
    mean = np.linspace(*settings["mean"], settings["neurons"])
    names = ("tau_m", "theta", "V_r", "t_ref")
    parameters = {name: settings[name] for name in names} | {"R_m": 1.0, "E_L": 0.0}
    return ns.simulate(
        "leaky-integrate-and-fire", ns.membrane_noise(mean, settings["std"]), settings["duration"],
        parameters=parameters, dt=settings["dt"], threads=settings["threads"],
    )  # fmt: skip


def answer(settings, recording):
    return {"counts": late_counts(recording.spike_index, recording.spike_time, settings)}


serve(lambda settings: settings, run, answer)
