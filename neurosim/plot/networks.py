"""Pictures of artificial neurons: networks, decision lines, learning curves, capacity."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyArrowPatch
from matplotlib.ticker import MaxNLocator

from ..artificial.adaline import Adaline
from ..artificial.capacity import Capacity, cover_fraction
from ..artificial.estimator import Estimator
from ..artificial.network import ThresholdNetwork
from ..artificial.perceptron import Perceptron
from ..artificial.states import Floats
from ..errors import InputError

_POSITIVE, _NEGATIVE, _QUIET = "C3", "C0", "0.35"
_MOST_UNITS, _MOST_LABELS, _MOST_LINES = 400, 40, 30
_RADIUS = 0.26


def plot_network(network: ThresholdNetwork, ax: Axes | None = None) -> Axes:
    """Units, signed weights, thresholds, layers.

    A feedforward network goes from its inputs on the left to the right, layer by layer; a recurrent one stands in a
    circle, its inputs to the left. Positive weights are red, negative ones blue and dashed, the wider the larger. A
    unit shows its threshold, or its name if it is an input. Weights are written in networks of up to 40 connections.

    Parameters
    ----------
    network
        At most 400 units.
    ax
        Draw there; a new figure if not given.

    Raises
    ------
    InputError
        For more units.
    """
    if network.size > _MOST_UNITS:
        raise InputError(f"a picture has at most {_MOST_UNITS} units, this network {network.size}")
    place = _places(network)
    width, height = np.ptp(place, axis=0) + np.array([2.0, 1.45])
    ax = _axes(ax, (float(np.clip(1.15 * width, 3.0, 11)), float(np.clip(1.15 * height, 2.0, 9))))
    radius = min(_RADIUS, 0.4 * _nearest(place))
    matrix = network.weights.tocoo()
    largest = float(np.abs(matrix.data).max(initial=1.0))
    written = matrix.nnz <= _MOST_LABELS
    bends = _bends(network, place, matrix)
    for to, source, weight, bend in zip(matrix.row, matrix.col, matrix.data, bends, strict=True):
        _connection(ax, place, int(source), int(to), float(weight), largest, radius, written, bend)
    inputs = set(network.inputs.tolist())
    for unit, (x, y) in enumerate(place):
        _unit(ax, network, unit, float(x), float(y), radius, unit in inputs)
    topology = network.topology
    if topology.kind == "feedforward":
        depth = float(-bends.min(initial=0.0)) + float(bends.max(initial=0.0))
        bottom = float(place[:, 1].min()) - 0.5 - (0.6 * max(0, (topology.order or 0) - 2) + 0.2) * (depth > 0)
        for number, layer in enumerate(topology.layers if len(topology.layers) > 1 else ()):
            word = "inputs" if number == 0 else f"layer {number}"
            ax.text(float(place[layer, 0].mean()), bottom, word, ha="center", va="top", fontsize="small", color=_QUIET)
        low_edge = bottom - 0.35
    else:
        low_edge = float(place[:, 1].min()) - 0.85
    low, high = place.min(axis=0), place.max(axis=0)
    ax.set(xlim=(low[0] - 0.9, high[0] + 1.1), ylim=(low_edge, high[1] + 0.6))
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


def _places(network: ThresholdNetwork) -> Floats:
    """Where the units stand, (n, 2)."""
    place = np.zeros((network.size, 2))
    topology = network.topology
    if topology.kind == "feedforward":
        widest = max(len(layer) for layer in topology.layers)
        across = max(1.9, 0.35 * widest)
        for number, layer in enumerate(topology.layers):
            place[layer, 0] = across * number
            place[layer, 1] = (len(layer) - 1) / 2 - np.arange(len(layer))
        return place
    free = network.free
    size = max(1.0, free.size / (2 * np.pi) * 1.3) if free.size > 1 else 0.0
    angle = np.pi / 2 - 2 * np.pi * np.arange(free.size) / max(1, free.size)
    place[free] = size * np.column_stack([np.cos(angle), np.sin(angle)])
    count = network.inputs.size
    place[network.inputs] = np.column_stack([np.full(count, -size - 2.0), (count - 1) / 2 - np.arange(count)])
    return place


def _bends(network: ThresholdNetwork, place: Floats, matrix: Any) -> Floats:
    """How far a connection is bent: one that skips layers, outwards; two that would lie on each other, apart."""
    topology, bends = network.topology, np.zeros(matrix.nnz)
    if topology.kind == "feedforward":
        depth = np.zeros(network.size)
        for number, layer in enumerate(topology.layers):
            depth[layer] = number
        upper = place[matrix.col, 1] + place[matrix.row, 1] >= 0
        return np.where(depth[matrix.row] - depth[matrix.col] > 1, np.where(upper, -0.28, 0.28), 0.0)
    if matrix.nnz <= _MOST_LABELS:
        pairs = set(zip(matrix.row.tolist(), matrix.col.tolist(), strict=True))
        both = [(k, (j, i) in pairs) for k, (i, j) in enumerate(zip(matrix.row, matrix.col, strict=True))]
        bends[[k for k, mutual in both if mutual]] = 0.16
    return bends


def _nearest(place: Floats) -> float:
    """The distance of the two nearest units."""
    if len(place) < 2:
        return 1.0
    distance = np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1))
    return float(distance[np.triu_indices(len(place), 1)].min())


def _connection(
    ax: Axes,
    place: Floats,
    source: int,
    to: int,
    weight: float,
    largest: float,
    radius: float,
    written: bool,
    bend: float,
) -> None:
    color, style = (_POSITIVE, "-") if weight > 0 else (_NEGATIVE, "--")
    width = 0.5 + 1.5 * abs(weight) / largest
    begin, end = place[source], place[to]
    if source == to:
        outward = begin / (np.hypot(*begin) or 1.0) if np.any(begin) else np.array([0.0, 1.0])
        side = np.array([-outward[1], outward[0]])
        a, b = (begin + radius * (0.8 * outward + sign * 0.6 * side) for sign in (1, -1))
        bend, where = -1.9, begin + 2.9 * radius * outward
    else:
        along = (end - begin) / np.hypot(*(end - begin))
        a, b = begin + radius * along, end - radius * along
        t = 0.38 if source % 2 else 0.3
        middle = (a + b) / 2 + bend * np.array([b[1] - a[1], a[0] - b[0]])
        where = (1 - t) ** 2 * a + 2 * t * (1 - t) * middle + t**2 * b
    arrow = FancyArrowPatch(
        tuple(a), tuple(b), arrowstyle="-|>", mutation_scale=9, color=color, linestyle=style, linewidth=width,
        shrinkA=0, shrinkB=0, connectionstyle=f"arc3,rad={bend}", zorder=1,
    )  # fmt: skip
    ax.add_patch(arrow)
    if written:
        ax.text(
            float(where[0]), float(where[1]), _number(weight), color=color, fontsize="small", ha="center",
            va="center", zorder=3, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.9},
        )  # fmt: skip


def _unit(ax: Axes, network: ThresholdNetwork, unit: int, x: float, y: float, radius: float, given: bool) -> None:
    face = "0.92" if given else "white"
    ax.add_patch(Circle((x, y), radius, facecolor=face, edgecolor="0.2", linewidth=1.2, zorder=2))
    if radius < 0.12:
        return
    size = "medium" if network.size <= 20 else "x-small"
    name = "" if network.names is None else network.names[unit]
    if given:
        text = name or str(unit)
        if len(text) <= 3:
            ax.text(x, y, text, ha="center", va="center", fontsize=size, zorder=4)
        else:
            ax.text(x - 1.3 * radius, y, text, ha="right", va="center", fontsize=size, zorder=4)
        return
    ax.text(x, y, _number(float(network.thresholds[unit])), ha="center", va="center", fontsize=size, zorder=4)
    if name:
        ax.text(x + 1.3 * radius, y + 0.05, name, ha="left", va="bottom", fontsize=size, zorder=4)


def plot_decision(estimator: Estimator, X: Any, y: Any, ax: Axes | None = None) -> Axes:
    """Points of two features in the colours of their classes, the decision lines, and how they moved while learning.

    Parameters
    ----------
    estimator
        A `Perceptron` or `Adaline` that has learned classes.
    X, y
        Points (P, 2) and their labels.
    ax
        Draw there; a new figure if not given.

    Notes
    -----
    Earlier lines are grey, the later the darker; with several classes only the last ones are drawn, in the colour of
    the class that lies beyond. A short line on the decision line points to the upper class.

    Raises
    ------
    InputError
        If it has learned nothing or values, or from other than two features.
    """
    fields = estimator.fields(X)
    if not hasattr(estimator, "classes_"):
        raise InputError("decision lines are those of classes; this unit learned values")
    if estimator.n_features_in_ != 2:
        raise InputError(f"decision lines are drawn in two features, this unit learned from {estimator.n_features_in_}")
    points, labels = np.asarray(X, dtype=float), np.asarray(y).reshape(-1)
    if len(labels) != len(points):
        raise InputError(f"y: one label for each of {len(points)} points, not {len(labels)}")
    ax = _axes(ax, (5.2, 4.4))
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.15 * np.where(high > low, high - low, 1.0)
    box = low - margin, high + margin
    if fields.shape[1] == 1:
        weights = estimator.history_.weights[:-1] if hasattr(estimator, "history_") else np.zeros((0, 3))
        moved = weights[_spaced(len(weights))]
        for k, row in enumerate(moved):
            bias, w = (row[0], row[1:]) if row.size == 3 else (0.0, row)
            _line(ax, w, float(bias), box, color=str(0.9 - 0.5 * k / max(1, len(moved) - 1)), linewidth=0.8)
    for k, (w, b) in enumerate(zip(estimator.coef_, estimator.intercept_, strict=True)):
        _line(ax, w, float(b), box, color="black" if fields.shape[1] == 1 else f"C{k}", linewidth=1.8, tick=True)
    for k, label in enumerate(estimator.classes_):
        chosen = points[labels == label]
        ax.plot(*chosen.T, "os^vDP*X<>"[k % 10], color=f"C{k}", markeredgecolor="white", label=str(label), zorder=3)
    ax.set(xlabel="$x_1$", ylabel="$x_2$", xlim=(box[0][0], box[1][0]), ylim=(box[0][1], box[1][1]))
    ax.legend(frameon=False, fontsize="small", title="class", loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def _spaced(count: int) -> Any:
    """At most thirty places, closer to each other at the beginning, where most happens."""
    if count <= _MOST_LINES:
        return np.arange(count)
    return np.unique(np.rint((count - 1) * np.linspace(0, 1, _MOST_LINES) ** 2).astype(int))


def _line(ax: Axes, w: Floats, b: float, box: Any, tick: bool = False, **style: Any) -> None:
    """The line w·x + b = 0 across a box."""
    length = float(np.hypot(*w))
    if length == 0:
        return
    normal = w / length
    along = np.array([-normal[1], normal[0]])
    centre = (box[0] + box[1]) / 2
    foot = centre - ((w @ centre + b) / length) * normal
    reach = float(np.hypot(*(box[1] - box[0])))
    ends = foot + reach * np.array([[-1.0], [1.0]]) * along
    ax.plot(*ends.T, zorder=2 if tick else 1, **style)
    if tick:
        short = foot + 0.04 * reach * np.array([[0.0], [1.0]]) * normal
        ax.plot(*short.T, zorder=2, solid_capstyle="butt", **style)


def plot_learning(estimator: Perceptron | Adaline, ax: Axes | None = None) -> Axes:
    """Learning curves: errors of a perceptron in each epoch, or of an Adaline on training and validation data.

    Parameters
    ----------
    estimator
        One that has learned.
    ax
        Draw there; a new figure if not given.
    """
    if not hasattr(estimator, "history_"):
        raise InputError("there is no learning curve yet; call fit(X, y) first")
    ax = _axes(ax, (5.2, 3.2))
    histories = estimator.history_ if isinstance(estimator.history_, tuple) else (estimator.history_,)
    for k, history in enumerate(histories):
        label = str(estimator.classes_[k]) if len(histories) > 1 else ""
        if hasattr(history, "errors"):
            ax.plot(np.arange(1, history.errors.size + 1), history.errors, ".-", color=f"C{k}", label=label or "errors")
            continue
        epochs = np.arange(history.training_error.size)
        ax.plot(epochs, history.training_error, color=f"C{k}", label=f"{label} training".strip())
        if np.isfinite(history.validation_error).any():
            name = f"{label} validation".strip()
            ax.plot(epochs, history.validation_error, "--", color=f"C{k}" if label else "C1", label=name)
    counted = hasattr(histories[0], "errors")
    ax.set(xlabel="epoch", ylabel="errors" if counted else "mean error of a point")
    ax.set_ylim(bottom=0)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(ax.lines) > 1:
        ax.legend(frameon=False, fontsize="small")
    return ax


def plot_capacity(capacity: Capacity, ax: Axes | None = None) -> Axes:
    """The fraction of separable dichotomies against P/N, with its standard error; lines are Cover's theory."""
    ax = _axes(ax, (5.5, 3.8))
    handles: list[Line2D] = []
    for k, N in enumerate(capacity.N):
        load = capacity.load[k]
        P = np.arange(max(1, int(capacity.points[k].min())), int(capacity.points[k].max()) + 1)
        ax.plot(P / N, [cover_fraction(int(p), int(N)) for p in P], color=f"C{k}", linewidth=1)
        ax.errorbar(load, capacity.separable[k], capacity.error[k], fmt="o", color=f"C{k}", markersize=4)
        handles.append(Line2D([], [], marker="o", color=f"C{k}", label=f"N = {N}", linewidth=1, markersize=4))
    ax.axvline(2, color=_QUIET, linestyle=":", linewidth=1)
    ax.set(xlabel="P/N", ylabel="fraction separable", ylim=(-0.03, 1.03))
    ax.legend(handles=handles, frameon=False, fontsize="small")
    return ax


def _axes(ax: Axes | None, size: Sequence[float]) -> Axes:
    if ax is not None:
        return ax
    _, made = plt.subplots(figsize=(size[0], size[1]), layout="constrained")
    return made


def _number(value: float) -> str:
    """A number as short as can be, with a real minus sign."""
    return f"{value:.3g}".replace("-", "−")
