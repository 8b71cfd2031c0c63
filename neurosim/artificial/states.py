"""Arrays that come from users, checked; states {0, 1} and {−1, +1}, converted explicitly."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, excerpt

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TWO_STATES = {"heaviside": (0.0, 1.0), "sign": (-1.0, 1.0)}
"""The states of units that have two: activation → (low, high)."""


def bits_to_signs(bits: Any) -> Floats:
    """States {0, 1} as {−1, +1}: 2b − 1, any shape.

    Raises
    ------
    InputError
        Where a value is neither 0 nor 1.
    """
    return 2.0 * check_states(bits, (0.0, 1.0), "bits") - 1.0


def signs_to_bits(signs: Any) -> Floats:
    """States {−1, +1} as {0, 1}: (s + 1)/2, any shape.

    Raises
    ------
    InputError
        Where a value is neither −1 nor +1.
    """
    return (check_states(signs, (-1.0, 1.0), "signs") + 1.0) / 2.0


def check_states(values: Any, legal: tuple[float, float], what: str) -> Floats:
    """`values` as floats, every one of the two legal ones."""
    array = check_finite(values, what)
    wrong = (array != legal[0]) & (array != legal[1])
    if wrong.any():
        place = tuple(int(k) for k in np.argwhere(wrong)[0])
        where = f" at {list(place)}" if place else ""
        other = "; convert with bits_to_signs or signs_to_bits" if array[place] in (-1.0, 0.0) else ""
        raise InputError(f"{what}: {array[place]:g}{where} is neither {legal[0]:g} nor {legal[1]:g}{other}")
    return array


def check_finite(values: Any, what: str) -> Floats:
    """`values` as a fresh array of finite floats."""
    if hasattr(values, "toarray"):
        raise InputError(f"{what}: a sparse matrix is not taken here; give its .toarray()")
    try:
        raw = np.asarray(values)
        complex_ = raw.dtype.kind == "c"
        array = np.array(raw.real if complex_ else raw, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{what}: {excerpt(values)} is no array of numbers") from None
    if complex_:
        raise InputError(f"{what}: Complex data not supported; the values are real numbers")
    if not np.isfinite(array).all():
        place = [int(k) for k in np.argwhere(~np.isfinite(array))[0]]
        raise InputError(f"{what}: the value{f' at {place}' if place else ''} is NaN or infinite")
    return array


def check_count(value: Any, what: str, least: int = 1, most: int = 2**31) -> int:
    """A whole number in a range."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer) or not least <= value <= most:
        raise InputError(f"{what} is a whole number from {least} to {most}, not {excerpt(value)}")
    return int(value)


def check_positive(value: Any, what: str, zero: bool = False, infinite: bool = False) -> float:
    """A number above 0, or from 0 on, finite unless said otherwise."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = np.nan
    if not (number >= 0.0 if zero else number > 0.0) or (number == np.inf and not infinite):
        size = "" if infinite else "finite "
        raise InputError(f"{what} is a {size}number {'not below' if zero else 'above'} 0, not {excerpt(value)}")
    return number


def random_generator(seed: Any, what: str = "seed") -> np.random.Generator:
    """A generator of random numbers from a seed, a generator, or NumPy's older random state."""
    if isinstance(seed, np.random.RandomState):
        return np.random.default_rng(seed.randint(2**31, size=4))
    if isinstance(seed, bool):
        raise InputError(f"{what} is a whole number not below 0, not {seed}")
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError):
        raise InputError(f"{what} is a whole number not below 0, not {excerpt(seed)}") from None
