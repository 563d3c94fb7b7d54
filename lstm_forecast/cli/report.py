"""``forecast report``: one page about a run."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lstm_forecast.cli import completion
from lstm_forecast.cli.options import RUNS, AsJson, Data, Future, RunName, Runs
from lstm_forecast.cli.terminal import emit_json, listening, plain, reported, say
from lstm_forecast.errors import UsageError

__all__ = ["report"]


class Form(StrEnum):
    """Format of a report."""

    html = "html"
    pdf = "pdf"
    md = "md"


STDOUT = Path("-")


@reported
def report(
    name: RunName = None,
    data: Data = None,
    future: Future = None,
    series: Annotated[
        list[str] | None,
        typer.Option(
            help="Draw this series in any case (repeatable).", autocompletion=completion.series
        ),
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(help="Compare with this run: its name or id (repeatable)."),
    ] = None,
    importance: Annotated[bool, typer.Option(help="How much each input matters.")] = False,
    form: Annotated[
        Form | None, typer.Option("--format", help="[default: html, or what --output ends in]")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="File; - is stdout, for md.  [default: NAME-report.html]"
        ),
    ] = None,
    runs: Runs = RUNS,
    as_json: AsJson = False,
) -> None:
    """Write one page about a run: verdict, series, errors, intervals, decisions, data."""
    with listening() as talk:
        from lstm_forecast.commands.report import Asked, markdown
        from lstm_forecast.commands.report import report as run

        asked = Asked(data, future, series or (), importance)
        if output == STDOUT:
            _require_markdown(form, as_json=as_json)
            text = markdown(asked, runs=runs, name=name, against=against or (), listener=talk)
            print(plain(text), end="")
            return
        written = run(
            asked,
            runs=runs,
            name=name,
            against=against or (),
            form=None if form is None else form.value,
            output=output,
            listener=talk,
        )
    if as_json:
        emit_json(written)
        return
    for sentence in written.verdict:
        say(sentence.text, event="verdict")
    print(written.report)


def _require_markdown(form: Form | None, *, as_json: bool) -> None:
    """Raise UsageError where something else than Markdown would go to stdout."""
    if form is not Form.md:
        raise UsageError("--output -: stdout takes Markdown; give --format md, or name a file")
    if as_json:
        raise UsageError("--output -: --json prints there; leave it out, or name a file")
