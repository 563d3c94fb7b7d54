"""The frequency that stamps have: found from all of them, or refused with what they are like."""

import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.tseries.frequencies import to_offset

from lstm_forecast.errors import DataError
from lstm_forecast.panel.steps.frequency import (
    SHORTEST_MONTH,
    TICKS_OF_DAY,
    MonthDays,
    alias_of,
    month_days,
    ticks_from,
)
from lstm_forecast.panel.steps.spacing import (
    commonest_step,
    distinct,
    duration_text,
    round_phase,
    spacings,
    usual_step,
)

__all__ = ["IrregularError", "infer_freq"]

Days = NDArray[np.datetime64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
LEAST_STEP = 9 * TICKS_OF_DAY  # in the median, that a few days of each month are apart
MOST_DAYS_OF_MONTH = 3
SHARE_ON_CALENDAR = 0.9  # of the stamps, where the others may be faults
SHOWN_SPACINGS = 3
LAST_WEEK = 4  # of a month, counted from 0; not all months have it
STEPS_THAT_NAME = 24  # of a calendar, from which pandas tells it from all others
DAYS_OF_WEEK = 7
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
EVENT_STEPS = "D, W-SUN or MS"  # that events are mostly put together by
FISCAL_STEPS = (28 * TICKS_OF_DAY, 35 * TICKS_OF_DAY)


class IrregularError(DataError):
    """Stamps have no regular spacing."""


def infer_freq(stamps: Ints, *, integers: bool) -> str:
    """The frequency of the stamps of one series, gaps allowed: an alias, or a whole number as text.

    Raises IrregularError if no frequency fits, DataError if two do.
    """
    unique = distinct(stamps)
    if len(unique) < 3:
        raise DataError("data.freq: too few stamps to infer it; set it, for example freq: D")
    if integers:
        return str(commonest_step(unique))
    step = usual_step(unique)
    if step < TICKS_OF_DAY:
        return alias_of(step)
    days = unique if step % TICKS_OF_DAY else _at_one_time_of_day(unique)
    freq = _calendar_freq(days) or _freq_of_stretch(days)
    dates = days.astype("M8[us]").astype("M8[D]")
    if freq is None:
        freq = _freq_of_filled_days(dates)
    if freq is None:
        raise _irregular(unique)
    return "B" if freq == "D" and len(dates) >= 10 and np.is_busday(dates).all() else freq


def _freq_of_filled_days(dates: Days) -> str | None:
    """Days, where at least half of them have a stamp, or nearly all on some days of the week."""
    days = np.unique(dates).astype(np.int64)
    every = np.arange(days[0], days[-1] + 1)
    used = every[np.isin(every % DAYS_OF_WEEK, days % DAYS_OF_WEEK)]
    some = len(used) < len(every) and len(days) >= SHARE_ON_CALENDAR * len(used)
    return "D" if 2 * len(days) >= len(every) or some else None


def _at_one_time_of_day(unique: Ints) -> Ints:
    """Stamps of days with the same time of day: the one that all are about, or else midnight."""
    if (unique % TICKS_OF_DAY == unique[0] % TICKS_OF_DAY).all():
        return unique
    phase = round_phase(unique, TICKS_OF_DAY)
    moved = unique if phase is None else unique - phase + TICKS_OF_DAY // 2
    return distinct(moved // TICKS_OF_DAY * TICKS_OF_DAY + (phase or 0))


@dataclass(frozen=True)
class _Calendar:
    """A calendar of months, and which stamps are on it: (n_stamps,)."""

    freq: str
    on: Flags

    @property
    def share(self) -> float:
        return float(self.on.mean())


def _calendar_freq(unique: Ints) -> str | None:
    """The calendar that all stamps are on, with or without steps left out, or else nearly all.

    Raises DataError where they are on two, or on one that there is no frequency for.
    """
    found = list(_calendars(unique))
    whole = [calendar.freq for calendar in found if calendar.on.all()]
    if len(whole) > 1 and "WOM-" in whole[0]:
        raise DataError(
            f"data.freq: all stamps are on {whole[0]} and on {whole[1]}, the last such day of each"
            " month; set data.freq to one of them"
        )
    if whole:
        return whole[0]
    if regular := _pandas_freq(unique):
        return regular
    _refuse_fiscal(unique)
    most = max(found, key=lambda calendar: calendar.share, default=None)
    return most.freq if most and most.share >= SHARE_ON_CALENDAR else None


def _calendars(unique: Ints) -> Iterator[_Calendar]:
    """Calendars that stamps may be on: of days of the month, of its first and last business day,
    and of the third Friday and its like.
    """
    steps = np.diff(unique)
    if len(steps) < 2 or np.median(steps) < LEAST_STEP:
        return
    dates = unique.astype("M8[us]").astype("M8[D]")
    months = dates.astype("M8[M]")
    first, behind = months.astype("M8[D]"), (months + 1).astype("M8[D]")
    numbers, lengths = (dates - first).astype(np.int64) + 1, (behind - first).astype(np.int64)
    uneven = len(np.unique(steps)) > 1  # what is so many weeks apart is on no day of the month
    days = _days_of_month(numbers, lengths, n_months=len(np.unique(months)))
    if len(days) == 1 or (days and uneven):
        on = np.isin(numbers, days) | (numbers == np.minimum(days[-1], lengths))
        yield from _of_months(unique, on, lambda months: _days_alias(days, months))
    for rule, expected in (
        ("BMS", np.busday_offset(first, 0, roll="forward")),
        ("BME", np.busday_offset(behind - 1, 0, roll="backward")),
    ):
        yield from _of_months(unique, dates == expected, partial(_multiple, rule))
    if uneven:
        weekday, week = (dates.astype(np.int64) + 3) % 7, (numbers - 1) // 7  # 1970 began on day 3
        day, nth = np.bincount(weekday).argmax(), np.bincount(week).argmax()
        name = WEEKDAYS[day]
        if nth < LAST_WEEK:
            on = (weekday == day) & (week == nth)
            yield from _of_months(unique, on, partial(_multiple, f"WOM-{nth + 1}{name}"))
        on = (weekday == day) & (numbers > lengths - 7)
        yield from _of_months(unique, on, partial(_multiple, f"LWOM-{name}"))


def _days_of_month(numbers: Ints, lengths: Ints, *, n_months: int) -> tuple[int, ...]:
    """The days on which most of the months have a stamp; 31 is the last day of each.

    Days that short months do not have are taken from all stamps: the last days of short ones say
    nothing of them.
    """
    counts = np.bincount(numbers, minlength=SHORTEST_MONTH)[:SHORTEST_MONTH]
    days = np.flatnonzero(2 * counts > n_months).tolist() if n_months > 1 else []
    late = numbers >= SHORTEST_MONTH
    if 2 * np.count_nonzero(late) > n_months:
        ends = np.mean(numbers[late] == lengths[late])
        days.append(31 if ends >= SHARE_ON_CALENDAR else int(numbers[late].max()))
    return tuple(days) if len(days) <= MOST_DAYS_OF_MONTH else ()


def _of_months(unique: Ints, on: Flags, alias: Callable[[int], str | None]) -> Iterator[_Calendar]:
    """The calendar whose steps are as many months as those of the stamps that are ``on`` it."""
    months = np.unique(unique[on].astype("M8[us]").astype("M8[M]").astype(np.int64))
    freq = alias(math.gcd(*np.diff(months).tolist())) if len(months) > 1 else None
    if freq is not None:
        yield _Calendar(_usual_name(unique, freq), on)


def _multiple(rule: str, months: int) -> str:
    return rule if months == 1 else f"{months}{rule}"


def _days_alias(days: tuple[int, ...], months: int) -> str | None:
    """The alias of these days of each month or, of one day, of each few months."""
    early = [day for day in days if 1 < day < SHORTEST_MONTH]
    if len(days) == 1:
        return {1: _multiple("MS", months), 31: _multiple("ME", months)}.get(
            days[0], MonthDays(days, months).alias
        )
    if months > 1:
        return None
    if len(days) == 2 and len(early) == 1 and (days[0] == 1 or days[1] == 31):
        return f"SM{'S' if days[0] == 1 else 'E'}-{early[0]}"
    return MonthDays(days).alias


def _usual_name(unique: Ints, freq: str) -> str:
    """The name that pandas has for a calendar of months: QS-OCT for 3MS."""
    if month_days(freq) or "M-" in freq:
        return freq
    start = pd.Timestamp(int(unique[0]), unit="us")
    return _pandas_freq(ticks_from(start, freq, count=STEPS_THAT_NAME)) or freq


def _pandas_freq(ticks: Ints) -> str | None:
    index = pd.DatetimeIndex(ticks.astype("M8[us]"))
    # pandas 4 returns an offset
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        freq = pd.infer_freq(index) if len(index) >= 3 else None
    return None if freq is None else to_offset(freq).freqstr


def _freq_of_stretch(unique: Ints) -> str | None:
    """The frequency of the longest stretch without a gap, which would hide it from pandas."""
    breaks = np.flatnonzero(np.diff(unique) > 1.5 * commonest_step(unique)) + 1
    return _pandas_freq(max(np.split(unique, breaks), key=len))


def _refuse_fiscal(unique: Ints) -> None:
    """Raise DataError for months of four and five weeks."""
    steps = np.diff(unique)
    counts = [int(np.count_nonzero(steps == length)) for length in FISCAL_STEPS]
    if min(counts) and sum(counts) >= SHARE_ON_CALENDAR * len(steps):
        raise DataError(
            f"data.freq: {counts[0]:,} steps of 4 weeks and {counts[1]:,} of 5: periods of a fiscal"
            " calendar (4-4-5, 4-5-4 or 5-4-4 weeks), which is not supported; give weekly rows, or"
            " count the periods: write a column 1, 2, 3, ..., and name it as the time"
            " (data.timestamp, --timestamp)"
        )


def _irregular(unique: Ints) -> IrregularError:
    """What the stamps are like that have no frequency, and what can be done."""
    steps, counts = spacings(unique)
    order = np.argsort(-counts, kind="stable")[:SHOWN_SPACINGS]
    shown = [f"{duration_text(int(steps[k]))} ({counts[k] / counts.sum():.0%})" for k in order]
    dates = unique // TICKS_OF_DAY
    span, days = int(dates[-1] - dates[0]) + 1, len(np.unique(dates))
    empty = f"{span - days:,} of {span:,} days have no row"
    events = f"data.aggregate: sum, mean, last, max or count with data.freq: {EVENT_STEPS}"
    if (unique % TICKS_OF_DAY != unique[0] % TICKS_OF_DAY).any():
        remedy = f"{events} ({empty}: 0 under sum and count, and left to data.gaps under others)"
    else:
        remedy = f"data.freq: D with data.gaps ({empty}); or, where rows are events, {events}"
    return IrregularError(
        f"data.freq: no regular spacing found (commonest {', '.join(shown)}); set {remedy}"
    )
