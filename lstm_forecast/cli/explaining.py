"""What makes a forecast: ``explain``."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lstm_forecast.cli import completion
from lstm_forecast.cli.alignment import aligned, number
from lstm_forecast.cli.options import RUNS, AsJson, Data, Future, RunName, Runs
from lstm_forecast.cli.terminal import emit_json, listening, plain, reported, say
from lstm_forecast.errors import UsageError

if TYPE_CHECKING:
    from lstm_forecast.forecasting.explanation import Changed, Explanation

__all__ = ["explain"]


@reported
def explain(
    name: RunName = None,
    data: Data = None,
    future: Future = None,
    series: Annotated[
        str | None,
        typer.Option(
            help="Which series.  [default: the first that has not ended]",
            autocompletion=completion.series,
        ),
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="Last stamp of the window.  [default: the newest]")
    ] = None,
    step: Annotated[
        int | None, typer.Option(min=1, help="Step of the forecast.  [default: the mean of all]")
    ] = None,
    what_if: Annotated[
        list[str] | None,
        typer.Option(help="promo=1: a covariate known ahead in all steps (repeatable)."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Every contribution: .csv or .parquet.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--plot", help="Picture: .png, .svg or .pdf.")
    ] = None,
    runs: Runs = RUNS,
    as_json: AsJson = False,
) -> None:
    """Say what makes the forecast of a series, and what it would be with other covariates."""
    changes = dict(map(_change, what_if or ()))
    with listening() as talk:
        from lstm_forecast.commands.explain import Asked
        from lstm_forecast.commands.explain import explain as run

        wanted = [] if series is None else [series]
        asked = Asked(data, future, wanted, at, step, changes)
        found = run(asked, runs=runs, name=name, output=output, picture=picture, listener=talk)
    for note in found.notes:
        say(note, event="warning" if note.startswith("warning: ") else "note")
    if as_json:
        emit_json(found)
    else:
        print(plain("\n".join(_lines(found))))
        for path in filter(None, (found.output, found.picture)):
            say(path)


def _change(text: str) -> tuple[str, float]:
    """What ``--what-if`` sets. Raises UsageError for what is no name and number."""
    name, _, value = text.rpartition("=")
    try:
        return name.strip(), float(value)
    except ValueError:
        raise UsageError(f"--what-if {text}: expected NAME=NUMBER, such as promo=1") from None


def _lines(found: "Explanation") -> Iterator[str]:
    """The split, with a column for each part that does anything, and what is if."""
    told = found.summary
    which = f"mean of {len(found.stamps)} steps" if told.step is None else f"step {told.step}"
    yield f"{found.series}: forecast after {found.cutoff}, {which}"
    parts = [
        part
        for part in ("linear", "network", "pretrained")
        if any(getattr(line, part) for line in told.lines)
    ]
    rows: list[Sequence[object]] = [["", "contribution", *parts]]
    rows.append(["base: nothing moves", number(told.base), *[""] * len(parts)])
    for line in (*told.lines, told.moved):
        values = [line.contribution, *(getattr(line, part) for part in parts)]
        rows.append([line.input, *(f"{value:+.4g}" for value in values)])
    rows.append(["forecast", number(told.forecast), *[""] * len(parts)])
    yield aligned(rows)
    if found.what_if:
        yield ""
        yield "what if " + ", ".join(f"{name} = {value:g}" for name, value in found.changes.items())
        header = ["", "forecast", "what if", "difference"]
        yield aligned([header, *map(_changed_row, found.what_if)])


def _changed_row(each: "Changed") -> list[str]:
    numbers = number(each.forecast), number(each.changed), f"{each.difference:+.4g}"
    return [str(each.ds), *numbers]
