"""From a config to scaled windows: what every subcommand that trains starts with."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.schema import Config
from lstm_forecast.data.grid import season_length
from lstm_forecast.data.panel import Layout, Panel
from lstm_forecast.data.scale import Scaler, fit_scaler
from lstm_forecast.data.split import Split, split_rows
from lstm_forecast.data.windows import Windows, make_windows
from lstm_forecast.errors import DataError
from lstm_forecast.evaluation.baselines import naive, seasonal_naive
from lstm_forecast.evaluation.metrics import seasonal_scale
from lstm_forecast.workflows._shared import read_panel

__all__ = ["Part", "Prepared", "prepare"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MAX_EVALUATION_WINDOWS = 20_000  # about; more would change no reported error visibly, and cost time in every epoch


@dataclass(frozen=True)
class Part:
    """Windows of the validation or test part, with what their forecasts are compared with, in original units."""

    windows: Windows
    origins: Ints  # (n,): row of the first target
    series: Ints  # (n,): number of the series
    actual: Floats  # (n, horizon, n_targets)
    baselines: dict[str, Floats]  # naive and seasonal naive, each like actual
    scale: Floats  # (n, 1, n_targets): what MASE divides by


@dataclass(frozen=True)
class Prepared:
    """Everything that training and evaluation need. The original values are gone: only scaled ones remain."""

    config: Config  # resolved: nothing is left to be decided from the data
    layout: Layout
    scaler: Scaler
    training: Windows
    validation: Part | None
    test: Part | None
    facts: Mapping[str, Any]  # about the data, for the manifest


def prepare(config: Config, data_path: Path) -> Prepared:
    """Read, check, split and scale. Raises DataError where the data do not allow training."""
    panel, table = read_panel(config.data, data_path)
    split = split_rows(
        panel.layout,
        validation=config.split.validation,
        test=config.split.test,
        horizon=config.windows.horizon,
    )
    short = _too_short(config, panel.layout, split)
    config = _resolved(config, panel.layout, split, padding=bool(short.any()))
    scaler = fit_scaler(
        panel, kind=config.preprocessing.scaler, log=config.preprocessing.log, train_ends=split.validation_start
    )
    values = scaler.transform(panel)
    training = _windows(config, panel.layout, values, split.train_start, split.validation_start)
    if not len(training):
        raise _no_windows(config, panel.layout, split)
    scale = _scales(config, panel, split)
    validation = _windows(config, panel.layout, values, split.validation_start, split.test_start, evaluation=True)
    test = _windows(config, panel.layout, values, split.test_start, split.end, evaluation=True)
    return Prepared(
        config=config,
        layout=panel.layout,
        scaler=scaler,
        training=training,
        validation=_part(config, panel, validation, scale),
        test=_part(config, panel, test, scale),
        facts={
            "freq": panel.layout.grid.freq,
            "timezone": panel.layout.grid.zone,
            "cutoff": str(panel.layout.stamps(panel.layout.offsets[1:] - 1).max()),
            "columns": list(panel.columns),
            "rows": len(values),
            "series": len(panel.layout.ids),
            "windows": {"training": len(training), "validation": len(validation), "test": len(test)},
            "repairs": dict(panel.repairs),
            "padded_series": int(short.sum()) if config.windows.padding else 0,
            "data_sha256": _fingerprint(path for path, _, _ in table.sources),
        },
    )


def _too_short(config: Config, layout: Layout, split: Split) -> NDArray[np.bool_]:
    """Which series have no window with a full context, in training or at their end."""
    windows = config.windows
    last_spans = layout.offsets[1:] - layout.spans[layout.span_of(layout.offsets[1:] - 1)]
    rows = split.validation_start - split.train_start
    return (rows < windows.context_length + windows.horizon) | (last_spans < windows.context_length)


def _resolved(config: Config, layout: Layout, split: Split, *, padding: bool) -> Config:
    """Fill in what the config leaves to the data."""
    windows = config.windows
    sparse = -(-int((split.end - split.validation_start).sum()) // MAX_EVALUATION_WINDOWS)
    decided = {
        "evaluation_stride": windows.evaluation_stride or max(windows.horizon, sparse),
        "season_length": windows.season_length or season_length(layout.grid.freq),
        "padding": padding if windows.padding is None else windows.padding,
    }
    data = config.data.model_copy(update={"freq": layout.grid.freq})
    return config.model_copy(update={"data": data, "windows": windows.model_copy(update=decided)})


def _windows(
    config: Config, layout: Layout, values: NDArray[np.float32], starts: Ints, ends: Ints, *, evaluation: bool = False
) -> Windows:
    """Windows with targets in rows ``starts`` to ``ends``; those for evaluation end with the part's last row."""
    windows = config.windows
    stride = windows.evaluation_stride if evaluation else windows.stride
    return make_windows(
        layout,
        values,
        part_starts=starts,
        part_ends=ends,
        context_length=windows.context_length,
        horizon=windows.horizon,
        stride=stride or windows.horizon,
        n_targets=len(config.data.targets),
        normalisation=windows.normalisation,
        padded=bool(windows.padding),
        latest=evaluation,
    )


def _no_windows(config: Config, layout: Layout, split: Split) -> DataError:
    rows = split.validation_start - split.train_start
    windows = config.windows
    return DataError(
        f"no training window: the longest series, {layout.ids[rows.argmax()]}, has {rows.max():,} training rows, and a "
        f"window needs {windows.context_length} + {windows.horizon} (windows.context_length + windows.horizon) without "
        "a gap; make them smaller, leave windows.padding out, or make split.validation and split.test smaller"
    )


def _scales(config: Config, panel: Panel, split: Split) -> Floats:
    """What MASE divides by, per series and target: (n_series, n_targets)."""
    season = config.windows.season_length or 1
    bounds = zip(split.train_start, split.validation_start, strict=True)
    n_targets = len(config.data.targets)
    return np.stack([seasonal_scale(panel.values[start:end, :n_targets], season) for start, end in bounds])


def _part(config: Config, panel: Panel, windows: Windows, scale: Floats) -> Part | None:
    if not len(windows):
        return None
    origins, floors = windows.origins(np.arange(len(windows)))
    series = panel.layout.series_of(origins - 1)
    own = panel.values[:, : windows.n_targets]
    horizon, season = windows.horizon, config.windows.season_length or 1
    return Part(
        windows=windows,
        origins=origins,
        series=series,
        actual=own[origins[:, None] + np.arange(horizon)],
        baselines={
            "naive": naive(own, origins, horizon=horizon),
            "seasonal_naive": seasonal_naive(own, origins, floors, horizon=horizon, season_length=season),
        },
        scale=scale[series][:, None],
    )


def _fingerprint(paths: Any) -> str:
    """SHA-256 of the files' bytes, one after another."""
    digest = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                with file.open("rb") as stream:
                    while block := stream.read(1 << 20):
                        digest.update(block)
    return digest.hexdigest()
