"""How the stamps of a table that is turned round are written: names of columns, or these behind
the part that rows hold.
"""

import re
from dataclasses import replace

import pandas as pd

from lstm_forecast.config.stamp_format import STEPS
from lstm_forecast.errors import DataError
from lstm_forecast.tables.number_columns import numbers_in
from lstm_forecast.tables.numbers.style import MOST_ODD_CELLS, Written
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.stamps.columns import (
    StampStyle,
    find_style,
    looks_like_time,
    parse_stamps,
)
from lstm_forecast.tables.stamps.formats import language_of
from lstm_forecast.tables.stamps.guesses import guesses
from lstm_forecast.tables.stamps.header import Names, Parts
from lstm_forecast.tables.stamps.month_names import ENGLISH
from lstm_forecast.tables.stamps.parts import joined, part_of
from lstm_forecast.tables.stamps.reading import ISO, only_reading, readings_of, unread
from lstm_forecast.tables.stamps.time_columns import find_time
from lstm_forecast.tables.turned.crossed import (
    YEAR,
    find_row_parts,
    literal,
    with_years,
    years_and_more,
)
from lstm_forecast.tables.turned.table import (
    DAY,
    Header,
    Turn,
    TurnedTable,
    row_texts,
    span_of,
    with_values,
)

__all__ = [
    "any_years", "are_parts", "are_years", "calendar_style", "columns_of_time", "fits_names",
    "names_style", "require_stamps", "rows_of_parts",
]  # fmt: skip

MIDNIGHTS = ("", " 00:00", " 00:00:00", "T00:00", "T00:00:00")  # behind a day
# Texts of days that are ISO 8601, and how these are written.
DAYS = {
    **{rf"\d{{4}}-\d\d-\d\d{midnight}": f"{DAY}{midnight}" for midnight in MIDNIGHTS},
    r"\d{4}-\d\d": "%Y-%m",
    r"\d{8}": "%Y%m%d",
}
MOST_OTHER_NAMES = 0.25  # share of names that are sums and means beside stamps
PLAIN = Written()  # numbers as a computer writes them


def rows_of_parts(frame: pd.DataFrame, parts: Parts) -> tuple[str, ...]:
    """The columns that hold the coarser part of stamps, of which names of others are the ``parts``:
    years, or days for hours; nothing where there is none.
    """
    if parts.kind == "hour":
        columns = columns_of_time(frame)
        are_days = len(columns) > 1 or any(looks_like_time(frame[name], name) for name in columns)
        return columns if are_days else ()
    years = [name for name in map(str, frame.columns) if are_years(row_texts(frame, [name]))]
    named = [name for name in years if part_of(name) == "year"]
    return tuple((named or years)[:1])


def are_parts(parts: Parts) -> bool:
    """Whether names are parts of stamps without doubt, beside what holds the rest of these: in
    words, or all the hours of days or months of years.
    """
    return not parts.plain or (parts.whole and parts.kind != "quarter")


def are_years(texts: pd.Series) -> bool:
    """Whether texts that are not empty are years, nearly all of them."""
    given = texts[texts != ""]
    return len(given) > 0 and bool(given.str.fullmatch(YEAR).mean() > 1 - MOST_ODD_CELLS)


def columns_of_time(frame: pd.DataFrame) -> tuple[str, ...]:
    """The columns that hold the stamps of rows; nothing where there are none."""
    found = {str(name): numbers_in(frame[name], PLAIN.style, {"": 1.0}) for name in frame.columns}
    numbers = {name: cells for name, cells in found.items() if cells is not None}
    try:
        return find_time(frame, numbers)
    except DataError:
        return ()


def calendar_style(
    table: Table, texts: TurnedTable, how: Turn, parts: Parts, given: str | None
) -> StampStyle:
    """How the ``texts`` of stamps are written, in whose rows stand those of a ``table``, by all of
    them; a format that is ``given`` may be that of both parts or of the first.

    Raises DataError where there is no such format, or several that differ.
    """
    if how.years:
        texts = with_values(table, texts, how)
    cells = texts.frame[how.time]
    before = [given] if given else _styles_of_rows(table, how)
    compose = with_years if how.years else _composed
    styles = [compose(one, part) for one in before for part in parts.styles]
    styles = [*([given] if given else []), *styles]
    readings = readings_of(texts, cells, how.time, styles, how.timezone)
    if not readings:
        parse_stamps(texts, column=how.time, timestamp_format=styles[-1], timezone=how.timezone)
    style, _ = only_reading(texts, cells, how.time, readings)
    return find_style(texts, [how.time], timestamp_format=style, timezone=how.timezone)


