import nest
import numpy as np

neurons = nest.Create("iaf_psc_delta", 41, params={
    "tau_m": 10.0, "C_m": 1000.0, "E_L": -70.0,
    "V_th": -50.0, "V_reset": -65.0, "t_ref": 2.0,
    "I_e": np.linspace(0, 4000, 41),
})
spikes = nest.Create("spike_recorder", params={
    "start": 200.0,
})
nest.Connect(neurons, spikes)
nest.Simulate(2200.0)
senders = spikes.events["senders"]
count = np.bincount(senders, minlength=42)[1:]
print(*count[[25, 30, 40]]/2)
