"""Model files made for tests: each has something the shipped ones have not."""

ADAPTIVE = """
name = "adaptive"
summary = "A leaky membrane with a linear adaptation current: two coupled states, one held while refractory."
reference = "made for tests"
[defaults]
dt = "0.1 ms"
method = "exact"
[parameters]
tau_m = ["10 ms", "membrane time constant"]
tau_w = ["80 ms", "time constant of the adaptation"]
a = ["0.02 uS", "subthreshold adaptation"]
b = ["0.2 nA", "jump of the adaptation at a spike"]
R_m = ["10 MOhm", "membrane resistance"]
E_L = ["-70 mV", "resting potential"]
theta = ["-50 mV", "threshold"]
t_ref = ["2 ms", "refractory time"]
[inputs]
I = ["nA", "current"]
[define]
drop = "V - E_L"
[state]
V = { start = "E_L", rate = "(R_m*(I - w) - drop)/tau_m" }
w = { start = "0*nA", rate = "(a*drop - w)/tau_w" }
[spike]
threshold = "V > theta"
reset = { V = "-65*mV", w = "w + b" }
refractory = "t_ref"
hold = ["V"]
"""

CLOCKED = """
name = "clocked"
summary = "Uses both clocks, every function but the gates, and two inputs."
reference = "made for tests"
[defaults]
dt = "0.1 ms"
method = "rk4"
[parameters]
tau = ["5 ms", "time constant"]
theta = ["0.3", "threshold", "\\\\vartheta"]
[inputs]
I = ["1", "drive"]
g = ["1", "gain"]
[define]
recovery = "1 - exp(-since_spike/(7*ms))"
soft = "tanh(I) + 0.1*sinh(x/3) + 0.05*cosh(x)**2 + 0.01*sqrt(abs(x) + 1) + 0.02*log(2 + x**2)"
season = "0.2*heaviside(t - 30*ms) if t < 60*ms and not (t < 20*ms) else 0.1*min(t/(1*ms), 5)/5"
[state]
x = { start = "0.1", rate = "(g*max(soft + season, 0) - x**3 - x)/tau" }
[spike]
threshold = "x*recovery > theta or x > 100"
"""
