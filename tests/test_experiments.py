"""Gain functions against closed forms, and the facts of the field."""

import math
import tracemalloc

import numpy as np
import pytest

import neurosim as ns
from models import CLOCKED

HH, LIF = "hodgkin-huxley", "leaky-integrate-and-fire"


def closed_form(I, t_ref=2.0, tau_m=10.0, R_m=10.0, E_L=-70.0, V_r=-65.0, theta=-50.0):
    """Rate in Hz of a leaky integrate-and-fire neuron: 1/(t_ref + tau_m ln((E_L + RI - V_r)/(E_L + RI - theta)))."""
    drive = E_L + R_m * np.asarray(I)
    with np.errstate(all="ignore"):
        interval = t_ref + tau_m * np.log((drive - V_r) / (drive - theta))
    return np.where(drive > theta, 1000 / interval, 0.0)


def test_leaky_integrate_and_fire_follows_the_closed_form():
    """Each interval is 0 to dt too long on the grid; a finer grid is closer."""
    I = np.linspace(0.05, 6.05, 61)  # not at the rheobase itself, where rounding decides
    wanted = closed_form(I)
    for dt in (0.1, 0.01):
        rate = ns.gain_function(LIF, I, dt=dt).rate
        assert (rate <= wanted + 1e-9).all()
        lowest = 1000 / (1000 / np.maximum(wanted, 1e-9) + dt)
        assert (rate[wanted > 0] >= lowest[wanted > 0] - 1e-9).all()


def test_renewal_follows_the_closed_form():
    """1/(t_abs + c/(I - theta)) of FACTS of the deterministic renewal neuron, intervals rounded up to dt = 0.01 ms."""
    I = np.linspace(0, 6, 61)
    wanted = np.where(I > 1, 1000 / (4 + 5 / np.where(I > 1, I - 1, 1)), 0)
    rate = ns.gain_function("renewal-deterministic", I).rate
    np.testing.assert_allclose(rate, wanted, rtol=0.01 / 4)


def test_hodgkin_huxley_total_of_a_thousand_neurons():
    """82,564 spikes: RK4 at dt 0.01 and 0.05 ms alike."""
    gain = ns.gain_function(HH, np.linspace(0, 50, 1000))
    assert gain.spike_count.sum() == 82_564
    assert gain.rate.max() == pytest.approx(117.0, abs=0.1)


def test_hodgkin_huxley_is_of_the_second_kind():
    """Periodic firing from rest begins at the fold at 6.264 uA/cm^2 with 50.6 Hz (longer runs see it more sharply)."""
    gain = ns.gain_function(HH, np.linspace(0, 20, 21), duration=5000, discard=1000)
    assert gain.kind == "II"
    assert gain.onset == pytest.approx(6.264, abs=0.001)
    assert math.isnan(gain.saturation)
    at_onset = ns.gain_function(HH, [gain.onset + 1e-3], duration=5000, discard=2000).rate[0]
    assert at_onset == pytest.approx(50.6, abs=0.1)


def test_leaky_integrate_and_fire_is_of_the_first_kind():
    """Onset at the rheobase (theta - E_L)/R_m = 2 nA."""
    gain = ns.gain_function(LIF, np.linspace(0, 5, 23))
    assert gain.kind == "I"
    assert gain.onset == pytest.approx(2, abs=1e-4)


def test_the_kind_is_not_judged_by_rounding():
    """Close to its rheobase of 2 nA the rate of the closed form falls as 1/log, a little in each refinement."""
    for width in (1e-4, 1e-6, 1e-8):
        gain = ns.gain_function(LIF, [2 * (1 - width), 2 * (1 + width)], duration=4000, discard=800)
        assert gain.kind == "I"
        assert gain.onset == pytest.approx(2, rel=1e-9)
    for inputs in ([2 * (1 - 1e-10), 2 * (1 + 1e-10)], [2 - 2e-6, 2 + 2.6e-10]):  # nothing between them tells more
        assert ns.gain_function(LIF, inputs, duration=4000).kind is None


@pytest.mark.parametrize("method", ["exact", "rk4", "exponential-euler"])
def test_no_firing_at_the_rheobase_itself(method):
    """At I = (theta - E_L)/R_m the membrane approaches the threshold and does not pass it, whatever rounds."""
    gain = ns.gain_function(LIF, [1.9, 2.0, 2.1], duration=5000, method=method)
    assert gain.rate[:2].tolist() == [0, 0]
    assert gain.kind == "I"


@pytest.mark.parametrize("inputs", [[0, 0.5, 1.0], [3, 4, 5], [2.5]])
def test_no_onset_in_range(inputs):
    gain = ns.gain_function(LIF, inputs)
    assert math.isnan(gain.onset)
    assert gain.kind is None


def test_saturation_of_the_renewal_neuron():
    """1/t_abs = 250 Hz: reached within 1 % at large input, not to be seen at small input."""
    gain = ns.gain_function("renewal-deterministic", np.linspace(0, 500, 51))
    assert gain.saturation == pytest.approx(250, rel=0.01)
    assert math.isnan(ns.gain_function("renewal-deterministic", np.linspace(0, 5, 51)).saturation)


