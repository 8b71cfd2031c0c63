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

    Raises ValueError unless a is strictly lower triangular, its rows sum to c, and the conditions of `order` hold.
    """

    coupling: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        _check_tableau(self.name, self.coupling, self.nodes)
        for number in range(1, int(self.order) + 1):
            _check_order(self.name, self.coupling, self.weights, number)


Tree = tuple["Tree", ...]


def _trees(nodes: int) -> list[Tree]:
    """All rooted trees of so many nodes, each as the tuple of its branches."""
    return _forests(nodes - 1, nodes - 1)


def _forests(nodes: int, largest: int) -> list[Tree]:
    """All sets of trees of so many nodes in all, none with more than `largest`; each set as a sorted tuple."""
    if nodes == 0:
        return [()]
    found = {
        tuple(sorted((tree, *others)))
        for size in range(1, min(nodes, largest) + 1)
        for tree in _trees(size)
        for others in _forests(nodes - size, size)
    }
    return sorted(found)


def _density(tree: Tree) -> tuple[int, int]:
    """Nodes of a tree, and its density: the product of the sizes of all its subtrees."""
    branches = [_density(branch) for branch in tree]
    nodes = 1 + sum(size for size, _ in branches)
    return nodes, nodes * math.prod(density for _, density in branches)


def _elementary_weights(coupling: tuple[tuple[float, ...], ...], tree: Tree) -> list[float]:
    """Of every stage, the product over the branches of what the stages before contribute."""
    branches = [_elementary_weights(coupling, branch) for branch in tree]
    sums = [[sum(a * w for a, w in zip(row, weights, strict=False)) for row in coupling] for weights in branches]
    return [math.prod(values) for values in zip(*sums, strict=True)] if branches else [1.0] * len(coupling)


def _check_order(
    name: str, coupling: tuple[tuple[float, ...], ...], weights: tuple[float, ...], order: int, share: float = 1.0
) -> None:
    """Conditions of one order for a step, or for `share` of it: one condition for each rooted tree.

    Hairer, Nørsett & Wanner 1993, Solving Ordinary Differential Equations I, theorem II.2.13.
    """
    for tree in _trees(order):
        found = sum(b * w for b, w in zip(weights, _elementary_weights(coupling, tree), strict=True))
        if not math.isclose(found, share**order / _density(tree)[1], abs_tol=1e-14):
            raise ValueError(f"{name}: a condition of order {order} does not hold")


def _check_tableau(name: str, coupling: tuple[tuple[float, ...], ...], nodes: tuple[float, ...]) -> None:
    if len(coupling) != len(nodes) or any(len(row) != i for i, row in enumerate(coupling)):
        raise ValueError(f"{name}: the tableau is not explicit")
    if any(not math.isclose(sum(row), node, abs_tol=1e-14) for row, node in zip(coupling, nodes, strict=True)):
        raise ValueError(f"{name}: a row of the coupling does not sum to its node")


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

    def __post_init__(self) -> None:
        _check_tableau(self.name, self.coupling, self.nodes)
        less = tuple(b - d for b, d in zip(self.weights, self.difference, strict=True))
        for order in range(1, 6):
            _check_order(self.name, self.coupling, self.weights, order)
            if order < 5:
                _check_order(self.name, self.coupling, less, order)
                for share in (0.25, 0.5, 0.75, 1.0):
                    _check_order(self.name, self.coupling, self.weights_at(share), order, share)

    def weights_at(self, share: float) -> tuple[float, ...]:
        """Weights of the continuous extension at a share of the step."""
        return tuple(sum(p * share**k for k, p in enumerate(row, 1)) for row in self.dense)


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
        Adaptive(
            name="dopri5",
            order=5,
            nodes=(0.0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0),
            summary="the pair of Dormand and Prince with steps of its own choice and dense output",
            coupling=(
                (),
                (1 / 5,),
                (3 / 40, 9 / 40),
                (44 / 45, -56 / 15, 32 / 9),
                (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
                (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
                (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
            ),
            weights=(35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84, 0.0),
            difference=(71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40),
            dense=(
                (1.0, -8048581381 / 2820520608, 8663915743 / 2820520608, -12715105075 / 11282082432),
                (0.0, 0.0, 0.0, 0.0),
                (0.0, 131558114200 / 32700410799, -68118460800 / 10900136933, 87487479700 / 32700410799),
                (0.0, -1754552775 / 470086768, 14199869525 / 1410260304, -10690763975 / 1880347072),
                (0.0, 127303824393 / 49829197408, -318862633887 / 49829197408, 701980252875 / 199316789632),
                (0.0, -282668133 / 205662961, 2019193451 / 616988883, -1453857185 / 822651844),
                (0.0, 40617522 / 29380423, -110615467 / 29380423, 69997945 / 29380423),
            ),
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
