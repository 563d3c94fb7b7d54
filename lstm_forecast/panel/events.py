"""Rows that are events: the step that each lies in, and how those of one step become one row."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import compress

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import DataError
from lstm_forecast.panel.placing import grid_from, known_freq
from lstm_forecast.panel.rows import Rows
from lstm_forecast.panel.steps.frequency import sub_daily
from lstm_forecast.panel.steps.grid import Grid, stamp_text, ticks_of
from lstm_forecast.panel.steps.periods import Periods, periods_of
from lstm_forecast.tables.faults import SHOWN_PLACES, Finding
from lstm_forecast.tables.numbers.nothing import words_for_missing
from lstm_forecast.tables.read import Table

__all__ = [
    "ZERO_RULES", "Events", "counted_text", "event_rows", "last_moment", "marked_cells",
    "moments_of", "one_row_per_step", "step_periods",
]  # fmt: skip

Stamps = pd.DatetimeIndex | pd.Index
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
ZERO_RULES = ("sum", "count")  # under which a step without an event is 0, and no gap
DONE = {
    "sum": "added up",
    "count": "counted",
    "mean": "averaged",
    "last": "of which the last of each stays",
    "max": "of which the largest of each stays",
}
# What becomes of covariates; under last and max the same as of targets.
RULE_OF_COVARIATES = {"last": "last", "max": "max"}


@dataclass(frozen=True)
class Events:
    """Rows that are events, by series and in order of time, and what is worth knowing of them."""

    table: Table
    rows: Rows
    grid: Grid
    ids: tuple[str, ...]
    findings: list[Finding]


def event_rows(
    table: Table,
    stamps: Stamps,
    codes: NDArray[np.int32],
    ids: tuple[str, ...],
    data: DataConfig,
) -> Events:
    """The rows of a table on the steps of ``data.freq`` that their stamps lie in.

    Raises DataError for a frequency that the stamps cannot have, where its steps do not consist of
    the days of ``data.day_start``, and where ``data.partial`` leaves nothing.
    """
    freq = known_freq(stamps, codes, data.freq)
    order, findings = _in_order(table, stamps, codes, data.unsorted)
    table = replace(table, frame=table.frame.iloc[order])
    stamps, codes = stamps[order], codes[order]
    kept, faults = _counted(table, stamps, codes, data)
    findings += faults
    table = replace(table, frame=table.frame[kept])
    stamps, codes = stamps[kept], codes[kept]
    periods = step_periods(stamps, freq, day_start=data.day_start)
    grid = grid_from(stamps, int(periods.names.min()), freq)
    events = Events(
        table,
        Rows(codes, grid.ordinals(periods.names), _values(table.frame, data)),
        grid,
        ids,
        findings,
    )
    return _whole(events, stamps, periods, data)


def step_periods(stamps: Stamps, freq: str, *, day_start: str | None) -> Periods:
    """The steps of ``freq`` that ``stamps`` lie in: hours and days begin as local clocks say, or
    days at ``day_start``.

    Raises DataError where steps do not consist of days and there is a ``day_start``.
    """
    dates = isinstance(stamps, pd.DatetimeIndex)
    if day_start is not None and (not dates or sub_daily(freq)):
        raise DataError(
            f"data.day_start: {day_start}: steps of freq {freq} do not consist of days; set"
            " data.freq to D or longer, or leave it out"
        )
    begin = _begin(day_start) // pd.Timedelta(microseconds=1)
    phase = 0
    if isinstance(stamps, pd.DatetimeIndex) and stamps.tz is not None and sub_daily(freq):
        first = stamps.min()
        zero = timedelta(0)
        ahead = (first.utcoffset() or zero) - (first.dst() or zero)
        phase = -pd.Timedelta(ahead) // pd.Timedelta(microseconds=1)
    return periods_of(ticks_of(stamps, freq=freq), freq, phase=phase, day_start=begin)


def last_moment(end: str | int, day_start: str | None) -> str | int:
    """The last moment that counts, where the last one is to be ``end``: of a date without a time,
    the last one of that day.
    """
    if isinstance(end, int):
        return end
    try:
        day = date.fromisoformat(end)
    except ValueError:  # it has a time
        return end
    next_day = pd.Timestamp(day) + pd.Timedelta(days=1) + _begin(day_start)
    return str(next_day - pd.Timedelta(microseconds=1))


def _begin(day_start: str | None) -> pd.Timedelta:
    """How long after midnight a day begins."""
    return pd.Timedelta(f"{day_start or '00:00'}:00")


def moments_of(stamps: Stamps) -> Ints:
    """Numbers in the order in which the stamps came to be, whatever local clocks showed."""
    return stamps.asi8 if isinstance(stamps, pd.DatetimeIndex) else stamps.to_numpy(np.int64)


def one_row_per_step(rows: Rows, rule: str, *, n_targets: int) -> Rows:
    """Rows in order to one for every series and step: by ``rule`` of the first ``n_targets``
    columns, and by that of covariates of the others.

    Missing values are left out; of nothing but these there is no value, and the count is 0.
    """
    changes = (np.diff(rows.codes) != 0) | (np.diff(rows.ordinals) != 0)
    starts = np.flatnonzero(np.append(True, changes))
    others = RULE_OF_COVARIATES.get(rule, "mean")
    values = [
        _of_steps(column, starts, rule if k < n_targets else others)
        for k, column in enumerate(rows.values.T)
    ]
    return Rows(rows.codes[starts], rows.ordinals[starts], np.column_stack(values))


def counted_text(given: Flags, targets: Sequence[str], rule: str) -> str:
    """How many events a rule makes rows of steps of, where they have a value of each target or have
    none, as ``given`` says, (n_rows, n_targets): for people.
    """
    lacking = [
        f"{count:,} have no value of {name}"
        for name, count in zip(targets, (~given).sum(axis=0).tolist(), strict=True)
        if count
    ]
    counted = int(given.any(axis=1).sum())
    of_all = f" of {len(given):,}" if counted < len(given) else ""
    return "; ".join([f"{counted:,}{of_all} rows {DONE[rule]}", *lacking])


def _of_steps(values: Floats, starts: Ints, rule: str) -> Floats:
    """One value for the (n,) values of each step, which begin at ``starts``."""
    given = ~np.isnan(values)
    counts = np.add.reduceat(given, starts, dtype=np.int64)
    if rule == "count":
        return counts.astype(np.float64)
    if rule == "last":
        last = np.maximum.reduceat(np.where(given, np.arange(len(values)), -1), starts)
        return np.where(counts > 0, values[last], np.nan)
    if rule == "max":
        greatest: Floats = np.fmax.reduceat(values, starts)
        return greatest
    sums = np.add.reduceat(np.where(given, values, 0), starts)
    divided = sums / np.maximum(counts, 1) if rule == "mean" else sums
    return np.where(counts > 0, divided, np.nan)


def _in_order(
    table: Table, stamps: Stamps, codes: NDArray[np.int32], unsorted: str
) -> tuple[Ints, list[Finding]]:
    """The rows by series and time, those of equal stamps as they came; that they came in another
    order is a fault for the policy ``error`` alone.
    """
    moments = moments_of(stamps)
    step = np.diff(codes)
    if ((step > 0) | ((step == 0) & (np.diff(moments) >= 0))).all():
        return np.arange(len(codes)), []
    order = np.lexsort((moments, codes))
    by_series = np.argsort(codes, kind="stable")
    back = (np.diff(codes[by_series]) == 0) & (np.diff(moments[by_series]) < 0)
    late = by_series[1:][back]
    if unsorted == "sort" or not len(late):
        return order, []
    places = tuple(f"{table.place(int(row))}: {stamps[row]}" for row in late[:SHOWN_PLACES])
    text = "earlier than the row before it"
    return order, [Finding("unsorted", "refused", len(late), text, places, "data.unsorted: sort")]


def _counted(
    table: Table, stamps: Stamps, codes: NDArray[np.int32], data: DataConfig
) -> tuple[Flags, list[Finding]]:
    """Which rows count, and those that are equal to an earlier one: in all columns of the table,
    where the policy for duplicates is ``first`` and they do not, else in those that are read.
    """
    kept = np.ones(len(codes), bool)
    again = np.append(False, (np.diff(codes) == 0) & np.asarray(stamps[1:] == stamps[:-1]))
    repeated = np.flatnonzero(again | np.append(again[1:], False))
    cells = table.frame.iloc[repeated].drop(columns=list(data.stamp_columns))
    cells = cells.set_axis(range(cells.shape[1]), axis=1).assign(stamp=np.cumsum(~again)[repeated])
    equal = repeated[cells.duplicated().to_numpy()]
    if not len(equal):
        return kept, []
    places = (table.place(int(equal[0])),)
    if data.duplicates == "first":
        kept[equal] = False
        text = "equal to an earlier row in all columns of the table, and counted once"
        return kept, [Finding("duplicates", "settled", len(equal), text, places)]
    text = "equal to an earlier row in all columns that are used; each of them counts"
    remedy = "data.duplicates: first, which counts rows once that are equal in all columns"
    return kept, [Finding("duplicates", "note", len(equal), text, places, remedy)]


def _values(frame: pd.DataFrame, data: DataConfig) -> Floats:
    """Targets, past and future covariates of every row; under ``count``, a number stands where a
    target's cell holds something.
    """
    others = frame[[*data.covariates.past, *data.covariates.future]].to_numpy(np.float64)
    if data.aggregate != "count":
        targets = frame[list(data.targets)].to_numpy(np.float64)
    else:
        marks = [marked_cells(frame[name], data) for name in data.targets]
        targets = np.column_stack(marks)
    return np.concatenate([targets, others], axis=1)


def marked_cells(cells: pd.Series, data: DataConfig) -> Floats:
    """A number for every cell that holds something: one that stands for no missing value."""
    text = cells.astype("str").str.strip()
    words = [word for word in data.sentinels if isinstance(word, str)]
    empty = cells.isna() | text.isin([*words_for_missing(data.dashes), *words])
    numbers = {number for number in data.sentinels if isinstance(number, float)}
    if numbers:
        empty |= pd.to_numeric(text, errors="coerce").isin(numbers)
    mark = min(set(map(float, range(len(numbers) + 1))) - numbers)
    return np.where(empty, np.nan, mark)


def _whole(events: Events, stamps: Stamps, periods: Periods, data: DataConfig) -> Events:
    """The events without the steps of the oldest and the newest one that has a target, or with
    these and a word about them, as ``data.partial`` says.

    Rows of the newest step that tell of future covariates lose the values of all others.
    """
    rows, n_future = events.rows, len(data.covariates.future)
    full = np.flatnonzero(~np.isnan(rows.values[:, : len(data.targets)]).all(axis=1))
    if not len(full):
        return events
    moments = stamps[full]
    oldest, newest = int(full[moments.argmin()]), int(full[moments.argmax()])
    is_old, is_new = (rows.ordinals == rows.ordinals[row] for row in (oldest, newest))
    first, last = map(stamp_text, events.grid.stamps(rows.ordinals[[oldest, newest]]))
    span = f"the newest row is of {stamps[newest]}, the oldest of {stamps[oldest]}"
    count = int((is_old | is_new).sum())
    if data.partial == "keep":
        text = (
            f"{span}: their steps, {last} and {first}, may not be whole; data.partial: drop"
            " leaves both out"
        )
        return replace(events, findings=[*events.findings, Finding("partial", "note", count, text)])
    values = rows.values.copy()
    values[is_new, : values.shape[1] - n_future] = np.nan
    alive = np.isin(np.arange(len(events.ids)), rows.codes[full[~(is_old | is_new)[full]]])
    if not alive.any():
        raise DataError(
            f"data.partial: drop leaves no row: {span}, and there is no step between theirs; give"
            " more rows, a shorter data.freq, or data.partial: keep"
        )
    text = f"in the steps of the newest row, {last}, or of the oldest, {first}"
    events = replace(
        events,
        rows=replace(rows, values=values),
        findings=[*events.findings, Finding("partial", "settled", count, text)],
    )
    return _only(events, ~is_old & (~is_new | (n_future > 0)) & alive[rows.codes], alive)


def _only(events: Events, kept: Flags, alive: Flags) -> Events:
    """The ``kept`` events (n_rows,), which are of the series that are ``alive`` (n_series,)."""
    rows = events.rows.take(np.flatnonzero(kept))
    numbers = (np.cumsum(alive) - 1).astype(np.int32)
    return replace(
        events,
        table=replace(events.table, frame=events.table.frame[kept]),
        rows=replace(rows, codes=numbers[rows.codes]),
        ids=tuple(compress(events.ids, alive)),
    )
