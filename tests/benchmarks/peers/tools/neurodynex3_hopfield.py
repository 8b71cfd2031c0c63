"""An associative memory in neurodynex3: store_patterns, or asynchronous sweeps until nothing changes.

Storing is a loop over patterns and pairs of units in Python, so a few patterns are stored and the time is multiplied
(`repeats`); recall starts from weights that NumPy formed.
"""

import numpy as np
from neurodynex3.hopfield_network.network import HopfieldNetwork
from patterns import Cues, hebb
from serve import serve


def recall(network, cue):
    network.set_dynamics_sign_async()
    network.set_state_from_pattern(cue)
    while True:
        before = network.state
        network.iterate()
        if np.array_equal(before, network.state):
            return network.state


def prepare(settings):
    cues = Cues(settings)
    network = HopfieldNetwork(settings["units"])
    if settings["task"] == "recall":
        network.weights = hebb(cues.stored)
    return settings, cues, network


def run(job):
    settings, cues, network = job
    if settings["task"] == "store":
        network.store_patterns(list(cues.stored))
        return network
    return recall(network, cues.next())


def answer(job, result):
    settings, cues, network = job
    return {"overlap": cues.overlap(recall(network, cues.next()) if settings["task"] == "store" else result)}


serve(prepare, run, answer)
