"""The shipped models against integrators and equations that are not those of the files.

`test_model.py` runs the checks of the files; here are their completeness, variants, default steps, and copies of the
equations as the cited papers print them, integrated by SciPy.
"""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import neurosim as ns
from neurosim.check import current_of
from neurosim.model.trials import PATTERNS

MODELS = ns.list_models()
WITH_VARIANTS = [name for name in MODELS if ns.load_model(name).variants]
VARIANTS = [(name, variant) for name in MODELS for variant in ns.load_model(name).variants]


# What a file says -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_checks_of_every_kind(name):
    """How much it fires, where it rests or what makes it fire, and in what pattern."""
    model = ns.load_model(name)
    kinds = {expected.quantity for check in model.checks for expected in check.expected}
    assert kinds & {"spike_count", "rate"}
    if not model.spike.is_random:  # else it has no rheobase, and no pattern but by luck
        assert kinds & {"rheobase", *model.states}
        assert "pattern" in kinds


@pytest.mark.parametrize("name", WITH_VARIANTS)
def test_variants_of_a_file(name):
    """Each is checked, differs from the others, and says in a line what it shows."""
    model = ns.load_model(name)
    assert {check.variant for check in model.checks} - {None} == set(model.variants)
    values = [(*sorted(map(str, entry.parameters.items())), entry.current) for entry in model.variants.values()]
    assert len(set(values)) == len(values)
    for entry in model.variants.values():
        assert len(entry.summary) > 10
        assert (entry.current is None) == (entry.duration is None)


def test_every_pattern_is_shown_by_some_model():
    """All that `firing_pattern` tells apart but irregular: chaos is beyond what a check can ask for."""
    shown = {
        expected.value
        for name in MODELS
        for check in ns.load_model(name).checks
        for expected in check.expected
        if expected.quantity == "pattern"
    }
    assert set(PATTERNS) - shown <= {"irregular"}


# Variants run -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_a_variant_runs_its_own_current(name, variant):
    """For its own duration: all states are finite throughout, and the current is the one in words."""
    model = ns.load_model(name)
    entry = model.variants[variant]
    if entry.current is None:
        pytest.skip("has no current of its own")
    current, states = ns.parse_current(entry.current), list(model.states)
    recording = ns.simulate(model.variant(variant), current, entry.duration, record=[*states, *model.inputs])
    assert recording.duration == pytest.approx(entry.duration)
    for name in [*states, *model.inputs]:
        assert np.isfinite(recording[name]).all()
    (given,) = (recording[name] for name in model.inputs)
    assert given.any(), "there is a current"
    assert recording.spike_times().size > 0


def test_accommodation_answers_the_fast_ramp_only():
    """Figure 1 R of Izhikevich 2004: no spike during the slow ramp to 8, one in the fast one to 4."""
    model = ns.load_model("izhikevich")
    entry = model.variants["accommodation"]
    times = ns.simulate(model.variant("accommodation"), ns.parse_current(entry.current), entry.duration).spike_times()
    assert times.size
    assert times.min() > 300


# Default steps ----------------------------------------------------------------------------------------------------

CHAOTIC = {("hindmarsh-rose", "chaotic"), ("adaptive-exponential", "irregular-spiking")}
"""Neighbouring solutions part exponentially: their later spikes depend on every rounding."""


def inputs_of(model):
    """(variant or None, the model with parameters, input, duration of at most 200 ms) of checks that ask for spikes."""
    for check in model.checks:
        if (model.name, check.variant) in CHAOTIC:
            continue
        if {expected.quantity for expected in check.expected} & {"spike_count", "rate", "first_spike", "pattern"}:
            of = model if check.variant is None else model.variant(check.variant)
            duration = round(min(check.duration, 200.0) / model.dt) * model.dt
            yield check.variant, of.replace(**check.parameters), current_of(check.input), duration


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in MODELS if not ns.load_model(name).spike.is_random])
def test_default_step(name):
    """Spikes of every check within 0.02 ms of those by dopri5 at rtol 1e-10; half the step changes no count."""
    some = 0
    for variant, model, current, duration in inputs_of(ns.load_model(name)):
        if not model.inputs:
            current = None
        usual = ns.simulate(model, current, duration, spike_timing="located", certify=True)
        exact = ns.simulate(model, current, duration, method="dopri5", rtol=1e-10, atol=1e-12).spike_times()
        assert usual.certificate.count_change.tolist() == [0], variant
        assert usual.spike_times() == pytest.approx(exact, abs=0.02), variant
        some += exact.size
    assert some > 3


# The equations of the papers --------------------------------------------------------------------------------------


