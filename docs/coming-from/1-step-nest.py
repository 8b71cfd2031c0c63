import nest

# C_m is 100 pF: 1 uF/cm^2 times 1e-4 cm^2
neuron = nest.Create("hh_psc_alpha")
current = nest.Create("dc_generator", params={
    "amplitude": 1000.0, "start": 20.0, "stop": 80.0,
})
spikes = nest.Create("spike_recorder")
nest.Connect(current, neuron)
nest.Connect(neuron, spikes)
nest.Simulate(100.0)
print(spikes.n_events)
