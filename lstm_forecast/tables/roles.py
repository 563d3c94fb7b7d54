"""A first look at an unknown table: which column is the time, which names the series, which could
be forecast.
"""

import re
import shlex
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import DataError
from lstm_forecast.tables.faults import absent
from lstm_forecast.tables.keys import (
    NAMING_WORDS,
    Keys,
    find_keys,
    is_empty,
    names_reporters,
)
from lstm_forecast.tables.names import preferred, words_of
from lstm_forecast.tables.number_columns import (
    are_truths,
    counts_rows,
    is_whole,
    numbers_in,
    words_in,
)
from lstm_forecast.tables.numbers.amounts import ALONE, numbers_written
from lstm_forecast.tables.numbers.nothing import MISSING_WORDS, NO_NUMBERS
from lstm_forecast.tables.numbers.style import Written
from lstm_forecast.tables.stamps.columns import looks_like_time
from lstm_forecast.tables.stamps.time_columns import find_time
from lstm_forecast.tables.stamps.zones import are_letters
from lstm_forecast.tables.totals import Total, find_totals
from lstm_forecast.tables.unread import why_unread

__all__ = ["Roles", "Words", "find_roles", "require_named"]

TARGET_NAMES = (
    "y", "value", "target", "ot", "sales", "sold", "demand", "load", "consumption", "usage",
    "generation", "traffic", "close", "volume", "count", "visits", "visitors", "passengers",
    "orders", "quantity", "revenue", "amount", "price",
)  # fmt: skip
# Words for what forecasts are made with rather than of, where there is anything else.
CIRCUMSTANCE_NAMES = {
    "temp", "temperature", "dewp", "dewpoint", "humidity", "pres", "pressure", "wind", "windspeed",
    "rain", "snow", "precipitation", "cloud", "clouds", "weather", "sunshine", "radiation",
    "holiday", "promo", "promotion", "window", "year", "season", "period", "quarter", "month",
    "week", "weekday", "day", "hour", "minute", "id", "no", "nr", "number", "code", "record",
    "recno", "recnum", "rn", "row",
}  # fmt: skip
NAMELESS = r"Unnamed: \d+"  # as a column without a name is called
NEARLY = 0.5  # largest share of cells that are no numbers in a column that may be meant to be one
PLAIN = Written()  # numbers as a computer writes them
Words = Mapping[str, Mapping[str, int]]  # by column, how often each occurs


@dataclass(frozen=True)
class Roles:
    """What the columns of a table seem to be for."""

    timestamp: tuple[str, ...]  # one column, or those that hold the parts
    keys: Keys  # what names the series
    targets: tuple[str, ...]
    # columns of numbers or truths left over: could be covariates, or targets too
    others: tuple[str, ...]
    # cells of numeric columns that are no numbers, and how often they occur
    words: Words
    # and those that always stand for a missing value
    marks: Words = field(default_factory=dict)
    static: tuple[str, ...] = ()  # columns with one value in each series
    totals: tuple[Total, ...] = ()  # columns that are the sum of others
    other_times: tuple[str, ...] = ()  # columns that hold dates, too
    unread: Mapping[str, str] = field(default_factory=dict)  # columns of numbers, and why
    counting: tuple[str, ...] = ()  # columns that only count rows

    @property
    def values(self) -> tuple[str, ...]:
        """Columns that hold values."""
        return (*self.targets, *self.others)

    def without(self, words: Container[str]) -> Self:
        """The roles where these cells are numbers."""
        return replace(self, words=_but(self.words, words), marks=_but(self.marks, words))


def find_roles(
    frame: pd.DataFrame,
    *,
    written: Written = PLAIN,
    timestamp: Sequence[str] = (),
    series_columns: Sequence[str] = (),
    targets: Sequence[str] = (),
    alone: bool = False,
    place: Callable[[int], str] = "row {}".format,
) -> Roles:
    """Find the roles that the caller has not decided in a ``frame`` of cells as they stand in their
    file, its numbers ``written`` so. What has a unit in words beside its numbers may name series,
    unless there is one series ``alone``.

    Raises DataError, by a row's ``place``, if a named column is absent or none is a time or target.
    """
    _require_all_named(frame, timestamp, series_columns, targets)
    numbers = dict(_numeric(frame, written))
    time = tuple(timestamp) or _find_time(frame, numbers, {*series_columns, *targets})
    columns = [name for name in map(str, frame.columns) if not _is_index(name, numbers)]
    candidates = [] if alone else [name for name in columns if name not in targets]
    naming = [name for name in candidates if _may_name(frame, name, numbers)]
    unnamed = {name: each for name, each in numbers.items() if not written.has_words(name)}
    keys = find_keys(frame, time, tuple(series_columns), naming, unnamed)
    free = [name for name in columns if name not in (*time, *keys.columns, *targets)]
    static = tuple(_constant(frame, keys.columns, free))
    varied = [name for name in free if name not in static]
    offered = _offered(varied, numbers, frame[list(keys.columns)])
    if not targets and not offered:
        raise _nothing_to_forecast(frame, time, written, place)
    chosen = tuple(targets) or (_find_target(frame, offered),)
    others, unclear = _others(frame, free, numbers, {*offered} - {*chosen}, {*static, *chosen})
    dates = _dates(frame, [*unclear, *(counting := _counting(varied, numbers, offered))])
    words, marks = _words(frame, (*chosen, *others), numbers)
    return Roles(
        timestamp=time, keys=keys, targets=chosen, others=others, static=static, words=words,
        marks=marks, totals=_totals(numbers, {*chosen, *others}), other_times=dates,
        unread=_unread(frame, unclear, written),
        counting=tuple(name for name in counting if name not in dates),
    )  # fmt: skip


