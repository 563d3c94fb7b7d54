"""Do intervals hold their levels? ``python -m tests.benchmarks intervals [NAME...] [--seeds 0]``.

Trains shipped configs with quantiles for 80 and 95 % by the real command, and prints one JSON line
for each: the share of test values inside the calibrated intervals, their mean width, and MSIS.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from lstm_forecast.judging.intervals import coverage, msis
from tests.benchmarks import scoring
from tests.benchmarks.accuracy import BENCHMARKS, Competition, config_of
from tests.benchmarks.measure import FORECAST, run

LEVELS = (80, 95)
SETTINGS = {
    "m4-hourly": ("split.validation=48",),  # to calibrate on: the newest rows that are known
    "vic-electricity": ("model.ensemble=1",),
    "etth1-24": (),
}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks intervals", description="Coverage, measured."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SETTINGS))
    parser.add_argument("--seeds", default="0", help="default: 0")
    options = parser.parse_args(arguments)
    for name in options.names or SETTINGS:
        for seed in options.seeds.split(","):
            print(
                json.dumps({"benchmark": name, "seed": int(seed), **_measured(name, seed)}),
                flush=True,
            )


def _measured(name: str, seed: str) -> dict[str, Any]:
    settings = [f"seed={seed}", f"model.levels={list(LEVELS)}", *SETTINGS[name]]
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder)
        command = [*FORECAST, "train", "--config", str(config_of(name)), "--runs", folder]
        usage = run(
            [*command, *(part for setting in settings for part in ("--set", setting))], cwd=runs
        )
        (path,) = runs.glob(f"{name}/*/metrics.json")
        metrics = json.loads(path.read_text())
        found = metrics["test"]["intervals"] if "test" in metrics else _held_out(name, runs)
    return {"intervals": found, "seconds": round(usage.seconds, 1)}


def _held_out(name: str, runs: Path) -> dict[str, dict[str, float | None]]:
    """What the published run holds of the organisers' hold-out."""
    benchmark = BENCHMARKS[name]
    assert isinstance(benchmark, Competition)
    output = runs / "forecast.parquet"
    run(
        [*FORECAST, "predict", "--runs", str(runs), "--run", name, "--output", str(output)],
        cwd=runs,
    )
    table, actual = pd.read_parquet(output), scoring.by_series(benchmark.test, "y")[..., None]
    scale = scoring.seasonal_scales(benchmark.train, benchmark.season)[:, None, None]
    found = {}
    for level in LEVELS:
        low, high = (
            scoring.by_series(table, f"{name}-{side}-{level}")[..., None] for side in ("lo", "hi")
        )
        share, width = coverage(low, high, actual)
        score = msis(low, high, actual, scale, level=level / 100)
        found[str(level)] = {"coverage": share, "width": width, "msis": score}
    return found
