"""A first look at a table that may be turned round: how its rows are read, and what other reading
there is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

import pandas as pd

from lstm_forecast.config.layout import LayoutOfTable
from lstm_forecast.errors import DataError
from lstm_forecast.tables.faults import Finding
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.stamps.columns import StampStyle
from lstm_forecast.tables.stamps.header import (
    Names,
    Parts,
    find_names,
    find_parts,
    no_names,
    require_no_others,
)
from lstm_forecast.tables.stamps.parts import part_of
from lstm_forecast.tables.turned.columns import (
    Head,
    Others,
    find_others,
    find_row_keys,
    hold_numbers,
)
from lstm_forecast.tables.turned.crossed import (
    find_row_parts,
    find_seasons,
    find_years,
    no_year_of,
    require_calendar_years,
    require_no_others_in,
)
from lstm_forecast.tables.turned.styles import (
    any_years,
    are_parts,
    are_years,
    calendar_style,
    columns_of_time,
    fits_names,
    names_style,
    require_stamps,
    rows_of_parts,
)
from lstm_forecast.tables.turned.table import Turn, header_of, row_texts, span_of, stamp_texts

__all__ = ["ROWS", "Asked", "Look", "look_round"]

LEAST_SHORT_NUMBERS = 12  # from which numbers of columns beside a time may be stamps


@dataclass(frozen=True)
class Asked:
    """What the caller says of a table, as ``first_look`` takes it."""

    layout: LayoutOfTable | None = None
    timestamp: Sequence[str] = ()
    timestamp_format: str | None = None
    timezone: str | None = None
    series_columns: Sequence[str] = ()
    targets: Sequence[str] = ()


@dataclass(frozen=True)
class Look:
    """How the rows of a table are read."""

    layout: LayoutOfTable | None = None  # None: each is one stamp of one series
    turn: Turn | None = None
    style: StampStyle | None = None
    static: tuple[str, ...] = ()  # columns with one value in each series
    findings: tuple[Finding, ...] = ()


ROWS = Look()


def look_round(table: Table, asked: Asked) -> Look:
    """How the rows of a ``table`` of cells as they stand in their file are read.

    Raises DataError where the layout that is ``asked`` for cannot be, where rows cannot be told
    apart, and where columns of a calendar are neither parts nor made of these.
    """
    if asked.layout == "rows" or not len(table.frame):
        return ROWS
    if asked.layout is None and not set(asked.targets).isdisjoint(table.frame.columns):
        return ROWS
    look = None
    if asked.layout != "wide":
        look = _calendar(table, asked)
    if look is None and asked.layout != "calendar":
        look = _wide(table, asked)
    if look is None and asked.layout is not None:
        raise DataError(no_names(table.sources[0][0], asked.layout, list(table.frame.columns)))
    return look or ROWS


def _calendar(table: Table, asked: Asked) -> Look | None:
    """The look at a table whose rows hold a part of the stamp; None where it is none."""
    frame, given = table.frame, [*asked.timestamp, *asked.series_columns]
    languages = asked.layout == "calendar" or any_years(frame)
    names = [name for name in map(str, frame.columns) if name not in given]
    parts = find_parts(names, languages=languages)
    if parts is None:
        return _crossed(table, asked, names)
    beside = [str(name) for name in frame.columns if name not in parts.names]
    unnamed = [name for name in beside if name not in asked.series_columns]
    rows = tuple(asked.timestamp) or rows_of_parts(frame[unnamed], parts)
    if not rows or not set(rows) <= set(beside):
        return None
    if asked.layout is None and not are_parts(parts):
        whole = parts.whole  # a few numbers may be anything
        return _doubtful(table, parts.names, rows, "calendar", f"{parts.kind}s") if whole else None
    return _of_parts(table, asked, parts, rows)


def _crossed(table: Table, asked: Asked, names: Sequence[str]) -> Look | None:
    """The look at a table whose rows hold the finer part of a stamp, and whose header the years;
    None where it is none.
    """
    years = find_years(names)
    if years is None and asked.layout is not None:
        return None
    of_years = find_seasons(names) if years is None else years.names
    taken = {*of_years, *asked.series_columns}
    beside = [str(name) for name in table.frame.columns if name not in taken]
    rows = [name for name in asked.timestamp or beside if name in beside]
    finer = find_row_parts(table.frame, rows) if of_years else None
    if finer is None or (asked.layout is None and _are_named(table, finer.column, beside)):
        return None
    require_no_others_in(table, finer)
    if years is None:
        raise DataError(no_year_of(table, finer, of_years))
    require_no_others(table.sources[0][0], list(map(str, table.frame.columns)), of_years, ())
    if asked.layout is None:
        require_calendar_years(table, finer, of_years)
    return _of_parts(table, asked, years, (finer.column,))


def _are_named(table: Table, part: str, beside: Sequence[str]) -> bool:
    """Whether columns of texts beside those that hold a ``part`` of a year tell all rows apart."""
    frame = table.frame
    others = [
        name
        for name in beside
        if name != part and Head.of(frame[name]).is_text and not find_row_parts(frame, [name])
    ]
    return bool(find_row_keys(table, (), others, ()))


def _of_parts(table: Table, asked: Asked, parts: Parts, rows: tuple[str, ...]) -> Look:
    """The look at a table of which rows hold one part of the stamp, and names of columns the other.

    Raises DataError for other columns of numbers, unless the layout is ``asked`` for.
    """
    frame = table.frame
    beside = [str(name) for name in frame.columns if name not in parts.names]
    free = [name for name in beside if name not in rows]
    keys = find_row_keys(table, rows, free, asked.series_columns)
    keys = keys or ()  # stamps that are repeated without one are a fault of their own
    others = find_others(table, parts.names, [name for name in free if name not in keys], keys)
    if others.odd and asked.layout is None:
        raise DataError(_not_parts(table, parts.names, others))
    how = Turn(
        parts.names,
        time=" ".join(rows),
        value=_value(frame, asked),
        rows=rows,
        keys=keys,
        timezone=asked.timezone,
        years=parts.kind == "year",
    )
    texts, _ = stamp_texts(table, how)
    style = calendar_style(table, texts, how, parts, asked.timestamp_format)
    text = f"rows hold {' '.join(rows)}, and the header its {parts.kind}s, {span_of(parts.names)}"
    told = _told(table, "calendar", text, others, how)
    return Look("calendar", replace(how, style=style.format), style, others.static, told)


def _wide(table: Table, asked: Asked) -> Look | None:
    """The look at a table with a row per series; None where it is none."""
    frame, source = table.frame, table.sources[0][0]
    names = _names_of_values(frame, asked.series_columns)
    if names is None or (asked.layout is None and asked.timestamp):
        return None
    time = asked.timestamp[0] if asked.timestamp else _free("time", frame)
    header = header_of(table, names.names, column=time)
    beside = [str(name) for name in frame.columns if name not in names.names]
    if not names.counts and not fits_names(header, names, asked.timestamp_format):
        if not columns_of_time(frame[beside]):
            require_stamps(header)
        return None
    if asked.layout is None and (doubt := _doubt(table, names, beside)):
        return doubt
    require_no_others(source, list(map(str, frame.columns)), names.names, ())
    keys = find_row_keys(table, (), beside, asked.series_columns)
    if asked.layout is None and not _are_series(table, names, keys):
        return None
    if keys is None:
        raise DataError(f"{source}: data.layout: wide: no column names each row; add one that does")
    others = find_others(table, names.names, [name for name in beside if name not in keys], keys)
    style, prefix = names_style(header, names, asked.timestamp_format, asked.timezone)
    how = Turn(
        names.names,
        time=time,
        value=_value(frame, asked),
        prefix=prefix,
        style=style.format,
        keys=keys,
        timezone=asked.timezone,
    )
    text = f"a row is a series, with {len(names.names):,} stamps in the header, "
    told = _told(table, "wide", text + span_of(names.names), others, how)
    return Look("wide", how, style, others.static, told)


def _doubt(table: Table, names: Names, beside: Sequence[str]) -> Look | None:
    """The look at a table whose rows may be, or are, one stamp each; None where they are series."""
    usual = names.is_counter or not names.counts
    if not usual or not hold_numbers(table.frame[list(names.names)]):
        return ROWS
    time = columns_of_time(table.frame[list(beside)])
    if not time:
        return None
    few = names.are_short_numbers and len(names.names) < LEAST_SHORT_NUMBERS
    return ROWS if few else _doubtful(table, names.names, time, "wide", "stamps")


def _are_series(table: Table, names: Names, keys: Sequence[str] | None) -> bool:
    """Whether rows are told apart by ``keys``, which are None where nothing does.

    Raises DataError for rows that are parts of the stamps in the header, as months beside years.
    """
    if not keys:
        return keys is not None
    cells = row_texts(table.frame, keys)
    if names.are_short_numbers and are_years(cells):  # of which these may be any part
        return False
    texts = cells.tolist()
    parts = find_parts(texts)
    if parts is None or len(parts.names) < len(texts):
        return True
    if parts.plain and part_of(keys[0]) != parts.kind:
        return True
    raise DataError(
        f"{table.place(0)}: column {keys[0]}: {span_of(texts)} seem to be {parts.kind}s of the"
        f" columns {span_of(names.names)}; write a row for each of these, with a column for each"
        f" {parts.kind}, or set data.layout: wide, which takes each row for a series"
    )


def _told(
    table: Table,
    layout: LayoutOfTable,
    text: str,
    others: Others,
    how: Turn,
) -> tuple[Finding, ...]:
    """How the table is read, and what of it is not."""
    text = f"{text} (data.layout: {layout})"
    read = Finding("layout", "note", len(table.frame), text, (table.place(0),))
    return (read, *_left_out(table, others, how.names))


def _doubtful(
    table: Table, names: Sequence[str], time: Sequence[str], layout: LayoutOfTable, kind: str
) -> Look:
    """That a row is one stamp, though another reading is possible."""
    text = (
        f"a row is one stamp, by {' '.join(time)}; if the columns {span_of(names)} are {kind}, set"
        f" data.layout: {layout} (init --set data.layout={layout})"
    )
    return Look(findings=(Finding("layout", "note", len(table.frame), text, (table.place(0),)),))


def _value(frame: pd.DataFrame, asked: Asked) -> str:
    """The name of the column of values: that of the target, if the caller names one."""
    return asked.targets[0] if asked.targets else _free("value", frame)


def _free(name: str, frame: pd.DataFrame) -> str:
    """A name that no column has."""
    taken, free = set(map(str, frame.columns)), name
    for number in count(2):
        if free not in taken:
            break
        free = f"{name}_{number}"
    return free


def _names_of_values(frame: pd.DataFrame, keys: Sequence[str]) -> Names | None:
    """The columns of values, whose names are written alike; the first may hold ids, as V1 does
    beside V2, V3 and so on.
    """
    names = find_names([name for name in map(str, frame.columns) if name not in keys])
    if names is None:
        return None
    first = Head.of(frame[names.names[0]])
    return names if 2 * len(first.odd) <= first.given else find_names(names.names[1:])


def _left_out(table: Table, others: Others, names: Sequence[str]) -> Iterator[Finding]:
    """The columns that are made of the values, and those that only the caller leaves out."""
    for kind in dict.fromkeys(others.made.values()):
        columns = [name for name, each in others.made.items() if each == kind]
        text = f"{', '.join(columns)}: the {kind} of {span_of(names)}, and left out"
        yield Finding("layout", "note", len(table.frame), text, (table.place(0),))
    if others.odd:
        text = f"{', '.join(others.odd)}: no part of a stamp, and left out"
        yield Finding("layout", "note", len(table.frame), text, (table.place(0),))


def _not_parts(table: Table, names: Sequence[str], others: Others) -> str:
    """What to do about columns beside the parts of stamps that nothing tells the meaning of."""
    odd = ", ".join(others.odd)
    return (
        f"{table.place(0)}: column {others.odd[0]}: beside {span_of(names)}, neither their sum nor"
        f" their mean, nor one value for each series; set data.layout: calendar, which leaves out"
        f" {odd} (init --set data.layout=calendar), or data.layout: rows, which takes each row for"
        " one stamp"
    )
