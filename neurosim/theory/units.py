"""The stochastic threshold unit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..expression import evaluate, parse
from ..units import parse_unit, to_array

_NUMBER = parse_unit("1")
_PROBABILITY = parse("gate(beta*h)")


def threshold_unit(h: Any, beta: Any = np.inf) -> NDArray[np.float64]:
    """Probability that a stochastic threshold unit is on, which is its mean output: (1 + tanh(beta·h))/2.

    Parameters
    ----------
    h
        Input minus threshold, a pure number; any shape.
    beta
        Gain, at least 0; any shape that broadcasts with `h`. Infinite: the Heaviside unit, on from h = 0 upwards.

    Returns
    -------
    ndarray
        Of the common shape.

    Raises
    ------
    InputError
        For NaN or a negative gain.

    Notes
    -----
    At h = 0 the probability is 1/2 for any finite gain and 1, by convention, for an infinite one. Glauber 1963,
    J Math Phys 4:294, doi:10.1063/1.1703954; Little 1974, Math Biosci 19:101, doi:10.1016/0025-5564(74)90031-5.
    """
    field, gain = to_array(h, _NUMBER, "h"), to_array(beta, _NUMBER, "beta")
    if np.isnan(field).any() or not (gain >= 0).all():
        raise InputError("the threshold unit takes h that is not NaN and beta from 0 to inf")
    on = evaluate(_PROBABILITY, {"beta": gain, "h": field})
    return np.where(gain == 0, 0.5, on)
