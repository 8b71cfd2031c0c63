"""Pages, tables and pictures made from the models and the code, into generated/, before Sphinx reads anything."""

import math
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import typer
from execute import save_figure
from sphinx.application import Sphinx

import neurosim as ns
from neurosim.cli import app as cli
from neurosim.expression import names, parse
from neurosim.methods import METHODS
from neurosim.model.latex import symbol
from neurosim.units import UNITS, coherent_unit, parse_unit, to_number

HERE = Path(__file__).parent
GENERATED = HERE / "generated"

API = {  # module of the package: heading
    "simulation": "Simulation",
    "currents": "Currents",
    "recording": "Recordings",
    "experiments": "Experiments",
    "model": "Models",
    "check": "Checks",
    "methods": "Methods",
    "plot": "Figures",
    "errors": "Errors",
}


def generate(app: Sphinx) -> None:
    write("tables/units.md", units())
    write("tables/methods.md", methods())
    for name in ns.list_models():
        write(f"models/{name}.md", model_page(ns.load_model(name)))
    write("cli.md", "\n".join(["# Command line\n", *commands(typer.main.get_command(cli), "neurosim")]))
    write("api.md", "\n".join(["# Python\n", *api()]))
    for script in sorted((HERE.parent / "examples").glob("*.py")):
        run_example(script)


def write(path: str, text: str) -> None:
    """Write a page; leave it alone if nothing changed, so that Sphinx need not read it again."""
    target = GENERATED / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8")


def table(header: str, rows: Iterable[Iterable[object]]) -> str:
    """A table in Markdown; `header` has its columns between |."""
    count = header.count("|") + 1
    lines = [header, "|".join(["---"] * count)]
    lines += ["|".join(str(cell).replace("|", r"\|") for cell in row) for row in rows]
    return "\n".join(f"|{line}|" for line in lines) + "\n"


def pretty(unit: object) -> str:
    return str(unit).replace("uA", "µA").replace("uS", "µS").replace("^2", "²")


def code(text: object) -> str:
    return f"`{text}`"


def number(value: float) -> str:
    return "∞" if math.isinf(value) else f"{value:.10g}"


# Tables ----------------------------------------------------------------------------------------------------------


def units() -> str:
    kinds = ("time", "rate", "voltage", "current", "conductance", "resistance", "capacitance", "charge", "length")
    by_dimension: dict[Any, list[str]] = {}
    for name, (_, dimension) in UNITS.items():
        by_dimension.setdefault(dimension, []).append(name)
    rows = (
        (kind, " ".join(map(code, members)), code(coherent_unit(dimension).text) if kind != "length" else "")
        for kind, (dimension, members) in zip(kinds, by_dimension.items(), strict=True)
    )
    return table("Quantity|Units|Inside", rows)


def methods() -> str:
    rows = (
        (code(method.name), number(method.order), ", ".join(f"{node:g}" for node in method.nodes), method.summary)
        for method in METHODS.values()
    )
    return table("Method|Order|Input needed at|What it does", rows)


# Models ----------------------------------------------------------------------------------------------------------


def model_page(model: ns.Model) -> str:
    reference = re.sub(r"doi:(\S+)", r"[doi:\1](https://doi.org/\1)", model.reference)
    parts = [f"# {model.name}", model.summary, f"{reference}.", *pictures(model)]
    parts += ["## Equations", f"```{{math}}\n{model.latex()}\n```", "## Parameters"]
    parts.append(
        table(
            "Symbol|Name|Value|Unit|Meaning",
            (
                (f"${symbol(model, name)}$", code(name), number(entry.value), entry.unit, entry.meaning)
                for name, entry in model.parameters.items()
            ),
        )
    )
    if model.inputs:
        rows = ((f"${symbol(model, n)}$", code(n), e.unit or "1", e.meaning) for n, e in model.inputs.items())
        parts += ["## Inputs", table("Symbol|Name|Unit|Meaning", rows)]
    if model.states:
        rows = ((f"${symbol(model, n)}$", code(n), e.unit or "1", code(e.start.text)) for n, e in model.states.items())
        parts += ["## States", table("Symbol|Name|Unit|Starts at", rows)]
    parts += ["## Spikes", *spike_rule(model), "## Defaults"]
    parts += [f"Time step {model.dt:g} ms, method `{model.method}`; see [methods](/methods.md)."]
    parts += ["## Checks", checks(model), "## Model file", f"```toml\n{model.source.strip()}\n```\n"]
    return "\n\n".join(parts)


def spike_rule(model: ns.Model) -> Iterator[str]:
    spike = model.spike
    yield f"A spike happens when `{spike.threshold.text}` becomes true."
    if spike.reset:
        yield "It sets " + " and ".join(f"`{name} = {formula.text}`" for name, formula in spike.reset.items()) + "."
    if spike.refractory is not None:
        held = f", while {', '.join(map(code, spike.hold))} keeps its value" if spike.hold else ""
        yield f"The neuron is then refractory for `{spike.refractory.text}`{held}."


