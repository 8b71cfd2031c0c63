"""Statistics of intervals against known laws (Poisson, gamma, regular, autoregressive) and slow plain Python."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spike_trains import gamma, poisson, renewal, slow_cv, slow_intervals, slow_pair_mean

import neurosim as ns

TIMES = st.lists(st.one_of(st.integers(0, 10**8).map(lambda k: k / 10**6), st.sampled_from([1.0, 2.0])), max_size=12)
SLOW = {
    "cv": slow_cv,
    "cv2": lambda x: slow_pair_mean(x, lambda a, b: 2 * abs(b - a) / (a + b)),
    "lv": lambda x: slow_pair_mean(x, lambda a, b: 3 * ((a - b) / (a + b)) ** 2),
}


@settings(max_examples=200, deadline=None)
@given(st.lists(TIMES, min_size=1, max_size=4))
def test_against_plain_python(lists):
    trains = ns.SpikeTrains.from_list([np.array(times, float) for times in lists], 100)
    intervals = slow_intervals(trains.spike_index.tolist(), trains.spike_time.tolist(), len(lists))
    np.testing.assert_array_equal(ns.interspike_intervals(trains), [x for train in intervals for x in train])
    for name, slow in SLOW.items():
        expected = [slow(train) for train in intervals]
        np.testing.assert_allclose(getattr(ns, name)(trains), expected, rtol=1e-7, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("name", SLOW)
def test_of_one_train(name):
    statistic = getattr(ns, name)
    assert isinstance(statistic([0, 1, 3]), float)
    assert statistic(np.arange(0, 100, 7)) == 0
    for times in ([], [5], [5, 6], [5, 5, 5]):
        assert math.isnan(statistic(times))
    assert ns.cv2([0, 1, 4]) == pytest.approx(2 * 2 / 4)
    assert ns.lv([0, 1, 4]) == pytest.approx(3 * (2 / 4) ** 2)
    assert ns.cv([0, 1, 4]) == pytest.approx(math.sqrt(2) / 2)
    assert ns.cv2([5, 5, 5, 6]) == 2  # the pair of two zeros does not count


@pytest.mark.parametrize("order", [1, 2, 5, 20])
def test_gamma_intervals(order):
    """CV 1/√k, LV 3/(2k + 1), CV2 4^(1 - k)/(k B(k, k)), within 4 standard errors over the neurons; Poisson: all 1.

    The ratio (a - b)/(a + b) of two gamma intervals of order k is 2X - 1 with X of the beta distribution (k, k).
    """
    from scipy.special import beta
    from scipy.stats import beta as law_of_ratio

    neurons = 200
    index, time = gamma(np.random.default_rng(order), neurons, 20_000, order)
    trains = ns.SpikeTrains(index, time, neurons, 20_000)
    law = {
        "cv": 1 / math.sqrt(order),
        "cv2": 4 ** (1 - order) / (order * beta(order, order)),
        "lv": 3 / (2 * order + 1),
    }
    assert law["cv2"] == pytest.approx(2 * law_of_ratio(order, order).expect(lambda x: abs(2 * x - 1)), rel=1e-6)
    if order == 1:
        assert list(law.values()) == pytest.approx([1, 1, 1])
    for name, expected in law.items():
        found = getattr(ns, name)(trains)
        bias = 5e-4 if name == "cv" else 0  # of the order of 1/intervals, here 2000
        assert abs(found.mean() - expected) < 4 * found.std() / math.sqrt(neurons) + bias, name


def test_local_statistics_do_not_see_slow_changes():
    """A Poisson process whose rate swings tenfold: CV2 and LV near 1, CV well above (Holt 1996, Shinomoto 2003)."""
    rng = np.random.default_rng(3)
    uniform = np.cumsum(rng.exponential(1.0, 20_000))
    clock = np.linspace(0, 1e6, 100_001)
    rate = 0.022 + 0.018 * np.sin(2 * np.pi * clock / 1e5)
    times = np.interp(uniform, np.concatenate([[0], np.cumsum(rate[:-1] * np.diff(clock))]), clock)
    assert ns.cv2(times) == pytest.approx(1, abs=0.03)
    assert ns.lv(times) == pytest.approx(1, abs=0.03)
    assert ns.cv(times) > 1.4


def autoregressive(rng, neurons, count, rho):
    """Spike times with intervals 10 + x, x autoregressive of first order: serial correlation ρ^k."""
    x = np.empty((neurons, count))
    x[:, 0] = rng.normal(size=neurons)
    for k in range(1, count):
        x[:, k] = rho * x[:, k - 1] + math.sqrt(1 - rho**2) * rng.normal(size=neurons)
    times = np.cumsum(10 + x, axis=1)
    return ns.SpikeTrains(np.repeat(np.arange(neurons), count), times.ravel(), neurons, float(times.max()))


@pytest.mark.parametrize("rho", [-0.6, -0.2, 0.0, 0.5])
def test_serial_correlation_of_autoregressive_intervals(rho):
    """ρ^k at lag k, over 100 neurons of 2000 intervals."""
    found = ns.serial_correlation(autoregressive(np.random.default_rng(7), 100, 2001, rho), 5)
    assert found.correlation.shape == (100, 5)
    error = found.correlation.std(axis=0) / 10
    np.testing.assert_array_less(np.abs(found.correlation.mean(axis=0) - rho ** np.arange(1, 6)), 4 * error + 1e-3)
    mean, expected = found.mean
    np.testing.assert_allclose(mean, found.correlation.mean(axis=0), rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(expected, 1 / np.sqrt(found.pairs.sum(axis=0)), rtol=1e-12)
    if rho == 0:
        np.testing.assert_allclose(found.correlation.std(axis=0), found.standard_error[0], rtol=0.3)


def test_serial_correlation_is_that_of_numpy():
    """Pearson's coefficient of the pairs, by corrcoef."""
    rng = np.random.default_rng(8)
    trains = [np.cumsum(rng.exponential(5, size)) for size in (40, 6, 5, 2, 0)]
    found = ns.serial_correlation(ns.SpikeTrains.from_list(trains, 1000), 4)
    for neuron, train in enumerate(trains):
        intervals = np.diff(train)
        for lag in range(1, 5):
            pairs = max(intervals.size - lag, 0)
            assert found.pairs[neuron, lag - 1] == pairs
            value = found.correlation[neuron, lag - 1]
            if pairs < 3:
                assert math.isnan(value)
                assert math.isnan(found.standard_error[neuron, lag - 1])
            else:
                assert value == pytest.approx(np.corrcoef(intervals[lag:], intervals[:-lag])[0, 1], rel=1e-9)
    alone = ns.serial_correlation(trains[0], 4)
    np.testing.assert_allclose(alone.correlation, found.correlation[0], rtol=1e-12)
    mean, error = alone.mean
    np.testing.assert_array_equal(mean, alone.correlation)
    np.testing.assert_array_equal(error, alone.standard_error)


