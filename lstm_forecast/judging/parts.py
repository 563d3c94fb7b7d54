"""Windows that forecasts are judged on: what they are compared with, the report and the table that
come of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import DataError
from lstm_forecast.forecasting.table import long_table, quantile_columns, with_keys
from lstm_forecast.judging.baselines import simple_forecasts
from lstm_forecast.judging.metrics import seasonal_scale
from lstm_forecast.judging.report import make_report
from lstm_forecast.model.linear.linear import Linear
from lstm_forecast.panel.holes import history
from lstm_forecast.panel.panel import Layout, Panel
from lstm_forecast.panel.scale import Scaler
from lstm_forecast.panel.split import Split
from lstm_forecast.store.report import Report
from lstm_forecast.windows.windows import Windows

__all__ = [
    "DIVERGED", "Part", "linear_forecast", "make_parts", "part_report", "part_table",
    "require_finite", "seasonal_scales",
]  # fmt: skip

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BATCH = 256
DIVERGED = "training has probably diverged: lower training.learning_rate"


@dataclass(frozen=True)
class Part:
    """Windows to be evaluated, with what their forecasts are compared with, in original units."""

    windows: Windows
    origins: Ints  # (n,): row of the first target
    series: Ints  # (n,): number of the series
    actual: Floats  # (n, horizon, n_targets)
    baselines: dict[str, Floats]  # simple forecasts, each like actual
    scale: Floats  # (n, 1, n_targets): what MASE divides by
    squared_scale: Floats  # (n, 1, n_targets): what RMSSE divides by
    reference: str  # the baseline that OWA is relative to: seasonal_naive, or naive without season


def make_parts(
    panel: Panel, split: Split, windows: Mapping[str, Windows], *, season_length: int
) -> dict[str, Part | None]:
    """What the windows are compared with; None where there are none.

    Scales are those of the training rows.
    """
    return {
        name: _part(panel, split, each, season_length) if len(each) else None
        for name, each in windows.items()
    }


def seasonal_scales(
    targets: Floats, starts: Ints, ends: Ints, season_length: int, *, power: int = 1
) -> Floats:
    """What MASE divides by, with ``power`` 2 RMSSE, by series and target: (n_series, n_targets).

    ``targets`` (n_rows, n_targets) are values in original units; the rows ``starts`` to ``ends``,
    both (n_series,), are learned from.
    """
    learned = (targets[start:end] for start, end in zip(starts, ends, strict=True))
    return np.array([seasonal_scale(rows, season_length, power=power) for rows in learned])


def _part(panel: Panel, split: Split, windows: Windows, season_length: int) -> Part:
    origins, floors = windows.origins(np.arange(len(windows)))
    series = panel.layout.series_of(origins - 1)
    own, horizon = panel.values[:, windows.channels.targets], windows.framing.horizon
    past = history(own, panel.layout.spans, season_length)
    learned = (split.train_start, split.validation_start)
    scale, squared_scale = (
        seasonal_scales(own, *learned, season_length, power=power)[series][:, None]
        for power in (1, 2)
    )
    return Part(
        windows=windows,
        origins=origins,
        series=series,
        actual=own[origins[:, None] + np.arange(horizon)],
        baselines=simple_forecasts(
            past, origins, floors, horizon=horizon, season_length=season_length
        ),
        scale=scale,
        squared_scale=squared_scale,
        reference="seasonal_naive" if season_length > 1 else "naive",
    )


def linear_forecast(linear: Linear, windows: Windows, scaler: Scaler, series: Ints) -> Floats:
    """Forecasts (n, horizon, n_targets) of a linear part alone; ``series`` (n,) are rows of the
    scaler.
    """
    batches = (
        linear.predict(batch.inputs) * batch.scale + batch.center
        for batch in windows.batches(BATCH)
    )
    return scaler.invert(
        np.concatenate(list(batches)), series, n_targets=windows.channels.n_targets
    )


def require_finite(part: Part, forecast: Floats, layout: Layout, *, log: bool) -> None:
    """Raise DataError where the part's ``forecast`` (n, horizon, n_targets, n_quantiles) is beyond
    all numbers.

    Infinite ones come of logarithms that ``log`` takes back; only a network says what is none.
    """
    wrong = np.flatnonzero(~np.isfinite(forecast).all(axis=(1, 2, 3)))
    if len(wrong):
        beyond = log and not np.isnan(forecast).any()
        remedy = "train with preprocessing.log: false" if beyond else DIVERGED
        raise DataError(
            f"series {layout.ids[part.series[wrong[0]]]}: {len(wrong):,} forecasts leave the range"
            f" of numbers; {remedy}"
        )


def part_report(
    part: Part,
    forecast: Floats,
    *,
    quantiles: Sequence[float],
    baselines: Mapping[str, Floats],
) -> Report:
    """Errors of ``forecast`` (n, horizon, n_targets, n_quantiles) beside the simple and the other
    ``baselines``.
    """
    return make_report(
        actual=part.actual,
        forecast=forecast,
        quantiles=quantiles,
        baselines={**part.baselines, **baselines},
        scale=part.scale,
        squared_scale=part.squared_scale,
        reference=part.reference,
    )


def part_table(
    layout: Layout,
    part: Part,
    forecast: Floats,
    *,
    name: str,
    ids: NDArray[np.object_],
    quantiles: Sequence[float],
    baselines: Mapping[str, Floats],
    keys: Sequence[str] = (),
) -> pd.DataFrame:
    """Forecasts beside the actual values and the ``baselines``, in long format.

    The forecast is called ``name``, and a baseline of that name, or of one of the ``keys`` that
    name series together, ``NAME_baseline``. ``ids`` (n_series, n_targets) are those of
    ``window_ids``.
    """
    columns = {"y": part.actual, **quantile_columns(name, quantiles, forecast)}
    columns |= {
        f"{label}_baseline" if label in (*columns, *keys) else label: values
        for label, values in baselines.items()
    }
    return with_keys(long_table(layout, part.origins, columns, ids=ids), keys)
