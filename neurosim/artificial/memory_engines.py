"""Two ways to let a network of ±1 units run: with a matrix of weights, or by the overlaps with its patterns alone."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from .memory_recall import _BYTE, Bits, Floats, bit_products
from .patterns import Signs

_BUFFER = 16_000_000  # bytes of states kept per call of a loop
_LARGEST_LOG = 1_000_000
_NIBBLE = _BYTE[:16, :4]


class Course(NamedTuple):
    """Where a run went: states as bits (sweeps + 1, …), Σ s h in weight steps, flips (sweeps,), and their order."""

    state: Signs
    bits: Bits
    products: Floats
    flips: NDArray[np.int64]
    order: NDArray[np.int32]
    period: int | None

    def sums(self, units: int) -> Floats:
        """Σ s of every state (sweeps + 1,), of so many units."""
        up = [np.count_nonzero(np.unpackbits(row)) for row in self.bits]
        return np.asarray(2.0 * np.array(up) - units)


class Engine(Protocol):
    """What a memory asks of the two."""

    @property
    def scale(self) -> float:
        """What a step of the fields is worth."""
        ...

    @property
    def margin(self) -> float:
        """Up to which size a field counts as zero, in steps."""
        ...

    @property
    def threshold(self) -> float:
        """θ of all units, which the fields contain."""
        ...

    @property
    def symmetric(self) -> bool:
        """Whether there is an energy."""
        ...

    def fields(self, state: Signs) -> NDArray[Any]:
        """Fields (n,) of all units, in steps of `scale`."""
        ...

    def start(self, state: Signs) -> tuple[Any, ...]:
        """What a loop keeps up to date beside the state."""
        ...

    def product(self, kept: tuple[Any, ...], state: Signs) -> float:
        """Σ s h."""
        ...

    def loop(self, kept: tuple[Any, ...], *arguments: Any) -> tuple[int, bool]:
        """Sweeps until the buffers are full or nothing flips."""
        ...


def _loops() -> Any:
    """The compiled loops: importing Numba takes longer than anything else here."""
    from . import recall_loops

    return recall_loops


@dataclass(frozen=True, eq=False)
class FormedWeights:
    """A matrix (n, n) with zeros on the diagonal, times `scale`; `hebb` are the patterns if it is exactly theirs.

    A threshold goes with weights of floating-point numbers only.
    """

    matrix: NDArray[Any]
    scale: float
    symmetric: bool
    hebb: Signs | None = None
    margin: float = 0.0
    threshold: float = 0.0

    @classmethod
    def of(cls, weights: Floats, margin: float = 0.0, threshold: float = 0.0) -> "FormedWeights":
        """Weights as they are; fields count as zero up to rounding, or up to `margin`."""
        rounding = 1e-12 * float(np.abs(weights).sum(axis=1).max(initial=0))
        return cls(weights, 1.0, bool((weights == weights.T).all()), margin=max(margin, rounding), threshold=threshold)

    def fields(self, state: Signs) -> NDArray[Any]:
        """Fields (n,) of all units, in steps of `scale`."""
        if self.hebb is not None:
            h = np.empty(state.size, dtype=np.int32)
            _loops().fields_of_hebb(self.hebb, state, h)
            return h
        if self.matrix.dtype.kind == "f":
            return np.asarray(self.matrix @ state.astype(self.matrix.dtype) - self.threshold)
        h = np.empty(state.size, dtype=np.int32)
        _loops().fields_of_weights(self.matrix, state, h)
        return h

    def start(self, state: Signs) -> tuple[Any, ...]:
        """The fields."""
        return (self.fields(state),)

    def product(self, kept: tuple[Any, ...], state: Signs) -> float:
        """Σ s h."""
        return float(np.dot(state.astype(np.float64), kept[0]))

    def loop(self, kept: tuple[Any, ...], *arguments: Any) -> tuple[int, bool]:
        """Run `relax_weights`."""
        s, order, rng, beta, *buffers = arguments
        # a flip of unit i changes the field of j by its weight from i: column i, for symmetric weights row i
        J = self.matrix if self.symmetric else self._columns()
        made, fixed = _loops().relax_weights(J, *kept, s, order, rng, beta, self.margin, *buffers)
        return made, fixed

    def _columns(self) -> NDArray[Any]:
        if "columns" not in self.__dict__:
            object.__setattr__(self, "columns", np.ascontiguousarray(self.matrix.T))
        return np.asarray(self.__dict__["columns"])


@dataclass(frozen=True, eq=False)
class OverlapFields:
    """Hebb's weights, never formed: only the patterns, as bits (n, B)."""

    bits: Bits
    patterns: int
    scale: float
    symmetric: bool = True
    margin: float = 0.0
    threshold: float = 0.0

    def fields(self, state: Signs) -> NDArray[Any]:
        """Fields (n,) of all units, in steps of `scale`."""
        h = np.empty(state.size, dtype=np.int64)
        _loops().fields_of_overlaps(self.bits, *self.start(state), self.patterns, state, h)
        return h

    def start(self, state: Signs) -> tuple[Any, ...]:
        """Tables of the overlaps: over the sixteen signs of four patterns each."""
        overlaps = bit_products(self.bits, state).reshape(-1, 4)
        return (np.ascontiguousarray((overlaps @ _NIBBLE.T).astype(np.int32)),)

    def product(self, kept: tuple[Any, ...], state: Signs) -> float:
        """Σ s h."""
        return float(_loops().squares(kept[0], self.patterns) - self.patterns * int(np.count_nonzero(state)))

    def loop(self, kept: tuple[Any, ...], *arguments: Any) -> tuple[int, bool]:
        """Run `relax_overlaps`."""
        agreement = (_NIBBLE @ _NIBBLE.T).astype(np.int32)
        made, fixed = _loops().relax_overlaps(self.bits, *kept, agreement, self.patterns, *arguments)
        return made, fixed


