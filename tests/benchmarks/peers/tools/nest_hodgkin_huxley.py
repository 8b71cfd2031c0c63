"""Hodgkin–Huxley neurons under constant currents, in NEST: hh_psc_alpha, integrated with adaptive steps.

A membrane of 10⁻⁴ cm² turns densities into NEST's absolute units: 1 µF/cm² into 100 pF, 1 µA/cm² into 100 pA. A
spike of NEST's is at the peak of the potential; crossings of 0 mV come from the recorded potential.
"""

import nest
import numpy as np
from serve import serve
from spikes import crossings

MEMBRANE = {"C_m": 100.0, "g_Na": 12000.0, "g_K": 3600.0, "g_L": 30.0, "E_Na": 50.0, "E_K": -77.0, "E_L": -54.4}
START = {"V_m": -65.0, "Act_m": 0.05293248525724958, "Inact_h": 0.5961207535084603, "Act_n": 0.3176769140606974}


def prepare(settings):
    _, dt = settings["method"]
    nest.set(resolution=dt, local_num_threads=settings["threads"])
    neurons = nest.Create("hh_psc_alpha", len(settings["currents"]), params=MEMBRANE | START)
    neurons.I_e = [100.0 * current for current in settings["currents"]]
    recorder = nest.Create("spike_recorder")
    nest.Connect(neurons, recorder)
    meter = None
    if settings["record"]:
        meter = nest.Create("multimeter", {"record_from": ["V_m"], "interval": dt})
        nest.Connect(meter, neurons[settings["record"]])
    return settings | {"neurons": neurons, "recorder": recorder, "meter": meter}


def run(job):
    """From the start values again; NEST's clock goes on."""
    begin = nest.biological_time
    job["recorder"].n_events = 0
    if job["meter"]:
        job["meter"].n_events = 0
    if begin:
        job["neurons"].set(START)
    nest.Simulate(job["duration"])
    spikes = job["recorder"].events
    V = job["meter"].events if job["meter"] else None
    return spikes["senders"] - job["neurons"][0].global_id, spikes["times"] - begin, V, begin


def answer(job, result):
    index, _, V, begin = result
    found = []
    for k in job["record"]:
        mine = V["senders"] == job["neurons"][k].global_id
        found.append(crossings(V["times"][mine] - begin, V["V_m"][mine]))
    return {"counts": np.bincount(index, minlength=len(job["currents"])), "crossings": found}


serve(prepare, run, answer)
