"""Numbers that are time stamps: seconds and their like since 1970, and the days of Excel."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.tables.names import words_of
from lstm_forecast.tables.numbers.style import SAMPLED_CELLS

__all__ = ["COUNTERS", "MICROSECONDS_OF", "numbered_stamps", "numbers_by", "units_of"]

# How long one is, in microseconds.
MICROSECONDS_OF = {
    "seconds": 1e6, "milliseconds": 1e3, "microseconds": 1.0, "nanoseconds": 1e-3,
    "days": 86_400e6, "excel": 86_400e6,
}  # fmt: skip
DAYS, EXCEL = "days", "excel"  # without a zone, where the others are moments in UTC
EXCEL_DAY_OF_1970 = 25_569
# Moments of these years are told by their size; those of Excel's days are 1954 to 2064.
FIRST_MOMENT, LAST_MOMENT = pd.Timestamp("1990-01-01"), pd.Timestamp("2036-01-01")
FIRST_EXCEL_DAY, LAST_EXCEL_DAY = 20_000, 60_000
COUNTERS = {"step", "steps", "index", "idx", "id", "t", "no", "nr", "number", "row"}
DATE_WORDS = {"date", "dates", "datetime", "ds", "dt", "day", "month", "week", "quarter", "datum",
    "fecha", "data", "dato",
}  # fmt: skip
SECOND = 1_000_000  # microseconds
LARGEST = float(np.iinfo(np.int64).max) / 2
DECIMAL = r"[+-]?[0-9]{1,19}(?:\.[0-9]+)?"  # in digits that pandas reads


def units_of(cells: pd.Series, name: str) -> list[str]:
    """What the numbers of a column with this name may count, beside steps; nothing where it is
    called like what counts steps.
    """
    cells = cells[cells.notna() & (cells != "")]
    words = words_of(name)
    if not len(cells) or not COUNTERS.isdisjoint(words) or not _are_numbers(cells):
        return []
    numbers = pd.to_numeric(cells).to_numpy(np.float64)
    least, most = float(numbers.min()), float(numbers.max())
    for unit in ("seconds", "milliseconds", "microseconds", "nanoseconds"):
        first, last = (_since_1970(each, unit) for each in (FIRST_MOMENT, LAST_MOMENT))
        if first <= least and most < last:
            return [unit]
    named = words[-1:] == ["date"] or (len(words) == 1 and words[0] in DATE_WORDS)
    if not named or least < FIRST_EXCEL_DAY or most > LAST_EXCEL_DAY:
        return []
    # from 2024 on the days since 1970 are such numbers, too
    return [EXCEL, DAYS] if most < _since_1970(LAST_MOMENT, DAYS) else [EXCEL]


def numbered_stamps(unit: str, cells: pd.Series) -> pd.DatetimeIndex:
    """Stamps that are numbers of a ``unit``, NaT where a cell is none: in UTC since 1970, or
    without a zone for days.
    """
    size, first = MICROSECONDS_OF[unit], EXCEL_DAY_OF_1970 if unit == EXCEL else 0
    text = pd.api.types.is_string_dtype(cells)
    numbers = pd.to_numeric(cells.where(cells.str.fullmatch(DECIMAL)) if text else cells)
    if pd.api.types.is_integer_dtype(numbers):  # of which float64 has not all digits
        whole = numbers.to_numpy(np.int64) - first
        fits = np.abs(whole * size) < LARGEST
        whole = np.where(fits, whole, 0)
        return _stamps(unit, whole * int(size) if size >= 1 else whole // int(1 / size), fits)
    moments = (numbers.to_numpy(np.float64, na_value=np.nan) - first) * size
    fits = np.abs(moments) < LARGEST
    moments = _unblurred(np.where(fits, moments, 0), cells, size)
    return _stamps(unit, moments.astype(np.int64), fits)


def numbers_by(unit: str, stamps: pd.DatetimeIndex) -> pd.Index:
    """The stamps as numbers of a ``unit``, which ``numbered_stamps`` reads again: whole ones, or
    fractions of a day or a second.
    """
    size, first = MICROSECONDS_OF[unit], EXCEL_DAY_OF_1970 if unit == EXCEL else 0
    if unit in (DAYS, EXCEL):
        stamps = stamps.tz_localize(None)
    ticks = stamps.as_unit("us").asi8
    if size < 1:
        return pd.Index(ticks * int(1 / size))
    if (ticks % int(size) == 0).all():
        return pd.Index(ticks // int(size) + first)
    return pd.Index(ticks / size + first)


def _are_numbers(cells: pd.Series) -> bool:
    if pd.api.types.is_string_dtype(cells):
        return all(each.str.fullmatch(DECIMAL).all() for each in (cells.head(SAMPLED_CELLS), cells))
    return pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells)


def _since_1970(moment: pd.Timestamp, unit: str) -> float:
    return moment.timestamp() * SECOND / MICROSECONDS_OF[unit]


def _stamps(unit: str, ticks: NDArray[np.int64], fits: NDArray[np.bool_]) -> pd.DatetimeIndex:
    stamps = pd.DatetimeIndex(np.where(fits, ticks.astype("datetime64[us]"), np.datetime64("NaT")))
    return stamps if unit in (DAYS, EXCEL) else stamps.tz_localize("UTC")


def _unblurred(moments: NDArray[np.float64], cells: pd.Series, size: float) -> NDArray[np.float64]:
    """Moments in microseconds: whole seconds where all are as near to one as the decimals of the
    fractions of a day can tell.
    """
    blur = 0.0
    if pd.api.types.is_string_dtype(cells):
        decimals = int(cells.str.partition(".")[2].str.len().max())
        blur = 0.5 * size * 10.0**-decimals
    seconds = np.rint(moments / SECOND) * SECOND
    # a float64 tells a microsecond of such days, and half a second is nearer to no other one
    blur = max(blur, SECOND / 1000)
    whole = size > SECOND and blur < SECOND / 2 and bool((np.abs(moments - seconds) <= blur).all())
    return seconds if whole else np.rint(moments)
