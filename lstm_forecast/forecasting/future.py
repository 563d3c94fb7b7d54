"""Forecasts of the rows after the end of every series, as arrays and as tables."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import DataError, UsageError
from lstm_forecast.events import phase
from lstm_forecast.forecasting.digits import justified_decimals, rounded
from lstm_forecast.forecasting.doubts import (
    doubtful_intervals,
    doubtful_levels,
    doubtful_support,
    target_ranges,
)
from lstm_forecast.forecasting.forecaster import Forecaster
from lstm_forecast.forecasting.loaded import LoadedRun, series_index
from lstm_forecast.forecasting.table import (
    input_table,
    long_table,
    panel_ids,
    quantile_columns,
    with_keys,
)
from lstm_forecast.panel.panel import Layout, Panel

__all__ = [
    "LONG", "TableStyle", "forecast_future", "forecast_table", "require_finite", "table_ahead",
]  # fmt: skip


@dataclass(frozen=True)
class TableStyle:
    """How a table of forecasts is written.

    Under the names of the ``input``, texts hold stamps as the input writes them. ``digits`` are
    decimals; auto: those that intervals justify.
    """

    columns: Literal["long", "input"] = "long"
    digits: int | Literal["auto"] | None = None  # None: all there are


LONG = TableStyle()


def table_ahead(
    loaded: LoadedRun, panel: Panel, *, horizon: int | None, style: TableStyle, fresh: bool
) -> tuple[pd.DataFrame, list[str]]:
    """The table of ``forecast_future``, in that style, and what to doubt about it."""
    forecast, doubts = forecast_future(loaded, panel, horizon=horizon, fresh=fresh)
    forecast = _rounded(forecast, loaded.forecaster.quantiles, style)
    return forecast_table(loaded, panel, forecast, style.columns), doubts


def _rounded(
    forecast: NDArray[np.float64], quantiles: Sequence[float], style: TableStyle
) -> NDArray[np.float64]:
    if style.digits is None:
        return forecast
    if style.digits == "auto":
        return rounded(forecast, justified_decimals(forecast, quantiles))
    return rounded(forecast, style.digits)


def forecast_future(
    loaded: LoadedRun, panel: Panel, *, horizon: int | None = None, fresh: bool = False
) -> tuple[NDArray[np.float64], list[str]]:
    """Forecasts (n_series, steps, n_targets, n_quantiles) in original units, and what to doubt
    about them.

    ``panel`` holds what is known of the steps to be forecast. Levels are doubted where rows are
    ``fresh``: what grew while the run was trained is no news.
    """
    config, layout = loaded.config, panel.layout
    phase(f"forecasting {len(layout.ids):,} series", series=len(layout.ids))
    steps = horizon or config.windows.horizon
    if steps > config.windows.horizon and config.data.covariates.any:
        raise UsageError(
            f"--horizon {steps}: the run forecasts {config.windows.horizon} steps, and with"
            f" covariates no forecast is rolled further; train with windows.horizon: {steps}"
        )
    ids = panel_ids(config.data, layout)
    source = panel.melted(ids) if config.melted else panel
    series = series_index(loaded.forecaster.scaler, source, unseen=config.data.unseen_series)
    rows = source.extended()
    origins = rows.layout.offsets[1:] - (0 if source.ahead is None else source.ahead.shape[1])
    floors = rows.layout.spans[rows.layout.span_of(origins - 1)]
    _require_context(loaded.forecaster.needed_rows, source.layout, origins - floors)
    if config.data.masks:
        _require_observed(loaded.forecaster, rows, origins, floors)
    values = loaded.forecaster.scaler.transform(rows)
    forecast = loaded.forecaster.ahead(values, origins, floors, series, steps=steps)
    if config.melted:  # target after target: back to one row of targets for every series
        forecast = np.concatenate(np.split(forecast, ids.shape[1]), axis=2)
    require_finite(forecast, layout, log=bool(config.preprocessing.log))
    own = panel.values[:, : len(config.data.targets)]
    doubts = list(doubtful_support(config.preprocessing.support, own))
    doubts += _doubtful_levels(loaded, source, series) if fresh else ()
    levels, numbers = loaded.forecaster.levels, np.arange(len(layout.ids))
    doubts += doubtful_intervals(forecast, numbers, target_ranges(layout, own), ids, levels)
    return forecast, doubts


def require_finite(forecast: NDArray[np.float64], layout: Layout, *, log: bool) -> None:
    """Raise DataError where a forecast (n_series, steps, ...) holds no numbers."""
    if not np.isfinite(forecast).all():
        k, step = np.argwhere(~np.isfinite(forecast))[0][:2]
        without_log = ", or train with preprocessing.log: false" if log else ""
        raise DataError(
            f"series {layout.ids[k]}: the forecast leaves the range of numbers at step {step + 1};"
            f" ask for a shorter --horizon{without_log}"
        )


def forecast_table(
    loaded: LoadedRun,
    panel: Panel,
    forecast: NDArray[np.float64],
    columns: Literal["long", "input"] = "long",
) -> pd.DataFrame:
    """A forecast of ``forecast_future`` in the field's long format, or under the names of the
    input's columns.
    """
    config, layout = loaded.config, panel.layout
    ids, origins = panel_ids(config.data, layout), panel.ends(len(config.data.targets))
    phase("making the table", rows=len(layout.ids) * forecast.shape[1])
    named = quantile_columns(config.name, loaded.forecaster.quantiles, forecast)
    if columns == "long":
        return with_keys(long_table(layout, origins, named, ids=ids), config.data.series_columns)
    return input_table(
        layout,
        origins,
        named,
        name=config.name,
        targets=config.data.targets,
        timestamp=" ".join(config.data.stamp_columns),
        series_columns=config.data.series_columns,
    )


def _require_context(need: int, layout: Layout, rows: NDArray[np.int64]) -> None:
    if (rows < need).any():
        k = int(rows.argmin())
        raise DataError(
            f"series {layout.ids[k]}: {rows[k]:,} rows without a gap at its end, and this run needs"
            f" {need:,} (windows.context_length); give more history, or train with windows.padding:"
            " true"
        )


def _require_observed(
    forecaster: Forecaster, panel: Panel, origins: NDArray[np.int64], floors: NDArray[np.int64]
) -> None:
    """Raise DataError for a context without a single value of a target: nothing says where such a
    forecast starts.
    """
    starts = np.maximum(floors, origins - forecaster.framing.context_length)
    for k, (start, end) in enumerate(zip(starts, origins, strict=True)):
        if np.isnan(panel.values[start:end, forecaster.channels.targets]).all(axis=0).any():
            raise DataError(
                f"series {panel.layout.ids[k]}: no value of a target was observed in its newest"
                f" {end - start:,} rows, which is all that this run looks at"
                " (windows.context_length); give newer rows, or leave the series out"
            )


def _doubtful_levels(loaded: LoadedRun, panel: Panel, index: NDArray[np.int64]) -> Iterator[str]:
    windows, forecaster = loaded.config.windows, loaded.forecaster
    return doubtful_levels(
        forecaster.scaler,
        panel,
        index,
        preprocessing=loaded.config.preprocessing,
        n_targets=forecaster.channels.n_targets,
        cycle=max(windows.horizon, windows.season_length),
    )
