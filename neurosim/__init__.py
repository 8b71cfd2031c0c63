"""neurosim: the whole ladder of neuron models, from Hodgkin–Huxley to threshold units, and networks of them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .check import check_model as check_model
    from .currents import (
        Current as Current,
    )
    from .currents import (
        chirp as chirp,
    )
    from .currents import (
        constant as constant,
    )
    from .currents import (
        from_array as from_array,
    )
    from .currents import (
        pulses as pulses,
    )
    from .currents import (
        ramp as ramp,
    )
    from .currents import (
        sine as sine,
    )
    from .currents import (
        step as step,
    )
    from .errors import (
        InputError as InputError,
    )
    from .errors import (
        ModelError as ModelError,
    )
    from .errors import (
        NeurosimError as NeurosimError,
    )
    from .errors import (
        SimulationError as SimulationError,
    )
    from .errors import (
        UnitError as UnitError,
    )
    from .experiments import GainFunction as GainFunction
    from .experiments import gain_function as gain_function
    from .methods import METHODS as METHODS
    from .model import Model as Model
    from .model import list_models as list_models
    from .model import load_model as load_model
    from .plot import (
        plot_gain_function as plot_gain_function,
    )
    from .plot import (
        plot_raster as plot_raster,
    )
    from .plot import (
        plot_recording as plot_recording,
    )
    from .recording import Recording as Recording
    from .simulation import simulate as simulate

_HOME = {
    "check": "check_model",
    "currents": "Current chirp constant from_array pulses ramp sine step",
    "errors": "InputError ModelError NeurosimError SimulationError UnitError",
    "experiments": "GainFunction gain_function",
    "methods": "METHODS",
    "model": "Model list_models load_model",
    "plot": "plot_gain_function plot_raster plot_recording",
    "recording": "Recording",
    "simulation": "simulate",
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names.split()}

__all__ = sorted(_MODULE_OF)  # the names above, each imported when first used


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module(".model.library", __name__).installed_version()
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
