import nest
import numpy as np

nest.rng_seed = 1
theta, delta, rate = 20.0, 2.0, 200.0  # from rest; in Hz
neurons = nest.Create("pp_psc_delta", 500, params={
    "tau_m": 10.0, "C_m": 1000.0, "I_e": 1900.0,
    "c_1": 0.0, "c_2": rate*np.exp(-theta/delta),
    "c_3": 1/delta, "with_reset": True, "dead_time": 0.0,
    "tau_sfa": [], "q_sfa": [],
})
spikes = nest.Create("spike_recorder")
nest.Connect(neurons, spikes)
nest.Simulate(1000.0)
events = spikes.events
intervals = np.concatenate([
    np.diff(np.sort(events["times"][events["senders"] == n]))
    for n in neurons.tolist()
])
print(intervals.mean(), intervals.std()/intervals.mean())
