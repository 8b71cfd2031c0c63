"""The survivor function exp(-∫ hazard) of many hazards at once, by adaptive panels of Gauss–Legendre nodes."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NODES: Final = 16
_TOLERANCE = 1e-13  # of the survivor function, in each panel
_DEAD = 46.0  # exp(-46) = 1e-20
_END = 1e15  # ms
_MOST_PANELS = 20_000


class Rough(Exception):
    """The hazard varies on a time shorter than the shortest panel, at `args[0]`."""


class Basis(NamedTuple):
    """Gauss–Legendre nodes and weights on [0, 1], and what maps values there to …

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
    """Hazards and survivors of n curves on P panels, times counted from where they begin.

    `edge` (P + 1,); `hazard` and `survivor` (n, P, NODES); `accumulated` (n, P + 1): the integral of the hazard at the
    edges; `tail` (n,): the constant hazard from the last edge on, 0 for none.
    """

    edge: Floats
    hazard: Floats
    survivor: Floats
    accumulated: Floats
    tail: Floats

    @property
    def width(self) -> Floats:
        """Of each panel: (P,)."""
        return np.diff(self.edge)

    @property
    def time(self) -> Floats:
        """The nodes: (P, NODES)."""
        return self.edge[:-1, None] + self.width[:, None] * basis().nodes

    def integral(self, values: Floats) -> Floats:
        """Over all panels, of values (n, P, NODES): (n,)."""
        result: Floats = np.einsum("npk,p,k->n", values, self.width, basis().weights)
        return result

    @property
    def left(self) -> Floats:
        """The survivors at the last edge: (n,)."""
        return np.exp(-self.accumulated[:, -1])

    def survivor_integrals(self) -> tuple[Floats, Floats]:
        """The integrals of S and of t·S to infinity: (n,) each; infinite where a part never dies."""
        end, survive = self.edge[-1], self.left
        first, second = self.integral(self.survivor), self.integral(self.survivor * self.time)
        with np.errstate(all="ignore"):
            once = np.where(survive > np.exp(-_DEAD), survive / self.tail, 0.0)
            twice = np.where(once > 0, once * (end + 1 / self.tail), 0.0)
        return first + once, second + twice

    def spread(self, mean: Floats) -> Floats:
        """The integral of (t - mean)² D: (n,)."""
        end, survive = self.edge[-1] - mean, self.left
        inside = self.integral((self.time - mean[:, None, None]) ** 2 * self.hazard * self.survivor)
        with np.errstate(all="ignore"):
            rest = survive * (end**2 + 2 * end / self.tail + 2 / self.tail**2)
        return inside + np.where(survive > np.exp(-_DEAD), rest, 0.0)


def survive(hazard: Callable[[Floats], Floats], curves: int, first: float, least: float = 0.0) -> Panels:
    """Integrate hazards until nothing survives or they are constant.

    Parameters
    ----------
    hazard
        Of times (k,) from 0 on, per unit of time: (curves, k). At infinite time it tells the limit.
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
    limit = hazard(np.array([np.inf]))[:, 0]
    edge, rows, survivors, accumulated = [0.0], [], [], [np.zeros(curves)]
    tail, width = np.full(curves, np.nan), first
    while np.isnan(tail).any() and edge[-1] < _END and len(rows) < _MOST_PANELS:
        sum_, x = accumulated[-1], edge[-1]
        rho = hazard(x + width * b.nodes)
        grown = sum_[:, None] + width * (rho @ b.integral)
        S = np.exp(-grown[:, :-1])
        alive = np.isnan(tail) & (sum_ < _DEAD)
        error = np.abs(rho @ b.tail.T).max(axis=1) * width * np.exp(-sum_) + np.abs(S @ b.tail.T).max(axis=1)
        worst = float(np.max(error, where=alive, initial=0.0))
        if worst > _TOLERANCE and width > max(1e-15 * x, least):
            if width / 2 < least:
                raise Rough(x + width)
            width /= 2
            continue
        edge.append(x + width)
        rows.append(rho)
        survivors.append(S)
        accumulated.append(grown[:, -1])
        settled = (limit > 0) & (np.abs(rho - limit[:, None]).max(axis=1) <= 1e-13 * limit)
        over = np.isnan(tail) & (settled | (grown[:, -1] > _DEAD))
        tail[over] = np.where(settled, limit, rho[:, -1])[over]
        width *= 2
    unsettled = np.isnan(tail)
    tail[unsettled] = np.where(limit > 0, rows[-1][:, -1], 0.0)[unsettled]
    return Panels(
        np.array(edge), np.stack(rows, axis=1), np.stack(survivors, axis=1), np.stack(accumulated, axis=1), tail
    )
