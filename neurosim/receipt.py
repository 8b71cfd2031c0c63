"""What decides the bits of a run, beside the model and the current: kept with every recording."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Receipt:
    """How a run was made, to repeat it.

    Attributes
    ----------
    settings : mapping of name to ndarray () or (n,)
        Every parameter, in the coherent set {ms, mV, nA, nF, uS, MOhm}, per area {uA, uF, mS}/cm^2.
    start : mapping of name to ndarray () or (n,)
        Values that were given in place of the model's own start, in the same set.
    random : ndarray (n, words) of int64 or None
        State of the random streams that the run went on with.
    seed : int
        Entropy of the random numbers; without meaning where none are drawn.
    steps : int
        How many were wanted.
    spike_timing : str
        "located" or "grid".
    rtol, atol : float
        0 for a method with a fixed step.
    environment : mapping of str to str
        Versions, system, C library, processor and the names of its features: where these agree, so do all bits.
    """

    settings: Mapping[str, NDArray[np.float64]]
    start: Mapping[str, NDArray[np.float64]]
    random: Any
    seed: int
    steps: int
    spike_timing: str
    rtol: float
    atol: float
    environment: Mapping[str, str]


def text_hash(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
