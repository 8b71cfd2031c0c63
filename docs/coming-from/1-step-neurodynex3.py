import brian2 as b2
from neurodynex3.hodgkin_huxley import HH
from neurodynex3.tools import input_factory

current = input_factory.get_step_current(
    20, 79, b2.ms, 10*b2.uA
)
trace = HH.simulate_HH_neuron(current, 100*b2.ms)
V = trace.vm[0]/b2.mV  # from rest
print(((V[1:] > 65) & (V[:-1] <= 65)).sum())
