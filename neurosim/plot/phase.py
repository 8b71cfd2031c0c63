"""Phase planes."""

import numpy as np
from matplotlib.axes import Axes

from ..phase import PhasePlane, Trajectory
from ..recording import Floats
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