def fits_names(header: Header, names: Names, given: str | None) -> bool:
    """Whether names are stamps by a format that is ``given`` or guessed."""
    return bool(_styles_of_names(header, names, given))


def require_stamps(header: Header) -> None:
    """Raise DataError where all names but a few are stamps, as beside sums of years: what they are
    would be a guess.
    """
    cells = header.frame.iloc[:, 0]
    for style in [ISO, *guesses(cells, "time")]:
        bad = unread(cells, style)
        if bad.any() and bad.mean() <= MOST_OTHER_NAMES:
            odd, stamps = cells[bad].iloc[0], list(cells[~bad])
            raise DataError(
                f"{header.place(0)}: column {odd}: no stamp ({int(bad.sum()):,} such columns), as"
                f" {span_of(stamps)} are; take it out of the table, or give it a name without a"
                " number"
            )


def names_style(
    header: Header, names: Names, given: str | None, timezone: str | None
) -> tuple[StampStyle, str | None]:
    """How names that are stamps are written, and what stands before their numbers where they count
    steps.

    Raises DataError for what has several readings.
    """
    if names.counts and given in (None, STEPS):
        return StampStyle(None), names.prefix
    column = str(header.frame.columns[0])
    cells = header.frame[column]
    styles = _styles_of_names(header, names, given)
    if not styles:
        parse_stamps(header, column=column, timestamp_format=given, timezone=timezone)
    if given is None and styles == years_and_more(cells):
        return StampStyle(styles[0]), None
    if styles[0] == ISO or not names.prefix or not styles[0].startswith(literal(names.prefix)):
        return find_style(header, [column], timestamp_format=given, timezone=timezone), None
    style, _ = only_reading(header, cells, column, readings_of(header, cells, column, styles))
    return StampStyle(style), None


def _styles_of_names(header: Header, names: Names, given: str | None) -> list[str]:
    """The formats that fit all names: of all of each, or of what stands behind their beginning."""
    cells = header.frame.iloc[:, 0]
    if given is not None:
        return [given] if given == STEPS or not unread(cells, given).any() else []
    if cells.str.fullmatch(r"\d{1,5}").all():
        return []
    styles = [ISO, *guesses(cells, "time")]
    fitting = [style for style in styles if not unread(cells, style).any()]
    fitting = fitting or years_and_more(cells)
    if fitting or not names.prefix:
        return fitting
    behind = guesses(cells.str.slice(len(names.prefix)), "time")
    styles = [literal(names.prefix) + style for style in behind]
    return [style for style in styles if not unread(cells, style).any()]


def _styles_of_rows(table: Table, how: Turn) -> list[str]:
    """How the part of a stamp that rows hold is written.

    Raises DataError where it has several readings or none.
    """
    rows = how.rows
    if how.years:
        finer = find_row_parts(table.frame, rows)
        return [] if finer is None else list(finer.parts.styles)
    usual = joined(table, rows)[2]
    if usual is not None:
        return [usual]
    texts = row_texts(table.frame, rows)
    given = texts[texts != ""]
    if are_years(given):
        return ["%Y"]
    for shape, style in DAYS.items():
        if given.str.fullmatch(shape).all():
            return [style]
    column = " ".join(rows)
    found = find_style(replace(table, frame=texts.to_frame(column)), [column]).format
    if found is None:
        raise DataError(
            f"{table.place(0)}: column {column}: expected a day or a year, as the header holds the"
            f" rest of each stamp, received {texts.iloc[0]!r}; set data.timestamp_format to how"
            " the day is written, with a time of day as it stands there, such as '%Y-%m-%dT00', or"
            " data.layout: rows"
        )
    return [found]


def any_years(frame: pd.DataFrame) -> bool:
    """Whether a column may hold years, as its first cell tells, be it a text or a number."""
    cells = frame.head(1).astype("object").to_numpy().ravel()  # each of its own type
    return any(re.fullmatch(rf"{YEAR}(?:\.0)?", str(cell)) for cell in cells)


def _composed(rows: str, part: str) -> str:
    """The format of both parts of a stamp."""
    (language, before), (other, behind) = language_of(rows), language_of(part)
    language = other if language == ENGLISH else language
    return f"{before} {behind}" if language == ENGLISH else f"{language}: {before} {behind}"
