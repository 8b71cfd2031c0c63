"""One artificial neuron, y = f(w·x − θ), and the activations f of the field."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from ..errors import InputError, choices, excerpt
from .states import TWO_STATES, Floats, check_finite, check_positive


def _heaviside(h: Floats) -> Floats:
    return np.where(h >= 0.0, 1.0, 0.0)


def _sign(h: Floats) -> Floats:
    return np.sign(h)  # what becomes of 0 is for Activation to say


def _gate(h: Floats, beta: float = 1.0) -> Floats:
    if beta == np.inf:
        return np.where(h > 0.0, 1.0, np.where(h < 0.0, 0.0, 0.5))
    with np.errstate(over="ignore"):
        tanh: Floats = np.tanh(beta * h)
    return 0.5 * (1.0 + tanh)


def _logistic(h: Floats) -> Floats:
    decay = np.exp(-np.abs(h))
    return np.where(h >= 0.0, 1.0, decay) / (1.0 + decay)


def _linear(h: Floats) -> Floats:
    return h.copy()


def _relu(h: Floats) -> Floats:
    return np.maximum(h, 0.0)


def _parametric_relu(h: Floats, slope: float = 0.25) -> Floats:
    return np.where(h >= 0.0, h, slope * h)


def _softmax(h: Floats) -> Floats:
    power = np.exp(h - h.max(axis=-1, keepdims=True))
    normal: Floats = power / power.sum(axis=-1, keepdims=True)
    return normal


FUNCTIONS: Final[Mapping[str, Callable[..., Floats]]] = {
    "heaviside": _heaviside,
    "sign": _sign,
    "gate": _gate,
    "logistic": _logistic,
    "linear": _linear,
    "relu": _relu,
    "parametric-relu": _parametric_relu,
    "softmax": _softmax,
}


@dataclass(frozen=True)
class Activation:
    """How the output of a unit depends on its field h = w·x − θ; called with h, any shape. Made by `activation`.

    Attributes
    ----------
    name : str
    parameters : mapping of name to float
    """

    name: str
    parameters: Mapping[str, float] = field(default_factory=dict)

    def __call__(self, h: Any, state: Any = None) -> Floats:
        """Output for the field `h`.

        Parameters
        ----------
        h
            Any shape; ``"softmax"`` normalises over the last axis.
        state
            The present state, which ``"sign"`` keeps where h = 0; +1 if not given.
        """
        fields = np.asarray(h, dtype=np.float64)
        result = FUNCTIONS[self.name](fields, **self.parameters)
        if self.name == "sign":
            result = np.where(fields == 0.0, 1.0 if state is None else state, result)
        return result

    def __str__(self) -> str:
        given = ", ".join(f"{name} = {value:g}" for name, value in self.parameters.items())
        return f"{self.name} ({given})" if given else self.name

    def __hash__(self) -> int:
        return hash((self.name, *self.parameters.items()))


def activation(name: Any, **parameters: Any) -> Activation:
    """An activation by name.

    Parameters
    ----------
    name
        - ``"heaviside"``: Θ(h), with Θ(0) = 1; states {0, 1}.
        - ``"sign"``: states {−1, +1}; where h = 0 the state is kept.
        - ``"gate"``: ½(1 + tanh `beta` h), `beta` is 1 unless given.
        - ``"logistic"``: 1/(1 + e^−h), which is the gate with beta = ½.
        - ``"linear"``: h.
        - ``"relu"``: max(h, 0).
        - ``"parametric-relu"``: h, and `slope` h below 0; `slope` is 0.25 unless given.
        - ``"softmax"``: e^h over the sum of the units that are computed together.

        An `Activation` is handed back.

    Raises
    ------
    InputError
        For an unknown name, a parameter it does not have, a parameter that is no finite number.
    """
    if isinstance(name, Activation) and not parameters:
        return name
    if not isinstance(name, str) or name not in FUNCTIONS:
        raise InputError(f"there is no activation {excerpt(name)}; {choices(name, FUNCTIONS)}")
    known = {key: entry.default for key, entry in inspect.signature(FUNCTIONS[name]).parameters.items() if key != "h"}
    for key in parameters:
        if key not in known:
            legal = choices(key, known) if known else "it has none"
            raise InputError(f"{name} has no parameter {excerpt(key)}; {legal}")
    if "beta" in parameters:
        check_positive(parameters["beta"], "beta", zero=True, infinite=True)
    if "slope" in parameters:
        check_finite(parameters["slope"], "slope")
    return Activation(name, {key: float(parameters.get(key, value)) for key, value in known.items()})


class ArtificialNeuron:
    """An artificial neuron y = f(w·x − θ).

    Parameters
    ----------
    weights
        (n,), finite.
    threshold
        θ.
    activation
        A name, or what `activation` gives.

    Raises
    ------
    InputError
        For weights that are not finite or not 1-D, an unknown activation, softmax of one unit.

    Examples
    --------
    >>> both = ArtificialNeuron([1, 1], 1.5)
    >>> both([[0, 0], [0, 1], [1, 0], [1, 1]])
    array([0., 0., 0., 1.])
    """

    def __init__(self, weights: Any, threshold: Any = 0.0, activation: Any = "heaviside") -> None:
        self.weights = check_finite(weights, "weights")
        threshold = check_finite(threshold, "threshold")
        if self.weights.ndim != 1 or threshold.ndim:
            raise InputError(
                f"a neuron has weights (n,) and one threshold, not {self.weights.shape} and {threshold.shape}"
            )
        self.threshold = float(threshold)
        self.activation = _activation(activation)
        if self.activation.name == "softmax":
            raise InputError("softmax is for several units; use ThresholdNetwork")

    def field(self, x: Any) -> Floats:
        """H = w·x − θ for inputs (…, n): (…)."""
        inputs = check_finite(x, "x")
        if inputs.ndim == 0 or inputs.shape[-1] != self.weights.size:
            raise InputError(f"x has {self.weights.size} values along its last axis, not the shape {inputs.shape}")
        fields: Floats = inputs @ self.weights - self.threshold
        return fields

    def __call__(self, x: Any, state: Any = None) -> Floats:
        """The output for inputs (…, n): (…). `state` is what a sign unit keeps where h = 0, else +1."""
        if state is not None:
            state = check_finite(state, "state")
            if self.activation.name in TWO_STATES and not np.isin(state, TWO_STATES[self.activation.name]).all():
                raise InputError(f"state: a unit with activation {self.activation} has the states " + _states(self))
        return self.activation(self.field(x), state)

    def __repr__(self) -> str:
        return f"ArtificialNeuron({self.weights.tolist()}, {self.threshold:g}, {self.activation.name!r})"


_activation = activation  # the class has a parameter of this name


def _states(neuron: ArtificialNeuron) -> str:
    low, high = TWO_STATES[neuron.activation.name]
    return f"{low:g} and {high:g}"
