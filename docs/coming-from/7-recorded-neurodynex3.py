import brian2 as b2
import numpy as np
from neurodynex3.leaky_integrate_and_fire import LIF

samples = np.random.default_rng(1).normal(2.2, 0.8, 500)
current = b2.TimedArray(
    samples[:, np.newaxis]*b2.nA, dt=1*b2.ms
)
_, spikes = LIF.simulate_LIF_neuron(
    current, 500*b2.ms, membrane_time_scale=10*b2.ms
)
print(spikes.num_spikes)
