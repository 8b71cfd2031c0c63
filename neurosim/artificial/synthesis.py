"""From a truth table to a network: one unit where that is possible, else two layers."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from ..errors import InputError, SimulationError
from .formula import Bits, check_names, formula_inputs, input_rows, parse_formula, truth_table
from .logic import Circuit, build
from .separable import separate_table
from .states import Floats, Ints

_MOST_INPUTS = 10


def smallest_weights(function: Any) -> tuple[Ints, float]:
    """The smallest whole-number weights of a separable Boolean function, and a threshold.

    Parameters
    ----------
    function
        A truth table or an expression, as in `is_linearly_separable`; at most 10 inputs.

    Returns
    -------
    weights : ndarray of int (n,)
        With the smallest ``Σ |w_i|``.
    threshold : float
        Midway between two whole numbers, so that no sum comes near it: 1.5 for the conjunction of two inputs.

    Raises
    ------
    InputError
        If the function is not separable; the message has the certificate.

    Notes
    -----
    By branch and bound (HiGHS), with the result checked in whole numbers. For up to 7 inputs the smallest weights are
    the only ones with that sum (Muroga 1971).
    """
    names, table = truth_table(function)
    _check_size(len(names))
    verdict = separate_table(table)
    if not verdict:
        raise InputError(f"the function is not linearly separable: {verdict.certificate} (rows of its truth table)")
    return _smallest(table)


def _check_size(n: int) -> None:
    if n > _MOST_INPUTS:
        raise InputError(f"circuits and smallest weights are found for at most {_MOST_INPUTS} inputs, not {n}")


def _smallest(table: Bits) -> tuple[Ints, float]:
    from scipy.optimize import Bounds, LinearConstraint, milp

    n = table.size.bit_length() - 1
    if (table == table[0]).all():
        return np.zeros(n, np.int64), -0.5 if table[0] else 0.5
    rows = input_rows(n).astype(np.float64)
    signs = np.where(table == 1, 1.0, -1.0)
    rising = _directions(table, n)
    positive = np.where(rising < 0, 1.0 - rows, rows)[:, rising != 0]  # a function that falls with x rises with 1 − x
    if not positive.shape[1]:
        raise AssertionError("a function that depends on nothing is constant")
    edge = _edge(positive, table)
    width = positive.shape[1]
    A = signs[edge, None] * np.column_stack([positive[edge], -np.ones(edge.size)])
    found = milp(
        np.append(np.ones(width), 1e-4),
        constraints=LinearConstraint(A, np.where(table[edge] == 1, 0.0, 1.0), np.inf),
        integrality=np.ones(width + 1),
        bounds=Bounds(np.append(np.ones(width), 1.0), np.inf),
    )
    if found.x is None:
        raise SimulationError(f"no whole-number weights were found: {found.message}")
    weights = np.zeros(n, dtype=np.int64)
    weights[rising != 0] = np.rint(found.x[:-1]).astype(np.int64)
    least = round(found.x[-1]) - int(weights[rising < 0].sum())
    weights = weights * np.where(rising == 0, 1, rising)
    if not ((rows @ weights >= least) == (table == 1)).all():
        raise SimulationError("the whole-number weights that were found do not realise the function")
    return weights, least - 0.5


def _directions(table: Bits, n: int) -> Ints:
    """+1 for an input with which the separable function rises, −1 where it falls, 0 where it does not depend on it."""
    cube = table.astype(np.int64).reshape((2,) * n)
    return np.array([np.sign((np.take(cube, 1, axis=k) - np.take(cube, 0, axis=k)).sum()) for k in range(n)])


def _edge(positive: Floats, table: Bits) -> Ints:
    """The rows that matter for a rising function: true ones that no other true one lies below, and the like."""
    lower = (positive[:, None, :] <= positive[None, :, :]).all(axis=2) & (
        positive[:, None, :] < positive[None, :, :]
    ).any(axis=2)
    true = table == 1
    minimal = true & ~(lower & true[:, None]).any(axis=0)
    maximal = ~true & ~(lower & ~true[None, :]).any(axis=1)
    return np.flatnonzero(minimal | maximal)


def circuit(function: Any, inputs: Sequence[str] | None = None) -> Circuit:
    """A network of Heaviside units that computes a Boolean function.

    Parameters
    ----------
    function
        A truth table (``"0110"``, or 2^n values) or an expression (``"a and not b or c"``); or a mapping of names to
        such, for several outputs of the same inputs. At most 10 inputs.
    inputs
        Names of the inputs, in order. Unless given, those that appear in the expressions, in that order, or x1 … xn.

    Returns
    -------
    Circuit
        Its output is called y, or as the mapping says.

    Raises
    ------
    InputError
        For no Boolean function, too many inputs, functions of different inputs.

    Notes
    -----
    - A separable function is one unit, with the smallest whole-number weights.
    - A function of the number of ones alone, such as parity, has a hidden unit for each number where its value changes,
      on from there; the output unit weighs them +1 and −1 in turn.
    - Any other function is a disjunction of prime implicants, each a hidden unit, or its negation is, if that takes
      fewer.

    Examples
    --------
    >>> adder = circuit({"sum": "a ^ b ^ c", "carry": "majority(a, b, c)"})
    >>> adder
    <Circuit a, b, c → sum, carry: 5 unit(s), feedforward>
    >>> adder(1, 0, 1)
    (0, 1)
    """
    named = dict(function) if isinstance(function, Mapping) else {"y": function}
    if not named:
        raise InputError("a circuit needs at least one output")
    names = _inputs_of(list(named.values()), inputs)
    check_names(list(named))
    if clash := set(named) & set(names):
        raise InputError(f"{min(clash)} is an input; call the output otherwise")
    _check_size(len(names))
    plans = [_plan(truth_table(f, names)[1]) for f in named.values()]
    n = len(names)
    size = n + sum(len(hidden) + 1 for hidden, _ in plans)
    W, thresholds, at, outputs = np.zeros((size, size)), np.zeros(size), n, {}
    for name, (hidden, (weights, threshold)) in zip(named, plans, strict=True):
        for k, (row, theta) in enumerate(hidden):
            W[at + k, :n], thresholds[at + k] = row, theta
        end = at + len(hidden)
        W[end, at:end] = weights if hidden else 0.0
        if not hidden:
            W[end, :n] = weights
        thresholds[end], outputs[name], at = threshold, end, end + 1
    return build(W, thresholds, names, outputs)


Unit = tuple[Any, float]


def _inputs_of(functions: Sequence[Any], inputs: Sequence[str] | None) -> tuple[str, ...]:
    """The names of the inputs that functions share."""
    if inputs is not None:
        return check_names(inputs)
    expressions = [f for f in functions if isinstance(f, str) and set(f) - set("0123456789 _")]
    if len(expressions) == len(functions):
        found = dict.fromkeys(name for f in expressions for name in formula_inputs(parse_formula(f)))
        if found:
            return tuple(found)
    names = {truth_table(f)[0] for f in functions}
    if len(names) > 1:
        raise InputError("the functions of one circuit have the same inputs; name them with inputs=…")
    return names.pop()


def _plan(table: Bits) -> tuple[list[Unit], Unit]:
    """Hidden units (weights from the inputs, threshold) and the output unit (weights from the hidden ones, if any)."""
    n = table.size.bit_length() - 1
    if separate_table(table):
        return [], _smallest(table)
    number = input_rows(n).sum(axis=1)
    by_number = np.array([table[number == k][0] for k in range(n + 1)])
    if (table == by_number[number]).all():
        steps = np.flatnonzero(np.diff(by_number)) + 1
        signs = np.diff(by_number.astype(np.int64))[steps - 1]
        return [(np.ones(n), k - 0.5) for k in steps], (signs, 0.5 - int(by_number[0]))
    cover, other = _cover(table), _cover(1 - table)
    if len(cover) <= len(other):
        return [_term(*implicant) for implicant in cover], (np.ones(len(cover)), 0.5)
    return [_term(*implicant) for implicant in other], (-np.ones(len(other)), -0.5)


def _term(kept: Ints, value: Ints) -> Unit:
    """The unit that is on exactly if the inputs `kept` have the values given."""
    weights = kept * (2 * value - 1)
    return weights, float(weights[weights > 0].sum()) - 0.5


@cache
def _cubes(n: int) -> tuple[Ints, Ints]:
    """All products of inputs and negated inputs: which inputs they keep, and with what value."""
    digits = np.array(np.unravel_index(np.arange(3**n), (3,) * n)).T
    return (digits != 2).astype(np.int64), (digits == 1).astype(np.int64)


def _cover(table: Bits) -> list[tuple[Ints, Ints]]:
    """Few prime implicants that together are the function: the essential ones, then always the one that adds most."""
    n = table.size.bit_length() - 1
    kept, value = _cubes(n)
    implies = _implies(table, n)
    prime = implies.copy()
    weights = 3 ** np.arange(n - 1, -1, -1)
    numbers = np.arange(3**n)
    for k in range(n):  # not prime: one input less would do
        shorter = numbers + (2 - numbers // weights[k] % 3) * weights[k]
        prime &= ~(implies[shorter] & (kept[:, k] == 1))
    primes = np.flatnonzero(prime)
    rows = input_rows(n).astype(np.int64)
    covers = np.array([((rows == value[p]) | (kept[p] == 0)).all(axis=1) for p in primes]).reshape(len(primes), -1)
    waiting = table == 1
    once = waiting & (covers.sum(axis=0) == 1)
    chosen = [k for k in range(len(primes)) if (covers[k] & once).any()]
    for k in chosen:
        waiting = waiting & ~covers[k]
    while waiting.any():
        best = int((covers & waiting).sum(axis=1).argmax())
        chosen.append(best)
        waiting = waiting & ~covers[best]
    return [(kept[primes[k]], value[primes[k]]) for k in sorted(chosen)]


def _implies(table: Bits, n: int) -> Any:
    """Whether the function is 1 wherever a product is, for all 3^n products: digit 0 or 1 a value, 2 either."""
    cube = table.astype(bool).reshape((2,) * n)
    for axis in range(n):
        zero, one = np.take(cube, 0, axis=axis), np.take(cube, 1, axis=axis)
        cube = np.stack([zero, one, zero & one], axis=axis)
    return cube.ravel()
