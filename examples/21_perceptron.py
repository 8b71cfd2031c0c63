"""A perceptron learns: its decision line on the way, its corrections beside Novikoff's bound, its capacity."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import neurosim as ns

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

random = np.random.default_rng(1)
X = random.normal(size=(100, 2))
height = X @ [0.6, 0.8] - 0.2
X, y = X[np.abs(height) > 0.1], (height > 0)[np.abs(height) > 0.1]

learner = ns.Perceptron(record="updates").fit(X, y)
print(f"{learner.n_updates_} corrections in {learner.n_epochs_} epochs; at most {learner.bound_:.0f} (Novikoff)")
widest = ns.Perceptron("adatron").fit(X, y)
print(f"largest stability {widest.margin_:.4f}")

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
learner.plot(X, y, ax=axes[0])
ns.plot_learning(learner, ax=axes[1])
figure.savefig(folder / "perceptron.png", dpi=150)

noisy = y ^ (random.random(y.size) < 0.1)
pocket = ns.Perceptron("pocket", max_epochs=200, shuffle=True, random_state=1).fit(X, noisy)
print(f"labels with noise: separable {pocket.separable_}, {100 * pocket.score(X, noisy):.0f} % correct")
proof = pocket.certificate_
print("the same point of both classes:", proof.upper_shares @ X[proof.upper], proof.lower_shares @ X[proof.lower])

capacity = ns.perceptron_capacity([5, 20], trials=50, seed=1)
capacity.plot().get_figure().savefig(folder / "capacity.png", dpi=150)
for N, load, found, theory in zip(capacity.N, capacity.load, capacity.separable, capacity.theory, strict=True):
    at = np.flatnonzero(load == 2)[0]
    print(f"N = {N}: {found[at]:.2f} of the dichotomies of 2N points are separable, Cover {theory[at]}")
