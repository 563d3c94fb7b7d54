"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

from lstm_forecast.files import given_path

__all__ = ["RUNS", "AsJson", "ConfigFile", "Data", "Future", "Overrides", "Resume", "RunName", "Runs"]

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="YAML config.", show_default=False)]
Overrides = Annotated[list[str] | None, typer.Option("--set", help="Any config key: model.units=64 (repeatable).")]
Runs = Annotated[Path, typer.Option("--runs", envvar="FORECAST_RUNS", help="Directory of all runs.")]
RunName = Annotated[str | None, typer.Option("--run", "-r", help="Name of the run; the only one there is by default.")]
Data = Annotated[
    Path | None,
    typer.Option("--data", parser=given_path, metavar="PATH", help="Newer table than the one trained on; - is stdin."),
]
Future = Annotated[
    Path | None,
    typer.Option(
        "--future", parser=given_path, metavar="PATH", help="Table of future covariates: see `forecast template`."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a training that was stopped.")]
RUNS = Path("runs")
