"""What is run, by whom and with which settings; every function gives the figures of one workload."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from common import summary

from . import judges
from .environments import Failed
from .processes import command_seconds, cores
from .race import OURS, Entry, Figures, Setting, race, say

Method = tuple[str, float]

# The cheapest settings that get the counts right from 10 to 50 µA/cm², away from the onset.
USUAL: dict[str, Method] = {
    "neurosim": ("midpoint", 0.05),
    "brian2": ("rk2", 0.05),
    "nest": ("adaptive", 0.1),
    "neuron": ("crank-nicolson", 0.05),
}
FINE = 0.01
THREADS = (1, 2) if len(cores(2)) == 2 else (1,)
CANDIDATES: dict[str, dict[str, Sequence[float]]] = {  # time steps in ms, tolerances for adaptive steps; falling
    "neurosim": {
        "rk4": (0.1, 0.08, 0.0625, 0.05, 0.025),
        "exponential-midpoint": (0.1, 0.05, 0.025, 0.0125),
        "midpoint": (0.0625, 0.05, 0.025, 0.0125),
        "exponential-euler": (0.05, 0.01),
        "dopri5": (1e-3, 1e-4, 1e-5),
    },
    "brian2": {
        "rk4": (0.1, 0.08, 0.0625, 0.05, 0.025),
        "rk2": (0.0625, 0.05, 0.025, 0.0125),
        "exponential_euler": (0.05, 0.01),
    },
    "nest": {"adaptive": (0.5, 0.2, 0.125, 0.1, 0.05)},
    "neuron": {
        "crank-nicolson": (0.2, 0.1, 0.05, 0.04, 0.03125, 0.025),
        "crank-nicolson, table": (0.1, 0.05, 0.01),
        "implicit euler": (0.025, 0.01),
        "cvode": (1e-2, 1e-3, 1e-4, 1e-5),
    },
}
PRECISION: dict[str, dict[str, Sequence[float]]] = {
    "neurosim": {
        "rk4": (0.05, 0.025, 0.0125, 0.00625),
        "exponential-midpoint": (0.1, 0.05, 0.025, 0.0125),
        "exponential-euler": (0.05, 0.025, 0.0125),
        "dopri5": (1e-4, 1e-6, 1e-8),
    },
    "brian2": {"rk4": (0.05, 0.025, 0.0125), "rk2": (0.05, 0.025, 0.0125), "exponential_euler": (0.05, 0.0125)},
    "nest": {"adaptive": (0.2, 0.1, 0.05, 0.02)},
    "neuron": {
        "crank-nicolson": (0.1, 0.05, 0.025, 0.0125),
        "crank-nicolson, table": (0.1, 0.05, 0.025, 0.0125),
        "implicit euler": (0.05, 0.025, 0.0125),
        "cvode": (1e-3, 1e-4, 1e-5, 1e-6),
    },
}
LABELS = {"brian2": "Brian2, C++ standalone", "nest": "NEST", "neuron": "NEURON"}
MEMBRANE = {"tau_m": 20.0, "theta": 20.0, "V_r": 10.0, "t_ref": 2.0, "dt": 0.1, "duration": 1000.0, "discard": 200.0}
NO_CHANCE = "no such model built in: a membrane with reset and this noise would take a mechanism in NMODL"


def hodgkin_huxley(
    tool: str, method: Method, currents: Sequence[float], duration: float, record: Sequence[int] = (), threads: int = 1
) -> Entry:
    """Neurons under constant currents from rest, for `duration` ms."""
    settings = {
        "method": list(method),
        "currents": list(currents),
        "duration": duration,
        "record": list(record),
        "target": "cpp_standalone",
    }
    return Entry(tool, f"{tool}_hodgkin_huxley", settings, threads, LABELS.get(tool, tool))


def described(what: str, rows: list[Figures], **more: Any) -> Figures:
    """The figures of a workload."""
    return {"what": what, **more, "rows": rows}


def one_neuron(setting: Setting) -> Figures:
    """One neuron, V recorded at every step."""
    fine = {"neurosim": "rk4", "brian2": "rk4", "nest": "adaptive", "neuron": "crank-nicolson"}
    entries = [hodgkin_huxley(tool, (method, FINE), [10.0], 1000.0, [0]) for tool, method in fine.items()]
    entry = hodgkin_huxley("brian2", ("rk4", FINE), [10.0], 1000.0, [0])
    settings = {**entry.settings, "target": "cython"}
    entries.append(replace(entry, settings=settings, label="Brian2, Cython at run time"))
    rows = race(entries, judges.times, setting, 3 if setting.quick else 11)
    return described(f"one Hodgkin–Huxley neuron, 10 µA/cm², 1 s, V recorded every {FINE:g} ms", rows)


def gain_function(setting: Setting) -> Figures:
    """The cheapest setting of each tool that gets every count within 1, and what it takes."""
    many, duration = 50 if setting.quick else 1000, 1000.0
    currents = np.linspace(0, 50, many)
    onset = (currents > 6) & (currents < 7)  # where counts depend most on the method
    few = currents[onset | (np.arange(many) % (many // 25) == 0)].tolist()
    searched: Figures = {}
    entries = []
    for tool, methods in CANDIDATES.items():
        searched[tool] = _search(tool, methods, few, duration, setting)
        method = _cheapest(tool, searched[tool], currents.tolist(), duration, setting)
        entries += [hodgkin_huxley(tool, method, currents.tolist(), duration, threads=n) for n in THREADS]
    rows = race(entries, judges.counts, setting, 2 if setting.quick else 4)
    for row, entry in zip(rows, entries, strict=True):
        row["method"] = entry.settings["method"]
    what = f"{many:,} Hodgkin–Huxley neurons, 0 to 50 µA/cm², 1 s each, every spike count within 1 of the converged one"
    return described(what, rows, searched_with=len(few), searched=searched)


def _search(
    tool: str, methods: Mapping[str, Sequence[float]], currents: Sequence[float], duration: float, setting: Setting
) -> list[Figures]:
    """Every method at falling steps until the counts are right: a smaller step costs more."""
    rows = []
    for method, steps in methods.items():
        for step in steps:
            entry = hodgkin_huxley(tool, (method, step), currents, duration)
            (row,) = race([entry], judges.counts, setting, 2, again=False)
            median = row.get("warm_seconds", {}).get("median")
            rows.append({"method": [method, step], "reason": row["reason"], "seconds": median})
            if row["reason"] is None or row["reason"].startswith("not installed"):
                break
    return rows


def _cheapest(
    tool: str, tried: Sequence[Figures], currents: Sequence[float], duration: float, setting: Setting
) -> Method:
    """Of those that were right for some currents, the cheapest that is right for all."""
    right = sorted((row for row in tried if row["reason"] is None), key=lambda row: float(row["seconds"]))
    for found in right:
        name, step = found["method"]
        entry = hodgkin_huxley(tool, (name, step), currents, duration)
        (row,) = race([entry], judges.counts, setting, 1, again=False)
        if row["reason"] is None:
            return name, step
        found["reason"] = f"of all neurons, {row['reason']}"
    return USUAL[tool]


def work_precision(setting: Setting) -> Figures:
    """Time against the largest error of a spike time, for every method of every tool."""
    neurons, duration = (50, 100.0) if setting.quick else (200, 200.0)
    currents = np.linspace(10, 50, neurons).tolist()
    record = list(range(0, neurons, neurons // 10))
    most = 2 if setting.quick else None
    entries = [
        hodgkin_huxley(tool, (method, step), currents, duration, record)
        for tool, methods in PRECISION.items()
        for method, steps in methods.items()
        for step in steps[:most]
    ]
    rows = race(entries, judges.times, setting, 3, again=False)
    rows = [row | {"method": entry.settings["method"]} for row, entry in zip(rows, entries, strict=True)]
    what = f"{neurons} Hodgkin–Huxley neurons, 10 to 50 µA/cm², {duration:g} ms, V recorded of ten"
    return described(what, rows)


def noisy_membrane(setting: Setting) -> Figures:
    """Leaky integrate-and-fire with white noise."""
    settings = MEMBRANE | {"neurons": 1000 if setting.quick else 10_000, "mean": [10.0, 40.0], "std": 5.0}
    return _chance("noisy_membrane", settings, judges.noisy_rates, setting, "white noise, 10 to 40 mV, s.d. 5 mV")


def escape_noise(setting: Setting) -> Figures:
    """Intervals of integrate-and-fire neurons with escape noise."""
    settings = MEMBRANE | {"neurons": 1000 if setting.quick else 10_000, "I": 18.0, "rho": 0.05, "delta": 2.0}
    return _chance("escape_noise", settings, judges.escape_intervals, setting, "escape noise, 18 mV")


def _chance(script: str, settings: Figures, judge: Any, setting: Setting, noise: str) -> Figures:
    entries = [
        Entry(tool, f"{tool}_{script}", settings, threads, LABELS.get(tool, tool))
        for tool in ("neurosim", "brian2", "nest")
        for threads in THREADS
    ]
    rows = race(entries, judge, setting, 3 if setting.quick else 7)
    steps = settings["neurons"] * settings["duration"] / settings["dt"]
    for row in rows:
        if row["reason"] is None:
            row["ns_per_neuron_and_step"] = 1e9 * row["warm_seconds"]["median"] / steps
    rows.append({"tool": "neuron", "name": "NEURON", "threads": 1, "reason": NO_CHANCE})
    what = f"{settings['neurons']:,} leaky integrate-and-fire neurons with {noise}, 1 s at dt 0.1 ms"
    return described(what, rows)


def hopfield_recall(setting: Setting) -> Figures:
    """One cue recalled to convergence."""
    return _hopfield("recall", setting, 5 if setting.quick else 21)


def hopfield_store(setting: Setting) -> Figures:
    """Hebb's rule."""
    return _hopfield("store", setting, 2 if setting.quick else 5)


