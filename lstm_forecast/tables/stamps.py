"""A column of time stamps, however written, to integers or a DatetimeIndex."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import partial, reduce
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.tseries.api import guess_datetime_format

from lstm_forecast.errors import DataError
from lstm_forecast.tables.faults import SHOWN_PLACES, Finding
from lstm_forecast.tables.read import Table

__all__ = [
    "FORMAT_OF_PART", "SAMPLED_CELLS", "in_zone", "joined", "looks_like_time", "parse_stamps",
    "stamp_format", "zoned_stamps",
]  # fmt: skip

OTHER_STAMPS = "write stamps with an offset, or in UTC with data.timezone: UTC"
DIGITS_OF_MONTH = r"(19|20)\d{2}(0[1-9]|1[0-2])"
DIGITS_OF_DATE = rf"{DIGITS_OF_MONTH}(0[1-9]|[12]\d|3[01])"
DOTTED_TIME = r" \d?\d\.\d\d(\.\d\d)?$"  # 18.00.00, which pandas does not guess
SAMPLED_CELLS = 1000  # the first ones, by which most columns are told apart
# How the parts of a stamp are written that stand in columns with these names.
FORMAT_OF_PART = {
    "year": "%Y",
    "month": "%m",
    "day": "%d",
    "hour": "%H",
    "minute": "%M",
    "second": "%S",
}


def joined(
    table: Table, columns: Sequence[str], timestamp_format: str | None = None
) -> tuple[Table, str, str | None]:
    """The table with stamps that several columns hold in one, the name of that, and the format if
    there is one.

    Columns called year, month, day, hour, minute and second need no format.
    """
    name = " ".join(columns)
    if len(columns) == 1:
        return table, name, timestamp_format
    first, *rest = (table.frame[column].astype("str").str.strip() for column in columns)
    cells = reduce(lambda left, right: left + " " + right, rest, first).str.strip()
    parts = [FORMAT_OF_PART.get(column.lower()) for column in columns]
    usual = " ".join(part for part in parts if part) if all(parts) else None
    return (
        replace(table, frame=table.frame.assign(**{name: cells})),
        name,
        timestamp_format or usual,
    )


def parse_stamps(
    table: Table, *, column: str, timestamp_format: str | None = None
) -> pd.DatetimeIndex | pd.Index:
    """Stamps of every row: an integer Index for step numbers, else a DatetimeIndex, aware if the
    data name a zone.

    Raises DataError with the place of the first cell that is not a stamp, or that is one day or
    another.
    """
    cells = table.frame[column]
    _refuse(table, column, cells.isna() | (cells == ""), "no time stamp")
    if timestamp_format is None and _whole_numbers(cells):
        return pd.Index(cells.astype("int64"))
    if isinstance(cells.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(cells):
        stamps = pd.DatetimeIndex(cells)
    else:
        _, stamps = _parse_text(table, cells.astype("str"), column, timestamp_format)
        _refuse(table, column, stamps.isna(), "no time stamp")  # pandas reads nan as one
    return stamps.as_unit("us")


def zoned_stamps(
    table: Table,
    *,
    column: str,
    timestamp_format: str | None,
    series_id: str | None,
    timezone: str | None,
    dst: str,
) -> tuple[pd.DatetimeIndex | pd.Index, list[Finding]]:
    """Stamps of every row as ``parse_stamps`` gives them, and in a zone, if one is given, as
    ``in_zone`` does.

    Raises DataError as these do.
    """
    stamps = parse_stamps(table, column=column, timestamp_format=timestamp_format)
    if timezone is None or not isinstance(stamps, pd.DatetimeIndex):
        return stamps, []
    return in_zone(table, stamps, column=column, series_id=series_id, timezone=timezone, dst=dst)


def stamp_format(table: Table, column: str) -> str | None:
    """The format that the stamps of a text column have; None where none is needed.

    Raises as ``parse_stamps`` does.
    """
    cells = table.frame[column]
    if not pd.api.types.is_string_dtype(cells) or _whole_numbers(cells):
        return None
    style, _ = _parse_text(table, cells, column, None)
    return None if style == "ISO8601" else style


def looks_like_time(cells: pd.Series) -> bool:
    """Whether nearly all of the first cells are dates or stamps in one of the usual formats."""
    if pd.api.types.is_datetime64_any_dtype(cells):
        return True
    if not pd.api.types.is_string_dtype(cells):
        return False
    cells = cells[cells.str.len() >= 6].drop_duplicates().head(SAMPLED_CELLS)
    with warnings.catch_warnings(action="ignore"):
        return any(
            pd.to_datetime(cells, format=style, errors="coerce", utc=True).notna().mean() > 0.9
            for style in ["ISO8601", *(_guesses(cells.iloc[0]) if len(cells) else [])]
        )


def _refuse(table: Table, column: str, bad: Any, problem: str, remedy: str = "") -> None:
    """Raise DataError for the first ``bad`` row, if there is one."""
    rows = np.flatnonzero(bad)
    if len(rows):
        raise DataError(
            f"{table.place(int(rows[0]))}: column {column}: {problem} ({len(rows):,} such"
            f" rows){remedy}"
        )


def _whole_numbers(cells: pd.Series) -> bool:
    """Whether the cells number steps. 20240131 and 202401 are dates."""
    if not pd.api.types.is_integer_dtype(cells) and not (
        pd.api.types.is_string_dtype(cells) and cells.str.fullmatch(r"[+-]?\d{1,18}").all()
    ):
        return False
    head = cells.head(SAMPLED_CELLS).astype("str")
    return (
        not head.str.fullmatch(DIGITS_OF_DATE).all()
        and not head.str.fullmatch(DIGITS_OF_MONTH).all()
    )


def _parse_text(
    table: Table, cells: pd.Series, column: str, timestamp_format: str | None
) -> tuple[str, pd.DatetimeIndex]:
    """The format of the cells, and what they say."""
    styles = [timestamp_format or "ISO8601"]
    readings = _readings(table, cells, column, styles)
    if not readings and timestamp_format is None:
        styles += _guesses(cells.iloc[0])
        readings = _readings(table, cells, column, styles[1:])
    if not readings:
        raise _unreadable(table, cells, column, styles, timestamp_format)
    if len(readings) > 1:
        first, second = readings.values()
        problem = f"{cells.iloc[(first != second).argmax()]!r} may have the month or the day first"
        remedy = f"; set data.timestamp_format: {' or '.join(map(repr, readings))}"
        _refuse(table, column, first != second, problem, remedy)
    return next(iter(readings.items()))


def _guesses(cell: str) -> list[str]:
    """Formats, month first and day first, that the cell may be written in."""
    if re.fullmatch(DIGITS_OF_MONTH, cell):
        return ["%Y%m"]
    day, time = cell, ""
    if dotted := re.search(DOTTED_TIME, cell):
        day, time = cell[: dotted.start()], " %H.%M.%S" if dotted[1] else " %H.%M"
    with warnings.catch_warnings(action="ignore"):
        guesses = [guess_datetime_format(day), guess_datetime_format(day, dayfirst=True)]
    return [style + time for style in dict.fromkeys(guesses) if style]


def _readings(
    table: Table, cells: pd.Series, column: str, styles: list[str]
) -> dict[str, pd.DatetimeIndex]:
    """Stamps by the styles that fit all cells."""
    readings = {}
    for style in styles:
        for utc in (False, True):
            try:
                readings[style] = pd.DatetimeIndex(pd.to_datetime(cells, format=style, utc=utc))
                break
            except ValueError as error:
                if "Mixed timezones" not in str(error):
                    break
            if style == "ISO8601":  # another Z makes all but the naive ones unreadable
                naive = pd.to_datetime(cells + "Z", format=style, utc=True, errors="coerce").notna()
                _refuse(table, column, naive, "no offset, where other stamps have one")
    return readings


def _unreadable(
    table: Table, cells: pd.Series, column: str, styles: list[str], timestamp_format: str | None
) -> DataError:
    try:
        unread = [
            pd.to_datetime(cells, errors="coerce", utc=True, format=style).isna()
            for style in styles
        ]
    except ValueError as error:
        return DataError(f"data.timestamp_format: {error}")
    bad = np.flatnonzero(min(unread, key=np.count_nonzero))
    wanted = (
        f"a stamp like {timestamp_format}"
        if timestamp_format
        else "a time stamp; set data.timestamp_format"
    )
    received = f"received {cells.iloc[bad[0]]!r} ({len(bad):,} such rows)"
    return DataError(f"{table.place(int(bad[0]))}: column {column}: expected {wanted}, {received}")


def in_zone(
    table: Table,
    stamps: pd.DatetimeIndex,
    *,
    column: str,
    series_id: str | None,
    timezone: str,
    dst: str,
) -> tuple[pd.DatetimeIndex, list[Finding]]:
    """Stamps in a zone, and those that lie in an hour that daylight saving repeats or skips there.

    ``dst``: first or last (which of the repeated hours a stamp is; of two in a series, one each;
    skipped ones are refused), shift (as first, and skipped stamps move to the end of the skipped
    hour) or error. Raises DataError if there is no such zone.
    """
    # A day begins once, whatever the clock does.
    whole_days = bool((stamps == stamps.normalize()).all())
    try:
        if stamps.tz is not None:
            return stamps.tz_convert(timezone), []
        localised = partial(_localised, stamps, timezone, forward=whole_days or dst == "shift")
        first, second = localised(first=True), localised(first=False)
    except (LookupError, ValueError, OSError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise DataError(f"data.timezone: {timezone!r} is not a known time zone ({error})") from None
    skipped = np.asarray(first.isna()) | np.asarray(first.tz_localize(None) != stamps)
    repeated = np.asarray(first != second) & ~np.asarray(first.isna())
    touched = np.flatnonzero(skipped | repeated)
    if whole_days or not len(touched):
        return first, []
    finding = Finding(
        "dst",
        "settled" if dst == "shift" or (dst != "error" and not first.hasnans) else "refused",
        len(touched),
        f"in the hour that daylight saving repeats or skips in {timezone}",
        _places(table, column, stamps, touched),
        f"data.dst: {'shift' if skipped.any() else 'first or last'}, or {OTHER_STAMPS}",
    )
    again = np.zeros(len(stamps), bool)
    again[np.flatnonzero(repeated)] = _second_pass(table.frame[repeated], column, series_id, dst)
    return _localised(stamps, timezone, first=~again, forward=True), [finding]


def _localised(
    stamps: pd.DatetimeIndex, timezone: str, *, first: bool | NDArray[np.bool_], forward: bool
) -> pd.DatetimeIndex:
    """Naive stamps in a zone: in the ``first`` of repeated hours or in the second one, and moved
    ``forward`` out of a skipped hour or NaT.
    """
    return stamps.tz_localize(
        timezone,
        ambiguous=np.broadcast_to(first, len(stamps)),
        nonexistent="shift_forward" if forward else "NaT",
    )


def _places(
    table: Table, column: str, stamps: pd.DatetimeIndex, rows: NDArray[np.int64]
) -> tuple[str, ...]:
    """Where the first of these rows stand, and their stamps."""
    return tuple(
        f"{table.place(int(row))}: column {column}: {stamps[row]}" for row in rows[:SHOWN_PLACES]
    )


def _second_pass(
    frame: pd.DataFrame, column: str, series_id: str | None, dst: str
) -> NDArray[np.bool_]:
    """Which rows of a repeated hour belong to its second pass: of two equal stamps in a series, the
    later row.
    """
    keys = [column] if series_id is None else [series_id, column]
    twice = frame.duplicated(keys, keep=False).to_numpy()
    return np.where(twice, frame.duplicated(keys).to_numpy(), dst == "last")
