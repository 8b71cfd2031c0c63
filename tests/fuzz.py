"""A grammar-based fuzzer of model files: ``python tests/fuzz.py --seconds 600 [--seed N]``.

It writes model files, half of them right, the others with mistakes and malice at every level: characters, TOML, keys,
types, names, units, numbers, expressions. Whatever the file is,

* `Model.from_toml` returns a model or raises ModelError, with a message of one printable line;
* `Model.latex` and `kernel_source` with every method return, or raise InputError, for every model that was read;
* each of these takes less than a second;
* the source of a kernel is made of known nodes, names and finite numbers, and every name in it is defined.

Case number N is always the same: ``--seed N --cases 1 --show`` repeats it.
"""

import argparse
import ast
import faulthandler
import json
import math
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import neurosim
from neurosim import METHODS, InputError, Model, ModelError
from neurosim.kernel import kernel_source

SECONDS_PER_CALL = 10.0  # what explodes takes far longer, and a machine may be slow

# What models are made of ------------------------------------------------------------------------------------------

CLOCKS = {"t": "ms", "since_spike": "ms", "pi": "1"}
UNITS = ("1", "mV", "ms", "1/ms", "nA", "uS", "nF", "uA/cm^2", "mS/cm^2", "mV/ms", "MOhm", "um")
PRODUCTS = {  # unit: pairs whose product or quotient has it
    "1": ("mV / mV", "ms / ms", "ms * 1/ms", "nA / nA", "um / um"),
    "mV": ("nA / uS", "mV/ms * ms", "nA * MOhm", "uA/cm^2 / mS/cm^2"),
    "ms": ("nF / uS", "mV / mV/ms", "1 / 1/ms"),
    "1/ms": ("1 / ms", "uS / nF", "mV/ms / mV"),
    "nA": ("uS * mV", "nF * mV/ms", "mV / MOhm"),
    "uS": ("nA / mV", "nF / ms", "1 / MOhm"),
    "uA/cm^2": ("mS/cm^2 * mV",),
    "mV/ms": ("mV / ms", "nA / nF"),
}
NAMES = """
    V m h n s u w x v_x I I_0 i_I a_ A E_L tau_m g_Na C s_V c0 c1 e0 e0_2 d_x dt step tile exp2 r1_V y2_V h1_1 w1 P_V_V
    P0_V P0_1 now free fires lanes sizes trace above fired nan select rates threshold constructor last_spike exprelr_of
    carray whole_power np math os sys self a a_b b_c c
""".split()
BAD_NAMES = "exp pi inf t since_spike mV lambda None True print if match _ _x __class__ 1x x-y x.y rate time %s".split()
BAD_NAMES += "\ufb01 \U0001d415 \u00b5 \u00e9 \u0663 \u202ex __proto__ refractory ''' {model}".split()
BAD_NAMES += ["", "x y", "x\n", "\x1b[31m", "a" * 65, "x\x00", "s_V; import os", '"""', "x\ny = 1"]
BAD_EXPRESSIONS = """
    x.__class__ ().__class__.__mro__ x[0] f(x) __import__('os').system('true') exp exp() exp(1,2) max(1) min(*x,1) x:=1
    exp(x=1) [1][0] 9**9**9 2**65 x**-99 1e999 1e-999 1e308*1e308 0x10 1_000 1j 007 'a' "a" f'{x}' 1/0 0/0 0**-1
    sqrt(-1) log(-1) inf-inf inf*0 gate(inf*0) nan None True ... x^2 1<2<3 x==x not x== x;y x#y \ufb01(1) \u0663 -(1>0)
    (1>0)==(2>1) exp(1>0) (1>0)**2 undefined 5e-324 x/5e-324 1/(1/3e-309) exp(x+800) exp(2*x)*exp(x+800) 1e-300**64
    x**0 x**64 ((1>0)+1)
""".split()
BAD_EXPRESSIONS += ["lambda: 1", "x if x", "(yield x)", "await x", "x is x", "x in x", "", " ", "x\ny", "x\\\ny"]
BAD_EXPRESSIONS += ["(" * 40 + "1" + ")" * 40, "(" * 1999, "- " * 150 + "1", "+".join("1" * 300), "not " * 120 + "x"]
BAD_EXPRESSIONS += ["1 if 2 else 3", "1" * 400]
BAD_VALUES = "1 -1 nan inf -inf 1e400 true 1979-05-27T07:32:00Z 07:32 [] [[]] {} {a={b={c=1}}} x a.b.c ['1']".split()
BAD_VALUES += ['{ start = "0" }', '{ rate = "0" }', '{ "" = 1 }', "{a=" * 99 + "1" + "}" * 99, "[" * 300 + "]" * 300]
BAD_VALUES += ["9" * 5000, "0x" + "f" * 9999, '"' + "x" * 70_000 + '"', '"' + "+".join("x" * 99) + '"', "'''x\ny'''"]
BAD_VALUES += ["[1, 'x']", "['1', 'x']", r"['1 mV', 'x', '\tau']", r"['1', 'x', '\input{a}']", r'["1", "x\ny"]']
BAD_VALUES += [f'"{q}"' for q in ("inf", "-inf s", "1e999 mV", "9**9**9 mV", "1 mV^99", "1 furlong", "1 \u212b", "")]
BAD_VALUES += [f'"{q}"' for q in (r"\u0000", r"\u001b[2J", r"\ud800", "\u0663 mV", "1 " + "mA^9*" * 7 + "cm", "1e-999")]
GARBAGE = '[ ] { } = " \' """ \\ # \ufeff \ud800 . , \U0001f9e0 \x1b]0;x\x07'.split()
GARBAGE += ["\n", "\r", "\x00", "\x7f", "\u2028", "[" * 3000, "9" * 5000, "\n" + "a." * 3000 + "a = 1\n", "\n'' = 1\n"]
GARBAGE += [f"\n{head}\n" for head in ("[[check]]", "[state]", "[spike]", "[[define]]", "[a.b.c.d.e.f.g.h.i.j.k]")]