def _find_time(
    frame: pd.DataFrame, numbers: Mapping[str, pd.Series], taken: set[str]
) -> tuple[str, ...]:
    """The columns of stamps, among those that are not ``taken`` for anything else."""
    others = {name: each for name, each in numbers.items() if name not in taken}
    return find_time(frame.drop(columns=list(taken)), others)


def _others(
    frame: pd.DataFrame,
    names: Sequence[str],
    numbers: Mapping[str, pd.Series],
    offered: Container[str],
    static: Container[str],
) -> tuple[tuple[str, ...], list[str]]:
    """Those of the columns that could be covariates, and those that may be anything."""
    unclear = [name for name in names if name not in numbers and name not in static]
    truths = {name for name in unclear if are_truths(frame[name])}
    others = tuple(name for name in names if name in offered or name in truths)
    return others, [name for name in unclear if name not in truths]


def _nothing_to_forecast(
    frame: pd.DataFrame, time: Sequence[str], written: Written, place: Callable[[int], str]
) -> DataError:
    found = _nearly_numeric(frame.drop(columns=list(time)), written)
    nearly = found.told(place) if found else ""
    texts = [name for name in map(str, frame.select_dtypes("str").columns) if name not in time]
    for name, why in _unread(frame, texts, written).items():
        nearly += f" column {name} is not read: it holds numbers {why};"
    columns = ", ".join(map(str, frame.columns))
    return DataError(
        f"no numeric column to forecast beside {' '.join(time)}; the columns are {columns};{nearly}"
        " where rows are events, name one of them as the target, with data.aggregate: count and"
        " data.freq: D, which counts them by day"
    )


@dataclass(frozen=True)
class _Nearly:
    """A column of numbers, but for too many of its cells."""

    name: str
    share: float  # of the cells that are given: numbers
    rows: NDArray[np.int64]  # of the others
    first: str  # of these

    def told(self, place: Callable[[int], str]) -> str:
        """What keeps it from being forecast, and how to go on."""
        return (
            f" {place(int(self.rows[0]))}: column {self.name} holds numbers, and {self.first!r} is"
            f" none ({len(self.rows):,} such cells): correct them, or name the column with"
            f" --target {shlex.quote(self.name)} to hear what they may be;"
        )


def _nearly_numeric(frame: pd.DataFrame, written: Written) -> _Nearly | None:
    """The column of texts that has the largest share of numbers, at least half of its cells."""
    found: list[_Nearly] = []
    for name in map(str, frame.select_dtypes("str").columns):
        cells = frame[name].str.strip()
        given = cells[cells.notna() & ~cells.isin(NO_NUMBERS)]
        odd = numbers_written(given, written.style, ALONE).isna()
        if len(given) and odd.any() and odd.mean() <= NEARLY:
            rows = np.flatnonzero(frame.index.isin(odd.index[odd]))
            found.append(_Nearly(name, 1 - odd.mean(), rows, given[odd].iloc[0]))
    return max(found, key=lambda each: each.share, default=None)


def _numeric(frame: pd.DataFrame, written: Written) -> Iterator[tuple[str, pd.Series]]:
    """The columns of numbers, as such."""
    plainly = written.style.decimal == "."
    for name in map(str, frame.columns):
        units = written.units_of(name)
        numbers = written.plain.get(name) if plainly and "" in units else None
        if numbers is None:
            numbers = numbers_in(frame[name], written.style, units)
        if numbers is not None:
            yield name, numbers


def _require_all_named(
    frame: pd.DataFrame,
    timestamp: Sequence[str],
    series_columns: Sequence[str],
    targets: Sequence[str],
) -> None:
    require_named(frame, timestamp, option="--timestamp")
    require_named(frame, series_columns, option="--series-id")
    require_named(frame, targets, option="--target")


def require_named(
    frame: pd.DataFrame, named: Iterable[str], *, key: str = "", option: str = ""
) -> None:
    """Raise DataError for a named column that the table does not have; ``key`` begins it, and an
    ``option`` named it, of those that are repeated.
    """
    columns = [str(name) for name in frame.columns]
    for name in named:
        if name not in columns:
            meant = absent(name, columns, option=option)
            raise DataError(f"{key}no column {name}; the columns are {', '.join(columns)}{meant}")