def asynchronous(engine: Engine, state: Signs, units: NDArray[np.int32], rng: Any, beta: float, sweeps: int) -> Course:
    """Update one unit after the other, in an order drawn anew for every sweep."""
    s = state.copy()
    kept = engine.start(s)
    width = (s.size + 7) // 8
    window = max(1, min(sweeps, _BUFFER // width))
    order = units.copy()
    courses, products = [np.packbits(s > 0, bitorder="little")[None]], [np.array([np.nan])]
    counts, logs, room = [], [], _LARGEST_LOG
    done, fixed = 0, False
    products[0][0] = engine.product(kept, s)
    while done < sweeps and not fixed:
        size = min(window, sweeps - done)
        bits, energy = np.empty((size, width), np.uint8), np.empty(size)
        flips, log = np.zeros(size, np.int64), np.empty(min(room, size * units.size), np.int32)
        made, fixed = engine.loop(kept, s, order, rng, 2 * beta * engine.scale, bits, energy, flips, log)
        courses.append(bits[:made])
        products.append(energy[:made])
        counts.append(flips[:made])
        logs.append(log[: int(flips.sum())].copy())
        room -= logs[-1].size
        done += made
    return Course(
        s, np.concatenate(courses), np.concatenate(products), np.concatenate(counts), np.concatenate(logs),
        1 if fixed else None,
    )  # fmt: skip


def synchronous(engine: Engine, state: Signs, units: NDArray[np.int32], rng: Any, beta: float, sweeps: int) -> Course:
    """Update all units at once; without noise, until a state comes again."""
    s = state.copy()
    live = np.zeros(s.size, dtype=bool)
    live[units] = True
    generator = np.random.Generator(np.random.PCG64(rng))
    h = engine.fields(s)
    bits = [np.packbits(s > 0, bitorder="little")]
    products, counts = [float(np.dot(s.astype(np.float64), h))], list[int]()
    seen, period = {bits[0].tobytes(): 0}, None
    while len(counts) < sweeps and period is None:
        if np.isinf(beta):
            flip = s * h < -engine.margin
        else:
            with np.errstate(over="ignore"):
                flip = generator.random(s.size) * (1 + np.exp(2 * beta * engine.scale * s * h)) < 1
        flip &= live
        s[flip] *= -1
        h = engine.fields(s)
        counts.append(int(np.count_nonzero(flip)))
        products.append(float(np.dot(s.astype(np.float64), h)))
        bits.append(np.packbits(s > 0, bitorder="little"))
        if np.isinf(beta):
            before = seen.setdefault(bits[-1].tobytes(), len(counts))
            period = len(counts) - before or None
    return Course(
        s, np.stack(bits), np.array(products), np.array(counts, dtype=np.int64), np.zeros(0, np.int32), period
    )
