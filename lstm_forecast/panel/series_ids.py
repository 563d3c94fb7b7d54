"""The series that each row of a table belongs to, by the ids in its columns."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import DataError
from lstm_forecast.panel.series_names import joined_name
from lstm_forecast.tables.faults import SHOWN_PLACES, Finding, rows_told
from lstm_forecast.tables.read import Table

__all__ = ["LONGEST_SERIES_ID", "PADDED", "padded_ids", "series_of_rows"]

CELLS_SHOWN, LONGEST_CELL_SHOWN = 5, 20  # of a row in a message, and their characters
PADDED = "padded_ids"  # kind of what is found of blanks around ids
LONGEST_SERIES_ID = 1_000  # characters; what a run may hold of its series is derived from it


def series_of_rows(
    table: Table, columns: Sequence[str], *, default: str
) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Number of the series of every row, and the ids in order: those in a column, or the names that
    several ``columns`` tell together, of which some may be empty.

    Raises DataError for a row without an id, for an id that is too long, and for two that are one
    without the blanks around them.
    """
    if not columns:
        return np.zeros(len(table.frame), np.int32), (default,)
    parts = [_id_texts(table, column) for column in columns]
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


def padded_ids(table: Table, columns: Sequence[str]) -> list[Finding]:
    """That ids have blanks around them, as in columns of a fixed width, which are left out."""
    texts = (table.frame[name].astype("str") for name in columns)
    padded = [np.flatnonzero(text.notna() & (text.str.strip() != text)) for text in texts]
    rows = np.unique(np.concatenate([*padded, np.empty(0, np.int64)])).astype(np.int64)
    places = tuple(table.place(int(row)) for row in rows[:SHOWN_PLACES])
    told = rows_told(len(rows))
    text = f"ids of series with blanks around them, which are no part of these ({told})"
    return [Finding(PADDED, "settled", len(rows), text, places)] if len(rows) else []


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


def _id_texts(table: Table, column: str) -> pd.Series:
    """The ids in a column, without blanks around them; the empty text where there is none."""
    cells = table.frame[column]
    if pd.api.types.is_float_dtype(cells) and (cells.dropna() % 1 == 0).all():
        # 7.0, as where a file has ids missing, is the 7 of another file
        cells = cells.astype("Int64")
    text = cells.astype("str")
    stripped = text.str.strip()
    distinct = pd.DataFrame({"text": text, "id": stripped})[stripped != ""].drop_duplicates()
    if (again := distinct["id"].duplicated()).any():
        name = distinct["id"][again].iloc[0]
        first, other = distinct["text"][distinct["id"] == name].head(2)
        row = int((text == other).to_numpy().argmax())
        raise DataError(
            f"{table.place(row)}: column {column}: {other!r} is {first!r} but for blanks around it:"
            " one series, or two; write both alike, or tell them apart by more than blanks"
        )
    return stripped.mask(cells.isna(), "")


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
