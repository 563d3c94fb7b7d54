"""``forecast monitor``: forecasts made earlier beside the actual values that have come in since."""

import json
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.quantity import quantity
from lstm_forecast.config.schema import Config
from lstm_forecast.errors import QUALITY_GATE, DataError, UsageError
from lstm_forecast.events import phase
from lstm_forecast.files import STDIN, open_regular
from lstm_forecast.forecasting.loaded import LoadedRun, load_run
from lstm_forecast.forecasting.table import panel_ids
from lstm_forecast.judging.live import AtCutoff, Live, Monitored, live_errors
from lstm_forecast.panel.drift import drift
from lstm_forecast.panel.holes import history
from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.survey import read_panel
from lstm_forecast.store import find_run
from lstm_forecast.store.documents import read_metrics
from lstm_forecast.store.outputs import PAGES, PICTURES, require_output, require_suffix
from lstm_forecast.tables.files.budget import Budget, Size
from lstm_forecast.tables.read import column_names, files_below, read_table

__all__ = ["forecasts_file", "monitor"]

SUFFIXES, WORKBOOK = (".csv", ".parquet", ".json"), ".xlsx"
KEYS = ("unique_id", "ds", "cutoff")
TIMES_TEXT = 3  # the memory of objects of JSON, in that of their text
LEAST_VALUES = 30  # that came, below which the share inside of an interval says little
LEAST_COVERED = 0.8  # share of what an interval promises that it has to hold
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def monitor(
    forecasts: Path,
    *,
    runs: Path,
    name: str | None = None,
    data: Path | None = None,
    output: Path | None = None,
    report: Path | None = None,
    worst: float = 1.5,
) -> Monitored:
    """Compare tables of ``forecast predict``, in a file or directory, with the data as they are.

    There is an alarm where forecasts are worse than the seasonal naive ones, than ``worst`` times
    the test error, where intervals hold too rarely, or where the data drifted
    (``retrain.drift.warn``). A picture is drawn to ``output``, and a report of the run written to
    ``report``, if these are given. Raises UsageError, RunError, DataError if no forecast can be
    compared, WriteError.
    """
    require_suffix("--output", output, PICTURES)
    require_suffix("--report", report, PAGES)
    if forecasts == data == STDIN:
        raise UsageError(
            "forecasts and --data cannot both come in on standard input; write one to a file"
        )
    loaded = load_run(find_run(runs, name))
    for option, path in (("--output", output), ("--report", report)):
        require_output(option, path, [forecasts_file(forecasts), data, loaded.data_path])
    limit = loaded.config.training.memory_limit
    panel, _ = read_panel(loaded.config.data, loaded.source(data), memory_limit=limit)
    ids = panel_ids(loaded.config.data, panel.layout)
    view = panel.melted(ids) if ids.shape[1] > 1 else panel
    phase(f"reading {forecasts}", path=str(forecasts))
    table = _read_forecasts(forecasts, name=loaded.config.name, memory_limit=limit)
    joined, waiting = _joined(table, view, loaded)
    found = _compared(joined, waiting, view, loaded, worst=worst)
    if output is not None:
        _draw(found, joined["cutoff"], loaded.config, output)
    if report is not None:
        _write(report, loaded, data, found)
    return found


def _write(path: Path, loaded: LoadedRun, data: Path | None, found: Monitored) -> None:
    from lstm_forecast.reporting.report import Asked
    from lstm_forecast.reporting.sections import live
    from lstm_forecast.reporting.writing import write_report

    write_report(path, loaded.run, Asked(data), more=(live(found),))


def forecasts_file(forecasts: Path) -> Path | None:
    """The path unless it is a directory; Path.is_dir raises where a name is too long."""
    return None if os.path.isdir(forecasts) else forecasts  # noqa: PTH112


