"""How one CSV file is written: delimiter, decimal sign, encoding, header, and where its records
stand.
"""

import codecs
import csv
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from pandas.io.common import get_handle, infer_compression

from lstm_forecast.config.text_files import CsvConfig
from lstm_forecast.errors import ChangedError, DataError
from lstm_forecast.files import STDIN, open_regular
from lstm_forecast.tables.files.column_names import (
    header_names,
    lines_of_header,
    with_one_header,
)
from lstm_forecast.tables.files.encoding import detect_encoding, require_mark
from lstm_forecast.tables.files.header import Record, widest
from lstm_forecast.tables.files.layout import (
    WHOLE,
    Found,
    Layout,
    Title,
    find_layout,
    table_lines,
)
from lstm_forecast.tables.files.left_out import require_no_doubt, require_one_line, require_recorded
from lstm_forecast.tables.files.logs import require_no_blanks, require_no_log
from lstm_forecast.tables.files.pages import BEGINNING_OF_PAGE, require_no_page
from lstm_forecast.tables.numbers.style import decimal_of, detect_decimal

__all__ = [
    "DETECTED", "KINDS_OF_FILES", "UNREADABLE", "Dialect", "decompressed", "line_of",
    "opened", "packed_suffix", "sniff", "table_stream", "tail_records", "undecodable_line",
]  # fmt: skip

DETECTED = CsvConfig()  # nothing is said of how a file is written
SAMPLE_BYTES = 256 * 1024
# Records that a dialect is detected by, and those of a file that is no plain table.
SAMPLED_RECORDS, RECORDS_TO_LAY_OUT = 200, 2000
LINES_OF_BLOCK = 10_000  # that are handed to pandas at once
KINDS_OF_FILES = "CSV, Parquet, Excel, OpenDocument, JSON, .tsf, Arrow or SQLite"
DELIMITERS = ",;\t|"
UNREADABLE = (
    OSError,
    EOFError,
    ImportError,
    KeyError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    tarfile.TarError,
)
# What standard input begins with where it is compressed, and how a file of that kind would be
# called: standard input has no name.
SUFFIX_OF_BEGINNING = {
    b"\x1f\x8b": ".gz",
    b"BZh": ".bz2",
    b"\xfd7zXZ\0": ".xz",
    b"\x28\xb5\x2f\xfd": ".zst",
    b"PK\x03\x04": ".zip",
}
csv.field_size_limit(2**31 - 1)  # an unclosed quote may take in the rest of the file


@dataclass(frozen=True)
class Dialect:
    """How one CSV file is written."""

    delimiter: str
    decimal: str
    encoding: str
    columns: tuple[str, ...]
    layout: Layout = WHOLE


