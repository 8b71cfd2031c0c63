from .check import CheckResult as CheckResult
from .check import check_model as check_model
from .currents import Current as Current
from .currents import chirp as chirp
from .currents import constant as constant
from .currents import from_array as from_array
from .currents import pulses as pulses
from .currents import ramp as ramp
from .currents import sine as sine
from .currents import step as step
from .errors import InputError as InputError
from .errors import ModelError as ModelError
from .errors import NeurosimError as NeurosimError
from .errors import SimulationError as SimulationError
from .errors import UnitError as UnitError
from .experiments import GainFunction as GainFunction
from .experiments import gain_function as gain_function
from .methods import METHODS as METHODS
from .model import Model as Model
from .model import list_models as list_models
from .model import load_model as load_model
from .plot import plot_gain_function as plot_gain_function
from .plot import plot_raster as plot_raster
from .plot import plot_recording as plot_recording
from .recording import Recording as Recording
from .simulation import simulate as simulate

__version__: str
