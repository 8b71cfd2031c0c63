"""What spike trains look like: their statistics, from flat arrays."""

from .coincidence import coincidence_factor as coincidence_factor
from .coincidence import detect_spikes as detect_spikes
from .correlations import Autocorrelation as Autocorrelation
from .correlations import PowerSpectrum as PowerSpectrum
from .correlations import autocorrelation as autocorrelation
from .correlations import power_spectrum as power_spectrum
from .counts import PSTH as PSTH
from .counts import FiringRate as FiringRate
from .counts import PopulationRate as PopulationRate
from .counts import fano_factor as fano_factor
from .counts import mean_firing_rate as mean_firing_rate
from .counts import population_rate as population_rate
from .counts import psth as psth
from .intervals import IntervalHistogram as IntervalHistogram
from .intervals import SerialCorrelation as SerialCorrelation
from .intervals import cv as cv
from .intervals import cv2 as cv2
from .intervals import interspike_intervals as interspike_intervals
from .intervals import interval_histogram as interval_histogram
from .intervals import lv as lv
from .intervals import serial_correlation as serial_correlation
from .patterns import firing_pattern as firing_pattern
from .rescaling import TimeRescaling as TimeRescaling
from .rescaling import rescaled_intervals as rescaled_intervals
from .rescaling import time_rescaling_test as time_rescaling_test
from .trains import SpikeTrains as SpikeTrains
