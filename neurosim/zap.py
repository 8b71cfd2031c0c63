"""Impedance of a neuron at rest, by a current whose frequency rises (ZAP)."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .backends import Simulate
from .currents import from_array
from .errors import InputError, choices, excerpt
from .excitability import positive
from .flow import Flow, the_input
from .model import Model, load_model
from .simulation import finished, simulate
from .units import parse_unit, to_array, to_number

Floats = NDArray[np.float64]

_MS, _HZ = parse_unit("ms"), parse_unit("Hz")
_SMALL, _SMALL_NUMBER = {"mV": 0.1}, 1e-3  # largest response; of a state in another unit
_SETTLED = 1e-7
_LONGEST_TAIL = 20_000.0  # ms
_EDGE = 0.05  # share of a chirp in which it rises, and falls again


@dataclass(frozen=True, eq=False)
class Impedance:
    """Response of a state to a small current of many frequencies: the result of `impedance`.

    Attributes
    ----------
    model : Model
    state : str
    frequency : ndarray (m,)
        In Hz.
    impedance : ndarray (m,) of complex
        State per input, in `unit`: its size, and its phase (negative: the state lags behind the current).
    linear : ndarray (m,) of complex
        The same of the equations linearised at the fixed point, from the Jacobian.
    deviation : float
        Largest of ``abs(impedance - linear)/abs(linear)``, which is within the tolerance that was asked for.
    rest : float
        The state at the fixed point.
    amplitude : float
        Of the current, in the unit of the input.
    unit : str
        Such as "mV/nA".
    """

    model: Model
    state: str
    frequency: Floats
    impedance: NDArray[np.complex128]
    linear: NDArray[np.complex128]
    deviation: float
    rest: float
    amplitude: float
    unit: str

    @property
    def resonance(self) -> float:
        """Frequency in Hz at which the size is largest; 0 where it falls from the lowest one on."""
        best = int(np.abs(self.impedance).argmax())
        return float(self.frequency[best]) if best else 0.0

    def plot(self, ax: Any = None) -> Any:
        """Draw it; see `neurosim.plot_impedance`."""
        from .plot.phase import plot_impedance

        return plot_impedance(self, ax=ax)

    def __repr__(self) -> str:
        largest = np.abs(self.impedance).max()
        return f"<Impedance of {self.model.name}: up to {largest:.4g} {self.unit}, resonance {self.resonance:.4g} Hz>"


def impedance(
    model: str | os.PathLike[str] | Model,
    I: Any = 0,
    *,
    frequencies: Any = None,
    state: str | None = None,
    amplitude: Any = None,
    duration: Any = 2000,
    tolerance: float = 1e-3,
    parameters: Mapping[str, Any] | None = None,
    dt: Any = None,
    method: str | None = None,
    simulate: Simulate = simulate,
) -> Impedance:
    """Impedance of a model at rest, measured with a current whose frequency rises (ZAP).

    Parameters
    ----------
    model
        Name of a deterministic model with one input, path of a model file, or a `Model`.
    I
        Constant input, at which the model must have a stable fixed point.
    frequencies
        (m,) in Hz, or quantities; 60 from 1 to 200 Hz if not given.
    state
        Whose response; the first state if not given.
    amplitude
        Of the chirp, in the unit of the input or a quantity. If not given, the response is at most 0.1 mV (a thousandth
        of a state without unit).
    duration
        Of the chirp, in ms or a quantity; the run goes on until the response has died away.
    tolerance
        Largest relative deviation from the response of the linearised equations.
    parameters, dt, method
        As for `simulate`.
    simulate
        What runs the neurons: `neurosim.simulate`, or a function with its signature such as `neurosim.brian.simulate`.

    Returns
    -------
    Impedance

    Raises
    ------
    InputError
        Where rest is not stable, the neuron spikes, or the measurement misses the tolerance: with the next step.

    Notes
    -----
    Two runs, with the chirp and its negative, start from the fixed point. Half their difference, which is free of even
    distortions, divided by the current, both as Fourier integrals over the whole run, is the impedance: since there is
    no current at either end and the response has died away, no window is needed. (Puil, Gimbarzevsky & Miura 1986,
    J Neurophysiol 55:995, doi:10.1152/jn.1986.55.5.995.)
    """
    model = load_model(model)
    name, unit = the_input(model, "impedance")
    flow = Flow(model, parameters, I, "impedance")
    which = _which(model, state)
    at = _frequencies(frequencies)
    length = positive(duration, _MS, "duration")
    allowed = to_number(tolerance, parse_unit(""), "tolerance")
    if not 0 < allowed < 1:
        raise InputError(f"tolerance is between 0 and 1, not {allowed:g}")
    rest = _rest(flow)
    linear, slowest = _linearised(Flow(model, parameters, None, "impedance", name), rest, flow.values[name], which, at)
    peak = _SMALL.get(model.states[flow.names[which]].unit, _SMALL_NUMBER)
    size = peak / float(np.abs(linear).max()) if amplitude is None else positive(amplitude, unit, "amplitude")
    tail = -math.log(_SETTLED) / slowest
    if tail > _LONGEST_TAIL:
        raise InputError(
            f"the response of {model.name} takes {tail:.3g} ms to die away, too long to measure; take an input further "
            "from the loss of stability"
        )
    options = {"parameters": parameters, "dt": dt, "method": method}
    found = _zap(flow, rest, which, at, size, length, tail, simulate, options)
    deviation = float((np.abs(found - linear) / np.abs(linear)).max())
    if not deviation <= allowed:
        raise InputError(
            f"the measurement is {deviation:.2g} off the response of the linearised equations, more than the tolerance "
            f"{allowed:g}; take a smaller amplitude or dt, a longer duration, or frequencies further below 1/dt"
        )
    measured = parse_unit(model.states[flow.names[which]].unit).factor / unit.factor
    return Impedance(
        model=model.replace(**(parameters or {})),
        state=flow.names[which],
        frequency=at,
        impedance=found / measured,
        linear=linear / measured,
        deviation=deviation,
        rest=float(rest[which]),
        amplitude=size / unit.factor,
        unit=_per(model.states[flow.names[which]].unit, unit.text),
    )


def _zap(
    flow: Flow,
    rest: Floats,
    which: int,
    at: Floats,
    size: float,
    length: float,
    tail: float,
    by: Simulate,
    options: Any,
) -> NDArray[np.complex128]:
    """Fourier integral of the response to a chirp over that of the chirp, in the coherent set."""
    model, (name,) = flow.model, flow.model.inputs
    unit = parse_unit(model.inputs[name].unit).factor
    step = model.dt if options["dt"] is None else positive(options["dt"], _MS, "dt")
    time: Any = step * np.arange(math.ceil(length / step) + 1)
    total = time.size + math.ceil(tail / step)
    chirp = np.zeros(total + 1)
    chirp[: time.size] = _chirp(time, at)
    start = dict(zip(flow.names, rest.tolist(), strict=True))
    current = from_array(size / unit * chirp, step, interpolate=True) * np.array([1.0, -1.0])
    state = flow.names[which]
    run = finished(
        model,
        current + flow.values[name] / unit,
        total * step,
        start=start,
        record=[state],
        threads=1,
        by=by,
        **options,
    )
    if run.spike_count.any():
        raise InputError(f"{model.name} spikes while its impedance is measured; take a smaller amplitude or input")
    response = (run[state][0] - run[state][1]) / 2
    angular = 2 * np.pi * at / 1000
    # The current is straight between samples: its integral is the sum over samples times that of one triangle.
    triangle = np.sinc(at / 1000 * step) ** 2
    return _sum(response, angular * step) / (size * _sum(chirp, angular * step) * triangle)


def _chirp(time: Floats, at: Floats) -> Floats:
    """A sine from half the lowest to 1.2 times the highest frequency, which rises and falls smoothly at its ends."""
    low, high = 0.5 * at.min() / 1000, 1.2 * at.max() / 1000
    span = float(time[-1])
    wave = np.sin(2 * np.pi * (low * time + (high - low) * time**2 / (2 * span)))
    near = np.minimum(time, span - time) / (_EDGE * span)
    tapered: Floats = wave * np.sin(np.pi / 2 * np.minimum(near, 1.0)) ** 2
    return tapered


def _sum(samples: Floats, turn: Floats) -> NDArray[np.complex128]:
    """Sum over k of samples_k exp(-i turn k), for each turn."""
    k = np.arange(samples.size)
    return np.array([samples @ np.exp(-1j * angle * k) for angle in turn])


def _rest(flow: Flow) -> Floats:
    """The stable fixed point nearest to the start of the model."""
    points = flow.fixed_points()
    stable = [point for point in points.T if flow.stability(point).stable]
    if not stable:
        found = f"{points.shape[1]} unstable fixed point(s)" if points.size else "no fixed point"
        raise InputError(f"impedance is measured at stable rest; {flow.model.name} has {found} at this input")
    return min(stable, key=lambda point: abs(float(point[0] - flow.start[0])))


def _linearised(flow: Flow, rest: Floats, I: float, which: int, at: Floats) -> tuple[NDArray[np.complex128], float]:
    """Response (iω - J)⁻¹ dF/dI of one state, and the slowest rate of decay (1/ms)."""
    _, matrix = flow.jacobian(rest, I)
    own, drive = matrix[:, :-1], matrix[:, -1]
    if not drive.any():
        raise InputError(f"the input of {flow.model.name} changes no state; it has no impedance")
    identity = np.eye(len(rest))
    found = [np.linalg.solve(2j * np.pi * f / 1000 * identity - own, drive)[which] for f in at]
    return np.array(found), float(-np.linalg.eigvals(own).real.max())


def _per(unit: str, other: str) -> str:
    below = f"({other})" if "/" in other else other
    return f"{unit or '1'}/{below}" if other else unit


def _which(model: Model, state: str | None) -> int:
    names = list(model.states)
    if state is not None and state not in names:
        raise InputError(f"{model.name} has no state {excerpt(state)}; {choices(state, names)}")
    return names.index(state) if state is not None else 0


def _frequencies(given: Any) -> Floats:
    if given is None:
        return np.geomspace(1, 200, 60)
    found = np.atleast_1d(to_array(given, _HZ, "frequencies")) / _HZ.factor
    if found.ndim != 1 or found.size == 0 or not (np.isfinite(found) & (found > 0)).all():
        raise InputError("frequencies are positive and finite, in Hz, in a 1-D array")
    return np.sort(found)
