"""Every error a user can cause, and how to suggest what they may have meant."""

import difflib
from collections.abc import Iterable


class NeurosimError(Exception):
    """Base of all errors raised on purpose by neurosim."""


class InputError(NeurosimError, ValueError):
    """An argument that cannot be used: what, where, the legal values, the next step."""


class UnitError(InputError):
    """A quantity with a unit that is unknown or does not fit."""


class ModelError(NeurosimError, ValueError):
    """A model file that cannot be used: names file, key and reason."""


class SimulationError(NeurosimError, ArithmeticError):
    """A run that left the finite numbers: names variable, neuron, time and the likely cure."""


def choices(name: str, legal: Iterable[str]) -> str:
    """What to write instead of an unknown `name`: the nearest legal ones, else all of them."""
    names = sorted(legal)
    if not names:
        return "there are none"
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    return f"did you mean {' or '.join(near)}?" if near else f"legal: {', '.join(names)}"


def excerpt(text: object, length: int = 60) -> str:
    """`text` as it may be quoted in a message: printable ASCII, on one line, not long."""
    quoted = ascii(text) if isinstance(text, str) else ascii(repr(text))[1:-1]
    return quoted if len(quoted) <= length else quoted[: length - 3] + "..."
