"""Holes in a panel filled: rows that are missing, and values.

Nothing but ``interpolate`` looks ahead.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import DataError
from lstm_forecast.panel.rows import Rows

__all__ = ["require_values", "with_rows_added", "without_missing"]


def with_rows_added(rows: Rows, *, limit: int | None, zeros: int = 0) -> Rows:
    """One row for every step of the grid in gaps of at most ``limit`` steps (None: in all); new
    ones hold 0 in the first columns, so many ``zeros``, and NaN in all others.
    """
    ahead = np.diff(rows.ordinals, prepend=rows.ordinals[0])
    filled = np.append(False, np.diff(rows.codes) == 0)
    if limit is not None:
        filled &= ahead <= limit + 1
    position: NDArray[np.int64] = np.cumsum(np.where(filled, ahead, 1)) - 1
    values = np.full((position[-1] + 1, rows.values.shape[1]), np.nan)
    values[:, :zeros] = 0
    values[position] = rows.values
    # the first given row at or behind each new one
    source = np.searchsorted(position, np.arange(len(values)))
    ordinals: NDArray[np.int64] = rows.ordinals[source] - (
        position[source] - np.arange(len(values))
    )
    return Rows(rows.codes[source], ordinals, values)


def without_missing(
    rows: Rows,
    policy: str,
    *,
    season: int,
    unknown: NDArray[np.bool_],
    ids: Sequence[str],
    columns: Sequence[str],
) -> Rows:
    """Values for all that are missing: the last one before (ffill), the last one at the same place
    of an earlier
    ``season`` (seasonal), or on the line to the next one (interpolate).

    Those that are ``unknown`` (n_rows, n_columns), as they lie behind the last value of a target,
    stay missing.
    Nothing earlier is known at the head of a span: those rows go, as looking ahead would leak.
    Raises DataError if that leaves nothing of a series.
    """
    start = np.append(True, (np.diff(rows.codes) != 0) | (np.diff(rows.ordinals) != 1))
    span = np.cumsum(start)
    frame = pd.DataFrame(rows.values)
    if policy == "seasonal":
        within = np.arange(len(span)) - np.flatnonzero(start)[span - 1]
        frame = frame.groupby([span, within % season]).ffill()
    filled = frame.groupby(span).ffill().to_numpy()
    whole = np.flatnonzero(~(np.isnan(filled) & ~unknown).any(axis=1))
    require_values(rows, whole, ids=ids, columns=columns)
    if policy == "interpolate":
        between = np.isnan(rows.values) & frame.groupby(span).bfill().notna().to_numpy()
        filled = np.where(between, _on_the_line(rows.values), filled)
    filled = np.where(unknown, np.nan, filled)
    return Rows(rows.codes[whole], rows.ordinals[whole], filled[whole])


def require_values(
    rows: Rows, whole: NDArray[np.int64], *, ids: Sequence[str], columns: Sequence[str]
) -> None:
    """Raise DataError for a series that has none of the rows that are ``whole``."""
    lost = np.setdiff1d(rows.codes, rows.codes[whole])
    if len(lost):
        raise DataError(
            f"series {ids[lost[0]]}: no row has a value, or one before it, in all of"
            f" {', '.join(columns)} ({len(lost):,} such series); leave out such series or columns"
        )


def _on_the_line(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Every column with its missing values on the line between the nearest given ones."""
    index = np.arange(len(values))
    given = ~np.isnan(values)
    return np.column_stack(
        [
            np.interp(index, index[observed], column[observed])
            for column, observed in zip(values.T, given.T, strict=True)
        ]
    )
