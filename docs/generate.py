"""Pages, tables and pictures made from the models and the code, into generated/, before Sphinx reads anything."""

import math
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import illustrate
import matplotlib
import typer
from execute import save_figure
from illustrate import pretty
from peers import figures as peer_figures
from peers import tables as peer_tables
from sphinx.application import Sphinx

import neurosim as ns
from neurosim.cli import app as cli
from neurosim.expression import names
from neurosim.methods import METHODS
from neurosim.model.latex import symbol
from neurosim.model.meaning import reach
from neurosim.units import UNITS, coherent_unit, parse_unit

HERE = Path(__file__).parent
GENERATED = HERE / "generated"

API = {  # module of the package: heading
    "simulation": "Simulation",
    "currents": "Currents",
    "noise": "Noise currents",
    "recording": "Recordings",
    "files": "Recordings on disk, recorded currents",
    "receipt": "Receipts",
    "experiments": "Gain functions",
    "distributions": "Interval distributions",
    "spikes": "Statistics of spike trains",
    "phase": "Phase plane",
    "flow": "Fixed points",
    "bifurcations": "Bifurcations",
    "excitability": "Excitability",
    "zap": "Impedance",
    "theory": "Theory",
    "kernel": "Equations of your own",
    "model": "Models",
    "check": "Checks",
    "methods": "Methods",
    "artificial": "Artificial neurons and associative memory",
    "plot": "Figures",
    "errors": "Errors",
}
ELSEWHERE = {  # names whose heading is not that of their module
    **dict.fromkeys(("white_noise", "ornstein_uhlenbeck", "poisson_input", "membrane_noise"), "noise"),
    "Agreement": "distributions",
}


def generate(app: Sphinx) -> None:
    write("tables/units.md", units())
    write("tables/methods.md", methods())
    with ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=matplotlib.use, initargs=("Agg",)) as pool:
        list(pool.map(write_model_page, ns.list_models()))
    write("tables/gallery.md", gallery([ns.load_model(name) for name in ns.list_models()]))
    peers()
    write("cli.md", "\n".join(["# Command line\n", *commands(typer.main.get_command(cli), "neurosim")]))
    write("api.md", "\n".join(["# Python\n", *api()]))
    for script in sorted((HERE.parent / "examples").glob("*.py")):
        run_example(script)


def write_model_page(name: str) -> None:
    write(f"models/{name}.md", model_page(ns.load_model(name)))


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


def peers() -> None:
    """The comparison with other simulators, from the figures that its benchmark left."""
    result = peer_tables.load()
    write("tables/peers.md", peer_tables.short(result))
    write("tables/peers-machine.md", peer_tables.machine(result))
    write("tables/peers-searched.md", peer_tables.searched(result))
    for name in result["figures"]:
        write(f"tables/peers-{name}.md", peer_tables.section(result, name))
    for draw in (peer_figures.work_precision, peer_figures.growth):
        target = GENERATED / "peers" / f"{draw.__name__}.svg"
        target.parent.mkdir(parents=True, exist_ok=True)
        save_figure(draw(result), target)


# Models ----------------------------------------------------------------------------------------------------------


def model_page(model: ns.Model) -> str:
    reference = re.sub(r"doi:([^\s;,]+)", r"[doi:\1](<https://doi.org/\1>)", model.reference)
    parts = [f"# {model.name}", model.summary, f"{reference}.", *pictures(model)]
    parts += [*variants(model), "## Equations", f"```{{math}}\n{model.latex()}\n```", "## Parameters"]
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
    spike, rule = model.spike, model.spike.rule.text
    if spike.kind == "threshold":
        yield f"[A spike happens](/methods.md#when-a-spike-happens) when `{rule}` becomes true."
    elif spike.kind == "probability":
        assert spike.per is not None
        yield f"[Chance decides](/model-files.md#spike) at every multiple of `{spike.per.text}`."
        yield f"The probability of a spike is then `{rule}`."
    else:
        yield f"[Chance decides](/model-files.md#spike) at all times. The rate of the spikes is `{rule}`."
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
    """Response and gain function, with where it begins; a small picture for the gallery."""
    recording, label = illustrate.response(model)
    top = illustrate.draw(recording)
    crowd = f"{recording.neurons} neurons, " if recording.neurons > 1 else ""
    top.set_title(f"{crowd}{label}", loc="left", fontsize="medium")
    yield picture(top, model, "response", f"Response of {model.name} to {label}")
    picture(illustrate.thumbnail(recording), model, "small", "")
    if model.spike.is_random:
        yield from random_pictures(model)
    elif model.inputs:
        curve, onset = illustrate.gain(model)
        curve.set_title("gain function", loc="left", fontsize="medium")
        yield picture(curve, model, "gain", f"Gain function of {model.name}")
        if onset:
            unit = pretty(next(iter(model.inputs.values())).unit)
            yield (
                f"Measured in runs of {onset.duration / 1000:g} s: repetitive firing begins at "
                f"{f'{onset.input:.5g} {unit}'.strip()}, with {onset.rate:.3g} Hz, and is of "
                f"[kind](/gain-functions.md#kind) {onset.kind}."
            )


