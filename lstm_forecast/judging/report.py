"""Errors of a forecast beside those of the baselines, on the same windows."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.documents import Document, described
from lstm_forecast.judging.intervals import chance_points, coverage, msis, pinball, scaled_crps
from lstm_forecast.judging.metrics import (
    errors,
    errors_by_group,
    errors_by_step,
    left_out,
    owa,
    rmsse,
)
from lstm_forecast.store.report import FORECAST, Errors, Interval, Report

__all__ = ["SeriesErrors", "make_report", "worst_series"]

NAIVE = "naive"  # the baseline that a forecast may copy
# A forecast copies it that is nearer to it than this share of its distance to what came, and whose
# skill is no better than this.
COPYING_DISTANCE, COPYING_SKILL = 0.5, 0.05
# A flat forecast varies less than this share of what came.
FLAT_SHARE = 0.1
# Skill against a simple forecast below which that would have been the better choice.
HARMFUL_SKILL = -0.05
Floats = NDArray[np.float64]
Kind = TypeVar("Kind")


@dataclass(frozen=True, kw_only=True)
class SeriesErrors(Document):
    """Errors of the forecasts of one series."""

    unique_id: str = field(metadata=described("Name of the series, with that of its target."))
    windows: int = field(metadata=described("Windows that were forecast.", least=0))
    mae: float | None = field(metadata=described("Mean absolute error, in original units."))
    rmse: float | None = field(
        metadata=described("Root of the mean squared error, in original units.")
    )
    bias: float | None = field(
        metadata=described("Mean of forecast - actual, in original units: positive: over-forecast.")
    )
    smape: float | None = field(
        metadata=described("Symmetric mean absolute percentage error, in percent: 0 to 200.")
    )
    mase: float | None = field(
        metadata=described("Mean absolute scaled error; null: nothing changes in training.")
    )
    skill: float | None = field(
        metadata=described("1 - MAE of the forecast / MAE of the reference.")
    )


@np.errstate(over="ignore", invalid="ignore")
def make_report(
    *,
    actual: Floats,
    forecast: Floats,
    quantiles: Sequence[float],
    baselines: Mapping[str, Floats],
    scale: Floats,
    squared_scale: Floats,
    reference: str,
) -> Report:
    """Errors overall and by step, of the median forecast and of every baseline; the quality of
    every interval.

    ``forecast`` is (n_windows, horizon, n_targets, n_quantiles); ``actual`` and each baseline lack
    the last axis; ``scale`` and ``squared_scale`` (n_windows, 1, n_targets) are what MASE and RMSSE
    divide by. ``skill`` is 1 - MAE / MAE of the baseline; OWA is relative to the baseline
    ``reference``. Pinball losses are those of every quantile, the scaled CRPS that of all but the
    median. A figure that is beyond the range of numbers is None.
    """
    points = {FORECAST: forecast[..., len(quantiles) // 2], **baselines}
    overall = _overall(points, actual, scale, squared_scale, reference=reference)
    skill = {name: _skill(overall[FORECAST].mae, overall[name].mae) for name in baselines}
    intervals = dict(_intervals(forecast, actual, quantiles, scale))
    report = Report(
        windows=len(actual),
        errors=overall,
        skill=skill,
        reference=reference,
        left_out=left_out(actual, scale),
        by_step={name: errors_by_step(values, actual) for name, values in points.items()},
        intervals=intervals,
        pinball=_losses(forecast, actual, quantiles),
        scaled_crps=_scaled_crps(forecast, actual, quantiles),
        warnings=(
            *_beaten(skill, reference),
            *_warnings(points[FORECAST], actual, baselines[NAIVE]),
            *_missed(intervals, len(actual)),
        ),
    )
    return _representable(report)


def _losses(forecast: Floats, actual: Floats, quantiles: Sequence[float]) -> dict[str, float]:
    """The pinball loss of every quantile, by its number as text."""
    names = map("{:g}".format, quantiles)
    return dict(zip(names, pinball(forecast, actual, quantiles), strict=True))


def _overall(
    points: Mapping[str, Floats],
    actual: Floats,
    scale: Floats,
    squared_scale: Floats,
    *,
    reference: str,
) -> dict[str, Errors]:
    """All errors of each point forecast (n_windows, horizon, n_targets), by name."""
    plain = {name: errors(values, actual, scale) for name, values in points.items()}
    return {
        name: replace(
            plain[name],
            rmsse=rmsse(values, actual, squared_scale),
            owa=owa(plain[name], plain[reference]),
        )
        for name, values in points.items()
    }


def worst_series(
    *, actual: Floats, forecast: Floats, reference: Floats, scale: Floats, ids: NDArray[np.object_]
) -> tuple[SeriesErrors, ...]:
    """Errors of each series, the largest MASE first and those without one last, by MAE.

    ``forecast`` and the baseline ``reference`` are points like ``actual``; ``ids`` (n_windows,
    n_targets) names the series; ``skill`` is against the reference.
    """
    names, groups = np.unique(ids.astype(str), return_inverse=True)
    groups = groups.reshape(ids.shape)
    found = errors_by_group(forecast, actual, scale, groups)
    other = errors_by_group(reference, actual, scale, groups).mae
    order = np.lexsort((-found.mae, -np.nan_to_num(found.mase, nan=-1)))
    windows = np.bincount(groups.ravel())
    return tuple(
        SeriesErrors(
            unique_id=str(names[k]),
            windows=int(windows[k]),
            mae=_known(found.mae[k]),
            rmse=_known(found.rmse[k]),
            bias=_known(found.bias[k]),
            smape=_known(found.smape[k]),
            mase=_known(found.mase[k]),
            skill=_skill(float(found.mae[k]), float(other[k])),
        )
        for k in order
    )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _representable(found: Kind) -> Kind:
    """The same with None for every figure that is infinite or no number: JSON has no word for
    those.
    """
    representable: Any = found
    if is_dataclass(found) and not isinstance(found, type):
        representable = replace(
            found,
            **{each.name: _representable(getattr(found, each.name)) for each in fields(found)},
        )
    elif isinstance(found, Mapping):
        representable = {name: _representable(value) for name, value in found.items()}
    elif isinstance(found, tuple):
        representable = tuple(map(_representable, found))
    elif isinstance(found, float) and not math.isfinite(found):
        representable = None
    kind: Kind = representable
    return kind


def _skill(own: float | None, other: float | None) -> float | None:
    return 1 - own / other if own is not None and other else None


def _intervals(
    forecast: Floats, actual: Floats, quantiles: Sequence[float], scale: Floats
) -> Iterator[tuple[str, Interval]]:
    """Level in percent and quality of every interval, the widest first."""
    for k in range(len(quantiles) // 2):
        low, high, level = forecast[..., k], forecast[..., -1 - k], quantiles[-1 - k] - quantiles[k]
        share, width = coverage(low, high, actual)
        score = msis(low, high, actual, scale, level=level)
        yield str(round(100 * level)), Interval(coverage=share, width=width, msis=score)


def _scaled_crps(forecast: Floats, actual: Floats, quantiles: Sequence[float]) -> float | None:
    """That of all quantiles but the median; None where there are no others."""
    borders = [k for k in range(len(quantiles)) if k != len(quantiles) // 2]
    if not borders:
        return None
    return scaled_crps(forecast[..., borders], actual, [quantiles[k] for k in borders])


def _missed(intervals: Mapping[str, Interval], windows: int) -> Iterator[str]:
    """Intervals that held more or less than their level, by more than chance explains."""
    for level, found in intervals.items():
        share = int(level) / 100
        error = chance_points(share, windows)
        if found.coverage is not None and abs(found.coverage - share) > error:
            yield (
                f"{level} % intervals held {found.coverage:.1%} of what came, further from their"
                f" level than the {100 * error:.1f} points that chance explains"
            )


def _beaten(skill: Mapping[str, float | None], reference: str) -> Iterator[str]:
    """Forecasts that need no model and err less by more than a twentieth; without a season both are
    the naive one.
    """
    for name in dict.fromkeys((NAIVE, reference)):
        if (found := skill.get(name)) is not None and found < HARMFUL_SKILL:
            yield (
                f"the forecast errs more than the {name.replace('_', ' ')} one: its MAE is"
                f" {-found:.1%} above that"
            )


def _warnings(forecast: Floats, actual: Floats, naive: Floats) -> Iterator[str]:
    """What a small error alone would not tell.

    A forecast copies the last value if in most windows it is nearer to it than half as near as to
    what came, and its MAE is not 5 % below that of the naive forecast. It is flat if in most
    windows it varies over the horizon, from its lowest to its highest step, less than a tenth as
    much as what came. Both are about (window, target) pairs.
    """
    error = np.abs(forecast - actual)
    near = float(
        (np.abs(forecast - naive).mean(axis=1) < COPYING_DISTANCE * error.mean(axis=1)).mean()
    )
    skill = _skill(float(error.mean()), float(np.abs(naive - actual).mean()))
    if near > 0.5 and skill is not None and skill < COPYING_SKILL:
        yield (
            f"the forecast copies the last value: in {near:.0%} of the windows it is more than"
            f" twice as near to it as to what came, and its MAE is {abs(skill):.1%}"
            f" {'above' if skill < 0 else 'below'} that of the naive one"
        )
    flat = float((np.ptp(forecast, axis=1) < FLAT_SHARE * np.ptp(actual, axis=1)).mean())
    if flat > 0.5:
        yield (
            f"the forecast is flat: in {flat:.0%} of the windows it varies over the horizon less"
            " than a tenth as much as what came"
        )
