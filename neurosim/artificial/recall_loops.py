"""The loops that take the time: single units updated one after the other, compiled by Numba.

Two ways to the same fields, in units of one weight step (1/n for Hebb, 1 for other rules):

- `relax_weights` has the matrix and keeps all fields up to date: a flip costs n, an update without one nearly nothing;
- `relax_overlaps` has no matrix. Patterns are bits, pattern k of unit i is bit ``k % 8`` of ``bits[i, k // 8]``, and
  the field of a unit is the sum of the overlaps, each with the sign of its bit. Overlaps are kept as sums for each
  of the sixteen signs of four patterns: an update looks up one number for every four patterns.

Random numbers come from xoshiro256++ (Blackman & Vigna 2021, doi:10.1145/3460772), whose four words are the caller's:
the same words give the same course on any machine and thread. Both loops draw in the same order.
"""

from math import exp, inf

import numpy as np
from numba import njit

_17, _19, _23, _41, _45 = (np.uint64(shift) for shift in (17, 19, 23, 41, 45))
_11, _32 = np.uint64(11), np.uint64(32)


@njit(cache=True, nogil=True)
def next_word(rng):
    """64 random bits; moves `rng` (4,) of uint64 on."""
    a, b, c, d = rng[0], rng[1], rng[2], rng[3]
    t = a + d
    word = ((t << _23) | (t >> _41)) + a
    t = b << _17
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    rng[0], rng[1], rng[2], rng[3] = a, b, c, (d << _45) | (d >> _19)
    return word


@njit(cache=True, nogil=True)
def uniform(rng):
    """A random number from [0, 1)."""
    return np.float64(next_word(rng) >> _11) * (1.0 / 9007199254740992.0)


@njit(cache=True, nogil=True)
def shuffle(order, rng):
    """Bring `order` into random order, in place (Fisher & Yates)."""
    for last in range(order.size - 1, 0, -1):
        k = np.int64(((next_word(rng) >> _32) * np.uint64(last + 1)) >> _32)
        order[last], order[k] = order[k], order[last]


@njit(cache=True, nogil=True)
def pack(s, bits):
    """Write the signs of `s` (n,) as bits, the first unit lowest: `numpy.unpackbits` reads them, bitorder "little"."""
    whole = s.size // 8
    for byte in range(whole):
        value = 0
        for k in range(8):
            value |= (s[8 * byte + k] > 0) << k
        bits[byte] = value
    if s.size % 8:
        value = 0
        for k in range(s.size - 8 * whole):
            value |= (s[8 * whole + k] > 0) << k
        bits[whole] = value


@njit(cache=True, nogil=True)
def flips_now(s, field, beta, margin, rng):
    """Whether a unit of state `s` in this field flips; `beta` is 2β in steps of the field, `margin` counts as zero."""
    if beta == inf:
        return s * field < -margin
    return uniform(rng) * (1.0 + exp(beta * s * field)) < 1.0


@njit(cache=True, nogil=True)
def relax_weights(J, h, s, order, rng, beta, margin, course, energy, flips, log):
    """Sweeps in random order, until one flips nothing at β = ∞.

    J (n, n), of which row i goes to the fields where unit i flips; h (n,) fields, s (n,) ±1, order (m,) the units that
    are updated: all three change. Written: course (sweeps, …) bits of the state, energy (sweeps,) as Σ s h, flips
    (sweeps,), log (…) the units that flipped while there is room. Returns the number of sweeps and whether the last
    flipped nothing.
    """
    logged = 0
    for sweep in range(flips.size):
        shuffle(order, rng)
        count = 0
        for k in range(order.size):
            i = order[k]
            if flips_now(s[i], h[i], beta, margin, rng):
                if s[i] > 0:
                    for j in range(h.size):
                        h[j] -= J[i, j] + J[i, j]
                else:
                    for j in range(h.size):
                        h[j] += J[i, j] + J[i, j]
                s[i] = -s[i]
                if logged < log.size:
                    log[logged] = i
                    logged += 1
                count += 1
        total = J[0, 0] * 0 * h[0]
        for j in range(h.size):
            total += s[j] * h[j]
        energy[sweep] = total
        flips[sweep] = count
        pack(s, course[sweep])
        if count == 0 and beta == inf:
            return sweep + 1, True
    return flips.size, False


@njit(cache=True, nogil=True)
def field_from_tables(row, tables):
    """Σ_k ±M[k], the sign of each from the bits of `row` (B,): four patterns at a time, summed in tables (2 B, 16)."""
    total = 0
    for b in range(row.size):
        total += tables[2 * b, row[b] & 15] + tables[2 * b + 1, row[b] >> 4]
    return total


