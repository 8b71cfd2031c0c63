"""Patterns in the terminal: half blocks in colour, plain ASCII in a pipe or where the terminal shows nothing else."""

import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

_INK, _WRONG_INK, _WRONG_PAPER = "default", "red", "bright_black"
_SPARKS = "▁▂▃▄▅▆▇█"
_PLAIN = str.maketrans({"−": "-", "–": "-", "→": "->", "×": "x", "…": "...", "█": "#", "²": "2"} | {
    "α": "alpha", "β": "beta", "°": "", "µ": "u", "≥": ">=", "≤": "<=", "∞": "inf", "±": "+-",
})  # fmt: skip


class Screen:
    """Where to draw: how wide it is, and whether blocks and colours can be seen there."""

    def __init__(self) -> None:
        from rich.console import Console

        terminal = sys.stdout.isatty()
        self.console = Console(
            width=None if terminal or "COLUMNS" in os.environ else 100, highlight=False, markup=False, soft_wrap=False
        )
        self.blocks = terminal and self.console.encoding.startswith("utf") and not self.console.is_dumb_terminal
        self.width = self.console.width

    def text(self, text: str = "", style: str = "") -> None:
        """Print a line."""
        shown = text if self.blocks else plain(text)
        self.console.print(shown, style=style or None, soft_wrap=not self.blocks)

    def row(self, pictures: Sequence[tuple[str, Any]], like: Any = None, titles: bool = True) -> None:
        """Print pictures side by side, with titles above."""
        for line in self.lines(pictures, like, titles):
            self.console.print(line, no_wrap=True, overflow="crop", crop=True)

    def lines(self, pictures: Sequence[tuple[str, Any]], like: Any = None, titles: bool = True) -> list[Any]:
        """The same as lines of rich text."""
        from rich.text import Text

        shrunk = [shrink(picture, self.width // 2 - 4) for _, picture in pictures]
        other = None if like is None else shrink(like, self.width // 2 - 4)
        widths = [max(picture.shape[1], len(title) if titles else 0) + 2 for (title, _), picture in
                  zip(pictures, shrunk, strict=True)]  # fmt: skip
        drawn = [self._draw(picture, other) for picture in shrunk]
        lines = [Text("  ")] if titles else []
        if titles:
            for (title, _), width in zip(pictures, widths, strict=True):
                lines[0].append((title if self.blocks else plain(title)).ljust(width), style="dim")
        for number in range(max(len(picture) for picture in drawn)):
            line = Text("  ")
            for picture, width in zip(drawn, widths, strict=True):
                part = picture[number] if number < len(picture) else Text()
                line.append_text(part).append(" " * (width - len(part)))
            line.rstrip()
            lines.append(line)
        return lines

    def fits(self, pictures: Sequence[tuple[str, Any]]) -> int:
        """How many pictures like these stand side by side."""
        widest = max(max(shrink(picture, self.width // 2 - 4).shape[1], len(title)) + 2 for title, picture in pictures)
        return max(2, (self.width - 2) // int(widest))

    def _draw(self, picture: Any, like: Any) -> list[Any]:
        from rich.text import Text

        if not self.blocks:
            return [Text("".join("#" if value > 0 else "." if value < 0 else " " for value in row)) for row in picture]
        colours = np.full(picture.shape, "", dtype=object)
        colours[picture > 0] = _INK
        if like is not None and like.shape == picture.shape:
            colours[(picture > 0) & (like < 0)] = _WRONG_INK
            colours[(picture < 0) & (like > 0)] = _WRONG_PAPER
        if len(colours) % 2:
            colours = np.vstack([colours, np.full((1, colours.shape[1]), "", dtype=object)])
        lines = []
        for top, bottom in zip(colours[::2], colours[1::2], strict=True):
            line = Text()
            for cell in zip(top, bottom, strict=True):
                line.append(*_half_block(*cell))
            lines.append(line)
        return lines

    def sparks(self, values: Any) -> str:
        """Numbers as a line of small bars; empty in ASCII."""
        values = np.asarray(values, dtype=float)[-60:]
        if not self.blocks or values.size < 2:
            return ""
        low, span = values.min(), np.ptp(values) or 1.0
        return "".join(_SPARKS[round(7 * (value - low) / span)] for value in values) + "  "

    def bars(self, values: Iterable[tuple[str, float]], best: str | None = None) -> None:
        """Print numbers from −1 to 1 as bars."""
        from rich.text import Text

        pairs = list(values)
        names = max((len(name) for name, _ in pairs), default=0)
        length = max(10, min(40, self.width - names - 14))
        for name, value in pairs:
            size = abs(value) * length
            bar = "█" * int(size) + ("▌" if size % 1 >= 0.5 else "") if self.blocks else "#" * round(size)
            style = ("green" if value > 0 else "red") if name == best else "dim"
            line = Text(f"  {name:>{names}}  ").append(f"{value:+.2f} ", style="bold" if name == best else "")
            self.console.print(line.append(bar, style=style), no_wrap=True)


def plain(text: str) -> str:
    """A text in ASCII."""
    return text.translate(_PLAIN).encode("ascii", "replace").decode()


def shrink(pattern: Any, widest: int) -> Any:
    """A pattern in two dimensions, small enough: blocks of pixels become the sign of their sum."""
    from ..artificial.patterns import as_picture

    picture = as_picture(pattern)
    factor = -(-picture.shape[1] // max(8, widest))
    if factor == 1:
        return picture
    rows, columns = (-(-extent // factor) for extent in picture.shape)
    padded = np.zeros((rows * factor, columns * factor))
    padded[: picture.shape[0], : picture.shape[1]] = picture
    return np.where(padded.reshape(rows, factor, columns, factor).sum(axis=(1, 3)) > 0, 1, -1).astype(np.int8)


def _half_block(top: str, bottom: str) -> tuple[str, str]:
    """A character and its style for two pixels, one above the other."""
    if top == bottom:
        return ("█", top) if top else (" ", "")
    if not bottom:
        return "▀", top
    if not top:
        return "▄", bottom
    if bottom == _INK:  # the colour of the text cannot be the background
        return "▄", f"{bottom} on {top}"
    return "▀", f"{top} on {bottom}"
