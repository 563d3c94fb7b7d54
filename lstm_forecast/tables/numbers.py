"""Columns of cells as numbers: which are, and what else stands in them."""

import pandas as pd

from lstm_forecast.tables.read import MISSING_WORDS
from lstm_forecast.tables.stamps import SAMPLED_CELLS
from lstm_forecast.tables.text import with_points

__all__ = [
    "MOST_ODD_CELLS", "are_truths", "counts_rows", "is_whole", "numbers_in", "words_in",
]  # fmt: skip

MOST_ODD_CELLS = 0.1  # share of cells that are no numbers in a column of numbers


def numbers_in(cells: pd.Series, decimal: str) -> pd.Series | None:
    """The cells as numbers, with NaN for the few that are none; None for a column that holds
    something else.
    """
    if pd.api.types.is_bool_dtype(cells) or pd.api.types.is_datetime64_any_dtype(cells):
        return None
    if pd.api.types.is_numeric_dtype(cells):
        return cells
    if decimal == "." and pd.to_numeric(cells.head(SAMPLED_CELLS), errors="coerce").notna().all():
        numbers = pd.to_numeric(cells, errors="coerce")
        if numbers.notna().all():  # a column as most are, without a closer look
            return numbers
    text = cells.astype("str").str.strip()
    given = ~text.isin(MISSING_WORDS)
    if decimal == ",":  # then a point is no decimal sign
        text = with_points(text)
    if pd.to_numeric(text[given].head(SAMPLED_CELLS), errors="coerce").isna().all():
        return None  # without a look at all of a long column of words
    numbers = pd.to_numeric(text.where(given), errors="coerce")
    return numbers if numbers.notna().sum() >= (1 - MOST_ODD_CELLS) * given.sum() else None


def words_in(cells: pd.Series, numbers: pd.Series) -> dict[str, int]:
    """Cells that are no numbers, and how often each occurs."""
    if numbers.notna().all():
        return {}
    odd = cells[numbers.isna() & cells.notna()].astype("str").str.strip()
    return {
        str(word): int(count)
        for word, count in odd[~odd.isin(MISSING_WORDS)].value_counts().items()
    }


def counts_rows(numbers: pd.Series) -> bool:
    """Whether the column only numbers the rows."""
    return bool((numbers.diff().iloc[1:] == 1).all())


def is_whole(cells: pd.Series) -> bool:
    """Whether all cells that are given are whole numbers, and written as such."""
    if pd.api.types.is_string_dtype(cells):
        return bool((cells.str.fullmatch(r"[+-]?\d+") | cells.isin(MISSING_WORDS)).all())
    return pd.api.types.is_integer_dtype(cells)


def are_truths(cells: pd.Series) -> bool:
    """Whether a column says true in some rows and false in the others."""
    found = cells.dropna().astype("str").str.strip().str.lower().unique()
    return {"false", "true"} <= set(found) <= {"false", "true", *map(str.lower, MISSING_WORDS)}
