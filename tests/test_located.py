"""Spikes inside a step: where they are, what follows them, and that nothing else changes them."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq

import neurosim as ns
from models import ADAPTIVE
from neurosim.kernel import windows
from neurosim.methods import METHODS

LIF = "leaky-integrate-and-fire"
CERTAIN = [name for name in METHODS if name != "exponential-euler"]


def lif_interval(I, t_ref=2.0, tau_m=10.0):
    """The closed form of the model file, in ms."""
    drive = -70 + 10 * np.asarray(I)
    return t_ref + tau_m * np.log((drive + 65) / (drive + 50))


def test_rates_match_the_closed_form():
    """To 1e-4 at dt 0.1 ms, from the rheobase to 350 Hz; `exact` to what one part in 2^26 of a step allows."""
    inputs = np.concatenate([np.geomspace(2.001, 2.1, 20), np.linspace(2.1, 20, 200)])
    gain = ns.gain_function(LIF, inputs, duration=2000)
    assert gain.rate == pytest.approx(1000 / lif_interval(inputs), rel=1e-8)
    inputs = inputs[inputs > 2.1]  # nearer to the rheobase an error of V is amplified
    for method, tolerance in (("rk4", 1e-7), ("heun", 1e-4), ("midpoint", 1e-4), ("dopri5", 1e-5)):
        rate = ns.gain_function(LIF, inputs, duration=2000, method=method).rate
        assert rate == pytest.approx(1000 / lif_interval(inputs), rel=tolerance)


def test_default_is_located_where_a_spike_matters():
    """For a model with a reset, or one that uses since_spike; not for hodgkin-huxley, whose course is the same."""
    for name, I, dt in ((LIF, 2.5, 0.1), ("renewal-deterministic", 3.0, 0.5), ("hodgkin-huxley", 10.0, 0.05)):
        usual = ns.simulate(name, I, 100, dt=dt).spike_times() / dt
        grid = ns.simulate(name, I, 100, dt=dt, spike_timing="grid").spike_times() / dt
        on_grid = np.allclose(usual, np.rint(usual), rtol=0, atol=1e-9)
        assert on_grid == (name == "hodgkin-huxley")
        assert np.allclose(grid, np.rint(grid), rtol=0, atol=1e-9)


def test_renewal_is_exact_on_any_grid():
    """Period t_abs + c/(I - theta), after a spike at once, since the input is above threshold from the start."""
    for dt in (0.01, 0.5, 3.0):
        times = ns.simulate("renewal-deterministic", 3.0, 99, dt=dt).spike_times()
        assert times[0] == pytest.approx(0, abs=1e-7)
        assert np.diff(times) == pytest.approx(4 + 5 / 2, abs=1e-7)


def test_spikes_are_located_by_the_input_alone():
    """Without states the threshold is that of I(t) - c/(since_spike - t_abs): its roots by SciPy's brentq."""

    def field(t, last):
        return 3 + 0.5 * math.sin(2 * math.pi * 0.05 * t) - 1 - 5 / (t - last - 4)

    wanted = [0.0]
    while wanted[-1] < 190:
        wanted.append(brentq(field, wanted[-1] + 4.5, wanted[-1] + 9, args=(wanted[-1],), xtol=1e-13))
    errors = []
    for dt in (0.8, 0.2, 0.05):
        times = ns.simulate("renewal-deterministic", ns.sine(0.5, 50, mean=3.0), 190.4, dt=dt).spike_times()
        errors.append(np.abs(times[: len(wanted)] - wanted[: times.size]).max())
        assert abs(times.size - len(wanted)) <= 1
    assert errors[2] < 1e-6
    assert np.log2(errors[0] / errors[2]) / 4 > 2.5  # the input is taken as a parabola over a step


def test_many_spikes_in_one_step():
    """30 spikes in each step of 10 ms, where the grid has one."""
    I, step = 2000.0, 10.0
    parameters = {"t_ref": 0.25}
    wanted = lif_interval(I, 0.25)
    times = ns.simulate(LIF, I, 100, dt=step, parameters=parameters).spike_times()
    assert times.size == math.floor((100 - (wanted - 0.25)) / wanted) + 1
    assert np.diff(times) == pytest.approx(wanted, abs=1e-5)
    assert ns.simulate(LIF, I, 100, dt=step, parameters=parameters, spike_timing="grid").spike_count[0] == 10


def test_too_many_spikes_in_one_step_are_an_error():
    with pytest.raises(
        ns.SimulationError, match=r"neuron 1 .*more than 100 times between t = 0 and 10 ms; take a smal"
    ):
        ns.simulate(LIF, [2.0, 1e9], 100, dt=10, parameters={"t_ref": 0.0})


def test_refractory_times_are_exact():
    """Any fraction of a step, for methods that hold V and one that holds it by a matrix."""
    for method in ("exact", "rk4", "exact-rk4"):
        for t_ref in (0.0, 0.03, 1.96, 2.0, 2.04, 7.77):
            times = ns.simulate(LIF, 3.0, 100, parameters={"t_ref": t_ref}, method=method).spike_times()
            assert np.diff(times) == pytest.approx(lif_interval(3.0, t_ref), abs=2e-7)


