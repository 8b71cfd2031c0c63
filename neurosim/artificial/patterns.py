"""Patterns of ±1: random ones, noise and masks, and the checks that every pattern passes.

A pattern is an array of any shape; +1 is drawn as ink. A memory takes a dict of name → pattern or an array (P, n).
"""

import math
import numbers
import operator
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, choices, excerpt

Signs = NDArray[np.int8]

_PARTS = ("top", "bottom", "left", "right", "middle")


class Patterns(NamedTuple):
    """Checked patterns: names, values (P, n) of ±1, and the shape they are drawn in."""

    names: tuple[str, ...]
    values: Signs
    shape: tuple[int, ...]


def as_patterns(patterns: Any, n: int | None = None) -> Patterns:
    """Check patterns: a dict of name → array, an array (P, n), or one pattern.

    Raises
    ------
    InputError
        For no patterns, values other than ±1, patterns of different size or of another size than `n`.
    """
    if isinstance(patterns, Mapping):
        names, arrays = tuple(str(name) for name in patterns), list(patterns.values())
    else:
        arrays = _several(patterns, n)
        names = tuple(str(k) for k in range(len(arrays)))
    if not len(arrays):
        raise InputError("no patterns; give a dict of name → pattern, or an array (patterns, units) of ±1")
    if len(set(names)) < len(names):
        raise InputError("two patterns have the same name")
    shape = np.shape(arrays[0])
    size = n or math.prod(shape)
    values = np.empty((len(arrays), size), dtype=np.int8)
    for name, array, row in zip(names, arrays, values, strict=True):
        if np.size(array) != size:
            where = f"the memory has {size} units" if n else f"pattern {excerpt(names[0])} has {size}"
            raise InputError(f"pattern {excerpt(name)} has {np.size(array)} values, but {where}")
        row[:] = signs(array, f"pattern {excerpt(name)}").ravel()
    return Patterns(names, values, shape if math.prod(shape) == size else (size,))


def _several(patterns: Any, n: int | None) -> Any:
    """An array or a list of arrays as something with one pattern after the other."""
    try:
        array = np.asarray(patterns)
    except ValueError:  # patterns of different size
        return list(patterns)
    if array.dtype == object:
        return list(patterns)
    if array.ndim == 0:
        raise InputError(f"patterns are a dict of name → array or an array (patterns, units), not {excerpt(patterns)}")
    if array.ndim == 1:
        return array[None] if array.size else []
    return array[None] if array.size == n != array[0].size else array


def signs(values: Any, what: str) -> Signs:
    """`values` as int8, if each is −1 or +1."""
    array = np.asarray(values)
    if array.dtype == np.int8 and array.size and _only_signs(array):
        return array
    if array.size == 0:
        raise InputError(f"{what} is empty; it needs values of -1 and +1")
    if array.dtype == bool or (array.dtype.kind in "iuf" and np.isin(array, (0, 1)).all() and not (array == 1).all()):
        raise InputError(f"{what} has values 0 and 1, not -1 and +1; convert it with neurosim.from_binary")
    if array.dtype.kind not in "iuf":
        raise InputError(f"{what} is {excerpt(values)}, not an array of -1 and +1")
    wrong = np.abs(array) != 1
    if wrong.any():
        where = tuple(int(k) for k in np.argwhere(wrong)[0])
        place = f"[{', '.join(map(str, where))}]"
        raise InputError(f"{what} has the value {array[where]} at {place}; every value is -1 or +1")
    return array.astype(np.int8)


def _only_signs(array: Signs) -> bool:
    least, greatest = int(array.min()), int(array.max())
    return least >= -1 and greatest <= 1 and int(np.count_nonzero(array)) == array.size


def from_binary(patterns: Any) -> Any:
    """Turn 0 into −1 and 1 into +1, in an array or in every array of a dict.

    Raises
    ------
    InputError
        Where a value is neither 0 nor 1.
    """
    if isinstance(patterns, Mapping):
        return {name: from_binary(values) for name, values in patterns.items()}
    array = np.asarray(patterns)
    if array.dtype.kind not in "biuf" or not np.isin(array, (0, 1)).all():
        raise InputError(f"only 0 and 1 can be converted, not {excerpt(patterns)}")
    return (2 * array.astype(np.int8) - 1).astype(np.int8)