def _unread(frame: pd.DataFrame, names: Sequence[str], written: Written) -> dict[str, str]:
    """Those of the columns that hold numbers and are not read, and why."""
    why = {name: why_unread(frame[name], name, written.style) for name in names}
    return {name: each for name, each in why.items() if each}


def _dates(frame: pd.DataFrame, names: Sequence[str]) -> tuple[str, ...]:
    """Those of the columns that hold a date in each row."""
    whole = [name for name in names if not is_empty(frame[name]).any()]
    return tuple(name for name in whole if looks_like_time(frame[name], name))


def _is_index(name: str, numbers: Mapping[str, pd.Series]) -> bool:
    """Whether a column without a name numbers the rows, of each part of a table anew."""
    rows = numbers.get(name)
    if rows is None or not len(rows) or not re.fullmatch(NAMELESS, name):
        return False
    steps = rows.diff().iloc[1:]
    return bool(((steps == 1) | ((steps <= 0) & (rows.iloc[1:] == rows.iloc[0]))).all())


def _may_name(frame: pd.DataFrame, name: str, numbers: Container[str]) -> bool:
    """Whether a column may name series: no amount, and no letters of zones."""
    return not _is_amount(name, numbers) and not are_letters(frame[name])


def _is_amount(name: str, numbers: Container[str]) -> bool:
    """Whether a column is called like what is forecast; one of ``numbers`` by a word in it, too."""
    words = words_of(name)
    worded = any(word in words for word in TARGET_NAMES if len(word) > 2)
    return name.lower() in TARGET_NAMES or (
        name in numbers and worded and NAMING_WORDS.isdisjoint(words)
    )


def _constant(frame: pd.DataFrame, series: Sequence[str], names: Sequence[str]) -> list[str]:
    """Columns that change between series and never within one, where series have several rows."""
    keys = list(series)
    names = [name for name in names if frame[name].nunique() > 1] if keys else []
    if not names or len(frame) < 2 * len(frame[keys].drop_duplicates()):
        return []
    changes = frame.groupby(keys, dropna=False)[names].nunique(dropna=False).max()
    return [name for name in names if changes[name] == 1]


def _offered(
    names: Sequence[str], numbers: Mapping[str, pd.Series], keys: pd.DataFrame
) -> list[str]:
    """Columns of numbers that could be forecast: those that change and do not count the rows, of
    all or of each series by its ``keys`` (n_rows, n_keys), else those that change, else all.
    """
    numeric = [name for name in names if name in numbers]
    changing = [name for name in numeric if numbers[name].nunique() > 1]
    by = list(keys.columns)
    series = keys.groupby(by, dropna=False).ngroup() if by else None
    told = [name for name in changing if not counts_rows(numbers[name], series)]
    return told or changing or numeric


def _counting(
    names: Sequence[str], numbers: Mapping[str, pd.Series], offered: Container[str]
) -> list[str]:
    """The columns of numbers that change and are not ``offered``."""
    others = [name for name in names if name in numbers and name not in offered]
    return [name for name in others if numbers[name].nunique() > 1]


def _words(
    frame: pd.DataFrame, names: Sequence[str], numbers: Mapping[str, pd.Series]
) -> tuple[Words, Words]:
    """Cells of the numeric columns among ``names`` that are no numbers, by column, and apart from
    these those that always stand for a missing value.
    """
    odd = [name for name in names if name in numbers and numbers[name].hasnans]
    found = {name: words_in(frame[name], numbers[name]) for name in odd}
    words = _but(found, MISSING_WORDS)
    return words, {name: each for name in odd if (each := _apart(found[name], words.get(name, {})))}


def _but(words: Words, others: Container[str]) -> Words:
    """The words of each column that are none of the others."""
    left = {name: _apart(found, others) for name, found in words.items()}
    return {name: found for name, found in left.items() if found}


def _apart(found: Mapping[str, int], others: Container[str]) -> Mapping[str, int]:
    return {word: count for word, count in found.items() if word not in others}


def _totals(numbers: Mapping[str, pd.Series], names: Container[str]) -> tuple[Total, ...]:
    """The columns among ``names`` that are the sum of others."""
    return find_totals(
        {name: cells.to_numpy(np.float64) for name, cells in numbers.items() if name in names}
    )


def _find_target(frame: pd.DataFrame, offered: Sequence[str]) -> str:
    """What people forecast: by its name, by a word in it, or else the first column that is no
    circumstance; no whole numbers of what reports where there is anything else.
    """
    names = [
        name for name in offered if not (names_reporters(name) and is_whole(frame[name]))
    ] or offered
    words = {name: words_of(name) for name in names}
    wanted = [name for name in names if CIRCUMSTANCE_NAMES.isdisjoint(words[name])] or names
    worded = [
        name for word in TARGET_NAMES if len(word) > 2 for name in wanted if word in words[name]
    ]
    return preferred(names, TARGET_NAMES) or (worded or wanted)[0]
