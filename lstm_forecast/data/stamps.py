"""A column of time stamps, however written, to integers or a DatetimeIndex."""

import warnings
from typing import Any

import numpy as np
import pandas as pd

from lstm_forecast.data.read import Table
from lstm_forecast.errors import DataError

__all__ = ["parse_stamps"]


def parse_stamps(
    table: Table, *, column: str, timestamp_format: str | None = None, timezone: str | None = None
) -> pd.DatetimeIndex | pd.Index:
    """Stamps of every row: an integer Index for step numbers, else a DatetimeIndex, aware if the data or the
    config name a zone.

    Raises DataError with the place of the first cell that is not a stamp.
    """
    cells = table.frame[column]
    if cells.isna().any() or (pd.api.types.is_string_dtype(cells) and (cells == "").any()):
        row = int((cells.isna() | (cells == "")).to_numpy().argmax())
        raise DataError(f"{table.place(row)}: column {column}: no time stamp")
    if timestamp_format is None and _whole_numbers(cells):
        return pd.Index(cells.astype("int64"))
    if isinstance(cells.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(cells):
        stamps = pd.DatetimeIndex(cells)
    else:
        stamps = _parse_text(table, cells, column, timestamp_format)
    return _in_zone(table, stamps.as_unit("us"), column, timezone)


def _whole_numbers(cells: pd.Series) -> bool:
    if pd.api.types.is_integer_dtype(cells):
        return True
    return pd.api.types.is_string_dtype(cells) and bool(cells.str.fullmatch(r"[+-]?\d{1,18}").all())


def _parse_text(table: Table, cells: pd.Series, column: str, timestamp_format: str | None) -> pd.DatetimeIndex:
    cells = cells.astype("str")
    styles: list[dict[str, Any]] = [{"format": "ISO8601"}, {}, {"dayfirst": True}]
    if timestamp_format is not None:
        styles = [{"format": timestamp_format}]
    for style in styles:
        try:
            return _to_datetime(cells, **style)
        except (ValueError, TypeError, UserWarning):
            continue
    with warnings.catch_warnings(action="ignore"):
        unread = [pd.to_datetime(cells, errors="coerce", utc=True, **style).isna().to_numpy() for style in styles]
    row = int(min(unread, key=np.count_nonzero).argmax())
    wanted = f"a stamp like {timestamp_format}" if timestamp_format else "a time stamp; set data.timestamp_format"
    raise DataError(f"{table.place(row)}: column {column}: expected {wanted}, received {cells.iloc[row]!r}")


def _to_datetime(cells: pd.Series, **style: Any) -> pd.DatetimeIndex:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # pandas only warns where it starts to guess cell by cell
        try:
            return pd.DatetimeIndex(pd.to_datetime(cells, **style))
        except ValueError as error:
            if "Mixed timezones" not in str(error):
                raise
        return pd.DatetimeIndex(pd.to_datetime(cells, utc=True, **style))


def _in_zone(table: Table, stamps: pd.DatetimeIndex, column: str, timezone: str | None) -> pd.DatetimeIndex:
    if timezone is None:
        return stamps
    try:
        if stamps.tz is not None:
            return stamps.tz_convert(timezone)
        aware = stamps.tz_localize(timezone, ambiguous="NaT", nonexistent="NaT")
    except (KeyError, ValueError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise DataError(f"data.timezone: {timezone} is not a known time zone ({error})") from None
    if aware.hasnans:
        row = int(aware.isna().argmax())
        raise DataError(
            f"{table.place(row)}: column {column}: {stamps[row]} is in the hour that daylight saving repeats or "
            f"skips in {timezone}; write stamps with an offset, or in UTC with data.timezone: UTC"
        )
    return aware
