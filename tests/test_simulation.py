"""simulate: what each argument means, and what happens to arguments that mean nothing."""

import math

import numpy as np
import pytest

import neurosim as ns
from neurosim.kernel import windows

LIF, HH = "leaky-integrate-and-fire", "hodgkin-huxley"

CONSTANT_ABOVE = """
name = "above"
summary = "Above threshold from the start, and again whenever x passes 1 upwards."
reference = "made for tests"
[defaults]
dt = "0.1 ms"
method = "rk4"
[inputs]
I = ["1", "drive"]
[state]
x = { start = "2", rate = "I/ms" }
[spike]
threshold = "x > 1"
"""


def test_time_and_traces():
    """time[0] = 0 is the start; n neurons by T samples; V of a leaky membrane is E_L + R I (1 - exp(-t/tau))."""
    recording = ns.simulate(LIF, [0.5, 1.0], 20, record=["V", "I"])
    assert recording.time[0] == 0
    assert recording.time[-1] == 20
    assert recording["V"].shape == (2, 201) == recording["I"].shape
    wanted = -70 + 10 * np.array([[0.5], [1.0]]) * (1 - np.exp(-recording.time / 10))
    np.testing.assert_allclose(recording["V"], wanted, atol=1e-11)
    assert (recording["I"] == [[0.5], [1.0]]).all()
    assert recording.units["V"] == "mV"
    assert recording.units["I"] == "nA"


def test_on_the_grid_a_spike_carries_the_end_of_its_step():
    recording = ns.simulate(LIF, 2.5, 60, record="V", spike_timing="grid")
    V = recording["V"][0]
    for k in np.rint(recording.spike_times() / 0.1).astype(int):
        assert V[k] == -65  # the reset happens at the end of the step
        assert -50.5 < V[k - 1] < -50
        assert (V[k : k + 21] == -65).all()  # held for t_ref = 2 ms = 20 steps
        assert V[k + 21] > -65


def test_on_the_grid_refractory_times_are_whole_numbers_of_steps():
    periods = []
    for t_ref in (1.96, 2.0, 2.04):
        times = ns.simulate(LIF, 3, 60, parameters={"t_ref": t_ref}, spike_timing="grid").spike_times()
        periods.append(np.diff(times)[0])
    assert periods[0] == periods[1] == periods[2]


def test_threshold_counts_as_false_before_the_start():
    """One spike at the end of the first step, none while the threshold stays crossed, one per rising edge after."""
    model = ns.Model.from_toml(CONSTANT_ABOVE)
    assert ns.simulate(model, 0, 5).spike_time.tolist() == [0.1]
    down_and_up = ns.step(-2, stop=1) + ns.step(3, start=2)  # x = 1 at 2.33 ms
    assert ns.simulate(model, down_and_up, 5).spike_time.tolist() == [0.1, pytest.approx(2.4)]


def test_refractoriness_without_a_reset_makes_no_second_spike():
    """V stays above 0 mV for over 1 ms: still above after 0.5 ms of refractoriness, which is no rising edge."""
    text = ns.load_model(HH).source.replace('threshold = "V > 0*mV"', 'threshold = "V > 0*mV"\nrefractory = "0.5*ms"')
    assert ns.simulate(ns.Model.from_toml(text), 10, 50).spike_count.tolist() == [4]


def test_one_spike_per_rising_edge_however_fine_the_step():
    counts = [ns.simulate(HH, 10, 50, dt=dt).spike_count[0] for dt in (0.05, 0.01, 0.002)]
    assert counts == [4, 4, 4]


def test_renewal_is_periodic():
    """Closed form: tau = t_abs + c/(I - theta) = 4 + 5/2 ms, on the grid from the end of the first step on."""
    times = ns.simulate("renewal-deterministic", 3, 50, spike_timing="grid").spike_times()
    np.testing.assert_allclose(times, 0.01 + 6.5 * np.arange(times.size), atol=1e-9)


def test_since_spike_can_start_anywhere():
    first = [
        ns.simulate("renewal-deterministic", 3, 10, start={"since_spike": since}).spike_times()[0]
        for since in (0, 2.5, 6.0)
    ]
    assert first == pytest.approx([6.5, 4.0, 0.5])


@pytest.mark.parametrize("name", [HH, LIF, "izhikevich", "renewal-deterministic"])
def test_final_state_continues_with_the_same_bits(name):
    amplitudes = {HH: [7, 10, 30], LIF: [2.2, 2.5, 3], "izhikevich": [5, 10, 15], "renewal-deterministic": [1.5, 2, 4]}[
        name
    ]
    whole = ns.simulate(name, amplitudes, 60)
    first = ns.simulate(name, amplitudes, 23)
    second = ns.simulate(name, amplitudes, 37, start=first.final_state)
    for variable, values in whole.final_state.items():
        assert values.tobytes() == second.final_state[variable].tobytes()
    times = np.concatenate([first.spike_time, second.spike_time + 23])
    np.testing.assert_allclose(times, whole.spike_time, atol=1e-9)
    assert second.spike_index.tobytes() == whole.spike_index[first.spike_index.size :].tobytes()


