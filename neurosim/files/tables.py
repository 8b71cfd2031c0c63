"""Columns of numbers: CSV and NPZ."""

import csv
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, excerpt
from ..units import TIME, dimension_of
from .channels import Channel, Options, in_ms, interval, is_time, name_and_unit, of_columns, rounded

_LONGEST_HEADER = 10_000


def read_csv(path: Path, options: Options) -> list[Channel]:
    """The columns of a CSV file whose first line names them."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("not a CSV file: it is no text in UTF-8") from None
    if "\0" in text:
        raise InputError("not a CSV file: it is no text")
    lines = text.splitlines()
    first = next((k for k, line in enumerate(lines) if line.strip() and not line.startswith("#")), None)
    if first is None:
        raise InputError("there is nothing in it")
    if len(lines[first]) > _LONGEST_HEADER:
        raise InputError("not a CSV file: its first line is too long to be names of columns")
    delimiter = max(",;\t", key=lines[first].count)
    labels = [label.strip() for label in next(csv.reader([lines[first]], delimiter=delimiter))]
    if all(_is_number(label) for label in labels):
        raise InputError("the first line must name the columns with their units, such as time_ms,current_pA")
    table = _table(lines, first + 1, delimiter, len(labels))
    return of_columns(labels, list(table.T), options)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text  # Python reads 1_0 as 10


def _table(lines: list[str], first: int, delimiter: str, width: int) -> NDArray[np.float64]:
    body = lines[first:]
    if not any(line.strip() and not line.startswith("#") for line in body):
        raise InputError("there are no samples in it: only names of columns")
    try:
        table: NDArray[np.float64] = np.loadtxt(body, delimiter=delimiter, ndmin=2, quotechar='"')
        if table.shape[1] == width:
            return table
    except ValueError:
        pass
    raise InputError(_what_is_wrong(lines, first, delimiter, width))


def _what_is_wrong(lines: list[str], first: int, delimiter: str, width: int) -> str:
    filled = [k for k in range(first, len(lines)) if lines[k].strip() and not lines[k].startswith("#")]
    for k in filled:
        fields = next(csv.reader([lines[k]], delimiter=delimiter))
        short = [field for field in fields if not _is_number(field)]
        if k == filled[-1] and (len(fields) < width or fields[-1].strip() in ("", "-")):
            return f"the file is truncated: its last line, {k + 1}, is {excerpt(lines[k])}"
        if len(fields) != width:
            return f"line {k + 1} has {len(fields)} values where there are {width} columns"
        if short:
            return f"a value is missing in line {k + 1}" if not short[0].strip() else _no_number(short[0], k + 1)
    return "it is no table of numbers"


def _no_number(text: str, line: int) -> str:
    hint = "; write decimal points, not commas" if _is_number(text.replace(",", ".", 1)) else ""
    return f"{excerpt(text)} in line {line} is no number{hint}"


def read_npz(path: Path, options: Options) -> list[Channel]:
    """The arrays of an NPZ archive, with the sampling interval among them."""
    arrays = _arrays(path)
    dt: float | None = None
    channels = []
    for label, values in arrays.items():
        name, unit = name_and_unit(label)
        if values.dtype.kind not in "fiu":
            if label == options.column:
                raise InputError(f"{excerpt(label)} is no array of numbers")
        elif values.size == 1 and unit is not None and dimension_of(unit) == TIME:
            dt = rounded(in_ms(float(values.reshape(())), unit))
            if not 0 < dt < np.inf:
                raise InputError(f"{excerpt(label)}: the sampling interval must be positive, not {dt:g} ms")
        elif is_time(name, unit) and values.ndim == 1:
            found = interval(values.astype(np.float64), unit, options)
            dt = found if dt is None else dt
        elif values.ndim:
            channels.append(Channel(label, name, values.astype(np.float64), unit, None))
    return [channel._replace(dt=dt) for channel in channels]


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if not zipfile.is_zipfile(file):
                raise InputError("not an NPZ archive, or truncated")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        except InputError:
            raise
        except MemoryError:
            raise InputError("it says that it holds more than fits into memory") from None
        except Exception as error:  # NumPy, zipfile and zlib raise many kinds where an archive is damaged
            reason = excerpt(str(error) or type(error).__name__, 120)
            raise InputError(f"not an NPZ archive of plain arrays, or truncated ({reason})") from None