def random_pictures(model: ns.Model) -> Iterator[str]:
    """Gain function and intervals where chance is at work, beside theory, and whether they fit it."""
    gain, intervals = illustrate.random_gain(model), illustrate.intervals(model)
    curve, histogram = gain.plot(), intervals.plot()
    curve.set_title("gain function", loc="left", fontsize="medium")
    yield picture(curve, model, "gain", f"Gain function of {model.name}")
    yield picture(histogram, model, "intervals", f"Interval distribution of {model.name}")
    yield (
        f"Measured with {gain.trials} neurons for each input in runs of {gain.duration / 1000:g} s, and over "
        f"{intervals.intervals.size:,} intervals; the bands are two standard errors wide on each side."
    )
    try:
        yield (
            f"[Theory](/theory.md): the largest deviation of a rate is {gain.agreement():.2g} standard errors, of "
            f"{gain.rate.size} rates. The interval distribution {intervals.agreement()}."
        )
    except ns.NoTheory as reason:
        yield f"There is {reason}."


def variants(model: ns.Model) -> Iterator[str]:
    """Their parameters and currents, and what they do."""
    if not model.variants:
        return
    yield "## Variants"
    yield f'`load_model("{model.name}").variant(NAME)`, or `neurosim run {model.name} --variant NAME`.'
    if (drawn := illustrate.variants(model)) is not None:
        yield picture(drawn, model, "variants", f"Variants of {model.name}, each with its current")
    rows = (
        (
            code(name),
            variant.summary,
            ", ".join(code(f"{key} = {words(value)}") for key, value in variant.parameters.items()) or "none",
            code(variant.current) if variant.current else "",
            "" if variant.duration is None else f"{variant.duration:g} ms",
        )
        for name, variant in model.variants.items()
    )
    yield table("Name|What it shows|Changed parameters|Current|Duration", rows)


def picture(ax: Any, model: ns.Model, what: str, alt: str) -> str:
    (GENERATED / "models").mkdir(parents=True, exist_ok=True)
    save_figure(ax.get_figure(), GENERATED / "models" / f"{model.name}-{what}.svg")
    return f"![{alt}]({model.name}-{what}.svg)"


# Gallery ---------------------------------------------------------------------------------------------------------

GROUPS = {
    "Conductance-based": "Spikes arise from the conductances of the membrane, which depend on its potential.",
    "Relaxation oscillators": "Spikes arise from the equations here too, but these are of pure numbers.",
    "Integrate-and-fire": "A spike happens at a threshold, and a rule says what follows.",
    "Escape noise": "A membrane, or another memory of several spikes, sets the chance of a spike at each moment.",
    "Renewal": "There is no differential equation: at most the time since the last spike counts.",
    "Threshold units": "No memory at all: in every step of time the input alone decides, with chance or without.",
}


def group(model: ns.Model) -> str:
    """What makes the spikes of a model, from its equations and units."""
    if not model.states:
        trees = {name: formula.tree for name, formula in model.defines.items()}
        remembers = "since_spike" in reach(names(model.spike.rule.tree), trees)
        return "Threshold units" if model.spike.kind == "probability" and not remembers else "Renewal"
    if model.spike.is_random:
        return "Escape noise"
    if model.spike.reset:
        return "Integrate-and-fire"
    conductances = {parse_unit(unit).dimension for unit in ("nS", "mS/cm^2")}
    found = {parse_unit(parameter.unit).dimension for parameter in model.parameters.values()} & conductances
    return "Conductance-based" if found else "Relaxation oscillators"


def gallery(models: Iterable[ns.Model]) -> str:
    """All models in groups: picture, name, summary."""
    members: dict[str, list[ns.Model]] = {title: [] for title in GROUPS}
    for model in models:
        members[group(model)].append(model)
    return "\n\n".join(
        f"## {title}\n\n{GROUPS[title]}\n\n::::{{container}} gallery\n" + "\n".join(map(card, members[title])) + "::::"
        for title in GROUPS
        if members[title]
    )


def card(model: ns.Model) -> str:
    page = f"/generated/models/{model.name}"
    count = f" {len(model.variants)} variants." if len(model.variants) > 1 else ""
    return (
        f":::{{container}} model\n[![Response of {model.name}]({page}-small.svg)]({page}.md)\n\n"
        f"[{model.name}]({page}.md)\n\n{model.summary}{count}\n:::\n"
    )


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
    if name in ELSEWHERE:
        return ELSEWHERE[name]
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
