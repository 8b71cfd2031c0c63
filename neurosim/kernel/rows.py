"""How a noise current is laid out: what the host fills and kernels read."""

from typing import Final

from ..noise import Kind

WHITE: Final = int(Kind.WHITE)
ORNSTEIN_UHLENBECK: Final = int(Kind.ORNSTEIN_UHLENBECK)
POISSON: Final = int(Kind.POISSON)

SCALE: Final = 0
"""What a normal number, or an event, is multiplied by."""
SHARE: Final = 1
"""What is left after a step; for Poisson input the mean number of events in a step."""
FIRST: Final = 2
"""Value at the beginning of the step."""
LAST: Final = 3
"""Value at its end."""
NORMAL: Final = 4
"""The first of two normal numbers."""
NOISE_ROWS: Final = 6
STREAM_WORDS: Final = 4