def _hopfield(task: str, setting: Setting, rounds: int) -> Figures:
    units, count = (400, 40) if setting.quick else (2000, 200)
    settings = {"task": task, "units": units, "patterns": count, "flipped": 0.1}
    labels = {"numpy": "a NumPy loop" if task == "recall" else "NumPy", "neurodynex3": "neurodynex3"}
    entries = []
    for tool in ("neurosim", "numpy", "hopfieldnetwork", "neurodynex3"):
        entry = Entry(tool, f"{tool}_hopfield", settings, label=labels.get(tool, tool))
        if tool == "neurodynex3" and task == "store":
            few = 2  # of a loop over patterns that takes a second or more for each
            entry = replace(entry, settings=settings | {"patterns": few}, times=count / few)
            entry = replace(entry, label=f"neurodynex3 ({few} patterns, times {count // few})")
        entries.append(entry)
    rows = race(entries, judges.recalled, setting, rounds)
    what = {"store": "storing", "recall": "recalling one of"}[task]
    return described(f"Hopfield: {what} {count} patterns in {units:,} units, 10 % flipped", rows)


COMMANDS: dict[str, tuple[str, Sequence[str]]] = {  # what the tables call it: tool, arguments
    "neurosim": ("neurosim", ()),
    "Brian2, NumPy": ("brian2", ("numpy",)),
    "Brian2, Cython": ("brian2", ("cython",)),
    "Brian2, C++ standalone": ("brian2", ("cpp_standalone",)),
    "NEST": ("nest", ()),
    "NEURON": ("neuron", ()),
}


