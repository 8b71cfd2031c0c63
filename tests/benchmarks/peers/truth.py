"""What the answers are held against: slow programs that nobody's simulator is part of."""

from functools import cache
from typing import Any

import hodgkin_huxley as plain  # its plain loop
import numpy as np
from scipy.integrate import cumulative_trapezoid, solve_ivp
from scipy.special import erfcx

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


@cache
def spike_counts(currents: tuple[float, ...], duration: float) -> Any:
    """Of Hodgkin–Huxley neurons: classical RK4, one after the other, at dt 0.01 ms, where counts have converged."""
    return plain.plain_loop(np.array(currents), duration, 0.01)


@cache
def spike_times(current: float, duration: float) -> Array:
    """When V of a Hodgkin–Huxley neuron rises through 0 mV: SciPy's DOP853 at a relative tolerance of 1e-11."""
    V = -65.0
    opening = [getattr(plain, f"alpha_{gate}")(V) for gate in "mhn"]
    closing = [getattr(plain, f"beta_{gate}")(V) for gate in "mhn"]
    start = [V, *(a / (a + b) for a, b in zip(opening, closing, strict=True))]

    def crosses(_t: float, y: Array) -> float:
        return float(y[0])

    crosses.direction = 1.0  # type: ignore[attr-defined]
    solution = solve_ivp(
        lambda _t, y: plain.rates(*y, current), (0, duration), start, method="DOP853", rtol=1e-11, atol=1e-11,
        events=crosses,
    )  # fmt: skip
    times: Array = solution.t_events[0]
    return times


def siegert(mean: Array, setting: Any) -> Array:
    """Rate in Hz of a leaky integrate-and-fire neuron with white noise, the threshold raised for the grid of time.

    Siegert 1951; `std` is that of the free membrane; see Fourcaud & Brunel 2002 for the raised threshold.
    """
    tau, sigma = setting["tau_m"], np.sqrt(2) * setting["std"]
    shift = 0.5826 * sigma * np.sqrt(setting["dt"] / tau)
    low, high = (setting["V_r"] - mean) / sigma, (setting["theta"] + shift - mean) / sigma
    x = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, 401)
    integral = np.trapezoid(erfcx(-x), x, axis=1)
    rate: Array = 1000.0 / (setting["t_ref"] + tau * np.sqrt(np.pi) * integral)
    return rate


def escape_intervals(setting: Any) -> tuple[Array, Array, float, float]:
    """Times since a spike, the distribution function of the interval there, its mean and coefficient of variation."""
    t = np.linspace(0, 1000, 200_001)  # ms after the refractory time
    V = setting["I"] + (setting["V_r"] - setting["I"]) * np.exp(-t / setting["tau_m"])
    hazard = setting["rho"] * np.exp((V - setting["theta"]) / setting["delta"])
    survivor = np.exp(-cumulative_trapezoid(hazard, t, initial=0))
    mean = np.trapezoid(survivor, t)
    variance = 2 * np.trapezoid(t * survivor, t) - mean**2
    mean += setting["t_ref"]
    return t + setting["t_ref"], 1 - survivor, float(mean), float(np.sqrt(variance) / mean)
