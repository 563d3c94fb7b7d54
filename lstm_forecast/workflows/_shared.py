"""What several subcommands need: the panel that a config describes, and a published run made ready to forecast."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.loading import parse_config
from lstm_forecast.config.schema import Config, PreprocessingConfig
from lstm_forecast.config.table import DataConfig
from lstm_forecast.data.faults import Finding, refuse
from lstm_forecast.data.panel import Layout, Panel, inspect_panel
from lstm_forecast.data.read import Table, column_names, read_table
from lstm_forecast.data.repair import Settings
from lstm_forecast.data.scale import Scaler, fit_scaler
from lstm_forecast.data.split import Split
from lstm_forecast.data.windows import Windows, make_windows
from lstm_forecast.errors import ConfigError, DataError, RunError
from lstm_forecast.evaluation.metrics import seasonal_scale
from lstm_forecast.inference.forecasting import Forecaster
from lstm_forecast.inference.session import Session
from lstm_forecast.inference.table import unique_ids
from lstm_forecast.store import Run
from lstm_forecast.workflows._network import sound_network

__all__ = [
    "LoadedRun", "fit_config_scaler", "load_run", "make_config_windows", "make_forecaster", "panel_ids", "read_panel",
    "repair_notes", "seasonal_scales", "series_index", "survey_panel",
]  # fmt: skip

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class LoadedRun:
    """A run with its config and everything that forecasting needs."""

    run: Run
    config: Config
    forecaster: Forecaster

    @property
    def data_path(self) -> Path:
        """Where the data lay in training; the config of a run counts paths from its own directory."""
        return self.run.path / self.config.data.path


def read_panel(data: DataConfig, path: Path, *, training: bool = False) -> tuple[Panel, Table]:
    """Read the table at ``path`` as ``data`` describes it, and settle its faults by the policies there.

    Only ``training`` stops at ``data.end``: forecasts start from the end of whatever they are given. Their policies
    are those of the run.
    """
    if not training:
        _require_columns_of_training(data, path)
    panel, findings, table = survey_panel(data, path, end=data.end if training else None)
    refuse(findings, afterwards="" if training else ", and train again")
    return panel, table


def _require_columns_of_training(data: DataConfig, path: Path) -> None:
    """Raise DataError with what is missing, and what is new, where a table lacks a column that training had."""
    csv = data.csv
    present = column_names(path, delimiter=csv.delimiter, decimal=csv.decimal, encoding=csv.encoding)
    used = [*data.stamp_columns, *([data.series_id] if data.series_id else []), *data.targets, *data.covariates.past]
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


def survey_panel(data: DataConfig, path: Path, *, end: str | int | None = None) -> tuple[Panel, list[Finding], Table]:
    """As ``read_panel``, but faults without a policy are told, not raised: the panel is sound if none is refused."""
    text = [*data.stamp_columns, *([data.series_id] if data.series_id else [])]
    table = read_table(
        path,
        columns=[*text, *data.targets, *data.covariates.past],
        text=text,
        missing=[word for word in data.sentinels if isinstance(word, str)],
        delimiter=data.csv.delimiter,
        decimal=data.csv.decimal,
        encoding=data.csv.encoding,
    )
    panel, findings = inspect_panel(
        table,
        timestamp=data.stamp_columns,
        targets=data.targets,
        past=data.covariates.past,
        series_id=data.series_id,
        timestamp_format=data.timestamp_format,
        timezone=data.timezone,
        freq=data.freq,
        end=end,
        settings=Settings(
            unsorted=data.unsorted,
            duplicates=data.duplicates,
            gaps=data.gaps,
            missing=data.missing,
            infinite=data.infinite,
            sentinels=tuple(number for number in data.sentinels if isinstance(number, float)),
            fill_limit=data.fill_limit,
            off_grid=data.off_grid,
            dst=data.dst,
        ),
    )
    return panel, findings, table


def load_run(run: Run, *, evaluated: bool = False) -> LoadedRun:
    """Read and verify what forecasting needs. Raises RunError if any of it is damaged.

    ``evaluated``: the network that learned from the training part alone, to forecast rows that the published one knows.
    """
    try:
        config = parse_config(run.read("config.yaml").decode("utf-8"), source=str(run.path / "config.yaml"))
        scaler = Scaler.from_json(run.read("scaler.json").decode("utf-8"))
        network = sound_network(run, config, n_columns=len(scaler.columns), evaluated=evaluated)
        forecaster = make_forecaster(config, network, scaler)
    except (ConfigError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise RunError(f"{run.path}: damaged: {error}; train again") from None
    targets = ("value",) if config.melted else config.data.targets
    if scaler.columns != (*targets, *config.data.covariates.past):
        raise RunError(f"{run.path}: damaged: scaler.json and config.yaml name different columns; train again")
    return LoadedRun(run, config, forecaster)


def make_forecaster(config: Config, network: bytes, scaler: Scaler) -> Forecaster:
    """The same for a network just trained and for one read back. ``config`` is resolved, ``network`` an ONNX file."""
    return Forecaster(
        session=Session(network),
        scaler=scaler,
        n_targets=config.n_outputs,
        context_length=config.windows.context_length,
        normalisation=config.windows.normalisation,
        padded=bool(config.windows.padding),
        span=config.span,
    )


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
        **{"stride": windows.stride, **how},
    )


def seasonal_scales(config: Config, panel: Panel, split: Split) -> Floats:
    """What MASE divides by, per series and target: (n_series, n_targets)."""
    season = config.windows.season_length
    bounds = zip(split.train_start, split.validation_start, strict=True)
    n_targets = config.n_outputs
    return np.stack([seasonal_scale(panel.values[start:end, :n_targets], season) for start, end in bounds])


def series_index(scaler: Scaler, panel: Panel, *, unseen: str) -> np.ndarray:
    """Row of the scaler for every series of the panel.

    Raises DataError if a series was not there in training, unless the policy ``unseen`` is global.
    """
    index = scaler.indices(panel.layout.ids)
    if unseen == "global":
        return np.maximum(index, 0)  # all rows are equal
    unknown = [panel.layout.ids[k] for k in np.flatnonzero(index < 0)]
    if unknown:
        raise DataError(
            f"series not seen in training: {', '.join(unknown[:5])}{' ...' if len(unknown) > 5 else ''} "
            f"({len(unknown):,} of {len(index):,}); train again with them, leave them out, or set "
            "data.unseen_series: skip or global and train again"
        )
    return index
