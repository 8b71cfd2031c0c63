"""Theory: what can be said about a model without simulating it."""

from .integrate_and_fire import integrate_and_fire_cv, integrate_and_fire_rate
from .membrane import IntegrateAndFireTheory, interval_theory, leaky_neuron, theory_of
from .renewal import Intervals, RenewalTheory, renewal_intervals, renewal_theory
from .rule import NoTheory
from .units import threshold_unit

__all__ = [
    "IntegrateAndFireTheory",
    "Intervals",
    "NoTheory",
    "RenewalTheory",
    "integrate_and_fire_cv",
    "integrate_and_fire_rate",
    "interval_theory",
    "leaky_neuron",
    "renewal_intervals",
    "renewal_theory",
    "theory_of",
    "threshold_unit",
]
