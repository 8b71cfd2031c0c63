import brian2 as b2
from neurodynex3.adex_model import AdEx
from neurodynex3.tools import input_factory

current = input_factory.get_step_current(
    0, 500, b2.ms, 1*b2.nA
)
_, spikes = AdEx.simulate_AdEx_neuron(
    tau_m=281/30*b2.ms, R=1/(30*b2.nS), v_rest=-70.6*b2.mV,
    v_reset=-70.6*b2.mV, v_rheobase=-50.4*b2.mV,
    a=4*b2.nS, b=80.5*b2.pA, v_spike=20*b2.mV,
    delta_T=2*b2.mV, tau_w=144*b2.ms, I_stim=current,
    simulation_time=500*b2.ms,
)
print(spikes.num_spikes)
