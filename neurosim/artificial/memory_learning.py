"""How a memory gets its weights, and what may happen to them afterwards."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from .memory_engines import Engine, FormedWeights, OverlapFields, asynchronous
from .memory_recall import Floats, Stored
from .memory_rules import RULES, hebb_counts, margin, mean_value
from .patterns import Patterns, random_numbers, seed_sequence, share

_MOST_BYTES = 4_000_000_000


def check_room(n: int, rule: str) -> None:
    """Refuse weights that no memory of a computer holds."""
    if 8 * n**2 > _MOST_BYTES:
        raise InputError(
            f"weights of {n} units need {8e-9 * n**2:.3g} GB for the rule {rule}; take fewer units, or the rule hebb, "
            "which can do without (engine='overlaps')"
        )


def storage(patterns: Patterns, rule: str, as_bits: bool) -> Stored:
    """Patterns as a memory keeps them."""
    names, values, shape = patterns
    n = values.shape[1]
    if not as_bits:
        mean = mean_value(values) if rule == "covariance" and len(values) else 0.0
        return Stored(names, n, shape, values, None, mean)
    bits = np.empty((n, (len(values) + 7) // 8), dtype=np.uint8)
    for byte in range(bits.shape[1]):
        bits[:, byte] = np.packbits(values[8 * byte : 8 * byte + 8] > 0, axis=0, bitorder="little")[0]
    return Stored(names, n, shape, None, bits)


def learned(stored: Stored, rule: str, kappa: float, quiet: bool = False) -> Engine:
    """An engine with the weights of a rule.

    Covariance has a threshold, too: −a(1 − a²), midway between the fields of active and silent units of a pattern.
    """
    n, count = stored.n, stored.count
    if stored.bits is not None:
        return OverlapFields(stored.bits, count, 1 / n)
    values = stored.all()
    if not count:
        return FormedWeights.of(np.zeros((n, n)))
    if rule == "hebb":
        counts = hebb_counts(values)
        if count * n >= 2**31:  # fields of whole numbers have 32 bits
            return FormedWeights.of(counts / n)
        return FormedWeights(counts, 1 / n, symmetric=True, hebb=values)
    weights = RULES[rule](values, kappa=kappa, quiet=quiet)
    return FormedWeights.of(weights, margin(rule), -stored.mean * (1 - stored.mean**2))


def unlearned(
    engine: FormedWeights, units: NDArray[np.int32], steps: int, strength: float, seed: int | None
) -> FormedWeights:
    """Weights from which the ends of so many random starts are taken."""
    weights, n = engine.matrix * engine.scale, engine.matrix.shape[0]
    generator, rng = random_numbers(seed, 1), seed_sequence(seed, 2).generate_state(4, np.uint64)
    for _ in range(steps):
        start = np.zeros(n, np.int8)
        start[units] = 2 * generator.integers(0, 2, units.size, dtype=np.int8) - 1
        now = FormedWeights(weights, 1.0, symmetric=True, margin=1e-12, threshold=engine.threshold)
        end = asynchronous(now, start, units, rng, math.inf, 100).state.astype(np.float64)
        weights -= strength / n * np.outer(end, end)
        weights.flat[:: n + 1] = 0
    return FormedWeights.of(weights, engine.margin, engine.threshold)


def diluted(engine: FormedWeights, fraction: float, seed: int | None, symmetric: bool) -> FormedWeights:
    """The same with a fraction of the weights set to 0."""
    matrix = engine.matrix.copy()
    rows, columns = np.triu_indices(len(matrix), 1)
    if not symmetric:
        rows, columns = np.concatenate([rows, columns]), np.concatenate([columns, rows])
    gone = random_numbers(seed).permutation(rows.size)[: round(fraction * rows.size)]
    matrix[rows[gone], columns[gone]] = 0
    if symmetric:
        matrix[columns[gone], rows[gone]] = 0
    if matrix.dtype.kind == "f":
        return FormedWeights.of(matrix, engine.margin, engine.threshold)
    return FormedWeights(matrix, engine.scale, engine.symmetric and (symmetric or fraction == 0))


def remaining(live: NDArray[np.int32], units: float | ArrayLike, n: int, seed: int | None) -> NDArray[np.int32]:
    """The units that are left when some, or a fraction, are removed."""
    if isinstance(units, float):
        gone: Any = random_numbers(seed).permutation(n)[: round(share(units, "the fraction of units to remove") * n)]
    else:
        gone = np.atleast_1d(np.asarray(units))
        if gone.dtype.kind not in "iu" or ((gone < 0) | (gone >= n)).any():
            raise InputError(f"units to remove are indices from 0 to {n - 1}, or a fraction such as 0.2")
    kept = np.setdiff1d(live, gone).astype(np.int32)
    if not kept.size:
        raise InputError("no unit would remain; remove fewer")
    return kept


def energies(engine: Engine, products: Floats, sums: Any) -> Floats:
    """−½ Σ w s s + θ Σ s from the products Σ s h of states and fields, in steps, and the sums of the states."""
    return np.asarray(-0.5 * engine.scale * products + 0.5 * engine.threshold * sums)
