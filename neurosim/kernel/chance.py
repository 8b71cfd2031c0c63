"""Random numbers inside kernels: streams that LLVM advances several neurons at a time.

Every neuron has a stream of its own for each purpose (noise current, spike rule): a generator xoshiro256++ (Blackman &
Vigna 2021, ACM Trans Math Softw 47:36, doi:10.1145/3460772), its four words a column of `random` (streams, 4, TILE).
How many numbers are drawn depends on the neuron's own step number and spikes only, so that a neuron gets the same ones
alone and in a crowd.
"""

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .device import bits_of, exp, fma, from_bits, inline, select
from .rows import LAST, NOISE_ROWS, NORMAL, ORNSTEIN_UHLENBECK, POISSON, SCALE, SHARE, STREAM_WORDS, WHITE  # noqa: F401

_ONE = np.int64(0x3FF0000000000000)
_MANTISSA = np.int64(0x000FFFFFFFFFFFFF)
_SIGN_SHIFT = np.int64(62)


@intrinsic
def rotated(typing: Any, x: Any, k: Any) -> Any:
    """The 64 bits of x rotated to the left by k."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = ir.IntType(64)
        turn = builder.module.declare_intrinsic("llvm.fshl", [word], ir.FunctionType(word, [word] * 3))
        return builder.call(turn, [arguments[0], arguments[0], arguments[1]])

    return types.int64(types.int64, types.int64), code


@intrinsic
def shifted_right(typing: Any, x: Any, k: Any) -> Any:
    """The 64 bits of x shifted to the right by k, zeros from the left."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.lshr(*arguments)

    return types.int64(types.int64, types.int64), code


@inline
def next_word(random, s, j):
    """The next 64 bits of stream s of neuron j."""
    a, b, c, d = random[s, 0, j], random[s, 1, j], random[s, 2, j], random[s, 3, j]
    c ^= a
    d ^= b
    random[s, 1, j] = b ^ c
    random[s, 0, j] = a ^ d
    random[s, 2, j] = c ^ (b << 17)
    word = rotated(a + (d ^ b), 23) + a
    random[s, 3, j] = rotated(d, 45)
    return word


@inline
def unit_interval(word):
    """A number of [0, 1), a multiple of 2^-52, from the upper bits of a word."""
    return from_bits(shifted_right(word, 12) | _ONE) - 1.0


@inline
def log_normal_range(x):
    """The natural logarithm of a positive normal number, within 2 ulp.

    x = 2^k m with m from 0.707 to 1.414; log m = 2 artanh s with s = (m - 1)/(m + 1), by the polynomial in s² that
    minimises the largest relative error (4.5e-18; Remez exchange).
    """
    bits = bits_of(x)
    half = from_bits((bits & _MANTISSA) | _ONE)
    large = half > 1.4142135623730951
    m = select(large, 0.5 * half, half)
    # The exponent as the low bits of a large number, less that number.
    k = from_bits(shifted_right(bits, 52) | np.int64(0x4330000000000000)) - 4503599627371519.0
    k = select(large, k + 1.0, k)
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    q = fma(0.1461787369127031, z, 0.15331596867570693)
    q = fma(q, z, 0.1818289322139974)
    q = fma(q, z, 0.2222221107282332)
    q = fma(q, z, 0.28571428626398937)
    q = fma(q, z, 0.3999999999989845)
    q = fma(q, z, 0.666666666666667)
    low = fma(k, 1.9082149292705877e-10, s * (z * q))
    return fma(k, 0.6931471803691238, fma(2.0, s, low))


