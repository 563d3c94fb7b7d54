"""CSV files to frames: counted before they are read, and every cell accounted for."""

import re
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from lstm_forecast.config.text_files import CsvConfig
from lstm_forecast.errors import DataError
from lstm_forecast.tables.faults import Finding, rows_told
from lstm_forecast.tables.files.budget import Budget, Size
from lstm_forecast.tables.files.dialect import (
    UNREADABLE,
    Dialect,
    decompressed,
    line_of,
    opened,
    table_stream,
    undecodable_line,
)
from lstm_forecast.tables.files.fixed_width import fixed_width
from lstm_forecast.tables.files.kinds import kinds_of_lines
from lstm_forecast.tables.numbers.amounts import Style
from lstm_forecast.tables.numbers.cells import (
    PLAIN,
    Meaning,
    may_have_two_readings,
    require_one_reading,
    with_numbers,
)
from lstm_forecast.tables.numbers.nothing import DASH

__all__ = [
    "Counted", "Wanted", "count_text", "cut_row", "read_text", "require_narrow_rows",
]  # fmt: skip

BLOCK_BYTES, TAIL_BYTES = 1 << 20, 1 << 16
ROWS_BESIDE_LAST = 1000  # that a last row without a line end is compared with
LINES_OF_KINDS = 2000  # that are looked at for kinds of records
MOST_NUMBERS = 0.1  # share of the cells of a line that may name columns
NUMBER = re.compile(r"(?!(19|20)\d\d$)[+-]?[\d.,]+")  # years may be names


@dataclass(frozen=True)
class Wanted:
    """What is read of a table: see ``read_table``."""

    columns: Sequence[str] | None
    text: Sequence[str] = ()
    either: Sequence[str] = ()
    meaning: Meaning = PLAIN

    @property
    def numbers(self) -> list[str]:
        """Columns whose cells must be numbers."""
        return [name for name in self.columns or () if name not in (*self.text, *self.either)]

    def size(self, dialect: Dialect, *, rows: int, n_bytes: int, longest: int) -> Size:
        """What of a text file with so many rows and bytes counts."""
        columns = dialect.columns if self.columns is None else self.columns
        texts = self.columns is None or self.text or self.either
        return Size(
            rows, rows * len(columns), n_bytes if texts else 0, n_bytes if self.either else longest
        )


@dataclass(frozen=True)
class Counted:
    """What a look at the bytes of a text file tells."""

    size: Size
    delimiters: int
    ended: bool  # whether the last line has an end
    tail: bytes  # the last lines


def count_text(file: Path, dialect: Dialect, wanted: Wanted, budget: Budget) -> Counted:
    """Count what is in a file, whatever it is compressed by.

    Raises DataError as soon as that is above the budget, and if the file is damaged or has a hole
    of zeros, as a crash or a copy that was broken off leaves.
    """
    rows = n_bytes = delimiters = line = longest = 0
    sign, tail, size = dialect.delimiter.encode(), b"", Size()
    try:
        with decompressed(file) as stream:
            for block in iter(lambda: stream.read(BLOCK_BYTES), b""):
                breaks = max(block.count(b"\n"), block.count(b"\r"))
                if not breaks and not block.strip(b"\0"):
                    raise DataError(
                        f"{file}: nothing but zeros from byte {n_bytes:,} on; the file is damaged"
                    )
                rows, n_bytes, delimiters = (
                    rows + breaks,
                    n_bytes + len(block),
                    delimiters + block.count(sign),
                )
                line = 0 if breaks else line + len(block)
                longest, tail = (
                    max(longest, line),
                    tail[-BLOCK_BYTES:] + block if len(block) < BLOCK_BYTES else block,
                )
                size = wanted.size(dialect, rows=rows, n_bytes=n_bytes, longest=longest)
                budget.require(size)
    except UNREADABLE as error:
        raise DataError(f"{file}: cannot be read: {error}") from None
    ended = tail.rstrip(b"\0 \t").endswith((b"\n", b"\r"))
    return Counted(size, delimiters, ended, tail[-TAIL_BYTES:])


def read_text(
    file: Path, dialect: Dialect, wanted: Wanted, written: CsvConfig
) -> tuple[pd.DataFrame, list[Finding]]:
    """The wanted columns of a file, and what was settled in them.

    Raises DataError if it is no CSV, a cell is not a number that has to be, or the numbers have two
    readings.
    """
    options: dict[str, Any] = {
        "sep": dialect.delimiter,
        "decimal": dialect.decimal,
        "encoding": dialect.encoding,
        "keep_default_na": False,
        "index_col": False,  # else cells behind those of the header would shift the columns
    }
    if wanted.columns is None:
        return _parsed(file, dialect, **options, dtype="str"), []
    names, numbers = list(wanted.columns), wanted.numbers
    options |= {
        "usecols": names,
        "na_values": dict.fromkeys(numbers, wanted.meaning.missing)
        | dict.fromkeys(wanted.either, (*wanted.meaning.missing, DASH)),
    }
    # types must not differ from one part of a column to the next
    options["low_memory"] = not wanted.either
    beside = (name for name in numbers if name in wanted.meaning.units)
    types = dict.fromkeys(numbers, "float64") | dict.fromkeys([*wanted.text, *beside], "str")
    try:
        frame = _parsed(file, dialect, **options, dtype=types)[names]
    except ValueError:
        types |= dict.fromkeys(numbers, "str")
        frame = _parsed(file, dialect, **options, dtype=types)[names]
    place = partial(_place, file, dialect)
    undecided = written.decimal not in (".", ",") and written.thousands is None
    if undecided and (written.decimal == "error" or may_have_two_readings(frame[numbers])):
        cells = _parsed(file, dialect, **options, dtype="str")[numbers]
        require_one_reading(cells, dialect.delimiter, place)
    style = Style(dialect.decimal, written.thousands)
    return with_numbers(frame, numbers, wanted.meaning, style, place)


