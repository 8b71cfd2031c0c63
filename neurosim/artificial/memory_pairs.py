"""Heteroassociation: an input pattern calls up another, of another size."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import InputError, choices, excerpt
from .memory_recall import RETRIEVED, Floats, Stored
from .patterns import Signs, as_patterns, signs, whole

_RULES = ("hebb", "pseudo-inverse")


class Heteroassociator:
    """Weights (n_out, n_in) that lead from patterns of n_in units to patterns of n_out units in one step.

    Parameters
    ----------
    n_in, n_out
        Numbers of units.
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        self.n_in, self.n_out = whole(n_in, "n_in", 1), whole(n_out, "n_out", 1)
        self.weights: Floats = np.zeros((self.n_out, self.n_in))
        self._inputs: Signs = np.zeros((0, self.n_in), np.int8)
        self._stored = Stored((), self.n_out, (self.n_out,), np.zeros((0, self.n_out), np.int8))

    def store(self, inputs: Any, outputs: Any, rule: str = "hebb") -> "Heteroassociator":
        """Store pairs, in place of earlier ones.

        Parameters
        ----------
        inputs, outputs
            As many of each: dicts with the same names, or arrays (P, n_in) and (P, n_out).
        rule
            "hebb": w = Σ η^µ ξ^µ/n_in. "pseudo-inverse": exact for linearly independent inputs.
        """
        if rule not in _RULES:
            raise InputError(f"unknown rule {excerpt(rule)} for pairs; {choices(rule, _RULES)}")
        first, second = as_patterns(inputs, self.n_in), as_patterns(outputs, self.n_out)
        if len(first.names) != len(second.names):
            raise InputError(f"{len(first.names)} inputs, but {len(second.names)} outputs; they are stored in pairs")
        values = second.values
        if set(first.names) == set(second.names):
            values = values[[second.names.index(name) for name in first.names]]
            names = first.names
        else:
            names = second.names
        self._inputs, self._stored = first.values, Stored(names, self.n_out, second.shape, values)
        numbers, targets = first.values.astype(np.float64), values.astype(np.float64)
        self.weights = targets.T @ (numbers / self.n_in if rule == "hebb" else np.linalg.pinv(numbers).T)
        return self

    def recall(self, cue: ArrayLike) -> "Association":
        """The output for an input of n_in values ±1: the signs of the fields, +1 where one is 0."""
        if not self._stored.count:
            raise InputError("nothing is stored; store pairs first")
        s = signs(cue, "the cue")
        if s.size != self.n_in:
            raise InputError(f"the cue has {s.size} values, but {self.n_in} are expected")
        h = self.weights @ s.ravel().astype(np.float64)
        output = np.where(h > -1e-12, 1, -1).astype(np.int8)
        return Association(output.reshape(self._stored.shape), self._stored)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return self._stored.names

    def __repr__(self) -> str:
        return f"<Heteroassociator: {self.n_in} → {self.n_out} units, {self._stored.count} pairs>"


@dataclass(frozen=True, eq=False)
class Association:
    """What a heteroassociator gives for a cue.

    Attributes
    ----------
    output : ndarray
        ±1, in the shape of the output patterns.
    """

    output: Signs
    stored: Stored = field(repr=False)

    @property
    def overlaps(self) -> Floats:
        """With every output pattern (P,)."""
        return self.stored.overlaps(self.output.ravel())

    @property
    def overlap(self) -> float:
        """The one of largest size."""
        overlaps = self.overlaps
        return float(overlaps[np.abs(overlaps).argmax()])

    @property
    def verdict(self) -> str:
        """As for `Recall`: "retrieved", "mirror" or "spurious"."""
        if abs(self.overlap) < RETRIEVED:
            return "spurious"
        return "retrieved" if self.overlap > 0 else "mirror"

    @property
    def pattern(self) -> str | None:
        """Name of the output pattern that was retrieved, or whose mirror image was; None otherwise."""
        return None if self.verdict == "spurious" else self.stored.names[int(np.abs(self.overlaps).argmax())]

    @property
    def exact(self) -> bool:
        """Whether the output is a stored pattern or a mirror image to the last unit."""
        return abs(self.overlap) > 1 - 1 / self.stored.n

    def __str__(self) -> str:
        return f"{self.verdict}: {self.pattern}" if self.pattern else self.verdict
