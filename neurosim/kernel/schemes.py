"""How each method is written: lines that carry the states s_… of a neuron over a step.

The lines start `step` steps into the run and go over a step of `h` ms, `width` times the time step `dt`; i_…_k is an
input at the k-th node of the step, `free` says whether the states in `hold` move.
"""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ..errors import InputError
from ..methods import Exact, ExactRungeKutta, ExponentialEuler, ExponentialMidpoint, Method, RungeKutta
from ..model import Model
from .escape import HAZARD, integrated_after, without_hazard
from .layout import TICK
from .linear import generator_names, linear_form, matrix_names, propagated_states
from .rewrite import NotLinear, Slopes
from .writer import Writer

_SHORT = 40  # operations of rates that a processor overlaps for several neurons
AT_BEGIN, AT_END = "e_hazard", "f_hazard"  # of the step
_TERMS = 18  # of a Taylor series that is exact to rounding while norm times step is at most 1


@dataclass(frozen=True)
class Scheme:
    """A method written for a model.

    Attributes
    ----------
    functions : list of str
        What the lines call.
    coefficients : list of str
        Lines that depend on `h` alone.
    lines : list of str
    passes : list of list of str
        The same as loops over the neurons one after the other, each short enough that a processor overlaps several
        neurons; y_… and a_… are kept from one to the next. Empty where that is not worth while.
    partial : list of str
        The same for a step of any length; differs where `lines` use a matrix made for the whole step.
    steep : tuple of str
        For each state that a spike resets, the arguments with which `growth` tells by which part of itself its rate
        grows over the step; empty if the method does not know.
    hazard : str
        The hazard where the states are, if it is kept from the end of a step to the beginning of the next.
    matrices : tuple of str
        Rows of the tile that the host fills with `linear.matrices`.
    """

    functions: list[str] = field(default_factory=list)
    coefficients: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    partial: list[str] = field(default_factory=list)
    steep: tuple[str, ...] = ()
    passes: list[list[str]] = field(default_factory=list)
    hazard: str = ""
    matrices: tuple[str, ...] = ()


def write_scheme(model: Model, method: Method, writer: Writer, nodes: tuple[float, ...]) -> Scheme:
    """Write a fixed-step method for a model.

    Raises
    ------
    InputError
        Where the method cannot integrate the model, with methods that can.
    """
    if not model.states:
        return Scheme()
    if not integrated_after(model, method):
        return _SCHEMES[type(method)](model, method, writer, nodes)
    rest = without_hazard(model)
    return _then_hazard(model, _SCHEMES[type(method)](rest, method, writer, nodes), writer, nodes)


def _then_hazard(model: Model, rest: Scheme, writer: Writer, nodes: tuple[float, ...]) -> Scheme:
    """A scheme for all other states, and then the integral of the hazard by the trapezoid."""
    lines, results = writer.block([model.states[HAZARD].rate.tree])
    function = writer.function("hazard", lines, results)
    now = f"hazard({writer.arguments('hazard', 0.0, nodes)})"
    total = f"{AT_BEGIN} + {AT_END}"
    held = HAZARD in model.spike.hold
    after = [
        f"{AT_END} = {now}",
        f"s_{HAZARD} = fma(0.5*h, {f'select(free, {total}, 0.0)' if held else total}, s_{HAZARD})",
    ]
    return replace(
        rest,
        functions=[*rest.functions, function],
        lines=[*rest.lines, *after],
        partial=[f"{AT_BEGIN} = {now}", *rest.partial, *after],
        steep=(*rest.steep, f"h, 1.0, {AT_BEGIN}, {AT_END}, s_{HAZARD}"),
        passes=[],
        hazard=now,
    )


def _runge_kutta(model: Model, method: RungeKutta, writer: Writer, nodes: tuple[float, ...]) -> Scheme:
    function, lines = _stages(model, method, writer, nodes, list(model.states))
    steep = _steep(model, method, list(model.states))
    operations = sum(isinstance(node, ast.BinOp) for node in ast.walk(ast.parse(function)))
    passes = _passes(model, method, writer, nodes) if operations <= _SHORT else []
    return Scheme([function], coefficients(method), lines, lines, steep, passes)


