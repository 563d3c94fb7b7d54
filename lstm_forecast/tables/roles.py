"""A first look at an unknown table: which column is the time, which names the series, which could
be forecast.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lstm_forecast.errors import DataError
from lstm_forecast.tables.keys import NAMING_WORDS, Keys, find_keys
from lstm_forecast.tables.names import preferred, words_of
from lstm_forecast.tables.number_style import Written
from lstm_forecast.tables.numbers import are_truths, counts_rows, numbers_in, words_in
from lstm_forecast.tables.stamps import looks_like_time
from lstm_forecast.tables.time_columns import find_time
from lstm_forecast.tables.totals import Total, find_totals

__all__ = ["Roles", "find_roles", "require_named"]

TARGET_NAMES = (
    "y",
    "value",
    "target",
    "ot",
    "sales",
    "sold",
    "demand",
    "load",
    "consumption",
    "usage",
    "generation",
    "traffic",
    "close",
    "volume",
    "count",
    "visits",
    "visitors",
    "passengers",
    "orders",
    "quantity",
    "revenue",
    "amount",
    "price",
)
# Words for what forecasts are made with rather than of, where there is anything else.
CIRCUMSTANCE_NAMES = {
    "temp",
    "temperature",
    "dewp",
    "dewpoint",
    "humidity",
    "pres",
    "pressure",
    "wind",
    "windspeed",
    "rain",
    "snow",
    "precipitation",
    "cloud",
    "clouds",
    "weather",
    "sunshine",
    "radiation",
    "holiday",
    "promo",
    "promotion",
    "window",
    "year",
    "season",
    "period",
    "quarter",
    "month",
    "week",
    "weekday",
    "day",
    "hour",
    "minute",
    "id",
    "no",
    "nr",
    "number",
    "code",
    "record",
    "recno",
    "recnum",
    "rn",
    "row",
}
NAMELESS = r"Unnamed: \d+"  # as a column without a name is called
PLAIN = Written()  # numbers as a computer writes them


@dataclass(frozen=True)
class Roles:
    """What the columns of a table seem to be for."""

    timestamp: tuple[str, ...]  # one column, or those that hold the parts
    keys: Keys  # what names the series
    targets: tuple[str, ...]
    # columns of numbers or truths left over: could be covariates, or targets too
    others: tuple[str, ...]
    # cells of numeric columns that are no numbers, and how often they occur
    words: Mapping[str, Mapping[str, int]]
    static: tuple[str, ...] = ()  # columns with one value in each series
    totals: tuple[Total, ...] = ()  # columns that are the sum of others
    other_times: tuple[str, ...] = ()  # columns that hold dates, too

    @property
    def values(self) -> tuple[str, ...]:
        """Columns that hold values."""
        return (*self.targets, *self.others)


def find_roles(
    frame: pd.DataFrame,
    *,
    written: Written = PLAIN,
    timestamp: Sequence[str] = (),
    series_columns: Sequence[str] = (),
    targets: Sequence[str] = (),
) -> Roles:
    """Find the roles that the caller has not decided in a ``frame`` of cells as they stand in their
    file, its numbers ``written`` so. What has a unit in words beside its numbers may name series.

    Raises DataError if a named column is absent, or no column looks like a time or like a target.
    """
    require_named(frame, [*timestamp, *series_columns, *targets])
    numbers = dict(_numeric(frame, written))
    time = tuple(timestamp) or find_time(frame, numbers)
    unnamed = {name: each for name, each in numbers.items() if not written.has_words(name)}
    columns = [name for name in map(str, frame.columns) if not _is_index(name, numbers)]
    naming = [name for name in columns if not (name in targets or _is_amount(name, numbers))]
    keys = find_keys(frame, time, tuple(series_columns), naming, unnamed)
    free = [name for name in columns if name not in (*time, *keys.columns, *targets)]
    static = _constant(frame, keys.columns, free)
    offered = _offered([name for name in free if name not in static], numbers)
    chosen = tuple(targets) or _chosen(offered, time, columns)
    unforecast = [name for name in free if name not in chosen]
    unclear = [name for name in unforecast if name not in numbers and name not in static]
    truths = [name for name in unclear if are_truths(frame[name])]
    known = {*offered, *truths}
    others = tuple(name for name in unforecast if name in known)
    return Roles(
        timestamp=time,
        keys=keys,
        targets=chosen,
        others=others,
        words=_words(frame, (*chosen, *others), numbers),
        static=tuple(static),
        totals=_totals(numbers, {*chosen, *others}),
        other_times=_dates(frame, [name for name in unclear if name not in truths]),
    )


def _chosen(offered: Sequence[str], time: Sequence[str], columns: Sequence[str]) -> tuple[str, ...]:
    """What people forecast of the columns that are offered. Raises DataError if none is."""
    if offered:
        return (_find_target(offered),)
    raise DataError(
        f"no numeric column to forecast beside {' '.join(time)}; the columns are"
        f" {', '.join(columns)}; where rows are events, name one of them as the target, with"
        " data.aggregate: count and data.freq: D, which counts them by day"
    )


def _numeric(frame: pd.DataFrame, written: Written) -> Iterator[tuple[str, pd.Series]]:
    """The columns of numbers, as such."""
    for name in map(str, frame.columns):
        numbers = numbers_in(frame[name], written.style, written.units_of(name))
        if numbers is not None:
            yield name, numbers


def require_named(frame: pd.DataFrame, named: Iterable[str], *, key: str = "") -> None:
    """Raise DataError for a named column that the table does not have; ``key`` begins it."""
    columns = [str(name) for name in frame.columns]
    for name in named:
        if name not in columns:
            raise DataError(f"{key}no column {name}; the columns are {', '.join(columns)}")


def _dates(frame: pd.DataFrame, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if looks_like_time(frame[name], name))


def _is_index(name: str, numbers: Mapping[str, pd.Series]) -> bool:
    """Whether a column without a name numbers the rows, of each part of a table anew."""
    if name not in numbers or not re.fullmatch(NAMELESS, name):
        return False
    rows = numbers[name]
    steps = rows.diff().iloc[1:]
    return bool(((steps == 1) | ((steps <= 0) & (rows.iloc[1:] == rows.iloc[0]))).all())


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


def _offered(names: Sequence[str], numbers: Mapping[str, pd.Series]) -> list[str]:
    """Columns of numbers that could be forecast: those that change and do not count rows, else
    those that change, else all.
    """
    numeric = [name for name in names if name in numbers]
    changing = [name for name in numeric if numbers[name].nunique() > 1]
    return [name for name in changing if not counts_rows(numbers[name])] or changing or numeric


def _words(
    frame: pd.DataFrame, names: Sequence[str], numbers: Mapping[str, pd.Series]
) -> dict[str, Mapping[str, int]]:
    """Cells of the numeric columns among ``names`` that are no numbers, by column."""
    words = {name: words_in(frame[name], numbers[name]) for name in names if name in numbers}
    return {name: found for name, found in words.items() if found}


def _totals(numbers: Mapping[str, pd.Series], names: Container[str]) -> tuple[Total, ...]:
    """The columns among ``names`` that are the sum of others."""
    return find_totals(
        {name: cells.to_numpy(np.float64) for name, cells in numbers.items() if name in names}
    )


def _find_target(names: Sequence[str]) -> str:
    """What people forecast: by its name, by a word in it, or else the first column that is no
    circumstance.
    """
    words = {name: words_of(name) for name in names}
    wanted = [name for name in names if CIRCUMSTANCE_NAMES.isdisjoint(words[name])] or names
    worded = [
        name for word in TARGET_NAMES if len(word) > 2 for name in wanted if word in words[name]
    ]
    return preferred(names, TARGET_NAMES) or (worded or wanted)[0]
