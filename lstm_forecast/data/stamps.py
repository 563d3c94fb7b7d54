"""A column of time stamps, however written, to integers or a DatetimeIndex."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.tseries.api import guess_datetime_format

from lstm_forecast.data.read import Table
from lstm_forecast.errors import DataError

__all__ = ["parse_stamps", "until"]

DIGITS_OF_DATE = r"(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"


def parse_stamps(
    table: Table, *, column: str, timestamp_format: str | None = None, timezone: str | None = None
) -> pd.DatetimeIndex | pd.Index:
    """Stamps of every row: an integer Index for step numbers, else a DatetimeIndex, aware if the data or the
    config name a zone.

    Raises DataError with the place of the first cell that is not a stamp, or that is one day or another.
    """
    cells = table.frame[column]
    _refuse(table, column, cells.isna() | (cells == ""), "no time stamp")
    if timestamp_format is None and _whole_numbers(cells):
        return pd.Index(cells.astype("int64"))
    if isinstance(cells.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(cells):
        stamps = pd.DatetimeIndex(cells)
    else:
        stamps = _parse_text(table, cells.astype("str"), column, timestamp_format)
        _refuse(table, column, stamps.isna(), "no time stamp")  # pandas reads nan as one
    return _in_zone(table, stamps.as_unit("us"), column, timezone)


def _refuse(table: Table, column: str, bad: Any, problem: str, remedy: str = "") -> None:
    """Raise DataError for the first ``bad`` row, if there is one."""
    rows = np.flatnonzero(bad)
    if len(rows):
        raise DataError(f"{table.place(int(rows[0]))}: column {column}: {problem} ({len(rows):,} such rows){remedy}")


def _whole_numbers(cells: pd.Series) -> bool:
    """Whether the cells number steps. 20240131 is a date."""
    if not pd.api.types.is_integer_dtype(cells) and not (
        pd.api.types.is_string_dtype(cells) and cells.str.fullmatch(r"[+-]?\d{1,18}").all()
    ):
        return False
    return not cells.head(1000).astype("str").str.fullmatch(DIGITS_OF_DATE).all()


def _parse_text(table: Table, cells: pd.Series, column: str, timestamp_format: str | None) -> pd.DatetimeIndex:
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
    return next(iter(readings.values()))


def _guesses(cell: str) -> list[str]:
    """Formats, month first and day first, that the cell may be written in."""
    with warnings.catch_warnings(action="ignore"):
        guesses = [guess_datetime_format(cell), guess_datetime_format(cell, dayfirst=True)]
    return [style for style in dict.fromkeys(guesses) if style]


def _readings(table: Table, cells: pd.Series, column: str, styles: list[str]) -> dict[str, pd.DatetimeIndex]:
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
        unread = [pd.to_datetime(cells, errors="coerce", utc=True, format=style).isna() for style in styles]
    except ValueError as error:
        return DataError(f"data.timestamp_format: {error}")
    bad = np.flatnonzero(min(unread, key=np.count_nonzero))
    wanted = f"a stamp like {timestamp_format}" if timestamp_format else "a time stamp; set data.timestamp_format"
    received = f"received {cells.iloc[bad[0]]!r} ({len(bad):,} such rows)"
    return DataError(f"{table.place(int(bad[0]))}: column {column}: expected {wanted}, {received}")


def _in_zone(table: Table, stamps: pd.DatetimeIndex, column: str, timezone: str | None) -> pd.DatetimeIndex:
    if timezone is None:
        return stamps
    whole_days = bool((stamps == stamps.normalize()).all())  # a day begins once, whatever the clock does
    try:
        if stamps.tz is not None:
            return stamps.tz_convert(timezone)
        aware = stamps.tz_localize(
            timezone,
            ambiguous=np.ones(len(stamps), bool) if whole_days else "NaT",
            nonexistent="shift_forward" if whole_days else "NaT",
        )
    except (LookupError, ValueError, OSError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise DataError(f"data.timezone: {timezone!r} is not a known time zone ({error})") from None
    if aware.hasnans:
        row = int(aware.isna().argmax())
        raise DataError(
            f"{table.place(row)}: column {column}: {stamps[row]} is in the hour that daylight saving repeats or "
            f"skips in {timezone} ({np.count_nonzero(aware.isna()):,} such rows); write stamps with an offset, or in "
            "UTC with data.timezone: UTC"
        )
    return aware


def until(stamps: pd.DatetimeIndex | pd.Index, end: str | int) -> NDArray[np.bool_]:
    """Which rows lie at or before ``end``. Raises DataError if it does not fit the stamps, or no row does."""
    if isinstance(stamps, pd.DatetimeIndex):
        kept = np.asarray(stamps <= _last_date(stamps, end))
    elif isinstance(end, str):
        raise DataError(f"data.end: {end} is a date, but time is counted in integer steps; give the last step")
    else:
        kept = stamps.to_numpy(np.int64) <= end
    if not kept.any():
        raise DataError(
            f"data.end: no row is left: {end} lies before the first stamp, {stamps.min()}; give a later one"
        )
    return kept


def _last_date(stamps: pd.DatetimeIndex, end: str | int) -> pd.Timestamp:
    """``end`` as a date; without a zone, it is in that of the stamps."""
    if isinstance(end, int):
        raise DataError(f"data.end: {end} is a step number, but the stamps are dates; write it like 2024-01-31")
    try:
        date = pd.Timestamp(end)
    except ValueError:
        raise DataError(f"data.end: {end!r} is not a date; write it like 2024-01-31") from None
    if stamps.tz is not None and date.tz is None:
        return date.tz_localize(stamps.tz, ambiguous=False, nonexistent="shift_forward")
    if stamps.tz is None and date.tz is not None:
        raise DataError(f"data.end: {end} has a time zone, and the stamps have none; write it without")
    return date
