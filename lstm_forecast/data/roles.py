"""A first look at an unknown table: which column is the time, which names the series, which could be forecast."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from lstm_forecast.data.read import MISSING
from lstm_forecast.data.stamps import PARTS, SAMPLE, looks_like_time
from lstm_forecast.errors import DataError

__all__ = ["Roles", "find_roles", "numbers_in"]

TIME_NAMES = (
    "ds",
    "date",
    "datetime",
    "timestamp",
    "time",
    "date_time",
    "month",
    "week",
    "day",
    "year",
    "step",
    "index",
)
SERIES_NAMES = ("unique_id", "series_id", "item_id", "id", "symbol", "series", "segment", "store", "page", "name")
TARGET_NAMES = (
    "y", "value", "target", "ot", "sales", "sold", "demand", "load", "consumption", "usage", "generation", "traffic",
    "close", "volume", "count", "visits", "visitors", "passengers", "orders", "quantity", "revenue", "price",
)  # fmt: skip
CIRCUMSTANCES = {  # what forecasts are made with rather than of, where there is anything else
    "temp", "temperature", "dewp", "dewpoint", "humidity", "pres", "pressure", "wind", "windspeed", "rain", "snow",
    "precipitation", "cloud", "clouds", "weather", "sunshine", "radiation", "holiday", "promo", "promotion", "window",
}  # fmt: skip
TIME_OF_DAY = r"\d?\d([:.])\d\d(\1\d\d(\.\d+)?)?"
FEW = 0.1  # largest share of other cells in a column of numbers
FEW_LEFT = 0.01  # largest share of repeated stamps that a key leaves
MOST_KEYS, MOST_TRIED, HEAD = 3, 12, 10_000  # columns of one key, columns tried, and rows that are looked at first


@dataclass(frozen=True)
class Roles:
    """What the columns of a table seem to be for."""

    timestamp: tuple[str, ...]  # one column, or those that hold the parts
    series_id: str | None
    targets: tuple[str, ...]
    others: tuple[str, ...]  # columns of numbers or truths left over: could be covariates, or targets too
    words: Mapping[str, Mapping[str, int]]  # cells of numeric columns that are no numbers, and how often they occur
    static: tuple[str, ...] = ()  # columns with one value in each series
    together: tuple[str, ...] = ()  # columns that only together make stamps unique, where ``series_id`` does not


def find_roles(
    frame: pd.DataFrame,
    *,
    decimal: str = ".",
    timestamp: Sequence[str] = (),
    series_id: str | None = None,
    targets: Sequence[str] = (),
) -> Roles:
    """Find the roles that the caller has not decided in a ``frame`` of cells as they stand in their file.

    Raises DataError if a named column is absent, or no column looks like a time or like a target.
    """
    columns = [str(name) for name in frame.columns]
    for name in (*timestamp, series_id, *targets):
        if name is not None and name not in columns:
            raise DataError(f"no column {name}; the columns are {', '.join(columns)}")
    numbers = {name: found for name in columns if (found := numbers_in(frame[name], decimal)) is not None}
    time = tuple(timestamp) or _find_time(frame, numbers)
    series = series_id or _find_series(frame, time, numbers)
    free = [name for name in columns if name not in (*time, series, *targets)]
    static = [] if series is None else _constant(frame, series, [name for name in free if frame[name].nunique() > 1])
    open_columns = [name for name in free if name in numbers and name not in static]
    changing = [name for name in open_columns if numbers[name].nunique() > 1]
    offered = [name for name in changing if not _counts_rows(numbers[name])] or changing or open_columns
    if not targets and not offered:
        raise DataError(f"no numeric column to forecast beside {' '.join(time)}; the columns are {', '.join(columns)}")
    chosen = tuple(targets) or (_find_target(offered),)
    truths = [name for name in free if name not in numbers and name not in static and _truths(frame[name])]
    others = tuple(name for name in free if name in (*offered, *truths) and name not in chosen)
    words = {name: _words(frame[name], numbers[name]) for name in (*chosen, *others) if name in numbers}
    return Roles(
        timestamp=time,
        series_id=series,
        targets=chosen,
        others=others,
        words={name: found for name, found in words.items() if found},
        static=tuple(static),
        together=_find_keys(frame, time, series, [name for name in free if name not in chosen], numbers),
    )


def _constant(frame: pd.DataFrame, series: str, names: list[str]) -> list[str]:
    """Columns that never change within a series, where series have several rows."""
    if not names or len(frame) < 2 * frame[series].nunique():
        return []
    changes = frame.groupby(series)[names].nunique(dropna=False).max()
    return [name for name in names if changes[name] == 1]


def _truths(cells: pd.Series) -> bool:
    """Whether a column says true in some rows and false in the others."""
    found = cells.dropna().astype("str").str.strip().str.lower().unique()
    return {"false", "true"} <= set(found) <= {"false", "true", *map(str.lower, MISSING)}


def numbers_in(cells: pd.Series, decimal: str) -> pd.Series | None:
    """The cells as numbers, with NaN for the few that are none; None for a column that holds something else."""
    if pd.api.types.is_bool_dtype(cells) or pd.api.types.is_datetime64_any_dtype(cells):
        return None
    if pd.api.types.is_numeric_dtype(cells):
        return cells
    if decimal == "." and pd.to_numeric(cells.head(SAMPLE), errors="coerce").notna().all():
        numbers = pd.to_numeric(cells, errors="coerce")
        if numbers.notna().all():  # a column as most are, without a closer look
            return numbers
    text = cells.astype("str").str.strip()
    given = ~text.isin(MISSING)
    if decimal == ",":  # then a point is no decimal sign
        text = text.str.translate({ord("."): "?", ord(","): "."})
    if pd.to_numeric(text[given].head(SAMPLE), errors="coerce").isna().all():
        return None  # without a look at all of a long column of words
    numbers = pd.to_numeric(text.where(given), errors="coerce")
    return numbers if numbers.notna().sum() >= (1 - FEW) * given.sum() else None


def _words(cells: pd.Series, numbers: pd.Series) -> dict[str, int]:
    if numbers.notna().all():
        return {}
    odd = cells[numbers.isna() & cells.notna()].astype("str").str.strip()
    return {str(word): int(count) for word, count in odd[~odd.isin(MISSING)].value_counts().items()}


def _counts_rows(numbers: pd.Series) -> bool:
    """Whether the column only numbers the rows."""
    return bool((numbers.diff().iloc[1:] == 1).all())


def _find_time(frame: pd.DataFrame, numbers: Mapping[str, pd.Series]) -> tuple[str, ...]:
    names = [str(name) for name in frame.columns]
    text = [name for name in names if name not in numbers]
    of_day = [name for name in text if _looks_like_time_of_day(frame[name])]
    dates = [name for name in text if name not in of_day and looks_like_time(frame[name])]
    candidates: list[tuple[str, ...]] = [(name,) for name in dates]
    candidates += [(date, time) for date in dates for time in of_day]
    parts = {name.lower(): name for name in names if name in numbers}
    split = tuple(parts[part] for part in PARTS if part in parts)
    candidates += [split] if "year" in parts and "month" in parts else []
    candidates += [(name,) for name in names if name.lower() in TIME_NAMES and name in numbers and _whole(frame[name])]
    if not candidates:
        raise DataError(f"no column looks like a time; name one with --timestamp: {', '.join(names)}")
    distinct = {columns: len(frame[list(columns)].drop_duplicates()) for columns in candidates}
    finest = [columns for columns in candidates if distinct[columns] == max(distinct.values())]
    single = [found[0] for found in finest if len(found) == 1]
    return (_preferred(single, TIME_NAMES) or single[0],) if single else finest[0]


def _looks_like_time_of_day(cells: pd.Series) -> bool:
    head = cells.head(SAMPLE).astype("str").str.strip()
    given = head[head != ""]
    return len(given) > 0 and bool(given.str.fullmatch(TIME_OF_DAY).mean() > 1 - FEW)


def _whole(cells: pd.Series) -> bool:
    """Whether all cells that are given are whole numbers, and written as such."""
    if pd.api.types.is_string_dtype(cells):
        return bool((cells.str.fullmatch(r"[+-]?\d+") | cells.isin(MISSING)).all())
    return pd.api.types.is_integer_dtype(cells)


def _find_series(frame: pd.DataFrame, time: tuple[str, ...], numbers: Mapping[str, pd.Series]) -> str | None:
    """A column of text or whole numbers that makes repeated stamps unique, or nearly so.

    A few repeated stamps, as where clocks go back, make series of nothing but what is called so.
    """
    frame = frame[(frame[time[0]].notna()) & (frame[time[0]] != "")]
    repeated = _left(frame, (), time)
    if repeated == 0:
        return None
    candidates = [
        name
        for name in _key_columns(frame, time, numbers)
        if _left(frame, (name,), time) < FEW_LEFT * repeated
        and (
            name.lower() in SERIES_NAMES
            or (repeated >= frame[name].nunique() - 1 and name not in numbers)
            or (repeated >= FEW * len(frame) and name in numbers and _is_steady(frame, (name,), time))
        )
    ]
    return _preferred(candidates, SERIES_NAMES) or (candidates[0] if candidates else None)


def _find_keys(
    frame: pd.DataFrame,
    time: tuple[str, ...],
    series: str | None,
    free: Sequence[str],
    numbers: Mapping[str, pd.Series],
) -> tuple[str, ...]:
    """The fewest columns that together make many repeated stamps unique; none where ``series`` does, or nothing."""
    frame = frame[(frame[time[0]].notna()) & (frame[time[0]] != "")]
    known = () if series is None else (series,)
    repeated = _left(frame, known, time)
    if repeated <= FEW_LEFT * len(frame):
        return ()
    candidates = [name for name in _key_columns(frame, time, numbers) if name in free][:MOST_TRIED]
    head = frame.head(HEAD)  # by which most are seen not to
    for size in range(2 - len(known), MOST_KEYS + 1 - len(known)):
        for keys in ((*known, *more) for more in combinations(candidates, size)):
            if (
                _left(head, keys, time) <= FEW * _left(head, known, time)
                and _is_steady(head, keys, time)
                and _is_steady(frame, keys, time)
                and _left(frame, keys, time) < FEW_LEFT * repeated
            ):
                return keys
    return ()


def _left(frame: pd.DataFrame, keys: tuple[str, ...], time: tuple[str, ...]) -> int:
    """Rows that have the stamp of another one in their series. Fast: ``duplicated(names)`` looks at every column."""
    return int(frame[[*keys, *time]].duplicated().sum())


def _key_columns(frame: pd.DataFrame, time: tuple[str, ...], numbers: Mapping[str, pd.Series]) -> list[str]:
    """Columns of text or whole numbers that repeat themselves."""
    return [
        str(name)
        for name in frame.columns
        if name not in time
        and (str(name) not in numbers or _whole(frame[name]))
        and 1 < frame[name].nunique() <= len(frame) / 2
    ]


def _is_steady(frame: pd.DataFrame, keys: tuple[str, ...], time: tuple[str, ...]) -> bool:
    """Whether most of the values return at most stamps, as names of series do and measurements do not."""
    at_once = frame.groupby(list(time), sort=False).size().max()
    return len(frame[list(keys)].drop_duplicates()) <= 2 * int(at_once)


def _find_target(names: Sequence[str]) -> str:
    """What people forecast: by its name, by a word in it, or else the first column that is no circumstance."""
    words = {name: re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()) for name in names}
    wanted = [name for name in names if CIRCUMSTANCES.isdisjoint(words[name])] or names
    worded = [name for word in TARGET_NAMES if len(word) > 2 for name in wanted if word in words[name]]
    return _preferred(names, TARGET_NAMES) or (worded or wanted)[0]


def _preferred(names: Sequence[str], order: Sequence[str]) -> str | None:
    ranked = [name for wanted in order for name in names if name.lower() == wanted]
    return ranked[0] if ranked else None
