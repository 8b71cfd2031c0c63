"""The kernel of a method that chooses its steps: one neuron after the other, each at its own pace.

Times are in steps of the recording's dt, multiples of `TICK`. A neuron is `here`; behind it lies what is done, before
it the rest of a step that was accepted, up to `stop`, known by the polynomial o + θ(q1 + θ(q2 + θ(q3 + θ q4))). A step
never crosses an edge of the input or the end of a refractory time, and ends where the neuron spikes.
"""

from ..methods import Adaptive
from ..model import Model
from .layout import BOOKKEEPING, TICK, TILE, Layout, needs_since_spike
from .margin import margin_of
from .templates import ADAPTIVE, fill, indented
from .writer import Writer, names_in

_PLACES = ("here", "begin", "length", "stop", "crosses", "next", "forced", "piece")


def write_adaptive(model: Model, method: Adaptive, writer: Writer) -> tuple[str, Layout]:
    """Source of the module that defines `advance`, and the layout of its tiles."""
    lines, rates = writer.block([state.rate.tree for state in model.states.values()])
    functions = [writer.function("rates", lines, rates, "separate")] if model.states else []
    lines, results = writer.block([model.spike.rule.tree, margin_of(model)])
    functions.append(writer.function("threshold", lines, results))
    reset_lines, reset = writer.block([formula.tree for formula in model.spike.reset.values()])
    layout = _layout(model, method, writer)
    row, spike = layout.row, model.spike
    constants = [f"{name} = tile[{row[name]}, j]" for name in writer.constants]
    uses_since = needs_since_spike(model)
    theta = [f"s_{name} = tile[{row[f'o_{name}']}, j] + {_polynomial(row, name)}" for name in model.states]
    inputs = [f"i_{name} = driven(edges, pieces, amplitude, target, {i}, piece, place, dt, j)"
              for i, name in enumerate(model.inputs)]  # fmt: skip
    spiking = ["tile[LAST_SPIKE, j] = until"]
    if spike.refractory is not None:
        spiking.append("tile[FREE_FROM, j] = until + tile[REFRACTORY, j]")
    spiking.append(f"tile[ABOVE, j] = {'0.0' if spike.reset or uses_since else '1.0'}")
    needed = names_in([*reset_lines, *reset])
    clocks = {"t": "until*dt", "since_spike": "(until - tile[LAST_SPIKE, j])*dt"}
    finish = [
        *(f"{name} = {clock}" for name, clock in clocks.items() if name in needed),
        *(line for line in inputs if line.split(" = ")[0] in needed),
        *reset_lines,
        *(f"x_{name} = {result}" for name, result in zip(spike.reset, reset, strict=True)),
        *spiking,
        *(f"s_{name} = x_{name}" for name in spike.reset),
        *(f"tile[{row[f's_{name}']}, j] = s_{name}" for name in spike.reset),
    ]
    parts = {
        "constants": indented(constants, 2),
        "start": indented([f"o_{name} = tile[{row[f's_{name}']}, j]" for name in model.states], 4),
        "stages": indented(_stages(model, method, writer), 5),
        "straight": indented(
            [f"r{j}_{name} = r1_{name}" for j in range(2, len(method.weights) + 1) for name in model.states], 5
        ),
        "finite": [" and ".join(f"is_finite(r1_{name})" for name in model.states) or "True"],
        "error": indented(_error(model, method), 5),
        "keep": indented(_keep(model, method, row), 4),
        "evaluate": indented(theta, 5),
        "inputs": indented(inputs, 5),
        "look": indented([f"now, margin = threshold({_look(writer)})"], 5),
        "at_sample": indented([*theta, *_store(model, row)], 4),
        "at_end": indented([*theta, *_store(model, row)], 3),
        "finish": indented(finish, 4),
    }
    text = ADAPTIVE.replace("{functions}", "\n\n\n".join(functions))
    text = text.replace("{model}", model.name).replace("{method}", method.name).replace("{rows}", str(layout.rows))
    for name, numbers in (("bookkeeping", BOOKKEEPING), ("places", _PLACES)):
        text = text.replace(f"{{{name}}}", ", ".join(key.upper() for key in numbers))
        text = text.replace(f"{{rows of {name}}}", ", ".join(str(row[key]) for key in numbers))
    text = text.replace("{tile}", str(TILE)).replace("{tick}", repr(TICK))
    return fill(text, parts) + "\n", layout


