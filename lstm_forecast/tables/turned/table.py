"""Tables turned round: a row for each stamp, where the stamps, or their finer parts, are names of
columns.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import DataError
from lstm_forecast.tables.faults import SHOWN_PLACES, Finding, rows_told
from lstm_forecast.tables.files.budget import Budget, Size
from lstm_forecast.tables.numbers.nothing import MISSING_WORDS
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.stamps.columns import parse_stamps
from lstm_forecast.tables.stamps.reading import unread

__all__ = [
    "DAY",
    "OUTSIDE",
    "Header",
    "Turn",
    "TurnedTable",
    "header_of",
    "row_texts",
    "span_of",
    "stamp_texts",
    "turned",
    "with_values",
]

DAY = "%Y-%m-%d"
EMPTY = "a row without a value"
OUTSIDE = "outside"  # kind of what is found of cells that are no rows


@dataclass(frozen=True)
class Turn:
    """Which columns of a table hold the values of one stamp, and what those beside them are."""

    names: tuple[str, ...]  # of the columns of values: stamps, or their finer parts
    time: str  # the column of stamps that comes of it
    value: str  # and that of values
    prefix: str | None = None  # before the numbers in the names, where these count steps
    style: str | None = None  # how stamps are written; None for ISO 8601 and steps
    rows: tuple[str, ...] = ()  # columns that hold the coarser part of the stamps
    keys: tuple[str, ...] = ()  # columns that name the series
    constants: tuple[str, ...] = ()  # more columns that are kept
    timezone: str | None = None
    years: bool = False  # whether the names are years, of which rows hold the finer part
    missing: Sequence[str] = tuple(MISSING_WORDS)  # texts that stand for no value

    @property
    def beside(self) -> tuple[str, ...]:
        """All columns that are read beside those of values."""
        return tuple(dict.fromkeys((*self.rows, *self.keys, *self.constants)))


@dataclass(frozen=True)
class TurnedTable(Table):
    """A table with a row for each cell of another one; its index numbers these row by row."""

    origin: Table = field(kw_only=True)  # the other one, without its cells
    names: tuple[str, ...] = field(kw_only=True)  # of the columns that the cells stood in

    def place(self, row: int) -> str:
        """``file:line`` and the column of the cell that the row comes from."""
        line, column = divmod(int(self.frame.index[row]), len(self.names))
        return f"{self.origin.place(line)}: column {self.names[column]}"


@dataclass(frozen=True)
class Header(Table):
    """Names of columns as a table of one column."""

    def place(self, row: int) -> str:
        """The line of the header, whatever the ``row``."""
        source, _, dialect = self.sources[0]
        return f"{source}, header" if dialect is None else f"{source}:{dialect.layout.header}"


@dataclass(frozen=True)
class _Cells:
    """Cells of a table by column and row, before it is turned: arrays are (n_names, n_rows)."""

    values: pd.Series  # (n_names * n_rows,), column by column
    given: NDArray[np.bool_]  # which are not missing
    stamps: pd.DatetimeIndex | pd.Index  # all that there are, in order
    order: NDArray[np.int64]  # of the stamp of each cell among these
    dated: NDArray[np.bool_]  # (n_rows,), whether there is one


def turned(table: Table, how: Turn, budget: Budget) -> TurnedTable:
    """The table with a row for each value; missing ones before the first and behind the last value
    of a series are no rows.

    Raises DataError for names or rows that hold no stamp, for a table without a value, and above
    the budget.
    """
    _require_room(table, how, budget)
    cells = _cells(table, how)
    series = _series(table.frame, how.keys)
    kept = _inside(cells, series)
    outside = ~kept & cells.dated & np.isin(series, series[cells.given.any(axis=0)])
    if how.timezone is not None:
        kept &= cells.given | ~_skipped(cells.stamps, how.timezone)[cells.order]
    in_time = np.argsort(cells.order[:, 0], kind="stable")  # also where the newest is the first
    rows, columns = np.nonzero(kept[in_time].T)
    columns = in_time[columns]
    if how.years:
        ordered = np.lexsort((cells.order[columns, rows], series[rows]))
        rows, columns = rows[ordered], columns[ordered]
    if not len(rows):
        raise DataError(f"{table.sources[0][0]}: no value in the columns {span_of(how.names)}")
    beside = (*how.keys, *how.constants)
    frame = {
        **{name: table.frame[name].array.take(rows) for name in beside},
        how.time: cells.stamps.take(cells.order[columns, rows]),
        how.value: cells.values.array.take(columns * kept.shape[1] + rows),
    }
    return TurnedTable(
        frame=pd.DataFrame(frame, index=rows * len(how.names) + columns, copy=False),
        sources=table.sources,
        findings=(*table.findings, *_empty(table, cells), *_outside(table, how, outside)),
        states=table.states,
        written=table.written,
        inside=table.inside,
        names=how.names,
        origin=replace(table, frame=table.frame[[]]),
    )


def header_of(table: Table, names: Sequence[str], *, column: str) -> Header:
    """The ``names`` of columns as the cells of a ``column``."""
    frame = pd.DataFrame({column: pd.Series(names, dtype="str")})
    return Header(frame, table.sources)


def row_texts(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """The part of a stamp in each row as one text, empty where there is none: days in ISO 8601,
    whole numbers without a point.
    """
    cells = frame[list(columns)].copy()
    for name in columns:
        if pd.api.types.is_datetime64_any_dtype(cells[name]):
            cells[name] = cells[name].dt.strftime(DAY)
        elif pd.api.types.is_float_dtype(cells[name]) and (cells[name].dropna() % 1 == 0).all():
            cells[name] = cells[name].astype("Int64")
    parts = cells.astype("str")
    text = parts.iloc[:, 0].str.strip()
    for name in columns[1:]:
        text = text + " " + parts[name].str.strip()
    return text.where(cells.notna().all(axis=1), "")


def stamp_texts(table: Table, how: Turn) -> tuple[TurnedTable, NDArray[np.int64]]:
    """Every distinct part of a stamp in rows before every name, as a table of one column, and the
    number of that part in each row, -1 where there is none.
    """
    texts = row_texts(table.frame, how.rows)
    codes, distinct = pd.factorize(texts.mask(texts.isin(MISSING_WORDS)))
    first = np.full(len(distinct), -1)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    width = len(how.names)
    cells = np.repeat(np.asarray(distinct, object), width) + " "
    cells = cells + np.tile(np.array([name.strip() for name in how.names], object), len(distinct))
    places = (first[:, None] * width + np.arange(width)).ravel()
    frame = pd.DataFrame({how.time: pd.Series(cells, places, dtype="str")})
    origin = replace(table, frame=table.frame[[]])
    return TurnedTable(frame, table.sources, names=how.names, origin=origin), codes


def with_values(table: Table, texts: TurnedTable, how: Turn) -> TurnedTable:
    """Those of ``stamp_texts`` that some cell holds a value of."""
    _, given = _values(table, how)
    return replace(texts, frame=texts.frame[_have_values(texts, stamp_texts(table, how)[1], given)])


def _have_values(
    texts: Table, codes: NDArray[np.int64], given: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which of the texts stand for a cell that is given, one after the other: (n_texts,)."""
    found = np.zeros((len(texts.frame) // len(given), len(given)), bool)
    np.logical_or.at(found, codes[codes >= 0], given.T[codes >= 0])
    return found.ravel()


def _cells(table: Table, how: Turn) -> _Cells:
    values, given = _values(table, how)
    stamps, codes = _stamps(table, how, given)
    undated = np.flatnonzero((codes < 0) & given.any(axis=0))
    if len(undated):
        raise DataError(
            f"{table.place(int(undated[0]))}: column {' '.join(how.rows)}: no time stamp"
            f" ({rows_told(len(undated))})"
        )
    order, stamps = pd.factorize(stamps, sort=True)
    order = order.reshape(-1, len(how.names))[np.maximum(codes, 0)].T
    return _Cells(values, given, stamps, order, codes >= 0)


def _values(table: Table, how: Turn) -> tuple[pd.Series, NDArray[np.bool_]]:
    """The cells of the columns of values, one column after the other, and which of them are given:
    (n_names, n_rows).
    """
    frame, shape = table.frame, (len(how.names), len(table.frame))
    numeric = all(pd.api.types.is_numeric_dtype(frame[name]) for name in how.names)
    columns = (frame[name].astype("float64" if numeric else "str") for name in how.names)
    values = pd.concat(columns, ignore_index=True)
    missing = values.isna()
    if not numeric:  # whatever blanks are around them
        missing |= values.str.strip().isin(how.missing)
    return values, ~missing.to_numpy(bool).reshape(shape)


def _stamps(
    table: Table, how: Turn, given: NDArray[np.bool_]
) -> tuple[pd.DatetimeIndex | pd.Index, NDArray[np.int64]]:
    """The stamps of every distinct part in the rows by every name, and the number of that part in
    each row. A year without a week 53 has no stamp of it where no value is ``given``.
    """
    if how.rows:
        texts, codes = stamp_texts(table, how)
        if how.years and how.style:
            empty = ~_have_values(texts, codes, given)
            none = unread(texts.frame[how.time], how.style) & empty
            stamps, _ = _parsed(replace(texts, frame=texts.frame[~none]), codes, how)
            stamps = stamps.insert(0, pd.NaT).take(np.where(none, 0, np.cumsum(~none)))
            twice = stamps.duplicated(keep=False)  # as day 366, which is the first of the next year
            return stamps.where(~(twice & empty)), codes
        return _parsed(texts, codes, how)
    codes = np.zeros(len(table.frame), np.int64)
    if how.prefix is not None:
        return pd.Index([_step(table, name, how.prefix) for name in how.names]), codes
    return _parsed(header_of(table, how.names, column=how.time), codes, how)


def _parsed(
    texts: Table, codes: NDArray[np.int64], how: Turn
) -> tuple[pd.DatetimeIndex | pd.Index, NDArray[np.int64]]:
    stamps = parse_stamps(texts, column=how.time, timestamp_format=how.style, timezone=how.timezone)
    return stamps, codes


def _step(table: Table, name: str, prefix: str) -> int:
    """The number in a name that counts steps."""
    found = re.fullmatch(re.escape(prefix) + r"(\d{1,18})", name)
    if found is None:
        raise DataError(
            f"{table.sources[0][0]}: column {name}: expected {prefix or 'a number'} and the number"
            " of a step, as in the names beside it"
        )
    return int(found[1])


def _series(frame: pd.DataFrame, keys: Sequence[str]) -> NDArray[np.int64]:
    """The number of the series of each row."""
    if not keys:
        return np.zeros(len(frame), np.int64)
    groups = frame.groupby(list(keys), sort=False, dropna=False)
    return np.asarray(groups.ngroup(), np.int64)


def _inside(cells: _Cells, series: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which cells lie between the first and the last value of their series, by their stamps."""
    order, beyond = cells.order, len(cells.stamps)
    first, last = np.full(series.max() + 1, beyond), np.full(series.max() + 1, -1)
    np.minimum.at(first, series, np.where(cells.given, order, beyond).min(axis=0))
    np.maximum.at(last, series, np.where(cells.given, order, -1).max(axis=0))
    inside: NDArray[np.bool_] = (order >= first[series]) & (order <= last[series]) & cells.dated
    return inside


def _skipped(stamps: pd.DatetimeIndex | pd.Index, timezone: str) -> NDArray[np.bool_]:
    """Which local times a clock never shows there, as in the hour that daylight saving skips."""
    if not isinstance(stamps, pd.DatetimeIndex) or stamps.tz is not None:
        return np.zeros(len(stamps), bool)
    repeated = np.zeros(len(stamps), bool)
    local = stamps.tz_localize(timezone, ambiguous=repeated, nonexistent="NaT")
    return np.asarray(local.isna())


def _empty(table: Table, cells: _Cells) -> list[Finding]:
    """The rows that hold no value at all."""
    rows = np.flatnonzero(~cells.given.any(axis=0))
    if not len(rows):
        return []
    places = tuple(table.place(int(row)) for row in rows[:SHOWN_PLACES])
    text = f"the first of {len(rows):,} rows without a value" if len(rows) > 1 else EMPTY
    return [Finding("empty_rows", "note", len(rows), text, places)]


def _outside(table: Table, how: Turn, cells: NDArray[np.bool_]) -> list[Finding]:
    """The cells (n_names, n_rows) that are no rows, as their series has no value there yet, or no
    more.
    """
    rows, columns = np.nonzero(cells.T)
    if not len(rows):
        return []
    text = "cells without a value before the first or behind the last one of their series: no rows"
    first = f"{table.place(int(rows[0]))}: column {how.names[columns[0]]}"
    return [Finding(OUTSIDE, "note", len(rows), f"{len(rows):,} {text}", (first,))]


def _require_room(table: Table, how: Turn, budget: Budget) -> None:
    """Raise DataError for a table that would be above the budget once it is turned."""
    cells, beside = len(table.frame) * len(how.names), table.frame[list(how.beside)]
    texts = [column for _, column in beside.items() if pd.api.types.is_string_dtype(column)]
    text = sum(int(column.str.len().sum()) for column in texts)
    budget.require(Size(cells, cells * (beside.shape[1] + 2), text * len(how.names)))


def span_of(names: Sequence[str]) -> str:
    """The first and the last of the names, for messages."""
    return f"{names[0]} to {names[-1]}"
