"""Every model on both simulators; run as a script, it writes the table that the documentation shows."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import stats

import neurosim as ns
from neurosim.units import parse_unit, to_number

TABLE = Path(__file__).parent.parent.parent / "docs" / "brian2-agreement.md"
STEPS = 2000  # of the deterministic comparison: long enough for spikes, too short for chaos to separate rounding errors
INPUT = {  # where the first check of the file does not spike within so many steps
    "cortical-intrinsically-bursting": (8.0, 2400),
    "pinsky-rinzel": ({"I_s": 5.0, "I_d": 0.0}, 2000),
    "izhikevich": (10.0, 2000),
}
RANDOM = {  # input, duration in ms, dt
    "escape-integrate-and-fire": (1.9, 120, None),
    "gamma": (100.0, 50, 0.1),
    "generalised-integrate-and-fire": (0.4, 100, None),
    "poisson": (100.0, 50, 0.1),
    "poisson-with-dead-time": (100.0, 60, 0.1),
    "renewal": (1.5, 50, None),
    "renewal-exponential-recovery": (1.2, 60, None),
    "renewal-hazard": (1.5, 50, None),
    "spike-response": (1.2, 80, None),
    "threshold-unit": (-0.5, 60, None),
}
NEURONS = 1500


SAMPLES = np.random.default_rng(1).normal(1, 0.3, 500)  # of a recorded current: about its mean, 0.4 ms apart


class Traces(NamedTuple):
    """How far two deterministic runs are apart; spikes of the neuron under each current."""

    name: str
    method: str
    window: float
    error: float
    spikes: list[int]
    counts_equal: bool
    shift: float

    @property
    def row(self):
        """How its row of the table begins: with what no rounding changes."""
        return f"|{self.name}|{self.method}|{self.window:g}|{', '.join(map(str, self.spikes))}|"


def three_currents(amplitude, duration):
    """A neuron at a constant current, one at a step on a sine, one at samples as of a recording; about an amplitude."""
    constant = ns.constant(amplitude) * np.array([1, 0.8, 0])
    step = ns.step(amplitude, 0.2 * duration, 0.713 * duration) * np.array([0, 0.5, 0])
    sine = ns.sine(amplitude, 5000 / duration) * np.array([0, 0.2, 0])
    return constant + step + sine + ns.from_array(amplitude * SAMPLES, 0.4) * np.array([0, 0, 1])


def amplitude_of(model, name, value):
    """A current of a check as a number in the unit of the input."""
    unit = parse_unit(model.inputs[name].unit)
    return to_number(value, unit, name) / unit.factor


def traces(name, method=None):
    model = ns.load_model(name)
    current, steps = INPUT.get(name, (model.checks[0].input, STEPS))
    duration = steps * model.dt
    by_input = current if isinstance(current, Mapping) else dict.fromkeys(model.inputs, current)
    currents = {key: three_currents(amplitude_of(model, key, value), duration) for key, value in by_input.items()}
    states = list(model.states)
    ours = ns.simulate(model, currents, duration, method=method, record=states, spike_timing="grid")
    theirs = ns.brian.simulate(model, currents, duration, method=method, record=states)
    error = max((np.abs(ours[s] - theirs[s]).max() / np.ptp(ours[s]) for s in states if np.ptp(ours[s])), default=0.0)
    equal = np.array_equal(ours.spike_index, theirs.spike_index)
    shift = float(np.abs(ours.spike_time - theirs.spike_time).max(initial=0.0)) if equal else np.nan
    return Traces(name, ours.method, duration, float(error), ours.spike_count.tolist(), equal, shift)


class Law(NamedTuple):
    """p-values of χ² tests that times of a first spike, first intervals, and counts of two runs come from one law."""

    first: float
    interval: float
    count: float
    intervals: int


def same_law(name, current, duration, dt=None, **options):
    """Compare 1500 neurons on both; spikes of a hazard, which ours have within steps, are rounded up to the grid."""
    model = ns.load_model(name)
    samples = []
    for simulate, seed in ((ns.simulate, 1), (ns.brian.simulate, 2)):
        run = simulate(model, current, duration, neurons=NEURONS, dt=dt, seed=seed, **options)
        order = np.lexsort((run.spike_time, run.spike_index))
        index, time = run.spike_index[order], run.spike_time[order]
        start = np.flatnonzero(np.diff(index, prepend=-1))
        again = start[(start + 1 < index.size) & (index[np.minimum(start + 1, index.size - 1)] == index[start])]
        in_steps = [np.ceil(values / run.dt - 1e-6) for values in (time[start], time[again + 1] - time[again])]
        samples.append((*in_steps, run.spike_count))
    return Law(*(chi_square(*pair) for pair in zip(*samples, strict=True)), intervals=samples[1][1].size)


def moving(value):
    """A current that varies in time about a value."""
    return ns.sine(0.5 * value, 40, mean=value)


def chi_square(a, b):
    """p-value of the hypothesis that two samples of whole numbers are of one law; bins of at least 20 together."""
    values, counts = np.unique(np.concatenate([a, b]), return_counts=True)
    least, last, inside = max(20, counts.sum() // 25), [], 0
    for value, count in zip(values, counts, strict=True):
        inside += count
        if inside >= least:
            last.append(value)
            inside = 0
    bins = last[:-1] if inside < 20 else last  # the last bin takes what is left
    table = np.array([np.bincount(np.searchsorted(bins, s), minlength=len(bins) + 1) for s in (a, b)])
    return float(stats.chi2_contingency(table).pvalue) if table.shape[1] > 1 else 1.0


def page():
    lines = ["|model|method|window (ms)|spikes|traces differ by|spike times differ by|", "|---|---|---|---|---|---|"]
    random = ["|model|input|intervals|p (first spike)|p (interval)|p (count)|", "|---|---|---|---|---|---|"]
    for name in ns.list_models():
        if name in RANDOM:
            value, *others = RANDOM[name]
            for word, current in (("constant", value), ("sine", moving(value))):
                law = same_law(name, current, *others)
                random.append(f"|{name}|{word}|{law.intervals}|{law.first:.2f}|{law.interval:.2f}|{law.count:.2f}|")
        else:
            row = traces(name)
            error = "no states" if not ns.load_model(name).states else f"{row.error:.0e} of the range"
            lines.append(f"{row.row}{error}|{row.shift:.0g} ms|")
    return "\n".join([*lines, "", *random, ""])


if __name__ == "__main__":
    import brian2

    brian2.prefs.codegen.target = "numpy"
    Path(sys.argv[1] if len(sys.argv) > 1 else TABLE).write_text(page(), encoding="utf-8")
