"""Currents that a rig recorded, from its files."""

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..currents import Current, sampled
from ..errors import InputError, choices, excerpt
from ..units import dimension_of, parse_unit, to_number
from ..waveforms import Origin, Samples
from .channels import Channel, Options, named
from .signals import read_signals
from .tables import read_csv, read_npz

_READERS: dict[str, Callable[[Path, Options], list[Channel]]] = {
    ".csv": read_csv,
    ".npz": read_npz,
    ".ibw": read_signals,
    ".abf": read_signals,
    ".nwb": read_signals,
}
SUFFIXES = tuple(_READERS)
"""How the names of files that `from_file` reads end."""
_CURRENTS = tuple(parse_unit(text).dimension for text in ("nA", "uA/cm^2"))


def from_file(
    path: str | os.PathLike[str],
    *,
    unit: str | None = None,
    dt: Any = None,
    column: str | None = None,
    segment: int | None = None,
    interpolate: bool = False,
    area: Any = None,
) -> Current:
    """A recorded current.

    Parameters
    ----------
    path
        A CSV file whose first line names columns with their units, such as ``time_ms,current_pA`` or
        ``time (s),I (nA)``; an NPZ archive with arrays so named, (T,) or (n, T), and the sampling interval as a number
        such as ``sampling_interval_ms`` or a time axis; or, where Neo is installed, an IBW, ABF or NWB file.
    unit
        Of the samples, where the file does not say, such as ``"pA"``.
    dt
        Sampling interval in ms or a quantity, where the file does not say.
    column
        Name of the column, array or channel; if not given the only current, or else the only one there is.
    segment
        Number of the sweep, from 0 on, where there are several.
    interpolate
        Linear between samples; held from each sample to the next otherwise.
    area
        Of the membrane, in cm² or a quantity: a current in pA into a model per area needs it.

    Returns
    -------
    Current
        Its first sample is at t = 0; it says something until ``current.end`` (ms).

    Raises
    ------
    InputError
        Where the file cannot be read, with the reason.

    Notes
    -----
    The recording keeps its own sampling interval. A run evaluates it at the times its method needs: the last sample at
    or before that time, or on the straight line between its neighbours. Nothing is averaged: a dt longer than the
    sampling interval passes over samples. Units are checked against the model's input when the run begins.
    """
    options = Options(unit, None if dt is None else to_number(dt, parse_unit("ms"), "dt"), column, segment)
    if options.dt is not None and not 0 < options.dt < np.inf:
        raise InputError(f"dt must be positive, not {options.dt:g} ms")
    if unit is not None and (not isinstance(unit, str) or dimension_of(unit) is None):
        raise InputError(f"unit is one such as 'pA', not {excerpt(unit)}")
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"a recorded current is in a file: give its path, not {excerpt(path)}")
    file, name = Path(path), excerpt(str(path), 200)
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        raise InputError(f"{name}: a recorded current is a file of the kind {', '.join(SUFFIXES)}")
    if segment is not None and reader is not read_signals:
        raise InputError(f"{name}: {file.suffix} files have no sweeps; leave segment= out")
    digest = _digest(file, name)
    with named(name):
        channel = _chosen(reader(file, options), options)
        _check(channel)
    reading = {"unit": unit, "dt": options.dt, "column": column, "segment": segment, "interpolate": bool(interpolate)}
    origin = Origin(str(file.absolute()), digest, {key: value for key, value in reading.items() if value is not None})
    assert channel.dt is not None, "checked"
    return sampled(Samples(channel.values, channel.dt, bool(interpolate), channel.unit, origin=origin), area)


def _digest(file: Path, name: str) -> str:
    if "\0" in str(file):
        raise InputError(f"{name}: no name of a file")
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{name}: not a file")
        if status.st_size == 0:
            raise InputError(f"{name}: the file is empty")
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{name}: {error.strerror}") from None


def _chosen(channels: list[Channel], options: Options) -> Channel:
    """The channel that was asked for, or the only one that can be meant; with its unit and interval."""
    names = [channel.name for channel in channels]
    if options.column is not None:
        found = [c for c in channels if options.column in (c.name, c.label)]
        if len(found) != 1:
            what = "several columns are" if found else "there is no column"
            raise InputError(f"{what} called {excerpt(options.column)}; {choices(options.column, names)}")
    else:
        found = [c for c in channels if c.unit is not None and dimension_of(c.unit) in _CURRENTS]
        found = found if found else [c for c in channels if c.unit is not None] or channels
        if len(found) > 1:
            listed = ", ".join(excerpt(name) for name in names[:30])
            raise InputError(f"which is the current? say column=, one of {listed}")
    if not found:
        raise InputError("there is no column beside time")
    chosen = found[0]
    if chosen.unit is not None and options.unit not in (None, chosen.unit):
        raise InputError(f"{chosen.label} is in {excerpt(chosen.unit)} as the file says; leave unit= out")
    unit = chosen.unit or options.unit
    if unit is None:
        raise InputError(f"the file does not say the unit of {excerpt(chosen.label)}; say it with unit=, such as 'pA'")
    if chosen.dt is not None and options.dt is not None and abs(chosen.dt - options.dt) > 1e-6 * chosen.dt:
        raise InputError(f"the samples are {chosen.dt:g} ms apart as the file says; leave dt= out")
    interval = chosen.dt if chosen.dt is not None else options.dt
    if interval is None:
        raise InputError("the file does not say how far its samples are apart; say it with dt= (--sampling-interval)")
    return chosen._replace(unit=unit, dt=interval)


def _check(channel: Channel) -> None:
    if channel.values.size == 0:
        raise InputError("there are no samples in it")
    if channel.values.ndim > 2:
        raise InputError(f"{excerpt(channel.label)} has shape {channel.values.shape}; samples are (T,) or (n, T)")
    wrong = np.argwhere(~np.isfinite(channel.values))
    if wrong.size:
        where, value = int(wrong[0][-1]), channel.values[tuple(wrong[0])]
        assert channel.dt is not None, "checked"
        raise InputError(
            f"{excerpt(channel.label)} is {value} at t = {where * channel.dt:g} ms (sample {where}); {len(wrong)} "
            "sample(s) are no finite numbers: cut them out or fill them in"
        )
