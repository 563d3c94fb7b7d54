"""Which series, and which step of the grid, each row of a table belongs to."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import DataError, EmptyError
from lstm_forecast.panel.rows import Rows
from lstm_forecast.panel.steps.frequency import TICKS_OF_DAY, is_freq
from lstm_forecast.panel.steps.grid import Grid, date_in, ticks_of
from lstm_forecast.panel.steps.inference import infer_freq
from lstm_forecast.panel.steps.moves import moves_to
from lstm_forecast.panel.steps.spacing import round_phase
from lstm_forecast.tables.faults import SHOWN_PLACES, Finding, Level
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.stamps.columns import joined, zoned_stamps
from lstm_forecast.tables.stamps.other_stamps import without_other_stamps

__all__ = [
    "EMPTY_ROWS", "after_end", "ahead_of_clock", "behind_targets", "event_remedy", "grid_from",
    "known_freq", "stamped_rows", "steps_of_rows", "until",
]  # fmt: skip

EMPTY_ROWS = "empty_rows"  # the kind of what is found in rows that hold nothing that is read


def _without_empty_rows(table: Table, columns: list[str]) -> tuple[Table, list[Finding]]:
    """The table without rows that hold nothing in any of the ``columns``, as after the last row of
    a spreadsheet, whatever stands in the others.

    Raises DataError if no row is left.
    """
    first = table.frame[columns[0]]
    empty = np.flatnonzero(first.isna() | (first == ""))
    if len(empty):
        others = table.frame[columns].iloc[empty]
        empty = empty[(others.isna() | (others == "")).all(axis=1)]
    if len(empty) == len(table.frame):
        raise EmptyError(f"{table.sources[0][0]}: no rows")
    if not len(empty):
        return table, []
    places = tuple(table.place(int(row)) for row in empty[:SHOWN_PLACES])
    kept = np.ones(len(table.frame), bool)
    kept[empty] = False
    text = "a row with neither a stamp nor a value to forecast or to learn from, which is left out"
    finding = Finding(EMPTY_ROWS, "settled", len(empty), text, places)
    return replace(table, frame=table.frame[kept]), [finding]


def stamped_rows(
    table: Table, data: DataConfig, columns: Sequence[str]
) -> tuple[Table, pd.DatetimeIndex | pd.Index, list[Finding]]:
    """The rows that hold a stamp or something in one of the ``columns``, and their stamps.

    Raises DataError as ``zoned_stamps`` does, and if no row is left.
    """
    table, column, style = joined(table, data.stamp_columns, data.timestamp_format)
    table, empty = _without_empty_rows(table, [column, *columns])
    table, others = without_other_stamps(table, column, style, data.other_stamps)
    stamps, moved = zoned_stamps(
        table,
        column=column,
        timestamp_format=style,
        series_columns=data.series_columns,
        timezone=data.timezone,
        dst=data.dst,
    )
    return table, stamps, [*empty, *others, *moved]


def until(stamps: pd.DatetimeIndex | pd.Index, end: str | int) -> NDArray[np.bool_]:
    """Which rows lie at or before ``end``."""
    if isinstance(stamps, pd.DatetimeIndex):
        kept = np.asarray(stamps <= _last_date(stamps, end))
    elif isinstance(end, str):
        raise DataError(
            f"data.end: {end} is a date, but time is counted in integer steps; give the last step"
        )
    else:
        kept = stamps.to_numpy(np.int64) <= end
    if not kept.any():
        raise DataError(
            f"data.end: no row is left: {end} lies before the first stamp, {stamps.min()}; give a"
            " later one"
        )
    return kept


def after_end(table: Table, kept: NDArray[np.bool_], end: str | int) -> list[Finding]:
    """The rows that are not ``kept``, as they lie behind ``end``."""
    later = np.flatnonzero(~kept)
    if not len(later):
        return []
    places = tuple(table.place(int(row)) for row in later[:SHOWN_PLACES])
    return [Finding("rows_after_end", "settled", len(later), f"later than data.end, {end}", places)]


def ahead_of_clock(
    grid: Grid, rows: Rows, now: pd.Timestamp | None, *, policy: str, place: Callable[[int], str]
) -> tuple[NDArray[np.bool_], list[Finding]]:
    """Which rows are kept, and those that are later than ``now``, aware, by more than a day and a
    step.

    A day, as nobody knows the zone of naive stamps; a step, as it may be named by its end.
    ``policy``: error, keep or drop. Integer steps have no clock. Raises DataError if the policy
    would leave nothing of a series.
    """
    kept = np.ones(len(rows.codes), bool)
    if now is None or isinstance(grid.origin, int):
        return kept, []
    latest = (now + pd.Timedelta(days=1)).tz_convert(grid.zone)
    if grid.stamps(rows.ordinals.max(keepdims=True))[0] <= latest:
        return kept, []  # as of most tables, without a calendar up to now
    late = rows.ordinals > grid.after(str(latest))
    first = np.flatnonzero(late)
    if not len(first):
        return kept, []
    levels: dict[str, Level] = {"error": "refused", "drop": "settled"}
    level = levels.get(policy, "note")
    text = f"later than now, {now:%Y-%m-%d %H:%M} UTC on this machine"
    places = tuple(place(int(row)) for row in first[:SHOWN_PLACES])
    finding = Finding(
        "future_rows", level, len(first), text, places, "data.future_rows: keep or drop"
    )
    if policy != "drop":
        return kept, [finding]
    if len(lost := np.setdiff1d(rows.codes, rows.codes[~late])):
        raise DataError(
            f"{place(int(np.flatnonzero(rows.codes == lost[0])[0]))}: all rows of the series are"
            f" {text}, and data.future_rows: drop leaves none ({len(lost):,} such series); correct"
            " the stamps, or leave it out"
        )
    return ~late, [finding]


def _last_date(stamps: pd.DatetimeIndex, end: str | int) -> pd.Timestamp:
    """``end`` as a date; without a zone, it is in that of the stamps."""
    if isinstance(end, int):
        raise DataError(
            f"data.end: {end} is a step number, but the stamps are dates; write it like 2024-01-31"
        )
    return date_in(stamps.tz, end, key="data.end", first=False)


def behind_targets(rows: Rows, empty: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which rows lie behind the last one of their series that has a target; none where a series has
    no target.

    ``empty`` (n_rows, n_targets) are targets without a value.
    """
    full = ~empty.all(axis=1)
    last = np.full(rows.codes.max() + 1, -1)
    np.maximum.at(last, rows.codes[full], rows.ordinals[full])
    behind: NDArray[np.bool_] = (rows.ordinals > last[rows.codes]) & (last[rows.codes] >= 0)
    return behind


