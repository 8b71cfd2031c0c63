"""Experiments: what a model does over a range of inputs and parameters."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .agreement import count_error, largest_deviation
from .arguments import by_name, whole
from .backends import Simulate, hand_over_spikes
from .carried import carried, jumps, ways_of
from .currents import as_current
from .errors import InputError
from .families import NOT_ASKED, combinations, common_noise, family_values, one_input
from .model import Model, load_model
from .onset import PER_REFINEMENT, REFINEMENTS, onset_and_kind, saturation_of
from .progress import Progress, progress_bar
from .recording import Tally
from .simulation import simulate
from .theory import NoTheory, interval_theory
from .theory.rule import states_of_rule
from .units import parse_unit, to_number

Floats = NDArray[np.float64]

_MS = parse_unit("ms")
_TRIALS = 25
_MOMENT = 1e-6  # ms


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
        that time (the neuron fell silent). Where chance is at work, the spikes after `discard` per time, averaged over
        the trials. Leading axes: the families.
    standard_error : ndarray (…, m)
        Of the rate, in Hz, from the spread of the trials; 0 for deterministic models, NaN for a single trial.
    trials : int
        Neurons for each point.
    theory : ndarray (…, m) or None
        Rate in theory, in Hz; None where none is known.
    theory_error : ndarray (…, m) or None
        Standard error that the rate should have by the theory.
    no_theory : str
        Why none is known; empty if one is.
    spike_count : ndarray (…, m)
        All spikes of the run and of all trials, those before `discard` included.
    duration, discard, dt : float
        In ms.
    method, spike_timing : str
        How it was integrated; `spike_timing` is "located" or "grid".
    parameters : mapping of name to ndarray
        What was given; those with several values are the families, in the order of the leading axes.
    onset : float or ndarray (…)
        Lowest input that makes the neuron fire repeatedly, refined between the last silent and the first firing input;
        NaN where the curve never leaves 0 or does not start there, and where chance is at work.
    saturation : float or ndarray (…)
        Rate in Hz at which the curve levels off or has its maximum inside the range; NaN where it still rises.
    kind : str, None or ndarray of object (…)
        "I": the rate starts from zero at the onset; "II": it jumps; None: not to be seen in this range. See the docs.
    unit : str
    direction : str or None
        Of a sweep that carried the state along. With "both" all arrays over curves have one more axis in front: first
        up, then down. `onset` is then the first input that fires on the way up, and the last on the way down, to the
        spacing of the inputs; `kind` is None.
    """

    model: Model
    input: Floats
    rate: Floats
    standard_error: Floats
    trials: int
    theory: Floats | None
    theory_error: Floats | None
    no_theory: str
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
    direction: str | None = None

    @property
    def families(self) -> dict[str, Floats]:
        """The parameters with several values, in the order of the leading axes of `rate`."""
        return {name: values for name, values in self.parameters.items() if values.ndim}

    def agreement(self) -> "float | str":
        """Largest deviation of a rate from the theory, in standard errors; “deterministic …” where there are none.

        The standard error is the measured one, that of the theory, or that of one spike, whichever is largest; in a
        family with some curves that leave nothing to chance, for these one spike in each trial.

        Raises
        ------
        NoTheory
            Where no theory is known, with the reason.
        """
        if self.theory is None or self.theory_error is None:
            raise NoTheory(self.no_theory)
        one = 1000 / (self.duration - self.discard)
        return largest_deviation(self.rate - self.theory, self.standard_error, self.theory_error, one, self.trials)

    def plot(self, ax: Any = None) -> Any:
        """Draw it; see `neurosim.plot_gain_function`."""
        from .plot import plot_gain_function

        return plot_gain_function(self, ax=ax)

    def __repr__(self) -> str:
        kind = "" if self.kind is None or self.direction else f", kind {self.kind}"
        return f"<GainFunction of {self.model.name}: {self.input.size} inputs, up to {self.rate.max():.4g} Hz{kind}>"


