"""The pretrained network on public data that it has never seen: ``python -m tests.benchmarks
pretrained``.

Forecasts every competition with the real command, ``forecast quick``, from the official train rows,
and scores it on the official test rows as the competition's authors do; prints one JSON line for
each. ``must`` is what the project asks of itself, ``aim`` the best published figure that is in
reach.
"""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.benchmarks import scoring
from tests.benchmarks.accuracy import Competition
from tests.benchmarks.files import data_file
from tests.benchmarks.measure import FORECAST, run

__all__ = ["main", "measured"]

LEVELS = (80, 95)


@dataclass(frozen=True)
class Told(Competition):
    """A competition, and the season of its frequency where its stamps do not say it."""

    told: int | None = 1


BENCHMARKS = {
    "m3-quarterly": Told("m3_quarterly", 8, 4, "mase", must=1.12, aim=1.10, told=4),
    "tourism-yearly": Told("tourism_yearly", 4, 1, "mase", must=2.62, aim=2.50),
    "m4-weekly": Told("m4_weekly", 13, 1, "owa", must=0.69, aim=0.66, told=52),
    "m4-hourly": Told("m4_hourly", 48, 24, "owa", must=0.48, aim=0.40, told=None),
    "m4-daily-subset": Told("m4_daily_subset", 14, 1, "relative_mase", must=1.0, aim=0.98),
}


def main() -> None:
    for name in BENCHMARKS:
        print(json.dumps(measured(name)), flush=True)


def measured(name: str) -> dict[str, Any]:
    """Scores of one competition, beside those of naive forecasts."""
    one = BENCHMARKS[name]
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "forecast.parquet"
        command = [
            *FORECAST, "quick", str(data_file(f"{one.file}_train.csv.gz")), "--horizon",
            str(one.horizon), "--output", str(output),
            *([] if one.told is None else ["--season", str(one.told)]),
        ]  # fmt: skip
        usage = run(command, cwd=Path(folder))
        table = pd.read_parquet(output)
    scores = one.scores(scoring.by_series(table, "forecast"))
    value = scores[one.metric]
    return {
        "benchmark": name,
        "metric": one.metric,
        "value": round(value, 4),
        "scores": {key: round(score, 4) for key, score in scores.items()},
        "baselines": {key: round(each[one.metric], 4) for key, each in one.baselines.items()},
        "intervals": _intervals(one, table),
        "seconds": round(usage.seconds, 1),
        "must": one.must,
        "aim": one.aim,
        "met": value <= one.must,
    }


def _intervals(one: Told, table: pd.DataFrame) -> dict[str, float]:
    """Share of the test values inside each interval, and the quantile loss of its borders and the
    median, relative to that of the seasonal naive forecast taken for every quantile.
    """
    actual = scoring.by_series(one.test, "y")
    found: dict[str, float] = {}
    losses, naive_losses = [], []
    naive = scoring.repeated(one.train, season=one.season, horizon=one.horizon)
    for level in LEVELS:
        low, high = (scoring.by_series(table, f"forecast-{side}-{level}") for side in ("lo", "hi"))
        found[f"inside_{level}"] = round(float(((actual >= low) & (actual <= high)).mean()), 4)
        for quantile, made in ((0.5 - level / 200, low), (0.5 + level / 200, high)):
            losses.append(_pinball(actual, made, quantile))
            naive_losses.append(_pinball(actual, naive, quantile))
    losses.append(_pinball(actual, scoring.by_series(table, "forecast"), 0.5))
    naive_losses.append(_pinball(actual, naive, 0.5))
    total = float(np.abs(actual).sum())
    found["weighted_quantile_loss"] = round(float(np.mean(losses)) / total, 5)
    found["of_seasonal_naive"] = round(float(np.mean(naive_losses)) / total, 5)
    return found


def _pinball(actual: np.ndarray, made: np.ndarray, quantile: float) -> float:
    error = actual - made
    return float(2 * np.maximum(quantile * error, (quantile - 1) * error).sum())
