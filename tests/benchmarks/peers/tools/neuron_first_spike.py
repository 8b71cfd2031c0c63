"""The spikes of one Hodgkin–Huxley neuron in 100 ms, in NEURON."""

from math import pi

from neuron import h

h.load_file("stdrun.hoc")
h.celsius = 6.3
soma = h.Section(name="soma")
soma.L = soma.diam = 10
soma.insert("hh")
soma(0.5).hh.el = -54.4
clamp = h.IClamp(soma(0.5))
clamp.delay, clamp.dur, clamp.amp = 0, 100, 10 * pi * 1e-6 * 1e3  # 10 µA/cm² in nA
spikes = h.APCount(soma(0.5))
spikes.thresh = 0
h.finitialize(-65)
h.continuerun(100)
print(int(spikes.n))
