"""A leaky integrate-and-fire neuron recognised in a model file, and theory for whatever model there is one for."""

import ast
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..drive import Drive
from ..expression import evaluate, names
from ..kernel.linear import Membrane, leaky_membranes
from ..model import Model, load_model
from ..model.meaning import reach
from ..model.values import with_defines
from ..noise import Kind
from ..units import parse_unit, to_number
from .grid import lateness, raised
from .integrate_and_fire import integrate_and_fire_cv, integrate_and_fire_rate
from .passage import Passage
from .periodic import Periodic
from .renewal import Intervals, RenewalTheory, renewal_intervals, renewal_theory, with_law
from .rule import NoTheory, constant_inputs, driven, states_of_rule

Floats = NDArray[np.float64]

_MS = parse_unit("ms")
_LEAST_CV = 1e-3
_SHORT = 0.1  # correlation time of noise, beside that of the membrane, up to which the first order in its root will do


class LeakyNeuron(NamedTuple):
    """A leaky integrate-and-fire neuron at constant input with noise, n times: (n,) each, in the coherent set.

    `mean` and `std` are those of the free membrane; `tau_noise` is 0 for white noise.
    """

    mean: Floats
    std: Floats
    tau: Floats
    threshold: Floats
    reset: Floats
    refractory: Floats
    tau_noise: Floats


@dataclass(frozen=True, eq=False)
class IntegrateAndFireTheory:
    """Rate and CV of a leaky integrate-and-fire neuron: what `theory_of` returns for one.

    Attributes
    ----------
    model : Model
    mean : float
        Mean interval in ms; infinite for a silent neuron.
    cv : float
        NaN for a silent neuron.
    rate : float
        Hz.
    neuron : LeakyNeuron
        What was found in the model, in the coherent set.
    dt : float
        Step in ms of the simulation it is for; 0 for none.
    """

    model: Model
    mean: float
    cv: float
    rate: float
    neuron: LeakyNeuron
    dt: float

    def distribution(self) -> RenewalTheory:
        """The law of the intervals: density, survivor function, autocorrelation, spectrum.

        With white noise from an integral equation for the first passage through the threshold; without noise, a period.

        Raises
        ------
        NoTheory
            With filtered noise, whose intervals are not independent; without spikes; and with so little noise that
            their CV is below 0.001, or their standard deviation below `dt`.
        """
        mu, std, tau, _, V_r, t_ref, tau_noise = (float(values[0]) for values in self.neuron)
        if tau_noise > 0 and std > 0:
            raise _none(self.model, "with filtered noise successive intervals depend on each other")
        if not np.isfinite(self.mean):
            raise _none(self.model, "it does not spike at this input")
        if std == 0:
            return with_law(self.model, Periodic(self.mean))
        if self.cv < _LEAST_CV:
            raise _none(self.model, f"the intervals differ too little (CV {self.cv:.2g}) for their density")
        if self.cv * self.mean < self.dt:
            raise _none(self.model, f"the intervals differ by less than the step of {self.dt:g} ms")
        mean, sd, tau_m, limit, reset = self.neuron[:5]
        step = np.atleast_1d(self.dt)
        delay = t_ref + float(lateness(mean, sd, tau_m, limit, reset, step).mean[0])
        up = float(raised(limit, sd, tau_m, step)[0])
        law = Passage(up - mu, V_r - mu, std, tau, delay, self.mean, self.cv)
        return with_law(self.model, law)

    def __repr__(self) -> str:
        return f"<IntegrateAndFireTheory of {self.model.name}: {self.rate:.5g} Hz, cv {self.cv:.4g}>"


def theory_of(
    model: str | os.PathLike[str] | Model,
    I: Any = None,
    parameters: Mapping[str, Any] | None = None,
    *,
    dt: Any = 0.0,
) -> RenewalTheory | IntegrateAndFireTheory:
    """What theory says about a model at constant input, with or without noise.

    Parameters
    ----------
    model
        Name of a model, path of a model file, or a `Model`.
    I
        Number in the unit of the model's input, quantity, or constant `Current`, for a leaky integrate-and-fire neuron
        also with white noise, or Ornstein–Uhlenbeck noise with a correlation time of at most a tenth of the membrane's;
        by name for several inputs.
    parameters
        Values that differ from the model's.
    dt
        Step in ms of a simulation to compare with, where the grid matters: integrate-and-fire neurons.

    Returns
    -------
    RenewalTheory or IntegrateAndFireTheory

    Raises
    ------
    NoTheory
        Where no theory is known, with the reason.
    """
    model = load_model(model)
    if not _is_membrane(model):
        return renewal_theory(model, I, parameters)
    neuron = _with_theory(model, I, parameters)
    found = _of_neuron(neuron, dt)
    if found.rate.size != 1:
        raise NoTheory("theory_of takes one input and one set of parameters; interval_theory takes many")
    mean, cv, rate = (float(values[0]) for values in found)
    return IntegrateAndFireTheory(model, mean, cv, rate, neuron, to_number(dt, _MS, "dt"))


def interval_theory(
    model: str | os.PathLike[str] | Model,
    I: Any = None,
    parameters: Mapping[str, Any] | None = None,
    *,
    dt: Any = 0.0,
) -> Intervals:
    """Mean, CV and rate of the intervals in theory, for many inputs or parameters at once.

    Parameters
    ----------
    model, dt
        As for `theory_of`.
    I, parameters
        As for `theory_of`, but (n,) values of any of them: one neuron each.

    Returns
    -------
    Intervals
        (n,) each.

    Raises
    ------
    NoTheory
        Where no theory is known, with the reason.
    """
    model = load_model(model)
    if not _is_membrane(model):
        return renewal_intervals(model, I, parameters)
    return _of_neuron(_with_theory(model, I, parameters), dt)