def test_serial_correlation_of_intervals_that_differ_by_rounding():
    """There is none to speak of; two that take turns are correlated as far as can be."""
    assert np.isnan(ns.serial_correlation(0.1 * np.arange(5000)).correlation).all()
    late = ns.serial_correlation(np.cumsum([0, 1e3, 10.1, 10.1, 10.1, 10.1, 10.1, 10.1]), 2)
    assert np.isnan(late.correlation).all()  # the later ones of the pairs are alike
    turns = np.cumsum(np.tile([3.0, 7.0], 1000))
    np.testing.assert_allclose(ns.serial_correlation(turns, 4).correlation, [-1, 1, -1, 1], rtol=1e-9)


@pytest.mark.parametrize("lags", [0, -1, 2.5, "3", 10_001])
def test_lags_are_a_number(lags):
    with pytest.raises(ns.InputError, match="lags is how many there are, 1 … 10000"):
        ns.serial_correlation([1, 2, 3], lags)


def test_histogram_by_hand():
    found = ns.interval_histogram(np.cumsum([0, 1, 1, 2.5, 4, 0]), 2)
    assert found.edges.tolist() == [0, 2, 4]
    assert found.count.tolist() == [3, 2]  # 0, 1, 1 | 2.5, 4: a bin holds its right edge
    assert found.intervals == 5
    assert found.density.tolist() == [0.3, 0.2]
    assert found.survivor.tolist() == [1, 0.4, 0]
    np.testing.assert_allclose(found.hazard, [1000 * 3 / (0 + 1 + 1 + 2 + 2), 1000 * 2 / (0.5 + 2)])
    np.testing.assert_allclose(found.standard_error, np.sqrt([0.6 * 0.4 / 5, 0.4 * 0.6 / 5]) / 2)


def test_histogram_with_intervals_beyond():
    found = ns.interval_histogram([0, 1, 3, 9, 10], 1, maximum=3)
    assert (found.count.tolist(), found.intervals) == ([2, 1, 0], 4)
    assert found.survivor.tolist() == [1, 0.5, 0.25, 0.25]
    np.testing.assert_allclose(found.hazard, [1000 * 2 / 4, 1000 * 1 / 2, 0])


def test_histogram_without_intervals():
    for times in ([], [5.0]):
        found = ns.interval_histogram(times, 2, maximum=10)
        assert found.count.tolist() == [0] * 5
        assert found.intervals == 0
        for part in (found.density, found.survivor, found.hazard, found.standard_error):
            assert np.isnan(part).all()
    assert ns.interval_histogram([]).edges.tolist() == [0, 1]
    one = ns.interval_histogram([5.0, 5.0])
    assert (one.count.tolist(), one.survivor.tolist()) == ([1], [1, 0])
    assert math.isnan(one.hazard[0])  # no time was spent


