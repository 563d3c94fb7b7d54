"""From a config to scaled windows: what every subcommand that trains starts with."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.schema import Config
from lstm_forecast.data.panel import Layout, Panel
from lstm_forecast.data.scale import Scaler
from lstm_forecast.data.split import Split, split_rows
from lstm_forecast.data.windows import Windows
from lstm_forecast.errors import DataError
from lstm_forecast.evaluation.baselines import naive, seasonal_naive
from lstm_forecast.workflows._resolve import resolve
from lstm_forecast.workflows._shared import (
    fit_config_scaler,
    make_config_windows,
    panel_ids,
    read_panel,
    seasonal_scales,
)

__all__ = ["Part", "Prepared", "prepare"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MIN_EVALUATION_WINDOWS = 200  # about: below, windows overlap, as a few errors say little
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
    split: Split
    scaler: Scaler
    values: NDArray[np.float32]  # (n_rows, n_columns): scaled
    validation: Part | None
    test: Part | None
    facts: Mapping[str, Any]  # about the data, for the manifest

    def windows(self, context_length: int, *, everything: bool = False) -> Windows:
        """Windows to learn from: those of the training part, or of all parts for the network that is published."""
        ends = self.split.end if everything else self.split.validation_start
        return make_config_windows(
            self.config, self.layout, self.values, self.split.train_start, ends, context_length=context_length
        )


def prepare(config: Config, data_path: Path) -> Prepared:
    """Read, check, split and scale. Raises DataError where the data do not allow training."""
    panel, table = read_panel(config.data, data_path, training=True)
    if config.melted:
        panel = panel.melted(panel_ids(config, panel.layout))
    split = _split(config, panel.layout)
    panel = _without_lines_ahead(config, panel, split, data_path)
    config, reasons = resolve(config, panel, split)
    short = _too_short(config, panel.layout, split)
    skipped = [name for name, is_short in zip(panel.layout.ids, short, strict=True) if is_short]
    if config.data.short_series == "pad":
        skipped = []
    if skipped:
        panel = _without_short(config, panel, short)
        split = _split(config, panel.layout)
        short = _too_short(config, panel.layout, split)
    config, counted = _resolved(config, panel.layout, split, short)
    scaler = fit_config_scaler(config.preprocessing, panel, split, outliers=config.data.outliers)
    values = scaler.transform(panel)
    longest = config.windows.context_length
    training = make_config_windows(
        config, panel.layout, values, split.train_start, split.validation_start, context_length=longest
    )
    if not len(training):
        raise _no_windows(config, panel.layout, split)
    scale = seasonal_scales(config, panel, split)
    parts = {
        "validation": _part(config, panel, values, split.validation_start, split.test_start, scale),
        "test": _part(config, panel, values, split.test_start, split.end, scale),
    }
    changed = {"outliers": scaler.outliers(panel), "short_series": len(skipped)}
    counts = {"training": len(training)} | {name: len(part.windows) if part else 0 for name, part in parts.items()}
    return Prepared(
        config=config,
        layout=panel.layout,
        split=split,
        scaler=scaler,
        values=values,
        **parts,
        facts={
            "freq": panel.layout.grid.freq,
            "timezone": panel.layout.grid.zone,
            "cutoff": str(panel.layout.stamps(panel.layout.offsets[1:] - 1).max()),
            "columns": [*config.data.targets, *config.data.covariates.past],
            "rows": len(table.frame),
            "series": len(panel.layout.ids),
            "windows": counts,
            "repairs": {**panel.repairs, **{kind: count for kind, count in changed.items() if count}},
            "skipped_series": skipped,
            "padded_series": int(short.sum()) if config.windows.padding else 0,
            "resolved": {**reasons, **counted},
            "data_sha256": _fingerprint(path for path, _, _ in table.sources),
        },
    )


def _without_lines_ahead(config: Config, panel: Panel, split: Split, data_path: Path) -> Panel:
    """The panel without lines that ``missing: interpolate`` drew to a value of a later part: the last value instead."""
    if config.data.missing != "interpolate":
        return panel
    known, _ = read_panel(config.data.model_copy(update={"missing": "ffill"}), data_path, training=True)
    if config.melted:
        known = known.melted(panel_ids(config, known.layout))
    drawn, values = panel.values != known.values, panel.values.copy()
    for border in np.unique([split.validation_start, split.test_start]):
        for column in np.flatnonzero(drawn[border - 1]):
            given = np.flatnonzero(~drawn[:border, column])
            hole = slice(given[-1] + 1, border)
            values[hole, column] = known.values[hole, column]
    return replace(panel, values=values)


def _split(config: Config, layout: Layout) -> Split:
    parts = config.split
    return split_rows(layout, validation=parts.validation, test=parts.test, horizon=config.windows.horizon)


def _without_short(config: Config, panel: Panel, short: NDArray[np.bool_]) -> Panel:
    """The panel without the series that are too ``short``, if the policy is to skip them, and there are others."""
    if config.data.short_series == "skip" and not short.all():
        return panel.only(~short)
    windows, layout = config.windows, panel.layout
    named = [f"{layout.ids[k]} ({layout.lengths[k]:,} rows)" for k in np.flatnonzero(short)[:5]]
    raise DataError(
        f"{short.sum():,} of {len(short):,} series have no {windows.context_length} + {windows.horizon} rows "
        f"(windows.context_length + windows.horizon) without a gap to learn from: {', '.join(named)}; "
        "set data.short_series: pad or skip, or make them smaller"
    )


def _too_short(config: Config, layout: Layout, split: Split) -> NDArray[np.bool_]:
    """Which series have no window with a full context, in training or at their end."""
    windows = config.windows
    last_spans = layout.offsets[1:] - layout.spans[layout.span_of(layout.offsets[1:] - 1)]
    rows = split.validation_start - split.train_start
    return (rows < windows.context_length + windows.horizon) | (last_spans < windows.context_length)


def _resolved(config: Config, layout: Layout, split: Split, short: NDArray[np.bool_]) -> tuple[Config, dict[str, str]]:
    """Fill in what the rows decide, and why."""
    windows = config.windows
    rows = int((split.end - split.validation_start).sum())
    stride = max(min(windows.horizon, rows // MIN_EVALUATION_WINDOWS), -(-rows // MAX_EVALUATION_WINDOWS), 1)
    decided = {
        "evaluation_stride": (stride, f"{rows:,} rows to be evaluated"),
        "padding": (bool(short.any()), f"{short.sum():,} series are shorter than context and horizon"),
    }
    left = {key: choice for key, choice in decided.items() if getattr(windows, key) is None}
    windows = windows.model_copy(update={key: value for key, (value, _) in left.items()})
    data = config.data.model_copy(update={"freq": layout.grid.freq})
    reasons = {f"windows.{key}": f"{value}: {reason}" for key, (value, reason) in left.items()}
    return config.model_copy(update={"data": data, "windows": windows}), reasons


def _no_windows(config: Config, layout: Layout, split: Split) -> DataError:
    rows = split.validation_start - split.train_start
    windows = config.windows
    return DataError(
        f"no training window: the longest series, {layout.ids[rows.argmax()]}, has {rows.max():,} training rows, and a "
        f"window needs {windows.context_length} + {windows.horizon} (windows.context_length + windows.horizon) without "
        "a gap; make them smaller, leave windows.padding out, or make split.validation and split.test smaller"
    )


def _part(
    config: Config, panel: Panel, values: NDArray[np.float32], starts: Ints, ends: Ints, scale: Floats
) -> Part | None:
    """The windows of a part to be evaluated; they end with the part's last row. None if there are none."""
    longest, stride = config.windows.context_length, config.windows.evaluation_stride or config.windows.horizon
    windows = make_config_windows(
        config, panel.layout, values, starts, ends, context_length=longest, stride=stride, latest=True
    )
    if not len(windows):
        return None
    origins, floors = windows.origins(np.arange(len(windows)))
    series = panel.layout.series_of(origins - 1)
    own = panel.values[:, : windows.n_targets]
    horizon, season = windows.horizon, config.windows.season_length
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
