"""The command line: parse, call one command, print the result, choose the exit code."""

import contextlib
import io
import os
import signal
import sys
import warnings
from enum import StrEnum
from itertools import pairwise
from typing import Annotated

import typer

from lstm_forecast.cli import completion, configs
from lstm_forecast.cli.checks import check
from lstm_forecast.cli.explaining import explain
from lstm_forecast.cli.forecasts import plot, predict, template, train
from lstm_forecast.cli.init import init
from lstm_forecast.cli.judgements import backtest, compare
from lstm_forecast.cli.options import Command, Group
from lstm_forecast.cli.pages import guide
from lstm_forecast.cli.pretraining import pretrain
from lstm_forecast.cli.quick import quick
from lstm_forecast.cli.report import report
from lstm_forecast.cli.runs import runs_app
from lstm_forecast.cli.streams import log_as_json, logs_json, open_streams, printing, say_warning
from lstm_forecast.cli.terminal import tell_failure, terminate
from lstm_forecast.cli.tuning import tune
from lstm_forecast.cli.unattended import detect, monitor, retrain, schedule
from lstm_forecast.errors import Stopped, UsageError

__all__ = ["app", "main"]

EXIT_CODES = """Exit codes: 0 done · 1 a bug of ours · 2 usage · 3 config · 4 data · 5 saved run ·
6 champion kept, alarm or anomaly · 7 could not write · 75 another process is writing there ·
130/143 stopped by a signal"""

app = typer.Typer(
    cls=Group,
    help="Time-series forecasting with recurrent networks, from one YAML file and one command.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
config_app = typer.Typer(help="Look at configs.", no_args_is_help=True)
for command in (
    quick,
    init,
    check,
    train,
    predict,
    template,
    backtest,
    plot,
    report,
    explain,
    compare,
    tune,
    retrain,
    monitor,
    detect,
    schedule,
    pretrain,
    guide,
    configs.schema,
):
    app.command(cls=Command)(command)
config_app.command(cls=Command)(configs.show)
config_app.command("schema", cls=Command)(configs.config_schema)
app.add_typer(runs_app, name="runs")
app.add_typer(config_app, name="config")


class LogFormat(StrEnum):
    """How stderr looks."""

    plain = "plain"
    json = "json"


def _version(wanted: bool) -> None:
    if wanted:
        from lstm_forecast import __version__

        print(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    log_format: Annotated[
        LogFormat,
        typer.Option(
            envvar="FORECAST_LOG_FORMAT", help="How stderr looks: lines, or JSON objects."
        ),
    ] = LogFormat.plain,
) -> None:
    """Hold the options of the program itself."""
    log_as_json(log_format is LogFormat.json)


def main() -> None:
    """Entry point of the commands ``forecast`` and ``lstm-forecast``."""
    open_streams()
    signal.signal(signal.SIGTERM, terminate)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # a path is printed as the bytes that it is
        sys.stdout.reconfigure(errors="surrogateescape")
    completion.join_words(os.environ)
    warnings.showwarning = say_warning
    log_as_json(_asks_for_objects())
    # Arrow's own allocator keeps what a large table took; the system's gives it back before
    # training starts.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    # or scikit-learn's import makes a semaphore, or warns that it cannot
    os.environ["JOBLIB_MULTIPROCESSING"] = "0"
    try:
        with printing():
            code = _run()
    except (Exception, KeyboardInterrupt, Stopped) as error:
        code = tell_failure(error, as_json="--json" in sys.argv)
    sys.exit(code)


def _asks_for_objects() -> bool:
    """Whether stderr shall hold objects, found before anything is parsed: what is wrong with it is
    told so as well.
    """
    words = sys.argv[1:]
    given = [word.partition("=")[2] for word in words if word.startswith("--log-format=")]
    given += [value for option, value in pairwise(words) if option == "--log-format"]
    return [os.environ.get("FORECAST_LOG_FORMAT"), *given][-1] == LogFormat.json


def _run() -> int:
    """Exit code of the command that the arguments ask for."""
    try:
        return app(standalone_mode=False) or 0
    except SystemExit as stop:
        if isinstance(stop.__context__, BrokenPipeError):  # which Typer makes an exit code 1 of
            raise stop.__context__ from None
        raise
    except Exception as error:
        # What the parser raises: its classes have no public name in every version of Typer.
        if not (hasattr(error, "format_message") and hasattr(error, "show")):
            raise
        log_as_json(_asks_for_objects())  # also behind the name of a command, where it is wrong
        if not logs_json() and "--json" not in sys.argv:
            with contextlib.suppress(OSError):
                error.show()  # with the usage of the command
            return UsageError.exit_code
        raise UsageError(
            error.format_message().strip() or "expected a command; --help lists them"
        ) from None
