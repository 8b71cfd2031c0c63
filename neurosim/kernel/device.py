"""What generated kernels call: arithmetic that LLVM can vectorise, and the loops every kernel shares.

No fast-math flag is set and fused multiply-adds are written out, so that a lane gives the same bits whether its loop
was vectorised or not. Only this module, `chance`, `stages` and the generated ones import Numba.
"""

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numba import carray, cfunc, njit, types  # noqa: F401  # carray is for the generated modules
from numba.extending import intrinsic

inline: Callable[..., Any] = njit(error_model="numpy", forceinline=True)

separate: Callable[..., Any] = njit(error_model="numpy")
"""For what is called from many places and loops over nothing: compiled once."""

_F = types.CPointer(types.float64)
_I = types.CPointer(types.int64)
SIGNATURE: Final = types.int64(_F, _F, _I, _F, _I, _F, _I, _F, _I, _I, _I, _F, _I, _F, _I, types.float64)
"""tile, amplitude, target, wave, changed, dense, dense_target, noise, random, noise_kind, spike_lane, spike_when,
record_row, trace, sizes, dt."""

kernel: Callable[..., Any] = cfunc(SIGNATURE, nopython=True, error_model="numpy")


@intrinsic
def fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """The sum a*b + c, rounded once."""
    f = types.float64
    return f(f, f, f), lambda context, builder, signature, arguments: builder.fma(*arguments)


@intrinsic
def bits_of(typing: Any, x: Any) -> Any:
    """The bits of a float64 as an int64."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(types.int64))

    return types.int64(types.float64), code


@intrinsic
def from_bits(typing: Any, x: Any) -> Any:
    """The float64 with the bits of an int64."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(types.float64))

    return types.float64(types.int64), code


@intrinsic
def select(typing: Any, condition: Any, a: Any, b: Any) -> Any:
    """Choose a where the condition holds, else b: both are evaluated, nothing branches."""
    f = types.float64
    return f(types.boolean, f, f), lambda context, builder, signature, arguments: builder.select(*arguments)


@inline
def exp(x):
    """e**x within 1 ulp; 0 below -708.39 where results would be subnormal.

    x = k ln 2 + r with |r| <= ln(2)/2: k comes from rounding by adding 1.5·2^52, whose low bits then hold it, e**r from
    the polynomial 1 + r + r² q(r) that minimises the largest relative error (3.6e-18; Remez exchange), and 2**k is
    added to the exponent. q is summed by Estrin's scheme, whose steps wait less for each other than Horner's.
    """
    shifted = fma(x, 1.4426950408889634, 6755399441055744.0)
    k = shifted - 6755399441055744.0
    r = fma(k, -1.9082149292705877e-10, fma(k, -0.6931471803691238, x))
    r2 = r * r
    r4 = r2 * r2
    low = fma(fma(0.008333333333493461, r, 0.041666666666530155), r2, fma(0.16666666666666413, r, 0.5000000000000011))
    middle = fma(2.7557586373840165e-06, r, 2.480149309890655e-05)
    high = fma(middle, r2, fma(0.00019841269506578688, r, 0.0013888888943630114))
    q = fma(fma(fma(2.5000061602835666e-08, r, 2.763024837921144e-07), r4, high), r4, low)
    p = 1.0 + fma(q, r2, r)
    y = from_bits(bits_of(p) + (bits_of(shifted) << 52))
    y = select(x > 709.782712893384, np.inf, y)
    y = select(x < -708.39, 0.0, y)
    return select(x == x, y, x)


@inline
def exprelr_of(x, e):
    """x/(e**x - 1) where e is e**x; by its series near 0, where the quotient would lose digits."""
    x2 = x * x
    tail = fma(x2, 3.306878306878307e-05, -0.001388888888888889)
    series = fma(x2, fma(x2, tail, 0.08333333333333333), fma(x, -0.5, 1.0))
    quotient = select(e == np.inf, 0.0, x / (e - 1.0))
    return select(abs(x) < 0.03, series, quotient)


@inline
def exprelr(x):
    """x/(e**x - 1), 1 at 0."""
    return exprelr_of(x, exp(x))


@inline
def sinh(x):
    """By exponentials; by its series below 0.7, where their difference would lose digits."""
    e = exp(abs(x))
    x2 = x * x
    s = fma(x2, 7.647163731819816e-13, 1.6059043836821613e-10)
    s = fma(x2, s, 2.505210838544172e-08)
    s = fma(x2, s, 2.7557319223985893e-06)
    s = fma(x2, s, 0.0001984126984126984)
    s = fma(x2, s, 0.008333333333333333)
    s = fma(x2, s, 0.16666666666666666)
    series = fma(x * x2, s, x)
    large = 0.5 * e - 0.5 / e
    return select(abs(x) < 0.7, series, select(x < 0.0, -large, large))


@inline
def cosh(x):
    """(e**x + e**-x)/2."""
    e = exp(abs(x))
    return 0.5 * e + 0.5 / e


@inline
def tanh(x):
    """sinh/cosh where that is exact to rounding, else 1 - 2/(e**2x + 1)."""
    large = 1.0 - 2.0 / (exp(2.0 * abs(x)) + 1.0)
    return select(abs(x) < 0.7, sinh(x) / cosh(x), select(x < 0.0, -large, large))


