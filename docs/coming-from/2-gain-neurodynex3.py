import brian2 as b2
from neurodynex3.leaky_integrate_and_fire import LIF
from neurodynex3.tools import input_factory

rates = []
for amplitude in [2.5, 3, 4]:
    current = input_factory.get_step_current(
        0, 2200, b2.ms, amplitude*b2.nA
    )
    _, spikes = LIF.simulate_LIF_neuron(
        current, 2200*b2.ms, membrane_time_scale=10*b2.ms
    )
    after = spikes.t > 200*b2.ms
    rates.append(after.sum()/2)
print(*rates)
