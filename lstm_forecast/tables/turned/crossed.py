"""Tables whose rows hold the finer part of a stamp, such as a week, and whose header the years."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from lstm_forecast.errors import DataError
from lstm_forecast.tables.faults import setting
from lstm_forecast.tables.numbers.nothing import MISSING_WORDS
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.stamps.formats import language_of, stamps_by
from lstm_forecast.tables.stamps.guesses import guesses
from lstm_forecast.tables.stamps.header import NUMBERED, Parts, find_names, find_parts
from lstm_forecast.tables.stamps.month_names import ENGLISH, plain
from lstm_forecast.tables.stamps.parts import part_of
from lstm_forecast.tables.stamps.reading import unread
from lstm_forecast.tables.turned.table import row_texts

__all__ = [
    "YEAR", "RowParts", "find_row_parts", "find_seasons", "find_years", "literal", "no_year_of",
    "require_calendar_years", "require_no_others_in", "with_years", "years_and_more",
]  # fmt: skip

YEAR = r"(?:1[5-9]|20|21)\d\d"
LEAST_YEARS = 2
LEAST_DAYS = 28  # of months and days that are told from other numbers
LEAST_WEEKS = 50  # from which W01, W02 and so on are weeks, whatever their column is called
DAY_OF_YEAR = r"\d{1,2}[-./ ]{1,2}([^\W\d_]{3,}|\d{1,2})\.?|[^\W\d_]{3,}\.? \d{1,2}"  # 31-12, 1 Jan
LEAP_YEAR = 2020  # that has a week 53 and a day 366, too
SEASON = rf"(\D*)({YEAR})\W(\d\d)?(\d\d)"  # 2018/19, 2018-2019
FISCAL = r"(fy|fiscal|financial|season)\W*(year)?\W*\d{2,4}.*"
MOST_OTHERS = 2  # rows below the parts, such as that of a total
# The parts of a year that rows may hold: how they are written, and the largest number of each.
DIRECTIVES = {"month": "%m", "quarter": "%q", "week": "%V", "dayofyear": "%j"}
MOST = {"month": 12, "quarter": 4, "week": 53, "dayofyear": 366}
ENDINGS = ("woche", "week", "monat", "quartal")  # of compound words


@dataclass(frozen=True)
class RowParts:
    """A column that holds the finer part of stamps."""

    column: str
    parts: Parts
    others: tuple[str, ...]  # texts in it that are none


def find_years(names: Sequence[str]) -> Parts | None:
    """The names that are years, all written alike; None where these are few."""
    bare = [name for name in names if re.fullmatch(YEAR, name)]
    if len(bare) >= LEAST_YEARS:
        return Parts(tuple(bare), "year", ("%Y",), plain=True, whole=True)
    found = find_names(names)
    if found is None:
        return None
    cells = pd.Series(found.names, dtype="str")
    styles = years_and_more(cells)
    numbers = cells.str.slice(len(found.prefix))
    if found.is_counter and numbers.str.fullmatch(YEAR).all():
        styles = [f"{literal(found.prefix)}%Y"]
    return Parts(found.names, "year", tuple(styles), plain=False, whole=True) if styles else None


def years_and_more(cells: pd.Series) -> list[str]:
    """The format of names that begin with a year, behind which all say the same, as 1985 [YR1985]
    and 1985 (p) do; nothing for others.
    """
    found = cells.str.extract(rf"^({YEAR})(\D.*)$").dropna()
    if len(found) < len(cells):
        return []
    years = found[0].astype("int64")
    rests = {rest.replace(str(year), "%*") for year, rest in zip(years, found[1], strict=True)}
    if len(rests) > 1 or years.duplicated().any():
        return []
    before, year, _ = rests.pop().partition("%*")
    return [f"%Y{literal(before)}{year}"]


def literal(text: str) -> str:
    """A text as it stands in a format."""
    return text.replace("%", "%%")


def find_row_parts(frame: pd.DataFrame, columns: Sequence[str]) -> RowParts | None:
    """The column that holds months, quarters, weeks or days of years; None where none does."""
    for column in columns:
        texts = row_texts(frame, [column])
        distinct = list(texts[~texts.isin(MISSING_WORDS)].unique())
        for parts in _parts_in(distinct, column):
            others = [text for text in distinct if text not in parts.names]
            if len(parts.names) > len(others) and len(others) <= MOST_OTHERS:
                return RowParts(column, parts, tuple(others))
    return None


def _named_part(column: str) -> str | None:
    """The part of a year that a column is called like, such as week for Meldewoche."""
    words = [column, *re.split(r"[\W_]+", column)]
    words += [ending for ending in ENDINGS if plain(column).endswith(ending)]
    return next((part for word in words if (part := part_of(word)) in DIRECTIVES), None)


def require_no_others_in(table: Table, found: RowParts) -> None:
    """Raise DataError for rows that hold something else beside the parts of stamps."""
    if not found.others:
        return
    text = found.others[0]
    row = int((row_texts(table.frame, [found.column]) == text).to_numpy().argmax())
    remedy = f"set data.csv.comment: {text!r} ({setting('csv.comment', text)}), else correct it"
    if found.column != table.frame.columns[0] or re.search(r"\d", text):
        remedy = "take it out, or correct it"
    raise DataError(
        f"{table.place(row)}: column {found.column}: {text!r} is no {found.parts.kind}, as the"
        f" others are; if that is no row, {remedy}"
    )


def _parts_in(texts: Sequence[str], column: str) -> Iterator[Parts]:
    """What the texts in a column may be: numbers that it is called like, or words for them."""
    kind = _named_part(column)
    groups: dict[tuple[str, str], list[str]] = {}
    for text in texts:
        if found := re.fullmatch(NUMBERED, text):
            groups.setdefault((found[1], found[3]), []).append(text)
    for (before, behind), numbered in groups.items():
        called = part_of(before) or kind
        if called is None and before.strip().lower() == "w" and len(numbered) >= LEAST_WEEKS:
            called = "week"
        numbers = [int(re.sub(r"\D", "", text)) for text in numbered]
        if called in MOST and min(numbers) >= 1 and max(numbers) <= MOST[called]:
            style = f"{literal(before)}{DIRECTIVES[called]}{literal(behind)}"
            whole = len(numbers) >= MOST[called] - 1
            yield Parts(tuple(numbered), called, (style,), plain=not before, whole=whole)
    words = find_parts(texts)
    if words is not None and words.kind in DIRECTIVES and not words.plain:
        yield words
    if len(texts) >= LEAST_DAYS and all(re.fullmatch(DAY_OF_YEAR, text) for text in texts):
        yield from _days(texts)


def _days(texts: Sequence[str]) -> Iterator[Parts]:
    """Days of a year by their month and number, in the one order that fits all."""
    cells = pd.Series([f"{text} {LEAP_YEAR}" for text in texts], dtype="str")
    ending = " %Y"
    styles = [style for style in guesses(cells, "day") if style.endswith(ending)]
    if not styles and (sign := re.fullmatch(r"\d+(\D+)\d+(\D*)", texts[0])):
        orders = (("%d", "%m"), ("%m", "%d"))
        styles = [f"{one}{sign[1]}{other}{sign[2]}{ending}" for one, other in orders]
    fitting = [style for style in styles if not unread(cells, style).any()]
    if len(fitting) == 1:
        style = fitting[0].removesuffix(ending)
        yield Parts(tuple(texts), "day", (style,), plain=False, whole=len(texts) > MOST["week"])


def with_years(rows: str, years: str) -> str:
    """The format of a part of a year and the year behind it."""
    (language, part), (_, year) = language_of(rows), language_of(years)
    year = year.replace("%Y", "%G") if "%V" in part else year
    return f"{part} {year}" if language == ENGLISH else f"{language}: {part} {year}"


def require_calendar_years(table: Table, found: RowParts, names: Sequence[str]) -> None:
    """Raise DataError for years that may begin with another month than the calendar's: those whose
    ``names`` say so, and those whose parts are in another order.
    """
    style = with_years(found.parts.styles[0], "%Y")
    cells = pd.Series([f"{text} {LEAP_YEAR}" for text in found.parts.names], dtype="str")
    stamps = stamps_by(style, cells)[0]
    ordered = stamps.is_monotonic_increasing or stamps.is_monotonic_decreasing
    if ordered and not any(re.fullmatch(FISCAL, name, re.IGNORECASE) for name in names):
        return
    first, last = found.parts.names[0], found.parts.names[-1]
    raise DataError(
        f"{table.place(0)}: column {found.column}: {first} to {last} of {names[0]} to {names[-1]},"
        f" which may be years that do not begin in January; set data.layout: calendar, which takes"
        f" them for those of the calendar (init --set data.layout=calendar), or write the year of"
        f" each {found.parts.kind} into a column of its own"
    )


def find_seasons(names: Sequence[str]) -> list[str]:
    """The names that are two years each, one after the other, such as 2018/19."""
    found = {name: re.fullmatch(SEASON, name) for name in names}
    return [
        name for name, each in found.items() if each and (int(each[2]) + 1) % 100 == int(each[4])
    ]


def no_year_of(table: Table, found: RowParts, seasons: Sequence[str]) -> str:
    """What to do about parts of ``seasons``, each of which lies in two years."""
    kind = found.parts.kind
    return (
        f"{table.place(0)}: column {found.column}: {kind}s of {seasons[0]} to {seasons[-1]}, which"
        f" are two years each; write a row for each {kind}, with its year in a column beside it, or"
        f" set data.layout: wide, which takes each row for a series, or data.layout: rows"
    )
