"""An associative memory as one writes it in NumPy: Hebb's rule, or recall of one cue until nothing changes."""

import numpy as np
from patterns import Cues, hebb
from serve import serve


def prepare(settings):
    cues = Cues(settings)
    return settings, cues, hebb(cues.stored)


def recall(weights, cue, random):
    state = cue.astype(float)
    while True:
        before = state.copy()
        for i in random.permutation(state.size):
            state[i] = 1.0 if weights[i] @ state >= 0 else -1.0
        if (state == before).all():
            return state


def run(job):
    settings, cues, weights = job
    if settings["task"] == "store":
        return hebb(cues.stored)
    return recall(weights, cues.next(), np.random.default_rng(1))


def answer(job, result):
    settings, cues, _ = job
    state = recall(result, cues.next(), np.random.default_rng(1)) if settings["task"] == "store" else result
    return {"overlap": cues.overlap(state)}


serve(prepare, run, answer)
