"""Every model gives the same on Brian2: traces to rounding, counts exactly, chance by its law.

The truth is the other simulator: it shares no code with ours but the model file.
"""

import agreement
import numpy as np
import pytest

import neurosim as ns

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Brian2's and SymPy's own are not ours to mend
DETERMINISTIC = [name for name in ns.list_models() if name not in agreement.RANDOM]


def test_every_model_is_in_the_table():
    table = agreement.TABLE.read_text(encoding="utf-8")
    assert [name for name in ns.list_models() if f"|{name}|" not in table] == []
    assert {name for name in ns.list_models() if ns.load_model(name).spike.is_random} == set(agreement.RANDOM)


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_traces(name):
    found = agreement.traces(name)
    assert sum(found.spikes) >= 5
    assert min(found.spikes) >= 1
    assert found.counts_equal
    assert found.error < 1e-9
    assert found.shift < 1e-9  # a step would do
    assert found.row in agreement.TABLE.read_text(encoding="utf-8"), (
        "make the table anew: python tests/brian/agreement.py"
    )


@pytest.mark.parametrize("current", ["constant", "sine"])
@pytest.mark.parametrize("name", agreement.RANDOM)
def test_law_of_random_models(name, current):
    value, *others = agreement.RANDOM[name]
    law = agreement.same_law(name, value if current == "constant" else agreement.moving(value), *others)
    assert law.intervals > 0.9 * agreement.NEURONS
    assert min(law.first, law.interval, law.count) > 1e-3


def test_the_comparison_sees_a_difference():
    rng = np.random.default_rng(1)
    one, same, other = rng.geometric(0.1, 1500), rng.geometric(0.1, 1500), rng.geometric(0.13, 1500)
    assert agreement.chi_square(one, same) > 1e-3 > agreement.chi_square(one, other)


NOISE = {
    "white": ns.white_noise(2.2, 1.0),
    "ornstein-uhlenbeck": ns.ornstein_uhlenbeck(2.2, 0.8, 5),
    "poisson": ns.poisson_input(500, 1) + 1.9,
    "stated for the membrane": ns.membrane_noise(-50, 4),
}


CASES = [(kind, method) for kind in NOISE for method in ("exact", "rk4")]
CASES += [("ornstein-uhlenbeck", method) for method in ("euler", "exponential-midpoint", "exact-rk4")]


@pytest.mark.parametrize(("kind", "method"), CASES)
def test_law_under_noise(kind, method):
    noise, options = NOISE[kind], {"method": method, "spike_timing": "grid"}
    law = agreement.same_law("leaky-integrate-and-fire", noise, 80, 0.2, **options)
    assert law.intervals > 0.5 * agreement.NEURONS
    assert min(law.first, law.interval, law.count) > 1e-3


@pytest.mark.parametrize("kind", NOISE)
def test_recorded_noise_has_the_moments_it_is_said_to_have(kind):
    run = ns.brian.simulate("leaky-integrate-and-fire", NOISE[kind], 20, neurons=1000, record="I", dt=0.2, seed=3)
    tau, R, rest = 10, 10, -70  # of the membrane: sigma = std·√(2 τ)/R
    mean, std = {
        "stated for the membrane": ((-50 - rest) / R, 4 * np.sqrt(2 * tau) / R / np.sqrt(0.2)),
        "white": (2.2, 1.0 / np.sqrt(0.2)),
        "ornstein-uhlenbeck": (2.2, 0.8),
        "poisson": (2.4, np.sqrt(0.5 / 0.2)),
    }[kind]
    sample = run["I"][:, 1:]
    last = sample[:, -1]
    assert abs(last.mean() - mean) < 4 * std / np.sqrt(last.size)
    assert abs(last.std() / std - 1) < 0.15
    lag = np.corrcoef(sample[:, :-1].ravel(), sample[:, 1:].ravel())[0, 1]
    assert abs(lag - (np.exp(-0.2 / 5) if kind == "ornstein-uhlenbeck" else 0)) < 0.02


@pytest.mark.parametrize("kind", [ns.white_noise, ns.ornstein_uhlenbeck, ns.poisson_input])
def test_frozen_noise_is_the_same_for_all(kind):
    values = {ns.white_noise: (2, 1), ns.ornstein_uhlenbeck: (2, 1, 5), ns.poisson_input: (500, 1)}[kind]
    for frozen in (True, False):
        noise = kind(*values, frozen=frozen)
        run = ns.brian.simulate("leaky-integrate-and-fire", noise, 50, neurons=3, record="V", seed=1)
        assert bool(np.ptp(run["V"], axis=0).max() == 0) is frozen


def test_the_seed_decides():
    runs = [ns.brian.simulate("renewal", 1.5, 200, neurons=3, seed=seed).spike_time.tolist() for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
