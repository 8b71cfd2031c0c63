"""The survivor function exp(-∫ hazard) of many hazards at once, by adaptive panels of Gauss–Legendre nodes."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NODES: Final = 16
_TOLERANCE = 1e-13  # of the survivor function, in each panel
_DEAD = 46.0
NOTHING: Final = 1e-20
"""Of the survivors: exp(-46)."""
_END = 1e15  # ms
_MOST_ROUNDS = 20_000


class Rough(Exception):
    """The hazard varies on a time shorter than the shortest panel, at `args[0]`."""


class Basis(NamedTuple):
    """Gauss–Legendre nodes and weights on [0, 1], and what is linear in values there.

    `coefficients` (NODES, NODES): those of the Legendre series; `integral` (NODES, NODES + 1): the integral from 0 to
    each node and to 1; `tail` (3, NODES): the last coefficients, which tell how well a panel is resolved.
    """

    nodes: Floats
    weights: Floats
    coefficients: Floats
    integral: Floats
    tail: Floats


@lru_cache(maxsize=1)
def basis() -> Basis:
    """The same for all panels."""
    legendre = np.polynomial.legendre
    x, w = legendre.leggauss(NODES)
    degree = np.arange(NODES)
    coefficients = (2 * degree[:, None] + 1) / 2 * legendre.legvander(x, NODES - 1).T * w
    to = np.append(x, 1.0)
    integral = np.array([legendre.legval(to, legendre.legint(column, lbnd=-1)) for column in coefficients.T]) / 2
    return Basis((x + 1) / 2, w / 2, coefficients, integral, coefficients[-3:])


class Panels(NamedTuple):
    """Hazards and survivors of n curves on P panels, each curve its own; times counted from where they begin.

    `begin`, `width` (n, P): in order, some of no width; `hazard` and `survivor` (n, P, NODES); `accumulated` (n, P):
    the integral of the hazard to where they begin; `end` (n,): where the last one ends, with `left` (n,) surviving, and
    `tail` (n,) the constant hazard from there on, 0 for none.
    """

    begin: Floats
    width: Floats
    hazard: Floats
    survivor: Floats
    accumulated: Floats
    end: Floats
    left: Floats
    tail: Floats

    @property
    def time(self) -> Floats:
        """The nodes: (n, P, NODES)."""
        return self.begin[..., None] + self.width[..., None] * basis().nodes

    def integral(self, values: Floats) -> Floats:
        """Over all panels, of values (n, P, NODES): (n,)."""
        result: Floats = np.einsum("npk,np,k->n", values, self.width, basis().weights)
        return result

    def survivor_integrals(self) -> tuple[Floats, Floats]:
        """The integrals of S and of t·S to infinity: (n,) each; infinite where a part never dies."""
        first, second = self.integral(self.survivor), self.integral(self.survivor * self.time)
        with np.errstate(all="ignore"):
            once = np.where(self.left > NOTHING, self.left / self.tail, 0.0)
            twice = np.where(once > 0, once * (self.end + 1 / self.tail), 0.0)
        return first + once, second + twice

    def spread(self, mean: Floats) -> Floats:
        """The integral of (t - mean)² D: (n,)."""
        end = self.end - mean
        inside = self.integral((self.time - mean[:, None, None]) ** 2 * self.hazard * self.survivor)
        with np.errstate(all="ignore"):
            rest = self.left * (end**2 + 2 * end / self.tail + 2 / self.tail**2)
        return inside + np.where(self.left > NOTHING, rest, 0.0)


def survive(hazard: Callable[[Floats], Floats], curves: int, first: float, least: float = 0.0) -> Panels:
    """Integrate hazards until nothing survives or they are constant; every curve has panels of its own.

    Parameters
    ----------
    hazard
        Of times (curves, k) from 0 on, per unit of time: (curves, k). At infinite time it tells the limit.
    first
        Width of the first panel.
    least
        Width below which no panel may fall.

    Raises
    ------
    Rough
        Where one does.
    """
    b = basis()
    limit = hazard(np.full((curves, 1), np.inf))[:, 0]
    x, sum_, width, tail = np.zeros(curves), np.zeros(curves), np.full(curves, first), np.full(curves, np.nan)
    kept = []
    for _ in range(_MOST_ROUNDS):
        open_ = np.isnan(tail)
        if not open_.any():
            break
        rho = hazard(x[:, None] + width[:, None] * b.nodes)
        grown = sum_[:, None] + width[:, None] * (rho @ b.integral)
        S = np.exp(-np.maximum(grown[:, :-1], 0.0))  # a panel still too wide can overshoot
        error = np.abs(rho @ b.tail.T).max(axis=1) * width * np.exp(-sum_) + np.abs(S @ b.tail.T).max(axis=1)
        good = (error <= _TOLERANCE) | (width <= 1e-15 * x)
        if (short := open_ & ~good & (width < 2 * least)).any():
            raise Rough(float((x + width)[short].max()))
        taken = open_ & good
        kept.append((x, np.where(taken, width, 0.0), rho, S, sum_))
        settled = (limit > 0) & (np.abs(rho - limit[:, None]).max(axis=1) <= 1e-13 * limit)
        x = np.where(taken, x + width, x)
        sum_ = np.where(taken, grown[:, -1], sum_)
        over = taken & (settled | (sum_ > _DEAD) | (x > _END))
        last = np.where(sum_ > _DEAD, rho[:, -1], np.where(limit > 0, rho[:, -1], 0.0))
        tail = np.where(over, np.where(settled, limit, last), tail)
        width = np.where(good, 2 * width, width / 2)
    tail = np.where(np.isnan(tail), 0.0, tail)
    begin, wide, rho, S, accumulated = (np.stack(column, axis=1) for column in zip(*kept, strict=True))
    return Panels(begin, wide, rho, S, accumulated, x, np.exp(-sum_), tail)
