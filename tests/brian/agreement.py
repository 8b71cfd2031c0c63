"""Every model on both simulators; run as a script, it writes the table that the documentation shows."""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import stats

import neurosim as ns

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


class Traces(NamedTuple):
    """How far two deterministic runs are apart."""

    name: str
    method: str
    window: float
    error: float
    spikes: int
    counts_equal: bool
    shift: float


def traces(name, method=None):
    model = ns.load_model(name)
    current, steps = INPUT.get(name, (model.checks[0].input, STEPS))
    duration = steps * model.dt
    states = list(model.states)
    ours = ns.simulate(model, current, duration, method=method, record=states, spike_timing="grid")
    theirs = ns.brian.simulate(model, current, duration, method=method, record=states)
    error = max((np.abs(ours[s] - theirs[s]).max() / np.ptp(ours[s]) for s in states if np.ptp(ours[s])), default=0.0)
    equal = np.array_equal(ours.spike_count, theirs.spike_count)
    shift = float(np.abs(ours.spike_time - theirs.spike_time).max(initial=0.0)) if equal else np.nan
    return Traces(name, ours.method, duration, float(error), int(ours.spike_count.sum()), equal, shift)


def one_interval(recording, step):
    """The first interval of every neuron that has one, in steps, rounded up; and all spike counts."""
    found = [recording.spike_times(neuron)[:2] for neuron in range(recording.neurons)]
    intervals = np.array([times[1] - times[0] for times in found if times.size == 2])
    return np.ceil(intervals / step - 1e-6), recording.spike_count


def same_law(name, current, duration, dt=None, **options):
    """p-values of χ² tests that intervals, and counts, of both come from one law; how many intervals there are."""
    model = ns.load_model(name)
    samples = []
    for simulate, seed in ((ns.simulate, 1), (ns.brian.simulate, 2)):
        recording = simulate(model, current, duration, neurons=NEURONS, dt=dt, seed=seed, **options)
        samples.append(one_interval(recording, recording.dt))
    return *(chi_square(*pair) for pair in zip(*samples, strict=True)), samples[1][0].size


def chi_square(a, b):
    """p-value of the hypothesis that two samples of whole numbers are of one law; bins of at least 20 together."""
    values = np.sort(np.concatenate([a, b]))
    edges = np.unique(values[:: max(20, values.size // 25)])
    table = np.array([np.bincount(np.searchsorted(edges, s, side="right"), minlength=edges.size + 1) for s in (a, b)])
    table = table[:, table.sum(axis=0) > 0]
    return float(stats.chi2_contingency(table).pvalue) if table.shape[1] > 1 else 1.0


def page():
    lines = ["|model|method|window (ms)|spikes|traces differ by|spike times differ by|", "|---|---|---|---|---|---|"]
    random = ["|model|intervals|p (intervals)|p (counts)|", "|---|---|---|---|"]
    for name in ns.list_models():
        if name in RANDOM:
            of_intervals, of_counts, size = same_law(name, *RANDOM[name])
            random.append(f"|{name}|{size}|{of_intervals:.2f}|{of_counts:.2f}|")
        else:
            row = traces(name)
            error = "no states" if not ns.load_model(name).states else f"{row.error:.0e} of the range"
            lines.append(f"|{row.name}|{row.method}|{row.window:g}|{row.spikes}|{error}|{row.shift:.0g} ms|")
    return "\n".join([*lines, "", *random, ""])


if __name__ == "__main__":
    import brian2

    brian2.prefs.codegen.target = "numpy"
    Path(sys.argv[1] if len(sys.argv) > 1 else TABLE).write_text(page(), encoding="utf-8")
