import nest

neuron = nest.Create("iaf_psc_delta", params={
    "tau_m": 10.0, "C_m": 1000.0, "E_L": -70.0,
    "V_th": -50.0, "V_reset": -65.0, "t_ref": 2.0,
})
current = nest.Create("ac_generator", params={
    "amplitude": 1000.0, "offset": 2000.0,
    "frequency": 20.0,
})
spikes = nest.Create("spike_recorder")
trace = nest.Create("voltmeter")
nest.Connect(current, neuron)
nest.Connect(neuron, spikes)
nest.Connect(trace, neuron)
nest.Simulate(500.0)
print(spikes.n_events)
