"""Model × method → one compiled function that advances a tile of neurons."""

from .source import kernel_source
from .windows import Setup, integrate

__all__ = ["Setup", "integrate", "kernel_source"]
