"""What several subcommands need: the panel that a config describes, its scaler and its windows."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.schema import Config, PreprocessingConfig
from lstm_forecast.config.table import CovariatesConfig, DataConfig
from lstm_forecast.data.covariates import Known, find_categories
from lstm_forecast.data.faults import Finding, refuse
from lstm_forecast.data.panel import Layout, Panel, inspect_panel
from lstm_forecast.data.read import Table, column_names, read_table
from lstm_forecast.data.repair import Settings
from lstm_forecast.data.scale import Scaler, fit_scaler
from lstm_forecast.data.split import Split
from lstm_forecast.data.windows import Windows, make_windows
from lstm_forecast.errors import DataError
from lstm_forecast.evaluation.metrics import seasonal_scale
from lstm_forecast.events import phase
from lstm_forecast.inference.table import unique_ids

__all__ = [
    "fit_config_scaler", "known_ahead", "known_widths", "make_config_windows", "numeric_sentinels", "panel_ids",
    "read_panel", "repair_notes", "seasonal_scales", "survey_panel", "survey_table",
    "word_sentinels",
]  # fmt: skip

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def read_panel(
    data: DataConfig, path: Path, *, memory_limit: int | None, training: bool = False
) -> tuple[Panel, Table]:
    """Read the table at ``path`` as ``data`` describes it, and settle its faults by the policies there.

    It may take ``memory_limit`` MiB, or what the machine has left. Only ``training`` stops at ``data.end``: forecasts
    start from the end of whatever they are given. Their policies are those of the run.
    """
    if not training:
        _require_columns_of_training(data, path)
    panel, findings, table = survey_panel(data, path, end=data.end if training else None, memory_limit=memory_limit)
    refuse(findings, afterwards="" if training else ", and train again")
    return panel, table


def _require_columns_of_training(data: DataConfig, path: Path) -> None:
    """Raise DataError with what is missing, and what is new, where a table lacks a column that training had."""
    present, covariates = column_names(path, **data.csv.model_dump()), data.covariates
    used = [*data.keys, *data.targets, *covariates.past, *covariates.future, *covariates.static]
    new = [name for name in present if name not in used]
    problems = []
    for name in used:
        if name not in present:
            near = [other for other in new if other.strip().lower() == name.strip().lower()]
            near = near or difflib.get_close_matches(name, new, n=1)
            problems.append(f"- {name}" + (f", unless it is {near[0]} now: then rename that" if near else ""))
    if problems:
        listed = f"+ {', '.join(new)}" if new else "nothing new"
        raise DataError(f"{path}: not the columns of the training: {'; '.join(problems)}; {listed}")


def repair_notes(data: DataConfig, repairs: Mapping[str, int]) -> list[str]:
    """What the policies of a config changed, for people."""
    notes = []
    for kind, count in repairs.items():
        if hasattr(data, kind):
            policy = getattr(data, kind)
            shown = list(policy) if isinstance(policy, tuple) else policy
            unit = "series" if kind.endswith("_series") else "rows"
            notes.append(f"data.{kind}: {shown} settled {count:,} {unit}")
        else:
            notes.append(f"{count:,} {kind.replace('_', ' ')} left out")
    return notes


def survey_panel(
    data: DataConfig, path: Path, *, end: str | int | None = None, memory_limit: int | None = None
) -> tuple[Panel, list[Finding], Table]:
    """As ``read_panel``, but faults without a policy are told, not raised: the panel is sound if none is refused."""
    covariates = data.covariates
    table = read_table(
        path,
        columns=[*data.keys, *data.targets, *covariates.past, *covariates.future, *covariates.static],
        text=[*data.keys, *(covariates.categories or ())],
        either=covariates.static if covariates.categories is None else (),
        missing=word_sentinels(data),
        memory_limit=memory_limit,
        **data.csv.model_dump(),
    )
    return (*survey_table(data, table, end=end), table)


def survey_table(data: DataConfig, table: Table, *, end: str | int | None = None) -> tuple[Panel, list[Finding]]:
    """The same for a table that was read."""
    phase(f"looking for faults in {len(table.frame):,} rows", rows=len(table.frame))
    covariates = data.covariates
    if covariates.categories is None:
        covariates = covariates.model_copy(update={"categories": find_categories(table.frame, covariates.static)})
    return inspect_panel(
        table,
        timestamp=data.stamp_columns,
        targets=data.targets,
        past=covariates.past,
        known=known_ahead(covariates),
        series_id=data.series_id,
        timestamp_format=data.timestamp_format,
        timezone=data.timezone,
        freq=data.freq,
        end=end,
        now=pd.Timestamp.now(tz="UTC"),
        settings=Settings(
            unsorted=data.unsorted,
            duplicates=data.duplicates,
            gaps=data.gaps,
            missing=data.missing,
            infinite=data.infinite,
            sentinels=numeric_sentinels(data),
            fill_limit=data.fill_limit,
            off_grid=data.off_grid,
            dst=data.dst,
            future_rows=data.future_rows,
        ),
    )


def numeric_sentinels(data: DataConfig) -> tuple[float, ...]:
    """Numbers that stand for a missing value."""
    return tuple(number for number in data.sentinels if isinstance(number, float))


def word_sentinels(data: DataConfig) -> tuple[str, ...]:
    """Texts that stand for a missing value."""
    return tuple(word for word in data.sentinels if isinstance(word, str))


def panel_ids(config: Config, layout: Layout) -> NDArray[np.object_]:
    """The ``unique_id`` of every series and target as in the table, (n_series, n_targets)."""
    return unique_ids(layout, targets=config.data.targets, series_id=config.data.series_id)


def fit_config_scaler(preprocessing: PreprocessingConfig, panel: Panel, split: Split, *, outliers: str) -> Scaler:
    """The scaler that a config describes, fitted on training rows; ``outliers`` is the policy for them."""
    return fit_scaler(
        panel,
        kind=preprocessing.scaler,
        log=bool(preprocessing.log),
        train_ends=split.validation_start,
        pooled=preprocessing.scope == "global",
        clip=outliers == "clip",
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
        **{**known_widths(config), "stride": windows.stride, **how},
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
    """How many columns are known ahead, and how many may not be observed; ``config`` is resolved."""
    covariates = config.data.covariates
    known = known_ahead(covariates)
    measured = config.n_outputs + len(covariates.past) + len(covariates.future)
    return {
        "n_ahead": len(known.ahead),
        "n_static": len(known.constant),
        "n_flagged": measured if config.data.masks else 0,
    }
