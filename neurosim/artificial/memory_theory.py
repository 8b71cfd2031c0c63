"""What theory says of Hebb's rule in large networks: the equations of Amit, Gutfreund & Sompolinsky, solved.

With the load α = P/n, the inverse temperature β and averages over a Gaussian z of variance 1, in replica symmetry:

    m = ∫Dz tanh β(m + σz)    q = ∫Dz tanh² β(m + σz)    r = q/(1 − β(1 − q))²    σ² = αr

m is the overlap with the pattern retrieved, σz the noise that the others make. For a given σ the first equation has one
solution m > 0 at most, and the others then give α: no iteration is needed, and where retrieval ends is the largest α.
Amit, Gutfreund & Sompolinsky 1987, Ann Phys 173:30, doi:10.1016/0003-4916(87)90092-3.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, excerpt

Floats = NDArray[np.float64]

_WIDEST = 8.5  # |z| beyond which a Gaussian counts as 0
_COLDEST = 0.005  # below, averages are those of temperature 0


class MeanField(NamedTuple):
    """A state of a large network: overlap m, Edwards–Anderson order parameter q, variance r of the other overlaps."""

    m: float
    q: float
    r: float


def amit_gutfreund_sompolinsky(alpha: float, temperature: float = 0.0) -> MeanField:
    """The retrieval state of a large Hopfield network with Hebb's rule, in replica symmetry.

    Parameters
    ----------
    alpha
        Load P/n, from 0 on.
    temperature
        1/β, from 0 on.

    Returns
    -------
    MeanField
        With m = 0 where there is no retrieval: the spin glass, or at high temperature nothing at all.
    """
    alpha, temperature = _number(alpha, "alpha"), _number(temperature, "temperature")
    if alpha == 0:
        m = _magnetization(0.0, temperature)
        return MeanField(m, m * m, 1.0 if temperature == 0 else _r(m * m, temperature))
    sigma, largest = _retrieval_peak(temperature)
    if alpha > largest:
        return _spin_glass(alpha, temperature)
    low = 1e-9
    if temperature < _COLDEST:
        y = _root(lambda y: _cold_load(y) - alpha, sigma, max(40.0, 2 / math.sqrt(2 * alpha)))
        m = math.erf(y)
        return MeanField(m, 1.0, (m / y) ** 2 / (2 * alpha))
    width = _root(lambda width: _load(width, temperature) - alpha, low, sigma)
    m = _magnetization(width, temperature)
    q = _square(m, width, temperature)
    return MeanField(m, q, _r(q, temperature))


def critical_load(temperature: float = 0.0) -> float:
    """The largest α at which there is a retrieval state: 0.1379 at temperature 0, 0 from temperature 1 on."""
    return _retrieval_peak(_number(temperature, "temperature"))[1]


def ground_state_load(temperature: float = 0.0) -> float:
    """The largest α at which retrieval has a lower free energy than the spin glass: 0.052 at temperature 0."""
    temperature = _number(temperature, "temperature")
    largest = critical_load(temperature)
    if largest == 0:
        return 0.0

    def excess(alpha: float) -> float:
        retrieval = amit_gutfreund_sompolinsky(alpha, temperature)
        return _free_energy(alpha, temperature, retrieval) - _free_energy(
            alpha, temperature, _spin_glass(alpha, temperature)
        )

    low, high = 1e-6 * largest, largest * (1 - 1e-9)
    return largest if excess(high) < 0 else _root(excess, low, high)


def spin_glass_temperature(alpha: float) -> float:
    """Below 1 + √α the network freezes into states that have to do with no pattern."""
    return 1 + math.sqrt(_number(alpha, "alpha"))


@dataclass(frozen=True, eq=False)
class PhaseBoundaries:
    """The lines of the T–α phase diagram.

    Attributes
    ----------
    temperature : ndarray (k,)
        From 0 to 1.
    retrieval : ndarray (k,)
        α up to which there are retrieval states.
    ground_state : ndarray (k,)
        α up to which they are the states of lowest free energy.
    """

    temperature: Floats
    retrieval: Floats
    ground_state: Floats


@lru_cache(maxsize=8)
def phase_boundaries(points: int = 41) -> PhaseBoundaries:
    """Where retrieval ends, and where it ceases to be the best, for temperatures from 0 to 1; a few seconds."""
    temperatures = np.linspace(0, 1, points)
    return PhaseBoundaries(
        temperatures,
        np.array([critical_load(T) for T in temperatures.tolist()]),
        np.array([ground_state_load(T) for T in temperatures.tolist()]),
    )


# Averages --------------------------------------------------------------------------------------------------------


def _number(value: float, what: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 <= number < math.inf:
        raise InputError(f"{what} is a number from 0 on, not {excerpt(value)}")
    return number


@lru_cache(maxsize=16)
def _gaussian(points: int) -> tuple[Floats, Floats]:
    """Places and weights of an average over Dz: the trapezoid rule is exact here to rounding, if fine enough."""
    z = np.linspace(-_WIDEST, _WIDEST, points)
    weights = np.exp(-(z**2) / 2)
    return z, weights / weights.sum()


def _places(sigma: float, temperature: float) -> tuple[Floats, Floats]:
    steep = sigma / temperature  # tanh(steep z) has its poles at distance π/(2 steep) from the real axis
    return _gaussian(201 + 60 * math.ceil(min(steep, 500.0)))


def _magnetization(sigma: float, temperature: float) -> float:
    """The solution m > 0 of m = ∫Dz tanh β(m + σz), or 0: the right side is concave."""
    if temperature == 0:
        return 1.0 if sigma == 0 else math.erf(_root(lambda y: math.erf(y) / y - math.sqrt(2) * sigma, 1e-9, 40.0))
    z, weights = _places(sigma, temperature)

    def excess(m: float) -> float:
        return float(weights @ np.tanh((m + sigma * z) / temperature)) - m

    least = 1e-7
    return min(1.0, _root(excess, least, 1 + 1e-9)) if excess(least) > 0 else 0.0


def _square(m: float, sigma: float, temperature: float) -> float:
    z, weights = _places(sigma, temperature)
    return float(weights @ np.tanh((m + sigma * z) / temperature) ** 2)


def _r(q: float, temperature: float) -> float:
    return q / (1 - (1 - q) / temperature) ** 2


def _load(sigma: float, temperature: float) -> float:
    """α of the retrieval state with this σ; −1 where there is none."""
    m = _magnetization(sigma, temperature)
    if m == 0:
        return -1.0
    q = _square(m, sigma, temperature)
    susceptible = 1 - (1 - q) / temperature
    return sigma**2 * susceptible**2 / q if susceptible > 0 else -1.0


def _cold_load(y: float) -> float:
    """The same at temperature 0, with y = m/(√2 σ): m = erf y."""
    return 0.5 * (math.erf(y) / y - 2 / math.sqrt(math.pi) * math.exp(-y * y)) ** 2


@lru_cache(maxsize=512)
def _retrieval_peak(temperature: float) -> tuple[float, float]:
    """σ – at temperature 0, y – and α where the retrieval state ends: α(σ) has one maximum."""
    from scipy.optimize import minimize_scalar

    if temperature < _COLDEST:
        found = minimize_scalar(lambda y: -_cold_load(y), bounds=(0.5, 5), method="bounded", options={"xatol": 1e-12})
        return float(found.x), float(-found.fun)
    if temperature >= 1:
        return 0.0, 0.0
    grid = np.linspace(0, 1, 61)[1:]
    loads = [_load(sigma, temperature) for sigma in grid.tolist()]
    best = int(np.argmax(loads))
    low, high = (grid[best - 1] if best else 1e-9), grid[min(best + 1, grid.size - 1)]
    found = minimize_scalar(
        lambda sigma: -_load(sigma, temperature), bounds=(low, high), method="bounded", options={"xatol": 1e-10}
    )
    return float(found.x), max(0.0, float(-found.fun))


def _spin_glass(alpha: float, temperature: float) -> MeanField:
    """The state without an overlap."""
    if temperature < _COLDEST:
        return MeanField(0.0, 1.0, (1 + math.sqrt(2 / (math.pi * alpha))) ** 2)
    if temperature >= spin_glass_temperature(alpha):
        return MeanField(0.0, 0.0, 0.0)

    def excess(sigma: float) -> float:
        q = _square(0.0, sigma, temperature)
        susceptible = 1 - (1 - q) / temperature
        return (sigma**2 * susceptible**2 / q if susceptible > 0 else 0.0) - alpha

    least = 1e-4
    if excess(least) > 0:  # so close to the transition that q is 0 to rounding
        return MeanField(0.0, 0.0, 0.0)
    sigma = _root(excess, least, 10 + 10 * math.sqrt(alpha))
    q = _square(0.0, sigma, temperature)
    return MeanField(0.0, q, _r(q, temperature))


def _free_energy(alpha: float, temperature: float, state: MeanField) -> float:
    """Per unit; Amit, Gutfreund & Sompolinsky 1987, with one pattern condensed."""
    m, q, r = state
    sigma = math.sqrt(alpha * r)
    if temperature < _COLDEST:
        left, y = 1 / math.sqrt(r), m / (math.sqrt(2) * sigma)
        mean_field = m * math.erf(y) + sigma * math.sqrt(2 / math.pi) * math.exp(-y * y)
        return alpha / 2 + m * m / 2 - alpha / (2 * left) + alpha * r * (1 - left) / 2 - mean_field
    beta = 1 / temperature
    z, weights = _places(sigma, temperature)
    h = np.abs(beta * (m + sigma * z))
    entropy = float(weights @ (h + np.log1p(np.exp(-2 * h)))) / beta
    left = 1 - beta * (1 - q)
    others = alpha / (2 * beta) * (math.log(left) - beta * q / left) + alpha * beta * r * (1 - q) / 2
    return alpha / 2 + m * m / 2 + others - entropy


def _root(function: object, low: float, high: float) -> float:
    from scipy.optimize import brentq

    return float(brentq(function, low, high, xtol=1e-13, rtol=1e-13))
