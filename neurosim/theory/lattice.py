"""Intervals that are multiples of a time step: a chance to spike at each, which depends on how many have passed."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .rule import NoTheory, Rule
from .survival import NOTHING, Panels, Rough, survive

Floats = NDArray[np.float64]

_CHUNK, _MOST_STEPS, _MOST_NUMBERS = 1024, 2**21, 2**22
_LONG_TABLE, _CURVES = 2**16, 256
_LEAST = 64.0  # steps: beyond the table, a sum is an integral only where nothing happens in fewer


class TooLong(Exception):
    """Too many curves times steps for one table."""


class Table(NamedTuple):
    """Intervals of n curves, step by step as far as that matters.

    Attributes
    ----------
    chance : ndarray (n, K)
        g_k: the probability to spike at step k = 1 … K after the last spike.
    survivor : ndarray (n, K + 1)
        S_k: the probability of an interval longer than k = 0 … K steps.
    rest : ndarray (n,)
        The sum of S_k over k from K on, infinite where some intervals never end.
    weighted : ndarray (n,)
        The sum of (2k + 1) S_k over k from K on.
    """

    chance: Floats
    survivor: Floats
    rest: Floats
    weighted: Floats

    def moments(self) -> tuple[Floats, Floats]:
        """Mean and variance of the intervals, in steps: (n,) each."""
        steps = self.chance.shape[1]
        mean = self.survivor[:, :-1].sum(axis=1) + self.rest
        k = np.arange(1, steps + 1)
        with np.errstate(invalid="ignore"):
            inside = ((k - mean[:, None]) ** 2 * self.chance * self.survivor[:, :-1]).sum(axis=1)
            beyond = (steps - mean) ** 2 * self.survivor[:, -1] + self.weighted - 2 * mean * self.rest
            return mean, inside + np.where(self.survivor[:, -1] > NOTHING, beyond, 0.0)


def tabulate(rule: Rule, least: int = _CHUNK) -> Table:
    """Follow every curve until nothing survives, its chance is constant, or sums have become integrals.

    D_k = g_k S_(k-1), S_k = S_(k-1)(1 - g_k). Beyond the table S_k is exp(-∫ λ), λ = -log(1 - g), to k + 1/2, and sums
    over k are integrals by the midpoint rule with its first correction (Euler–Maclaurin).

    Raises
    ------
    NoTheory
        If the chance still jumps after a million steps.
    TooLong
        If so many curves at once would fill the memory.
    """
    chance, survivor = np.empty((rule.size, 0)), np.ones((rule.size, 1))
    limit = rule.value(np.array([np.inf]))[:, 0]
    needed = least
    while True:
        chance = np.hstack([chance, _chances(rule, chance.shape[1], needed)])
        with np.errstate(divide="ignore"):
            survivor = np.exp(np.cumsum(np.log1p(-chance), axis=1))
        survivor = np.hstack([np.ones((rule.size, 1)), survivor])
        steps, left = chance.shape[1], survivor[:, -1]
        last = chance[:, -_CHUNK // 2 :]
        settled = (limit > 0) & (np.abs(last - limit[:, None]).max(axis=1) <= 1e-13 * limit)
        if (settled | (left <= NOTHING)).all():
            with np.errstate(all="ignore"):
                rest = np.where(left > 0, left / limit, 0.0)
                weighted = np.where(left > 0, rest * (2 * steps + 2 / limit - 1), 0.0)
            return Table(chance, survivor, rest, weighted)
        try:
            rest, weighted = _beyond(rule, steps, left > NOTHING)
        except Rough as rough:
            needed = max(steps, int(rough.args[0]) + _CHUNK)
            if rule.size > 1 and (steps + needed) * rule.size > _MOST_NUMBERS:
                raise TooLong from None
            if steps + needed > _MOST_STEPS:
                raise NoTheory(
                    f"the probability still jumps after {steps} steps: take more time between draws"
                ) from None
            continue
        return Table(chance, survivor, left * rest, left * weighted)


def _chances(rule: Rule, first: int, number: int) -> Floats:
    """g_k for k = first + 1 … first + number, 0 while refractory: (n, number)."""
    since = np.arange(first + 1, first + number + 1) * rule.step[:, None]
    found: Floats = np.where(since >= rule.refractory[:, None] * (1 - 1e-12), rule.value(since), 0.0)
    return found


def _beyond(rule: Rule, steps: int, alive: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """The sums of S_k and (2k + 1) S_k over k from `steps` on, per survivor there; anything for curves not alive."""

    def hazard(x: Floats) -> Floats:
        since = (steps + x) * rule.step[:, None]
        chance = np.where(since >= rule.refractory[:, None] * (1 - 1e-12), rule.value(since), 0.0)
        with np.errstate(divide="ignore"):
            return np.where(alive[:, None], np.minimum(-np.log1p(-chance), 1e3), 1.0 / steps)

    panels: Panels = survive(hazard, rule.size, first=steps / 8, least=_LEAST)
    first, middle, second = hazard(np.tile([0.0, 0.25, 1.0], (rule.size, 1))).T
    begin = np.exp(middle / 2 - (second - first) / 24)  # S_k is this times the survivor of the panels at k + 1/2
    plain, timed = panels.survivor_integrals()
    with np.errstate(invalid="ignore"):
        rest = begin * (plain - first / 24)
        weighted = 2 * begin * (timed + steps * plain + (1 - steps * first) / 24)
    return rest, weighted


def moments(rule: Rule) -> tuple[Floats, Floats]:
    """Mean and variance of the intervals in ms and ms², (n,) each."""
    each = [found for part in rule.parts(_CURVES) for found in _moments(part)]
    mean, variance = (np.concatenate(column) for column in zip(*each, strict=True))
    return mean * rule.step, variance * rule.step**2


def _moments(rule: Rule) -> list[tuple[Floats, Floats]]:
    try:
        return [tabulate(rule).moments()]
    except TooLong:
        return [tabulate(part).moments() for part in rule.parts(1)]


class Lattice:
    """The law of intervals that are multiples of `step` (ms)."""

    def __init__(self, rule: Rule) -> None:
        table = tabulate(rule)
        if table.survivor[0, -1] > NOTHING and np.isfinite(table.rest[0]):  # few of the table beyond which it is exact
            table = tabulate(rule, _LONG_TABLE)
        mean, variance = table.moments()
        self.step = float(rule.step[0])
        self.mean, self.variance = float(mean[0]) * self.step, float(variance[0]) * self.step**2
        self.chance = table.chance[0]
        self.left = table.survivor[0]
        self.silent = 0.0 if np.isfinite(table.rest[0]) else float(self.left[-1])
        """The probability that an interval never ends."""
        known = 0 < table.rest[0] < np.inf
        self.tail = min(1.0, float(self.left[-1] / table.rest[0])) if known else 0.0
        """The chance at each step beyond the table, such that the mean is right."""
        self.probability = self.chance * self.left[:-1]

    def _index(self, t: Floats) -> NDArray[np.int64]:
        """The first multiple of the step from t on."""
        return np.ceil(t / self.step - 1e-9).astype(np.int64)

    def survivor(self, t: Floats) -> Floats:
        """P(interval > t)."""
        whole = np.floor(np.maximum(t, 0.0) / self.step + 1e-9)
        beyond = np.maximum(whole - self.chance.size, 0)
        inside = np.minimum(whole, self.chance.size).astype(np.int64)
        result: Floats = self.left[inside] * np.exp(beyond * np.log1p(-min(self.tail, 1 - 1e-16)))
        return np.where(t < 0, 1.0, result)

    def hazard(self, t: Floats) -> Floats:
        """g_k/step of the multiple of the step that t belongs to, which is the next one."""
        k = self._index(t)
        inside = self.chance[np.clip(k - 1, 0, self.chance.size - 1)]
        return np.where(k < 1, 0.0, np.where(k > self.chance.size, self.tail, inside)) / self.step

    def density(self, t: Floats) -> Floats:
        """D_k/step, 1/ms, of the same multiple."""
        before = np.asarray((self._index(t) - 1.0) * self.step, np.float64)
        return self.hazard(t) * self.survivor(before)

    def quantile(self, survivors: Floats) -> Floats:
        """The shortest interval t with P(interval > t) at most `survivors`, in (0, 1]."""
        k = np.searchsorted(-self.left, -survivors)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            further = np.ceil(np.log(survivors / self.left[-1]) / np.log1p(-self.tail))
            beyond = self.chance.size + (np.maximum(further, 1) if self.tail else np.inf)
        steps: Floats = np.where(k > self.chance.size, beyond, np.maximum(k, 1))
        return steps * self.step

    def grid(self) -> Floats:
        """Times that show the law: multiples of the step to where 1 in 1000 survives."""
        last = self.quantile(np.array([1e-3]))[0] / self.step
        last = min(last, self.chance.size) if np.isfinite(last) else self.chance.size
        return self.step * np.arange(1.0, int(last) + 1)

    def spectrum(self, frequency: Floats) -> Floats:
        """Power over rate, at frequencies per ms: (1 - |D̂|²)/|1 - D̂|², by the transform of the survivor function.

        With z = exp(iθ), θ = 2π f step, and σ = Σ S_k z^k it is Im(exp(iθ/2) σ)/(sin(θ/2) |σ|²) - 1.
        """
        theta = 2 * np.pi * np.abs(frequency) * self.step
        theta = np.where(np.abs(np.sin(theta / 2)) < 1e-9, 0.0, theta)
        result = np.empty(theta.shape)
        k = np.flatnonzero(self.left[:-1] > 0)
        for place, angle in np.ndenumerate(theta):
            if angle == 0.0:
                result[place] = self.variance / self.mean**2
                continue
            sigma = np.exp(1j * angle * k) @ self.left[k]
            if self.tail:
                end = self.left[-1] * np.exp(1j * angle * self.chance.size)
                sigma += end / (1 - (1 - self.tail) * np.exp(1j * angle))
            with np.errstate(divide="ignore", invalid="ignore"):
                result[place] = (np.exp(0.5j * angle) * sigma).imag / (np.sin(angle / 2) * abs(sigma) ** 2) - 1
        return np.maximum(result, 0.0)

    def conditional_rate(self, t: Floats) -> Floats:
        """Spikes per ms at t after a spike: of the multiple of the step that t belongs to."""
        k = self._index(np.abs(t))
        last = int(k.max(initial=1))
        chance = renewal_sequence(self.density(self.step * np.arange(1.0, last + 1)) * self.step)
        return np.where(k < 1, 0.0, chance[np.maximum(k, 1) - 1]) / self.step


def renewal_sequence(probability: Floats) -> Floats:
    """u_k = D_k + Σ D_j u_(k-j), for k = 1 … n: the probability of some spike k steps after a spike."""
    return np.maximum(power_series_quotient(probability, -probability), 0.0)


def power_series_quotient(a: Floats, b: Floats) -> Floats:
    """The coefficients 1 … n of A/(1 + B), for power series A and B with coefficients a and b from 1 on.

    By the discrete Fourier transform on a circle inside the one of convergence.
    """
    n = a.size
    size = 1 << (8 * n - 1).bit_length()
    shrunk = (10 ** (-13 / size)) ** np.arange(n + 1)
    above, below = (np.fft.rfft(np.append(0.0, each) * shrunk, size) for each in (a, b))
    result: Floats = np.fft.irfft(above / (1 + below), size)[1 : n + 1] / shrunk[1:]
    return result
