"""From a table to a config: ``init``."""

import shlex
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from lstm_forecast.cli import completion
from lstm_forecast.cli.asking import (
    asked,
    can_ask,
    keys_of,
    safe_answers,
    say_answers,
    say_questions,
)
from lstm_forecast.cli.options import (
    AsJson,
    GivenTable,
    SeriesId,
    Targets,
    Timestamp,
    TimestampFormat,
)
from lstm_forecast.cli.terminal import emit_json, listening, reported, say

__all__ = ["init"]


class DecimalSign(StrEnum):
    """Signs before decimals."""

    point = "."
    comma = ","


class ThousandsSign(StrEnum):
    """Signs between thousands."""

    comma = ","
    point = "."
    apostrophe = "'"
    space = " "


@reported
def init(
    data: GivenTable,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="[default: configs/NAME.yaml]")
    ] = None,
    target: Targets = None,
    horizon: Annotated[int | None, typer.Option(min=1, help="Steps to forecast.")] = None,
    timestamp: Timestamp = None,
    timestamp_format: TimestampFormat = None,
    series_id: SeriesId = None,
    decimal: Annotated[DecimalSign | None, typer.Option(help="Decimal sign.")] = None,
    thousands: Annotated[ThousandsSign | None, typer.Option(help="Sign between thousands.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="How DATA is read, and its faults settled: data.gaps=fill (repeatable).",
            autocompletion=completion.data_keys,
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Take the answers after which all rows stay.")
    ] = False,
    force: Annotated[bool, typer.Option(help="Overwrite an existing config.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look at DATA and write a commented config."""
    with listening():
        from lstm_forecast.commands.init import init as command
        from lstm_forecast.config.loading import Argument, assigned

        options = {
            "--timestamp-format": (("timestamp_format",), timestamp_format),
            "--decimal": (("csv", "decimal"), decimal),
            "--thousands": (("csv", "thousands"), thousands),
        }
        given = [
            *(
                Argument(option, ("data", *key), str(value))
                for option, (key, value) in options.items()
                if value is not None
            ),
            *(assigned(setting, option="--set") for setting in settings or ()),
        ]
        run = partial(
            command, data, output=output, targets=target or (), horizon=horizon,
            timestamp=timestamp or (), series_id=series_id or (),
        )  # fmt: skip
        draft = run(settings=given, force=force)
        questions = draft.questions
        safe = safe_answers(questions) if yes else []
        if safe:
            given = [*given, Argument("--yes", ("data",), keys_of(safe))]
            draft = run(settings=given, force=True)
    for finding in draft.findings:
        say(finding, event="finding")
    if yes and questions:
        say_answers(safe, by="taken by --yes")
    say_questions(draft.questions)
    asks, answers = can_ask() and not (as_json or yes), []
    while asks and draft.questions and (more := asked(draft.questions)):
        answers += more
        given = [*given, Argument("the answers", ("data",), keys_of(more))]
        draft = run(settings=given, force=True)
        say_questions(draft.questions)
    if answers:
        say_answers(answers, by="answered")
    if as_json:
        emit_json(draft)
    else:
        print(draft.config, flush=True)
        if draft.questions:
            say(
                "training refuses the table until these are answered: give the options to"
                f" `forecast init --force`, or write the keys to {draft.config}; then"
            )
        say(f"next: forecast train --config {shlex.quote(draft.config)}", event="next")
