"""What time stamps alone tell of their place in the day, the week and the year: covariates known
for every step.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import DataError
from lstm_forecast.panel.steps.grid import Grid
from lstm_forecast.panel.steps.holiday_dates import holiday_dates

__all__ = ["calendar_names", "calendar_values"]

Floats = NDArray[np.float64]
CYCLES: Mapping[str, Callable[[pd.DatetimeIndex], Any]] = {  # place in the cycle, 0 to below 1
    "hour": lambda stamps: (stamps.hour + stamps.minute / 60) / 24,
    "day_of_week": lambda stamps: stamps.day_of_week / 7,
    "day_of_month": lambda stamps: (stamps.day - 1) / stamps.days_in_month,
    "day_of_year": lambda stamps: (stamps.day_of_year - 1) / (365 + stamps.is_leap_year),
    "week": lambda stamps: (stamps.isocalendar().week - 1) / 53,
    "month": lambda stamps: (stamps.month - 1) / 12,
}


def calendar_names(features: Sequence[str], holidays: str | None) -> tuple[str, ...]:
    """Columns of ``calendar_values``."""
    pairs = [f"{feature} {wave}" for feature in features for wave in ("sine", "cosine")]
    return (*pairs, *([f"holiday {holidays}"] if holidays else []))


def calendar_values(
    grid: Grid, ordinals: NDArray[np.int64], *, features: Sequence[str], holidays: str | None
) -> Floats:
    """Sine and cosine of each feature, then 1 on public holidays and else 0: (n_rows, n_columns).

    Clocks and days are those of the zone that the data are in. A pair tells all places in a cycle
    apart and keeps neighbours close, midnight included. Raises DataError where time is a step
    number.
    """
    if not (features or holidays):
        return np.empty((len(ordinals), 0))
    if isinstance(grid.origin, int):
        raise DataError(
            "data.covariates.calendar and data.covariates.holidays need dates, but time is counted"
            " in integer steps; leave them out"
        )
    first = ordinals.min()
    # of many series: each stamp once
    stamps = pd.DatetimeIndex(grid.stamps(np.arange(first, ordinals.max() + 1)))
    angles = [2 * np.pi * np.asarray(CYCLES[feature](stamps), np.float64) for feature in features]
    columns = [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
    if holidays:
        columns.append(_is_holiday(stamps, holidays))
    table = np.stack(columns, axis=1)
    rows: Floats = table[ordinals - first]
    return rows


def _is_holiday(stamps: pd.DatetimeIndex, place: str) -> Floats:
    days = stamps.tz_localize(None).to_numpy().astype("M8[D]")
    return np.isin(days, holiday_dates(place, stamps[0].year, stamps[-1].year)).astype(np.float64)
