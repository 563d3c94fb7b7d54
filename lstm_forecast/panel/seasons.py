"""Seasons: those that are usual for a frequency, and those that the values themselves show."""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.tseries.frequencies import to_offset

from lstm_forecast.panel.frequency import DAY, fixed_step, month_days, sub_daily
from lstm_forecast.panel.panel import Layout

__all__ = [
    "autocorrelation", "held_season", "season_length", "season_text", "second_season",
    "strongest_season", "usual_season",
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
DAYS_OF_YEAR = 365  # rows of the second season that days have
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


def held_season(layout: Layout, season: int) -> bool:
    """Whether the longest series holds two seasons: what was seen but once cannot be told from
    chance.
    """
    return season == 1 or 2 * season <= layout.lengths.max()


def usual_season(layout: Layout) -> int:
    """Rows of the season that is usual for the frequency; 1 where no series holds two of it."""
    season = season_length(layout.grid.freq)
    return season if held_season(layout, season) else 1


def second_season(layout: Layout) -> int:
    """Rows of the longer season that is usual beside the first: the week of parts of a day, and the
    year of days; 0 where no series holds two of it.
    """
    freq = layout.grid.freq
    if freq == "D":
        season = DAYS_OF_YEAR
    elif not freq.isdigit() and sub_daily(freq) and season_length(freq) > 1:
        season = 7 * season_length(freq)
    else:
        return 0
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
