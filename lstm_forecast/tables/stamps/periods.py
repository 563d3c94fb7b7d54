"""Periods as people write them: from a beginning to an end, seasons, fiscal and half years, dekads,
months of years that are counted.
Each has the stamp of its beginning, in formats that come before all other readings.
"""

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from lstm_forecast.tables.faults import Finding
from lstm_forecast.tables.names import words_of
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.stamps.clock import span_of_day
from lstm_forecast.tables.stamps.eastern import eastern_periods
from lstm_forecast.tables.stamps.formats import is_known, language_of, stamps_by
from lstm_forecast.tables.stamps.guesses import guesses
from lstm_forecast.tables.stamps.month_names import plain
from lstm_forecast.tables.stamps.parts import part_of
from lstm_forecast.tables.stamps.periods_of_day import period_in
from lstm_forecast.tables.stamps.weekdays import with_weekdays

__all__ = ["period_notes", "periods"]

LONGEST_PERIOD = 64  # characters
NOT_READ = "%*"
SHARE_OF_MONTHS = 0.9  # of the steps from one text to the next, where years are counted
BEHIND_BEGINNING = (
    r"\s+(?:-|–|—|to|bis|until|till|through|au|à|al|a|do|tot|til)\s+"  # noqa: RUF001
    r"|\s*[–—,;~～]\s*|/"  # noqa: RUF001
)
YEARS = r"(?P<first>\d{4})(?P<sign>\s*[-/–]\s*)(?P<last>\d{4}|\d\d)"  # noqa: RUF001
MONTHS = (
    r"(?P<first>[^\W\d_]{3,}\.?)(?P<sign>\s*[-/–]\s*)"  # noqa: RUF001
    r"(?P<last>[^\W\d_]{3,}\.?)(?P<year>[ -]\d{4})"
)
FISCAL = r"(FY|FJ|GJ)( ?)(\d{4}|\d\d)(?:([-/ ]*)(Q)[1-4])?"
SHORT_FISCAL_LENGTH = 2  # digits
# A half of a year, with and without a century, and what is written for it.
HALVES = {
    r"\d{4}([-/ ]?)(H|S|HY)[12]": "%Y{0}{1}%h",
    r"(H|S|HY)[12]([-/ ]*)\d{4}": "{0}%h{1}%Y",
    r"[12](H|S|HY)([-/ ]*)\d{4}": "%h{0}{1}%Y",
    r"[12](H|HY)([-/ ']*)\d\d": "%h{0}{1}%y",
    r"(H|HY)[12]([-/ ']+)\d\d": "{0}%h{1}%y",
}
DEKADS = {
    r"\d{4}([-/. ])\d\d?\1[1-3]": "%Y{0}%m{0}%K",
    r"(D|DEK|DEKAD|DEKADE)([-. ]?)[1-3] [a-z]{3} \d{4}": "{0}{1}%K %b %Y",
    r"\d{4}([-/.])\d\d([-/. ]?)(D|DEK)[1-3]": "%Y{0}%m{1}{2}%K",
}
COUNTED = (
    r"(?P<word>Y|Yr|Year)?(?P<blank> ?)(?P<year>[1-9]\d?)(?P<sign>[-/, ]*)"
    r"(?P<part>M|Mo|Month)?(?P<space> ?)(?P<month>0?[1-9]|1[0-2])"
)
DEKAD_WORDS = {
    "dekad", "dekade", "dekads", "dek", "decad", "decade", "decada", "dekada", "decendio",
}  # fmt: skip


def periods(cells: pd.Series, name: str) -> list[str]:
    """Formats of these texts, if they are periods by the look of the first one; several are
    readings that are possible. ``name`` is that of their column.

    The first cell alone decides for all other columns, so that these take no time.
    """
    if not len(cells):
        return []
    first = str(cells.iloc[0]).strip()
    if len(first) > LONGEST_PERIOD or "%" in first:
        return []
    return (
        _years(first, cells)
        or _by_shape(first, HALVES)
        or _fiscal(first)
        or _dekads(first, cells, name)
        or _counted(first, cells, name)
        or _months(first, cells, name)
        or _from_to(first, cells, name)
        or _of_day(first, cells, name)
        or eastern_periods(first, cells)
        or with_weekdays(first, cells, name)
    )


def period_notes(table: Table, cells: pd.Series, style: str) -> Iterator[Finding]:
    """What the beginning of a period was taken for."""
    _, written = language_of(style)
    first, where = str(cells.iloc[0]).strip(), (table.place(0),)
    ours = _ours(written) and is_known(style)
    stamp = stamps_by(style, cells.head(1))[0][0] if ours else None
    if NOT_READ in written:
        text = f"the stamp of a period is its beginning: {first!r} is {stamp}"
        yield Finding("stamps", "note", len(cells), text, where)
    if re.match(r"(?i)(FY|FJ|GJ) ?%[Yy]|%Y年度", written):
        text = f"fiscal years are taken for calendar years of the same number: {first!r} is {stamp}"
        yield Finding("stamps", "note", len(cells), text, where)
    if "%E" in written:
        text = f"years are counted from 1 on: {first!r} is {stamp}"
        yield Finding("stamps", "note", len(cells), text, where)
    if re.fullmatch(r"%G\W*%V", written):  # nothing but numbers
        text = f"weeks are those of ISO 8601, which begin on Monday: {first!r} is {stamp}"
        yield Finding("stamps", "note", len(cells), text, where)
    if period_in(written):
        text = f"periods of a day are called by their number from midnight on: {first!r} is {stamp}"
        yield Finding("stamps", "note", len(cells), text, where)
    if "%K" in written:
        text = f"dekads begin on day 1, 11 and 21 of a month: {first!r} is {stamp}"
        yield Finding("stamps", "note", len(cells), text, where)