class Author:
    """Writes one model file; `malice` is the chance of a mistake wherever one can be made."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.malice = self.random.choice((0.0, 0.0, 0.0, 0.005, 0.02, 0.1))
        self.names: dict[str, str] = {}  # to unit
        self.clocks = CLOCKS
        self.states: dict[str, str] = {}
        self.driving: list[str] = []

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def pick(self, *items: Any) -> Any:
        return self.random.choice(items)

    def file(self) -> str:
        sections = [self.head(), self.parameters(), self.inputs(), self.define_and_state(), self.spike(), self.check()]
        if self.chance(self.malice):
            sections.append(self.pick(*sections))
        text = "\n".join(sections)
        for _ in range(self.pick(1, 1, 1, 2, 5) if self.chance(4 * self.malice) else 0):
            text = self.damaged(text)
        return text

    def damaged(self, text: str) -> str:
        a, b = sorted(self.random.randrange(len(text) + 1) for _ in range(2))
        b = min(b, a + self.pick(1, 1, 3, 30))
        return str(self.pick(text[:a] + text[b:], text[:a] + self.pick(*GARBAGE) + text[a:], text[:b] + text[a:]))

    # Sections

    def head(self) -> str:
        texts = {"name": "fuzzed", "summary": "s", "reference": "r", "[defaults]": "", "dt": "0.1 ms"}
        texts["method"] = self.pick(*METHODS, "unheard-of")
        return "\n".join(f"{key} = {self.value(text)}" if text else key for key, text in texts.items())

    def parameters(self) -> str:
        lines = ["[parameters]"]
        for name in self.new_names(5):
            unit = self.names[name] = self.pick(*UNITS)
            symbol = self.pick("", "", r', "\\tau_x"')
            value = f'["{self.numeral()} {unit}", "what it means"{symbol}]'
            lines.append(f"{self.key(name)} = {self.value(value, raw=True)}")
        return "\n".join(lines)

    def inputs(self) -> str:
        lines = ["[inputs]"]
        for name in self.new_names(2):
            self.names[name] = self.pick(*UNITS)
            self.driving.append(name)
            lines.append(f"{self.key(name)} = {self.value(json.dumps([self.names[name], 'driving']), raw=True)}")
        return "\n".join(lines)

    def define_and_state(self) -> str:
        parameters = {name: unit for name, unit in self.names.items() if name not in self.driving}
        state = {name: self.pick(*UNITS[:-1]) for name in self.new_names(4)}
        define = ["[define]"]
        self.names |= state
        for name in self.new_names(6):
            unit = self.pick(*UNITS, "truth")
            define.append(f"{self.key(name)} = {self.value(self.expression(unit))}")
            self.names[name] = unit
        lines = ["[state]"]
        everything, self.states = self.names, state
        for name, unit in state.items():
            self.names, self.clocks = parameters, {}
            start = self.expression(unit, 2) if self.chance(0.8) else "0"
            self.names, self.clocks = everything, CLOCKS
            rate = f"({self.expression(unit)})/{self.expression('ms', 1)}"
            lines.append(f"{self.key(name)} = {{ start = {self.value(start)}, rate = {self.value(rate)} }}")
        return "\n".join([*lines, *define] if self.chance(0.5) else [*define, *lines])

    def spike(self) -> str:
        lines = ["[spike]", *self.rule()]
        if self.states and self.chance(0.5):
            reset = {name: self.expression(unit, 2) for name, unit in self.states.items() if self.chance(0.6)}
            entries = ", ".join(f"{self.key(name)} = {self.value(text)}" for name, text in reset.items())
            lines.append(f"reset = {{ {entries} }}")
        if self.chance(0.3):
            lines.append(f"refractory = {self.value(self.pick('2*ms', '0*ms', 'inf', 't' if self.malice else '1*ms'))}")
            held = [name for name in self.states if self.chance(0.5)]
            lines.append(f"hold = {self.value(json.dumps(held), raw=True)}")
        return "\n".join(lines)

    def rule(self) -> list[str]:
        """One of the three rules; with malice perhaps half of one, or two."""
        threshold = f"threshold = {self.value(self.expression('truth'))}"
        if self.chance(0.6):
            return [threshold]
        if self.chance(0.5):
            return [f"hazard = {self.value(self.expression('Hz'))}", *([threshold] * self.chance(self.malice))]
        per = f"per = {self.value(self.pick('1*ms', '0.5*ms', 'inf', 't' if self.malice else '2*ms'))}"
        return [f"probability = {self.value(self.expression('1'))}", *([per] * (not self.chance(self.malice)))]

    def check(self) -> str:
        if not self.chance(0.3):
            return ""
        lines = ["[[check]]", f"input = {self.value('1')}", f"duration = {self.value('10 ms')}"]
        odd = f"{self.pick(*NAMES)} = {self.pick(*BAD_VALUES)}"
        expected = 'spike_count = { value = 1, tolerance = 0, source = "x" }'
        return "\n".join([*lines, odd if self.chance(self.malice) else expected])

    # Parts

    def new_names(self, most: int) -> list[str]:
        """Some names; with malice a few of them illegal, or used already."""
        chosen = []
        for _ in range(self.random.randint(0, most)):
            name = self.pick(*(BAD_NAMES if self.chance(self.malice) else NAMES))
            if (name not in self.names and name not in chosen) or self.chance(self.malice):
                chosen.append(name)
        return chosen

    def key(self, name: str) -> str:
        return (
            name
            if re.fullmatch(r"[A-Za-z0-9_-]+", name, re.ASCII) and self.chance(0.9)
            else json.dumps(name, ensure_ascii=False)
        )

    def value(self, text: str, raw: bool = False) -> str:
        if self.chance(self.malice):
            return str(self.pick(*BAD_VALUES))
        return text if raw else json.dumps(text, ensure_ascii=False)

    def numeral(self) -> str:
        usual = f"{self.random.uniform(-100, 100):.{self.random.randint(0, 4)}f}"
        extreme = ("1e300", "5e-324", "-1e-300") if self.malice else ("1e-9",)
        return str(self.pick(usual, usual, usual, "0", "1", "1e-3", ".5", "2.", "inf", *extreme))

    def literal(self, unit: str) -> str:
        number = self.numeral() if self.chance(0.2) else f"{self.random.uniform(0.1, 50):.{self.random.randint(0, 3)}f}"
        number = "1" if number.startswith("-") else number
        return number if unit == "1" else f"{number}*" + unit.replace("^", "**")

    def expression(self, unit: str, depth: int = 4) -> str:
        """An expression of a unit, or of kind truth."""
        if self.chance(self.malice):
            return str(self.pick(*BAD_EXPRESSIONS))

        def part(wanted: str) -> str:
            return self.expression(wanted, depth - 1)

        fitting = [name for name, its in (self.names | self.clocks).items() if its == unit]
        if unit == "truth":
            return self.pick(*fitting) if fitting and self.chance(0.3) else self.truth(part, depth)
        if depth <= 0 or self.chance(0.25):
            if self.chance(self.malice):
                return str(self.pick("0", "inf"))
            return str(self.pick(*fitting)) if fitting and self.chance(0.8) else f"({self.literal(unit)})"
        forms: list[Callable[[], str]] = [
            lambda: f"({part(unit)} {self.pick('+', '-')} {part(unit)})",
            lambda: f"({part(unit)}{self.pick('*', '/')}{part('1')})",
            lambda: f"({part('1')}*{part(unit)})",
            lambda: f"({part(unit)} if {part('truth')} else {part(unit)})",
            lambda: f"{self.pick('min', 'max')}({part(unit)}, {part(unit)})",
            lambda: f"{self.pick('abs', '-', '+', '- -')}({part(unit)})",
            lambda: f"sqrt(({part(unit)})**2)",
        ]
        if unit in PRODUCTS:
            a, operator, b = self.pick(*PRODUCTS[unit]).split(" ")
            forms += [lambda: f"({part(a)}{operator}{part(b)})"] * 3
        if unit == "1":
            functions = "exp log sqrt tanh sinh cosh exprelr gate heaviside exp exp exprelr".split()
            forms += [lambda: f"{self.pick(*functions)}({part('1')})"] * 3
            forms += [lambda: f"({part('1')})**{self.pick('2', '3', '-1', '0.5', '-2.5', '64', part('1'))}"]
            forms += [lambda: f"exp({self.pick(1, 2, 3, -1)}*({part('1')} + {self.pick(0, 1, 90, 800)}))"]
        return self.pick(*forms)()

    def truth(self, part: Callable[[str], str], depth: int) -> str:
        if depth > 1 and self.chance(0.4):
            form = self.pick("({} and {})", "({} or {})", "(not {})", "(not {} or {})")
            return str(form.format(*(part("truth") for _ in range(2))))
        unit = self.pick(*UNITS)
        return f"({part(unit)} {self.pick('<', '<=', '>', '>=', '==', '!=')} {part(unit)})"


# What must hold ---------------------------------------------------------------------------------------------------


class Failure(Exception):
    """A case that does what no case may do."""


def check(text: str) -> str:
    """Put one model file through everything: ``read`` or ``refused``.

    Raises
    ------
    Failure
    """
    try:
        model = timed("from_toml", Model.from_toml, text)
    except ModelError as error:
        message = str(error)
        if not message.isprintable() or len(message) > 1500 or not message.startswith("model text: "):
            raise Failure(f"a bad message: {message!a}") from None
        return "refused"
    latex = timed("latex", model.latex)
    if latex.count("{") != latex.count("}") or latex.count(r"\left") - latex.count(r"\leftarrow") != latex.count(
        r"\right"
    ):
        raise Failure(f"brackets of LaTeX do not match: {latex}")
    for name, method in METHODS.items():
        for located, noisy in ((False, False), (True, False), (True, True)):
            try:
                source, _ = timed(f"kernel_source with {name}", kernel_source, model, method, located, noisy)
            except (InputError, ModelError):
                continue
            check_source(source, model)
    return "read"


def timed(what: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function that may raise errors of the package only, within some seconds of processor time."""
    start = time.process_time()
    try:
        return function(*arguments)
    except (InputError, ModelError):
        raise
    except BaseException as error:
        raise Failure(f"{what} raised {type(error).__name__}: {error}") from error
    finally:
        if (used := time.process_time() - start) > SECONDS_PER_CALL:
            raise Failure(f"{what} took {used:.1f} s")


