"""A table to a panel: rows in order on one grid, every fault told, and settled where a policy says
how.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.closed import ClosedConfig
from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import DataError
from lstm_forecast.panel.covariates import Known, known_ahead, static_values
from lstm_forecast.panel.events import event_rows, last_moment, one_row_per_step
from lstm_forecast.panel.leave_out import without_series
from lstm_forecast.panel.open_end import open_end
from lstm_forecast.panel.panel import Layout, Panel
from lstm_forecast.panel.placing import (
    after_end,
    ahead_of_clock,
    behind_targets,
    stamped_rows,
    steps_of_rows,
    until,
)
from lstm_forecast.panel.repair import empty_targets, numeric_sentinels, settle
from lstm_forecast.panel.rows import Rows
from lstm_forecast.panel.series_ids import series_of_rows
from lstm_forecast.panel.steps.calendar import calendar_values
from lstm_forecast.panel.steps.closed import closed_text
from lstm_forecast.panel.steps.grid import Grid
from lstm_forecast.tables.faults import SHOWN_PLACES, Finding, Level
from lstm_forecast.tables.files.left_out import LEFT_OUT
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.turned.table import OUTSIDE

__all__ = ["inspect_panel"]

Stamps = pd.DatetimeIndex | pd.Index
# What is told by whoever looks at the table, not by all that read it.
QUIET = (*LEFT_OUT, OUTSIDE, "dashes", "padded_ids")


def inspect_panel(
    table: Table,
    data: DataConfig,
    *,
    end: str | int | None = None,
    now: pd.Timestamp | None = None,
) -> tuple[Panel, list[Finding]]:
    """The panel, and what the policies of ``data`` did. It is sound if no finding is refused.

    Rows after the stamp ``end`` are left out before anything else: their faults are not looked for.
    So are those behind the last target of their series, which are not known yet, or tell of the
    future where there are future covariates. All others that are later than ``now`` are a fault.
    Where some targets of a series end before others, the rest of theirs is NaN. Raises DataError
    where a table cannot be understood: no stamps, no frequency, series without an id or without a
    value, or with several values of a static covariate.
    """
    read = table.findings
    table, stamps, findings = _stamped(table, data, end)
    placed, faults = _placed(table, stamps, data)
    findings += faults
    notes = tuple(_notes(read, faults))
    given, (placed, later) = placed, _without_future(placed, data)
    grid, ids, known = placed.grid, placed.ids, known_ahead(data.covariates)
    kept, faults = ahead_of_clock(
        grid, placed.rows, now, policy=data.future_rows, place=placed.place
    )
    findings += faults
    placed = placed.only(kept)
    rows, place, holes = placed.rows, placed.place, data.missing != "error"
    constants, unseen = static_values(
        placed.table.frame, known, rows.codes, ids=ids, place=place, holes=holes
    )
    rows, faults = settle(rows, data, ids=ids, columns=_columns(data), grid=grid, place=place)
    findings += [*faults, *_open_end(placed if data.covariates.future else given, rows, data)]
    repairs = {finding.kind: finding.count for finding in findings if finding.level == "settled"}
    columns = (*data.targets, *data.covariates.past, *known.columns)
    values, layout = _values(rows, grid, known, constants), _layout(rows, ids, grid)
    return Panel(layout, columns, values, repairs, known, unseen, notes, later), findings


def _notes(read: Sequence[Finding], placed: Sequence[Finding]) -> Iterator[str]:
    """What is odd about the files beside what the config names, and about the first and the last
    step, for people.
    """
    yield from (f"{each.places[0]}: {each.text}" for each in read if each.kind not in QUIET)
    yield from (each.text for each in placed if each.kind == "partial" and each.level == "note")


def _columns(data: DataConfig) -> tuple[str, ...]:
    """The columns of a table that hold a value for every row, in the order of a panel's."""
    return (*data.targets, *data.covariates.past, *data.covariates.future)


def _stamped(
    table: Table, data: DataConfig, end: str | int | None
) -> tuple[Table, Stamps, list[Finding]]:
    """The rows that are not empty and not after ``end``, and their stamps."""
    columns = [*data.series_columns, *_columns(data), *data.covariates.static]
    read = table.findings
    table, stamps, faults = stamped_rows(table, data, columns)
    findings = [*read, *faults]
    if end is not None:
        last = end if data.aggregate is None else last_moment(end, data.day_start)
        kept = until(stamps, last)
        findings += after_end(table, kept, end)
        # The index of the frame still tells the place of every row.
        table, stamps = replace(table, frame=table.frame[kept]), stamps[kept]
    return table, stamps, findings


