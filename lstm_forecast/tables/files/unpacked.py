"""What a workbook takes once it is unpacked, told before anything reads it: a file of a few
kilobytes can hold gigabytes, or one cell in the last row and column of a sheet.
"""

import io
import re
import sys
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol
from xml.parsers import expat

from lstm_forecast.errors import DataError
from lstm_forecast.tables.files.budget import Budget, Size

__all__ = ["require_room"]

BLOCK_BYTES = 1 << 20
# Bytes of XML for a cell of a sheet, at least; and memory for each place of a sheet, filled or not,
# as it is read as a whole rectangle.
BYTES_OF_CELL, BYTES_OF_PLACE = 12, 32
LONGEST_TAG = 256
CELL = re.compile(rb"<(?:\w+:)?c(\s[^>]*)?>")
REFERENCE = re.compile(rb"""\sr\s*=\s*["']([A-Z]{1,3})(\d{1,7})["']""")
ROW = re.compile(rb"""<(?:\w+:)?row\s[^>]*?\br\s*=\s*["'](\d{1,7})["']""")
ERROR_CELL = re.compile(rb"""\st\s*=\s*["']e["']""")
LAST_COLUMN = 16384
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError,
    ValueError, expat.ExpatError,
)  # fmt: skip


class _Member(Protocol):
    """A look at the bytes of one member of an archive."""

    errors: int  # cells that hold an error

    def feed(self, block: bytes) -> None: ...

    @property
    def places(self) -> int: ...


def require_room(file: Path, content: bytes, budget: Budget) -> int:
    """Raise DataError for a workbook that would not fit, or whose archive is damaged; else how many
    of its cells hold an error, where its format tells.
    """
    if not content.startswith(b"PK"):  # an .xls, which is not packed
        budget.require(Size(text=len(content)))
        return 0
    errors, n_bytes, places = 0, 0, 0
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                member.file_size = sys.maxsize  # it may say less of itself than there is
                look: _Member = _Document() if member.filename == "content.xml" else _Sheet()
                with archive.open(member) as stream:
                    for block in iter(lambda: stream.read(BLOCK_BYTES), b""):
                        n_bytes += len(block)
                        look.feed(block)
                        taken = n_bytes + BYTES_OF_PLACE * (places + look.places)
                        budget.require(Size(cells=n_bytes // BYTES_OF_CELL, text=taken // 4))
                places, errors = places + look.places, errors + look.errors
    except UNREADABLE as error:
        raise DataError(f"{file}: not readable as a workbook: {error}") from None
    return errors


class _Sheet:
    """A sheet of Excel's: its cells say where they stand, or follow each other."""

    def __init__(self) -> None:
        self.errors = self.rows = self.columns = self.unplaced = self.last_row = 0
        self.rest = b""

    def feed(self, block: bytes) -> None:
        """Look at the next bytes."""
        text = self.rest + block
        start = text.rfind(b"<", max(0, len(text) - LONGEST_TAG))  # a tag that the block may cut
        cut = start >= 0 and b">" not in text[start:]
        text, self.rest = (text[:start], text[start:]) if cut else (text, b"")
        for tag in CELL.findall(text):
            self.errors += bool(ERROR_CELL.search(tag))
            if place := REFERENCE.search(tag):
                if not tag.endswith(b"/"):  # an empty one, which has a style alone, takes nothing
                    self.rows = max(self.rows, int(place[2]))
                    self.columns = max(self.columns, _number_of(place[1]))
            else:
                self.unplaced += 1
        self.last_row = max(self.last_row, *map(int, ROW.findall(text)), 0)

    @property
    def places(self) -> int:
        """The rectangle up to the last row and column."""
        columns = max(self.columns, min(self.unplaced, LAST_COLUMN))
        return max(self.rows, self.last_row if self.unplaced else 0) * columns


class _Document:
    """The sheets of an OpenDocument: cells and rows that are equal stand there once."""

    errors = 0

    def __init__(self) -> None:
        self.places = self.sheet = self.rows = self.columns = 0
        self.row = self.column = self.filled = 0
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    def feed(self, block: bytes) -> None:
        """Look at the next bytes."""
        self.parser.Parse(block, False)

    def _start(self, name: str, given: Mapping[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "table":
                self.sheet, self.rows, self.columns, self.row = self.places, 0, 0, 0
            case "table-row":
                self.row += _repeated(given, "number-rows-repeated")
                self.column = self.filled = 0
            case "table-cell" | "covered-table-cell":
                self.column += _repeated(given, "number-columns-repeated")
                if any(key.endswith(":value-type") for key in given):
                    self.filled = self.column

    def _end(self, name: str) -> None:
        if name.rpartition(":")[2] == "table-row" and self.filled:
            self.rows, self.columns = self.row, max(self.columns, self.filled)
            self.places = self.sheet + self.rows * self.columns


def _repeated(given: Mapping[str, str], key: str) -> int:
    number = next((value for name, value in given.items() if name.endswith(":" + key)), "1")
    return int(number) if number.isdecimal() else 1


def _number_of(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number
