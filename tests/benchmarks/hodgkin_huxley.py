"""Hodgkin–Huxley: 1000 constant currents from 0 to 50 µA/cm², 1 s each, beside a plain jitted loop.

Before anything is timed, the spike counts are compared with those of the plain loop at a fifth of the time step, where
they have converged.
"""

import math

import numpy as np
from common import Figures, interleaved, main, per_step, ratios, require, summary
from numba import njit
from two_threads import compare_threads

import neurosim as ns

DURATION, DT, CONVERGED_DT = 1000.0, 0.05, 0.01


@njit
def alpha_m(V):
    return 1.0 if V == -40.0 else 0.1 * (V + 40.0) / (1.0 - math.exp(-(V + 40.0) / 10.0))


@njit
def beta_m(V):
    return 4.0 * math.exp(-(V + 65.0) / 18.0)


@njit
def alpha_h(V):
    return 0.07 * math.exp(-(V + 65.0) / 20.0)


@njit
def beta_h(V):
    return 1.0 / (1.0 + math.exp(-(V + 35.0) / 10.0))


@njit
def alpha_n(V):
    return 0.1 if V == -55.0 else 0.01 * (V + 55.0) / (1.0 - math.exp(-(V + 55.0) / 10.0))


@njit
def beta_n(V):
    return 0.125 * math.exp(-(V + 65.0) / 80.0)


@njit
def rates(V, m, h, n, I):
    I_Na = 120.0 * m**3 * h * (V - 50.0)
    I_K = 36.0 * n**4 * (V + 77.0)
    I_L = 0.3 * (V + 54.4)
    dV = I - I_Na - I_K - I_L
    dm = alpha_m(V) * (1.0 - m) - beta_m(V) * m
    dh = alpha_h(V) * (1.0 - h) - beta_h(V) * h
    dn = alpha_n(V) * (1.0 - n) - beta_n(V) * n
    return dV, dm, dh, dn


@njit
def plain_loop(currents, duration, dt):
    """Spike counts by classical RK4, one neuron after the other."""
    counts = np.zeros(currents.size, dtype=np.int64)
    for i in range(currents.size):
        I = currents[i]
        V = -65.0
        m = alpha_m(V) / (alpha_m(V) + beta_m(V))
        h = alpha_h(V) / (alpha_h(V) + beta_h(V))
        n = alpha_n(V) / (alpha_n(V) + beta_n(V))
        above = False
        for _ in range(round(duration / dt)):
            V1, m1, h1, n1 = rates(V, m, h, n, I)
            V2, m2, h2, n2 = rates(V + dt / 2 * V1, m + dt / 2 * m1, h + dt / 2 * h1, n + dt / 2 * n1, I)
            V3, m3, h3, n3 = rates(V + dt / 2 * V2, m + dt / 2 * m2, h + dt / 2 * h2, n + dt / 2 * n2, I)
            V4, m4, h4, n4 = rates(V + dt * V3, m + dt * m3, h + dt * h3, n + dt * n3, I)
            V += dt / 6 * (V1 + 2 * V2 + 2 * V3 + V4)
            m += dt / 6 * (m1 + 2 * m2 + 2 * m3 + m4)
            h += dt / 6 * (h1 + 2 * h2 + 2 * h3 + h4)
            n += dt / 6 * (n1 + 2 * n2 + 2 * n3 + n4)
            if V > 0.0 and not above:
                counts[i] += 1
            above = V > 0.0
    return counts


def simulate(currents: np.ndarray, threads: int) -> ns.Recording:
    """What is measured."""
    return ns.simulate("hodgkin-huxley", currents, DURATION, dt=DT, threads=threads)


def compare_counts(currents: np.ndarray) -> Figures:
    """Answers before times."""
    converged = plain_loop(currents, DURATION, CONVERGED_DT)
    found = simulate(currents, 1).spike_count
    on_two = simulate(currents, 2).spike_count
    largest = int(np.abs(found - converged).max())
    require(largest <= 1, f"a spike count is {largest} from the converged one")
    require(np.array_equal(found, on_two), "spike counts depend on the number of threads")
    plain = plain_loop(currents, DURATION, DT)
    return {
        "total": int(found.sum()),
        "total_converged": int(converged.sum()),
        "total_plain_loop": int(plain.sum()),
        "largest_difference": largest,
        "largest_difference_plain_loop": int(np.abs(plain - converged).max()),
    }


def compare_with_plain_loop(currents: np.ndarray, rounds: int) -> Figures:
    """One thread of each, in turn."""
    times = interleaved(
        {
            "neurosim": lambda: simulate(currents, 1),
            "plain_loop": lambda: plain_loop(currents, DURATION, DT),
        },
        rounds,
    )
    steps = currents.size * DURATION / DT
    return {
        "seconds": {name: summary(values) for name, values in times.items()},
        "ns_per_neuron_and_step": {name: per_step(values, steps) for name, values in times.items()},
        "ratio": summary(ratios(times["plain_loop"], times["neurosim"])),
    }


def measure(quick: bool) -> Figures:
    """All figures of this benchmark."""
    currents = np.linspace(0, 50, 100 if quick else 1000)
    return {
        "neurons": currents.size,
        "duration_ms": DURATION,
        "dt_ms": DT,
        "spikes": compare_counts(currents),
        "one_thread": compare_with_plain_loop(currents, 3 if quick else 5),
        "two_threads": compare_threads(lambda threads: simulate(currents, threads), 5 if quick else 15),
    }


if __name__ == "__main__":
    main("hodgkin_huxley", __doc__, measure)
