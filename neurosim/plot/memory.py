"""Pictures of associative memories: patterns, recalls, moving pictures, capacity and phases."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.animation import FuncAnimation, PillowWriter
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..artificial.memory_recall import Recall, frames
from ..artificial.memory_sequence import SequenceRecall
from ..artificial.patterns import Signs, as_picture
from ..errors import InputError, excerpt
from ..files import replacing

_RIGHT, _WRONG_INK, _WRONG_PAPER, _PAPER = (0.13, 0.13, 0.16), (0.84, 0.27, 0.20), (0.97, 0.80, 0.75), (1.0, 1.0, 1.0)
_GONE = (0.75, 0.75, 0.75)
_MOST_NAMED = 30


def plot_pattern(pattern: Any, ax: Axes | None = None, *, like: Any = None, title: str = "") -> Axes:
    """A pattern as pixels: +1 is ink.

    Parameters
    ----------
    pattern
        Array of ±1; a 1-D pattern is drawn as a square, as nearly as it fills one. 0 is grey.
    ax
        Where to draw; a new figure if not given.
    like
        A pattern to compare with: pixels that differ are red.
    title
        Above the picture.
    """
    ax = new_axes(ax, (2.2, 2.4))
    ax.imshow(pixels(pattern, like), interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(color="0.8", linewidth=0.8)
    if title:
        ax.set_title(title, fontsize="small")
    return ax


def new_axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """`ax`, or that of a new figure."""
    if ax is not None:
        return ax
    _, made = plt.subplots(figsize=size, layout="constrained")
    return made


def pixels(pattern: Any, like: Any = None) -> Any:
    """A pattern as colours (rows, columns, 3)."""
    values = as_picture(pattern)
    picture = np.where(values[..., None] > 0, _RIGHT, _PAPER)
    if like is not None:
        wrong = values != as_picture(like)
        picture = np.where(wrong[..., None], np.where(values[..., None] > 0, _WRONG_INK, _WRONG_PAPER), picture)
    return np.where(values[..., None] == 0, _GONE, picture)


def plot_recall(recall: Recall, ax: Axes | None = None) -> Axes:
    """Cue, states after the sweeps, and the nearest pattern; below, energy and overlaps.

    Parameters
    ----------
    ax
        Draw the last state alone, there; a new figure with everything if not given.

    Returns
    -------
    Axes
        Of the last state.
    """
    target = _target(recall)
    if ax is not None:
        return plot_pattern(recall.state, ax, like=target, title=str(recall))
    pictures = _chosen(recall)
    count = len(pictures) + (target is not None)
    figure = plt.figure(figsize=(max(6.4, 1.35 * count), 4.4), layout="constrained")
    parts: Any = figure.subfigures(2, 1, height_ratios=(1, 1.35))
    top, bottom = parts
    axes = top.subplots(1, count, squeeze=False)[0]
    for one, (title, state) in zip(axes, pictures, strict=False):
        plot_pattern(state, one, like=target, title=title)
    if target is not None:
        plot_pattern(target, axes[-1], title=f"stored: {_short(recall.nearest)}")
    figure.suptitle(str(recall), x=0.01, ha="left", fontsize="medium")
    left, right = bottom.subplots(1, 2, width_ratios=(1, 1.3))
    _plot_energy(left, recall)
    _plot_overlaps(right, recall)
    last: Axes = axes[len(pictures) - 1]
    return last


def _target(recall: Recall) -> Signs | None:
    """The pattern a recall is compared with: the nearest, or its mirror image."""
    if recall.nearest is None:
        return None
    pattern = recall.stored.pattern(recall.stored.names.index(recall.nearest)).reshape(recall.state.shape)
    return np.asarray(pattern * (1 if recall.overlap > 0 else -1), dtype=np.int8)


def _chosen(recall: Recall, most: int = 6) -> list[tuple[str, Signs]]:
    """The cue and the states after some sweeps, those in which nothing moved left out."""
    moved = np.flatnonzero(recall.flips) + 1
    last = int(moved[-1]) if moved.size else 0
    chosen = np.unique(np.concatenate([[0], moved[: most - 2], [last]])) if moved.size else np.zeros(1, int)
    names = ["cue" if k == 0 else f"sweep {k}" for k in chosen]
    return [(name, recall.states[k]) for name, k in zip(names, chosen, strict=True)]


def _plot_energy(ax: Axes, recall: Recall) -> None:
    if recall.energy is None:
        ax.plot(np.arange(1, recall.sweeps + 1), recall.flips, ".-", color="C0")
        ax.set(xlabel="sweep", ylabel="flips")
        return
    ax.plot(recall.energy / (recall.live or recall.stored.n), ".-" if recall.sweeps <= 40 else "-", color="C0")
    ax.set(xlabel="sweep", ylabel="energy per unit")
    if recall.sweeps <= 10:
        ax.set_xticks(range(recall.sweeps + 1))


def _plot_overlaps(ax: Axes, recall: Recall) -> None:
    overlaps, names = recall.overlaps, recall.stored.names
    colors = np.where(np.arange(overlaps.size) == int(np.argmax(np.abs(overlaps))), "C1", "0.7")
    if overlaps.size > _MOST_NAMED:
        ax.hist(overlaps, bins=40, color="0.6")
        ax.axvline(recall.overlap, color="C1")
        ax.set(xlabel="overlap with the patterns", ylabel="patterns")
        return
    ax.bar(range(overlaps.size), overlaps, color=colors)
    ax.axhline(0, color="0.3", linewidth=0.8)
    ax.set(ylabel="overlap", ylim=(min(0.0, float(overlaps.min())) * 1.05 - 0.02, 1.05))
    ax.set_xticks(range(overlaps.size), [_short(name) for name in names], rotation=0 if overlaps.size <= 12 else 90)


def _short(name: str | None, length: int = 12) -> str:
    text = str(name)
    return text if len(text) <= length else text[: length - 1] + "…"


def plot_comparison(
    cues: Mapping[str, Any], rows: Mapping[str, Sequence[Recall]], patterns: Mapping[str, Any] | None = None
) -> Figure:
    """Several memories beside each other: the cues above, below them what each memory makes of them.

    Parameters
    ----------
    cues
        Name → cue, one column each.
    rows
        Title of a memory → its recalls, in the order of the cues.
    patterns
        What should come back: pixels that differ are red.
    """
    height = 0.98 * (len(rows) + 1) + 0.1
    figure, axes = plt.subplots(
        len(rows) + 1, len(cues), figsize=(0.92 * len(cues) + 1.1, height), squeeze=False, layout="constrained"
    )
    for ax, (name, cue) in zip(axes[0], cues.items(), strict=True):
        plot_pattern(cue, ax, like=patterns[name] if patterns else None, title=_short(name))
    for line, (title, recalls) in zip(axes[1:], rows.items(), strict=True):
        for ax, name, recall in zip(line, cues, recalls, strict=True):
            plot_pattern(recall.state, ax, like=patterns[name] if patterns else None)
        line[0].set_ylabel(title, fontsize="small")
    axes[0, 0].set_ylabel("cue", fontsize="small")
    return figure


def plot_sequence(recall: SequenceRecall, ax: Axes | None = None) -> Axes:
    """Overlaps with all patterns of a sequence against time."""
    ax = new_axes(ax, (7, 3.2))
    for name, course in zip(recall.stored.names, recall.overlaps.T, strict=True):
        ax.plot(course, label=_short(name))
    ax.axhline(0, color="0.8", linewidth=0.8, zorder=0)
    ax.set(xlabel="sweep", ylabel="overlap", xlim=(0, len(recall.states) - 1), ylim=(None, 1.05))
    ax.set_title(str(recall), loc="left", fontsize="medium")
    if len(recall.stored.names) <= 12:
        ax.legend(frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    return ax


def animate_recall(recall: Recall, path: str | os.PathLike[str]) -> None:
    """Write the course of a recall as a GIF, unit by unit where the updates were asynchronous.

    Parameters
    ----------
    path
        Ends in ``.gif``.
    """
    if Path(path).suffix.lower() != ".gif":
        raise InputError(f"cannot write a moving picture as {excerpt(str(path))}; end it in .gif")
    target, shown = _target(recall), frames(recall)
    shown = [shown[0]] * 6 + shown + [(str(recall), shown[-1][1])] * 14
    figure, (ax, bars) = plt.subplots(1, 2, figsize=(5.4, 3.0), width_ratios=(1, 1.1), layout="constrained")
    image = ax.imshow(pixels(shown[0][1], target), interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    title = ax.set_title("cue", fontsize="medium")
    update = _bars(bars, recall)

    def draw(k: int) -> tuple[Any, ...]:
        name, state = shown[k]
        image.set_data(pixels(state, target))
        title.set_text(name)
        update(state)
        return image, title

    moving = FuncAnimation(figure, draw, frames=len(shown))
    with replacing(path) as temporary:
        moving.save(temporary, writer=_Gif(fps=12), dpi=110)
    plt.close(figure)


class _Gif(PillowWriter):
    """Pillow tells the format by the ending of a path, and the temporary one has another."""

    def finish(self) -> None:
        first, *others = self._frames  # type: ignore[attr-defined]
        delay = int(1000 / self.fps)
        first.save(self.outfile, format="GIF", save_all=True, append_images=others, duration=delay, loop=0)


def _bars(ax: Axes, recall: Recall) -> Any:
    """Overlaps as bars, and what moves them."""
    order = np.argsort(-np.abs(recall.overlaps), kind="stable")[:12]
    order = order[np.argsort(order)]
    names = [_short(recall.stored.names[k], 6) for k in order]
    drawn = ax.bar(range(order.size), np.zeros(order.size), color="0.7")
    ax.axhline(0, color="0.3", linewidth=0.8)
    least = float(min(0.0, recall.overlaps.min(initial=0), recall.overlap_course[0].min(initial=0)))
    ax.set(ylim=(least * 1.1 - 0.02, 1.05), ylabel="overlap")
    ax.set_xticks(range(order.size), names, fontsize="small")

    def update(state: Signs) -> None:
        values = recall.stored.overlaps(state.ravel(), recall.live)
        best = int(np.argmax(np.abs(values))) if values.size else -1
        for bar, k in zip(drawn, order, strict=True):
            bar.set_height(values[k])
            bar.set_color("C1" if k == best else "0.7")

    return update
