"""From resolved expressions to lines of kernel source."""

import ast
import math
from collections.abc import Mapping, Sequence

from ..expression import CLOCKS, literal, names
from ..model import Model
from ..model.meaning import reach
from .rewrite import LARGEST_OFFSET, Shared, affine, depends, share_exponentials

_LONGEST_PRODUCT = 16
_DEVICE = {"min": "minimum", "max": "maximum"}


def call(function: str, *arguments: ast.expr) -> ast.expr:
    """The tree of a call."""
    return ast.Call(ast.Name(function), list(arguments), [])


def names_in(lines: Sequence[str]) -> set[str]:
    """Names in lines of source, but those of functions."""
    return names(ast.parse("\n".join(lines)))


class Writer:
    """Writes the expressions of one model and collects the constants they need.

    Attributes
    ----------
    constants : dict
        Name in the source → tree that the host evaluates once per neuron, from parameters only.
    """

    def __init__(self, model: Model) -> None:
        self.constants: dict[str, ast.expr] = {}
        self._hoisted: dict[str, str] = {}
        self._defines = {name: formula.tree for name, formula in model.defines.items()}
        self._own = dict.fromkeys(model.states, "s_") | dict.fromkeys(model.inputs, "i_")
        self._varying = {*model.states, *model.inputs, *CLOCKS}
        for name, tree in self._defines.items():
            if depends(tree, self._varying):
                self._varying.add(name)
        self._truths = _truths(self._defines)
        self._seen: dict[int, tuple[ast.AST, bool | None]] = {}
        self._powers: dict[tuple[str, float], tuple[Shared, int]] = {}
        self._arguments: dict[str, list[str]] = {}

    def block(self, trees: Sequence[ast.expr]) -> tuple[list[str], list[str]]:
        """Lines that compute the defines `trees` need, and the trees themselves in terms of them."""
        needed = reach(set().union(*(names(tree) for tree in trees)), self._defines) & self._varying
        defines = {name: tree for name, tree in self._defines.items() if name in needed}
        self._powers = {
            key: power for key, power in share_exponentials([*defines.values(), *trees]).items() if key[0] in self._own
        }
        lines = [f"d_{name} = {self._text(tree)}" for name, tree in defines.items()]
        results = [self._text(tree) for tree in trees]
        return [*self._shared_lines(), *lines], results

    def function(self, name: str, lines: Sequence[str], results: Sequence[str], decorator: str = "inline") -> str:
        """The source of a function that computes `results`; what it needs become its arguments."""
        returned = results[0] if len(results) == 1 else "(\n" + "".join(f"        {r},\n" for r in results) + "    )"
        body = [*lines, f"return {returned}"]
        used = names_in([*lines, *results])
        made = {line.split(" = ")[0] for line in lines}
        order = [*(prefix + own for own, prefix in self._own.items()), *CLOCKS, *self.constants]
        self._arguments[name] = [argument for argument in order if argument in used - made]
        signature = f"def {name}({', '.join(self._arguments[name])}):"
        return "\n".join([f"@{decorator}", signature, *("    " + line for line in body)])

    def needs(self, name: str) -> list[str]:
        """The parameters of a function of `function`."""
        return self._arguments[name]

    def arguments(
        self, name: str, node: float, nodes: Sequence[float], state: str = "s_", others: Mapping[str, str] | None = None
    ) -> str:
        """What to call a function of `function` with at a node of the step.

        States are named `state` + name there, those in `others` by the prefix it says.
        """
        reached = {0.0: "step", 1.0: "step + width"}.get(node, f"step + {node!r}*width")
        clocks = {"t": f"({reached})*dt", "since_spike": f"({reached} - last_spike)*dt"}
        texts = []
        for argument in self._arguments[name]:
            if argument.startswith("s_"):
                texts.append((others or {}).get(argument[2:], state) + argument[2:])
            elif argument.startswith("i_"):
                texts.append(f"{argument}_{nodes.index(node)}")
            else:
                texts.append(clocks.get(argument, argument))
        return ", ".join(texts)

    def _shared_lines(self) -> list[str]:
        lines: dict[str, str] = {}
        for shared, power in self._powers.values():
            base = call("exp", ast.BinOp(ast.Constant(shared.slope), ast.Mult(), self._name(shared.variable)))
            lines[shared.name] = ast.unparse(base)
            self._power_lines(shared.name, power, lines)
        return [f"{name} = {text}" for name, text in lines.items()]

    def _power_lines(self, base: str, power: int, lines: dict[str, str]) -> str:
        if power == 1:
            return base
        name = f"{base}_{power}"
        if name not in lines:
            half, rest = (power // 2, power // 2) if power % 2 == 0 else (power - 1, 1)
            text = f"{self._power_lines(base, half, lines)}*{self._power_lines(base, rest, lines)}"
            lines[name] = text
        return name

    def _text(self, tree: ast.expr) -> str:
        return ast.unparse(self._code(tree))

    def _name(self, name: str) -> ast.expr:
        if name in CLOCKS:
            return ast.Name(name)
        if name in self._own:
            return ast.Name(self._own[name] + name)
        if name not in self._varying:
            source = ("d_" if name in self._defines else "p_") + name
            self.constants[source] = ast.Name(name)
            value = ast.Name(source)  # a row of the tile, which holds numbers
            return ast.Compare(value, [ast.NotEq()], [ast.Constant(0.0)]) if name in self._truths else value
        return ast.Name(f"d_{name}")

    def _code(self, tree: ast.expr) -> ast.expr:
        match tree:
            case ast.Constant():
                return _number(float(tree.value))  # type: ignore[arg-type]  # only numbers pass parse()
            case ast.Name(id=name):
                return self._name(name)
        if self._varies(tree) is False and not _is_truth(tree, self._truths):
            return self._hoist(tree)
        match tree:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return ast.UnaryOp(ast.Not(), self._code(operand))
            case ast.UnaryOp(op=operator, operand=operand):
                return ast.UnaryOp(operator, self._code(operand))
            case ast.BoolOp(op=boolean, values=[first, *rest]):
                result = self._code(first)
                for value in rest:
                    result = ast.BinOp(result, _bitwise(boolean), self._code(value))
                return result
            case ast.Compare(left=left, ops=ops, comparators=[right]):
                return ast.Compare(self._code(left), ops, [self._code(right)])
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return call("select", self._code(test), self._code(body), self._code(orelse))
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return self._power(left, right)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return self._quotient(left, right)
            case ast.BinOp(left=left, op=operator, right=right):
                return ast.BinOp(self._code(left), operator, self._code(right))
            case ast.Call(func=ast.Name(id="exp" | "exprelr" as function), args=[argument]):
                return self._exponential(function, argument)
            case ast.Call(func=ast.Name(id=function), args=arguments):
                return call(_DEVICE.get(function, function), *map(self._code, arguments))
        raise AssertionError(ast.dump(tree))

    def _varies(self, tree: ast.AST) -> bool | None:
        """Whether a part varies in time; None for one without names."""
        if id(tree) not in self._seen:
            if isinstance(tree, ast.Name):
                result: bool | None = tree.id in self._varying
            else:
                children = tree.args if isinstance(tree, ast.Call) else ast.iter_child_nodes(tree)
                parts = {self._varies(child) for child in children}
                result = True if True in parts else False if False in parts else None
            self._seen[id(tree)] = tree, result  # with the tree, so that no other takes its id
        return self._seen[id(tree)][1]

    def _hoist(self, tree: ast.expr) -> ast.expr:
        """A part that depends on parameters only becomes a constant."""
        text = ast.unparse(tree)
        if text not in self._hoisted:
            self._hoisted[text] = f"c{len(self._hoisted)}"
            self.constants[self._hoisted[text]] = tree
        return ast.Name(self._hoisted[text])

    def _quotient(self, left: ast.expr, right: ast.expr) -> ast.expr:
        """Division by what is constant in time becomes multiplication."""
        if self._varies(right):
            return ast.BinOp(self._code(left), ast.Div(), self._code(right))
        value = literal(right)
        one = ast.Constant(1.0)
        if value is None:
            return ast.BinOp(self._code(left), ast.Mult(), self._hoist(ast.BinOp(one, ast.Div(), right)))
        if abs(value) < 1e-300:
            return ast.BinOp(self._code(left), ast.Div(), ast.Constant(value))
        return ast.BinOp(self._code(left), ast.Mult(), ast.Constant(1.0 / value))

    def _power(self, base: ast.expr, exponent: ast.expr) -> ast.expr:
        value = literal(exponent)
        code = self._code(base)
        if value == 0.5:
            return call("sqrt", code)
        if value is None or value != round(value) or not 1 <= abs(value) <= 64:
            return call("power", code, self._code(exponent))
        if not isinstance(code, ast.Name) or abs(value) > _LONGEST_PRODUCT:
            return call("whole_power", code, ast.Constant(int(value)))
        product = _product(code, round(abs(value)))
        return product if value > 0 else ast.BinOp(ast.Constant(1.0), ast.Div(), product)

    def _exponential(self, function: str, argument: ast.expr) -> ast.expr:
        form = affine(argument)
        code = self._code(argument)
        if form is None or not abs(form.offset) <= LARGEST_OFFSET or (form.variable, form.slope) not in self._powers:
            return call(function, code)
        shared, power = self._powers[form.variable, form.slope]
        value: ast.expr = ast.Name(shared.name if power == 1 else f"{shared.name}_{power}")
        if form.offset:
            factor = ast.Constant(math.exp(form.offset))
            value = ast.BinOp(factor, ast.Mult(), value)
        return value if function == "exp" else call("exprelr_of", code, value)


def _truths(defines: Mapping[str, ast.expr]) -> set[str]:
    """The defines that are true or false."""
    truths: set[str] = set()
    for name, tree in defines.items():  # each after those it needs
        if _is_truth(tree, truths):
            truths.add(name)
    return truths


def _is_truth(tree: ast.expr, truths: set[str]) -> bool:
    match tree:
        case ast.Name(id=name):
            return name in truths
        case ast.UnaryOp(op=operator):
            return isinstance(operator, ast.Not)
    return isinstance(tree, ast.Compare | ast.BoolOp)


def _number(value: float) -> ast.expr:
    """A literal; ast.unparse would write infinity as 1e309."""
    if math.isinf(value):
        return ast.Name("inf") if value > 0 else ast.UnaryOp(ast.USub(), ast.Name("inf"))
    return ast.Constant(value)


def _bitwise(boolean: ast.boolop) -> ast.operator:
    return ast.BitAnd() if isinstance(boolean, ast.And) else ast.BitOr()


def _product(base: ast.expr, power: int) -> ast.expr:
    """base**power as products, halves first; LLVM computes equal ones once."""
    if power == 1:
        return base
    half = _product(base, power // 2)
    square = ast.BinOp(half, ast.Mult(), half)
    return square if power % 2 == 0 else ast.BinOp(square, ast.Mult(), base)
