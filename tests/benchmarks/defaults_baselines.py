"""The held-out rows of the ``defaults`` benchmark, forecasts of simple and statistical methods for
them, and scores.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import ttest_1samp

from lstm_forecast.panel.seasons import season_length
from lstm_forecast.panel.steps.inference import infer_freq
from tests.benchmarks.defaults_tasks import TASKS, Task

KEY = ["unique_id", "window", "step"]


def long(task: Task, table: pd.DataFrame) -> pd.DataFrame:
    """``unique_id, ds, y`` and ``left``, the rows that follow in the series; stamps in UTC or whole
    numbers.
    """
    if task.series_id:
        names = {task.series_id: "unique_id", task.timestamp: "ds", task.targets[0]: "y"}
        panel = table[list(names)].rename(columns=names)
    else:
        panel = table.melt(task.timestamp, list(task.targets), "unique_id", "value")
        panel = panel.rename(columns={task.timestamp: "ds", "value": "y"})
    panel["unique_id"] = panel["unique_id"].astype(str)
    panel["ds"] = moments(panel["ds"])
    return panel.assign(left=panel.groupby("unique_id").cumcount(ascending=False))


def held_out(task: Task, panel: pd.DataFrame, season: int) -> pd.DataFrame:
    """``unique_id, window, step, ds, y`` of the rows to forecast, with both simple forecasts."""
    names = np.sort(panel["unique_id"].unique())
    chosen = (
        np.random.default_rng(0).choice(names, task.scored, replace=False) if task.scored else names
    )
    rows = panel[panel["unique_id"].isin(chosen) & (panel["left"] < task.windows * task.horizon)]
    window, left = task.windows - 1 - rows["left"] // task.horizon, rows["left"] % task.horizon
    rows = rows.assign(window=window, step=task.horizon - 1 - left).drop(columns="left")
    steps = np.arange(task.horizon)
    simple = [
        pd.DataFrame(
            {"naive": past[-1], "seasonal_naive": past[len(past) - season + steps % season]}
        ).assign(**place)
        for place, past in pasts(task, panel, chosen)
    ]
    return rows.merge(pd.concat(simple).rename_axis("step").reset_index(), on=KEY)


def pasts(
    task: Task, panel: pd.DataFrame, names: Iterable[str]
) -> Iterator[tuple[dict[str, Any], NDArray[np.float64]]]:
    """Every series up to every origin."""
    for name, rows in panel[panel["unique_id"].isin(names)].groupby("unique_id"):
        values = rows["y"].to_numpy(float)
        for window in range(task.windows):
            yield (
                {"unique_id": name, "window": window},
                values[: -(task.windows - window) * task.horizon],
            )


def scales(task: Task, panel: pd.DataFrame, season: int) -> pd.Series:
    """Mean absolute seasonal difference of every series before the hold-out."""
    before = panel[panel["left"] >= task.windows * task.horizon].set_index("unique_id")["y"]
    return before.groupby(level=0).diff(season).abs().groupby(level=0).mean()


def scored(
    held: pd.DataFrame, scale: pd.Series, names: Iterable[str]
) -> dict[str, dict[str, float]]:
    """MASE, the mean over the series that ever differ from their last season, and sMAPE in percent
    over all rows.
    """
    scores: dict[str, dict[str, float]] = {"mase": {}, "smape": {}}
    for name in names:
        errors = (held["y"] - held[name]).abs()
        scaled = errors.groupby(held["unique_id"]).mean() / scale[scale > 0]
        scores["mase"][name] = round(float(scaled.mean()), 5)
        size = held["y"].abs() + held[name].abs()
        scores["smape"][name] = round(float((200 * errors / size.where(size > 0, 1)).mean()), 3)
    return scores


def gap_p(held: pd.DataFrame, scale: pd.Series, name: str, other: str) -> float | None:
    """The p-value of a paired t-test of the scaled errors of two forecasts, window by window; None
    of one window.
    """
    more = (held["y"] - held[name]).abs() - (held["y"] - held[other]).abs()
    windows = more.groupby([held["unique_id"], held["window"]]).mean()
    gaps = windows.div(scale[scale > 0], level="unique_id").dropna()
    found = float(ttest_1samp(gaps, 0).pvalue) if len(gaps) > 1 else np.nan
    return round(found, 5) if np.isfinite(found) else None


def statistical(name: str, panel: pd.DataFrame, cache: Path | None) -> pd.DataFrame:
    """``unique_id, window, step, AutoETS, AutoTheta``; from the ``cache`` where it has them."""
    path = cache / f"{name}.parquet" if cache else None
    if path and path.exists():
        return pd.read_parquet(path)
    from statsforecast.models import AutoETS, AutoTheta

    task = TASKS[name]
    names = held_out(task, panel, 1)["unique_id"].unique()
    parts = []
    for place, past in pasts(task, panel, names):
        newest = past[-(task.newest or len(past)) :]
        models: dict[str, Any] = {
            "AutoETS": AutoETS(season_length=task.season),
            "AutoTheta": AutoTheta(season_length=task.season),
        }
        columns = {
            label: model.forecast(y=newest, h=task.horizon)["mean"]
            for label, model in models.items()
        }
        parts.append(pd.DataFrame(columns).assign(**place))
    forecasts = pd.concat(parts).rename_axis("step").reset_index()
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        forecasts.to_parquet(path, index=False)
    return forecasts


def moments(stamps: pd.Series) -> pd.Series:
    """Stamps in UTC, or whole numbers."""
    return (
        stamps
        if pd.api.types.is_integer_dtype(stamps)
        else pd.to_datetime(stamps, utc=True).dt.as_unit("us")
    )


def season_of(panel: pd.DataFrame) -> int:
    """Rows of a season as the tool takes it from the frequency."""
    stamps = panel.loc[panel["unique_id"] == panel["unique_id"].iloc[0], "ds"]
    integers = pd.api.types.is_integer_dtype(stamps)
    numbers = stamps.to_numpy(np.int64 if integers else "datetime64[us]").astype(np.int64)
    return season_length(infer_freq(numbers, integers=integers))