@dataclass(frozen=True)
class _Placed:
    """Rows on a grid, beside the rows of the table that they come from."""

    table: Table
    rows: Rows
    grid: Grid
    ids: tuple[str, ...]

    def only(self, kept: NDArray[np.bool_]) -> "_Placed":
        """Without the rows that are not ``kept`` (n_rows,)."""
        if kept.all():
            return self
        table = replace(self.table, frame=self.table.frame[kept])
        return replace(self, table=table, rows=self.rows.take(np.flatnonzero(kept)))

    def place(self, row: int) -> str:
        """Where a row stands, its series and its stamp."""
        stamp = self.grid.stamps(self.rows.ordinals[[row]])[0]
        return f"{self.table.place(row)}: series {self.ids[self.rows.codes[row]]}, {stamp}"


def _placed(table: Table, stamps: Stamps, data: DataConfig) -> tuple[_Placed, list[Finding]]:
    """Every row by its series and its step of the grid, and those that lie between the steps."""
    codes, ids = series_of_rows(table, data.series_columns, default=data.targets[0])
    table, stamps, codes, ids, left_out = without_series(table, stamps, codes, ids, data.leave_out)
    if data.aggregate is not None:
        events = event_rows(table, stamps, codes, ids, data)
        placed = _Placed(events.table, events.rows, events.grid, events.ids)
        return _open(placed, data, [*left_out, *events.findings])
    grid, ordinals, findings = steps_of_rows(
        table, stamps, codes, freq=data.freq, off_grid=data.off_grid
    )
    findings = [*left_out, *findings]
    if (ordinals < 0).any():
        kept = ordinals >= 0
        table = replace(table, frame=table.frame[kept])
        codes, ordinals = codes[kept], ordinals[kept]
    values = table.frame[list(_columns(data))].to_numpy(np.float64)
    return _open(_Placed(table, Rows(codes, ordinals, values), grid, ids), data, findings)


def _open(
    placed: _Placed, data: DataConfig, findings: list[Finding]
) -> tuple[_Placed, list[Finding]]:
    """The rows on open steps, with the findings so far and those about the others."""
    if not data.closed.any:
        return placed, findings
    placed, faults = _on_open_steps(placed, data.closed, n_targets=len(data.targets))
    return placed, [*findings, *faults]


def _on_open_steps(
    placed: _Placed, rule: ClosedConfig, *, n_targets: int
) -> tuple[_Placed, list[Finding]]:
    """The rows on open steps, by their number among these, and those on closed ones that have a
    value of a target.
    """
    grid, rows = replace(placed.grid, closed=rule), placed.rows
    if isinstance(grid.origin, int):
        raise DataError(
            "data.closed: needs dates, but time is counted in integer steps; leave it out"
        )
    ordinals = grid.ordinals(placed.grid.ticks(rows.ordinals))
    on_closed = ordinals < 0
    told = np.flatnonzero(on_closed & np.isfinite(rows.values[:, :n_targets]).any(axis=1))
    level: Level = "refused" if rule.rows == "error" else "settled"
    text = f"a value on a step that is closed ({closed_text(rule)})"
    places = tuple(placed.place(int(row)) for row in told[:SHOWN_PLACES])
    remedy = "data.closed, which says too much, or data.closed.rows: drop"
    faults = [Finding("closed_rows", level, len(told), text, places, remedy)] if len(told) else []
    if on_closed.all():
        raise DataError(f"data.closed: {closed_text(rule)}: leaves no row; correct it")
    placed = replace(placed, rows=replace(rows, ordinals=ordinals)).only(~on_closed)
    return replace(placed, grid=grid), faults


def _without_future(placed: _Placed, data: DataConfig) -> tuple[_Placed, Rows | None]:
    """The rows up to the last target of their series, and what the others tell of the future.

    These hold values of the future covariates alone; None where there are none.
    """
    rows, n_future = placed.rows, len(data.covariates.future)
    empty = empty_targets(rows, data)
    if not empty.all(axis=1).any() or not (behind := behind_targets(rows, empty)).any():
        return placed, None
    if not n_future:
        return placed.only(~behind), None
    later = replace(rows, values=rows.values[:, -n_future:]).take(np.flatnonzero(behind))
    values = np.where(np.isin(later.values, numeric_sentinels(data)), np.nan, later.values)
    later = replace(later, values=values)
    if data.aggregate is not None:
        later = one_row_per_step(later, data.aggregate, n_targets=0)
    return placed.only(~behind), later


def _open_end(given: _Placed, settled: Rows, data: DataConfig) -> list[Finding]:
    """What of the targets is not known yet, in rows as they came in."""
    return open_end(
        given.rows,
        empty_targets(given.rows, data),
        settled,
        ids=given.ids,
        targets=data.targets,
        grid=given.grid,
        place=given.place,
    )


def _values(
    rows: Rows, grid: Grid, known: Known, constants: NDArray[np.float64]
) -> NDArray[np.float64]:
    """All columns of the panel: those of the rows, features of the calendar, and the ``constants``
    of every series (n_series, n_constants).
    """
    features = calendar_values(
        grid, rows.ordinals, features=known.calendar, holidays=known.holidays
    )
    parts = [part for part in (rows.values, features, constants[rows.codes]) if part.shape[1]]
    return np.concatenate(parts, axis=1) if len(parts) > 1 else rows.values


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
