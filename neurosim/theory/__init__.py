"""Theory: what can be said about a model without simulating it."""

from .integrate_and_fire import integrate_and_fire_cv, integrate_and_fire_rate
from .units import threshold_unit

__all__ = ["integrate_and_fire_cv", "integrate_and_fire_rate", "threshold_unit"]
