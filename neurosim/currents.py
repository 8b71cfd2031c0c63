"""What drives a model over time: a few waveforms, each times one amplitude per neuron."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import InputError, choices, excerpt
from .noise import Kind, MembraneNoise, Noise
from .units import Unit, parse_unit, to_array, to_number
from .waveforms import Chirp, Constant, Pulses, Ramp, Samples, Sine, Step, Waveform

_MS = parse_unit("ms")
_HZ = parse_unit("Hz")
_PURE = parse_unit("1")
_LARGEST_AREA = 100.0  # cm²; 20 cm of a squid's giant axon have 6


class Term(NamedTuple):
    """amplitude × factor × waveform; the amplitude is what the user gave, its unit still unknown.

    That of `MembraneNoise` is the pair of mean and standard deviation.
    """

    amplitude: Any
    factor: Any
    waveform: Waveform | Noise | MembraneNoise


@dataclass(frozen=True, eq=False)
class Current:
    """A sum of waveforms times amplitudes; add currents, multiply them by numbers or by one number per neuron."""

    terms: tuple[Term, ...]

    def __add__(self, other: Any) -> "Current":
        return Current(self.terms + as_current(other).terms)

    __radd__ = __add__

    def __mul__(self, factor: Any) -> "Current":
        numbers = to_array(factor, _PURE, "the factor of a current")
        for term in self.terms:
            if np.ndim(numbers) > 1 or (np.size(term.factor) not in (1, numbers.size) and numbers.size != 1):
                raise InputError(f"the factors of a current, {np.size(term.factor)} and {numbers.size}, do not fit")
        return Current(tuple(term._replace(factor=term.factor * numbers) for term in self.terms))

    __rmul__ = __mul__
    __array_ufunc__ = None  # so that array * current comes here

    def __truediv__(self, divisor: Any) -> "Current":
        return self * (1.0 / to_array(divisor, _PURE, "the divisor of a current"))

    @property
    def end(self) -> float:
        """Until when its samples say something, in ms: the longest run it can drive. Infinite without samples."""
        ends = [term.waveform.end for term in self.terms if isinstance(term.waveform, Samples)]
        return min(ends, default=math.inf)

    def __neg__(self) -> "Current":
        return self * -1.0

    def __sub__(self, other: Any) -> "Current":
        return self + -as_current(other)

    def __rsub__(self, other: Any) -> "Current":
        return as_current(other) - self


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
    """The sum mean + amplitude·sin(2π·frequency·t + phase); frequency in Hz, phase in radians."""
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


def white_noise(mean: Any, sigma: Any, *, frozen: bool = False) -> Current:
    """White noise: I dt = mean dt + sigma dW, whose law does not depend on the time step.

    Parameters
    ----------
    mean
        Number in the unit of the model's input, quantity, or one value per neuron (n,).
    sigma
        The same in that unit times √ms, such as ``"0.5 nA*ms^0.5"``: over a time T the integral of the noise has the
        standard deviation sigma·√T.
    frozen
        Whether all neurons get the same realisation; each its own otherwise.

    Notes
    -----
    In each step the noise is a constant current sigma·ξ/√dt with a normal ξ. So ``euler`` is the Euler–Maruyama scheme
    (Itô) and ``heun`` the stochastic Heun scheme; it and all others of higher order follow Stratonovich where the
    noise is multiplied by a state. A recorded sample is the noise of the step that ends there, none at the start.
    """
    return constant(mean) + Current((Term(sigma, 1.0, Noise(Kind.WHITE, frozen=bool(frozen))),))


def ornstein_uhlenbeck(mean: Any, std: Any, tau: Any, *, frozen: bool = False) -> Current:
    """Noise with exponential correlations: stationary, of standard deviation `std` and correlation time `tau` (ms).

    Its values at the steps, from the first on, are exact in law whatever dt; inside a step the current is linear.

    Parameters
    ----------
    mean, std
        Numbers in the unit of the model's input, quantities, or one value per neuron (n,).
    tau
        In ms, a quantity, or one value per neuron (n,).
    frozen
        Whether all neurons get the same realisation.
    """
    times = _positive(tau, _MS, "ornstein_uhlenbeck: tau")
    return constant(mean) + Current((Term(std, 1.0, Noise(Kind.ORNSTEIN_UHLENBECK, times, bool(frozen))),))


def poisson_input(rate: Any, weight: Any, *, frozen: bool = False) -> Current:
    """Short pulses at the times of a Poisson process.

    Parameters
    ----------
    rate
        Events per second (Hz), a quantity, or one value per neuron (n,).
    weight
        Charge of each event: in the unit of the model's input times ms, a quantity such as ``"2 pC"``, or one value per
        neuron (n,). It is delivered evenly over the time step in which the event falls.
    frozen
        Whether all neurons get the same events.
    """
    with np.errstate(divide="ignore"):
        times = 1.0 / _positive(rate, _HZ, "poisson_input: rate", or_zero=True)
    return Current((Term(weight, 1.0, Noise(Kind.POISSON, times, bool(frozen))),))


def membrane_noise(mean: Any, std: Any, *, frozen: bool = False) -> Current:
    """White noise for a leaky membrane, stated by what the membrane potential would do without a threshold.

    Parameters
    ----------
    mean, std
        Mean and stationary standard deviation of the free membrane potential: numbers in mV, quantities, or one value
        per neuron (n,). They are converted by the model's own equation, dV/dt = -(V - E)/τ + b·I, into `white_noise`
        with mean (mean - E)/(τ b) and sigma = std·√(2/τ)/b.
    frozen
        Whether all neurons get the same realisation.
    """
    return Current((Term((mean, std), 1.0, MembraneNoise(bool(frozen))),))


def _positive(value: Any, unit: Unit, what: str, or_zero: bool = False) -> NDArray[np.float64]:
    numbers = to_array(value, unit, what)
    legal = np.isfinite(numbers) & ((numbers >= 0) if or_zero else (numbers > 0))
    if numbers.ndim > 1 or numbers.size == 0 or not legal.all():
        sign = "from 0 on" if or_zero else "positive"
        raise InputError(f"{what} is {sign} and finite, or one such value per neuron (n,), not {excerpt(value)}")
    return numbers


def from_array(
    samples: Any, dt: Any, *, interpolate: bool = False, unit: str | None = None, area: Any = None
) -> Current:
    """A sampled current: one waveform (T,) for all neurons, or (n, T), one for each.

    Parameters
    ----------
    samples
        The first at t = 0; numbers in `unit`, by default that of the model's input, or a quantity.
    dt
        Time between samples (ms); it need not be the time step of the run.
    interpolate
        Linear between samples; held from each sample to the next otherwise.
    unit
        What bare numbers are in, such as ``"pA"``.
    area
        Of the membrane, in cm² or a quantity such as ``"2000 um^2"``: drives a model per area with a current in pA.
    """
    spacing = to_number(dt, _MS, "dt of from_array")
    if not 0 < spacing < math.inf:
        raise InputError(f"from_array: dt must be positive, not {spacing:g} ms")
    shape = shape_of(samples, "from_array")
    if len(shape) not in (1, 2) or 0 in shape:
        raise InputError(f"from_array takes samples (T,) or (n, T), not of shape {shape}")
    if unit is not None and not isinstance(unit, str):
        raise InputError(f"unit is a text such as 'pA', not {excerpt(unit)}")
    return sampled(Samples(samples, spacing, bool(interpolate), unit), area)


def sampled(samples: Samples, area: Any = None) -> Current:
    """A current of samples, for a membrane of an `area` (cm², or a quantity) if that is not None."""
    if area is not None:
        unit = parse_unit("cm^2")
        size = to_number(area, unit, "area")
        if not 0 < size < math.inf:
            raise InputError(f"area must be positive and finite, not {excerpt(area)}")
        if size > _LARGEST_AREA * unit.factor:
            wide = f"{size / unit.factor:g} cm^2"
            raise InputError(f"no neuron has {wide} of membrane; give the unit of area=, such as '2000 um^2'")
        samples = replace(samples, area=size)
    return Current((Term(1.0, 1.0, samples),))


def shape_of(value: Any, what: str) -> tuple[int, ...]:
    """The shape of what a user gave; an error for rows of different lengths."""
    try:
        return np.shape(value)
    except ValueError:
        raise InputError(f"{what}: the rows of {excerpt(value)} have different lengths") from None


def as_current(value: Any) -> Current:
    """A `Current` as it is; anything else as a constant amplitude."""
    return value if isinstance(value, Current) else constant(value)


_SPOKEN: dict[str, tuple[Callable[..., Current], str]] = {
    "constant": (constant, "amplitude"),
    "step": (step, "amplitude[,start[,stop]]"),
    "ramp": (ramp, "first,last,start,stop"),
    "sine": (sine, "amplitude,frequency[,mean[,phase]]"),
    "chirp": (chirp, "amplitude,low,high,start,stop[,mean]"),
    "white": (white_noise, "mean,sigma"),
    "ornstein-uhlenbeck": (ornstein_uhlenbeck, "mean,std,tau"),
    "poisson": (poisson_input, "rate,weight"),
    "membrane": (membrane_noise, "mean,std"),
    "pulses": (lambda amplitude, width, *times: pulses(amplitude, list(times), width), "amplitude,width,time,…"),
}


def parse_current(text: str) -> Current:
    """A current in words: ``10``, ``"10 nA"``, ``step:10,20,80``; ``5,10,20`` for three neurons; ``a + b`` for a sum.

    Raises
    ------
    InputError
        With the legal forms.
    """
    first, *others = text.split(" + ")
    return sum(map(_parse_term, others), _parse_term(first))


def _parse_term(text: str) -> Current:
    kind, colon, rest = text.strip().partition(":")
    if not colon:
        parts = [_plain(part) for part in text.split(",")]
        return constant(parts if len(parts) > 1 else parts[0])
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
