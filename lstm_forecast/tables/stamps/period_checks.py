"""What is wrong with numbered periods of days, for people: see ``periods_of_day``."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import DataError
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.stamps.formats import parts_of, stamps_by
from lstm_forecast.tables.stamps.periods_of_day import (
    MINUTES_OF_DAY,
    MINUTES_OF_PERIOD,
    changed_day,
    period_in,
)

__all__ = ["absent_period", "require_equal_days", "require_every_day", "require_hours_of_clocks"]

MONTHS_OF_CHANGE = (3, 9, 10)  # in which clocks are set forward somewhere, on a Sunday
SUNDAY = 6


def require_every_day(table: Table, cells: pd.Series, column: str, style: str) -> None:
    """Raise DataError for numbered periods of days that mostly do not follow each other: they may
    be numbers of anything.
    """
    if not (name := period_in(style)):
        return
    days = _days_by(style, name, cells.drop_duplicates())
    steps = np.diff(np.unique(days.astype("M8[D]"))).astype(np.int64)
    if len(steps) and np.median(steps) != 1:
        raise DataError(
            f"{table.place(0)}: column {column}: {cells.iloc[0]!r} may be a part of a day, or a"
            f" number beside a date, as most dates are {int(np.median(steps))} days apart; name the"
            " column of dates alone with --timestamp, or set data.timestamp_format:"
            f" {style!r} for parts of days"
        )


def require_equal_days(table: Table, cells: pd.Series, column: str, style: str) -> None:
    """Raise DataError for a day of more or fewer numbered periods than others, without a zone."""
    if not (name := period_in(style)):
        return
    minutes = MINUTES_OF_PERIOD[name]
    numbers = parts_of(style, cells)[name].astype("float64").to_numpy()
    row = changed_day(_days_by(style, name, cells), numbers, minutes)
    if row is not None:
        raise DataError(
            f"{table.place(row)}: column {column}: {cells.iloc[row]!r} is the last period of a"
            f" day, and others have {MINUTES_OF_DAY // minutes}, as where clocks change; set"
            " data.timezone to the zone of the clocks, such as Europe/London"
        )


def require_hours_of_clocks(table: Table, cells: pd.Series, column: str, style: str) -> None:
    """Raise DataError for a Sunday without the last hour, as a day of 23 hours is: clocks skip an
    hour of the night then, and numbers of hours the last one.
    """
    if not style.endswith(" %H"):
        return
    parts = parts_of(style, cells)
    hours = parts["H"].astype("float64").to_numpy()
    first = int(np.nanmin(hours, initial=1))
    if np.nanmax(hours, initial=0) != MINUTES_OF_DAY // 60 - 1 + first:
        return
    hours = hours + 1 - first
    days = stamps_by(style.removesuffix("%H") + "%*", cells)[0].to_numpy()
    row = changed_day(days, hours, 60)
    if row is None or not _may_change(pd.Timestamp(days[row])):
        return
    if len(np.unique(hours[days == days[row]])) == hours[row]:
        problem = (
            f"{table.place(row)}: column {column}: {cells.iloc[row]!r} is the last hour of a day on"
            " which clocks are set forward in many zones"
        )
        raise DataError(f"{problem}; {_readings_of_hours(style, first)}")


def _readings_of_hours(style: str, first: int) -> str:
    """What hours from the ``first`` on may be, and the formats that say so."""
    numbered = style.removesuffix("%H") + "%O"
    if first == 0:
        return (
            f"count hours from 1 on, with data.timestamp_format: {numbered!r}, where they are"
            f" numbered from midnight on, or set data.timestamp_format: {style!r} where clocks show"
            " them, and one is missing"
        )
    return (
        f"set data.timestamp_format: {numbered!r} where hours are numbered from midnight on, or"
        f" {style!r} where clocks show them, and one is missing"
    )


def _may_change(day: pd.Timestamp) -> bool:
    """Whether clocks are set forward on a day somewhere."""
    return day.day_of_week == SUNDAY and day.month in MONTHS_OF_CHANGE


def _days_by(style: str, period: str, cells: pd.Series) -> NDArray[np.datetime64]:
    """The midnights of the days before numbered periods, (n,)."""
    midnight, _ = stamps_by(style.replace(f"%{period}", "%*"), cells)
    return midnight.to_numpy()


def absent_period(
    table: Table, cells: pd.Series, column: str, style: str, timezone: str | None
) -> DataError:
    """The error for a numbered period that its day does not have in the zone of the data."""
    stamps, _ = stamps_by(style, cells, timezone=timezone)
    row = int(np.flatnonzero(stamps.isna())[0])
    return DataError(
        f"{table.place(row)}: column {column}: {cells.iloc[row]!r}: no such period of that day in"
        f" {timezone}, where clocks change; correct it, or data.timezone"
    )
