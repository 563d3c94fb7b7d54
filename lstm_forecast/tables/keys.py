"""Columns that tell series apart: by one of them, or by several together, stamps are unique."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import combinations

import pandas as pd

from lstm_forecast.tables.names import preferred, words_of
from lstm_forecast.tables.numbers import is_whole

__all__ = ["find_keys", "find_series"]

# Share of the repeated stamps that a key may leave: of all rows, and of the first ones.
MOST_LEFT_BY_KEY, MOST_LEFT_IN_HEAD = 0.01, 0.1
HEAD_ROWS = 10_000  # the first ones, which are looked at before all others
# Share of the rows with a repeated stamp from which whole numbers may name series.
REPEATED_FOR_NUMBERS = 0.1
MOST_COLUMNS_OF_KEY = 3
MOST_COLUMNS_TRIED = 12
TIME_WORDS = {
    "year", "season", "quarter", "month", "week", "day", "hour", "minute", "second", "time",
    "period", "interval", "date",
}  # fmt: skip
NAMING_WORDS = {"id", "series", "name", "code"}  # beside which those are no part of a stamp
SERIES_NAMES = (
    "unique_id",
    "series_id",
    "item_id",
    "id",
    "symbol",
    "series",
    "segment",
    "store",
    "page",
    "name",
)


def find_series(
    frame: pd.DataFrame, time: tuple[str, ...], numbers: Mapping[str, pd.Series]
) -> str | None:
    """A column of text or whole numbers that makes repeated stamps unique, or nearly so.

    A few repeated stamps, as where clocks go back, make series of nothing but what is called so.
    """
    frame = _with_stamps(frame, time)
    repeated = _left(frame, (), time)
    if repeated == 0:
        return None
    candidates = [
        name
        for name in _key_columns(frame, frame.columns, time, numbers)
        if _left(frame, (name,), time) < MOST_LEFT_BY_KEY * repeated
        and (
            name.lower() in SERIES_NAMES
            or (repeated >= frame[name].nunique() - 1 and name not in numbers)
            or (
                repeated >= REPEATED_FOR_NUMBERS * len(frame)
                and name in numbers
                and _is_steady(frame, (name,), time)
            )
        )
    ]
    return preferred(candidates, SERIES_NAMES) or (candidates[0] if candidates else None)


def find_keys(
    frame: pd.DataFrame,
    time: tuple[str, ...],
    series: str | None,
    free: Sequence[str],
    numbers: Mapping[str, pd.Series],
) -> tuple[str, ...]:
    """The fewest columns that together make many repeated stamps unique; none where ``series``
    does, or nothing.
    """
    frame = _with_stamps(frame, time)
    chosen = () if series is None else (series,)
    repeated = _left(frame, chosen, time)
    if repeated <= MOST_LEFT_BY_KEY * len(frame):
        return ()
    named = [name for name in frame.columns if str(name) in free]
    candidates = _key_columns(frame, named, time, numbers)[:MOST_COLUMNS_TRIED]
    head = frame.head(HEAD_ROWS)  # by which most are seen not to
    for size in range(2 - len(chosen), MOST_COLUMNS_OF_KEY + 1 - len(chosen)):
        for keys in ((*chosen, *more) for more in combinations(candidates, size)):
            if (
                _left(head, keys, time) <= MOST_LEFT_IN_HEAD * _left(head, chosen, time)
                and _is_steady(head, keys, time)
                and _is_steady(frame, keys, time)
                and _left(frame, keys, time) < MOST_LEFT_BY_KEY * repeated
            ):
                return keys
    return ()


def _with_stamps(frame: pd.DataFrame, time: tuple[str, ...]) -> pd.DataFrame:
    """The rows that have a stamp."""
    cells = frame[time[0]]
    return frame[cells.notna() & (cells != "")]


def _left(frame: pd.DataFrame, keys: tuple[str, ...], time: tuple[str, ...]) -> int:
    """Rows that have the stamp of another one in their series.

    Fast: ``duplicated(names)`` looks at every column.
    """
    return int(frame[[*keys, *time]].duplicated().sum())


def _key_columns(
    frame: pd.DataFrame,
    names: Iterable[Hashable],
    time: tuple[str, ...],
    numbers: Mapping[str, pd.Series],
) -> list[str]:
    """Those of the columns ``names`` that hold text or whole numbers and repeat themselves."""
    return [
        str(name)
        for name in names
        if name not in time
        and not _is_part_of_time(str(name))
        and (str(name) not in numbers or is_whole(frame[name]))
        and 1 < frame[name].nunique() <= len(frame) / 2
    ]


def _is_part_of_time(name: str) -> bool:
    """Whether a column is called like a part of a stamp, such as Settlement Period: what has the
    same stamp but for it is one series.
    """
    words = set(words_of(name))
    return not words.isdisjoint(TIME_WORDS) and words.isdisjoint(NAMING_WORDS)


def _is_steady(frame: pd.DataFrame, keys: tuple[str, ...], time: tuple[str, ...]) -> bool:
    """Whether most of the values return at most stamps, as names of series do and measurements do
    not.
    """
    at_once = frame.groupby(list(time), sort=False).size().max()
    return len(frame[list(keys)].drop_duplicates()) <= 2 * int(at_once)
