"""The regular grid of time stamps that every series lies on: frequency, ordinals, future stamps.

Stamps are kept as naive microseconds on one clock: for steps shorter than a day that clock is UTC,
so that the 23 and 25 hour days of daylight saving stay regular; from a day upwards it is local
time, so that midnight stays midnight.
"""

import warnings
from dataclasses import dataclass
from datetime import tzinfo
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.tseries.frequencies import to_offset

from lstm_forecast.errors import DataError

__all__ = ["Grid", "clock", "date_in", "infer_freq", "season_length", "stamp_text", "ticks_of"]

DAY = pd.Timedelta(days=1)
# Rows of a year, or of a week of business days, by the rule of the calendar.
ROWS_OF_SEASON = {
    "B": 5,
    "W": 52,
    "ME": 12,
    "MS": 12,
    "BME": 12,
    "BMS": 12,
    "QE": 4,
    "QS": 4,
    "BQE": 4,
    "BQS": 4,
}


@dataclass(frozen=True)
class Grid:
    """Stamps ``origin``, ``origin + freq``, ... numbered 0, 1, ...; integers where time is a step
    number.
    """

    freq: str  # a pandas alias, or a whole number as text
    origin: pd.Timestamp | int  # naive, on the grid's clock
    zone: str | None = None

    @cached_property
    def step(self) -> int | None:
        """Length of a step: a number of steps or microseconds; None where the calendar decides
        (months, B, W).
        """
        if isinstance(self.origin, int):
            return int(self.freq)
        delta = _fixed(self.freq)
        return None if delta is None else int(delta // pd.Timedelta(microseconds=1))

    def ordinals(self, stamps: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers of the ``stamps`` (integers, or microseconds on the grid's clock); -1 where one
        is off the grid.
        """
        if self.step is not None:
            numbers, remainder = np.divmod(stamps - self._first, self.step)
            return np.where((remainder == 0) & (numbers >= 0), numbers, -1)
        index = self._calendar(until=int(stamps.max()))
        numbers = np.searchsorted(index, stamps)
        return np.where(np.append(index, pd.NaT.value)[numbers] == stamps, numbers, -1)

    def nearest(self, stamps: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers of the steps that lie nearest to the ``stamps``; half a step counts as the next
        one.
        """
        if self.step is not None:
            return np.maximum((stamps - self._first + self.step // 2) // self.step, 0)
        index = self._calendar(until=int(stamps.max()) + 366 * DAY // pd.Timedelta(microseconds=1))
        return np.searchsorted(index[:-1] + np.diff(index) // 2, stamps, side="right")

    def stamps(self, ordinals: NDArray[np.int64]) -> pd.Index:
        """Stamps of the numbers, as users see them: integers, or in the zone of the data."""
        if isinstance(self.origin, int):
            return pd.Index(self.origin + ordinals * int(self.freq))
        if self.step is not None:
            index = pd.DatetimeIndex((self._first + ordinals * self.step).astype("datetime64[us]"))
        else:
            last = int(ordinals.max()) if len(ordinals) else 0
            index = pd.date_range(self.origin, periods=last + 1, freq=self.freq).as_unit("us")[
                ordinals
            ]
        if self.zone is None:
            return index
        if _sub_daily(self.freq):
            return index.tz_localize("UTC").tz_convert(self.zone)
        return index.tz_localize(
            self.zone, ambiguous=np.ones(len(index), bool), nonexistent="shift_forward"
        )

    def after(self, stamp: str) -> int:
        """Number of the first step after a stamp of these data, written as ``str`` writes it; 0
        where all are.

        Raises DataError if the stamp has a time zone and these data none, or the other way round.
        """
        if isinstance(self.origin, int):
            return max(0, (int(stamp) - self.origin) // int(self.freq) + 1)
        moment = pd.Timestamp(stamp)
        if (moment.tz is None) != (self.zone is None):
            raise DataError(
                f"expected stamps {'without' if moment.tz is None else 'with'} a time zone, like"
                f" {stamp}"
            )
        index = pd.DatetimeIndex([moment if self.zone is None else moment.tz_convert(self.zone)])
        tick = int(clock(index, freq=self.freq)[0])
        return max(
            0,
            (tick - self._first) // self.step + 1 if self.step else len(self._calendar(until=tick)),
        )

    @property
    def _first(self) -> int:
        return (
            self.origin
            if isinstance(self.origin, int)
            else int(self.origin.as_unit("us").asm8.astype(np.int64))
        )

    def _calendar(self, *, until: int) -> NDArray[np.int64]:
        assert isinstance(self.origin, pd.Timestamp)  # noqa: S101  integer grids have a fixed step
        return (
            pd.date_range(self.origin, pd.Timestamp(until, unit="us"), freq=self.freq)
            .as_unit("us")
            .asi8
        )


def clock(stamps: pd.DatetimeIndex, *, freq: str | None) -> NDArray[np.int64]:
    """Microseconds on the clock that ``freq`` asks for; with no freq, local time if that looks
    daily or coarser.
    """
    if stamps.tz is None:
        return stamps.as_unit("us").asi8
    local = stamps.tz_localize(None).as_unit("us").asi8
    daily = (
        not _sub_daily(freq)
        if freq
        else _commonest_step(_distinct(local)) >= DAY // pd.Timedelta(microseconds=1)
    )
    return (
        _day_time(stamps)
        if daily
        else stamps.tz_convert("UTC").tz_localize(None).as_unit("us").asi8
    )


def ticks_of(stamps: pd.DatetimeIndex | pd.Index, *, freq: str | None) -> NDArray[np.int64]:
    """Stamps as a grid counts them: step numbers, or microseconds on its ``clock``."""
    if isinstance(stamps, pd.DatetimeIndex):
        return clock(stamps, freq=freq)
    return stamps.to_numpy(np.int64)


def date_in(zone: tzinfo | None, date: str, *, key: str, first: bool) -> pd.Timestamp:
    """A date of the config's ``key`` beside stamps in ``zone``, which it lies in if it names none:
    in the ``first`` or the second pass of an hour that is repeated there.

    Raises DataError if it is no date, or has a zone and the stamps have none.
    """
    try:
        moment = pd.Timestamp(date)
    except ValueError:
        raise DataError(f"{key}: {date!r} is not a date; write it like 2024-01-31") from None
    if zone is not None and moment.tz is None:
        return moment.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
    if zone is None and moment.tz is not None:
        raise DataError(
            f"{key}: {date} has a time zone, and the stamps have none; write it without"
        )
    return moment


def infer_freq(stamps: NDArray[np.int64], *, integers: bool) -> str:
    """The frequency of the stamps of one series, gaps allowed: a pandas alias, or a whole number as
    text.

    Raises DataError if no frequency fits.
    """
    unique = _distinct(stamps)
    if len(unique) < 3:
        raise DataError("data.freq: too few stamps to infer it; set it, for example freq: D")
    step = _commonest_step(unique)
    if integers:
        return str(step)
    if step < DAY // pd.Timedelta(microseconds=1):
        return to_offset(pd.Timedelta(step, unit="us")).freqstr
    index = pd.DatetimeIndex(unique.astype("datetime64[us]"))
    # Gaps would hide the calendar from pandas: look at the longest stretch without one.
    breaks = np.flatnonzero(np.diff(unique) > 1.5 * step) + 1
    stretch = max(np.split(np.arange(len(unique)), breaks), key=len)
    freq = _pandas_freq(index) or _pandas_freq(index[stretch])
    if freq == "D" and len(index) >= 10 and index.day_of_week.max() < 5:
        return "B"
    if freq is None:
        raise DataError(
            f"data.freq: no regular spacing found (commonest {pd.Timedelta(step, unit='us')}); set"
            " data.freq"
        )
    return freq


def season_length(freq: str) -> int:
    """Rows in the season that data of this frequency usually have: a day, a week or a year; 1 if
    none.
    """
    if freq.isdigit():
        return 1
    delta = _fixed(freq)
    if delta is None:
        offset = to_offset(freq)
        return max(1, ROWS_OF_SEASON.get(offset.rule_code.split("-")[0], 1) // offset.n)
    whole = DAY if delta < DAY else 7 * DAY
    return int(whole // delta) if delta <= whole / 2 and whole % delta == pd.Timedelta(0) else 1


def _pandas_freq(index: pd.DatetimeIndex) -> str | None:
    # pandas 4 returns an offset
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        freq = pd.infer_freq(index) if len(index) >= 3 else None
    return None if freq is None else to_offset(freq).freqstr


def _day_time(stamps: pd.DatetimeIndex) -> NDArray[np.int64]:
    """Local time, with the first moment of every day as 0:00, also where daylight saving makes it
    1:00.
    """
    midnight = stamps.tz_localize(None).normalize()
    begins_day = midnight.tz_localize(
        stamps.tz, ambiguous=np.ones(len(stamps), bool), nonexistent="shift_forward"
    )
    return np.where(
        begins_day == stamps,
        midnight.as_unit("us").asi8,
        stamps.tz_localize(None).as_unit("us").asi8,
    )


def _fixed(freq: str) -> pd.Timedelta | None:
    """Length of a step if it never changes; Day counts, on the local clock."""
    offset = to_offset(freq)
    if isinstance(offset, pd.offsets.Day):
        return offset.n * DAY
    return pd.Timedelta(offset) if isinstance(offset, pd.offsets.Tick) else None


def _sub_daily(freq: str) -> bool:
    delta = _fixed(freq)
    return delta is not None and delta % DAY != pd.Timedelta(0)


def _distinct(stamps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Ascending.

    Unlike np.unique, which keeps hundreds of bytes for each stamp of a long series.
    """
    ordered = np.sort(stamps)
    distinct: NDArray[np.int64] = ordered[np.append(True, np.diff(ordered) > 0)]
    return distinct


def _commonest_step(unique: NDArray[np.int64]) -> int:
    steps, counts = np.unique(np.diff(unique), return_counts=True)
    return int(steps[counts.argmax()]) if len(steps) else 0


def stamp_text(stamp: Any) -> str:
    """A stamp as short as it can be without loss."""
    if not isinstance(stamp, pd.Timestamp):
        return f"step {stamp}"
    return stamp.strftime("%Y-%m-%d" if stamp == stamp.normalize() else "%Y-%m-%d %H:%M")
