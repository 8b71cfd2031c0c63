"""Files: currents in; recordings out, and back."""

from .atomic import replacing as replacing
from .atomic import write_csv as write_csv
from .compare import Comparison as Comparison
from .compare import Rerun as Rerun
from .compare import diff as diff
from .compare import rerun as rerun
from .currents import SUFFIXES as SUFFIXES
from .currents import from_file as from_file
from .export import to_csv as to_csv
from .export import to_neo as to_neo
from .export import to_pandas as to_pandas
from .loading import load as load
from .saving import save as save
