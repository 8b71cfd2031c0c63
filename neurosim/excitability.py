"""How easily a neuron is excited: rheobase, strength and duration."""

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arguments import by_name
from .backends import Simulate
from .errors import InputError
from .flow import single_values, the_input
from .methods import Adaptive, find_method
from .model import Model, load_model
from .simulation import finished, simulate
from .units import Unit, parse_unit, to_array, to_number

Floats = NDArray[np.float64]

_MS = parse_unit("ms")
_AT_ONCE = 32
_SMALLEST, _LARGEST = 1e-6, 1e6  # of inputs tried, in the declared unit
_PER_DECADE = 16
_FINEST = 1e-12
_STEPS_OF_A_PULSE = 50


def rheobase(
    model: str | os.PathLike[str] | Model,
    *,
    duration: Any = 1000,
    low: Any = 0,
    high: Any = None,
    tolerance: float = 1e-6,
    parameters: Mapping[str, Any] | None = None,
    dt: Any = None,
    method: str | None = None,
    threads: int | None = None,
    simulate: Simulate = simulate,
) -> float:
    """The lowest constant input, switched on with the model at its start, that makes it spike at least once.

    Parameters
    ----------
    model
        Name of a deterministic model with one input, path of a model file, or a `Model`.
    duration
        How long to wait for the spike, in ms or a quantity.
    low, high
        The range to search. Without `high` inputs are tried from a millionth above `low` up to a million, in the unit
        of the model, a decade at a time; with it, that range alone.
    tolerance
        Relative: the spike appears between the result·(1 - tolerance) and the result, which itself evokes one.
    parameters, dt, method, threads
        As for `simulate`.
    simulate
        What runs the neurons: `neurosim.simulate`, or a function with its signature such as `neurosim.brian.simulate`.

    Returns
    -------
    float
        In the unit of the model's input.

    Raises
    ------
    InputError
        Where no input in the range evokes a spike, or the lowest already does.

    Notes
    -----
    A neuron may need more to fire repeatedly: see the onset of `gain_function`. Inputs are tried in increasing order,
    so that of several ranges that evoke spikes the lowest counts, if it is wider than a sixteenth of a decade, or a
    32nd of the range.
    """
    search = _Search(model, "rheobase", tolerance, parameters, dt, method, threads, simulate)
    length = search.whole_steps(positive(duration, _MS, "duration"))
    return search.lowest(lambda inputs: search.fires(inputs, length), low, high, f"within {length:g} ms")


@dataclass(frozen=True, eq=False)
class StrengthDuration:
    """Pulses that just evoke a spike: the result of `strength_duration`.

    Attributes
    ----------
    model : Model
    duration : ndarray (m,)
        Of the pulses, in ms.
    threshold : ndarray (m,)
        The lowest amplitude that evokes a spike, in `unit`.
    rheobase : float
        The same for a pulse that does not end, in `unit`.
    chronaxie : float
        Duration in ms of the shortest pulse of twice the rheobase that evokes a spike.
    tolerance : float
        Relative, of every threshold, of the rheobase and the chronaxie.
    unit : str
    """

    model: Model
    duration: Floats
    threshold: Floats
    rheobase: float
    chronaxie: float
    tolerance: float
    unit: str

    @property
    def charge(self) -> Floats:
        """Threshold times duration, in the unit times ms: (m,)."""
        return self.threshold * self.duration

    def plot(self, ax: Any = None) -> Any:
        """Draw it; see `neurosim.plot_strength_duration`."""
        from .plot.phase import plot_strength_duration

        return plot_strength_duration(self, ax=ax)

    def __repr__(self) -> str:
        return (
            f"<StrengthDuration of {self.model.name}: rheobase {self.rheobase:.5g} {self.unit}, "
            f"chronaxie {self.chronaxie:.5g} ms>"
        )