def first_spike(setting: Setting) -> Figures:
    """Whole processes: with empty caches, and with what the first one left behind."""
    rounds = 2 if setting.quick else 5
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        rows = [_cold(name, Path(folder, str(k)), setting) for k, name in enumerate(COMMANDS)]
        seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
        for _ in range(2 * rounds):
            for k, (name, row) in enumerate(zip(COMMANDS, rows, strict=True)):
                if row["reason"] is None:
                    seconds[name].append(_whole_process(name, Path(folder, str(k)), setting))
    for name, row in zip(COMMANDS, rows, strict=True):
        if row["reason"] is None:
            row["warm_seconds"] = summary(seconds[name])
            for kind in ("cold", "warm"):
                ours = rows[0].get(f"{kind}_seconds")
                row[f"{kind}_ratio"] = row[f"{kind}_seconds"]["median"] / ours["median"] if ours else None
    return described("from the start of a process to the 7 spikes of one Hodgkin–Huxley neuron in 100 ms", rows)


def _cold(name: str, folder: Path, setting: Setting) -> Figures:
    """A row with the times in an empty folder."""
    say(f"  {name} …")
    row: Figures = {"tool": COMMANDS[name][0], "name": name, "threads": 1, "reason": None}
    seconds = []
    try:
        for _ in range(1 if setting.quick else 2):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            seconds.append(_whole_process(name, folder, setting))
    except Failed as failed:
        say(f"    {failed}")
        return row | {"reason": str(failed)}
    return row | {"cold_seconds": summary(seconds)}


def _whole_process(name: str, folder: Path, setting: Setting) -> float:
    tool, arguments = COMMANDS[name]
    environment = setting.environments[tool]
    if environment.python is None:
        raise Failed(f"not installed: {environment.reason}")
    alone = () if tool == OURS else ("-E", "-s")
    command = [str(environment.python), *alone, str(setting.scripts / f"{tool}_first_spike.py"), *arguments]
    seconds, printed = command_seconds(command, folder, own=tool == OURS, patience=setting.patience)
    if printed != "7":
        raise Failed(f"{printed} spikes, not 7")
    return seconds


def growth(setting: Setting) -> Figures:
    """Time and memory against neurons and against duration, a process for each."""
    sizes = (1, 10, 100) if setting.quick else (1, 10, 100, 1000, 10_000)
    spans = (100.0, 300.0) if setting.quick else (100.0, 1000.0, 10_000.0)
    shapes = [(n, 100.0) for n in sizes] + [(100, span) for span in spans[1:]]
    entries, told = [], []
    for tool, method in USUAL.items():
        for neurons, duration in shapes:
            currents = np.linspace(10, 50, neurons).tolist()
            entries.append(hodgkin_huxley(tool, method, currents, duration))
            told.append({"neurons": neurons, "duration_ms": duration, "method": list(method)})
    rows = [row | more for row, more in zip(race(entries, judges.counts, setting, 3), told, strict=True)]
    return described("Hodgkin–Huxley neurons, 10 to 50 µA/cm²: time and memory", rows)


WORKLOADS = {
    function.__name__: function
    for function in (
        one_neuron,
        gain_function,
        work_precision,
        noisy_membrane,
        escape_noise,
        hopfield_recall,
        hopfield_store,
        first_spike,
        growth,
    )
}
TOOLS_OF = {
    "hopfield_recall": ("neurosim", "numpy", "hopfieldnetwork", "neurodynex3"),
    "hopfield_store": ("neurosim", "numpy", "hopfieldnetwork", "neurodynex3"),
}
SPIKING = ("neurosim", "brian2", "nest", "neuron")