def test_saturation_where_firing_stops_again():
    """Depolarisation block: the maximum lies inside the range."""
    gain = ns.gain_function(HH, np.linspace(0, 300, 31))
    assert gain.saturation == gain.rate.max() > gain.rate[-1] == 0


def test_families_add_axes_in_order():
    I = np.linspace(0.1, 5.1, 11)
    gain = ns.gain_function(LIF, I, parameters={"tau_m": [5, 10, 20], "R_m": 10, "t_ref": ["0 ms", "2 ms"]})
    assert gain.rate.shape == gain.spike_count.shape == (3, 2, 11)
    assert gain.onset.shape == gain.saturation.shape == gain.kind.shape == (3, 2)
    assert list(gain.families) == ["tau_m", "t_ref"]
    for a, tau_m in enumerate((5, 10, 20)):
        for b, t_ref in enumerate((0, 2)):
            alone = ns.gain_function(LIF, I, parameters={"tau_m": tau_m, "t_ref": t_ref})
            assert gain.rate[a, b].tobytes() == alone.rate.tobytes()
            assert gain.onset[a, b] == alone.onset
            assert gain.kind[a, b] == alone.kind


def test_rates_come_from_intervals_after_discard():
    """A rate that is no multiple of 1/duration: 69 spikes in 1 s, but 68.314 Hz."""
    gain = ns.gain_function(HH, [10])
    assert gain.spike_count.tolist() == [69]
    assert gain.rate[0] == pytest.approx(68.314, abs=0.01)
    assert gain.rate[0] == ns.simulate(HH, 10, 1000).rate(after=200)[0]


def test_a_neuron_that_fell_silent_has_no_rate():
    """At 6.2 uA/cm^2 three spikes at the onset, then silence (SciPy DOP853)."""
    gain = ns.gain_function(HH, [6.2], duration=300, discard=0)
    assert gain.spike_count.tolist() == [3]
    assert gain.rate.tolist() == [0]


def test_inputs_in_any_order_and_unit():
    gain = ns.gain_function(LIF, [4, 2.5, 0])
    assert gain.rate.tolist() == ns.gain_function(LIF, [0, 2.5, 4]).rate[::-1].tolist()
    assert gain.onset == pytest.approx(2, abs=1e-3)
    assert ns.gain_function(LIF, ["4000 pA"]).rate[0] == gain.rate[0]


def test_memory_does_not_grow_with_duration():
    def peak(duration):
        tracemalloc.start()
        ns.gain_function(LIF, np.linspace(2.5, 5, 100), duration=duration, threads=1)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(200_000) < 2 * peak(50_000)  # 5 and 20 MB of spike times, if they were kept; windows vary


def test_same_bits_for_any_number_of_threads():
    one, two = (ns.gain_function(HH, np.linspace(0, 30, 70), duration=300, threads=n) for n in (1, 2))
    assert one.rate.tobytes() == two.rate.tobytes()
    assert one.onset == two.onset


def test_progress_ends_at_one():
    shares = []
    ns.gain_function(LIF, [0, 3], progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"I": []}, r"finite numbers in a 1-D array"),
        ({"I": [math.nan]}, r"finite numbers"),
        ({"I": [[1, 2]]}, r"1-D array"),
        ({"I": "10 mV"}, r"wrong dimension; give it in nA"),
        ({"discard": 1000}, r"discard must be from 0 to below the duration 1000 ms, not 1000 ms"),
        ({"discard": -1}, r"discard must be"),
        ({"parameters": {"tau": 3}}, r"no parameter 'tau'"),
        ({"parameters": {"tau_m": []}}, r"parameter tau_m is a number or a 1-D array"),
        ({"parameters": {"tau_m": "3 mV"}}, r"wrong dimension"),
        ({"dt": -1}, r"dt must be positive"),
        ({"method": "rk5"}, r"unknown method"),
        ({"threads": -1}, r"threads must be"),
    ],
)
def test_bad_arguments_are_named(change, message):
    with pytest.raises(ns.InputError, match=message):
        ns.gain_function(**({"model": LIF, "I": [1, 2]} | change))


def test_checks_of_a_file_can_fail():
    """A check that expects something else is reported, with what was found."""
    text = ns.load_model(LIF).source.replace('value = "63.040002 Hz"', 'value = "64.04 Hz"')
    results = ns.check_model(ns.Model.from_toml(text))
    assert [result.passed for result in results] == [False, True, True, True, True]
    assert results[0].found == pytest.approx(63.04, abs=0.01)


def test_checks_of_a_model_with_several_inputs_and_with_none():
    check = """
[[check]]
input = { I = 1.5, g = 2 }
duration = "50 ms"
final = { x = { value = 1, tolerance = 10, source = "finite" } }
"""
    (result,) = ns.check_model(ns.Model.from_toml(CLOCKED + check))
    assert result.passed
    with pytest.raises(ns.ModelError, match=r"check 1: input: the model has 2 inputs; write .* g = … \}"):
        ns.Model.from_toml(CLOCKED + check.replace("{ I = 1.5, g = 2 }", "1.5"))
    free = CLOCKED.replace('I = ["1", "drive"]\ng = ["1", "gain"]\n', "").replace("tanh(I)", "1").replace("(g*", "(")
    (result,) = ns.check_model(ns.Model.from_toml(free + check.replace("input = { I = 1.5, g = 2 }\n", "")))
    assert result.passed
