"""A recording that goes to its file while the run lasts."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, excerpt
from ..kernel import Interrupted
from ..memory import size_in_words
from ..recording import Certificate, Floats, Recording, in_ms
from .loading import load
from .saving import write_end, write_header

_CHUNK = 2**17  # bytes


class FileStore:
    """Takes spikes and samples from windows into ``path + ".partial"``, which is renamed at the end.

    After every window the file can be read as far as it goes, by another process and after a crash, too.
    """

    def __init__(self, path: str | os.PathLike[str], blank: Recording) -> None:
        self.path, self.blank = Path(path), blank
        name = excerpt(str(path), 200)
        if not str(path) or self.path.is_dir() or not self.path.parent.is_dir():
            raise InputError(f"cannot write {name}: it is no name of a file in a folder that is there")
        self.partial = self.path.with_name(self.path.name + ".partial")
        self.file: Any = None
        self.done = 0
        if self.partial.exists():
            raise InputError(
                f"{excerpt(str(self.partial), 200)} is there already, of a run that goes on or was interrupted; take "
                "another name, or move it away"
            )
        needed = 8.0 * blank.samples * (1 + blank.record_neurons.size * len(blank.traces))
        free = float(shutil.disk_usage(self.path.parent).free)
        if needed > free:
            raise InputError(
                f"the traces would take {size_in_words(needed)}, {size_in_words(free)} are free on the disk of {name}; "
                "take a larger record_every, fewer neurons in record_neurons=[…] or a shorter duration"
            )

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """The file open for the run; closed and kept where that fails, unless there is nothing in it."""
        import h5py

        try:
            self.file = h5py.File(self.partial, "x", libver="latest")
        except OSError as error:
            raise InputError(f"cannot write {excerpt(str(self.partial), 200)}: {error}") from None
        try:
            write_header(self.file, self.blank)
            self._make_room()
            self.file.swmr_mode = True
            self._advance(0)
            yield
        except Interrupted:
            raise
        except BaseException as error:
            if not self.done:
                self.partial.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise InputError(f"cannot write {excerpt(str(self.partial), 200)}: {error}") from None
            raise
        finally:
            self.file.close()

    def _make_room(self) -> None:
        spikes, blank = self.file.create_group("spikes"), self.blank
        many = {"maxshape": (None,), "chunks": (_CHUNK // 8,)}
        spikes.create_dataset("index", (0,), "<i8", **many)
        spikes.create_dataset("time", (0,), "<f8", **many).attrs["unit"] = "ms"
        rows, samples = blank.record_neurons.size, blank.samples
        height = min(rows, 64)
        chunk = (height, max(1, min(samples, _CHUNK // 8 // height)))
        traces = self.file.create_group("traces")
        for name in blank.traces:
            trace = traces.create_dataset(name, (rows, samples), "<f8", chunks=chunk, fillvalue=np.nan)
            trace.attrs["unit"] = blank.units[name]
        self.file.create_dataset("progress", data=np.zeros(1, np.int64))
        if blank.traces:
            wide = (max(1, min(samples, _CHUNK // 8)),)
            times = self.file.create_dataset("time", (samples,), "<f8", chunks=wide, fillvalue=np.nan)
            times.attrs["unit"] = "ms"

    def add_spikes(self, index: NDArray[np.int64], when: Floats) -> None:
        """More spikes; times in steps."""
        if index.size:
            for name, values in (("index", index), ("time", in_ms(when, self.blank.dt))):
                dataset = self.file["spikes"][name]
                before = dataset.shape[0]
                dataset.resize((before + index.size,))
                dataset[before:] = values

    def add_samples(self, name: str, first: int, values: Floats) -> None:
        """Samples (k, T) from the first-th on."""
        times = np.arange(first, first + values.shape[1]) * self.blank.record_every
        self.file["time"][first : first + times.size] = in_ms(times, self.blank.dt)
        self.file["traces"][name][:, first : first + values.shape[1]] = values

    def advance(self, done: int) -> None:
        """All windows up to this step have been delivered."""
        self._advance(done)

    def is_full(self) -> bool:
        """Never: the disk says so when it is."""
        return False

    def spikes(self) -> tuple[NDArray[np.int64], Floats]:
        """Neurons, and times in ms."""
        import h5py

        with h5py.File(self.partial, "r") as file:
            return file["spikes/index"][()], file["spikes/time"][()]

    def _advance(self, done: int) -> None:
        self.file.flush()
        self.file["progress"][0] = self.done = done
        self.file.flush()

    def finish(self, final: Mapping[str, Any], steps: int, certificate: Certificate | None = None) -> Recording:
        """Write what is known last; the recording, its traces still in the file."""
        import h5py

        complete = self.blank.receipt is not None and steps == self.blank.receipt.steps
        duration = float(in_ms(steps, self.blank.dt))
        ended = replace(self.blank, final_state=final, complete=complete, duration=duration, certificate=certificate)
        with h5py.File(self.partial, "r+", libver="latest") as file:
            write_end(file, ended)
            file["progress"][0] = steps
        if not complete:
            return load(self.partial, lazy=True)
        with self.partial.open("rb+") as written:
            os.fsync(written.fileno())
        self.partial.replace(self.path)
        return load(self.path, lazy=True)
