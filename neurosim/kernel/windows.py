"""The loop over windows of time: threads over tiles, spikes and traces out, NaN and Ctrl-C noticed."""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..drive import Drive
from ..errors import SimulationError
from ..methods import Adaptive, Exact, ExactRungeKutta, Method
from ..model import Model
from ..model.values import with_defines
from ..noise import Kind, Source
from .cache import load_kernel
from .escape import HAZARD, with_hazard
from .layout import MOST_SPIKES, TILE
from .linear import leaky_membranes
from .rows import LAST, NOISE_ROWS
from .source import kernel_source
from .streams import Chance
from .tiles import Floats, fill, final_state, make_tiles, new_tiles, tile_width

Ints = NDArray[np.int64]
OnSpikes = Callable[[Ints, Floats], None]
OnTrace = Callable[[int, Floats], None]

_WINDOW_SECONDS = 0.05
_SHORTEST_WINDOW, _LONGEST_WINDOW = 64, 50_000  # steps; below, what a window costs by itself counts
_LARGEST_TRACE = 4_000_000  # numbers per window
_SPIKES_AT_ONCE = 256 * TILE


@dataclass(frozen=True)
class Setup:
    """Everything a run needs, in the coherent set.

    `parameters` and `start` hold arrays (n,) or (); `recorded` names rows of a tile: states, ``last_spike``, and the
    noise in an input; `rtol` and `atol` are for methods that choose their steps; `per` is the number of steps between
    the draws of a probability, `random` the state of random streams to go on with.
    """

    model: Model
    method: Method
    drive: Drive
    parameters: Mapping[str, Floats]
    start: Mapping[str, Floats]
    dt: float
    steps: int
    threads: int
    located: bool
    rtol: float
    atol: float
    recorded: tuple[str, ...] = ()
    every: int = 1
    seed: int = 0
    per: int = 1
    random: Ints | None = None

    @property
    def is_random(self) -> bool:
        """Whether random numbers are drawn."""
        return self.model.spike.is_random or bool(self.drive.noise)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a run, or `stop` asked for its end: so many `steps` are done and led to `final_state`."""

    def __init__(self, steps: int, final_state: dict[str, Any]) -> None:
        super().__init__()
        self.steps, self.final_state = steps, final_state


@contextmanager
def _listening() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed, to be asked between windows; pressed a second time it works as ever."""
    mine = threading.current_thread() is threading.main_thread()
    if not mine or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield lambda: False
        return
    pressed = []

    def remember(number: int, frame: Any) -> None:
        pressed.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, remember)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def execute(
    setup: Setup,
    on_spikes: OnSpikes,
    on_trace: OnTrace | None = None,
    progress: Callable[[float], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Run a simulation.

    Parameters
    ----------
    on_spikes
        Called after each window with (index, when): neurons, and times in steps, ordered by time, then neuron.
    on_trace
        Called after each window with the number of the first sample and the samples (recorded, neurons, samples).
    progress
        Called after each window with the share of the steps done.
    stop
        Asked before each window whether to end the run there.

    Returns
    -------
    dict
        The final state.

    Raises
    ------
    SimulationError
        Where a state is no longer finite.
    Interrupted
        At the end of the window in which Ctrl-C was pressed, or after which `stop` said so.
    """
    run = _Run(setup)
    window = max(1, min(_LONGEST_WINDOW, 200_000 // setup.drive.neurons, run.longest_window()))
    done = 0
    if on_trace is not None:
        on_trace(0, run.sample())
    with _listening() as interrupted, ThreadPoolExecutor(setup.threads) as pool:
        while done < setup.steps:
            if interrupted() or stop():
                raise Interrupted(done, run.final_state(done))
            last = min(done + window, setup.steps)
            began = time.perf_counter()
            run.advance(done, last, pool, on_spikes, on_trace)
            elapsed = max(time.perf_counter() - began, 1e-6)
            if progress is not None:
                progress(last / setup.steps)
            wanted = int((last - done) * min(_WINDOW_SECONDS / elapsed, 4.0))
            window = max(1, min(max(wanted, _SHORTEST_WINDOW), _LONGEST_WINDOW, run.longest_window()))
            done = last
        if interrupted():
            raise Interrupted(done, run.final_state(done))
    return run.final_state(done)


def exact_in_law(setup: Setup) -> list[Source]:
    """The noise, white noise a little stronger where a membrane is carried by its matrix exponential.

    Noise held over a step of length a (in membrane times) adds (1 - e^-a)²/a σ² to the variance of the membrane,
    white noise (1 - e^-2a)/2 σ²: their ratio is (a/2) coth(a/2).
    """
    if not isinstance(setup.method, Exact | ExactRungeKutta):
        return list(setup.drive.noise)
    membranes = leaky_membranes(setup.model, with_defines(setup.model, setup.parameters))
    sources = []
    for source in setup.drive.noise:
        membrane = membranes.get(list(setup.model.inputs)[source.target])
        if source.kind == Kind.WHITE and membrane is not None:
            a = np.abs(membrane.decay) * setup.dt / 2
            source = source._replace(size=source.size * np.sqrt(np.where(a > 0, a / np.tanh(a), 1.0)))
        sources.append(source)
    return sources


class _Run:
    """Tiles under way, and the buffers to get things in and out of them."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.neurons = setup.drive.neurons
        self.model = with_hazard(setup.model)
        source, self.layout = kernel_source(setup.model, setup.method, setup.located, bool(setup.drive.noise))
        self.kernel = load_kernel(source, f"{setup.model.name}_{setup.method.name}")
        self.width = tile_width(self.neurons, setup.threads)
        self.chance = Chance(exact_in_law(setup), setup.seed, self.neurons, self.width, setup.dt, setup.per)
        if setup.random is not None:
            self.chance.restore(setup.random)
        start = dict(setup.start)
        if HAZARD in self.model.states:
            start[HAZARD] = -start.get("hazard_left", self.chance.first_exponential)
        self.tiles = make_tiles(self.model, self.layout, setup.parameters, start, self.neurons, self.width, setup.dt)
        for s, noise in enumerate(setup.drive.noise):  # what it is at the start
            row = self.layout.row[f"n_{list(self.model.inputs)[noise.target]}"]
            self.tiles[:, row] += self.chance.noise[:, s * NOISE_ROWS + LAST]
        self.rows = np.array([self.layout.row[name] for name in setup.recorded], dtype=np.int64)
        self.amplitude = new_tiles(self.neurons, self.width, len(setup.drive.waveforms))
        for w, amplitude in enumerate(setup.drive.amplitude):
            fill(self.amplitude, w, amplitude, self.neurons, self.width)
        self.dense_target = np.array([target for target, _, _ in setup.drive.dense], dtype=np.int64)
        self.adaptive = isinstance(setup.method, Adaptive)
        if self.adaptive:
            edges, self.pieces = setup.drive.pieces(setup.steps, setup.dt, self.layout.tick)
            self.edges = np.append(edges, (setup.rtol, setup.atol))

    def final_state(self, steps: int) -> dict[str, Any]:
        """What `simulate` accepts as `start` to go on from here, after so many steps."""
        setup = self.setup
        state: dict[str, Any] = dict(
            final_state(self.model, self.layout, self.tiles, self.neurons, self.width, steps, setup.dt)
        )
        if HAZARD in state:
            state["hazard_left"] = -state.pop(HAZARD)
        if setup.is_random:
            state["random"] = self.chance.state(steps)
        return state

    def sample(self) -> Floats:
        """The recorded rows as they are now: (recorded, neurons, 1)."""
        rows = self.tiles[:, self.rows, : self.width].transpose(1, 0, 2)
        return rows.reshape(self.rows.size, len(self.tiles) * self.width)[:, : self.neurons, None]

    def longest_window(self) -> int:
        """Steps whose traces and dense inputs fit into a window's memory."""
        per_step = self.neurons * (self.rows.size / self.setup.every + len(self.setup.drive.dense)) + 1
        return max(1, int(_LARGEST_TRACE / per_step))

    def advance(
        self, first: int, last: int, pool: ThreadPoolExecutor, on_spikes: OnSpikes, on_trace: OnTrace | None
    ) -> None:
        setup, nodes, chance = self.setup, self.layout.nodes, self.chance
        before = self.tiles.copy(), chance.noise.copy(), chance.random.copy()
        wave = np.empty((0, 0, 0)) if self.adaptive else setup.drive.waves(first, last, setup.dt, nodes)
        changed = np.ones(last - first, dtype=np.int64)
        if not self.adaptive and not setup.drive.dense:
            changed[1:] = (wave[1:] != wave[:-1]).any(axis=(1, 2))
        dense = [setup.drive.samples(d, first, last, setup.dt, nodes) for d in range(self.dense_target.size)]
        samples = last // setup.every - first // setup.every
        traces = [np.empty((samples, self.rows.size, self._lanes(k))) for k in range(len(self.tiles))]

        def task(k: int) -> tuple[list[Ints], list[Floats]]:
            return self._advance_tile(k, first, last, wave, changed, dense, traces[k])

        results = list(pool.map(task, range(len(self.tiles))))
        if not self.adaptive:
            self._check_finite(before, first, last, wave, changed, dense)
            self._check_probability(last)
        index = np.concatenate([part for indices, _ in results for part in indices])
        when = np.concatenate([part for _, whens in results for part in whens])
        if len(self.tiles) > 1 or setup.located:
            order = np.lexsort((index, when))
            index, when = index[order], when[order]
        on_spikes(index, when)
        if on_trace is not None and samples:
            block = np.concatenate(traces, axis=2)
            on_trace(first // setup.every + 1, np.ascontiguousarray(block.transpose(1, 2, 0)))

    def _lanes(self, k: int) -> int:
        return min(self.width, self.neurons - k * self.width)

    def _neurons_of(self, k: int) -> slice:
        return slice(k * self.width, k * self.width + self._lanes(k))

    def _advance_tile(
        self, k: int, first: int, last: int, wave: Floats, changed: Ints, dense: list[Floats], trace: Floats
    ) -> tuple[list[Ints], list[Floats]]:
        """Advance one tile through a window; (neurons, times in steps) of its spikes."""
        lanes = self._lanes(k)
        kinds = len(self.pieces) if self.adaptive else len(dense)
        part: Floats = np.zeros((last - first, len(dense), len(self.layout.nodes), lanes))
        for d, samples in enumerate(dense):
            part[:, d] = samples[self._neurons_of(k)].transpose(1, 2, 0)
        spike_lane = np.empty(_SPIKES_AT_ONCE, dtype=np.int64)
        spike_when = np.empty(_SPIKES_AT_ONCE)
        sizes = np.array(
            (
                *(lanes, first, last, first, len(self.setup.drive.waveforms), kinds),
                *(self.rows.size, self.setup.every, _SPIKES_AT_ONCE, 0, 0, 0),
                *(len(self.setup.drive.noise), self.chance.phase, self.setup.per, self.chance.since_draw),
            ),
            dtype=np.int64,
        )
        if self.adaptive:
            wave, part = self.pieces, self.edges
        arrays = (
            *(self.tiles[k], self.amplitude[k], self.setup.drive.target, wave, changed, part, self.dense_target),
            *(self.chance.noise[k], self.chance.random[k], self.chance.kind),
            *(spike_lane, spike_when, self.rows, trace, sizes),
        )
        pointers = [array.ctypes.data for array in arrays]
        indices, whens = [], []
        reached = first
        while reached < last and not sizes[10]:
            sizes[1], sizes[9] = reached, 0
            reached = self.kernel(*pointers, self.setup.dt)
            indices.append(spike_lane[: sizes[9]] + k * self.width)
            whens.append(spike_when[: sizes[9]].copy())
            if sizes[11]:
                lane = abs(int(sizes[11])) - 1
                self._stop(reached, k * self.width + lane, self.tiles[k, :, lane] if sizes[11] < 0 else None)
        return indices, whens

    def _stop(self, step: int, neuron: int, column: Floats | None) -> None:
        """Report a neuron that spikes without end, or the `column` of one whose steps became too small."""
        setup = self.setup
        if column is None:
            raise SimulationError(
                f"neuron {neuron} of {setup.model.name} spikes more than {MOST_SPIKES} times between t = "
                f"{step * setup.dt:g} and {(step + 1) * setup.dt:g} ms; take a smaller dt, a longer refractory time or "
                "a weaker current"
            )
        raise SimulationError(
            f"neuron {neuron} of {setup.model.name} at t = {column[self.layout.row['here']] * setup.dt:g} ms: no step "
            f"of {setup.method.name} is small enough for rtol {setup.rtol:g} and atol {setup.atol:g}; a state grows "
            "without bound or jumps, or the tolerances are too small"
        )

    def _check_finite(
        self,
        before: tuple[Floats, Floats, Floats],
        first: int,
        last: int,
        wave: Floats,
        changed: Ints,
        dense: list[Floats],
    ) -> None:
        """Where a state is no longer finite, find the step at which that began by taking the window's steps again."""
        states = len(self.model.states)
        earliest: tuple[int, int, int, float] | None = None
        for k in range(len(self.tiles)):
            lanes = self._lanes(k)
            if np.isfinite(self.tiles[k, :states, :lanes]).all():
                continue
            self.tiles[k], self.chance.noise[k], self.chance.random[k] = (block[k] for block in before)
            trace = np.empty((last - first, self.rows.size, lanes))
            for step in range(first, last):
                window = slice(step - first, step - first + 1)
                now = np.ones(1, dtype=np.int64)
                self._advance_tile(k, step, step + 1, wave[window], now, [d[:, window] for d in dense], trace)
                broken = np.argwhere(~np.isfinite(self.tiles[k, :states, :lanes].T))
                if broken.size:
                    lane, row = broken[0]
                    found = (step + 1, k * self.width + int(lane), int(row), float(self.tiles[k, row, lane]))
                    earliest = min(earliest or found, found)
                    break
        if earliest is not None:
            self._report(*earliest)

    def _check_probability(self, last: int) -> None:
        """A kernel marks a neuron whose probability was not a number in the row that other rules need."""
        if self.model.spike.kind != "probability":
            return
        marked = np.argwhere(self.tiles[:, self.layout.row["above"], : self.width].reshape(-1)[: self.neurons] != 0.0)
        if marked.size:
            setup, text = self.setup, self.model.spike.rule.text
            raise SimulationError(
                f"the probability {text} of neuron {marked[0, 0]} of {setup.model.name} is nan before t = "
                f"{last * setup.dt:g} ms; check the input and the parameters, or give the expression a value there"
            )

    def _report(self, step: int, neuron: int, row: int, value: float) -> None:
        setup = self.setup
        cure = f"take a smaller dt (it is {setup.dt:g} ms)"
        if setup.method.name == "euler":
            cure += " or the method rk4"
        name = "the integral of the hazard" if list(self.model.states)[row] == HAZARD else list(self.model.states)[row]
        raise SimulationError(
            f"{name} of neuron {neuron} is {value} at t = {step * setup.dt:g} ms in "
            f"{setup.model.name} by {setup.method.name}; {cure}, or check that current and parameters "
            "are not too strong for the model"
        )
