from brian2 import *

defaultclock.dt = 0.05*ms
C = 1*uF/cm**2
g_Na, g_K, g_L = 120*mS/cm**2, 36*mS/cm**2, 0.3*mS/cm**2
E_Na, E_K, E_L = 50*mV, -77*mV, -54.4*mV
step = TimedArray([0, 10, 10, 10, 0]*uA/cm**2, dt=20*ms)

equations = """
dV/dt = (step(t) - g_Na*m**3*h*(V - E_Na)
         - g_K*n**4*(V - E_K) - g_L*(V - E_L))/C : volt
dm/dt = alpha_m*(1 - m) - beta_m*m : 1
dh/dt = alpha_h*(1 - h) - beta_h*h : 1
dn/dt = alpha_n*(1 - n) - beta_n*n : 1
alpha_m = 1/exprel(-(V + 40*mV)/(10*mV))/ms : Hz
beta_m = 4*exp(-(V + 65*mV)/(18*mV))/ms : Hz
alpha_h = 0.07*exp(-(V + 65*mV)/(20*mV))/ms : Hz
beta_h = 1/(1 + exp(-(V + 35*mV)/(10*mV)))/ms : Hz
alpha_n = 0.1/exprel(-(V + 55*mV)/(10*mV))/ms : Hz
beta_n = 0.125*exp(-(V + 65*mV)/(80*mV))/ms : Hz
"""
neuron = NeuronGroup(
    1, equations, method="rk4",
    threshold="V > 0*mV", refractory="V > 0*mV",
)
neuron.V = -65*mV
for gate in "mhn":
    steady = f"alpha_{gate}/(alpha_{gate} + beta_{gate})"
    setattr(neuron, gate, steady)
spikes = SpikeMonitor(neuron)
run(100*ms)
print(spikes.num_spikes)
