"""What several subcommands need: the panel that a config describes, and a published run made ready to forecast."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.loading import parse_config
from lstm_forecast.config.schema import Config, PreprocessingConfig
from lstm_forecast.config.table import CovariatesConfig, DataConfig
from lstm_forecast.data.covariates import Known, find_categories
from lstm_forecast.data.future import future_rows, look_ahead
from lstm_forecast.data.panel import Layout, Panel, build_panel
from lstm_forecast.data.read import Table, column_names, read_table
from lstm_forecast.data.repair import Settings
from lstm_forecast.data.scale import Scaler, fit_scaler
from lstm_forecast.data.split import Split
from lstm_forecast.data.windows import Windows, make_windows
from lstm_forecast.errors import ConfigError, DataError, RunError, UsageError
from lstm_forecast.evaluation.metrics import seasonal_scale
from lstm_forecast.inference.forecasting import Forecaster
from lstm_forecast.inference.session import Session
from lstm_forecast.inference.table import unique_ids
from lstm_forecast.store import Run

__all__ = [
    "LoadedRun", "fit_config_scaler", "load_run", "make_config_windows", "make_forecaster", "panel_ids", "read_ahead",
    "read_panel", "seasonal_scales", "series_index",
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
        known=_known(covariates),
        series_id=data.series_id,
        timestamp_format=data.timestamp_format,
        timezone=data.timezone,
        freq=data.freq,
        end=end,
        settings=Settings(data.unsorted, data.duplicates, data.gaps, data.missing, data.infinite),
    )
    return panel, table


def read_ahead(loaded: LoadedRun, data: Path | None, future: Path | None) -> Panel:
    """The history, by default what the run was trained on, with what is known of the steps to be forecast.

    ``future`` is a table of exactly these steps; without it, rows behind the last target in the history tell of them.
    """
    config = loaded.config.data
    panel, _ = read_panel(config, data or loaded.data_path)
    given = None
    if future is not None:
        if not panel.known.future:
            raise UsageError(f"--future {future}: this run needs no rows of the future, as it has no future covariates")
        given = future_rows(
            _read_future(config, future),
            panel,
            timestamp=config.timestamp,
            series_id=config.series_id,
            timestamp_format=config.timestamp_format,
            timezone=config.timezone,
        )
    return look_ahead(panel, horizon=loaded.config.windows.horizon, given=given)


def _read_future(data: DataConfig, path: Path) -> Table:
    """The table of the future, which has the columns that `forecast template` writes and no others.

    Its dialect is detected, as it is another file than that of the data.
    """
    keys = [name for name in (data.series_id, data.timestamp) if name is not None]
    columns = [*keys, *data.covariates.future]
    present = column_names(path)
    problems = [f"{path}: no column {name}" for name in columns if name not in present]
    problems += [f"{path}: column {name} is not needed" for name in present if name not in columns]
    if problems:
        raise DataError(*problems, f"expected the columns {', '.join(columns)}, which `forecast template` writes")
    return read_table(path, columns=columns, text=keys)


def load_run(run: Run, *, evaluated: bool = False) -> LoadedRun:
    """Read and verify what forecasting needs. Raises RunError if any of it is damaged.

    ``evaluated``: the network that learned from the training part alone, to forecast rows that the published one knows.
    """
    try:
        config = parse_config(run.read("config.yaml").decode("utf-8"), source=str(run.path / "config.yaml"))
        scaler = Scaler.from_json(run.read("scaler.json").decode("utf-8"))
        forecaster = make_forecaster(config, run.read("evaluated.onnx" if evaluated else "network.onnx"), scaler)
    except (ConfigError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{run.path}: damaged: {error}; train again") from None
    targets = ("value",) if config.melted else config.data.targets
    columns = (*targets, *config.data.covariates.past), _known(config.data.covariates).columns
    if (scaler.columns, tuple(name for name, *_ in scaler.known)) != columns:
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
        horizon=config.windows.horizon,
        **_known_widths(config),
    )


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
        **_known_widths(config),
        **{"stride": windows.stride, **how},
    )


def _known(covariates: CovariatesConfig) -> Known:
    return Known(
        future=covariates.future,
        calendar=covariates.calendar,
        holidays=covariates.holidays,
        static=covariates.static,
        categories=covariates.categories or {},
    )


def _known_widths(config: Config) -> dict[str, Any]:
    """How many columns are known ahead; ``config`` is resolved."""
    known = _known(config.data.covariates)
    return {"n_ahead": len(known.ahead), "n_static": len(known.constant)}


def seasonal_scales(config: Config, panel: Panel, split: Split) -> Floats:
    """What MASE divides by, per series and target: (n_series, n_targets)."""
    season = config.windows.season_length
    bounds = zip(split.train_start, split.validation_start, strict=True)
    n_targets = config.n_outputs
    return np.stack([seasonal_scale(panel.values[start:end, :n_targets], season) for start, end in bounds])


def series_index(scaler: Scaler, panel: Panel) -> np.ndarray:
    """Row of the scaler for every series of the panel. Raises DataError if a series was not there in training."""
    index = scaler.indices(panel.layout.ids)
    unknown = [panel.layout.ids[k] for k in np.flatnonzero(index < 0)]
    if unknown:
        raise DataError(
            f"series not seen in training: {', '.join(unknown[:5])}{' ...' if len(unknown) > 5 else ''} "
            f"({len(unknown):,} of {len(index):,}); train again with them, or leave them out"
        )
    return index
