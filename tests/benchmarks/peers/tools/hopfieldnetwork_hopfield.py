"""An associative memory in hopfieldnetwork: train_pattern, or asynchronous updates until nothing changes."""

from hopfieldnetwork import HopfieldNetwork
from patterns import Cues
from serve import serve


def store(stored):
    """All patterns at once, one a column."""
    network = HopfieldNetwork(N=stored.shape[1])
    network.train_pattern(stored.T.astype(float))
    return network


def recall(network, cue):
    network.set_initial_neurons_state(cue.astype(float))
    network.update_neurons(1, "async", run_max=True)
    return network.S


def prepare(settings):
    cues = Cues(settings)
    return settings, cues, None if settings["task"] == "store" else store(cues.stored)


def run(job):
    _, cues, network = job
    return store(cues.stored) if network is None else recall(network, cues.next())


def answer(job, result):
    _, cues, network = job
    return {"overlap": cues.overlap(recall(result, cues.next()) if network is None else result)}


serve(prepare, run, answer)
