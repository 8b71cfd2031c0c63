"""Distributions of intervals beside theory."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..distributions import IntervalDistribution
from ..experiments import GainFunction
from ..families import NOT_ASKED
from ..recording import Floats
from ..theory import IntegrateAndFireTheory, NoTheory, RenewalTheory
from .recordings import axes_of, family_label, plot_gain_function

_THEORY = "0.15"
_POINTS = 400


def plot_interval_distribution(distribution: IntervalDistribution, ax: Axes | None = None) -> Axes:
    """Interval densities as steps with a band of two standard errors, and theory as lines."""
    ax = axes_of(ax, (5.5, 3.8))
    families = distribution.families
    theories = np.atleast_1d(np.asarray(distribution.theory, dtype=object)).ravel()
    step = max((theory.step or 0.0 for theory in theories if isinstance(theory, RenewalTheory)), default=0.0)
    edges = distribution.edges + step / 2  # multiples of a step in the middle of their bins
    drawn = spread = False
    for number, index in enumerate(np.ndindex(np.shape(distribution.mean))):
        sample = distribution.intervals[index] if index else distribution.intervals
        label, color = family_label(distribution.model, families, index) or "simulated", f"C{number}"
        if sample.size == 0:
            ax.plot([], [], color=color, label=f"{label}: silent")
        elif np.ptp(sample) < 1e-6 * sample.mean():
            ax.axvline(sample.mean(), color=color, label=f"{label}: all alike")
        else:
            _steps(ax, distribution.density[index], edges, sample.size, color, label)
            spread = True
            drawn |= _theory(ax, theories[number], distribution.edges, edges)
    if drawn:
        ax.plot([], [], color=_THEORY, linewidth=1, label="theory")
    elif spread and distribution.no_theory != NOT_ASKED:
        ax.plot([], [], " ", label="no theory known" if distribution.no_theory else "theory: mean and CV only")
    unit = f" {distribution.unit}" if distribution.unit else ""
    name = next(iter(distribution.model.inputs))
    ax.set(xlabel="interval (ms)", ylabel="density (1/ms)", xlim=(0, edges[-1]))
    ax.set_ylim(bottom=0)
    ax.set_title(f"{distribution.model.name}, {name} = {distribution.input:g}{unit}", loc="left", fontsize="medium")
    ax.legend(frameon=False, fontsize="small")
    return ax


def plot_noise(distribution: IntervalDistribution, gain: GainFunction) -> Figure:
    """Intervals beside gain functions, of the same family."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
    plot_interval_distribution(distribution, ax=axes[0])
    plot_gain_function(gain, ax=axes[1])
    return figure


def _steps(ax: Axes, density: Floats, edges: Floats, intervals: int, color: str, label: str) -> None:
    """A density with a band of two standard errors."""
    width = np.diff(edges)
    part = density * width
    error = np.sqrt(part * (1 - part) / intervals) / width
    ax.stairs(density, edges, color=color, label=label, linewidth=1)
    low, high = np.maximum(density - 2 * error, 0), density + 2 * error
    ax.stairs(high, edges, baseline=low, fill=True, color=color, alpha=0.25, linewidth=0)


def _theory(ax: Axes, theory: Any, bins: Floats, edges: Floats) -> bool:
    """Draw the density of a theory: in the same bins where intervals are multiples of a step."""
    if isinstance(theory, IntegrateAndFireTheory):
        try:
            theory = theory.distribution()
        except NoTheory:
            return False
    if not isinstance(theory, RenewalTheory) or theory.cv == 0:
        return False
    if theory.step is not None:
        density = -np.diff(theory.survivor_at(bins)) / np.diff(bins)
        ax.plot((edges[1:] + edges[:-1]) / 2, density, color=_THEORY, linewidth=1)
    else:
        time = np.linspace(0, edges[-1], _POINTS)
        ax.plot(time, theory.density_at(time), color=_THEORY, linewidth=1)
    return True
