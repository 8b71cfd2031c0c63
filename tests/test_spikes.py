"""firing_pattern: trains made for every pattern and for both sides of every number in its definition."""

import numpy as np
import pint
import pytest

import neurosim as ns
from neurosim.model.trials import PATTERNS


def train(*intervals, first=1.0):
    """Spike times with these intervals."""
    return first + np.concatenate([[0.0], np.cumsum(intervals)])


def pattern(*intervals):
    """Of a train that fills its current."""
    times = train(*intervals)
    return ns.firing_pattern(times, times[-1] + 1)


JITTER = np.random.default_rng(1).uniform(-1, 1, 40)
JITTER[0] = JITTER[-1] = 0  # without trend

TYPICAL = {
    "silent": np.empty(0),
    "transient": train(5, 5, 5),
    "tonic": train(*[10.0] * 9),
    "adapting": train(5, 6, 7, 8, 9, 10, 10, 10, 10),
    "accelerating": train(20, 16, 12, 11, 10, 10, 10),
    "bursting": train(2, 2, 20, 2, 2, 20, 2, 2, 20, 2, 2),
    "initial burst": train(2, 2, 2, 15, 15, 15, 15, 15),
    "irregular": train(*(10 + 4 * JITTER)),
}


@pytest.mark.parametrize("name", PATTERNS)
def test_typical_trains(name):
    """One for each name that there is; times may be a list, and in any train the unit may be said."""
    times = TYPICAL[name]
    duration = 100.0 if name in ("silent", "transient") else times[-1] + 5
    assert ns.firing_pattern(times, duration) == name
    assert ns.firing_pattern(times.tolist(), f"{float(duration) / 1000!r} s") == name
    milliseconds = pint.UnitRegistry().ms
    assert ns.firing_pattern(times * milliseconds, duration * milliseconds) == name
    assert ns.firing_pattern(times + 300, duration, start=300) == name
    assert ns.firing_pattern(times + 300, duration, start="0.3 s") == name


def test_all_names_are_reached():
    assert set(TYPICAL) == set(PATTERNS)


def test_transient_ends_with_the_first_half():
    """A spike at the very middle belongs to the second half; the start of the current counts, spikes before it not."""
    assert ns.firing_pattern([10, 20, 49.999], 100) == "transient"
    assert ns.firing_pattern([10, 30, 50.0], 100) == "tonic"
    assert ns.firing_pattern([10, 30, 50.0], 100, start=1) == "transient"
    assert ns.firing_pattern([10, 30, 50.0], 99, start=0.5) == "tonic"
    assert ns.firing_pattern([49.0], 100) == "transient"


def test_few_spikes():
    """Up to two in the second half are tonic: with less than two intervals there is no course."""
    assert ns.firing_pattern([60.0], 100) == "tonic"
    assert ns.firing_pattern([2.0, 99.0], 100) == "tonic"
    assert ns.firing_pattern([60.0, 60.0], 100) == "tonic"


@pytest.mark.parametrize(
    ("intervals", "name"),
    [
        ((2, 6, 2, 6), "bursting"),  # 3 times as long
        ((2, 5.99, 2, 5.99), "irregular"),  # not quite
        ((2, 6, 2, 6, 2), "bursting"),
        ((6, 2, 6), "bursting"),
        ((2, 6, 2), "irregular"),  # one long interval only; the last is as long as the first
        ((6, 2, 2, 6, 2), "bursting"),  # no short one before the first long one
        ((2, 2, 6, 6), "initial burst"),
        ((2, 6), "initial burst"),
        ((2, 2, 5.99, 5.99), "adapting"),
        ((6, 6, 2, 2), "bursting"),  # two long ones, then short ones
        ((6, 2, 2), "accelerating"),
        ((1, 2, 6, 1, 2, 6), "bursting"),  # the largest ratio divides
        ((1, 2.9, 8.4, 1, 2.9, 8.4), "irregular"),  # no ratio of neighbours is 3
        ((1, 3.01, 9.09, 1, 3.01, 9.09), "bursting"),  # the long ones alike
        ((1, 4, 15.9, 64, 1, 4, 15.9, 64), "irregular"),  # a gap no wider than the groups
        ((6, 6, 6, 2), "bursting"),
        ((6, 6, 2, 6), "bursting"),  # a quarter are short
        ((6, 6, 6, 2, 6), "irregular"),
        ((1, 4, 16, 1, 4, 16), "bursting"),  # two gaps alike
    ],
)
def test_bursts(intervals, name):
    """Two groups, the shortest of the long ones at least 3 times as long as the longest of the short ones."""
    assert pattern(*intervals) == name


