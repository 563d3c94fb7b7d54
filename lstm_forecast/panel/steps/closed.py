"""Which steps are open, by the rule of ``data.closed``."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.closed import ClosedConfig, WeekPart, YearPart
from lstm_forecast.panel.steps.holiday_dates import holiday_dates

__all__ = ["closed_text", "dates_of_year", "open_steps"]

Flags = NDArray[np.bool_]


def open_steps(rule: ClosedConfig, local: pd.DatetimeIndex) -> Flags:
    """Which of the stamps, in local time without a zone, ascending, are not closed."""
    closed = np.zeros(len(local), bool)
    if rule.weekly:
        weekday = local.day_of_week.to_numpy()
        minute = (local.hour * 60 + local.minute).to_numpy()
        for part in map(WeekPart.of, rule.weekly):
            closed |= np.isin(weekday, part.days) & (part.start <= minute) & (minute < part.end)
    if rule.yearly:
        dates = dates_of_year(local)
        for span in map(YearPart.of, rule.yearly):
            from_first, to_last = dates >= span.first, dates <= span.last
            over_new_year = span.last < span.first
            closed |= from_first | to_last if over_new_year else from_first & to_last
    if rule.holidays and len(local):
        days = local.to_numpy().astype("M8[D]")
        for code in rule.holidays:
            closed |= np.isin(days, holiday_dates(code, local[0].year, local[-1].year))
    return ~closed


def dates_of_year(stamps: pd.DatetimeIndex) -> NDArray[np.int64]:
    """100 * month + day of each stamp."""
    return (100 * stamps.month + stamps.day).to_numpy(np.int64)


def closed_text(rule: ClosedConfig) -> str:
    """The rule in words, for people: every Sun; every 12-25; holidays of US."""
    parts = [f"every {', '.join(each)}" for each in (rule.weekly, rule.yearly) if each]
    return "; ".join([*parts, *(f"holidays of {code}" for code in rule.holidays)])
