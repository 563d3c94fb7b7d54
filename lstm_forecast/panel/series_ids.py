"""The series that each row of a table belongs to, by the ids in its columns."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import DataError
from lstm_forecast.panel.series_names import joined_name
from lstm_forecast.tables.faults import rows_told
from lstm_forecast.tables.read import Table

__all__ = ["LONGEST_SERIES_ID", "id_texts", "series_of_rows"]

CELLS_SHOWN, LONGEST_CELL_SHOWN = 5, 20  # of a row in a message, and their characters
LONGEST_SERIES_ID = 1_000  # characters; what a run may hold of its series is derived from it


def series_of_rows(
    table: Table, columns: Sequence[str], *, default: str
) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Number of the series of every row, and the ids in order: those in a column, or the names that
    several ``columns`` tell together, of which some may be empty.

    Raises DataError for a row without an id, and for an id that is too long.
    """
    if not columns:
        return np.zeros(len(table.frame), np.int32), (default,)
    parts = [id_texts(table.frame[column]) for column in columns]
    where = f"column {columns[0]}" if len(columns) == 1 else f"columns {', '.join(columns)}"
    empty = np.logical_and.reduce([part == "" for part in parts])
    if empty.any():
        raise _no_id(table, where, empty)
    codes, ids = _numbered(parts)
    if long := [code for code, name in enumerate(ids) if len(name) > LONGEST_SERIES_ID]:
        row = int(np.isin(codes, long).argmax())
        raise DataError(
            f"{table.place(row)}: {where}: a series id of {len(ids[codes[row]]):,} characters, and"
            f" at most {LONGEST_SERIES_ID:,} are read; is data.series_id the right column?"
        )
    return codes.astype(np.int32), ids


def _no_id(table: Table, where: str, empty: NDArray[np.bool_]) -> DataError:
    """The error for rows (n_rows,) that are ``empty`` where an id should be."""
    row = int(empty.argmax())
    cells = ((name, str(cell).strip()) for name, cell in table.frame.iloc[row].dropna().items())
    given = [f"{name} {cell[:LONGEST_CELL_SHOWN]!r}" for name, cell in cells if cell]
    shown = ", ".join(given[:CELLS_SHOWN]) or "nothing that is read"
    return DataError(
        f"{table.place(row)}: {where}: no series id, in a row with {shown}"
        f" ({rows_told(int(empty.sum()))}); write the ids, or leave lines that begin alike out with"
        " data.csv.comment"
    )


def id_texts(cells: pd.Series) -> pd.Series:
    """The ids in a column as texts; the empty text where there is none."""
    if pd.api.types.is_float_dtype(cells) and (cells.dropna() % 1 == 0).all():
        # 7.0, as where a file has ids missing, is the 7 of another file
        cells = cells.astype("Int64")
    text = cells.astype("str")
    empty = cells.isna() | (text.str.strip() == "")
    return text.mask(empty, "") if empty.any() else text


def _numbered(parts: Sequence[pd.Series]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Number of the series of every row, and the names in the order of their ``parts``."""
    if len(parts) == 1:
        codes, ids = pd.factorize(parts[0], sort=True)
        return codes, tuple(map(str, ids))
    codes = np.zeros(len(parts[0]), np.int64)
    for part in parts:
        numbers, values = pd.factorize(part, sort=True)
        codes, _ = pd.factorize(codes * len(values) + numbers, sort=True)
    _, first = np.unique(codes, return_index=True)
    names = zip(*(part.iloc[first] for part in parts), strict=True)
    return codes, tuple(map(joined_name, names))
