"""Fixed points followed through a range of a parameter or an input, and where their stability changes."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .flow import Flow

Floats = NDArray[np.float64]

_LONGEST, _SHORTEST, _FIRST = 0.02, 1e-9, 1e-3  # steps along a branch, in parts of the picture
_MOST_POINTS = 4000
_CORRECTIONS, _CLOSE = 12, 1e-12
_STRAIGHT = 0.98  # cosine of the angle between two steps
_HALVINGS = 50
_TURNING = 1e-3  # share of a direction that is along the parameter, at a fold
_SEEDS = 9


class Curve(NamedTuple):
    """A branch of fixed points: values (p,), states (k, p), and the eigenvalues of each (p, k)."""

    values: Floats
    states: Floats
    eigenvalues: NDArray[np.complex128]


class Change(NamedTuple):
    """Where eigenvalues cross the imaginary axis: how, the value, states (k,), and the one that crosses.

    `kind` is "Hopf" for a pair; for a real one "fold" where the branch turns round, else "branch point".
    """

    kind: str
    value: float
    states: Floats
    eigenvalue: complex


class Continuation:
    """Fixed points of a flow over its parameter `over`, by pseudo-arclength continuation.

    Parameters
    ----------
    flow
    low, high
        The range, in the coherent set.
    """

    def __init__(self, flow: Flow, low: float, high: float) -> None:
        self.flow, self.low, self.high = flow, low, high
        self.seeds = [(value, flow.fixed_points(value)) for value in np.linspace(low, high, _SEEDS)]
        found = np.concatenate([states for _, states in self.seeds], axis=1)
        size = np.ptp(found, axis=1) if found.shape[1] else np.ones(len(flow.names))
        self.scale = np.r_[np.where(size > 0, size, np.abs(flow.start) + 1.0), high - low]
        self.curves: list[Curve] = []
        self.changes: list[Change] = []
        for value, states in self.seeds:
            for state in states.T:
                if not self._known(value, state):
                    self._follow(value, state)

    def _known(self, value: float, state: Floats) -> bool:
        """Whether a fixed point lies on a branch that was followed."""
        for curve in self.curves:
            side = curve.values - value
            for k in np.flatnonzero(side[:-1] * side[1:] <= 0):
                width = side[k + 1] - side[k]
                share = -side[k] / width if width else 0.0
                between = curve.states[:, k] + share * (curve.states[:, k + 1] - curve.states[:, k])
                if (np.abs(between - state) <= 5e-3 * self.scale[:-1]).all():
                    return True
        return False

    def _follow(self, value: float, state: Floats) -> None:
        """A branch, from one of its points both ways."""
        start = np.r_[state, value] / self.scale
        along = self._tangent(start, None)
        if along is None:
            return
        halves = [list(self._walk(start, sign * along)) for sign in (-1.0, 1.0)]
        points = np.array([*halves[0][::-1], start, *halves[1]]).T
        curve = self._curve(points)
        self.curves.append(curve)
        unstable = (curve.eigenvalues.real > 0).sum(axis=1)
        for k in np.flatnonzero(np.diff(unstable)):
            found = self._change(points[:, k], points[:, k + 1])
            if not any(self._same(found, other) for other in self.changes):
                self.changes.append(found)

    def _same(self, one: Change, other: Change) -> bool:
        """Whether a closed branch passed the same point twice."""
        apart = np.r_[one.states - other.states, one.value - other.value] / self.scale
        return one.kind == other.kind and float(np.abs(apart).max()) < 1e-7

    def _curve(self, points: Floats) -> Curve:
        full = points * self.scale[:, None]
        size = len(self.flow.names)
        _, matrices = self.flow.jacobian(full[:-1], full[-1])
        found = np.linalg.eigvals(matrices[:, :, :size]).astype(np.complex128)
        return Curve(full[-1], full[:-1], found)

    def _walk(self, start: Floats, along: Floats) -> Iterator[Floats]:
        """Points of a branch until it leaves the range, at whose end the last one is, or closes, or cannot go on."""
        point, step = start, _FIRST
        low, high = self.low / self.scale[-1], self.high / self.scale[-1]
        if (point[-1] <= low and along[-1] < 0) or (point[-1] >= high and along[-1] > 0):
            return
        for number in range(_MOST_POINTS):
            following = self._correct(point + step * along, along)
            direction = None if following is None else self._tangent(following, along)
            if following is None or direction is None or direction @ along < _STRAIGHT:
                step /= 2
                if step < _SHORTEST:
                    return
                continue
            if not low < following[-1] < high:
                edge = low if following[-1] <= low else high
                row = np.zeros(following.size)
                row[-1] = 1.0
                share = (edge - point[-1]) / (following[-1] - point[-1])
                guess = point + share * (following - point)
                guess[-1] = edge
                last = self._correct(guess, row)
                if last is not None:
                    yield last
                return
            yield following
            if number > 3 and np.abs(following - start).max() < 0.7 * step:
                return
            point, along, step = following, direction, min(1.5 * step, _LONGEST)

    def _equations(self, point: Floats) -> tuple[Floats, Floats]:
        """Rates (k,), and their derivatives (k, k + 1) along the scaled coordinates."""
        full = point * self.scale
        rates, matrix = self.flow.jacobian(full[:-1], full[-1])
        return rates, matrix * self.scale

    def _tangent(self, point: Floats, before: Floats | None) -> Floats | None:
        """The direction of the branch, of length 1: the one that goes on from `before`, else to larger values."""
        _, matrix = self._equations(point)
        if not np.isfinite(matrix).all():
            return None
        matrix = matrix / np.maximum(np.abs(matrix).max(axis=1, keepdims=True), 1e-300)
        found: Floats = np.linalg.svd(matrix)[2][-1]
        towards = found[-1] if before is None else found @ before
        return found if towards >= 0 else -found

    def _correct(self, point: Floats, row: Floats) -> Floats | None:
        """The fixed point in the plane through `point` across `row`, by Newton's method."""
        point, start = point.copy(), point
        for _ in range(_CORRECTIONS):
            rates, matrix = self._equations(point)
            full = np.vstack([matrix, row])
            right = np.r_[rates, (point - start) @ row]
            weight = np.maximum(np.abs(full).max(axis=1), 1e-300)
            if not (np.isfinite(full).all() and np.isfinite(right).all()):
                return None
            try:
                step = np.linalg.solve(full / weight[:, None], right / weight)
            except np.linalg.LinAlgError:
                return None
            point -= step
            if np.abs(step).max() <= _CLOSE * (1 + np.abs(point).max()):
                return point if np.abs(point - start).max() < 0.5 else None
        return None

    def _change(self, one: Floats, other: Floats) -> Change:
        """Halve the way between two neighbours as long as the number of unstable directions tells the halves apart."""

        def unstable(point: Floats) -> tuple[int, NDArray[np.complex128]]:
            found = self._curve(point[:, None]).eigenvalues[0]
            return int((found.real > 0).sum()), found

        first, _ = unstable(one)
        row = (other - one) / np.linalg.norm(other - one)
        for _ in range(_HALVINGS):
            middle = self._correct((one + other) / 2, row)
            if middle is None or np.abs(other - one).max() < 1e-14:
                break
            one, other = (middle, other) if unstable(middle)[0] == first else (one, middle)
        _, found = unstable(other)
        crossing = complex(found[np.abs(found.real).argmin()])
        full, direction = other * self.scale, self._tangent(other, None)
        turns = direction is not None and abs(direction[-1]) < _TURNING
        kind = "Hopf" if abs(crossing.imag) > 1e-6 * np.abs(found).max() else "fold" if turns else "branch point"
        return Change(kind, float(full[-1]), full[:-1], complex(crossing.real, abs(crossing.imag)))
