"""A slow, obvious simulator of model files: one neuron, plain Python, SI units. It imports nothing from the package.

Expressions are evaluated by Python itself, so the files given to it must be trusted; matrix exponentials are SciPy's.
"""

import math
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import scipy.linalg

SI = {
    **{"us": 1e-6, "ms": 1e-3, "s": 1.0, "Hz": 1.0, "kHz": 1e3},
    **{"uV": 1e-6, "mV": 1e-3, "V": 1.0, "pA": 1e-12, "nA": 1e-9, "uA": 1e-6, "mA": 1e-3},
    **{"pS": 1e-12, "nS": 1e-9, "uS": 1e-6, "mS": 1e-3, "Ohm": 1.0, "kOhm": 1e3, "MOhm": 1e6, "GOhm": 1e9},
    **{"pF": 1e-12, "nF": 1e-9, "uF": 1e-6, "nm": 1e-9, "um": 1e-6, "mm": 1e-3, "cm": 1e-2},
}
FUNCTIONS = {
    **{"exp": math.exp, "log": math.log, "sqrt": math.sqrt, "tanh": math.tanh, "sinh": math.sinh, "cosh": math.cosh},
    **{"abs": abs, "min": min, "max": max, "pi": math.pi, "inf": math.inf},
    "heaviside": lambda x: 1.0 if x >= 0 else 0.0,
    "exprelr": lambda x: 1.0 if x == 0 else x / math.expm1(x),
    "gate": lambda x: (1 + math.tanh(x)) / 2,
}

Current = Callable[[float, bool], float]
"""Input in SI at a time in ms; True for the limit from the left."""


@dataclass
class Run:
    """What `simulate` returns: numbers of steps at which spikes ended, states in SI after every step."""

    spikes: list[int] = field(default_factory=list)
    traces: dict[str, list[float]] = field(default_factory=dict)


def si(text: str) -> float:
    """Value of ``"120 mS/cm^2"`` in SI."""
    number, _, unit = text.strip().partition(" ")
    return float(number) * (eval(unit.replace("^", "**"), {"__builtins__": {}}, SI) if unit.strip() else 1.0)


class Names(dict):
    """Names of a model; a define is evaluated when it is asked for."""

    def __init__(self, file: dict, values: dict) -> None:
        super().__init__(values)
        self.defines = file.get("define", {})

    def __missing__(self, name: str) -> float:
        if name in self.defines:
            return self.value(self.defines[name])
        if name in FUNCTIONS:
            return FUNCTIONS[name]
        return SI[name]

    def value(self, text: str) -> float:
        return eval(text, {"__builtins__": {}}, self)


class Neuron:
    """One neuron of a model file."""

    def __init__(self, text: str, parameters: dict[str, str] | None = None) -> None:
        self.file = tomllib.loads(text)
        self.states = list(self.file.get("state", {}))
        self.parameters = {name: si(entry[0]) for name, entry in self.file.get("parameters", {}).items()}
        self.parameters |= {name: si(value) for name, value in (parameters or {}).items()}

    def names(self, states: dict, t: float, since: float, inputs: dict) -> Names:
        return Names(self.file, {**self.parameters, **states, **inputs, "t": t, "since_spike": since})

    def start(self, given: dict[str, float]) -> dict[str, float]:
        known = dict(given)
        while len(known) < len(self.states):
            for name in self.states:
                if name not in known:
                    try:
                        names = Names(self.file, {**self.parameters, **known})
                        known[name] = names.value(self.file["state"][name]["start"])
                    except KeyError:
                        continue
        return {name: known[name] for name in self.states}

    def rates(self, states: dict, t: float, since: float, inputs: dict, held: tuple[str, ...]) -> dict[str, float]:
        names = self.names(states, t, since, inputs)
        return {x: 0.0 if x in held else names.value(self.file["state"][x]["rate"]) for x in self.states}


