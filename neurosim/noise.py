"""Noise currents: what is random about them. The numbers are drawn inside the kernel, a stream for each neuron."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .units import TIME, Unit, combine, scale

Floats = NDArray[np.float64]


class Kind(IntEnum):
    """The kinds of noise that kernels draw."""

    WHITE = 0
    ORNSTEIN_UHLENBECK = 1
    POISSON = 2


@dataclass(frozen=True, eq=False)
class Noise:
    """In place of a waveform: noise of a kind, whose size is the amplitude of its term.

    `time` is the correlation time (ms) of Ornstein–Uhlenbeck noise, or the mean time between events of a Poisson
    process: a number or one per neuron. If `frozen`, all neurons get the same realisation.
    """

    kind: Kind
    time: Any = np.inf
    frozen: bool = False

    def unit(self, of_input: Unit) -> Unit:
        """The unit of the amplitude: white noise is per √time, an event of a Poisson process carries a charge."""
        power = {Kind.WHITE: 0.5, Kind.ORNSTEIN_UHLENBECK: 0.0, Kind.POISSON: 1.0}[self.kind]
        text = {0.0: "", 0.5: "ms^0.5", 1.0: "ms"}[power]
        parts = [part for part in (of_input.text, text) if part]
        return Unit("*".join(parts), of_input.ten, combine(of_input.dimension, scale(TIME, power)))


@dataclass(frozen=True, eq=False)
class MembraneNoise:
    """In place of a waveform: white noise stated by the mean and standard deviation of the membrane it drives."""

    frozen: bool = False


class Source(NamedTuple):
    """A noise current of a run, in the coherent set: the input it is added to, its size (n,) and `Noise.time` (n,)."""

    target: int
    kind: Kind
    size: Floats
    time: Floats
    frozen: bool
