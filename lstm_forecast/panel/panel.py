"""A checked table as a panel: every series in order on one regular grid, float columns, faults
settled by policy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.panel.calendar import calendar_values
from lstm_forecast.panel.covariates import Known, static_values
from lstm_forecast.panel.grid import Grid
from lstm_forecast.panel.placing import (
    after_end,
    ahead_of_clock,
    behind_targets,
    series_of_rows,
    steps_of_rows,
    until,
    without_empty_rows,
)
from lstm_forecast.panel.repair import Settings, settle
from lstm_forecast.panel.rows import Rows
from lstm_forecast.tables.faults import Finding, refuse
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.stamps import in_zone, joined, parse_stamps

__all__ = ["Layout", "Panel", "build_panel", "inspect_panel"]

STRICT, NOTHING = Settings(), Known()


@dataclass(frozen=True)
class Layout:
    """Which rows of one long array belong to which series and stamp.

    A span is a stretch of a series without a gap.
    """

    ids: tuple[str, ...]
    offsets: NDArray[np.int64]  # (n_series + 1,): series i is rows offsets[i] to offsets[i + 1]
    spans: NDArray[np.int64]  # (n_spans + 1,): span k is rows spans[k] to spans[k + 1]
    first: NDArray[np.int64]  # (n_spans,): number on the grid of each span's first row
    grid: Grid

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Rows of every series, shape (n_series,)."""
        return np.diff(self.offsets)

    def series_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Series that each row lies in."""
        return np.searchsorted(self.offsets, rows, side="right") - 1

    def span_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Span that each row lies in."""
        return np.searchsorted(self.spans, rows, side="right") - 1

    def ordinals(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Number on the grid of each row."""
        span = self.span_of(rows)
        return self.first[span] + rows - self.spans[span]

    def rows_before(self, ordinal: int) -> NDArray[np.int64]:
        """Row behind the last one of each series before that number on the grid: (n_series,)."""
        inside = np.clip(ordinal - self.first, 0, np.diff(self.spans))  # rows of each span
        counts: NDArray[np.int64] = np.add.reduceat(inside, self.span_of(self.offsets[:-1]))
        return self.offsets[:-1] + counts

    def stamps(self, rows: NDArray[np.int64]) -> pd.Index:
        """Stamp of each row, as users see it."""
        return self.grid.stamps(self.ordinals(rows))


@dataclass(frozen=True)
class Panel:
    """All series one after another in one array, every fault settled."""

    layout: Layout
    columns: tuple[str, ...]  # targets, covariates known up to now, covariates known ahead
    values: NDArray[np.float64]  # (n_rows, n_columns)
    repairs: Mapping[str, int]  # what the policies changed, and in how many rows
    known: Known = NOTHING  # what the last columns are
    # series of no known category, by static column
    unseen: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # what is odd about the files themselves, for people
    # rows behind the last target of their series, as given: values of known.future alone
    later: Rows | None = None
    # (n_series, horizon, n_columns): the steps to be forecast; see look_ahead
    ahead: NDArray[np.float64] | None = None

    def only(self, kept: NDArray[np.bool_]) -> "Panel":
        """The panel without the series that are not ``kept`` (n_series,)."""
        layout = self.layout
        spans = kept[layout.series_of(layout.spans[:-1])]
        remaining = Layout(
            ids=tuple(compress(layout.ids, kept)),
            offsets=np.concatenate(([0], np.cumsum(layout.lengths[kept]))),
            spans=np.concatenate(([0], np.cumsum(np.diff(layout.spans)[spans]))),
            first=layout.first[spans],
            grid=layout.grid,
        )
        values, later = self.values[np.repeat(kept, layout.lengths)], self.later
        if later is not None:
            later = later.take(np.flatnonzero(kept[later.codes]))
            later = replace(later, codes=(np.cumsum(kept) - 1).astype(np.int32)[later.codes])
        ahead = None if self.ahead is None else self.ahead[kept]
        return replace(self, layout=remaining, values=values, later=later, ahead=ahead)

    def melted(self, names: NDArray[np.object_]) -> "Panel":
        """Every target as a series of its own, named by ``names`` (n_series, n_targets), beside all
        other columns.

        All series of the first target come first, then those of the second, and so on.
        """
        layout, n_targets = self.layout, names.shape[1]
        shifts = np.arange(n_targets)[:, None] * len(self.values)

        def tiled(borders: NDArray[np.int64]) -> NDArray[np.int64]:
            return np.append((borders[:-1] + shifts).ravel(), n_targets * len(self.values))

        def beside(values: NDArray[np.float64]) -> NDArray[np.float64]:
            rest = range(n_targets, len(self.columns))
            return np.concatenate([values[..., [target, *rest]] for target in range(n_targets)])

        return replace(
            self,
            layout=Layout(
                ids=tuple(names.T.ravel()),
                offsets=tiled(layout.offsets),
                spans=tiled(layout.spans),
                first=np.tile(layout.first, n_targets),
                grid=layout.grid,
            ),
            columns=("value", *self.columns[n_targets:]),
            values=beside(self.values),
            later=None,
            ahead=None if self.ahead is None else beside(self.ahead),
        )

    def extended(self) -> "Panel":
        """The panel with the steps to be forecast as rows of their series: what windows of the
        future gather from.
        """
        if self.ahead is None:
            if self.known.ahead:
                raise ValueError(
                    "nothing is known of the steps to be forecast: look_ahead comes first"
                )
            return self
        layout, steps = self.layout, self.ahead.shape[1]
        # series before each border
        ended = np.searchsorted(layout.offsets[1:], layout.spans, side="right")
        longer = replace(
            layout,
            offsets=layout.offsets + steps * np.arange(len(layout.offsets)),
            spans=layout.spans + steps * ended,
        )
        places = np.repeat(layout.offsets[1:], steps)
        values = np.insert(self.values, places, self.ahead.reshape(-1, len(self.columns)), axis=0)
        return replace(self, layout=longer, values=values, ahead=None)


def build_panel(table: Table, *, settings: Settings = STRICT, **how: Any) -> Panel:
    """Order the rows, put them on the grid and settle every fault by its policy; see
    ``inspect_panel`` for the rest.

    Raises DataError naming, for every kind of fault without a policy, how many there are, the first
    one, and the config line that settles it.
    """
    panel, findings = inspect_panel(table, settings=settings, **how)
    refuse(findings)
    return panel


def inspect_panel(
    table: Table,
    *,
    timestamp: str | Sequence[str],
    targets: Sequence[str],
    past: Sequence[str] = (),
    known: Known = NOTHING,
    series_id: str | None = None,
    timestamp_format: str | None = None,
    timezone: str | None = None,
    freq: str | None = None,
    end: str | int | None = None,
    now: pd.Timestamp | None = None,
    settings: Settings = STRICT,
) -> tuple[Panel, list[Finding]]:
    """The panel, and what the policies did. The panel is sound if no finding is refused.

    Rows after the stamp ``end`` are left out before anything else: their faults are not looked for.
    So are, where there are future covariates, those behind the last target of their series, which
    tell of the future. All others that are later than ``now`` are a fault. Raises DataError where a
    table cannot be understood: no stamps, no frequency, series without an id or without a value, or
    with several values of a static covariate.
    """
    columns = (*targets, *past, *known.future)
    names = [timestamp] if isinstance(timestamp, str) else list(timestamp)
    table, timestamp, timestamp_format = joined(table, names, timestamp_format)
    notes = tuple(f"{finding.places[0]}: {finding.text}" for finding in table.findings)
    table, odd = without_empty_rows(
        table, [timestamp, *([series_id] if series_id else []), *columns, *known.static]
    )
    findings = [*table.findings, *odd]
    stamps = parse_stamps(table, column=timestamp, timestamp_format=timestamp_format)
    if isinstance(stamps, pd.DatetimeIndex):
        stamps, odd = in_zone(
            table,
            stamps,
            column=timestamp,
            series_id=series_id,
            timezone=timezone,
            dst=settings.dst,
        )
        findings += odd
    if end is not None:
        kept = until(stamps, end)
        findings += after_end(table, kept, end)
        # the frame's index still tells the place
        table, stamps = replace(table, frame=table.frame[kept]), stamps[kept]
    codes, ids = series_of_rows(table, series_id, default=targets[0])
    grid, ordinals, odd = steps_of_rows(table, stamps, codes, freq=freq, off_grid=settings.off_grid)
    findings += odd
    if (ordinals < 0).any():
        kept = ordinals >= 0
        table, codes, ordinals = (
            replace(table, frame=table.frame[kept]),
            codes[kept],
            ordinals[kept],
        )
    rows = Rows(
        codes=codes, ordinals=ordinals, values=table.frame[list(columns)].to_numpy(np.float64)
    )
    later = None
    if known.future and (behind := behind_targets(rows, len(targets), settings.sentinels)).any():
        later = replace(rows, values=rows.values[:, -len(known.future) :]).take(
            np.flatnonzero(behind)
        )
        later = replace(
            later, values=np.where(np.isin(later.values, settings.sentinels), np.nan, later.values)
        )
        rows, table = rows.take(np.flatnonzero(~behind)), replace(table, frame=table.frame[~behind])
    del stamps, codes, ordinals

    def place(row: int) -> str:
        stamp = grid.stamps(given.ordinals[[row]])[0]
        return f"{table.place(row)}: series {ids[given.codes[row]]}, {stamp}"

    given = rows
    kept, odd = ahead_of_clock(grid, rows, now, policy=settings.future_rows, place=place)
    findings += odd
    if not kept.all():
        given = rows = rows.take(np.flatnonzero(kept))
        table = replace(table, frame=table.frame[kept])

    holes = settings.missing != "error"
    fixed, unseen = static_values(table.frame, known, rows.codes, ids=ids, place=place, holes=holes)
    rows, faults = settle(rows, settings=settings, ids=ids, columns=columns, grid=grid, place=place)
    findings += faults
    repairs = {finding.kind: finding.count for finding in findings if finding.level == "settled"}
    features = calendar_values(
        grid, rows.ordinals, features=known.calendar, holidays=known.holidays
    )
    parts = [part for part in (rows.values, features, fixed[rows.codes]) if part.shape[1]]
    values = np.concatenate(parts, axis=1) if len(parts) > 1 else rows.values
    columns = (*targets, *past, *known.ahead, *known.constant)
    layout = _layout(rows, ids, grid)
    return Panel(layout, columns, values, repairs, known, unseen, notes, later), findings


def _layout(rows: Rows, ids: tuple[str, ...], grid: Grid) -> Layout:
    """Where series and spans begin in rows that are in order."""
    new_series = np.flatnonzero(np.diff(rows.codes)) + 1
    new_span = np.flatnonzero((np.diff(rows.ordinals) != 1) | (np.diff(rows.codes) != 0)) + 1
    return Layout(
        ids=ids,
        offsets=np.concatenate(([0], new_series, [len(rows.codes)])),
        spans=np.concatenate(([0], new_span, [len(rows.codes)])),
        first=rows.ordinals[np.concatenate(([0], new_span))],
        grid=grid,
    )