def _stages(
    model: Model,
    method: RungeKutta,
    writer: Writer,
    nodes: tuple[float, ...],
    states: list[str],
    elsewhere: Callable[[float], dict[str, str]] = lambda node: {},
) -> tuple[str, list[str]]:
    """The stages of a Runge–Kutta scheme for `states`; the others are named by `elsewhere` at each node."""
    lines, rates = writer.block([model.states[name].rate.tree for name in states])
    function = writer.function("rates", lines, rates)
    body = []
    for i, couplings in enumerate(method.coupling, 1):
        prefix = "s_"
        if any(couplings):
            prefix = f"y{i}_"
            for name in states:
                terms = [(f"h{i}_{j}", f"r{j}_{name}") for j, a in enumerate(couplings, 1) if a]
                body.append(f"y{i}_{name} = {_fused(terms, f's_{name}')}")
        node = method.nodes[i - 1]
        arguments = writer.arguments("rates", node, nodes, prefix, elsewhere(node))
        body.append(f"{', '.join(f'r{i}_{name}' for name in states)} = rates({arguments})")
        body += [f"r{i}_{name} = select(free, r{i}_{name}, 0.0)" for name in model.spike.hold if name in states]
    for name in states:
        terms = [(f"w{j}", f"r{j}_{name}") for j, b in enumerate(method.weights, 1) if b]
        body.append(f"s_{name} = {_fused(terms, f's_{name}')}")
    return function, body


def _passes(model: Model, method: RungeKutta, writer: Writer, nodes: tuple[float, ...]) -> list[list[str]]:
    """A pass for each stage, where each stage starts from the rates of the one before: the same sums, in one order."""
    stages = len(method.weights)
    if stages == 1 or any(a for row in method.coupling for a in row[:-1]):
        return []
    passes = []
    for i in range(1, stages + 1):
        prefix, total = ("s_", "s_") if i == 1 else ("y_", "a_")
        arguments = writer.arguments("rates", method.nodes[i - 1], nodes, prefix)
        lines = [f"{', '.join(f'r{i}_{name}' for name in model.states)} = rates({arguments})"]
        lines += [f"r{i}_{name} = select(free, r{i}_{name}, 0.0)" for name in model.spike.hold]
        for name in model.states:
            weighted = f"fma(w{i}, r{i}_{name}, {total}{name})" if method.weights[i - 1] else f"{total}{name}"
            lines.append(f"{'s_' if i == stages else 'a_'}{name} = {weighted}")
            if i < stages:
                lines.append(f"y_{name} = fma(h{i + 1}_{i}, r{i}_{name}, s_{name})")
        passes.append(lines)
    return passes


def _steep(model: Model, method: RungeKutta, states: list[str]) -> tuple[str, ...]:
    stages = len(method.weights)
    if stages == 1:
        return ()
    share = repr(method.nodes[-1])
    return tuple(f"h, {share}, r1_{name}, r{stages}_{name}, s_{name}" for name in model.spike.reset if name in states)


def _fused(products: Sequence[tuple[str, str]], start: str) -> str:
    """The sum of a start and products, by fused multiply-adds."""
    for a, b in products:
        start = f"fma({a}, {b}, {start})"
    return start


def coefficients(method: RungeKutta) -> list[str]:
    """The coefficients of a Runge–Kutta scheme times the step."""
    lines = [f"h{i}_{j} = {a!r} * h" for i, row in enumerate(method.coupling, 1) for j, a in enumerate(row, 1) if a]
    return lines + [f"w{j} = {b!r} * h" for j, b in enumerate(method.weights, 1) if b]


# Each state as x' = a + bx, a and b frozen: x changes by h·x'·(e^(bh) - 1)/(bh), whose quotient is 1/exprelr(bh) ---


def _slopes(model: Model, refusal: str | None) -> list[ast.expr]:
    """Of each state, its rate's derivative with respect to it; 0 where that is not linear, or the refusal."""
    defines = {name: formula.tree for name, formula in model.defines.items()}
    slopes: list[ast.expr] = []
    for name, state in model.states.items():
        try:
            slopes.append(Slopes(name, defines).of(state.rate.tree) or ast.Constant(0.0))
        except NotLinear:
            if refusal is not None:
                raise InputError(refusal.format(name=name, model=model.name)) from None
            slopes.append(ast.Constant(0.0))
    return slopes


def _rates_and_slopes(model: Model, writer: Writer, slopes: list[ast.expr]) -> str:
    lines, results = writer.block([*(state.rate.tree for state in model.states.values()), *slopes])
    return writer.function("rates_and_slopes", lines, results)


def _frozen(model: Model, rates: str, arguments: str) -> list[str]:
    """Lines that compute the rates, named `rates`1_…, and the slopes, named `rates`2_…."""
    targets = [f"{rates}{k}_{name}" for k in (1, 2) for name in model.states]
    lines = [f"{', '.join(targets)} = rates_and_slopes({arguments})"]
    return lines + [f"{rates}1_{name} = select(free, {rates}1_{name}, 0.0)" for name in model.spike.hold]


