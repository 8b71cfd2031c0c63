"""Pictures of experiments on memories, with theory underneath."""

import numpy as np
from matplotlib.axes import Axes

from ..artificial.memory_experiments import Basins, Robustness, StorageCapacity
from ..artificial.memory_phases import PhaseDiagram
from ..artificial.memory_theory import amit_gutfreund_sompolinsky, critical_load, spin_glass_temperature
from .memory import new_axes
from .recordings import figure_of

_THEORY = "0.3"


def plot_storage(found: StorageCapacity, ax: Axes | None = None) -> Axes:
    """Overlap after recall against the load; for Hebb's rule with what theory says of infinite networks."""
    ax = new_axes(ax, (5.5, 3.8))
    for n, alpha, overlap, error in zip(found.n, found.alpha, found.overlap, found.error, strict=True):
        ax.errorbar(alpha, overlap, error, marker=".", capsize=2, linewidth=1, label=f"n = {n}")
    if found.rule == "hebb":
        limit = critical_load()
        loads = np.append(np.linspace(1e-6, limit * (1 - 1e-9), 200), limit)
        theory = [amit_gutfreund_sompolinsky(alpha).m for alpha in loads[:-1].tolist()]
        ax.plot(loads, [*theory, 0], color=_THEORY, linestyle="--", label="theory, n → ∞")
    if np.isfinite(found.alpha_c):
        ax.axvspan(
            found.alpha_c - found.alpha_c_error, found.alpha_c + found.alpha_c_error, color="C3", alpha=0.15, lw=0
        )
        ax.axvline(
            found.alpha_c, color="C3", linewidth=0.8, label=f"α_c = {found.alpha_c:.3f} ± {found.alpha_c_error:.3f}"
        )
    ax.set(xlabel="load α = P/n", ylabel="overlap after recall", ylim=(0, 1.03), xlim=(0, None))
    ax.set_title(f"{found.rule} rule", loc="left", fontsize="medium")
    ax.legend(frameon=False, fontsize="small", loc="lower left")
    return ax


def plot_basins(found: Basins, ax: Axes | None = None) -> Axes:
    """Share of the cues that lead to their pattern against their noise: each pattern thin, the mean bold."""
    ax = new_axes(ax, (5.5, 3.8))
    if len(found.names) <= 50:
        for name, column in zip(found.names, found.by_pattern.T, strict=True):
            ax.plot(found.noise, column, linewidth=0.8, alpha=0.6, label=name)
    ax.errorbar(found.noise, found.retrieved, found.error, color="black", marker=".", capsize=2, label="mean")
    ax.set(xlabel="share of the cue flipped", ylabel="share retrieved", ylim=(-0.02, 1.03))
    if len(found.names) <= 12:
        ax.legend(frameon=False, fontsize="small", ncols=2)
    return ax


def plot_robustness(found: Robustness, ax: Axes | None = None) -> Axes:
    """Overlap after recall against the strength of the damage."""
    ax = new_axes(ax, (5.5, 3.8))
    ax.errorbar(found.level, found.overlap, found.error, marker=".", capsize=2, label="overlap")
    ax.plot(found.level, found.retrieved, color="0.6", linestyle=":", label="share retrieved")
    ax.set(
        xlabel=found.against, ylabel="overlap after recall", ylim=(min(0.0, float(found.overlap.min())) - 0.02, 1.03)
    )
    ax.legend(frameon=False, fontsize="small")
    return ax


def plot_phase_diagram(found: PhaseDiagram, ax: Axes | None = None) -> Axes:
    """Overlap as colour over load and temperature, with the lines of Amit, Gutfreund & Sompolinsky."""
    ax = new_axes(ax, (6.0, 4.4))
    colours = ax.pcolormesh(
        found.alpha, found.temperature, found.overlap, vmin=0, vmax=1, cmap="Blues", shading="nearest"
    )
    figure_of(ax).colorbar(colours, ax=ax, label=f"overlap, n = {found.n}")
    lines = found.boundaries
    ax.plot(lines.retrieval, lines.temperature, color="C3", label="retrieval ends")
    ax.plot(lines.ground_state, lines.temperature, color="C1", linestyle="--", label="retrieval lowest below")
    widest = max(float(found.alpha.max()) * 1.05, 0.16)
    loads = np.linspace(0, widest, 50)
    ax.plot(
        loads, [spin_glass_temperature(a) for a in loads.tolist()], color="0.3", linestyle=":", label="spin glass below"
    )
    ax.set(xlabel="load α = P/n", ylabel="temperature T = 1/β", xlim=(0, widest))
    ax.set_ylim(0, max(float(found.temperature.max()), 1 + np.sqrt(widest)) * 1.02)
    ax.legend(frameon=True, fontsize="small", loc="upper right")
    return ax
