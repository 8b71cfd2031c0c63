"""Hodgkin–Huxley neurons under constant currents, in Brian2: C++ standalone mode, or Cython at run time."""

import brian2 as b2
import numpy as np
from brian2 import cm, ms, msiemens, mV, uA, uF
from serve import serve
from spikes import crossings

EQUATIONS = """
dv/dt = (I - g_Na*m**3*h*(v - E_Na) - g_K*n**4*(v - E_K) - g_L*(v - E_L))/C : volt
dm/dt = alpha_m*(1 - m) - beta_m*m : 1
dh/dt = alpha_h*(1 - h) - beta_h*h : 1
dn/dt = alpha_n*(1 - n) - beta_n*n : 1
alpha_m = 1/exprel(-(v + 40*mV)/(10*mV))/ms : Hz
beta_m = 4*exp(-(v + 65*mV)/(18*mV))/ms : Hz
alpha_h = 0.07*exp(-(v + 65*mV)/(20*mV))/ms : Hz
beta_h = 1/(1 + exp(-(v + 35*mV)/(10*mV)))/ms : Hz
alpha_n = 0.1/exprel(-(v + 55*mV)/(10*mV))/ms : Hz
beta_n = 0.125*exp(-(v + 65*mV)/(80*mV))/ms : Hz
I : amp/metre**2 (constant)
"""
CONSTANTS = {
    "C": 1 * uF / cm**2,
    "g_Na": 120 * msiemens / cm**2,
    "g_K": 36 * msiemens / cm**2,
    "g_L": 0.3 * msiemens / cm**2,
    "E_Na": 50 * mV,
    "E_K": -77 * mV,
    "E_L": -54.4 * mV,
}


def prepare(settings):
    method, dt = settings["method"]
    standalone = settings["target"] == "cpp_standalone"
    if standalone:
        b2.set_device("cpp_standalone", directory="standalone", build_on_run=False)
        b2.prefs.devices.cpp_standalone.openmp_threads = settings["threads"] if settings["threads"] > 1 else 0
    else:
        b2.prefs.codegen.target = settings["target"]
        b2.prefs.codegen.runtime.cython.cache_dir = "cython"
    b2.defaultclock.dt = dt * ms
    neurons = b2.NeuronGroup(
        len(settings["currents"]), EQUATIONS, method=method, threshold="v > 0*mV", refractory="v > 0*mV",
        namespace=CONSTANTS,
    )  # fmt: skip
    neurons.v = -65 * mV
    for gate in "mhn":
        setattr(neurons, gate, f"alpha_{gate}/(alpha_{gate} + beta_{gate})")
    neurons.I = np.array(settings["currents"]) * uA / cm**2
    spikes = b2.SpikeMonitor(neurons)
    network = b2.Network(neurons, spikes)
    traces = None
    if settings["record"]:
        traces = b2.StateMonitor(neurons, "v", record=settings["record"])
        network.add(traces)
    if standalone:
        network.run(settings["duration"] * ms)
        b2.device.build(directory="standalone", run=False)
    else:
        network.store()
    return settings | {"network": network, "spikes": spikes, "traces": traces, "standalone": standalone}


def run(job):
    if job["standalone"]:
        b2.device.run()
    else:
        job["network"].restore()
        job["network"].run(job["duration"] * ms)
    spikes, traces = job["spikes"], job["traces"]
    V = (None, ()) if traces is None else (traces.t / ms, traces.v / mV)
    return spikes.i[:], spikes.t / ms, *V


def answer(job, result):
    index, _, time, V = result
    counts = np.bincount(index, minlength=len(job["currents"]))
    return {"counts": counts, "crossings": [crossings(time, trace) for trace in V]}


serve(prepare, run, answer)
