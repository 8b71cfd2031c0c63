"""Leaky integrate-and-fire without noise: constant currents from 0 to 5 nA, 10 s at dt 0.1 ms, on one and two threads.

Before anything is timed, the mean interval between spikes of every neuron is compared with the closed form.
"""

import numpy as np
from common import Figures, interleaved, main, per_step, require
from two_threads import compare_threads

import neurosim as ns

MODEL, DURATION, DT = "leaky-integrate-and-fire", 10_000.0, 0.1


def closed_form(currents: np.ndarray) -> np.ndarray:
    """Interval in ms between spikes at constant currents (nA); infinite where the threshold is not reached."""
    value = {name: parameter.value for name, parameter in ns.load_model(MODEL).parameters.items()}
    target = value["E_L"] + value["R_m"] * currents
    fires = target > value["theta"]
    ratio = (target - value["V_r"]) / np.where(fires, target - value["theta"], np.nan)
    return np.where(fires, value["t_ref"] + value["tau_m"] * np.log(ratio), np.inf)


def simulate(currents: np.ndarray, threads: int) -> ns.Recording:
    """What is measured."""
    return ns.simulate(MODEL, currents, DURATION, dt=DT, threads=threads)


def compare_intervals(currents: np.ndarray, threads: int) -> Figures:
    """Answers before times: spikes are located, so an interval is that of the closed form to 1e-6 of a step."""
    recording = simulate(currents, threads)
    rate, exact = recording.rate(), closed_form(currents)
    silent = np.isinf(exact)
    require(not recording.spike_count[silent].any(), "a neuron below its threshold current fires")
    several = recording.spike_count >= 2
    require(bool(several[exact < DURATION / 4].all()), "a neuron above its threshold current is silent")
    excess = (1000.0 / rate[several] - exact[several]) / DT
    require(bool((np.abs(excess) < 1e-4).all()), "an interval is not that of the closed form")
    return {
        "total": int(recording.spike_count.sum()),
        "least_excess_of_interval_in_steps": float(excess.min()),
        "greatest_excess_of_interval_in_steps": float(excess.max()),
    }


def measure_population(neurons: int, rounds: int) -> Figures:
    """Figures for so many neurons."""
    currents = np.linspace(0, 5, neurons)
    spikes = compare_intervals(currents, 1)
    require(spikes == compare_intervals(currents, 2), "spikes depend on the number of threads")
    steps = neurons * DURATION / DT
    one_thread = interleaved({"neurosim": lambda: simulate(currents, 1)}, rounds)["neurosim"]
    return {
        "spikes": spikes,
        "ns_per_neuron_and_step": per_step(one_thread, steps),
        "two_threads": compare_threads(lambda threads: simulate(currents, threads), rounds),
    }


def measure(quick: bool) -> Figures:
    """All figures of this benchmark."""
    sizes, rounds = ((1000,), 5) if quick else ((1000, 10_000), 11)
    populations = {f"neurons_{neurons}": measure_population(neurons, rounds) for neurons in sizes}
    return {"duration_ms": DURATION, "dt_ms": DT} | populations


if __name__ == "__main__":
    main("leaky_integrate_and_fire", __doc__, measure)
