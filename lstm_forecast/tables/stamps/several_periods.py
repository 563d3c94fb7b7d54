"""Stamps of several periods in one column: years, quarters and months below each other, or a sum of
the year behind its months. A series has one period, and the user says which.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import DataError
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.stamps.guesses import guesses
from lstm_forecast.tables.stamps.parts import joined
from lstm_forecast.tables.stamps.reading import unread

__all__ = ["are_partly_years", "hold_several_periods", "several_periods"]

Flags = NDArray[np.bool_]
# What a step is by the finest directive of its format, from long to short.
PERIOD_OF_DIRECTIVE = {
    "%h": "half-years", "%q": "quarters", "%m": "months", "%b": "months", "%B": "months",
    "%V": "weeks", "%K": "dekads", "%d": "days", "%j": "days", "%H": "hours", "%I": "hours",
}  # fmt: skip
YEARS = "years"
YEAR = r"\b(?:1[5-9]|20)\d\d(?:\b|(?=[A-Z_]))"  # which each such stamp holds
MOST_SHAPES = 24  # texts with other words that are looked at
LEAST_CELLS = 3  # distinct ones of a period
MOST_OTHERS = 0.5  # share of the rows that hold a year and no period that is known
SAMPLED = 20  # cells that tell most columns at once


@dataclass(frozen=True)
class _Period:
    """Stamps of one period."""

    style: str
    fits: Flags  # which of the distinct cells, (n_distinct,)

    @property
    def name(self) -> str:
        found = [name for directive, name in PERIOD_OF_DIRECTIVE.items() if directive in self.style]
        return found[-1] if found else YEARS


def are_partly_years(cells: pd.Series) -> bool:
    """Whether some of the texts are years, as 2010 is beside 2010-01, and others are not."""
    if not pd.api.types.is_string_dtype(cells):
        return False
    years = cells.drop_duplicates().str.strip().str.fullmatch(r"\d{4}")
    return bool(years.any() and not years.all())


def hold_several_periods(cells: pd.Series, name: str) -> bool:
    """Whether nearly all of the texts are stamps of periods, and these are of several lengths."""
    distinct = cells.drop_duplicates().astype("str").str.strip()
    if not len(distinct) or not distinct.head(SAMPLED).str.contains(YEAR).all():
        return False
    found = _periods_of(distinct, name)
    return len({each.name for each in found}) > 1 and _covered(found).mean() > 1 - MOST_OTHERS


def several_periods(table: Table, columns: Sequence[str]) -> DataError | None:
    """The error for stamps in the ``columns`` that are of several periods, with what leaves out all
    others for each of them; None where that is not what they are.
    """
    table, column, _ = joined(table, columns)
    cells = table.frame[column]
    if not pd.api.types.is_string_dtype(cells):
        return None
    codes, texts = pd.factorize(cells.str.strip())
    distinct = pd.Series(texts, dtype="str")
    if not len(distinct) or not distinct[distinct != ""].str.contains(YEAR).all():
        return None
    found = _periods_of(distinct, column)
    if not found:
        return None
    names, others = {each.name for each in found}, ~_covered(found)[codes] & (codes >= 0)
    if others.mean() > MOST_OTHERS or "days" in names or "hours" in names:
        return None
    if len(names) < 2 and not others.any():
        return None
    told = ", or ".join(_options(each, distinct, codes, columns) for each in found)
    odd = int(np.argmin(found[0].fits[codes] | (codes < 0)))
    return DataError(
        f"{table.place(odd)}: column {column}: {str(cells.iloc[odd])!r} is of another period than"
        f" {distinct[found[0].fits].iloc[0]!r}, and a series has one: data.other_stamps: skip"
        f" leaves out the rows of all others, as {told}"
    )


def _covered(periods: Sequence[_Period]) -> Flags:
    """Which of the distinct cells are stamps of one of the periods."""
    return np.asarray(np.logical_or.reduce([each.fits for each in periods]))


def _options(
    period: _Period, distinct: pd.Series, codes: NDArray[np.int64], columns: Sequence[str]
) -> str:
    """The options by which one period stays, and how many rows it has."""
    parts = [f"--timestamp {shlex.quote(name)}" for name in columns]
    style = f"--timestamp-format {shlex.quote(period.style)}"
    count = int(np.count_nonzero(period.fits[codes] & (codes >= 0)))
    given = " ".join([*parts, style])
    return (
        f"{given} --set data.other_stamps=skip ({count:,} of {len(codes):,} rows, {period.name},"
        f" such as {distinct[period.fits].iloc[0]!r})"
    )


def _periods_of(distinct: pd.Series, name: str) -> list[_Period]:
    """The formats that these texts are written in, each for some of them, the commonest first."""
    found = list(_found(distinct, name))
    return sorted(found, key=lambda each: -int(each.fits.sum()))


def _found(distinct: pd.Series, name: str) -> Iterator[_Period]:
    distinct = distinct.reset_index(drop=True)
    left = distinct[distinct != ""]
    for _ in range(MOST_SHAPES):
        if not len(left):
            return
        first = str(left.iloc[0])
        fitting = [_Period(style, ~unread(distinct, style)) for style in guesses(left, name)]
        best = max(fitting, key=lambda each: int(each.fits.sum()), default=None)
        if best and best.fits[left.index[0]] and best.fits.sum() >= LEAST_CELLS:
            yield best
            left = left[~best.fits[left.index.to_numpy()]]
        else:
            word = re.sub(r"\d+", "0", first)
            left = left[left.str.replace(r"\d+", "0", regex=True) != word]
