"""Rheobase, chronaxie and impedance against closed forms; hysteresis of gain functions against the facts."""

import json
import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from typer.testing import CliRunner

import neurosim as ns
from neurosim.cli import app

HH, FHN, LIF = "hodgkin-huxley", "fitzhugh-nagumo", "leaky-integrate-and-fire"


# Rheobase --------------------------------------------------------------------------------------------------------


def test_rheobase_of_leaky_integrate_and_fire():
    """(theta - E_L)/R_m, to the stated tolerance."""
    for R_m in (5, 10, 20):
        for tolerance in (1e-3, 1e-9):
            found = ns.rheobase(LIF, parameters={"R_m": R_m}, tolerance=tolerance)
            assert found == pytest.approx(20 / R_m, rel=tolerance)
            assert found >= 20 / R_m * (1 - 1e-12)


def test_rheobase_of_hodgkin_huxley():
    """A single spike from 2.240673 uA/cm^2 on (SciPy DOP853, rtol 1e-10, bisection)."""
    assert ns.rheobase(HH) == pytest.approx(2.240673, abs=1e-5)
    assert ns.rheobase(HH, high=10) == pytest.approx(ns.rheobase(HH), rel=2e-6)


def test_rheobase_of_a_perfect_integrator_is_a_charge():
    """The threshold is reached after C(theta - V_r)/I, by hand: half the time takes twice the current."""
    one, other = (ns.rheobase("perfect-integrator", duration=duration) for duration in (500, 1000))
    assert one == pytest.approx(2 * other, rel=2e-6)


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        ("renewal", {}, r"rheobase is for deterministic models"),
        ("traub-miles", {}, r"traub-miles spikes within 1000 ms already at 0 uA/cm\^2; search from a lower input"),
        (LIF, {"high": 1.5}, r"no input from 0 to 1.5 nA makes leaky-integrate-and-fire spike within 1000 ms"),
        (LIF, {"low": 3}, r"already at 3 nA"),
        (LIF, {"low": 1, "high": 0.5}, r"high must be finite and above low"),
        (LIF, {"high": "3 mV"}, r"wrong dimension"),
        (LIF, {"tolerance": 0}, r"tolerance is from 1e-12 to below 0.1"),
        (LIF, {"duration": -1}, r"duration must be positive"),
        (LIF, {"parameters": {"tau": 1}}, r"no parameter 'tau'"),
        (LIF, {"parameters": {"tau_m": [1, 2]}}, r"one value of the parameter tau_m"),
        ("pinsky-rinzel", {}, r"needs a model with one input; pinsky-rinzel has 2"),
    ],
)
def test_no_rheobase(model, given, message):
    with pytest.raises(ns.InputError, match=message):
        ns.rheobase(model, **given)


# Strength and duration -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tau_m", [10, 7.3])
def test_lapicque(tau_m):
    """A leaky membrane: threshold rheobase/(1 - exp(-d/τ)), chronaxie τ ln 2."""
    curve = ns.strength_duration(LIF, [0.05, 0.333, 1, 5, 20, 100], parameters={"tau_m": tau_m})
    assert curve.rheobase == pytest.approx(2, rel=1e-5)
    assert curve.chronaxie == pytest.approx(tau_m * math.log(2), rel=3e-5)  # 1e-5 of it and 1e-5 of the rheobase
    np.testing.assert_allclose(curve.threshold, 2 / (1 - np.exp(-curve.duration / tau_m)), rtol=1e-5)
    np.testing.assert_allclose(curve.charge, curve.threshold * curve.duration)


def test_pulses_of_hodgkin_huxley():
    """Just above the threshold a pulse of 1 ms evokes a spike, just below none: SciPy's LSODA on the equations."""
    (threshold,) = ns.strength_duration(HH, [1.0]).threshold
    assert [crosses_zero(threshold * (1 + change)) for change in (-2e-4, 2e-4)] == [False, True]


