"""``neurosim perceptron``: learning from a table, and the capacity experiment."""

import csv
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError, excerpt
from .common import CsvOption, JsonOption, PlotOption, heading, plainly, print_json, save_plot, show_table

if TYPE_CHECKING:
    from ..artificial.capacity import Capacity
    from ..artificial.perceptron import Perceptron

app = typer.Typer(help="Units that learn.", no_args_is_help=True, rich_markup_mode=None)
SeedOption = Annotated[int | None, typer.Option(help="Of the random numbers.")]


@app.command()
@plainly
def learn(
    file: Annotated[
        str, typer.Argument(metavar="FILE.csv", help="A row for each point; the last column is the class.")
    ],
    rule: Annotated[
        str, typer.Option(metavar="rosenblatt|batch|pocket|averaged|adatron", help="How to learn.")
    ] = "rosenblatt",
    learning_rate: Annotated[float, typer.Option(help="Factor of each correction.")] = 1.0,
    max_epochs: Annotated[int, typer.Option(help="Presentations of all points, at most.")] = 1000,
    shuffle: Annotated[bool, typer.Option("--shuffle", help="A new random order in each epoch.")] = False,
    seed: SeedOption = None,
    plot: PlotOption = None,
    json: JsonOption = False,
) -> None:
    """Learn the classes of the points in a table.

    Says what was learned, how many corrections it took beside Novikoff's bound, and, if no plane separates the classes,
    why. The picture shows the decision lines of two features, else the errors in each epoch.
    """
    from ..artificial.perceptron import Perceptron

    features, X, y = read_points(file)
    learner = Perceptron(
        rule, learning_rate=learning_rate, max_epochs=max_epochs, shuffle=shuffle, random_state=seed, record="updates"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they say is printed below
        learner.fit(X, y)
    if plot is not None:
        _draw(learner, X, y, plot)
    result = _result(learner, features, learner.score(X, y))
    if json:
        print_json(result)
        return
    _describe(learner, features, result)
    if plot is not None:
        typer.echo(f"wrote {plot}")


def read_points(path: str) -> tuple[list[str], Any, Any]:
    """Names of the features, points (P, n) and labels (P,) from a CSV file, with or without a line of names.

    Raises
    ------
    InputError
        Where it cannot be read, or a row does not fit; the message names the line.
    """
    import numpy as np

    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        rows = [(k, row) for k, row in enumerate(csv.reader(text.splitlines()), 1) if row]
    except OSError as error:
        raise InputError(f"cannot read {excerpt(path, 200)}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"{excerpt(path, 200)} is no CSV file: it is not text, or a line cannot be read") from None
    if not rows or len(rows[0][1]) < 2:
        raise InputError(f"{excerpt(path, 200)}: at least two columns are needed, features and then the class")
    names = None if _numbers(rows[0][1][:-1]) is not None else [cell.strip() for cell in rows.pop(0)[1]]
    width = len(names or (rows[0][1] if rows else []))
    points, labels = [], []
    for line, row in rows:
        values = _numbers(row[:-1])
        if len(row) != width:
            raise InputError(f"{excerpt(path, 200)}, line {line}: {len(row)} columns instead of {width}")
        if values is None:
            raise InputError(f"{excerpt(path, 200)}, line {line}: {excerpt(', '.join(row[:-1]))} are not numbers")
        points.append(values)
        labels.append(row[-1].strip())
    if not points:
        raise InputError(f"{excerpt(path, 200)} has no points")
    features = [f"x{k}" for k in range(1, width)] if names is None else names[:-1]
    numbers = _numbers(labels)
    whole = numbers is not None and all(value == round(value) for value in numbers if abs(value) < 1e15)
    return features, np.array(points), np.array(numbers, dtype=np.int64) if whole else np.array(labels)


def _numbers(cells: list[str]) -> list[float] | None:
    """Finite or not, or None where one is no number."""
    try:
        return [float(cell) for cell in cells]
    except ValueError:
        return None


def _result(learner: "Perceptron", features: list[str], score: float) -> dict[str, Any]:
    proof = learner.certificate_
    return {
        "classes": learner.classes_,
        "features": features,
        "weights": learner.coef_,
        "bias": learner.intercept_,
        "converged": learner.converged_,
        "separable": learner.separable_,
        "epochs": learner.n_epochs_,
        "updates": learner.n_updates_,
        "bound": learner.bound_,
        "margin": learner.margin_,
        "score": score,
        "certificate": None if proof is None else {
            "upper": proof.upper, "upper_shares": proof.upper_shares,
            "lower": proof.lower, "lower_shares": proof.lower_shares, "point": proof.point,
        },
    }  # fmt: skip


def _describe(learner: "Perceptron", features: list[str], result: dict[str, Any]) -> None:
    ended = "after an epoch without error" if learner.converged_ else "without an end in sight"
    typer.echo(f"{learner.n_updates_} corrections in {learner.n_epochs_} epochs, {ended}")
    if learner.separable_ and learner.bound_ == learner.bound_:
        typer.echo(f"separable with margin {learner.margin_:.4g}; Novikoff's bound: {learner.bound_:.4g} corrections")
    if learner.certificate_ is not None:
        typer.echo(f"no plane separates the classes: points (counted from 0) {learner.certificate_}")
    typer.echo(f"{100 * result['score']:.4g} % of the points are classified correctly")
    columns = [("class", "left"), ("bias", "right"), *((name, "right") for name in features)]
    table = heading("Weights", columns)
    chosen = learner.classes_[1:] if len(learner.coef_) == 1 else learner.classes_
    for label, bias, weights in zip(chosen, learner.intercept_, learner.coef_, strict=True):
        table.add_row(str(label), f"{bias:.5g}", *(f"{w:.5g}" for w in weights))
    show_table(table)


def _draw(learner: "Perceptron", X: Any, y: Any, path: str) -> None:
    from ..plot import figure_of, save_figure
    from ..plot.networks import plot_decision, plot_learning

    ax = plot_decision(learner, X, y) if X.shape[1] == 2 else plot_learning(learner)
    save_figure(figure_of(ax), path)


@app.command()
@plainly
def capacity(
    N: Annotated[str, typer.Option("--n", metavar="N,…", help="Numbers of weights.")] = "5,20,50",
    load: Annotated[str | None, typer.Option(metavar="P/N,…", help="Points per weight. [default: 0.5 to 4]")] = None,
    trials: Annotated[int, typer.Option(help="Dichotomies for each N and P.")] = 100,
    seed: SeedOption = None,
    plot: PlotOption = None,
    csv: CsvOption = None,
    json: JsonOption = False,
) -> None:
    """Measure how often random labels of random points are separable, beside Cover's theory."""
    from ..artificial.capacity import perceptron_capacity

    sizes = _list(N, "--n")
    found = perceptron_capacity(
        sizes, None if load is None else _list(load, "--load"), trials, seed=seed, progress=True
    )
    save_plot(found, plot)
    if csv is not None:
        from ..files import write_csv

        write_csv(csv, ["N", "P", "separable", "error", "theory"], _rows(found))
    if json:
        print_json(
            {"N": found.N, "points": found.points, "separable": found.separable, "error": found.error,
             "theory": found.theory, "trials": found.trials}
        )  # fmt: skip
        return
    columns = [("N", "right"), ("P", "right"), ("P/N", "right"), ("separable", "right"), ("Cover", "right")]
    table = heading(f"Capacity, {found.trials} dichotomies each", columns)
    for n, P, separable, _, theory in _rows(found):
        table.add_row(str(n), str(P), f"{P / n:.2f}", f"{separable:.3f}", f"{theory:.3f}")
    show_table(table)
    for path in (plot, csv):
        if path is not None:
            typer.echo(f"wrote {path}")


def _rows(found: "Capacity") -> list[tuple[int, int, float, float, float]]:
    return [
        (int(n), int(P), float(s), float(e), float(t))
        for n, *columns in zip(found.N, found.points, found.separable, found.error, found.theory, strict=True)
        for P, s, e, t in zip(*columns, strict=True)
    ]


def _list(text: str, what: str) -> list[float]:
    numbers = _numbers(text.split(","))
    if numbers is None:
        raise InputError(f"{what}: numbers with commas between them, not {excerpt(text)}")
    return numbers
