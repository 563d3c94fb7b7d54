"""Seasons: those that are usual for a frequency, and those that the values themselves show."""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.tseries.frequencies import to_offset

from lstm_forecast.config.closed import ClosedConfig
from lstm_forecast.panel.panel import Layout
from lstm_forecast.panel.steps.closed import open_steps
from lstm_forecast.panel.steps.frequency import DAY, fixed_step, month_days, sub_daily
from lstm_forecast.panel.steps.grid import Grid

__all__ = [
    "autocorrelation", "held_season", "season_length", "season_text", "second_season",
    "strongest_season", "usual_season", "usual_seasons",
]  # fmt: skip

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Rows of a year, or of a week of business days, by the rule of the calendar.
ROWS_OF_SEASON = {
    "B": 5,
    "W": 52,
    "SMS": 24,
    "SME": 24,
    "ME": 12,
    "MS": 12,
    "BME": 12,
    "BMS": 12,
    "WOM": 12,
    "LWOM": 12,
    "QE": 4,
    "QS": 4,
    "BQE": 4,
    "BQS": 4,
}
DAYS_OF_YEAR, DAYS_OF_WEEK = 365, 7  # rows of the second and of the first season that days have
BUSINESS_DAYS = 5
MOST_STEPS_OF_WEEK = 1_000_000  # that are counted where some are closed
LONGEST_SEASON = 366  # rows
# The weakest autocorrelation that counts as a season: in all, and in standard errors of one that is
# none.
WEAKEST_SEASON, SURE_ERRORS = 0.1, 4
SEASON_SERIES, SEASON_ROWS = 200, 5_000  # that a season is looked for in, at most


def season_length(freq: str) -> int:
    """Rows in the season that data of this frequency usually have: a day, a week or a year; 1 if
    none.
    """
    if freq.isdigit():
        return 1
    if own := month_days(freq):
        return max(1, 12 * len(own.days) // own.months)
    delta = fixed_step(freq)
    if delta is None:
        offset = to_offset(freq)
        return max(1, ROWS_OF_SEASON.get(offset.rule_code.split("-")[0], 1) // offset.n)
    whole = DAY if delta < DAY else 7 * DAY
    return int(whole // delta) if delta <= whole / 2 and whole % delta == pd.Timedelta(0) else 1


def usual_seasons(grid: Grid) -> tuple[int, int]:
    """Rows of the season that is usual for the steps of a grid, and of the longer one beside it:
    the week of parts of a day, and the year of days; 1 and 0 where there is none.

    Rows are counted that are open in a usual week, as those of holidays are in none.
    """
    first, freq = season_length(grid.freq), grid.freq
    days = freq == "D"
    second = DAYS_OF_YEAR if days else 0
    if not freq.isdigit() and sub_daily(freq) and first > 1:
        second = DAYS_OF_WEEK * first
    if grid.closed is None or not grid.closed.weekly or not (days or freq == "B" or second):
        return first, second
    each = _open_rows_of_days(grid, 1 if days or freq == "B" else first)
    week = int(each.sum())
    if not second or days:
        return max(1, week), round(DAYS_OF_YEAR * week / DAYS_OF_WEEK) if days else 0
    alike = set(each[each > 0].tolist())
    return (alike.pop(), week) if len(alike) == 1 and 1 not in alike else (max(1, week), 0)


def _open_rows_of_days(grid: Grid, rows: int) -> Ints:
    """How many of the ``rows`` of each day of a usual week are open, (7,)."""
    if DAYS_OF_WEEK * rows > MOST_STEPS_OF_WEEK:
        return np.full(DAYS_OF_WEEK, rows)
    step = DAY // rows
    start = grid.local(grid.ticks(np.zeros(1, np.int64)))[0]
    monday = start - start.day_of_week * DAY
    first = monday - (monday - monday.normalize()) // step * step
    stamps = pd.date_range(first, periods=DAYS_OF_WEEK * rows, freq=step)
    assert grid.closed is not None  # noqa: S101  all steps of others are open
    is_open = open_steps(ClosedConfig(weekly=grid.closed.weekly), stamps)
    if grid.freq == "B":
        is_open &= stamps.day_of_week.to_numpy() < BUSINESS_DAYS
    counts: Ints = is_open.reshape(DAYS_OF_WEEK, rows).sum(axis=1)
    return counts


def held_season(layout: Layout, season: int) -> bool:
    """Whether the longest series holds two seasons: what was seen but once cannot be told from
    chance.
    """
    return season == 1 or 2 * season <= layout.lengths.max()


def usual_season(layout: Layout) -> int:
    """Rows of the season that is usual for the frequency; 1 where no series holds two of it."""
    season, _ = usual_seasons(layout.grid)
    return season if held_season(layout, season) else 1


def second_season(layout: Layout) -> int:
    """Rows of the longer season that is usual beside the first; 0 where no series holds two."""
    _, season = usual_seasons(layout.grid)
    return season if held_season(layout, season) else 0


def season_text(season: int, second: int) -> str:
    """The seasons in words, for people: 1 is none, and 0 no second one."""
    first = f"season of {season:,} rows" if season > 1 else "no season"
    return f"{first}, and one of {second:,}" if second else first


def strongest_season(values: Floats, starts: Ints, ends: Ints) -> tuple[int, float]:
    """The shortest distance in rows at which changes repeat nearly best, in the median of the
    longest series, and the autocorrelation there; 1 and 0 if there is none.

    Series i is ``values`` (n_rows,) from ``starts[i]`` to ``ends[i]``. What counts is how far the
    autocorrelation rises above that at other distances, near ones included: a bend in a trend makes
    all short distances high.
    """
    rows = ends - starts
    longest = np.argsort(-rows, kind="stable")[:SEASON_SERIES]
    lags = min(LONGEST_SEASON, int(np.median(rows)) // 3)
    if lags < 3:
        return 1, 0.0
    ends = ends[longest]
    starts = np.maximum(starts[longest], ends - SEASON_ROWS)
    correlations = np.median(
        [autocorrelation(values[start:end], lags) for start, end in zip(starts, ends, strict=True)],
        axis=0,
    )
    inner = correlations[1:-1]
    around = [
        np.median(correlations[k - (k + 1) // 2 : k + (k + 1) // 2 + 1]) for k in range(1, lags - 1)
    ]
    rise = inner - np.maximum(around, np.median(correlations))
    weakest = max(WEAKEST_SEASON, SURE_ERRORS / math.sqrt((ends - starts).sum()))
    peaks = (inner > correlations[:-2]) & (inner > correlations[2:]) & (rise > weakest)
    if not peaks.any():
        return 1, 0.0
    first = int(np.flatnonzero(peaks & (rise >= 0.9 * rise[peaks].max()))[0])
    return first + 2, float(inner[first])


def autocorrelation(values: Floats, lags: int) -> Floats:
    """Of the changes from row to row, at distances 1 to ``lags``."""
    change = np.diff(values)
    known = ~np.isnan(change)
    change = np.where(known, change - change.mean(where=known) if known.any() else 0.0, 0.0)
    power = float(change @ change)
    if power <= 0:
        return np.zeros(lags)
    # zeros behind the end: no change meets those at the start
    spectrum = np.fft.rfft(change, n=len(change) + lags)
    return np.asarray(
        np.fft.irfft(np.abs(spectrum) ** 2, n=len(change) + lags)[1 : lags + 1] / power
    )