ABOVE = """
name = "above"
summary = "Rises all the time and is reset above its threshold."
reference = "made for tests"
[defaults]
dt = "0.1 ms"
method = "rk4"
[parameters]
t_ref = ["0.25 ms", "refractory time"]
[state]
x = { start = "0", rate = "1/(1*ms)" }
[spike]
threshold = "x > 1"
reset = { x = "x + 5" }
refractory = "t_ref"
"""


def test_a_threshold_that_is_passed_while_refractory_is_met_when_that_ends():
    """x = 1 at 1 ms; after that it is always above: a spike as soon as each refractory time is over."""
    times = ns.simulate(ns.Model.from_toml(ABOVE), None, 3).spike_times()
    assert times == pytest.approx(1 + 0.25 * np.arange(times.size), abs=1e-7)
    assert times.size == 9 - 1


def test_a_reset_above_the_threshold_spikes_once_a_step():
    """As on the grid: right after a spike the threshold counts as false, so the next comes at the end of the step."""
    model = ns.Model.from_toml(ABOVE)
    times = ns.simulate(model, None, 2, parameters={"t_ref": 0}).spike_times()
    assert times == pytest.approx([1.0, *np.arange(1.1, 2.05, 0.1)], abs=1e-7)


def test_an_input_that_jumps_over_the_threshold_is_met_at_once():
    """The renewal neuron has no membrane: it fires at the edge of the step, 20 ms, not a step later."""
    for method in ("exact", "dopri5"):
        times = ns.simulate("renewal-deterministic", ns.step(3, start=20), 40, dt=0.5, method=method).spike_times()
        assert times == pytest.approx([20, 26.5, 33, 39.5], abs=1e-6)


def test_a_threshold_that_compares_for_equality_is_found_by_halving():
    text = ABOVE.replace('threshold = "x > 1"', 'threshold = "heaviside(x - 1) == 1"').replace("x + 5", "0")
    times = ns.simulate(ns.Model.from_toml(text), None, 4.5).spike_times()
    assert times == pytest.approx([1, 2, 3, 4], abs=1e-6)


@pytest.mark.parametrize("threshold", ["x > 1 and x > 0.5", "x > 1 or x > 1.5", "not (x <= 1)", "1 < x", "enough"])
def test_any_form_of_the_spike_rule_is_located(threshold):
    text = ABOVE.replace('"x > 1"', f'"{threshold}"').replace("x + 5", "0").replace("0.25 ms", "0 ms")
    text = text.replace("[state]", '[define]\nenough = "x > 1"\n[state]')
    times = ns.simulate(ns.Model.from_toml(text), None, 4.5).spike_times()
    assert times == pytest.approx([1, 2, 3, 4], abs=1e-7)


def test_location_does_not_change_the_course_of_a_model_without_feedback():
    """hodgkin-huxley: the same bits of V; spike times between the step's ends, within 1e-5 ms of dopri5's."""
    grid = ns.simulate("hodgkin-huxley", 10, 100, dt=0.01, record="V")
    located = ns.simulate("hodgkin-huxley", 10, 100, dt=0.01, record="V", spike_timing="located")
    assert located["V"].tobytes() == grid["V"].tobytes()
    late = grid.spike_times() - located.spike_times()
    assert (late >= 0).all()
    assert (late < 0.01).all()
    exact = ns.simulate("hodgkin-huxley", 10, 100, method="dopri5", rtol=1e-11).spike_times()
    assert located.spike_times() == pytest.approx(exact, abs=1e-4)


def course(method, **options):
    """Spikes and final states of a hundred adapting neurons under a current that varies in time."""
    current = np.linspace(1.5, 4, 100) * (1 + 0.3 * ns.sine(1, 40) + ns.pulses(0.5, [10, 30], 3))
    return ns.simulate(ns.Model.from_toml(ADAPTIVE), current, 60, method=method, **options)


@pytest.mark.parametrize("method", ["exact", "rk4", "exact-rk4", "dopri5"])
def test_same_bits_however_it_is_run(method, monkeypatch):
    """Threads, windows, what is recorded, alone or in a crowd."""
    one = course(method, threads=1)
    assert one.spike_time.size > 200
    assert (np.diff(one.spike_time) >= 0).all()
    two = course(method, threads=2, record=["V", "w"], record_every=3)
    monkeypatch.setattr(windows, "_LONGEST_WINDOW", 7)
    short = course(method, threads=1)
    for other in (two, short):
        assert other.spike_time.tobytes() == one.spike_time.tobytes()
        assert other.spike_index.tobytes() == one.spike_index.tobytes()
        assert other.final_state["V"].tobytes() == one.final_state["V"].tobytes()
    amplitude = np.linspace(1.5, 4, 100)[[37]]
    current = amplitude * (1 + 0.3 * ns.sine(1, 40) + ns.pulses(0.5, [10, 30], 3))
    alone = ns.simulate(ns.Model.from_toml(ADAPTIVE), current, 60, method=method)
    assert alone.spike_times().tobytes() == one.spike_times(37).tobytes()


