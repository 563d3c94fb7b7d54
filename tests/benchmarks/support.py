"""Do forecasts stay where values can be? ``python -m tests.benchmarks support [NAME...]
[--time-budget 10]``.

Trains a config with nothing set but the horizon on counts, amounts and shares, public and generated
ones, by the real command: once as it is and once with ``preprocessing.support: real``, with equal
seeds. Prints one JSON line for each table: the support that was found, the share of points and of
interval borders outside of what the values can be, of the test forecasts and of a forecast rolled
twice as far as the run's, and the test MASE.
"""

import argparse
import json
import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lstm_forecast.config.loading import parse_config
from tests.benchmarks.defaults_tasks import competition, public
from tests.benchmarks.files import case_file
from tests.benchmarks.measure import FORECAST, run

SERIES, ROWS, HORIZON = 4, 240, 14  # of the generated tables
CONFIG = """\
name: table
data: {{path: table.csv, timestamp: {timestamp}, series_id: {series_id}, targets: {target},
  missing: ffill, gaps: fill, ended_series: forecast}}
windows: {{horizon: {horizon}}}
model: {{levels: [80, 95]}}
"""
# series_id, ds, target; horizon; the largest value that can be
Table = tuple[pd.DataFrame, int, float]


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks support", description="Forecasts that can be."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(TABLES))
    parser.add_argument(
        "--time-budget", default="10", help="seconds of every training, about; default: 10"
    )
    options = parser.parse_args(arguments)
    for name in options.names or TABLES:
        found = {"benchmark": name, **_measured(*TABLES[name](), budget=options.time_budget)}
        print(json.dumps(found), flush=True)


def _measured(table: pd.DataFrame, horizon: int, most: float, *, budget: str) -> dict[str, Any]:
    series_id, timestamp, target = table.columns
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        table.to_csv(home / "table.csv", index=False)
        names = {"series_id": series_id, "timestamp": timestamp, "target": target}
        (home / "table.yaml").write_text(CONFIG.format(horizon=horizon, **names))
        found: dict[str, Any] = {}
        for runs, support in (("chosen", "auto"), ("plain", "real")):
            settings = [f"training.time_budget={budget}", f"preprocessing.support={support}"]
            command = [*FORECAST, "train", "--config", "table.yaml", "--runs", runs]
            run(
                [*command, *(part for setting in settings for part in ("--set", setting))], cwd=home
            )
            ahead = [
                *FORECAST,
                "predict",
                "--runs",
                runs,
                "--horizon",
                str(2 * horizon),
                "--output",
                f"{runs}.parquet",
            ]
            run(ahead, cwd=home)
            found |= _judged(home, runs, most)
    return found | {"mase_ratio": round(found["chosen_mase"] / found["plain_mase"], 5)}


def _judged(home: Path, runs: str, most: float) -> dict[str, Any]:
    (path,) = (home / runs).glob("table/*/metrics.json")
    config = parse_config((path.parent / "config.yaml").read_text(), source="config.yaml")
    tables = [
        pd.read_parquet(path.parent / "forecasts.parquet"),
        pd.read_parquet(home / f"{runs}.parquet"),
    ]
    report = json.loads(path.read_text())["test"]
    outside = [_outside(pd.concat(tables), names, most) for names in (["table"], None)]
    return {
        f"{runs}_support": config.preprocessing.support,
        f"{runs}_points_outside": outside[0],
        f"{runs}_borders_outside": outside[1],
        f"{runs}_mase": report["errors"]["forecast"]["mase"],
        f"{runs}_coverage": {
            level: round(each["coverage"], 3) for level, each in report["intervals"].items()
        },
    }


def _outside(table: pd.DataFrame, names: list[str] | None, most: float) -> float:
    """Share of the values below 0 or above ``most`` in columns ``names``, by default those of the
    borders.
    """
    values = table[names or [name for name in table if name.startswith("table-")]].to_numpy()
    return round(float(((values < 0) | (values > most)).mean()), 5)


def _generated(
    draw: Callable[[np.random.Generator, int], np.ndarray], seed: int, most: float = math.inf
) -> Table:
    rng = np.random.default_rng(seed)
    days = pd.date_range("2023-01-02", periods=ROWS).astype(str)
    parts = [
        pd.DataFrame({"id": f"s{k}", "ds": days, "y": draw(rng, k).astype(float)})
        for k in range(SERIES)
    ]
    return pd.concat(parts), HORIZON, most


def _intermittent(rng: np.random.Generator, k: int) -> np.ndarray:
    """As Croston has it: sizes at random moments."""
    return (rng.random(ROWS) < 0.1 + 0.1 * k) * (1 + rng.poisson(2 + k, ROWS))


def _counts(rng: np.random.Generator, k: int) -> np.ndarray:
    return rng.poisson((0.5 + k) * (1 + 0.6 * np.sin(2 * np.pi * np.arange(ROWS) / 7)))


def _overdispersed(rng: np.random.Generator, k: int) -> np.ndarray:
    return rng.negative_binomial(0.6, 0.6 / (0.6 + 2 + 3 * k), ROWS)


def _inflated(rng: np.random.Generator, k: int) -> np.ndarray:
    return (rng.random(ROWS) < 0.4) * rng.lognormal(1 + 0.3 * k, 1, ROWS).round(2)


def _shares(rng: np.random.Generator, k: int) -> np.ndarray:
    """A wandering share, nearly always high."""
    state = np.zeros(ROWS)
    for t in range(1, ROWS):
        state[t] = 0.8 * state[t - 1] + rng.normal()
    return 1 / (1 + np.exp(-1.5 - 0.5 * k - state))


def _case(name: str, horizon: int) -> Table:
    table = pd.read_csv(case_file(f"{name}.csv"))
    return table.assign(id="a")[["id", *table.columns]], horizon, math.inf


def _rows_of_m5() -> Table:
    table = pd.read_csv(case_file("row_per_series_m5.csv")).drop(
        columns=["item_id", "dept_id", "store_id"]
    )
    long = table.melt("id", var_name="ds", value_name="y")
    return (
        long.assign(ds=long["ds"].str.removeprefix("d_").astype(int)).sort_values(["id", "ds"]),
        28,
        math.inf,
    )


def _public(name: str, columns: list[str], horizon: int) -> Table:
    table = public(name)
    return table.assign(id="a")[columns], horizon, math.inf


def _tables() -> Iterator[tuple[str, Callable[[], Table]]]:
    for draw in (_intermittent, _counts, _overdispersed, _inflated, _shares):
        for seed in range(4):
            most = 1 if draw is _shares else math.inf
            yield f"{draw.__name__.removeprefix('_')}-{seed}", partial(_generated, draw, seed, most)
    yield "case-counts", partial(_case, "counts", 14)
    yield "m5", _rows_of_m5
    yield "wikipedia", partial(_public, "wikipedia_traffic_daily", ["Page", "date", "value"], 14)
    yield "illness", partial(_public, "national_illness", ["id", "date", "ILITOTAL"], 24)
    yield "temperatures", partial(_public, "daily_min_temperatures", ["id", "Date", "Temp"], 14)
    yield "tourism", lambda: (competition("tourism_yearly"), 4, math.inf)


TABLES = dict(_tables())
