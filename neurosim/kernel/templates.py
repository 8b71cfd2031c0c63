"""The texts that kernels are made from."""

from typing import Final

HEAD: Final = '''\
"""{model} by {method}: advance a tile of neurons through a window of steps. Written by neurosim.

A tile holds up to TILE neurons: one column each, one row for every state, constant and input.
"""

from numpy import inf

{imports}
TILE = {tile}  # neurons, at most, of a tile
NODES = ({nodes},)  # of a step, where inputs are needed
TICK = {tick}  # part of a step that spike times are multiples of
{bookkeeping} = {numbers}  # rows of a tile
STEEP = {steepest}  # growth of a rate over a step of USUAL ms from which on a step is taken in pieces
USUAL = {usual}
SMALLEST = 2.0**-10  # piece of a step
FINE = {fine}  # part of a step that a spike is located to
SPIKES, FAILED, CROWDED = 9, 10, 11  # what `sizes` counts and reports
SOURCES, PHASE, PER, SINCE_DRAW = 12, 13, 14, 15  # of random numbers


{functions}


@kernel
def advance(
    tile, amplitude, target, wave, changed, dense, dense_target, noise, random, noise_kind,
    spike_lane, spike_when, record_row, trace, sizes, dt,
):
    sizes = carray(sizes, (16,))
    lanes, first, last, window = sizes[0], sizes[1], sizes[2], sizes[3]
    waves, several, records, every, capacity = sizes[4], sizes[5], sizes[6], sizes[7], sizes[8]
    steps = last - window
    tile = carray(tile, ({rows}, TILE))
    amplitude = carray(amplitude, (waves, TILE))
    target = carray(target, (waves,))
    wave = carray(wave, (steps, len(NODES), waves))
    changed = carray(changed, (steps,))
    dense = carray(dense, (steps, several, len(NODES), lanes))
    denses = carray(dense_target, (several,))
    spike_lane = carray(spike_lane, (capacity,))
    spike_when = carray(spike_when, (capacity,))
    record_row = carray(record_row, (records,))
    trace = carray(trace, (steps, records, lanes))
{streams}
    h, width = dt, 1.0
{limits}
{coefficients}
{prepare}
    for step in range(first, last):
        if sizes[SPIKES] + {room} > capacity:
            return step  # the host empties the buffer and calls again
        k = step - window
{drive_step}
{body}
        if records and (step + 1) % every == 0:
            record(trace[(step + 1) // every - window // every - 1], tile, record_row, lanes)
    return last
'''

DRIVE: Final = """\
        if changed[k]:
            refresh_drive(tile, {drive}, {inputs}, {nodes}, lanes, amplitude, target, wave[k], dense[k], denses)"""

NOISY_DRIVE: Final = """\
        if changed[k]:
            refresh_drive(tile, {quiet}, {inputs}, {nodes}, lanes, amplitude, target, wave[k], dense[k], denses)
        even = (step + sizes[PHASE]) % 2 == 0
        add_noise(tile, {drive}, {quiet}, {sums}, {inputs}, NODES, lanes, noise, random, noise_kind, even)"""

DRAW: Final = """\
        if (step + 1 + sizes[SINCE_DRAW]) % sizes[PER] == 0:
            draw_uniform(tile, DRAWN, random, sources, lanes)
        else:
            for j in range(lanes):
                tile[DRAWN, j] = inf"""

STREAMS: Final = """\
    sources = sizes[SOURCES]
    noise = carray(noise, (sources, NOISE_ROWS, TILE))
    random = carray(random, (sources + 1, STREAM_WORDS, TILE))
    noise_kind = carray(noise_kind, (2, sources))"""

GRID: Final = """\
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
{finish}"""

MOVE: Final = """\
@inline
def move(tile, j, step, at, width, dt, free):
    # Carry neuron j over `width` of a step from `at` on, from rows o_… to rows s_…: {returns}
    h = width*dt
{coefficients}
{load}
    step = step + at
{body}
{store}
{outcome}"""

LIMITS: Final = """\
    # The shorter the steps, the earlier before a blow-up they are taken in pieces: else its error is of first order.
    shrunk = min(1.0, dt/USUAL)
    steepest, smallest = STEEP*shrunk, on_lattice(max(16*TICK, SMALLEST*shrunk**{power}))
    coarse = max(FINE, 2.0**-6*smallest)"""

