"""Whether an answer is right. The time of a wrong one says nothing."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import truth
from .environments import Failed
from .race import Figures

Answer = Mapping[str, Any]


def counts(answer: Answer, settings: Mapping[str, Any]) -> Figures:
    """Every spike count within 1 of the converged one."""
    expected = truth.spike_counts(tuple(settings["currents"]), settings["duration"])
    largest = int(np.abs(np.array(answer["counts"]) - expected).max())
    total = int(np.sum(answer["counts"]))
    if largest > 1:
        raise Failed(f"a spike count is {largest} from the converged one (all spikes: {total} for {expected.sum()})")
    return {"largest_difference_of_a_count": largest, "spikes": total}


def times(answer: Answer, settings: Mapping[str, Any]) -> Figures:
    """Largest error of a spike time of the recorded neurons; one spike more or fewer where the run ends is no error."""
    largest = 0.0
    for k, found in zip(settings["record"], answer["crossings"], strict=True):
        expected = truth.spike_times(settings["currents"][k], settings["duration"])
        if abs(len(found) - len(expected)) > 1:
            raise Failed(f"{len(found)} spikes, not {len(expected)}, at {settings['currents'][k]:.4g} µA/cm²")
        both = min(len(found), len(expected))
        largest = max(largest, float(np.abs(np.array(found[:both]) - expected[:both]).max(initial=0)))
    return {"largest_error_ms": largest}


def noisy_rates(answer: Answer, settings: Mapping[str, Any]) -> Figures:
    """In ten groups of neurons, the mean rate within 5 standard errors and 1 % of Siegert's on the grid."""
    mean = np.linspace(*settings["mean"], settings["neurons"])
    expected = truth.siegert(mean, settings)
    rate = np.array(answer["counts"]) * 1000.0 / (settings["duration"] - settings["discard"])
    worst = 0.0
    for part, theory in zip(np.array_split(rate, 10), np.array_split(expected, 10), strict=True):
        deviation, error = abs((part - theory).mean()), (part - theory).std() / np.sqrt(part.size)
        worst = max(worst, float(deviation / theory.mean()))
        if deviation > 5 * error + 0.01 * theory.mean():
            raise Failed(f"a mean rate is {part.mean():.3f} Hz, in theory {theory.mean():.3f} Hz")
    return {"largest_deviation_of_a_rate": worst, "mean_rate_Hz": float(rate.mean())}


def escape_intervals(answer: Answer, settings: Mapping[str, Any]) -> Figures:
    """Mean and deciles of the intervals; 1 % and 0.01 allow for the grid, 5 standard errors for chance."""
    t, distribution, mean, cv = truth.escape_intervals(settings)
    error = cv * mean / np.sqrt(answer["intervals"])
    if abs(answer["mean"] - mean) > 5 * error + 0.01 * mean:
        raise Failed(f"the mean interval is {answer['mean']:.3f} ms, in theory {mean:.3f} ms")
    at = np.interp(answer["deciles"], t, distribution)
    largest = float(np.abs(at - np.arange(1, 10) / 10).max())
    if largest > 0.01 + 5 * 0.5 / np.sqrt(answer["intervals"]):
        raise Failed(f"the distribution of intervals is {largest:.3f} from theory")
    return {
        "mean_interval_ms": answer["mean"],
        "mean_interval_in_theory_ms": mean,
        "cv": answer["cv"],
        "cv_in_theory": cv,
        "largest_deviation_of_the_distribution": largest,
    }


def recalled(answer: Answer, settings: Mapping[str, Any]) -> Figures:
    """The pattern came back: overlap of 0.98 at least (0.998 in theory at this load)."""
    if answer["overlap"] < 0.98:
        raise Failed(f"overlap {answer['overlap']:.3f} with the stored pattern")
    return {"overlap": answer["overlap"]}
