"""Series whose rows lie between those of each other, as of devices that report in turn: no stamp
repeats, and yet a column names them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import pandas as pd

from lstm_forecast.errors import DataError
from lstm_forecast.tables.keys import NAMING_WORDS, is_empty, is_part_of_time
from lstm_forecast.tables.names import words_of
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.roles import Roles
from lstm_forecast.tables.stamps.columns import StampStyle, joined, parse_stamps

__all__ = ["Further", "further_keys"]

Stamps = pd.DatetimeIndex | pd.Index

HEAD_ROWS = 10_000  # the first ones, which are looked at
# Shares of the median step of a series that a step of it may be longer or shorter, and that a
# longer one may be off a whole number of these.
EVEN, WHOLE = 0.25, 0.01
SHARE_EVEN = 0.9  # of the steps in series that come at even ones
LEAST_ROWS = 10  # of a series in the mean
LEAST_LONGER = 1.5  # the median step in series, beside that without the column that names them


@dataclass(frozen=True)
class Further:
    """Columns that name series beside those that make stamps unique."""

    certain: str | None = None  # by which rows come at even steps, as they do not without it
    # that may do so, each with the number of series there are then
    possible: Mapping[str, int] = field(default_factory=dict)


def further_keys(table: Table, roles: Roles, style: StampStyle) -> Further:
    """What names series beside the keys that were found, where rows do not come at even steps."""
    head = replace(table, frame=table.frame.head(HEAD_ROWS))
    rows, column, form = joined(head, roles.timestamp, style.format)
    try:
        stamps = parse_stamps(rows, column=column, timestamp_format=form, timezone=style.timezone)
    except DataError:  # which is told where all rows are read
        return Further()
    keys = list(roles.keys.columns)
    together = _Steps.of(stamps, rows.frame, keys)
    if together.even >= SHARE_EVEN:
        return Further()
    possible = {
        name: parts
        for name, parts in _possible(table.frame, roles)
        if not _is_of_calendar(stamps, rows.frame[name])
    }
    if together.whole < SHARE_EVEN:  # else steps are left out, as of closed days
        for name in possible:
            apart = _Steps.of(stamps, rows.frame, [*keys, name])
            if apart.even >= SHARE_EVEN and apart.median >= LEAST_LONGER * together.median:
                return Further(certain=name)
    return Further(possible=possible)


def _possible(frame: pd.DataFrame, roles: Roles) -> Iterator[tuple[str, int]]:
    """Columns of texts, or of numbers that are called so, that part series into more of them, each
    with some rows.
    """
    keys = list(roles.keys.columns)
    numbers = {name for name in roles.others if NAMING_WORDS.isdisjoint(words_of(name))}
    taken = {*roles.timestamp, *keys, *roles.targets, *roles.static, *roles.other_times, *numbers}
    series = len(frame[keys].drop_duplicates()) if keys else 1
    for name in map(str, frame.columns):
        if name in taken or is_part_of_time(name) or is_empty(frame[name]).any():
            continue
        parts = len(frame[[*keys, name]].drop_duplicates())
        if series < parts <= len(frame) / LEAST_ROWS:
            yield name, parts


def _is_of_calendar(stamps: Stamps, cells: pd.Series) -> bool:
    """Whether the weekday, the hour or the month of a stamp says what stands there."""
    if not isinstance(stamps, pd.DatetimeIndex):
        return False
    parts = (stamps.day_of_week, stamps.hour, stamps.month)
    return any(cells.groupby(np.asarray(part)).nunique().max() == 1 for part in parts)


@dataclass(frozen=True)
class _Steps:
    """The steps from one row of a series to the next."""

    median: float
    even: float  # the share of those that are about the median one of their series
    whole: float  # the share of those that are a whole number of these

    @classmethod
    def of(cls, stamps: Stamps, frame: pd.DataFrame, keys: Sequence[str]) -> Self:
        """Those of the series that the columns ``keys`` name; of one where there are none."""
        codes = np.zeros(len(frame), np.int64)
        if keys:
            codes = np.asarray(frame.groupby(list(keys), sort=False, dropna=False).ngroup())
        moments = np.asarray(stamps.astype("int64"))
        order = np.lexsort((moments, codes))
        same = np.diff(codes[order]) == 0
        steps = pd.Series(np.diff(moments[order])[same])
        usual = steps.groupby(codes[order][1:][same]).transform("median")
        even = (steps - usual).abs() <= EVEN * usual
        off = (steps - (steps / usual).round() * usual).abs()
        return cls(float(steps.median()), float(even.mean()), float((off <= WHOLE * usual).mean()))
