"""Intervals of a leaky integrate-and-fire neuron with white noise: how long its membrane takes to the threshold."""

import math

import numpy as np
from numpy.typing import NDArray

from .lattice import power_series_quotient
from .smooth import rate_after

Floats = NDArray[np.float64]

_POINTS = 2**15
_ROUNDING = 1e-5  # of the survivors at the end
_DEVIATIONS, _TIME_CONSTANTS = 30.0, 60.0


class Passage:
    """The law of the time from `reset` to `threshold`, given from the mean of the free membrane, plus a `delay`.

    The density g of the first passage of an Ornstein–Uhlenbeck process, started at y, through S obeys

        g(t) = 2 φ(t; y) - 2 ∫ g(t') φ(t - t'; S) dt',  t' from 0 to t,

    with φ = (std²/τ·(S - M)/v - S/(2τ)) f, where M, v and f are mean, variance and density at S of the free process:
    the flux through S plus S/(2τ) times the density there, chosen so that the kernel vanishes at t = t' (Buonocore,
    Nobile & Ricciardi 1987, Adv Appl Prob 19:784). It is solved by the trapezium rule, as a
    quotient of power series. What is left at the end dies exponentially, such that the mean is right.
    """

    step = None
    silent = 0.0

    def __init__(
        self, threshold: float, reset: float, std: float, tau: float, delay: float, mean: float, cv: float
    ) -> None:
        self.mean, self.variance, self.delay = mean, (cv * mean) ** 2, delay
        passage = mean - delay
        self.end = min(passage + _DEVIATIONS * cv * mean, passage + _TIME_CONSTANTS * tau, _TIME_CONSTANTS * tau)
        self.end = max(self.end, min(2 * passage, _TIME_CONSTANTS * tau))
        self.width = self.end / _POINTS
        t = self.width * np.arange(1, _POINTS + 1)
        variance = std**2 * -np.expm1(-2 * t / tau)

        def phi(start: float) -> Floats:
            gap = threshold - start * np.exp(-t / tau)
            density = np.exp(-(gap**2) / (2 * variance)) / np.sqrt(2 * math.pi * variance)
            found: Floats = (std**2 / tau * gap / variance - threshold / (2 * tau)) * density
            return found

        found = power_series_quotient(2 * phi(reset), 2 * self.width * phi(threshold))
        self.passed = np.maximum(np.append(0.0, found), 0.0)
        fallen = np.cumsum((self.passed[1:] + self.passed[:-1]) / 2) * self.width
        self.left = np.maximum(1 - np.append(0.0, fallen), 0.0)
        remaining = passage - self.width * (self.left.sum() - (1 + self.left[-1]) / 2)
        self.tail = 1 / tau
        if self.left[-1] > _ROUNDING and remaining > 0:
            self.tail = float(self.left[-1] / remaining)
        else:
            total = 1 - self.left[-1]
            self.left, self.passed = (self.left - self.left[-1]) / total, self.passed / total

    def survivor(self, t: Floats) -> Floats:
        """P(interval > t)."""
        x = np.maximum(t - self.delay, 0.0)
        inside = np.interp(x, self.width * np.arange(_POINTS + 1), self.left)
        result: Floats = inside * np.exp(-self.tail * np.maximum(x - self.end, 0.0))
        return result

    def density(self, t: Floats) -> Floats:
        """Per ms."""
        x = np.maximum(t - self.delay, 0.0)
        inside = np.interp(x, self.width * np.arange(_POINTS + 1), self.passed)
        return np.where(x > self.end, self.tail * self.survivor(t), inside)

    def hazard(self, t: Floats) -> Floats:
        """Per ms."""
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = self.density(t) / self.survivor(t)
        return np.where(self.survivor(t) > 1e-12, ratio, self.tail)

    def quantile(self, survivors: Floats) -> Floats:
        """The interval t with P(interval > t) = `survivors`, in (0, 1]."""
        inside = np.interp(-survivors, -self.left, self.width * np.arange(_POINTS + 1))
        last = max(float(self.left[-1]), 1e-300)
        late = self.end + np.log(np.minimum(last / survivors, 1e300)) / self.tail
        return self.delay + np.where(survivors < self.left[-1], late, inside)

    def grid(self) -> Floats:
        """Times that show the law: evenly to where 1 in 1000 survives."""
        return np.linspace(0.0, float(self.quantile(np.array([1e-3]))[0]), 513)

    def spectrum(self, frequency: Floats) -> Floats:
        """Power over rate, at frequencies per ms: 2 Im σ/(ω |σ|²) - 1 with σ = ∫ S exp(iωt) dt."""
        t = self.width * np.arange(_POINTS + 1)
        weighted = self.width * self.left
        weighted[[0, -1]] /= 2
        result = np.empty(frequency.shape)
        for place, f in np.ndenumerate(np.abs(frequency)):
            omega = 2 * np.pi * f
            if omega * self.mean < 1e-9:
                result[place] = self.variance / self.mean**2
                continue
            sigma = np.exp(1j * omega * t) @ weighted
            sigma += self.left[-1] * np.exp(1j * omega * self.end) / (self.tail - 1j * omega)
            begin = omega * self.delay
            sigma = sigma * np.exp(1j * begin) + self.delay * np.exp(0.5j * begin) * np.sinc(begin / (2 * np.pi))
            result[place] = 2 * sigma.imag / (omega * abs(sigma) ** 2) - 1
        return np.maximum(result, 0.0)

    def conditional_rate(self, t: Floats) -> Floats:
        """Spikes per ms at t after a spike."""
        return rate_after(self, t)
