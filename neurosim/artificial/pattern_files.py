"""Patterns from files: the letters and digits that come with neurosim, text files, images."""

import os
import re
import stat
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, excerpt
from .patterns import Signs

_LARGEST_TEXT = 4_000_000  # bytes
_LARGEST_IMAGE = 50_000_000  # pixels


def patterns_folder() -> Path:
    """The folder of the pattern files: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parent.parent
    for folder in (package / "models" / "patterns", package.parent / "models" / "patterns"):
        if folder.is_dir():
            return folder
    raise InputError(f"no pattern files beside {package}; the installation is incomplete, install neurosim again")


def letters(which: str = "A-Z") -> dict[str, Signs]:
    """Capital letters of 10 × 10 pixels, by name.

    Parameters
    ----------
    which
        Letters and ranges: "A-H", "ACE", "A-C, X-Z".

    Returns
    -------
    dict of str to ndarray (10, 10) of ±1
    """
    return _chosen("letters", which)


def digits(which: str = "0-9") -> dict[str, Signs]:
    """Digits of 10 × 12 pixels – ten columns, twelve rows –, by name.

    Parameters
    ----------
    which
        Digits and ranges: "0-4", "135".

    Returns
    -------
    dict of str to ndarray (12, 10) of ±1
    """
    return _chosen("digits", which)


def _chosen(kind: str, which: str) -> dict[str, Signs]:
    known = read_patterns(patterns_folder() / f"{kind}.txt")
    first, last = min(known), max(known)
    text = re.sub(r"[\s,]", "", which).upper() if isinstance(which, str) else ""
    names: list[str] = []
    for match in re.finditer(r"(.)-(.)|(.)", text):
        low, high = match[1] or match[3], match[2] or match[3]
        names += [chr(code) for code in range(ord(low), ord(high) + 1)] if low <= high else [f"{low}-{high}"]
        if low not in known or high not in known:
            names.append(f"{low}-{high}")
    if not names or not known.keys() >= set(names):
        raise InputError(f"unknown {kind} {excerpt(which)}; legal are {first} to {last}: {first}-{last}, {first}{last}")
    return {name: known[name] for name in dict.fromkeys(names)}


def read_patterns(path: str | os.PathLike[str]) -> dict[str, Signs]:
    """Read patterns from a text file: rows of ``#`` (+1) and ``.`` (−1).

    A line such as ``[A]`` names the pattern below it; without one, patterns are named after the file and their number.
    Blank lines separate patterns.

    Returns
    -------
    dict of str to ndarray (rows, columns) of ±1

    Raises
    ------
    InputError
        For a file that cannot be read, and for what is no pattern, with the line.
    """
    what = excerpt(str(path), 200)
    text = _text(Path(path), what)
    found: dict[str, Signs] = {}
    stem, name, rows = Path(path).stem, "", list[str]()
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        line = line.strip()
        heading = re.fullmatch(r"\[(.+)\]", line)
        if rows and (heading or not line):
            name = name or (f"{stem}-{len(found)}" if found or _more(text) else stem)
            if name in found:
                raise InputError(f"{what}, line {number}: a second pattern with the name {excerpt(name)}")
            found[name] = np.where(np.array([list(row) for row in rows]) == "#", 1, -1).astype(np.int8)
            name, rows = "", []
        if heading:
            name = heading[1].strip()
        elif line:
            wrong = re.search(r"[^#.]", line)
            if wrong:
                raise InputError(
                    f"{what}, line {number}: {excerpt(wrong[0])} is neither # (+1) nor . (-1); a name stands in [ ]"
                )
            if rows and len(line) != len(rows[0]):
                raise InputError(f"{what}, line {number}: {len(line)} columns, but {len(rows[0])} in the row above")
            rows.append(line)
    if not found:
        raise InputError(f"{what}: no pattern; draw rows of # (+1) and . (-1)")
    return found


def _more(text: str) -> bool:
    """Whether a text has blank lines between rows."""
    return len(re.split(r"\n\s*\n", text.strip())) > 1


def _text(path: Path, what: str) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would wait, a device may never end
            raise InputError(f"{what}: not a file")
        with path.open("rb") as file:
            data = file.read(_LARGEST_TEXT + 1)
        if len(data) > _LARGEST_TEXT:
            raise InputError(f"{what}: larger than {_LARGEST_TEXT // 1_000_000} MB; is it an image? see read_image")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{what}: not a text; for an image take read_image") from None
    except OSError as error:
        raise InputError(f"{what}: {error.strerror or error}") from None
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{what}: {error}") from None


def read_image(
    path: str | os.PathLike[str],
    shape: tuple[int, int] | None = None,
    *,
    threshold: float | None = None,
    invert: bool = False,
) -> Signs:
    """Read an image as a pattern: dark pixels are +1, bright ones −1.

    Parameters
    ----------
    path
        Any format that Pillow reads. What is transparent counts as white.
    shape
        Rows and columns to resize to; those of the image if not given.
    threshold
        Brightness from 0 (black) to 1 (white) below which a pixel is dark; chosen by Otsu's method if not given.
    invert
        Bright pixels are +1.

    Raises
    ------
    InputError
        For a file that is no image, and for one in which all pixels come out alike.
    """
    what = excerpt(str(path), 200)
    brightness = _brightness(Path(path), shape, what)
    if threshold is None:
        threshold = _otsu(brightness)
    elif not 0 <= threshold <= 1:
        raise InputError(f"threshold is a brightness from 0 to 1, not {excerpt(threshold)}")
    dark = brightness < threshold
    if dark.all() or not dark.any():
        tone = "bright" if not dark.any() else "dark"
        raise InputError(f"{what}: empty, all pixels are {tone} at the threshold {threshold:.3g}; choose another")
    return np.where(dark != invert, 1, -1).astype(np.int8)


def _brightness(path: Path, shape: tuple[int, int] | None, what: str) -> Any:
    """Brightness (rows, columns) from 0 to 1."""
    from PIL import Image

    if shape is not None and not (len(shape) == 2 and all(isinstance(k, int) and 0 < k <= 10_000 for k in shape)):
        raise InputError(f"shape is (rows, columns) of an image, not {excerpt(shape)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                if image.width * image.height > _LARGEST_IMAGE:
                    raise InputError(f"{what}: {image.width} × {image.height} pixels are too many; make it smaller")
                coloured = image.convert("RGBA")
    except InputError:
        raise
    except Exception as error:  # Pillow raises what its many formats raise
        raise InputError(f"{what}: not an image that can be read ({excerpt(str(error), 100)})") from None
    page = Image.new("RGBA", coloured.size, "white")
    page.alpha_composite(coloured)
    grey = page.convert("L")
    if shape is not None:
        grey = grey.resize((shape[1], shape[0]), Image.Resampling.BOX)
    return np.asarray(grey, dtype=np.float64) / 255


def _otsu(brightness: Any) -> float:
    """The threshold between two tones that makes them differ most (Otsu 1979)."""
    counts, edges = np.histogram(brightness, bins=256, range=(0, 1))
    below = np.cumsum(counts)[:-1]
    above = brightness.size - below
    sums = np.cumsum(counts * (edges[:-1] + edges[1:]) / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        between = below * above * (sums[:-1] / below - (sums[-1] - sums[:-1]) / above) ** 2
    between = np.nan_to_num(between)
    best = np.flatnonzero(between == between.max())
    return float((edges[best[0] + 1] + edges[best[-1] + 1]) / 2)
