"""Texts and numbers to time stamps by a format, and back: the directives of strptime, and what it
has none for.

- ``%q`` is a quarter, as ``pandas.Period`` writes it: ``%YQ%q`` is 2008Q1. ``%h`` is a half of a
  year, and ``%K`` a dekad of a month, which begins on day 1, 11 or 21.
- ``%E`` is a year that is counted from 1 on, without zeros in front: ``%E-%m`` is 1-01.
- ``%N`` is a time of day as a number: 930 is 9:30, and 5 is 0:05.
- ``%P`` is a half hour of a day, ``%Q`` a quarter of an hour and ``%O`` an hour, numbered from 1 on
  since midnight of a zone.
- ``%*`` is what is not read, such as the end of a period.
- ``%G-W%V`` without a weekday is the Monday of an ISO week; a format without a day is the first.
- ``%H`` may be 24, which is 0:00 of the next day.
- ``%y`` of 50 and more is a year of the last century, as most tables hold no far future.
- ``%Z`` are letters (CEST) that become offsets, also with one behind them (UTC+2).
- ``de: %d. %B %Y`` has the names of months in another language. ``%b`` and ``%B`` read long and
  short names alike.
"""

import datetime
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.tables.stamps.month_names import ENGLISH, month_names, month_numbers, plain
from lstm_forecast.tables.stamps.periods_of_day import (
    MINUTES_OF_PERIOD,
    begins_of_periods,
    number_of_period,
)
from lstm_forecast.tables.stamps.zones import letter_offsets

__all__ = [
    "is_beyond_strptime", "is_known", "language_of", "parts_of", "stamps_by", "written_by",
]  # fmt: skip

SECOND = 1_000_000  # microseconds
OFFSET = r"[+-]\d\d?(?::?\d\d)?"
ZONE = re.compile(r"(?P<letters>[A-Z]*)(?:(?P<sign>[+-])(?P<hour>\d\d?):?(?P<minute>\d\d)?)?")
LANGUAGE = re.compile(r"([a-z]{2}): (.*)", re.DOTALL)
BLANKS = r"[\s\pZ]+"  # also those that do not break
# All but the signs of ASCII that are none: RE2 takes long to learn which letters there are.
LETTERS = r"[^\x00-@\[-`{-\x7f]+\.?"
PADDED, TWO_DIGITS = "ymdVHIMS", r"\d\d"  # with a zero in front, where numbers touch
NUMBERED = f"YG{PADDED}"
TEXT_OF_DIRECTIVE = {
    "Y": r"\d{4}", "G": r"\d{4}", "E": r"[1-9]\d{0,3}",
    "u": "[1-7]", "q": "0?[1-4]", "h": "[12]", "K": "[1-3]|I{1,3}",
    "N": r"\d{1,4}", "P": r"\d\d?", "Q": r"\d{1,3}", "O": r"\d\d?",
    "f": r"\d{1,9}", "j": r"\d{1,3}",
    "p": r"[ap]\.?(?:m\.?)?", "z": rf"Z|{OFFSET}", "Z": rf"[a-z]+(?:{OFFSET})?",
    **dict.fromkeys(PADDED, r"\d\d?"), **dict.fromkeys("ab", LETTERS),
}  # fmt: skip
BEHIND_DIRECTIVE = {"q": "(?:st|nd|rd|th)?", "K": "[ªº]?"}  # 1st quarter, 1ª década
ROMAN = {"I": "1", "II": "2", "III": "3"}
NOT_READ, ANYTHING = "*", ".*"
# Those which strptime has not, or reads otherwise.
OURS = {"q", "h", "K", "E", "N", "Z", "y", *MINUTES_OF_PERIOD, NOT_READ}
YEAR_OF_CENTURY = 50  # from which on two digits are a year of the last century; strptime has 69
# What is written in the place of the directives that strftime has not.
WRITTEN: Mapping[str, Callable[[pd.DatetimeIndex], pd.Index]] = {
    "%q": lambda stamps: stamps.quarter,
    "%h": lambda stamps: (stamps.month + 5) // 6,
    "%K": lambda stamps: ((stamps.day - 1) // 10 + 1).where(stamps.day < 31, 3),
    "%E": lambda stamps: stamps.year,
    "%N": lambda stamps: stamps.hour * 100 + stamps.minute,
    "%*": lambda stamps: pd.Index(["..."] * len(stamps)),
    **{
        f"%{name}": partial(number_of_period, minutes=minutes)
        for name, minutes in MINUTES_OF_PERIOD.items()
    },
}
Ints = NDArray[np.int64]
Floats = NDArray[np.floating[Any]]
Numbers = Mapping[str, Floats]  # by directive, (n_cells,), NaN where a cell does not fit


def language_of(style: str) -> tuple[str, str]:
    """The language of the names of months, and the format without it."""
    named = LANGUAGE.fullmatch(style)
    return (named[1], named[2]) if named else (ENGLISH, style)


def is_beyond_strptime(style: str) -> bool:
    """Whether a format means something that strptime does not read, or reads otherwise."""
    directives = set(_directives(language_of(style)[1]))
    weeks = bool(directives & {"V", "G"}) and not directives & {"u", "a", "A", "w"}
    return LANGUAGE.fullmatch(style) is not None or weeks or not directives.isdisjoint(OURS)


def is_known(style: str) -> bool:
    """Whether a format is read here, beside what strptime reads."""
    with suppress(ValueError):
        return bool(_pattern(style))
    return False


def stamps_by(
    style: str, cells: pd.Series, *, timezone: str | None = None
) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex]:
    """Stamps of the texts, NaT where one does not fit, and the local times that stand there.

    They are aware where the format has an offset or letters, which may be those of a ``timezone``:
    with that offset if it is the same in all cells, else in UTC. Raises ValueError for what is no
    format.
    """
    parts = parts_of(style, cells)
    days = _days(_numbers(parts, language_of(style)[0]))
    for name in MINUTES_OF_PERIOD.keys() & set(parts):
        numbers = parts[name].astype("float64").to_numpy()
        return begins_of_periods(days, numbers, MINUTES_OF_PERIOD[name], timezone)
    local = pd.DatetimeIndex((days + _time_of_day(parts)).astype("datetime64[us]"))
    fits = parts.notna().all(axis=1).to_numpy()
    local = pd.DatetimeIndex(local.where(fits))
    if "z" not in parts and "Z" not in parts:
        return local, local
    ahead = _ahead(parts, timezone)
    stamps = (local - pd.to_timedelta(ahead * 3600, unit="s")).as_unit("us").tz_localize("UTC")
    offsets = np.unique(ahead[~np.isnan(ahead)])
    return (stamps.tz_convert(_fixed(offsets[0])) if len(offsets) == 1 else stamps), local


