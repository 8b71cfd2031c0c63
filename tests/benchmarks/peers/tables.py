"""Tables in Markdown, made from the figures.

`python tests/benchmarks/peers/tables.py` puts the short one into the README.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
RESULTS = Path(__file__).with_name("results.json")
README = ROOT / "README.md"
BEGIN, END = "<!-- peers -->", "<!-- /peers -->"
TITLES = {
    "one_neuron": "One neuron",
    "gain_function": "Its gain function",
    "work_precision": "Work and precision",
    "noisy_membrane": "White noise",
    "escape_noise": "Escape noise",
    "hopfield_recall": "Hopfield: recall",
    "hopfield_store": "Hopfield: storing",
    "first_spike": "From the start of a process to the first spikes",
    "growth": "Growth with neurons and duration",
}
SHORT = (  # of the README: workload, what it is there, the figure, the ratio to ours
    ("one_neuron", "One Hodgkin–Huxley neuron, 1 s, V recorded", "warm_seconds", "ratio"),
    ("gain_function", "Gain function, {neurons} such neurons, every count right", "warm_seconds", "ratio"),
    ("noisy_membrane", "{neurons} integrate-and-fire neurons, white noise, 1 s", "warm_seconds", "ratio"),
    ("escape_noise", "The same with escape noise", "warm_seconds", "ratio"),
    ("hopfield_recall", "Recalling a pattern from a Hopfield network", "warm_seconds", "ratio"),
    ("hopfield_store", "Storing its patterns", "warm_seconds", "ratio"),
    ("first_spike", "Process start to first spikes, the very first time", "cold_seconds", "cold_ratio"),
    ("first_spike", "… and ever after", "warm_seconds", "warm_ratio"),
)
OTHERS = "Times ours"
NOTHING = 0.01  # s; what compiles nothing differs by chance only
UNITS = ((1, "s"), (1e3, "ms"), (1e6, "µs"), (1e9, "ns"))
BUSY = 3.0  # the benchmark itself makes a load of up to 2


def seconds(value: float | None) -> str:
    """With a fitting unit and three digits."""
    if value is None:
        return ""
    factor, unit = next(((f, name) for f, name in UNITS if value * f >= 1), UNITS[-1])
    return f"{_digits(value * factor)} {unit}"


def _digits(value: float, count: int = 3) -> str:
    if value >= 10**count:
        return f"{value:,.0f}"
    return f"{value:#.{count}g}".rstrip(".")


def seconds_of_ms(value: float) -> str:
    """The same of a figure in ms."""
    return seconds(value / 1000)


COUNTS = ("Counts off by", "largest_difference_of_a_count", "{:d}".format)
AGREEMENT = {  # heading, figure and form
    "one_neuron": ("Spike times off by", "largest_error_ms", seconds_of_ms),
    "gain_function": COUNTS,
    "noisy_membrane": ("Rates off by", "largest_deviation_of_a_rate", "{:.1%}".format),
    "escape_noise": ("Distribution off by", "largest_deviation_of_the_distribution", "{:.3f}".format),
    "hopfield_recall": ("Overlap", "overlap", "{:.3f}".format),
    "hopfield_store": ("Overlap", "overlap", "{:.3f}".format),
}
Result = dict[str, Any]


def load(path: Path = RESULTS) -> Result:
    """Figures from a file."""
    result: Result = json.loads(path.read_text(encoding="utf-8"))
    return result


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """In Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("|" + "|".join(cell.replace("|", r"\|") for cell in line) + "|" for line in lines)


def spread(found: Result | None) -> str:
    """Median, with the least and the greatest."""
    if found is None:
        return ""
    least, most = seconds(found["min"]), seconds(found["max"])
    return f"{seconds(found['median'])} ({least} – {most})" if found["repeats"] > 1 else seconds(found["median"])


def ratio(found: Result | float | None) -> str:
    """Times ours; with two digits, which is more than such a comparison has."""
    if found is None:
        return ""
    value = found["median"] if isinstance(found, dict) else found
    return f"{_digits(value, 2)} ×"


def method(row: Result) -> str:
    """The scheme and its step or tolerance."""
    if "method" not in row:
        return ""
    name, step = row["method"]
    return f"{name}, {'tolerance' if name in ('cvode', 'dopri5') else 'dt'} {step:g}" + (
        "" if name in ("cvode", "dopri5") else " ms"
    )


