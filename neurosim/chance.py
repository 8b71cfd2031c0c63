"""Chance in a run: seeds, what random models and noise currents may be combined with, noise stated for a membrane."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .currents import Current, Term
from .drive import Drive
from .errors import InputError
from .expression import evaluate
from .kernel.linear import leaky_membranes, linear_states
from .methods import Adaptive, Exact, Method
from .model import Model
from .model.values import with_defines
from .noise import Kind, MembraneNoise, Noise
from .units import parse_unit, to_array
from .waveforms import Constant

Floats = NDArray[np.float64]


def fresh_seed() -> int:
    """A seed that no run had before."""
    return int(np.random.SeedSequence().generate_state(1, np.uint64)[0] >> np.uint64(1))


def random_state(given: Any, seed: int | None) -> NDArray[np.int64] | None:
    """The state of random streams to go on with; none where a seed asks for new ones."""
    if given is None or seed is not None:
        return None
    state = np.asarray(given)
    if state.dtype != np.int64 or state.ndim != 2:
        raise InputError("start of random is what final_state of a recording holds, an array (n, words) of int64")
    return state


def steps_between_draws(model: Model, values: Mapping[str, Floats], dt: float) -> int:
    """Steps from one draw of a probability to the next; 1 for other spike rules."""
    if model.spike.per is None:
        return 1
    per = np.unique(evaluate(model.spike.per.tree, with_defines(model, values)))
    what = f"the time between draws {model.spike.per.text} of {model.name}"
    if per.size > 1 or not 0 < per[0] < math.inf:
        raise InputError(f"{what} must be one positive time for all neurons, not {', '.join(f'{p:g}' for p in per)} ms")
    steps = round(float(per[0]) / dt)
    if steps < 1 or abs(steps * dt - per[0]) > 1e-6 * dt:
        raise InputError(f"{what} is {per[0]:g} ms, no multiple of dt {dt:g} ms; take dt={per[0] / max(1, steps):g}")
    return steps


def check_random(model: Model, method: Method, drive: Drive, spike_timing: str | None) -> None:
    """Refuse what has no meaning where random numbers are drawn."""
    what = "noise currents" if drive.noise else f"the random spikes of {model.name}"
    if isinstance(method, Adaptive):
        raise InputError(f"{method.name} is for deterministic runs, not for {what}; take a method with a fixed step")
    if model.spike.kind == "hazard":
        if spike_timing == "grid":
            raise InputError(f"the spike times of {model.name} are drawn from its hazard, on no grid; leave it out")
        if isinstance(method, Exact):
            others = "rk4 or exact-rk4" if linear_states(model) else "rk4"
            raise InputError(f"{method.name} cannot integrate the hazard of {model.name}; take {others}")
    elif spike_timing == "located":
        rough = any(source.kind != Kind.ORNSTEIN_UHLENBECK for source in drive.noise)
        if rough or model.spike.is_random:
            raise InputError(
                f"spike_timing='located' is not for {what}: "
                + ("their path inside a step is not known" if rough else "they happen at the draws")
                + "; leave it out"
            )


def of_membranes(model: Model, I: Any, values: Mapping[str, Any]) -> Any:
    """`I` with every `membrane_noise` converted by the equation of the membrane it drives."""
    if isinstance(I, Mapping):
        return {name: _of_membrane(model, str(name), current, values) for name, current in I.items()}
    return _of_membrane(model, next(iter(model.inputs), ""), I, values)


def _of_membrane(model: Model, name: str, current: Any, values: Mapping[str, Any]) -> Any:
    if not isinstance(current, Current) or name not in model.inputs:
        return current
    terms: list[Term] = []
    for term in current.terms:
        if not isinstance(term.waveform, MembraneNoise):
            terms.append(term)
            continue
        membrane = leaky_membranes(model, values).get(name)
        if membrane is None or not np.all((np.asarray(membrane.decay) > 0) & (np.asarray(membrane.gain) != 0)):
            raise InputError(
                f"membrane_noise is for a leaky membrane, a state with the rate -(V - E)/tau + b*{name} that nothing "
                f"else enters; {model.name} has none: take white_noise(mean, sigma)"
            )
        unit = parse_unit(model.states[membrane.state].unit)
        mean, std = (
            to_array(value, unit, f"membrane_noise: {what}")
            for value, what in zip(term.amplitude, ("mean", "std"), strict=True)
        )
        factor = parse_unit(model.inputs[name].unit).factor
        if np.any(std < 0):
            raise InputError("membrane_noise: std is from 0 on")
        sigma = std * np.sqrt(2 * membrane.decay) / np.abs(membrane.gain)
        terms.append(Term((mean * membrane.decay - membrane.drift) / membrane.gain / factor, term.factor, Constant()))
        terms.append(Term(sigma / factor, term.factor, Noise(Kind.WHITE, frozen=term.waveform.frozen)))
    return Current(tuple(terms))
