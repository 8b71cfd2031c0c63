"""The same runs on Brian2, and scripts for it: `simulate` and `script`.

Needs the extra ``neurosim[brian2]``; importing this needs nothing, and neither does writing a script.
"""

import os
from collections.abc import Iterable, Mapping
from typing import Any

from ..arguments import make_setup
from ..errors import InputError
from ..methods import METHODS, Adaptive, find_method
from ..model import Model, load_model
from ..progress import Progress
from ..recording import Recording
from ..simulation import run_with
from .script import script_of
from .translate import translate

__all__ = ["script", "simulate"]


def simulate(
    model: str | os.PathLike[str] | Model,
    I: Any,
    duration: Any,
    *,
    neurons: int | None = None,
    dt: Any = None,
    method: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    start: Mapping[str, Any] | str | None = None,
    record: str | Iterable[str] = (),
    record_every: int = 1,
    spike_timing: str | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    certify: bool = False,
    seed: int | None = None,
    threads: int | None = None,
    progress: bool | Progress = False,
    record_neurons: Any = None,
    out: str | os.PathLike[str] | None = None,
) -> Recording:
    """Simulate neurons of a model on Brian2.

    Parameters
    ----------
    model, I, duration, neurons, dt, method, parameters, start, record, record_every, record_neurons, certify, progress
        As for `neurosim.simulate`.
    spike_timing
        ``"grid"``, which is also what is taken if not given: Brian2 has no spikes between steps. With a `hazard` too, a
        spike happens at the end of the step in which the integral of the hazard reaches its random number.
    rtol, atol
        Refused: they are for dopri5, whose steps Brian2 cannot choose.
    seed
        Of the random numbers. The same law as `neurosim.simulate`, other numbers.
    threads
        Not used: what Brian2 computes with is set by ``brian2.prefs.codegen.target``.
    out
        Refused: Brian2 keeps a whole run in memory. Use `Recording.save` when it is over.

    Returns
    -------
    Recording
        `final_state` has no random streams, here none are taken from a `start`: a run that goes on draws numbers by its
        own `seed`. `receipt` is None, since `rerun` would repeat the run on neurosim.

    Raises
    ------
    InputError
        As `neurosim.simulate`, without Brian2, and for what Brian2 cannot express.
    """
    model = load_model(model)
    if spike_timing == "located":
        raise InputError("Brian2 has no spikes between steps: spike_timing='located' is not for it; leave it out")
    if out is not None:
        raise InputError("Brian2 keeps a whole run in memory: leave out= out, then save the recording it returns")
    _fixed_step(model, method)
    if spike_timing is None and model.spike.kind == "threshold":
        spike_timing = "grid"
    if isinstance(start, Mapping):
        start = {name: value for name, value in start.items() if name != "random"}
    return run_with(
        _backend(), model, I, duration, neurons=neurons, dt=dt, method=method, parameters=parameters, start=start,
        record=record, record_every=record_every, spike_timing=spike_timing, rtol=rtol, atol=atol, certify=certify,
        seed=seed, threads=threads, progress=progress, record_neurons=record_neurons,
    )  # fmt: skip


def script(
    model: str | os.PathLike[str] | Model,
    I: Any,
    duration: Any,
    *,
    neurons: int | None = None,
    dt: Any = None,
    method: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    start: Mapping[str, Any] | str | None = None,
    seed: int | None = None,
) -> str:
    """A run as a script that needs Brian2 only, and prints neuron and time (ms) of every spike.

    Parameters
    ----------
    model, I, duration, neurons, dt, method, parameters, start, seed
        As for `simulate`.

    Returns
    -------
    str
        Python source. Text from the model file enters it only through ``repr``.

    Raises
    ------
    InputError
        For what Brian2 cannot express.
    """
    model = load_model(model)
    _fixed_step(model, method)
    timing = "grid" if model.spike.kind == "threshold" else None
    setup = make_setup(
        model, I, duration, dt, method, parameters, start, spike_timing=timing, seed=seed, neurons=neurons
    )
    return script_of(translate(setup))


def _fixed_step(model: Model, method: str | None) -> None:
    scheme = find_method(model.method if method is None else method)
    if isinstance(scheme, Adaptive):
        legal = ", ".join(name for name, method in METHODS.items() if not isinstance(method, Adaptive))
        raise InputError(f"Brian2 cannot run the method {scheme.name}, which chooses its steps; take one of {legal}")


def _backend() -> Any:
    """What runs a setup on Brian2, or a word on how to get it."""
    try:
        import brian2  # noqa: F401
    except ImportError as error:
        raise InputError(f"Brian2 is missing ({error}): pip install 'neurosim[brian2]'") from None
    from .run import execute

    return execute
