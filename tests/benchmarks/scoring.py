"""Scores of public benchmarks as their authors compute them, from the data files and a table of
forecasts alone.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tests.benchmarks.files import data_file

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Scores = dict[str, float]


# Many series with an official hold-out: the M competitions and Tourism


def read_long(name: str) -> pd.DataFrame:
    """``unique_id, ds, y``: ``ds`` a time stamp, or the number of the step."""
    table = pd.read_csv(data_file(f"{name}.csv.gz"), dtype={"unique_id": str})
    return (
        table
        if pd.api.types.is_integer_dtype(table["ds"])
        else table.assign(ds=pd.to_datetime(table["ds"]))
    )


def by_series(table: pd.DataFrame, column: str, *, step: str = "ds") -> Floats:
    """The column as (n_series, steps): series in the order of their ids, every one with the same
    number of steps.
    """
    lengths = table["unique_id"].value_counts()
    if lengths.nunique() != 1:
        raise ValueError(
            f"series of {lengths.min()} to {lengths.max()} steps, where all must have as many"
        )
    return (
        table.sort_values(["unique_id", step])[column]
        .to_numpy(np.float64)
        .reshape(len(lengths), -1)
    )


def repeated(train: pd.DataFrame, *, season: int, horizon: int) -> Floats:
    """The last ``season`` values of every series over and over, (n_series, horizon); season 1 is
    the naive forecast.
    """
    return by_series(train.groupby("unique_id").tail(season), "y")[:, np.arange(horizon) % season]


def published(train: pd.DataFrame, method: str) -> Floats:
    """M4 forecasts of a published method for the series of ``train``, (n_series, horizon)."""
    table = pd.read_csv(data_file("m4_published_forecasts.csv.gz"), dtype={"unique_id": str})
    return by_series(table[table["unique_id"].isin(set(train["unique_id"]))], method, step="step")


def seasonal_scales(train: pd.DataFrame, season: int) -> Floats:
    """Mean absolute seasonal difference within every series, (n_series,); not a number for those
    within one season.
    """
    differences = train.groupby("unique_id")["y"].diff(season).abs()
    return differences.groupby(train["unique_id"]).mean().to_numpy(np.float64)


def competition_scores(actual: Floats, forecast: Floats, scales: Floats) -> Scores:
    """sMAPE in percent over all points, and MASE as the mean over the series, as M4 defines both.

    ``actual`` and ``forecast`` are (n_series, horizon), ``scales`` (n_series,). Series that never
    differ from their last season have no MASE: they are left out of it, and counted. (Makridakis,
    Spiliotis and Assimakopoulos 2020, The M4 Competition: 100,000 time series and 61 forecasting
    methods.)
    """
    errors = np.abs(actual - forecast)
    kept = scales > 0
    return {
        "smape": float((200 * errors / (np.abs(actual) + np.abs(forecast))).mean()),
        "mase": float((errors.mean(axis=1)[kept] / scales[kept]).mean()),
        "left_out": int((~kept).sum()),
    }


def owa(scores: Scores, naive2: Scores) -> float:
    """Overall weighted average of M4: mean of sMAPE and MASE, each relative to that of Naive2."""
    return (scores["smape"] / naive2["smape"] + scores["mase"] / naive2["mase"]) / 2


# A few columns forecast from every row of a test part: the long-horizon protocol


def read_wide(name: str, columns: tuple[str, ...] = ()) -> pd.DataFrame:
    """All columns but the first, which holds the stamps; or the named ones."""
    table = pd.read_csv(data_file(f"{name}.csv.gz"))
    return table[list(columns or table.columns[1:])].astype(np.float64)


def shifted_scores(values: Floats, origins: Ints, *, season: int, horizon: int) -> Scores:
    """MSE and MAE of the last season before every origin, repeated.

    ``values`` (rows, columns) are scaled, ``origins`` (n_windows,) the first row of every window's
    targets.
    """
    errors = (
        values[origins + step] - values[origins - season + step % season] for step in range(horizon)
    )
    means = np.array([((error**2).mean(), np.abs(error).mean()) for error in errors]).mean(axis=0)
    return {"mse": float(means[0]), "mae": float(means[1])}


def table_scores(path: Path, name: str, scales: Mapping[str, float]) -> tuple[Scores, int]:
    """MSE and MAE of the column ``name`` of a run's ``forecasts.parquet``, and the number of
    forecasts.

    Every error is divided by the scale of its column: with the train rows' standard deviations,
    that is the error of standardised values. Read in pieces, as there is a row for every window,
    column and step.
    """
    sums, count = np.zeros(2), 0
    for batch in _batches(path, ["unique_id", "y", name]):
        errors = (batch["y"] - batch[name]).to_numpy() / batch["unique_id"].map(scales).to_numpy(
            np.float64
        )
        sums += (errors**2).sum(), np.abs(errors).sum()
        count += len(errors)
    mse, mae = sums / count
    return {"mse": float(mse), "mae": float(mae)}, count


def _batches(path: Path, columns: list[str]) -> Iterator[pd.DataFrame]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=1 << 20, columns=columns):
            yield batch.to_pandas()
