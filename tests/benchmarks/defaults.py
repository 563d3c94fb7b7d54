"""What users get who set nothing: ``python -m tests.benchmarks defaults [TASK...] [--cache DIR]
[--set key=value]``.

For every task ``init`` and ``train`` run once on the rows before the hold-out, then ``predict``
from the end of every table cut at one of the windows' origins. Beside it, on the same windows:
naive, seasonal naive (season by the tool's own convention), the tool's ridge without its network,
and AutoETS and AutoTheta of statsforecast, fitted again at every origin. Errors are divided by the
mean absolute seasonal difference of the series before the hold-out (MASE).
"""

import argparse
import json
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.benchmarks.defaults_baselines import (
    KEY,
    gap_p,
    held_out,
    long,
    moments,
    scales,
    scored,
    season_of,
    statistical,
)
from tests.benchmarks.defaults_tasks import TASKS, Task
from tests.benchmarks.measure import FORECAST, run

RIDGE = ("training.epochs=0", "model.linear=ridge", "model.ensemble=1", "training.fallback=false")
SIMPLE = ("naive", "seasonal_naive")


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks defaults", description="The defaults, judged."
    )
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=", ".join(TASKS))
    parser.add_argument(
        "--cache",
        type=Path,
        help="keeps forecasts of AutoETS and AutoTheta; empty it where a task changes",
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="as of forecast train"
    )
    options = parser.parse_args(arguments)
    if unknown := set(options.tasks) - set(TASKS):
        parser.error(f"no task {', '.join(sorted(unknown))}; there are {', '.join(TASKS)}")
    records = []
    for name in options.tasks or TASKS:
        records.append(judged(name, options.cache, options.set))
        print(json.dumps(records[-1], ensure_ascii=False), flush=True)
    print(json.dumps(summary(records)))


def judged(name: str, cache: Path | None, settings: Sequence[str]) -> dict[str, Any]:
    """Scores of every competitor in a task, and the verdict on ours."""
    task = TASKS[name]
    table = task.load()
    panel = long(task, table)
    season = season_of(panel)
    held = held_out(task, panel, season).merge(statistical(name, panel, cache), on=KEY)
    failed: dict[str, str] = {}
    seconds: dict[str, float] = {}
    for competitor, extra in (("forecast", ()), ("ridge", RIDGE)):
        with tempfile.TemporaryDirectory() as folder:
            try:
                forecasts, spent = tool(task, table, Path(folder), [*settings, *extra])
            except RuntimeError as error:
                failed[competitor] = str(error).partition("\n")[2][-500:]
                continue
        # Holidays are business days to a calendar: forecasts for them find no row, and the rows
        # left are scored.
        held = held.merge(
            forecasts.rename(columns={"forecast": competitor}), on=["unique_id", "window", "ds"]
        )
        seconds = seconds or spent
    scale = scales(task, panel, season)
    scores = scored(held, scale, [str(c) for c in held if c not in (*KEY, "ds", "y")])
    record = {
        "task": name,
        "season": season,
        "series": held["unique_id"].nunique(),
        "rows": len(held),
    }
    found = verdict(scores["mase"])
    if "forecast" in held:
        found["p"] = gap_p(held, scale, "forecast", found["best"])
    return record | found | {"scores": scores, "seconds": seconds, "failed": failed}


def verdict(mase: dict[str, float]) -> dict[str, Any]:
    """How ours compares to the best of the others; ``harm`` is its error relative to each simple
    forecast.
    """
    others = {name: score for name, score in mase.items() if name != "forecast"}
    best = min(others, key=lambda name: others[name])
    if "forecast" not in mase:
        return {"best": best}
    ours = mase["forecast"]
    harm = {name: round(ours / mase[name], 4) for name in SIMPLE}
    return {
        "best": best,
        "to_best": round(ours / mase[best], 4),
        "within_2_percent": ours <= 1.02 * mase[best],
        "harm": harm,
        "harmless": max(harm.values()) <= 1.05,
    }


def summary(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    done = [record for record in records if "to_best" in record]
    worst = (
        {name: max(done, key=lambda record: record["harm"][name]) for name in SIMPLE}
        if done
        else {}
    )
    return {
        "tasks": len(records),
        "failed": [record["task"] for record in records if "to_best" not in record],
        "within_2_percent": round(
            sum(record["within_2_percent"] for record in done) / len(records), 3
        ),
        "median_to_best": round(statistics.median(r["to_best"] for r in done), 4) if done else None,
        "worst": {name: {record["task"]: record["harm"][name]} for name, record in worst.items()},
        "harmed": [record["task"] for record in done if not record["harmless"]],
        "worse_beyond_chance": [record["task"] for record in done if beyond_chance(record)],
    }


def beyond_chance(record: dict[str, Any]) -> bool:
    """Whether ours is behind the best by more than 2 %, and a paired t-test over windows says that
    it is not chance.
    """
    return not record["within_2_percent"] and record["p"] is not None and record["p"] < 0.05


def tool(
    task: Task, table: pd.DataFrame, folder: Path, settings: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, float]]:
    """``unique_id, window, ds, forecast`` of the real commands, and seconds: of ``predict`` the
    mean.
    """
    left = table.groupby(task.series_id or np.zeros(len(table))).cumcount(ascending=False)
    table[left >= task.windows * task.horizon].to_csv(folder / "table.csv", index=False)
    columns = ["--timestamp", task.timestamp, *(f"--target={target}" for target in task.targets)]
    series = ["--series-id", task.series_id] if task.series_id else []
    begin = [*FORECAST, "init", "table.csv", "--horizon", str(task.horizon), *columns, *series]
    started = run(begin, cwd=folder).seconds
    every = "data.ended_series=forecast"  # all of them are judged
    overrides = [part for setting in (every, *settings) for part in ("--set", setting)]
    trained = run(
        [*FORECAST, "train", "--config", "configs/table.yaml", *overrides], cwd=folder
    ).seconds
    parts, predicted = [], []
    for window in range(task.windows):
        table[left >= (task.windows - window) * task.horizon].to_csv(
            folder / "cut.csv", index=False
        )
        command = [
            *FORECAST,
            "predict",
            "--data",
            "cut.csv",
            "--columns",
            "long",
            "--output",
            "cut.parquet",
        ]
        predicted.append(run(command, cwd=folder).seconds)
        parts.append(pd.read_parquet(folder / "cut.parquet").assign(window=window))
    forecasts = pd.concat(parts).rename(columns={"table": "forecast"})
    forecasts["ds"] = moments(forecasts["ds"])
    seconds = {"init": started, "train": trained, "predict": statistics.mean(predicted)}
    rounded = {command: round(value, 2) for command, value in seconds.items()}
    return forecasts[["unique_id", "window", "ds", "forecast"]], rounded