_NOT_LINEAR = (
    "exponential-euler needs the rate of each state to be linear in it, which that of {name} in {model} is not; "
    "use rk4 or exponential-midpoint"
)


def frozen_slopes(model: Model) -> list[ast.expr]:
    """Of each state, its rate's derivative with respect to it.

    Raises
    ------
    InputError
        Where a rate is not linear in its own state.
    """
    return _slopes(model, _NOT_LINEAR)


def slopes_where_linear(model: Model) -> list[ast.expr]:
    """Of each state, its rate's derivative with respect to it; 0 where the rate is not linear in it."""
    return _slopes(model, None)


def _exponential_euler(model: Model, method: ExponentialEuler, writer: Writer, nodes: tuple[float, ...]) -> Scheme:
    function = _rates_and_slopes(model, writer, frozen_slopes(model))
    lines = _frozen(model, "r", writer.arguments("rates_and_slopes", 0.0, nodes))
    lines += [f"s_{name} = s_{name} + h*r1_{name}/exprelr(h*r2_{name})" for name in model.states]
    return Scheme([function], [], lines, lines)


def _exponential_midpoint(
    model: Model, method: ExponentialMidpoint, writer: Writer, nodes: tuple[float, ...]
) -> Scheme:
    slopes = slopes_where_linear(model)
    linear = {name: ast.unparse(slope) != "0.0" for name, slope in zip(model.states, slopes, strict=True)}
    function = _rates_and_slopes(model, writer, slopes)
    lines = _frozen(model, "r", writer.arguments("rates_and_slopes", 0.0, nodes))
    for name in model.states:
        growth = f"half*r1_{name}/exprelr(half*r2_{name})" if linear[name] else f"half*r1_{name}"
        lines.append(f"m_{name} = s_{name} + {growth}")
    lines += _frozen(model, "q", writer.arguments("rates_and_slopes", 0.5, nodes, "m_"))
    for name in model.states:
        growth = f"h*q1_{name}"
        if linear[name]:
            back = f"q1_{name} + q2_{name}*(s_{name} - m_{name})"
            back = f"select(free, {back}, 0.0)" if name in model.spike.hold else back
            growth = f"h*({back})/exprelr(h*q2_{name})"
        lines.append(f"s_{name} = s_{name} + {growth}")
    steep = tuple(f"h, 0.5, r1_{name}, q1_{name}, s_{name}" for name in model.spike.reset)
    return Scheme([function], ["half = 0.5*h"], lines, lines, steep)


# Linear parts by matrices ----------------------------------------------------------------------------------------


def _exact(model: Model, method: Exact, writer: Writer, nodes: tuple[float, ...]) -> Scheme:
    states = list(model.states)
    linear_form(model, states, method)
    at = [nodes.index(0.5)]
    lines = _propagated(model, states, "P", "x_", at)
    keep = [f"s_{name} = x_{name}" for name in states]
    function, call = _flow(model, states, at)
    matrices = (*matrix_names(model, states, "PH", 1), *generator_names(model, states))
    return Scheme([function], [], lines + keep, [*_flowing(call, states, "x_", "h"), *keep], matrices=matrices)


def _exact_runge_kutta(model: Model, method: ExactRungeKutta, writer: Writer, nodes: tuple[float, ...]) -> Scheme:
    states = propagated_states(model, method)
    linear_form(model, states, method)
    at = [nodes.index(node) for node in (0.0, 0.5, 1.0)]
    whole = _propagated(model, states, "Q", "m_", at) + _propagated(model, states, "P", "x_", at)
    function, call = _flow(model, states, at)
    pieces = _flowing(call, states, "m_", "0.5*h") + _flowing(call, states, "x_", "h")
    functions, rest, steep = [function], [f"s_{name} = x_{name}" for name in states], tuple[str, ...]()
    others = [name for name in model.states if name not in states]
    if others:
        places = {0.0: "s_", 0.5: "m_", 1.0: "x_"}
        stages, body = _stages(
            model, method.rest, writer, nodes, others, lambda node: dict.fromkeys(states, places[node])
        )
        functions, rest, steep = [function, stages], body + rest, _steep(model, method.rest, others)
    matrices = (*matrix_names(model, states, "PQHK", 3), *generator_names(model, states))
    return Scheme(functions, coefficients(method.rest), whole + rest, pieces + rest, steep, matrices=matrices)


