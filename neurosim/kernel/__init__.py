"""Model × method → one compiled function that advances a tile of neurons."""

from .ode import Solution, integrate
from .source import kernel_source
from .windows import Interrupted, Setup, execute

__all__ = ["Interrupted", "Setup", "Solution", "execute", "integrate", "kernel_source"]
