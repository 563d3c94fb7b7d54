"""Forecasts as arrays that everything in a report is made of: those of the test part beside what
came, and those of the future.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.panel.panel import Panel
from lstm_forecast.panel.steps.grid import Grid, ticks_of
from lstm_forecast.pictures.forecast import interval_levels

__all__ = ["Forecasts", "Outcomes", "forecast_rows", "means", "outcome_rows"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Forecasts:
    """One entry for each window, target and step that was forecast, shape (n,)."""

    grid: Grid
    ids: tuple[str, ...]  # of all series and targets, forecast or not
    series: Ints  # number of the id
    cutoffs: Ints  # number on the grid of the last row that the forecast knew
    ends: Ints  # number on the grid of what was forecast
    forecast: Floats
    borders: Mapping[int, tuple[Floats, Floats]]  # by level in percent, the widest first

    @property
    def steps(self) -> Ints:
        """From 1 to the horizon."""
        return self.ends - self.cutoffs

    @property
    def stamps(self) -> pd.Index:
        """Stamps that were forecast, as users see them."""
        return self.grid.stamps(self.ends)

    @cached_property
    def apart(self) -> NDArray[np.bool_]:
        """Marks windows that do not overlap with others of their series, the newest kept."""
        width = int(self.cutoffs.max(initial=0)) + 1
        windows, places = np.unique(self.series * width + self.cutoffs, return_inverse=True)
        horizon, kept = int(self.steps.max(initial=1)), np.zeros(len(windows), bool)
        series, first = -1, 0
        for k in range(len(windows) - 1, -1, -1):
            number, cutoff = divmod(int(windows[k]), width)
            if number != series or cutoff + horizon <= first:
                kept[k], series, first = True, number, cutoff
        return kept[places]


@dataclass(frozen=True, kw_only=True)
class Outcomes(Forecasts):
    """Forecasts of the test part, beside what came."""

    season_length: int  # of the reference, in steps; 1: the last value
    actual: Floats
    reference: Floats  # the season before, or the last value, repeated; NaN where there is none

    @cached_property
    def error(self) -> Floats:
        """Forecast - actual, in original units."""
        return self.forecast - self.actual

    @cached_property
    def relative(self) -> Floats:
        """Absolute errors over the mean one of their series; NaN for a series without errors."""
        own = self.by_series(np.abs(self.error))[self.series]
        return np.abs(self.error) / np.where(own > 0, own, np.nan)

    @property
    def stretches(self) -> tuple[Ints, Ints]:
        """Of windows apart, the stretch of time that each row lies in, a horizon long and counted
        from the oldest, and the first cutoff of each stretch.
        """
        rows = np.flatnonzero(self.apart)
        newest, horizon = self.cutoffs.max(initial=0), int(self.steps.max(initial=1))
        ages = (newest - self.cutoffs[rows]) // horizon
        _, numbers = np.unique(-ages, return_inverse=True)
        first = np.full(numbers.max(initial=-1) + 1, newest)
        np.minimum.at(first, numbers, self.cutoffs[rows])
        return numbers, first

    def by_series(self, values: Floats) -> Floats:
        """Mean of values for each id; NaN where there are none."""
        return means(values, self.series, len(self.ids))

    @cached_property
    def newest(self) -> NDArray[np.bool_]:
        """Marks, for each series and stamp, the forecast with the newest cutoff."""
        order = np.lexsort((self.steps, self.ends, self.series))
        changes = (np.diff(self.ends[order]) != 0) | (np.diff(self.series[order]) != 0)
        marked = np.zeros(len(order), bool)
        marked[order[np.append(True, changes)[: len(order)]]] = True
        return marked


def forecast_rows(
    table: pd.DataFrame, panel: Panel, ids: NDArray[np.object_], *, name: str
) -> Forecasts:
    """Arrays of a table of forecasts with the columns ``unique_id, ds, cutoff, <name>,
    <name>-lo-80`` and so on; ``ids`` (n_series, n_targets) are those of the panel.

    Raises ValueError for an id or a stamp that the panel does not have.
    """
    grid, names = panel.layout.grid, ids.ravel()
    series = pd.Index(names).get_indexer(pd.Index(table["unique_id"].astype(object)))
    ends, cutoffs = (_numbers(grid, table[column]) for column in ("ds", "cutoff"))
    if len(table) and min(series.min(), ends.min(), cutoffs.min()) < 0:
        raise ValueError("it tells of series or stamps that the data do not have")
    return Forecasts(
        grid=grid,
        ids=tuple(names),
        series=series.astype(np.int64),
        cutoffs=cutoffs,
        ends=ends,
        forecast=table[name].to_numpy(float),
        borders={
            level: (
                table[f"{name}-lo-{level}"].to_numpy(float),
                table[f"{name}-hi-{level}"].to_numpy(float),
            )
            for level in interval_levels(table, name)
        },
    )


def outcome_rows(
    table: pd.DataFrame,
    panel: Panel,
    ids: NDArray[np.object_],
    *,
    name: str,
    season_length: int,
) -> Outcomes:
    """The same of test forecasts, whose table has what came as ``y``; what the reference repeats is
    looked up in the panel.
    """
    found = forecast_rows(table, panel, ids, name=name)
    seasons = -(-found.steps // season_length) * season_length
    number, target = np.divmod(found.series, ids.shape[1])
    rows = panel.layout.rows_at(number, found.ends - seasons)
    values = panel.values[rows, target].astype(float)
    return Outcomes(
        **vars(found),
        season_length=season_length,
        actual=table["y"].to_numpy(float),
        reference=np.where(rows >= 0, values, np.nan),
    )


def means(values: Floats, groups: Ints, count: int) -> Floats:
    """Mean of the known values of each of ``count`` groups; NaN where there are none."""
    known = np.isfinite(values)
    sums = np.bincount(groups[known], values[known], minlength=count)
    counts = np.bincount(groups[known], minlength=count)
    found: Floats = np.divide(sums, counts, out=np.full(count, np.nan), where=counts > 0)
    return found


def _numbers(grid: Grid, stamps: pd.Series) -> Ints:
    index = pd.Index(stamps)
    if isinstance(index, pd.DatetimeIndex) and grid.zone is not None:
        index = index.tz_convert(grid.zone)
    numbers: Ints = grid.ordinals(ticks_of(index, freq=grid.freq))
    return numbers
