"""How one CSV file is written: delimiter, decimal sign, encoding, header, and where its records
stand.
"""

import codecs
import csv
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from pandas.io.common import get_handle, infer_compression

from lstm_forecast.config.table import CsvConfig
from lstm_forecast.errors import ChangedError, DataError
from lstm_forecast.files import STDIN, open_regular

__all__ = [
    "DETECTED", "THOUSANDS", "UNREADABLE", "Dialect", "decompressed", "line_of", "opened",
    "packed_suffix", "sniff", "undecodable_line",
]  # fmt: skip

DETECTED = CsvConfig()  # nothing is said of how a file is written
SAMPLE_BYTES = 256 * 1024
DELIMITERS = ",;\t|"
THOUSANDS = r"-?[1-9]\d{0,2},\d{3}"  # 1,234 may be a thousand or a little more than one
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
BYTE_ORDER_MARKS = {
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
}
csv.field_size_limit(2**31 - 1)  # an unclosed quote may take in the rest of the file


@dataclass(frozen=True)
class Dialect:
    """How one CSV file is written."""

    delimiter: str
    decimal: str
    encoding: str
    columns: tuple[str, ...]


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


def sniff(file: Path, written: CsvConfig = DETECTED) -> Dialect:
    """Detect from the beginning of the file what ``written`` does not say.

    Raises DataError if it is no text or empty.
    """
    sample = _head(file)
    encoding = written.encoding or _detect_encoding(file, sample)
    _require_mark(file, sample, codecs.lookup(encoding).name)
    text = sample.decode(encoding, errors="ignore").removeprefix("\ufeff")
    if "\0" in text:
        raise DataError(f"{file}: a binary file; expected CSV or Parquet")
    if not text.replace('"', "").strip():
        raise DataError(f"{file}: empty; expected a header line and rows")
    if len(sample) == SAMPLE_BYTES:
        text = text[: text.rfind("\n") + 1] or text  # without the line that the sample cuts
    delimiter = written.delimiter or max(DELIMITERS, key=lambda sign: _width(text, sign))
    header, *rows = (
        record for _, record in islice(_records(io.StringIO(text, newline=""), delimiter), 200)
    )
    # as pandas calls them
    columns = tuple(name or f"Unnamed: {index}" for index, name in enumerate(header))
    return Dialect(delimiter, _told_decimal(written) or _detect_decimal(rows), encoding, columns)


def _head(file: Path) -> bytes:
    try:
        with decompressed(file) as stream:
            return bytes(stream.read(SAMPLE_BYTES))
    except (*UNREADABLE, AssertionError, ValueError, RuntimeError) as error:
        raise DataError(f"{file}: cannot be read: {error}") from None


def _detect_encoding(file: Path, sample: bytes) -> str:
    if sample.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        sample[: sample.rfind(b"\n") + 1 or None].decode("utf-8")
    except UnicodeDecodeError:
        if b"\0" in sample or _looks_western(sample):
            return "cp1252"
        raise DataError(
            f"{file}: neither UTF-8 nor Western European text; set data.csv.encoding, for example"
            " cp1251 or gb18030"
        ) from None
    return "utf-8"


def _require_mark(file: Path, sample: bytes, encoding: str) -> None:
    """Refuse text of two or four bytes a sign where nothing says which of them comes first."""
    if (
        encoding in BYTE_ORDER_MARKS
        and sample
        and not sample.startswith(BYTE_ORDER_MARKS[encoding])
    ):
        # most signs of a table are ASCII
        order = "le" if sample[::2].count(0) < sample[1::2].count(0) else "be"
        raise DataError(f"{file}: no byte-order mark; set data.csv.encoding: {encoding}-{order}")


def _looks_western(sample: bytes) -> bool:
    """Whether accented letters stand among plain ones, as in Größe.

    Other code pages are too easily mistaken.
    """
    try:
        words = re.findall(r"[A-Za-z]*[À-ÿ][A-Za-zÀ-ÿ]*", sample.decode("cp1252"))
    except UnicodeDecodeError:
        return False
    letters = "".join(words)
    return 2 * sum(letter.isascii() for letter in letters) >= len(letters)


def _records(stream: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Header and rows that pandas sees, each with the number of its last line: quoted line breaks,
    no blank lines.

    A line of nothing but quotes is none of those: it is a row of one empty cell.
    """
    last = [""]

    def remembered(line: str) -> str:
        last[0] = line
        return line

    reader = csv.reader(map(remembered, stream), delimiter=delimiter)
    for row in reader:
        if len(row) > 1 or any(cell.strip() for cell in row) or '"' in last[0]:
            yield reader.line_num, row


@contextmanager
def opened(file: Path, dialect: Dialect) -> Iterator[Iterator[tuple[int, list[str]]]]:
    """All records of the file: number of its last line, and the cells."""
    with decompressed(file) as stream:
        yield _records(
            io.TextIOWrapper(stream, encoding=dialect.encoding, newline=""), dialect.delimiter
        )


def _width(text: str, delimiter: str) -> tuple[bool, int]:
    """Rank of a delimiter: first whether all records have equally many fields, then how many."""
    widths = [len(row) for _, row in islice(_records(io.StringIO(text, newline=""), delimiter), 50)]
    return widths[0] > 1 and max(widths) == min(widths), widths[0]


def _told_decimal(written: CsvConfig) -> str | None:
    """The decimal sign, where the config names it or the other one for thousands."""
    if written.decimal in (".", ","):
        return written.decimal
    return {".": ",", ",": "."}.get(written.thousands or "")


def _detect_decimal(rows: Sequence[Sequence[str]]) -> str:
    cells = [cell.strip() for row in rows for cell in row]
    comma = sum(
        bool(re.fullmatch(r"-?\d+,\d+", cell)) and not re.fullmatch(THOUSANDS, cell)
        for cell in cells
    )
    point = sum(bool(re.fullmatch(r"-?\d+\.\d+", cell)) for cell in cells)
    return "," if comma > point else "."


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
