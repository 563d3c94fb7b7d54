"""Blanks around the ids of series, as columns of a fixed width have them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from lstm_forecast.errors import DataError
from lstm_forecast.tables.faults import SHOWN_PLACES, Finding
from lstm_forecast.tables.read import Table

__all__ = ["are_padded", "without_padding"]


def are_padded(frame: pd.DataFrame, columns: Sequence[str]) -> bool:
    """Whether ids in the ``columns`` have blanks around them."""
    return any(_padded(frame[name], _stripped(frame[name])).any() for name in columns)


def without_padding(table: Table, columns: Sequence[str]) -> Table:
    """The table without blanks around the ids in its ``columns``, and with what is told of them.

    Raises DataError for two ids that are one without them.
    """
    frame, rows = table.frame, np.zeros(len(table.frame), np.bool_)
    for name in columns:
        stripped = _stripped(frame[name])
        padded = _padded(frame[name], stripped)
        if padded.any():
            _require_apart(table, name, stripped)
            frame = frame.assign(**{name: stripped.where(frame[name].notna())})
            rows |= padded.to_numpy()
    if not rows.any():
        return table
    places = tuple(table.place(int(row)) for row in np.flatnonzero(rows)[:SHOWN_PLACES])
    text = "ids of series with blanks around them, left out"
    found = Finding("padded_ids", "settled", int(rows.sum()), text, places)
    return replace(table, frame=frame, findings=(*table.findings, found))


def _stripped(cells: pd.Series) -> pd.Series:
    """Cells as texts without blanks around them."""
    return cells.astype("str").str.strip()


def _padded(cells: pd.Series, stripped: pd.Series) -> pd.Series:
    """Which of the cells are more than blanks and have some around them."""
    return cells.notna() & (stripped != "") & (cells.astype("str") != stripped)


def _require_apart(table: Table, column: str, stripped: pd.Series) -> None:
    """Raise DataError for two ids of a column that are one when they are ``stripped``."""
    texts = table.frame[column].astype("str")
    ids = pd.DataFrame({"text": texts, "id": stripped})[stripped != ""].drop_duplicates()
    if (again := ids["id"].duplicated()).any():
        name = ids["id"][again].iloc[0]
        first, other = ids["text"][ids["id"] == name].head(2)
        row = int((texts == other).to_numpy().argmax())
        raise DataError(
            f"{table.place(row)}: column {column}: {other!r} is {first!r} but for blanks around it:"
            " write both alike, or set data.padded_ids: keep, by which they are two series"
        )