def crosses_zero(amplitude):
    def rates(t, x):
        V, m, h, n = x
        a = 0.1 * (V + 40) / (1 - np.exp(-(V + 40) / 10)), 0.07 * np.exp(-(V + 65) / 20)
        a = (*a, 0.01 * (V + 55) / (1 - np.exp(-(V + 55) / 10)))
        b = 4 * np.exp(-(V + 65) / 18), 1 / (1 + np.exp(-(V + 35) / 10)), 0.125 * np.exp(-(V + 65) / 80)
        I = amplitude if t < 1 else 0.0
        current = 120 * m**3 * h * (V - 50) + 36 * n**4 * (V + 77) + 0.3 * (V + 54.4)
        return [I - current, *(p * (1 - x) - q * x for p, q, x in zip(a, b, (m, h, n), strict=True))]

    start = ns.simulate(HH, 0, 0.05).final_state
    x, highest = [start[name][0] for name in "Vmhn"], -100.0
    for span in ((0, 1 - 1e-12), (1, 30)):
        done = solve_ivp(rates, span, x, method="LSODA", rtol=1e-9, atol=1e-10, max_step=0.1)
        x, highest = done.y[:, -1], max(highest, done.y[0].max())
    return highest > 0


def test_default_durations_surround_the_chronaxie():
    curve = ns.strength_duration(LIF)
    assert curve.duration[[0, 10, -1]] == pytest.approx(curve.chronaxie * np.array([0.1, 1, 10]))
    assert curve.threshold[10] == pytest.approx(2 * curve.rheobase, rel=3e-5)
    ax = curve.plot()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("duration (ms)", "threshold (nA)")
    assert "chronaxie 6.931" in repr(curve)


@pytest.mark.parametrize(
    ("model", "durations", "message"),
    [
        ("renewal-deterministic", None, r"it has no chronaxie"),
        (LIF, [0, 1], r"durations of pulses are positive"),
        (LIF, "3 mV", r"wrong dimension"),
        ("poisson", None, r"for deterministic models"),
    ],
)
def test_no_strength_duration(model, durations, message):
    with pytest.raises(ns.InputError, match=message):
        ns.strength_duration(model, durations)


# Impedance -------------------------------------------------------------------------------------------------------


def test_impedance_of_a_leaky_membrane():
    """R/(1 + iωτ)."""
    result = ns.impedance(LIF)
    turn = 2 * np.pi * result.frequency / 1000 * 10
    np.testing.assert_allclose(np.abs(result.impedance), 10 / np.sqrt(1 + turn**2), rtol=1e-5)
    np.testing.assert_allclose(result.impedance, 10 / (1 + 1j * turn), rtol=1e-3)
    np.testing.assert_allclose(result.linear, 10 / (1 + 1j * turn), rtol=1e-12)
    assert result.resonance == 0
    assert result.unit == "mV/nA"
    assert result.deviation < 1e-3


def test_impedance_of_fitzhugh_nagumo():
    """By hand: (iω + φb)/((iω - 1 + V²)(iω + φb) + φ)."""
    result = ns.impedance(FHN, frequencies=[5, 20, 50, 100])
    V = ns.phase_plane(FHN, trajectories=[]).fixed_points[0].states["V"]
    w = 2j * np.pi * result.frequency / 1000
    wanted = (w + 0.08 * 0.8) / ((w - 1 + V**2) * (w + 0.08 * 0.8) + 0.08)
    np.testing.assert_allclose(result.impedance, wanted, rtol=1e-3)


def test_hodgkin_huxley_resonates():
    """A small sine at three frequencies, on for long enough, gives the same size (simulated, one at a time)."""
    result = ns.impedance(HH, frequencies=[20, 70, 150])
    assert result.resonance == 70
    amplitude = 0.01
    for f, measured in zip(result.frequency, result.impedance, strict=True):
        run = ns.simulate(HH, ns.sine(amplitude, f), 500, record="V", start={"V": result.rest})
        late = run["V"][0, run.time > 300]
        assert (late.max() - late.min()) / 2 / amplitude == pytest.approx(abs(measured), rel=3e-3)
    ax = result.plot()
    assert ax.get_xlabel() == "frequency (Hz)"
    assert "resonance 70 Hz" in repr(result)


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        (HH, {"I": 10}, r"stable rest; hodgkin-huxley has 1 unstable fixed point"),
        ("renewal", {}, r"impedance is for deterministic models"),
        ("perfect-integrator", {"I": 1}, r"no fixed point"),
        (HH, {"state": "q"}, r"no state 'q'"),
        (HH, {"frequencies": [0, 1]}, r"frequencies are positive"),
        (HH, {"amplitude": 1.5}, r"spikes while|off the response of the linearised equations"),
        (HH, {"tolerance": 2}, r"tolerance is between 0 and 1"),
        (LIF, {"amplitude": 5}, r"spikes while its impedance is measured"),
        (HH, {"I": 9.7793, "duration": 200}, r"ms to die away"),
    ],
)
def test_no_impedance(model, given, message):
    with pytest.raises(ns.InputError, match=message):
        ns.impedance(model, **given)


