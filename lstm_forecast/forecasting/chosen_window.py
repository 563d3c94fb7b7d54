"""One window of a table, found by its series and its last stamp."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lstm_forecast.errors import DataError, UsageError
from lstm_forecast.forecasting.ahead import read_ahead, read_behind
from lstm_forecast.forecasting.loaded import (
    LoadedRun,
    series_index,
    usable_panel,
)
from lstm_forecast.forecasting.table import chosen_ids, panel_ids
from lstm_forecast.panel.ended import ended_series
from lstm_forecast.panel.panel import Layout, Panel
from lstm_forecast.panel.steps.grid import Grid, stamp_text
from lstm_forecast.tables.source import Source

__all__ = ["ChosenWindow", "Stamp", "choose_window", "plain_stamp"]

Stamp = str | int  # as JSON has it


@dataclass(frozen=True)
class ChosenWindow:
    """The rows before a forecast, of one series."""

    unique_id: str
    rows: Panel  # of that series alone
    floor: int  # first row that the window may use
    origin: int  # row behind the last one of the window
    column: int  # of the target among the columns of its rows

    @property
    def cutoff(self) -> Any:
        """The stamp of the last row."""
        return self.rows.layout.stamps(np.array([self.origin - 1]))[0]

    def ahead(self, steps: int) -> pd.Index:
        """The stamps of so many steps after the window."""
        layout = self.rows.layout
        last = layout.ordinals(np.array([self.origin - 1]))
        return layout.grid.stamps(last + np.arange(1, steps + 1))


def plain_stamp(stamp: Any) -> Stamp:
    """A stamp for JSON: ISO 8601, or a whole number."""
    return stamp.isoformat() if isinstance(stamp, pd.Timestamp) else int(stamp)


def choose_window(
    loaded: LoadedRun,
    data: Source | None,
    future: Source | None,
    series: Sequence[str],
    at: str | None,
) -> ChosenWindow:
    """Find the window that ends at the stamp ``at``, of the one series that ``series`` names.

    It is the newest window of the first series that has not ended where they name none. Raises
    UsageError for several series or a text that is no stamp, DataError if the data do not fit the
    run or hold no such window.
    """
    if len(series) > 1:
        raise UsageError(
            f"--series: one window is shown, and so one series; received {len(series)}"
        )
    config = loaded.config
    # Windows of the past need no table of the future: the history holds what was known ahead.
    past = at is not None and future is None and bool(config.data.covariates.future)
    panel = usable_panel(loaded, data) if future is None else read_ahead(loaded, data, future)
    unique_id, column, own = _one_series(loaded, panel, series)
    if future is None and not past:  # what is known ahead of this series is enough
        own = read_behind(loaded, own, data)
    if config.melted:
        own, column = _one_target(loaded, own, unique_id), 0
    series_index(loaded.forecaster.scaler, own, unseen=config.data.unseen_series)
    origin = len(own.values) if at is None else _row_of(at, own.layout, unique_id) + 1
    floor = int(own.layout.spans[own.layout.span_of(np.array([origin - 1]))[0]])
    _require_rows(loaded, own.layout, unique_id, floor, origin)
    if past:
        _require_known(loaded, own.layout, origin, str(at))
    window = ChosenWindow(unique_id, own if past else own.extended(), floor, origin, column)
    _require_observed(loaded, window)
    return window


def _one_series(loaded: LoadedRun, panel: Panel, wanted: Sequence[str]) -> tuple[str, int, Panel]:
    """The first ``unique_id`` of what is wanted, or of a series that has not ended, the column of
    its target, and the rows of its series alone.
    """
    config, layout = loaded.config, panel.layout
    ids = panel_ids(config.data, layout)
    alive = ids[~ended_series(layout, loaded.forecaster.framing.horizon)]
    unique_id = chosen_ids(ids.tolist(), layout.ids, wanted or [alive[0, 0]])[0]
    row, column = np.argwhere(ids == unique_id)[0]
    return unique_id, int(column), panel.only(np.arange(len(layout.ids)) == row)


def _one_target(loaded: LoadedRun, own: Panel, unique_id: str) -> Panel:
    """The rows of one target, where every target is a series of its own."""
    melted = own.melted(panel_ids(loaded.config.data, own.layout))
    return melted.only(np.array([each == unique_id for each in melted.layout.ids]))


def _row_of(at: str, layout: Layout, unique_id: str) -> int:
    """The row with that stamp. Raises UsageError for no stamp, DataError for one of no row."""
    stamps = layout.stamps(np.arange(layout.offsets[-1]))
    moment = _moment(at, layout.grid)
    found = int(stamps.get_indexer(pd.Index([moment]))[0])
    if found >= 0:
        return found
    near = int(stamps.searchsorted(moment))
    around = " or ".join(map(stamp_text, stamps[max(0, near - 1) : near + 1]))
    raise DataError(
        f"--at {at}: series {unique_id} has no row with that stamp; its rows go from"
        f" {stamp_text(stamps[0])} to {stamp_text(stamps[-1])}; the nearest: {around}"
    )


def _moment(at: str, grid: Grid) -> Any:
    """A stamp as the grid has them."""
    if isinstance(grid.origin, int):
        try:
            return int(at)
        except ValueError:
            raise UsageError(
                f"--at {at}: time is counted in whole steps here; give one, such as 100"
            ) from None
    moment = pd.to_datetime(at, errors="coerce")
    if pd.isna(moment):
        raise UsageError(f"--at {at}: expected a stamp such as 2024-01-31 or '2024-01-31 12:00'")
    if moment.tz is not None and grid.zone is None:
        raise UsageError(f"--at {at}: the stamps of these data have no time zone; write it without")
    if grid.zone is None:
        return moment
    if moment.tz is None:
        return moment.tz_localize(grid.zone, ambiguous=True, nonexistent="shift_forward")
    return moment.tz_convert(grid.zone)


def _require_rows(
    loaded: LoadedRun, layout: Layout, unique_id: str, floor: int, origin: int
) -> None:
    need = loaded.forecaster.needed_rows
    if origin - floor < need:
        last, first = map(stamp_text, layout.stamps(np.array([origin - 1, floor])))
        enough = np.diff(layout.spans).max() >= need
        more = "choose another window with --at" if enough else "give more rows"
        raise DataError(
            f"series {unique_id}: {origin - floor:,} rows without a gap from {first} to {last}, and"
            f" a window needs {need:,} (windows.context_length); {more}, or train with"
            " windows.padding: true"
        )


def _require_known(loaded: LoadedRun, layout: Layout, origin: int, at: str) -> None:
    end, horizon = int(layout.offsets[-1]), loaded.forecaster.framing.horizon
    if origin + horizon > end:
        newest = layout.stamps(np.array([max(0, end - horizon - 1)]))[0]
        raise DataError(
            f"--at {at}: the window needs what is known of the {horizon} steps after it; give a"
            f" stamp up to {stamp_text(newest)}, or a table of the future with --future"
        )


def _require_observed(loaded: LoadedRun, window: ChosenWindow) -> None:
    forecaster = loaded.forecaster
    first = max(window.floor, window.origin - forecaster.framing.context_length)
    seen = window.rows.values[first : window.origin, forecaster.channels.targets]
    if np.isnan(seen).all(axis=0).any():
        raise DataError(
            f"series {window.unique_id}: no value of a target was observed in the window up to"
            f" {stamp_text(window.cutoff)}; choose another one with --at"
        )
