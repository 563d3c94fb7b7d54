"""Accuracy on public data: ``python -m tests.benchmarks accuracy NAME... [--seeds 0,1,2] [--set
key=value ...]``.

Trains ``configs/benchmarks/NAME.yaml`` with the real command, scores its forecasts as the
benchmark's authors do, and prints one JSON line per benchmark. ``must`` is what the project asks of
itself, ``aim`` the best published figure that is in reach; every metric is an error, so less is
better.
"""

import argparse
import json
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lstm_forecast.config.loading import load_config
from tests.benchmarks import scoring
from tests.benchmarks.files import data_file
from tests.benchmarks.measure import FORECAST, run
from tests.benchmarks.scoring import Floats, Ints, Scores

CONFIGS = Path(__file__).parents[2] / "configs" / "benchmarks"
# The same config without its network: the ridge regression on the window, forecast and scored the
# same way.
RIDGE = (
    "training.epochs=0",
    "training.fallback=false",
    "model.linear=ridge",
    "model.ensemble=1",
    "model.context_lengths=[]",
)


@dataclass(frozen=True)
class Benchmark:
    """A data file, what is forecast of it, and how good that has to be."""

    file: str
    horizon: int
    season: int  # of the seasonal naive forecast
    metric: str  # which of the scores counts
    must: float
    aim: float | None


@dataclass(frozen=True)
class Competition(Benchmark):
    """Many series, the end of each held out by the organisers."""

    @cached_property
    def train(self) -> pd.DataFrame:
        return scoring.read_long(f"{self.file}_train")

    @cached_property
    def test(self) -> pd.DataFrame:
        return scoring.read_long(f"{self.file}_test")

    @cached_property
    def baselines(self) -> dict[str, Scores]:
        return {
            "naive": self.scores(self._repeated(1)),
            "seasonal_naive": self.scores(self._repeated(self.season)),
        }

    def measure(self, name: str, runs: Path) -> Scores:
        """Scores of the run ``runs/name``."""
        output = runs / "forecast.parquet"
        run(
            [*FORECAST, "predict", "--runs", str(runs), "--run", name, "--output", str(output)],
            cwd=runs,
        )
        table, stamps = pd.read_parquet(output), ["unique_id", "ds"]
        same = table[stamps].merge(self.test[stamps], on=stamps)
        if not len(same) == len(table) == len(self.test):
            raise ValueError(
                f"{name}: {len(table)} forecasts, {len(same)} of them among {len(self.test)} test"
                " rows"
            )
        return self.scores(scoring.by_series(table, name))

    def scores(self, forecast: Floats) -> Scores:
        """``forecast`` is (n_series, horizon), in the order of the ids."""
        scores = self._compared(forecast)
        scores["relative_mase"] = scores["mase"] / self._compared(self._repeated(1))["mase"]
        if self.file.startswith("m4"):
            scores["owa"] = scoring.owa(
                scores, self._compared(scoring.published(self.train, "Naive2"))
            )
        return scores

    def _repeated(self, season: int) -> Floats:
        return scoring.repeated(self.train, season=season, horizon=self.horizon)

    def _compared(self, forecast: Floats) -> Scores:
        scales = scoring.seasonal_scales(self.train, self.season)
        return scoring.competition_scores(scoring.by_series(self.test, "y"), forecast, scales)


@dataclass(frozen=True)
class Rolling(Benchmark):
    """A few columns, forecast from many rows of a test part."""

    train_rows: int  # whose standard deviations are the unit of the errors
    first: int  # row where the test part begins
    windows: int
    stride: int = 1
    columns: tuple[str, ...] = ()  # none: all
    # the unit is the mean seasonal difference before the test part, so that the MAE is the MASE
    seasonal: bool = False

    @cached_property
    def table(self) -> pd.DataFrame:
        return scoring.read_wide(self.file, self.columns)

    @cached_property
    def scales(self) -> dict[str, float]:
        if self.seasonal:
            return dict(self.table[: self.first].diff(self.season).abs().mean())
        return dict(self.table[: self.train_rows].std(ddof=0))

    @property
    def origins(self) -> Ints:
        """First row of every window's targets, (windows,)."""
        return self.first + self.stride * np.arange(self.windows)

    @cached_property
    def baselines(self) -> dict[str, Scores]:
        values = (self.table / self.scales).to_numpy()
        naive, seasonal = (
            scoring.shifted_scores(values, self.origins, season=season, horizon=self.horizon)
            for season in (1, self.season)
        )
        return {
            "naive": naive | {"relative_mae": naive["mae"] / seasonal["mae"]},
            "seasonal_naive": seasonal | {"relative_mae": 1.0},
        }

    def measure(self, name: str, runs: Path) -> Scores:
        """Scores of the run ``runs/name``."""
        (path,) = runs.glob(f"{name}/*/forecasts.parquet")
        scores, count = scoring.table_scores(path, name, self.scales)
        if count != self.windows * self.horizon * self.table.shape[1]:
            raise ValueError(
                f"{name}: {count:,} forecasts, where {self.windows:,} windows were expected"
            )
        return scores | {"relative_mae": scores["mae"] / self.baselines["seasonal_naive"]["mae"]}


