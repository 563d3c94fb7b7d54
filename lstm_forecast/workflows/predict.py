"""``forecast predict``: the champion, the last context of every series, and the real future in original units."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.schema import Config
from lstm_forecast.data.panel import Layout, Panel
from lstm_forecast.errors import DataError, UsageError
from lstm_forecast.events import phase
from lstm_forecast.inference.table import input_table, long_table, quantile_columns, save_table, spreadsheet_safe
from lstm_forecast.store import Run, find_run, write_whole
from lstm_forecast.workflows._doubts import doubtful_intervals, doubtful_levels, doubtful_support, target_ranges
from lstm_forecast.workflows._loaded import LoadedRun, load_run, needed_rows, read_ahead, series_index
from lstm_forecast.workflows._output import require_output, require_suffix
from lstm_forecast.workflows._shared import panel_ids, repair_notes

__all__ = ["Prediction", "forecast_future", "predict", "table_csv", "table_json", "write_table"]

SUFFIXES = (".csv", ".parquet", ".json")


@dataclass(frozen=True)
class Prediction:
    """A table of forecasts and the run that made it."""

    table: pd.DataFrame
    run: Run
    repairs: Mapping[str, int]  # what the policies of the run changed in the data, and in how many rows or series
    notes: tuple[str, ...]  # the same for people
    unseen: Mapping[str, int] = field(default_factory=dict)  # series of no known category, by static column


def predict(
    *,
    runs: Path,
    name: str | None = None,
    data: Path | None = None,
    future: Path | None = None,
    horizon: int | None = None,
    levels: Sequence[int] | None = None,
    columns: Literal["long", "input"] = "long",
    output: Path | None = None,
) -> Prediction:
    """Forecast from the end of every series, in ``data`` or in the file that the run was trained on.

    Future covariates stand in ``future``, or behind the last targets of the history, for all of the run's horizon.
    A ``horizon`` shorter than the run's is cut; a longer one is rolled forward on the forecasts themselves. ``levels``
    are percents of intervals; those trained for by default. The table
    is written to ``output``, whole or not at all, if that is given. Raises UsageError if the options do not fit the
    run, RunError if there is no sound run, DataError if the data do not fit it, WriteError if writing fails.
    """
    require_suffix("--output", output, SUFFIXES)
    loaded = load_run(find_run(runs, name), levels=levels)
    require_output("--output", output, [data, future, loaded.data_path])
    panel = read_ahead(loaded, data, future)
    newest = panel.layout.stamps(panel.layout.offsets[1:] - 1).max()
    fresh = data is not None or str(newest) != loaded.run.manifest["cutoff"]
    forecast, doubts = _forecast(loaded, panel, horizon, fresh=fresh)
    table = _table(loaded, panel, forecast, columns)
    warnings = [*(f"warning: {note}" for note in panel.notes), *doubts]
    notes = (*repair_notes(loaded.config.data, panel.repairs), *warnings)
    prediction = Prediction(table, loaded.run, panel.repairs, notes, dict(panel.unseen))
    if output is not None:
        write_whole(output, lambda staged: write_table(prediction, staged, suffix=output.suffix.lower()))
    return prediction


def forecast_future(
    loaded: LoadedRun, panel: Panel, *, horizon: int | None = None, columns: Literal["long", "input"] = "long"
) -> pd.DataFrame:
    """Forecasts of the rows after the end of every series, of which ``panel`` holds what is known ahead."""
    return _table(loaded, panel, _forecast(loaded, panel, horizon, fresh=False)[0], columns)


def _forecast(
    loaded: LoadedRun, panel: Panel, horizon: int | None, *, fresh: bool
) -> tuple[NDArray[np.float64], list[str]]:
    """Forecasts (n_series, steps, n_targets, n_quantiles) in original units, and what to doubt about them.

    Levels are doubted where rows are ``fresh``: what grew while the run was trained is no news.
    """
    config, layout = loaded.config, panel.layout
    phase(f"forecasting {len(layout.ids):,} series", series=len(layout.ids))
    steps = horizon or config.windows.horizon
    if steps > config.windows.horizon and config.data.covariates.any:
        raise UsageError(
            f"--horizon {steps}: the run forecasts {config.windows.horizon} steps, and with covariates no forecast is "
            f"rolled further; train with windows.horizon: {steps}"
        )
    ids = panel_ids(config, layout)
    source = panel.melted(ids) if config.melted else panel
    series = series_index(loaded.forecaster.scaler, source, unseen=config.data.unseen_series)
    rows = source.extended()
    origins = rows.layout.offsets[1:] - (0 if source.ahead is None else source.ahead.shape[1])
    floors = rows.layout.spans[rows.layout.span_of(origins - 1)]
    _require_context(config, source.layout, origins - floors)
    if config.data.masks:
        _require_observed(config, rows, origins, floors)
    values = loaded.forecaster.scaler.transform(rows)
    forecast = loaded.forecaster.ahead(values, origins, floors, series, steps=steps)
    if config.melted:  # target after target: back to one row of targets for every series
        forecast = np.concatenate(np.split(forecast, ids.shape[1]), axis=2)
    if not np.isfinite(forecast).all():
        k, step = np.argwhere(~np.isfinite(forecast))[0][:2]
        raise DataError(
            f"series {layout.ids[k]}: the forecast leaves the range of numbers at step {step + 1}; "
            "ask for a shorter --horizon, or train with preprocessing.log: false"
        )
    own = panel.values[:, : len(config.data.targets)]
    doubts = list(doubtful_support(config, own))
    doubts += doubtful_levels(config, loaded.forecaster.scaler, source, series) if fresh else ()
    levels, numbers = loaded.forecaster.levels, np.arange(len(layout.ids))
    doubts += doubtful_intervals(forecast, numbers, target_ranges(layout, own), ids, levels)
    return forecast, doubts


def _table(
    loaded: LoadedRun, panel: Panel, forecast: NDArray[np.float64], columns: Literal["long", "input"]
) -> pd.DataFrame:
    config, layout = loaded.config, panel.layout
    ids, origins = panel_ids(config, layout), layout.offsets[1:]
    phase("making the table", rows=len(layout.ids) * forecast.shape[1])
    named = quantile_columns(config.name, loaded.forecaster.quantiles, forecast)
    if columns == "long":
        return long_table(layout, origins, named, ids=ids)
    targets, timestamp, series_id = config.data.targets, " ".join(config.data.stamp_columns), config.data.series_id
    return input_table(
        layout, origins, named, name=config.name, targets=targets, timestamp=timestamp, series_id=series_id
    )


def write_table(prediction: Prediction, path: Path, *, suffix: str) -> None:
    """Write the table in the format of the suffix: .csv, .parquet or .json."""
    if suffix == ".json":
        path.write_text(table_json(prediction), encoding="utf-8")
    else:
        save_table(prediction.table, path, suffix=suffix)


def table_csv(prediction: Prediction) -> str:
    """The table as CSV, safe for spreadsheets and terminals."""
    return str(spreadsheet_safe(prediction.table).to_csv(index=False))


def table_json(prediction: Prediction) -> str:
    """One JSON object: the run and its forecasts, stamps in ISO 8601."""
    table = prediction.table.copy()
    for column in table.columns[table.dtypes.map(pd.api.types.is_datetime64_any_dtype)]:
        each_once = pd.DatetimeIndex(table[column].unique())
        table[column] = table[column].map({stamp: stamp.isoformat() for stamp in each_once})
    content: dict[str, Any] = {"ok": True, "run": prediction.run.run_id, "path": str(prediction.run.path)}
    content |= {"published": prediction.run.manifest["published"], "repairs": dict(prediction.repairs)}
    return json.dumps({**content, "forecasts": table.to_dict("records")}, ensure_ascii=False, allow_nan=False)


def _require_context(config: Config, layout: Layout, rows: NDArray[np.int64]) -> None:
    need = needed_rows(config)
    if (rows < need).any():
        k = int(rows.argmin())
        raise DataError(
            f"series {layout.ids[k]}: {rows[k]:,} rows without a gap at its end, and this run needs "
            f"{need:,} (windows.context_length); give more history, or train with windows.padding: true"
        )


def _require_observed(config: Config, panel: Panel, origins: NDArray[np.int64], floors: NDArray[np.int64]) -> None:
    """Raise DataError for a context without a single value of a target: nothing says where such a forecast starts."""
    starts = np.maximum(floors, origins - config.windows.context_length)
    for k, (start, end) in enumerate(zip(starts, origins, strict=True)):
        if np.isnan(panel.values[start:end, : config.n_outputs]).all(axis=0).any():
            raise DataError(
                f"series {panel.layout.ids[k]}: no value of a target was observed in its newest {end - start:,} rows, "
                "which is all that this run looks at (windows.context_length); give newer rows, or leave the series out"
            )