@settings(deadline=None)
@given(st.lists(st.floats(0, 200), min_size=1, max_size=30), st.floats(0.1, 50))
def test_histogram_holds_every_interval(intervals, width):
    found = ns.interval_histogram(np.concatenate([[0], np.cumsum(intervals)]), width)
    assert found.count.sum() == found.intervals == len(intervals)
    assert found.density.sum() * width == pytest.approx(1)
    assert found.survivor[0] == 1
    assert found.survivor[-1] == 0
    np.testing.assert_allclose(found.survivor, 1 - np.concatenate([[0], np.cumsum(found.count)]) / len(intervals))


def test_exponential_intervals():
    """Density and survivor of the exponential, and a hazard of 100 Hz in every bin, however wide."""
    index, time = poisson(np.random.default_rng(11), 100, 20_000)
    trains = ns.SpikeTrains(index, time, 100, 20_000)
    for width in (1.0, 20.0):
        found = ns.interval_histogram(trains, width, maximum=60)
        survivor = np.exp(-found.edges / 10)
        share = -np.diff(survivor)
        error = np.sqrt(share * (1 - share) / found.intervals) / width
        np.testing.assert_array_less(np.abs(found.density - share / width), 4 * error)
        np.testing.assert_allclose(found.standard_error, error, rtol=0.25)
        error = np.sqrt(survivor * (1 - survivor) / found.intervals)
        np.testing.assert_array_less(np.abs(found.survivor - survivor), 4 * error + 1e-9)
        np.testing.assert_array_less(np.abs(found.hazard - 100), 4 * 100 / np.sqrt(found.count))


def test_gamma_hazard():
    """x/(1 + x) times the asymptote for order 2 (closed form), and that of SciPy's distribution for order 4."""
    from scipy.stats import gamma as law

    for order in (2, 4):
        index, time = gamma(np.random.default_rng(order), 100, 20_000, order)
        found = ns.interval_histogram(ns.SpikeTrains(index, time, 100, 20_000), 0.5, maximum=30)
        middle = (found.edges[1:] + found.edges[:-1]) / 2
        known = law(order, scale=10 / order)
        hazard = 1000 * known.pdf(middle) / known.sf(middle)
        if order == 2:
            np.testing.assert_allclose(hazard, 1000 * (middle / 5) / (1 + middle / 5) / 5)
        np.testing.assert_array_less(
            np.abs(found.hazard - hazard), 4 * hazard / np.sqrt(np.maximum(found.count, 1)) + 0.3
        )


def test_hazard_of_chances_drawn_once_per_step():
    """Intervals of k steps with chance g_k: the hazard in bins of one step is g_k/Δ, whatever the rounding of times."""
    rng = np.random.default_rng(12)
    step, chance = 0.1, np.array([0.0, 0.0, 0.1, 0.4, 0.2] + [0.3] * 60)
    law = chance * np.cumprod(np.concatenate([[1], 1 - chance[:-1]]))

    def draw(shape):
        return step * (rng.choice(chance.size, shape, p=law / law.sum()) + 1)

    index, time = renewal(rng, draw, 50, 2000)
    time = step * np.ceil(time / step)  # a random phase of each neuron is lost; its intervals stay
    found = ns.interval_histogram(ns.SpikeTrains(index, time, 50, 2001), step, maximum=10 * step)
    error = 4 * np.sqrt(chance[:10] / (found.survivor[:-1] * found.intervals))
    np.testing.assert_array_less(np.abs(found.hazard * step / 1000 - chance[:10]), error + 1e-12)


def test_elephant_agrees():
    """Elephant computes CV2, LV and the histogram over time in the same way; its bins are closed on the left."""
    pytest.importorskip("elephant")
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import neo
        from elephant import statistics

        generator = np.random.default_rng(1)
        trains = [times[times < 2000] for times in np.cumsum(generator.gamma(2, 10, (20, 300)), axis=1)]
        foreign = [neo.SpikeTrain(times, units="ms", t_stop=2000) for times in trains]
        ours = ns.SpikeTrains.from_list(trains, 2000)
        intervals = [statistics.isi(train).magnitude for train in foreign]
        assert ns.cv2(ours) == pytest.approx([statistics.cv2(each) for each in intervals])
        assert ns.lv(ours) == pytest.approx([statistics.lv(each) for each in intervals])
        counted = statistics.time_histogram(foreign, bin_size=foreign[0].units * 10, output="counts")
    assert ns.psth(ours, 10).count.tolist() == counted.magnitude.ravel().tolist()