def _layout(model: Model, method: Adaptive, writer: Writer) -> Layout:
    kept = [f"{letter}_{name}" for letter in ("o", "q1", "q2", "q3", "q4") for name in model.states]
    order = [*(f"s_{name}" for name in model.states), *BOOKKEEPING, *_PLACES, *kept, *writer.constants]
    row = {name: number for number, name in enumerate(order)}
    return Layout(method, row, dict(writer.constants), (), len(row), (), len(row), TICK)


def _look(writer: Writer) -> str:
    """What the threshold is called with at `place`."""
    clocks = {"t": "place*dt", "since_spike": "(place - tile[LAST_SPIKE, j])*dt"}
    return ", ".join(clocks.get(argument, argument) for argument in writer.needs("threshold"))


def _polynomial(row: dict[str, int], name: str) -> str:
    q = [f"tile[{row[f'q{k}_{name}']}, j]" for k in range(1, 5)]
    return f"theta*({q[0]} + theta*({q[1]} + theta*({q[2]} + theta*{q[3]})))"


def _stages(model: Model, method: Adaptive, writer: Writer) -> list[str]:
    """Rates r1_… at the stages of a step from o_… on; y7_… is its end."""
    if not model.states:
        return []
    body = []
    for i, (couplings, node) in enumerate(zip(method.coupling, method.nodes, strict=True), 1):
        place = "here" if node == 0 else f"here + {node!r}*length"
        body.append(f"place = {place}")
        body += [
            f"i_{name} = driven(edges, pieces, amplitude, target, {k}, piece, place, dt, j)"
            for k, name in enumerate(model.inputs)
            if f"i_{name}" in writer.needs("rates")
        ]
        for name in model.states:
            start = f"o_{name}"
            for j, a in enumerate(couplings, 1):
                if a:
                    start = f"fma({a!r}*h, r{j}_{name}, {start})"
            body.append(f"y{i}_{name} = {start}")
        clocks = {"t": "place*dt", "since_spike": "(place - tile[LAST_SPIKE, j])*dt"}
        arguments = [
            clocks.get(argument, f"y{i}_{argument[2:]}" if argument.startswith("s_") else argument)
            for argument in writer.needs("rates")
        ]
        body.append(f"{', '.join(f'r{i}_{name}' for name in model.states)} = rates({', '.join(arguments)})")
        body += [f"r{i}_{name} = r{i}_{name} if free else 0.0" for name in model.spike.hold]
    return body


def _error(model: Model, method: Adaptive) -> list[str]:
    """The largest estimate of an error, in tolerances."""
    lines = ["error = 0.0"]
    for name in model.states:
        estimate = " + ".join(f"{d!r}*r{j}_{name}" for j, d in enumerate(method.difference, 1) if d)
        tolerance = f"atol + rtol*max(abs(o_{name}), abs(y7_{name}))"
        lines.append(f"error = maximum(error, abs(h*({estimate}))/({tolerance}))")
    return lines


def _keep(model: Model, method: Adaptive, row: dict[str, int]) -> list[str]:
    """Rows of the polynomial of the accepted step."""
    lines = [f"tile[{row[f'o_{name}']}, j] = o_{name}" for name in model.states]
    for k in range(4):
        for name in model.states:
            terms = " + ".join(f"{p[k]!r}*r{j}_{name}" for j, p in enumerate(method.dense, 1) if p[k])
            lines.append(f"tile[{row[f'q{k + 1}_{name}']}, j] = h*({terms})")
    return lines


def _store(model: Model, row: dict[str, int]) -> list[str]:
    return [f"tile[{row[f's_{name}']}, j] = s_{name}" for name in model.states]
