"""Dates in five to seven digits, which whole numbers that count steps may be, too."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import DataError
from lstm_forecast.tables.names import words_of
from lstm_forecast.tables.numbers.style import SAMPLED_CELLS
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.stamps.formats import stamps_by
from lstm_forecast.tables.stamps.numbers import COUNTERS, DATE_WORDS

__all__ = ["are_rather_dates", "date_in_digits", "digit_styles", "moment_in_digits"]

# Formats of dates without a sign between their numbers, by how many digits they have.
STYLES = {5: ("%y%j",), 6: ("%y%m%d", "%d%m%y"), 7: ("%Y%j",)}
MOMENT = r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-4])(?:[0-5]\d){0,2}"
MOMENTS = {10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}  # by how many digits they have
YEARS = range(1900, 2101)  # of dates with a whole year
SHARE_OF_STEP = 0.9  # of the steps of dates that are regular, which are the commonest one
LEAST_STEPS = 3


def moment_in_digits(cells: pd.Series) -> str | None:
    """The format of dates with a time of day in ten to fourteen digits, as 2024013118; None where
    one is none. Seconds since 1970 are no such dates in all rows.
    """
    first = next(filter(None, map(_written, cells.array[:SAMPLED_CELLS])), "")
    if len(first) not in MOMENTS:
        return None
    text = cells[cells.notna() & (cells != "")].astype("str").str.strip()
    fits = text.head(SAMPLED_CELLS).str.fullmatch(MOMENT).all() and text.str.fullmatch(MOMENT).all()
    return MOMENTS[len(first)] if fits and text.str.len().eq(len(first)).all() else None


def _written(cell: Any) -> str:
    """The text of a cell, nothing for one that is missing."""
    return "" if pd.isna(cell) else str(cell).strip()


def digit_styles(cells: pd.Series, name: str) -> list[str]:
    """Formats in which all numbers of a column with this ``name`` are dates, and steps are not as
    likely: where their digits make the turn of a month or a year as dates do.

    Nothing where they are no dates, or called like what counts steps; what may be either is there
    as well.
    """
    if not COUNTERS.isdisjoint(words_of(name)):
        return []
    lengths = cells.head(SAMPLED_CELLS).astype("str").str.len().unique()
    if len(lengths) != 1 or int(lengths[0]) not in STYLES:
        return []
    distinct = pd.Series(cells.astype("str").unique(), dtype="str")
    numbers = np.unique(pd.to_numeric(distinct, errors="coerce").to_numpy(np.float64))
    return [style for style in STYLES[int(lengths[0])] if _fits(distinct, numbers, style)]


def are_rather_dates(cells: pd.Series, name: str) -> bool:
    """Whether numbers are dates rather than weeks, or days since some day: they have zeros in
    front, or are regular as dates alone.
    """
    if not digit_styles(cells, name):
        return False
    distinct = pd.Series(cells.astype("str").unique(), dtype="str")
    return bool(distinct.str.startswith("0").any()) or not _counts(distinct)


def date_in_digits(table: Table, cells: pd.Series, column: str) -> str | None:
    """The format of dates in digits; None for step numbers.

    Raises DataError where numbers may be either, or one date or another.
    """
    styles = digit_styles(cells, column)
    text = cells.astype("str")
    distinct = pd.Series(text.unique(), dtype="str")
    _refuse_days_without_year(table, distinct, column)
    named = not DATE_WORDS.isdisjoint(words_of(column))
    if len(styles) == 1 and (named or not _counts(distinct)):
        return styles[0]
    if not styles:
        return None
    first = text.iloc[0]
    meant = [f"{stamps_by(style, text.head(1))[0][0]:%Y-%m-%d}" for style in styles]
    readings = [*styles, "steps"] if _counts(distinct) else styles
    or_step = ", or the number of a step" if _counts(distinct) else ""
    raise DataError(
        f"{table.place(0)}: column {column}: {first!r} may be {' or '.join(meant)}{or_step}"
        f" ({len(cells):,} such rows); set data.timestamp_format:"
        f" {' or '.join(map(repr, readings))}"
    )


def _refuse_days_without_year(table: Table, distinct: pd.Series, column: str) -> None:
    """Raise DataError for texts such as 0201 that are days of a month in all rows: with zeros in
    front, as numbers of steps are from 0001 on.
    """
    padded = distinct.str.fullmatch(r"\d{4}").all() and distinct.str.startswith("0").any()
    if not padded:
        return
    for style in ("%d%m", "%m%d"):
        stamps, _ = stamps_by(f"%Y{style}", "2024" + distinct)
        if not stamps.hasnans:
            raise DataError(
                f"{table.place(0)}: column {column}: {distinct.iloc[0]!r} may be a day without its"
                " year, or the number of a step; write days with their year, or set"
                " data.timestamp_format: steps"
            )


def _fits(distinct: pd.Series, numbers: NDArray[np.float64], style: str) -> bool:
    """Whether all texts are dates of a style, which lie as regularly as the numbers at least."""
    stamps, _ = stamps_by(style, distinct)
    if stamps.hasnans or ("%Y" in style and not np.isin(stamps.year, YEARS).all()):
        return False
    days = np.unique(stamps.to_numpy().astype("datetime64[D]").astype(np.float64))
    if len(days) <= LEAST_STEPS:
        return False
    return _share(days) >= SHARE_OF_STEP and _share(days) >= _share(numbers)


def _share(values: NDArray[np.float64]) -> float:
    """The share of the steps between values in order that are the commonest one."""
    _, counts = np.unique(np.diff(values), return_counts=True)
    return float(counts.max() / counts.sum())


def _counts(distinct: pd.Series) -> bool:
    """Whether the numbers lie as regularly as steps that are counted."""
    return _share(np.unique(distinct.astype("float64").to_numpy())) == 1