def _place(file: Path, dialect: Dialect, row: int) -> str:
    return f"{file}:{line_of(file, dialect, row)}"


def _parsed(file: Path, dialect: Dialect, **options: Any) -> pd.DataFrame:
    encoding = options["encoding"]
    try:
        return _by_pandas(file, dialect, **options)
    except UnicodeDecodeError:
        line = undecodable_line(file, encoding)
        raise DataError(f"{file}:{line}: not {encoding} text; set data.csv.encoding") from None
    except UnicodeError as error:
        raise DataError(f"{file}: not {encoding} text ({error}); set data.csv.encoding") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, *UNREADABLE) as error:
        why = str(error).strip().removeprefix("Error tokenizing data. C error: ")
        raise DataError(f"{file}: not readable as CSV: {why}") from None


def _by_pandas(file: Path, dialect: Dialect, **options: Any) -> pd.DataFrame:
    try:
        with (
            # require_narrow_rows tells
            warnings.catch_warnings(action="ignore", category=pd.errors.ParserWarning),
            decompressed(file) as stream,
        ):
            frame: pd.DataFrame = pd.read_csv(table_stream(stream, dialect), **options)
    except pd.errors.ParserError:
        _require_narrow(file, dialect)  # says more than pandas does
        raise
    return frame


def require_narrow_rows(file: Path, dialect: Dialect, *, n_rows: int, delimiters: int) -> None:
    """Refuse cells behind the last column, as from 1,5 for 1.5: pandas drops them silently."""
    # unless cells hold delimiters or are missing
    if delimiters != (len(dialect.columns) - 1) * (n_rows + 1):
        _require_narrow(file, dialect)


def _require_narrow(file: Path, dialect: Dialect) -> None:
    """Raise DataError for rows that are wider than the header; where most are, with empty cells at
    their ends or not, the first of them may be the header, if it holds hardly a number.
    """
    width, delimiter, first = len(dialect.columns), dialect.delimiter, None
    count = wide = total = 0
    with opened(file, dialect) as records:
        for line, row in records:
            total += 1
            wide += len(row) > width
            if len(row) > width and any(map(str.strip, row[width:])):
                first = first or (line, row)
                count += 1
    if first is None:
        return
    line, row = first
    columns = "1 column" if width == 1 else f"{width} columns"
    numbers = sum(NUMBER.fullmatch(cell.strip()) is not None for cell in row)
    named = 2 * wide > total and numbers <= MOST_NUMBERS * len(row)
    raise DataError(
        f"{file}:{line}: the header names {columns}, and this row has {len(row)}:"
        f" {delimiter.join(row)[:80]!r} ({rows_told(count)}); {_narrowing(file, dialect, named)}"
        + (f", or data.csv.header: {line} if that line names the columns" if named else "")
    )


def _narrowing(file: Path, dialect: Dialect, named: bool) -> str:
    """What leaves no row wider than the header, beside another header where one is ``named``."""
    with opened(file, dialect) as records:
        rows = [row for _, row in islice(records, LINES_OF_KINDS)]
    if found := kinds_of_lines(rows) or fixed_width(map(dialect.delimiter.join, rows)):
        return found
    quotes = f"put cells that hold {dialect.delimiter!r} in quotes"
    if named:
        return quotes
    if len(dialect.columns) == 1:
        return f"{quotes}, or set data.csv.delimiter to the sign between the columns"
    return f"{quotes}, or name all columns in the header, or take out rows that are none"


def cut_row(file: Path, dialect: Dialect) -> list[Finding]:
    """What is odd about a last row whose line has no end, as of a file that was cut inside it;
    nothing if it is whole.

    Raises DataError if it has fewer columns than all others: it was cut without doubt.
    """
    with opened(file, dialect) as records:
        *others, (line, last) = deque(islice(records, 1, None), ROWS_BESIDE_LAST) or [(0, [])]
    if not others:
        return []
    place, remedy = f"{file}:{line}", "add what is missing, or a line end if nothing is"
    rows = [row for _, row in others]
    if len(last) < min(len(dialect.columns), *map(len, rows)):
        raise DataError(
            f"{place}: the last row has {len(last)} of {len(dialect.columns)} columns and no line"
            f" end, as of a file that was cut: {dialect.delimiter.join(last)[-80:]!r}; {remedy}"
        )
    measures: dict[str, Callable[[list[str]], int]] = {
        "characters": lambda row: sum(map(len, row)),
        "characters in its last cell": lambda row: len(row[-1]),
        "decimals in its last cell": lambda row: len(row[-1].partition(dialect.decimal)[2]),
    }
    for unit, measure in measures.items():
        if measure(last) < (least := min(map(measure, rows))):
            text = (
                f"the last row has no line end, and {measure(last)} {unit} where the {len(rows):,}"
                f" before it have {least} or more: {last[-1][-80:]!r} may be cut; {remedy}"
            )
            return [Finding("cut", "note", 1, text, (place,))]
    return []