def strength_duration(
    model: str | os.PathLike[str] | Model,
    durations: Any = None,
    *,
    after: Any = 100,
    duration: Any = 1000,
    tolerance: float = 1e-5,
    parameters: Mapping[str, Any] | None = None,
    dt: Any = None,
    method: str | None = None,
    threads: int | None = None,
    simulate: Simulate = simulate,
) -> StrengthDuration:
    """Threshold of a rectangular pulse against its duration, with rheobase and chronaxie.

    Parameters
    ----------
    model
        As for `rheobase`.
    durations
        Of the pulses (m,), in ms or as quantities; from a tenth to ten chronaxies if not given.
    after
        How long to wait for the spike after a pulse, in ms or a quantity.
    duration
        How long to wait for it where the pulse does not end: of the rheobase.
    tolerance
        Relative, of thresholds, rheobase and chronaxie.
    parameters, dt, method, threads
        As for `simulate`. During a pulse the time step is shortened so that a whole number of them, at least 50, makes
        the pulse.
    simulate
        What runs the neurons: `neurosim.simulate`, or a function with its signature such as `neurosim.brian.simulate`.

    Returns
    -------
    StrengthDuration

    Raises
    ------
    InputError
        As for `rheobase`.

    Notes
    -----
    The chronaxie is measured, not fitted. For a leaky membrane with a threshold it is τ ln 2 (Lapicque 1907).
    """
    search = _Search(model, "strength_duration", tolerance, parameters, dt, method, threads, simulate)
    tail = search.whole_steps(positive(after, _MS, "after"))
    length = search.whole_steps(positive(duration, _MS, "duration"))
    lowest = search.lowest(lambda inputs: search.fires(inputs, length), 0, None, f"within {length:g} ms")
    chronaxie = search.shortest(2 * lowest, tail, length)
    if durations is None:
        widths = chronaxie * np.geomspace(0.1, 10, 21)
    else:
        widths = np.atleast_1d(to_array(durations, _MS, "durations"))
        if widths.ndim != 1 or widths.size == 0 or not (np.isfinite(widths) & (widths > 0)).all():
            raise InputError("durations of pulses are positive and finite, in a 1-D array")
    thresholds = [search.of_pulse(float(width), tail) for width in widths]
    return StrengthDuration(
        model=search.model.replace(**(parameters or {})),
        duration=widths,
        threshold=np.array(thresholds),
        rheobase=lowest,
        chronaxie=chronaxie,
        tolerance=search.tolerance,
        unit=search.unit.text,
    )


