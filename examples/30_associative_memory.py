"""Letters in a Hopfield memory: plain Hebb, unlearning, the pseudo-inverse; and a recall as a moving picture."""

import sys
from pathlib import Path

import neurosim as ns

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

letters = ns.letters("A-H")
memories = {
    "Hebb": ns.Hopfield(100).store(letters),
    "unlearning": ns.Hopfield(100).store(letters).unlearn(450, seed=1),
    "pseudo-inverse": ns.Hopfield(100).store(letters, rule="pseudo-inverse"),
}

cues = {name: ns.flip(letter, 0.12, seed=k) for k, (name, letter) in enumerate(letters.items())}
recalls = {title: [memory.recall(cue, seed=1) for cue in cues.values()] for title, memory in memories.items()}
for title, results in recalls.items():
    print(f"{title + ':':16}", ", ".join(str(recall) for recall in results))

print()
for title, memory in memories.items():
    basins = ns.basins(memory, [0.06, 0.12, 0.24], trials=50, seed=1)
    shares = ", ".join(
        f"{share:.0%} at {noise:.0%}" for noise, share in zip(basins.noise, basins.retrieved, strict=True)
    )
    print(f"{title + ':':16} retrieved {shares} noise")

ns.plot_comparison(cues, recalls, letters).savefig(folder / "letters.png", dpi=150)
recalls["pseudo-inverse"][2].animate(folder / "recall.gif")
