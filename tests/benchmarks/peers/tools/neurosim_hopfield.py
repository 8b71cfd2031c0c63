"""An associative memory in neurosim: Hebb's rule, or recall of one cue until nothing changes."""

from patterns import Cues
from serve import serve

import neurosim as ns


def prepare(settings):
    cues = Cues(settings)
    memory = None if settings["task"] == "store" else ns.Hopfield(settings["units"]).store(cues.stored)
    return settings, cues, memory


def run(job):
    settings, cues, memory = job
    if settings["task"] == "store":
        return ns.Hopfield(settings["units"]).store(cues.stored)
    return memory.recall(cues.next(), seed=1).state


def answer(job, result):
    _, cues, memory = job
    return {"overlap": cues.overlap(result if memory else result.recall(cues.next(), seed=1).state)}


serve(prepare, run, answer)
