from brian2 import *

tau, R, E_L = 10*ms, 10*Mohm, -70*mV
neuron = NeuronGroup(
    1,
    """dV/dt = (E_L - V + R*I)/tau : volt (unless refractory)
    I = 2*nA + 1*nA*sin(2*pi*20*Hz*t) : amp""",
    threshold="V > -50*mV", reset="V = -65*mV",
    refractory=2*ms, method="rk4",
)
neuron.V = E_L
spikes = SpikeMonitor(neuron)
trace = StateMonitor(neuron, "V", record=True)
run(500*ms)
print(spikes.num_spikes)
