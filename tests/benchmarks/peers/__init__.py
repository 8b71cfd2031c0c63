"""neurosim beside other simulators; `python tests/benchmarks/peers` runs it."""
