"""Brian2's Cython target, which compiles for minutes, gives what its numpy target does."""

import agreement
import numpy as np
import pytest

import neurosim as ns

brian2 = pytest.importorskip("brian2", reason="Brian2 is not installed: pip install 'neurosim[brian2]'")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(autouse=True)
def _cython(_numpy_target):
    brian2.prefs.codegen.target = "cython"


@pytest.mark.parametrize("name", [name for name in ns.list_models() if name not in agreement.RANDOM])
def test_traces(name):
    found = agreement.traces(name)
    assert found.counts_equal
    assert found.error < 1e-9


@pytest.mark.parametrize("name", agreement.RANDOM)
def test_law_of_random_models(name):
    value, *others = agreement.RANDOM[name]
    law = agreement.same_law(name, agreement.moving(value), *others)
    assert min(law.first, law.interval, law.count) > 1e-3


@pytest.mark.parametrize(
    ("name", "method"), [("hodgkin-huxley", "exponential-midpoint"), ("adaptive-threshold", "exact-rk4")]
)
def test_state_updaters_of_ours(name, method):
    assert agreement.traces(name, method).error < 1e-9


def test_infinite_values():
    run = ns.brian.simulate("renewal", 1.5, 200, parameters={"beta": np.inf})
    assert np.array_equal(run.spike_time, ns.simulate("renewal", 1.5, 200, parameters={"beta": np.inf}).spike_time)
