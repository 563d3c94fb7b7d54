"""Errors of point forecasts in original units.

Every window and step weighs the same, so batch sizes never matter.

Arrays are (n_windows, horizon, n_targets), y the actual value and f its forecast. Error = f - y:
positive means over-forecast. Scales are (n_windows, 1, n_targets) and come from the training rows
of each series, see seasonal_scale; where one is 0 the window and target have no scaled error: they
are left out of it, and ``left_out`` counts them.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.store.report import Errors, LeftOut, Steps

__all__ = [
    "GroupErrors", "deciding_error", "errors", "errors_by_group", "errors_by_step",
    "gains_beyond_chance", "left_out", "owa", "relative_errors", "rmsse", "seasonal_scale",
]  # fmt: skip

Floats = NDArray[np.float64]
LEAST_POSITIVE = np.finfo(np.float64).tiny
# a figure may lie beyond the range of numbers: infinite
_any_size = np.errstate(over="ignore", invalid="ignore")


@dataclass(frozen=True)
class GroupErrors:
    """Errors of every group of windows and targets, (n_groups,) each."""

    mae: Floats
    rmse: Floats
    bias: Floats
    smape: Floats
    mase: Floats  # not a number where the scale is 0


@_any_size
def errors(forecast: Floats, actual: Floats, scale: Floats) -> Errors:
    """All windows, steps and targets in one figure each; None where nothing is left to be averaged.

    mae: mean of |f - y|; mse: mean of (f - y)^2; rmse: root of mse; bias: mean of f - y; mape: mean
    of 100 |f - y| / |y| over all y that are not 0; smape: mean of 200 |f - y| / (|f| + |y|), 0 to
    200, where 0/0 counts as 0 (as in M4, Makridakis et al. 2020); mase: mean of |f - y| /
    ``scale``, which is that of seasonal_scale (Hyndman & Koehler 2006, "Another look at measures of
    forecast accuracy").
    """
    error = forecast - actual
    size = np.abs(error)
    measured, nonzero = np.broadcast_to(scale > 0, size.shape), actual != 0
    mse = float((error**2).mean())
    return Errors(
        mae=float(size.mean()),
        mse=mse,
        rmse=mse**0.5,
        bias=float(error.mean()),
        mape=_mean(100 * size / np.where(nonzero, np.abs(actual), 1), nonzero),
        smape=float(_symmetric(size, forecast, actual).mean()),
        mase=_mean(size / np.where(scale > 0, scale, 1), measured),
    )


def deciding_error(found: Errors) -> float:
    """The error by which forecasts of the same windows are chosen: MASE, or MAE where nothing can
    be scaled; infinite where it is no number.
    """
    error = found.mase if found.mase is not None else found.mae or 0.0
    return error if math.isfinite(error) else math.inf


@_any_size
def rmsse(forecast: Floats, actual: Floats, squared_scale: Floats) -> float | None:
    """Mean over windows and targets of the root of mean (f - y)^2 / ``squared_scale``, from
    seasonal_scale's power 2.

    As in M5 (Makridakis et al. 2022), and as utilsforecast computes it for every cutoff.
    """
    scaled = ((forecast - actual) ** 2).mean(axis=1, keepdims=True) / np.where(
        squared_scale > 0, squared_scale, 1
    )
    return _mean(np.sqrt(scaled), squared_scale > 0)


def owa(own: Errors, reference: Errors) -> float | None:
    """Overall weighted average: mean of smape and mase, each relative to those of ``reference``; 1
    is as good.

    M4 takes Naive2 as reference; here it is the baseline that the report names. None where a figure
    is missing or 0.
    """
    pairs = [(own.smape, reference.smape), (own.mase, reference.mase)]
    ratios = [mine / other for mine, other in pairs if mine is not None and other]
    return sum(ratios) / 2 if len(ratios) == 2 else None


@_any_size
def gains_beyond_chance(
    forecast: Floats, other: Floats, actual: Floats, scale: Floats, *, apart: float | None = None
) -> bool:
    """Whether windows err less by a forecast than by another, by more than the standard error of
    the mean difference between their scaled absolute errors.

    Where they overlap they say as much as ``apart`` windows that do not. One window has no standard
    error: its word is taken. So is a forecast taken before one that is not finite.
    """
    known = scale > 0
    unit = np.where(known, scale, np.inf if known.any() else 1)
    gains = ((np.abs(other - actual) - np.abs(forecast - actual)) / unit).mean(axis=(1, 2))
    apart = len(gains) if apart is None else apart
    error = gains.std(ddof=1) / apart**0.5 if apart > 1 else 0
    return not gains.mean() <= error


def left_out(actual: Floats, scale: Floats) -> LeftOut:
    """What figures lack: windows and targets whose scale is 0, in mase and rmsse; values that are
    0, in mape.
    """
    return LeftOut(zero_scale=int((scale == 0).sum()), zero_actual=int((actual == 0).sum()))


@_any_size
def errors_by_step(forecast: Floats, actual: Floats) -> Steps:
    """MAE and RMSE of each step of the horizon, over all windows and targets."""
    error = forecast - actual
    return Steps(
        mae=tuple(np.abs(error).mean(axis=(0, 2)).tolist()),
        rmse=tuple(np.sqrt((error**2).mean(axis=(0, 2))).tolist()),
    )


@_any_size
def errors_by_group(
    forecast: Floats, actual: Floats, scale: Floats, groups: NDArray[np.int64]
) -> GroupErrors:
    """MAE, RMSE, bias, sMAPE and MASE of every group of windows and targets, (n_groups,) each.

    Formulas are those of ``errors``. ``groups`` (n_windows, n_targets) numbers them from 0 without
    a hole; ``scale`` is one for each group, and MASE not a number where it is 0.
    """
    error = forecast - actual
    size, counts = np.abs(error), np.bincount(groups.ravel())

    def mean(values: Floats) -> Floats:
        return np.bincount(groups.ravel(), values.mean(axis=1).ravel()) / counts

    mae, scales = mean(size), mean(scale)
    return GroupErrors(
        mae=mae,
        rmse=np.sqrt(mean(error**2)),
        bias=mean(error),
        smape=mean(_symmetric(size, forecast, actual)),
        mase=np.divide(mae, scales, out=np.full(len(mae), np.nan), where=scales > 0),
    )


def relative_errors(table: pd.DataFrame, name: str) -> pd.Series:
    """Error of the forecasts ``name`` by ``unique_id``, the smallest first: sum of |f - y| / sum of
    |y|.

    ``table`` has ``unique_id, y`` and the forecasts. The normalized deviation of Yu, Rao & Dhillon
    (2016, "Temporal regularized matrix factorization"); series that are 0 throughout are left out.
    """
    size, sums = (table[name] - table["y"]).abs(), table["y"].abs()
    by_series = pd.DataFrame({"size": size, "sums": sums}).groupby(table["unique_id"].astype(str))
    totals = by_series.sum()
    found = totals["size"] / totals["sums"].where(totals["sums"] > 0)
    return found.dropna().sort_values(kind="stable")


def seasonal_scale(training: Floats, season_length: int, *, power: int = 1) -> Floats:
    """Mean absolute error of the seasonal naive forecast inside the training rows (n_rows,
    n_targets) of one series.

    With ``power`` 2 the mean squared one. Falls back to the last value where the rows are fewer
    than a season; 0 where there is nothing to compare. What was not observed, NaN, is left out.
    """
    lag = season_length if len(training) > season_length else 1
    if len(training) <= lag:
        return np.zeros(training.shape[1])
    sizes = np.abs(training[lag:] - training[:-lag]) ** power
    known = ~np.isnan(sizes)
    if known.all():
        return np.asarray(sizes.mean(axis=0))
    scale: Floats = np.where(known, sizes, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return scale


def _symmetric(size: Floats, forecast: Floats, actual: Floats) -> Floats:
    percent: Floats = 200 * size / np.maximum(np.abs(forecast) + np.abs(actual), LEAST_POSITIVE)
    return percent


def _mean(values: Floats, kept: NDArray[np.bool_]) -> float | None:
    return float(values.mean(where=kept)) if kept.any() else None
