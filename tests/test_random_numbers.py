"""Random numbers: the generator against its definition in plain integers, what it yields against the laws."""

import itertools

import mpmath
import numpy as np
import pytest
from numba import njit
from scipy import stats

from neurosim.kernel import chance
from neurosim.kernel.streams import RULE, streams, uniform

WORD = 2**64 - 1
NEURONS = 64
MILLION = 15_626  # numbers of so many steps, an even number, for all neurons


@njit(error_model="numpy")
def _words(random, out):
    for k in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[k, j] = chance.next_word(random, 0, j)


@njit(error_model="numpy")
def _uniforms(random, out):
    for k in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[k, j] = chance.unit_interval(chance.next_word(random, 0, j))


@njit(error_model="numpy")
def _normals(random, out):
    for k in range(0, out.shape[0], 2):
        for j in range(out.shape[1]):
            out[k, j], out[k + 1, j] = chance.two_normals(random, 0, j)


@njit(error_model="numpy")
def _exponentials(random, out):
    for k in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[k, j] = chance.exponential(random, 0, j)


@njit(error_model="numpy")
def _logarithms(x, out):
    for k in range(x.size):
        out[k] = chance.log_normal_range(x[k])


@njit(error_model="numpy")
def _counts(u, mean, out):
    for k in range(u.size):
        out[k] = chance.poisson(u[k], mean)


def started(seed=1, purpose=0, frozen=False):
    """The state of generators as a kernel holds it: (1, 4, neurons)."""
    return streams(seed, purpose, NEURONS, frozen)[:4].view(np.int64)[None].copy()


def draw(function, random, steps=MILLION, dtype=np.float64):
    """(steps, neurons)."""
    out = np.empty((steps, NEURONS), dtype)
    function(random, out)
    return out


# The generator ---------------------------------------------------------------------------------------------------


def xoshiro(state, count):
    """xoshiro256++ as its authors define it (Blackman & Vigna 2021), in plain integers."""
    s = [int(word) for word in state]
    rotated = lambda x, k: (x << k | x >> (64 - k)) & WORD  # noqa: E731
    words = []
    for _ in range(count):
        words.append((rotated((s[0] + s[3]) & WORD, 23) + s[0]) & WORD)
        t = s[1] << 17 & WORD
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotated(s[3], 45)
    return words


def test_generator_is_xoshiro256plusplus():
    random = started(seed=12345, purpose=3)
    found = draw(_words, random.copy(), 300, np.int64).view(np.uint64)
    for j in (0, 1, 31, 63):
        assert found[:, j].tolist() == xoshiro(random.view(np.uint64)[0, :, j], 300)


def test_generator_against_published_numbers():
    # The test vector that implementations of xoshiro256++ share: state 1, 2, 3, 4.
    known = [41943041, 58720359, 3588806011781223, 3591011842654386, 9228616714210784205, 9973669472204895162]
    assert xoshiro([1, 2, 3, 4], 6) == known
    random = np.tile(np.array([1, 2, 3, 4])[:, None], NEURONS)[None]
    assert draw(_words, random, 6, np.int64).view(np.uint64)[:, 7].tolist() == known


def test_mixing_of_the_start_is_that_of_splitmix64():
    # The first numbers of SplitMix64 from seed 0.
    from neurosim.kernel.streams import _GOLDEN, _mixed

    with np.errstate(over="ignore"):
        found = _mixed(np.arange(1, 4, dtype=np.uint64) * _GOLDEN)
    assert found.tolist() == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


def test_streams_depend_on_seed_purpose_and_neuron_alone():
    words = streams(5, 2, 1000)
    assert (streams(5, 2, 7) == words[:, :7]).all()
    assert (streams(5, 2, 7, frozen=True) == words[:, :1]).all()
    for other in (streams(6, 2, 1000), streams(5, 3, 1000), streams(5, RULE, 1000), streams(2**62, 2, 1000)):
        assert not np.isin(other, words).any()
    assert np.unique(streams(5, 2, 50_000)).size == 6 * 50_000


def test_uniform_numbers_come_from_the_upper_52_bits():
    random = started()
    words = draw(_words, random.copy(), 1000, np.int64).view(np.uint64)
    found = draw(_uniforms, random.copy(), 1000)
    assert (found == (words >> np.uint64(12)) * 2.0**-52).all()
    assert (found == uniform(words)).all()
    assert found.min() >= 0
    assert found.max() < 1


# Its laws --------------------------------------------------------------------------------------------------------


def flat(values, bins=1000):
    """p of χ² for numbers of [0, 1) being uniform."""
    return stats.chisquare(np.bincount((np.ravel(values) * bins).astype(np.int64), minlength=bins)).pvalue


