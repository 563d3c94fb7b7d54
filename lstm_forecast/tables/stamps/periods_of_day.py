"""Numbered periods of a day, such as the settlement periods of electricity markets: they count time
since midnight, whatever clocks show, so that a day of a zone has 46, 48 or 50 half hours.
"""

import re
from datetime import tzinfo
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.tables.names import words_of
from lstm_forecast.tables.stamps.parts import is_called_hour

__all__ = [
    "MINUTES_OF_DAY", "MINUTES_OF_PERIOD", "are_periods_of_day", "begins_of_periods",
    "changed_day", "number_of_period", "period_directive", "period_in",
]  # fmt: skip

Floats = NDArray[np.floating[Any]]
# By the directive: %P is a half hour, %Q a quarter of an hour, and %O an hour.
MINUTES_OF_PERIOD = {"P": 30, "Q": 15, "O": 60}
MINUTES_OF_DAY, MINUTES_OF_CHANGE = 1440, 60  # by which a day of summer time is longer or shorter
LONGEST_DAY = 25  # hours
# Words in the name of a column of such periods.
PERIOD_WORDS = {
    "period", "periods", "interval", "settlement", "sp", "isp", "ptu", "mtu", "halfhour", "hh",
    "quarterhour", "viertelstunde", "periode", "periodo", "intervalo",
}  # fmt: skip


def are_periods_of_day(numbers: pd.Series, name: str) -> bool:
    """Whether whole numbers in a column of this name are the hours, the half or quarter hours of
    days.
    """
    return _directive(numbers, name) is not None


def period_directive(cells: pd.Series, name: str) -> str | None:
    """The directive of the numbers behind the dates in these texts; None where they are no periods
    of a day.
    """
    if not _is_called(name) and not is_called_hour(name):  # as most are: cells are not looked at
        return None
    numbers = pd.to_numeric(cells.str.strip().str.extract(r" ([0-9]{1,3})$", expand=False))
    return _directive(numbers, name)


def period_in(style: str) -> str | None:
    """The directive of numbered periods in a format, if it has one."""
    found = re.search(f"%([{''.join(MINUTES_OF_PERIOD)}])", style)
    return found[1] if found else None


def _is_called(name: str) -> bool:
    return not PERIOD_WORDS.isdisjoint(words_of(name))


def _directive(numbers: pd.Series, name: str) -> str | None:
    """That of the periods which numbers count from 1 on; None for other numbers.

    Hours that are called so may be those of clocks, unless there is a 25th.
    """
    if numbers.min() != 1:
        return None
    most = int(numbers.max())
    if is_called_hour(name):
        return "O" if most == LONGEST_DAY else None
    for directive, minutes in MINUTES_OF_PERIOD.items():
        usual, more = MINUTES_OF_DAY // minutes, MINUTES_OF_CHANGE // minutes
        if _is_called(name) and usual <= most <= usual + more:
            return directive
    return None


def begins_of_periods(
    days: NDArray[np.datetime64], numbers: Floats, minutes: int, timezone: str | None
) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex]:
    """When periods of so many minutes begin whose numbers count from 1 on in each of the days, and
    the local times: (n,) each, NaT where the day has no such period; in UTC where there is a
    ``timezone``.
    """
    midnight = pd.DatetimeIndex(days)
    since = pd.to_timedelta((numbers - 1) * minutes, unit="m")
    begins = _in_zone(midnight, timezone) + since
    local = begins.tz_localize(None)
    same = local.normalize() == midnight
    begins, local = (pd.DatetimeIndex(each.where(same)).as_unit("us") for each in (begins, local))
    return (begins.tz_convert("UTC") if timezone else begins), local


def number_of_period(stamps: pd.DatetimeIndex, *, minutes: int) -> pd.Index:
    """The number of the period that begins at each stamp: what ``begins_of_periods`` reads."""
    midnight = _in_zone(stamps.tz_localize(None).normalize(), stamps.tz)
    return (stamps - midnight) // pd.Timedelta(minutes=minutes) + 1


def _in_zone(midnight: pd.DatetimeIndex, zone: str | tzinfo | None) -> pd.DatetimeIndex:
    """When days begin: at the first 0:00 of two, and behind an hour that clocks skip."""
    if zone is None:
        return midnight
    first = np.ones(len(midnight), bool)
    return midnight.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")


def changed_day(days: NDArray[np.datetime64], numbers: Floats, minutes: int) -> int | None:
    """A row of a day that clocks made longer or shorter than the others, as its last period tells;
    None where there is none. The first and the last day may be shorter.
    """
    usual, change = MINUTES_OF_DAY // minutes, MINUTES_OF_CHANGE // minutes
    last = pd.Series(numbers).groupby(np.asarray(days)).max()
    shorter = (last == usual - change) & last.index.isin(last.index[1:-1])
    changed = last[(last > usual) | shorter]
    if not len(changed):
        return None
    return int(np.flatnonzero((days == changed.index[0]) & (numbers == changed.iloc[0]))[0])