def test_start_values_follow_what_is_given():
    """Gates start at the steady state of the V that was given: alpha/(alpha + beta) of the model file."""
    recording = ns.simulate(HH, 0, 1, start={"V": [-70, -60]}, record=["V", "n"])
    V = np.array([-70.0, -60.0])
    a, b = 0.01 * (V + 55) / -np.expm1(-(V + 55) / 10), 0.125 * np.exp(-(V + 65) / 80)
    np.testing.assert_allclose(recording["V"][:, 0], V)
    np.testing.assert_allclose(recording["n"][:, 0], a / (a + b), rtol=1e-14)


def test_hodgkin_huxley_starts_at_a_removable_singularity():
    """V = -40 mV, where x/(exp(x) - 1) is 0/0."""
    final = ns.simulate(HH, 10, 50, start={"V": -40}).final_state
    assert np.isfinite(final["V"]).all()


def test_record_every():
    every = ns.simulate(LIF, 2.5, 30, record="V")
    some = ns.simulate(LIF, 2.5, 30, record="V", record_every=7)
    np.testing.assert_array_equal(some.time, every.time[::7])
    np.testing.assert_array_equal(some["V"], every["V"][:, ::7])


def test_defines_and_inputs_are_recorded():
    recording = ns.simulate(HH, ns.step(10, start=1), 20, record=["V", "n", "I_K", "alpha_m", "I"])
    np.testing.assert_allclose(recording["I_K"], 36 * recording["n"] ** 4 * (recording["V"] + 77), rtol=1e-12)
    assert recording.units["I_K"] == "uA/cm^2"
    assert recording.units["alpha_m"] == "1/ms"
    np.testing.assert_array_equal(recording["I"][0], np.where(recording.time >= 1, 10.0, 0.0))


def test_since_spike_in_a_define_is_recorded():
    recording = ns.simulate("renewal-deterministic", 3, 20, record=["J_r"], spike_timing="grid")
    after = recording["J_r"][0, np.rint(recording.spike_times()[0] / 0.01).astype(int) + np.array([0, 399, 401, 600])]
    assert after == pytest.approx([np.inf, np.inf, 5 / 0.01, 5 / 2])


def test_parameters_per_neuron():
    recording = ns.simulate(LIF, 2.5, 200, parameters={"tau_m": ["5 ms", "10 ms"], "t_ref": [2, 2]})
    alone = [ns.simulate(LIF, 2.5, 200, parameters={"tau_m": tau}).spike_count[0] for tau in (5, "0.01 s")]
    assert recording.spike_count.tolist() == alone
    assert recording.neurons == 2


def test_rate_is_that_of_the_intervals():
    """68.314 Hz at 10 uA/cm^2: interval 14.6383 ms by LSODA at tight tolerance."""
    recording = ns.simulate(HH, [10, 0], 1000)
    assert recording.rate(after=200) == pytest.approx([68.314, 0], abs=0.01)
    assert recording.spike_count.tolist() == [69, 0]


def test_quantities_and_numbers_mean_the_same():
    plain = ns.simulate(HH, 10, 50, dt=0.02)
    spelt = ns.simulate(HH, "0.1 A/m**2", "0.05 s", dt="20 us")
    assert plain.spike_time.tobytes() == spelt.spike_time.tobytes()


def test_arrays_of_the_model_are_not_shared():
    parameters = {"g_Na": np.array([100.0, 120.0])}
    ns.simulate(HH, 10, 5, parameters=parameters)
    assert parameters["g_Na"].tolist() == [100.0, 120.0]


def test_threads_seed_and_progress():
    shares = []
    recording = ns.simulate(HH, [10, 20], 50, threads=2, seed=3, progress=shares.append)
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    assert recording.spike_time.tobytes() == ns.simulate(HH, [10, 20], 50, threads=1).spike_time.tobytes()


def test_spikes_are_ordered_by_time_then_neuron():
    recording = ns.simulate(LIF, np.linspace(2, 5, 300), 100, threads=2)
    order = np.lexsort((recording.spike_index, recording.spike_time))
    assert (order == np.arange(order.size)).all()


def test_values_given_are_kept_with_the_recording():
    recording = ns.simulate(LIF, 2.5, 10, parameters={"tau_m": ["0.005 s", "10 ms"], "R_m": 9})
    assert recording.parameters["tau_m"].tolist() == [5, 10]
    assert recording.parameters["R_m"].tolist() == recording.model.parameters["R_m"].value == 9


