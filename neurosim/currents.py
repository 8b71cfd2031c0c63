"""What drives a model over time: a few waveforms, each times one amplitude per neuron."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import InputError, UnitError, choices, excerpt
from .units import Unit, parse_unit, to_array, to_number

Floats = NDArray[np.float64]
_MS = parse_unit("ms")
_HZ = parse_unit("Hz")
_PURE = parse_unit("1")


def _reached(t: Floats, edge: float, left: bool) -> NDArray[np.bool_]:
    """Whether `edge` lies before t, from the left or the right of t; rounding of t = step·dt does not matter."""
    slack = 1e-9 + 1e-12 * np.abs(t)
    return t > edge + slack if left else t >= edge - slack


# Waveforms: values at times t in ms; `left` asks for the limit from the left, which a step needs at its end --------


@dataclass(frozen=True)
class Constant:
    """1 at all times."""

    def __call__(self, t: Floats, left: bool = False) -> Floats:
        return np.ones_like(t)


@dataclass(frozen=True)
class Step:
    """1 from start until stop, 0 outside."""

    start: float
    stop: float

    def __call__(self, t: Floats, left: bool = False) -> Floats:
        return (_reached(t, self.start, left) & ~_reached(t, self.stop, left)).astype(np.float64)


@dataclass(frozen=True)
class Ramp:
    """0 until start, 1 from stop, linear in between."""

    start: float
    stop: float

    def __call__(self, t: Floats, left: bool = False) -> Floats:
        return np.clip((t - self.start) / (self.stop - self.start), 0.0, 1.0)


@dataclass(frozen=True)
class Sine:
    """sin(2 pi frequency t + phase), frequency in 1/ms."""

    frequency: float
    phase: float

    def __call__(self, t: Floats, left: bool = False) -> Floats:
        return np.asarray(np.sin(2 * np.pi * self.frequency * t + self.phase))


@dataclass(frozen=True)
class Chirp:
    """A sine whose frequency (1/ms) runs linearly from low to high between start and stop; 0 outside."""

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, t: Floats, left: bool = False) -> Floats:
        s = t - self.start
        phase = 2 * np.pi * (self.low * s + (self.high - self.low) * s**2 / (2 * (self.stop - self.start)))
        return np.sin(phase) * Step(self.start, self.stop)(t, left)


@dataclass(frozen=True)
class Pulses:
    """1 for `width` ms from each of `times`, 0 outside."""

    times: tuple[float, ...]
    width: float

    def __call__(self, t: Floats, left: bool = False) -> Floats:
        starts = np.asarray(self.times)
        slack = (1e-9 + 1e-12 * np.abs(t)) * (-1 if left else 1)
        last = np.searchsorted(starts, t + slack, side="left" if left else "right") - 1
        inside = (last >= 0) & ~_reached(t - starts[np.maximum(last, 0)], self.width, left)
        return inside.astype(np.float64)


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples dt apart, the first at t = 0, along the last axis of `values` ((T,) or (n, T))."""

    values: Any
    dt: float
    interpolate: bool

    def __call__(self, t: Floats, left: bool = False) -> Floats:
        values: Floats = self.values
        position = t / self.dt
        slack = (1e-9 + 1e-12 * np.abs(position)) * (-1 if left else 1)
        index = np.clip(np.floor(position + slack), 0, values.shape[-1] - 1).astype(np.intp)
        if not self.interpolate:
            return values[..., index]
        following = np.minimum(index + 1, values.shape[-1] - 1)
        share = np.clip(position - index, 0.0, 1.0)
        return values[..., index] * (1 - share) + values[..., following] * share

    @property
    def end(self) -> float:
        """Until when, in ms, the samples say something."""
        return (self.values.shape[-1] - (1 if self.interpolate else 0)) * self.dt


Waveform = Callable[[Floats, bool], Floats]


class Term(NamedTuple):
    """amplitude × factor × waveform; the amplitude is what the user gave, its unit still unknown."""

    amplitude: Any
    factor: Any
    waveform: Waveform


