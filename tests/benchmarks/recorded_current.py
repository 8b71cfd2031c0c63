"""20 s of a recorded current, sampled at 10 kHz, through one adaptive exponential neuron at dt 0.1 ms.

The recording is the one that NEUROSIM_RECORDINGS names, else noise of the same kind, from a file in any case.
"""

import os
import tempfile
import time
from pathlib import Path

import numpy as np
from common import Figures, interleaved, main, require, summary

import neurosim as ns

DURATION, DT = 20_000.0, 0.1
PARAMETERS = {
    "C": 185.0, "g_L": 7.34, "E_L": -68.6, "V_T": -48.6, "Delta_T": 0.71, "V_r": -57.0, "V_start": -68.6,
    "tau_w": 68.5, "a": -0.53, "b": 60.9,
}  # fmt: skip


def recorded(folder: Path) -> Path:
    """The file of the recording, or of one made here."""
    given = os.environ.get("NEUROSIM_RECORDINGS")
    if given:
        return Path(given) / "frozen-noise.npz"
    noise = ns.ornstein_uhlenbeck(150, 160, 3)
    current = ns.simulate("adaptive-exponential", noise, DURATION, dt=DT, record="I", seed=1)["I"][0, :-1]
    np.savez(folder / "noise.npz", current_pA=current, sampling_interval_ms=DT)
    return folder / "noise.npz"


def seconds_of_processor(work: object, rounds: int) -> list[float]:
    """What each call takes of the processor, whatever else runs."""
    found = []
    for _ in range(rounds):
        begin = time.process_time()
        work()  # type: ignore[operator]
        found.append(time.process_time() - begin)
    return found


def measure(quick: bool) -> Figures:
    """All figures of this benchmark."""
    with tempfile.TemporaryDirectory() as folder:
        path = recorded(Path(folder))
        current = ns.from_file(path)

        def run(dt: float = DT) -> ns.Recording:
            return ns.simulate("adaptive-exponential", current, DURATION, dt=dt, parameters=PARAMETERS, threads=1)

        spikes, finer = run().spike_times(), run(DT / 8).spike_times()
        agreement = ns.coincidence_factor(finer, spikes, 1.0, stop=DURATION)
        require(
            agreement > 0.99, f"the spikes agree with those at dt/8 by a coincidence factor of {agreement:.3f} only"
        )
        rounds = 5 if quick else 25
        wall = interleaved({"simulate": run, "read": lambda: ns.from_file(path)}, rounds)
        return {
            "recorded_current_seconds": summary(wall["simulate"]),
            "recorded_current_processor_seconds": summary(seconds_of_processor(run, rounds)),
            "recorded_current_reading_the_file_seconds": summary(wall["read"]),
            "recorded_current_spikes": int(spikes.size),
            "recorded_current_coincidence_with_eighth_of_the_step": float(agreement),
            "recorded_current_from": "a recording" if "NEUROSIM_RECORDINGS" in os.environ else "noise",
        }


if __name__ == "__main__":
    main("recorded_current", __doc__, measure)
