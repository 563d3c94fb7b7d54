"""What the columns of a table that is turned round are, beside those of values: names of series,
what is constant in these, sums and means of the values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Self

import numpy as np
import pandas as pd

from lstm_forecast.tables.number_columns import is_whole, numbers_in
from lstm_forecast.tables.numbers.amounts import ALONE, STYLES, Style, split
from lstm_forecast.tables.numbers.nothing import MISSING_WORDS, NO_NUMBERS
from lstm_forecast.tables.numbers.style import MOST_ODD_CELLS, SAMPLED_CELLS, how_written
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.roles import require_named
from lstm_forecast.tables.turned.sums import Floats, sum_or_mean

__all__ = ["Head", "Others", "find_others", "find_row_keys", "hold_numbers"]

MOST_COLUMNS_OF_KEY, MOST_COLUMNS_TRIED = 3, 12
ROWS_LOOKED_AT = 20  # by which columns of values are told from others
MOST_TEXTS = 64  # different ones in a column that says something of series


@dataclass(frozen=True)
class Others:
    """Columns that are neither values nor keys, of those that are not the same in all rows."""

    made: Mapping[str, str]  # of the values: their sum or mean
    static: tuple[str, ...]  # one value in each series
    odd: tuple[str, ...]  # other numbers


def find_row_keys(
    table: Table, stamps: Sequence[str], names: Sequence[str], given: Sequence[str]
) -> tuple[str, ...] | None:
    """Those that are ``given``, or the fewest of the columns ``names`` that tell rows of equal
    ``stamps`` apart; none where none are equal, None where no columns do.
    """
    if given:
        require_named(table.frame, given)
        return tuple(given)
    cells = table.frame[[*stamps, *names]]
    frame = cells[~(cells.isna() | cells.isin(MISSING_WORDS)).all(axis=1)]
    if stamps and not frame.duplicated(list(stamps)).any():
        return ()
    whole = [name for name in names if is_whole(frame[name])]
    words = [
        name for name in names if name not in whole and pd.api.types.is_string_dtype(frame[name])
    ]
    if len(frame) <= 1:
        return tuple(words[:1])
    for size in range(1, MOST_COLUMNS_OF_KEY + 1):
        for keys in combinations([*words, *whole][:MOST_COLUMNS_TRIED], size):
            if not frame.duplicated([*stamps, *keys]).any():
                return keys
    return None


def find_others(
    table: Table, names: Sequence[str], free: Sequence[str], keys: Sequence[str]
) -> Others:
    """What the columns are that are neither values nor keys."""
    frame = table.frame
    wanted = [name for name in free if frame[name].nunique() > 1]
    head = frame[[*names, *wanted]].head(SAMPLED_CELLS)
    style = how_written(head[wanted], missing=NO_NUMBERS).style if wanted else STYLES[0]
    words = {word for name in names for word in Head.of(head[name]).odd}  # as on closed days
    head = head.mask(head.isin(words)) if words else head
    numbers = {name: _numbers(head[name], style) for name in wanted}
    made: dict[str, str] = {}
    if any(cells is not None for cells in numbers.values()):
        parts = np.column_stack([_or_missing(_numbers(head[name], style), head) for name in names])
        for name, cells in numbers.items():
            if cells is not None and (kind := sum_or_mean(parts, cells)):
                made[name] = kind
    left = [name for name in wanted if name not in made]
    values = {name: frame.groupby(list(keys))[name].nunique().max() for name in left if keys}
    constant = [name for name in values if values[name] <= 1]
    return Others(
        made=made,
        static=tuple(
            name
            for name in constant
            if numbers[name] is not None or frame[name].nunique() <= MOST_TEXTS
        ),
        odd=tuple(name for name in left if name not in constant and numbers[name] is not None),
    )


def _numbers(cells: pd.Series, style: Style) -> Floats | None:
    found = numbers_in(cells, style, ALONE)
    return None if found is None else found.to_numpy(np.float64)


def _or_missing(numbers: Floats | None, frame: pd.DataFrame) -> Floats:
    return np.full(len(frame), np.nan) if numbers is None else numbers


@dataclass(frozen=True)
class Head:
    """The first cells of a column, without missing ones."""

    given: int
    odd: list[str]  # those that are no numbers in any style

    @classmethod
    def of(cls, cells: pd.Series) -> Self:
        """Those of a column, which are all odd where it holds dates or truths."""
        head = cells.head(ROWS_LOOKED_AT)
        if pd.api.types.is_numeric_dtype(head) and not pd.api.types.is_bool_dtype(head):
            return cls(len(head), [])
        texts = (cell.strip() for cell in head.dropna().astype("str"))
        given = [cell for cell in texts if cell not in NO_NUMBERS]
        return cls(len(given), [cell for cell in given if split(cell) is None])

    @property
    def is_text(self) -> bool:
        """Whether no cell is a number, and they are more than one word for a missing value."""
        return len(self.odd) == self.given and len(set(self.odd)) > 1


def hold_numbers(frame: pd.DataFrame) -> bool:
    """Whether nearly all of the first cells are numbers, and no column holds texts."""
    heads = [Head.of(cells) for _, cells in frame.items()]
    odd, given = sum(len(head.odd) for head in heads), sum(head.given for head in heads)
    return odd <= MOST_ODD_CELLS * given and not any(head.is_text for head in heads)
