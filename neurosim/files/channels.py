"""What the readers of files have in common: columns with a name, a unit and a sampling interval."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, excerpt
from ..units import TIME, UNITS, dimension_of, parse_unit, to_number

Floats = NDArray[np.float64]
_BRACKETS = re.compile(r"(.*?)\s*(?:\(([^()]*)\)|\[([^\[\]]*)\])\s*", re.DOTALL)
_SUFFIX_UNITS = frozenset((*UNITS, "A", "V", "sec", "uA/cm^2"))
_TIMES = ("time", "t", "times")


class Options(NamedTuple):
    """What the user said about a file; dt in ms."""

    unit: str | None = None
    dt: float | None = None
    column: str | None = None
    segment: int | None = None


class Channel(NamedTuple):
    """One column of a file: samples (T,) or (n, T), `unit` and `dt` (ms) where the file says them."""

    label: str
    name: str
    values: Floats
    unit: str | None
    dt: float | None


@contextmanager
def named(path: str) -> Iterator[None]:
    """Put the name of the file before every message of the block."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def name_and_unit(label: str) -> tuple[str, str | None]:
    """``current_pA``, ``current (pA)`` and ``current [pA]`` as name and unit; None where there is no unit."""
    match = _BRACKETS.fullmatch(label)
    if match:
        text = (match[2] or match[3] or "").strip()
        if text and len(text) <= 64 and dimension_of(text) is None:
            raise InputError(f"the column {excerpt(label)}: {excerpt(text)} is no unit")
        return match[1].strip(), text or None
    name, _, last = label.rpartition("_")
    return (name, last) if name and last in _SUFFIX_UNITS else (label, None)


def is_time(name: str, unit: str | None) -> bool:
    """Whether a column holds times."""
    return name.lower() in _TIMES if unit is None else dimension_of(unit) == TIME


def in_ms(values: Any, unit: str) -> Any:
    """Times in ms."""
    return values * to_number(f"1 {unit}", parse_unit("ms"), "time")


def interval(times: Floats, unit: str | None, options: Options) -> float | None:
    """The one distance between times, in ms; None where it is not told."""
    if unit is None:
        if options.dt is None:
            raise InputError(
                "the file does not say the unit of its times; say their distance with dt= (--sampling-interval)"
            )
        return None
    ms = in_ms(times, unit)
    if not np.isfinite(ms).all():
        raise InputError(f"time is {ms[~np.isfinite(ms)][0]} at sample {int(np.argmin(np.isfinite(ms)))}")
    if ms.size < 2:
        return None
    apart = np.diff(ms)
    usual = float(np.median(apart))
    slack = 0.01 * abs(usual) + 4 * float(np.finfo(np.float32).eps) * float(np.abs(ms).max())
    wrong = np.flatnonzero((np.abs(apart - usual) > slack) | (apart <= 0))
    if usual <= 0 or wrong.size:
        k = int(wrong[0]) if wrong.size else 0
        raise InputError(
            f"the time steps are uneven: {apart[k]:g} ms from sample {k} (t = {ms[k]:g} ms) to the next, {usual:g} ms "
            "elsewhere; resample it first"
        )
    return rounded((ms[-1] - ms[0]) / (ms.size - 1))


def rounded(dt: float) -> float:
    """A sampling interval without the noise of its last digits."""
    return float(f"{dt:.9g}")


def of_columns(labels: Sequence[str], columns: Sequence[Floats], options: Options) -> list[Channel]:
    """Columns of a table, with the interval of the one that holds times."""
    parts = [name_and_unit(label) for label in labels]
    times = [k for k, part in enumerate(parts) if is_time(*part)]
    if len(times) > 1:
        raise InputError(f"there are {len(times)} columns of times, {', '.join(excerpt(labels[k]) for k in times)}")
    dt = interval(columns[times[0]], parts[times[0]][1], options) if times else None
    return [
        Channel(label, name, values, unit, dt)
        for k, (label, (name, unit), values) in enumerate(zip(labels, parts, columns, strict=True))
        if k not in times
    ]