def gain_function(
    model: str | os.PathLike[str] | Model,
    I: Any,
    *,
    duration: Any = 1000,
    discard: Any = 200,
    direction: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    noise: Any = None,
    trials: int | None = None,
    theory: bool = True,
    dt: Any = None,
    method: str | None = None,
    spike_timing: str | None = None,
    seed: int | None = None,
    threads: int | None = None,
    progress: bool | Progress = False,
    simulate: Simulate = simulate,
) -> GainFunction:
    """Measure the firing rate of a model at constant inputs, each from the model's start or from the last one's end.

    Parameters
    ----------
    model
        Name of a model with one input, path of a model file, or a `Model`.
    I
        Inputs (m,): numbers in the unit of the model's input, or quantities.
    duration, discard
        Length of each run, and how much of its beginning does not count for the rate; ms, or quantities.
    direction
        None: every input from the model's start. "up" or "down": the inputs in rising or falling order, each held for
        `duration` and begun in the state in which the one before ended, the first in the model's start. "both": up, and
        from its end down. See the notes.
    parameters
        Values that differ from the model's. Each parameter with several values makes a family: a leading axis.
    noise
        A noise current to add, such as ``white_noise(0, 5)``.
    trials
        Neurons for each point, each with random numbers of its own. If not given, 1 for a deterministic model and 25
        where chance is at work.
    theory
        Whether to compute the rate in theory, where one is known.
    dt, method, spike_timing, seed, threads, progress
        As for `simulate`.
    simulate
        What runs the neurons: `neurosim.simulate`, or a function with its signature such as `neurosim.brian.simulate`.

    Returns
    -------
    GainFunction

    Notes
    -----
    The rate is (spikes - 1)/(last - first) over the spikes after `discard`: it is not quantised by the duration, but a
    neuron slower than 1/(duration - discard) reads as silent, as does one that stops before the second half of that
    time. Where chance is at work it is spikes/(duration - discard), which has no bias; renewal models then start from
    their stationary state, all others as always. Memory does not grow with the duration.

    With a direction, hysteresis shows: an input at which rest and firing are both stable fires or not as it was before.
    Where the rate jumps depends on the protocol. On the way up, each step of the input is also a kick: steps that are
    large throw a neuron out of a rest that is still stable, and the jump comes early. Once rest is unstable, the neuron
    leaves it as exp(σ·time) with a σ that is small at first, so that with steps that are small or short the jump
    comes late. On the way down, steps that are large leave the firing too early, those that are short count firing
    that is about to die. Take steps small compared with what matters, and `duration` long.
    """
    model = load_model(model)
    inputs, unit = one_input(model, I, "a gain function")
    length, skipped = to_number(duration, _MS, "duration"), to_number(discard, _MS, "discard")
    if not 0 <= skipped < length:
        raise InputError(f"discard must be from 0 to below the duration {length:g} ms, not {skipped:g} ms")
    given = {name: family_values(model, name, value) for name, value in by_name(parameters, "parameters").items()}
    shape, family = combinations(given)
    noise = common_noise(noise)
    chance = model.spike.is_random or noise is not None
    ways = ways_of(direction)
    several = (_TRIALS if chance else 1) if trials is None else whole(trials, "trials", 1)
    options = {"dt": dt, "method": method, "spike_timing": spike_timing, "seed": seed, "threads": threads}
    with progress_bar(progress, f"gain function of {model.name}") as show:
        total = inputs.size * max(1, len(ways))
        sweep = _Sweep(model, family, math.prod(shape), length, skipped, options, show, total, noise, several, simulate)
        expected, expected_error, reason = sweep.compared(inputs, theory, ways)
        rate, count, error, onset, kind = sweep.curves_over(inputs, ways)
    saturation = np.array([math.nan if chance else saturation_of(inputs, curve) for curve in rate])
    shape = (2, *shape) if direction == "both" else shape
    full = (*shape, inputs.size)
    return GainFunction(
        model=model.replace(**{name: float(values) for name, values in given.items() if not values.ndim}),
        input=inputs,
        rate=rate.reshape(full),
        standard_error=error.reshape(full),
        trials=several,
        theory=None if expected is None else expected.reshape(full),
        theory_error=None if expected_error is None else expected_error.reshape(full),
        no_theory=reason,
        spike_count=count.reshape(full),
        duration=length,
        discard=skipped,
        parameters=MappingProxyType(given),
        onset=onset.reshape(shape)[()],
        saturation=saturation.reshape(shape)[()],
        kind=kind.reshape(shape)[()],
        unit=unit.text,
        **sweep.how,
        direction=direction,
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
        noise: Any = None,
        trials: int = 1,
        by: Simulate = simulate,
    ) -> None:
        self.model, self.family, self.curves = model, family, curves
        self.length, self.skipped, self.options = length, skipped, options
        self.noise, self.trials, self.by = noise, trials, by
        self.chance = model.spike.is_random or noise is not None
        self.stationary = model.spike.is_random and noise is None and not states_of_rule(model)
        self.start: str | Mapping[str, Any] | None = None
        self.end: Mapping[str, Any] = {}
        self.how: dict[str, Any] = {}
        self.show, self.done, self.total = show, 0, inputs + (0 if self.chance else REFINEMENTS * PER_REFINEMENT)

    def measure(self, currents: Floats) -> tuple[Floats, NDArray[np.int64], Floats]:
        """Rates, counts and standard errors for (curves, k) currents."""
        shape, trials = currents.shape, self.trials
        settings = {name: np.repeat(values, shape[1] * trials) for name, values in self.family.items()}
        driven, options = self._driven(np.repeat(currents, trials)), {**self.options, "parameters": settings}
        after = self.skipped + (_MOMENT if self.chance else 0.0)  # a count is over as many steps as there are
        tally = Tally(currents.size * trials, after)
        run = hand_over_spikes(
            tally.add, self.model, driven, self.length, by=self.by, progress=self._part(shape[1]), start=self.start,
            **options,
        )  # fmt: skip
        self.how = {"dt": run.dt, "method": run.method, "spike_timing": run.spike_timing}
        self.end = run.final_state
        self.done += shape[1]
        if self.chance:
            rate = 1000 * tally.later / (self.length - self.skipped)
        else:
            fell_silent = ~(tally.last >= (self.skipped + self.length) / 2)
            rate = np.where(fell_silent, 0.0, tally.rate())
        rates = rate.reshape(*shape, trials)
        error = np.zeros(shape)
        if self.chance:
            error = rates.std(axis=-1, ddof=1) / math.sqrt(trials) if trials > 1 else np.full(shape, np.nan)
        return rates.mean(axis=-1), tally.count.reshape(*shape, trials).sum(axis=-1), error

    def compared(self, inputs: Floats, wanted: bool, ways: tuple[str, ...]) -> tuple[Floats | None, Floats | None, str]:
        """What theory says of every sweep and curve; with it renewal models start from their stationary state."""
        rate, error, reason = self.theory(inputs) if wanted else (None, None, NOT_ASKED)
        if rate is None or error is None:
            return None, None, reason
        if self.stationary:
            self.start = "stationary"
        times = max(1, len(ways))
        return np.concatenate([rate] * times), np.concatenate([error] * times), reason

    def curves_over(
        self, inputs: Floats, ways: tuple[str, ...]
    ) -> tuple[Floats, NDArray[np.int64], Floats, Floats, NDArray[Any]]:
        """Rates, counts, standard errors, onsets and kinds: of each curve, or of each sweep and curve."""
        if not ways:
            rate, count, error = self.measure(np.tile(inputs, (self.curves, 1)))
            return rate, count, error, *onset_and_kind(inputs, rate, self)

        def go_on(value: float) -> tuple[Floats, NDArray[np.int64], Floats]:
            measured = self.measure(np.full((self.curves, 1), value))
            self.start = self.end
            return measured

        rate, count, error = carried(ways, inputs, go_on)
        onset = np.full(len(rate), np.nan) if self.chance else jumps(ways, inputs, rate)
        return rate, count, error, onset, np.full(len(rate), None, dtype=object)

    def theory(self, inputs: Floats) -> tuple[Floats | None, Floats | None, str]:
        """Rates and standard errors by theory for all curves, (curves, m); or why there are none."""
        settings = {name: np.repeat(values, inputs.size) for name, values in self.family.items()}
        dt = self.options["dt"]
        step = (self.model.dt if dt is None else dt) if self.noise is not None else 0.0
        try:
            found = interval_theory(self.model, self._driven(np.tile(inputs, self.curves)), settings, dt=step)
        except NoTheory as reason:
            return None, None, str(reason)
        time = (self.length - self.skipped) / 1000
        until = None if self.stationary else found.rate * np.array([[self.skipped], [self.length]]) / 1000
        error = count_error(found.rate * time, found.cv, self.trials, until) / time
        shape = (self.curves, inputs.size)
        rate, error = (
            np.broadcast_to(values, self.curves * inputs.size).reshape(shape) for values in (found.rate, error)
        )
        return rate, error, ""

    def _driven(self, currents: Floats) -> Any:
        flat = currents.ravel()
        return flat if self.noise is None else as_current(flat) + self.noise

    def _part(self, inputs: int) -> Progress | None:
        show = self.show
        return None if show is None else lambda share: show(min(1.0, (self.done + share * inputs) / self.total))