# Gain functions that carry the state -----------------------------------------------------------------------------


def test_hysteresis_of_hodgkin_huxley():
    """Up it fires only near 10 uA/cm^2 (the Hopf point is at 9.779), down as far as the fold at 6.264 (FACTS)."""
    gain = ns.gain_function(HH, np.linspace(5, 12, 71), direction="both", duration=2000, discard=1000)
    assert gain.rate.shape == gain.spike_count.shape == (2, 71)
    up, down = gain.onset
    assert 9.779 <= up <= 10.1
    assert down == pytest.approx(6.3)  # the lowest of the inputs above the fold
    both = (gain.input > 6.264) & (gain.input < 9.779)
    assert not gain.rate[0, both].any()
    assert (gain.rate[1, both] > 50).all()
    fine = ns.gain_function(HH, np.arange(6.2, 6.5, 0.005), direction="down", duration=3000, discard=1000)
    assert fine.onset == pytest.approx(6.264, abs=0.006)
    assert (gain.direction, gain.kind[0]) == ("both", None)


def test_without_hysteresis_directions_do_not_matter():
    """A leaky integrate-and-fire neuron forgets; rates as from the start, to what one interval can shift."""
    I = [3, 2.2, 2.6, 1.5]
    gain = ns.gain_function(LIF, I, direction="both", parameters={"R_m": [9, 10]})
    alone = ns.gain_function(LIF, I, parameters={"R_m": [9, 10]})
    assert gain.rate.shape == (2, 2, 4)
    np.testing.assert_allclose(gain.rate[0], alone.rate, rtol=1e-6)
    np.testing.assert_allclose(gain.rate[1], alone.rate, rtol=1e-6)
    np.testing.assert_array_equal(gain.onset, [[2.6, 2.2], [2.6, 2.2]])
    assert gain.theory.shape == (2, 2, 4)


def test_the_state_is_carried():
    """Two inputs, by hand: a run, and one that goes on from its end."""
    gain = ns.gain_function(HH, [7, 12], direction="down", duration=300, discard=100)
    first = ns.simulate(HH, 12, 300)
    second = ns.simulate(HH, 7, 300, start=first.final_state)
    assert gain.rate.tolist() == [second.rate(after=100)[0], first.rate(after=100)[0]]


def test_directions_in_the_picture():
    ax = ns.gain_function(LIF, [1, 3], direction="both", theory=False).plot()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["up", "down"]


def test_chance_can_be_carried():
    gain = ns.gain_function("renewal", [1.0, 2.0], direction="up", trials=20, seed=1)
    alone = ns.gain_function("renewal", [1.0, 2.0], trials=20, seed=2)
    error = np.hypot(gain.standard_error, alone.standard_error)
    assert (np.abs(gain.rate - alone.rate) < 4 * error).all()


@pytest.mark.parametrize("direction", ["sideways", 1])
def test_unknown_directions(direction):
    with pytest.raises(ns.InputError, match="direction is 'up', 'down', 'both' or None"):
        ns.gain_function(LIF, [1], direction=direction)


# Command line ----------------------------------------------------------------------------------------------------