# Kernel sources ---------------------------------------------------------------------------------------------------

_NODES = (ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.If, ast.For, ast.While, ast.Break, ast.Continue)
_NODES += (ast.Assign, ast.AugAssign, ast.Expr)
_NODES += (ast.Tuple, ast.Subscript, ast.Name, ast.Constant, ast.Call, ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp)
_NODES += (ast.IfExp, ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.expr_context)
_GENERATED = re.compile(
    r"(?:[spdiomxcnuvwaby]|[ry][1-7]|[rq][12])_(?:[A-Za-z]\w*|_hazard)|[PQHKA]\d*_\w+|[hw][1-4](_[1-4])?|c\d+|e\d+(_\d+)?|"
    r"[ef]_hazard|hazard|rates|rates_and_slopes|flow|move|[A-Z_]+",
    re.ASCII,
)
_FIXED = frozenset(
    """advance tile amplitude target wave changed dense dense_target spike_lane spike_when record_row trace sizes dt k j
    first last window waves denses several records every capacity steps step firing free now fires threshold t
    since_spike last_spike lanes noise random noise_kind sources even probability
    shrunk coarse steepest smallest chance
    h half width at end low high below above side looks trial margin steep waits waiting spikes piece refine
    norm pieces g size edges count rtol atol here place limit length error factor grown stop crosses quarter before
    theta fine until sample again taken too_long left""".split()
)
_KERNEL = Path(neurosim.__file__).parent / "kernel"
_GLOBAL = {
    "inf",
    "range",
    "abs",
    "carray",
    "int",
    "float",
    "min",
    "max",
    *(
        name
        for module in ("device", "chance", "rows")
        for name in re.findall(r"^(?:def )?(\w+)[(:]", (_KERNEL / f"{module}.py").read_text("utf-8"), re.MULTILINE)
    ),
    "len",
}