@dataclass(frozen=True, eq=False)
class Current:
    """A sum of waveforms times amplitudes; add currents, multiply them by numbers or by one number per neuron."""

    terms: tuple[Term, ...]

    def __add__(self, other: Any) -> "Current":
        return Current(self.terms + as_current(other).terms)

    __radd__ = __add__

    def __mul__(self, factor: Any) -> "Current":
        numbers = to_array(factor, _PURE, "the factor of a current")
        return Current(tuple(term._replace(factor=term.factor * numbers) for term in self.terms))

    __rmul__ = __mul__
    __array_ufunc__ = None  # so that array * current comes here

    def __neg__(self) -> "Current":
        return self * -1.0

    def __sub__(self, other: Any) -> "Current":
        return self + -as_current(other)


def constant(amplitude: Any) -> Current:
    """The same current at all times.

    Parameters
    ----------
    amplitude
        Number in the unit of the model's input, quantity, or one value per neuron (n,).
    """
    return Current((Term(amplitude, 1.0, Constant()),))


def step(amplitude: Any, start: Any = 0.0, stop: Any = math.inf) -> Current:
    """`amplitude` from `start` until `stop` (ms), nothing outside."""
    first, last = _span(start, stop, "step")
    return Current((Term(amplitude, 1.0, Step(first, last)),))


def ramp(first: Any, last: Any, start: Any = 0.0, stop: Any = None) -> Current:
    """From `first` until `start` linearly to `last` at `stop` (ms), constant outside."""
    if stop is None:
        raise InputError("ramp: say when it ends, such as ramp(0, 20, stop=1000)")
    rise = Ramp(*_span(start, stop, "ramp", finite=True))
    return Current((Term(first, 1.0, Constant()), Term(first, -1.0, rise), Term(last, 1.0, rise)))


def sine(amplitude: Any, frequency: Any, mean: Any = 0.0, phase: float = 0.0) -> Current:
    """mean + amplitude·sin(2π·frequency·t + phase); frequency in Hz, phase in radians."""
    wave = Sine(to_number(frequency, _HZ, "frequency"), to_number(phase, _PURE, "phase"))
    return Current((Term(mean, 1.0, Constant()), Term(amplitude, 1.0, wave)))


def chirp(amplitude: Any, low: Any, high: Any, start: Any = 0.0, stop: Any = None, mean: Any = 0.0) -> Current:
    """A sine whose frequency runs linearly from `low` to `high` (Hz) between `start` and `stop` (ms)."""
    if stop is None:
        raise InputError("chirp: say when it ends, such as chirp(1, 1, 100, stop=1000)")
    frequencies = to_number(low, _HZ, "low"), to_number(high, _HZ, "high")
    wave = Chirp(*frequencies, *_span(start, stop, "chirp", finite=True))
    return Current((Term(mean, 1.0, Constant()), Term(amplitude, 1.0, wave)))


def pulses(amplitude: Any, times: Any, width: Any = 1.0) -> Current:
    """`amplitude` for `width` ms from each of `times` (ms), which are at least `width` apart."""
    starts = np.atleast_1d(to_array(times, _MS, "times of pulses"))
    length = to_number(width, _MS, "width of pulses")
    if starts.ndim != 1 or starts.size == 0 or not np.isfinite(starts).all():
        raise InputError("pulses: times must be a list of finite times")
    if not 0 < length < math.inf or np.any(np.diff(starts) < length):
        raise InputError("pulses: the width must be positive and the times increasing, at least the width apart")
    return Current((Term(amplitude, 1.0, Pulses(tuple(starts.tolist()), length)),))


def from_array(samples: Any, dt: Any, *, interpolate: bool = False) -> Current:
    """A sampled current: one waveform (T,) for all neurons, or (n, T), one for each.

    Parameters
    ----------
    samples
        The first at t = 0; numbers in the unit of the model's input, or a quantity.
    dt
        Time between samples (ms); it need not be the time step of the run.
    interpolate
        Linear between samples; held from each sample to the next otherwise.
    """
    spacing = to_number(dt, _MS, "dt of from_array")
    if not 0 < spacing < math.inf:
        raise InputError(f"from_array: dt must be positive, not {spacing:g} ms")
    shape = np.shape(samples)
    if len(shape) not in (1, 2) or 0 in shape:
        raise InputError(f"from_array takes samples (T,) or (n, T), not of shape {shape}")
    return Current((Term(1.0, 1.0, Samples(samples, spacing, bool(interpolate))),))


def as_current(value: Any) -> Current:
    """A `Current` as it is; anything else as a constant amplitude."""
    return value if isinstance(value, Current) else constant(value)


