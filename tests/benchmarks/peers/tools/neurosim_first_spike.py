"""The spikes of one Hodgkin–Huxley neuron in 100 ms, in neurosim."""

import neurosim as ns

print(ns.simulate("hodgkin-huxley", 10, 100).spike_count[0])