LOCATED: Final = """\
        # One step of every neuron: nothing branches, so that LLVM takes several at a time.
        waiting = 0
        for j in range(lanes):
{advance}
            tile[FIRED, j] = select(waits, 1.0 + {steep}, 0.0)
            waiting += 1 if waits else 0
        # The few that reach the threshold or become free inside the step, or go steeply, take it again in pieces.
        if waiting:
            for j in range(lanes):
                if tile[FIRED, j] != 0.0:
{guard}
                    at, spikes, piece = 0.0, 0, piece_for(tile[FIRED, j] - 1.0, 1.0, steepest, smallest)
                    while at < 1.0:
                        free = step + at >= tile[FREE_FROM, j]
                        end = min(1.0, at + piece) if free else min(1.0, tile[FREE_FROM, j] - step)
                        low, high, below, above, side, looks, trial = at, end, 0.0, 0.0, 0, 0, end
                        while True:
                            now, margin, steep = move(tile, j, step, at, trial - at, dt, free)
                            if looks == 0:
                                fine = FINE if steep < 0.5 else coarse  # where the scheme tells no more
                                refine = free and steep > 1.3*steepest and piece > smallest
                                if refine or not (now and free and tile[ABOVE, j] == 0.0):
                                    break  # too long a piece, or no spike in it
                            if now:
                                below = 0.5*below if side > 0 else below
                                high, above, side = trial, margin, 1
                            else:
                                above = 0.5*above if side < 0 else above
                                low, below, side = trial, margin, -1
                            looks += 1
                            if looks == 2 and now:  # true from the beginning: at once, but not just after a spike
                                low, high = (end, end) if step + at == tile[LAST_SPIKE, j] else (at, at + TICK)
                            if looks > 1 and high - low <= fine and trial == high:
                                break
                            trial = at if looks == 1 else next_trial(low, below, high, above, looks, fine)
                        piece = piece_for(steep, end - at, steepest, smallest)
                        if refine:
                            continue
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
{keep}"""

ESCAPING: Final = """\
        # One step of every neuron: nothing branches, so that LLVM takes several at a time.
        waiting = 0
        for j in range(lanes):
{advance}
            waiting += 1 if waits else 0
        # The few whose hazard adds up to what was drawn, or that become free inside the step, or go steeply, take it
        # again in pieces.
        if waiting:
            for j in range(lanes):
                if tile[FIRED, j] != 0.0:
{guard}
                    at, spikes, piece, steep, taken = 0.0, 0, 1.0, 0.0, tile[FIRED, j] == 1.0
                    while at < 1.0:
                        free = step + at >= tile[FREE_FROM, j]
                        end = min(1.0, at + piece) if free else min(1.0, tile[FREE_FROM, j] - step)
{rest}
                        if not taken:
                            steep = move(tile, j, step, at, end - at, dt, free)
                            too_long = free and steep > (1.0 if piece == 1.0 else 1.3)*steepest and piece > smallest
                            piece = piece_for(steep, end - at, steepest, smallest)
                            if too_long:
                                continue
                        taken = False
                        if free and tile[{end}, j] >= 0.0:
                            low, below, high, above, trial = at, tile[{begin}, j], end, tile[{end}, j], end
                            fine = FINE if steep < 0.5 else coarse  # where the scheme tells no more
                            looks = 0
                            while high - low > fine or trial < high:
                                trial = next_trial(low, below, high, above, looks, fine)
                                steep = move(tile, j, step, at, trial - at, dt, free)
                                left = tile[{end}, j]
                                if abs(left)*(high - low) < fine*(above - below):
                                    break
                                if left >= 0.0:
                                    high, above = trial, left
                                else:
                                    low, below = trial, left
                                looks += 1
                            high = trial
                            spikes += 1
                            if spikes > {most}:
                                sizes[CROWDED] = j + 1
                                return step
                            spike_lane[sizes[SPIKES]] = j
                            spike_when[sizes[SPIKES]] = step + high
                            sizes[SPIKES] += 1
{finish}
                        else:
                            at = end
{keep}
{settle}"""

