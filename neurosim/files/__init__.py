"""Files: currents in; recordings out, and back."""

from .atomic import replacing as replacing
from .atomic import write_csv as write_csv
from .currents import from_file as from_file
