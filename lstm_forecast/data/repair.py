"""Faults in the rows of a panel: counted in all of the data, and settled by policy or refused. Never in silence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.data.grid import Grid
from lstm_forecast.errors import DataError

__all__ = ["Rows", "Settings", "settle"]


@dataclass(frozen=True)
class Rows:
    """Rows of all series. Ordinals number the steps of the grid."""

    codes: NDArray[np.int32]  # (n_rows,): number of the series
    ordinals: NDArray[np.int64]  # (n_rows,)
    values: NDArray[np.float64]  # (n_rows, n_columns)

    def take(self, index: NDArray[np.integer]) -> "Rows":
        """The rows of ``index``, in its order."""
        return Rows(self.codes[index], self.ordinals[index], self.values[index])


@dataclass(frozen=True)
class Settings:
    """One policy per kind of fault; ``error`` refuses the data."""

    unsorted: str = "sort"  # sort
    duplicates: str = "error"  # first, last, mean, sum
    gaps: str = "error"  # fill (as missing values), split
    missing: str = "error"  # ffill, interpolate
    infinite: str = "error"  # missing


class _Faults:
    """Collects how many rows each kind of fault touches, and a problem for each kind that has no policy."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.counts: dict[str, int] = {}
        self.problems: list[str] = []

    def add(self, kind: str, count: int, describe: Callable[[], str], remedy: str) -> None:
        if count:
            self.counts[kind] = count
            if getattr(self.settings, kind) == "error":
                self.problems.append(f"{describe()} ({count:,} such rows); set data.{kind}: {remedy}")


def settle(
    rows: Rows,
    *,
    settings: Settings,
    ids: Sequence[str],
    columns: Sequence[str],
    grid: Grid,
    place: Callable[[int], str],
) -> tuple[Rows, dict[str, int]]:
    """Rows in order of series and time with no fault left, and how many rows each repair touched.

    ``place`` describes a row as it came in. Raises DataError with one problem per kind of fault without a policy.
    """
    faults = _Faults(settings)

    def where(row: int, column: int) -> str:
        stamp = grid.stamps(rows.ordinals[[row]])[0]
        return f"series {ids[rows.codes[row]]}, {stamp}: column {columns[column]}"

    order = _order(rows)
    late = _late_rows(rows, order)
    faults.add("unsorted", len(late), lambda: f"{place(late[0])}: earlier than the row before it", "sort")
    if order is not None:
        rows = rows.take(order)

    infinite = np.isinf(rows.values)
    faults.add("infinite", _rows_with(infinite), lambda: f"{where(*np.argwhere(infinite)[0])}: infinite", "missing")
    if settings.infinite == "missing" and infinite.any():
        rows = Rows(rows.codes, rows.ordinals, np.where(infinite, np.nan, rows.values))

    repeated = np.flatnonzero((np.diff(rows.codes) == 0) & (np.diff(rows.ordinals) == 0)) + 1

    def origin(row: int) -> str:
        return place(int(row if order is None else order[row]))

    faults.add(
        "duplicates", len(repeated),
        lambda: f"{origin(repeated[0])}: the same stamp as {origin(repeated[0] - 1)}", "first, last, mean or sum",
    )  # fmt: skip
    rows = _without_duplicates(rows, repeated, settings.duplicates)

    skipped = np.where(np.diff(rows.codes) == 0, np.diff(rows.ordinals) - 1, 0)
    faults.add("gaps", int(skipped.sum()), lambda: _describe_gaps(rows, skipped, ids, grid), "fill or split")

    missing = np.isnan(rows.values)
    faults.add(
        "missing",
        _rows_with(missing),
        lambda: f"{where(*np.argwhere(missing)[0])}: no value",
        "ffill or interpolate",
    )
    if settings.gaps == "fill" and skipped.any():
        rows = _with_rows_added(rows)
        if settings.missing == "error":
            faults.problems.append("data.gaps: fill adds rows without values; set data.missing: ffill or interpolate")
    if faults.problems:
        raise DataError(*faults.problems)
    return _without_missing(rows, settings.missing, ids, columns), faults.counts


def _rows_with(cells: NDArray[np.bool_]) -> int:
    return int(cells.any(axis=1).sum())