def checks(model: ns.Model) -> str:
    """What the file demands and what this version finds."""
    rows = []
    for result in ns.check_model(model):
        check, expected = model.checks[result.check - 1], result.expected
        changed = "".join(f", {name} = {value}" for name, value in check.parameters.items())
        variant = f"{check.variant}: " if check.variant else ""
        run = f"{variant}{words(check.input)}{changed}, {check.duration:g} ms"
        wanted, found = (value if isinstance(value, str) else number(value) for value in (expected.value, result.found))
        if not isinstance(expected.value, str):
            wanted = f"{wanted} ± {expected.tolerance:g} {expected.unit}".strip()
        rows.append((run, expected.quantity.replace("_", " "), wanted, found, expected.source))
    return table("Input and duration|Quantity|Expected|Found|Source", rows) if rows else "None."


def words(current: Any) -> str:
    """The input of a check."""
    if isinstance(current, Mapping):
        return ", ".join(f"{name} = {words(value)}" for name, value in current.items())
    return f"{current:g}" if isinstance(current, float) else str(current)


def pictures(model: ns.Model) -> Iterator[str]:
    """Response to a step of the strongest input in the checks, and the gain function up to twice that."""
    unit = parse_unit(next(iter(model.inputs.values())).unit if model.inputs else "1")
    amplitude = max((to_number(check.input, unit, "input") / unit.factor for check in model.checks), default=1.0) or 1.0
    current: Any = dict.fromkeys(model.inputs, 0.0) or None
    if current:
        current[next(iter(model.inputs))] = ns.step(amplitude, start=20, stop=180)
    seen = names(parse(model.spike.threshold.text)) & model.units.keys() - model.inputs.keys()
    recording = ns.simulate(model, current, 200, record=[name for name in model.units if name in seen])
    top = ns.plot_recording(recording)
    top.set_title(f"a step of {amplitude:g} {pretty(unit)}".strip(), loc="left", fontsize="medium")
    yield picture(top, model, "step", f"Response of {model.name} to a step")
    if len(model.inputs) == 1:
        curve = ns.gain_function(model, np.linspace(0, 2 * amplitude, 200)).plot()
        curve.set_title("gain function", loc="left", fontsize="medium")
        yield picture(curve, model, "gain", f"Gain function of {model.name}")


def picture(ax: Any, model: ns.Model, what: str, alt: str) -> str:
    (GENERATED / "models").mkdir(parents=True, exist_ok=True)
    save_figure(ax.get_figure(), GENERATED / "models" / f"{model.name}-{what}.svg")
    return f"![{alt}]({model.name}-{what}.svg)"


# Reference -------------------------------------------------------------------------------------------------------


def commands(command: Any, path: str, parent: Any = None) -> Iterator[str]:
    """A command, and all below it."""
    width = {"terminal_width": 92, "max_content_width": 92}
    context = command.make_context(path.split()[-1], [], parent=parent, resilient_parsing=True, **width)
    yield f"## {path}\n\n```text\n{command.get_help(context)}\n```\n"
    for name, part in getattr(command, "commands", {}).items():
        yield from commands(part, f"{path} {name}", context)


def api() -> Iterator[str]:
    """All public names, under the heading of the module they live in."""
    homes: dict[str, list[str]] = {module: [] for module in API}
    for name in ns.__all__:
        homes.setdefault(home_of(name), []).append(name)
    yield "Everything below is `neurosim.<name>`; `import neurosim as ns` is the custom here.\n"
    for module, members in homes.items():
        if members:
            yield f"## {API.get(module, module.capitalize())}\n\n```{{eval-rst}}\n.. currentmodule:: neurosim\n"
            yield from (entry(name) for name in members)
            yield "```\n"


def home_of(name: str) -> str:
    value = getattr(ns, name)
    module = getattr(value, "__module__", None)
    if module is None:  # a table, such as METHODS, does not know
        module = next(m for m in API if getattr(import_module(f"neurosim.{m}"), name, None) is value)
    return module.removeprefix("neurosim.").split(".")[0]


def entry(name: str) -> str:
    value = getattr(ns, name)
    if isinstance(value, type):
        if issubclass(value, Exception):
            return f".. autoexception:: {name}\n   :show-inheritance:\n"
        return f".. autoclass:: {name}\n   :members:\n"
    if callable(value):
        return f".. autofunction:: {name}\n"
    return f".. py:data:: {name}\n\n   A mapping with the keys {', '.join(f'``{key}``' for key in value)}.\n"


def run_example(script: Path) -> None:
    """Run an example; what it prints and draws goes into generated/examples."""
    folder = GENERATED / "examples"
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([sys.executable, str(script), str(folder)], capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        raise RuntimeError(f"{script.name} failed:\n{done.stderr}")
    write(f"examples/{script.stem}.txt", done.stdout)


def skip(app: Sphinx, what: str, name: str, value: Any, skipped: bool, options: Any) -> bool | None:
    """Leave out what Python writes about the fields of named tuples."""
    return True if str(value.__doc__).startswith("Alias for field number") else None


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", generate)
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True}