def event_remedy(*, many: bool) -> str:
    """What else may be done where ``many`` rows are off the grid or repeated."""
    return ", or data.aggregate: sum, mean, last, max or count, where rows are events" * many


def steps_of_rows(
    table: Table,
    stamps: pd.DatetimeIndex | pd.Index,
    codes: NDArray[np.int32],
    *,
    freq: str | None,
    off_grid: str,
) -> tuple[Grid, NDArray[np.int64], list[Finding]]:
    """The grid of all series, each row's number on it, and the rows that lie between its steps.

    ``off_grid``: nearest (such rows are moved to the nearest step) or error, under which they are
    moved too, or get the number -1 where another row has that step. Raises DataError if there is no
    frequency.
    """
    freq = known_freq(stamps, codes, freq)
    ticks = ticks_of(stamps, freq=freq)
    grid = grid_from(stamps, int(ticks.min()), freq)
    numbers = grid.ordinals(ticks)
    off = np.flatnonzero(numbers < 0)
    if not len(off):
        return grid, numbers, []
    level: Level = "refused" if off_grid == "error" else "settled"
    aligned = _aligned(grid, ticks)
    moves = moves_to(aligned, ticks)
    numbers = moves.steps
    text = f"not on the grid of freq {freq} that starts at {grid.stamps(np.zeros(1, np.int64))[0]}"
    if level == "refused":
        # then rows that the move would put on one step are no fault of their own
        numbers[_collided(codes, numbers, ticks)] = -1
    elif isinstance(stamps, pd.DatetimeIndex):
        off = np.flatnonzero(moves.distances)
        text = f"between the steps of freq {freq}, and moved {moves.text}"
    places = tuple(f"{table.place(int(row))}: {stamps[row]}" for row in off[:SHOWN_PLACES])
    local = "" if grid.zone is None else ", or data.timezone where days are local"
    events = event_remedy(many=2 * len(off) > len(ticks))
    remedy = f"data.freq, or data.off_grid: nearest{local}{events}"
    return aligned, numbers, [Finding("off_grid", level, len(off), text, places, remedy)]


