"""The phase plane of two states: nullclines, vector field, fixed points, trajectories."""

import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arguments import by_name
from .errors import InputError, SimulationError, choices, excerpt
from .flow import FixedPoint, Flow, classify, distinct
from .model import Model, load_model
from .simulation import finished
from .units import parse_unit, to_array, to_number

Floats = NDArray[np.float64]

_MS = parse_unit("ms")
_GRID = 151
_POLISH = 8
_KICKS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.6)  # to find out how far states go, in 100 mV or in 2.5 for pure numbers
_SPAN = {"mV": 100.0, "": 2.5}
_MARGIN = 0.12
_PER_MS = 10  # samples of a trajectory


class Trajectory(NamedTuple):
    """A path through the plane: `time` (T,) in ms, `x` and `y` (T,), and the times of spikes on the way."""

    time: Floats
    x: Floats
    y: Floats
    spikes: Floats


@dataclass(frozen=True, eq=False)
class PhasePlane:
    """Two states of a model and how they move: the result of `phase_plane`.

    Attributes
    ----------
    model : Model
        With the parameters that were given.
    x, y : str
        Names of the states.
    inputs : mapping of name to float
        Constant values of the inputs, in the coherent set.
    others : mapping of name to float or "steady"
        Where the other states are: held at a value, or at their steady state given x and y.
    grid_x, grid_y : ndarray (p,)
        Where the vector field was computed.
    x_rate, y_rate : ndarray (p, p)
        The vector field in units per ms; rows follow `grid_y`, columns `grid_x`. NaN where other states have no steady
        state.
    x_nullcline, y_nullcline : tuple of ndarray (2, …)
        Curves on which the rate of x, of y, is 0, each as its x and y.
    fixed_points : tuple of FixedPoint
        Within the limits, with the eigenvalues of the plane: of x and y, with the other states following or held.
    whole : tuple of FixedPoint
        The same with the eigenvalues of the whole model; empty where other states are held.
    trajectories : tuple of Trajectory
        Of the model, resets included, if x and y are all its states; else of the plane.
    """

    model: Model
    x: str
    y: str
    inputs: Mapping[str, float]
    others: Mapping[str, "float | str"]
    grid_x: Floats
    grid_y: Floats
    x_rate: Floats
    y_rate: Floats
    x_nullcline: tuple[Floats, ...]
    y_nullcline: tuple[Floats, ...]
    fixed_points: tuple[FixedPoint, ...]
    whole: tuple[FixedPoint, ...]
    trajectories: tuple[Trajectory, ...]

    def plot(self, ax: Any = None) -> Any:
        """Draw it; see `neurosim.plot_phase_plane`."""
        from .plot.phase import plot_phase_plane

        return plot_phase_plane(self, ax=ax)

    def __repr__(self) -> str:
        kinds = ", ".join(point.kind for point in self.fixed_points) or "none"
        return f"<PhasePlane of {self.model.name}: {self.y} against {self.x}; fixed points: {kinds}>"


