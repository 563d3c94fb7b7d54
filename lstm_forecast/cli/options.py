"""Options that several commands have, and what holds for all of them."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from lstm_forecast.cli import completion
from lstm_forecast.errors import UsageError
from lstm_forecast.files import given_path

__all__ = [
    "RUNS", "AsJson", "Command", "ConfigFile", "Data", "Engine", "Future", "GivenTable", "Group",
    "Memory", "Overrides", "Resume", "RunName", "Runs", "SeriesId", "Targets", "Timestamp",
    "TimestampFormat", "bytes_of",
]  # fmt: skip

ConfigFile = Annotated[
    Path, typer.Option("--config", "-c", help="YAML config.", show_default=False)
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="Any config key: model.units=64 (repeatable).", autocompletion=completion.keys
    ),
]
Runs = Annotated[
    Path, typer.Option("--runs", envvar="FORECAST_RUNS", help="Directory of all runs.")
]
RunName = Annotated[
    str | None,
    typer.Option(
        "--run",
        "-r",
        help="Name of the run; the only one there is by default.",
        autocompletion=completion.run_names,
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        parser=given_path,
        metavar="PATH",
        help="Newer table than the one trained on; - is stdin.",
    ),
]
Future = Annotated[
    Path | None,
    typer.Option(
        "--future",
        parser=given_path,
        metavar="PATH",
        help="Table of future covariates: see `forecast template`.",
    ),
]
GivenTable = Annotated[
    Path,
    typer.Argument(
        parser=given_path,
        metavar="DATA",
        help="File, directory or glob of files; - is stdin.",
    ),
]
Targets = Annotated[list[str] | None, typer.Option(help="Column to forecast (repeatable).")]
Timestamp = Annotated[
    list[str] | None, typer.Option(help="Column with the stamps, or a part (repeatable).")
]
TimestampFormat = Annotated[str | None, typer.Option(help="Such as %d/%m/%Y.")]
SeriesId = Annotated[
    list[str] | None, typer.Option(help="Column that names the series, or a part (repeatable).")
]
Memory = Annotated[
    str | None,
    typer.Option(metavar="SIZE", help="Read the table in parts that fit, as into 1GiB."),
]
Engine = Annotated[
    str | None,
    typer.Option(metavar="ray[://ADDRESS]", help="Let workers of Ray do it, here or in a cluster."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a training that was stopped.")]
RUNS = Path("runs")


def bytes_of(option: str, text: str) -> int:
    """The bytes that a size such as 1.5GiB or 500MB says. Raises UsageError for what says none."""
    from pydantic import ByteSize, TypeAdapter, ValidationError

    try:
        return TypeAdapter(ByteSize).validate_python(text)
    except ValidationError:
        raise UsageError(f"{option} {text}: expected a size such as 1GiB or 500MB") from None


def _require_once(command: Any, ctx: Any, args: list[str]) -> None:
    """Refuse an option of one value that is given several: the last would win, and the others be
    lost in silence.
    """
    if ctx.resilient_parsing:  # what a shell completes is not whole yet
        return
    *_, given = command.make_parser(ctx).parse_args(args=list(args))
    for option, times in Counter(given).items():
        if (
            times > 1
            and option.param_type_name == "option"
            and not (option.multiple or option.is_flag or option.count)
        ):
            name = max(option.opts, key=len)
            raise typer.BadParameter(
                f"takes one value, and is given {times} times", ctx=ctx, param_hint=name
            )


class Command(TyperCommand):
    """A command that loses no value it was given."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments.

        Raises a usage error for an option of one value that is given twice.
        """
        _require_once(self, ctx, args)
        return super().parse_args(ctx, args)


class Group(TyperGroup):
    """Commands below one name, with options that are given once."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments.

        Raises a usage error for an option of one value that is given twice.
        """
        _require_once(self, ctx, args)
        return super().parse_args(ctx, args)
