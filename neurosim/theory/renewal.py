"""Renewal theory of a model, derived from its file: the law of its intervals and all that follows from it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..model import Model, load_model
from ..units import parse_unit, to_array
from . import lattice, passage, periodic, smooth
from .draws import Sampler
from .rule import NoTheory, Rule, renewal_rule

Floats = NDArray[np.float64]
Law = lattice.Lattice | smooth.Smooth | passage.Passage | periodic.Periodic

_MS, _HZ = parse_unit("ms"), parse_unit("Hz")


class Intervals(NamedTuple):
    """Mean (ms; infinite if some intervals never end), CV and rate (Hz) of the intervals of n neurons: (n,) each."""

    mean: Floats
    cv: Floats
    rate: Floats


@dataclass(frozen=True, eq=False)
class RenewalTheory:
    """The law of the intervals of a renewal model at constant input: the result of `renewal_theory`.

    Attributes
    ----------
    model : Model
    mean : float
        Mean interval in ms; infinite if some intervals never end.
    cv : float
        Coefficient of variation of the intervals; NaN where the mean is infinite.
    rate : float
        1/mean, in Hz.
    silent : float
        Probability that an interval never ends.
    step : float or None
        Time between draws in ms if the model draws at multiples of it; all intervals are such multiples.
    time : ndarray (k,)
        Times since the last spike in ms that show the law: to where 1 in 1000 survives. The multiples of `step`, else
        evenly from 0.
    density, survivor, hazard : ndarray (k,)
        There; in 1/ms, a probability, in 1/ms. With a `step` the first and the last are probabilities over `step`.
        Infinite where a deterministic model spikes.
    """

    model: Model
    mean: float
    cv: float
    rate: float
    silent: float
    step: float | None
    time: Floats
    density: Floats
    survivor: Floats
    hazard: Floats
    law: Law = field(repr=False)

    def density_at(self, t: Any) -> Floats:
        """Interval density at any times (ms), in 1/ms; with a `step`, D_k/step for the multiple at or after t."""
        return self.law.density(_times(t))

    def survivor_at(self, t: Any) -> Floats:
        """Probability of an interval longer than t (ms)."""
        return self.law.survivor(_times(t))

    def hazard_at(self, t: Any) -> Floats:
        """Hazard at any times (ms) since the last spike, in 1/ms; with a `step` as for the density."""
        return self.law.hazard(_times(t))

    def quantile(self, p: Any) -> Floats:
        """The interval (ms) that a share p of all intervals does not exceed; infinite beyond those that end."""
        shares = np.asarray(p, float)
        if not ((shares >= 0) & (shares < 1)).all():
            raise InputError("quantile takes shares from 0 to below 1")
        return self.law.quantile(1 - shares)

    def autocorrelation(self, t: Any) -> Floats:
        """Rate at time t (ms) after, or before, a spike, in Hz.

        The sum of the densities of one, two, three … intervals; the spike itself, a delta function at 0, is left out.
        It comes to `rate` at long times; times the rate it is the correlation function ⟨s(t₀) s(t₀ + t)⟩.
        """
        self._must_fire("autocorrelation")
        return 1000 * self.law.conditional_rate(_times(t))

    def spectrum(self, frequency: Any) -> Floats:
        """Power spectrum of the spike train at frequencies in Hz, in Hz; comes to `rate` at high ones.

        ``rate·(1 - |D̂|²)/|1 - D̂|²`` with the Fourier transform D̂ of the density; at 0 its limit, rate·cv². Lines, of a
        deterministic model or at multiples of 1/step, are left out or infinite.
        """
        self._must_fire("spectrum")
        return self.rate * self.law.spectrum(to_array(frequency, _HZ, "frequency"))

    def sample(self, intervals: int, seed: int | None = None) -> Floats:
        """Draw independent intervals, by inverting the survivor function.

        Parameters
        ----------
        intervals
            How many.
        seed
            Whole number; new numbers each time if not given.

        Returns
        -------
        ndarray (intervals,)
            In ms. Exact with a `step`; else the distribution function is exact to 1e-6.
        """
        self._must_fire("sample")
        return Sampler(self.law).draw(intervals, np.random.default_rng(seed))

    def _must_fire(self, what: str) -> None:
        if not np.isfinite(self.mean):
            raise InputError(f"{what}: {self.model.name} may fall silent, or its mean interval is infinite")

    def __repr__(self) -> str:
        return f"<RenewalTheory of {self.model.name}: mean {self.mean:.5g} ms, cv {self.cv:.4g}, {self.rate:.5g} Hz>"


def _times(t: Any) -> Floats:
    times = to_array(t, _MS, "times")
    if np.isnan(times).any():
        raise InputError("times cannot be NaN")
    return times


def renewal_theory(
    model: str | os.PathLike[str] | Model, I: Any = None, parameters: Mapping[str, Any] | None = None
) -> RenewalTheory:
    """The law of the intervals of a model that remembers nothing but its last spike, at constant input.

    Everything is computed from the expressions of the model file.

    Parameters
    ----------
    model
        Name of a model, path of a model file, or a `Model`.
    I
        Constant input: a number in the unit of the model's input, a quantity, a constant `Current`; by name for
        several inputs.
    parameters
        Values that differ from the model's.

    Returns
    -------
    RenewalTheory

    Raises
    ------
    NoTheory
        With the reason: the rule depends on states or time, or the input changes or is noisy.
    InputError
        For several values of an input or a parameter; see `renewal_intervals`.

    Notes
    -----
    The rule may depend on the time since the last spike and on a leaky membrane that each spike resets to the same
    value: then its potential is a function of that time, too. A `probability` g_k at the k-th draw after a spike gives
    D_k = g_k Π(1 - g_j), j < k; a `hazard` ρ gives D = ρ exp(-∫ρ); a `threshold` one interval, the first time at which
    it is reached. While refractory there is no chance. Cox 1962, Renewal Theory, Methuen; Gerstner, Kistler, Naud &
    Paninski 2014, Neuronal Dynamics, Cambridge University Press, chapters 7 and 9, doi:10.1017/CBO9781107447615.
    """
    model = load_model(model)
    rule = renewal_rule(model, I, parameters)
    if rule.size != 1:
        raise InputError("renewal_theory takes one input and one set of parameters; renewal_intervals takes many")
    law = _law(rule)
    if law.mean == 0.0:
        raise NoTheory(_at_once(model))
    return with_law(model, law)


def with_law(model: Model, law: Law) -> RenewalTheory:
    """The theory of a model whose intervals have a law."""
    time = law.grid()
    summary = _summary(np.array([law.mean]), np.array([law.variance]))
    return RenewalTheory(
        model=model,
        mean=law.mean,
        cv=float(summary.cv[0]),
        rate=float(summary.rate[0]),
        silent=law.silent,
        step=law.step,
        time=time,
        density=law.density(time),
        survivor=law.survivor(time),
        hazard=law.hazard(time),
        law=law,
    )


def renewal_intervals(
    model: str | os.PathLike[str] | Model, I: Any = None, parameters: Mapping[str, Any] | None = None
) -> Intervals:
    """Mean, CV and rate of the intervals of a renewal model: its gain function, in theory.

    Parameters
    ----------
    model
        As for `renewal_theory`.
    I, parameters
        As for `renewal_theory`, but (n,) values of any of them: one neuron each.

    Returns
    -------
    Intervals
        (n,) each. The rate is 0 where intervals may never end.

    Raises
    ------
    NoTheory
        As `renewal_theory`.
    """
    model = load_model(model)
    rule = renewal_rule(model, I, parameters)
    mean, variance = _moments(rule)
    if (mean == 0).any():
        raise NoTheory(_at_once(model))
    return _summary(mean, variance)


def _law(rule: Rule) -> Law:
    if rule.kind == "threshold":
        return periodic.Periodic(float(periodic.periods(rule)[0]))
    return lattice.Lattice(rule) if rule.kind == "probability" else smooth.Smooth(rule)


def _moments(rule: Rule) -> tuple[Floats, Floats]:
    if rule.kind == "threshold":
        mean = periodic.periods(rule)
        return mean, np.zeros(mean.shape)
    return lattice.moments(rule) if rule.kind == "probability" else smooth.moments(rule)


def _summary(mean: Floats, variance: Floats) -> Intervals:
    finite = np.isfinite(mean)
    with np.errstate(invalid="ignore"):
        cv = np.where(finite, np.sqrt(np.maximum(variance, 0.0)) / mean, np.nan)
    return Intervals(mean, cv, 1000 / mean)


def _at_once(model: Model) -> str:
    return f"no renewal theory for {model.name}: right after a spike its threshold is reached again"
