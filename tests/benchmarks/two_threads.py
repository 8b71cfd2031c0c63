"""What a second thread gains, beside what it can gain on this machine at that moment."""

from collections.abc import Callable

import numpy as np
from common import Figures, at_once, interleaved, ratios, summary
from numba import njit

CONTROL = 3_000_000
FREE_CORES = 1.8  # gain of the control from which on a round counts as one with two free cores


@njit(nogil=True)
def control(repeats):
    """Arithmetic on a few numbers that keeps the vector units busy and needs no memory."""
    x = np.linspace(0.0, 1.0, 64)
    for _ in range(repeats):
        for j in range(x.size):
            x[j] = 0.999 * x[j] + 0.001
    return x


def compare_threads(work: Callable[[int], object], rounds: int) -> Figures:
    """Times of `work` on one and on two threads, in turn, each round beside a control.

    The control is the same arithmetic once, and twice at the same time: on two free cores that is a gain of 2. Two
    cores of a virtual machine may at times be one, or be taken by others.
    """
    control(CONTROL)
    times = interleaved(
        {
            "control_once": lambda: control(CONTROL),
            "control_twice": lambda: at_once(lambda: control(CONTROL), lambda: control(CONTROL)),
            "threads_2": lambda: work(2),
            "threads_1": lambda: work(1),
        },
        rounds,
    )
    gain = ratios(times["threads_1"], times["threads_2"])
    attainable = [2 * ratio for ratio in ratios(times["control_once"], times["control_twice"])]
    free = [one for one, limit in zip(gain, attainable, strict=True) if limit >= FREE_CORES]
    return {
        "seconds": {name: summary(times[name]) for name in ("threads_1", "threads_2")},
        "speed_up": summary(gain),
        "speed_up_of_control": summary(attainable),
        "speed_up_with_two_free_cores": summary(free) if free else None,
    }
