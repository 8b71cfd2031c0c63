"""Models: frozen descriptions of neurons, read from TOML files."""

from .catalogue import list_models, load_model
from .description import Check, Expected, Formula, Input, Model, Parameter, Spike, State, Variant

__all__ = [
    "Check",
    "Expected",
    "Formula",
    "Input",
    "Model",
    "Parameter",
    "Spike",
    "State",
    "Variant",
    "list_models",
    "load_model",
]
