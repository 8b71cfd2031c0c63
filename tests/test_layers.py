"""The layers and sizes of the design: who may import whom, and how long files and functions may be."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "neurosim"
LAYERS = [
    {"errors", "units", "expression", "progress", "memory"},
    {"waveforms", "noise", "currents", "drive", "model", "methods", "receipt", "recording"},
    {"kernel"},
    {"arguments", "chance", "stores", "simulation", "brian", "artificial"},
    {
        "spikes",
        "theory",
        "families",
        "backends",
        "onset",
        "agreement",
        "samples",
        "distributions",
        "experiments",
        "check",
        "files",
        "flow",
        "phase",
        "carried",
        "continuation",
        "coexistence",
        "bifurcations",
        "excitability",
        "zap",
    },
    {"plot"},
    {"cli"},
    {"__init__", "__main__"},
]
LAYER = {module: number for number, modules in enumerate(LAYERS) for module in modules}
HEAVY = {  # what only some may import
    "numba": {"kernel", "artificial"},
    "llvmlite": {"kernel"},
    "matplotlib": {"plot"},
    "PIL": {"artificial"},
    "pint": {"units"},
    "sympy": {"model"},
    "typer": {"cli"},
    "rich": {"cli", "progress"},
    "brian2": {"brian"},
    "neo": {"files"},
    "quantities": {"files"},
    "pandas": {"files"},
    "h5py": {"files"},
    "sklearn": {"artificial"},
}
DELEGATES = {  # methods that hand on to a higher layer, by an import inside the function
    ("artificial", "animate"): "plot",
    ("recording", "plot"): "plot",
    ("recording", "save"): "files",
    ("recording", "to_csv"): "files",
    ("recording", "to_pandas"): "files",
    ("recording", "to_neo"): "files",
    ("simulation", "_file_store"): "files",
    ("experiments", "plot"): "plot",
    ("arguments", "_stationary"): "theory",
    ("artificial", "plot"): "plot",
    ("distributions", "plot"): "plot",
    ("phase", "plot"): "plot",
    ("bifurcations", "plot"): "plot",
    ("excitability", "plot"): "plot",
    ("zap", "plot"): "plot",
    ("spikes", "plot"): "plot",
}
FILES = sorted(PACKAGE.rglob("*.py"))


def module_of(path):
    """The module of a layer a file belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path):
    """(what is imported from the package or elsewhere, the function the import stands in or None)."""
    folder = path.relative_to(PACKAGE.parent).parent.parts
    found = []

    def visit(node, function):
        for child in ast.iter_child_nodes(node):
            inside = child.name if isinstance(child, ast.FunctionDef) else function
            if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                continue
            if isinstance(child, ast.Import):
                found.extend((alias.name, inside) for alias in child.names)
            if isinstance(child, ast.ImportFrom):
                base = ".".join(folder[: len(folder) - child.level + 1]) + "." if child.level else ""
                name = f"{base}{child.module or ''}"
                found.extend([(name, inside)] if child.module else [(f"{name}{a.name}", inside) for a in child.names])
            visit(child, inside)

    visit(ast.parse(path.read_text(encoding="utf-8")), None)
    return found


def test_every_module_has_a_layer():
    assert {module_of(path) for path in FILES} == set(LAYER)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path):
    module = module_of(path)
    for name, function in imports(path):
        parts = name.split(".")
        if parts[0] == "neurosim":
            other = parts[1] if len(parts) > 1 else "__init__"
            allowed = LAYER[other] <= LAYER[module] or other in DELEGATES.get((module, function), "").split()
            assert allowed or other == "__init__", f"{module} imports {other}, which is above it"
        elif parts[0] in HEAVY:
            assert module in HEAVY[parts[0]], f"{module} imports {parts[0]}"


def test_modules_do_not_import_each_other_in_circles():
    needs = {module: set() for module in LAYER}
    for path in FILES:
        module = module_of(path)
        for name, function in imports(path):
            parts = name.split(".")
            if parts[0] == "neurosim" and len(parts) > 1 and (module, function) not in DELEGATES:
                needs[module] |= {parts[1]} - {module}
    while ready := [module for module, others in needs.items() if not others]:
        for module in ready:
            del needs[module]
        for others in needs.values():
            others.difference_update(ready)
    assert not needs, f"a circle of imports among {sorted(needs)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_sizes(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            docstring = ast.get_docstring(node, clean=False) or ""
            code = node.end_lineno - node.lineno + 1 - docstring.count("\n")
            assert code <= 60, f"{node.name} has {code} lines without its docstring"


def test_the_front_door_fits_on_a_screen():
    assert (PACKAGE / "__init__.py").read_text(encoding="utf-8").count("\n") <= 80
