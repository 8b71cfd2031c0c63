from brian2 import *

seed(1)
tau, mu, sigma = 10*ms, -52*mV, 4*mV
neurons = NeuronGroup(
    500,
    """dV/dt = (mu - V)/tau + sigma*sqrt(2/tau)*xi
    : volt (unless refractory)""",
    threshold="V > -50*mV", reset="V = -65*mV",
    refractory=2*ms, method="euler",
)
neurons.V = -70*mV
run(200*ms)
spikes = SpikeMonitor(neurons)
run(2*second)
print(spikes.num_spikes/500/2)
