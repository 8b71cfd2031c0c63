"""The spikes of one Hodgkin–Huxley neuron in 100 ms, in NEST."""

import nest

neuron = nest.Create("hh_psc_alpha", params={"E_L": -54.4, "I_e": 1000.0})
recorder = nest.Create("spike_recorder")
nest.Connect(neuron, recorder)
nest.Simulate(100.0)
print(recorder.n_events)
