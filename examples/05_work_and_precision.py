"""Work and precision: how far off each method has the spike times of 200 ms, and how long it takes for them."""

import math
import sys
import time
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from numba import njit
from scipy.integrate import solve_ivp

import neurosim as ns

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
DURATION = 200.0


@njit
def hodgkin_huxley(t, y):
    """Rates of V, m, h, n at 10 µA/cm²."""
    V, m, h, n = y
    x, z = V + 40, V + 55
    alpha_m = 0.1 * x / -math.expm1(-x / 10) if x else 1.0
    alpha_n = 0.01 * z / -math.expm1(-z / 10) if z else 0.1
    alpha_h, beta_m = 0.07 * math.exp(-(V + 65) / 20), 4 * math.exp(-(V + 65) / 18)
    beta_h, beta_n = 1 / (1 + math.exp(-(V + 35) / 10)), 0.125 * math.exp(-(V + 65) / 80)
    ionic = 120 * m**3 * h * (V - 50) + 36 * n**4 * (V + 77) + 0.3 * (V + 54.4)
    return 10 - ionic, alpha_m * (1 - m) - beta_m * m, alpha_h * (1 - h) - beta_h * h, alpha_n * (1 - n) - beta_n * n


@njit
def izhikevich(t, y):
    """Rates of V and u at an input of 10."""
    V, u = y
    return 0.04 * V**2 + 5 * V + 140 - u + 10, 0.02 * (0.2 * V - u)


@njit
def adaptive_exponential(t, y):
    """Rates of V (mV) and w (pA) at 1 nA, spikes cut at -20 mV: SciPy does not get over much steeper ones."""
    V, w = y
    exponential = 30 * 2 * math.exp((min(V, -20) + 50.4) / 2)
    return (1000 - 30 * (V + 70.6) + exponential - w) / 281, (4 * (min(V, -20) + 70.6) - w) / 144


models = {"adaptive-exponential": ns.load_model("adaptive-exponential").replace(V_peak=-20)}
gates = ns.simulate("hodgkin-huxley", 0, 0.05, record=["V", "m", "h", "n"])
PROBLEMS = {  # model: its rates, start, threshold, reset, input
    "hodgkin-huxley": (hodgkin_huxley, [gates[name][0, 0] for name in "Vmhn"], 0.0, None, 10),
    "izhikevich": (izhikevich, [-65.0, -13.0], 30.0, lambda y: [-65.0, y[1] + 8], 10),
    "adaptive-exponential": (adaptive_exponential, [-70.6, 0.0], -20.0, lambda y: [-70.6, y[1] + 80.5], 1000),
}


def by_scipy(problem, method, rtol):
    """Spike times by solve_ivp, from event to event."""
    f, y, threshold, reset, _ = problem

    def reaches(t, y):
        return y[0] - threshold

    reaches.terminal, reaches.direction = reset is not None, 1
    t, spikes = 0.0, []
    while t < DURATION:
        with np.errstate(all="ignore"):  # trial steps far too long are taken back
            run = solve_ivp(f, (t, DURATION), y, method=method, events=reaches, rtol=rtol, atol=rtol * 1e-3)
        t, y = run.t[-1], run.y[:, -1]
        spikes += list(run.t_events[0])
        if run.status == 1:
            y = reset(y)
    return np.array(spikes)


def by_neurosim(model, problem, options):
    """Spike times by `simulate`."""
    return ns.simulate(model, problem[4], DURATION, **options).spike_time


def timed(simulate, times=3):
    """What a function returns, and the shortest of several times it took, in s; a first call compiles."""
    result, shortest = simulate(), math.inf
    for _ in range(times):
        began = time.perf_counter()
        simulate()
        shortest = min(shortest, time.perf_counter() - began)
    return result, shortest


figure, axes = plt.subplots(1, 3, figsize=(11, 4), sharex=True, sharey=True, layout="constrained")
for ax, (name, problem) in zip(axes, PROBLEMS.items(), strict=True):
    truth = by_scipy(problem, "DOP853", 1e-12)
    curves, model = {}, models.get(name, name)
    for method in ("euler", "heun", "exponential-midpoint", "rk4"):
        for dt in (0.1, 0.05, 0.025, 0.0125, 0.00625):
            options = {"dt": dt, "method": method, "spike_timing": "located", "threads": 1}
            try:
                found = timed(partial(by_neurosim, model, problem, options))
            except ns.SimulationError:  # the step is too long for the method
                continue
            curves.setdefault(method, []).append(found)
    for rtol in (1e-4, 1e-6, 1e-8, 1e-10):
        options = {"dt": 0.1, "method": "dopri5", "rtol": rtol, "atol": rtol * 1e-3, "threads": 1}
        found = timed(partial(by_neurosim, model, problem, options))
        curves.setdefault("dopri5", []).append(found)
        for method in ("LSODA", "DOP853"):
            found = timed(partial(by_scipy, problem, method, rtol), times=1)
            curves.setdefault(f"SciPy {method}", []).append(found)
    for i, (method, runs) in enumerate(curves.items()):
        runs = [(seconds, spikes) for spikes, seconds in runs if spikes.size == truth.size]
        errors = [max(np.abs(spikes - truth).max(), 1e-12) for _, spikes in runs]
        style = "s--" if method.startswith("SciPy") else "o-"
        ax.loglog([1e3 * seconds for seconds, _ in runs], errors, style, color=f"C{i}", markersize=4, label=method)
    ax.set(title=f"{name}, {truth.size} spikes", xlabel="time (ms)")
    print(f"{name}: {truth.size} spikes, the last at {truth[-1]:.6f} ms")
axes[0].set_ylabel("largest error of a spike time (ms)")
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
figure.savefig(folder / "work-and-precision.png", dpi=150)