def independent(x, y, bins=32):
    """p of χ² for pairs of numbers of [0, 1) being independent and uniform."""
    cell = (np.ravel(x) * bins).astype(np.int64) * bins + (np.ravel(y) * bins).astype(np.int64)
    return stats.chisquare(np.bincount(cell, minlength=bins * bins)).pvalue


@pytest.fixture(scope="module")
def uniforms():
    return draw(_uniforms, started(seed=1))


def test_uniform(uniforms):
    assert flat(uniforms) > 0.001
    assert stats.kstest(uniforms.ravel(), "uniform").pvalue > 0.001
    assert flat(uniforms * 2**20 % 1) > 0.001  # lower bits as well
    assert flat(uniforms**1.05) < 1e-6  # that much would be found


def test_every_bit_is_fair_and_independent_of_its_neighbour():
    words = draw(_words, started(seed=2), 5000, np.int64).view(np.uint64)
    bits = (words.ravel()[None] >> np.arange(64, dtype=np.uint64)[:, None]) & np.uint64(1)
    n = words.size
    z = (bits.sum(axis=1) - n / 2) / np.sqrt(n / 4)
    pairs = (np.array([(a ^ b).sum() for a, b in itertools.pairwise(bits)]) - n / 2) / np.sqrt(n / 4)
    assert stats.chi2.sf((z**2).sum(), 64) > 0.001
    assert stats.chi2.sf((pairs**2).sum(), 63) > 0.001


def test_independent_from_step_to_step_and_neuron_to_neuron(uniforms):
    for lag in (1, 2, 17):
        assert independent(uniforms[:-lag], uniforms[lag:]) > 0.001
        assert independent(uniforms[:, :-lag], uniforms[:, lag:]) > 0.001
    r = np.corrcoef(uniforms.T)[np.triu_indices(NEURONS, 1)] * np.sqrt(MILLION)
    assert stats.chi2.sf((r**2).sum(), r.size) > 0.001
    assert np.abs(r).max() < stats.norm.isf(0.0005 / r.size)


@pytest.mark.parametrize(("seed", "purpose"), [(2, 0), (1 + 2**32, 0), (1, 1), (1, RULE)])
def test_independent_of_other_seeds_and_purposes(uniforms, seed, purpose):
    other = draw(_uniforms, started(seed, purpose))
    assert independent(uniforms, other) > 0.001
    assert independent(uniforms[:, 1:], other[:, :-1]) > 0.001


def test_first_numbers_of_many_neurons_and_of_many_seeds():
    of_neurons = uniform(streams(1, 0, 10**6))
    for row in of_neurons:
        assert flat(row) > 0.001
        assert independent(row[:-1], row[1:]) > 0.001
    assert independent(of_neurons[4], of_neurons[5]) > 0.001
    of_seeds = np.array([uniform(streams(seed, 0, 1)[4:, 0]) for seed in range(10_000)])
    assert flat(of_seeds, 100) > 0.001
    assert independent(of_seeds[:-1, 0], of_seeds[1:, 0], 10) > 0.001


def looks_normal(x):
    """z-scores of the first eight moments, p of the tails beyond ±4."""
    n = x.size
    moments = [0, 1, 0, 3, 0, 15, 0, 105, 0, 945, 0, 10395, 0, 135135, 0, 2027025]
    z = [
        (np.mean(x**k) - moments[k - 1]) / np.sqrt((moments[2 * k - 1] - moments[k - 1] ** 2) / n) for k in range(1, 9)
    ]
    beyond = [stats.binomtest(int((side * x > 4).sum()), n, stats.norm.sf(4)).pvalue for side in (1, -1)]
    return np.abs(z).max(), min(beyond)


def test_normal():
    x = draw(_normals, started(seed=3))
    assert stats.kstest(x.ravel(), "norm").pvalue > 0.001
    assert flat(stats.norm.cdf(x)) > 0.001
    worst, tails = looks_normal(x.ravel())
    assert worst < 4
    assert tails > 0.001
    assert looks_normal(1.01 * x.ravel())[0] > 4  # that much would be found
    p = stats.norm.cdf(x)
    assert independent(p[::2], p[1::2]) > 0.001  # the two of a pair
    assert independent(p[1:-1:2], p[2::2]) > 0.001
    assert independent(p[:, 1:], p[:, :-1]) > 0.001
    radius = 1 - np.exp(-(x[::2] ** 2 + x[1::2] ** 2) / 2)
    angle = np.arctan2(x[1::2], x[::2]) / (2 * np.pi) + 0.5
    assert flat(radius) > 0.001
    assert flat(angle) > 0.001
    assert independent(radius, angle) > 0.001