def race_table(rows: Sequence[Result], name: str = "") -> str:
    """Of a workload in which the tools ran side by side."""
    settings = any("method" in row for row in rows)
    heading, key, form = AGREEMENT.get(name, ("Answer", "", str))
    header = ["Tool", "Setting", heading, "Compiling", "First run", "In a new process", "Warm run", "Memory", OTHERS]
    wanted = [bool(title) and (settings or title != "Setting") for title in header]
    cells = [header]
    for row in rows:
        line = [row["name"], method(row), row["reason"] or "", "", "", "", "", "", ""]
        if row["reason"] is None:
            memory = row.get("peak_megabytes")
            line[2:] = [
                form(row["agreement"][key]) if key else "",
                seconds(row["compile_seconds"]) if row["compile_seconds"] > NOTHING else "–",
                seconds(row["prepare_seconds"] + row["first_seconds"]),
                seconds(row.get("later_seconds")),
                spread(row["warm_seconds"]),
                "" if memory is None else f"{memory:.0f} MB",
                ratio(row.get("ratio")),
            ]
        cells.append(line)
    kept = [[cell for cell, keep in zip(line, wanted, strict=True) if keep] for line in cells]
    return table(kept[0], kept[1:])


def first_spike_table(rows: Sequence[Result]) -> str:
    """Of whole processes."""
    cells = [
        [
            row["name"],
            row["reason"] or spread(row["cold_seconds"]),
            spread(row.get("warm_seconds")),
            *(ratio(row.get(f"{kind}_ratio")) for kind in ("cold", "warm")),
        ]
        for row in rows
    ]
    return table(["Tool", "The first time", "Afterwards", "Times ours, first", "Times ours, afterwards"], cells)


def precision_table(rows: Sequence[Result]) -> str:
    """Of errors and times."""
    cells = [
        [
            row["name"],
            method(row),
            row["reason"] or seconds_of_ms(row["agreement"]["largest_error_ms"]),
            spread(row.get("warm_seconds")),
        ]
        for row in rows
    ]
    return table(["Tool", "Setting", "Largest error of a spike time", "Warm run"], cells)


def growth_table(rows: Sequence[Result]) -> str:
    """Of times and memory."""
    cells = [
        [
            row["name"],
            f"{row['neurons']:,}",
            f"{row['duration_ms'] / 1000:g} s",
            row["reason"] or spread(row["warm_seconds"]),
            f"{row['peak_megabytes']:.0f} MB" if row.get("peak_megabytes") is not None else "",
        ]
        for row in rows
    ]
    return table(["Tool", "Neurons", "Duration", "Warm run", "Memory"], cells)


TABLES = {"first_spike": first_spike_table, "work_precision": precision_table, "growth": growth_table}


def section(result: Result, name: str) -> str:
    """A workload: what it is, and its table."""
    figures = result["figures"][name]
    rows = figures["rows"]
    drawn = TABLES[name](rows) if name in TABLES else race_table(rows, name)
    return f"{figures['what'][0].upper()}{figures['what'][1:]}.\n\n{drawn}\n"


def searched(result: Result) -> str:
    """Which settings got the counts right, of all that were tried."""
    figures = result["figures"]["gain_function"]
    cells = [
        [tool, method(row), row["reason"] or "right", seconds(row["seconds"])]
        for tool, rows in figures["searched"].items()
        for row in rows
    ]
    return table(["Tool", "Setting", "Counts", f"{figures['searched_with']} neurons"], cells) + "\n"


def machine(result: Result) -> str:
    """Where and with what the figures were made."""
    here = result["machine"]
    cells = [
        [name, tool["reason"] or ", ".join(f"{package} {version}" for package, version in tool["versions"].items())]
        for name, tool in result["tools"].items()
    ]
    load = max((figures["load_before"] or 0.0 for figures in result["figures"].values()), default=0.0)
    busy = f" **Other work was on the machine (load {load:.1f}): the figures are rough.**" if load > BUSY else ""
    quick = " **A quick run: less work and fewer repeats.**" if result["quick"] else ""
    made = f"{here['cpu']} ({here['llvm_cpu']}), {here['cores']} cores, {here['system']}, {result['date'][:10]}."
    return f"{made}{quick}{busy}\n\n{table(['Tool', 'Versions'], cells)}\n"


def page(result: Result) -> str:
    """Everything."""
    parts = ["# Benchmarks against the field", machine(result)]
    for name in result["figures"]:
        parts += [f"## {TITLES[name]}", section(result, name)]
        if name == "gain_function":
            parts += ["Settings that were tried:", searched(result)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def short(result: Result) -> str:
    """The README's: one line for each workload, one thread, medians."""
    lines = []
    for name, title, key, quotient in SHORT:
        if name not in result["figures"]:
            continue
        figures = result["figures"][name]
        rows = [row for row in figures["rows"] if row["threads"] == 1]
        ours = [seconds(row[key]["median"]) for row in rows if row["tool"] == "neurosim" and key in row]
        others = [f"{row['name']} {ratio(row.get(quotient)) or '–'}" for row in rows if row["tool"] != "neurosim"]
        lines.append([title.format(neurons=figures["what"].split()[0]), *(ours or ["–"]), ", ".join(others)])
    return table(["", "neurosim", "the others, times as long"], lines)


def with_table(text: str, result: Result) -> str:
    """The README's text with its table made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{short(result)}\n{END}{after}"


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8"), load()), encoding="utf-8")
