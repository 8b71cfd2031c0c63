"""Chance: integrate-and-fire with white noise, escape noise, and intervals drawn from a renewal theory; one thread.

Before anything is timed, rates and intervals are compared with theory.
"""

import time

import numpy as np
from common import Figures, interleaved, main, per_step, require, summary

import neurosim as ns

LIF = {"tau_m": 20.0, "R_m": 1.0, "E_L": 0.0, "theta": 20.0, "V_r": 10.0, "t_ref": 2.0}
ESCAPE = LIF | {"delta": 2.0, "rho": 0.05}
STD, DT = 5.0, 0.1


def with_white_noise(mean: np.ndarray, duration: float) -> ns.Recording:
    """Free membranes of these means (mV), stationary standard deviation 5 mV."""
    noise = ns.membrane_noise(mean, STD)
    return ns.simulate("leaky-integrate-and-fire", noise, duration, parameters=LIF, dt=DT, threads=1, seed=1)


def with_escape(current: np.ndarray, duration: float) -> ns.Recording:
    """Membranes with a soft threshold."""
    return ns.simulate("escape-integrate-and-fire", current, duration, parameters=ESCAPE, dt=DT, threads=1, seed=1)


def compare_white(neurons: int) -> float:
    """Largest deviation of rates, in ten groups, from Siegert's with the grid's correction; in standard errors."""
    mean = np.linspace(10, 40, neurons)
    recording = with_white_noise(mean, 2000.0)
    late = recording.spike_time > 500
    rate = np.bincount(recording.spike_index[late], minlength=neurons) / 1.5
    numbers = {
        "tau": LIF["tau_m"],
        "threshold": LIF["theta"],
        "reset": LIF["V_r"],
        "refractory": LIF["t_ref"],
        "dt": DT,
    }
    expected = ns.integrate_and_fire_rate(mean, STD, **numbers)
    spread = np.sqrt(expected / 1.5) * ns.integrate_and_fire_cv(mean, STD, **numbers)
    groups = [
        (part.mean(), errors)
        for part, errors in zip(np.array_split(rate - expected, 10), np.array_split(spread, 10), strict=True)
    ]
    return float(max(abs(m) / np.sqrt((e**2).sum()) * e.size for m, e in groups))


def compare_escape(neurons: int) -> float:
    """Deviation of the mean rate at one current from the renewal theory, in standard errors."""
    recording = with_escape(np.full(neurons, 18.0), 2000.0)
    theory = ns.theory_of("escape-integrate-and-fire", 18.0, ESCAPE)
    rate = (recording.spike_time > 500).sum() / neurons / 1.5
    return float(abs(rate - theory.rate) / (theory.cv * np.sqrt(theory.rate / 1.5 / neurons)))


def direct(intervals: int, rounds: int) -> Figures:
    """Seconds to draw so many intervals of the renewal neuron in discrete and in continuous time."""
    found: Figures = {}
    for model in ("renewal", "renewal-hazard"):
        theory = ns.renewal_theory(model, 1.5)
        sample = theory.sample(intervals, seed=1)
        require(abs(sample.mean() - theory.mean) < 5 * theory.cv * theory.mean / np.sqrt(intervals), f"mean of {model}")
        seconds = []
        for _ in range(rounds):
            begin = time.perf_counter()
            theory.sample(intervals, seed=1)
            seconds.append(time.perf_counter() - begin)
        found[model] = summary(seconds)
    return found


def measure(quick: bool) -> Figures:
    """All figures of this benchmark."""
    neurons, rounds = (2_000, 3) if quick else (10_000, 7)
    white, escape = compare_white(neurons), compare_escape(neurons)
    require(white < 5, f"rates with white noise are {white:.1f} standard errors from theory")
    require(escape < 5, f"the rate with escape noise is {escape:.1f} standard errors from theory")
    mean, current = np.linspace(10, 40, neurons), np.linspace(5, 20, neurons)
    seconds = interleaved(
        {"white": lambda: with_white_noise(mean, 1000.0), "escape": lambda: with_escape(current, 1000.0)}, rounds
    )
    rate = with_escape(current, 1000.0).spike_count.mean()
    return {
        "neurons": neurons,
        "white_noise_ns_per_neuron_and_step": per_step(seconds["white"], neurons * 1000 / DT),
        "white_noise_deviation_in_standard_errors": white,
        "escape_noise_ns_per_neuron_and_step": per_step(seconds["escape"], neurons * 1000 / DT),
        "escape_noise_seconds_for_10000_neurons_10_s": summary([s * 1e4 / neurons * 10 for s in seconds["escape"]]),
        "escape_noise_mean_rate_Hz": float(rate),
        "escape_noise_deviation_in_standard_errors": escape,
        "direct_seconds_for_10_million_intervals": direct(10**7, rounds),
    }


if __name__ == "__main__":
    main("noise", __doc__, measure)