@pytest.mark.parametrize("name", [LIF, "izhikevich", "adaptive-exponential", "renewal-deterministic"])
def test_a_run_goes_on_from_its_final_state_with_the_same_bits(name):
    I = {LIF: 2.7, "izhikevich": 9.3, "adaptive-exponential": 900.0, "renewal-deterministic": 2.7}[name]
    whole = ns.simulate(name, I, 200)
    first = ns.simulate(name, I, 73.3)
    second = ns.simulate(name, I, 126.7, start=first.final_state)
    joined = np.concatenate([first.spike_times(), second.spike_times() + 73.3])
    assert joined.size >= 5
    assert joined == pytest.approx(whole.spike_times(), abs=1e-9)
    for state in whole.model.states:
        assert second.final_state[state].tobytes() == whole.final_state[state].tobytes()


def test_dopri5_fills_in_samples_of_any_spacing():
    """Samples between its steps agree with those of a run at a hundredth of the tolerance, and with other spacings."""
    current = ns.step(10, start=3.3, stop=31.7) + ns.sine(2, 50)
    fine = ns.simulate("hodgkin-huxley", current, 40, dt=0.01, method="dopri5", rtol=1e-11, record="V")
    for dt, every in ((0.01, 1), (0.01, 7), (0.5, 1), (0.025, 4)):
        run = ns.simulate(
            "hodgkin-huxley", current, 40, dt=dt, method="dopri5", rtol=1e-8, record="V", record_every=every
        )
        wanted = fine["V"][0, np.rint(run.time / 0.01).astype(int)]
        assert np.abs(run["V"][0] - wanted).max() < 2e-4  # a spike's slope, 400 mV/ms, times 5e-7 ms


def test_dopri5_says_where_no_step_is_small_enough():
    text = ABOVE.replace('rate = "1/(1*ms)"', 'rate = "(1 + x**2)/(1*ms)"').replace("x > 1", "x < -1")
    with pytest.raises(
        ns.SimulationError, match=r"neuron 0 of above at t = 1\.5708 ms: no step of dopri5 is small enou"
    ):
        ns.simulate(ns.Model.from_toml(text), None, 3, method="dopri5")


def test_certificates():
    """The change at half the step is what two runs say; located spikes of exact change by the lattice alone."""
    run = ns.simulate("izhikevich", [5.0, 10.0], 300, dt=0.25, certify=True)
    finer = ns.simulate("izhikevich", [5.0, 10.0], 300, dt=0.125)
    assert run.certificate.count_change.tolist() == (finer.spike_count - run.spike_count).tolist()
    change = np.abs(finer.spike_times(1) - run.spike_times(1)).max()
    assert run.certificate.shift[1] == change > 0
    assert ns.simulate(LIF, 3, 100, certify=True).certificate.shift[0] < 1e-7
    assert ns.simulate(LIF, 3, 100).certificate is None
    quiet = ns.simulate(LIF, 1, 100, certify=True).certificate
    assert str(quiet) == "no spikes to compare, neither here nor at dt 0.05 ms"
    rough = ns.simulate("hodgkin-huxley", 10, 1000, dt=0.05, method="exponential-euler", certify=True).certificate
    assert rough.count_change[0] == 1
    assert math.isnan(rough.shift[0])
    assert str(rough).startswith(
        "at dt 0.025 ms, spikes located, the spike counts of 1 of 1 neuron(s) change, by up to"
    )
    adaptive = ns.simulate("hodgkin-huxley", 10, 100, method="dopri5", certify=True).certificate
    assert adaptive.finer == "rtol 3.1e-08"
    assert 0 < adaptive.shift[0] < 1e-4


def test_a_certificate_does_not_measure_the_grid():
    """Spikes of hodgkin-huxley change nothing: rk4 shifts them by far less than half a step, as located runs say."""
    run = ns.simulate("hodgkin-huxley", 10, 100, dt=0.02, certify=True)
    one, other = (ns.simulate("hodgkin-huxley", 10, 100, dt=dt, spike_timing="located") for dt in (0.02, 0.01))
    assert run.spike_timing == "grid"
    assert run.certificate.finer == "dt 0.01 ms, spikes located"
    assert run.certificate.shift[0] == np.abs(other.spike_times() - one.spike_times()).max() < 1e-4


@pytest.mark.parametrize("steps", [98, 101, 130])
def test_steep_spikes_are_found_on_steps_of_any_length(steps):
    """The smallest piece of such a step is no multiple of the ticks of time unless it is rounded to one."""
    dt = 9.765625 / steps
    times = ns.simulate("adaptive-exponential", 1154.0, steps * dt, dt=dt).spike_times()
    exact = ns.simulate("adaptive-exponential", 1154.0, steps * dt, dt=dt, method="dopri5").spike_times()
    assert times == pytest.approx(exact, abs=1e-3)
