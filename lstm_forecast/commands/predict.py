"""``forecast predict``: the champion, the last context of every series, and the real future in
original units.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd

from lstm_forecast.forecasting.future import forecast_future, forecast_table
from lstm_forecast.forecasting.loaded import LoadedRun, load_run, read_ahead
from lstm_forecast.forecasting.prediction import Forecasts
from lstm_forecast.forecasting.table import (
    save_table,
    spreadsheet_safe,
    table_rows,
)
from lstm_forecast.panel.ended import ended_notes
from lstm_forecast.panel.survey import repair_notes
from lstm_forecast.store import Run, find_run, write_whole
from lstm_forecast.store.documents import read_manifest
from lstm_forecast.store.outputs import require_output, require_suffix
from lstm_forecast.tables.source import Source

__all__ = ["Prediction", "forecast_run", "predict", "table_csv", "table_json", "write_table"]

SUFFIXES = (".csv", ".parquet", ".json")


@dataclass(frozen=True)
class Prediction:
    """A table of forecasts and the run that made it."""

    table: pd.DataFrame
    run: Run
    # what the policies of the run changed in the data, and in how many rows or series
    repairs: Mapping[str, int]
    notes: tuple[str, ...]  # the same for people
    # series of no known category, by static column
    unseen: Mapping[str, int] = field(default_factory=dict)
    published: str = ""  # what forecasts, in one line for people


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
    """Forecast from the end of every series, in ``data`` or in the file that the run was trained
    on.

    Future covariates stand in ``future``, or behind the last targets of the history, for all of the
    run's horizon. A ``horizon`` shorter than the run's is cut; a longer one is rolled forward on
    the forecasts themselves. ``levels`` are percents of intervals; those trained for by default.
    The table is written to ``output``, whole or not at all, if that is given. Raises UsageError if
    the options do not fit the run, RunError if there is no sound run, DataError if the data do not
    fit it, WriteError if writing fails.
    """
    require_suffix("--output", output, SUFFIXES)
    loaded = load_run(find_run(runs, name), levels=levels)
    require_output("--output", output, [data, future, loaded.data_path])
    prediction = forecast_run(
        loaded,
        data=data,
        future=future,
        horizon=horizon,
        columns=columns,
        fresh=data is not None,
    )
    if output is not None:
        write_whole(
            output, lambda staged: write_table(prediction, staged, suffix=output.suffix.lower())
        )
    return prediction


def forecast_run(
    loaded: LoadedRun,
    *,
    data: Source | None = None,
    future: Source | None = None,
    horizon: int | None = None,
    columns: Literal["long", "input"] = "long",
    fresh: bool,
) -> Prediction:
    """What ``predict`` forecasts, of a run that was loaded with the levels wanted.

    ``fresh`` data are others than those of the training, by what the caller knows. Raises
    UsageError if the options do not fit the run, DataError if the data do not.
    """
    steps = horizon or loaded.config.windows.horizon
    panel = read_ahead(loaded, data, future, steps=steps)
    newest = panel.layout.stamps(panel.layout.offsets[1:] - 1).max()
    fresh = fresh or str(newest) != read_manifest(loaded.run).cutoff
    forecast, doubts = forecast_future(loaded, panel, horizon=horizon, fresh=fresh)
    table = forecast_table(loaded, panel, forecast, columns)
    warnings = [*(f"warning: {note}" for note in panel.notes), *doubts]
    settled = repair_notes(loaded.config.data, panel.repairs)
    notes = (*settled, *ended_notes(panel.ended), *warnings)
    repairs = {**panel.repairs, **({"ended_series": len(panel.ended)} if panel.ended else {})}
    return Prediction(table, loaded.run, repairs, notes, dict(panel.unseen), loaded.published)


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
    manifest = read_manifest(prediction.run)
    found = Forecasts(
        run=prediction.run.run_id,
        path=str(prediction.run.path),
        published=manifest.published,
        pretrained_share=manifest.pretrained_share or 0,
        repairs=prediction.repairs,
        forecasts=table_rows(prediction.table),
    )
    return json.dumps(found.content(), ensure_ascii=False, allow_nan=False)
