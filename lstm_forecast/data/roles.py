"""A first look at an unknown table: which column is the time, which names the series, which could be forecast."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from lstm_forecast.errors import DataError

__all__ = ["Roles", "find_roles"]

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
    "y",
    "value",
    "target",
    "sales",
    "demand",
    "load",
    "close",
    "price",
    "ot",
    "count",
    "temperature",
    "temp",
)
SAMPLE = 1000


@dataclass(frozen=True)
class Roles:
    """What the columns of a table seem to be for."""

    timestamp: str
    series_id: str | None
    targets: tuple[str, ...]
    others: tuple[str, ...]  # columns of numbers or truths left over: could be covariates, or targets too
    static: tuple[str, ...] = ()  # columns with one value in each series


def find_roles(
    frame: pd.DataFrame,
    *,
    timestamp: str | None = None,
    series_id: str | None = None,
    targets: Sequence[str] = (),
) -> Roles:
    """Find the roles that the caller has not decided.

    Raises DataError if a named column is absent, or no column looks like a time or like a target.
    """
    columns = [str(name) for name in frame.columns]
    for name in (timestamp, series_id, *targets):
        if name is not None and name not in columns:
            raise DataError(f"no column {name}; the columns are {', '.join(columns)}")
    time = timestamp or _find_time(frame)
    series = series_id or _find_series(frame, time)
    free = [name for name in columns if name not in (time, series, *targets) and frame[name].nunique() > 1]
    static = [] if series is None else _constant(frame, series, free)
    others = [name for name in free if name not in static and pd.api.types.is_numeric_dtype(frame[name])]
    numeric = [name for name in others if not pd.api.types.is_bool_dtype(frame[name])]
    if not targets and not numeric:
        raise DataError(f"no numeric column to forecast beside {time}; the columns are {', '.join(columns)}")
    chosen = tuple(targets) or (_preferred(numeric, TARGET_NAMES) or numeric[0],)
    return Roles(time, series, chosen, tuple(name for name in others if name not in chosen), tuple(static))


def _constant(frame: pd.DataFrame, series: str, names: list[str]) -> list[str]:
    """Columns that never change within a series, where series have several rows."""
    if not names or len(frame) < 2 * frame[series].nunique():
        return []
    changes = frame.groupby(series)[names].nunique(dropna=False).max()
    return [name for name in names if changes[name] == 1]


def _find_time(frame: pd.DataFrame) -> str:
    candidates = [str(name) for name in frame.columns if _looks_like_time(frame[name])]
    candidates += [str(name) for name in frame.columns if str(name).lower() in TIME_NAMES and _whole(frame[name])]
    if not candidates:
        raise DataError(f"no column looks like a time; name one with --timestamp: {', '.join(map(str, frame.columns))}")
    finest = max(frame[name].nunique() for name in candidates)  # a date beside a time of day repeats
    candidates = [name for name in candidates if frame[name].nunique() == finest]
    return _preferred(candidates, TIME_NAMES) or candidates[0]


def _looks_like_time(cells: pd.Series) -> bool:
    if pd.api.types.is_datetime64_any_dtype(cells):
        return True
    if pd.api.types.is_numeric_dtype(cells):
        return False
    sample = cells.dropna().astype("str").head(SAMPLE)
    sample = sample[sample.str.len() >= 6]
    with warnings.catch_warnings(action="ignore"):
        return bool(len(sample)) and bool(pd.to_datetime(sample, errors="coerce", utc=True).notna().mean() > 0.9)


def _whole(cells: pd.Series) -> bool:
    return pd.api.types.is_integer_dtype(cells)


def _find_series(frame: pd.DataFrame, time: str) -> str | None:
    """A column of text or whole numbers that makes repeated stamps unique, or nearly so."""
    repeated = frame[time].duplicated().sum()
    if repeated == 0:
        return None
    candidates = [
        str(name)
        for name in frame.columns
        if name != time
        and (_whole(frame[name]) or not pd.api.types.is_numeric_dtype(frame[name]))
        and frame.duplicated([name, time]).sum() < 0.01 * repeated
    ]
    return _preferred(candidates, SERIES_NAMES) or (candidates[0] if candidates else None)


def _preferred(names: Sequence[str], order: Sequence[str]) -> str | None:
    ranked = [name for wanted in order for name in names if name.lower() == wanted]
    return ranked[0] if ranked else None
