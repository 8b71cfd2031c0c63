"""A thousand adaptive exponential neurons, all parameters different, 1 s at dt 0.1 ms on one thread, spikes located.

Before anything is timed, counts and times are compared with dopri5 at a tolerance of 1e-9.
"""

import numpy as np
from common import Figures, interleaved, main, per_step, require

import neurosim as ns

MODEL, NEURONS, DURATION, DT = "adaptive-exponential", 1000, 1000.0, 0.1
METHODS = ("rk4", "heun")


def population() -> dict[str, np.ndarray]:
    """Parameters around those of the file, one value per neuron."""
    random = np.random.default_rng(1)
    return {
        name: parameter.value * random.uniform(0.9, 1.1, NEURONS)
        for name, parameter in ns.load_model(MODEL).parameters.items()
        if name not in ("V_start", "V_peak")
    }


def currents(strength: float) -> np.ndarray:
    """Inputs (pA) around `strength`."""
    return strength * np.random.default_rng(2).uniform(0.8, 1.2, NEURONS)


def simulate(strength: float, **options: object) -> ns.Recording:
    """What is measured."""
    settings = {"dt": DT, "threads": 1, **options}
    return ns.simulate(MODEL, currents(strength), DURATION, parameters=population(), **settings)


def compare(strength: float) -> Figures:
    """Answers before times."""
    run, exact = simulate(strength), simulate(strength, method="dopri5", rtol=1e-9)
    require(bool((run.spike_count == exact.spike_count).all()), "spike counts are not those of dopri5")
    shift = max(float(np.abs(run.spike_times(i) - exact.spike_times(i)).max(initial=0)) for i in range(NEURONS))
    require(shift < 0.05, f"a spike is {shift} ms from that of dopri5")
    return {"mean_rate_Hz": float(run.spike_count.mean() / DURATION * 1000), "largest_shift_ms": shift}


def measure(quick: bool) -> Figures:
    """Figures at a low, a usual and a high rate: each spike costs a few microseconds beside the steps."""
    rounds, steps = (5 if quick else 11), NEURONS * DURATION / DT
    figures: Figures = {}
    for strength in (500.0, 700.0, 1500.0):
        works = {
            f"{method}_{timing}": lambda s=strength, m=method, t=timing: simulate(s, method=m, spike_timing=t)
            for method in METHODS
            for timing in ("located", "grid")
        }
        for work in works.values():
            work()
        times = interleaved(works, rounds)
        nanoseconds = {f"{name}_ns_per_neuron_and_step": per_step(seconds, steps) for name, seconds in times.items()}
        figures[f"current_{strength:.0f}_pA"] = compare(strength) | nanoseconds
    return figures


if __name__ == "__main__":
    main("adaptive_exponential", __doc__, measure)
