"""Commands of a service that is left alone: ``retrain``, ``monitor``, ``detect``, ``schedule``."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lstm_forecast.cli.options import (
    RUNS,
    AsJson,
    ConfigFile,
    Data,
    Overrides,
    Resume,
    RunName,
    Runs,
)
from lstm_forecast.cli.terminal import (
    Talk,
    emit_json,
    listening,
    plain,
    printing,
    reported,
    say,
    say_failure,
)
from lstm_forecast.cli.text import anomalies_text
from lstm_forecast.errors import UsageError
from lstm_forecast.files import given_path

if TYPE_CHECKING:
    from lstm_forecast.detecting.detection import Detection
    from lstm_forecast.judging.live import Monitored
    from lstm_forecast.retraining.status import Status

__all__ = ["detect", "monitor", "retrain", "schedule"]


class Every(StrEnum):
    """How often to monitor, retrain and forecast."""

    hourly = "hourly"
    daily = "daily"
    weekly = "weekly"


MetricsFile = Annotated[Path | None, typer.Option(help="Textfile for Prometheus' node exporter.")]
Page = Annotated[
    Path | None, typer.Option("--report", help="Page about the run: .html, .pdf or .md.")
]
Hooks = Annotated[
    list[str] | None,
    typer.Option(
        help="Command to run then, without a shell; its stdin is the status (repeatable)."
    ),
]


@reported
def retrain(
    config: ConfigFile,
    overrides: Overrides = None,
    as_of: Annotated[str | None, typer.Option(help="Last stamp to use; like data.end.")] = None,
    force: Annotated[bool, typer.Option(help="Train even if it is not due.")] = False,
    resume: Resume = False,
    wait: Annotated[str, typer.Option(help="How long to wait for another run: 90s, 10m.")] = "0s",
    metrics_file: MetricsFile = None,
    report: Page = None,
    on_promote: Hooks = None,
    on_failure: Hooks = None,
    runs: Runs = RUNS,
    as_json: AsJson = False,
) -> None:
    """Train a challenger if that is due, and promote it if it is better than the champion."""
    from lstm_forecast.config.loading import load_config

    patience = _seconds("--wait", wait)
    dated = [] if as_of is None else [f"data.end={as_of}"]
    loaded = load_config(config, overrides=[*(overrides or ()), *dated])
    with listening() as talk:
        from lstm_forecast.commands.retrain import Audience
        from lstm_forecast.commands.retrain import retrain as run

        status = run(
            loaded,
            config_path=config,
            runs=runs,
            listener=talk,
            force=force,
            resume=resume,
            wait=patience,
            audience=Audience(
                metrics_file=metrics_file,
                report=report,
                on_promote=on_promote or (),
                on_failure=on_failure or (),
                show=partial(_print_status, talk, runs / loaded.name, as_json),
            ),
        )
    if status.failure is not None:
        say_failure(status.failure)
    else:
        say(
            f"{status.outcome.replace('_', ' ')}: {status.reason}",
            event="retrained",
            outcome=status.outcome,
            seconds=status.seconds,
            exit_code=status.exit_code,
            champion=status.champion,
        )
    raise typer.Exit(status.exit_code)


def _print_status(talk: Talk, home: Path, as_json: bool, status: "Status") -> None:
    talk.stop()
    with printing():
        if as_json:
            emit_json(status)
        elif status.outcome in ("promoted", "kept_champion") and status.run:
            print(home / status.run)


@reported
def monitor(
    forecasts: Annotated[
        Path,
        typer.Argument(
            parser=given_path,
            metavar="FORECASTS",
            help="Table of forecast predict --output, or a directory of them; - is stdin.",
        ),
    ],
    name: RunName = None,
    data: Data = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Picture: .png, .svg or .pdf.")
    ] = None,
    worst: Annotated[
        float, typer.Option(min=0, help="Times the test error that the live error may be.")
    ] = 1.5,
    metrics_file: MetricsFile = None,
    report: Page = None,
    runs: Runs = RUNS,
    as_json: AsJson = False,
) -> None:
    """Compare earlier forecasts with what came: error, skill, coverage, drift.

    Exits 6 if there is an alarm.
    """
    with listening() as talk:
        from lstm_forecast.commands.monitor import forecasts_file
        from lstm_forecast.commands.monitor import monitor as run
        from lstm_forecast.judging.live import Monitored
        from lstm_forecast.retraining.telling import Textfile, told
        from lstm_forecast.retraining.textfile import write_monitor_metrics

        look = partial(
            run,
            forecasts,
            runs=runs,
            name=name,
            data=data,
            output=output,
            report=report,
            worst=worst,
        )
        textfile = None
        if metrics_file is not None:
            apart = [forecasts_file(forecasts), data]
            textfile = Textfile(metrics_file, write_monitor_metrics, apart, runs, name)
        printed = partial(_print_found, talk, as_json)
        found = told(look, Monitored, textfile=textfile, listener=talk, tell=printed)
    if found.failure is not None:
        say_failure(found.failure)
    else:
        for alarm in found.alarms:
            say(f"alarm: {alarm}", event="alarm")
    raise typer.Exit(found.exit_code)


def _print_found(talk: Talk, as_json: bool, found: "Monitored") -> None:
    talk.stop()
    with printing():
        if as_json:
            emit_json(found)
        elif found.live is not None and found.error is None:
            live = found.live
            figures: dict[str, object] = {
                "rows": live.rows,
                "mae": live.mae,
                "rmse": live.rmse,
                "bias": live.bias,
                "naive_mae": live.naive_mae,
                "skill": live.skill,
                "expected_mae": found.expected,
            }
            for level, share in live.coverage.items():
                figures[f"coverage of {level} % intervals"] = share
            figures |= {"drift": found.drift, "waiting": found.waiting}
            for key, value in figures.items():
                print(f"{key}: {f'{value:.4g}' if isinstance(value, float) else value}")


@reported
def detect(
    name: RunName = None,
    data: Data = None,
    rate: Annotated[
        float,
        typer.Option(help="Share of usual steps that may be called anomalies: above 0 to 0.5."),
    ] = 0.001,
    last: Annotated[
        int | None,
        typer.Option(min=1, help="Steps of every series.  [default: validation part and newer]"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Every step: .parquet or .csv."),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--plot", help="Picture: .png, .svg or .pdf.")
    ] = None,
    metrics_file: MetricsFile = None,
    runs: Runs = RUNS,
    as_json: AsJson = False,
) -> None:
    """Find what is unlike the forecasts: spikes, levels, patterns, flat or missing values, drift.

    Exits 6 if there is any.
    """
    with listening() as talk:
        from lstm_forecast.commands.detect import Asked
        from lstm_forecast.commands.detect import detect as run
        from lstm_forecast.detecting.detection import Detection
        from lstm_forecast.retraining.telling import Textfile, told
        from lstm_forecast.retraining.textfile import write_detect_metrics

        look = partial(
            run,
            Asked(data, rate, last),
            runs=runs,
            name=name,
            output=output,
            picture=picture,
            listener=talk,
        )
        textfile = None
        if metrics_file is not None:
            textfile = Textfile(metrics_file, write_detect_metrics, [data], runs, name)
        printed = partial(_print_anomalies, talk, as_json)
        found = told(look, Detection, textfile=textfile, listener=talk, tell=printed)
    if found.failure is not None:
        say_failure(found.failure)
    for warning in found.warnings:
        say(f"warning: {warning}", event="warning")
    raise typer.Exit(found.exit_code)


def _print_anomalies(talk: Talk, as_json: bool, found: "Detection") -> None:
    talk.stop()
    with printing():
        if as_json:
            emit_json(found)
        elif found.error is None:
            print(plain(anomalies_text(found)))


@reported
def schedule(
    config: ConfigFile,
    cron: Annotated[bool, typer.Option("--cron", help="A line for crontab.")] = False,
    systemd: Annotated[bool, typer.Option("--systemd", help="Services and their timer.")] = False,
    k8s: Annotated[bool, typer.Option("--k8s", help="A CronJob.")] = False,
    every: Annotated[Every, typer.Option(help="How often.")] = Every.daily,
    timeout: Annotated[
        str, typer.Option(help="Longest time for each step; in Kubernetes, for all.")
    ] = "6h",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Directory for the forecasts.  [default: forecasts/NAME beside the runs]",
        ),
    ] = None,
    runs: Runs = RUNS,
    as_json: AsJson = False,
) -> None:
    """Print what makes cron, systemd or Kubernetes monitor, retrain and forecast in turn."""
    from lstm_forecast.commands.schedule import schedule as run
    from lstm_forecast.config.loading import load_config

    asked = [
        kind for kind, wanted in (("cron", cron), ("systemd", systemd), ("k8s", k8s)) if wanted
    ]
    if len(asked) != 1:
        raise UsageError("choose one of --cron, --systemd and --k8s")
    limit, loaded = int(_seconds("--timeout", timeout)), load_config(config)
    text = run(
        loaded,
        asked[0],
        config_path=config,
        runs=runs,
        output=output,
        every=every.value,
        timeout=limit,
    )
    if as_json:
        from lstm_forecast.retraining.jobs import Scheduled

        emit_json(Scheduled(kind=asked[0], text=text))
    else:
        print(text, end="")
        if loaded.data.covariates.future:
            say(
                f"predict needs rows of the steps ahead at the end of {loaded.data.path}, without"
                " targets"
            )
        if cron:
            say(
                "for the crontab of the user who owns the runs, and of nobody with more rights:"
                " crontab -e"
            )


def _seconds(option: str, duration: str) -> float:
    from lstm_forecast.config.retrain import seconds

    try:
        return seconds(duration)
    except ValueError as error:
        raise UsageError(f"{option} {duration}: {error}") from None