def _collided(
    codes: NDArray[np.int32], numbers: NDArray[np.int64], ticks: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Rows whose step has another stamp of the same series already; repeated stamps stay."""
    by_stamp = np.lexsort((ticks, codes))
    again = (np.diff(codes[by_stamp]) == 0) & (np.diff(ticks[by_stamp]) == 0)
    single = np.ones(len(ticks), bool)
    single[by_stamp] = ~(np.append(again, False) | np.append(False, again))
    order = np.lexsort((ticks, single, numbers, codes))
    changes = np.flatnonzero((np.diff(codes[order]) != 0) | (np.diff(numbers[order]) != 0)) + 1
    starts = np.concatenate(([0], changes))
    first = np.repeat(ticks[order[starts]], np.diff(np.append(starts, len(order))))
    collided: NDArray[np.int64] = order[ticks[order] != first]
    return collided


def _aligned(grid: Grid, ticks: NDArray[np.int64]) -> Grid:
    """The grid moved so that its first step is where most stamps have theirs, or on a whole
    multiple of the step, or of a shorter unit, that all stamps are about.
    """
    step = grid.step or TICKS_OF_DAY
    phases, counts = np.unique(ticks % step, return_counts=True)
    phase = int(phases[counts.argmax()])
    if 2 * counts.max() <= len(ticks):
        phase = 0 if isinstance(grid.origin, int) else round_phase(ticks, step) or 0
    first = (int(ticks.min()) - phase) // step * step + phase
    return replace(
        grid, origin=first if isinstance(grid.origin, int) else pd.Timestamp(first, unit="us")
    )


def grid_from(stamps: pd.DatetimeIndex | pd.Index, first: int, freq: str) -> Grid:
    """The grid from the ``first`` stamp on, as the grid counts it."""
    if not isinstance(stamps, pd.DatetimeIndex):
        return Grid(freq, first)
    zone = None if stamps.tz is None else str(stamps.tz)
    return Grid(freq, pd.Timestamp(first, unit="us"), zone)


def known_freq(
    stamps: pd.DatetimeIndex | pd.Index, codes: NDArray[np.int32], freq: str | None
) -> str:
    """The frequency that is given, or that of the longest series.

    Raises DataError for one that the stamps cannot have, or where none is found.
    """
    integers = not isinstance(stamps, pd.DatetimeIndex)
    if freq is None:
        longest = codes == np.bincount(codes).argmax()
        return infer_freq(ticks_of(stamps[longest], freq=None), integers=integers)
    if integers and not (freq.isdigit() and int(freq) > 0):
        raise DataError(
            f"data.freq: {freq!r} does not fit integer steps; set a whole number such as freq: 1"
        )
    if not integers and not is_freq(freq):
        raise DataError(
            f"data.freq: {freq!r} is not a pandas frequency alias; examples: h, 30min, D, B,"
            " W-SUN, MS, or MS-15 for day 15 of each month"
        )
    return freq
