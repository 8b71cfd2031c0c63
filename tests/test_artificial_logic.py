"""Gates, circuits and expressions: every one of them on every input."""

import ast
import itertools

import numpy as np
import pytest

import neurosim as ns
from neurosim.artificial.formula import input_rows, truth_table

PYTHON = {  # what a gate is, in plain Python
    "not": lambda bits: not bits[0],
    "and": all,
    "or": any,
    "nand": lambda bits: not all(bits),
    "nor": lambda bits: not any(bits),
    "majority": lambda bits: sum(bits) > len(bits) / 2,
    "inhibition": lambda bits: bits[0] and not any(bits[1:]),
}


@pytest.mark.parametrize("kind", PYTHON)
def test_gates_of_any_number_of_inputs(kind):
    for n in [1] if kind == "not" else range(2 if kind == "inhibition" else 1, 7):
        gate = ns.logic_gate(kind, *(f"i{k}" for k in range(n)))
        expected = [int(bool(PYTHON[kind](bits))) for bits in itertools.product((0, 1), repeat=n)]
        assert gate.truth_table()[:, 0].tolist() == expected
        assert set(np.abs(gate.network.weights.data)) == {1}


def test_gates_have_the_weights_of_the_textbook():
    """Fact: AND w = (1, 1), θ = 1.5; OR w = (1, 1), θ = 0.5; NOT w = −1, θ = −0.5."""
    for kind, weights, threshold in (("and", [1, 1], 1.5), ("or", [1, 1], 0.5), ("not", [-1], -0.5)):
        network = ns.logic_gate(kind).network
        assert network.weights.toarray()[-1, :-1].tolist() == weights
        assert network.thresholds[-1] == threshold


def test_circuits_are_composed_by_name():
    xor = ns.compose(
        ns.logic_gate("or", output="either"),
        ns.logic_gate("nand", output="not_both"),
        ns.logic_gate("and", "either", "not_both", output="sum"),
    )
    assert (xor.inputs, xor.outputs) == (("a", "b"), ("sum",))
    half = ns.compose(xor, ns.logic_gate("and", output="carry"))
    assert half(1, 1) == (0, 1)
    first = half.renamed(sum="partial", carry="c1")
    second = half.renamed(a="partial", b="c", carry="c2")
    full = ns.compose(first, second, ns.logic_gate("or", "c1", "c2", output="carry"))
    assert set(full.outputs) == {"sum", "carry"}
    for a, b, c in itertools.product((0, 1), repeat=3):
        result = dict(zip(full.outputs, full(a=a, b=b, c=c), strict=True))
        assert 2 * result["carry"] + result["sum"] == a + b + c
    assert full.network.topology.kind == "feedforward"


def test_a_ripple_of_adders_adds():
    full = ns.circuit({"sum": "a ^ b ^ c", "carry": "majority(a, b, c)"})
    stages = [full.renamed(a=f"a{k}", b=f"b{k}", c=f"c{k}", sum=f"s{k}", carry=f"c{k + 1}") for k in range(3)]
    adder = ns.compose(*stages, outputs=["c3", "s2", "s1", "s0"])
    for x, y in itertools.product(range(8), repeat=2):
        bits = {f"a{k}": x >> k & 1 for k in range(3)} | {f"b{k}": y >> k & 1 for k in range(3)} | {"c0": 0}
        assert int("".join(map(str, adder(**bits))), 2) == x + y


def test_classics_are_synthesised():
    """Fact: XOR needs a hidden layer; parity has one hidden unit for each input; half and full adder."""
    xor = ns.circuit("a ^ b")
    assert [len(layer) for layer in xor.network.topology.layers] == [2, 2, 1]
    for n in range(2, 9):
        parity = ns.circuit(" ^ ".join(f"x{k}" for k in range(n)))
        assert parity.network.free.size == n + 1
        assert np.array_equal(parity.truth_table()[:, 0], input_rows(n).sum(axis=1) % 2)
    half = ns.circuit({"sum": "a ^ b", "carry": "a and b"})
    assert [half(a, b) for a in (0, 1) for b in (0, 1)] == [(0, 0), (1, 0), (1, 0), (0, 1)]
    full = ns.circuit({"sum": "a ^ b ^ c", "carry": "majority(a, b, c)"})
    assert all(2 * full(*x)[1] + full(*x)[0] == sum(x) for x in itertools.product((0, 1), repeat=3))