def _describe_gaps(rows: Rows, skipped: NDArray[np.int64], ids: Sequence[str], grid: Grid) -> str:
    row = int(np.flatnonzero(skipped)[0])
    before = grid.stamps(rows.ordinals[[row]])[0]
    return (
        f"series {ids[rows.codes[row]]}: {skipped[row]:,} rows of freq {grid.freq} missing after {before}, "
        f"one of {np.count_nonzero(skipped):,} gaps"
    )


def _late_rows(rows: Rows, order: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Rows earlier than the one of their series that stands before them."""
    if order is None:
        return np.empty(0, np.int64)
    by_series = np.argsort(rows.codes, kind="stable")
    back = (np.diff(rows.codes[by_series]) == 0) & (np.diff(rows.ordinals[by_series]) < 0)
    late: NDArray[np.int64] = by_series[1:][back]
    return late


def _order(rows: Rows) -> NDArray[np.int64] | None:
    """Stable order by series and time; None if the rows have it."""
    step = np.diff(rows.codes)
    if bool(((step > 0) | ((step == 0) & (np.diff(rows.ordinals) >= 0))).all()):
        return None
    return np.lexsort((rows.ordinals, rows.codes))


def _without_duplicates(rows: Rows, repeated: NDArray[np.int64], policy: str) -> Rows:
    if not len(repeated):
        return rows
    is_first = np.ones(len(rows.codes), bool)
    is_first[repeated] = False
    starts = np.flatnonzero(is_first)
    if policy in ("first", "error"):  # under `error` the caller refuses; this only lets the other checks go on
        return rows.take(starts)
    if policy == "last":
        return rows.take(np.append(starts[1:], len(rows.codes)) - 1)
    group = np.cumsum(is_first) - 1
    groups = pd.DataFrame(rows.values).groupby(group)
    settled = groups.mean() if policy == "mean" else groups.sum(min_count=1)  # the sum of nothing is missing, not 0
    return Rows(codes=rows.codes[starts], ordinals=rows.ordinals[starts], values=settled.to_numpy(np.float64))


def _with_rows_added(rows: Rows) -> Rows:
    """One row for every step of the grid between the first and the last of each series; new ones hold NaN."""
    same = np.append(False, np.diff(rows.codes) == 0)
    step: NDArray[np.int64] = np.where(same, np.diff(rows.ordinals, prepend=rows.ordinals[0]), 1)
    position = np.cumsum(step) - 1
    values = np.full((position[-1] + 1, rows.values.shape[1]), np.nan)
    values[position] = rows.values
    source = np.searchsorted(position, np.arange(len(values)))  # the first given row at or behind each new one
    ordinals = rows.ordinals[source] - (position[source] - np.arange(len(values)))
    return Rows(rows.codes[source], ordinals, values)


def _without_missing(rows: Rows, policy: str, ids: Sequence[str], columns: Sequence[str]) -> Rows:
    if policy == "error" or not np.isnan(rows.values).any():
        return rows
    span = np.cumsum(np.append(True, (np.diff(rows.codes) != 0) | (np.diff(rows.ordinals) != 1)))
    groups = pd.DataFrame(rows.values).groupby(span)
    filled = groups.ffill().to_numpy()
    # Nothing earlier is known at the head of a span: the rows go, as looking ahead would leak.
    known = np.flatnonzero(~np.isnan(filled).any(axis=1))
    lost = np.setdiff1d(rows.codes, rows.codes[known])
    if len(lost):
        raise DataError(
            f"series {ids[lost[0]]}: no row has a value, or one before it, in all of {', '.join(columns)} "
            f"({len(lost):,} such series); leave out such series or columns"
        )
    if policy == "interpolate":
        between = np.isnan(rows.values) & groups.bfill().notna().to_numpy()
        filled = np.where(between, _on_the_line(rows.values), filled)
    return Rows(rows.codes[known], rows.ordinals[known], filled[known])


def _on_the_line(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Every column with its missing values on the line between the nearest given ones."""
    index = np.arange(len(values))
    given = ~np.isnan(values)
    return np.column_stack(
        [np.interp(index, index[known], column[known]) for column, known in zip(values.T, given.T, strict=True)]
    )
