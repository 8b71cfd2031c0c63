"""neurosim: the whole ladder of neuron models, from Hodgkin–Huxley to threshold units, and networks of them."""

from importlib import import_module
from typing import Any

_HOME = {  # module: the names users type, imported when first used
    "artificial.adaline": "Adaline LearningCurve",
    "artificial.capacity": "Capacity cover_count cover_fraction perceptron_capacity",
    "artificial.counting": "count_separable",
    "artificial.dynamics": "NetworkRun",
    "artificial.estimator": "NotConvergedWarning",
    "artificial.logic": "Circuit compose latch logic_gate",
    "artificial.network": "ThresholdNetwork",
    "artificial.neuron": "Activation ArtificialNeuron activation",
    "artificial.perceptron": "LearningHistory Perceptron",
    "artificial.separable": "Coincidence Separability is_linearly_separable",
    "artificial.states": "bits_to_signs signs_to_bits",
    "artificial.synthesis": "circuit smallest_weights",
    "artificial.topology": "Topology",
    "artificial.hopfield": "Hopfield",
    "artificial.memory_dense": "DenseMemory",
    "artificial.memory_experiments": "Basins Robustness StorageCapacity basins capacity",
    "artificial.memory_pairs": "Association Heteroassociator",
    "artificial.memory_phases": "PhaseDiagram phase_diagram robustness",
    "artificial.memory_recall": "Recall",
    "artificial.memory_rules": "OverloadWarning",
    "artificial.memory_sequence": "SequenceMemory SequenceRecall",
    "artificial.memory_theory": "MeanField amit_gutfreund_sompolinsky critical_load phase_boundaries",
    "artificial.pattern_files": "digits letters read_image read_patterns",
    "artificial.patterns": "correlated_patterns flip from_binary mask occlude random_patterns",
    "bifurcations": "Bifurcation BifurcationPoint bifurcation",
    "check": "CheckResult check_model",
    "currents": "Current chirp constant from_array membrane_noise ornstein_uhlenbeck parse_current poisson_input "
    "pulses ramp sine step white_noise",
    "agreement": "Agreement",
    "distributions": "IntervalDistribution interval_distribution",
    "files": "Comparison Rerun diff from_file load rerun",
    "errors": "IncompleteWarning InputError ModelError NeurosimError OutOfMemoryWarning SimulationError UnitError",
    "excitability": "StrengthDuration rheobase strength_duration",
    "experiments": "GainFunction gain_function",
    "kernel": "Solution integrate",
    "flow": "FixedPoint",
    "methods": "METHODS",
    "model": "Model list_models load_model",
    "phase": "PhasePlane phase_plane",
    "plot": "plot_gain_function plot_interval_distribution plot_raster plot_recording",
    "plot.memory": "animate_recall plot_comparison plot_pattern plot_recall plot_sequence",
    "plot.memory_experiments": "plot_basins plot_phase_diagram plot_robustness plot_storage",
    "plot.networks": "plot_capacity plot_decision plot_learning plot_network",
    "receipt": "Receipt",
    "plot.phase": "plot_bifurcation plot_impedance plot_phase_plane plot_strength_duration",
    "recording": "Certificate Recording",
    "simulation": "simulate",
    "spikes": "Autocorrelation FiringRate IntervalHistogram PSTH PopulationRate PowerSpectrum SerialCorrelation "
    "SpikeTrains TimeRescaling autocorrelation coincidence_factor cv cv2 detect_spikes fano_factor firing_pattern "
    "interspike_intervals interval_histogram lv mean_firing_rate population_rate power_spectrum psth "
    "rescaled_intervals serial_correlation time_rescaling_test",
    "theory": "IntegrateAndFireTheory Intervals NoTheory RenewalTheory integrate_and_fire_cv integrate_and_fire_rate "
    "interval_theory renewal_intervals renewal_theory theory_of threshold_unit",
    "zap": "Impedance impedance",
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names.split()}

__all__ = sorted(_MODULE_OF)  # __init__.pyi lists them for type checkers


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module(".model.catalogue", __name__).installed_version()
    if name == "brian":  # a backend, whose names are those of the functions it stands for
        return import_module(".brian", __name__)
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__", "brian"]
