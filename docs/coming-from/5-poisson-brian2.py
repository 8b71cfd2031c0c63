from brian2 import *

seed(1)
defaultclock.dt = 0.05*ms
tau, E_L = 10*ms, -70*mV
neurons = NeuronGroup(
    500,
    "dV/dt = (E_L - V)/tau : volt (unless refractory)",
    threshold="V > -50*mV", reset="V = -65*mV",
    refractory=2*ms, method="exact",
)
neurons.V = E_L
synapses = PoissonInput(neurons, "V", 1, 1800*Hz, "1*mV")
run(200*ms)
spikes = SpikeMonitor(neurons)
run(1*second)
print(spikes.num_spikes/500)