@pytest.mark.parametrize(
    ("n", "part"), [(1, 0), (2, 0), (3, 0), (4, 0), *(pytest.param(4, k, marks=pytest.mark.slow) for k in range(1, 8))]
)
def test_every_synthesised_circuit_is_its_function(n, part):
    """All 4, 16, 256 and 65,536 functions, on all inputs; by plain arithmetic on weights and thresholds.

    Of those of four inputs every eighth, unless slow tests are asked for, too.
    """
    rows = input_rows(n)
    parts = 8 if n == 4 else 1
    for number in range(part, 2 ** (2**n), parts):
        table = (number >> np.arange(2**n) & 1).astype(np.uint8)
        network = ns.circuit(table).network
        W, theta = network.weights.toarray(), network.thresholds
        states = np.zeros((2**n, network.size))
        states[:, :n] = rows
        for i in range(n, network.size):  # a unit hears from units before it only
            assert not W[i, i:].any()
            states[:, i] = states @ W[i] >= theta[i]
        assert np.array_equal(states[:, -1], table), table
        assert network.free.size == 1 or network.topology.order == 1
        if number % 997 == 0:
            assert np.array_equal(network.compute(rows)[:, 0], table)


def test_larger_circuits():
    random = np.random.default_rng(1)
    for n in (5, 6, 8, 10):
        for share in (0.1, 0.5, 0.9):
            table = (random.random(2**n) < share).astype(int)
            assert np.array_equal(ns.circuit(table).truth_table()[:, 0], table)


def test_constants():
    for table in ("00", "1111", "00000000"):
        made = ns.circuit(table)
        assert made.network.free.size == 1
        assert made.truth_table()[:, 0].tolist() == [int(bit) for bit in table]
    assert ns.circuit("a and not a").truth_table().sum() == 0
    assert ns.circuit("1", inputs=["a", "b"]).truth_table().sum() == 4


EXPRESSIONS = [
    "a and not b or c", "a | b & c", "~a ^ b", "not (a or b) and c", "a ^ b ^ c ^ d", "(a or b) and (not a or c)",
    "a and (b or c and (d or not e))", "0 or a", "1 ^ a", "not not a", "((a))", "  a and b  ", "True_ and a",
]  # fmt: skip


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expressions_mean_what_python_says(text):
    names, table = truth_table(text)
    assert sorted(names) == sorted({n.id for n in ast.walk(ast.parse(text.strip())) if isinstance(n, ast.Name)})
    for bits, value in zip(itertools.product((False, True), repeat=len(names)), table, strict=True):
        python = text.strip().replace("~", "not ") if "^" not in text else text.strip().replace("~a", "(not a)")
        assert bool(eval(python, {}, dict(zip(names, bits, strict=True)))) == bool(value)


def test_gates_in_expressions():
    assert truth_table("nand(a, b)")[1].tolist() == [1, 1, 1, 0]
    assert truth_table("xor(a, b, c)")[1].tolist() == [0, 1, 1, 0, 1, 0, 0, 1]
    assert truth_table("inhibition(a, b)")[1].tolist() == [0, 0, 1, 0]
    assert truth_table("majority(a, b and c, not d)")[0] == ("a", "b", "c", "d")


def test_the_order_of_inputs():
    assert truth_table("b and not a")[0] == ("b", "a")
    assert truth_table("b and not a", inputs=["a", "b"])[1].tolist() == [0, 1, 0, 0]
    assert ns.circuit("0100", inputs=["a", "b"])(a=0, b=1) == 1


