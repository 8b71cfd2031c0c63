"""Pictures made from the figures; nothing is measured here."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Result = dict[str, Any]
COLOURS = {"neurosim": "tab:red", "brian2": "tab:blue", "nest": "tab:orange", "neuron": "tab:green"}
NAMES = {"neurosim": "neurosim", "brian2": "Brian2", "nest": "NEST", "neuron": "NEURON"}
MARKERS = "osD^v"


def work_precision(result: Result) -> Figure:
    """Largest error of a spike time against the time of a warm run; a line for each method of each tool."""
    figure, ax = plt.subplots(figsize=(7.5, 4.6), layout="constrained")
    lines: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for row in result["figures"]["work_precision"]["rows"]:
        if row["reason"] is None:
            point = row["warm_seconds"]["median"], 1e3 * row["agreement"]["largest_error_ms"]
            lines.setdefault((row["tool"], row["method"][0]), []).append(point)
    used: dict[str, int] = {}
    for (tool, method), points in lines.items():
        number = used[tool] = used.get(tool, -1) + 1
        style = {"color": COLOURS[tool], "marker": MARKERS[number], "linestyle": ("-", "--", ":", "-.")[number % 4]}
        ax.loglog(*zip(*points, strict=True), label=f"{NAMES[tool]}: {method}", markersize=5, **style)
    ax.set(xlabel="seconds of a warm run", ylabel="largest error of a spike time (µs)")
    ax.legend(frameon=False, fontsize="small", bbox_to_anchor=(1, 1), loc="upper left")
    return figure


def growth(result: Result) -> Figure:
    """Time and memory, against neurons on the left and against duration on the right."""
    rows = [row for row in result["figures"]["growth"]["rows"] if row["reason"] is None]
    figure, panels = plt.subplots(2, 2, figsize=(8, 5.2), sharex="col", sharey="row", layout="constrained")
    shortest = min(row["duration_ms"] for row in rows)
    by_neurons = [row for row in rows if row["duration_ms"] == shortest]
    by_duration = [row for row in rows if row["neurons"] == 100]
    for column, (chosen, x, label) in enumerate(
        (
            (by_neurons, "neurons", f"neurons, {shortest:g} ms each"),
            (by_duration, "duration_ms", "duration of 100 neurons (ms)"),
        )
    ):
        _lines(panels[0, column], chosen, x, lambda row: row["warm_seconds"]["median"])
        _lines(panels[1, column], chosen, x, lambda row: row["peak_megabytes"] or float("nan"))
        panels[1, column].set_xlabel(label)
    panels[0, 0].set_ylabel("seconds of a warm run")
    panels[1, 0].set_ylabel("memory (MB)")
    panels[0, 0].legend(frameon=False, fontsize="small")
    return figure


def _lines(ax: Axes, rows: Sequence[Result], x: str, y: Any) -> None:
    for tool in COLOURS:
        mine = [row for row in rows if row["tool"] == tool]
        if mine:
            xs, ys = [row[x] for row in mine], [y(row) for row in mine]
            ax.loglog(xs, ys, "o-", color=COLOURS[tool], markersize=4, label=NAMES[tool])