def _with_theory(model: Model, I: Any, parameters: Mapping[str, Any] | None) -> LeakyNeuron:
    """A leaky integrate-and-fire neuron with noise that is white, or nearly so."""
    neuron = leaky_neuron(model, I, parameters)
    long = (neuron.std > 0) & (neuron.tau_noise > _SHORT * neuron.tau * (1 + 1e-9))
    if long.any():
        noise, membrane = neuron.tau_noise[long][0], neuron.tau[long][0]
        raise _none(
            model,
            f"the correlation time of the noise, {noise:g} ms, is not short beside that of the membrane, "
            f"{membrane:g} ms: up to a tenth of it",
        )
    return neuron


def _of_neuron(neuron: LeakyNeuron, dt: Any) -> Intervals:
    step = to_number(dt, _MS, "dt")
    rate = integrate_and_fire_rate(**neuron._asdict(), dt=step)
    with np.errstate(divide="ignore"):
        return Intervals(1000 / rate, integrate_and_fire_cv(**neuron._asdict(), dt=step), rate)


def _is_membrane(model: Model) -> bool:
    """Whether the model is one for this module: a threshold on a state."""
    return model.spike.threshold is not None and bool(states_of_rule(model))


def leaky_neuron(model: Model, I: Any, parameters: Mapping[str, Any] | None = None) -> LeakyNeuron:
    """The leaky integrate-and-fire neuron that a model is, with its input.

    It is one if a state V has the rate -(V - E)/tau + b·I, the spike rule is V > constant, V is reset to a constant
    and held while refractory; whatever else there is does not act on V.

    Raises
    ------
    NoTheory
        If it is not, with the reason.
    """
    numbers = driven(model, I, parameters)
    values = with_defines(model, numbers.values)
    name, membrane = _membrane(model, values)
    threshold, reset = (evaluate(tree, values) for tree in _constants(model, membrane.state, values))
    current = constant_inputs(model, numbers.drive)[name]
    tau = 1 / membrane.decay
    std, tau_noise = _noise(model, numbers.drive, name, tau * membrane.gain, tau)
    refractory = 0.0 if model.spike.refractory is None else evaluate(model.spike.refractory.tree, values)
    mean = (membrane.gain * current + membrane.drift) * tau
    found = (mean, std, tau, threshold, reset, refractory, tau_noise)
    return LeakyNeuron(*np.broadcast_arrays(*(np.atleast_1d(np.asarray(value, float)) for value in found)))


def _none(model: Model, reason: str) -> NoTheory:
    return NoTheory(f"no theory known for {model.name}: {reason}")


def _membrane(model: Model, values: Mapping[str, Any]) -> tuple[str, Membrane]:
    """The one state with a leak, and the input that drives it."""
    trees = {key: formula.tree for key, formula in model.defines.items()}
    watched = reach(names(model.spike.rule.tree), trees)
    clocks = {"t", "since_spike"}
    for state in sorted(watched & model.states.keys()):
        if clocks & (watched | reach(names(model.states[state].rate.tree), trees)):
            raise _none(model, f"its threshold or the rate of {state} depends on time")
    found = [(name, m) for name, m in leaky_membranes(model, values).items() if m.state in watched]
    if len(found) != 1 or watched & model.states.keys() != {found[0][1].state}:
        raise _none(model, "its spikes do not come from one leaky membrane, dV/dt = -(V - E)/tau + b*I")
    if not (np.asarray(found[0][1].decay) > 0).all():
        raise _none(model, f"{found[0][1].state} does not leak")
    return found[0]


def _constants(model: Model, state: str, values: Mapping[str, Any]) -> tuple[ast.expr, ast.expr]:
    """Threshold and reset of the membrane, which depend on parameters only."""
    match model.spike.rule.tree:
        case ast.Compare(left=ast.Name(id=name), ops=[ast.Gt() | ast.GtE()], comparators=[limit]) if name == state:
            threshold = limit
        case ast.Compare(left=limit, ops=[ast.Lt() | ast.LtE()], comparators=[ast.Name(id=name)]) if name == state:
            threshold = limit
        case _:
            raise _none(model, f"its threshold is not of the form {state} > constant")
    if state not in model.spike.reset:
        raise _none(model, f"a spike does not reset {state}")
    reset = model.spike.reset[state].tree
    if not names(threshold) | names(reset) <= values.keys():
        raise _none(model, "its threshold or reset is not constant")
    if model.spike.refractory is not None and state not in model.spike.hold:
        raise _none(model, f"{state} moves during the refractory time")
    return threshold, reset


def _noise(model: Model, drive: Drive, name: str, resistance: Any, tau: Any) -> tuple[Any, Any]:
    """Standard deviation that the noise gives to the free membrane, and its correlation time."""
    inputs = list(model.inputs)
    sources = [source for source in drive.noise if inputs[source.target] == name]
    kinds = {source.kind for source in sources}
    if Kind.POISSON in kinds:
        raise _none(model, "Poisson input is not the white noise that the theory is for")
    if Kind.ORNSTEIN_UHLENBECK in kinds and len(sources) > 1:
        raise _none(model, "Ornstein–Uhlenbeck noise together with other noise")
    if not sources:
        return 0.0, 0.0
    if Kind.WHITE in kinds:
        power = sum(source.size**2 for source in sources)
        return np.abs(resistance) * np.sqrt(power / (2 * tau)), 0.0
    (source,) = sources
    return np.abs(resistance * source.size) * np.sqrt(source.time / (source.time + tau)), source.time
