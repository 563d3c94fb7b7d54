"""CSV files to frames: counted before they are read, and every cell accounted for."""

import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lstm_forecast.config.table import CsvConfig
from lstm_forecast.errors import DataError
from lstm_forecast.tables.amounts import (
    ALONE,
    STYLES,
    Style,
    censored_in,
    numbers_written,
    split,
    truths_written,
)
from lstm_forecast.tables.budget import Budget, Size
from lstm_forecast.tables.dialect import (
    UNREADABLE,
    Dialect,
    decompressed,
    line_of,
    opened,
    undecodable_line,
)
from lstm_forecast.tables.faults import SHOWN_PLACES, Finding
from lstm_forecast.tables.number_style import how_written

__all__ = [
    "Counted", "Meaning", "Wanted", "count_text", "cut_row", "read_text", "require_narrow_rows",
]  # fmt: skip

BLOCK_BYTES = 1 << 20
ROWS_BESIDE_LAST = 1000  # that a last row without a line end is compared with
HEAD_CELLS = 1000  # the first ones, by which most readings are seen not to fit


@dataclass(frozen=True)
class Meaning:
    """What cells of columns of numbers mean that hold no plain number."""

    missing: Sequence[str] = ()  # texts that stand for a missing value
    units: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # as the config has them
    censored: str = "error"  # the policy for limits such as <0.5


@dataclass(frozen=True)
class Wanted:
    """What is read of a table: see ``read_table``."""

    columns: Sequence[str] | None
    text: Sequence[str] = ()
    either: Sequence[str] = ()
    meaning: Meaning = Meaning()

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
    return Counted(size, delimiters, tail.rstrip(b"\0 \t").endswith((b"\n", b"\r")))


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
        return _parsed(file, **options, dtype="str"), []
    names, numbers = list(wanted.columns), wanted.numbers
    options |= {
        "usecols": names,
        "na_values": dict.fromkeys((*numbers, *wanted.either), wanted.meaning.missing),
    }
    # types must not differ from one part of a column to the next
    options["low_memory"] = not wanted.either
    texts = [*wanted.text, *(name for name in numbers if name in wanted.meaning.units)]
    types = dict.fromkeys(numbers, "float64") | dict.fromkeys(texts, "str")
    try:
        frame = _parsed(file, **options, dtype=types)[names]
    except ValueError:
        frame = _parsed(file, **options, dtype=dict.fromkeys((*numbers, *texts), "str"))[names]
    undecided = written.decimal not in (".", ",") and written.thousands is None
    if undecided and (written.decimal == "error" or _may_have_two_readings(frame[numbers])):
        cells = _parsed(file, **options, dtype="str")[numbers]
        _require_one_reading(file, dialect, cells)
    return _with_numbers(file, dialect, frame, wanted, written)


def _parsed(file: Path, **options: Any) -> pd.DataFrame:
    encoding = options["encoding"]
    try:
        with (
            # require_narrow_rows tells
            warnings.catch_warnings(action="ignore", category=pd.errors.ParserWarning),
            decompressed(file) as stream,
        ):
            frame: pd.DataFrame = pd.read_csv(stream, **options)
        return frame
    except UnicodeDecodeError:
        line = undecodable_line(file, encoding)
        raise DataError(f"{file}:{line}: not {encoding} text; set data.csv.encoding") from None
    except UnicodeError as error:
        raise DataError(f"{file}: not {encoding} text ({error}); set data.csv.encoding") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, *UNREADABLE) as error:
        raise DataError(f"{file}: not readable as CSV: {str(error).strip()}") from None


def require_narrow_rows(file: Path, dialect: Dialect, *, n_rows: int, delimiters: int) -> None:
    """Refuse cells behind the last column, as from 1,5 for 1.5: pandas drops them silently."""
    width, delimiter = len(dialect.columns), dialect.delimiter
    if delimiters == (width - 1) * (n_rows + 1):  # unless cells hold delimiters or are missing
        return
    with opened(file, dialect) as records:
        wide = (
            (line, row)
            for line, row in records
            if len(row) > width and any(map(str.strip, row[width:]))
        )
        for line, row in wide:
            raise DataError(
                f"{file}:{line}: the header names {width} columns, and this row has {len(row)}:"
                f" {delimiter.join(row)[:80]!r} ({1 + sum(1 for _ in wide):,} such rows); put cells"
                f" that hold {delimiter!r} in quotes, or set data.csv.delimiter"
            )


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


