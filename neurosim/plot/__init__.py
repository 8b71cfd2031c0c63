"""Pictures. Every function takes ``ax=None``, returns Axes and shows nothing by itself."""

from .distributions import plot_interval_distribution as plot_interval_distribution
from .distributions import plot_noise as plot_noise
from .recordings import figure_of as figure_of
from .recordings import plot_gain_function as plot_gain_function
from .recordings import plot_ladder as plot_ladder
from .recordings import plot_raster as plot_raster
from .recordings import plot_recording as plot_recording
from .recordings import save_figure as save_figure
from .statistics import plot_autocorrelation as plot_autocorrelation
from .statistics import plot_interval_histogram as plot_interval_histogram
from .statistics import plot_population_rate as plot_population_rate
from .statistics import plot_power_spectrum as plot_power_spectrum
from .statistics import plot_psth as plot_psth
from .statistics import plot_serial_correlation as plot_serial_correlation
from .statistics import plot_time_rescaling as plot_time_rescaling