def spikes_by_scipy(rates, start, level, duration, reset=None):
    """Times at which the first state rises through `level`; `reset` makes the state after a spike of the one before."""

    def crossing(t, z):
        return z[0] - level

    crossing.direction, crossing.terminal = 1, reset is not None
    times, t, z = [], 0.0, np.array(start, dtype=float)
    while t < duration:
        found = solve_ivp(rates, (t, duration), z, "DOP853", rtol=1e-10, atol=1e-11, events=crossing)
        assert found.success, found.message
        times += found.t_events[0].tolist()
        if found.status == 0:
            break
        t, z = found.t[-1], np.array(reset(found.y[:, -1]))
    return np.array(times)


def vtrap(x, y):
    """x/(1 - exp(-x/y)), as in the rates of Hodgkin and Huxley."""
    return x / -np.expm1(-x / y)


def gate_start(*pairs):
    return [alpha / (alpha + beta) for alpha, beta in pairs]


def connor_stevens(I):
    """Dayan & Abbott 2001, section 6.2 and its appendix: nS and nA in their units per area, mV and ms."""

    def gates(V):
        am, bm = 0.38 * vtrap(V + 29.7, 10), 15.2 * np.exp(-0.0556 * (V + 54.7))
        ah, bh = 0.266 * np.exp(-0.05 * (V + 48)), 3.8 / (1 + np.exp(-0.1 * (V + 18)))
        an, bn = 0.02 * vtrap(V + 45.7, 10), 0.25 * np.exp(-0.0125 * (V + 55.7))
        a_inf = (0.0761 * np.exp(0.0314 * (V + 94.22)) / (1 + np.exp(0.0346 * (V + 1.17)))) ** (1 / 3)
        tau_a = 0.3632 + 1.158 / (1 + np.exp(0.0497 * (V + 55.96)))
        b_inf = (1 / (1 + np.exp(0.0688 * (V + 53.3)))) ** 4
        tau_b = 1.24 + 2.678 / (1 + np.exp(0.0624 * (V + 50)))
        return (am, bm), (ah, bh), (an, bn), (a_inf / tau_a, (1 - a_inf) / tau_a), (b_inf / tau_b, (1 - b_inf) / tau_b)

    def rates(t, z):
        V, m, h, n, a, b = z
        membrane = 0.3 * (V + 17) + 120 * m**3 * h * (V - 55) + 20 * n**4 * (V + 72) + 47.7 * a**3 * b * (V + 75)
        return [I - membrane, *(alpha * (1 - x) - beta * x for x, (alpha, beta) in zip(z[1:], gates(V), strict=True))]

    return rates, [-68.0, *gate_start(*gates(-68.0))]


def wang_buzsaki(I):
    """Wang & Buzsáki 1996, equations 1 to 4 of the methods."""

    def gates(V):
        ah, bh = 0.07 * np.exp(-(V + 58) / 20), 1 / (np.exp(-0.1 * (V + 28)) + 1)
        an, bn = 0.01 * vtrap(V + 34, 10), 0.125 * np.exp(-(V + 44) / 80)
        return (ah, bh), (an, bn)

    def rates(t, z):
        V, h, n = z
        am, bm = 0.1 * vtrap(V + 35, 10), 4 * np.exp(-(V + 60) / 18)
        m = am / (am + bm)
        membrane = 0.1 * (V + 65) + 35 * m**3 * h * (V - 55) + 9 * n**4 * (V + 90)
        return [I - membrane, *(5 * (a * (1 - x) - b * x) for x, (a, b) in zip(z[1:], gates(V), strict=True))]

    return rates, [-64.0, *gate_start(*gates(-64.0))]