def phase_plane(
    model: str | os.PathLike[str] | Model,
    x: str | None = None,
    y: str | None = None,
    I: Any = None,
    *,
    xlim: Any = None,
    ylim: Any = None,
    others: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    trajectories: Iterable[Any] | None = None,
    duration: Any = 200,
) -> PhasePlane:
    """Nullclines, vector field and fixed points of two states of a model at constant input.

    Parameters
    ----------
    model
        Name of a deterministic model of two or more states, path of a model file, or a `Model`.
    x, y
        The states on the axes. If not given, the first and the second of a model of two.
    I
        Constant input, a number in the unit of the model's input or a quantity; a mapping for several inputs. 0 if not
        given.
    xlim, ylim
        Ranges, such as ``(-80, 40)``. If not given, where the model goes after a few pushes along x.
    others
        Values at which to hold other states, such as ``{"h": 0.6}``. All that are not named are at their steady state
        given x and y: an assumption that they are fast, under which fixed points are those of the whole model.
    parameters
        Values that differ from the model's.
    trajectories
        Starting points, such as ``[(-60, 0.1), (20, 0.2)]``. One at the start of the model if not given; ``[]`` for
        none.
    duration
        Of the trajectories, in ms or a quantity.

    Returns
    -------
    PhasePlane

    Raises
    ------
    InputError
        For a model with chance or with fewer than two states, or arguments that cannot be used.

    Notes
    -----
    Jacobians are exact: SymPy differentiates the expressions of the model. Points of nullclines and fixed points are
    exact to rounding (Newton's method). Fixed points are sought along both nullclines, and by a scan over the
    first state of the model.
    """
    model = load_model(model)
    flow = Flow(model, parameters, I, "phase_plane")
    axes = _axes(model, x, y)
    held = _held(flow, axes, others)
    plane = _Plane(flow, axes, held)
    length = to_number(duration, _MS, "duration")
    if not 0 < length < math.inf:
        raise InputError(f"duration must be positive, not {length:g} ms")
    starts = _starting_points(flow, axes, trajectories)
    limits = [_limits(given, what) for given, what in ((xlim, "xlim"), (ylim, "ylim"))]
    if None in limits:
        found = _reach(flow, axes)
        limits = [given or automatic for given, automatic in zip(limits, found, strict=True)]
    grid_x, grid_y = (np.linspace(*limit, _GRID) for limit in limits if limit is not None)
    field = plane.rates(np.stack(np.meshgrid(grid_x, grid_y)))
    x_curves, y_curves = (tuple(_contours(plane, k, grid_x, grid_y, field[k])) for k in (0, 1))
    points = _fixed_points(plane, (*x_curves, *y_curves), limits)
    return PhasePlane(
        model=_changed(model, parameters),
        x=flow.names[axes[0]],
        y=flow.names[axes[1]],
        inputs=MappingProxyType({name: flow.values[name] for name in model.inputs}),
        others=MappingProxyType(
            {flow.names[k]: held.get(k, "steady") for k in range(len(flow.names)) if k not in axes}
        ),
        grid_x=grid_x,
        grid_y=grid_y,
        x_rate=field[0],
        y_rate=field[1],
        x_nullcline=x_curves,
        y_nullcline=y_curves,
        fixed_points=tuple(plane.stability(point) for point in points.T),
        whole=() if held else tuple(flow.stability(point) for point in points.T),
        trajectories=tuple(_trajectories(plane, starts, length)),
    )


class _Plane:
    """The flow of two states; the others held, or at their steady state."""

    def __init__(self, flow: Flow, axes: tuple[int, int], held: Mapping[int, float]) -> None:
        self.flow, self.axes, self.held = flow, list(axes), dict(held)
        self.free = [k for k in range(len(flow.names)) if k not in axes and k not in held]

    def states(self, at: Floats) -> Floats:
        """All states (k, …) at places (2, …) of the plane."""
        states = np.empty((len(self.flow.names), *at.shape[1:]))
        states[:] = self.flow.start.reshape(-1, *(1 for _ in at.shape[1:]))
        states[self.axes] = at
        for k, value in self.held.items():
            states[k] = value
        return self.flow.steady(states, self.free)

    def rates(self, at: Floats) -> Floats:
        """Rates (2, …) at places (2, …)."""
        with np.errstate(all="ignore"):
            found = self.flow.rates(self.states(at))[self.axes]
        return np.where(np.isfinite(found), found, np.nan)

    def slopes(self, at: Floats) -> Floats:
        """Jacobian (…, 2, 2) at places (2, …)."""
        with np.errstate(all="ignore"):
            return self.flow.reduced(self.states(at), self.axes, self.free)

    def stability(self, states: Floats) -> FixedPoint:
        values = dict(zip(self.flow.names, states.tolist(), strict=True))
        return classify(values, self.flow.reduced(states, self.axes, self.free))


# Curves and points -----------------------------------------------------------------------------------------------


