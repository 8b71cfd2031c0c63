"""What a matrix of weights says about a network: layers, recurrence, symmetry. The graph work is SciPy's."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from .states import Ints


@dataclass(frozen=True, eq=False)
class Topology:
    """The shape of a network.

    Attributes
    ----------
    kind : str
        ``"feedforward"`` if no path leads back to where it began, else ``"recurrent"``.
    order : int or None
        Of a feedforward network, the largest number of layers that a connection goes forward: 1 (or 0 without
        connections) if every connection goes to the next layer, more if some skip layers. None if recurrent.
    layers : tuple of ndarray
        Of a feedforward network, the units of each layer, the inputs first; a unit lies one above the highest one it
        hears from. Empty if recurrent.
    fully_connected : bool
        Feedforward: every unit hears from all of the layer below. Recurrent: every unit that is no input hears from
        all others.
    symmetric : bool
        W[i, j] = W[j, i] for all i, j, and there are connections.
    self_connected : bool
        Some unit hears itself.
    inputs, outputs : ndarray
        Units that are given, and units that are read.
    components : int
        Number of strongly connected components: n in a feedforward network, fewer where there are loops of two or
        more units.
    """

    kind: str
    order: int | None
    layers: tuple[Ints, ...]
    fully_connected: bool
    symmetric: bool
    self_connected: bool
    inputs: Ints
    outputs: Ints
    components: int

    def __str__(self) -> str:
        size = f"{self.inputs.size} inputs, {self.outputs.size} outputs"
        if self.kind == "feedforward":
            degree = "first" if (self.order or 0) <= 1 else "higher"
            widths = "–".join(str(layer.size) for layer in self.layers)
            words = [f"feedforward of {degree} order, layers {widths}"]
        else:
            words = ["recurrent"]
        words += ["fully connected"] * self.fully_connected + ["symmetric"] * self.symmetric
        return ", ".join([*words, *["with self-connections"] * self.self_connected, size])


def find_topology(weights: Any, inputs: Ints, outputs: Ints) -> Topology:
    """The topology of a sparse matrix of weights W[i, j], from j to i."""
    from scipy.sparse.csgraph import connected_components

    n = weights.shape[0]
    to, source = weights.nonzero()
    components, _ = connected_components(weights, directed=True, connection="strong")
    looped = bool((to == source).any())
    if components == n and not looped:
        depth = depths(n, to, source, inputs)
        layers = tuple(np.flatnonzero(depth == k) for k in range(int(depth.max(initial=-1)) + 1))
        order = int((depth[to] - depth[source]).max(initial=0))
        full = order == 1 and to.size == sum(a.size * b.size for a, b in pairwise(layers))
        return Topology("feedforward", order, layers, full, False, False, inputs, outputs, components)
    symmetric = (weights != weights.T).nnz == 0
    heard = np.bincount(to[to != source], minlength=n)
    free = np.setdiff1d(np.arange(n), inputs)
    full = bool((heard[free] == n - 1).all())
    return Topology("recurrent", None, (), full, symmetric, looped, inputs, outputs, components)


def depths(n: int, to: Ints, source: Ints, inputs: Ints) -> Ints:
    """The layer of each unit of a network without loops: 0 for inputs, else one above the highest it hears from."""
    depth = np.ones(n, dtype=np.int64)
    depth[inputs] = 0
    while True:
        deeper = depth.copy()
        np.maximum.at(deeper, to, depth[source] + 1)
        if (deeper == depth).all():
            return depth
        depth = deeper
