"""Integration methods that Brian2 does not have: each writes abstract code. Exported scripts hold copies of them."""

from brian2.utils.stringtools import word_substitute


def exponential_midpoint(equations, variables, options):
    """Each state exactly, its slope frozen at the middle of the step; by the midpoint rule where no slope is named."""
    rates = {name: f"({rate.code})" for name, rate in equations.get_substituted_expressions(variables, True)}
    states = [name for name, _ in equations.get_substituted_expressions(variables)]
    middle = {"t": "(t + dt/2)", **{x: f"_{x}_mid" for x in states}}
    slopes = {x: rates[name] for x, name in options["slopes"].items()}
    lines = []
    for x in states:
        growth = f"*exprel(dt/2*{slopes[x]})" if x in slopes else ""
        lines.append(f"_{x}_mid = {x} + dt/2*{rates[x]}{growth}")
    for x in states:
        rate = word_substitute(rates[x], middle)
        if x in slopes:
            slope = word_substitute(slopes[x], middle)
            rate = f"({rate} + {slope}*({x} - _{x}_mid))*exprel(dt*{slope})"
        lines.append(f"_{x}_new = {x} + dt*{rate}")
    return "\n".join([*lines, *(f"{x} = _{x}_new" for x in states)])


def propagate(equations, variables, options):
    """States by their propagators over half a step and a whole one, where they have them; the others by rk4."""
    rates = {name: f"({rate.code})" for name, rate in equations.get_substituted_expressions(variables, True)}
    states = [name for name, _ in equations.get_substituted_expressions(variables)]
    lines = []
    for name, at_nodes in options["inputs"].items():
        given = rates.get(name, name)
        for k, time in enumerate(("t", "(t + dt/2)", "(t + dt)")):
            lines.append(f"{at_nodes[k]} = {word_substitute(given, {'t': time})}")
    for when, propagators in (("mid", options["half"]), ("new", options["whole"])):
        lines += [f"_{x}_{when} = {propagator}" for x, propagator in propagators.items()]
    others = [x for x in states if x not in options["whole"]]
    stages = (("t", "", ""), ("(t + dt/2)", "mid", "dt/2"), ("(t + dt/2)", "mid", "dt/2"), ("(t + dt)", "new", "dt"))
    for stage, (time, place, share) in enumerate(stages):
        there = {"t": time}
        if stage:
            there |= {x: f"_{x}_{place}" for x in options["whole"]}
            there |= {x: f"({x} + {share}*_{x}_{stage})" for x in others}
        lines += [f"_{x}_{stage + 1} = {word_substitute(rates[x], there)}" for x in others]
    lines += [f"_{x}_new = {x} + dt/6*(_{x}_1 + 2*_{x}_2 + 2*_{x}_3 + _{x}_4)" for x in others]
    return "\n".join([*lines, *(f"{x} = _{x}_new" for x in states)])