@pytest.mark.parametrize(
    ("intervals", "name"),
    [
        ((8, 10, 12), "adapting"),  # 1.5 times as long
        ((8.001, 10, 13, 10, 12), "irregular"),
        ((12, 10, 8), "accelerating"),
        ((12, 10, 8.001), "irregular"),
        ((8, 20, 9, 20, 12), "irregular"),  # first and last alone are no trend
        ((10, 10, 14.9), "irregular"),
        ((14.9, 10, 10, 10), "tonic"),  # the second half decides
        ((10, 10, 10, 12.2), "tonic"),  # coefficient of variation 1.1/11.1 = 0.0991
        ((10, 10, 10, 12.3), "irregular"),  # 1.15/11.15 = 0.103
        ((10, 14, 10, 12.2), "tonic"),
        ((10, 12.3, 10), "irregular"),  # of an odd number the one in the middle counts
    ],
)
def test_trends_and_regularity(intervals, name):
    assert pattern(*intervals) == name


@pytest.mark.parametrize("n", [15, 30, 100])
@pytest.mark.parametrize("shape", [1, 3, 8])
def test_random_trains_are_irregular(n, shape):
    """Poisson and gamma trains have no course: of 200 at most 6 are called otherwise (chance gives one or two)."""
    random = np.random.default_rng(3)
    found = [pattern(*random.gamma(shape, 10, n)) for _ in range(200)]
    assert found.count("irregular") >= 194


@pytest.mark.parametrize(("name", "sign"), [("adapting", 1), ("accelerating", -1)])
def test_a_trend_is_seen_through_scatter(name, sign):
    """Intervals that double, or halve, with a coefficient of variation of 0.2; few are missed among 60."""
    random = np.random.default_rng(3)
    course = 10 * 2.0 ** (sign * np.linspace(0, 1, 60))
    found = [pattern(*course * random.gamma(25, 1 / 25, 60)) for _ in range(200)]
    assert found.count(name) >= 195
    still = [pattern(*10 * random.gamma(25, 1 / 25, 60)) for _ in range(200)]
    assert still.count("irregular") >= 197


def test_bursts_come_before_trends():
    """A train that slows down and has bursts is named after the bursts, as the list says."""
    assert pattern(2, 2, 20, 3, 3, 40) == "bursting"
    assert pattern(2, 3, 20, 30) == "initial burst"


def test_scale_and_shift_do_not_matter():
    """Every number of the definition is a ratio."""
    for name, times in TYPICAL.items():
        duration = 100.0 if name in ("silent", "transient") else times[-1] + 5
        for factor, shift in ((2.0**-10, 0.0), (1024.0, 0.0), (1.0, 1024.0), (1.0, -1024.0)):
            found = ns.firing_pattern(times * factor + shift, duration * factor, start=shift)
            assert found == name


def test_spikes_at_the_same_time():
    """Two at once are a burst of no length, not a division by zero."""
    assert pattern(0, 10, 0, 10, 0) == "bursting"
    assert pattern(0, 10) == "initial burst"
    assert pattern(0, 10, 12) == "initial burst"


@pytest.mark.parametrize("intervals", [(0, 0, 0), (0, 0, 10, 0)])
def test_spikes_at_the_same_time_at_both_ends(intervals):
    assert pattern(*intervals) in PATTERNS


def test_times_of_recordings():
    """As a recording gives them."""
    adapting = ns.load_model("izhikevich").variant("regular-spiking")
    times = ns.simulate(adapting, ns.step(10, start=20), 320).spike_times()
    assert ns.firing_pattern(times, 300, start=20) == "adapting"
    chattering = ns.load_model("izhikevich").variant("chattering")
    times = ns.simulate(chattering, ns.step(10, start=20), 320).spike_times()
    assert ns.firing_pattern(times, 300, start=20) == "bursting"


TIMES = "spike times are finite and increasing, in a 1-D array, those of one neuron"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([2, 1], 10), TIMES),
        (([1, np.nan], 10), TIMES),
        (([1, np.inf], 10), TIMES),
        (([[1, 2]], 10), TIMES),
        ((5, 10), TIMES),
        (([], 0), "duration must be positive, not 0 ms"),
        (([1], -1), "duration must be positive, not -1 ms"),
        (([1], np.nan), "duration must be positive, not nan ms"),
        (("1 mV", 10), "the spike times: .* wrong dimension; give it in ms"),
        ((["1 mV", "2 mV"], 10), "the spike times: .* wrong dimension; give it in ms"),
        (([1], "10 mV"), "duration: .* wrong dimension; give it in ms"),
        (([1], [1, 2]), "duration takes a single number"),
        (([1], 10, "soon"), "start: 'soon' is not a number with a unit"),
        ((None, 10), "the spike times: None is not a number"),
        (([1j], 10), "the spike times: .* is not a number"),
        ((["a"], 10), "the spike times: 'a' is not a number"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ns.InputError, match=message):
        ns.firing_pattern(*arguments)


@pytest.mark.parametrize(("duration", "start"), [(10, np.nan), (10, np.inf), (10, -np.inf), (np.inf, 0)])
def test_the_current_has_finite_times(duration, start):
    with pytest.raises(ns.InputError):
        ns.firing_pattern([1.0, 2.0], duration, start)
