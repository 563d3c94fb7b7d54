"""The regular grid of time stamps that every series lies on: frequency, ordinals, future stamps.

Stamps are kept as naive microseconds on one clock: for steps shorter than a day that clock is UTC,
so that the 23 and 25 hour days of daylight saving stay regular; from a day upwards it is local
time, so that midnight stays midnight.
"""

from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.closed import ClosedConfig
from lstm_forecast.errors import DataError
from lstm_forecast.panel.steps.closed import open_steps
from lstm_forecast.panel.steps.frequency import DAY, TICKS_OF_DAY, fixed_step, sub_daily, ticks_from
from lstm_forecast.panel.steps.spacing import distinct, usual_step

__all__ = ["Grid", "clock", "date_in", "stamp_text", "ticks_of"]

FEW_STEPS = 1024  # that are looked at first for open ones
MOST_STEPS = 2**26  # open or closed, in which open ones are looked for
LATEST_YEAR = 2261  # until which they are looked for


@dataclass(frozen=True)
class Grid:
    """Stamps ``origin``, ``origin + freq``, ... numbered 0, 1, ...; integers where time is a step
    number. Steps that are ``closed`` are left out and have no number.
    """

    freq: str  # an alias, see frequency.py, or a whole number as text
    origin: pd.Timestamp | int  # naive, on the grid's clock
    zone: str | None = None
    closed: ClosedConfig | None = None

    @cached_property
    def step(self) -> int | None:
        """Length of a step: a number of steps or microseconds; None where the calendar decides
        (months, B, W, closed steps).
        """
        if self.closed is not None:
            return None
        if isinstance(self.origin, int):
            return int(self.freq)
        delta = fixed_step(self.freq)
        return None if delta is None else int(delta // pd.Timedelta(microseconds=1))

    def ordinals(self, stamps: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers of the ``stamps`` (integers, or microseconds on the grid's clock); -1 where one
        is off the grid.
        """
        if self.step is not None:
            numbers, remainder = np.divmod(stamps - self._first, self.step)
            return np.where((remainder == 0) & (numbers >= 0), numbers, -1)
        if not len(stamps):
            return np.empty(0, np.int64)
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
        return self._seen(self.ticks(ordinals))

    def _seen(self, ticks: NDArray[np.int64]) -> pd.DatetimeIndex:
        """Microseconds on the grid's clock as users see them."""
        index = pd.DatetimeIndex(ticks.astype("datetime64[us]"))
        if self.zone is None:
            return index
        if sub_daily(self.freq):
            return index.tz_localize("UTC").tz_convert(self.zone)
        return index.tz_localize(
            self.zone, ambiguous=np.ones(len(index), bool), nonexistent="shift_forward"
        )

    def ticks(self, ordinals: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same stamps as integers, or microseconds on the grid's clock."""
        if self.step is not None:
            return self._first + ordinals * self.step
        assert isinstance(self.origin, pd.Timestamp)  # noqa: S101  integer grids have a fixed step
        count = int(ordinals.max()) + 1 if len(ordinals) else 1
        if self.closed is None:
            return ticks_from(self.origin, self.freq, count=count)[ordinals]
        steps = FEW_STEPS
        while len(found := _open_ticks(self, steps)) < count:
            steps *= 2
        return found[ordinals]

    def local(self, ticks: NDArray[np.int64]) -> pd.DatetimeIndex:
        """The same as local times without a zone."""
        return self._seen(ticks).tz_localize(None)

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
        if self.closed is None:
            return ticks_from(self.origin, self.freq, until=pd.Timestamp(until, unit="us"))
        steps = FEW_STEPS
        while not len(found := _open_ticks(self, steps)) or found[-1] < until:
            steps *= 2
        return found[: np.searchsorted(found, until, side="right")]


@lru_cache(maxsize=8)
def _open_ticks(grid: Grid, steps: int) -> NDArray[np.int64]:
    """Stamps of the open ones among the first ``steps`` of a grid.

    Raises DataError if they are too many to look through.
    """
    assert grid.closed is not None  # noqa: S101  all steps of others are open
    local = None
    if steps <= MOST_STEPS:
        ticks = replace(grid, closed=None).ticks(np.arange(steps))
        local = grid.local(ticks)
    if local is None or local[-1].year > LATEST_YEAR:
        raise DataError(
            f"data.closed: not enough steps of freq {grid.freq} from {grid.origin} on are open;"
            " correct it, or the stamps"
        )
    return ticks[open_steps(grid.closed, local)]


def clock(stamps: pd.DatetimeIndex, *, freq: str | None) -> NDArray[np.int64]:
    """Microseconds on the clock that ``freq`` asks for; with no freq, local time if that looks
    daily or coarser.
    """
    if stamps.tz is None:
        return stamps.as_unit("us").asi8
    local = stamps.tz_localize(None).as_unit("us").asi8
    daily = not sub_daily(freq) if freq else usual_step(distinct(local)) >= TICKS_OF_DAY
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


def stamp_text(stamp: Any) -> str:
    """A stamp as short as it can be without loss."""
    if not isinstance(stamp, pd.Timestamp):
        return f"step {stamp}"
    if stamp == stamp.normalize():
        return stamp.strftime("%Y-%m-%d")
    return str(stamp.tz_localize(None)).removesuffix(":00")
