import numpy as np
from brian2 import *

samples = np.random.default_rng(1).normal(2.2, 0.8, 500)
current = TimedArray(samples*nA, dt=1*ms)
tau, R, E_L = 10*ms, 10*Mohm, -70*mV
neuron = NeuronGroup(
    1,
    """dV/dt = (E_L - V + R*I)/tau : volt (unless refractory)
    I = current(t) : amp (constant over dt)""",
    threshold="V > -50*mV", reset="V = -65*mV",
    refractory=2*ms, method="exact",
)
neuron.V = E_L
spikes = SpikeMonitor(neuron)
run(500*ms)
print(spikes.num_spikes)
