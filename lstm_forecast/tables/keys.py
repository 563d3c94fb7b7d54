"""Columns that tell series apart: by one of them, or by several together, stamps are unique."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice
from typing import TypeVar

import pandas as pd

from lstm_forecast.config.series_id import LONG_COLUMNS
from lstm_forecast.tables.names import preferred, words_of
from lstm_forecast.tables.number_columns import is_whole
from lstm_forecast.tables.numbers.amounts import STYLES
from lstm_forecast.tables.stamps.columns import looks_like_time
from lstm_forecast.tables.stamps.month_names import plain
from lstm_forecast.tables.unread import why_unread

__all__ = [
    "NAMING_WORDS", "REPORTERS", "Keys", "find_keys", "is_empty", "is_part_of_time",
    "names_reporters",
]  # fmt: skip

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
LONG_NAMES = frozenset(LONG_COLUMNS)  # of which none may be one of several keys
NAMING_WORDS = {"id", "series", "name", "code"}  # beside which those are no part of a stamp
# Words in the name of a column of what reports by itself, as a state or a kind does not.
REPORTERS = NAMING_WORDS | {
    "device", "dev", "eui", "sensor", "meter", "station", "gauge", "probe", "logger", "node",
    "unit", "machine", "site", "location", "plant", "turbine", "pump", "store", "shop", "market",
    "exchange", "gerat", "geraet", "zahler", "zaehler", "sonde", "messstelle", "standort",
    "filiale", "capteur", "compteur", "sensore", "contatore", "dispositivo", "estacion", "stazione",
    "medidor",
}  # fmt: skip
COUNTING_WORDS = {"nr", "no", "number"}  # behind one of those
Cells = TypeVar("Cells", pd.Series, pd.DataFrame)
ONLY_SERIES_NAMES = ("unique_id", "series_id", "item_id")
SERIES_NAMES = (
    *ONLY_SERIES_NAMES,
    "id",
    "symbol",
    "series",
    "segment",
    "store",
    "page",
    "name",
)


@dataclass(frozen=True)
class Keys:
    """What names the series of a table."""

    columns: tuple[str, ...]  # none, one, or several together
    # columns that make stamps unique, where those that are given do not
    together: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()  # others that make stamps unique as ``columns`` do
    # columns that may name them beside these though stamps do not tell, and how many there are then
    possible: Mapping[str, int] = field(default_factory=dict)
    # and how many rows have the stamp of another one of their series even then
    repeated: Mapping[str, int] = field(default_factory=dict)
    in_turn: tuple[str, ...] = ()  # those of them each value of which comes at even steps


def find_keys(
    frame: pd.DataFrame,
    time: tuple[str, ...],
    given: tuple[str, ...],
    names: Sequence[str],
    numbers: Mapping[str, pd.Series],
) -> Keys:
    """The columns that are ``given``, or else the fewest of ``names`` that make repeated stamps
    unique, or nearly so.

    Where nothing does, rows that are equal in all columns are looked at once: no column tells
    these apart.
    """
    frame = _with_stamps(frame, time)
    repeated = _left(frame, given, time)
    found = _keys(frame, time, given, names, numbers, repeated)
    if not repeated or found.together or (found.columns and not given):
        return found
    distinct = frame.drop_duplicates()
    if len(distinct) < len(frame) and not _tell_again(distinct, time, numbers):
        repeated = _left(distinct, given, time)
        return _keys(distinct, time, given, names, numbers, repeated)
    return found


def _tell_again(
    frame: pd.DataFrame, time: tuple[str, ...], numbers: Mapping[str, pd.Series]
) -> bool:
    """Whether most rows of one stamp hold the same numbers, several in each: they tell in other
    words what another one told, as where weather was joined to counts.
    """
    values = [name for name in numbers if name not in time]
    again = int(frame[[*time, *values]].duplicated().sum())
    return len(values) > 1 and 2 * again > _left(frame, (), time)


def _keys(
    frame: pd.DataFrame,
    time: tuple[str, ...],
    given: tuple[str, ...],
    names: Sequence[str],
    numbers: Mapping[str, pd.Series],
    repeated: int,
) -> Keys:
    """The same for rows that have a stamp, of which so many are ``repeated`` beside those given."""
    series = given or _single(frame, time, names, numbers, repeated)
    left = repeated if series == given else _left(frame, series, time)
    columns, rivals = _several(frame, time, series, names, numbers, left)
    if given:
        return Keys(given, together=columns)
    return Keys(columns or series, rivals=rivals)


def _single(
    frame: pd.DataFrame,
    time: tuple[str, ...],
    names: Sequence[str],
    numbers: Mapping[str, pd.Series],
    repeated: int,
) -> tuple[str, ...]:
    """A column of text or whole numbers that makes repeated stamps unique, or one that is called
    as only names of series are.

    A few repeated stamps, as where clocks go back, make series of nothing but what is called so.
    """
    called = preferred(names, ONLY_SERIES_NAMES)
    named = () if called is None or not _names_rows(frame[called]) else (called,)
    if repeated == 0:
        return named
    candidates = [
        name
        for name in _key_columns(frame, names, time, numbers)
        if _left(frame, (name,), time) < MOST_LEFT_BY_KEY * repeated
        and (
            name.lower() in SERIES_NAMES
            or (
                repeated >= frame[name].nunique() - 1
                and name not in numbers
                and (_is_steady(frame, (name,), time) or not _is_measured(frame[name]))
            )
            or (
                repeated >= REPEATED_FOR_NUMBERS * len(frame)
                and name in numbers
                and _is_steady(frame, (name,), time)
            )
        )
    ]
    return (preferred(candidates, SERIES_NAMES) or candidates[0],) if candidates else named


def _several(
    frame: pd.DataFrame,
    time: tuple[str, ...],
    chosen: tuple[str, ...],
    names: Sequence[str],
    numbers: Mapping[str, pd.Series],
    repeated: int,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fewest columns that with those ``chosen`` make many repeated stamps unique, and as many
    others that do so, too; none where those chosen do, or nothing.

    What is called like a series comes first, then the first columns.
    """
    if repeated <= MOST_LEFT_BY_KEY * len(frame) or not LONG_NAMES.isdisjoint(chosen):
        return (), ()
    free = [name for name in names if name not in (*chosen, *LONG_NAMES)]
    candidates = _key_columns(frame, free, time, numbers)[:MOST_COLUMNS_TRIED]
    head = frame.head(HEAD_ROWS)  # by which most are seen not to

    def are_keys(keys: tuple[str, ...]) -> bool:
        return (
            not numbers.keys() <= {*keys, *time}
            and _left(head, keys, time) <= MOST_LEFT_IN_HEAD * _left(head, chosen, time)
            and _is_steady(head, keys, time)
            and _is_steady(frame, keys, time)
            and _left(frame, keys, time) < MOST_LEFT_BY_KEY * repeated
            and not is_empty(frame[list(keys)]).all(axis=1).any()
        )

    for size in range(max(0, 2 - len(chosen)), MOST_COLUMNS_OF_KEY + 1 - len(chosen)):
        tried = ((*chosen, *more) for more in combinations(candidates, size))
        found = list(islice(filter(are_keys, sorted(tried, key=_strangers)), 2))
        if found:
            return found[0], found[1] if len(found) > 1 else ()
    return (), ()


