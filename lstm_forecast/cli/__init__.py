"""The command line: parse, call one workflow, print the result, choose the exit code."""

import io
import os
import signal
import sys
from enum import StrEnum
from typing import Annotated

import typer

from lstm_forecast.cli import completion, configs
from lstm_forecast.cli.checks import check
from lstm_forecast.cli.forecasts import init, plot, predict, template, train
from lstm_forecast.cli.judgements import backtest, compare
from lstm_forecast.cli.options import Command, Group
from lstm_forecast.cli.runs import runs_app
from lstm_forecast.cli.unattended import monitor, retrain, schedule
from lstm_forecast.errors import WriteError
from lstm_forecast.terminal import emit_json, log_as_json, say, terminate

__all__ = ["app", "main"]

EXIT_CODES = """Exit codes: 0 done · 1 a bug of ours · 2 usage · 3 config · 4 data · 5 saved run ·
6 champion kept · 7 could not write · 75 another process is writing there · 130/143 stopped by a signal"""

app = typer.Typer(
    cls=Group,
    help="Time-series forecasting with recurrent networks, from one YAML file and one command.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
config_app = typer.Typer(help="Look at configs.", no_args_is_help=True)
for command in (init, check, train, predict, template, backtest, plot, compare, retrain, monitor, schedule):
    app.command(cls=Command)(command)
for command in (configs.show, configs.schema):
    config_app.command(cls=Command)(command)
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
        LogFormat, typer.Option(envvar="FORECAST_LOG_FORMAT", help="How stderr looks: lines, or JSON objects.")
    ] = LogFormat.plain,
) -> None:
    """Hold the options of the program itself."""
    log_as_json(log_format is LogFormat.json)


def main() -> None:
    """Entry point of the commands ``forecast`` and ``lstm-forecast``."""
    signal.signal(signal.SIGTERM, terminate)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # a path is printed as the bytes that it is
    completion.join_words(os.environ)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `forecast predict | head` ends like any other program
    # Arrow's own allocator keeps what a large table took; the system's gives it back before training starts.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    os.environ["JOBLIB_MULTIPROCESSING"] = "0"  # or scikit-learn's import makes a semaphore, or warns that it cannot
    try:
        code = _run()
        sys.stdout.flush()
    except OSError as error:
        if error.filename is not None:  # unlike files, what we print to has no name
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python tries again, and exits with 120
        say(f"write: stdout: cannot be written: {error.strerror}")
        code = WriteError.exit_code
    sys.exit(code)


def _run() -> int:
    """Exit code of the command that the arguments ask for."""
    try:
        return app(standalone_mode=False) or 0
    except Exception as error:
        # What the parser raises: its classes have no public name in every version of Typer.
        if not (hasattr(error, "format_message") and hasattr(error, "show")):
            raise
        if "--json" in sys.argv:
            emit_json({"ok": False, "exit_code": 2, "error": "usage", "problems": [error.format_message()]})
        error.show()
        return 2
