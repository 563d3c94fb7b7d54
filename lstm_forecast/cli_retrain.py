"""The command ``forecast retrain``."""

from pathlib import Path
from typing import Annotated

import typer

from lstm_forecast.errors import UsageError
from lstm_forecast.options import RUNS, AsJson, ConfigFile, Overrides, Resume, Runs
from lstm_forecast.terminal import emit_json, listening, reported, say

__all__ = ["retrain"]

Hooks = Annotated[
    list[str] | None,
    typer.Option(help="Command to run then, without a shell; its stdin is the status (repeatable)."),
]


@reported
def retrain(
    config: ConfigFile,
    overrides: Overrides = None,
    as_of: Annotated[str | None, typer.Option(help="Last stamp to use; like data.end.")] = None,
    force: Annotated[bool, typer.Option(help="Train even if it is not due.")] = False,
    resume: Resume = False,
    wait: Annotated[str, typer.Option(help="How long to wait for another run: 90s, 10m.")] = "0s",
    metrics_file: Annotated[Path | None, typer.Option(help="Textfile for Prometheus' node exporter.")] = None,
    on_promote: Hooks = None,
    on_failure: Hooks = None,
    runs: Runs = RUNS,
    as_json: AsJson = False,
) -> None:
    """Train a challenger if that is due, and promote it if it is better than the champion."""
    from lstm_forecast.config.loading import load_config
    from lstm_forecast.config.retrain import seconds

    try:
        patience = seconds(wait)
    except ValueError as error:
        raise UsageError(f"--wait {wait}: {error}") from None
    dated = [] if as_of is None else [f"data.end={as_of}"]
    loaded = load_config(config, overrides=[*(overrides or ()), *dated])
    from lstm_forecast.workflows.retrain import retrain as run

    with listening() as talk:
        status = run(
            loaded,
            config_path=config,
            runs=runs,
            listener=talk,
            force=force,
            resume=resume,
            wait=patience,
            metrics_file=metrics_file,
            on_promote=on_promote or (),
            on_failure=on_failure or (),
        )
    if as_json:
        emit_json(status)
    else:
        say(f"{status['outcome'].replace('_', ' ')}: {status['reason']}")
        if status["outcome"] != "not_due":
            print(runs / loaded.name / status["run"])
    if status["exit_code"]:
        raise typer.Exit(status["exit_code"])
