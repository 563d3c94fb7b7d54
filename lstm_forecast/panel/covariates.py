"""Covariates known ahead of time: what they are, and the constants of every series as columns of
numbers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.covariates import CovariatesConfig
from lstm_forecast.errors import DataError
from lstm_forecast.panel.steps.calendar import calendar_names
from lstm_forecast.tables.faults import rows_told
from lstm_forecast.tables.numbers.nothing import MISSING_WORDS

__all__ = ["Known", "find_categories", "known_ahead", "static_values"]

MOST_CATEGORIES = 64  # each is a channel of every window
# What pandas calls cells that are read as numbers.
NUMERIC_KINDS = ("boolean", "integer", "floating", "mixed-integer-float", "decimal", "empty")
Categories = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Known:
    """Covariates that are known ahead of time.

    In a panel they are the last columns, in this order.
    """

    # columns with a value for every step, those to be forecast included
    future: tuple[str, ...] = ()
    calendar: tuple[str, ...] = ()  # features of the stamps, see calendar_values
    holidays: str | None = None  # country whose holidays are one more such feature
    static: tuple[str, ...] = ()  # columns with one value for each series
    categories: Categories = field(default_factory=dict)  # values of those of them that hold text

    @property
    def ahead(self) -> tuple[str, ...]:
        """Columns of a panel that are known for the steps to be forecast."""
        return (*self.future, *calendar_names(self.calendar, self.holidays))

    @property
    def constant(self) -> tuple[str, ...]:
        """Columns of a panel that are constant in each series: one for each number, one for each
        category.
        """
        return tuple(
            name if value is None else f"{name} {value}"
            for name in self.static
            for value in self.categories.get(name, (None,))
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of a panel that are known ahead."""
        return (*self.ahead, *self.constant)

    @property
    def measured(self) -> tuple[str, ...]:
        """Columns in units of their own; the others are 0 and 1, sines and cosines."""
        return (*self.future, *(name for name in self.static if name not in self.categories))


def known_ahead(covariates: CovariatesConfig) -> Known:
    """The covariates known ahead that a config describes."""
    return Known(
        future=covariates.future,
        calendar=covariates.calendar,
        holidays=covariates.holidays,
        static=covariates.static,
        categories=covariates.categories or {},
    )


def find_categories(frame: pd.DataFrame, static: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Every value of the ``static`` columns that hold text, in alphabetical order."""
    return {
        name: tuple(sorted(_text(frame[name]).dropna().unique()))
        for name in static
        if pd.api.types.infer_dtype(frame[name], skipna=True) not in NUMERIC_KINDS
    }


def static_values(
    frame: pd.DataFrame,
    known: Known,
    codes: NDArray[np.integer],
    *,
    ids: tuple[str, ...],
    place: Callable[[int], str],
    holes: bool,
) -> tuple[NDArray[np.float64], dict[str, int]]:
    """The constants of every series (n_series, n_columns), and how many series have a category
    that training has not seen, by column.

    Such a series has 0 in all columns of its categories. ``codes`` (n_rows,) number the series of
    the rows of ``frame``, ``place`` describes a row, ``holes`` allows empty cells. Raises DataError
    where a series has several values or none, or where there are more than 64 categories.
    """
    if (count := sum(map(len, known.categories.values()))) > MOST_CATEGORIES:
        sizes = ", ".join(f"{name} {len(values):,}" for name, values in known.categories.items())
        raise DataError(
            f"data.covariates.static: {count:,} categories ({sizes}), and at most {MOST_CATEGORIES}"
            " together are allowed; leave such columns out, or group their values"
        )
    blocks, unseen = [np.empty((len(ids), 0))], {}
    for name in known.static:
        categories = known.categories.get(name)
        cells = _numbers(frame[name]) if categories is None else _text(frame[name])
        values = _constants(cells, codes, ids=ids, place=place, holes=holes)
        if categories is None:
            blocks.append(values.to_numpy(np.float64)[:, None])
            continue
        blocks.append(
            (values.to_numpy(object)[:, None] == np.array(categories, object)).astype(np.float64)
        )
        if unknown := int((~blocks[-1].any(axis=1)).sum()):
            unseen[name] = unknown
    return np.concatenate(blocks, axis=1), unseen


def _constants(
    cells: pd.Series,
    codes: NDArray[np.integer],
    *,
    ids: tuple[str, ...],
    place: Callable[[int], str],
    holes: bool,
) -> pd.Series:
    """The one value of each series, in their order."""
    numbers, values = pd.factorize(cells)
    given = numbers >= 0
    found = np.full(len(ids), -1)
    # of equal places the last one stays: the first row's
    found[codes[given][::-1]] = numbers[given][::-1]
    empty = np.flatnonzero(found[codes] < 0 if holes else ~given)
    if len(empty):
        raise DataError(
            f"{place(empty[0])}: column {cells.name}: no value ({rows_told(len(empty))})"
        )
    other = np.flatnonzero(given & (numbers != found[codes]))
    if len(other):
        row = other[0]
        raise DataError(
            f"{place(row)}: column {cells.name}: {values[numbers[row]]}, after"
            f" {values[found[codes[row]]]} in the same series ({rows_told(len(other))}); a static"
            " covariate has one value in every series: correct it, or put the column under"
            " data.covariates.past or data.covariates.future"
        )
    return pd.Series(values[found])


def _numbers(cells: pd.Series) -> pd.Series:
    return cells.astype(np.float64).replace([np.inf, -np.inf], np.nan)


def _text(cells: pd.Series) -> pd.Series:
    """Categories as text, whatever they were read as; missing where a cell says that nothing is
    known.
    """
    text = cells.astype("str").str.strip()
    return text.mask(text.isin(MISSING_WORDS) | cells.isna())