_SPOKEN: dict[str, tuple[Callable[..., Current], str]] = {
    "constant": (constant, "amplitude"),
    "step": (step, "amplitude[,start[,stop]]"),
    "ramp": (ramp, "first,last,start,stop"),
    "sine": (sine, "amplitude,frequency[,mean[,phase]]"),
    "chirp": (chirp, "amplitude,low,high,start,stop[,mean]"),
    "pulses": (lambda amplitude, width, *times: pulses(amplitude, list(times), width), "amplitude,width,time,…"),
}


def parse_current(text: str) -> Current:
    """A current as written on the command line: ``10``, ``"10 nA"`` or ``step:10,20,80``.

    Raises
    ------
    InputError
        With the legal forms.
    """
    kind, colon, rest = text.partition(":")
    if not colon:
        return constant(_plain(text))
    if kind not in _SPOKEN:
        raise InputError(f"unknown current {excerpt(kind)}; {choices(kind, _SPOKEN)}")
    make, form = _SPOKEN[kind]
    try:
        return make(*(_plain(part) for part in rest.split(",")))
    except TypeError:
        raise InputError(f"{excerpt(text)}: write {kind}:{form}") from None


def _plain(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _span(start: Any, stop: Any, what: str, finite: bool = False) -> tuple[float, float]:
    first, last = to_number(start, _MS, f"start of {what}"), to_number(stop, _MS, f"stop of {what}")
    if not first < last or math.isnan(last) or math.isinf(first) or (finite and math.isinf(last)):
        raise InputError(f"{what}: start must come before stop, not {first:g} and {last:g} ms")
    return first, last


# From what the user gave to numbers ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drive:
    """All inputs of a run, in the coherent set: `amplitude` (waves, n), the input each belongs to, and functions of t.

    `dense` are currents with samples for each neuron: (index of the input, factor (n,), samples).
    """

    amplitude: Floats
    target: NDArray[np.int64]
    waveforms: tuple[Waveform, ...]
    dense: tuple[tuple[int, Floats, Samples], ...] = field(default=())

    @property
    def neurons(self) -> int:
        """How many neurons the amplitudes are for."""
        return self.amplitude.shape[1]

    def waves(self, first: int, last: int, dt: float, nodes: Sequence[float]) -> Floats:
        """Waveforms inside the steps first … last - 1, at the nodes of each: (steps, nodes, waves)."""
        result = np.empty((last - first, len(nodes), len(self.waveforms)))
        for s, (t, left) in enumerate(_node_times(first, last, dt, nodes)):
            for w, waveform in enumerate(self.waveforms):
                result[:, s, w] = waveform(t, left)
        return result

    def samples(self, d: int, first: int, last: int, dt: float, nodes: Sequence[float]) -> Floats:
        """The d-th dense current inside the same steps: (neurons, steps, nodes)."""
        _, factor, samples = self.dense[d]
        at_nodes = [samples(t, left) for t, left in _node_times(first, last, dt, nodes)]
        return np.stack(at_nodes, axis=-1) * factor[:, None, None]

    def at(self, t: Floats, inputs: int) -> Floats:
        """The inputs at times t, from the right: (inputs, neurons, times)."""
        result = np.zeros((inputs, self.neurons, t.size))
        for amplitude, target, waveform in zip(self.amplitude, self.target, self.waveforms, strict=True):
            result[target] += amplitude[:, None] * waveform(t, False)
        for target, factor, samples in self.dense:
            result[target] += factor[:, None] * samples(t, False)
        return result


def _node_times(first: int, last: int, dt: float, nodes: Sequence[float]) -> list[tuple[Floats, bool]]:
    steps = np.arange(first, last, dtype=np.float64)
    return [((steps + node) * dt, node == 1.0) for node in nodes]


def resolve_drive(I: Any, units: Mapping[str, Unit], steps: int, dt: float, neurons: int) -> Drive:
    """Turn what the user gave as `I` into numbers for each neuron.

    Parameters
    ----------
    I
        Number, quantity, 1-D array (n,), 2-D array (n, T) with one column per step, `Current`, or a mapping from the
        names of inputs to these; None for a model without input.
    units
        Unit of each input of the model.
    steps, dt
        Length of the run.
    neurons
        How many neurons other arguments ask for; 1 adapts to `I`.
    """
    given = _by_name(I, list(units))
    amplitudes: list[tuple[int, Floats, Waveform]] = []
    dense: list[tuple[int, Floats, Samples]] = []
    for target, (name, unit) in enumerate(units.items()):
        for term in _terms(given[name], unit, name, steps, dt):
            if isinstance(term.waveform, Samples) and term.waveform.values.ndim == 2:
                dense.append((target, term.factor, term.waveform))
            else:
                amplitudes.append((target, term.amplitude * term.factor, term.waveform))
    sizes = {"other arguments": neurons}
    sizes |= {f"the input {list(units)[target]}": np.size(value) for target, value, _ in amplitudes if np.size(value) > 1}
    sizes |= {f"the samples of {list(units)[target]}": samples.values.shape[0] for target, _, samples in dense}
    n = common_size(sizes)
    return Drive(
        amplitude=np.array([np.broadcast_to(value, n) for _, value, _ in amplitudes]).reshape(len(amplitudes), n),
        target=np.array([target for target, _, _ in amplitudes], dtype=np.int64),
        waveforms=tuple(waveform for _, _, waveform in amplitudes),
        dense=tuple(
            (target, np.broadcast_to(factor, n), Samples(np.broadcast_to(s.values, (n, s.values.shape[1])), s.dt, s.interpolate))
            for target, factor, s in dense
        ),
    )


def common_size(sizes: Mapping[str, int]) -> int:
    """The number of neurons, where every argument gives 1 or the same number."""
    several = {what: size for what, size in sizes.items() if size != 1}
    if len(set(several.values())) > 1:
        raise InputError(
            "different numbers of neurons: " + ", ".join(f"{size} from {what}" for what, size in several.items())
        )
    return next(iter(several.values()), 1)


def _by_name(I: Any, inputs: list[str]) -> dict[str, Any]:
    if isinstance(I, Mapping):
        for name in I:
            if name not in inputs:
                raise InputError(f"the model has no input {excerpt(name)}; {choices(str(name), inputs)}")
        if missing := [name for name in inputs if name not in I]:
            raise InputError(f"no current for the input(s) {', '.join(missing)}")
        return dict(I)
    if I is None and not inputs:
        return {}
    if len(inputs) != 1 or I is None:
        form = "{" + ", ".join(f"{name!r}: …" for name in inputs) + "}"
        raise InputError(f"the model has {len(inputs)} inputs; give I as {form if inputs else None}")
    return {inputs[0]: I}


def _terms(value: Any, unit: Unit, name: str, steps: int, dt: float) -> list[Term]:
    """The terms of one input with amplitudes and samples in the coherent set."""
    if not isinstance(value, Current) and np.ndim(value) == 2:
        if np.shape(value)[1] != steps:
            raise InputError(
                f"the input {name} has shape {np.shape(value)}: a 2-D array is (neurons, steps) with {steps} steps here; "
                "for other sampling use from_array(samples, dt=)"
            )
        value = from_array(value, dt)
    terms = []
    for term in as_current(value).terms:
        amplitude = to_array(term.amplitude, unit, f"the input {name}")
        waveform = term.waveform
        if isinstance(waveform, Samples):
            samples = to_array(waveform.values, unit, f"the input {name}")
            amplitude = np.ones(())
            waveform = Samples(_finite(samples, name), waveform.dt, waveform.interpolate)
            if waveform.end < steps * dt * (1 - 1e-9):
                raise InputError(
                    f"the samples of {name} end at {waveform.end:g} ms, the run at {steps * dt:g} ms; "
                    "shorten the duration or give more samples"
                )
        if amplitude.ndim > 1 or amplitude.size == 0 or np.ndim(term.factor) > 1:
            raise InputError(f"the input {name} is a number or one value per neuron (n,), not of shape {amplitude.shape}")
        if np.ndim(term.factor) and amplitude.ndim and amplitude.size != np.size(term.factor):
            raise InputError(f"the input {name}: {amplitude.size} amplitudes times {np.size(term.factor)} factors")
        terms.append(Term(_finite(amplitude, name), _finite(np.asarray(term.factor), name), waveform))
    return terms


def _finite(values: Floats, name: str) -> Floats:
    if not np.isfinite(values).all():
        raise UnitError(f"the input {name} contains NaN or infinite values; give finite numbers")
    return values
