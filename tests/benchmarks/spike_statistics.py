"""Statistics of ten million spikes: 1000 Poisson neurons, 100 s at 100 Hz."""

import numpy as np
from common import Figures, Work, interleaved, main, require, summary

import neurosim as ns

NEURONS, DURATION, RATE = 1000, 100_000.0, 100.0


def poisson(neurons: int) -> ns.SpikeTrains:
    """Spikes at random, ordered by time."""
    rng = np.random.default_rng(1)
    count = rng.poisson(neurons * DURATION * RATE / 1000)
    return ns.SpikeTrains(rng.integers(0, neurons, count), np.sort(rng.uniform(0, DURATION, count)), neurons, DURATION)


def works_on(trains: ns.SpikeTrains) -> dict[str, Work]:
    """All statistics, with spikes sorted by neuron before, and that sorting."""
    intervals = ns.interspike_intervals(trains)
    events = np.arange(100, DURATION - 100, 100)
    return {
        "sort": lambda: (
            ns.SpikeTrains(trains.spike_index, trains.spike_time, trains.neurons, trains.duration)._by_neuron
        ),
        "mean_firing_rate": lambda: ns.mean_firing_rate(trains),
        "interspike_intervals": lambda: ns.interspike_intervals(trains),
        "cv": lambda: ns.cv(trains),
        "cv2": lambda: ns.cv2(trains),
        "lv": lambda: ns.lv(trains),
        "serial_correlation": lambda: ns.serial_correlation(trains),
        "interval_histogram": lambda: ns.interval_histogram(trains),
        "fano_factor": lambda: ns.fano_factor(trains, 100),
        "psth": lambda: ns.psth(trains),
        "psth_around_events": lambda: ns.psth(trains, events=events, before=10, after=50),
        "population_rate": lambda: ns.population_rate(trains, sigma=5),
        "autocorrelation": lambda: ns.autocorrelation(trains),
        "power_spectrum": lambda: ns.power_spectrum(trains),
        "rescaled_intervals": lambda: ns.rescaled_intervals(trains, integrated_hazard=lambda x: x / 10),
        "time_rescaling_test": lambda: ns.time_rescaling_test(intervals / 10),
    }


def check(trains: ns.SpikeTrains) -> None:
    """Answers before times: those of a Poisson process."""
    close = 20 / np.sqrt(trains.spike_time.size)
    for name in ("cv", "cv2", "lv"):
        require(abs(getattr(ns, name)(trains).mean() - 1) < close, name)
    require(abs(ns.fano_factor(trains, 100).mean() - 1) < 10 * close, "fano_factor")
    require(abs(ns.mean_firing_rate(trains).rate.mean() / RATE - 1) < close, "mean_firing_rate")
    require(bool(np.abs(ns.autocorrelation(trains).normalised - 1).max() < 10 * close), "autocorrelation")
    require(abs(ns.power_spectrum(trains).power.mean() / RATE - 1) < close, "power_spectrum")
    require(ns.time_rescaling_test(ns.interspike_intervals(trains) / 10).p_value > 1e-3, "time_rescaling_test")


def measure(quick: bool) -> Figures:
    """Seconds for each, and for all of them."""
    trains = poisson(NEURONS // 10 if quick else NEURONS)
    check(trains)
    times = interleaved(works_on(trains), 3 if quick else 7)
    together = [sum(round_) for round_ in zip(*times.values(), strict=True)]
    seconds = {name: summary(values) for name, values in times.items()}
    return {"spikes": int(trains.spike_time.size), "seconds": seconds, "seconds_of_all": summary(together)}


if __name__ == "__main__":
    main("spike_statistics", __doc__, measure)
