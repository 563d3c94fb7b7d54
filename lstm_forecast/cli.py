"""The command line: parse, call one workflow, print the result, choose the exit code."""

import os
import shlex
import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lstm_forecast import terminal
from lstm_forecast.errors import UsageError
from lstm_forecast.terminal import emit_json, errors_table, listening, outcome, reported, say, terminate

__all__ = ["app", "main"]

EXIT_CODES = """Exit codes: 0 done · 1 a bug of ours · 2 usage · 3 config · 4 data · 5 saved run ·
7 could not write · 75 another process is writing there · 130/143 stopped by a signal"""

app = typer.Typer(
    help="Time-series forecasting with recurrent networks, from one YAML file and one command.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
config_app = typer.Typer(help="Look at configs.", no_args_is_help=True)
app.add_typer(config_app, name="config")

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="YAML config.", show_default=False)]
Overrides = Annotated[list[str] | None, typer.Option("--set", help="Any config key: model.units=64 (repeatable).")]
Runs = Annotated[Path, typer.Option("--runs", envvar="FORECAST_RUNS", help="Directory of all runs.")]
RunName = Annotated[str | None, typer.Option("--run", "-r", help="Name of the run; the only one there is by default.")]
Data = Annotated[Path | None, typer.Option("--data", help="Newer table than the one trained on.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
RUNS = Path("runs")


class Columns(StrEnum):
    """Column names of a forecast table."""

    long = "long"
    input = "input"


class Picture(StrEnum):
    """What to draw."""

    forecast = "forecast"
    training = "training"
    horizon = "horizon"


@app.command()
@reported
def init(
    data: Annotated[Path, typer.Argument(help="CSV or Parquet file, directory or glob.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="[default: configs/NAME.yaml]")] = None,
    target: Annotated[list[str] | None, typer.Option(help="Column to forecast (repeatable).")] = None,
    horizon: Annotated[int | None, typer.Option(min=1, help="Steps to forecast.")] = None,
    timestamp: Annotated[list[str] | None, typer.Option(help="Column with the stamps, or a part (repeatable).")] = None,
    timestamp_format: Annotated[str | None, typer.Option(help="Such as %d/%m/%Y.")] = None,
    series_id: Annotated[str | None, typer.Option(help="Column that names the series.")] = None,
    force: Annotated[bool, typer.Option(help="Overwrite an existing config.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look at DATA and write a commented config."""
    from lstm_forecast.workflows.init import init as run

    result = run(
        data, output=output, targets=target, horizon=horizon, timestamp=timestamp, timestamp_format=timestamp_format,
        series_id=series_id, force=force,
    )  # fmt: skip
    for finding in result.findings:
        say(finding)
    if as_json:
        emit_json({"ok": True, "config": str(result.path), "findings": result.findings})
    else:
        print(result.path)
        say(f"next: forecast train --config {shlex.quote(str(result.path))}")


@app.command()
@reported
def check(
    data: Annotated[Path | None, typer.Argument(help="CSV or Parquet file, directory or glob.")] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="YAML config with columns and policies.")
    ] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Report what is wrong or worth knowing in DATA, or in the data of a config; exit code 4 if training refuses it."""
    from lstm_forecast.config.loading import load_config

    loaded = None if config is None else load_config(config, overrides=overrides or ())
    from lstm_forecast.workflows.check import check as run

    if config is not None and loaded is not None:
        report = run(data or config.parent / loaded.data.path, config=loaded)
    elif data is not None:
        report = run(data)
    else:
        raise UsageError("check what? Name a table, or a config with --config")
    terminal.show_report(report.content(), as_json=as_json)
    raise typer.Exit(4 if report.problems else 0)


@app.command()
@reported
def train(config: ConfigFile, overrides: Overrides = None, runs: Runs = RUNS, as_json: AsJson = False) -> None:
    """Train a network and publish it as the champion of its name."""
    from lstm_forecast.config.loading import load_config

    loaded = load_config(config, overrides=overrides or ())
    from lstm_forecast.workflows.train import train as run

    with listening() as talk:
        result = run(loaded, config_path=config, runs=runs, listener=talk)
    for line in outcome(result.history, result.published, result.scores):
        say(line)
    for part in ("test", "validation"):
        if part in result.metrics:
            report = result.metrics[part]
            say(f"\n{part} errors, {report['windows']:,} windows, original units; skill: 1 - MAE / MAE of that line")
            say(errors_table(loaded.name, report))
            break
    if as_json:
        content = {"published": result.published, "validation_errors": result.scores, "metrics": result.metrics}
        emit_json({"ok": True, "run": result.run.run_id, "path": str(result.run.path), **content})
    else:
        say("\npublished:")
        print(result.run.path)
        where = "" if runs == RUNS else f" --runs {shlex.quote(str(runs))}"
        say(f"next: forecast predict --run {loaded.name}{where}\n      forecast plot --run {loaded.name}{where}")


@app.command()
@reported
def predict(
    name: RunName = None,
    data: Data = None,
    horizon: Annotated[
        int | None, typer.Option(min=1, max=100_000, help="Steps: fewer are cut, more roll forward.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File: .csv, .parquet or .json.")] = None,
    columns: Annotated[
        Columns, typer.Option(help="unique_id, ds, cutoff ...; or the names of the input.")
    ] = Columns.long,
    runs: Runs = RUNS,
    as_json: AsJson = False,
) -> None:
    """Forecast the real future of every series, in original units."""
    from lstm_forecast.workflows.predict import predict as run
    from lstm_forecast.workflows.predict import table_csv, table_json

    result = run(runs=runs, name=name, data=data, horizon=horizon, columns=columns.value, output=output)
    for note in result.notes:
        say(note)
    if as_json and output is not None:
        emit_json({"ok": True, "run": result.run.run_id, "path": str(result.run.path), "output": str(output)})
    elif as_json:
        print(terminal.plain_json(table_json(result)))
    elif output is not None:
        print(output)
    else:
        print(table_csv(result), end="")


@app.command()
@reported
def plot(
    picture: Annotated[Picture, typer.Argument(help="What to draw.")] = Picture.forecast,
    name: RunName = None,
    data: Data = None,
    series: Annotated[list[str] | None, typer.Option(help="Only this series (repeatable).")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File: .png, .svg or .pdf.  [default: NAME-PICTURE.png]")
    ] = None,
    runs: Runs = RUNS,
    as_json: AsJson = False,
) -> None:
    """Draw a run: its forecast, its training, or its error by step."""
    from lstm_forecast.workflows.plot import plot as run

    path = run(picture.value, runs=runs, name=name, data=data, series=series or (), output=output)
    if as_json:
        emit_json({"ok": True, "picture": str(path)})
    else:
        print(path)


@config_app.command()
@reported
def show(config: ConfigFile, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Print a config with overrides, environment and defaults filled in."""
    from lstm_forecast.config.loading import dump_config, load_config

    loaded = load_config(config, overrides=overrides or ())
    if as_json:
        emit_json({"ok": True, "config": loaded.model_dump(mode="json")})
    else:
        print(dump_config(loaded), end="")


@config_app.command()
@reported
def schema(as_json: AsJson = False) -> None:
    """Print the JSON Schema of configs."""
    import json

    from lstm_forecast.config.schema import Config

    content = Config.model_json_schema()
    print(json.dumps({"ok": True, "schema": content} if as_json else content, indent=None if as_json else 2))


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
) -> None:
    """Hold the options of the program itself."""


def main() -> None:
    """Entry point of the commands ``forecast`` and ``lstm-forecast``."""
    signal.signal(signal.SIGTERM, terminate)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `forecast predict | head` ends like any other program
    # Arrow's own allocator keeps what a large table took; the system's gives it back before training starts.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    try:
        code = app(standalone_mode=False)
    except Exception as error:
        # What the parser raises: its classes have no public name in every version of Typer.
        if not (hasattr(error, "format_message") and hasattr(error, "show")):
            raise
        if "--json" in sys.argv:
            emit_json({"ok": False, "exit_code": 2, "error": "usage", "problems": [error.format_message()]})
        error.show()
        code = 2
    sys.exit(code or 0)
