from brian2 import *

C, g_L, E_L = 281*pF, 30*nS, -70.6*mV
V_T, Delta_T, V_peak = -50.4*mV, 2*mV, 20*mV
a, b, tau_w, I = 4*nS, 80.5*pA, 144*ms, 1*nA
neuron = NeuronGroup(
    1,
    """dV/dt = (I - g_L*(V - E_L) - w + g_L*Delta_T
                *exp((clip(V, -inf*volt, V_peak) - V_T)/Delta_T))/C : volt
    dw/dt = (a*(clip(V, -inf*volt, V_peak) - E_L) - w)/tau_w : amp""",
    threshold="V >= V_peak", reset="V = E_L; w += b",
    method="rk4",
)
neuron.V = E_L
spikes = SpikeMonitor(neuron)
run(500*ms)
print(spikes.num_spikes)
