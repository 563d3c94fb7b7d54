"""``forecast predict``: the champion, the last context of every series, and the real future in original units."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.schema import Config
from lstm_forecast.data.panel import Layout, Panel
from lstm_forecast.errors import DataError, UsageError
from lstm_forecast.inference.table import input_table, long_table, quantile_columns, spreadsheet_safe
from lstm_forecast.store import Run, find_run, write_whole
from lstm_forecast.workflows._shared import LoadedRun, load_run, panel_ids, read_panel, repair_notes, series_index

__all__ = ["Prediction", "forecast_future", "predict", "table_csv", "table_json", "usable_panel", "write_table"]

SUFFIXES = (".csv", ".parquet", ".json")


@dataclass(frozen=True)
class Prediction:
    """A table of forecasts and the run that made it."""

    table: pd.DataFrame
    run: Run
    repairs: Mapping[str, int]  # what the policies of the run changed in the data, and in how many rows or series
    notes: tuple[str, ...]  # the same for people


def predict(
    *,
    runs: Path,
    name: str | None = None,
    data: Path | None = None,
    horizon: int | None = None,
    columns: Literal["long", "input"] = "long",
    output: Path | None = None,
) -> Prediction:
    """Forecast from the end of every series, in ``data`` or in the file that the run was trained on.

    A ``horizon`` shorter than the run's is cut; a longer one is rolled forward on the forecasts themselves. The table
    is written to ``output``, whole or not at all, if that is given. Raises UsageError if the options do not fit the
    run, RunError if there is no sound run, DataError if the data do not fit it, WriteError if writing fails.
    """
    if output is not None and output.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--output {output}: expected a name that ends in {', '.join(SUFFIXES)}")
    loaded = load_run(find_run(runs, name))
    panel = usable_panel(loaded, data)
    table = forecast_future(loaded, panel, horizon=horizon, columns=columns)
    prediction = Prediction(table, loaded.run, panel.repairs, tuple(repair_notes(loaded.config.data, panel.repairs)))
    if output is not None:
        write_whole(output, lambda staged: write_table(prediction, staged, suffix=output.suffix.lower()))
    return prediction


def usable_panel(loaded: LoadedRun, data: Path | None) -> Panel:
    """The panel in ``data``, or in the file of the training, without series that the policies of the run leave out."""
    config, scaler = loaded.config, loaded.forecaster.scaler
    panel, _ = read_panel(config.data, data or loaded.data_path)
    layout = panel.layout
    ids = panel_ids(config, layout) if config.melted else np.array(layout.ids, object)[:, None]
    known = scaler.indices(ids.ravel().tolist()).reshape(ids.shape) >= 0
    unseen = ~known.all(axis=1) & (config.data.unseen_series == "skip")
    ends = layout.offsets[1:]
    rows = ends - layout.spans[layout.span_of(ends - 1)]
    short = (rows < _needed(config)) & (config.data.short_series == "skip") & ~unseen
    if (unseen | short).all():
        raise DataError("data.unseen_series and data.short_series skip all series; nothing is left to forecast")
    kept = ~(unseen | short)
    panel = panel.only(kept)
    counts = {"unseen_series": int(unseen.sum()), "short_series": int(short.sum())}
    if config.data.outliers == "clip":
        counts["outliers"] = scaler.outliers(panel.melted(ids[kept]) if config.melted else panel)
    return replace(panel, repairs={**panel.repairs, **{kind: count for kind, count in counts.items() if count}})


def forecast_future(
    loaded: LoadedRun, panel: Panel, *, horizon: int | None = None, columns: Literal["long", "input"] = "long"
) -> pd.DataFrame:
    """Forecasts of the rows after the end of every series."""
    config, layout = loaded.config, panel.layout
    steps = horizon or config.windows.horizon
    if steps > config.windows.horizon and config.data.covariates.past:
        raise UsageError(
            f"--horizon {steps}: the run forecasts {config.windows.horizon} steps, and rolling further needs future "
            f"values of {', '.join(config.data.covariates.past)}; train with windows.horizon: {steps}"
        )
    ids = panel_ids(config, layout)
    source = panel.melted(ids) if config.melted else panel
    series = series_index(loaded.forecaster.scaler, source, unseen=config.data.unseen_series)
    origins = source.layout.offsets[1:]
    floors = source.layout.spans[source.layout.span_of(origins - 1)]
    _require_context(config, source.layout, origins - floors)
    values = loaded.forecaster.scaler.transform(source)
    forecast = loaded.forecaster.ahead(values, origins, floors, series, steps=steps)
    if config.melted:  # target after target: back to one row of targets for every series
        forecast = np.concatenate(np.split(forecast, ids.shape[1]), axis=2)
    origins = layout.offsets[1:]
    if not np.isfinite(forecast).all():
        k, step = np.argwhere(~np.isfinite(forecast))[0][:2]
        raise DataError(
            f"series {layout.ids[k]}: the forecast leaves the range of numbers at step {step + 1}; "
            "ask for a shorter --horizon, or train with preprocessing.log: false"
        )
    named = quantile_columns(config.name, config.model.quantiles, forecast)
    if columns == "long":
        return long_table(layout, origins, named, ids=ids)
    targets, timestamp, series_id = config.data.targets, " ".join(config.data.stamp_columns), config.data.series_id
    return input_table(
        layout, origins, named, name=config.name, targets=targets, timestamp=timestamp, series_id=series_id
    )


def write_table(prediction: Prediction, path: Path, *, suffix: str) -> None:
    """Write the table in the format of the suffix: .csv, .parquet or .json."""
    if suffix == ".parquet":
        prediction.table.to_parquet(path, index=False)
    elif suffix == ".json":
        path.write_text(table_json(prediction), encoding="utf-8")
    else:
        path.write_text(table_csv(prediction), encoding="utf-8")


def table_csv(prediction: Prediction) -> str:
    """The table as CSV, safe for spreadsheets and terminals."""
    return str(spreadsheet_safe(prediction.table).to_csv(index=False))


def table_json(prediction: Prediction) -> str:
    """One JSON object: the run and its forecasts, stamps in ISO 8601."""
    table = prediction.table.copy()
    for column in table.columns[table.dtypes.map(pd.api.types.is_datetime64_any_dtype)]:
        table[column] = table[column].map(pd.Timestamp.isoformat)
    content: dict[str, Any] = {"ok": True, "run": prediction.run.run_id, "path": str(prediction.run.path)}
    content |= {"published": prediction.run.manifest["published"], "repairs": dict(prediction.repairs)}
    return json.dumps({**content, "forecasts": table.to_dict("records")}, ensure_ascii=False, allow_nan=False)


def _needed(config: Config) -> int:
    """Rows without a gap at the end of a series that a forecast starts from."""
    return 1 if config.windows.padding else config.windows.context_length


def _require_context(config: Config, layout: Layout, rows: NDArray[np.int64]) -> None:
    need = _needed(config)
    if (rows < need).any():
        k = int(rows.argmin())
        raise DataError(
            f"series {layout.ids[k]}: {rows[k]:,} rows without a gap at its end, and this run needs "
            f"{need:,} (windows.context_length); give more history, or train with windows.padding: true"
        )
