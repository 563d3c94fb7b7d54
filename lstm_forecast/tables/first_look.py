"""A table that nobody has described: what its columns are for, and what is odd about it as it
stands.
"""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from lstm_forecast.config.events import Rule
from lstm_forecast.config.inside import ALONE, Inside
from lstm_forecast.config.layout import LayoutOfTable
from lstm_forecast.config.missing import Dashes
from lstm_forecast.config.table import DataConfig
from lstm_forecast.config.text_files import CsvConfig
from lstm_forecast.errors import DataError
from lstm_forecast.events import phase
from lstm_forecast.tables.blocks import refuse_blocks
from lstm_forecast.tables.faults import Finding
from lstm_forecast.tables.files.budget import Budget
from lstm_forecast.tables.files.dialect import DETECTED
from lstm_forecast.tables.files.fixed_width import fixed_width
from lstm_forecast.tables.files.formats import require_inside
from lstm_forecast.tables.files.headerless import is_row
from lstm_forecast.tables.files.left_out import LEFT_OUT
from lstm_forecast.tables.interleaved import further_keys
from lstm_forecast.tables.line_remedies import line_remedy, texts_of_rows
from lstm_forecast.tables.look_findings import (
    count_rows_with,
    dashes_in_doubt,
    encoding_notes,
    look_findings,
    role_notes,
    word_notes,
    words_of_targets,
)
from lstm_forecast.tables.numbers.nothing import DASHES, NO_NUMBERS, words_for_missing
from lstm_forecast.tables.numbers.style import Written, how_written
from lstm_forecast.tables.padded_ids import are_padded
from lstm_forecast.tables.read import Table, data_files, read_table
from lstm_forecast.tables.roles import Roles, Words, find_roles, require_named
from lstm_forecast.tables.source import Frame, Source
from lstm_forecast.tables.stamps.columns import StampStyle
from lstm_forecast.tables.stamps.other_stamps import (
    OtherStamps,
    of_one_period,
    require_rows_of_stamps,
    style_of_one_period,
)
from lstm_forecast.tables.stamps.zone_names import zone_notes
from lstm_forecast.tables.turned.look import Asked, Look, look_round
from lstm_forecast.tables.turned.table import Turn, turned

__all__ = ["NOTHING_GIVEN", "FirstLook", "Given", "first_look"]

CORRECT = "; correct them(, as all rows .*)?$"  # what else is said of cells that are no stamps
LINES_OF_HEAD = 20  # that a row is told by


@dataclass(frozen=True)
class FirstLook:
    """What a table seems to be."""

    # its columns and how they are written; all cells that are no numbers are read as missing
    data: DataConfig
    roles: Roles
    written: Written  # how its numbers are
    findings: list[Finding]
    # texts in the targets that say nothing, and may stand for a missing value
    harmless: tuple[float | str, ...]
    # texts in the targets that may say something, and how often they occur
    doubtful: Words
    # cells of the targets that hold a dash alone, by target, where these may be 0 or no value
    dashes: Words
    doubtful_rows: int  # that hold one of these texts or dashes
    decided: frozenset[str] = frozenset()  # keys of the section data that somebody has chosen
    stamps_read: tuple[Finding, ...] = ()  # what is worth knowing of how stamps are read
    notes: tuple[Finding, ...] = ()  # and of its columns


@dataclass(frozen=True)
class Given:
    """What the caller says of a table."""

    timestamp: Sequence[str] = ()
    timestamp_format: str | None = None
    other_stamps: OtherStamps = "error"
    timezone: str | None = None
    series_columns: Sequence[str] = ()
    alone: bool = False  # there is one series, which no column names
    targets: Sequence[str] = ()
    csv: CsvConfig = DETECTED  # how text files are written
    dashes: Dashes | None = None  # what a dash alone is; None: to be found
    units: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    inside: Inside = ALONE  # which table of a file is meant
    layout: LayoutOfTable | None = None  # how the table is laid out
    aggregate: Rule | None = None  # how rows that are events become one
    day_start: str | None = None


NOTHING_GIVEN = Given()