def _strangers(keys: tuple[str, ...]) -> int:
    """How many of these columns are not called like a series."""
    return sum(name.lower() not in SERIES_NAMES for name in keys)


def _names_rows(cells: pd.Series) -> bool:
    """Whether there is a name in each row, and in two rows or more on average."""
    return bool(cells.nunique() <= len(cells) / 2 and not is_empty(cells).any())


def is_empty(cells: Cells) -> Cells:
    """Which cells hold nothing."""
    return cells.isna() | (cells == "")


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
    names: Sequence[str],
    time: tuple[str, ...],
    numbers: Mapping[str, pd.Series],
) -> list[str]:
    """Those of the columns ``names`` that hold text or whole numbers and repeat themselves."""
    return [
        name
        for name in names
        if name not in time
        and not is_part_of_time(name)
        and (name in numbers or not looks_like_time(frame[name], name))
        and (name not in numbers or is_whole(frame[name]))
        and 1 < frame[name].nunique() <= len(frame) / 2
    ]


def is_part_of_time(name: str) -> bool:
    """Whether a column is called like a part of a stamp, such as Settlement Period: what has the
    same stamp but for it is one series.
    """
    words = set(words_of(name))
    return not words.isdisjoint(TIME_WORDS) and words.isdisjoint(NAMING_WORDS)


def names_reporters(name: str) -> bool:
    """Whether a column is called like what reports by itself, as Station Nr is, and not like what
    one reports, such as station output or sensor 2.
    """
    words = [word for word in words_of(plain(name)) if word not in COUNTING_WORDS]
    return bool(words) and words[-1] in REPORTERS and not re.search(r"\d", name)


def _is_measured(cells: pd.Series) -> bool:
    """Whether texts are numbers in several units, or with words among them."""
    return bool(why_unread(cells, str(cells.name), STYLES[0]))


def _is_steady(frame: pd.DataFrame, keys: tuple[str, ...], time: tuple[str, ...]) -> bool:
    """Whether most of the values return at most stamps, as names of series do and measurements do
    not.
    """
    at_once = frame.groupby(list(time), sort=False).size().max()
    return len(frame[list(keys)].drop_duplicates()) <= 2 * int(at_once)