ADAPTIVE: Final = '''\
"""{model} by {method}: advance a tile of neurons, each by steps of its own choice. Written by neurosim.

A tile holds up to TILE neurons: one column each, one row for every state and constant. Times are in steps of dt.
"""

from numpy import inf

from neurosim.kernel.device import *

TILE = {tile}  # neurons, at most, of a tile
TICK = {tick}  # part of dt that all times are multiples of
SMALLEST = 16*TICK  # step
{bookkeeping} = {rows of bookkeeping}  # rows of a tile
{places} = {rows of places}  # rows of a tile
SPIKES, CROWDED = 9, 11  # what `sizes` counts and reports


{functions}


@kernel
def advance(
    tile, amplitude, target, wave, changed, dense, dense_target, noise, random, noise_kind,
    spike_lane, spike_when, record_row, trace, sizes, dt,
):
    sizes = carray(sizes, (16,))
    lanes, first, last, window = sizes[0], sizes[1], sizes[2], sizes[3]
    waves, count, records, every, capacity = sizes[4], sizes[5], sizes[6], sizes[7], sizes[8]
    tile = carray(tile, ({rows}, TILE))
    amplitude = carray(amplitude, (waves, TILE))
    target = carray(target, (waves,))
    pieces = carray(wave, (count, waves, 6))
    edges = carray(dense, (count + 3,))
    rtol, atol = edges[count + 1], edges[count + 2]
    spike_lane = carray(spike_lane, (capacity,))
    spike_when = carray(spike_when, (capacity,))
    record_row = carray(record_row, (records,))
    trace = carray(trace, (last - window, records, lanes))
    for j in range(lanes):
{constants}
        while tile[HERE, j] < last:
            if sizes[SPIKES] == capacity:
                return first  # the host empties the buffer and calls again
            here = tile[HERE, j]
            piece = int(tile[PIECE, j])
            if here == tile[STOP, j]:
                # The step is used up: a new one, as long as the error allows.
                while edges[piece + 1] <= here:
                    piece += 1
                tile[PIECE, j] = piece
                free = here >= tile[FREE_FROM, j]
                limit = edges[piece + 1] if free else min(edges[piece + 1], tile[FREE_FROM, j])
                length = tile[NEXT, j] if tile[NEXT, j] > 0.0 else 0.125
{start}
                while True:
                    length = min(length, limit - here)
                    h = length*dt
{stages}
{error}
                    factor = 0.9*exp(-0.2*log(max(error, 1e-10)))
                    if error <= 1.0:
                        break
                    if length <= SMALLEST:
                        break
                    length = on_lattice(length*min(max(factor, 0.1), 0.9)) if error < inf else on_lattice(0.1*length)
                    length = max(length, SMALLEST)
                tile[FORCED, j] = 0.0 if error <= 1.0 else tile[FORCED, j] + 1.0
                if not error <= 1.0:
                    # Before a spike a state may grow faster than the smallest step resolves, but not for long: straight
                    # on, since the later stages are beyond all bounds.
{straight}
                    if tile[FORCED, j] > 1000.0 or not ({finite}):
                        sizes[CROWDED] = -(j + 1)
                        return first
                grown = max(SMALLEST, on_lattice(length*min(max(factor, 0.2), 5.0)))
                tile[NEXT, j] = max(grown, tile[NEXT, j]) if length == limit - here else grown
                tile[BEGIN, j] = here
                tile[LENGTH, j] = length
{keep}
                # Is the threshold reached in it? Looked for at its quarters, then between two of them.
                stop, crosses, quarter, looks, side, before = length, 0.0, 0, 0, 0, tile[ABOVE, j] != 0.0
                low, high, below, above, trial = 0.0, length, 0.0, 0.0, 0.0
                while free:
                    theta = trial/length
                    place = here + trial
{evaluate}
{inputs}
{look}
                    if looks == 0 and not (now and not before):
                        before = now
                        if quarter == 4:
                            break
                        quarter += 1
                        low, below = trial, margin
                        trial = on_lattice(0.25*quarter*length) if quarter < 4 else length
                        continue
                    if looks == 0 and quarter == 0:  # from the beginning: at once, but not just after a spike
                        stop, crosses = length if here == tile[LAST_SPIKE, j] else TICK, 1.0
                        break
                    if now:
                        below = 0.5*below if side > 0 else below
                        high, above, side = trial, margin, 1
                    else:
                        above = 0.5*above if side < 0 else above
                        low, below, side = trial, margin, -1
                    looks += 1
                    if high - low <= TICK and trial == high:
                        stop, crosses = high, 1.0
                        break
                    trial = next_trial(low, below, high, above, looks, TICK)
                tile[ABOVE, j] = select(free, select(before, 1.0, 0.0), tile[ABOVE, j])
                tile[STOP, j] = here + stop
                tile[CROSSES, j] = crosses
            # Along the step to its end, or that of the window.
            until = min(tile[STOP, j], float(last))
            length = tile[LENGTH, j]
            sample = (int(here) // every + 1)*every
            while records and sample < until:
                theta = (sample - tile[BEGIN, j])/length
{at_sample}
                record_lane(trace[sample // every - window // every - 1], tile, record_row, j)
                sample += every
            theta = (until - tile[BEGIN, j])/length
            place = until
{at_end}
            if tile[CROSSES, j] != 0.0 and until == tile[STOP, j]:
                spike_lane[sizes[SPIKES]] = j
                spike_when[sizes[SPIKES]] = until
                sizes[SPIKES] += 1
{finish}
            if records and sample == until:
                record_lane(trace[sample // every - window // every - 1], tile, record_row, j)
            tile[HERE, j] = until
    return last
'''


def indented(lines: list[str], level: int) -> list[str]:
    """Lines so many levels deep, without empty ones."""
    return ["    " * level + line for line in lines if line]


def fill(template: str, parts: dict[str, list[str]]) -> str:
    """A template with lines for its names; a name without lines leaves no empty line."""
    text = template
    for name, lines in parts.items():
        text = text.replace(f"{{{name}}}\n", "\n".join(lines) + "\n" if lines else "")
        text = text.replace(f"{{{name}}}", "\n".join(lines))
    return text.rstrip()
