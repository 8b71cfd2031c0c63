"""What the defines of a model are worth."""

from collections.abc import Mapping
from typing import Any

from ..expression import evaluate, names
from .description import Model


def with_defines(model: Model, values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` and every define that can be computed from them, in the coherent set."""
    known = dict(values)
    for name, formula in model.defines.items():
        if names(formula.tree) <= known.keys():
            known[name] = evaluate(formula.tree, known)
    return known
