"""Columns of cells as numbers: which are, and what else stands in them."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd

from lstm_forecast.tables.numbers.amounts import (
    Style,
    censored_in,
    numbers_written,
    truths_written,
)
from lstm_forecast.tables.numbers.nothing import NO_NUMBERS, code_below_zero
from lstm_forecast.tables.numbers.style import MOST_ODD_CELLS, SAMPLED_CELLS, plain_numbers

__all__ = [
    "are_truths", "counts_rows", "is_whole", "may_be_zeros", "numbers_in", "words_in",
]  # fmt: skip

# The largest of counts, and the largest share of what is usual, that 0 is likely beside.
SMALL_COUNT, SMALL_SHARE = 2, 0.1


def numbers_in(cells: pd.Series, style: Style, units: Mapping[str, float]) -> pd.Series | None:
    """The cells as numbers, with NaN for the few that are none; None for a column that holds
    something else.

    ``units``: what a number is multiplied by for each text beside it.
    """
    if pd.api.types.is_bool_dtype(cells) or pd.api.types.is_datetime64_any_dtype(cells):
        return None
    if pd.api.types.is_numeric_dtype(cells):
        return cells
    if style.decimal == "." and "" in units:
        plain = plain_numbers(cells)
        if plain is not None:  # a column as most are, without a closer look
            return plain
    text = cells.astype("str").str.strip()
    text = text.where(~text.isin(NO_NUMBERS))
    read = partial(numbers_written, style=style, units=units, censored="limit")
    if read(text.dropna().head(SAMPLED_CELLS)).isna().all():
        return None  # without a look at all of a long column of words
    numbers = read(text)
    if numbers.notna().sum() < (1 - MOST_ODD_CELLS) * text.notna().sum():
        return None
    return numbers.mask(censored_in(text))


def words_in(cells: pd.Series, numbers: pd.Series) -> dict[str, int]:
    """Cells that are no numbers, and how often each occurs; empty ones are none."""
    if numbers.notna().all():
        return {}
    odd = cells[numbers.isna() & cells.notna()].astype("str").str.strip()
    return {str(word): int(count) for word, count in odd[odd != ""].value_counts().items()}


def may_be_zeros(numbers: pd.Series) -> bool:
    """Whether cells without a number may be 0: no number is 0 or less, and the least of them is
    near it, as a count of 1 or 2 is, or beside the usual one; a code for no value is no number.
    """
    given = numbers.dropna()
    given = given[given != code_below_zero(given.to_numpy(np.float64))]
    if not len(given) or (least := given.min()) <= 0:
        return False
    counts = bool((given % 1 == 0).all())
    return bool((counts and least <= SMALL_COUNT) or least <= SMALL_SHARE * given.median())


def counts_rows(numbers: pd.Series, series: pd.Series | None = None) -> bool:
    """Whether the column only numbers the rows, or those of each of the ``series`` (n_rows,):
    nearly all are 1 more than the one before, and none is less.
    """
    if len(numbers) < 2:
        return True
    if _counts(numbers.diff().iloc[1:]):
        return True
    if series is None or not _counts(_steps(numbers.head(SAMPLED_CELLS), series)):
        return False
    return _counts(_steps(numbers, series))


def _steps(numbers: pd.Series, series: pd.Series) -> pd.Series:
    """The differences of numbers that follow each other in a series."""
    return numbers.groupby(series.loc[numbers.index]).diff().dropna()


def _counts(steps: pd.Series) -> bool:
    return len(steps) > 0 and bool((steps >= 1).all() and (steps == 1).mean() > 1 - MOST_ODD_CELLS)


def is_whole(cells: pd.Series) -> bool:
    """Whether all cells that are given are whole numbers, and written as such."""
    if pd.api.types.is_string_dtype(cells):
        texts = cells.str.strip()
        return bool((texts.str.fullmatch(r"[+-]?\d+") | texts.isin(NO_NUMBERS)).all())
    return pd.api.types.is_integer_dtype(cells)


def are_truths(cells: pd.Series) -> bool:
    """Whether a column says true in some rows and false in the others."""
    text = cells.dropna().astype("str").str.strip()
    truths = truths_written(text[~text.isin(NO_NUMBERS)])
    return truths is not None and truths.nunique() == 2
