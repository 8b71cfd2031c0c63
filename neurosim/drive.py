"""From the current a user gave to the numbers each neuron is driven by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .currents import Current, Term, as_current, from_array, shape_of
from .errors import InputError, UnitError, choices, excerpt
from .noise import Kind, MembraneNoise, Noise, Source
from .units import Unit, has_unit, parse_unit, to_array, to_number
from .waveforms import Floats, Samples, Waveform

_DENSITY = parse_unit("uA/cm^2").dimension


@dataclass(frozen=True)
class Drive:
    """All inputs of a run, in the coherent set: `amplitude` (waves, n), the input each belongs to, and functions of t.

    `dense` are currents with samples for each neuron: (index of the input, factor (n,), samples); `noise` what the
    kernel draws.
    """

    amplitude: Floats
    target: NDArray[np.int64]
    waveforms: tuple[Waveform, ...]
    dense: tuple[tuple[int, Floats, Samples], ...] = field(default=())
    noise: tuple[Source, ...] = ()

    @property
    def neurons(self) -> int:
        """How many neurons the amplitudes are for."""
        return int(self.amplitude.shape[1])

    def of(self, neurons: NDArray[np.int64]) -> "Drive":
        """The same for some of the neurons, without noise."""
        if neurons.size == self.neurons:
            return self
        dense = tuple(
            (target, factor[neurons], replace(samples, values=samples.values[neurons]))
            for target, factor, samples in self.dense
        )
        return Drive(self.amplitude[:, neurons], self.target, self.waveforms, dense)

    def waves(self, first: int, last: int, dt: float, nodes: Sequence[float]) -> Floats:
        """Waveforms inside the steps first … last - 1, at the nodes of each: (steps, nodes, waves)."""
        result = np.empty((last - first, len(nodes), len(self.waveforms)))
        for s, (t, left) in enumerate(_node_times(first, last, dt, nodes)):
            for w, waveform in enumerate(self.waveforms):
                result[:, s, w] = waveform(t, left)
        return result

    def samples(self, d: int, first: int, last: int, dt: float, nodes: Sequence[float]) -> Floats:
        """The d-th dense current inside the same steps: (neurons, steps, nodes)."""
        _, factor, samples = self.dense[d]
        at_nodes = [samples(t, left) for t, left in _node_times(first, last, dt, nodes)]
        return np.stack(at_nodes, axis=-1) * factor[:, None, None]

    def pieces(self, steps: int, dt: float, tick: float) -> tuple[Floats, Floats]:
        """The whole run cut where a waveform is not smooth.

        Returns
        -------
        edges : ndarray (pieces + 1,)
            In steps, multiples of `tick`; from 0 to `steps`.
        pieces : ndarray (pieces, waves, 6)
            Numbers a … f of each waveform, as in `waveforms`.
        """
        found = [np.rint(waveform.edges(steps * dt) / dt / tick) * tick for waveform in self.waveforms]
        inside = np.concatenate([np.array([0.0, steps]), *found])
        edges = np.unique(inside[(inside >= 0) & (inside <= steps)])
        first, last = edges[:-1] * dt, edges[1:] * dt
        pieces = np.empty((first.size, len(self.waveforms), 6))
        for w, waveform in enumerate(self.waveforms):
            pieces[:, w] = waveform.pieces(first, last)
        return edges, pieces

    def at(self, t: Floats, inputs: int) -> Floats:
        """The inputs at times t, from the right, without noise: (inputs, neurons, times)."""
        result = np.zeros((inputs, self.neurons, t.size))
        for amplitude, target, waveform in zip(self.amplitude, self.target, self.waveforms, strict=True):
            result[target] += amplitude[:, None] * waveform(t, False)
        for target, factor, samples in self.dense:
            result[target] += factor[:, None] * samples(t, False)
        return result


def _node_times(first: int, last: int, dt: float, nodes: Sequence[float]) -> list[tuple[Floats, bool]]:
    steps = np.arange(first, last, dtype=np.float64)
    return [((steps + node) * dt, node == 1.0) for node in nodes]


def resolve_drive(I: Any, units: Mapping[str, Unit], steps: int, dt: float, neurons: int) -> Drive:
    """Turn what the user gave as `I` into numbers for each neuron.

    Parameters
    ----------
    I
        Number, quantity, 1-D array (n,), 2-D array (n, T) with one column per step, `Current`, or a mapping from the
        names of inputs to these; None for a model without input.
    units
        Unit of each input of the model.
    steps, dt
        Length of the run.
    neurons
        How many neurons other arguments ask for; 1 adapts to `I`.
    """
    given = _by_name(I, list(units))
    amplitudes: list[tuple[int, Floats, Waveform]] = []
    dense: list[tuple[int, Floats, Samples]] = []
    noise: list[Source] = []
    for target, (name, unit) in enumerate(units.items()):
        for term in _terms(given[name], unit, name, steps, dt):
            if isinstance(term.waveform, Noise):
                if term.waveform.kind != Kind.POISSON and np.any(term.amplitude < 0):
                    raise InputError(f"the noise of {name} has a size below 0; sigma and std are from 0 on")
                size, time = term.amplitude * term.factor, np.asarray(term.waveform.time)
                noise.append(Source(target, term.waveform.kind, size, time, term.waveform.frozen))
            elif isinstance(term.waveform, Samples) and term.waveform.values.ndim == 2:
                dense.append((target, term.factor, term.waveform))
            else:
                assert not isinstance(term.waveform, MembraneNoise), "stated for a model, and resolved with it"
                amplitudes.append((target, term.amplitude * term.factor, term.waveform))
    inputs = list(units)
    sizes = [("other arguments", neurons)]
    sizes += [(f"the input {inputs[target]}", np.size(value)) for target, value, _ in amplitudes]
    sizes += [(f"the samples of {inputs[target]}", samples.values.shape[0]) for target, _, samples in dense]
    sizes += [(f"the noise of {inputs[s.target]}", numbers.size) for s in noise for numbers in (s.size, s.time)]
    n = common_size(sizes)
    return Drive(
        amplitude=np.array([np.broadcast_to(value, n) for _, value, _ in amplitudes]).reshape(len(amplitudes), n),
        target=np.array([target for target, _, _ in amplitudes], dtype=np.int64),
        waveforms=tuple(waveform for _, _, waveform in amplitudes),
        dense=tuple((target, np.broadcast_to(factor, n), samples.for_neurons(n)) for target, factor, samples in dense),
        noise=tuple(s._replace(size=np.broadcast_to(s.size, n), time=np.broadcast_to(s.time, n)) for s in noise),
    )


def common_size(sizes: Sequence[tuple[str, int]]) -> int:
    """The number of neurons, where every argument gives 1 or the same number."""
    several = [(what, size) for what, size in sizes if size != 1]
    if len({size for _, size in several}) > 1:
        found = ", ".join(f"{size} from {what}" for what, size in several)
        raise InputError(f"different numbers of neurons: {found}")
    return several[0][1] if several else 1


def _by_name(I: Any, inputs: list[str]) -> dict[str, Any]:
    if isinstance(I, Mapping):
        for name in I:
            if name not in inputs:
                raise InputError(f"the model has no input {excerpt(name)}; {choices(str(name), inputs)}")
        if missing := [name for name in inputs if name not in I]:
            raise InputError(f"no current for the input(s) {', '.join(missing)}")
        return dict(I)
    if I is None and not inputs:
        return {}
    if len(inputs) == 1 and I is None:
        raise InputError(f"the model has the input {inputs[0]}; give I, a number or a current")
    if len(inputs) != 1:
        form = "{" + ", ".join(f"{name!r}: …" for name in inputs) + "}"
        raise InputError(f"the model has {len(inputs)} inputs; give I as {form if inputs else None}")
    return {inputs[0]: I}


def _terms(value: Any, unit: Unit, name: str, steps: int, dt: float) -> list[Term]:
    """The terms of one input with amplitudes and samples in the coherent set."""
    if not isinstance(value, Current) and len(shape_of(value, f"the input {name}")) == 2:
        if np.shape(value)[1] != steps:
            raise InputError(
                f"the input {name} has shape {np.shape(value)}: a 2-D array is (neurons, steps) with {steps} steps "
                "here; for other sampling use from_array(samples, dt=)"
            )
        value = from_array(value, dt)
    terms = []
    for term in as_current(value).terms:
        waveform = term.waveform
        of_amplitude = waveform.unit(unit) if isinstance(waveform, Noise) else unit
        amplitude = to_array(term.amplitude, of_amplitude, f"the input {name}")
        if isinstance(waveform, Samples):
            waveform = coherent(waveform, unit, f"the input {name}")
            _finite(waveform.values, name)
            amplitude = np.ones(())
            if waveform.end < steps * dt * (1 - 1e-9):
                raise InputError(
                    f"the samples of {name} end at {waveform.end:g} ms, the run at {steps * dt:g} ms; "
                    "shorten the duration or give more samples"
                )
        if amplitude.ndim > 1 or amplitude.size == 0 or np.ndim(term.factor) > 1:
            raise InputError(
                f"the input {name} is a number or one value per neuron (n,), not of shape {amplitude.shape}"
            )
        if np.ndim(term.factor) and amplitude.ndim and amplitude.size != np.size(term.factor):
            raise InputError(f"the input {name}: {amplitude.size} amplitudes times {np.size(term.factor)} factors")
        terms.append(Term(_finite(amplitude, name), _finite(np.asarray(term.factor), name), waveform))
    return terms


def coherent(samples: Samples, unit: Unit, what: str) -> Samples:
    """Samples as given, in the coherent set, for an input in `unit`."""
    density = unit.dimension == _DENSITY
    if samples.area is not None and not density:
        raise UnitError(f"{what} is in {unit.text or 'pure numbers'}, not per area; leave area= out")
    wanted = unit if samples.area is None else parse_unit("nA")
    try:
        values = _values(samples, wanted, what)
    except UnitError:
        if samples.area is not None and _fits(samples, unit):
            raise UnitError(f"{what}: the samples are per area already; leave area= out") from None
        if samples.area is None and density and _fits(samples, parse_unit("nA")):
            raise UnitError(
                f"{what} is in {unit.text}, per area of membrane, the samples are a current; say the area of the "
                "neuron with area=, such as area='2000 um^2'"
            ) from None
        if samples.unit is None:
            raise
        source = "" if samples.origin is None else f" of {excerpt(samples.origin.path, 200)}"
        raise UnitError(
            f"{what} is in {unit.text or 'pure numbers'}, the samples{source} in {excerpt(samples.unit)}, which "
            "measures something else"
        ) from None
    return replace(samples, values=values if samples.area is None else values / samples.area, unit=None)


def _values(samples: Samples, unit: Unit, what: str) -> Floats:
    if samples.unit is not None:
        factor = to_number(f"1 {samples.unit}", unit, what)
        return to_array(samples.values, parse_unit("1"), what) * factor
    if samples.area is not None and np.asarray(samples.values).dtype.kind in "fiu" and not has_unit(samples.values):
        raise UnitError(f"{what}: with area=, say the unit of the samples, such as unit='pA'")
    return to_array(samples.values, unit, what)


def _fits(samples: Samples, unit: Unit) -> bool:
    try:
        _values(samples, unit, "")
    except UnitError:
        return False
    return samples.unit is not None or has_unit(samples.values)


def _finite(values: Floats, name: str) -> Floats:
    if not np.isfinite(values).all():
        raise UnitError(f"the input {name} contains NaN or infinite values; give finite numbers")
    return values
