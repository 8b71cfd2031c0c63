"""Small files as rigs write them, made by the tests, and the folder of real recordings."""

import os
import struct
from pathlib import Path

import numpy as np
import pytest

RECORDINGS = Path(os.environ.get("NEUROSIM_RECORDINGS", "/no folder given"))
needs_recordings = pytest.mark.skipif(
    not (RECORDINGS / "frozen-noise.npz").is_file(),
    reason="NEUROSIM_RECORDINGS does not name the folder of the layer-5 recordings",
)


def write_ibw(path, samples, dt_s, unit):
    """Igor's binary wave, version 2, from its published layout (WaveMetrics, Technical Note 3): float32, dt in s."""
    data = np.asarray(samples, dtype="<f4").tobytes()
    head = struct.pack("<hIiih", 2, 110 + 16 + len(data), 0, 0, 0)
    wave = struct.pack(
        "<hI20shhI4s4siHddhhhddBBIiI2sIh", 2, 0, b"wave", 0, 0, 0, unit.encode(), b"s", len(samples), 0, dt_s, 0.0,
        0, 0, 0, 0.0, 0.0, 0, 0, 0, 0, 0, b"", 0, 0,
    )  # fmt: skip
    wave = wave[:110].ljust(110, b"\0")
    checksum = -sum(struct.unpack("<63h", head + wave)) & 0xFFFF
    head = head[:14] + struct.pack("<H", checksum)
    path.write_bytes(head + wave + data + b"\0" * 16)


def write_nwb(path, samples, dt_s, unit="amperes", timestamps=None):
    """One current clamp stimulus."""
    import datetime

    pynwb = pytest.importorskip("pynwb")
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    file = pynwb.NWBFile(session_description="made for a test", identifier="1", session_start_time=start)
    when = {"timestamps": timestamps} if timestamps is not None else {"rate": 1 / dt_s, "starting_time": 0.0}
    file.add_acquisition(pynwb.TimeSeries(name="current", data=np.asarray(samples), unit=unit, **when))
    with pynwb.NWBHDF5IO(str(path), "w") as io:
        io.write(file)