def check_source(source: str, model: Model) -> None:
    """Only known nodes and names, finite numbers, nothing undefined, and truth values apart from numbers."""
    module = ast.parse(source)
    if not re.fullmatch(r"[\w ,.:\n-]+", ast.get_docstring(module) or "", re.ASCII) or len(source) > 1_000_000:
        raise Failure("an unexpected documentation string or length")
    imports = [ast.unparse(node) for node in module.body[1:] if isinstance(node, ast.ImportFrom)]
    called = [f"from neurosim.kernel.{module} import *" for module in ("device", "chance")]
    if imports not in (["from numpy import inf", *called], ["from numpy import inf", called[0]]):
        raise Failure(f"unexpected imports: {imports}")
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef)]
    others = [part for node in module.body[1 + len(imports) :] if node not in functions for part in ast.walk(node)]
    check_nodes(others)
    known = _GLOBAL | stored(others) | {function.name for function in functions}
    for function in functions:
        nodes = list(ast.walk(function))
        check_nodes(nodes)
        check_function(function, nodes, known)
    if missing := {name for name in model.states if f"s_{name}" not in stored(nodes)}:
        raise Failure(f"states that the kernel does not advance: {missing}")


def check_nodes(nodes: list[ast.AST]) -> None:
    for node in nodes:
        if not isinstance(node, _NODES) or (isinstance(node, ast.Call) and not isinstance(node.func, ast.Name)):
            raise Failure(f"an unexpected node: {ast.dump(node)[:200]}")
        if isinstance(node, ast.Constant) and (
            type(node.value) not in (int, float, bool) or not math.isfinite(node.value)
        ):
            raise Failure(f"an unexpected constant: {node.value!r}")
        name = node.id if isinstance(node, ast.Name) else node.arg if isinstance(node, ast.arg) else None
        if name is not None and name not in _FIXED and name not in _GLOBAL and not _GENERATED.fullmatch(name):
            raise Failure(f"an unexpected name: {name}")