def test_record_takes_any_iterable():
    recording = ns.simulate(LIF, 2.5, 10, record=(name for name in ("V", "I")))
    assert list(recording.traces) == ["V", "I"]


def test_a_final_state_can_be_refractory_for_ever():
    parameters = {"t_ref": math.inf}
    first = ns.simulate(LIF, 2.5, 50, parameters=parameters)
    assert first.spike_count.tolist() == [1]
    assert ns.simulate(LIF, 2.5, 50, parameters=parameters, start=first.final_state).spike_count.tolist() == [0]


def test_repr_tells_what_it_is():
    text = repr(ns.simulate(HH, 10, 50, record="V"))
    assert text == (
        "<Recording of hodgkin-huxley: 1 neuron(s), 50 ms at dt 0.05 ms by rk4, spikes on the grid, 4 spike(s), "
        "traces: V>"
    )


def test_a_recording_says_how_it_was_integrated():
    run = ns.simulate("leaky-integrate-and-fire", 3, 50)
    assert (run.method, run.spike_timing, run.rtol, run.atol) == ("exact", "located", None, None)
    assert ns.simulate("leaky-integrate-and-fire", 3, 50, spike_timing="grid").spike_timing == "grid"
    run = ns.simulate("leaky-integrate-and-fire", 3, 50, method="dopri5", rtol=1e-8)
    assert (run.spike_timing, run.rtol, run.atol) == ("located", 1e-8, 1e-9)
    assert "by dopri5, spikes located, rtol 1e-08, atol 1e-09," in repr(run)
    gain = ns.gain_function("leaky-integrate-and-fire", [1, 3], method="rk4", dt="20 us")
    assert (gain.dt, gain.method, gain.spike_timing) == (0.02, "rk4", "located")


# Bad input -------------------------------------------------------------------------------------------------------

