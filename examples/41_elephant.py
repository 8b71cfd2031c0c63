"""A recording goes to Elephant through Neo, and both packages find the same statistics."""

import sys
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import neurosim as ns

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
drive = ns.white_noise(1.8, 1.5)
recording = ns.simulate("leaky-integrate-and-fire", drive, 20_000, neurons=20, seed=1)
theirs = None
try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import quantities as pq
        from elephant.kernels import GaussianKernel
        from elephant.statistics import cv, instantaneous_rate, isi, mean_firing_rate
except ImportError:
    print('pip install "neurosim[neo]" elephant, to compare with Elephant')
else:
    (segment,) = recording.to_neo().segments
    rates = [float(mean_firing_rate(train).rescale("Hz")) for train in segment.spiketrains]
    variations = [float(cv(isi(train))) for train in segment.spiketrains]
    print(f"rate: Elephant {np.mean(rates):.4f} Hz, neurosim {ns.mean_firing_rate(recording).rate.mean():.4f} Hz")
    print(f"CV of intervals: Elephant {np.mean(variations):.4f}, neurosim {np.mean(ns.cv(recording)):.4f} (n - 1)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = instantaneous_rate(segment.spiketrains, 10 * pq.ms, kernel=GaussianKernel(50 * pq.ms))

figure, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(8, 5), layout="constrained")
ns.plot_raster(recording, ax=above)
above.set_xlabel("")
if theirs is not None:
    below.plot(theirs.times.rescale("ms"), np.asarray(theirs).mean(axis=1), label="Elephant, Gaussian kernel of 50 ms")
ours = ns.population_rate(recording, 100)
print(f"population rate: {ours.rate.mean():.4f} Hz over {ours.rate.size} bins")
below.step(ours.time, ours.rate, where="mid", color="0.5", label="neurosim, bins of 100 ms")
below.set(xlabel="time (ms)", ylabel="rate (Hz)", xlim=(0, 5000))
below.legend(frameon=False, fontsize="small")
figure.savefig(folder / "elephant.png", dpi=150)