def _read_forecasts(path: Path, *, name: str, memory_limit: int | None) -> pd.DataFrame:
    """All forecast tables of that run's name, one below the other."""
    if os.path.isdir(path):  # noqa: PTH112
        files = sorted(file for file in files_below(path) if file.suffix.lower() in SUFFIXES)
    else:  # a workbook has no zones, so that its stamps may be others
        files = [] if path.suffix.lower() == WORKBOOK else [path]
    if not files:
        raise DataError(
            f"{path}: no forecast in it that is read here; expected tables that forecast predict"
            f" --output wrote as {', '.join(SUFFIXES)}"
        )
    return pd.concat(
        [_read_table(file, name=name, memory_limit=memory_limit) for file in files],
        ignore_index=True,
    )


def _read_table(path: Path, *, name: str, memory_limit: int | None) -> pd.DataFrame:
    """The columns of one table that tell of the run, and no others."""
    found = _read_json(path, memory_limit) if _is_json(path) else None
    present = column_names(path) if found is None else list(found.columns)
    missing = [column for column in (*KEYS, name) if column not in present]
    if missing:
        raise DataError(
            f"{path}: no column {', '.join(missing)}; expected a table that forecast predict"
            " --output wrote, without --columns input"
        )
    forecast = re.compile(rf"{re.escape(name)}(-(lo|hi)-\d+)?")
    numbers = [column for column in present if forecast.fullmatch(str(column))]
    if found is None:
        return read_table(
            path, columns=[*KEYS, *numbers], text=KEYS, memory_limit=memory_limit
        ).frame
    try:
        return found[[*KEYS, *numbers]].astype(
            dict.fromkeys(KEYS, "str") | dict.fromkeys(numbers, "float64")
        )
    except (ValueError, TypeError) as error:
        raise DataError(f"{path}: not a table of forecasts: {error}") from None


def _is_json(path: Path) -> bool:
    if path != STDIN:
        return path.suffix.lower() == ".json"
    with open_regular(path) as stream:
        return stream.read(64).lstrip().startswith(b"{")


