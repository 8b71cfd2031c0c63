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
LAST: Final = 2
"""Value of Ornstein–Uhlenbeck noise at the end of the step."""
NORMAL: Final = 3
"""The first of two normal numbers."""
NOISE_ROWS: Final = 5
STREAM_WORDS: Final = 4
