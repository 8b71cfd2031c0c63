"""Model × method → one compiled function that advances a tile of neurons."""

from .ode import Solution, integrate
from .source import kernel_source
from .windows import Setup, execute

__all__ = ["Setup", "Solution", "execute", "integrate", "kernel_source"]
