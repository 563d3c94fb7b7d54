"""``forecast predict``: the champion, the last context of every series, and the real future in original units."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.schema import Config
from lstm_forecast.data.panel import Layout, Panel
from lstm_forecast.errors import DataError
from lstm_forecast.inference.table import forecast_table, quantile_columns
from lstm_forecast.store import find_run, write_whole
from lstm_forecast.workflows._shared import LoadedRun, load_run, read_panel, series_index

__all__ = ["Prediction", "forecast_future", "predict", "table_json", "write_table"]


@dataclass(frozen=True)
class Prediction:
    """A table of forecasts and the run that made it."""

    table: pd.DataFrame
    loaded: LoadedRun


def predict(
    *,
    runs: Path,
    name: str | None = None,
    data: Path | None = None,
    horizon: int | None = None,
    columns: Literal["long", "input"] = "long",
) -> Prediction:
    """Forecast from the end of every series, in ``data`` or in the file that the run was trained on.

    A ``horizon`` shorter than the run's is cut; a longer one is rolled forward on the forecasts themselves. Raises
    RunError if there is no sound run, DataError if the data do not fit it.
    """
    loaded = load_run(find_run(runs, name))
    panel, _ = read_panel(loaded.config.data, data or loaded.data_path)
    table = forecast_future(loaded, panel, horizon=horizon)
    return Prediction(_as_input(table, loaded.config) if columns == "input" else table, loaded)


def write_table(prediction: Prediction, output: Path) -> None:
    """Write the table as CSV, Parquet or JSON, whichever the suffix says; whole, or not at all.

    Raises WriteError if it cannot be written.
    """
    write = {".parquet": _write_parquet, ".json": _write_json}.get(output.suffix.lower(), _write_csv)
    write_whole(output, lambda path: write(prediction, path))


def _write_csv(prediction: Prediction, path: Path) -> None:
    prediction.table.to_csv(path, index=False)


def _write_parquet(prediction: Prediction, path: Path) -> None:
    prediction.table.to_parquet(path, index=False)


def _write_json(prediction: Prediction, path: Path) -> None:
    path.write_text(table_json(prediction, None), encoding="utf-8")


def table_json(prediction: Prediction, output: Path | None) -> str:
    """One JSON object: the run, and the forecasts unless they went to the file ``output``."""
    run = prediction.loaded.run
    content: dict[str, Any] = {"ok": True, "run": run.run_id, "path": str(run.path)}
    if output is not None:
        return json.dumps({**content, "output": str(output)}, ensure_ascii=False)
    table = prediction.table.copy()
    for column in table.columns:
        if pd.api.types.is_datetime64_any_dtype(table[column]):
            table[column] = table[column].map(pd.Timestamp.isoformat)
    return json.dumps({**content, "forecasts": table.to_dict("records")}, ensure_ascii=False)


def forecast_future(loaded: LoadedRun, panel: Panel, *, horizon: int | None = None) -> pd.DataFrame:
    """Forecasts of the rows after the end of every series, in long format."""
    config, layout = loaded.config, panel.layout
    steps = horizon or config.windows.horizon
    if steps > config.windows.horizon and config.data.covariates.past:
        raise DataError(
            f"--horizon {steps}: the run forecasts {config.windows.horizon} steps, and rolling further needs future "
            f"values of {', '.join(config.data.covariates.past)}; train with windows.horizon: {steps}"
        )
    series = series_index(loaded.forecaster.scaler, panel)
    origins = layout.offsets[1:]
    floors = layout.spans[layout.span_of(origins - 1)]
    _require_context(config, layout, origins - floors)
    values = loaded.forecaster.scaler.transform(panel)
    forecast = loaded.forecaster.ahead(values, origins, floors, series, steps=steps)
    return forecast_table(
        layout,
        origins,
        quantile_columns(config.name, config.model.quantiles, forecast),
        targets=config.data.targets,
        series_id=config.data.series_id,
    )


def _require_context(config: Config, layout: Layout, rows: NDArray[np.int64]) -> None:
    need = 1 if config.windows.padding else config.windows.context_length
    if (rows < need).any():
        k = int(rows.argmin())
        raise DataError(
            f"series {layout.ids[k]}: {rows[k]:,} rows without a gap at its end, and this run needs "
            f"{need:,} (windows.context_length); give more history, or train with windows.padding: true"
        )


def _as_input(table: pd.DataFrame, config: Config) -> pd.DataFrame:
    """The user's own columns: time stamp, series id, one column per target."""
    names = [column for column in table.columns if column.startswith(config.name)]
    data = config.data
    if data.series_id is None:
        keys, series, target = [data.timestamp], None, table["unique_id"]
    elif len(data.targets) == 1:
        keys, series, target = [data.series_id, data.timestamp], table["unique_id"], None
    else:
        parts = table["unique_id"].str.rpartition("/")
        keys, series, target = [data.series_id, data.timestamp], parts[0], parts[2]
    frame = table[names].assign(**{data.timestamp: table["ds"]})
    if series is not None:
        frame[data.series_id] = series
    frame["target"] = data.targets[0] if target is None else target
    wide = frame.pivot(index=keys, columns="target", values=names)
    ordered = pd.DataFrame(
        {f"{target}{name.removeprefix(config.name)}": wide[name, target] for target in data.targets for name in names}
    )
    return ordered.reset_index()
