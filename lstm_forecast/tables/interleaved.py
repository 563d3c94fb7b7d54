"""Series whose rows lie between those of each other, as of devices that report in turn: no stamp
repeats, and yet a column names them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import pandas as pd

from lstm_forecast.errors import DataError
from lstm_forecast.tables.keys import REPORTERS, is_empty, is_part_of_time, names_reporters
from lstm_forecast.tables.names import words_of
from lstm_forecast.tables.number_columns import is_whole
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.roles import Roles
from lstm_forecast.tables.stamps.clock import looks_like_time_of_day
from lstm_forecast.tables.stamps.columns import StampStyle, joined, parse_stamps
from lstm_forecast.tables.stamps.month_names import plain
from lstm_forecast.tables.stamps.zones import are_letters

__all__ = ["Further", "further_keys"]

HEAD_ROWS = 10_000  # the first ones, of all or of each series, which are looked at
EVEN = 0.25  # share of the median step of a series that a step of it may be longer or shorter
SHARE_EVEN = 0.9  # of the steps in series that come at even ones
LEAST_ROWS = 10  # of a series in the mean
LEAST_LONGER = 1.5  # the median step in series, beside that without the column that names them


@dataclass(frozen=True)
class Further:
    """Columns that name series beside those that make stamps unique."""

    # what is called like something that reports, if each comes at even steps, in turn with others;
    # or what stands in blocks of rows, of which one begins before the one above it ends
    certain: str | None = None
    # what else may name series, each with the number there are then
    possible: Mapping[str, int] = field(default_factory=dict)
    # and how many rows have the stamp of another one of their series even then
    repeated: Mapping[str, int] = field(default_factory=dict)
    in_turn: tuple[str, ...] = ()  # those of them each value of which comes at even steps


def further_keys(table: Table, roles: Roles, style: StampStyle) -> Further:
    """What names series beside the keys that were found, by the steps from row to row."""
    keys, frame = list(roles.keys.columns), table.frame
    possible, in_turn = dict[str, int](), list[str]()
    try:
        even = _Rows.of(replace(table, frame=frame.head(HEAD_ROWS)), roles, style).steps(keys).even
        for name, parts in _possible(frame, roles):
            first = frame.groupby([*keys, name], sort=False).head(HEAD_ROWS // parts + LEAST_ROWS)
            rows = _Rows.of(replace(table, frame=first.head(HEAD_ROWS)), roles, style)
            called = not REPORTERS.isdisjoint(words_of(plain(name)))
            if not called and rows.are_of_calendar(name):
                continue
            if rows.begin_anew(name):
                return Further(certain=name)
            together, apart = rows.steps(keys), rows.steps([*keys, name])
            longer = apart.median > 0 and apart.median >= LEAST_LONGER * together.median
            if apart.even >= SHARE_EVEN and longer:
                if called:
                    return Further(certain=name)
                in_turn.append(name)
            possible[name] = parts
    except DataError:  # which is told where all rows are read
        return Further()
    if even >= SHARE_EVEN:  # a clock of its own says that all is one, but for what turns
        possible = {name: possible[name] for name in in_turn}
    again = {
        name: int(frame[[*keys, name, *roles.timestamp]].duplicated().sum()) for name in possible
    }
    return Further(possible=possible, repeated=again, in_turn=tuple(in_turn))


def _possible(frame: pd.DataFrame, roles: Roles) -> Iterator[tuple[str, int]]:
    """Columns of texts, or of numbers that are called so, that part series into more of them, each
    with some rows.
    """
    keys = list(roles.keys.columns)
    numbers = {
        name for name in roles.others if not (names_reporters(name) and is_whole(frame[name]))
    }
    numbers |= roles.unread.keys()  # amounts in several units, or with words among them
    taken = {*roles.timestamp, *keys, *roles.targets, *roles.static, *roles.other_times, *numbers}
    series = len(frame[keys].drop_duplicates()) if keys else 1
    for name in map(str, frame.columns):
        if name in taken or is_part_of_time(name) or is_empty(frame[name]).any():
            continue
        if are_letters(frame[name]) or looks_like_time_of_day(frame[name], name):
            continue
        parts = len(frame[[*keys, name]].drop_duplicates())
        if series < parts <= len(frame) / LEAST_ROWS:
            yield name, parts


@dataclass(frozen=True)
class _Steps:
    """The steps from one row of a series to the next."""

    median: float
    even: float  # the share of those that are about the median one of their series


@dataclass(frozen=True)
class _Rows:
    """Rows with their stamps."""

    frame: pd.DataFrame
    stamps: pd.DatetimeIndex | pd.Index

    @classmethod
    def of(cls, table: Table, roles: Roles, style: StampStyle) -> Self:
        """Those of a table. Raises DataError for what is no stamp."""
        rows, column, form = joined(table, roles.timestamp, style.format)
        stamps = parse_stamps(rows, column=column, timestamp_format=form, timezone=style.timezone)
        return cls(rows.frame, stamps)

    def are_of_calendar(self, name: str) -> bool:
        """Whether the weekday or the month of a stamp says what stands in the column ``name``."""
        if not isinstance(self.stamps, pd.DatetimeIndex):
            return False
        parts = (self.stamps.day_of_week, self.stamps.month)
        cells = self.frame[name]
        return any(cells.groupby(np.asarray(part)).nunique().max() == 1 for part in parts)

    def begin_anew(self, name: str) -> bool:
        """Whether stamps go back, and only where what stands in the column ``name`` changes, each
        value of which stands in rows that follow each other.
        """
        back = np.diff(np.asarray(self.stamps.astype("int64"))) < 0
        codes, distinct = pd.factorize(self.frame[name])
        changes = np.diff(codes) != 0
        in_blocks = np.count_nonzero(changes) + 1 == len(distinct)
        return bool(in_blocks and back.any() and not (back & ~changes).any())

    def steps(self, keys: Sequence[str]) -> _Steps:
        """Those of the series that the columns ``keys`` name; of one where there are none."""
        codes = np.zeros(len(self.frame), np.int64)
        if keys:
            groups = self.frame.groupby(list(keys), sort=False, dropna=False)
            codes = np.asarray(groups.ngroup())
        moments = np.asarray(self.stamps.astype("int64"))
        order = np.lexsort((moments, codes))
        same = np.diff(codes[order]) == 0
        steps = pd.Series(np.diff(moments[order])[same])
        usual = steps.groupby(codes[order][1:][same]).transform("median")
        even = (steps - usual).abs() <= EVEN * usual
        return _Steps(float(steps.median()), float(even.mean()))