def _read_json(path: Path, memory_limit: int | None) -> pd.DataFrame:
    with open_regular(path) as stream:
        size = stream.seek(0, os.SEEK_END)
        Budget.of(path, limit=memory_limit, as_text=True).require(Size(text=TIMES_TEXT * size))
        stream.seek(0)
        content = stream.read()
    try:
        return pd.DataFrame(json.loads(content)["forecasts"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{path}: cannot be read as a table of forecasts: {error}") from None


def _joined(table: pd.DataFrame, panel: Panel, loaded: LoadedRun) -> tuple[pd.DataFrame, int]:
    """Forecasts with actual and seasonal naive values beside them, and how many wait for theirs."""
    layout = panel.layout
    number = {name: index for index, name in enumerate(layout.ids)}
    last = layout.latest
    stamps = layout.grid.stamps(np.arange(last + 1))
    places = np.stack(
        [
            table["unique_id"].astype(str).map(number).fillna(-1).to_numpy(np.int64),
            _numbers(table["ds"], stamps),
            _numbers(table["cutoff"], stamps),
        ]
    )
    values, rows = panel.values[:, 0], layout.rows_at(*places[:2])
    rows[np.isnan(values[rows])] = -1  # a value that was not observed judges nothing
    known = (rows >= 0) & (places[2] >= 0)
    if not known.any():
        raise DataError(
            f"none of {len(table):,} forecasts has an actual value in the data, which end with"
            f" {stamps[-1]}; newer data come from --data"
        )
    series, ordinals, cutoffs = places[:, known]
    season = loaded.config.windows.season_length
    before = layout.rows_at(series, ordinals - season * -(-(ordinals - cutoffs) // season))
    joined = table[known].assign(
        actual=values[rows[known]],
        naive=np.where(before >= 0, values[before], np.nan),
        number=cutoffs,
        cutoff=stamps[cutoffs],
    )
    # what lies behind the newest stamp of all, or behind the last value of its own series
    ends = layout.ordinals(layout.offsets[1:] - 1)
    waiting = (places[1] < 0) | ((places[0] >= 0) & (places[1] > ends[places[0]]))
    return joined, int(waiting.sum())


def _numbers(cells: pd.Series, stamps: pd.Index) -> Ints:
    """Numbers on the grid; -1 for what is not among the ``stamps``."""
    if not isinstance(stamps, pd.DatetimeIndex):
        wanted: pd.Index = pd.Index(
            pd.to_numeric(cells, errors="coerce").fillna(-1).astype("int64")
        )
    else:
        wanted = pd.DatetimeIndex(
            pd.to_datetime(cells, utc=stamps.tz is not None, errors="coerce")
        ).as_unit("us")
    return np.asarray(stamps.get_indexer(wanted), np.int64)


def _compared(
    joined: pd.DataFrame, waiting: int, panel: Panel, loaded: LoadedRun, *, worst: float
) -> Monitored:
    name, levels = loaded.config.name, loaded.config.model.levels
    metrics = read_metrics(loaded.run, horizon=loaded.forecaster.framing.horizon)
    expected = metrics.judged[1].own.mae if metrics.judged else None

    def live(rows: pd.DataFrame) -> Live:
        pairs = {str(level): (f"{name}-lo-{level}", f"{name}-hi-{level}") for level in levels}
        columns = {level: both for level, both in pairs.items() if set(both) <= set(rows)}
        return live_errors(
            actual=rows["actual"].to_numpy(np.float64),
            forecast=rows[name].to_numpy(np.float64),
            naive=rows["naive"].to_numpy(np.float64),
            intervals={
                level: (rows[low].to_numpy(np.float64), rows[high].to_numpy(np.float64))
                for level, (low, high) in columns.items()
            },
        )

    whole = live(joined)
    values = history(panel.values[:, :1], panel.layout.spans, 1)
    drifted = drift(panel.layout, values, panel.layout.rows_before(int(joined["number"].min()) + 1))
    by_cutoff = [_at(cutoff, live(rows)) for cutoff, rows in joined.groupby("cutoff", sort=True)]
    alarms = _alarms(whole, expected, drifted, limit=loaded.config.retrain.drift.warn, worst=worst)
    return Monitored(
        ok=not alarms,
        exit_code=QUALITY_GATE if alarms else 0,
        live=whole,
        expected=expected,
        drift=drifted,
        waiting=waiting,
        by_cutoff=tuple(by_cutoff),
        alarms=tuple(alarms),
    )


def _at(cutoff: object, live: Live) -> AtCutoff:
    return AtCutoff(cutoff=cutoff if isinstance(cutoff, int) else str(cutoff), **vars(live))


def _alarms(
    live: Live, expected: float | None, drifted: float | None, *, limit: float | None, worst: float
) -> list[str]:
    alarms = []
    if live.skill is not None and live.skill < 0:
        alarms.append(f"worse than the seasonal naive forecast: skill {live.skill:+.1%}")
    if expected is not None and live.mae > worst * expected:
        alarms.append(
            f"mean absolute error {live.mae:.4g}, {live.mae / expected:.1f} times the champion's"
            " test error"
        )
    for level, share in live.coverage.items():
        if live.rows >= LEAST_VALUES and share < LEAST_COVERED * float(level) / 100:
            alarms.append(
                f"only {share:.0%} of the actual values lie inside the {level} % interval"
            )
    if drifted is not None and limit is not None and drifted > limit:
        alarms.append(
            f"the data drifted by {drifted:.1f} since the first of these forecasts"
            " (retrain.drift.warn)"
        )
    return alarms


def _draw(found: Monitored, cutoffs: pd.Series, config: Config, path: Path) -> None:
    from lstm_forecast.pictures.monitor import monitor_figure
    from lstm_forecast.pictures.style import write_figure

    rows = found.by_cutoff
    errors = {
        config.name: np.array([each.mae for each in rows], np.float64),
        "seasonal naive": np.array([each.naive_mae for each in rows], np.float64),
    }
    levels, number = (found.live.coverage, found.live.rows) if found.live else ((), 0)
    figure = monitor_figure(
        cutoffs.drop_duplicates().sort_values(),
        errors=errors,
        expected=found.expected,
        coverage={
            level: np.array([each.coverage[level] for each in rows], np.float64) for level in levels
        },
        title=f"{config.name}: error of the forecasts made at each cutoff",
        measured=quantity(config.data),
        note=f"{number:,} forecasts; {found.waiting:,} wait for their actual value",
    )
    write_figure(figure, path)
