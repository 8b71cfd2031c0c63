"""The texts that kernels are made from."""

from typing import Final

HEAD: Final = '''\
"""{model} by {method}: advance a tile of neurons through a window of steps. Written by neurosim.

A tile holds up to TILE neurons: one column each, one row for every state, constant and input.
"""

from numpy import inf

from neurosim.kernel.device import *

TILE = {tile}  # neurons, at most, of a tile
TICK = {tick}  # part of a step that spike times are multiples of
{bookkeeping} = {numbers}  # rows of a tile
SPIKES, FAILED, CROWDED = 9, 10, 11  # what `sizes` counts and reports


{functions}


@kernel
def advance(
    tile, amplitude, target, wave, changed, dense, dense_target, spike_lane, spike_when, record_row, trace, sizes, dt
):
    sizes = carray(sizes, (12,))
    lanes, first, last, window = sizes[0], sizes[1], sizes[2], sizes[3]
    waves, denses, records, every, capacity = sizes[4], sizes[5], sizes[6], sizes[7], sizes[8]
    steps = last - window
    tile = carray(tile, ({rows}, TILE))
    amplitude = carray(amplitude, (waves, TILE))
    target = carray(target, (waves,))
    wave = carray(wave, (steps, {nodes}, waves))
    changed = carray(changed, (steps,))
    dense = carray(dense, (steps, denses, {nodes}, lanes))
    dense_target = carray(dense_target, (denses,))
    spike_lane = carray(spike_lane, (capacity,))
    spike_when = carray(spike_when, (capacity,))
    record_row = carray(record_row, (records,))
    trace = carray(trace, (steps, records, lanes))
    h, width = dt, 1.0
{coefficients}
    for step in range(first, last):
        k = step - window
        if changed[k]:
            refresh_drive(tile, {drive}, {inputs}, {nodes}, lanes, amplitude, target, wave[k], dense[k], dense_target)
{body}
        if records and (step + 1) % every == 0:
            record(trace[(step + 1) // every - window // every - 1], tile, record_row, lanes)
    return last
'''

GRID: Final = '''\
        if sizes[SPIKES] + lanes > capacity:
            return step  # the host empties the buffer and calls again
        # One step of every neuron: nothing branches, so that LLVM takes several at a time.
        firing = 0
        for j in range(lanes):
{advance}
            tile[FIRED, j] = select(fires, 1.0, 0.0)
            firing += 1 if fires else 0
        # The few that fired.
        if firing:
            for j in range(lanes):
                if tile[FIRED, j] != 0.0:
{guard}
                    spike_lane[sizes[SPIKES]] = j
                    spike_when[sizes[SPIKES]] = step + 1.0
                    sizes[SPIKES] += 1
{finish}'''

MOVE: Final = '''\
@inline
def move(tile, j, step, at, width, dt, free):
    """Carry neuron j over `width` of a step from `at` on, from rows o_… to rows s_…; how far above threshold it is."""
    h = width*dt
{coefficients}
{load}
    step = step + at
{body}
{store}
    return {threshold}'''

LOCATED: Final = '''\
        if sizes[SPIKES] + {most}*lanes > capacity:
            return step  # the host empties the buffer and calls again
        # One step of every neuron: nothing branches, so that LLVM takes several at a time.
        waiting = 0
        for j in range(lanes):
{advance}
            tile[FIRED, j] = select(waits, 1.0, 0.0)
            waiting += 1 if waits else 0
        # The few that reach the threshold or become free inside the step take it again, piece by piece.
        if waiting:
            for j in range(lanes):
                if tile[FIRED, j] != 0.0:
{guard}
                    at, spikes = 0.0, 0
                    while at < 1.0:
                        free = step + at >= tile[FREE_FROM, j]
                        end = 1.0 if free else min(1.0, tile[FREE_FROM, j] - step)
                        low, high, below, above, side, looks, trial = at, end, 0.0, 0.0, 0, 0, end
                        while True:
                            now, margin = move(tile, j, step, at, trial - at, dt, free)
                            if looks == 0 and not (now and free and tile[ABOVE, j] == 0.0):
                                break  # no spike in this piece
                            if now:
                                below = 0.5*below if side > 0 else below
                                high, above, side = trial, margin, 1
                            else:
                                above = 0.5*above if side < 0 else above
                                low, below, side = trial, margin, -1
                            looks += 1
                            if looks == 2 and now:
                                low = high = end  # true from the beginning, where it counts as false: at the end
                            if looks > 1 and high - low <= TICK and trial == high:
                                break
                            trial = at if looks == 1 else next_trial(low, below, high, above, looks)
                        if looks == 0:
                            if free:
                                tile[ABOVE, j] = select(now, 1.0, 0.0)
                            at = end
                        else:
                            spikes += 1
                            if spikes > {most}:
                                sizes[CROWDED] = j + 1
                                return step
                            spike_lane[sizes[SPIKES]] = j
                            spike_when[sizes[SPIKES]] = step + high
                            sizes[SPIKES] += 1
{finish}
{keep}'''
