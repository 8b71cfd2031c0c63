"""Logic with threshold units: what one unit can compute, what it cannot and why, and adders made of several."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt

import neurosim as ns

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

for function in ("a and b", "a and not b or c", "majority(a, b, c)", "a ^ b", "a and b or c and d"):
    verdict = ns.is_linearly_separable(function)
    if verdict:
        weights, threshold = ns.smallest_weights(function)
        print(f"{function}: weights {weights.tolist()}, threshold {threshold}, margin {verdict.margin:.3f}")
    else:
        print(f"{function}: not separable, rows of its table mix to one point: {verdict.certificate}")

for n in range(1, 7):
    print(f"{n} inputs: one unit can compute {ns.count_separable(n):,} of 2^{2**n} functions")

full = ns.circuit({"sum": "a ^ b ^ c", "carry": "majority(a, b, c)"})  # synthesised
half = ns.circuit({"sum": "a ^ b", "carry": "a and b"})
composed = ns.compose(
    half.renamed(sum="partial", carry="first"),
    half.renamed(a="partial", b="c", carry="second"),
    ns.logic_gate("or", "first", "second", output="carry"),
    outputs=["sum", "carry"],
)
assert (full.truth_table() == composed.truth_table()).all()

figure, axes = plt.subplots(1, 2, figsize=(12, 4.5), width_ratios=(1, 2), layout="constrained")
for ax, adder, title in zip(axes, (full, composed), ("in two layers", "of two half adders"), strict=True):
    adder.plot(ax=ax)
    ax.set_title(f"full adder {title}: {adder.network.free.size} units", loc="left", fontsize="medium")
figure.savefig(folder / "logic.png", dpi=150)
