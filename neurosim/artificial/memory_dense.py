"""Dense associative memory: steeper energies hold many more patterns."""

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError, choices, excerpt
from .memory_recall import Floats, Recall, Stored, check_update
from .memory_rules import OverloadWarning
from .patterns import Signs, as_patterns, seed_sequence, signs, whole

_ENERGIES = ("polynomial", "exponential")


class DenseMemory:
    """A memory of n units ±1 whose energy is a steep function of the overlaps, M^µ = Σ ξ_i^µ s_i.

    Parameters
    ----------
    n
        Number of units.
    energy
        "polynomial": E = −(n/2) Σ_µ (M^µ/n)^degree (Krotov & Hopfield 2016, arXiv:1606.01164); with degree 2 the
        Hopfield memory, up to a constant. "exponential": E = −ln Σ_µ exp M^µ, which orders states like −Σ exp M^µ
        (Demircigil et al. 2017, doi:10.1007/s10955-017-1806-y).
    degree
        Of the polynomial, at least 2. Held without error: about n^(degree − 1)/(2 (2 degree − 3)!! ln n) patterns.
    """

    def __init__(self, n: int, *, energy: str = "polynomial", degree: int = 3) -> None:
        if energy not in _ENERGIES:
            raise InputError(f"unknown energy {excerpt(energy)}; {choices(energy, _ENERGIES)}")
        self.n, self.kind, self.degree = whole(n, "n", 1), energy, whole(degree, "degree", 2)
        self._stored = Stored((), self.n, (self.n,), np.zeros((0, self.n), np.int8))
        self._columns: NDArray[np.float64] = np.zeros((self.n, 0))

    def store(self, patterns: Any) -> "DenseMemory":
        """Add patterns: a dict of name → array, an array (P, n), or one pattern.

        Warns
        -----
        OverloadWarning
            Where more is stored than a polynomial of this degree holds without error.
        """
        names, values, shape = as_patterns(patterns, self.n)
        if self._stored.count:
            if set(names) & set(self.names):
                names = tuple(str(self._stored.count + k) for k in range(len(names)))
            names, values = self.names + names, np.concatenate([self._stored.all(), values])
            shape = self._stored.shape
        self._stored = Stored(names, self.n, shape, values)
        self._columns = np.ascontiguousarray(values.T, dtype=np.float64)
        if self.kind == "polynomial" and self._stored.count > self.capacity:
            warnings.warn(
                f"{self._stored.count} patterns in {self.n} units; an energy of degree {self.degree} holds about "
                f"{self.capacity:.0f} random patterns without error",
                OverloadWarning,
                stacklevel=2,
            )
        return self

    @property
    def capacity(self) -> float:
        """Random patterns held without error, for large n (Krotov & Hopfield 2016; 2^(n/2) for the exponential)."""
        if self.kind == "exponential":
            return float(2.0 ** (self.n / 2))
        odd = math.prod(range(1, 2 * self.degree - 2, 2))
        return float(self.n) ** (self.degree - 1) / (2 * odd * math.log(max(self.n, 2)))

    def recall(
        self,
        cue: ArrayLike,
        update: str = "asynchronous",
        beta: float = math.inf,
        *,
        seed: int | None = None,
        max_sweeps: int = 100,
    ) -> Recall:
        """Start at a cue and let the network run; arguments and result as for `Hopfield.recall`.

        The field of a unit is half the energy it gains by becoming +1.
        """
        beta = check_update(update, beta)
        most = whole(max_sweeps, "max_sweeps", 1)
        if not self._stored.count:
            raise InputError("nothing is stored; store patterns first")
        s = self._state(cue).copy()
        sequence = seed_sequence(seed)
        generator = np.random.Generator(np.random.PCG64(sequence))
        states, flips, order = [s.copy()], list[int](), list[int]()
        seen, period = {s.tobytes(): 0}, None
        while len(flips) < most and period is None:
            changed = self._sweep(s, update == "asynchronous", beta, generator)
            flips.append(len(changed))
            order += changed if update == "asynchronous" else []
            states.append(s.copy())
            if math.isinf(beta):
                before = seen.setdefault(s.tobytes(), len(flips))
                period = len(flips) - before or None
        return Recall(
            state=s.reshape(self._stored.shape),
            sweeps=len(flips),
            period=period,
            energy=np.array([self.energy(state) for state in states]),
            flips=np.array(flips, dtype=np.int64),
            flip_order=np.array(order, dtype=np.int32),
            update=update,
            beta=beta,
            seed=int(sequence.entropy),  # type: ignore[arg-type]  # one number: that is how it was made
            stored=self._stored,
            course=np.packbits(np.stack(states) > 0, axis=1, bitorder="little"),
        )

    def _sweep(self, s: Signs, one_by_one: bool, beta: float, generator: np.random.Generator) -> list[int]:
        """Update every unit of `s`, in place; the units that flipped."""
        order = generator.permutation(self.n) if one_by_one else np.arange(self.n)
        draws = generator.random(self.n)
        M, changed = self._stored.products(s), list[int]()
        for i, draw in zip(order.tolist(), draws.tolist(), strict=True):
            towards = float(s[i]) * self._field(M - self._columns[i] * s[i], self._columns[i])
            if math.isinf(beta):
                flip = towards < -1e-12 * self.n
            else:
                flip = draw * (1 + math.exp(min(2 * beta * towards, 700.0))) < 1
            if flip:
                changed.append(i)
                if one_by_one:
                    M -= 2 * self._columns[i] * s[i]
                    s[i] = -s[i]
        if not one_by_one:
            s[changed] *= -1
        return changed

    def _field(self, others: Floats, column: Floats) -> float:
        """Half of E(−1) − E(+1) of a unit, from the products M of the other units and its bits."""
        return (self._energy_of(others - column) - self._energy_of(others + column)) / 2

    def _energy_of(self, M: Floats) -> float:
        if self.kind == "exponential":
            largest = float(M.max())
            return -largest - math.log(np.exp(M - largest).sum())
        return -self.n / 2 * float(((M / self.n) ** self.degree).sum())

    def energy(self, state: ArrayLike) -> float:
        """The energy of a state; see the class."""
        if not self._stored.count:
            raise InputError("nothing is stored; store patterns first")
        return self._energy_of(self._stored.products(self._state(state)))

    def _state(self, state: ArrayLike) -> Signs:
        values = signs(state, "the cue")
        if values.size != self.n:
            raise InputError(f"the cue has {values.size} values, but the memory has {self.n} units")
        return values.ravel()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the stored patterns."""
        return self._stored.names

    @property
    def patterns(self) -> Signs:
        """The stored patterns (P, n)."""
        return self._stored.all()

    def __repr__(self) -> str:
        kind = f"degree {self.degree}" if self.kind == "polynomial" else "exponential"
        return f"<DenseMemory: {self.n} units, {self._stored.count} patterns, {kind}>"