def simulate(
    text: str,
    currents: dict[str, Current],
    duration: float,
    dt: float,
    method: str,
    parameters: dict[str, str] | None = None,
    start: dict[str, float] | None = None,
) -> Run:
    """Simulate one neuron; `duration` and `dt` in ms, `start` in SI."""
    neuron = Neuron(text, parameters)
    spike = neuron.file["spike"]
    states = neuron.start(start or {})
    refractory = 0
    if "refractory" in spike:
        refractory = round(neuron.names({}, 0, 0, {}).value(spike["refractory"]) / (dt * 1e-3))
    run = Run(traces={name: [value] for name, value in states.items()})
    last_spike, free_from, above = -math.inf, 0, False

    for k in range(round(duration / dt)):
        free = k >= free_from
        held = () if free else tuple(spike.get("hold", ()))

        def f(states: dict, node: float, k: int = k, held: tuple = held, last: float = last_spike) -> dict:
            return neuron.rates(states, (k + node) * dt * 1e-3, (k + node - last) * dt * 1e-3, at(k, node), held)

        def at(k: int, node: float) -> dict[str, float]:
            return {name: current((k + node) * dt, node == 1) for name, current in currents.items()}

        states = METHODS[method](f, states, dt * 1e-3)
        names = neuron.names(states, (k + 1) * dt * 1e-3, (k + 1 - last_spike) * dt * 1e-3, at(k, 1.0))
        now = bool(names.value(spike["threshold"])) if free else above
        if now and not above:
            run.spikes.append(k + 1)
            states = states | {name: names.value(text) for name, text in spike.get("reset", {}).items()}
            last_spike, free_from = k + 1, k + 1 + refractory
            now = now and not (spike.get("reset") or "since_spike" in text)
        above = now
        for name, value in states.items():
            run.traces[name].append(value)
    return run


def _moved(states: dict, rates: dict, h: float) -> dict:
    return {name: value + h * rates[name] for name, value in states.items()}


def euler(f: Callable, states: dict, h: float) -> dict:
    return _moved(states, f(states, 0.0), h)


def rk4(f: Callable, states: dict, h: float) -> dict:
    k1 = f(states, 0.0)
    k2 = f(_moved(states, k1, h / 2), 0.5)
    k3 = f(_moved(states, k2, h / 2), 0.5)
    k4 = f(_moved(states, k3, h), 1.0)
    return {x: states[x] + h / 6 * (k1[x] + 2 * k2[x] + 2 * k3[x] + k4[x]) for x in states}


def heun(f: Callable, states: dict, h: float) -> dict:
    k1 = f(states, 0.0)
    k2 = f(_moved(states, k1, h), 1.0)
    return {x: states[x] + h / 2 * (k1[x] + k2[x]) for x in states}


def midpoint(f: Callable, states: dict, h: float) -> dict:
    return _moved(states, f(_moved(states, f(states, 0.0), h / 2), 0.5), h)


def _linear(f: Callable, states: dict, x: str, node: float) -> tuple[float, float]:
    """a and b of x' = a + bx, found by trying two values of x near its own; b = 0 where that is no straight line."""
    scale = abs(states[x]) or 1.0
    at = [f(states | {x: states[x] + k * scale}, node)[x] for k in (-1, 0, 1)]
    if abs(at[2] - 2 * at[1] + at[0]) > 1e-9 * (abs(at[2]) + abs(at[0]) + 2 * abs(at[1])):
        return at[1], 0.0
    b = (at[2] - at[0]) / (2 * scale)
    return at[1] - b * states[x], b


def _relaxed(x: float, a: float, b: float, h: float) -> float:
    return x + h * a if b == 0 else (x + a / b) * math.exp(b * h) - a / b


def exponential_midpoint(f: Callable, states: dict, h: float) -> dict:
    first = {x: _linear(f, states, x, 0.0) for x in states}
    middle = {x: _relaxed(states[x], *first[x], h / 2) for x in states}
    second = {x: _linear(f, middle, x, 0.5) for x in states}
    return {x: _relaxed(states[x], *second[x], h) for x in states}


def exponential_euler(f: Callable, states: dict, h: float) -> dict:
    """x' = a + bx, with a and b found by trying two values of x."""
    new = {}
    for x, value in states.items():
        a = f(states | {x: 0.0}, 0.0)[x]
        b = f(states | {x: 1.0}, 0.0)[x] - a
        new[x] = value + h * a if b == 0 else (value + a / b) * math.exp(b * h) - a / b
    return new


def exact(f: Callable, states: dict, h: float) -> dict:
    """x' = Ax + c with the input of the middle of the step, A and c found by trying unit vectors."""
    names = list(states)
    if not names:
        return {}
    zero = dict.fromkeys(names, 0.0)
    c = f(zero, 0.5)
    matrix = np.zeros((len(names) + 1,) * 2)
    for j, y in enumerate(names):
        column = f(zero | {y: 1.0}, 0.5)
        matrix[:-1, j] = [column[x] - c[x] for x in names]
    matrix[:-1, -1] = [c[x] for x in names]
    result = scipy.linalg.expm(matrix * h) @ [*states.values(), 1.0]
    return dict(zip(names, result, strict=False))


METHODS = {
    **{"euler": euler, "heun": heun, "midpoint": midpoint, "rk4": rk4, "exact": exact},
    **{"exponential-euler": exponential_euler, "exponential-midpoint": exponential_midpoint},
}
