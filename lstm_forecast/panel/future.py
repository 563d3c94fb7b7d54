"""What is known of the steps to be forecast: rows after the end of every series, checked and put
beside its history.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import DataError
from lstm_forecast.panel.panel import Layout, Panel
from lstm_forecast.panel.rows import Rows
from lstm_forecast.panel.series_ids import series_of_rows
from lstm_forecast.panel.series_names import name_parts
from lstm_forecast.panel.steps.calendar import calendar_values
from lstm_forecast.panel.steps.grid import ticks_of
from lstm_forecast.tables.faults import refuse
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.stamps.columns import joined, zoned_stamps

__all__ = ["Given", "future_rows", "future_stamps", "future_table", "look_ahead"]

SHOWN_PROBLEMS = 5  # that are named one by one
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Given:
    """Rows of a table of the future; codes and ordinals are -1 where the history has no such series
    or stamp.
    """

    rows: Rows
    where: Callable[[int], str]  # a row in words
    notes: tuple[str, ...] = ()  # what of the table is not read, for people

    def only(self, kept: NDArray[np.bool_]) -> "Given":
        """Without the rows of series that are not ``kept`` (n_series,); those of no series stay."""
        codes = self.rows.codes
        index = np.flatnonzero((codes < 0) | kept[codes])
        numbers = np.append(np.cumsum(kept) - 1, -1).astype(np.int32)  # the last one is that of -1
        rows = self.rows.take(index)
        return Given(
            replace(rows, codes=numbers[rows.codes]), lambda row: self.where(int(index[row]))
        )


def future_stamps(layout: Layout, horizon: int) -> Ints:
    """Numbers on the grid of the ``horizon`` steps after the end of every series, (n_series,
    horizon).
    """
    return layout.ordinals(layout.offsets[1:] - 1)[:, None] + np.arange(1, horizon + 1)


def future_table(
    panel: Panel,
    *,
    horizon: int,
    timestamp: str,
    series_columns: Sequence[str],
) -> pd.DataFrame:
    """The rows that look_ahead needs, with empty cells: what future_rows reads once they are filled
    in.
    """
    ordinals = future_stamps(panel.layout, horizon)
    frame: dict[str, Any] = {}
    names = name_parts(panel.layout.ids, len(series_columns)).repeat(horizon, axis=0)
    frame |= dict(zip(series_columns, names.T, strict=True))
    frame[timestamp] = panel.layout.grid.stamps(ordinals.ravel())
    return pd.DataFrame(
        frame | {column: np.full(ordinals.size, np.nan) for column in panel.known.future}
    )


def look_ahead(
    panel: Panel, *, horizon: int, given: Given | None, template: str = "forecast template"
) -> Panel:
    """The panel with what is known of the ``horizon`` steps after the end of every series.

    ``given`` are the rows of a table from future_rows; without them, rows behind the last target in
    the panel's own table count. Both may hold other rows, and notes tell of the former. Raises
    DataError naming the first rows that are absent, the first cells that are empty, and
    ``template``, the command that writes the rows.
    """
    known, layout = panel.known, panel.layout
    if not known.ahead:
        return panel
    ordinals = future_stamps(layout, horizon)
    values, notes = _known_values(panel, ordinals, given, template)
    features = calendar_values(
        layout.grid, ordinals.ravel(), features=known.calendar, holidays=known.holidays
    ).reshape(*ordinals.shape, -1)
    # Targets of the future are never read. Those of the last row stand for them, as they fit every
    # transformation.
    ahead = np.repeat(panel.values[layout.offsets[1:] - 1][:, None], horizon, axis=1)
    ahead[..., panel.n_own : panel.n_own + len(known.ahead)] = np.concatenate(
        [values, features], axis=2
    )
    return replace(panel, ahead=ahead, notes=(*panel.notes, *notes))


def _known_values(
    panel: Panel, ordinals: Ints, given: Given | None, template: str
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Values of the future covariates at the steps to be forecast, (n_series, horizon, n), and what
    of the rows ``given`` is not read.
    """
    known, layout, horizon = panel.known, panel.layout, ordinals.shape[1]
    notes: tuple[str, ...] = () if given is None else given.notes
    nothing = Rows(np.empty(0, np.int32), np.empty(0, np.int64), np.empty((0, len(known.future))))
    rows = given.rows if given else panel.later or nothing
    values = np.full((*ordinals.shape, len(known.future)), np.nan)
    count = np.zeros(ordinals.shape, np.int64)
    if not known.future:
        return values, notes
    steps = rows.ordinals - ordinals[rows.codes, 0]
    wanted = (rows.codes >= 0) & (rows.ordinals >= 0) & (steps >= 0) & (steps < horizon)
    places = rows.codes[wanted], steps[wanted]
    values[places] = rows.values[wanted]
    np.add.at(count, places, 1)
    needless = [] if given is None else list(_needless(layout, ordinals, given, wanted))
    if absent := list(_absent(panel, ordinals, count, values)):
        _refuse([*needless, *absent], None if (count == 1).all() else template)
    if needless:
        notes += (f"{len(needless):,} rows of the future are not read, the first: {needless[0]}",)
    return values, notes