def _contours(plane: _Plane, which: int, x: Floats, y: Floats, rate: Floats) -> Iterator[Floats]:
    """Curves (2, …) on which a rate is 0: contours of its values on the grid, moved to where it is 0 to rounding."""
    from contourpy import contour_generator

    cell = np.array([[x[1] - x[0]], [y[1] - y[0]]])
    for line in contour_generator(x, y, np.ma.masked_invalid(rate)).lines(0.0):
        curve = first = np.asarray(line, dtype=np.float64).T
        for _ in range(_POLISH):
            value = plane.rates(curve)[which]
            slope = plane.slopes(curve)[:, which, :].T * cell
            with np.errstate(all="ignore"):
                moved = curve - cell * slope * value / (slope**2).sum(axis=0)
            near = (np.abs(moved - first) <= 1.5 * cell).all(axis=0)
            curve = np.where(near, moved, curve)
        yield curve


def _fixed_points(plane: _Plane, curves: Iterable[Floats], limits: Any) -> Floats:
    """All states (k, p) of fixed points within the limits."""
    flow, near = plane.flow, [np.empty((2, 0))]
    for curve in curves:
        rates = plane.rates(curve)
        for rate in rates:
            change = rate[:-1] * rate[1:] <= 0
            size = np.abs(rate)
            lowest = np.r_[False, (size[1:-1] <= size[:-2]) & (size[1:-1] <= size[2:]), False]
            near += [(curve[:, :-1] + curve[:, 1:])[:, change] / 2, curve[:, lowest]]
    moving = [*plane.axes, *plane.free]
    candidates = plane.states(np.concatenate(near, axis=1))
    if not plane.held:
        candidates = np.concatenate([candidates, flow.fixed_points()], axis=1)
    found = distinct(flow.steady(candidates, moving))
    (left, right), (bottom, top) = limits
    x, y = found[plane.axes]
    return found[:, (x >= left) & (x <= right) & (y >= bottom) & (y <= top)]


# Trajectories ----------------------------------------------------------------------------------------------------


def _trajectories(plane: _Plane, starts: Floats, length: float) -> Iterator[Trajectory]:
    """From starting points (2, p)."""
    flow = plane.flow
    if starts.shape[1] == 0:
        return
    if len(flow.names) > 2:
        for start in starts.T:
            yield _in_the_plane(plane, start, length)
        return
    x, y = (flow.names[k] for k in plane.axes)
    steps = math.ceil(length / flow.model.dt - 1e-9)
    run = _run(flow, {x: starts[0], y: starts[1]}, steps * flow.model.dt, (x, y))
    for neuron in range(starts.shape[1]):
        yield Trajectory(run.time, run[x][neuron], run[y][neuron], run.spike_times(neuron))


def _run(flow: Flow, start: Mapping[str, Any], length: float, record: tuple[str, ...]) -> Any:
    """The model itself at constant input."""
    units = {name: parse_unit(entry.unit).factor for name, entry in flow.model.inputs.items()}
    units |= {name: parse_unit(entry.unit).factor for name, entry in flow.model.parameters.items()}
    inputs = {name: flow.values[name] / units[name] for name in flow.model.inputs}
    given = {name: flow.values[name] / units[name] for name in flow.model.parameters}
    return finished(flow.model, inputs or None, length, start=start, parameters=given, record=record, threads=1)


def _in_the_plane(plane: _Plane, start: Floats, length: float) -> Trajectory:
    from scipy.integrate import solve_ivp

    time = np.linspace(0, length, max(2, round(length * _PER_MS) + 1))
    done = solve_ivp(
        lambda t, at: plane.rates(np.asarray(at)), (0, length), start, method="LSODA", t_eval=time,
        jac=lambda t, at: plane.slopes(np.asarray(at)), rtol=1e-7, atol=1e-9,
    )  # fmt: skip
    if not done.success or not np.isfinite(done.y).all():
        raise SimulationError(
            f"the trajectory from {start[0]:g}, {start[1]:g} left where the other states have a steady state; "
            "start elsewhere, or shorten it by duration="
        )
    return Trajectory(done.t, done.y[0], done.y[1], np.empty(0))