def pinsky_rinzel(I_s, I_d):
    """Pinsky & Rinzel 1994, equations 1 to 4 and table 1, V in mV from rest at -60; the soma's share is a half."""

    def soma(V):
        ah, bh = 0.128 * np.exp((17 - V) / 18), 4 / (1 + np.exp((40 - V) / 5))
        an, bn = 0.016 * vtrap(V - 35.1, 5), 0.25 * np.exp(0.5 - 0.025 * V)
        return (ah, bh), (an, bn)

    def dendrite(V, Ca):
        a_s, b_s = 1.6 / (1 + np.exp(-0.072 * (V - 65))), 0.02 * (V - 51.1) / np.expm1((V - 51.1) / 5)
        if V <= 50:
            ac = np.exp((V - 10) / 11 - (V - 6.5) / 27) / 18.975
            bc = 2 * np.exp((6.5 - V) / 27) - ac
        else:
            ac, bc = 2 * np.exp((6.5 - V) / 27), 0.0
        return (a_s, b_s), (ac, bc), (min(0.00002 * Ca, 0.01), 0.001)

    def rates(t, z):
        V, U, h, n, s, c, q, Ca = z
        am, bm = 0.32 * vtrap(V - 13.1, 4), 0.28 * (V - 40.1) / np.expm1((V - 40.1) / 5)
        m = am / (am + bm)
        I_Ca = 10 * s**2 * (U - 140)
        in_soma = 0.1 * V + 30 * m**2 * h * (V - 120) + 15 * n * (V + 15)
        in_dendrite = 0.1 * U + I_Ca + 0.8 * q * (U + 15) + 15 * c * min(Ca / 250, 1) * (U + 15)
        pairs = zip((h, n, s, c, q), (*soma(V), *dendrite(U, Ca)), strict=True)
        return [
            (-in_soma + (2.1 * (U - V) + I_s) / 0.5) / 3,
            (-in_dendrite + (2.1 * (V - U) + I_d) / 0.5) / 3,
            *(alpha * (1 - x) - beta * x for x, (alpha, beta) in pairs),
            -0.13 * I_Ca - 0.075 * Ca,
        ]

    V = -4.3
    s, c = gate_start(*dendrite(V, 0.0)[:2])
    Ca = -0.13 * 10 * s**2 * (V - 140) / 0.075
    return rates, [V, V, *gate_start(*soma(V)), s, c, *gate_start(dendrite(V, Ca)[2]), Ca]


def izhikevich(a, b, I, V):
    """Izhikevich 2003, equations 1 and 2."""
    return lambda t, z: [0.04 * z[0] ** 2 + 5 * z[0] + 140 - z[1] + I, a * (b * z[0] - z[1])], [V, b * V]


def adaptive_exponential(C, g_L, E_L, V_T, a, tau_w, I):
    """Brette & Gerstner 2005, equations 1 and 2: pF, nS, mV, pA, Delta_T = 2 mV.

    Spikes are cut at -10 mV: from there to 20 mV V takes Delta_T/V' = 2e-8 ms, which SciPy cannot resolve.
    """

    def rates(t, z):
        V = min(z[0], -10.0)
        return [(I - g_L * (z[0] - E_L) + 2 * g_L * np.exp((V - V_T) / 2) - z[1]) / C, (a * (V - E_L) - z[1]) / tau_w]

    return rates, [E_L, 0.0]


def latham(I):
    """Latham et al. 2000, equation 1 of the quadratic neuron with the values of the file: a closed form, too."""
    return lambda t, z: [((z[0] + 65) * (z[0] + 50) / 15 + I) / 10], [-65.0]


def bump(c, d):
    return lambda z: [c, z[1] + d]


FROM_PAPERS = {
    "connor-stevens": (connor_stevens(9.0), 0.0, None, 9.0, None),
    "wang-buzsaki": (wang_buzsaki(1.0), 0.0, None, 1.0, None),
    "pinsky-rinzel": (pinsky_rinzel(0.75, 0.0), 40.0, None, {"I_s": 0.75, "I_d": 0}, None),
    "pinsky-rinzel, dendrite": (pinsky_rinzel(-0.2, 2.0), 40.0, None, {"I_s": -0.2, "I_d": 2}, None),
    "izhikevich, regular": (izhikevich(0.02, 0.2, 10.0, -70.0), 30.0, bump(-65, 8), 10, "regular-spiking"),
    "izhikevich, chattering": (izhikevich(0.02, 0.2, 10.0, -70.0), 30.0, bump(-50, 2), 10, "chattering"),
    "izhikevich, fast": (izhikevich(0.1, 0.2, 10.0, -70.0), 30.0, bump(-65, 2), 10, "fast-spiking"),
    "adaptive-exponential": (
        *(adaptive_exponential(281, 30, -70.6, -50.4, 4, 144, 1000.0), -10.0, bump(-70.6, 80.5), 1000, None),
    ),
    "adaptive-exponential, bursting": (
        *(adaptive_exponential(200, 10, -58, -50, 2, 120, 210.0), -10.0, bump(-46, 100), 210, "regular-bursting"),
    ),
    "quadratic-integrate-and-fire": (latham(20.0), 20.0, lambda z: [-80.0], 20, None),
}


@pytest.mark.parametrize("case", FROM_PAPERS)
def test_equations_of_the_papers(case):
    """Spike times in 200 ms by the default method and step, against the copy of the equations above."""
    (rates, start), level, reset, current, variant = FROM_PAPERS[case]
    model = ns.load_model(case.partition(",")[0])
    model = model.variant(variant) if variant else model
    wanted = spikes_by_scipy(rates, start, level, 200.0, reset)
    assert wanted.size >= 3
    found = ns.simulate(model, current, 200, spike_timing="located").spike_times()
    assert found == pytest.approx(wanted, abs=0.005)
