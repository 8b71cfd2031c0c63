"""Runs a translation on Brian2."""

from collections.abc import Callable
from typing import Any

import brian2
import numpy as np
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject

from ..errors import InputError, SimulationError
from ..expression import evaluate
from ..kernel import Setup
from ..kernel.windows import OnSpikes, OnTrace
from ..model.values import with_defines
from ..progress import Progress
from ..units import parse_unit
from . import updaters
from .functions import gate, where
from .translate import Translation, translate
from .words import Amount, Floats, coherent_in_si

_FUNCTIONS = {"gate": gate, "where": where}


def execute(
    setup: Setup,
    on_spikes: OnSpikes,
    on_trace: OnTrace | None = None,
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Run a simulation on Brian2; as `neurosim.kernel.execute`, but in one piece, that nothing can `stop`."""
    translation = translate(setup)
    run = _Run(translation)
    run.go(progress)
    on_spikes(*run.spikes())
    if on_trace is not None:
        on_trace(0, run.trace())
    return run.final_state()


def _quantity(amount: Amount) -> Any:
    """A number with its dimension, as Brian2 has it."""
    return brian2.Quantity(amount.si, dim=brian2.get_or_create_dimension(amount.exponents))


class _Run:
    """The objects of one run."""

    def __init__(self, translation: Translation) -> None:
        self.translation, self.setup = translation, translation.setup
        self.clock = brian2.Clock(self.setup.dt * brian2.ms)
        self.group = self._group()
        objects = [self.group, *self._regular()]
        self.spike_monitor = brian2.SpikeMonitor(self.group)
        self.monitors = self._monitors()
        self.network = brian2.Network(*objects, *self.monitors.values(), self.spike_monitor)

    def _group(self) -> Any:
        translation, lines = self.translation, self.translation.lines
        brian2.seed(self.setup.seed % 2**32)
        dt = self.setup.dt * brian2.ms
        namespace = {name: _quantity(amount) for name, amount in lines.constants.items()}
        namespace |= {name: brian2.TimedArray(_quantity(table), dt=dt) for name, table in lines.tables.items()}
        namespace |= {name: _FUNCTIONS[name] for name in translation.functions}
        scheme = translation.scheme
        method: Any = getattr(updaters, scheme.name) if scheme.options else scheme.name
        if scheme.description:
            method = brian2.ExplicitStateUpdater(scheme.description)
        group = brian2.NeuronGroup(
            self.setup.drive.neurons,
            "\n".join(lines.equations),
            threshold=translation.threshold,
            reset="\n".join(translation.reset) or None,
            refractory=translation.refractory or False,
            method=method,
            method_options=dict(scheme.options) or None,
            clock=self.clock,
            namespace=namespace,
            codeobj_class=NumpyCodeObject if translation.divides_by_zero else None,
        )
        for name, amount in lines.arrays.items():
            setattr(group, name, _quantity(amount))
        for name, value in lines.start:
            given: Any = value
            if isinstance(value, Amount):
                truth = group.variables[name].dtype == bool
                given = np.asarray(value.values, dtype=bool) if truth else _quantity(value)
            setattr(group, name, given)
        self.first_noise = {
            noise.variable: np.array(getattr(group, noise.variable + "_")[:])
            for noise in translation.noise
            if noise.scale is None
        }
        return group

    def _regular(self) -> list[Any]:
        """What happens at the beginning of every step, before anything looks, and at its end."""
        codes = [(code, "before_start", -1) for code in self.translation.lines.regular]
        codes += [(self.translation.after, "end", -1)] if self.translation.after else []
        return [self.group.run_regularly(code, clock=self.clock, when=w, order=o) for code, w, o in codes]

    def _monitors(self) -> dict[str, Any]:
        """A monitor for each row that is recorded, and for each noise current in one."""
        translation, monitors = self.translation, {}
        every = self.setup.every * self.setup.dt * brian2.ms
        for row in self.setup.recorded:
            if row == "last_spike":
                monitors[row] = brian2.StateMonitor(self.group, translation.last_step, record=True, dt=every)
            elif row.startswith("s_"):
                monitors[row] = brian2.StateMonitor(self.group, translation.name[row[2:]], record=True, dt=every)
        noisy = {row[2:] for row in self.setup.recorded if row.startswith("n_")}
        for noise in translation.noise:
            if list(self.setup.model.inputs)[noise.target] in noisy:
                monitors[f"noise {noise.variable}"] = brian2.StateMonitor(
                    self.group, noise.variable, record=True, when="end", order=-2, clock=self.clock
                )
        return monitors

    def go(self, progress: Any = None) -> None:
        """Run it."""
        steps, dt = self.setup.steps, self.setup.dt
        report: dict[str, Any] = {}
        if progress is not None:
            report = {
                "report": lambda elapsed, completed, start, duration: progress(completed),
                "report_period": 0.2 * brian2.second,
            }
        try:
            with np.errstate(all="ignore"):
                self.network.run(steps * dt * brian2.ms, namespace={}, **report)
        except brian2.BrianObjectException as error:
            cause = error.__cause__ or error
            if isinstance(cause, brian2.stateupdaters.base.UnsupportedEquationsException):
                raise InputError(
                    f"Brian2 cannot run {self.setup.model.name} by {self.setup.method.name}: {cause}; take rk4"
                ) from None
            raise
        for name in self.setup.model.states:
            values = self._now(self.translation.name[name])
            if not np.isfinite(values).all():
                neuron = int(np.flatnonzero(~np.isfinite(values))[0])
                raise SimulationError(
                    f"{name} of neuron {neuron} is {values[neuron]} at the end of a run of {self.setup.model.name} by "
                    f"{self.setup.method.name} on Brian2; take a smaller dt (it is {dt:g} ms)"
                )

    # What came of it ---------------------------------------------------------------------------------------------

    def spikes(self) -> tuple[Any, Floats]:
        """Neurons, and times in steps: the end of the step in which a spike fell."""
        when = np.rint(np.asarray(self.spike_monitor.t_) * 1000 / self.setup.dt) + 1
        index = np.asarray(self.spike_monitor.i, dtype=np.int64)
        order = np.lexsort((index, when))
        return index[order], when[order]

    def trace(self) -> Floats:
        """Rows as the kernel records them: (recorded, neurons, samples)."""
        setup = self.setup
        samples = setup.steps // setup.every + 1
        block = np.zeros((len(setup.recorded), setup.drive.neurons, samples))
        for k, row in enumerate(setup.recorded):
            if row.startswith("n_"):
                self._add_noise(block[k], list(setup.model.inputs).index(row[2:]))
                continue
            monitor, name = self.monitors[row], self._name_of(row)
            values = np.asarray(getattr(monitor, name + "_"))
            block[k, :, : values.shape[1]] = values
            if values.shape[1] < samples:
                block[k, :, -1] = self._now(name)
            if row != "last_spike":
                block[k] /= self._factor(row[2:])
        return block

    def _add_noise(self, block: Floats, target: int) -> None:
        """The noise of an input at the ends of the steps; of that at the start, what has a value there."""
        for noise in self.translation.noise:
            if noise.target == target:
                values = np.asarray(getattr(self.monitors[f"noise {noise.variable}"], noise.variable + "_"))
                if noise.scale is None:
                    values = values / self._factor_of_input(target)
                    block[:, 0] += self.first_noise[noise.variable] / self._factor_of_input(target)
                else:
                    values = values * np.reshape(noise.scale, (-1, 1))
                block[:, 1:] += values[:, self.setup.every - 1 :: self.setup.every]

    def _name_of(self, row: str) -> str:
        return self.translation.last_step if row == "last_spike" else self.translation.name[row[2:]]

    def _now(self, name: str) -> Floats:
        return np.array(np.broadcast_to(getattr(self.group, name + "_")[:], self.setup.drive.neurons), dtype=float)

    def _factor(self, state: str) -> float:
        """What a value in the coherent set is in the SI."""
        return coherent_in_si(parse_unit(self.setup.model.states[state].unit).dimension)

    def _factor_of_input(self, target: int) -> float:
        return coherent_in_si(parse_unit(list(self.setup.model.inputs.values())[target].unit).dimension)

    def final_state(self) -> dict[str, Floats]:
        """What `simulate` accepts as `start`."""
        setup, translation = self.setup, self.translation
        state = {name: self._now(translation.name[name]) / self._factor(name) for name in setup.model.states}
        index, when = self.spikes()
        last = -np.broadcast_to(setup.start.get("since_spike", np.inf), setup.drive.neurons) / setup.dt
        last = np.array(last)
        last[index] = when
        state["since_spike"] = (setup.steps - last) * setup.dt
        state["above_threshold"] = self._above()
        state["refractory"] = self._refractory_left()
        if translation.hazard:
            state["hazard_left"] = -self._now(translation.hazard)
        return state

    def _above(self) -> Floats:
        """Whether each neuron is above a threshold that it has to cross again: 1 or 0."""
        if self.translation.above:
            return self._now(self.translation.above)
        if not self.translation.edge:
            return np.zeros(self.setup.drive.neurons)
        values: dict[str, Any] = dict(self.setup.parameters)
        values |= {
            name: self._now(self.translation.name[name]) / self._factor(name) for name in self.setup.model.states
        }
        above = evaluate(self.setup.model.spike.rule.tree, with_defines(self.setup.model, values))
        return np.array(np.broadcast_to(above, self.setup.drive.neurons), dtype=float)

    def _refractory_left(self) -> Floats:
        if self.translation.refractory_steps is None:
            return np.zeros(self.setup.drive.neurons)
        since = self.setup.steps - 1 - np.rint(self._now("lastspike") * 1000 / self.setup.dt)
        left: Floats = np.maximum(self.translation.refractory_steps - since, 0.0)
        return left * self.setup.dt
