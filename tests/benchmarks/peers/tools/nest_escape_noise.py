"""Integrate-and-fire neurons with escape noise, in NEST: gif_psc_exp without adaptation."""

import nest
from serve import serve
from spikes import stationary_intervals


def prepare(settings):
    nest.set(resolution=settings["dt"], local_num_threads=settings["threads"])
    leak = 10.0  # nS
    membrane = {
        "g_L": leak, "C_m": leak * settings["tau_m"], "E_L": 0.0, "V_m": 0.0, "V_reset": settings["V_r"],
        "t_ref": settings["t_ref"], "V_T_star": settings["theta"], "Delta_V": settings["delta"],
        "lambda_0": 1000.0 * settings["rho"], "I_e": leak * settings["I"],
    }  # fmt: skip
    neurons = nest.Create("gif_psc_exp", settings["neurons"], params=membrane)
    recorder = nest.Create("spike_recorder")
    nest.Connect(neurons, recorder)
    return settings, neurons, recorder


def run(job):
    """Chance goes on, and so does the clock."""
    settings, neurons, recorder = job
    begin = nest.biological_time
    recorder.n_events = 0
    nest.Simulate(settings["duration"])
    spikes = recorder.events
    return spikes["senders"] - neurons[0].global_id, spikes["times"] - begin


def answer(job, result):
    return stationary_intervals(*result, job[0])


serve(prepare, run, answer)
