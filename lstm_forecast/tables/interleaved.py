"""Series whose rows lie between those of each other, as of devices that report in turn: no stamp
repeats, and yet a column names them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import DataError
from lstm_forecast.tables.keys import NAMING_WORDS, is_empty, is_part_of_time
from lstm_forecast.tables.names import words_of
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.roles import Roles
from lstm_forecast.tables.stamps.columns import StampStyle, joined, parse_stamps

__all__ = ["Further", "further_keys"]

HEAD_ROWS = 10_000  # the first ones, which are looked at
EVEN = 0.25  # share of the median step of a series that a step of it may be longer or shorter
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
    moments = np.asarray(stamps.astype("int64"))
    keys = list(roles.keys.columns)
    together, step = _evenness(moments, _numbers(rows.frame, keys))
    if together >= SHARE_EVEN:
        return Further()
    possible = dict(_possible(table.frame, roles))
    for name in possible:
        apart, own_step = _evenness(moments, _numbers(rows.frame, [*keys, name]))
        if apart >= SHARE_EVEN and own_step >= LEAST_LONGER * step:
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


def _numbers(frame: pd.DataFrame, keys: Sequence[str]) -> NDArray[np.int64]:
    """The number of the series of each row; 0 where no column names any."""
    if not keys:
        return np.zeros(len(frame), np.int64)
    return np.asarray(frame.groupby(list(keys), sort=False, dropna=False).ngroup(), np.int64)


def _evenness(moments: NDArray[np.int64], codes: NDArray[np.int64]) -> tuple[float, float]:
    """The share of steps in series that are about the median one of their series, and the median of
    all steps.
    """
    order = np.lexsort((moments, codes))
    same = np.diff(codes[order]) == 0
    steps = pd.Series(np.diff(moments[order])[same])
    usual = steps.groupby(codes[order][1:][same]).transform("median")
    return float(((steps - usual).abs() <= EVEN * usual).mean()), float(steps.median())
