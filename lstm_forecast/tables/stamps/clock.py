"""Times of day as people write them: 18:00, 6 pm, 12:30a, 8h30, and spans such as 8h-9h."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from lstm_forecast.tables.numbers.style import MOST_ODD_CELLS, SAMPLED_CELLS
from lstm_forecast.tables.stamps.parts import is_called_hour

__all__ = [
    "HOUR_CODE",
    "WORD_OF_TIME",
    "are_called_clock",
    "are_hours",
    "looks_like_time_of_day",
    "span_of_day",
    "stamps_of_day",
]

MINUTES = r"[:.]\d\d(?:[:.]\d\d(?:\.\d+)?)?"
HALF = r" ?[AaPp]\.?[Mm]\.?"
HOUR = r"\d?\d(?:[hH](?:\d\d)?| Uhr)"  # or a duration
# that says that a time of day is one, behind its minutes or seconds
WORD_OF_TIME = (
    r"(?i: ?(?:hs?|hrs?|hours?|uhr|std|o['’]clock|uur|u|horas?|heures?|ore|godz|ч|час)\.?)"  # noqa: RUF001
)
TIME = rf"\d?\d(?:{MINUTES}(?:{HALF}| ?[AaPp]|{WORD_OF_TIME})?|{HALF})"
BETWEEN = r" ?(?:-|–|to|à|bis) ?"  # noqa: RUF001
HHMM = r"[0-2]\d[0-5]\d"
TIME_OF_DAY = rf"{TIME}(?:{BETWEEN}{TIME})?|{HOUR}{BETWEEN}{HOUR}|{HHMM}{BETWEEN}{HHMM}"
TIMES = re.compile(TIME_OF_DAY)  # once, as pandas takes longer to compile it than to match cells
# 8.50-9.50, which may be a range of prices as well
BAND = rf"\d?\d\.\d\d{BETWEEN}\d?\d\.\d\d"
PADDED_BAND = rf"[0-2]\d\.[0-5]\d{BETWEEN}[0-2]\d\.[0-5]\d"
HOURS = rf"(?P<begin>\d?\d){BETWEEN}(?P<end>\d?\d)(?: Uhr| ?h)?"
HOUR_CODE = r"(?:HE|H|Hr|Hour|Hora)[ _.]?"  # before the number of an hour
CODE_OF_HOUR = rf"(?i)^{HOUR_CODE}(\d\d?)$"
ODD_SECONDS = r"\d[:.]\d\d[:.](?:0[1-9]|[1-5]\d)"
# A span behind a date, whose end ISO 8601 would take for an offset from UTC.
CLOCK = rf"(?:{TIME}|{HOUR}|{HHMM}|\d?\d)"
SPAN = rf"(?P<begin>.*[^\W_],?[ T](?P<from>{CLOCK}))(?P<sign>[-–])(?P<to>{CLOCK})"  # noqa: RUF001
HOURS_OF_DAY = 24
LEAST_ENDS, FEW_SPANS = 3, 6
# What a column is called that holds times of day.
CLOCK_NAMES = {
    "time", "hhmm", "hrmn", "hourminute", "timehhmm", "uhrzeit", "zeit", "heure", "hora", "ora",
    "tid", "tijd", "hour", "hr", "clock", "clocktime", "timeofday", "tod",
}  # fmt: skip


def are_called_clock(name: str) -> bool:
    """Whether a column of this name holds times of day."""
    return re.sub(r"[\W_]", "", name.lower()) in CLOCK_NAMES


def looks_like_time_of_day(cells: pd.Series, name: str) -> bool:
    """Whether nearly all of the first cells are times of day, such as 18:00 or 6:00 PM, or spans of
    them.
    """
    head = cells.head(SAMPLED_CELLS).astype("str").str.strip()
    given = head[head != ""]
    if not len(given):
        return False
    called = _is_called_hour(name)
    fitting = sum(map(bool, map(TIMES.fullmatch, given.to_numpy(object, na_value=""))))
    if fitting / len(given) > 1 - MOST_ODD_CELLS:
        bands = given.str.fullmatch(BAND)
        return called or bool((~bands | given.str.fullmatch(PADDED_BAND)).all())
    spans = _are_spans(given, least=1 if called else FEW_SPANS)
    return spans or are_hours(given, name) or _are_codes(given)


def are_hours(cells: pd.Series, name: str) -> bool:
    """Whether texts such as 8h and 8h30 in a column of this name are times of day, and no
    durations.
    """
    return _is_called_hour(name) and bool(cells.astype("str").str.fullmatch(HOUR).all())


def _is_called_hour(name: str) -> bool:
    return are_called_clock(name) or is_called_hour(name)


def stamps_of_day(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Those of the columns of times of day that are stamps: all on whole minutes, if some are, as
    durations beside them are not.
    """
    if len(names) < 2:
        return [*names]
    texts = ((name, frame[name].astype("str")) for name in names)
    return [name for name, cells in texts if not cells.str.contains(ODD_SECONDS).any()] or [*names]


def span_of_day(first: str, cells: pd.Series) -> tuple[str, pd.Series] | None:
    """What stands between begin and end of spans behind dates, as in 2024-01-02 8:00-9:00, and the
    begins; None where there are no such spans. ``first`` is the first of the cells.

    An offset from UTC stands behind all times of a day alike; the end of a span goes with its
    begin.
    """
    if not re.fullmatch(SPAN, first):
        return None
    parts = cells.str.strip().str.extract(f"^{SPAN}$")
    if parts.isna().any(axis=None):
        return None
    begins, ends = parts["from"].nunique(), parts["to"].nunique()
    together = len(parts[["from", "to"]].drop_duplicates()) == begins
    several = ends >= LEAST_ENDS or ends == begins > 1
    return (parts["sign"].iloc[0], parts["begin"]) if together and several else None


def _are_spans(given: pd.Series, *, least: int) -> bool:
    """Whether texts such as 8-9 are spans of one hour, of which there are so many at least."""
    if not re.search(f"^{HOURS}$", str(given.iloc[0])):  # which tells most columns at once
        return False
    spans = given.drop_duplicates().str.extract(f"^{HOURS}$")
    if len(spans) < least or spans.isna().any(axis=None):
        return False
    begin, end = (spans[name].astype("int64").to_numpy() for name in ("begin", "end"))
    return bool((begin <= 23).all() and np.isin(end - begin, (1, -23)).all())


def _are_codes(given: pd.Series) -> bool:
    """Whether texts such as HE01 are all the hours of a day, counted from 0 or from 1 on."""
    if not re.search(CODE_OF_HOUR, str(given.iloc[0])):  # which tells most columns at once
        return False
    found = given.drop_duplicates().str.extract(CODE_OF_HOUR, expand=False)
    if len(found) != HOURS_OF_DAY or found.isna().any():
        return False
    return bool(np.ptp(np.sort(found.astype("int64")) - np.arange(HOURS_OF_DAY)) == 0)