@contextmanager
def decompressed(file: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, whatever it is compressed by.

    Raises DataError for what is no regular file.
    """
    kind = infer_compression(f"{file}{packed_suffix(file)}", "infer")
    with (
        open_regular(file) as stream,
        get_handle(stream, "rb", compression=kind, is_text=False) as handles,
    ):
        yield handles.handle


def packed_suffix(file: Path) -> str:
    """The suffix that standard input would have if it were a file; any other file has its own."""
    if file != STDIN:
        return ""
    with open_regular(file) as stream:
        beginning = stream.read(8)
    return next(
        (suffix for sign, suffix in SUFFIX_OF_BEGINNING.items() if beginning.startswith(sign)), ""
    )


def sniff(file: Path, written: CsvConfig = DETECTED, columns: Sequence[str] | None = ()) -> Dialect:
    """Detect from the beginning of the file what ``written`` does not say; a header elsewhere than
    there is found by the ``columns`` that it has to have.

    Raises DataError if it is no text or empty, or has lines that are no part of its table and that
    ``written`` does not name; with None for ``columns``, as at a first look, these are left out.
    """
    encoding, text = _text_of(file, written)
    if written.delimiter is None:
        require_no_log(file, text)
        require_no_blanks(file, text)
    delimiter, layout, found = _laid_out(text, written, columns)
    if found is not None:
        if columns is None:
            require_no_doubt(f"{file}:", found)
        else:
            require_recorded(f"{file}:", found, written)
        layout = found.layout.within(layout)
    records = _head_records(text, delimiter, layout)
    if not records:
        raise DataError(f"{file}: no line {layout.header:,}, which data.csv.header names")
    header = lines_of_header(records, layout.header_lines)
    rows, names = records[len(header) :], header_names(header, columns or ())
    if written.header_lines == 1 and not set(columns or ()) <= set(names):
        require_one_line(f"{file}:", _laid_out(text, written, None)[2])
    if list(names) != [name or f"Unnamed: {k}" for k, name in enumerate(records[0][1])]:
        end = rows[0][0] if rows else None
        layout = replace(layout, title=Title.of(records[0][0], end, names, delimiter))
    if written.units_row and not layout.units and rows:
        layout = replace(layout, units=(rows.pop(0)[0],))
    decimal = decimal_of(written) or detect_decimal([row for _, row in rows])
    return Dialect(delimiter, decimal, encoding, names, layout)


def _text_of(file: Path, written: CsvConfig) -> tuple[str, str]:
    """The encoding, and the beginning of the text."""
    sample = _head(file)
    require_no_page(file, sample[:BEGINNING_OF_PAGE])
    encoding = written.encoding or detect_encoding(file, sample)
    require_mark(file, sample, codecs.lookup(encoding).name)
    text = sample.decode(encoding, errors="ignore").removeprefix("\ufeff")
    if "\0" in text:
        raise DataError(f"{file}: a binary file; expected {KINDS_OF_FILES}")
    if not text.replace('"', "").strip():
        raise DataError(f"{file}: empty; expected a header line and rows")
    if len(sample) == SAMPLE_BYTES:
        text = text[: text.rfind("\n") + 1] or text  # without the line that the sample cuts
    return encoding, text


def _laid_out(
    text: str, written: CsvConfig, columns: Sequence[str] | None
) -> tuple[str, Layout, Found | None]:
    """The delimiter, the lines that are read, and what seems to be no part of the table in them.

    A header of several lines is looked for with None for ``columns``, unless one is ``written``.
    """
    layout = Layout(written.header or 1, written.header_lines, comment=written.comment)
    signs, several = written.delimiter or DELIMITERS, columns is None and layout.header_lines == 1
    if written.header is not None:
        layout = _with_header_of(text, layout, signs, columns or ())
    plain = _head_text(text, layout)
    ranks = {sign: _rank(plain, sign) for sign in signs}
    delimiter = max(signs, key=lambda sign: ranks[sign])
    by_width = sorted(
        signs, key=lambda sign: (ranks[sign].width, ranks[sign].no_comma), reverse=True
    )
    for sign in [delimiter] if ranks[delimiter].even else by_width:
        records = _head_records(text, sign, layout, most=RECORDS_TO_LAY_OUT)
        records = with_one_header(records, layout.header_lines)
        found = find_layout(records, units=written.units_row, several=several)
        if found is not None and not (found.before and written.header is not None):
            return sign, layout, found
    return delimiter, layout, None


def _with_header_of(
    text: str, layout: Layout, signs: Iterable[str], columns: Sequence[str]
) -> Layout:
    """The layout with its header where the ``columns`` stand, if that is in one line alone.

    The lines before a header are rarely as many in the next file of the same kind.
    """
    for sign in signs:
        records = _head_records(text, sign, replace(layout, header=1), most=RECORDS_TO_LAY_OUT)
        lines = [
            line
            for k, (line, _) in enumerate(records)
            if columns and set(columns) <= set(_names_from(records, k, layout, columns))
        ]
        if layout.header in lines:
            return layout
        if len(lines) == 1:
            return replace(layout, header=lines[0])
    return layout


def _names_from(
    records: Sequence[Record], number: int, layout: Layout, columns: Sequence[str]
) -> tuple[str, ...]:
    """The names of columns, if the record of this number begins a header."""
    records = records[number : number + layout.header_lines]
    return header_names(lines_of_header(records, layout.header_lines), columns)


def _head_text(text: str, layout: Layout) -> str:
    if layout == WHOLE:
        return text
    return "".join(line for _, line in table_lines(io.StringIO(text, newline=""), layout))


def _head_records(
    text: str, delimiter: str, layout: Layout, *, most: int = SAMPLED_RECORDS
) -> list[Record]:
    return list(islice(_records(io.StringIO(text, newline=""), delimiter, layout), most))


def _head(file: Path) -> bytes:
    try:
        with decompressed(file) as stream:
            return bytes(stream.read(SAMPLE_BYTES))
    except (*UNREADABLE, AssertionError, ValueError, RuntimeError) as error:
        raise DataError(f"{file}: cannot be read: {error}") from None


def _records(
    stream: Iterable[str], delimiter: str, layout: Layout = WHOLE
) -> Iterator[tuple[int, list[str]]]:
    """Header and rows that pandas sees, each with the number of its first line: quoted line breaks,
    no blank lines.

    A line of nothing but quotes is none of those: it is a row of one empty cell.
    """
    read: list[tuple[int, str]] = []

    def remembered(numbered: tuple[int, str]) -> str:
        read.append(numbered)
        return numbered[1]

    for row in csv.reader(map(remembered, table_lines(stream, layout)), delimiter=delimiter):
        number, line = read[0]
        if len(row) > 1 or any(cell.strip() for cell in row) or '"' in line:
            yield number, row
        read.clear()


@contextmanager
def opened(file: Path, dialect: Dialect) -> Iterator[Iterator[tuple[int, list[str]]]]:
    """All records of the file: number of its first line, and the cells."""
    with decompressed(file) as stream:
        text = io.TextIOWrapper(stream, encoding=dialect.encoding, newline="")
        yield _records(text, dialect.delimiter, dialect.layout)


def table_stream(stream: BinaryIO, dialect: Dialect) -> BinaryIO | io.TextIOBase:
    """The lines of the table alone, for pandas: the bytes as they are where all lines are its."""
    if dialect.layout == WHOLE:
        return stream
    text = io.TextIOWrapper(stream, encoding=dialect.encoding, newline="")
    return _TableText(line for _, line in table_lines(text, dialect.layout))


class _TableText(io.TextIOBase):
    """Lines as a file that is read in blocks."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines = lines

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> str:
        """The next lines, whatever the ``size``; nothing after the last one."""
        return "".join(islice(self.lines, LINES_OF_BLOCK))


def tail_records(tail: bytes, dialect: Dialect, most: int) -> list[list[str]]:
    """The last rows of a file, of ``most`` lines at most, told by its last bytes."""
    lines = tail.decode(dialect.encoding, errors="ignore").splitlines()[-most:]
    layout, columns = dialect.layout, dialect.columns
    records = list(_records(lines, dialect.delimiter, Layout(comment=layout.comment)))
    for k in range(len(records)):
        if _names_from(records, k, layout, columns) == columns:
            header = lines_of_header(records[k:], layout.header_lines)
            odd = len(layout.units) + len(layout.totals)
            return [row for _, row in records[k + len(header) + odd :]]
    return [row for _, row in records]


class _Rank(NamedTuple):
    """What speaks for a delimiter, the strongest first."""

    even: bool  # all records have equally many fields
    named: bool  # the first has as many as most of the others
    width: int  # fields of most of them
    first: int  # and of the first
    no_comma: bool  # which may stand before decimals


def _rank(text: str, delimiter: str) -> _Rank:
    if delimiter not in text:  # each record has one field
        return _Rank(False, False, 1, 1, False)
    records = _head_records(text, delimiter, WHOLE)
    widths = [len(row) for _, row in records[:50]] or [0]
    first, usual = widths[0], widest(records)
    even = first > 1 and max(widths) == min(widths)
    return _Rank(even, first == usual > 1, usual, first, usual > 1 and delimiter != ",")


def line_of(file: Path, dialect: Dialect, row: int) -> int:
    """The line of a data row, counted the slow and exact way: blank lines and quoted line breaks
    included.
    """
    with opened(file, dialect) as records:
        line, _ = next(islice(records, row + 1, None), (None, None))
    if line is None:
        raise ChangedError(f"{file}: changed while it was read; try again when it is written")
    return line


def undecodable_line(file: Path, encoding: str) -> int:
    """The line of the first byte that is no text in that encoding, else the last line."""
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    with decompressed(file) as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            try:
                line += decoder.decode(block).count("\n")
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].decode(encoding, errors="ignore").count(
                    "\n"
                )
    return line