def first_look(source: Source, given: Given = NOTHING_GIVEN) -> FirstLook:
    """Look at all cells of the table in ``source``; what is ``given`` is taken.

    Raises DataError if the table cannot be read, a named column is absent, or none can be the time
    or a target.
    """
    table, look = _read(source, given)
    try:
        return _looked(source, table, look, given)
    except DataError as error:
        is_read = partial(_is_read, source, given)
        remedy = "" if isinstance(source, Frame) else line_remedy(table.frame, given.csv, is_read)
        if not remedy:
            raise
        problems = (re.sub(CORRECT, "", problem) for problem in error.problems)
        raise DataError(*(f"{problem}; {remedy}" for problem in problems)) from None


def _is_read(source: Source, given: Given, csv: Mapping[str, object], skip: bool) -> bool:
    """Whether a table is read with other keys of its section csv, and without rows that have no
    stamp, if these are to be skipped.
    """
    other: OtherStamps = "skip" if skip else given.other_stamps
    changed = replace(given, csv=given.csv.model_copy(update=csv), other_stamps=other)
    try:
        table, look = _read(source, changed)
        _looked(source, table, look, changed)
    except DataError:
        return False
    return True


def _looked(source: Source, table: Table, look: Look, given: Given) -> FirstLook:
    """What a table that was read, and whose rows were looked at, seems to be."""
    given = given if look.turn is None else _turned(given, look.turn)
    phase(f"looking at {len(table.frame.columns):,} columns", columns=len(table.frame.columns))
    require_named(table.frame, given.units, key="data.units: ")
    written, roles = _columns(table, given)
    if given.other_stamps == "skip":
        require_rows_of_stamps(look.layout)
        table = of_one_period(table, roles.timestamp, given.timestamp_format)
        written, roles = _columns(table, replace(given, timestamp=roles.timestamp))
    style = look.style or _style(table, roles, given)
    roles = _with_further_keys(table, written, given, roles, style)
    csv = table.written.model_dump(exclude_defaults=True) | _signs(written, _delimiter(table))
    known = {
        "csv": given.csv.model_copy(update=csv),
        "units": {name: each for name, each in written.units.items() if name in roles.values},
        "layout": look.layout,
        "timezone": given.timezone or style.timezone,
        "other_stamps": given.other_stamps,
        "padded_ids": "strip" if are_padded(table.frame, roles.keys.columns) else "keep",
        "dashes": given.dashes or "missing",
        "aggregate": given.aggregate,
        "day_start": given.day_start,
    }
    dashes = {} if given.dashes else dashes_in_doubt(table.frame, roles, written)
    harmless, doubtful = words_of_targets(roles, dashes)
    read = [*_lines_left_out(table), *look.findings, *style.findings]
    return FirstLook(
        data=_described(source, table, roles, style, given.inside).model_copy(update=known),
        roles=replace(roles, static=(*roles.static, *look.static)),
        written=written,
        findings=[*read, *look_findings(table, written, roles)],
        harmless=tuple(sorted(harmless)),
        doubtful=doubtful,
        dashes=dashes,
        doubtful_rows=count_rows_with(table, doubtful, dashes),
        stamps_read=tuple(replace(each, kind=each.text) for each in read),
        notes=tuple(_notes(table, roles, harmless, dashes)),
    )


def _style(table: Table, roles: Roles, given: Given) -> StampStyle:
    """How the stamps are written, with a zone that is told and not used."""
    style = style_of_one_period(
        table, roles.timestamp, timestamp_format=given.timestamp_format, timezone=given.timezone
    )
    if given.timezone or style.timezone:
        return style
    notes = zone_notes(table, roles.timestamp)
    return replace(style, findings=(*style.findings, *notes))


def _read(source: Source, given: Given) -> tuple[Table, Look]:
    """The table with a row for each stamp of a series, and how its rows were laid out."""
    if isinstance(source, Path):
        require_inside(data_files(source)[0], given.inside)
    table = read_table(source, written=given.csv, inside=given.inside)
    _require_names(table)
    asked = Asked(
        layout=given.layout,
        timestamp=given.timestamp,
        timestamp_format=given.timestamp_format,
        timezone=given.timezone,
        series_columns=given.series_columns,
        targets=given.targets,
    )
    look = look_round(table, asked)
    if look.turn is not None:
        # A dash is told wherever it stands, whatever it is.
        how = replace(look.turn, missing=words_for_missing("zero"))
        table = turned(table, how, Budget.of(source, limit=None, as_text=True))
    return table, look


def _notes(table: Table, roles: Roles, words: Container[str], asked: Words) -> Iterator[Finding]:
    """What is worth knowing of columns, of ``words`` that are read as missing, but for the dashes
    of columns that are ``asked`` about, and of files.
    """
    yield from role_notes(roles, len(table.frame))
    yield from word_notes(roles, words, asked)
    yield from encoding_notes(table)


