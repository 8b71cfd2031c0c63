"""Pictures: what is drawn, with which labels, on whose axes. (That they look well was seen by eye.)"""

import numpy as np
import pytest

import neurosim as ns
from neurosim.plot import figure_of, save_figure

HH, LIF = "hodgkin-huxley", "leaky-integrate-and-fire"


def test_voltage_with_the_current_below():
    top = ns.simulate(HH, ns.step(10, start=5), 20, record="V").plot()
    voltage, current = figure_of(top).axes
    assert voltage is top
    assert voltage.get_ylabel() == "V (mV)"
    assert current.get_ylabel() == "I (µA/cm²)"
    assert current.get_xlabel() == "time (ms)"
    assert voltage.get_title(loc="left") == HH
    (line,) = current.lines
    assert line.get_ydata()[[0, -1]].tolist() == [0, 10]


def test_one_panel_per_unit():
    top = ns.simulate(HH, 10, 20, record=["V", "m", "h", "I_Na", "I"]).plot()
    assert [ax.get_ylabel() for ax in figure_of(top).axes] == ["V (mV)", "m, h", "I_Na, I (µA/cm²)"]


def test_a_reset_is_marked():
    recording = ns.simulate(LIF, [2.5, 3.0], 50, record="V")
    ax = recording.plot()
    marks = [line.get_xdata() for line in ax.lines if line.get_marker() == "|"]
    for neuron in (0, 1):
        np.testing.assert_array_equal(marks[neuron], recording.spike_times(neuron))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["V of 0", "V of 1"]


def test_raster():
    recording = ns.simulate(LIF, np.linspace(2, 4, 30), 100)
    ax = recording.plot()
    (dots,) = ax.lines
    np.testing.assert_array_equal(dots.get_xdata(), recording.spike_time)
    np.testing.assert_array_equal(dots.get_ydata(), recording.spike_index)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (ms)", "neuron")


def test_many_neurons_are_not_all_drawn_but_said():
    ax = ns.simulate(LIF, np.linspace(2, 4, 30), 20, record="V").plot()
    assert sum(line.get_marker() != "|" for line in ax.lines) == 8
    assert ax.get_title(loc="left") == f"{LIF}, first 8 of 30 neurons"


def test_gain_function_with_a_family():
    gain = ns.gain_function(LIF, np.linspace(0, 5, 51), parameters={"tau_m": [5, 10]})
    ax = gain.plot()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("I (nA)", "rate (Hz)")
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["tau_m = 5 ms", "tau_m = 10 ms", "theory"]
    for line, rate in zip(ax.lines[1::2], gain.rate, strict=False):
        np.testing.assert_array_equal(line.get_ydata(), rate)


@pytest.mark.parametrize("make", ["recording", "raster", "gain"])
def test_a_given_axes_is_drawn_on_and_returned(make):
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    result = {
        "recording": lambda: ns.simulate(LIF, 2.5, 20, record="V"),
        "raster": lambda: ns.simulate(LIF, 2.5, 20),
        "gain": lambda: ns.gain_function(LIF, [0, 3]),
    }[make]()
    assert result.plot(ax=ax) is ax
    assert len(plt.get_fignums()) == 1
    assert ax.lines


def test_a_figure_is_written_whole_or_not_at_all(tmp_path):
    figure = figure_of(ns.simulate(LIF, 2.5, 20).plot())
    for ending in ("png", "pdf", "svg"):
        save_figure(figure, tmp_path / f"a.{ending}")
        assert (tmp_path / f"a.{ending}").stat().st_size > 1000
    with pytest.raises(ns.InputError, match=r"end it in .png, .pdf or .svg"):
        save_figure(figure, tmp_path / "a.xyz")
    with pytest.raises(ns.InputError, match=r"cannot write .*No such file or directory"):
        save_figure(figure, tmp_path / "missing" / "a.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pdf", "a.png", "a.svg"]


def test_a_silent_neuron_leaves_no_gap():
    """Without spikes to mark the panels fill the figure: the trace takes three quarters, the current one."""
    axes = ns.simulate("adaptive-exponential", 300, 100, record="V").plot().figure.axes
    axes[0].figure.draw_without_rendering()
    heights = [ax.get_position().height for ax in axes]
    assert sum(heights) > 0.6
    assert heights[0] == pytest.approx(3 * heights[1], rel=0.05)
