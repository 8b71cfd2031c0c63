"""Integrate-and-fire neurons with escape noise, in Brian2: C++ standalone mode, the membrane integrated exactly."""

import brian2 as b2
from brian2 import ms, mV
from serve import serve
from spikes import stationary_intervals


def prepare(settings):
    b2.set_device("cpp_standalone", directory="standalone", build_on_run=False)
    b2.prefs.devices.cpp_standalone.openmp_threads = settings["threads"] if settings["threads"] > 1 else 0
    b2.defaultclock.dt = settings["dt"] * ms
    neurons = b2.NeuronGroup(
        settings["neurons"],
        "dv/dt = (I - v)/tau : volt (unless refractory)",
        threshold="rand() < 1 - exp(-rho*exp((v - theta)/delta)*dt)", reset="v = V_r",
        refractory=settings["t_ref"] * ms, method="exact",
        namespace={
            "tau": settings["tau_m"] * ms,
            "I": settings["I"] * mV,
            "theta": settings["theta"] * mV,
            "V_r": settings["V_r"] * mV,
            "delta": settings["delta"] * mV,
            "rho": settings["rho"] / ms,
        },
    )  # fmt: skip
    spikes = b2.SpikeMonitor(neurons)
    network = b2.Network(neurons, spikes)
    network.run(settings["duration"] * ms)
    b2.device.build(directory="standalone", run=False)
    return settings, spikes, network


def run(job):
    b2.device.run()
    return job[1].i[:], job[1].t / ms


def answer(job, result):
    return stationary_intervals(*result, job[0])


serve(prepare, run, answer)
