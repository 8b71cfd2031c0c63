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


class IncompleteWarning(UserWarning):
    """A run was interrupted: its recording holds what was computed until then."""


class OutOfMemoryWarning(IncompleteWarning):
    """A run ended early because its spikes filled the memory."""


def choices(name: object, legal: Iterable[str]) -> str:
    """What to write instead of an unknown `name`: the nearest legal ones, else all of them."""
    name, names = str(name), sorted(legal)
    if not names:
        return "there are none"
    near = [other for other in names if other.lower() == name.lower()]
    near = near or difflib.get_close_matches(name[:64], names[:500], n=3, cutoff=0.6)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"legal: {', '.join(names[:30])}" + (f" and {len(names) - 30} more" if len(names) > 30 else "")


def excerpt(text: object, length: int = 60) -> str:
    """`text` as it may be quoted in a message: printable ASCII, on one line, not long."""
    if isinstance(text, str):
        quoted = ascii(text[: length + 1])
    else:
        try:
            quoted = ascii(repr(text))[1:-1]
        except Exception:  # such as an integer of more digits than Python prints
            quoted = f"a value of type {type(text).__name__}"
    return quoted if len(quoted) <= length else quoted[: length - 3] + "..."
