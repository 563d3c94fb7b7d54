"""What several subcommands need: the panel that a config describes, its scaler and its windows."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.schema import Config, PreprocessingConfig
from lstm_forecast.config.table import CovariatesConfig, DataConfig
from lstm_forecast.data.covariates import Known, find_categories
from lstm_forecast.data.panel import Layout, Panel, build_panel
from lstm_forecast.data.read import Table, read_table
from lstm_forecast.data.repair import Settings
from lstm_forecast.data.scale import Scaler, fit_scaler
from lstm_forecast.data.split import Split
from lstm_forecast.data.windows import Windows, make_windows
from lstm_forecast.evaluation.metrics import seasonal_scale
from lstm_forecast.inference.table import unique_ids

__all__ = [
    "fit_config_scaler", "known_ahead", "known_widths", "make_config_windows", "panel_ids", "read_panel",
    "seasonal_scales",
]  # fmt: skip

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def read_panel(data: DataConfig, path: Path, *, end: str | int | None = None) -> tuple[Panel, Table]:
    """Read the table at ``path`` as ``data`` describes it, and settle its faults by the policies there.

    Only training passes ``data.end`` on: forecasts start from the end of whatever they are given.
    """
    covariates = data.covariates
    keys = [name for name in (data.timestamp, data.series_id) if name is not None]
    table = read_table(
        path,
        columns=[*keys, *data.targets, *covariates.past, *covariates.future, *covariates.static],
        text=[*keys, *(covariates.categories or ())],
        either=covariates.static if covariates.categories is None else (),
        **data.csv.model_dump(),
    )
    if covariates.categories is None:
        covariates = covariates.model_copy(update={"categories": find_categories(table.frame, covariates.static)})
    panel = build_panel(
        table,
        timestamp=data.timestamp,
        targets=data.targets,
        past=covariates.past,
        known=known_ahead(covariates),
        series_id=data.series_id,
        timestamp_format=data.timestamp_format,
        timezone=data.timezone,
        freq=data.freq,
        end=end,
        settings=Settings(data.unsorted, data.duplicates, data.gaps, data.missing, data.infinite),
    )
    return panel, table


def panel_ids(config: Config, layout: Layout) -> NDArray[np.object_]:
    """The ``unique_id`` of every series and target as in the table, (n_series, n_targets)."""
    return unique_ids(layout, targets=config.data.targets, series_id=config.data.series_id)


def fit_config_scaler(preprocessing: PreprocessingConfig, panel: Panel, split: Split) -> Scaler:
    """The scaler that a config describes, fitted on training rows."""
    return fit_scaler(
        panel,
        kind=preprocessing.scaler,
        log=bool(preprocessing.log),
        train_ends=split.validation_start,
        pooled=preprocessing.scope == "global",
    )


def make_config_windows(
    config: Config,
    layout: Layout,
    values: NDArray[np.float32],
    starts: Ints,
    ends: Ints,
    context_length: int,
    **how: Any,
) -> Windows:
    """Windows with targets in rows ``starts`` to ``ends``."""
    windows = config.windows
    return make_windows(
        layout,
        values,
        part_starts=starts,
        part_ends=ends,
        context_length=context_length,
        horizon=windows.horizon,
        n_targets=config.n_outputs,
        normalisation=windows.normalisation,
        padded=bool(windows.padding),
        span=config.span,
        **known_widths(config),
        **{"stride": windows.stride, **how},
    )


def known_ahead(covariates: CovariatesConfig) -> Known:
    """The columns known ahead that a config describes."""
    return Known(
        future=covariates.future,
        calendar=covariates.calendar,
        holidays=covariates.holidays,
        static=covariates.static,
        categories=covariates.categories or {},
    )


def seasonal_scales(config: Config, panel: Panel, split: Split, *, power: int = 1) -> Floats:
    """What MASE divides by (RMSSE with ``power`` 2), per series and target: (n_series, n_targets)."""
    season = config.windows.season_length
    bounds = zip(split.train_start, split.validation_start, strict=True)
    n_targets = config.n_outputs
    training = (panel.values[start:end, :n_targets] for start, end in bounds)
    return np.stack([seasonal_scale(rows, season, power=power) for rows in training])


def known_widths(config: Config) -> dict[str, Any]:
    """How many columns are known ahead; ``config`` is resolved."""
    known = known_ahead(config.data.covariates)
    return {"n_ahead": len(known.ahead), "n_static": len(known.constant)}
