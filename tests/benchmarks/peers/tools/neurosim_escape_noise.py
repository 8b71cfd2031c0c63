"""Integrate-and-fire neurons with escape noise, in neurosim."""

import numpy as np
from serve import serve
from spikes import stationary_intervals

import neurosim as ns


def run(settings):
    names = ("tau_m", "theta", "V_r", "t_ref", "delta", "rho")
    parameters = {name: settings[name] for name in names} | {"R_m": 1.0, "E_L": 0.0}
    return ns.simulate(
        "escape-integrate-and-fire", np.full(settings["neurons"], settings["I"]), settings["duration"],
        parameters=parameters, dt=settings["dt"], threads=settings["threads"],
    )  # fmt: skip


def answer(settings, recording):
    return stationary_intervals(recording.spike_index, recording.spike_time, settings)


serve(lambda settings: settings, run, answer)
