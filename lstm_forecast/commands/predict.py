"""``forecast predict``: the champion, the last context of every series, and the real future in
original units.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from lstm_forecast.engines.engine import engine_of
from lstm_forecast.errors import UsageError
from lstm_forecast.events import SILENT, Listener
from lstm_forecast.forecasting.ahead import read_ahead
from lstm_forecast.forecasting.future import LONG, TableStyle, table_ahead
from lstm_forecast.forecasting.loaded import LoadedRun, load_run
from lstm_forecast.forecasting.part_forecast import PartForecast
from lstm_forecast.forecasting.prediction import Forecasts
from lstm_forecast.forecasting.streaming import PartsForecast, Streamed
from lstm_forecast.forecasting.table import (
    save_table,
    spreadsheet_safe,
    table_rows,
)
from lstm_forecast.forecasting.workbook import column_meanings
from lstm_forecast.forecasting.written_stamps import WrittenStamps, written_as
from lstm_forecast.panel.ended import ended_notes
from lstm_forecast.panel.parts import MOST_ROWS, parts_of, rows_within
from lstm_forecast.panel.survey import repair_notes, require_columns_of_training
from lstm_forecast.store import Run, find_run, write_whole
from lstm_forecast.store.documents import read_config, read_manifest
from lstm_forecast.store.outputs import require_output, require_suffix
from lstm_forecast.tables.source import Source
from lstm_forecast.tables.spool import Spool

__all__ = [
    "Asked",
    "Prediction",
    "TableStyle",
    "WrittenInParts",
    "forecast_run",
    "predict",
    "predict_in_parts",
    "table_csv",
    "table_json",
    "write_table",
]

SUFFIXES = (".csv", ".parquet", ".json", ".xlsx")
PARTS_OF_WORKER = 4  # at least, so that workers end at about the same time
STREAMED_SUFFIXES = (".csv", ".parquet")  # of tables that can be written part by part


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
    written: WrittenStamps | None = None  # how stamps stand in texts, if not in ISO 8601

    @property
    def text(self) -> pd.DataFrame:
        """The table as texts hold it."""
        return self.table if self.written is None else self.written.put_into(self.table)


@dataclass(frozen=True)
class WrittenInParts:
    """Forecasts that stand in a file alone, and the run that made them."""

    run: Run
    repairs: Mapping[str, int]
    notes: tuple[str, ...]
    unseen: Mapping[str, int]
    published: str


def predict(
    *,
    runs: Path,
    name: str | None = None,
    data: Path | None = None,
    future: Path | None = None,
    horizon: int | None = None,
    levels: Sequence[int] | None = None,
    style: TableStyle = LONG,
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
        style=style,
        fresh=data is not None,
    )
    if output is not None:
        write_whole(
            output, lambda staged: write_table(prediction, staged, suffix=output.suffix.lower())
        )
    return prediction


@dataclass(frozen=True)
class Asked:
    """What is to be forecast part by part, and where the table goes."""

    data: Path | None
    future: Path | None
    horizon: int | None
    levels: Sequence[int] | None
    style: TableStyle
    output: Path | None
    memory: int | None  # bytes that a process may take; None: as much as makes it faster
    engine: str | None = None  # what forecasts the parts, see ``engine_of``; None: this process


def predict_in_parts(
    asked: Asked, *, runs: Path, name: str | None, listener: Listener = SILENT
) -> WrittenInParts:
    """The same as ``predict`` for a table that is read in parts of whole series, so that the
    program takes as much memory as is asked for, however many series there are.

    The bytes of the output are the same, too, whatever engine forecasts the parts. What is known
    ahead stands behind the last targets of the history. Raises UsageError where all forecasts, or
    all rows, have to be seen at once, and else as ``predict`` does.
    """
    output, engine = _written_apart(asked), engine_of(asked.engine)
    loaded = load_run(find_run(runs, name), levels=asked.levels)
    require_output("--output", output, [asked.data, loaded.data_path])
    source, config = loaded.source(asked.data), loaded.config
    require_columns_of_training(config.data, source)
    most = MOST_ROWS if asked.memory is None else rows_within(asked.memory, config.data)
    forecast = PartForecast(
        loaded,
        asked.data,
        asked.horizon,
        asked.style,
        fresh=asked.data is not None,
        suffix=output.suffix.lower(),
    )
    told: list[Streamed] = []
    with engine as used, Spool(output.absolute().parent) as spool:
        parts = parts_of(
            config.data,
            source,
            most_rows=most,
            least_parts=PARTS_OF_WORKER * used.workers if asked.engine else 1,
            more=asked.horizon or config.windows.horizon,
            spool=spool,
        )
        task = PartsForecast(forecast, parts, used)
        write_whole(output, lambda path: told.append(task.write(path, listener=listener)))
    repairs, notes, unseen = told[0].repairs, told[0].notes, told[0].unseen
    return WrittenInParts(loaded.run, repairs, notes, unseen, loaded.published)


def _written_apart(asked: Asked) -> Path:
    """Where the table goes. Raises UsageError for what takes all forecasts, or rows, at once."""
    if asked.output is None:
        raise UsageError(
            "--memory and --engine: forecasts are written part by part; give --output FILE.parquet"
        )
    require_suffix("--memory and --engine, --output", asked.output, STREAMED_SUFFIXES)
    if asked.future is not None:
        raise UsageError(
            "--memory and --engine: a table that is read in parts tells of the future itself, in"
            " rows behind its last targets, and not in --future; append them, or leave both out"
        )
    if asked.style.digits == "auto":
        raise UsageError(
            "--digits auto: what intervals justify is told by all forecasts at once, and --memory"
            " and --engine write them part by part; give a number of digits"
        )
    return asked.output


def forecast_run(
    loaded: LoadedRun,
    *,
    data: Source | None = None,
    future: Source | None = None,
    horizon: int | None = None,
    style: TableStyle = LONG,
    fresh: bool,
) -> Prediction:
    """What ``predict`` forecasts, of a run that was loaded with the levels wanted.

    ``fresh`` data are others than those of the training, by what the caller knows. Raises
    UsageError if the options do not fit the run, DataError if the data do not.
    """
    steps = horizon or loaded.config.windows.horizon
    panel = read_ahead(loaded, data, future, steps=steps)
    fresh = fresh or str(panel.layout.newest) != read_manifest(loaded.run).cutoff
    table, doubts = table_ahead(loaded, panel, horizon=horizon, style=style, fresh=fresh)
    warnings = [*(f"warning: {note}" for note in panel.notes), *doubts]
    settled = repair_notes(loaded.config.data, panel.repairs)
    notes = (*settled, *ended_notes(panel.ended), *warnings)
    repairs = {**panel.repairs, **({"ended_series": len(panel.ended)} if panel.ended else {})}
    written = written_as(loaded.config.data) if style.columns == "input" else None
    unseen = dict(panel.unseen)
    return Prediction(table, loaded.run, repairs, notes, unseen, loaded.published, written)


def write_table(prediction: Prediction, path: Path, *, suffix: str) -> None:
    """Write the table in the format of the suffix: .csv, .parquet, .json or .xlsx."""
    if suffix == ".json":
        path.write_text(table_json(prediction), encoding="utf-8")
    else:
        table = prediction.text if suffix == ".csv" else prediction.table
        save_table(table, path, suffix=suffix, meaning=dict(_meaning(prediction)))


def _meaning(prediction: Prediction) -> Iterator[tuple[str, str]]:
    """What the columns are, what forecast them, and what is to be known of it."""
    config = read_config(prediction.run)
    yield from column_meanings(prediction.table.columns, config.name)
    yield "run", prediction.run.run_id
    yield "forecast by", prediction.published
    yield from (("note", note) for note in prediction.notes)


def table_csv(prediction: Prediction) -> str:
    """The table as CSV, safe for spreadsheets and terminals."""
    return str(spreadsheet_safe(prediction.text).to_csv(index=False))


def table_json(prediction: Prediction) -> str:
    """One JSON object: the run and its forecasts, stamps in ISO 8601."""
    manifest = read_manifest(prediction.run)
    found = Forecasts(
        run=prediction.run.run_id,
        path=str(prediction.run.path),
        published=manifest.published,
        pretrained_share=manifest.pretrained_share or 0,
        repairs=prediction.repairs,
        forecasts=table_rows(prediction.text),
    )
    return json.dumps(found.content(), ensure_ascii=False, allow_nan=False)
