"""Patterns and cues for the associative memories, the same for every tool."""

import numpy as np


def patterns(settings):
    """Random patterns of ±1, one a row."""
    return np.random.default_rng(1).choice([-1, 1], (settings["patterns"], settings["units"]))


def cue(stored, flipped, k):
    """Pattern k, this fraction of its units flipped."""
    found = stored[k % len(stored)].copy()
    found[np.random.default_rng(k).permutation(found.size)[: round(flipped * found.size)]] *= -1
    return found


def hebb(stored):
    """Hebb's weights, for tools that take minutes to form them."""
    weights = stored.T.astype(float) @ stored / stored.shape[1]
    np.fill_diagonal(weights, 0)
    return weights


class Cues:
    """The next cue and the pattern it came from, time after time."""

    def __init__(self, settings):
        self.stored, self.flipped, self.k = patterns(settings), settings["flipped"], 0
        self.waiting = cue(self.stored, self.flipped, 0)

    def next(self):
        """A cue made beforehand, not while the clock runs."""
        return self.waiting

    def overlap(self, state):
        """Overlap of what came back with the pattern, after which the next cue is made."""
        found = float(np.asarray(state, float) @ self.stored[self.k % len(self.stored)]) / self.stored.shape[1]
        self.k += 1
        self.waiting = cue(self.stored, self.flipped, self.k)
        return found
