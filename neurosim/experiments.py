"""Experiments: what a model does over a range of inputs and parameters."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arguments import by_name, make_setup
from .errors import InputError
from .kernel import execute
from .model import Model, load_model
from .progress import Progress, progress_bar
from .recording import Tally, in_ms
from .units import Unit, parse_unit, to_array, to_number

Floats = NDArray[np.float64]

_MS = parse_unit("ms")
_REFINEMENTS, _PER_REFINEMENT = 3, 32
_CONTINUOUS = 0.05  # a rate that still falls by this much in the last refinement goes to zero
_FINEST = 1e-9  # step between two inputs, relative to them, that rounding leaves a meaning
_FEWEST_INTERVALS = 8  # with fewer, the duration and not the neuron sets the lowest rate
_LEVEL = 0.01  # a curve has levelled off where it changes by less over the last tenth of the inputs


@dataclass(frozen=True, eq=False)
class GainFunction:
    """Firing rate against constant input: the result of `gain_function`.

    Attributes
    ----------
    model : Model
    input : ndarray (m,)
        In `unit`.
    rate : ndarray (…, m)
        In Hz, from the intervals after `discard`; 0 with fewer than two spikes there, or none in the second half of
        that time (the neuron fell silent). Leading axes: the families.
    spike_count : ndarray (…, m)
        All spikes of the run, those before `discard` included.
    duration, discard, dt : float
        In ms.
    method, spike_timing : str
        How it was integrated; `spike_timing` is "located" or "grid".
    parameters : mapping of name to ndarray
        What was given; those with several values are the families, in the order of the leading axes.
    onset : float or ndarray (…)
        Lowest input that makes the neuron fire repeatedly, refined between the last silent and the first firing input;
        NaN where the curve never leaves 0 or does not start there.
    saturation : float or ndarray (…)
        Rate in Hz at which the curve levels off or has its maximum inside the range; NaN where it still rises.
    kind : str, None or ndarray of object (…)
        "I": the rate starts from zero at the onset; "II": it jumps; None: not to be seen in this range. See the docs.
    unit : str
    """

    model: Model
    input: Floats
    rate: Floats
    spike_count: NDArray[np.int64]
    duration: float
    discard: float
    parameters: Mapping[str, Floats]
    onset: Any
    saturation: Any
    kind: Any
    unit: str
    dt: float
    method: str
    spike_timing: str

    @property
    def families(self) -> dict[str, Floats]:
        """The parameters with several values, in the order of the leading axes of `rate`."""
        return {name: values for name, values in self.parameters.items() if values.ndim}

    def plot(self, ax: Any = None) -> Any:
        """Draw it; see `neurosim.plot_gain_function`."""
        from .plot import plot_gain_function

        return plot_gain_function(self, ax=ax)

    def __repr__(self) -> str:
        kind = "" if self.kind is None else f", kind {self.kind}"
        return f"<GainFunction of {self.model.name}: {self.input.size} inputs, up to {self.rate.max():.4g} Hz{kind}>"


def gain_function(
    model: str | os.PathLike[str] | Model,
    I: Any,
    *,
    duration: Any = 1000,
    discard: Any = 200,
    parameters: Mapping[str, Any] | None = None,
    dt: Any = None,
    method: str | None = None,
    spike_timing: str | None = None,
    seed: int | None = None,
    threads: int | None = None,
    progress: bool | Progress = False,
) -> GainFunction:
    """Measure the firing rate of a model at constant inputs, each from the model's start.

    Parameters
    ----------
    model
        Name of a model with one input, path of a model file, or a `Model`.
    I
        Inputs (m,): numbers in the unit of the model's input, or quantities.
    duration, discard
        Length of each run, and how much of its beginning does not count for the rate; ms, or quantities.
    parameters
        Values that differ from the model's. Each parameter with several values makes a family: a leading axis.
    dt, method, spike_timing, seed, threads, progress
        As for `simulate`.

    Returns
    -------
    GainFunction

    Notes
    -----
    The rate is (spikes - 1)/(last - first) over the spikes after `discard`: it is not quantised by the duration, but a
    neuron slower than 1/(duration - discard) reads as silent, as does one that stops before the second half of that
    time. Memory does not grow with the duration.
    """
    model = load_model(model)
    inputs, unit = _inputs(model, I)
    length, skipped = to_number(duration, _MS, "duration"), to_number(discard, _MS, "discard")
    if not 0 <= skipped < length:
        raise InputError(f"discard must be from 0 to below the duration {length:g} ms, not {skipped:g} ms")
    given = {name: _values(model, name, value) for name, value in by_name(parameters, "parameters").items()}
    shape = tuple(values.size for values in given.values() if values.ndim)
    family = dict(zip(given, _grid(list(given.values())), strict=True))
    options = {"dt": dt, "method": method, "spike_timing": spike_timing, "seed": seed, "threads": threads}
    with progress_bar(progress, f"gain function of {model.name}") as show:
        sweep = _Sweep(model, family, math.prod(shape), length, skipped, options, show, inputs.size)
        rate, count = sweep.measure(np.tile(inputs, (sweep.curves, 1)))
        onset, kind = _onset(inputs, rate, sweep)
    saturation = np.array([_saturation(inputs, curve) for curve in rate])
    return GainFunction(
        model=model.replace(**{name: float(values) for name, values in given.items() if not values.ndim}),
        input=inputs,
        rate=rate.reshape(*shape, inputs.size),
        spike_count=count.reshape(*shape, inputs.size),
        duration=length,
        discard=skipped,
        parameters=MappingProxyType(given),
        onset=onset.reshape(shape)[()],
        saturation=saturation.reshape(shape)[()],
        kind=kind.reshape(shape)[()],
        unit=unit.text,
        **sweep.how,
    )


class _Sweep:
    """Runs of all curves of a family at constant currents."""

    def __init__(
        self,
        model: Model,
        family: Mapping[str, Floats],
        curves: int,
        length: float,
        skipped: float,
        options: Mapping[str, Any],
        show: Progress | None,
        inputs: int,
    ) -> None:
        self.model, self.family, self.curves = model, family, curves
        self.length, self.skipped, self.options = length, skipped, options
        self.how: dict[str, Any] = {}
        self.show, self.done, self.total = show, 0, inputs + _REFINEMENTS * _PER_REFINEMENT

    def measure(self, currents: Floats) -> tuple[Floats, NDArray[np.int64]]:
        """Rates and counts for (curves, k) currents."""
        shape = currents.shape
        settings = {name: np.repeat(values, shape[1]) for name, values in self.family.items()}
        setup = make_setup(self.model, currents.ravel(), self.length, parameters=settings, **self.options)
        timing = "located" if setup.located else "grid"
        self.how = {"dt": setup.dt, "method": setup.method.name, "spike_timing": timing}
        tally = Tally(currents.size, self.skipped)
        execute(setup, lambda index, when: tally.add(index, in_ms(when, setup.dt)), progress=self._part(shape[1]))
        self.done += shape[1]
        fell_silent = ~(tally.last >= (self.skipped + self.length) / 2)
        return np.where(fell_silent, 0.0, tally.rate()).reshape(shape), tally.count.reshape(shape)

    def _part(self, inputs: int) -> Progress | None:
        show = self.show
        return None if show is None else lambda share: show(min(1.0, (self.done + share * inputs) / self.total))


def _inputs(model: Model, I: Any) -> tuple[Floats, Unit]:
    """The inputs in their declared unit, and that unit."""
    if len(model.inputs) != 1:
        raise InputError(f"a gain function needs a model with one input; {model.name} has {len(model.inputs)}")
    unit = parse_unit(next(iter(model.inputs.values())).unit)
    inputs = np.atleast_1d(to_array(I, unit, "the input")) / unit.factor
    if inputs.ndim != 1 or inputs.size == 0 or not np.isfinite(inputs).all():
        raise InputError("the inputs of a gain function are finite numbers in a 1-D array")
    return inputs, unit


def _values(model: Model, name: str, value: Any) -> Floats:
    """One or several values of a parameter, in its declared unit."""
    unit = parse_unit(model.parameter(name).unit)
    values = to_array(value, unit, f"parameter {name}") / unit.factor
    if values.ndim > 1 or values.size == 0:
        raise InputError(f"parameter {name} is a number or a 1-D array of values, not of shape {values.shape}")
    return values


def _grid(values: list[Floats]) -> list[Floats]:
    """Every combination of the values, the last varying fastest; each as a flat array."""
    return [axis.ravel() for axis in np.meshgrid(*(np.atleast_1d(v) for v in values), indexing="ij")]


def _onset(inputs: Floats, rate: Floats, sweep: _Sweep) -> tuple[Floats, NDArray[Any]]:
    """Onset and kind of each curve: the step from silence to firing is measured again, ever finer.

    Type II if the rate at the onset no longer falls (by less than 5 % while the step shrinks 33-fold); type I if it
    does, or has become so low that the duration sets it. Three times, and three times more where it falls and is not
    that low; but not once the step is below 1e-9 of the input. None if no finer input was found to fire.
    """
    order = np.argsort(inputs)
    sorted_inputs, firing = inputs[order], rate[:, order] > 0
    found = ~firing[:, 0] & firing.any(axis=1)
    first = np.where(found, firing.argmax(axis=1), 1 if inputs.size > 1 else 0)
    low, high = sorted_inputs[first - 1], sorted_inputs[first]
    at_onset = rate[:, order][np.arange(len(rate)), first]
    onset, kind = np.full(len(rate), np.nan), np.full(len(rate), None, dtype=object)
    if not found.any():
        return onset, kind
    seconds = (sweep.length - sweep.skipped) / 1000
    previous, open_, measured = at_onset, found, np.zeros(len(rate), dtype=bool)
    for number in range(2 * _REFINEMENTS):
        if number >= _REFINEMENTS:  # a curve that is settled stays as it is, whatever others need
            falls = (at_onset <= (1 - _CONTINUOUS) * previous) | ~measured
            open_ = open_ & falls & (at_onset * seconds >= _FEWEST_INTERVALS)
        open_ = open_ & (high - low > _FINEST * np.abs(high))
        if not open_.any():
            break
        steps = np.linspace(0, 1, _PER_REFINEMENT + 2)[1:-1]
        currents = low[:, None] + (high - low)[:, None] * steps
        finer, _ = sweep.measure(currents)
        fires = finer > 0
        index = np.where(fires.any(axis=1), fires.argmax(axis=1), _PER_REFINEMENT)
        nearer = open_ & (index < _PER_REFINEMENT)
        previous, measured = np.where(nearer, at_onset, previous), measured | nearer
        padded = np.column_stack([low, currents, high])
        rates = np.column_stack([finer, at_onset])
        curve = np.arange(len(rate))
        low = np.where(open_, padded[curve, index], low)
        high = np.where(open_, padded[curve, index + 1], high)
        at_onset = np.where(open_, rates[curve, index], at_onset)
    slow = at_onset * seconds < _FEWEST_INTERVALS
    jumps, judged = (at_onset > (1 - _CONTINUOUS) * previous) & ~slow, found & (measured | slow)
    onset[found] = high[found]
    kind[judged] = np.where(jumps, "II", "I")[judged]
    return onset, kind


def _saturation(inputs: Floats, rate: Floats) -> float:
    """The highest rate, if the curve has its maximum before, or is level over, the last tenth of the inputs."""
    highest = float(rate.max())
    tail = rate[inputs >= inputs.max() - 0.1 * np.ptp(inputs)]
    if highest == 0 or tail.size < 2:
        return math.nan
    level = np.ptp(tail) <= _LEVEL * highest
    return highest if level or highest > tail.max() else math.nan
