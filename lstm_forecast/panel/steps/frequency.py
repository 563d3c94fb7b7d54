"""Frequencies as a config writes them: aliases of pandas, and one of our own for days of the month.

``MS-15`` is day 15 of each month, or the last day where a month is shorter; ``3MS-15`` that of each
third month, and ``MS-1-11-21`` three days of each month.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.tseries.frequencies import to_offset

__all__ = [
    "DAY", "SHORTEST_MONTH", "TICKS_OF_DAY", "MonthDays", "alias_of", "fixed_step", "is_freq",
    "month_days", "sub_daily", "ticks_from",
]  # fmt: skip

DAY = pd.Timedelta(days=1)
TICKS_OF_DAY = DAY // pd.Timedelta(microseconds=1)
SHORTEST_MONTH = 28
Days = NDArray[np.datetime64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class MonthDays:
    """The same days of every month, or one day of every few months."""

    days: tuple[int, ...]  # ascending; only the last one may lie behind the end of a short month
    months: int = 1

    @property
    def alias(self) -> str:
        """How a config writes it."""
        return f"{'' if self.months == 1 else self.months}MS-{'-'.join(map(str, self.days))}"

    def dates(self, first: np.datetime64, *, until: np.datetime64) -> Days:
        """All of its dates from ``first`` to ``until``, of each few months from the first of them
        on.
        """
        months = np.arange(first.astype("M8[M]"), until.astype("M8[M]") + 1)
        starts = months.astype("M8[D]")
        lengths = ((months + 1).astype("M8[D]") - starts).astype(np.int64)
        numbers = np.minimum(np.array(self.days)[:, None], lengths) - 1
        dates: Days = (starts + numbers).T.ravel()
        return dates[dates >= first][:: self.months]


def month_days(freq: str) -> MonthDays | None:
    """The days of the month that an alias of our own names; None for all other aliases."""
    named = re.fullmatch(r"([1-9]\d{0,3})?MS((?:-[1-9]\d?)+)", freq)
    if named is None:
        return None
    months, days = int(named[1] or 1), tuple(map(int, named[2][1:].split("-")))
    ascends = all(day < later for day, later in pairwise(days))
    fits = days[-1] <= 31 and all(day < SHORTEST_MONTH for day in days[:-1])
    return MonthDays(days, months) if ascends and fits and 1 in (months, len(days)) else None


def is_freq(freq: str) -> bool:
    """Whether it is an alias whose steps lead forwards."""
    if month_days(freq):
        return True
    start = pd.Timestamp(0, unit="us")
    try:
        return (start + to_offset(freq)).as_unit("us") > start
    except ValueError:
        return False


def fixed_step(freq: str) -> pd.Timedelta | None:
    """Length of a step if it never changes; a day counts, on the local clock."""
    if month_days(freq):
        return None
    offset = to_offset(freq)
    if isinstance(offset, pd.offsets.Day):
        return offset.n * DAY
    return pd.Timedelta(offset) if isinstance(offset, pd.offsets.Tick) else None


def alias_of(step: int) -> str:
    """The alias of a step of so many microseconds: 30min, h, 2D."""
    days, part = divmod(step, TICKS_OF_DAY)
    if part:
        return str(to_offset(pd.Timedelta(step, unit="us")).freqstr)
    return "D" if days == 1 else f"{days}D"


def sub_daily(freq: str) -> bool:
    """Whether steps are parts of a day, or days and parts of one."""
    step = fixed_step(freq)
    return step is not None and step % DAY != pd.Timedelta(0)


def ticks_from(
    origin: pd.Timestamp, freq: str, *, count: int | None = None, until: pd.Timestamp | None = None
) -> Ints:
    """Microseconds of the steps of a calendar from ``origin`` on: ``count`` of them, or all
    ``until`` a stamp.

    All have the time of day of the origin.
    """
    own = month_days(freq)
    if own is None:
        ahead: pd.DatetimeIndex = (
            pd.date_range(origin, until, freq=freq)
            if until is not None
            else pd.date_range(origin, periods=count or 0, freq=freq)
        )
        return ahead.as_unit("us").asi8
    first = origin.normalize()
    time = (origin - first) // pd.Timedelta(microseconds=1)
    day = first.to_datetime64().astype("M8[D]")
    if until is None:
        last = day.astype("M8[M]") + (count or 0) * own.months + 1
    else:
        last = until.to_datetime64()
    ticks: Ints = own.dates(day, until=last.astype("M8[D]")).astype("M8[us]").astype(np.int64)
    ticks = ticks[:count] + time
    return ticks if until is None else ticks[ticks <= until.as_unit("us").asm8.astype(np.int64)]
