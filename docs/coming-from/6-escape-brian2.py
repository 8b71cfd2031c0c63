from brian2 import *

seed(1)
tau, E_L, theta, delta = 10*ms, -70*mV, -50*mV, 2*mV
neurons = NeuronGroup(
    500,
    """dV/dt = (E_L - V + 10*Mohm*1.9*nA)/tau : volt
    rho = 0.2/ms*exp((V - theta)/delta) : Hz""",
    threshold="rand() < 1 - exp(-rho*dt)",
    reset="V = E_L", method="exact",
)
neurons.V = E_L
spikes = SpikeMonitor(neurons)
run(1*second)
trains = spikes.spike_trains().values()
intervals = concatenate([diff(train/ms) for train in trains])
print(mean(intervals), std(intervals)/mean(intervals))
