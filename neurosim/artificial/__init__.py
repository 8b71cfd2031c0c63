"""Networks of artificial neurons, where the answer can be proved: threshold units, logic, learning, memory."""