@pytest.fixture
def neurosim(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def run(words):
        result = CliRunner().invoke(app, words.split(), prog_name="neurosim")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    return run


def test_phase_command(neurosim, tmp_path):
    code, out, _ = neurosim("phase hodgkin-huxley --x V --y n --current 10 --plot plane.png")
    assert code == 0
    assert "In the model as a whole: saddle-focus." in out
    assert (tmp_path / "plane.png").read_bytes().startswith(b"\x89PNG")
    code, out, _ = neurosim(
        "phase fitzhugh-nagumo --current I=0.5 --set phi=0.2 --xlim -3,3 --ylim -2,3 --from 0,0 --json"
    )
    result = json.loads(out)
    assert [point["kind"] for point in result["fixed_points"]] == ["unstable focus"]
    code, out, _ = neurosim("phase hodgkin-huxley --x V --y m --hold h=0.6 --hold n=0.32 --json")
    assert json.loads(out)["others"] == {"h": 0.6, "n": 0.32}


def test_bifurcation_command(neurosim, tmp_path):
    code, out, _ = neurosim("bifurcation fitzhugh-nagumo --to 2 --steps 21 --plot diagram.svg")
    assert code == 0
    assert "Hopf" in out
    assert "0.331281" in out
    assert (tmp_path / "diagram.svg").exists()
    code, out, _ = neurosim("bifurcation hodgkin-huxley --to 20 --steps 0 --json")
    assert [point["kind"] for point in json.loads(out)["points"]] == ["Hopf"]


def test_rheobase_command(neurosim, tmp_path):
    code, out, _ = neurosim("rheobase leaky-integrate-and-fire --set R_m=5")
    assert (code, out) == (0, "rheobase of leaky-integrate-and-fire: 4 nA (to 1e-06 of it)\n")
    rough = json.loads(neurosim("rheobase leaky-integrate-and-fire --tolerance 0.01 --json")[1])
    assert (rough["tolerance"], rough["rheobase"]) == (0.01, pytest.approx(2, rel=0.01))
    assert rough["rheobase"] != pytest.approx(2, rel=1e-5)
    code, out, _ = neurosim("rheobase leaky-integrate-and-fire --plot curve.pdf --json")
    result = json.loads(out)
    assert (code, result["rheobase"]) == (0, pytest.approx(2, rel=1e-5))
    assert result["chronaxie"] == pytest.approx(10 * math.log(2), rel=3e-5)
    assert (tmp_path / "curve.pdf").exists()


def test_hysteresis_on_the_command_line(neurosim, tmp_path):
    """The squid axon in steps of 0.5: rest up to the Hopf point at 9.78, firing down to the fold of cycles at 6.26."""
    words = "gain hodgkin-huxley --from 4 --to 12 --steps 17 --duration 400 --discard 100"
    code, out, _ = neurosim(f"{words} --direction both --csv sweep.csv --plot sweep.png")
    rows = [line.split() for line in out.splitlines()]
    assert code == 0
    assert [row[1] for row in rows if row and row[0] in ("up", "down")] == ["10", "6.5"]
    assert (tmp_path / "sweep.csv").read_text().splitlines()[0] == "I (uA/cm^2),rate_Hz up,rate_Hz down"
    result = json.loads(neurosim(f"{words} --direction down --set g_K=36,37 --json")[1])
    assert result["direction"] == "down"
    alone = ns.gain_function(
        "hodgkin-huxley", np.linspace(4, 12, 17), duration=400, discard=100, direction="down",
        parameters={"g_K": [36, 37]},
    )  # fmt: skip
    np.testing.assert_array_equal(result["onset"], alone.onset)


def test_constant_inputs_are_no_currents_over_time():
    with pytest.raises(ns.InputError, match="a gain function is of constant inputs, an array of numbers"):
        ns.gain_function(LIF, ns.step(2, start=10))
    with pytest.raises(ns.InputError, match="this is a current without noise"):
        ns.gain_function(LIF, [1, 2], noise=ns.from_array(np.ones(9), 1))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("gain hodgkin-huxley --to 12 --direction sideways", "direction is 'up', 'down', 'both'"),
        ("gain hodgkin-huxley --to 12 --current rig.csv", "drives neurosim run MODEL --current"),
        ("phase hodgkin-huxley", "say which two"),
        ("phase fitzhugh-nagumo --xlim 3", "--xlim takes two numbers"),
        ("phase fitzhugh-nagumo --set c=1", "no parameter 'c'"),
        ("phase pinsky-rinzel --x V_s --y Ca --current 1 --current 2", "several currents need the names"),
        ("bifurcation hodgkin-huxley --from 3", "--from needs --to"),
        ("rheobase leaky-integrate-and-fire --pulses --high 3", "are for the rheobase alone"),
        ("rheobase adaptive-exponential --variant quick", "no variant 'quick'"),
    ],
)
def test_mistakes_on_the_command_line(neurosim, words, message):
    code, _, err = neurosim(words)
    assert code == 2
    assert message in err
