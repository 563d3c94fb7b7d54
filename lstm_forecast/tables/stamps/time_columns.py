"""Which column of an unknown table is the time, or which hold its parts."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from lstm_forecast.errors import DataError
from lstm_forecast.tables.names import preferred, words_of
from lstm_forecast.tables.number_columns import is_whole
from lstm_forecast.tables.numbers.style import SAMPLED_CELLS
from lstm_forecast.tables.stamps.clock import (
    are_called_clock,
    are_hours,
    looks_like_time_of_day,
    stamps_of_day,
)
from lstm_forecast.tables.stamps.columns import looks_like_time
from lstm_forecast.tables.stamps.digits import digit_styles, moment_in_digits
from lstm_forecast.tables.stamps.guesses import DIGITS_OF_DATE, DIGITS_OF_WEEK, guesses
from lstm_forecast.tables.stamps.numbers import DATE_WORDS, units_of
from lstm_forecast.tables.stamps.parts import holds_parts, part_of
from lstm_forecast.tables.stamps.periods import periods
from lstm_forecast.tables.stamps.periods_of_day import are_periods_of_day
from lstm_forecast.tables.stamps.second_hours import SECOND_HOUR
from lstm_forecast.tables.stamps.times_alone import are_times_alone, times_alone
from lstm_forecast.tables.stamps.zones import are_letters

__all__ = ["find_time"]

DAYS = {"%d", "%j", "%u"}  # directives of formats that say which day it is
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
# Words in the name of a column whose numbers may be moments by their size, and those that may be
# written like 20240131, 202401 or, for a week, 202405.
MOMENT_WORDS = DATE_WORDS | {"timestamp", "time", "ts", "epoch", "unix", "unixtime", "utc"}
DIGIT_WORDS = DATE_WORDS | {"period", "yearmonth", "yearweek", "isoweek", "yyyymm", "yyyymmdd"}
# 01.2024, which is a number, too
DOTTED_MONTH = r"(?:0[1-9]|1[0-2])\.(?:19|20)\d\d|(?:19|20)\d\d\.(?:0[1-9]|1[0-2])"
SIGNED_YEAR = r"(?:19|20)\d\d(?:年度?|년)"
LATEST_CLOCK, LAST_HOUR, LAST_MINUTE = 2400, 24, 59
# The least and the largest number of a part of a year.
RANGE_OF_PART = {
    "month": (1, 12), "week": (1, 53), "quarter": (1, 4), "half": (1, 2), "dayofyear": (1, 366),
}  # fmt: skip
DEKAD = r"(?:[1-3]|I{1,3})[ªº]?"
TIMES_OF_DAY = ("hour", "minute", "second")
FINER_PARTS = {"month": ("dekad", "day", *TIMES_OF_DAY), "dayofyear": TIMES_OF_DAY}
COUNTED_NAMES = ("step", "index")  # of columns that may be a time, or count rows beside one
NEARLY_ALL = 0.9
SHARE_OF_STEP = 0.5  # of the differences of stamps that are regular, which are one step
MOST_SAMPLES, LONGEST_SAMPLE = 10, 24  # columns, and characters of a cell, in a message


def find_time(frame: pd.DataFrame, numbers: Mapping[str, pd.Series]) -> tuple[str, ...]:
    """The column of stamps, or those that hold their parts: what has the most distinct values, and
    of that one column rather than several.

    Raises DataError if no column looks like a time.
    """
    candidates = _candidates(frame, numbers) or _moments(frame, numbers)
    if not candidates:
        raise _no_time(frame)
    distinct = {columns: _stamps(frame, columns) for columns in candidates}
    finest = _finest(distinct)
    finest = [each for each in finest if not _is_empty(frame[list(each)]).any()] or finest
    single = [found[0] for found in finest if len(found) == 1]
    return (preferred(single, TIME_NAMES) or single[0],) if single else finest[0]


def _stamps(frame: pd.DataFrame, columns: Sequence[str]) -> int:
    """How many distinct stamps there are in columns."""
    rows = frame[list(columns)].drop_duplicates()
    return int((~_is_empty(rows)).sum())


def _is_empty(rows: pd.DataFrame) -> pd.Series:
    """Which rows lack a part of their stamp."""
    return (rows.isna() | (rows == "")).any(axis=1)


def _finest(distinct: Mapping[tuple[str, ...], int]) -> list[tuple[str, ...]]:
    """Those with the most distinct values; what only counts rows is no time beside stamps that are
    nearly as many.
    """
    most = max(distinct.values())
    stamps = [columns for columns in distinct if columns[0].lower() not in COUNTED_NAMES]
    near = [columns for columns in stamps if distinct[columns] >= NEARLY_ALL * most]
    best = max((distinct[columns] for columns in near), default=most)
    return [columns for columns in near or distinct if distinct[columns] == best]


def _candidates(frame: pd.DataFrame, numbers: Mapping[str, pd.Series]) -> list[tuple[str, ...]]:
    """Columns of dates; of a date and of a time of day or an hour; of year, month and so on; and of
    numbers that are called a time.
    """
    names = [str(name) for name in frame.columns]
    text = [name for name in names if name not in numbers or are_hours(frame[name], name)]
    of_day = [name for name in text if looks_like_time_of_day(frame[name], name)]
    of_day = stamps_of_day(frame, of_day)
    dates = [name for name in text if name not in of_day and looks_like_time(frame[name], name)]
    if not dates:  # 31.01.24 may be one, where no other column is
        dates = [name for name in of_day if looks_like_time(frame[name], name)]
        of_day = [name for name in of_day if name not in dates]
    dates += [name for name in numbers if _are_dates(frame[name], name)]
    split = list(_parts_of_stamps(frame, names, numbers))
    in_parts = {name for columns in split for name in columns}
    counted = [
        name
        for name in numbers
        if name.lower() in TIME_NAMES and name not in (*dates, *in_parts) and is_whole(frame[name])
    ]
    return [
        *_with_times(frame, numbers, dates, of_day),
        *split,
        *((name,) for name in counted),
    ]


def _with_times(
    frame: pd.DataFrame,
    numbers: Mapping[str, pd.Series],
    dates: Sequence[str],
    of_day: Sequence[str],
) -> list[tuple[str, ...]]:
    """Columns of dates, each alone and with a time of day or an hour; with the letters of a zone
    where a column holds these.
    """
    hours = [
        name
        for name in numbers
        if _are_hours(frame[name], numbers[name], name)
        or _are_clock_times(frame[name], numbers[name], name)
        or (are_periods_of_day(numbers[name], name) and is_whole(frame[name]))
    ]
    times = product(dates, (*of_day, *hours))
    found: list[tuple[str, ...]] = [(name,) for name in dates]
    found += [
        (date, time) for date, time in times if date in numbers or _have_days(frame[date], date)
    ]
    text = (str(name) for name in frame.columns if name not in numbers)
    zones = [name for name in text if are_letters(frame[name]) and frame[name].nunique() > 1]
    zoned = [(*columns, zone) for zone in zones for columns in found]
    return list(filter(partial(_fit, frame), zoned)) or found


def _fit(frame: pd.DataFrame, columns: tuple[str, ...]) -> bool:
    """Whether a date, perhaps a time of day, and letters of a zone are stamps together."""
    head = frame[list(columns)].head(SAMPLED_CELLS).astype("str")
    return looks_like_time(head.agg(" ".join, axis=1), " ".join(columns))


def _have_days(cells: pd.Series, name: str) -> bool:
    """Whether dates are those of days, and not of weeks or months, which have no time of day."""
    texts = cells[cells != ""].drop_duplicates().head(SAMPLED_CELLS)
    if pd.api.types.is_datetime64_any_dtype(cells) or not len(texts):
        return True
    styles = periods(texts, name) or guesses(texts, name)
    return not styles or any(not DAYS.isdisjoint(re.findall("%.", style)) for style in styles)


def _are_dates(cells: pd.Series, name: str) -> bool:
    """Whether numbers are moments, days or dates, by their size and the name of their column."""
    first = str(cells.iloc[0]) if len(cells) else ""  # which tells most columns at once
    head = cells.head(SAMPLED_CELLS)
    if re.fullmatch(SIGNED_YEAR, first) and head.astype("str").str.fullmatch(SIGNED_YEAR).all():
        return True
    if moment_in_digits(cells):
        return True
    words, part = set(words_of(name)), part_of(name)
    if part is None and words.isdisjoint(MOMENT_WORDS | DIGIT_WORDS):
        return False
    head = head.astype("str")
    digits = rf"{DIGITS_OF_DATE}|{DIGITS_OF_WEEK}|{DOTTED_MONTH}"
    called = part is not None or not words.isdisjoint(DIGIT_WORDS)
    return bool(units_of(cells, name)) or (
        called and (bool(head.str.fullmatch(digits).all()) or bool(digit_styles(head, name)))
    )


def _are_hours(cells: pd.Series, numbers: pd.Series, name: str) -> bool:
    if part_of(name) != "hour":
        return False
    seconds = numbers.isna() & cells.astype("str").str.strip().str.fullmatch(SECOND_HOUR)
    if not is_whole(cells[~seconds]):
        return False
    return bool(numbers.dropna().between(0, 24).all())


def _are_clock_times(cells: pd.Series, numbers: pd.Series, name: str) -> bool:
    """Whether whole numbers are times of day without a sign between hour and minute, as 930."""
    if not are_called_clock(name) or not is_whole(cells):
        return False
    given = numbers.dropna()
    minutes = given % 100
    return bool(
        given.between(0, LATEST_CLOCK).all()
        and minutes.le(LAST_MINUTE).all()
        and given.max() > LAST_HOUR
    )


def _parts_of_stamps(
    frame: pd.DataFrame, names: Sequence[str], numbers: Mapping[str, pd.Series]
) -> Iterator[tuple[str, ...]]:
    """Columns that hold a year and a month or a day of it, with what is finer; a week; a quarter;
    or a half.
    """
    numeric = {part: name for name in names if name in numbers and (part := part_of(name))}
    named = {part: name for name in names if (part := part_of(name))} | numeric
    if "year" not in named:
        return
    text = [name for name in names if name not in numbers]
    if found := [name for name in text if holds_parts(frame[name], name)]:
        yield (named["year"], found[0])
    for part, (least, most) in RANGE_OF_PART.items():
        if part not in named:
            continue
        year, within = named["year"], named[part]
        if year in numbers and within in numbers:
            fits = bool(numbers[within].dropna().between(least, most).all())
        else:
            head = frame.head(SAMPLED_CELLS).astype("str")
            fits = looks_like_time(head[year] + " " + head[within], f"{year} {within}")
        if fits:
            finer = {each: numeric[each] for each in FINER_PARTS.get(part, ()) if each in numeric}
            if "day" in finer or not _are_dekads(frame, named.get("dekad")):
                finer.pop("dekad", None)
            elif part == "month":
                finer = {"dekad": named["dekad"], **finer}
            yield (year, within, *finer.values())


def _are_dekads(frame: pd.DataFrame, name: str | None) -> bool:
    """Whether a column of this name, if there is one, numbers the thirds of a month."""
    if name is None:
        return False
    cells = frame[name].astype("str").str.strip()
    given = cells[~cells.isin(("", "nan"))]
    return len(given) > 0 and bool(given.str.fullmatch(DEKAD).all())


def _moments(frame: pd.DataFrame, numbers: Mapping[str, pd.Series]) -> list[tuple[str, ...]]:
    """The one column of regular moments since 1970, whatever it is called; none where there are
    several.
    """
    found = [name for name in numbers if units_of(frame[name], "") and _are_regular(numbers[name])]
    return [(name,) for name in found] if len(found) == 1 else []


def _are_regular(numbers: pd.Series) -> bool:
    """Whether most stamps follow another one after the same time."""
    steps = np.diff(np.unique(numbers.dropna().to_numpy()))
    if not len(steps):
        return False
    _, counts = np.unique(steps, return_counts=True)
    return bool(counts.max() >= SHARE_OF_STEP * len(steps))


def _no_time(frame: pd.DataFrame) -> DataError:
    """What would be taken for a time, and what stands in the columns instead."""
    names = [str(name) for name in frame.columns]
    for name in names:
        if are_times_alone(frame[name]):
            return DataError(f"column {name}: {times_alone(str(frame[name].iloc[0]))}")
    shown = [
        f"{name} ({str(frame[name].iloc[0])[:LONGEST_SAMPLE]!r})" if len(frame) else name
        for name in names[:MOST_SAMPLES]
    ]
    more = f" and {len(names) - len(shown):,} more" if len(names) > len(shown) else ""
    return DataError(
        "no column looks like a time, such as a date (2024-01-31, 31.01.2024 18:00), a month (Jan"
        " 2024), a week (2024-W05), a quarter (2024Q1), columns called year and month, or whole"
        f" numbers in one called step; name one with --timestamp: {', '.join(shown)}{more}"
    )
