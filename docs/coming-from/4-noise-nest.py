import nest
import numpy as np

nest.rng_seed = 1
tau, C, sigma, dt = 10.0, 1000.0, 4.0, 0.1
neurons = nest.Create("iaf_psc_delta", 500, params={
    "tau_m": tau, "C_m": C, "E_L": -70.0,
    "V_th": -50.0, "V_reset": -65.0, "t_ref": 2.0,
})
x = np.exp(-dt/tau)
noise = nest.Create("noise_generator", params={
    "mean": 18*C/tau, "dt": dt,
    "std": sigma*C/tau*np.sqrt((1 + x)/(1 - x)),
})
spikes = nest.Create("spike_recorder", params={
    "start": 200.0,
})
nest.Connect(noise, neurons)
nest.Connect(neurons, spikes)
nest.Simulate(2200.0)
print(spikes.n_events/500/2)
