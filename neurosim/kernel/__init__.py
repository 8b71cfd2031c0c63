"""Model × method → one compiled function that advances a tile of neurons."""

from .integrate import Setup, integrate
from .source import kernel_source

__all__ = ["Setup", "integrate", "kernel_source"]
