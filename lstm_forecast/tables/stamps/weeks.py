"""Weeks of years that are counted in another way than ISO 8601 does."""

import numpy as np
import pandas as pd

from lstm_forecast.errors import DataError
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.stamps.formats import parts_of

__all__ = ["require_iso_weeks"]

LAST_WEEK = 53  # of an ISO year in about six


def require_iso_weeks(table: Table, cells: pd.Series, column: str, style: str) -> None:
    """Raise DataError where none of the ISO years that have a week 53 has it, though the weeks
    before and behind it are there: by a ``style`` that is a guess.
    """
    if not {"%G", "%V"} <= {style[k : k + 2] for k in range(len(style))}:
        return
    weeks = parts_of(style, cells)[["G", "V"]].astype("int64")
    of_year = weeks.groupby("G")["V"].agg(["min", "max"])
    whole = [
        year
        for year in of_year.index
        if of_year["max"][year] >= LAST_WEEK - 1
        and of_year["min"].get(year + 1) == 1
        and _weeks_of(year) == LAST_WEEK
    ]
    if whole and not (weeks["V"] == LAST_WEEK).any():
        row = int(np.argmax((weeks["G"] == whole[0] + 1) & (weeks["V"] == 1)))
        raise DataError(
            f"{table.place(row)}: column {column}: {whole[0]} has a week 53 in ISO 8601, and no row"
            " has it: weeks may be counted in another way, as from each 1 January; write the day"
            f" that each begins with, or set data.timestamp_format: {style!r} if the row is missing"
        )


def _weeks_of(year: int) -> int:
    """How many weeks an ISO year has: as many as that of its 28 December says."""
    return pd.Timestamp(year, 12, 28).week