def as_picture(pattern: Any) -> Signs:
    """A pattern in two dimensions: a square, as nearly as it fills one, if it has one; what is missing there is 0."""
    values = np.asarray(pattern, dtype=np.int8)
    if values.ndim == 2:
        return values
    side = math.isqrt(max(values.size - 1, 0)) + 1
    square = np.zeros((-(-values.size // side), side), dtype=np.int8)
    square.flat[: values.size] = values.ravel()
    return square


# Random patterns -------------------------------------------------------------------------------------------------


def random_patterns(count: int, n: int, *, activity: float = 0.5, seed: int | None = None) -> Signs:
    """Independent random patterns (count, n): each value is +1 with the probability `activity`.

    Parameters
    ----------
    count, n
        Number of patterns and of units.
    activity
        Share of +1, between 0 and 1; store patterns of low activity with ``rule="covariance"``.
    seed
        The same seed gives the same patterns.
    """
    count, n = whole(count, "count", 1), whole(n, "n", 1)
    if not 0 < activity < 1:
        raise InputError(f"activity is a share between 0 and 1, not {excerpt(activity)}")
    generator = random_numbers(seed)
    values = np.empty((count, n), dtype=np.int8)
    for row in values:
        row[:] = np.where(generator.random(n, dtype=np.float32) < activity, 1, -1)
    return values


def correlated_patterns(count: int, n: int, correlation: float, *, seed: int | None = None) -> Signs:
    """Random patterns (count, n) of which any two have the mean overlap `correlation`.

    All are copies of one random pattern, in which every value is flipped with the probability (1 − √correlation)/2.
    """
    count, n = whole(count, "count", 1), whole(n, "n", 1)
    if not (correlation >= 0 and correlation < 1):
        raise InputError(f"correlation is from 0 to below 1, not {excerpt(correlation)}")
    generator = random_numbers(seed)
    parent = np.where(generator.random(n) < 0.5, 1, -1)
    kept = generator.random((count, n)) < (1 + math.sqrt(correlation)) / 2
    return np.where(kept, parent, -parent).astype(np.int8)


# Spoiled patterns ------------------------------------------------------------------------------------------------


def flip(pattern: Any, fraction: float, *, seed: int | None = None) -> Signs:
    """A copy of a pattern in which exactly this fraction of the values, to the nearest whole number, is flipped.

    Parameters
    ----------
    pattern
        Array of ±1 of any shape.
    fraction
        From 0 to 1.
    seed
        The same seed flips the same places.
    """
    values = signs(pattern, "the pattern").copy()
    flat = values.reshape(-1)
    places = random_numbers(seed).permutation(flat.size)[: round(share(fraction, "the fraction to flip") * flat.size)]
    flat[places] *= -1
    return values


def mask(pattern: Any, part: str = "top", fraction: float = 0.5, *, value: int = -1) -> Signs:
    """A copy of a pattern of which one part is blank.

    Parameters
    ----------
    pattern
        Array of ±1; the parts need rows and columns, a 1-D pattern counts as one row.
    part
        "top", "bottom", "left", "right" or "middle".
    fraction
        Share of the rows or columns, to the nearest whole number; for "middle" of both.
    value
        What stands there, −1 or +1.
    """
    if part not in _PARTS:
        raise InputError(f"unknown part {excerpt(part)} to mask; {choices(part, _PARTS)}")
    values = signs(pattern, "the pattern").copy()
    grid = np.atleast_2d(values)
    rows, columns = (round(share(fraction, "the fraction to mask") * extent) for extent in grid.shape[:2])
    top, left = (grid.shape[0] - rows) // 2, (grid.shape[1] - columns) // 2
    places: dict[str, Any] = {
        "top": np.s_[:rows],
        "bottom": np.s_[grid.shape[0] - rows :],
        "left": np.s_[:, :columns],
        "right": np.s_[:, grid.shape[1] - columns :],
        "middle": np.s_[top : top + rows, left : left + columns],
    }
    grid[places[part]] = _sign(value)
    return values


def occlude(pattern: Any, fraction: float = 0.25, *, value: int = 1, seed: int | None = None) -> Signs:
    """A copy of a pattern of which a rectangle at a random place is covered.

    Parameters
    ----------
    pattern
        Array of ±1; a 1-D pattern counts as one row.
    fraction
        Share of the area, as nearly as whole rows and columns of the pattern's proportions allow.
    value
        What covers it, −1 or +1.
    seed
        The same seed covers the same place.
    """
    values = signs(pattern, "the pattern").copy()
    grid = np.atleast_2d(values)
    area = share(fraction, "the fraction to occlude")
    rows = round(math.sqrt(area) * grid.shape[0]) if grid.shape[0] > 1 else 1
    columns = min(grid.shape[1], round(area * grid.shape[0] * grid.shape[1] / rows)) if rows else 0
    generator = random_numbers(seed)
    top, left = (
        generator.integers(0, extent - size + 1) for extent, size in zip(grid.shape[:2], (rows, columns), strict=True)
    )
    grid[top : top + rows, left : left + columns] = _sign(value)
    return values


# Arguments -------------------------------------------------------------------------------------------------------


def root_seed(seed: int | None) -> int:
    """The seed as a whole number, a fresh one if none is given: what `seed_sequence` is called with for each stream."""
    entropy = seed_sequence(seed).entropy
    assert isinstance(entropy, int)  # neither a list nor nothing: that is how it was made
    return entropy


def seed_sequence(seed: int | None, *key: int) -> np.random.SeedSequence:
    """The root of all random numbers of a call; further numbers choose an independent stream of the same seed."""
    if seed is None:
        return np.random.SeedSequence(spawn_key=key)
    return np.random.SeedSequence(whole(seed, "seed", 0), spawn_key=key)


def random_numbers(seed: int | None, *key: int) -> np.random.Generator:
    """NumPy's generator for a seed."""
    return np.random.default_rng(seed_sequence(seed, *key))


def whole(value: Any, what: str, least: int) -> int:
    """A whole number that is not too small."""
    try:
        number = operator.index(value)
    except TypeError:
        raise InputError(f"{what} is a whole number, not {excerpt(value)}") from None
    if isinstance(value, bool) or number < least:
        raise InputError(f"{what} is a whole number of at least {least}, not {excerpt(value)}")
    return number


def share(value: Any, what: str) -> float:
    """A number from 0 to 1."""
    number = float(value) if isinstance(value, numbers.Real) else math.nan
    if not 0 <= number <= 1:
        raise InputError(f"{what} is a number from 0 to 1, not {excerpt(value)}")
    return number


def _sign(value: Any) -> int:
    if value not in (-1, 1):
        raise InputError(f"the value of covered places is -1 or 1, not {excerpt(value)}")
    return int(value)
