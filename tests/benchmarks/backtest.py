"""Backtest: 1,000 windows in batches against one prediction after another, by the same network."""

import statistics
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from lstm_forecast.forecasting.future import forecast_future, forecast_table
from lstm_forecast.forecasting.loaded import load_run
from lstm_forecast.forecasting.table import window_ids
from lstm_forecast.judging.folds import fold_forecasts, published_folds
from lstm_forecast.judging.parts import part_table
from lstm_forecast.judging.task import open_task
from lstm_forecast.panel.panel import Panel
from lstm_forecast.store import find_run
from tests.benchmarks.measure import FORECAST, interleaved, run

WINDOWS, ROUNDS, ROWS = 1_000, 7, 8_760
CONFIG = """\
name: hourly
data: {path: hourly.parquet, timestamp: ds, targets: y}
windows: {horizon: 24, context_length: 168, evaluation_stride: 1}
model: {units: 64, segment_length: 24, levels: [80, 95], ensemble: 1}
training: {epochs: 1, steps_per_epoch: 20, fallback: false}
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        hours = np.arange(ROWS)
        y = 10 + np.sin(hours * np.pi / 12) + np.random.default_rng(0).normal(scale=0.2, size=ROWS)
        stamps = pd.date_range("2024-01-01", periods=ROWS, freq="h")
        pd.DataFrame({"ds": stamps, "y": y}).to_parquet(folder / "hourly.parquet")
        (folder / "hourly.yaml").write_text(CONFIG)
        run([*FORECAST, "train", "--config", "hourly.yaml"], cwd=folder)
        task = open_task(
            load_run(find_run(folder / "runs", "hourly"), evaluated=True), None, WINDOWS
        )
    folds, part = published_folds(task), task.part
    forecaster, quantiles, name = (
        task.loaded.forecaster,
        task.loaded.config.model.quantiles,
        task.loaded.config.name,
    )
    ids = window_ids(task.loaded.config.data, task.panel.layout, melted=task.loaded.config.melted)
    origins, floors = part.windows.origins(np.arange(WINDOWS))

    def batches() -> pd.DataFrame:
        forecast = fold_forecasts(folds, task)
        return part_table(
            task.panel.layout, part, forecast, name=name, ids=ids, quantiles=quantiles, baselines={}
        )

    def predictions() -> pd.DataFrame:
        """What `forecast predict` does once the table is read, from each origin."""
        known = (until(task.panel, row) for row in origins)
        tables = (
            forecast_table(task.loaded, panel, forecast_future(task.loaded, panel)[0])
            for panel in known
        )
        return pd.concat(tables, ignore_index=True)

    def bare() -> np.ndarray:
        """The network and its scaling alone, without tables."""
        one = (slice(k, k + 1) for k in range(WINDOWS))
        parts = [
            forecaster.ahead(task.values, origins[k], floors[k], task.rows[k], steps=24)
            for k in one
        ]
        return np.concatenate(parts)

    tables, single = batches(), predictions()
    columns = [column for column in tables if column.startswith(name)]
    difference = (
        np.abs(tables[columns] - single[columns]).to_numpy().max()
        / np.abs(tables[columns]).to_numpy().max()
    )
    print(f"medians of {ROUNDS} interleaved rounds, milliseconds for {WINDOWS:,} windows")
    calls = {
        "backtest": batches,
        "loop of single predictions": predictions,
        "the same without tables": bare,
    }
    seconds = {
        label: statistics.median(rounds)
        for label, rounds in interleaved(calls, rounds=ROUNDS).items()
    }
    for label, taken in seconds.items():
        print(f"{label:28}{1000 * taken:8.1f}  {taken / seconds['backtest']:6.1f} times as long")
    print("the loop of single predictions: at least 10 times as long")
    print(f"largest difference {difference:.1e} of the largest forecast (at most 1e-6)")


def until(panel: Panel, row: int) -> Panel:
    """The rows of one series before ``row``."""
    ends = np.array([0, row])
    return replace(
        panel, layout=replace(panel.layout, offsets=ends, spans=ends), values=panel.values[:row]
    )
