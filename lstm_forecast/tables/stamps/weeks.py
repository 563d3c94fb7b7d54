"""Weeks of years that are counted in another way than ISO 8601 does."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lstm_forecast.errors import DataError
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.stamps.formats import parts_of

__all__ = ["require_iso_weeks", "week_53_remedy"]

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


def week_53_remedy(wrong: pd.Series, styles: Sequence[str]) -> str:
    """What to do about cells that are all week 53 of a year that has none, by a style of weeks;
    nothing where they are not.
    """
    style = next((each for each in styles if "%G" in each and "%V" in each), None)
    weeks = None if style is None else parts_of(style, wrong)
    if weeks is None or not (weeks["V"] == str(LAST_WEEK)).all():
        return ""
    return (
        f"{weeks['G'].iloc[0]} has no week {LAST_WEEK} in ISO 8601, so that weeks may be counted in"
        " another way, as by the CDC (MMWR), whose weeks begin on a Sunday: keep all rows, and"
        " write the day that each week begins with in the place of its year and number"
    )


def _weeks_of(year: int) -> int:
    """How many weeks an ISO year has: as many as that of its 28 December says."""
    return pd.Timestamp(year, 12, 28).week
