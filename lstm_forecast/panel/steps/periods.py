"""The steps of a frequency as stretches of time: which of them a stamp lies in, and the stamp that
names it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.tseries.frequencies import to_offset

from lstm_forecast.panel.steps.frequency import TICKS_OF_DAY, fixed_step, month_days, ticks_from

__all__ = ["Periods", "periods_of"]

Ints = NDArray[np.int64]
# Steps that pandas names by their last day; all others are named by the first.
NAMED_BY_END = ("W", "ME", "QE", "YE", "BME", "BQE", "BYE")
# Steps of several weeks or months are counted from here, so that all tables have the same ones.
ORIGIN = pd.Timestamp("1800-01-01").as_unit("us")


@dataclass(frozen=True)
class Periods:
    """The step that each of n stamps lies in, in microseconds or step numbers: (n,) each."""

    names: Ints  # the stamp that a grid has for it
    begins: Ints
    ends: Ints  # where the next one begins


def periods_of(ticks: Ints, freq: str, *, phase: int = 0, day_start: int = 0) -> Periods:
    """The steps of ``freq`` that ``ticks`` (n,) lie in, as its grid counts time.

    A step of fixed length begins whole steps from ``phase``; a day, and what consists of days, at
    ``day_start`` after midnight.
    """
    ticks = ticks - phase - day_start
    delta = None if freq.isdigit() else fixed_step(freq)
    if delta is None and not freq.isdigit():
        names, begins, ends = _calendar_periods(ticks, freq)
        return Periods(names, begins + day_start, ends + day_start)
    step = int(freq) if delta is None else delta // pd.Timedelta(microseconds=1)
    names = ticks // step * step + phase
    return Periods(names, names + day_start, names + day_start + step)


def _calendar_periods(ticks: Ints, freq: str) -> tuple[Ints, Ints, Ints]:
    """Names, begins and ends of the steps of a calendar, whose days begin at midnight."""
    first, last = (
        pd.Timestamp(int(end), unit="us").normalize() for end in (ticks.min(), ticks.max())
    )
    own = month_days(freq)
    offset = pd.DateOffset(months=own.months + 1) if own else to_offset(freq)
    several = (own.months if own else offset.n) > 1
    start = min(first - offset, ORIGIN) if several else first - offset
    dates = ticks_from(start.as_unit("us"), freq, until=(last + offset).as_unit("us"))
    if own is None and offset.rule_code.partition("-")[0] in NAMED_BY_END:
        borders, names = dates + TICKS_OF_DAY, dates[1:]
    else:
        borders, names = dates, dates
    steps = np.searchsorted(borders, ticks, side="right") - 1
    return names[steps], borders[steps], borders[steps + 1]
