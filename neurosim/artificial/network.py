"""A network of artificial neurons with any matrix of weights."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import InputError, excerpt
from .dynamics import NetworkRun, run_network
from .neuron import Activation, activation
from .states import TWO_STATES, Floats, Ints, check_finite, check_states
from .topology import Topology, find_topology

_activation = activation  # the class has a parameter of this name


class ThresholdNetwork:
    """Units y = f(Σ_j W[i, j] y_j − θ_i), connected in any way.

    Parameters
    ----------
    weights
        W[i, j] from unit j to unit i, (n, n), dense or a SciPy sparse matrix; an entry of 0 is no connection.
    thresholds
        θ, one for all or (n,).
    activation
        A name or `Activation` for all, or n of them; see `activation`. Units with ``"heaviside"`` have the states
        {0, 1}, those with ``"sign"`` {−1, +1}.
    inputs
        Units whose state is given instead of computed. Unless given, those that hear from no other unit.
    outputs
        Units to read. Unless given, those that no unit hears, or all if there are none.
    names
        One for each unit, for pictures.

    Raises
    ------
    InputError
        For shapes that do not fit, values that are not finite, unknown activations or units.

    Examples
    --------
    Exclusive or, by a hidden unit that finds both inputs on and outweighs them:

    >>> W = [[0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0], [1, 1, -2, 0]]
    >>> xor = ThresholdNetwork(W, [0, 0, 1.5, 0.5])
    >>> print(xor.topology)
    feedforward of higher order, layers 2–1–1, 2 inputs, 1 outputs
    >>> xor.compute([[0, 0], [0, 1], [1, 0], [1, 1]]).ravel()
    array([0., 1., 1., 0.])
    """

    def __init__(
        self,
        weights: Any,
        thresholds: Any = 0.0,
        activation: Any = "heaviside",
        *,
        inputs: Any = None,
        outputs: Any = None,
        names: Sequence[str] | None = None,
    ) -> None:
        self.weights = _matrix(weights)  # a csr_array, whatever was given
        n = self.size = int(self.weights.shape[0])
        theta = check_finite(thresholds, "thresholds")
        if theta.shape not in ((), (n,)):
            raise InputError(f"thresholds: one for all or {n}, one for each unit, not the shape {theta.shape}")
        self.thresholds = np.full(n, theta) if theta.ndim == 0 else theta
        several = isinstance(activation, list | tuple | np.ndarray)
        given = list(activation) if several else [activation] * n
        if len(given) != n:
            raise InputError(f"activation: a name, or {n}, one for each unit, not {len(given)}")
        made = {name: _activation(name) for name in dict.fromkeys(given)}
        self._kinds = tuple(dict.fromkeys(made.values()))
        number = {name: self._kinds.index(f) for name, f in made.items()}
        self._kind = np.array([number[name] for name in given], dtype=np.int64)
        to, source = self.weights.nonzero()
        self.inputs = _units(inputs, n, "inputs", np.setdiff1d(np.arange(n), to))
        silent = np.setdiff1d(np.arange(n), source)
        self.outputs = _units(outputs, n, "outputs", silent if silent.size else np.arange(n))
        if names is not None and (isinstance(names, str) or len(names) != n):
            raise InputError(f"names: {n} are needed, one for each unit")
        self.names = None if names is None else tuple(map(str, names))

    @cached_property
    def activations(self) -> tuple[Activation, ...]:
        """That of each unit."""
        return tuple(self._kinds[k] for k in self._kind)

    @cached_property
    def topology(self) -> Topology:
        """What the weights say about the shape of the network."""
        heard = self.weights
        if np.diff(heard.indptr)[self.inputs].any():  # what an input hears does not count
            heard = heard.copy()
            heard.data[np.isin(np.repeat(np.arange(self.size), np.diff(heard.indptr)), self.inputs)] = 0
            heard.eliminate_zeros()
        return find_topology(heard, self.inputs, self.outputs)

    @cached_property
    def free(self) -> Ints:
        """The units that are computed: all but the inputs."""
        return np.setdiff1d(np.arange(self.size), self.inputs)

    def field(self, states: Any) -> Floats:
        """h_i = Σ_j W[i, j] s_j − θ_i for states (…, n): (…, n)."""
        values = check_finite(states, "states")
        if values.ndim == 0 or values.shape[-1] != self.size:
            raise InputError(f"states have {self.size} values along the last axis, not the shape {values.shape}")
        return self.fields(values)

    def fields(self, states: Floats) -> Floats:
        """The same, for floats (…, n) that need no check."""
        flat = states.reshape(-1, self.size)
        fields: Floats = (self.weights @ flat.T).T - self.thresholds
        return fields.reshape(states.shape)

    def activity(self, inputs: Any) -> Floats:
        """Compute a feedforward network layer by layer.

        Parameters
        ----------
        inputs
            Of the input units, in their order: (…, m).

        Returns
        -------
        ndarray (…, n)
            The states of all units. A sign unit with h = 0 has the state it starts with, +1.

        Raises
        ------
        InputError
            If the network is recurrent (see `run`), shapes do not fit, or inputs are no states of their units.
        """
        topology = self.topology
        if topology.kind != "feedforward":
            raise InputError("a recurrent network has no order of layers; use run(start, steps)")
        given = self.check(inputs, self.inputs, "inputs")
        states = np.zeros((*given.shape[:-1], self.size))
        states[..., self.inputs] = given
        for number, layer in enumerate(topology.layers):
            units = layer if number else np.setdiff1d(layer, self.inputs)
            if units.size:
                self.activate(states, units, self._fields_of(states, units), None)
        return states

    def compute(self, inputs: Any) -> Floats:
        """The states of the output units, (…, k), for inputs (…, m); see `activity`."""
        outputs: Floats = self.activity(inputs)[..., self.outputs]
        return outputs

    def run(
        self,
        start: Any,
        steps: int,
        *,
        update: str = "asynchronous",
        beta: float = np.inf,
        order: str = "random",
        seed: Any = None,
        record_every: int = 1,
    ) -> NetworkRun:
        """Let the network run; its inputs keep the state they start with.

        Parameters
        ----------
        start
            States of all units, (n,), or (r, n) for r networks that run side by side, with random numbers of their own.
        steps
            An asynchronous step is as many updates as there are free units, each of one unit, in the light of the
            states at that moment; a synchronous step updates all at once.
        update
            ``"asynchronous"`` or ``"synchronous"``.
        beta
            Inverse temperature: a two-state unit is in its upper state with probability ½(1 + tanh βh) after an
            update (Glauber). Infinite: deterministic.
        order
            Of asynchronous updates: ``"random"`` picks a unit each time, ``"shuffled"`` makes each step a random
            permutation, ``"ordered"`` goes by number. Only the first satisfies detailed balance.
        seed
            Of the random numbers.
        record_every
            Steps from one recorded state to the next.

        Raises
        ------
        InputError
            For starts that are no states of the units, β for units that have not two states, softmax units updated
            one by one, unknown words.
        """
        return run_network(self, start, steps, update, beta, order, seed, record_every)

    def check(self, values: Any, units: Ints, what: str) -> Floats:
        """`values` (…, m) as states of the m `units`."""
        states = check_finite(values, what)
        if states.ndim == 0 or states.shape[-1] != units.size:
            raise InputError(f"{what}: {units.size} values along the last axis, not the shape {states.shape}")
        for k, f in enumerate(self._kinds):
            if f.name in TWO_STATES:
                check_states(states[..., self._kind[units] == k], TWO_STATES[f.name], f"{what} of {f.name} units")
        return states

    def activate(self, states: Floats, units: Ints, fields: Floats, present: Floats | None) -> None:
        """Set `units` in `states` (…, n) to what their fields (…, m) make of them; `present` is the state before."""
        for k in np.unique(self._kind[units]):
            f, chosen = self._kinds[k], self._kind[units] == k
            kept = None if present is None else present[..., units[chosen]]
            states[..., units[chosen]] = f(fields[..., chosen], kept)

    def _fields_of(self, states: Floats, units: Ints) -> Floats:
        flat = states.reshape(-1, self.size)
        fields: Floats = (self.weights[units] @ flat.T).T - self.thresholds[units]
        return fields.reshape(*states.shape[:-1], units.size)

    def plot(self, ax: Any = None) -> Any:
        """Draw it; see `neurosim.plot_network`."""
        from ..plot.networks import plot_network

        return plot_network(self, ax=ax)

    def __repr__(self) -> str:
        kinds = ", ".join(map(str, self._kinds))
        return f"<ThresholdNetwork of {self.size} units ({kinds}): {self.topology}>"


def _matrix(weights: Any) -> Any:
    """A square matrix as a sparse one with rows that can be walked along, zeros left out."""
    from scipy.sparse import csr_array, issparse

    if issparse(weights):
        matrix = csr_array(weights, copy=True)
        matrix = csr_array((check_finite(matrix.data, "weights"), matrix.indices, matrix.indptr), shape=matrix.shape)
        matrix.sum_duplicates()
    else:
        dense = check_finite(weights, "weights")
        if dense.ndim != 2:
            raise InputError(f"weights: a matrix (n, n), W[i, j] from unit j to unit i, not the shape {dense.shape}")
        matrix = csr_array(dense)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.shape[0] == 0:
        raise InputError(f"weights: a matrix (n, n), W[i, j] from unit j to unit i, not the shape {matrix.shape}")
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return matrix


def _units(given: Any, n: int, what: str, usual: Ints) -> Ints:
    """Numbers of units, each once."""
    if given is None:
        return usual.astype(np.int64)
    units = np.asarray(given)
    if units.size == 0:
        return np.zeros(0, dtype=np.int64)
    if units.dtype.kind not in "iu" or units.ndim != 1 or units.min() < 0 or units.max() >= n:
        raise InputError(f"{what}: units are whole numbers from 0 to {n - 1}, not {excerpt(given)}")
    if np.unique(units).size != units.size:
        raise InputError(f"{what}: a unit is named twice in {excerpt(given)}")
    return units.astype(np.int64)