def stored(nodes: list[ast.AST]) -> set[str]:
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def check_function(function: ast.FunctionDef, nodes: list[ast.AST], known: Collection[str]) -> None:
    arguments = [argument.arg for argument in function.args.args]
    if len(set(arguments)) < len(arguments):
        raise Failure(f"{function.name} has an argument twice")
    if undefined := {node.id for node in nodes if isinstance(node, ast.Name)} - {*arguments, *stored(nodes), *known}:
        raise Failure(f"not defined in {function.name}: {undefined}")
    true = {"threshold", "now", "free", "grows"}
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and is_truth(node.value, true):
            true.add(node.targets[0].id)
    for node in nodes:
        fits = True
        if isinstance(node, ast.BinOp):
            logical = isinstance(node.op, ast.BitAnd | ast.BitOr)
            fits = is_truth(node.left, true) == logical == is_truth(node.right, true)
        elif isinstance(node, ast.Call) and node.func.id == "select":
            fits = [is_truth(argument, true) for argument in node.args] == [True, False, False]
        elif isinstance(node, ast.Return) and function.name == "threshold":
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            fits = [is_truth(value, true) for value in values] == [True, False][: len(values)]
        if not fits:
            raise Failure(f"truth values and numbers are mixed in {function.name}: {ast.unparse(node)[:200]}")