def test_a_latch_stores_a_bit():
    """Against a variable in Python, on random set and reset signals, from either state."""
    random = np.random.default_rng(2)
    signals = random.integers(0, 2, (200, 2))
    for start, update in itertools.product((0, 1), ("synchronous", "asynchronous")):
        bit, expected = start, []
        for on, off in signals:
            bit = 0 if off else 1 if on else bit
            expected.append(bit)
        assert ns.latch().run(signals, start, update=update, seed=1)[:, 0].tolist() == expected
    assert ns.latch().network.topology.kind == "recurrent"


def test_two_nors_store_a_bit():
    flipflop = ns.compose(
        ns.logic_gate("nor", "r", "nq", output="q"), ns.logic_gate("nor", "s", "q", output="nq"), outputs=["q", "nq"]
    )
    assert flipflop.network.topology.kind == "recurrent"
    signals = [[0, 1], [0, 0], [1, 0], [0, 0], [0, 1], [0, 0]]
    assert flipflop.inputs == ("r", "s")
    assert flipflop.run(signals, update="asynchronous", seed=1)[:, 0].tolist() == [1, 1, 0, 0, 1, 1]
    with pytest.raises(ns.InputError, match="may oscillate under synchronous updates"):
        flipflop.run([[0, 0]], start=0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ns.logic_gate("xor"), "there is no gate 'xor'; did you mean or or nor"),
        (lambda: ns.logic_gate("not", "a", "b"), r"not takes 1 input\(s\), not 2"),
        (lambda: ns.logic_gate("and", "a", "a"), "a name is there twice"),
        (lambda: ns.logic_gate("and", "1a"), "is not a name"),
        (lambda: ns.compose(), "compose takes circuits"),
        (lambda: ns.compose(ns.logic_gate("and"), ns.logic_gate("or")), "two circuits put out 'y'"),
        (lambda: ns.compose(ns.logic_gate("and"), outputs=["z"]), "no circuit puts out 'z'"),
        (lambda: ns.logic_gate("and")(1), "one bit for each of a, b"),
        (lambda: ns.logic_gate("and")(1, 2), "neither 0 nor 1"),
        (lambda: ns.logic_gate("and").compute([[0, 1, 1]]), r"2 values along the last axis, not the shape \(1, 3\)"),
        (lambda: ns.logic_gate("and").renamed(c="d"), "the circuit has no 'c'"),
        (lambda: ns.latch().truth_table(), "a recurrent network has no order of layers"),
        (lambda: ns.latch().run([[0, 1, 0]]), r"\(T, 2\), one column for each input"),
        (lambda: ns.circuit({}), "at least one output"),
        (lambda: ns.circuit({"a": "a and b"}), "a is an input"),
        (lambda: ns.circuit("01" * 1024), "at most 10 inputs, not 11"),
        (lambda: ns.circuit({"y": "0110", "z": "01"}), "have the same inputs"),
        (lambda: ns.circuit("a and b", inputs=["a"]), "'b' is not among the inputs 'a'"),
    ],
)
def test_what_cannot_be_built(call, message):
    with pytest.raises(ns.InputError, match=message):
        call()


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "a +", "a + b", "a and", "a b", "a == b", "a < b", "a if b else c", "lambda: 1", "[a]", "a.b", "a[0]",
        "__import__('os')", "f(a)", "xor()", "nand(a, *b)", "xor(a, b=c)", "2", "1.0", "0x1", "01 and a", "1and a",
        "True", "None", "a := b", "a; b", "a\nb", "a # b", "'a'", "é", "a" * 2001, "(" * 40 + "a" + ")" * 40,
        "not " * 300 + "a", "_a", "a" * 33, "await a", "yield", "a and not", "((a)", "\x00", "def", "-a", "1e3",
        "(a, b)", "a()", "0(a)",
    ],
)  # fmt: skip
def test_what_is_no_boolean_formula(text):
    with pytest.raises(ns.InputError) as raised:
        truth_table(text)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 300


def test_too_many_inputs():
    with pytest.raises(ns.InputError, match=r"13 inputs has a truth table of 2\^13 rows; at most 12"):
        truth_table(" or ".join(f"x{k}" for k in range(13)))
