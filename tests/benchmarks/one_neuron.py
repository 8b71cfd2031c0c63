"""One Hodgkin–Huxley neuron, 1 s at dt 0.01 ms, V recorded at every step; and one by dopri5 with samples as dense."""

from common import Figures, interleaved, main, require, summary

import neurosim as ns

MODEL, DURATION, DT = "hodgkin-huxley", 1000.0, 0.01


def measure(quick: bool) -> Figures:
    """Seconds from the call to the recording, with the kernel loaded."""
    works = {
        method: lambda m=method: ns.simulate(MODEL, 10, DURATION, dt=DT, method=m, record="V")
        for method in ("rk4", "dopri5")
    }
    for method, work in works.items():
        require(int(work().spike_count[0]) == 69, f"{method} does not find 69 spikes")
    times = interleaved(works, 7 if quick else 31)
    return {f"{method}_seconds": summary(seconds) for method, seconds in times.items()}


if __name__ == "__main__":
    main("one_neuron", __doc__, measure)
