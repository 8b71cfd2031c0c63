"""Reading HDF5 files of strangers: what is missing, of another kind or kept elsewhere is an error."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, excerpt
from ..memory import available_memory, size_in_words


class Group:
    """A group of an open HDF5 file, its attributes and arrays checked as they are read."""

    def __init__(self, group: Any, name: str = "") -> None:
        self.inner, self.name = group, name

    def group(self, name: str) -> "Group":
        """A group inside."""
        found = self._get(name)
        if not hasattr(found, "keys"):
            raise InputError(f"{self.name}/{name} is no group")
        return Group(found, f"{self.name}/{name}")

    def names(self) -> list[str]:
        """Names of all that is inside."""
        return sorted(str(name) for name in self.inner)

    def has(self, name: str) -> bool:
        """Whether there is such an attribute."""
        return name in self.inner.attrs

    def has_array(self, name: str) -> bool:
        """Whether there is something of this name inside."""
        return name in self.inner

    def text(self, name: str) -> str:
        """An attribute that is a text."""
        value = self._attribute(name)
        if not isinstance(value, str) or len(value) > 2**16:
            raise InputError(f"{self.name}/@{name} is no text")
        return value

    def one_of(self, name: str, legal: list[str]) -> str:
        """An attribute that is one of these texts."""
        value = self.text(name)
        if value not in legal:
            raise InputError(f"{self.name}/@{name} is {excerpt(value)}, none of {', '.join(legal)}")
        return value

    def number(self, name: str) -> float:
        """An attribute that is a real number."""
        value = self._attribute(name)
        if np.ndim(value) or np.asarray(value).dtype.kind not in "fiu" or math.isnan(value):
            raise InputError(f"{self.name}/@{name} is no number")
        return float(value)

    def whole(self, name: str, least: int = 0) -> int:
        """An attribute that is a whole number from `least` on."""
        value = self._attribute(name)
        if np.ndim(value) or np.asarray(value).dtype.kind not in "iu" or not least <= int(value) < 2**63:
            raise InputError(f"{self.name}/@{name} is no whole number from {least} on")
        return int(value)

    def flag(self, name: str) -> bool:
        """An attribute that is true or false."""
        value = self._attribute(name)
        if np.ndim(value) or np.asarray(value).dtype.kind not in "bi":
            raise InputError(f"{self.name}/@{name} is neither true nor false")
        return bool(value)

    def floats(self, name: str, shape: tuple[int | None, ...]) -> NDArray[np.float64]:
        """An array of float64; None in `shape` stands for any length."""
        return np.asarray(self._array(name, "<f8", shape)[()], dtype=np.float64)

    def ints(self, name: str, shape: tuple[int | None, ...]) -> NDArray[np.int64]:
        """An array of int64."""
        return np.asarray(self._array(name, "<i8", shape)[()], dtype=np.int64)

    def lengths(self, name: str) -> tuple[int, ...]:
        """The shape of an array of float64."""
        return tuple(self._array(name, "<f8", None).shape)

    def part(self, name: str, last: int) -> NDArray[np.float64]:
        """The first `last` columns of an array (k, T) of float64."""
        return np.asarray(self._array(name, "<f8", (None, None), last)[:, :last], dtype=np.float64)

    def string(self, name: str) -> str:
        """A text that is kept as an array of bytes."""
        array = self._array(name, "|u1", (None,))
        try:
            return bytes(array[: 2**20].tobytes()).decode("utf-8")
        except UnicodeDecodeError:
            raise InputError(f"{self.name}/{name} is no text") from None

    def _array(self, name: str, kind: str, shape: tuple[int | None, ...] | None, columns: int | None = None) -> Any:
        found = self._get(name)
        if not hasattr(found, "shape") or found.dtype != np.dtype(kind):
            raise InputError(f"{self.name}/{name} is no array of {np.dtype(kind)}")
        if found.external or found.is_virtual:
            raise InputError(f"{self.name}/{name} is kept outside of the file; it must be inside")
        if found.shape is None:
            raise InputError(f"{self.name}/{name} is empty")
        if shape is not None:
            fits = len(found.shape) == len(shape)
            fits = fits and all(b in (None, a) for a, b in zip(found.shape, shape, strict=True))
            if not fits:
                wanted = "(" + ", ".join("any" if b is None else str(b) for b in shape) + ")"
                raise InputError(f"{self.name}/{name} has shape {found.shape} where {wanted} is needed")
            used = found.shape if columns is None else (*found.shape[:-1], min(columns, found.shape[-1]))
            size, free = float(found.dtype.itemsize) * math.prod(used), available_memory()
            if size > 0.9 * free:
                raise InputError(
                    f"{self.name}/{name} holds {size_in_words(size)}, {size_in_words(free)} of memory are free; open "
                    "the file with h5py and read a part, or load it with lazy=True and leave the trace alone"
                )
        return found

    def _get(self, name: str) -> Any:
        import h5py

        link = self.inner.get(name, getlink=True)
        if link is None:
            raise InputError(f"{self.name}/{name} is missing")
        if not isinstance(link, h5py.HardLink):
            raise InputError(f"{self.name}/{name} is a link to elsewhere; it must be inside")
        return self.inner[name]

    def _attribute(self, name: str) -> Any:
        if name not in self.inner.attrs:
            raise InputError(f"{self.name}/@{name} is missing")
        return self.inner.attrs[name]