def parts_of(style: str, cells: pd.Series) -> pd.DataFrame:
    """The text of each directive of a format in the cells, a column each; missing where a cell
    does not fit.

    Raises ValueError for what is no format.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    frame = cells.astype("str").str.strip().to_frame("texts")
    schema = pa.schema({"texts": pa.large_string()})
    texts = pa.Table.from_pandas(frame, schema, preserve_index=False)["texts"]
    found = pc.extract_regex(texts, _pattern(style))  # in a tenth of the time that pandas takes
    names = [field.name for field in found.type]
    parts: pd.DataFrame = pa.Table.from_arrays(found.flatten(), names=names).to_pandas()
    return parts.set_index(cells.index)


def written_by(style: str, stamps: pd.DatetimeIndex) -> pd.Index:
    """The stamps as the format writes them, which ``stamps_by`` reads again.

    Raises ValueError for a language whose names are not known.
    """
    language, style = language_of(style)
    text = pd.Series("", index=range(len(stamps)), dtype="str")
    for piece in re.split(r"(%.)", style):
        if piece in WRITTEN:
            text += pd.Series(WRITTEN[piece](stamps).astype("str"), dtype="str")
        elif piece in ("%b", "%B"):
            names = month_names(language, short=piece == "%b", day="%d" in style)
            text += pd.Series(np.array(names, object)[stamps.month - 1], dtype="str")
        elif piece:
            text += pd.Series(stamps.strftime(piece), dtype="str")
    return pd.Index(text)


@cache
def _pattern(style: str) -> str:
    """What the texts of a format are like, as a regular expression of RE2 with a group for each
    directive.
    """
    _, style = language_of(style)
    text, found = "", set[str]()
    for literal, directive, adjacent in _pieces(style):
        text += BLANKS.join(map(re.escape, re.split(r"\s+", literal)))
        name = {"A": "a", "B": "b"}.get(directive, directive)
        if not name:
            continue
        if name == NOT_READ:
            text += ANYTHING
            continue
        if name not in TEXT_OF_DIRECTIVE or name in found:
            problem = "twice" if name in found else "is no directive that is known"
            raise ValueError(f"%{directive} {problem} in {style!r}")
        found.add(name)
        written = TWO_DIGITS if adjacent and name in PADDED else TEXT_OF_DIRECTIVE[name]
        text += f"(?P<{name}>{written}){BEHIND_DIRECTIVE.get(name, '')}"
    if not found & {"Y", "y", "G", "E"} or ("V" in found) != ("G" in found):
        raise ValueError(f"{style!r} has no year, or no week of an ISO year (%G and %V)")
    return f"(?i)^{text}$"


def _pieces(style: str) -> Iterator[tuple[str, str, bool]]:
    """Literal text, the directive behind it, and whether that touches another one, so that its
    digits have to be all there.
    """
    parts = re.split(r"%(.)", style, flags=re.DOTALL)
    literals, directives = [*parts[::2], ""], [*parts[1::2], ""]
    for k, directive in enumerate(directives):
        before = k > 0 and not literals[k] and directives[k - 1] in NUMBERED
        after = k + 1 < len(directives) - 1 and not literals[k + 1]
        yield literals[k], directive, before or (after and directives[k + 1] in NUMBERED)


def _directives(style: str) -> list[str]:
    return re.findall(r"%(.)", style, re.DOTALL)


def _numbers(parts: pd.DataFrame, language: str) -> dict[str, Floats]:
    """The numbers of the directives of a date."""
    numbers = {
        name: parts[name].astype("float64").to_numpy() for name in "YGymdquVjhE" if name in parts
    }
    if "b" in parts:
        known = month_numbers(language)
        months = {name: known.get(plain(name)) for name in parts["b"].dropna().unique()}
        numbers["m"] = parts["b"].map(months).to_numpy(np.float64)
    if "y" in numbers:
        numbers["Y"] = 1900 + numbers["y"] + 100 * (numbers["y"] < YEAR_OF_CENTURY)
    if "E" in numbers:
        numbers["Y"] = numbers["E"]
    if "q" in numbers:
        numbers["m"] = 3 * numbers["q"] - 2
    if "h" in numbers:
        numbers["m"] = 6 * numbers["h"] - 5
    if "K" in parts:
        dekads = parts["K"].str.upper().replace(ROMAN).astype("float64").to_numpy()
        numbers["d"] = 10 * dekads - 9
    return numbers


def _days(numbers: Numbers) -> NDArray[np.datetime64]:
    """The day of each row, NaT where there is no such day."""
    if "G" in numbers:
        fourth = _date(numbers["G"], 1, 4)  # which lies in the first week of a year
        monday = fourth - (fourth.astype(np.int64) + 3) % 7
        days = monday + _whole(7 * (numbers["V"] - 1))
        year = (days + 3).astype("datetime64[Y]")  # a week belongs to that of its Thursday
        fits = (year == fourth.astype("datetime64[Y]")) & (numbers["V"] >= 1)
        days = days + _whole(numbers["u"] - 1) if "u" in numbers else days
        return np.where(fits, days, np.datetime64("NaT"))
    if "j" in numbers:
        days = _date(numbers["Y"], 1, 1) + _whole(numbers["j"] - 1)
        fits = days.astype("datetime64[Y]") == _date(numbers["Y"], 1, 1).astype("datetime64[Y]")
        return np.where(fits, days, np.datetime64("NaT"))
    return _date(numbers["Y"], numbers.get("m", 1), numbers.get("d", 1))


def _date(year: Floats, month: Floats | int, day: Floats | int) -> NDArray[np.datetime64]:
    first = _whole((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = first.astype("datetime64[D]") + _whole(np.broadcast_to(day, first.shape) - 1)
    fits = (days.astype("datetime64[M]") == first) & (np.asarray(month) >= 1)
    return np.where(fits & (np.asarray(month) <= 12) & (year >= 1), days, np.datetime64("NaT"))


def _whole(numbers: Floats) -> Ints:
    """Numbers of rows that fit; any for the others, which nobody looks at."""
    return np.nan_to_num(np.asarray(numbers, np.float64)).astype(np.int64)


def _time_of_day(parts: pd.DataFrame) -> NDArray[np.timedelta64]:
    """Time since 0:00, NaT where a clock shows no such time; 24:00 is one."""
    nothing: Floats = np.zeros(len(parts))
    hour, minute, second = (
        parts[name].astype("float64").to_numpy() if name in parts else nothing
        for name in ("I" if "I" in parts else "H", "M", "S")
    )
    if "N" in parts:
        hour, minute = np.divmod(parts["N"].astype("float64").to_numpy(), 100)
    fits = (minute < 60) & (second < 60)
    if "I" in parts:
        fits &= (hour >= 1) & (hour <= 12)
        hour = hour % 12
        if "p" in parts:
            hour = hour + 12 * parts["p"].str.lower().str.startswith("p").to_numpy(np.float64)
    fraction = nothing
    if "f" in parts:
        fraction = parts["f"].str.ljust(9, "0").astype("float64").to_numpy() // 1000
    rest = (60 * minute + second) * SECOND + fraction
    fits &= (hour < 24) | ((hour == 24) & (rest == 0))
    ticks = _whole(3600.0 * SECOND * hour + rest).astype("timedelta64[us]")
    return np.where(fits, ticks, np.timedelta64("NaT"))


def _ahead(parts: pd.DataFrame, timezone: str | None) -> Floats:
    """Hours ahead of UTC, NaN for letters without one meaning."""
    text = (parts["z"] if "z" in parts else parts["Z"]).str.upper()
    each = {found[0]: found for cell in text.dropna().unique() if (found := ZONE.fullmatch(cell))}
    known = letter_offsets({found["letters"] for found in each.values()} - {""}, timezone)
    hours = {cell: _hours(found, known) for cell, found in each.items()}
    return text.map(hours).to_numpy(np.float64)


def _hours(found: re.Match[str], known: Mapping[str, float]) -> float:
    ahead = known.get(found["letters"], np.nan) if found["letters"] else 0.0
    if not found["sign"]:
        return ahead
    if ahead != 0:  # an offset counts from UTC, and from nothing else
        return np.nan
    behind = int(found["hour"]) + int(found["minute"] or 0) / 60
    return -behind if found["sign"] == "-" else behind


def _fixed(hours: float) -> datetime.timezone:
    ahead = datetime.timedelta(hours=float(hours))
    return datetime.timezone(ahead) if ahead else datetime.UTC