BAD = [
    ({"dt": -0.1}, r"dt must be positive, not -0.1 ms"),
    ({"dt": 0}, r"dt must be positive"),
    ({"dt": math.nan}, r"dt must be positive"),
    ({"dt": "3 mV"}, r"dt: '3 mV' has the wrong dimension; give it in ms"),
    ({"duration": 0}, r"duration must be positive"),
    ({"duration": math.inf}, r"duration must be positive"),
    ({"duration": 10.03}, r"duration 10.03 ms is no multiple of dt 0.1 ms; take 10 or 10.1 ms"),
    ({"duration": "ten"}, r"duration: 'ten' is not a number with a unit"),
    ({"method": "rk5"}, r"unknown method 'rk5'; legal: euler, heun, midpoint, rk4"),
    ({"record": "W"}, r"has nothing called 'W' to record; legal: I, V"),
    ({"record": ["V", 3]}, r"record takes names, such as .* not 3"),
    ({"record_every": 0}, r"record_every must be a whole number from 1 on, not 0"),
    ({"record_every": 2.5}, r"record_every must be a whole number"),
    ({"threads": 0}, r"threads must be a whole number from 1 on"),
    ({"seed": -1}, r"seed must be a whole number from 0 on"),
    ({"seed": "x"}, r"seed must be a whole number"),
    ({"spike_timing": "exact"}, r"spike_timing is 'located' or 'grid', not 'exact'"),
    ({"spike_timing": "grid", "method": "dopri5"}, r"dopri5 has no grid for spikes; leave spike_timing out"),
    ({"rtol": 1e-6}, r"rtol and atol are for dopri5; exact has a fixed step: give a smaller dt"),
    ({"rtol": 2, "method": "dopri5"}, r"rtol is from 1e-13 to below 1, atol positive; they are 2 and"),
    ({"atol": 0, "method": "dopri5"}, r"rtol is from 1e-13 to below 1, atol positive; they are 1e-06 and 0"),
    ({"I": np.ones((2, 100)), "method": "dopri5"}, r"dopri5 cannot follow samples that differ from neuron to neuron"),
    ({"parameters": {"tau": 3}}, r"has no parameter 'tau'; did you mean tau_m\?"),
    ({"parameters": {"tau_m": "3 mV"}}, r"parameter tau_m: '3 mV' has the wrong dimension; give it in ms"),
    ({"parameters": {"tau_m": [[1, 2]]}}, r"parameter tau_m is a number or one value per neuron"),
    ({"parameters": {"tau_m": math.nan}}, r"parameter tau_m .* none of them NaN"),
    ({"parameters": {"t_ref": -3}}, r"refractory time .* negative"),
    ({"parameters": {"tau_m": [1, 2], "R_m": [1, 2, 3]}}, r"different numbers of neurons: 2 from .*tau_m, 3 from"),
    ({"start": {"W": 3}}, r"has no state 'W'"),
    ({"start": {"V": math.inf}}, r"start of V is a finite number"),
    ({"start": {"V": "3 nA"}}, r"start of V: '3 nA' has the wrong dimension"),
    ({"I": "10 uA/cm^2"}, r"the input I: '10 uA/cm\^2' has the wrong dimension; give it in nA"),
    ({"I": None}, "the model has the input I; give I, a number or a current"),
    ({"I": math.nan}, r"the input I contains NaN"),
    ({"I": True}, r"not a number"),
    ({"I": np.ones((2, 7))}, r"has shape \(2, 7\): a 2-D array is \(neurons, steps\) with 100 steps here"),
    ({"I": np.ones((2, 2, 2))}, r"one value per neuron"),
    ({"I": []}, r"the input I is a number or one value per neuron"),
    ({"I": [1, 2], "parameters": {"tau_m": [1, 2, 3]}}, r"different numbers of neurons"),
    ({"I": {"J": 3}}, r"the model has no input 'J'"),
    ({"I": {}}, r"no current for the input\(s\) I"),
    ({"I": ns.from_array([1, 2, 3], dt=1)}, r"the samples of I end at 3 ms, the run at 10 ms"),
    ({"duration": 1e300}, r"is more than 1e\+12 steps"),
    ({"record": None}, r"record takes names"),
    ({"record": [["V"]]}, r"record takes names"),
    ({"record_every": 10**30}, r"record_every must be"),
    ({"method": []}, r"unknown method"),
    ({"parameters": 5}, r"parameters is a mapping from names to values"),
    ({"parameters": {1: 2}}, r"parameters is a mapping"),
    ({"parameters": {"tau_m": 0}}, r"rates of leaky-integrate-and-fire are not finite for these parameters"),
    ({"parameters": {"tau_m": 0}, "method": "rk4"}, r"1.0 / tau_m in .* is not finite for the given tau_m"),
    ({"start": 5}, r"start is a mapping"),
    ({"start": {"since_spike": -5}}, r"start of since_spike is a time from 0 on"),
    ({"start": {"refractory": -5}}, r"start of refractory is a time from 0 on"),
    ({"start": {"above_threshold": 7}}, r"start of above_threshold is 0 or 1"),
    ({"I": [[1], [2, 3]]}, r"the rows of .* have different lengths"),
    (
        {"I": ns.step([1, 2]) + ns.constant([1, 2, 3])},
        r"different numbers of neurons: 2 from the input I, 3 from the input I",
    ),
    ({"model": "leaky"}, r"unknown model 'leaky'"),
    ({"model": 3}, r"a model is a name, a path or a Model, not 3"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_bad_arguments_are_named(change, message):
    arguments = {"model": LIF, "I": 2.5, "duration": 10} | change
    with pytest.raises(ns.InputError, match=message):
        ns.simulate(**arguments)


def test_what_was_not_recorded_is_said():
    recording = ns.simulate(LIF, 2.5, 10)
    with pytest.raises(ns.InputError, match=r"'V' was not recorded; nothing was; ask for it with record=\['V'\]"):
        recording["V"]
    with pytest.raises(ns.InputError, match=r"there is no neuron 1; legal: 0 … 0"):
        recording.spike_times(1)
    with pytest.raises(ns.InputError, match=r"has no input 'J'"):
        recording.input("J")


# Runs that fail --------------------------------------------------------------------------------------------------


def test_overflow_names_variable_neuron_time_and_cure(monkeypatch):
    """Euler at 1 ms leaves the stable region of Hodgkin–Huxley; the same time is found for any window."""
    messages = []
    for longest in (50_000, 3):
        monkeypatch.setattr(windows, "_LONGEST_WINDOW", longest)
        with pytest.raises(ns.SimulationError) as caught:
            ns.simulate(HH, [0, 5, 100], 200, dt=1, method="euler")
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    for part in ("V of neuron 2 is", "at t = ", "hodgkin-huxley by euler", "smaller dt (it is 1 ms) or the method rk4"):
        assert part in messages[0]


def test_the_earliest_failure_is_reported_whatever_the_tiles_and_windows(monkeypatch):
    amplitudes = np.zeros(200)
    amplitudes[150] = 1e7
    late = np.zeros(200)
    late[3] = 1e7
    current = ns.step(amplitudes, start=1) + ns.step(late, start=40)
    for threads, longest in ((1, 50_000), (2, 50_000), (1, 10)):
        monkeypatch.setattr(windows, "_LONGEST_WINDOW", longest)
        with pytest.raises(ns.SimulationError, match=r"of neuron 150 is .* at t = 1\."):
            ns.simulate(HH, current, 60, threads=threads)


def test_a_reset_does_not_hide_overflow():
    """V passes the peak by overflowing: the neuron is stopped, not reset."""
    with pytest.raises(ns.SimulationError, match=r"of neuron 1 is .* in izhikevich"):
        ns.simulate("izhikevich", [0, 1e200], 100, dt=0.5)