@inline
def two_normals(random, s, j):
    """Two independent normal numbers by Box and Muller: radius √(-2 log u), and an angle.

    The angle is uniform over ±45° by a polynomial each for sine and cosine; two more random bits take it to the other
    quadrants. u is at least 2^-52, so that no number is beyond ±8.5.
    """
    first = next_word(random, s, j)
    second = next_word(random, s, j)
    radius = math.sqrt(-2.0 * log_normal_range(1.0 - unit_interval(first)))
    turn = 0.25 * unit_interval(second) - 0.125
    z = turn * turn
    p = fma(3.780872122294483, z, -15.093804358795438)
    p = fma(p, z, 42.05868502278773)
    p = fma(p, z, -76.70585970429593)
    p = fma(p, z, 81.60524927594811)
    p = fma(p, z, -41.341702240399634)
    sine = turn * fma(p, z, 6.283185307179586)
    p = fma(7.810299517868773, z, -26.424257436949443)
    p = fma(p, z, 60.24462009302414)
    p = fma(p, z, -85.45681709039887)
    p = fma(p, z, 64.93939402236559)
    p = fma(p, z, -19.73920880217842)
    cosine = fma(p, z, 1.0)
    swap = (second & 1) != 0
    signed = from_bits(bits_of(radius) ^ ((second >> 1) << 63))
    return signed * select(swap, sine, cosine), signed * select(swap, cosine, sine)


@inline
def exponential(random, s, j):
    """An exponential number of mean 1."""
    return -math.log(1.0 - unit_interval(next_word(random, s, j)))


@inline
def poisson(u, mean):
    """How many events of a Poisson process of this mean: the distribution function is summed until it exceeds u."""
    term = exp(-mean)
    total, events = term, 0.0
    while u >= total and term > 0.0:
        events += 1.0
        term *= mean / events
        total += term
    return events


@inline
def draw_uniform(tile, row, random, s, lanes):
    """A number of [0, 1) for every neuron, into a row of the tile."""
    for j in range(lanes):
        tile[row, j] = unit_interval(next_word(random, s, j))


@inline
def add_noise(tile, drive, quiet, sums, inputs, nodes, lanes, noise, random, kinds, even):
    """Draw the noise currents of one step and add them to the inputs of the tile.

    Parameters
    ----------
    drive, quiet, sums
        First row of the inputs, of the inputs without noise (both inputs × nodes), and of the noise in each input at
        the beginning and at the end of the step (inputs × 2).
    nodes
        Where in the step the inputs are needed.
    noise : array (sources, NOISE_ROWS, TILE)
    kinds : array (2, sources)
        WHITE, ORNSTEIN_UHLENBECK or POISSON; and the input each is added to.
    even
        Whether two new normal numbers are due; else the second of the last two is.
    """
    for s in range(kinds.shape[1]):
        kind, rows = kinds[0, s], noise[s]
        first, last = sums + 2 * kinds[1, s], sums + 2 * kinds[1, s] + 1
        fresh = is_first(kinds, s)
        if kind == POISSON:
            for j in range(lanes):
                count = poisson(unit_interval(next_word(random, s, j)), rows[SHARE, j])
                add_to(tile, first, last, j, fresh, rows[SCALE, j] * count, rows[SCALE, j] * count)
        else:
            if even:
                for j in range(lanes):
                    rows[NORMAL, j], rows[NORMAL + 1, j] = two_normals(random, s, j)
            z = NORMAL if even else NORMAL + 1
            if kind == WHITE:
                for j in range(lanes):
                    add_to(tile, first, last, j, fresh, rows[SCALE, j] * rows[z, j], rows[SCALE, j] * rows[z, j])
            elif kind == ORNSTEIN_UHLENBECK:
                for j in range(lanes):
                    before = rows[LAST, j]
                    rows[LAST, j] = fma(rows[SHARE, j], before, rows[SCALE, j] * rows[z, j])
                    add_to(tile, first, last, j, fresh, before, rows[LAST, j])
    for i in range(inputs):
        for j in range(lanes):
            begin, end = tile[sums + 2 * i, j], tile[sums + 2 * i + 1, j]
            for k in range(len(nodes)):
                row = i * len(nodes) + k
                tile[drive + row, j] = tile[quiet + row, j] + fma(nodes[k], end - begin, begin)


@inline
def add_to(tile, first, last, j, fresh, begin, end):
    """Put the noise of a source into the sums of its input, in place of what is there if it is the first of them."""
    tile[first, j] = begin + select(fresh, 0.0, tile[first, j])
    tile[last, j] = end + select(fresh, 0.0, tile[last, j])


@inline
def is_first(kinds, s):
    """Whether no source before s is added to the same input."""
    for other in range(s):
        if kinds[1, other] == kinds[1, s]:
            return False
    return True
