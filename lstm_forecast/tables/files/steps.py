"""Stamps of series that are written as a start and values, one after the other."""

import re

import numpy as np
import pandas as pd
from pandas.tseries import offsets
from pandas.tseries.frequencies import to_offset

from lstm_forecast.errors import DataError

__all__ = ["alias_of", "stamps_from", "start_in"]

# Frequencies in words, as the Monash archive has them, and as older versions of pandas called them.
ALIASES = {
    "minutely": "min", "half_hourly": "30min", "hourly": "h", "daily": "D", "weekly": "7D",
    "monthly": "MS", "quarterly": "QS", "yearly": "YS",
    "T": "min", "H": "h", "S": "s", "M": "MS", "Q": "QS", "A": "YS", "Y": "YS",
}  # fmt: skip
UNITS = {"second": "s", "minute": "min", "hour": "h", "day": "D", "week": "W", "month": "MS"}
MONTHLY = (offsets.MonthBegin, offsets.MonthEnd, offsets.BMonthBegin, offsets.BMonthEnd)
QUARTERLY = (offsets.QuarterBegin, offsets.QuarterEnd, offsets.BQuarterBegin, offsets.BQuarterEnd)
YEARLY = (offsets.YearBegin, offsets.YearEnd, offsets.BYearBegin, offsets.BYearEnd)
MONTHS: dict[type, int] = {
    **dict.fromkeys(MONTHLY, 1),
    **dict.fromkeys(QUARTERLY, 3),
    **dict.fromkeys(YEARLY, 12),
}
DAY_OF_MONTH = r"^(\d*MS)-\d+$"  # an alias of our own, of which the start has the day
DAYS: dict[type, int] = {offsets.Day: 1, offsets.Week: 7}


def alias_of(word: str) -> str:
    """The alias of pandas for a frequency in words, such as 10_minutes; else the word itself."""
    if found := re.fullmatch(r"(\d*)([A-Z])", word):
        return found[1] + ALIASES.get(found[2], found[2])
    if found := re.fullmatch(r"(\d+)_([a-z]+?)s?", word):
        return found[1] + UNITS.get(found[2], found[2])
    return ALIASES.get(word, word)


def start_in(text: str, place: str) -> pd.Timestamp:
    """The stamp that a text is, of a form that has one reading: 2010-07-01 or 2010-07-01 00-30-00.

    Raises DataError for any other.
    """
    dashed = re.sub(r"([ T]\d\d)-(\d\d)(-(\d\d))?$", r"\1:\2:\4", text).removesuffix(":")
    try:
        return pd.Timestamp(pd.to_datetime(dashed, format="ISO8601"))
    except ValueError:
        raise DataError(
            f"{place}: expected a start such as 2010-07-01 00:30:00, received {text!r}"
        ) from None


def stamps_from(
    start: pd.Timestamp, count: int, freq: str, place: str, *, named: str | None
) -> pd.DatetimeIndex:
    """``count`` stamps from ``start`` on. Those of months keep its day, or are month ends as it is.

    Raises DataError, with the ``place``, for what is no frequency, and a start between its steps;
    ``named`` is what the file calls its frequency, None for that of the config.
    """
    remedy = f"correct {named} in the file" if named else "set data.freq to another one"
    try:
        offset = to_offset(re.sub(DAY_OF_MONTH, r"\1", alias_of(freq)))
        months = MONTHS.get(type(offset), 0) * offset.n
        if months:
            return _monthly(start, months * np.arange(count))
        days = pd.Timedelta(days=DAYS.get(type(offset), 0) * offset.n)
        if step := pd.Timedelta(offset) if isinstance(offset, offsets.Tick) else days:
            return pd.DatetimeIndex(start.as_unit("us") + step * np.arange(count)).as_unit("us")
        stamps = pd.date_range(start, periods=count, freq=offset).as_unit("us")
    except (ValueError, OverflowError) as error:
        why = str(error).partition(". Failed to parse")[0]
        raise DataError(f"{place}: freq {freq}: {why}; {remedy}") from None
    if count and stamps[0] != start:
        raise DataError(f"{place}: {start} is between the steps of freq {freq}; {remedy}")
    return stamps


def _monthly(start: pd.Timestamp, months: np.ndarray) -> pd.DatetimeIndex:
    naive = start.tz_localize(None)
    whole = np.datetime64(naive, "M") + months
    first = whole.astype("datetime64[D]")
    length = ((whole + 1).astype("datetime64[D]") - first).astype(int)
    days = first + np.minimum(31 if naive.is_month_end else naive.day, length) - 1
    time = np.timedelta64((naive - naive.normalize()).value, "ns").astype("timedelta64[us]")
    return pd.DatetimeIndex(days.astype("datetime64[us]") + time).tz_localize(start.tz)
