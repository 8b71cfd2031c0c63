"""Intervals that end at a rate, the hazard, which depends on how long they have lasted."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .lattice import renewal_sequence
from .rule import Rule
from .survival import NODES, Panels, basis, survive

Floats = NDArray[np.float64]

_GRID, _LAGS = 512, 4096
_BISECTIONS, _CURVES = 60, 256


def integrate(rule: Rule) -> Panels:
    """The survivor functions of all curves, times counted from the end of the refractory time."""

    def hazard(x: Floats) -> Floats:
        found: Floats = rule.value(rule.refractory[:, None] + x)
        return found

    return survive(hazard, rule.size, first=rule.model.dt)


def moments(rule: Rule) -> tuple[Floats, Floats]:
    """Mean and variance of the intervals in ms and ms², (n,) each; D = ρ exp(-∫ρ)."""
    found = [_moments(integrate(part)) for part in rule.parts(_CURVES)]
    mean, variance = (np.concatenate(column) for column in zip(*found, strict=True))
    return rule.refractory + mean, variance


def _moments(panels: Panels) -> tuple[Floats, Floats]:
    mean, _ = panels.survivor_integrals()
    with np.errstate(invalid="ignore"):
        return mean, panels.spread(mean)


class Smooth:
    """The law of intervals with a hazard."""

    step = None

    def __init__(self, rule: Rule) -> None:
        panels = integrate(rule)
        (mean,), (variance,) = _moments(panels)
        self.rule, self.start = rule, float(rule.refractory[0])
        self.mean, self.variance = self.start + float(mean), float(variance)
        self.tail, self.left = float(panels.tail[0]), float(panels.left[0])
        self.silent = self.left if np.isinf(mean) else 0.0
        """The probability that an interval never ends."""
        taken = panels.width[0] > 0
        self.width = panels.width[0, taken]
        self.edge = np.append(panels.begin[0, taken], panels.end[0])
        with np.errstate(divide="ignore"):
            self.accumulated = np.append(panels.accumulated[0, taken], -np.log(panels.left[0]))
        matrix = basis().coefficients
        rates = panels.hazard[0, taken] @ matrix.T
        self._integrals = np.polynomial.legendre.legint(rates, lbnd=-1, axis=1) * self.width[:, None] / 2
        self._survivors = panels.survivor[0, taken] @ matrix.T

    def integral(self, t: Floats) -> Floats:
        """The hazard integrated from 0 to t."""
        x, edge = np.maximum(t - self.start, 0.0), self.edge
        panel = np.clip(np.searchsorted(edge, x, side="right") - 1, 0, edge.size - 2)
        place = 2 * (np.minimum(x, edge[-1]) - edge[panel]) / self.width[panel] - 1
        inside = np.polynomial.legendre.legval(place, self._integrals[panel].T, tensor=False)
        result: Floats = self.accumulated[panel] + inside + np.maximum(x - edge[-1], 0.0) * self.tail
        return result

    def survivor(self, t: Floats) -> Floats:
        """P(interval > t)."""
        return np.exp(-self.integral(t))

    def hazard(self, t: Floats) -> Floats:
        """As the model says, 0 while refractory; per ms."""
        since = np.maximum(t, 0.0)
        rho: Floats = self.rule.value(since.reshape(-1))[0].reshape(since.shape)
        return np.where(t >= self.start, rho, 0.0) * (t >= 0)

    def density(self, t: Floats) -> Floats:
        """Per ms."""
        return self.hazard(t) * self.survivor(t)

    def quantile(self, survivors: Floats) -> Floats:
        """The interval t with P(interval > t) = `survivors`, in (0, 1]."""
        wanted, edge = -np.log(survivors), self.edge
        panel = np.searchsorted(self.accumulated, wanted) - 1
        beyond = panel >= edge.size - 1
        panel = np.clip(panel, 0, edge.size - 2)
        low, high = edge[panel], edge[panel + 1]
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            short = self.integral(self.start + middle) < wanted
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        with np.errstate(divide="ignore"):
            late = edge[-1] + (wanted - self.accumulated[-1]) / np.float64(self.tail)
        result: Floats = self.start + np.where(wanted <= 0, 0.0, np.where(beyond, late, high))
        return result

    def grid(self) -> Floats:
        """Times that show the law: evenly to where 1 in 1000 survives."""
        last = self.quantile(np.array([1e-3]))[0]
        return np.linspace(0.0, last if np.isfinite(last) else self.start + 1000 * self.rule.model.dt, _GRID + 1)

    def spectrum(self, frequency: Floats) -> Floats:
        """Power over rate, at frequencies per ms: (1 - |D̂|²)/|1 - D̂|², by the transform of the survivor function.

        With σ = ∫ S exp(iωt) dt it is 2 Im σ/(ω |σ|²) - 1. On each panel S is a Legendre series, whose terms have
        spherical Bessel functions as transforms, so that any frequency is exact.
        """
        from scipy.special import spherical_jn

        width, middle = self.width, (self.edge[1:] + self.edge[:-1]) / 2
        alive = np.abs(self._survivors).max(axis=1) * width > 1e-17 * self.mean
        terms = self._survivors[alive] * 1j ** np.arange(NODES)
        degree = np.arange(NODES)[:, None]
        result = np.empty(frequency.shape)
        for place, f in np.ndenumerate(np.abs(frequency)):
            omega = 2 * np.pi * f
            if omega * self.mean < 1e-9:
                result[place] = self.variance / self.mean**2
                continue
            bessel = spherical_jn(degree, omega * width[alive] / 2)
            parts = np.einsum("pn,np->p", terms, bessel) * width[alive]
            sigma = np.exp(1j * omega * middle[alive]) @ parts
            if self.tail:
                sigma += self.left * np.exp(1j * omega * self.edge[-1]) / (self.tail - 1j * omega)
            begin = omega * self.start
            sigma = sigma * np.exp(1j * begin) + self.start * np.exp(0.5j * begin) * np.sinc(begin / (2 * np.pi))
            result[place] = 2 * sigma.imag / (omega * abs(sigma) ** 2) - 1
        return np.maximum(result, 0.0)

    def conditional_rate(self, t: Floats) -> Floats:
        """Spikes per ms at t after a spike."""
        return rate_after(self, t)


class Density(Protocol):
    """What `rate_after` needs of a law."""

    mean: float

    def survivor(self, t: Floats) -> Floats:
        """P(interval > t)."""

    def density(self, t: Floats) -> Floats:
        """Per ms."""


def rate_after(law: Density, t: Floats) -> Floats:
    """Spikes per ms at t after, or before, a spike.

    The first interval exactly; the sums of two and more, which are smooth, from intervals moved to a fine grid.
    """
    lag = np.abs(t)
    longest = float(lag.max(initial=0.0)) or 1.0
    step = longest / int(np.clip(200 * longest / law.mean, _LAGS, 16 * _LAGS))
    middles = np.asarray(step * (np.arange(int(np.rint(longest / step)) + 2) + 0.5), np.float64)
    fallen = 1 - law.survivor(middles)
    mass = np.diff(fallen)
    first = fallen[0]  # of those that are moved to 0
    sequence = renewal_sequence(mass / (1 - first)) / (1 - first) - mass
    later = np.append(0.0, np.maximum(sequence, 0.0)) / step
    return law.density(lag) + np.interp(lag, np.arange(later.size) * step, later)