def _may_have_two_readings(frame: pd.DataFrame) -> bool:
    """Whether points in columns of plain numbers may part thousands: 1.009 beside 714.

    A number that shows that they do not, in any column, shows it for all.
    """
    found = False
    for _, column in frame.select_dtypes("float64").items():
        values = np.abs(column[np.isfinite(column)].to_numpy())
        parts = values[values % 1 != 0]
        if (
            (parts < 1) | (parts >= 1000) | (np.abs(1000 * parts - np.round(1000 * parts)) > 1e-6)
        ).any():
            return False
        found = found or (0 < len(parts) < len(values) and values.max() < 1000)
    return found


def _require_one_reading(file: Path, dialect: Dialect, frame: pd.DataFrame) -> None:
    """Raise DataError where the numbers in columns of texts can be read in two ways."""
    found = how_written(frame, delimiter=dialect.delimiter)
    if found.rival is not None:
        row = int(frame[found.column].str.contains(found.example, regex=False).to_numpy().argmax())
        raise DataError(
            f"{file}:{line_of(file, dialect, row)}: {found.problem}; set"
            f" {', or '.join(found.remedies)}"
        )


def _with_numbers(
    file: Path, dialect: Dialect, frame: pd.DataFrame, wanted: Wanted, written: CsvConfig
) -> tuple[pd.DataFrame, list[Finding]]:
    """The frame with texts in columns of numbers read as such, and what policies settled in them.

    Raises DataError with the first place in every column where that cannot be.
    """
    style, meaning = Style(dialect.decimal, written.thousands), wanted.meaning
    problems, limits = [], np.zeros(len(frame), bool)
    for name in wanted.numbers:
        cells = frame[name]
        if not pd.api.types.is_string_dtype(cells):
            continue
        numbers = truths_written(cells)
        if numbers is None:
            units = meaning.units.get(name, ALONE)
            numbers = numbers_written(cells, style, units, censored=meaning.censored)
        bad = cells.notna() & numbers.isna()
        if meaning.censored != "error":
            limited = censored_in(cells)
            limits |= limited.to_numpy()
            bad &= ~limited
        frame[name] = numbers
        if bad.any():
            row = int(bad.to_numpy().argmax())
            cell, count = str(cells.iloc[row]), int(bad.sum())
            problems.append(
                f"{file}:{line_of(file, dialect, row)}: column {name}: expected a number, received"
                f" {cell!r} ({count} such cell{'s' if count > 1 else ''});"
                f" {_remedy(name, cells, cells[bad], meaning, style)}"
            )
    if problems:
        raise DataError(*problems)
    rows = np.flatnonzero(limits)
    if not len(rows):
        return frame, []
    text = "a limit of what could be measured"
    places = tuple(f"{file}:{line_of(file, dialect, int(row))}" for row in rows[:SHOWN_PLACES])
    return frame, [Finding("censored", "settled", len(rows), text, places)]


def _remedy(column: str, cells: pd.Series, bad: pd.Series, meaning: Meaning, style: Style) -> str:
    """What to do about the ``bad`` cells of a column: keys of the config under which all of its
    cells are numbers, if there are any.
    """
    ways = list(_ways(column, cells.dropna(), bad, meaning.units.get(column, ALONE), style))
    if ways:
        otherwise = "; or write plain numbers in the table" if "data.units" in ways[0] else ""
        return f"set {', or '.join(ways)}{otherwise}"
    if bad.str.contains(r"\d").any():
        return "write plain numbers in the table, without notes, all in one unit"
    return "set data.sentinels to what stands for a missing value"


def _ways(
    column: str, cells: pd.Series, bad: pd.Series, units: Mapping[str, float], style: Style
) -> Iterator[str]:
    """Keys of a config under which the ``bad`` ones and all other cells of a column are numbers:
    one way for each reading.
    """
    amounts = [split(cell.strip()) for cell in bad.unique()]
    beside = {amount.unit for amount in amounts if amount} - units.keys()
    if None in amounts or len(beside) > 1:  # one may be worth more than the other
        return
    known = {**units, **dict.fromkeys(beside, 1.0)}
    listed = ", ".join(f"{unit!r}: {factor:g}" for unit, factor in known.items())
    keys = [f"data.units: {{{column!r}: {{{listed}}}}}"] if beside else []
    if any(amount.limit for amount in amounts if amount):
        keys.append("data.censored: limit, half or missing")
    seen: list[list[float]] = []
    for other in (style, *STYLES):
        read = partial(numbers_written, style=other, units=known, censored="limit")
        if any(read(some).isna().any() for some in (bad, cells.head(HEAD_CELLS), cells)):
            continue
        if (numbers := read(cells).tolist()) not in seen:
            seen.append(numbers)
            yield " and ".join([*([] if other == style else [other.remedy]), *keys])
