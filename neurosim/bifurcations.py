"""Bifurcation diagrams: fixed points and periodic firing over an input or a parameter."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arguments import whole
from .coexistence import coexistence
from .continuation import Continuation
from .currents import ramp
from .errors import InputError, choices, excerpt
from .excitability import positive, rheobase
from .flow import Flow
from .model import Model, load_model
from .progress import Progress, progress_bar
from .simulation import finished
from .units import Unit, parse_unit, to_number

Floats = NDArray[np.float64]

_MS = parse_unit("ms")
_FAR = 100.0  # rheobases within which the last bifurcation is sought
_ROOM, _LEAST_ROOM = 1.15, 1.5
_STEADY = 0.9  # a motion whose sizes in the halves of the time have at least this ratio is periodic
_FAINT = 2e-3  # of the largest motion
_JUMP, _HELD, _FADING = 0.1, 0.5, 0.25  # of the size of the motion
_HALVINGS, _LONGER = 16, 5


class _Stage(NamedTuple):
    """What the state did in both halves of the time that counts: (2, neurons); the rates, and the final state."""

    low: Floats
    high: Floats
    fired: NDArray[np.bool_]
    rate: Floats
    final: Mapping[str, Any]


class Branch(NamedTuple):
    """Fixed points along a branch.

    Attributes
    ----------
    value : ndarray (p,)
        Of the input or parameter, in its declared unit.
    states : dict of name to ndarray (p,)
    eigenvalues : ndarray (p, k) of complex
        In 1/ms.
    stable : ndarray (p,) of bool
        Whether all real parts are negative; of a model with a reset, also that it does not spike there.
    """

    value: Floats
    states: dict[str, Floats]
    eigenvalues: NDArray[np.complex128]
    stable: NDArray[np.bool_]


class BifurcationPoint(NamedTuple):
    """Where something changes.

    Attributes
    ----------
    kind : str
        "Hopf": a pair of complex eigenvalues crosses the imaginary axis. "fold": two fixed points meet. "branch
        point": a real eigenvalue crosses and the branch goes on. "firing ends downward", "firing ends upward": as far
        as periodic firing goes when the value is slowly lowered or raised; for Hodgkin–Huxley the fold of limit cycles.
    value : float
        In the declared unit.
    states : dict of name to float
        The fixed point; empty where firing ends.
    frequency : float
        In Hz: of the oscillation born at a Hopf point, or of the last firing; else 0.
    """

    kind: str
    value: float
    states: dict[str, float]
    frequency: float


class Extent(NamedTuple):
    """How far the state that is shown goes when the model has settled: `low` and `high` (m,).

    Equal at rest, NaN where it had not settled.
    """

    low: Floats
    high: Floats

    @property
    def periodic(self) -> NDArray[np.bool_]:
        """Where it moves, (m,)."""
        return self.high > self.low


@dataclass(frozen=True, eq=False)
class Bifurcation:
    """Fixed points and periodic firing over an input or a parameter: the result of `bifurcation`.

    Attributes
    ----------
    model : Model
    over, unit : str
        What varies, and its unit.
    state : str
        The state that `up` and `down` are of: the first of the model.
    branches : tuple of Branch
    points : tuple of BifurcationPoint
        Ordered by value.
    value : ndarray (m,)
        Where firing was simulated, ascending.
    up, down : Extent
        Of `state` with the value raised step by step, or lowered, the model carrying its state along.
    duration, discard : float
        Of each step, and how much of it is left to settle, in ms.
    """

    model: Model
    over: str
    unit: str
    state: str
    branches: tuple[Branch, ...]
    points: tuple[BifurcationPoint, ...]
    value: Floats
    up: Extent
    down: Extent
    duration: float
    discard: float

    def of_kind(self, kind: str) -> list[float]:
        """Values of all points whose kind begins so, such as ``"Hopf"`` or ``"firing ends"``."""
        return [point.value for point in self.points if point.kind.startswith(kind)]

    @property
    def bistable(self) -> list[tuple[float, float]]:
        """Ranges of the value in which rest and periodic firing are both stable."""
        return coexistence(self)

    def plot(self, ax: Any = None) -> Any:
        """Draw it; see `neurosim.plot_bifurcation`."""
        from .plot.phase import plot_bifurcation

        return plot_bifurcation(self, ax=ax)

    def __repr__(self) -> str:
        points = ", ".join(f"{point.kind} {point.value:.5g}" for point in self.points) or "no bifurcation"
        return f"<Bifurcation of {self.model.name} over {self.over}: {points}>"


def bifurcation(
    model: str | os.PathLike[str] | Model,
    over: str = "I",
    *,
    between: Any = None,
    steps: int = 81,
    duration: Any = 1000,
    discard: Any = 500,
    I: Any = None,
    parameters: Mapping[str, Any] | None = None,
    progress: bool | Progress = False,
) -> Bifurcation:
    """Follow the fixed points of a model over an input or a parameter, and its firing up and down.

    Parameters
    ----------
    model
        Name of a deterministic model, path of a model file, or a `Model`.
    over
        Name of an input or a parameter.
    between
        Range, such as ``(0, 20)``, in the declared unit or as quantities. If not given, and `over` is the one input:
        from 0 to beyond the last bifurcation below 100 rheobases.
    steps
        Number of values at which firing is simulated; 0 for fixed points alone.
    duration, discard
        How long each value is kept, and how much of that to leave for settling, in ms or quantities. Firing slower than
        2/(duration - discard) is not seen.
    I
        Constant values of the inputs, as for `phase_plane`, where `over` is not one or there are several.
    parameters
        Values that differ from the model's.
    progress
        As for `simulate`.

    Returns
    -------
    Bifurcation

    Raises
    ------
    InputError
        For a model with chance or without states, an unknown name, a range that cannot be used.

    Notes
    -----
    Fixed points come from pseudo-arclength continuation, begun from all fixed points at nine values; stability from
    the exact Jacobian; Hopf points and folds are located to about ten digits. Firing is simulated and says nothing of
    unstable limit cycles. An input goes evenly from one value to the next during `discard`, so that no step kicks the
    neuron out of its state; a parameter jumps. Where firing ends by a jump, the end is approached in ever smaller
    steps, down to the 2^-16th of one of `steps`, each five times as long. (Close to a fold of cycles firing dies so
    slowly that a longer `duration` finds the end a little earlier.) With a reset, samples every dt miss the peak.
    """
    model = load_model(model)
    unit = _unit_of(model, over)
    flow = Flow(model, parameters, I, "bifurcation", over)
    length, skipped = positive(duration, _MS, "duration"), to_number(discard, _MS, "discard")
    if not 0 <= skipped < length:
        raise InputError(f"discard must be from 0 to below the duration {length:g} ms, not {skipped:g} ms")
    count = whole(steps, "steps", 0)
    if count == 1:
        raise InputError("steps is 0, or from 2 on")
    low, high = _range(flow, unit, between, parameters)
    followed = Continuation(flow, low * unit.factor, high * unit.factor)
    branches = tuple(
        Branch(
            curve.values / unit.factor,
            dict(zip(flow.names, curve.states, strict=True)),
            curve.eigenvalues,
            (curve.eigenvalues.real < 0).all(axis=1) & ~flow.spikes(curve.states, curve.values),
        )
        for curve in followed.curves
    )
    points = [
        BifurcationPoint(
            change.kind,
            change.value / unit.factor,
            dict(zip(flow.names, change.states.tolist(), strict=True)),
            1000 * change.eigenvalue.imag / (2 * math.pi) if change.kind == "Hopf" else 0.0,
        )
        for change in followed.changes
    ]
    values = np.linspace(low, high, count)
    with progress_bar(progress, f"bifurcations of {model.name}") as show:
        (up, down), ends = _firing(flow, length, skipped, values, show)
    points += ends
    return Bifurcation(
        model=model.replace(**(parameters or {})),
        over=over,
        unit=unit.text,
        state=flow.names[0],
        branches=branches,
        points=tuple(sorted(points, key=lambda point: point.value)),
        value=values,
        up=up,
        down=down,
        duration=length,
        discard=skipped,
    )


def _firing(
    flow: Flow, length: float, skipped: float, values: Floats, show: Progress | None
) -> tuple[tuple[Extent, Extent], list[BifurcationPoint]]:
    """How far firing goes, up and down, and where it ends."""
    if not values.size:
        nothing = Extent(np.empty(0), np.empty(0))
        return (nothing, nothing), []
    sweep = _Sweep(flow, length, skipped, values, show)
    return sweep.extents, sweep.ends()


class _Sweep:
    """Two neurons, one with ascending and one with descending values, each going on from its state at the last."""

    def __init__(self, flow: Flow, length: float, skipped: float, values: Floats, show: Progress | None) -> None:
        self.flow, self.values = flow, values
        step = flow.model.dt
        self.settle, self.watch = (math.ceil(time / step - 1e-9) for time in (skipped, length - skipped))
        stages, self.states = [], list[Mapping[str, Any]]()
        before, state = np.array([values[0], values[-1]]), None
        for k, pair in enumerate(zip(values, values[::-1], strict=True)):
            stage = self._stage(before, np.array(pair), state)
            before, state = np.array(pair), stage.final
            stages.append(stage)
            self.states.append(state)
            if show is not None:
                show((k + 1) / values.size)
        low, high = np.array([stage.low for stage in stages]), np.array([stage.high for stage in stages])
        self.size = (high - low)[:, 1]  # of the second halves, (m, 2 directions)
        self.faint = _FAINT * float(high.max() - low.min())
        self.moving = np.array([self._periodic(stage) for stage in stages])
        middle = np.where(self.size <= self.faint, (low[:, 1] + high[:, 1]) / 2, np.nan)
        lowest = np.where(self.moving, low.min(axis=1), middle)
        highest = np.where(self.moving, high.max(axis=1), middle)
        self.extents = Extent(lowest[:, 0], highest[:, 0]), Extent(lowest[::-1, 1], highest[::-1, 1])

    def _periodic(self, stage: _Stage) -> NDArray[np.bool_]:
        if self.flow.model.spike.reset:  # samples miss the peak
            return np.asarray(stage.fired.all(axis=0))
        first, second = stage.high - stage.low
        return np.asarray((second > self.faint) & (second >= _STEADY * first) & (first >= _STEADY * second))

    def _stage(self, before: Floats, at: Floats, start: Any, longer: int = 1) -> _Stage:
        """Go from one value to the next while settling, and watch."""
        state = self.flow.names[0]
        if self.settle:
            start = self._run(before, at, longer * self.settle, start, ()).final_state
        seen = self._run(at, at, longer * self.watch, start, (state,))
        trace = seen[state]
        middle = trace.shape[1] // 2
        halves = trace[:, :middle], trace[:, middle:]
        early = seen.spike_time < seen.duration / 2
        fired = [np.bincount(seen.spike_index[when], minlength=at.size) > 0 for when in (early, ~early)]
        low, high = (np.array([getattr(half, name)(axis=1) for half in halves]) for name in ("min", "max"))
        return _Stage(low, high, np.array(fired), seen.rate(), seen.final_state)

    def _run(self, before: Floats, at: Floats, steps: int, start: Any, record: tuple[str, ...]) -> Any:
        """An input rises or falls evenly from one value to the next; a parameter jumps."""
        flow, model = self.flow, self.flow.model
        known: dict[str, Any] = {**model.inputs, **model.parameters}
        factors = {name: parse_unit(entry.unit).factor for name, entry in known.items()}
        inputs: dict[str, Any]
        inputs, given = (
            {name: flow.values[name] / factors[name] for name in names if name in flow.values}
            for names in (model.inputs, model.parameters)
        )
        length = steps * model.dt
        changed: dict[str, Any] = {str(flow.over): at}
        if flow.over in model.inputs:
            changed = {str(flow.over): ramp(before, at, stop=length) if (before != at).any() else at}
            inputs |= changed
        else:
            given |= changed
        return finished(model, inputs or None, length, start=start, parameters=given, record=record, threads=1)

    def ends(self) -> list[BifurcationPoint]:
        """Where firing ends by a jump, in each direction."""
        found = []
        for column, kind in ((0, "firing ends upward"), (1, "firing ends downward")):
            values = self.values if column == 0 else self.values[::-1]
            moving, size = self.moving[:, column], self.size[:, column]
            for k in np.flatnonzero(moving[:-1] & ~moving[1:]):
                if size[k] >= _JUMP * size.max():
                    end = self._end(values[k], values[k + 1] - values[k], self.states[k], column, float(size[k]))
                    found += [BifurcationPoint(kind, end[0], {}, end[1])] if end else []
        return found

    def _end(
        self, value: float, step: float, states: Mapping[str, Any], column: int, size: float
    ) -> tuple[float, float] | None:
        """The last value with firing, and its rate in Hz; None where it fades away instead of jumping.

        Steps towards the end are halved when firing does not outlive one.
        """
        state: Any = {name: np.asarray(held)[column : column + 1] for name, held in states.items()}
        smallest, rate, left = abs(step) / 2.0**_HALVINGS, 0.0, 0.0
        lowest, highest = self.values[0], self.values[-1]
        while abs(step) > smallest:
            step /= 2
            while lowest <= value + step <= highest:
                stage = self._stage(np.array([value]), np.array([value + step]), state, _LONGER)
                second = float((stage.high - stage.low)[1, 0])
                if not self._periodic(stage)[0] or (second < _HELD * size and not self.flow.model.spike.reset):
                    left = second
                    break
                value, state, rate = value + step, stage.final, float(stage.rate[0])
        return None if left > _FADING * size else (float(value), rate)


# Arguments -------------------------------------------------------------------------------------------------------


def _unit_of(model: Model, over: str) -> Unit:
    legal: dict[str, Any] = {**model.inputs, **model.parameters}
    if over not in legal:
        raise InputError(f"{model.name} has no input or parameter {excerpt(over)}; {choices(over, legal)}")
    return parse_unit(legal[over].unit)


def _range(flow: Flow, unit: Unit, between: Any, parameters: Mapping[str, Any] | None) -> tuple[float, float]:
    """Lowest and highest value, in the declared unit."""
    if between is not None:
        try:
            first, last = between
        except (TypeError, ValueError):
            raise InputError(f"between is a pair, such as (0, 20), not {excerpt(between)}") from None
        low, high = (to_number(value, unit, "between") / unit.factor for value in (first, last))
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise InputError(f"between is finite and rising, not {excerpt(between)}")
        return low, high
    model = flow.model
    if list(model.inputs) != [flow.over]:
        raise InputError(f"say over which range of {flow.over}, such as between=(0, 10)")
    try:
        least = rheobase(model, parameters=parameters, tolerance=1e-2)
    except InputError as error:
        raise InputError(f"say over which range of {flow.over}, such as between=(0, 10): {error}") from None
    far = Continuation(flow, 0.0, _FAR * least * unit.factor)
    last = max((change.value / unit.factor for change in far.changes), default=0.0)
    return 0.0, max(_ROOM * last, _LEAST_ROOM * least)
