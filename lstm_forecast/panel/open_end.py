"""The open end: empty cells of a target behind its last value are not known yet, and no holes."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.panel.rows import Rows
from lstm_forecast.panel.steps.grid import Grid
from lstm_forecast.tables.faults import SHOWN_PLACES, Finding

__all__ = ["OPEN_END", "last_values", "open_cells", "open_end", "without_open_rows"]

OPEN_END = "open_end"  # kind of the finding
Ints = NDArray[np.int64]
NEVER = np.iinfo(np.int64).max  # the last value of a target without any: nothing lies behind it


def last_values(codes: NDArray[np.int32], ordinals: Ints, given: NDArray[np.bool_]) -> Ints:
    """Number on the grid of the last value of every series and target, (n_series, n_targets).

    ``given`` (n_rows, n_targets) says where there is a value; NEVER stands for a target without
    any.
    """
    last = np.full((codes.max() + 1, given.shape[1]), -1)
    for target, own in enumerate(given.T):
        np.maximum.at(last[:, target], codes[own], ordinals[own])
    return np.where(last < 0, NEVER, last)


def open_cells(rows: Rows, n_targets: int) -> NDArray[np.bool_]:
    """Which values (n_rows, n_columns) are empty cells of a target behind its last value."""
    found, given = np.zeros(rows.values.shape, bool), ~np.isnan(rows.values[:, :n_targets])
    if not given.all():
        last = last_values(rows.codes, rows.ordinals, given)
        found[:, :n_targets] = rows.ordinals[:, None] > last[rows.codes]
    return found


def without_open_rows(rows: Rows, n_targets: int) -> Rows:
    """The rows without those behind the last values of all targets of their series."""
    behind = open_cells(rows, n_targets)[:, :n_targets].all(axis=1)
    return rows.take(np.flatnonzero(~behind)) if behind.any() else rows


def open_end(
    given: Rows,
    empty: NDArray[np.bool_],
    settled: Rows,
    *,
    ids: Sequence[str],
    targets: Sequence[str],
    grid: Grid,
    place: Callable[[int], str],
) -> list[Finding]:
    """What is not known yet, if anything: the cells that are ``empty`` (n_rows, n_targets) in the
    rows ``given``, behind the last values that are ``settled``.

    ``place`` describes a given row: where it stands, its series and stamp.
    """
    if not empty.any():
        return []
    n = len(targets)
    last = last_values(settled.codes, settled.ordinals, ~np.isnan(settled.values[:, :n]))
    behind = empty & (given.ordinals[:, None] > last[given.codes])
    ends = list(_first_cells(given, behind))
    if not ends:
        return []
    row, target, count = ends[0]
    cells = "cell is" if count == 1 else "cells are"
    more = f"; {len(ends):,} such ends in all" if len(ends) > 1 else ""
    text = (
        f"{count:,} {cells} empty at the end of series {ids[given.codes[row]]}, column"
        f" {targets[target]}, from {grid.stamps(given.ordinals[[row]])[0]} on: not known yet, its"
        f" forecast starts there{more}"
    )
    places = tuple(
        f"{place(row)}: column {targets[column]}" for row, column, _ in ends[:SHOWN_PLACES]
    )
    counts = dict(zip(targets, map(int, behind.sum(axis=0)), strict=True))
    columns = {name: count for name, count in counts.items() if count}
    return [Finding(OPEN_END, "note", sum(counts.values()), text, places, columns=columns)]


def _first_cells(given: Rows, behind: NDArray[np.bool_]) -> Iterator[tuple[int, int, int]]:
    """The first row of each end, the number of its target, and how many cells there are ``behind``
    (n_rows, n_targets) its last value: by series and target.
    """
    order = np.lexsort((given.ordinals, given.codes))
    places, target = np.nonzero(behind[order])
    row = order[places]
    ends = given.codes[row].astype(np.int64) * behind.shape[1] + target
    _, first, counts = np.unique(ends, return_index=True, return_counts=True)
    return zip(row[first].tolist(), target[first].tolist(), counts.tolist(), strict=True)
