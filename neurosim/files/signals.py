"""Files of rigs, through Neo: Igor's binary waves, Axon's ABF, Neurodata Without Borders."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, excerpt
from .channels import Channel, Options, interval, rounded

_CLASS = {".ibw": "IgorIO", ".abf": "AxonIO", ".nwb": "NWBIO"}
_NEEDS = {".ibw": "igor2", ".abf": "", ".nwb": "pynwb"}


def read_signals(path: Path, options: Options) -> list[Channel]:
    """The channels of one sweep."""
    suffix = path.suffix.lower()
    try:
        import neo
    except ImportError:
        raise InputError(f'{suffix} files are read through Neo; pip install "neurosim[neo]"') from None
    with _quietly():
        try:
            reader = getattr(neo.io, _CLASS[suffix])(str(path))
            try:
                segments = [segment for block in reader.read() for segment in block.segments]
                signals = [_signals_of(segment, options) for segment in segments]
            finally:
                _close(reader)
        except ImportError:
            raise InputError(f'Neo reads {suffix} files with {_NEEDS[suffix]}; pip install "neurosim[neo]"') from None
        except MemoryError:
            raise InputError("it says that it holds more than fits into memory") from None
        except InputError:
            raise
        except Exception as error:  # readers raise what they please where a file is not what its name says
            reason = excerpt(str(error) or type(error).__name__, 120)
            raise InputError(f"Neo cannot read it: not a {suffix} file, or truncated ({reason})") from None
    return _sweep(signals, options.segment)


@contextmanager
def _quietly() -> Iterator[None]:
    """Nothing of what readers say in passing: warnings, logs, lines on stdout."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


def _close(reader: Any) -> None:
    """Close the file of a reader that keeps it open."""
    for opened in (getattr(reader, "_io_nwb", None), getattr(reader, "_io", None)):
        if opened is not None and hasattr(opened, "close"):
            opened.close()


def _signals_of(segment: Any, options: Options) -> list[Channel]:
    channels = []
    for number, signal in enumerate([*segment.analogsignals, *segment.irregularlysampledsignals]):
        values = np.asarray(signal.magnitude, dtype=np.float64)
        unit = signal.dimensionality.string
        if hasattr(signal, "sampling_period"):
            dt: float | None = rounded(float(signal.sampling_period.rescale("ms").magnitude))
        else:
            dt = interval(np.asarray(signal.times.rescale("ms").magnitude, dtype=np.float64), "ms", options)
        names = signal.array_annotations.get("channel_names")
        for k in range(values.shape[1]):
            name = str(names[k]) if names is not None else str(signal.name or f"signal {number}")
            label = name if names is not None or values.shape[1] == 1 else f"{name} {k}"
            channels.append(
                Channel(label, label, values[:, k].copy(), None if unit in ("dimensionless", "") else unit, dt)
            )
    return channels


def _sweep(signals: list[list[Channel]], segment: int | None) -> list[Channel]:
    sweeps = [channels for channels in signals if channels]
    if not sweeps:
        raise InputError("there are no signals in it")
    if segment is None:
        if len(sweeps) > 1:
            raise InputError(f"it has {len(sweeps)} sweeps; say which with segment=, 0 … {len(sweeps) - 1}")
        return sweeps[0]
    if isinstance(segment, bool) or not isinstance(segment, int) or not 0 <= segment < len(sweeps):
        raise InputError(f"there is no sweep {excerpt(segment)}; segment= is 0 … {len(sweeps) - 1}")
    return sweeps[segment]
