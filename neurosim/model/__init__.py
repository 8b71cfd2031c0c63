"""Models: frozen descriptions of neurons, read from TOML files."""

from .description import Check, Expected, Formula, Input, Model, Parameter, Spike, State
from .library import list_models, load_model

__all__ = [
    "Check",
    "Expected",
    "Formula",
    "Input",
    "Model",
    "Parameter",
    "Spike",
    "State",
    "list_models",
    "load_model",
]
