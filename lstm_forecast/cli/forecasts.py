"""From a config to forecasts: ``train``, ``predict``, ``template`` and ``plot``."""

import shlex
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lstm_forecast.cli import completion
from lstm_forecast.cli.options import (
    RUNS,
    AsJson,
    ConfigFile,
    Data,
    Engine,
    Future,
    Memory,
    Overrides,
    Resume,
    RunName,
    Runs,
    bytes_of,
)
from lstm_forecast.cli.terminal import emit_json, listening, plain_json, reported, say
from lstm_forecast.cli.text import errors_table, outcome, unseen_categories
from lstm_forecast.documents import plain_values
from lstm_forecast.errors import QUALITY_GATE, UsageError

if TYPE_CHECKING:
    from lstm_forecast.config.schema import Config
    from lstm_forecast.store.report import Report
    from lstm_forecast.training.train import TrainResult

MOST_DIGITS = 15  # decimals of a number
Levels = Annotated[
    list[int] | None,
    typer.Option(
        min=1, max=99, help="Interval in percent (repeatable).  [default: those of model.levels]"
    ),
]
__all__ = ["plot", "predict", "say_trained", "template", "train"]


class Columns(StrEnum):
    """Column names of a forecast table."""

    long = "long"
    input = "input"


class Picture(StrEnum):
    """What to draw."""

    forecast = "forecast"
    training = "training"
    horizon = "horizon"
    gates = "gates"


@reported
def train(
    config: ConfigFile,
    overrides: Overrides = None,
    resume: Resume = False,
    runs: Runs = RUNS,
    as_json: AsJson = False,
) -> None:
    """Train a network and make it the champion. Exits 6 if somebody chose one meanwhile."""
    from lstm_forecast.config.loading import load_config

    loaded = load_config(config, overrides=overrides or ())
    with listening() as talk:
        from lstm_forecast.commands.train import train as run
        from lstm_forecast.store import chosen_meanwhile
        from lstm_forecast.store.listing import TrainedRun

        table = loaded.data.located(config.parent)
        result = run(loaded, table, runs=runs, listener=talk, resume=resume)
    say_trained(result, loaded.name)
    code = 0 if result.promoted else QUALITY_GATE
    if as_json:
        emit_json(
            TrainedRun(
                ok=result.promoted,
                exit_code=code,
                promoted=result.promoted,
                champion=result.champion,
                run=result.run.run_id,
                path=str(result.run.path),
                published=result.choice.published,
                pretrained_share=result.choice.pretrained,
                validation_errors=result.choice.scores,
                metrics=result.metrics,
            )
        )
    else:
        say("", "published:", event="published", run=result.run.run_id, path=str(result.run.path))
        print(result.run.path, flush=True)
    if not result.promoted:
        say(chosen_meanwhile(result.run, result.champion), event="kept", champion=result.champion)
        raise typer.Exit(code)
    if not as_json:
        say(*_following(loaded, runs), event="next")


def say_trained(result: "TrainResult", name: str) -> None:
    """What a training kept and published, and its errors."""
    for line, event, figures in outcome(result.history, result.choice):
        say(line, event=event, **figures)
    if result.metrics.judged is not None:
        _say_errors(name, *result.metrics.judged)


def _following(config: "Config", runs: Path) -> Iterator[str]:
    """The commands that come after a training, a line each."""
    where = f"--run {config.name}" + ("" if runs == RUNS else f" --runs {shlex.quote(str(runs))}")
    if not config.data.covariates.future:
        yield f"next: forecast predict {where}"
        yield f"      forecast plot {where}"
        return
    yield f"next: forecast template {where} --output future.csv"
    yield "      and, with its cells filled in:"
    yield from (
        f"      forecast {name} {where} --future future.csv" for name in ("predict", "plot")
    )


def _say_errors(name: str, part: str, report: "Report") -> None:
    """The errors of that part, and what they alone would not tell."""
    title = (
        f"{part} errors, {report.windows:,} windows, original units; skill: 1 - MAE / MAE of that"
        " line"
    )
    say(
        "",
        title,
        *errors_table(name, report).splitlines(),
        event="errors",
        part=part,
        windows=report.windows,
        errors=plain_values(report.errors),
        skill=report.skill,
    )
    for warning in report.warnings:
        say(f"warning: {warning}", event="warning")


def digits_of(text: str | None) -> int | Literal["auto"] | None:
    """What ``--digits`` says. Raises UsageError for what is neither a number of digits nor auto."""
    if text is None:
        return None
    if text == "auto":
        return "auto"
    if text.isdecimal() and int(text) <= MOST_DIGITS:
        return int(text)
    raise UsageError(f"--digits {text}: expected auto, or a number from 0 to {MOST_DIGITS}")


