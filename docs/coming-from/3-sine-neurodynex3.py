import brian2 as b2
from neurodynex3.leaky_integrate_and_fire import LIF
from neurodynex3.tools import input_factory

current = input_factory.get_sinusoidal_current(
    0, 5000, 0.1*b2.ms, amplitude=1*b2.nA,
    frequency=20*b2.Hz, direct_current=2*b2.nA,
)
trace, spikes = LIF.simulate_LIF_neuron(
    current, 500*b2.ms, membrane_time_scale=10*b2.ms
)
print(spikes.num_spikes)