def future_rows(
    table: Table,
    panel: Panel,
    *,
    timestamp: str | Sequence[str],
    series_columns: Sequence[str],
    timestamp_format: str | None,
    timezone: str | None,
    dst: str = "error",
    sentinels: tuple[float, ...] = (),
) -> Given:
    """The rows of a table that tells of the future of the panel; ``sentinels`` in it are empty
    cells.

    Raises DataError if a stamp cannot be read, or has a zone and the panel's have none, or the
    other way round.
    """
    layout = panel.layout
    names = [timestamp] if isinstance(timestamp, str) else list(timestamp)
    table, column, timestamp_format = joined(table, names, timestamp_format)
    stamps, odd = zoned_stamps(
        table,
        column=column,
        timestamp_format=timestamp_format,
        series_columns=series_columns,
        timezone=timezone,
        dst=dst,
    )
    refuse(odd, afterwards=", and train again")
    numbers, found = series_of_rows(table, series_columns, default=layout.ids[0])
    ids = pd.Index(found)[numbers]
    codes = pd.Index(layout.ids).get_indexer(ids).astype(np.int32)
    values = table.frame[list(panel.known.future)].to_numpy(np.float64)
    values = np.where(np.isin(values, sentinels), np.nan, values)
    rows = Rows(codes, _ordinals(table, layout, stamps, column), values)
    return Given(rows, lambda row: f"{table.place(row)}: series {ids[row]}, {stamps[row]}")


def _ordinals(table: Table, layout: Layout, stamps: pd.Index, timestamp: str) -> Ints:
    grid = layout.grid
    zone = stamps.tz if isinstance(stamps, pd.DatetimeIndex) else None
    dates = isinstance(stamps, pd.DatetimeIndex)
    if dates == isinstance(grid.origin, int) or (zone is None) != (grid.zone is None):
        example = layout.stamps(layout.offsets[1:] - 1)[0]
        raise DataError(
            f"{table.place(0)}: column {timestamp}: {stamps[0]} is of another kind than the stamps"
            f" of the history, such as {example}; write both the same way"
        )
    if isinstance(stamps, pd.DatetimeIndex) and grid.zone is not None:
        stamps = stamps.tz_convert(grid.zone)
    return grid.ordinals(ticks_of(stamps, freq=grid.freq))


def _refuse(problems: list[str], template: str | None) -> None:
    """Raise DataError with the first problems; ``template`` is None where all rows are there."""
    more = f"{len(problems):,} such problems; " if len(problems) > SHOWN_PROBLEMS else ""
    remedy = (
        "all rows that are needed are there: fill in these cells"
        if template is None
        else f"`{template}` writes the rows that are needed: fill in their cells, and give --future"
    )
    raise DataError(*islice(problems, SHOWN_PROBLEMS), more + remedy)


def _needless(
    layout: Layout, ordinals: Ints, given: Given, wanted: NDArray[np.bool_]
) -> Iterator[str]:
    """A problem for every row of no step to be forecast."""
    for row in map(int, np.flatnonzero(~wanted)):
        code = given.rows.codes[row]
        if code < 0:
            yield f"{given.where(row)}: the series has no history"
        else:
            first, last = layout.grid.stamps(ordinals[code, [0, -1]])
            expected = f"expected rows from {first} to {last}, freq {layout.grid.freq}"
            yield f"{given.where(row)}: not to be forecast; {expected}"


def _absent(
    panel: Panel, ordinals: Ints, count: Ints, values: NDArray[np.float64]
) -> Iterator[str]:
    """A problem for every row that is not there once, and every cell without a number."""
    layout, future = panel.layout, panel.known.future
    for code, step in np.argwhere((count != 1) | ~np.isfinite(values).all(axis=2)):
        where = f"series {layout.ids[code]}, {layout.grid.stamps(ordinals[code, [step]])[0]}"
        if count[code, step] != 1:
            many = (
                "no row of the future"
                if count[code, step] == 0
                else f"{count[code, step]} rows of the future"
            )
            yield f"{where}: {many}, where {', '.join(future)} must be known"
            continue
        for name, value in zip(future, values[code, step], strict=True):
            if not np.isfinite(value):
                yield f"{where}: column {name}: {'no value' if np.isnan(value) else f'{value}'}"
