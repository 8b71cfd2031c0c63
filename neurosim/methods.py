"""Integration schemes as data that checks itself."""

import math
from dataclasses import dataclass
from typing import Final

from .errors import InputError, excerpt


@dataclass(frozen=True)
class Method:
    """How states are carried over one step.

    Attributes
    ----------
    name : str
    order : float
        Of the global error where the input is smooth; infinite if there is none.
    nodes : tuple of float
        Where in a step, as fractions of it, the input is needed.
    summary : str
    """

    name: str
    order: float
    nodes: tuple[float, ...]
    summary: str


@dataclass(frozen=True)
class RungeKutta(Method):
    """An explicit Runge–Kutta scheme: Butcher's `coupling` a, `weights` b and `nodes` c.

    Raises ValueError unless a is strictly lower triangular, its rows sum to c, and the conditions of `order` hold
    (up to 4; Hairer, Nørsett & Wanner 1993, Solving Ordinary Differential Equations I, section II.2).
    """

    coupling: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        a, b, c = self.coupling, self.weights, self.nodes
        stages = range(len(b))
        if len(a) != len(b) or len(c) != len(b) or any(len(a[i]) != i for i in stages):
            raise ValueError(f"{self.name}: the tableau is not explicit")
        if any(not math.isclose(sum(a[i]), c[i], abs_tol=1e-14) for i in stages):
            raise ValueError(f"{self.name}: a row of the coupling does not sum to its node")
        ac = [sum(a[i][j] * c[j] for j in range(i)) for i in stages]
        ac2 = [sum(a[i][j] * c[j] ** 2 for j in range(i)) for i in stages]
        aac = [sum(a[i][j] * ac[j] for j in range(i)) for i in stages]
        conditions = [  # (order, sum that must be, its value)
            (1, sum(b), 1),
            (2, sum(b[i] * c[i] for i in stages), 1 / 2),
            (3, sum(b[i] * c[i] ** 2 for i in stages), 1 / 3),
            (3, sum(b[i] * ac[i] for i in stages), 1 / 6),
            (4, sum(b[i] * c[i] ** 3 for i in stages), 1 / 4),
            (4, sum(b[i] * c[i] * ac[i] for i in stages), 1 / 8),
            (4, sum(b[i] * ac2[i] for i in stages), 1 / 12),
            (4, sum(b[i] * aac[i] for i in stages), 1 / 24),
        ]
        for order, found, wanted in conditions:
            if order <= self.order and not math.isclose(found, wanted, abs_tol=1e-14):
                raise ValueError(f"{self.name}: a condition of order {order} does not hold")


@dataclass(frozen=True)
class ExponentialEuler(Method):
    """Each state by itself as a linear equation, all others frozen: exact for one linear equation, else order 1."""


@dataclass(frozen=True)
class ExponentialMidpoint(Method):
    """Each state by itself as a linear equation, its coefficients frozen at the middle of the step.

    The middle is reached by half a step of `ExponentialEuler`. A state whose rate is not linear in it is carried by the
    explicit midpoint rule, which this scheme is where a coefficient is 0.
    """


@dataclass(frozen=True)
class Exact(Method):
    """The matrix exponential of a linear model, its input held over the step at the value in the middle."""


@dataclass(frozen=True)
class ExactRungeKutta(Method):
    """The linear part of a model by its matrix exponential, what depends on it by the scheme `rest`.

    The linear part are the states whose rates are linear, with constant coefficients, in each other and in the input,
    which is taken as a parabola over the step.
    """

    rest: RungeKutta


@dataclass(frozen=True)
class Adaptive(Method):
    """A Runge–Kutta pair of orders 5 and 4 that chooses its steps, each neuron its own.

    Attributes
    ----------
    coupling, weights
        As of `RungeKutta`, of order 5.
    difference : tuple of float
        Weights of the estimate of the error: those of order 5 less those of order 4.
    dense : tuple of tuple of float
        Of each stage, what its rate contributes to the continuous extension: the coefficients of θ, θ², θ³, θ⁴.
    """

    coupling: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]
    difference: tuple[float, ...]
    dense: tuple[tuple[float, ...], ...]


_RK4 = RungeKutta(
    name="rk4",
    order=4,
    nodes=(0.0, 0.5, 0.5, 1.0),
    summary="the classical Runge–Kutta scheme of four stages",
    coupling=((), (0.5,), (0.0, 0.5), (0.0, 0.0, 1.0)),
    weights=(1 / 6, 1 / 3, 1 / 3, 1 / 6),
)

METHODS: Final[dict[str, Method]] = {
    method.name: method
    for method in (
        RungeKutta(
            name="euler",
            order=1,
            nodes=(0.0,),
            summary="explicit Euler",
            coupling=((),),
            weights=(1.0,),
        ),
        RungeKutta(
            name="heun",
            order=2,
            nodes=(0.0, 1.0),
            summary="the explicit trapezoidal rule",
            coupling=((), (1.0,)),
            weights=(0.5, 0.5),
        ),
        RungeKutta(
            name="midpoint",
            order=2,
            nodes=(0.0, 0.5),
            summary="the explicit midpoint rule",
            coupling=((), (0.5,)),
            weights=(0.0, 1.0),
        ),
        _RK4,
        ExponentialEuler(
            name="exponential-euler",
            order=1,
            nodes=(0.0,),
            summary="each state exactly, the others frozen over the step",
        ),
        ExponentialMidpoint(
            name="exponential-midpoint",
            order=2,
            nodes=(0.0, 0.5),
            summary="each state exactly, the others frozen at the middle of the step",
        ),
        Exact(
            name="exact",
            order=math.inf,
            nodes=(0.5,),
            summary="matrix exponential; linear models only",
        ),
        ExactRungeKutta(
            name="exact-rk4",
            order=4,
            nodes=(0.0, 0.5, 1.0),
            summary="linear subsystem by its matrix exponential, the rest by rk4",
            rest=_RK4,
        ),
    )
}


def find_method(name: str) -> Method:
    """A method by name.

    Raises
    ------
    InputError
        For an unknown name, with the legal ones.
    """
    if not isinstance(name, str) or name not in METHODS:
        raise InputError(f"unknown method {excerpt(name)}; legal: {', '.join(METHODS)}")
    return METHODS[name]
