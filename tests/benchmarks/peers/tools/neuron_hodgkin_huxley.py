"""Hodgkin–Huxley neurons under constant currents, in NEURON: its own mechanism hh, one section each.

Its rates are those of 1952 at 6.3 °C; only the leak's reversal potential differs (-54.3 mV) and is set. By default hh
looks its rates up in a table with a step of 1 mV; either way is a setting of its own.
"""

import math

import numpy as np
from neuron import h
from serve import serve
from spikes import crossings

h.load_file("stdrun.hoc")
SIDE = 10.0  # µm, length and diameter
AREA = math.pi * (SIDE * 1e-4) ** 2  # cm²


def prepare(settings):
    name, step = settings["method"]
    h.celsius = 6.3
    h.usetable_hh = "table" in name
    times, index = h.Vector(), h.Vector()
    cells = [cell(k, current, times, index) for k, current in enumerate(settings["currents"])]
    adaptive = "cvode" in name
    solver = h.CVode()
    solver.active(adaptive)
    if adaptive:
        solver.use_local_dt(len(cells) > 1)  # each cell with steps of its own
        solver.condition_order(2)
        solver.atol(step)
    else:
        h.secondorder = 2 if "crank-nicolson" in name else 0
        h.dt = step
        h.steps_per_ms = 1 / step
    if settings["threads"] > 1:
        h.ParallelContext().nthread(settings["threads"])
    traces = []
    for k in settings["record"]:
        V, t, potential = h.Vector(), h.Vector(), cells[k][0](0.5)._ref_v
        if adaptive:
            solver.record(potential, V, t, sec=cells[k][0])
        else:
            V.record(potential)
            t.record(h._ref_t)
        traces.append((t, V))
    return settings | {"cells": cells, "times": times, "index": index, "traces": traces, "adaptive": adaptive}


def cell(k, current, times, index):
    """One neuron, its current and what notes its spikes."""
    section = h.Section(name=f"neuron{k}")
    section.L = section.diam = SIDE
    section.insert("hh")
    section(0.5).hh.el = -54.4
    section.ena, section.ek = 50, -77
    clamp = h.IClamp(section(0.5))
    clamp.delay, clamp.dur, clamp.amp = 0, 1e9, current * AREA * 1e3  # µA to nA
    detector = h.NetCon(section(0.5)._ref_v, None, sec=section)
    detector.threshold = 0
    detector.record(times, index, k)
    return section, clamp, detector


def run(job):
    h.finitialize(-65)
    h.continuerun(job["duration"])
    traces = [(t.as_numpy().copy(), V.as_numpy().copy()) for t, V in job["traces"]]
    return job["index"].as_numpy().astype(int), job["times"].as_numpy().copy(), traces


def answer(job, result):
    """With steps of its own choice, NEURON finds the crossings itself."""
    index, times, traces = result
    if job["adaptive"]:
        found = [np.sort(times[index == k]) for k in job["record"]]
    else:
        found = [crossings(t, V) for t, V in traces]
    return {"counts": np.bincount(index, minlength=len(job["currents"])), "crossings": found}


serve(prepare, run, answer)
