"""Phase planes, bifurcations, excitability."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter

from ..bifurcations import Bifurcation
from ..excitability import StrengthDuration
from ..phase import PhasePlane, Trajectory
from ..recording import Floats
from ..zap import Impedance
from .recordings import axes_of, label_of

_FIELD, _SPECIAL = "0.8", "0.15"
_X_COLOR, _Y_COLOR, _PATH = "C0", "C1", "C2"


def plot_phase_plane(plane: PhasePlane, ax: Axes | None = None) -> Axes:
    """Nullclines over the vector field, with fixed points (filled: stable) and trajectories."""
    ax = axes_of(ax, (6.2, 4.6))
    ax.set_xlim(plane.grid_x[0], plane.grid_x[-1])
    ax.set_ylim(plane.grid_y[0], plane.grid_y[-1])
    _field(ax, plane)
    for name, curves, color in ((plane.x, plane.x_nullcline, _X_COLOR), (plane.y, plane.y_nullcline, _Y_COLOR)):
        for number, curve in enumerate(curves):
            ax.plot(*curve, color=color, linewidth=1.8, label=None if number else f"d{name}/dt = 0")
    for number, path in enumerate(plane.trajectories):
        x, y = _broken(path) if plane.model.spike.reset else (path.x, path.y)
        ax.plot(x, y, color=_PATH, linewidth=1.2, label=None if number else "trajectory")
        ax.plot(path.x[0], path.y[0], ".", color=_PATH)
    for point in plane.fixed_points:
        ax.plot(point.states[plane.x], point.states[plane.y], "o", color=_SPECIAL, markersize=7, zorder=5,
                fillstyle="full" if point.stable else "none", label=point.kind)  # fmt: skip
    units = plane.model.units
    ax.set(xlabel=label_of(plane.x, units[plane.x]), ylabel=label_of(plane.y, units[plane.y]))
    ax.set_title(f"{plane.model.name}{_given(plane)}", loc="left", fontsize="medium")
    handles, labels = ax.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    if once:
        ax.legend(once.values(), once.keys(), frameon=True, framealpha=0.85, edgecolor="none", fontsize="small")
    return ax


def _field(ax: Axes, plane: PhasePlane) -> None:
    """Lines of the flow, in the proportions of the picture."""
    both = np.isfinite(plane.x_rate) & np.isfinite(plane.y_rate)
    if both.any():
        u, v = (np.ma.array(rate, mask=~both) for rate in (plane.x_rate, plane.y_rate))
        ax.streamplot(plane.grid_x, plane.grid_y, u, v, color=_FIELD, linewidth=0.7, density=1.1, arrowsize=0.7,
                      zorder=1)  # fmt: skip


def _broken(path: Trajectory) -> tuple[Floats, Floats]:
    """A path with a gap at every spike, where a reset makes it jump."""
    places = np.searchsorted(path.time, path.spikes, side="left")
    places = places[places < path.time.size]
    return np.insert(path.x, places, np.nan), np.insert(path.y, places, np.nan)


def _given(plane: PhasePlane) -> str:
    from ..units import parse_unit

    parts = []
    for name, value in plane.inputs.items():
        unit = plane.model.inputs[name].unit
        shown = label_of("", unit)[2:-1] if unit else ""
        parts.append(f"{name} = {value / parse_unit(unit).factor:g} {shown}".strip())
    parts += [f"{name} = {value:g}" for name, value in plane.others.items() if not isinstance(value, str)]
    steady = [name for name, value in plane.others.items() if isinstance(value, str)]
    parts += [f"{', '.join(steady)} steady"] if steady else []
    return f": {'; '.join(parts)}" if parts else ""


def plot_bifurcation(diagram: Bifurcation, ax: Axes | None = None) -> Axes:
    """Fixed points (solid: stable, dashed: not), and how far firing goes, up (▲) and down (▼)."""
    ax = axes_of(ax, (7.2, 4.6))
    state = diagram.state
    for branch in diagram.branches:
        for stable, style in ((True, "-"), (False, "--")):
            chosen = branch.stable == stable
            chosen = chosen | np.r_[False, chosen[:-1]] if stable else chosen  # no gap where stability changes
            y = np.where(chosen, branch.states[state], np.nan)
            ax.plot(branch.value, y, style, color=_SPECIAL, linewidth=1.5)
    ax.plot([], [], "-", color=_SPECIAL, label="stable rest")
    ax.plot([], [], "--", color=_SPECIAL, label="unstable")
    for extent, marker, color, label in (
        (diagram.up, "^", _X_COLOR, "firing, up"),
        (diagram.down, "v", _Y_COLOR, "firing, down"),
    ):
        moving = extent.periodic
        for number, edge in enumerate((extent.low, extent.high)):
            ax.plot(diagram.value[moving], edge[moving], marker, color=color, markersize=3.5, fillstyle="none",
                    label=None if number else label)  # fmt: skip
    for number, (low, high) in enumerate(diagram.bistable):
        ax.axvspan(low, high, color=_X_COLOR, alpha=0.12, linewidth=0, zorder=0,
                   label=None if number else "rest and firing both stable")  # fmt: skip
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom, top + 0.3 * (top - bottom))
    for number, point in enumerate(diagram.points):
        ax.axvline(point.value, color=_FIELD, linewidth=0.8, zorder=0)
        if point.states:
            ax.plot(point.value, point.states[state], "o", color="C3", markersize=5, zorder=4)
        height = 0.99 - 0.055 * (number % 5)
        left = point.value > sum(ax.get_xlim()) / 2
        ax.annotate(f"{point.kind} {point.value:.5g}", (point.value, height), xycoords=("data", "axes fraction"),
                    xytext=(-3 if left else 3, 0), textcoords="offset points", fontsize="small", va="top",
                    ha="right" if left else "left")  # fmt: skip
    ax.set(xlabel=label_of(diagram.over, diagram.unit), ylabel=label_of(state, diagram.model.units[state]))
    if diagram.value.size:
        ax.set_xlim(diagram.value[0], diagram.value[-1])
    ax.set_title(diagram.model.name, loc="left", fontsize="medium")
    ax.legend(frameon=False, fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3)
    return ax


def plot_strength_duration(curve: StrengthDuration, ax: Axes | None = None) -> Axes:
    """Threshold against duration of the pulse, with rheobase and chronaxie."""
    ax = axes_of(ax, (5.5, 3.8))
    ax.loglog(curve.duration, curve.threshold, ".-", color=_X_COLOR)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(NullFormatter())
    unit = label_of("", curve.unit)[2:-1] if curve.unit else ""
    ax.axhline(
        curve.rheobase, color="0.5", linestyle="--", linewidth=0.8, label=f"rheobase {curve.rheobase:.4g} {unit}"
    )
    ax.plot(curve.chronaxie, 2 * curve.rheobase, "o", color=_SPECIAL, label=f"chronaxie {curve.chronaxie:.4g} ms")
    ax.set(xlabel="duration (ms)", ylabel=label_of("threshold", curve.unit))
    ax.set_title(curve.model.name, loc="left", fontsize="medium")
    ax.legend(frameon=False, fontsize="small")
    return ax


def plot_impedance(result: Impedance, ax: Axes | None = None) -> Axes:
    """Size of the impedance against frequency, over that of the linearised equations."""
    ax = axes_of(ax, (5.5, 3.8))
    ax.semilogx(result.frequency, np.abs(result.linear), color=_SPECIAL, linewidth=1, label="linearised equations")
    ax.semilogx(result.frequency, np.abs(result.impedance), ".", color=_X_COLOR, label="measured")
    if result.resonance:
        ax.axvline(
            result.resonance, color=_FIELD, linewidth=0.8, zorder=0, label=f"resonance {result.resonance:.3g} Hz"
        )
    ax.set(xlabel="frequency (Hz)", ylabel=label_of(f"|{result.state}/I|", result.unit))
    ax.set_ylim(bottom=0)
    ax.set_title(result.model.name, loc="left", fontsize="medium")
    ax.legend(frameon=False, fontsize="small")
    return ax