def test_two_normals_against_box_and_muller_in_mpmath():
    random = started(seed=8)
    words = draw(_words, random.copy(), 200, np.int64).view(np.uint64)
    found = draw(_normals, random.copy(), 200)
    with mpmath.workprec(120):
        for k in range(0, 200, 2):
            first, second = int(words[k, 5]), int(words[k + 1, 5])
            radius = mpmath.sqrt(-2 * mpmath.log(1 - mpmath.mpf(first >> 12) / 2**52))
            turn = 2 * mpmath.pi * (mpmath.mpf(second >> 12) / 2**54 - mpmath.mpf(1) / 8)
            sign = -1 if second & 2 else 1
            pair = [sign * radius * mpmath.cos(turn), sign * radius * mpmath.sin(turn)]
            expected = np.array([float(z) for z in (reversed(pair) if second & 1 else pair)])
            np.testing.assert_allclose(found[k : k + 2, 5], expected, rtol=2e-15, atol=1e-18)


def test_exponential():
    x = draw(_exponentials, started(seed=4))
    assert stats.kstest(x.ravel(), "expon").pvalue > 0.001
    assert flat(-np.expm1(-x)) > 0.001
    assert independent(-np.expm1(-x[:-1]), -np.expm1(-x[1:])) > 0.001


def test_logarithm_within_2_ulp():
    generator = np.random.default_rng(5)
    x = np.concatenate(
        [
            generator.random(20_000),
            1 - 2.0**-52 * np.arange(1, 2000),  # what two_normals asks for near 1 …
            2.0**-52 * np.arange(1, 2000),  # … and near 0
            1 + 2.0**-52 * np.arange(2000),
            np.exp(generator.uniform(-708, 709, 5000)),
            np.sqrt(2) * (1 + 2.0**-52 * np.arange(-50, 50)),
        ]
    )
    found = np.empty_like(x)
    _logarithms(x, found)
    with mpmath.workprec(120):
        exact = [mpmath.log(mpmath.mpf(float(value))) for value in x]
        error = [
            0.0 if f == e else abs(float((mpmath.mpf(float(f)) - e) / np.spacing(abs(float(e)))))
            for f, e in zip(found, exact, strict=True)
        ]
    assert max(error) <= 2


@pytest.mark.parametrize("mean", [1e-7, 0.003, 0.7, 5.0, 60.0, 500.0])
def test_poisson_counts_invert_the_distribution(mean):
    u = np.concatenate([np.random.default_rng(6).random(5000), [0.0, 1e-12, 1 - 1e-12]])
    found = np.empty_like(u)
    _counts(u, mean, found)
    expected = stats.poisson.ppf(u, mean)
    assert (found == np.maximum(expected, 0)).all()  # ppf(0) is -1 by convention


@pytest.mark.slow
def test_a_hundred_million_numbers():
    """Uniformity, normality, independence of steps and neurons on 10^8 draws."""
    random, bins, chunk = started(seed=9), 4096, 2 * 50_000
    cells, steps, neighbours, total = np.zeros(bins), np.zeros(1024), np.zeros(1024), 0
    moments = np.zeros(8)
    beyond = np.zeros(2)
    for _ in range(16):
        x = draw(_normals, random, chunk)
        p = stats.norm.cdf(x)
        cells += np.bincount((p.ravel() * bins).astype(np.int64), minlength=bins)
        k = (p * 32).astype(np.int64)
        steps += np.bincount((k[:-1] * 32 + k[1:]).ravel(), minlength=1024)
        neighbours += np.bincount((k[:, :-1] * 32 + k[:, 1:]).ravel(), minlength=1024)
        power = np.ones_like(x)
        for i in range(8):
            power *= x
            moments[i] += power.sum()
        beyond += (np.abs(x) > 4).sum(), (np.abs(x) > 5).sum()
        total += x.size
    assert total > 10**8
    for counts in (cells, steps, neighbours):
        assert stats.chisquare(counts).pvalue > 0.001
    expected = np.array([0, 1, 0, 3, 0, 15, 0, 105])
    spread = np.sqrt((np.array([1, 3, 15, 105, 945, 10395, 135135, 2027025]) - expected**2) / total)
    assert np.abs((moments / total - expected) / spread).max() < 4
    for count, bound in zip(beyond, (4, 5), strict=True):
        assert stats.poisson.sf(count - 1, 2 * stats.norm.sf(bound) * total) > 0.0005
        assert stats.poisson.cdf(count, 2 * stats.norm.sf(bound) * total) > 0.0005
    uniforms = draw(_uniforms, started(seed=10), 10**8 // NEURONS + 1)
    assert flat(uniforms, bins) > 0.001
    assert independent(uniforms[:-1], uniforms[1:]) > 0.001
    assert independent(uniforms[:, :-1], uniforms[:, 1:]) > 0.001
