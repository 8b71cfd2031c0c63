"""Writes a translation as a script for Brian2 that needs nothing else."""

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np

from ..model import Input, Parameter
from .translate import Translation
from .words import Amount


def script_of(translation: Translation) -> str:
    """The script: text from the model file enters it only through `repr`, names and units in texts included."""
    setup, lines = translation.setup, translation.lines
    model = setup.model
    parts = [
        f"# {model.name!a}: {model.summary!a}",
        f"# {model.reference!a}",
        "from brian2 import *",
        *(["from brian2.utils.stringtools import word_substitute"] if translation.scheme.options else []),
        "",
        f"defaultclock.dt = {setup.dt!r}*ms",
    ]
    if setup.is_random:
        parts.append(f"seed({setup.seed % 2**32})")
    if translation.divides_by_zero:
        parts.append("prefs.codegen.target = 'numpy'  # Cython stops at 1/0, also where it is dropped by where()")
        parts.append("seterr(divide='ignore', invalid='ignore')")
    parts += [*_functions(translation), *_updater(translation)]
    parts += ["", "namespace = {", *_numbers(translation), "}", "", "equations = ("]
    parts += [f"    {line + chr(10)!r}" for line in lines.equations]
    parts += [")", *_group(translation), *_start(translation)]
    parts += [f"neurons.run_regularly({code!r}, when='before_start', order=-1)" for code in lines.regular]
    if translation.after:
        parts.append(f"neurons.run_regularly({translation.after!r}, when='end')")
    parts += [
        "spikes = SpikeMonitor(neurons)",
        "",
        f"run({setup.steps * setup.dt!r}*ms)",
        "",
        "# Brian2 gives a spike the time at which its step begins; the reset happens at the end of the step.",
        "for index, time in zip(spikes.i, spikes.t + defaultclock.dt):",
        "    print(index, time/ms)",
    ]
    return "\n".join(parts) + "\n"


def _copies(file: str, wanted: Collection[str]) -> Iterator[str]:
    """Functions out of a file beside this one."""
    text = Path(__file__).with_name(file).read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name in wanted:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
            yield from ["", "", *text.splitlines()[first : node.end_lineno]]


def _functions(translation: Translation) -> Iterator[str]:
    """Copies of the functions that Brian2 does not have."""
    if translation.functions:
        yield "choose = where"
        yield from _copies("functions.py", translation.functions)
        yield ""


def _updater(translation: Translation) -> Iterator[str]:
    """The integration method, where Brian2 does not have it."""
    scheme = translation.scheme
    if scheme.description:
        yield from ["", f"# {translation.setup.method.summary}", "updater = ExplicitStateUpdater("]
        yield from [f"    {line + chr(10)!r}" for line in scheme.description.splitlines()]
        yield ")"
    elif scheme.options:
        yield from _copies("updaters.py", {scheme.name})
        yield ""


def _numbers(translation: Translation) -> Iterator[str]:
    model = translation.setup.model
    entries: list[tuple[str, Parameter | Input]] = [*model.parameters.items(), *model.inputs.items()]
    meaning = {translation.name[name]: entry.meaning for name, entry in entries}
    for name, amount in translation.lines.constants.items():
        comment = f"  # {meaning[name]!a}" if meaning.get(name) else ""
        yield f"    {name!r}: {amount.text},{comment}"
    for name, table in translation.lines.tables.items():
        yield f"    {name!r}: TimedArray({table.text}, dt=defaultclock.dt),"
    for name in sorted(translation.functions):
        yield f"    {name!r}: {name},"


def _group(translation: Translation) -> list[str]:
    arguments = [str(translation.setup.drive.neurons), "equations", f"threshold={translation.threshold!r}"]
    if translation.reset:
        arguments.append("reset=" + repr("\n".join(translation.reset)))
    if translation.refractory:
        arguments.append(f"refractory={translation.refractory!r}")
    scheme = translation.scheme
    method = "updater" if scheme.description else scheme.name if scheme.options else repr(scheme.name)
    arguments += [f"method={method}"]
    if scheme.options:
        options = [f"        {key!r}: {dict(value)!r}," for key, value in scheme.options.items()]
        arguments.append("\n".join(["method_options={", *options, "    }"]))
    arguments.append("namespace=namespace")
    notes = []
    if translation.refractory and translation.refractory_steps is not None:
        notes = ["# Brian2 counts the refractory time from the beginning of the spike's step: one step more."]
    if translation.edge and translation.refractory:
        notes = ["# One spike for each time the threshold is crossed."]
    return ["", *notes, "neurons = NeuronGroup(", *(f"    {argument}," for argument in arguments), ")"]


def _start(translation: Translation) -> Iterator[str]:
    """Values for each neuron, and those at the start."""
    lines, neurons = translation.lines, translation.setup.drive.neurons
    given = [(name, _array(amount, neurons)) for name, amount in lines.arrays.items()]
    given += [(name, repr(v) if isinstance(v, str) else _first(name, v, neurons)) for name, v in lines.start]
    if given:
        yield "for name, value in ["
        yield from (f"    ({name!r}, {value})," for name, value in given)
        yield from ["]:", "    setattr(neurons, name, value)"]


def _array(amount: Amount, neurons: int) -> str:
    return Amount(np.broadcast_to(amount.values, neurons), amount.unit).text


def _first(name: str, amount: Amount, neurons: int) -> str:
    values = np.asarray(amount.values)
    if name == "not_refractory":
        return repr(np.broadcast_to(values, neurons).astype(bool).tolist())
    one = values.reshape(-1)[0] if np.unique(values).size == 1 else values
    return Amount(np.asarray(one), amount.unit).text
