"""Leaky integrate-and-fire neurons with white noise, in NEST: iaf_psc_delta, integrated exactly, and a noise_generator.

The generator holds a normal variate for each neuron and step; its standard deviation is the one that gives the free
membrane the wanted one: std·sqrt((1 + a)/(1 - a)) for the factor a = exp(-dt/τ) of a step.
"""

import math

import nest
import numpy as np
from serve import serve
from spikes import late_counts


def prepare(settings):
    nest.set(resolution=settings["dt"], local_num_threads=settings["threads"])
    tau, capacitance = settings["tau_m"], 250.0
    per_mV = capacitance / tau  # pA that shift the membrane by 1 mV
    membrane = {
        "tau_m": tau, "C_m": capacitance, "E_L": 0.0, "V_m": 0.0,
        "V_th": settings["theta"], "V_reset": settings["V_r"], "t_ref": settings["t_ref"],
    }  # fmt: skip
    neurons = nest.Create("iaf_psc_delta", settings["neurons"], params=membrane)
    neurons.I_e = list(per_mV * np.linspace(*settings["mean"], settings["neurons"]))
    a = math.exp(-settings["dt"] / tau)
    std = settings["std"] * per_mV * math.sqrt((1 + a) / (1 - a))
    noise = nest.Create("noise_generator", params={"std": std, "dt": settings["dt"]})
    nest.Connect(noise, neurons, syn_spec={"delay": settings["dt"]})
    recorder = nest.Create("spike_recorder")
    nest.Connect(neurons, recorder)
    return settings, neurons, recorder


def run(job):
    """The noise goes on, and so does the clock."""
    settings, neurons, recorder = job
    begin = nest.biological_time
    recorder.n_events = 0
    nest.Simulate(settings["duration"])
    spikes = recorder.events
    return spikes["senders"] - neurons[0].global_id, spikes["times"] - begin


def answer(job, result):
    return {"counts": late_counts(*result, job[0])}


serve(prepare, run, answer)
