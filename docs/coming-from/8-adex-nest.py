import nest

neuron = nest.Create("aeif_psc_exp", params={
    "C_m": 281.0, "g_L": 30.0, "E_L": -70.6, "V_m": -70.6,
    "V_th": -50.4, "Delta_T": 2.0, "V_peak": 20.0,
    "V_reset": -70.6, "t_ref": 0.0, "a": 4.0, "b": 80.5,
    "tau_w": 144.0, "I_e": 1000.0,
})
spikes = nest.Create("spike_recorder")
nest.Connect(neuron, spikes)
nest.Simulate(500.0)
print(spikes.n_events)
