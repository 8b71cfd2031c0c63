"""Leaky integrate-and-fire neurons with white noise, in Brian2: C++ standalone mode, Euler–Maruyama."""

import brian2 as b2
import numpy as np
from brian2 import ms, mV
from serve import serve
from spikes import late_counts


def prepare(settings):
    b2.set_device("cpp_standalone", directory="standalone", build_on_run=False)
    b2.prefs.devices.cpp_standalone.openmp_threads = settings["threads"] if settings["threads"] > 1 else 0
    b2.defaultclock.dt = settings["dt"] * ms
    neurons = b2.NeuronGroup(
        settings["neurons"],
        "dv/dt = (mean - v)/tau + std*sqrt(2/tau)*xi : volt (unless refractory)\nmean : volt (constant)",
        threshold="v > theta", reset="v = V_r", refractory=settings["t_ref"] * ms, method="euler",
        namespace={
            "tau": settings["tau_m"] * ms,
            "std": settings["std"] * mV,
            "theta": settings["theta"] * mV,
            "V_r": settings["V_r"] * mV,
        },
    )  # fmt: skip
    neurons.mean = np.linspace(*settings["mean"], settings["neurons"]) * mV
    spikes = b2.SpikeMonitor(neurons)
    network = b2.Network(neurons, spikes)
    network.run(settings["duration"] * ms)
    b2.device.build(directory="standalone", run=False)
    return settings, spikes, network


def run(job):
    b2.device.run()
    return job[1].i[:], job[1].t / ms


def answer(job, result):
    return {"counts": late_counts(*result, job[0])}


serve(prepare, run, answer)