@reported
def predict(
    name: RunName = None,
    data: Data = None,
    future: Future = None,
    horizon: Annotated[
        int | None,
        typer.Option(min=1, max=100_000, help="Steps: fewer are cut, more roll forward."),
    ] = None,
    levels: Levels = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File: .csv, .parquet, .json or .xlsx.")
    ] = None,
    columns: Annotated[
        Columns, typer.Option(help="unique_id, ds, cutoff ...; or the names of the input.")
    ] = Columns.long,
    digits: Annotated[
        str | None, typer.Option(help="Decimals; auto: as many as the intervals justify.")
    ] = None,
    memory: Memory = None,
    engine: Engine = None,
    runs: Runs = RUNS,
    as_json: AsJson = False,
) -> None:
    """Forecast the real future of every series, in original units."""
    with listening() as talk:
        from lstm_forecast.commands.predict import (
            Asked,
            Prediction,
            TableStyle,
            WrittenInParts,
            predict_in_parts,
            table_csv,
            table_json,
        )
        from lstm_forecast.commands.predict import predict as run
        from lstm_forecast.forecasting.prediction import ForecastsWritten
        from lstm_forecast.store.documents import read_manifest

        style = TableStyle(columns.value, digits_of(digits))
        if memory is not None or engine is not None:
            asked = Asked(
                data=data,
                future=future,
                horizon=horizon,
                levels=levels,
                style=style,
                output=output,
                memory=None if memory is None else bytes_of("--memory", memory),
                engine=engine,
            )
            told: Prediction | WrittenInParts = predict_in_parts(
                asked, runs=runs, name=name, listener=talk
            )
        else:
            told = prediction = run(
                runs=runs,
                name=name,
                data=data,
                future=future,
                horizon=horizon,
                levels=levels,
                style=style,
                output=output,
            )
    for line in told.notes:
        say(line, event="repair")
    for line in unseen_categories(told.unseen):
        say(line, event="finding")
    manifest = read_manifest(told.run)
    share = manifest.pretrained_share or 0
    say(told.published, published=manifest.published, pretrained_share=share)
    if as_json and output is not None:
        emit_json(
            ForecastsWritten(
                run=told.run.run_id,
                path=str(told.run.path),
                published=manifest.published,
                pretrained_share=share,
                output=str(output),
            )
        )
    elif as_json:
        print(plain_json(table_json(prediction)))
    elif output is not None:
        print(output)
    else:
        print(table_csv(prediction), end="")


@reported
def template(
    name: RunName = None,
    data: Data = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File: .csv or .parquet.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Overwrite an existing file.")] = False,
    runs: Runs = RUNS,
    as_json: AsJson = False,
) -> None:
    """Write the rows of the future that `predict --future` needs, with empty cells to fill in."""
    with listening() as talk:
        from lstm_forecast.commands.template import template as run
        from lstm_forecast.commands.template import template_csv
        from lstm_forecast.forecasting.prediction import FutureWritten

        table = run(runs=runs, name=name, data=data, output=output, force=force, listener=talk)
    if as_json and output is not None:
        emit_json(FutureWritten(output=str(output)))
    elif as_json:
        rows = table.to_json(orient="records", date_format="iso", force_ascii=False)
        print(plain_json(f'{{"ok": true, "future": {rows}}}'))
    elif output is not None:
        print(output)
    else:
        print(template_csv(table), end="")


@reported
def plot(
    picture: Annotated[Picture, typer.Argument(help="What to draw.")] = Picture.forecast,
    name: RunName = None,
    data: Data = None,
    future: Future = None,
    series: Annotated[
        list[str] | None,
        typer.Option(help="Only this series (repeatable).", autocompletion=completion.series),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            help="forecast: sum series with the same in this column (repeatable).",
            autocompletion=completion.group_columns,
        ),
    ] = None,
    total: Annotated[bool, typer.Option("--total", help="forecast: sum all series.")] = False,
    last: Annotated[
        int | None, typer.Option(min=1, max=100_000, help="forecast: steps of history.")
    ] = None,
    levels: Levels = None,
    at: Annotated[
        str | None,
        typer.Option(help="gates: last stamp of the window.  [default: the newest]"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="File: .png, .svg or .pdf.  [default: NAME-PICTURE.png]"
        ),
    ] = None,
    runs: Runs = RUNS,
    as_json: AsJson = False,
) -> None:
    """Draw a run: its forecast, training, error by step, or the gates of its network."""
    with listening():
        from lstm_forecast.commands.plot import plot as run
        from lstm_forecast.judging.forecasts_shown import Asked

        if by and total:
            raise UsageError("--by and --total: expected one of them; leave the other out")
        asked = Asked(
            data=data,
            future=future,
            series=series or (),
            at=at,
            last=last,
            levels=levels or None,
            by=() if total else by or None,
        )
        drawn = run(picture.value, asked, runs=runs, name=name, output=output)
    for line in drawn.notes:
        say(line)
    if as_json:
        emit_json(drawn)
    else:
        print(drawn.picture)
