"""Forecasts at once: ``quick``."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lstm_forecast.cli import completion
from lstm_forecast.cli.options import (
    AsJson,
    GivenTable,
    SeriesId,
    Targets,
    Timestamp,
    TimestampFormat,
)
from lstm_forecast.cli.terminal import emit_json, listening, reported, say
from lstm_forecast.errors import DataError

if TYPE_CHECKING:
    from lstm_forecast.config.loading import Argument

__all__ = ["quick"]

KEYS = {"target": "targets"}  # of the config, where an option has another name


@reported
def quick(
    data: GivenTable,
    horizon: Annotated[int, typer.Option(min=1, max=10_000, help="Steps to forecast.")],
    levels: Annotated[
        list[int] | None,
        typer.Option(min=1, max=99, help="Interval in percent (repeatable).  [default: 80, 95]"),
    ] = None,
    series: Annotated[list[str] | None, typer.Option(help="Only this series (repeatable).")] = None,
    season: Annotated[
        int | None, typer.Option(min=1, help="Rows of a season, 767 at most; 1: there is none.")
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(help="pretrained.safetensors of forecast pretrain, instead of ours."),
    ] = None,
    target: Targets = None,
    timestamp: Timestamp = None,
    timestamp_format: TimestampFormat = None,
    series_id: SeriesId = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Key of a config's data: data.gaps=fill (repeatable).",
            autocompletion=completion.data_keys,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File: .csv, .parquet or .json.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="File of a picture: .png, .svg or .pdf.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Forecast DATA at once by the pretrained network, without a config or a training."""
    with listening(), _line_by_line(as_json):
        from lstm_forecast.commands import quick as command
        from lstm_forecast.forecasting.prediction import LEVELS
        from lstm_forecast.panel.asking.questions import Caller, as_options

        command.require_places(data, output, plot)
        columns = {
            "target": target, "timestamp": timestamp, "timestamp-format": timestamp_format,
            "series-id": series_id,
        }  # fmt: skip
        found = command.quick(
            data, list(_arguments(columns, settings or ())), horizon=horizon,
            levels=levels or LEVELS, series=series or (), season=season, weights=weights,
            caller=Caller("forecast quick", as_options),
        )  # fmt: skip
        command.write_quick(found, output, plot)
    for line in found.findings:
        say(line, event="finding")
    if found.held_back is not None:
        say(str(found.held_back), event="errors", errors=found.held_back.errors)
    written = output is not None
    if as_json:
        emit_json(command.quick_document(found, output, plot, forecasts=not written))
    elif written:
        print(output)
    else:
        print(command.quick_csv(found), end="")


def _arguments(columns: Mapping[str, object], settings: Sequence[str]) -> "Iterator[Argument]":
    """What the options say of the table, as keys of a config."""
    from lstm_forecast.config.loading import Argument, assigned

    for name, value in columns.items():
        if value:
            yield Argument(f"--{name}", ("data", KEYS.get(name, name.replace("-", "_"))), value)
    for setting in settings:
        yield assigned(setting, option="--set")


@contextmanager
def _line_by_line(as_json: bool) -> Iterator[None]:
    """Give what a question lists a line each where people read it."""
    try:
        yield
    except DataError as error:
        if as_json:
            raise
        lines = (re.split(r"\n(?= )", problem) for problem in error.problems)
        raise DataError(*(line for each in lines for line in each)) from None
