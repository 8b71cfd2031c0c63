"""What runs the neurons of an experiment: `simulate`, or another function with its signature."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arguments import make_setup
from .kernel import execute
from .model import Model
from .progress import Progress
from .recording import Recording, in_ms
from .simulation import finished, simulate

Simulate = Callable[..., Recording]


class Outcome(NamedTuple):
    """What an experiment needs of a run beside its spikes; `duration` and `dt` in ms."""

    final_state: Mapping[str, Any]
    duration: float
    dt: float
    method: str
    spike_timing: str


def hand_over_spikes(
    on_spikes: Callable[[NDArray[np.int64], NDArray[np.float64]], None],
    model: Model,
    I: Any,
    duration: float,
    *,
    by: Simulate = simulate,
    progress: Progress | None = None,
    **options: Any,
) -> Outcome:
    """Run neurons, and hand the spikes (index, time in ms) to a function as they come.

    By `simulate` no recording is made for that, so that memory does not grow; any other function makes one.
    """
    if by is not simulate:
        recording = finished(model, I, duration, by=by, **options)
        on_spikes(recording.spike_index, recording.spike_time)
        if progress is not None:
            progress(1.0)
        how = recording.dt, recording.method, recording.spike_timing
        return Outcome(recording.final_state, recording.duration, *how)
    setup = make_setup(model, I, duration, **options)
    final = execute(setup, lambda index, when: on_spikes(index, in_ms(when, setup.dt)), progress=progress)
    timing = "located" if setup.located else "grid"
    return Outcome(final, setup.steps * setup.dt, setup.dt, setup.method.name, timing)
