"""Columns whose cells stand only in the first row of each block, as in merged cells of a sheet."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import DataError
from lstm_forecast.tables.faults import SHOWN_PLACES
from lstm_forecast.tables.read import Table

__all__ = ["refuse_blocks"]

MOST_FILLED = 0.5  # share of the rows of blocks that hold the cell
LEAST_BLOCKS = 2


def refuse_blocks(table: Table, time: Sequence[str], keys: Sequence[str]) -> None:
    """Raise DataError for a column of the ``time``, or one that would tell rows of one stamp apart,
    that holds a cell only in the first row of each block: what the others mean is not said.
    """
    frame = table.frame
    for name in time:
        if (empty := _below_first(frame, name)) is not None:
            raise _refused(table, name, empty)
    head = [*keys, *time]
    if not frame[head].duplicated().any():
        return
    for name in map(str, frame.columns):
        empty = None if name in head else _below_first(frame, name)
        if empty is None:
            continue
        carried = frame[name].mask(empty).ffill()
        if not frame[head].assign(**{name: carried}).duplicated().any():
            raise _refused(table, name, empty)


def _below_first(frame: pd.DataFrame, name: str) -> NDArray[np.bool_] | None:
    """Which cells of a column are empty, where these lie below the first ones of blocks in rows
    that hold something else; None where some do not, or there are few.
    """
    cells = frame[name]
    if not len(cells) or pd.api.types.is_bool_dtype(cells):
        return None
    empty = (cells.isna() | (cells == "")).to_numpy()
    filled = cells[~empty]
    blocks = len(filled)
    if empty[0] or not LEAST_BLOCKS <= blocks <= MOST_FILLED * len(cells):
        return None
    rest = frame.drop(columns=name)[empty]
    blank = (rest.isna() | (rest == "")).all(axis=1).any()
    repeats = (filled.astype("str").to_numpy()[1:] == filled.astype("str").to_numpy()[:-1]).any()
    return None if blank or repeats else empty


def _refused(table: Table, name: str, empty: NDArray[np.bool_]) -> DataError:
    rows = np.flatnonzero(~empty)[:SHOWN_PLACES]
    shown = ", ".join(f"{table.frame[name].iloc[row]} ({table.place(int(row))})" for row in rows)
    return DataError(
        f"column {name}: only the first row of each block has a cell, {len(empty) - empty.sum():,}"
        f" of {len(empty):,} rows: {shown}; what the rows below belong to is not guessed: write"
        f" the cell into each of them (in a sheet, unmerge the cells and fill them down)"
    )
