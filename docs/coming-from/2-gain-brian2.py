from brian2 import *

tau, R, E_L = 10*ms, 10*Mohm, -70*mV
neurons = NeuronGroup(
    41,
    """dV/dt = (E_L - V + R*I)/tau : volt (unless refractory)
    I : amp (constant)""",
    threshold="V > -50*mV", reset="V = -65*mV",
    refractory=2*ms, method="exact",
)
neurons.V = E_L
neurons.I = "4*nA*i/(N - 1)"
run(200*ms)
spikes = SpikeMonitor(neurons)
run(2*second)
rate = spikes.count/(2*second)
print(*rate[[25, 30, 40]]/Hz)