@njit(cache=True, nogil=True)
def add_to_tables(row, tables, agreement, s):
    """Put into the tables that a unit with these bits has become `s`; agreement[u, v] is 4 − 2·(bits of u ^ v)."""
    for b in range(row.size):
        low, high = row[b] & 15, row[b] >> 4
        if s > 0:
            for v in range(16):
                tables[2 * b, v] += agreement[low, v] + agreement[low, v]
                tables[2 * b + 1, v] += agreement[high, v] + agreement[high, v]
        else:
            for v in range(16):
                tables[2 * b, v] -= agreement[low, v] + agreement[low, v]
                tables[2 * b + 1, v] -= agreement[high, v] + agreement[high, v]


@njit(cache=True, nogil=True)
def squares(tables, patterns):
    """Σ_k M[k]² over the patterns: half the difference of two entries is one overlap."""
    total = 0
    for k in range(patterns):
        m = int(tables[k // 4, 1 << (k % 4)]) - int(tables[k // 4, 0])
        total += (m // 2) ** 2
    return total


@njit(cache=True, nogil=True)
def relax_overlaps(bits, tables, agreement, patterns, s, order, rng, beta, course, energy, flips, log):
    """The same without weights, for so many patterns: bits (n, B) of uint8, tables (2 B, 16) of int32.

    Bits beyond the patterns are 0 in all units and act like patterns of −1, which `spare` takes out again.
    """
    logged, spare, active = 0, 8 * bits.shape[1] - patterns, 0
    for i in range(s.size):
        active += s[i]
    for sweep in range(flips.size):
        shuffle(order, rng)
        count = 0
        for k in range(order.size):
            i = order[k]
            field = field_from_tables(bits[i], tables) - spare * active - patterns * s[i]
            if flips_now(s[i], field, beta, 0.0, rng):
                s[i] = -s[i]
                active += 2 * s[i]
                add_to_tables(bits[i], tables, agreement, s[i])
                if logged < log.size:
                    log[logged] = i
                    logged += 1
                count += 1
        energy[sweep] = squares(tables, patterns) - patterns * order.size
        flips[sweep] = count
        pack(s, course[sweep])
        if count == 0 and beta == inf:
            return sweep + 1, True
    return flips.size, False


@njit(cache=True, nogil=True)
def fields_of_overlaps(bits, tables, patterns, s, h):
    """Fields h (n,) of all units from the tables."""
    spare, active = 8 * bits.shape[1] - patterns, 0
    for i in range(s.size):
        active += s[i]
    for i in range(s.size):
        h[i] = field_from_tables(bits[i], tables) - spare * active - patterns * s[i]


@njit(cache=True, nogil=True)
def weigh_bytes(bits, s, counts):
    """counts[b, v] (B, 256) += Σ s over the units whose byte b is v: the overlaps follow from it."""
    for i in range(s.size):
        for b in range(bits.shape[1]):
            counts[b, bits[i, b]] += s[i]


@njit(cache=True, nogil=True)
def fields_of_hebb(X, s, h):
    """Hebb's fields h (n,) = Xᵀ X s − P s from patterns X (P, n), without the matrix."""
    for j in range(h.size):
        h[j] = -X.shape[0] * s[j]
    for mu in range(X.shape[0]):
        m = np.int32(0)
        for j in range(s.size):
            m = np.int32(m + X[mu, j] * s[j])
        for j in range(h.size):
            h[j] += m * X[mu, j]


@njit(cache=True, nogil=True)
def fields_of_weights(J, s, h):
    """Fields h (n,) = J s of whole numbers."""
    for i in range(h.size):
        total = np.int32(0)
        for j in range(s.size):
            total = np.int32(total + J[i, j] * s[j])
        h[i] = total


@njit(cache=True, nogil=True)
def learn_rows(Q, Y, stability, strength, kappa, most):
    """Perceptron learning of every unit, up to `most` epochs; how many units have not finished.

    w_i = Σ_µ a_µ y_µ ξ^µ/n without w_ii, with strengths a: row i of `strength` (n, P), which changes, as does
    `stability` (n, P), y_µ Σ_j w_ij ξ_j^µ. Q (P, P) are the overlaps of the patterns, Y (n, P) the patterns.
    """
    n, patterns = Y.shape
    unsolved = 0
    for i in range(n):
        y, s, a = Y[i], stability[i], strength[i]
        square = 0.0
        for mu in range(patterns):
            square += a[mu] * s[mu] / n
        wrong = 1
        for _ in range(most):
            wrong = 0
            for mu in range(patterns):
                if s[mu] < kappa * square**0.5 + 1e-12:
                    wrong += 1
                    a[mu] += 1.0
                    square += (2 * s[mu] + 1.0 - 1.0 / n) / n
                    for nu in range(patterns):
                        s[nu] += y[mu] * y[nu] * Q[mu, nu] - 1.0 / n
            if wrong == 0:
                break
        unsolved += wrong > 0
    return unsolved