class _Search:
    """Runs of a model at several inputs at once, and the search for the lowest that evokes a spike."""

    def __init__(
        self,
        model: str | os.PathLike[str] | Model,
        what: str,
        tolerance: float,
        parameters: Mapping[str, Any] | None,
        dt: Any,
        method: str | None,
        threads: int | None,
        by: Simulate,
    ) -> None:
        self.by = by
        self.model = load_model(model)
        if self.model.spike.is_random:
            raise InputError(f"{what} is for deterministic models; spikes of {self.model.name} are drawn by chance")
        _, self.unit = the_input(self.model, what)
        self.tolerance = to_number(tolerance, parse_unit(""), "tolerance")
        if not _FINEST <= self.tolerance < 0.1:
            raise InputError(f"tolerance is from {_FINEST:g} to below 0.1, not {self.tolerance:g}")
        single_values(self.model, by_name(parameters, "parameters"), what)
        self.dt = self.model.dt if dt is None else positive(dt, _MS, "dt")
        scheme = find_method(self.model.method if method is None else method)
        timing = None if isinstance(scheme, Adaptive) else "grid"  # whether there is a spike, not when
        self.options: dict[str, Any] = {
            "parameters": parameters,
            "method": method,
            "threads": threads,
            "spike_timing": timing,
        }

    def whole_steps(self, length: float) -> float:
        """A time, rounded up to a multiple of dt."""
        return math.ceil(length / self.dt - 1e-9) * self.dt

    def fires(self, inputs: Floats, length: float, tail: float = 0.0) -> NDArray[np.bool_]:
        """Whether each of constant inputs, in the declared unit, evokes a spike while it lasts or in `tail` after."""
        steps = max(math.ceil(length / self.dt - 1e-9), _STEPS_OF_A_PULSE if tail else 1)
        fine = length / steps
        pulse = finished(self.model, inputs, steps * fine, dt=fine, by=self.by, **self.options)
        fired = pulse.spike_count > 0
        if tail and not fired.all():
            rest = finished(
                self.model, np.zeros(inputs.size), tail, dt=self.dt, start=pulse.final_state, by=self.by, **self.options
            )
            fired |= rest.spike_count > 0
        return fired

    def of_pulse(self, width: float, tail: float) -> float:
        """The lowest amplitude of a pulse that fires."""
        return self.lowest(lambda inputs: self.fires(inputs, width, tail), 0, None, f"by a pulse of {width:g} ms")

    def lowest(self, fires: Callable[[Floats], NDArray[np.bool_]], low: Any, high: Any, when: str) -> float:
        """The lowest input that fires, to the tolerance, in the declared unit."""
        factor, name = self.unit.factor, self.model.name
        begin = to_number(low, self.unit, "low") / factor
        if not math.isfinite(begin):
            raise InputError(f"low must be finite, not {begin:g}")
        if fires(np.array([begin]))[0]:
            at = f"{begin:g} {self.unit}".rstrip()
            raise InputError(f"{name} spikes {when} already at {at}; search from a lower input on with low=")
        below, above = self._bracket(fires, begin, high, when)
        while above - below > self.tolerance * max(abs(above), abs(below)):
            inputs = np.linspace(below, above, _AT_ONCE + 2)[1:-1]
            fired = fires(inputs)
            first = int(fired.argmax()) if fired.any() else _AT_ONCE
            padded = np.r_[below, inputs, above]
            if not padded[first] < padded[first + 1]:
                break
            below, above = padded[first], padded[first + 1]
        return float(above)

    def _bracket(self, fires: Callable[[Floats], NDArray[np.bool_]], begin: float, high: Any, when: str) -> Any:
        """Two inputs, the lower silent and the upper firing."""
        name, below = self.model.name, begin
        if high is not None:
            end = to_number(high, self.unit, "high") / self.unit.factor
            if not (math.isfinite(end) and end > begin):
                raise InputError(f"high must be finite and above low, {begin:g}; it is {end:g}")
            batches = [np.linspace(begin, end, _AT_ONCE + 1)[1:]]
        else:
            decades = round(math.log10(_LARGEST / _SMALLEST))
            every = begin + _SMALLEST * 10 ** (np.arange(1, decades * _PER_DECADE + 1) / _PER_DECADE)
            end, batches = every[-1], np.split(every, decades)
        for inputs in batches:
            fired = fires(inputs)
            if fired.any():
                first = int(fired.argmax())
                return (inputs[first - 1] if first else below), inputs[first]
            below = inputs[-1]
        raise InputError(
            f"no input from {begin:g} to {end:g} {self.unit.text}".rstrip()
            + f" makes {name} spike {when}; wait longer, or search further with high="
        )

    def shortest(self, amplitude: float, tail: float, longest: float) -> float:
        """Duration of the shortest pulse of an amplitude that evokes a spike, to the tolerance."""
        low, high = 0.0, longest
        inputs = np.array([amplitude])
        while high - low > self.tolerance * high:
            middle = (low + high) / 2 if low else high / 4
            if self.fires(inputs, middle, tail)[0]:
                high = middle
            else:
                low = middle
            if high < 1e-9:
                raise InputError(f"{self.model.name} spikes after a pulse of any duration; it has no chronaxie")
        return high


def positive(value: Any, unit: Unit, what: str) -> float:
    """A positive, finite number."""
    number = to_number(value, unit, what)
    if not 0 < number < math.inf:
        raise InputError(f"{what} must be positive, not {number:g} {unit.text}")
    return number
