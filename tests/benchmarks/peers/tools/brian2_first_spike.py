"""The spikes of one Hodgkin–Huxley neuron in 100 ms, in Brian2: `numpy`, `cython` or `cpp_standalone`."""

import sys

from brian2 import *  # noqa: F403  (as its manual does)

target = sys.argv[1]
if target == "cpp_standalone":
    set_device(target, directory="standalone")  # noqa: F405
else:
    prefs.codegen.target = target  # noqa: F405
    prefs.codegen.runtime.cython.cache_dir = "cython"  # noqa: F405

neuron = NeuronGroup(  # noqa: F405
    1,
    """
    dv/dt = (10*uA/cm**2 - g_Na*m**3*h*(v - 50*mV) - g_K*n**4*(v + 77*mV) - g_L*(v + 54.4*mV))/(1*uF/cm**2) : volt
    dm/dt = alpha_m*(1 - m) - beta_m*m : 1
    dh/dt = alpha_h*(1 - h) - beta_h*h : 1
    dn/dt = alpha_n*(1 - n) - beta_n*n : 1
    alpha_m = 1/exprel(-(v + 40*mV)/(10*mV))/ms : Hz
    beta_m = 4*exp(-(v + 65*mV)/(18*mV))/ms : Hz
    alpha_h = 0.07*exp(-(v + 65*mV)/(20*mV))/ms : Hz
    beta_h = 1/(1 + exp(-(v + 35*mV)/(10*mV)))/ms : Hz
    alpha_n = 0.1/exprel(-(v + 55*mV)/(10*mV))/ms : Hz
    beta_n = 0.125*exp(-(v + 65*mV)/(80*mV))/ms : Hz
    """,
    method="rk4", dt=0.05*ms, threshold="v > 0*mV", refractory="v > 0*mV",  # noqa: F405
    namespace={"g_Na": 120*msiemens/cm**2, "g_K": 36*msiemens/cm**2, "g_L": 0.3*msiemens/cm**2},  # noqa: F405
)  # fmt: skip
neuron.v = -65 * mV  # noqa: F405
neuron.m, neuron.h, neuron.n = "alpha_m/(alpha_m + beta_m)", "alpha_h/(alpha_h + beta_h)", "alpha_n/(alpha_n + beta_n)"
spikes = SpikeMonitor(neuron)  # noqa: F405
run(100 * ms)  # noqa: F405
print(spikes.num_spikes)
