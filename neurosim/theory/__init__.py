"""Theory: what can be said about a model without simulating it."""

from .integrate_and_fire import integrate_and_fire_cv, integrate_and_fire_rate
from .renewal import Intervals, RenewalTheory, renewal_intervals, renewal_theory
from .rule import NoTheory
from .units import threshold_unit

__all__ = [
    "Intervals",
    "NoTheory",
    "RenewalTheory",
    "integrate_and_fire_cv",
    "integrate_and_fire_rate",
    "renewal_intervals",
    "renewal_theory",
    "threshold_unit",
]
