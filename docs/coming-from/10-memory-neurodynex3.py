import numpy as np
from neurodynex3.hopfield_network import network, pattern_tools

np.random.seed(1)
letters = pattern_tools.load_alphabet()
patterns = [letters[name] for name in "ACX"]
memory = network.HopfieldNetwork(100)
memory.store_patterns(patterns)
noisy = pattern_tools.flip_n(letters["C"], 12)
memory.set_state_from_pattern(noisy)
memory.run(nr_steps=5)
recalled = memory.state.reshape(10, 10)
print(pattern_tools.compute_overlap(recalled, letters["C"]))
