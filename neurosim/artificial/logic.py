"""McCulloch–Pitts networks: gates, circuits composed of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from ..errors import InputError, choices, excerpt
from .formula import Bits, check_names, input_rows
from .network import ThresholdNetwork
from .states import Floats, check_count, check_finite, check_states

_MOST_UNITS = 4096
_KINDS: Final[
    dict[str, tuple[int, int, Callable[[int], tuple[list[float], float]]]]
] = {  # gate: (least and most inputs; weights and threshold for n of them)
    "not": (1, 1, lambda n: ([-1.0], -0.5)),
    "and": (1, _MOST_UNITS, lambda n: ([1.0] * n, n - 0.5)),
    "or": (1, _MOST_UNITS, lambda n: ([1.0] * n, 0.5)),
    "nand": (1, _MOST_UNITS, lambda n: ([-1.0] * n, 0.5 - n)),
    "nor": (1, _MOST_UNITS, lambda n: ([-1.0] * n, -0.5)),
    "majority": (1, _MOST_UNITS, lambda n: ([1.0] * n, n // 2 + 0.5)),
    "inhibition": (2, _MOST_UNITS, lambda n: ([1.0] + [-1.0] * (n - 1), 0.5)),
}


class Circuit:
    """A network of Heaviside units with named inputs and outputs. Made by `logic_gate`, `circuit`, `compose`, `latch`.

    Attributes
    ----------
    network : ThresholdNetwork
    inputs, outputs : tuple of str
        Names of its inputs and outputs, in the order of ``network.inputs`` and ``network.outputs``.

    Examples
    --------
    >>> both = logic_gate("and", "a", "b")
    >>> both(1, 1), both(a=1, b=0)
    (1, 0)
    """

    def __init__(self, network: ThresholdNetwork, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        self.network, self.inputs, self.outputs = network, check_names(inputs), check_names(outputs)
        if (len(self.inputs), len(self.outputs)) != (network.inputs.size, network.outputs.size):
            raise InputError(
                f"the network has {network.inputs.size} inputs and {network.outputs.size} outputs, "
                f"the names are {len(self.inputs)} and {len(self.outputs)}"
            )
        if any(f.name != "heaviside" for f in network.activations):
            raise InputError("a circuit is made of heaviside units")

    def __call__(self, *values: Any, **named: Any) -> Any:
        """The outputs for single bits, in order or by name: an int, or a tuple of several."""
        bits = dict(zip(self.inputs, values, strict=False)) | named
        if len(values) + len(named) != len(self.inputs) or set(bits) != set(self.inputs):
            raise InputError(f"the circuit takes one bit for each of {', '.join(self.inputs)}")
        result = self.compute([bits[name] for name in self.inputs])
        if result.ndim != 1:
            raise InputError("a circuit is called with single bits; use compute for arrays")
        found = tuple(int(bit) for bit in result)
        return found[0] if len(found) == 1 else found

    def compute(self, inputs: Any) -> Floats:
        """The outputs (…, k) for inputs (…, n), in the order of the names."""
        return self.network.compute(inputs)

    def truth_table(self) -> Bits:
        """The outputs for all inputs, (2^n, k), in the order of binary numbers, the first input leading.

        Raises
        ------
        InputError
            For more than 16 inputs, or a recurrent circuit, whose output depends on its past.
        """
        if len(self.inputs) > 16:
            raise InputError(f"the truth table of {len(self.inputs)} inputs has too many rows; at most 16 are taken")
        return self.compute(input_rows(len(self.inputs))).astype(np.uint8)

    def run(
        self, inputs: Any, start: Any = 0, *, steps: int = 100, update: str = "synchronous", seed: Any = None
    ) -> Any:
        """Give a sequence of inputs to a circuit that remembers.

        Parameters
        ----------
        inputs
            (T, n), one row after the other; each is held until nothing changes any more.
        start
            State of the units that are computed, one for all or one for each.
        steps
            So many, at most, for each row.
        update, seed
            As in `ThresholdNetwork.run`.

        Returns
        -------
        ndarray (T, k)
            The outputs once the circuit has settled.

        Raises
        ------
        InputError
            For wrong shapes and values, and where it does not settle.
        """
        rows = check_states(inputs, (0.0, 1.0), "inputs")
        if rows.ndim != 2 or rows.shape[1] != len(self.inputs):
            raise InputError(f"inputs: (T, {len(self.inputs)}), one column for each input, not the shape {rows.shape}")
        network, free = self.network, self.network.free
        begin = check_finite(start, "start")
        if begin.shape not in ((), free.shape):
            raise InputError(f"start: one for all or {free.size}, not the shape {begin.shape}")
        states = np.zeros(network.size)
        states[free] = begin
        outputs = np.empty((len(rows), len(self.outputs)))
        count = check_count(steps, "steps")
        for t, row in enumerate(rows):
            states[network.inputs] = row
            run = network.run(states, count, update=update, seed=seed, order="shuffled")
            if not run.fixed:
                raise InputError(
                    f"row {t} of the inputs leaves the circuit unsettled after {count} steps; "
                    "circuits with loops may oscillate under synchronous updates"
                )
            states = run.final_state.copy()
            outputs[t] = states[network.outputs]
        return outputs

    def renamed(self, **names: str) -> "Circuit":
        """The same circuit with other names: ``adder.renamed(a="x", sum="s")``."""
        known = (*self.inputs, *self.outputs)
        if unknown := [name for name in names if name not in known]:
            raise InputError(f"the circuit has no {excerpt(unknown[0])}; {choices(unknown[0], known)}")
        inputs = [names.get(name, name) for name in self.inputs]
        outputs = [names.get(name, name) for name in self.outputs]
        old = self.network
        named = [*zip(old.inputs, inputs, strict=True), *zip(old.outputs, outputs, strict=True)]
        network = ThresholdNetwork(
            old.weights, old.thresholds, inputs=old.inputs, outputs=old.outputs, names=_names(old.size, named)
        )
        return Circuit(network, inputs, outputs)

    def plot(self, ax: Any = None) -> Any:
        """Draw it; see `neurosim.plot_network`."""
        from ..plot.networks import plot_network

        return plot_network(self.network, ax=ax)

    def __repr__(self) -> str:
        return (
            f"<Circuit {', '.join(self.inputs)} → {', '.join(self.outputs)}: "
            f"{self.network.free.size} unit(s), {self.network.topology.kind}>"
        )


def logic_gate(kind: str, *inputs: str, output: str = "y") -> Circuit:
    """One unit that computes a logic gate.

    Parameters
    ----------
    kind
        ``"not"``, ``"and"``, ``"or"``, ``"nand"``, ``"nor"``, ``"majority"`` (more than half of the inputs are 1),
        ``"inhibition"`` (the first input is 1, all others, which veto it, are 0).
    inputs
        Names of the inputs; a and b, for not a alone, unless given.
    output
        Name of the output.

    Raises
    ------
    InputError
        For an unknown gate, a number of inputs it cannot have, names that are none.

    Notes
    -----
    McCulloch & Pitts 1943, Bull Math Biophys 5:115, doi:10.1007/BF02478259. Weights are ±1; the threshold lies midway
    between the sums it has to tell apart.
    """
    if not isinstance(kind, str) or kind not in _KINDS:
        raise InputError(f"there is no gate {excerpt(kind)}; {choices(kind, _KINDS)}")
    least, most, rule = _KINDS[kind]
    names = check_names(inputs or ("a", "b")[: min(2, most)])
    if not least <= len(names) <= most:
        raise InputError(f"{kind} takes {least}{'' if most == least else ' or more'} input(s), not {len(names)}")
    return single_unit(*rule(len(names)), names, output)


def single_unit(weights: Sequence[float], threshold: float, inputs: Sequence[str], output: str) -> Circuit:
    """A circuit of one unit."""
    n = len(inputs)
    W = np.zeros((n + 1, n + 1))
    W[n, :n] = weights
    return build(W, [0.0] * n + [threshold], inputs, {output: n})


def build(W: Any, thresholds: Any, inputs: Sequence[str], outputs: Mapping[str, int]) -> Circuit:
    """A circuit whose first units are its inputs."""
    units = list(outputs.values())
    names = _names(len(thresholds), zip([*range(len(inputs)), *units], [*inputs, *outputs], strict=True))
    network = ThresholdNetwork(W, thresholds, inputs=range(len(inputs)), outputs=units, names=names)
    return Circuit(network, inputs, list(outputs))


def _names(size: int, named: Iterable[tuple[int, str]]) -> list[str]:
    """A name for each unit, of those that have one or several."""
    names = [""] * size
    for unit, name in named:
        names[unit] = f"{names[unit]}, {name}" if names[unit] and names[unit] != name else name
    return names


def compose(*circuits: Circuit, outputs: Sequence[str] | None = None) -> Circuit:
    """One circuit out of several: an output is wired to the inputs that have its name.

    Parameters
    ----------
    circuits
        Their inputs that no circuit puts out are the inputs of the whole, in order. Loops make it recurrent.
    outputs
        What to read of the whole; unless given, the outputs that are no one's input, or all if there are none.

    Raises
    ------
    InputError
        If two circuits have an output of the same name, or an output is not there.

    Examples
    --------
    >>> either, both = logic_gate("or", output="either"), logic_gate("and", output="both")
    >>> xor = compose(either, both, logic_gate("inhibition", "either", "both"))
    >>> xor.truth_table().ravel().tolist()
    [0, 1, 1, 0]
    """
    if not circuits or not all(isinstance(part, Circuit) for part in circuits):
        raise InputError("compose takes circuits, such as logic_gate('and')")
    made = [name for part in circuits for name in part.outputs]
    if twice := [name for name in dict.fromkeys(made) if made.count(name) > 1]:
        raise InputError(f"two circuits put out {excerpt(twice[0])}; give one of them another name with renamed(…)")
    heard = [name for part in circuits for name in part.inputs]
    inputs = [name for name in dict.fromkeys(heard) if name not in made]
    wanted = check_names(outputs or [name for name in made if name not in heard] or made)
    if missing := [name for name in wanted if name not in made]:
        raise InputError(f"no circuit puts out {excerpt(missing[0])}; {choices(missing[0], made)}")
    place: dict[str, int] = {name: k for k, name in enumerate(inputs)}
    maps, size = [], len(inputs)
    for part in circuits:
        network = part.network
        mapping = np.full(network.size, -1)
        mapping[network.free] = np.arange(size, size + network.free.size)
        size += network.free.size
        place |= {
            name: mapping[unit] for name, unit in zip(part.outputs, network.outputs, strict=True) if mapping[unit] >= 0
        }
        maps.append(mapping)
    if size > _MOST_UNITS:
        raise InputError(f"a circuit has at most {_MOST_UNITS} units, this one {size}")
    for part in circuits:  # an output that is an input passes on what it hears
        for name, unit in zip(part.outputs, part.network.outputs, strict=True):
            if name not in place:
                raise InputError(
                    f"{excerpt(name)}, output {unit} of a circuit, is one of its inputs; nothing computes it"
                )
    W, thresholds = np.zeros((size, size)), np.zeros(size)
    for part, mapping in zip(circuits, maps, strict=True):
        network = part.network
        mapping[network.inputs] = [place[name] for name in part.inputs]
        thresholds[mapping[network.free]] = network.thresholds[network.free]
        heard_by = network.weights[network.free].tocoo()
        np.add.at(W, (mapping[network.free][heard_by.row], mapping[heard_by.col]), heard_by.data)
    return build(W, thresholds, inputs, {name: int(place[name]) for name in wanted})


def latch() -> Circuit:
    """A recurrent circuit that stores a bit: one unit that excites itself.

    Its input ``set`` switches it on, ``reset`` off, and off if both are 1; without input it stays as it is. The weights
    are 1 from ``set``, −2 from ``reset`` and 1 from itself, the threshold ½.

    Examples
    --------
    >>> latch().run([[0, 0], [1, 0], [0, 0], [0, 1], [0, 0]]).ravel()
    array([0., 1., 1., 0., 0.])
    """
    return build([[0, 0, 0], [0, 0, 0], [1, -2, 1]], [0, 0, 0.5], ["set", "reset"], {"stored": 2})
