"""Where random streams begin, and the noise currents of a run laid out in tiles."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..noise import Kind, Source
from .rows import LAST, NOISE_ROWS, STREAM_WORDS
from .tiles import Floats, fill, new_tiles

Ints = NDArray[np.int64]
_Words = NDArray[np.uint64]

RULE: Final = 1000
"""The purpose of the stream of the spike rule; noise currents are numbered from 0."""
AGE: Final = 1001
"""The purpose of the times since the last spike at the start."""
_MOST_EVENTS = 500.0


def streams(seed: int, purpose: int, neurons: int, frozen: bool = False) -> _Words:
    """Words (6, n) for a purpose: four to start a generator with, two for numbers of the host.

    They depend on seed, purpose and neuron alone: a counter, mixed by the finaliser of SplitMix64 (Steele, Lea & Flood
    2014, doi:10.1145/2660193.2660195).
    """
    first, second = np.random.SeedSequence(seed, spawn_key=(purpose,)).generate_state(2, np.uint64)
    neuron = np.zeros(neurons, np.uint64) if frozen else np.arange(neurons, dtype=np.uint64)
    with np.errstate(over="ignore"):
        start = _mixed(first + neuron * _GOLDEN) ^ second
        return np.stack([_mixed(start + np.uint64(k) * _GOLDEN) for k in range(1, 7)])


_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _mixed(words: _Words) -> _Words:
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def uniform(words: _Words) -> Floats:
    """Numbers of [0, 1) from words."""
    return (words >> np.uint64(12)).astype(np.float64) * 2.0**-52


class Chance:
    """The random part of a run: streams and noise of every tile.

    Attributes
    ----------
    noise : ndarray (tiles, sources, NOISE_ROWS, TILE)
    random : ndarray (tiles, sources + 1, 4, TILE)
        The last stream is that of the spike rule.
    kind : ndarray (2·sources,)
        Kinds, then targets.
    phase : int
        Whether the run begins with the second of a pair of normal numbers.
    since_draw : int
        Steps from the last draw of a probability to the beginning of the run; there are `per` from draw to draw.
    """

    def __init__(self, sources: Sequence[Source], seed: int, neurons: int, width: int, dt: float, per: int = 1) -> None:
        self.sources, self.neurons, self.width = sources, neurons, width
        self.dt, self.per, self.phase, self.since_draw = dt, per, 0, 0
        count = len(sources)
        self.noise = new_tiles(neurons, width, count * NOISE_ROWS)
        self.random = new_tiles(neurons, width, (count + 1) * STREAM_WORDS)
        self.kind = np.array([*(s.kind for s in sources), *(s.target for s in sources)], dtype=np.int64)
        for i, source in enumerate(sources):
            words = streams(seed, i, neurons, source.frozen)
            self._put(self.random, i * STREAM_WORDS, words[:4].view(np.float64))
            size, share = size_and_share(source, dt)
            self._put(self.noise, i * NOISE_ROWS, [size, share])
            if source.kind == Kind.ORNSTEIN_UHLENBECK:
                u, v = uniform(words[4:])
                start = source.size * np.sqrt(-2 * np.log1p(-u)) * np.cos(2 * np.pi * v)
                self._put(self.noise, i * NOISE_ROWS + LAST, [start])
        words = streams(seed, RULE, neurons)
        self._put(self.random, count * STREAM_WORDS, words[:4].view(np.float64))
        self.first_exponential = -np.log1p(-uniform(words[4]))

    def _put(self, tiles: Floats, first: int, rows: Any) -> None:
        for k, row in enumerate(rows):
            fill(tiles, first + k, row, self.neurons, self.width)

    def _rows(self, tiles: Floats) -> Floats:
        """(rows, neurons)."""
        rows = tiles[:, :, : self.width].transpose(1, 0, 2)
        return rows.reshape(rows.shape[0], len(tiles) * self.width)[:, : self.neurons]

    def state(self, steps: int) -> Ints:
        """What `restore` takes to go on after so many steps: (n, words)."""
        since_draw = (steps + self.since_draw) % self.per * self.dt
        clocks = np.tile([[(steps + self.phase) % 2], [since_draw]], self.neurons)
        parts = [self._rows(self.random), self._rows(self.noise), clocks]
        return np.ascontiguousarray(np.concatenate(parts).T).view(np.int64)

    def restore(self, state: Ints) -> None:
        """Go on from a `state` of a run with the same noise."""
        words = self.random.shape[1] + self.noise.shape[1] + 2
        if state.ndim != 2 or state.shape[1] != words or state.shape[0] not in (1, self.neurons):
            raise InputError(
                f"start of random: of shape {state.shape} where this run needs ({self.neurons}, {words}); it goes on "
                "with the noise of the run it is from: give the same currents, or a seed for new numbers"
            )
        rows = np.broadcast_to(np.ascontiguousarray(state).view(np.float64).T, (words, self.neurons))
        self._put(self.random, 0, rows[: self.random.shape[1]])
        for i in range(len(self.sources)):  # sizes and shares are those of this run
            first = i * NOISE_ROWS
            self._put(self.noise, first + LAST, rows[self.random.shape[1] + first + LAST :][: NOISE_ROWS - LAST])
        self.phase = int(rows[-2, 0])
        self.since_draw = round(float(rows[-1, 0]) / self.dt) % self.per


def size_and_share(source: Source, dt: float) -> tuple[Floats, Floats]:
    """What a normal number, or an event, is multiplied by; what is left after a step, or the mean number of events."""
    if source.kind == Kind.WHITE:
        return source.size / np.sqrt(dt), np.zeros_like(source.size)
    if source.kind == Kind.ORNSTEIN_UHLENBECK:
        left = np.expm1(-2 * dt / source.time)
        return source.size * np.sqrt(-left), np.exp(-dt / source.time)
    events = dt / source.time
    if events.max() > _MOST_EVENTS:
        raise InputError(
            f"poisson_input: {events.max():.4g} events per time step; at most {_MOST_EVENTS:g}. Take white_noise(mean, "
            "sigma) with mean = rate*weight and sigma = weight*sqrt(rate), or a smaller dt"
        )
    return source.size / dt, events
