"""What several subcommands need: the panel that a config describes, and a published run made ready to forecast."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.loading import parse_config
from lstm_forecast.config.schema import Config, PreprocessingConfig
from lstm_forecast.config.table import DataConfig
from lstm_forecast.data.panel import Layout, Panel, build_panel
from lstm_forecast.data.read import Table, read_table
from lstm_forecast.data.repair import Settings
from lstm_forecast.data.scale import Scaler, fit_scaler
from lstm_forecast.data.split import Split
from lstm_forecast.data.windows import Windows, make_windows
from lstm_forecast.errors import ConfigError, DataError, RunError, UsageError
from lstm_forecast.evaluation.metrics import seasonal_scale
from lstm_forecast.inference.calibration import Calibration, calibration_from_bytes, uncalibrated
from lstm_forecast.inference.forecasting import Forecaster
from lstm_forecast.inference.session import Session
from lstm_forecast.inference.table import unique_ids
from lstm_forecast.store import Run

__all__ = [
    "LoadedRun", "fit_config_scaler", "load_run", "make_config_windows", "make_forecaster", "panel_ids", "read_panel",
    "seasonal_scales", "series_index", "with_shown_levels",
]  # fmt: skip

SHOWN_LEVELS = (80, 95)
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class LoadedRun:
    """A run with its config and everything that forecasting needs."""

    run: Run
    config: Config
    forecaster: Forecaster

    def shown(self) -> "LoadedRun":
        """The same for reports and pictures, see ``with_shown_levels``."""
        return replace(self, forecaster=with_shown_levels(self.config, self.forecaster))

    @property
    def data_path(self) -> Path:
        """Where the data lay in training; the config of a run counts paths from its own directory."""
        return self.run.path / self.config.data.path

    @property
    def features(self) -> dict[str, list[int]]:
        """Channels of the network's inputs that each column has, by its name; without the flag that tells padding."""
        columns = self.forecaster.scaler.columns
        names = ("target", *columns[1:]) if self.config.melted else columns
        return {name: [channel] for channel, name in enumerate(names)}


def read_panel(data: DataConfig, path: Path, *, end: str | int | None = None) -> tuple[Panel, Table]:
    """Read the table at ``path`` as ``data`` describes it, and settle its faults by the policies there.

    Only training passes ``data.end`` on: forecasts start from the end of whatever they are given.
    """
    text = [name for name in (data.timestamp, data.series_id) if name is not None]
    table = read_table(
        path,
        columns=[*text, *data.targets, *data.covariates.past],
        text=text,
        delimiter=data.csv.delimiter,
        decimal=data.csv.decimal,
        encoding=data.csv.encoding,
    )
    panel = build_panel(
        table,
        timestamp=data.timestamp,
        targets=data.targets,
        past=data.covariates.past,
        series_id=data.series_id,
        timestamp_format=data.timestamp_format,
        timezone=data.timezone,
        freq=data.freq,
        end=end,
        settings=Settings(data.unsorted, data.duplicates, data.gaps, data.missing, data.infinite),
    )
    return panel, table


def load_run(run: Run, *, evaluated: bool = False, levels: Sequence[int] | None = None) -> LoadedRun:
    """Read and verify what forecasting needs. Raises RunError if any of it is damaged.

    ``evaluated``: the network that learned from the training part alone, to forecast rows that the published one knows.
    ``levels`` are percents of intervals, absent: those that the network was trained for. Raises UsageError for one that
    it was not trained for if it was not calibrated either.
    """
    which = "evaluated" if evaluated else "network"
    try:
        config = parse_config(run.read("config.yaml").decode("utf-8"), source=str(run.path / "config.yaml"))
        scaler = Scaler.from_json(run.read("scaler.json").decode("utf-8"))
        calibration = calibration_from_bytes(
            run.read("calibration.safetensors"),
            which,
            levels=config.model.levels,
            horizon=config.windows.horizon,
            n_targets=config.n_outputs,
            n_series=len(scaler.ids),
        )
        forecaster = make_forecaster(config, run.read(f"{which}.onnx"), scaler, calibration, levels=levels)
    except (ConfigError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{run.path}: damaged: {error}; train again") from None
    targets = ("value",) if config.melted else config.data.targets
    if scaler.columns != (*targets, *config.data.covariates.past):
        raise RunError(f"{run.path}: damaged: scaler.json and config.yaml name different columns; train again")
    return LoadedRun(run, config, forecaster)


def make_forecaster(
    config: Config,
    network: bytes,
    scaler: Scaler,
    calibration: Calibration | None = None,
    *,
    levels: Sequence[int] | None = None,
) -> Forecaster:
    """The same for a network just trained and for one read back. ``config`` is resolved, ``network`` an ONNX file.

    Without ``levels``, the intervals are those that the network was trained for. Raises UsageError for others where
    there is no ``calibration``.
    """
    n_series = len(scaler.ids)
    calibration = calibration or uncalibrated(
        config.model.levels, horizon=config.windows.horizon, n_targets=config.n_outputs, n_series=n_series
    )
    wanted = tuple(sorted(set(config.model.levels if levels is None else levels)))
    if not calibration.known and (strange := set(wanted) - set(calibration.levels)):
        raise UsageError(
            f"--levels {min(strange)}: the run was neither trained for it nor calibrated on a validation part, and has "
            f"{', '.join(map(str, calibration.levels)) or 'no levels'}; train with model.levels or split.validation"
        )
    return Forecaster(
        session=Session(network),
        scaler=scaler,
        n_targets=config.n_outputs,
        context_length=config.windows.context_length,
        normalisation=config.windows.normalisation,
        padded=bool(config.windows.padding),
        calibration=calibration,
        levels=wanted,
        span=config.span,
    )


def with_shown_levels(config: Config, forecaster: Forecaster) -> Forecaster:
    """The same for reports and pictures: with usual intervals, if any can be had, where the config names none."""
    usual = forecaster.calibration.known and not config.model.levels
    return replace(forecaster, levels=SHOWN_LEVELS) if usual else forecaster


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
        **{"stride": windows.stride, **how},
    )


def seasonal_scales(config: Config, panel: Panel, split: Split, *, power: int = 1) -> Floats:
    """What MASE divides by (RMSSE with ``power`` 2), per series and target: (n_series, n_targets)."""
    season = config.windows.season_length
    bounds = zip(split.train_start, split.validation_start, strict=True)
    n_targets = config.n_outputs
    training = (panel.values[start:end, :n_targets] for start, end in bounds)
    return np.stack([seasonal_scale(rows, season, power=power) for rows in training])


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