def _reach(flow: Flow, axes: tuple[int, int]) -> list[tuple[float, float]]:
    """Ranges of two states after pushes along the first of the model, and of the fixed points."""
    names = [flow.names[k] for k in axes]
    pushed = flow.names[axes[0]]
    span = _SPAN.get(flow.model.states[pushed].unit) or 0.5 * abs(flow.start[axes[0]]) or 1.0
    start = flow.start[axes[0]] + span * np.array(_KICKS)
    length = 2000 * flow.model.dt
    begin = dict(zip(flow.names, flow.start.tolist(), strict=True)) | {pushed: start}
    try:
        run = _run(flow, begin, length, tuple(names))
    except SimulationError as error:
        raise InputError(f"give xlim and ylim: the model cannot tell how far it goes ({error})") from None
    points = flow.fixed_points()[list(axes)]
    found = []
    for name, own in zip(names, points, strict=True):
        low, high = float(run[name].min()), float(run[name].max())
        inside = own[np.abs(own - (low + high) / 2) <= high - low]
        low, high = min([low, *inside.tolist()]), max([high, *inside.tolist()])
        margin = _MARGIN * (high - low) or 1.0
        found.append((low - margin, high + margin))
    return found


# Arguments -------------------------------------------------------------------------------------------------------


def _axes(model: Model, x: str | None, y: str | None) -> tuple[int, int]:
    names = list(model.states)
    if len(names) < 2:
        raise InputError(f"a phase plane needs two states; {model.name} has {len(names)}")
    if (x is None or y is None) and len(names) > 2:
        raise InputError(
            f"{model.name} has {len(names)} states: say which two, such as x={names[0]!r}, y={names[-1]!r}; "
            f"legal: {', '.join(names)}"
        )
    for given in (x, y):
        if given is not None and given not in names:
            raise InputError(f"{model.name} has no state {excerpt(given)}; {choices(given, names)}")
    first = names.index(x) if x is not None else next(k for k in range(2) if names[k] != y)
    second = names.index(y) if y is not None else next(k for k in range(2) if k != first)
    if first == second:
        raise InputError(f"x and y are the same state, {names[first]}; take two of {', '.join(names)}")
    return first, second


def _held(flow: Flow, axes: tuple[int, int], others: Any) -> dict[int, float]:
    """Values of the states that are held, by index."""
    legal = [name for k, name in enumerate(flow.names) if k not in axes]
    held = {}
    for name, value in by_name(others, "others").items():
        if name not in legal:
            raise InputError(f"others: {flow.model.name} has no other state {excerpt(name)}; {choices(name, legal)}")
        if isinstance(value, str) and value == "steady":
            continue
        held[flow.names.index(name)] = to_number(value, parse_unit(flow.model.states[name].unit), f"others: {name}")
    if not all(map(math.isfinite, held.values())):
        raise InputError("others: values are finite")
    return held


def _limits(given: Any, what: str) -> tuple[float, float] | None:
    if given is None:
        return None
    try:
        low, high = (float(value) for value in given)
    except (TypeError, ValueError):
        raise InputError(f"{what} is a pair of numbers, such as (-80, 40), not {excerpt(given)}") from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InputError(f"{what} is finite and rising, not {excerpt(given)}")
    return low, high


def _starting_points(flow: Flow, axes: tuple[int, int], given: Iterable[Any] | None) -> Floats:
    """(2, p)."""
    if given is None:
        return flow.start[list(axes)][:, None]
    points = list(given) if isinstance(given, Iterable) else [given]
    if not points:
        return np.empty((2, 0))
    array = to_array(points, parse_unit(""), "trajectories")
    if array.ndim != 2 or array.shape[1] != 2 or not np.isfinite(array).all():
        raise InputError(f"trajectories are starting points (x, y), such as [(-60, 0.1)], not {excerpt(given)}")
    return array.T


def _changed(model: Model, parameters: Mapping[str, Any] | None) -> Model:
    return model.replace(**(parameters or {}))
