"""How the intervals between spikes are distributed at constant input: measured, and in theory where there is one."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .agreement import agreement_of
from .arguments import by_name, parameter_values, whole
from .backends import Simulate, hand_over_spikes
from .chance import fresh_seed, steps_between_draws
from .currents import as_current
from .errors import InputError, excerpt
from .expression import evaluate
from .families import NOT_ASKED, combinations, common_noise, family_values, one_input
from .model import Model, load_model
from .model.values import with_defines
from .progress import Progress, progress_bar
from .samples import bin_edges, common_step, first_intervals, histogram, moments
from .simulation import simulate as native
from .theory import IntegrateAndFireTheory, NoTheory, RenewalTheory, theory_of
from .units import parse_unit, to_number

Floats = NDArray[np.float64]
Theory = RenewalTheory | IntegrateAndFireTheory | None

_MS = parse_unit("ms")
_MOST_NEURONS, _EACH = 1000, 10
_FIRST_BLOCK = 1000.0  # ms


@dataclass(frozen=True, eq=False)
class IntervalDistribution:
    """Distribution of interspike intervals: the result of `interval_distribution`.

    Leading axes (…) are the families: parameters with several values.

    Attributes
    ----------
    model : Model
    input : float
        In `unit`.
    intervals : ndarray (k,), or ndarray of such arrays (…)
        In ms.
    mean, cv : float or ndarray (…)
        Mean in ms and coefficient of variation; NaN without intervals.
    mean_error, cv_error : float or ndarray (…)
        Their standard errors, for independent intervals.
    edges : ndarray (b + 1,)
        Of the bins, in ms; a bin holds its right edge.
    density : ndarray (…, b)
        1/ms.
    survivor : ndarray (…, b + 1)
        Part of the intervals that are longer than each edge.
    hazard : ndarray (…, b)
        Hz.
    theory : RenewalTheory, IntegrateAndFireTheory or None, or ndarray of them (…)
    no_theory : str
        Why there is none; empty if there is.
    parameters : mapping of name to ndarray
        What was given; those with several values are the families, in the order of the leading axes.
    cut : bool or ndarray (…)
        Whether the simulation ended at `longest`, before every neuron had its share of the intervals: long ones are
        then missing, and mean and CV are too small.
    sampling : str
    seed : int
    unit : str
    """

    model: Model
    input: float
    intervals: Any
    mean: Any
    cv: Any
    mean_error: Any
    cv_error: Any
    edges: Floats
    density: Floats
    survivor: Floats
    hazard: Floats
    theory: Any
    no_theory: str
    parameters: Mapping[str, Floats]
    cut: Any
    sampling: str
    seed: int
    unit: str

    @property
    def families(self) -> dict[str, Floats]:
        """The parameters with several values, in the order of the leading axes."""
        return {name: values for name, values in self.parameters.items() if values.ndim}

    def agreement(self) -> Any:
        """How well the intervals fit the theory: an `Agreement`, or an ndarray of them (…).

        The distribution is tested: by χ² where the theory has multiples of a step, else by the distance of Kolmogorov
        and Smirnov. Of an integrate-and-fire neuron with filtered noise, or with next to none, no distribution is
        known, and the mean is compared, in standard errors. There is no verdict where intervals were cut short.

        Raises
        ------
        NoTheory
            Where no theory is known, with the reason.
        """
        if self.no_theory:
            raise NoTheory(self.no_theory)
        found = np.empty(np.shape(self.mean), dtype=object)
        for index in np.ndindex(found.shape):
            sample, theory, cut = (v[index] if index else v for v in (self.intervals, self.theory, self.cut))
            found[index] = agreement_of(sample, theory, cut=bool(cut))
        return found[()]

    def plot(self, ax: Any = None) -> Any:
        """Draw it; see `neurosim.plot_interval_distribution`."""
        from .plot import plot_interval_distribution

        return plot_interval_distribution(self, ax=ax)

    def __repr__(self) -> str:
        sizes = [np.size(part) for part in np.atleast_1d(self.intervals).ravel()] if np.ndim(self.mean) else []
        count = (
            f"{sum(sizes):,} intervals in {len(sizes)} families" if sizes else f"{np.size(self.intervals):,} intervals"
        )
        return f"<IntervalDistribution of {self.model.name} at {self.input:g} {self.unit}: {count}>"


def interval_distribution(
    model: str | os.PathLike[str] | Model,
    I: Any,
    *,
    intervals: int = 10_000,
    sampling: str = "simulate",
    noise: Any = None,
    parameters: Mapping[str, Any] | None = None,
    discard: Any = 200,
    longest: Any = 100_000,
    bin_width: Any = None,
    theory: bool = True,
    dt: Any = None,
    method: str | None = None,
    spike_timing: str | None = None,
    seed: int | None = None,
    threads: int | None = None,
    progress: bool | Progress = False,
    simulate: Simulate = native,
) -> IntervalDistribution:
    """Sample the interspike intervals of a model at constant input, beside what theory says.

    Parameters
    ----------
    model
        Name of a model with one input, path of a model file, or a `Model`.
    I
        Input: a number in the unit of the model's input, or a quantity.
    intervals
        How many, at least, for each combination of parameters.
    sampling
        ``"simulate"``: up to 1000 neurons run until each has its share of the intervals after its first spike.
        ``"direct"``: drawn from the theory by inversion of the survivor function, where it is known and intervals are
        independent; the same law.
    noise
        A noise current to add, such as ``white_noise(0, 5)``.
    parameters
        Values that differ from the model's. Each parameter with several values makes a family: a leading axis.
    discard
        Beginning of the simulation that does not count, in ms, or a quantity.
    longest
        Where a simulation ends at the latest, in ms, or a quantity; slow neurons then have fewer intervals than asked
        for, and too few long ones.
    bin_width
        Of density, survivor and hazard, in ms, or a quantity; chosen by the data if not given.
    theory
        Whether to compute what theory says, where one is known.
    dt, method, spike_timing, seed, threads, progress
        As for `simulate`.
    simulate
        What runs the neurons: `neurosim.simulate`, or a function with its signature such as `neurosim.brian.simulate`.

    Returns
    -------
    IntervalDistribution

    Raises
    ------
    InputError
        For arguments that cannot be used.
    NoTheory
        For ``"direct"`` sampling where the theory has no distribution, with the reason.
    """
    model = load_model(model)
    inputs, unit = one_input(model, I, "an interval distribution")
    if inputs.size != 1:
        raise InputError(f"I is one input, not {inputs.size}; vary a parameter to get a family")
    _check_sampling(sampling, simulate)
    wanted = whole(intervals, "intervals", 1)
    given = {name: family_values(model, name, value) for name, value in by_name(parameters, "parameters").items()}
    shape, family = combinations(given)
    members, noise = math.prod(shape), common_noise(noise)
    current = as_current(float(inputs[0])) + noise if noise is not None else float(inputs[0])
    step = model.dt if dt is None else to_number(dt, _MS, "dt")
    theories: list[Theory] = [None] * members
    reason = NOT_ASKED
    if theory:
        theories, reason = _theories(model, current, family, members, step if noise is not None else 0.0)
    root = fresh_seed() if seed is None else whole(seed, "seed", 0)
    if sampling == "direct":
        samples, cut = _drawn(model, theories, reason, wanted, root), np.zeros(members, dtype=bool)
    else:
        how = {"dt": dt, "method": method, "spike_timing": spike_timing, "threads": threads, "by": simulate}
        length, skipped = _window(longest, discard)
        with progress_bar(progress, f"intervals of {model.name}") as show:
            samples, cut = _simulated(model, current, family, members, wanted, skipped, length, root, how, show)
    return _distribution(
        samples,
        theories,
        shape,
        _time_between_draws(model, family) or common_step(samples, step),
        None if bin_width is None else to_number(bin_width, _MS, "bin_width"),
        model=model.replace(**{name: float(values) for name, values in given.items() if not values.ndim}),
        input=float(inputs[0]),
        no_theory=reason,
        parameters=MappingProxyType(given),
        cut=cut.reshape(shape)[()],
        sampling=sampling,
        seed=root,
        unit=unit.text,
    )


def _check_sampling(sampling: str, by: Simulate) -> None:
    if sampling not in ("simulate", "direct"):
        raise InputError(f"sampling is 'simulate' or 'direct', not {excerpt(sampling)}")
    if sampling == "direct" and by is not native:
        raise InputError("sampling='direct' draws intervals by their theory and runs nothing: leave simulate out")


def _distribution(
    samples: list[Floats],
    theories: list[Theory],
    shape: tuple[int, ...],
    step: float | None,
    width: float | None,
    **facts: Any,
) -> IntervalDistribution:
    """The numbers that follow from the intervals, with the facts of the run."""
    edges = bin_edges(samples, step, width)
    histograms = [histogram(sample, edges) for sample in samples]
    numbers = np.array([moments(sample) for sample in samples]).T.reshape(4, *shape)
    mean, cv, mean_error, cv_error = (values[()] for values in numbers)
    return IntervalDistribution(
        intervals=_shaped(samples, shape),
        mean=mean,
        cv=cv,
        mean_error=mean_error,
        cv_error=cv_error,
        edges=edges,
        density=np.array([h.density for h in histograms]).reshape(*shape, -1),
        survivor=np.array([h.survivor for h in histograms]).reshape(*shape, -1),
        hazard=np.array([h.hazard for h in histograms]).reshape(*shape, -1),
        theory=_shaped(theories, shape),
        **facts,
    )


def _window(longest: Any, discard: Any) -> tuple[float, float]:
    """Both in ms."""
    length, skipped = to_number(longest, _MS, "longest"), to_number(discard, _MS, "discard")
    if not 0 <= skipped < length:
        raise InputError(f"discard must be from 0 to below longest, {length:g} ms, not {skipped:g} ms")
    return length, skipped


def _time_between_draws(model: Model, family: Mapping[str, Floats]) -> float | None:
    """Of a probability, if it is the same for all members, in ms: what intervals are multiples of."""
    if model.spike.per is None:
        return None
    times = np.unique(evaluate(model.spike.per.tree, with_defines(model, parameter_values(model, family))))
    return float(times[0]) if times.size == 1 else None


def _shaped(values: list[Any], shape: tuple[int, ...]) -> Any:
    """A list as an array of objects; its one member if there are no families."""
    if not shape:
        return values[0]
    result = np.empty(len(values), dtype=object)
    result[:] = values
    return result.reshape(shape)


# Samples ---------------------------------------------------------------------------------------------------------


def _theories(
    model: Model, current: Any, family: Mapping[str, Floats], members: int, dt: float
) -> tuple[list[Theory], str]:
    """The theory of each member, or why there is none."""
    try:
        found = [
            theory_of(model, current, {name: values[k] for name, values in family.items()}, dt=dt)
            for k in range(members)
        ]
    except NoTheory as error:
        return [None] * members, str(error)
    return list(found), ""


def _drawn(model: Model, theories: list[Theory], reason: str, wanted: int, seed: int) -> list[Floats]:
    if reason:
        raise NoTheory(f"{reason}; sampling='direct' needs a renewal theory: take 'simulate'")
    seeds = np.random.SeedSequence(seed).spawn(len(theories))
    samples = []
    for theory, one in zip(theories, seeds, strict=True):
        assert theory is not None
        if not np.isfinite(theory.mean):
            samples.append(np.empty(0))
            continue
        law = theory if isinstance(theory, RenewalTheory) else theory.distribution()
        samples.append(law.sample(wanted, int(one.generate_state(1)[0])))
    return samples


def _simulated(
    model: Model,
    current: Any,
    family: Mapping[str, Floats],
    members: int,
    wanted: int,
    discard: float,
    longest: float,
    seed: int,
    options: Mapping[str, Any],
    show: Progress | None,
) -> tuple[list[Floats], NDArray[np.bool_]]:
    """Run neurons, in blocks of growing length, until each has its share of intervals; whose runs were too short."""
    each = min(wanted, max(_EACH, -(-wanted // _MOST_NEURONS)))
    neurons = -(-wanted // each)
    settings = {name: np.repeat(values, neurons) for name, values in family.items()}
    total = members * neurons
    count, began, block = np.zeros(total, np.int64), 0.0, discard + _FIRST_BLOCK
    parts: list[tuple[NDArray[np.int64], Floats]] = []
    start: dict[str, Any] = {}
    while began < longest and (count <= each).any():
        length = _whole_steps(model, min(block, longest - began), options["dt"], settings)
        fresh = None if "random" in start else _seed_of_block(seed, began)

        def add(index: NDArray[np.int64], when: Floats, began: float = began) -> None:
            kept = when + began >= discard
            parts.append((index[kept], when[kept] + began))
            count[:] += np.bincount(index[kept], minlength=total)

        run = hand_over_spikes(
            add, model, current, length, parameters=settings, start=start, seed=fresh, neurons=total, **options
        )
        start = dict(run.final_state)
        began += run.duration
        block = 2 * began
        if show is not None:
            show(float(np.mean(np.minimum(count, each + 1)) / (each + 1)))
    cut = np.asarray((count <= each).reshape(members, neurons).any(axis=1))
    return first_intervals(parts, members, neurons, each), cut


def _seed_of_block(seed: int, began: float) -> int:
    """Another one where a block has to go on without the streams of the one before."""
    return int(np.random.SeedSequence([seed, round(began)]).generate_state(1)[0]) if began else seed


def _whole_steps(model: Model, duration: float, dt: Any, settings: Mapping[str, Floats]) -> float:
    """A duration rounded up to whole steps, and to an even number of draws."""
    step = model.dt if dt is None else to_number(dt, _MS, "dt")
    unit = step * steps_between_draws(model, parameter_values(model, settings), step)
    return max(1, math.ceil(duration / unit - 1e-9)) * unit