def _lines_left_out(table: Table) -> list[Finding]:
    """Which lines of the files are no part of the table; of files that are alike, once."""
    return list({each.text: each for each in table.findings if each.kind in LEFT_OUT}.values())


def _columns(table: Table, given: Given) -> tuple[Written, Roles]:
    """How the numbers of a table are written, and what its columns are for."""
    written = how_written(
        table.frame,
        delimiter=_delimiter(table),
        given=given.csv,
        units=given.units,
        missing=NO_NUMBERS,
    )
    roles = _roles(table, written, given)
    return written, roles if given.dashes in (None, "missing") else roles.without(DASHES)


def _roles(table: Table, written: Written, given: Given) -> Roles:
    """What the columns are for."""
    roles = find_roles(
        table.frame,
        written=written,
        timestamp=given.timestamp,
        series_columns=given.series_columns,
        targets=given.targets,
        alone=given.alone,
        place=table.place,
    )
    refuse_blocks(table, roles.timestamp, roles.keys.columns)
    return roles


def _with_further_keys(
    table: Table, written: Written, given: Given, roles: Roles, style: StampStyle
) -> Roles:
    """What the columns are for, with those that name series though no stamp repeats, unless the
    caller says what does.
    """
    if given.series_columns or given.alone:
        return roles
    further = further_keys(table, roles, style)
    if further.certain:
        keys = (*roles.keys.columns, further.certain)
        return _roles(table, written, replace(given, series_columns=keys))
    found = replace(
        roles.keys, possible=further.possible, repeated=further.repeated, in_turn=further.in_turn
    )
    return replace(roles, keys=found)


def _turned(given: Given, how: Turn) -> Given:
    """What is known of the columns of a table once it is turned round."""
    return replace(
        given,
        timestamp=how.rows or (how.time,),
        series_columns=how.keys,
        targets=given.targets or (how.value,),
    )


def _require_names(table: Table) -> None:
    """Raise DataError where what should name columns is a row like all others, or several names."""
    if len(table.frame.columns) == 1:
        lines = table.frame.iloc[:, 0].head(LINES_OF_HEAD).dropna().astype("str")
        if found := fixed_width(lines):
            raise DataError(f"{table.sources[0][0]}: {found}")
    names = ["" if name.startswith("Unnamed: ") else name for name in map(str, table.frame.columns)]
    rows = texts_of_rows(table.frame.head(LINES_OF_HEAD))
    if len(rows) > 1 and is_row(names, rows):
        raise DataError(
            f"{table.sources[0][0]}: the first line, {', '.join(names)[:80]}, seems to be a row;"
            " write a line with the names of the columns above it"
        )


def _delimiter(table: Table) -> str | None:
    """That of the first file, None if it is no CSV."""
    dialect = table.sources[0][2]
    return dialect.delimiter if dialect else None


def _described(
    source: Source, table: Table, roles: Roles, style: StampStyle, inside: Inside
) -> DataConfig:
    """The columns of the table and how it is written, all cells that are no numbers as missing.

    To look further these texts are read as missing, however many there are: nothing of it is
    written.
    """
    every = tuple(sorted({word for found in roles.words.values() for word in found}))
    data = DataConfig(
        # Whoever writes it down knows from where.
        path=_written(source),
        timestamp=roles.timestamp if len(roles.timestamp) > 1 else roles.timestamp[0],
        timestamp_format=style.format,
        timezone=style.timezone,
        series_id=roles.keys.columns or None,
        targets=roles.targets,
        sheet=table.inside.sheet,
        table=table.inside.table,
        query=table.inside.query,
        freq=inside.freq,
    )
    return data.model_copy(update={"sentinels": every})


def _signs(written: Written, delimiter: str | None) -> dict[str, str]:
    """The keys of the section csv that the reader would not detect alike in any other table."""
    if delimiter is None or not written.says:
        return {}
    comma = written.style.decimal == ","  # which is a delimiter elsewhere
    return {**({"delimiter": delimiter} if comma else {}), **written.style.keys}


def _written(source: Source) -> str | None:
    """A path that any config can hold."""
    if isinstance(source, Frame):
        return None
    return f"./{source.name}".encode("utf-8", "replace").decode("utf-8")
