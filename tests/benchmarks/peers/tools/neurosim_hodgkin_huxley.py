"""Hodgkin–Huxley neurons under constant currents, in neurosim."""

import numpy as np
from serve import serve
from spikes import crossings

import neurosim as ns


def prepare(settings):
    return settings | {"I": np.array(settings["currents"])}


def run(job):
    method, dt = job["method"]
    recorded = {"record": ["V"], "record_neurons": job["record"]} if job["record"] else {}
    tolerance = {"dt": dt}
    if method == "dopri5":  # it chooses its steps; samples of the trace are from its dense output
        tolerance = {"rtol": dt} | ({"dt": 0.01} if recorded else {})
    return ns.simulate(
        "hodgkin-huxley", job["I"], job["duration"], method=method, threads=job["threads"], **tolerance, **recorded
    )


def answer(job, recording):
    traces = recording["V"] if job["record"] else []
    return {"counts": recording.spike_count, "crossings": [crossings(recording.time, V) for V in traces]}


serve(prepare, run, answer)
