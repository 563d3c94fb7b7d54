"""Windows that forecasts are judged on: what they are compared with, the report and the table that
come of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.schema import Config
from lstm_forecast.errors import DataError
from lstm_forecast.forecasting.table import long_table, panel_ids, quantile_columns
from lstm_forecast.judging.baselines import simple_forecasts
from lstm_forecast.judging.metrics import seasonal_scale
from lstm_forecast.judging.report import make_report
from lstm_forecast.model.linear.linear import Linear
from lstm_forecast.panel.holes import history
from lstm_forecast.panel.panel import Layout, Panel
from lstm_forecast.panel.scale import Scaler
from lstm_forecast.panel.split import Split
from lstm_forecast.windows.configured import make_config_windows
from lstm_forecast.windows.windows import Windows

__all__ = [
    "Part", "evaluation_windows", "linear_forecast", "make_parts", "part_ids", "part_report",
    "part_table", "reference", "require_finite", "seasonal_scales",
]  # fmt: skip

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BATCH = 256


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


def evaluation_windows(
    config: Config, layout: Layout, values: NDArray[np.float32], starts: Ints, ends: Ints
) -> Windows:
    """The windows of a part; they end with the part's last row."""
    longest, stride = (
        config.windows.context_length,
        config.windows.evaluation_stride or config.windows.horizon,
    )
    return make_config_windows(
        config, layout, values, starts, ends, context_length=longest, stride=stride, latest=True
    )


def make_parts(
    config: Config, panel: Panel, split: Split, windows: Mapping[str, Windows]
) -> dict[str, Part | None]:
    """What the windows are compared with; None where there are none.

    Scales are those of the training rows.
    """
    scales = [seasonal_scales(config, panel, split, power=power) for power in (1, 2)]
    return {
        name: _part(config, panel, each, *scales) if len(each) else None
        for name, each in windows.items()
    }


def seasonal_scales(config: Config, panel: Panel, split: Split, *, power: int = 1) -> Floats:
    """What MASE divides by, with ``power`` 2 RMSSE, by series and target: (n_series, n_targets)."""
    season = config.windows.season_length
    bounds = zip(split.train_start, split.validation_start, strict=True)
    n_targets = config.n_outputs
    training = (panel.values[start:end, :n_targets] for start, end in bounds)
    return np.stack([seasonal_scale(rows, season, power=power) for rows in training])


def _part(
    config: Config, panel: Panel, windows: Windows, scale: Floats, squared_scale: Floats
) -> Part:
    origins, floors = windows.origins(np.arange(len(windows)))
    series = panel.layout.series_of(origins - 1)
    own = panel.values[:, : windows.n_targets]
    horizon, season = windows.horizon, config.windows.season_length
    past = history(own, panel.layout.spans, season)
    return Part(
        windows=windows,
        origins=origins,
        series=series,
        actual=own[origins[:, None] + np.arange(horizon)],
        baselines=simple_forecasts(past, origins, floors, horizon=horizon, season_length=season),
        scale=scale[series][:, None],
        squared_scale=squared_scale[series][:, None],
    )


def linear_forecast(linear: Linear, windows: Windows, scaler: Scaler, series: Ints) -> Floats:
    """Forecasts (n, horizon, n_targets) of a linear part alone; ``series`` (n,) are rows of the
    scaler.
    """
    batches = (
        linear.predict(batch.inputs) * batch.scale + batch.center
        for batch in windows.batches(BATCH)
    )
    return scaler.invert(np.concatenate(list(batches)), series, n_targets=windows.n_targets)


def reference(config: Config) -> str:
    """The baseline that OWA is relative to: the seasonal naive forecast, or the naive one where
    there is no season.
    """
    return "seasonal_naive" if config.windows.season_length > 1 else "naive"


def require_finite(part: Part, forecast: Floats, layout: Layout) -> None:
    """Raise DataError where the part's ``forecast`` (n, horizon, n_targets, n_quantiles) is beyond
    all numbers.
    """
    wrong = np.flatnonzero(~np.isfinite(forecast).all(axis=(1, 2, 3)))
    if len(wrong):
        raise DataError(
            f"series {layout.ids[part.series[wrong[0]]]}: {len(wrong):,} forecasts leave the range"
            " of numbers; train with preprocessing.log: false"
        )


def part_report(
    config: Config,
    part: Part,
    forecast: Floats,
    *,
    quantiles: Sequence[float],
    baselines: Mapping[str, Floats],
) -> dict[str, Any]:
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
        reference=reference(config),
    )


def part_table(
    config: Config,
    layout: Layout,
    part: Part,
    forecast: Floats,
    *,
    quantiles: Sequence[float],
    baselines: Mapping[str, Floats],
) -> pd.DataFrame:
    """Forecasts beside the actual values and the ``baselines``, in long format.

    A baseline whose name the forecast has already is called ``NAME_baseline``.
    """
    columns = {"y": part.actual, **quantile_columns(config.name, quantiles, forecast)}
    columns |= {
        f"{name}_baseline" if name in columns else name: values
        for name, values in baselines.items()
    }
    return long_table(layout, part.origins, columns, ids=part_ids(config, layout))


def part_ids(config: Config, layout: Layout) -> NDArray[np.object_]:
    """The ``unique_id`` of every series and target of windows, (n_series, n_targets): targets may
    be series already.
    """
    return (
        np.array(layout.ids, object)[:, None] if config.melted else panel_ids(config.data, layout)
    )