def is_truth(node: ast.AST | None, true: set[str]) -> bool:
    match node:
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()) | ast.BinOp(op=ast.BitAnd() | ast.BitOr()):
            return True
        case ast.Constant(value=True | False):
            return True
        case ast.Name(id=name) | ast.Call(func=ast.Name(id=name)):
            return name in true
    return False


# Running it -------------------------------------------------------------------------------------------------------


def run(seeds: range, seconds: float = math.inf) -> Counter[str]:
    """Try cases until one fails or the time is over: how many were read and how many refused.

    Raises
    ------
    Failure
        With the seed and the text of the file.
    """
    tally: Counter[str] = Counter()
    neurosim.load_model("izhikevich").latex()  # imports SymPy
    end = time.monotonic() + seconds
    for seed in seeds:
        if time.monotonic() > end:
            break
        text = Author(seed).file()
        try:
            tally[check(text)] += 1
        except Failure as failure:
            raise Failure(f"seed {seed}: {failure}\n{text[:3000]!a}") from failure
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description="Fuzz model files.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0, help="number of the first case")
    parser.add_argument("--cases", type=int, default=10**9)
    parser.add_argument("--show", action="store_true", help="print the first file")
    options = parser.parse_args()
    faulthandler.dump_traceback_later(options.seconds + 30, exit=True)  # says where it hangs
    if options.show:
        print(ascii(Author(options.seed).file()).replace("\\n", "\n"))
    tally = run(range(options.seed, options.seed + options.cases), options.seconds)
    print(f"{tally.total()} cases: {dict(tally)}")


if __name__ == "__main__":
    main()
