import nest
import numpy as np

samples = np.random.default_rng(1).normal(2.2, 0.8, 500)
neuron = nest.Create("iaf_psc_delta", params={
    "tau_m": 10.0, "C_m": 1000.0, "E_L": -70.0,
    "V_th": -50.0, "V_reset": -65.0, "t_ref": 2.0,
})
current = nest.Create("step_current_generator", params={
    "amplitude_times": np.arange(1.0, 501.0),
    "amplitude_values": 1000*samples,
})
spikes = nest.Create("spike_recorder")
nest.Connect(current, neuron)
nest.Connect(neuron, spikes)
nest.Simulate(502.0)
print(spikes.n_events)
