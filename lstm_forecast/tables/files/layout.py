"""Which lines of a text file are its table: what stands before the header, between the rows and
below them.

All of it is told from the cells alone. What leaves a doubt is not taken for anything.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

from lstm_forecast.tables.files.column_names import joined
from lstm_forecast.tables.files.header import (
    LEAST_ROWS,
    NO_UNITS,
    NUMBER,
    STAMP,
    Record,
    filled,
    first_header,
    is_header,
    is_value,
    shape_of,
    usual_width,
    value_columns,
    widest,
)
from lstm_forecast.tables.files.stacked import find_stacked
from lstm_forecast.tables.files.total_rows import rows_of_totals

__all__ = [
    "DAY", "NAMED_STAMP", "WHOLE", "Found", "Layout", "Title", "find_layout", "is_blank",
    "rows_below", "table_lines",
]  # fmt: skip

COMMENT_SIGNS = ("#", "%", "//")
MOST_BELOW = 10  # lines below the table that are looked for
MOST_UNITS = 12  # lines of units, and of what was done, below a header
LEAST_TOLD = 4  # such lines that tell of the columns, and are none with their names
# Jan-20, 3. März 2020, 01/2018 and 2020年1月, which may as well be names of columns
NAMED_STAMP = re.compile(
    r"(\d{1,2}[-. /]+)?[^\W\d_]{3,}\.?[-. /',]*\d{2,4}\b.*|\d{1,2}[-/.]\d{4}\b.*"
    r"|\d{4}年\d{1,2}月.*"
)
WIDTH = re.compile(r"\d+[dns]")  # of a column and its kind, as in files of RDB: 20d, 14n
DAY = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}")


@dataclass(frozen=True)
class Title:
    """One line that is read in the place of those of a header."""

    first: int  # line that it stands for
    end: int | None  # the line behind the last of them; None if there is none
    text: str

    @classmethod
    def of(cls, first: int, end: int | None, names: Sequence[str], delimiter: str) -> Self:
        """The line with the ``names`` of columns."""
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter, lineterminator="\n").writerow(names)
        return cls(first, end, text.getvalue())

    def covers(self, line: int) -> bool:
        """Whether it is read for the ``line``, or was in its place."""
        return line >= self.first and (self.end is None or line < self.end)


@dataclass(frozen=True)
class Layout:
    """Lines of a file that are no part of its table, by their numbers from 1 on."""

    header: int = 1  # nothing before this line is read
    header_lines: int = 1  # that name the columns together
    title: Title | None = None  # what is read for these
    comment: str | None = None  # no line is that begins so
    comments: tuple[int, ...] = ()  # the first of these
    units: tuple[int, ...] = ()  # nor these, below the header
    totals: tuple[int, ...] = ()  # nor these, below them
    end: int | None = None  # nor any from this one on
    below: int = 0  # how many rows these would be

    def within(self, other: Self) -> Self:
        """What was found in the lines that ``other`` leaves, with these left out as well."""
        return replace(
            self,
            header=max(self.header, other.header),
            header_lines=max(self.header_lines, other.header_lines),
            comment=self.comment or other.comment,
            comments=self.comments or other.comments,
        )


WHOLE = Layout()


@dataclass(frozen=True)
class Found:
    """A layout that the cells of a file tell."""

    layout: Layout
    before: tuple[int, ...]  # lines before the header that do not begin as comments do
    doubtful: int | None  # line of these that is as wide as the table
    names: int | None  # line below the header that may be the header itself, or hold units


def table_lines(lines: Iterable[str], layout: Layout) -> Iterator[tuple[int, str]]:
    """The lines of the table, with their numbers; quoted line breaks stay what they are."""
    numbered = enumerate(lines, 1)
    return numbered if layout == WHOLE else _kept(numbered, layout)


def _kept(numbered: Iterable[tuple[int, str]], layout: Layout) -> Iterator[tuple[int, str]]:
    quoted = False
    for number, line in numbered:
        if layout.end is not None and number >= layout.end:
            return
        title = layout.title
        if title is not None and title.covers(number):
            if number == title.first:
                yield number, title.text
            continue
        comment = layout.comment and not quoted and line.lstrip().startswith(layout.comment)
        if number < layout.header or number in (*layout.units, *layout.totals) or comment:
            continue
        quoted ^= line.count('"') % 2 == 1
        yield number, line


def is_blank(cells: Sequence[str]) -> bool:
    """Whether no cell holds anything."""
    return not any(cell.strip() for cell in cells)


def find_layout(
    records: Sequence[Record], *, units: bool = False, several: bool = False
) -> Found | None:
    """What is no part of the table in the first lines of a file; None if all of it may be.

    A header has a text in each cell, no two alike, and numbers or stamps below it; with
    ``several``, it may be that of several lines. ``units`` says that the line below it holds units.
    """
    width = usual_width(records)
    if width < 2 or not _is_odd(records, width):
        return None
    sign = _comment_sign(records, width)
    body = [record for record in records if not (sign and _begins(record, sign))]
    header = _header(body, width, several=several)
    if header is None:
        return None
    start, count = header
    (line, names), (last, _) = body[start], body[start + count - 1]
    if count > 1:
        names = joined([cells for _, cells in body[start : start + count]])
        body = [*body[:start], (line, names), *body[start + count :]]
    if start and _may_be_header(body[0][1], width, widest(body)):
        return None
    below = [cells for _, cells in body[start + 1 :]]
    n_units = _rows_of_units(below, width)
    n_odd = n_units + rows_of_totals(below[n_units:], width)
    numbers = tuple(line for line, _ in body[start + 1 :][:n_odd])
    lines, totals = numbers[:n_units], numbers[n_units:]
    before = body[:start]
    if not before and sign is None and not numbers and count == 1:
        return None
    few = 0 < len(lines) < LEAST_TOLD
    doubt = lines[0] if few and not units and _may_be_names(below[0], width) else None
    doubtful = next((n for n, cells in before if _may_be_header(cells, width)), None)
    first = line if before or count > 1 else 1
    comments = tuple(n for n, cells in records if sign and _begins((n, cells), sign))[:1]
    layout = Layout(
        first, last - line + 1, comment=sign, comments=comments, units=lines, totals=totals
    )
    return Found(layout, tuple(n for n, _ in before), doubtful, doubt)


def _header(records: Sequence[Record], width: int, *, several: bool) -> tuple[int, int] | None:
    """Number of the first record of the header, and how many there are; None if there is none.

    A line of units that names a column which the header does not is one of it.
    """
    start = first_header(records, width)
    if start is None:
        return find_stacked(records, width) if several else None
    below = [cells for _, cells in records[start + 1 :]]
    nameless = [k for k in range(width) if not _cell(records[start][1], k)]
    if several and nameless and _rows_of_units(below, width):
        return start, 2 if all(_cell(below[0], k) for k in nameless) else 1
    return start, 1


def _may_be_header(cells: Sequence[str], width: int, most: int | None = None) -> bool:
    """Whether a line before a header is as wide as the table, and not of a few words repeated."""
    given = [cell.strip() for cell in cells if cell.strip()]
    repeated = len(set(given)) < len(given) and not any(map(is_value, given))
    return width <= filled(cells) <= (most or len(cells)) and not repeated


def rows_below(rows: Sequence[Sequence[str]], keys: Sequence[int] | None = None) -> int:
    """How many of the last rows of a file are none: they hold no stamp where all others do.

    With ``keys``, the columns of stamps and ids, they hold no value in one of those where all
    others do; with none of these, in the first such column. Stamps that are written in another way
    have the shape of others, in the first of ``keys``.
    """
    most = min(MOST_BELOW, len(rows) - LEAST_ROWS)
    if most < 1:
        return 0
    others, last = rows[:-most], rows[-most:]

    def all_are(kind: Callable[[str], object], columns: Iterable[int]) -> list[int]:
        return [k for k in columns if all(kind(_cell(cells, k)) for cells in others)]

    every = range(max(map(len, others)))
    if keys is None:
        stamped = all_are(lambda cell: STAMP.fullmatch(cell) or NAMED_STAMP.fullmatch(cell), every)
        are_no_row = [
            bool(stamped) and all(_holds_no_stamp(_cell(cells, k)) for k in stamped)
            for cells in last
        ]
    else:
        valued = all_are(is_value, keys or every)[: len(keys) or 1]
        are_no_row = [any(not is_value(_cell(cells, k)) for k in valued) for cells in last]
        if keys and not valued:
            shapes = {shape_of(_cell(cells, keys[0])) for cells in others}
            numbered = all("0" in shape for shape in shapes)
            are_no_row = [
                numbered and shape_of(_cell(cells, keys[0])) not in shapes for cells in last
            ]
    whole = [is_blank(cells) or not odd for cells, odd in zip(last, are_no_row, strict=True)]
    return whole[::-1].index(True) if True in whole else most


def _holds_no_stamp(cell: str) -> bool:
    """Whether a cell is empty, a word without a digit or a sentence."""
    return not re.search(r"\d", cell) or len(re.findall(r"[^\W\d_]{3,}", cell)) >= 3


def _is_odd(records: Sequence[Record], width: int) -> bool:
    """Whether the first lines are not plainly a header and rows, as a fast look tells."""
    if filled(records[0][1]) != width or any(
        _begins(record, sign) for record in records for sign in COMMENT_SIGNS
    ):
        return True
    first, *others = (cells for _, cells in records[1 : 2 + MOST_UNITS])
    return any(
        is_value(_cell(row, k)) and not is_value(_cell(first, k))
        for row in others
        for k in range(width)
    )


def _cell(cells: Sequence[str], column: int) -> str:
    return cells[column].strip() if column < len(cells) else ""


def _begins(record: Record, sign: str) -> bool:
    return record[1][0].lstrip().startswith(sign)


def _comment_sign(records: Sequence[Record], width: int) -> str | None:
    """What lines begin with that are comments: those below a header are narrower than the table,
    and hold no number or stamp of their own.
    """
    for sign in COMMENT_SIGNS:
        others = [record for record in records if not _begins(record, sign)]
        if len(others) < len(records) and others and is_header(others, width):
            first = others[0][0]
            below = [cells for line, cells in records if line > first]
            if all(
                filled(cells) < width and not any(map(is_value, cells))
                for cells in below
                if _begins((0, cells), sign)
            ):
                return sign
    return None


def _rows_of_units(below: Sequence[Sequence[str]], width: int) -> int:
    """How many of the first rows below a header say what the numbers of the others are in, and how
    these were taken: they have no stamp and no number themselves.
    """
    for count in range(1, MOST_UNITS + 1):
        first, others = below[:count], below[count:]
        if len(others) < LEAST_ROWS:
            break
        columns = value_columns(others, width)
        stamped = [
            column
            for column in columns
            if all(STAMP.fullmatch(_cell(cells, column)) for cells in others[:LEAST_ROWS])
        ]
        if stamped and all(_are_units(cells, columns, stamped) for cells in first):
            return count
    return 0


def _are_units(first: Sequence[str], columns: Sequence[int], stamped: Sequence[int]) -> bool:
    """Whether a row below a header holds units of the values in ``columns``, of which stamps are in
    those that are ``stamped``; what was done with numbers may be told with its day.
    """
    cells = {column: _cell(first, column) for column in columns}
    if all(map(WIDTH.fullmatch, cells.values())):
        return True
    return bool(
        any(cell and cell.lower() not in NO_UNITS for cell in cells.values())
        and not any(NUMBER.fullmatch(cell) and not DAY.fullmatch(cell) for cell in cells.values())
        and not any(re.search(r"\d", cells[column]) for column in stamped)
    )


def _may_be_names(cells: Sequence[str], width: int) -> bool:
    """Whether words may be names of columns: one in every column, no two alike, and no sign of
    units about them.
    """
    words = [_cell(cells, column) for column in range(width)]
    return (
        len(set(words)) == width
        and all(re.fullmatch(r"\w[\w .-]*", word) for word in words)
        and not all(map(WIDTH.fullmatch, words))
    )