def _ours(written: str) -> list[str]:
    return re.findall(r"%[*EKOPQVYy]", written)


def _years(first: str, cells: pd.Series) -> list[str]:
    """Seasons and spans of years: what is behind the first year is the next one in all cells, or
    later by as many years in each.
    """
    if not (found := re.fullmatch(YEARS, first)):
        return []
    parts = cells.str.strip().str.extract(f"^{YEARS}$")
    if parts.isna().any(axis=None):
        return []
    begin, end = parts["first"].astype("int64"), parts["last"].astype("int64")
    short = len(found["last"]) == len("24")
    later = (end - begin) % 100 if short else end - begin
    if later.nunique() != 1 or later.iloc[0] < 1 or (short and later.iloc[0] != 1):
        return []
    # one cell such as 2000-01 is a month as well
    return [f"%Y{found['sign']}{NOT_READ}"] if begin.nunique() > 1 else []


def _fiscal(first: str) -> list[str]:
    if not (found := re.fullmatch(FISCAL, first, re.IGNORECASE)):
        return []
    word, blank, year, sign, quarter = found.groups()
    written = "%y" if len(year) == SHORT_FISCAL_LENGTH else "%Y"
    return [f"{word}{blank}{written}" + (f"{sign}{quarter}%q" if quarter else "")]


def _by_shape(first: str, shapes: dict[str, str]) -> list[str]:
    for shape, style in shapes.items():
        if found := re.fullmatch(shape, first, re.IGNORECASE):
            return [style.format(*found.groups())]
    return []


def _dekads(first: str, cells: pd.Series, name: str) -> list[str]:
    """Thirds of a month, which may as well be its first days unless the column or the cells are
    called so.
    """
    found = _by_shape(first, DEKADS)
    thirds = cells.str.strip().str.extract(r"^.*[^\d]([1-3])(?: .*)?$", expand=False)
    if not found or thirds.isna().any():
        return []
    named = DEKAD_WORDS & {*words_of(plain(name)), *words_of(first)}
    if not named and re.search(r"\D\d\D", first) and thirds.nunique() < len("123"):
        return []  # months are written without zeros, as days are then
    return found if named else [found[0].replace("%K", "%d"), *found]


def _counted(first: str, cells: pd.Series, name: str) -> list[str]:
    """Months of years that are counted from 1 on, one row after the other, if they are called so:
    1-01 to 3-12 in a column called month, or Year 1, Month 1.
    """
    found = re.fullmatch(COUNTED, first, re.IGNORECASE)
    if found is None or not (found["sign"] or found["part"]):
        return []
    if not (found["word"] or found["part"] or "month" in map(part_of, words_of(name))):
        return []
    parts = cells.str.strip().str.extract(f"(?i)^{COUNTED}$")[["year", "month"]]
    if parts.isna().any(axis=None):
        return []
    numbers = parts.astype("int64")
    steps = np.diff(12 * numbers["year"] + numbers["month"])  # as they stand
    counted = numbers["year"].min() == 1 and numbers["year"].nunique() > 1
    if not counted or np.mean(np.abs(steps) == 1) < SHARE_OF_MONTHS:
        return []
    word, blank, sign, part, space = (
        found[name] or "" for name in ("word", "blank", "sign", "part", "space")
    )
    return [f"{word}{blank}%E{sign}{part}{space}%m"]


def _months(first: str, cells: pd.Series, name: str) -> list[str]:
    """Months from one to another of a year, such as Jan-Mar 2020."""
    if not (found := re.fullmatch(MONTHS, first)):
        return []
    parts = cells.str.strip().str.extract(f"^{MONTHS}$").dropna()
    begins = parts["first"] + parts["year"]
    styles = guesses(begins, name) if len(begins) else []
    return [
        re.sub(r"(%[bB])", rf"\1{found['sign']}{NOT_READ}", style, count=1)
        for style in styles
        if re.search(r"%[bB][ -]%Y$", style)
    ]


def _from_to(first: str, cells: pd.Series, name: str) -> list[str]:
    """Stamps from one to another, of which the second may lack the day."""
    for between in re.finditer(BEHIND_BEGINNING, first):
        begin, end = first[: between.start()], first[between.end() :]
        alike = _shape(begin) == _shape(end)
        ends = (_shape(end), _shape(end).removesuffix(" b"))  # 8:00 - 9:00 Uhr
        shorter = between[0].startswith(" ") and _shape(begin).endswith(ends)
        if not (alike or shorter) or len(re.findall(r"\w+", begin)) == 1:
            continue
        texts = cells.str.strip()
        if not (texts.map(_shape) == _shape(first)).all():
            return []
        begins = texts.str.partition(between[0])[0]
        return [f"{style}{between[0]}{NOT_READ}" for style in guesses(begins, name)]
    return []


def _of_day(first: str, cells: pd.Series, name: str) -> list[str]:
    """Spans within a day behind its date."""
    found = span_of_day(first, cells)
    if found is None:
        return []
    sign, begins = found
    return [f"{style}{sign}{NOT_READ}" for style in guesses(begins, name)]


def _shape(text: str) -> str:
    return re.sub(r"\d+", "0", re.sub(r"[^\W\d_]+", "b", text))