def _ett(file: str, horizon: int, must: float, aim: float, *, hour: int = 1) -> Rolling:
    """12, 4 and 4 months of 30 days, ``hour`` rows an hour."""
    rows = {"train_rows": 8640 * hour, "first": 11520 * hour, "windows": 2880 * hour - horizon + 1}
    return Rolling(file, horizon, 24 * hour, "mse", must, aim, **rows)


def _vic(must: float, aim: float) -> Rolling:
    """60 days, each of them once."""
    rows = {"train_rows": 49728, "first": 49728, "windows": 60, "stride": 48}
    return Rolling(
        "vic_electricity",
        48,
        48,
        "relative_mae",
        must,
        aim,
        columns=("Demand",),
        seasonal=True,
        **rows,
    )


BENCHMARKS: dict[str, Competition | Rolling] = {
    "m4-hourly": Competition("m4_hourly", 48, 24, "owa", must=0.415, aim=0.410),
    "m4-weekly": Competition("m4_weekly", 13, 1, "owa", must=0.665, aim=0.660),
    "m4-daily-subset": Competition("m4_daily_subset", 14, 1, "relative_mase", must=1.0, aim=0.97),
    "m3-quarterly": Competition("m3_quarterly", 8, 4, "smape", must=8.9, aim=8.8),
    "tourism-yearly": Competition("tourism_yearly", 4, 1, "mase", must=2.65, aim=2.5),
    "etth1-96": _ett("ETTh1", 96, must=0.365, aim=0.351),
    "etth1-192": _ett("ETTh1", 192, must=0.400, aim=0.392),
    "etth1-336": _ett("ETTh1", 336, must=0.426, aim=0.420),
    "etth1-720": _ett("ETTh1", 720, must=0.440, aim=0.422),
    "ettm1-96": _ett("ETTm1", 96, must=0.292, aim=0.283, hour=4),
    "ettm1-720": _ett("ETTm1", 720, must=0.410, aim=0.398, hour=4),
    "ili-24": Rolling(
        "national_illness", 24, 52, "mse", 1.9, 1.5, train_rows=676, first=773, windows=170
    ),
    "exchange-96": Rolling(
        "exchange_rate", 96, 1, "mse", 0.0825, None, train_rows=5311, first=6071, windows=1422
    ),
    "vic-electricity": _vic(must=0.60, aim=0.50),
    "vic-electricity-covariates": _vic(must=0.58, aim=0.45),
}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks accuracy", description="Accuracy on public data."
    )
    parser.add_argument(
        "names", nargs="+", choices=[*BENCHMARKS, "all"], metavar="NAME", help="or all"
    )
    parser.add_argument("--seeds", default="0,1,2", help="default: 0,1,2")
    parser.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="as in training"
    )
    options = parser.parse_args(arguments)
    seeds = [int(seed) for seed in options.seeds.split(",")]
    for name in BENCHMARKS if "all" in options.names else options.names:
        print(json.dumps(measured(name, seeds, options.set)), flush=True)


def measured(name: str, seeds: Sequence[int], overrides: Sequence[str]) -> dict[str, Any]:
    """Medians over the seeds, beside what simple forecasts reach on the same windows."""
    one, metric = BENCHMARKS[name], BENCHMARKS[name].metric
    outcomes = [_trained(name, seed, overrides) for seed in seeds]
    ridge, _ = _trained(name, seeds[0], [*overrides, *RIDGE])
    values = [scores[metric] for scores, _ in outcomes]
    value = statistics.median(values)
    return {
        "benchmark": name,
        "metric": metric,
        "value": round(value, 4),
        "spread": round(max(values) - min(values), 4),
        "values": [round(value, 4) for value in values],
        "seeds": list(seeds),
        "seconds": [round(seconds, 1) for _, seconds in outcomes],
        "scores": {
            key: round(statistics.median(scores[key] for scores, _ in outcomes), 4) for key in ridge
        },
        "baselines": {
            key: round(scores[metric], 4)
            for key, scores in (one.baselines | {"ridge": ridge}).items()
        },
        "must": one.must,
        "aim": one.aim,
        "met": value <= one.must,
    }


def config_of(name: str) -> Path:
    """Return the config of a benchmark; end the program with a sentence if any of its data are not
    there.
    """
    path = CONFIGS / f"{name}.yaml"
    data_file(Path(load_config(path, environment={}).data.path).name)
    one = BENCHMARKS.get(name)
    if isinstance(one, Competition):
        data_file(f"{one.file}_test.csv.gz")
        if one.file.startswith("m4"):
            data_file("m4_published_forecasts.csv.gz")
    return path


def _trained(name: str, seed: int, overrides: Sequence[str]) -> tuple[Scores, float]:
    """Scores of one training, and its seconds."""
    settings = [part for override in (f"seed={seed}", *overrides) for part in ("--set", override)]
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder)
        command = [
            *FORECAST,
            "train",
            "--config",
            str(config_of(name)),
            "--runs",
            folder,
            "--json",
            *settings,
        ]
        usage = run(command, cwd=runs)
        return BENCHMARKS[name].measure(name, runs), usage.seconds
