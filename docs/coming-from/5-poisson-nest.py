import nest

nest.resolution, nest.rng_seed = 0.05, 1
neurons = nest.Create("iaf_psc_delta", 500, params={
    "tau_m": 10.0, "C_m": 1000.0, "E_L": -70.0,
    "V_th": -50.0, "V_reset": -65.0, "t_ref": 2.0,
})
source = nest.Create("poisson_generator", params={
    "rate": 1800.0,
})
spikes = nest.Create("spike_recorder", params={
    "start": 200.0,
})
nest.Connect(source, neurons, syn_spec={"weight": 1.0})
nest.Connect(neurons, spikes)
nest.Simulate(1200.0)
print(spikes.n_events/500)