def _propagated(model: Model, states: list[str], letter: str, result: str, at: list[int]) -> list[str]:
    """Lines that carry the linear states by a matrix; by another while the states in `hold` are held."""
    held = {"P": "H", "Q": "K"}[letter]
    hold = set(model.spike.hold) & set(states)
    lines = []
    for name in states:
        lines.append(f"{result}{name} = {_row(model, states, letter, name, at)}")
        if name in hold:
            lines.append(f"{result}{name} = select(free, {result}{name}, s_{name})")
        elif hold:
            lines.append(f"{result}{name} = select(free, {result}{name}, {_row(model, states, held, name, at)})")
    return lines


def _row(model: Model, states: list[str], letter: str, name: str, at: list[int]) -> str:
    row = f"{letter}{states.index(name)}"
    terms = [f"{row}_{other}*s_{other}" for other in states]
    terms += [f"{row}_{other}_{k}*i_{other}_{node}" for other in model.inputs for k, node in enumerate(at)]
    return f"s_{name} + ({' + '.join([*terms, f'{row}_1'])})"


def _flow(model: Model, states: list[str], at: list[int]) -> tuple[str, str]:
    """A function that solves the linear equations over any time by their Taylor series, and how to call it.

    x = Σ c_k τ^k with c_(k+1) = (A c_k + B u_k + c δ_k0)/(k + 1), where u_k are the coefficients of the input, a
    polynomial of degree 0 or 2 in the step.
    """
    entries = [name for name in generator_names(model, states) if name != "norm"]
    inputs = [f"i_{name}_{node}" for name in model.inputs for node in at]
    parameters = ["norm", *(f"s_{name}" for name in states), *inputs, *entries, "width", "dt", "free"]
    body = ["pieces = int(min(norm*h, 1e6)) + 1", "g = h/pieces", "for piece in range(pieces):", "    size = 1.0"]
    for name in model.inputs:
        body += ["    " + line for line in _polynomial(name, at)]
    body += [f"    c_{name} = s_{name}" for name in states]
    body.append(f"    for k in range({_TERMS}):")
    body += ["        if k > 3 and size < 1e-17:", "            break", "        size = size*norm*g/(k + 1)"]
    for i, name in enumerate(states):
        terms = [f"A{i}_{other}*c_{other}" for other in states]
        terms += [f"A{i}_{other}*u_{other}" for other in model.inputs]
        line = f"g*({' + '.join(terms)} + (A{i}_1 if k == 0 else 0.0))/(k + 1)"
        body.append(f"        n_{name} = " + (f"{line} if free else 0.0" if name in model.spike.hold else line))
    for name in model.inputs:
        body += [f"        u_{name} = v_{name}", f"        v_{name} = w_{name}", f"        w_{name} = 0.0"]
    for name in states:
        body += [f"        c_{name} = n_{name}", f"        s_{name} = s_{name} + c_{name}"]
    body.append(f"return {', '.join(f's_{name}' for name in states)}")
    signature = f"def flow(h, {', '.join(parameters)}):"
    function = "\n".join(["@inline", signature, *("    " + line for line in body)])
    return function, f"flow({{}}, {', '.join(parameters)})"


def _polynomial(name: str, at: list[int]) -> list[str]:
    """The input as u + v·τ/g + w·(τ/g)² from the start of a piece on."""
    if len(at) == 1:
        return [f"u_{name} = i_{name}_{at[0]}", f"v_{name} = w_{name} = 0.0"]
    first, middle, last = (f"i_{name}_{node}" for node in at)
    whole = f"max(width, {TICK!r})*dt"
    return [
        f"b_{name} = (4.0*{middle} - 3.0*{first} - {last})/({whole})",
        f"a_{name} = 2.0*({first} - 2.0*{middle} + {last})/({whole})**2",
        f"u_{name} = {first} + piece*g*(b_{name} + a_{name}*(piece*g))",
        f"v_{name} = g*(b_{name} + 2.0*a_{name}*(piece*g))",
        f"w_{name} = a_{name}*g*g",
    ]


def _flowing(call: str, states: list[str], result: str, length: str) -> list[str]:
    return [f"{', '.join(result + name for name in states)} = {call.format(length)}"]


_SCHEMES: dict[type[Method], Callable[..., Scheme]] = {
    RungeKutta: _runge_kutta,
    ExponentialEuler: _exponential_euler,
    ExponentialMidpoint: _exponential_midpoint,
    Exact: _exact,
    ExactRungeKutta: _exact_runge_kutta,
}