@inline
def gate(x):
    """(1 + tanh x)/2; 1 for inf·0, the convention of a threshold unit at its threshold."""
    return select(x == x, 1.0 / (1.0 + exp(-2.0 * x)), 1.0)


@inline
def heaviside(x):
    """1 from 0 on, 0 below."""
    return select(x >= 0.0, 1.0, 0.0)


@inline
def minimum(a, b):
    """The smaller one; NaN if either is."""
    return select((a < b) | (a != a), a, b)


@inline
def maximum(a, b):
    """The larger one; NaN if either is."""
    return select((a > b) | (a != a), a, b)


@inline
def log(x):
    return math.log(x)


@inline
def sqrt(x):
    return math.sqrt(x)


@inline
def power(x, y):
    return math.pow(x, y)


@inline
def is_finite(x):
    return abs(x) < np.inf


@inline
def line(x, x0, x1, y0, y1):
    """At x, the line through two points."""
    return y0 + (x - x0) * ((y1 - y0) / (x1 - x0))


@inline
def parabola(x, y0, y1, y2):
    """At x, the parabola through values at 0, 1/2 and 1."""
    return y0 + x * (2.0 * (y1 - y0) + (x - 0.5) * (2.0 * (y2 - 2.0 * y1 + y0)))


@inline
def growth(h, share, first, last, x):
    """By which part of itself a rate grows over a step, seen over a `share` of it; 0 where it shrinks or x rests."""
    grown = (last - first) / (share * last)
    return select((grown > 0.0) & (h * abs(last) > 1e-4 * abs(x)), grown, 0.0)


@inline
def grows(h, share, first, last, x, limit):
    """Whether `growth` is more than a limit above 0, without its division."""
    grown = select(last > 0.0, last - first, first - last)
    return (grown > limit * share * abs(last)) & (h * abs(last) > 1e-4 * abs(x))


@inline
def piece_for(steep, piece, wanted, smallest):
    """A piece of a step over which a rate grows e**wanted-fold, if it grew by `steep` of itself over another piece."""
    folds = -math.log(max(1.0 - steep, 1e-9))
    return on_lattice(max(smallest, min(1.0, 2.0 * piece, piece * wanted / max(folds, 1e-3))))


@inline
def on_lattice(x):
    """The nearest multiple of 2^-26 of a number below 2^25."""
    return (x + 1.5 * 2.0**26) - 1.5 * 2.0**26


@inline
def next_trial(low, below, high, above, looks, fine):
    """Where between `low` and `high` to look for a threshold next, on the lattice of 2^-26; `high` if they are near.

    By the secant through the margins there, rounded up; in the middle if they say nothing, or took too long.
    """
    if high - low <= fine:
        return high
    share = below / (below - above)
    if not 0.0 <= share <= 1.0 or looks > 14:
        share = 0.5
    trial = on_lattice(low + (high - low) * share + 2.0**-27)
    return min(max(trial, low + 2.0**-26), high - 2.0**-26)


@inline
def refresh_drive(tile, drive, inputs, nodes, lanes, amplitude, target, wave, dense, dense_target):
    """Sum the inputs of one step into the rows of `tile` from `drive` on: inputs × nodes.

    `amplitude` (waves, TILE) of waves that drive input `target`, times `wave` (nodes, waves); plus `dense` (currents,
    nodes, lanes) into `dense_target`.
    """
    for row in range(drive, drive + inputs * nodes):
        for j in range(lanes):
            tile[row, j] = 0.0
    for s in range(nodes):
        for w in range(target.size):
            row = drive + target[w] * nodes + s
            for j in range(lanes):
                tile[row, j] += amplitude[w, j] * wave[s, w]
        for d in range(dense_target.size):
            row = drive + dense_target[d] * nodes + s
            for j in range(lanes):
                tile[row, j] += dense[d, s, j]


@inline
def record(trace, tile, record_row, lanes):
    """Copy the rows to be recorded into `trace` (rows, lanes)."""
    for r in range(record_row.size):
        for j in range(lanes):
            trace[r, j] = tile[record_row[r], j]


@inline
def record_lane(trace, tile, record_row, j):
    """Copy the rows to be recorded of one neuron into `trace` (rows, lanes)."""
    for r in range(record_row.size):
        trace[r, j] = tile[record_row[r], j]


@inline
def driven(edges, pieces, amplitude, target, which, piece, place, dt, j):
    """Input number `which` of neuron j at `place`, inside a piece of all its waveforms."""
    since = (place - edges[piece]) * dt
    total = 0.0
    for w in range(target.size):
        if target[w] == which:
            p = pieces[piece, w]
            value = p[0] + p[1] * since
            if p[2] != 0.0:
                value += p[2] * math.sin(p[3] + since * (p[4] + p[5] * since))
            total += amplitude[w, j] * value
    return total


@inline
def whole_power(x, n):
    """x**n for a whole n, by repeated squaring."""
    result = 1.0
    square = x
    k = abs(n)
    while k:
        if k & 1:
            result *= square
        square *= square
        k >>= 1
    return result if n > 0 else 1.0 / result
