"""Files of the Monash archive (.tsf): a series a line, with attributes in front of its values."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import DataError
from lstm_forecast.tables.faults import Finding
from lstm_forecast.tables.files.budget import Budget, Size
from lstm_forecast.tables.files.cells import Cells, named_columns
from lstm_forecast.tables.files.dialect import UNREADABLE, decompressed
from lstm_forecast.tables.files.steps import alias_of, stamps_from, start_in

__all__ = ["read_monash"]

START = "start_timestamp"  # the attribute that is unrolled to stamps
STAMP, STEP, VALUE = "timestamp", "step", "value"  # columns of the table beside the attributes
MISSING = "?"
LONGEST_LINE = 2**28  # bytes


@dataclass
class _Header:
    """What stands before the series."""

    attributes: list[str] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)  # such as the frequency


def read_monash(file: Path, budget: Budget, freq: str | None) -> Cells:
    """One row for each value: its series, the other attributes, the stamp and the value.

    Without a start there are steps from 0 on; ``freq`` is the spacing where the file names none.
    Raises DataError if it is no such file, above the budget, or there is a start and no spacing.
    """
    header, size = _Header(), Size()
    lines: list[int] = []
    ids: list[list[str]] = []
    values: list[NDArray[np.float64]] = []
    for number, line in _lines(file, budget):
        if not line.startswith("@") or lines:
            attributes, row = _series(f"{file}:{number}", line, header)
            lines.append(number)
            ids.append(attributes)
            values.append(row)
            size += Size(len(row), len(row) * (len(attributes) + 1), len(row) * len(line) // 99)
            budget.require(size)
        else:
            _note(f"{file}:{number}", line, header)
    if not values:
        raise DataError(f"{file}: no series; expected lines of values below @data")
    lengths = [len(row) for row in values]
    columns = {
        name: pd.Series(np.repeat(np.array([row[k] for row in ids], object), lengths), dtype="str")
        for k, name in enumerate(header.attributes)
        if name != START
    }
    columns |= _stamps(file, header, lines, ids, lengths, freq)
    columns[VALUE] = pd.Series(np.concatenate(values))
    said = ", ".join(f"{name} {value}" for name, value in header.said.items())
    findings = (Finding("monash", "note", 1, f"the file says: {said}", (str(file),)),)
    return Cells(
        named_columns(file, list(columns), list(columns.values())),
        f"{file}:",
        np.repeat(lines, lengths).tolist(),
        findings if said else (),
    )


def _lines(file: Path, budget: Budget) -> Iterator[tuple[int, str]]:
    """Lines that say anything, with their numbers."""
    try:
        with decompressed(file) as stream:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="strict", newline=None)
            number = 0
            while line := text.readline(LONGEST_LINE):
                number += 1
                budget.require(Size(text=len(line)))
                if line.strip() and not line.startswith("#"):
                    yield number, line.strip()
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: not utf-8 text ({error.reason})") from None
    except UNREADABLE as error:
        raise DataError(f"{file}: cannot be read: {error}") from None


def _note(place: str, line: str, header: _Header) -> None:
    """Take what a line of the header says."""
    key, _, rest = line.partition(" ")
    words = rest.split()
    if key == "@attribute" and len(words) == 2:
        header.attributes.append(words[0])
    elif key in ("@frequency", "@horizon") and words:
        header.said[key[1:]] = words[0]
    elif key == "@attribute":
        raise DataError(f"{place}: expected @attribute NAME TYPE, received {line[:80]!r}")


def _series(place: str, line: str, header: _Header) -> tuple[list[str], NDArray[np.float64]]:
    """The attributes of a series, and its values."""
    *attributes, values = line.split(":", len(header.attributes)) if header.attributes else [line]
    if not header.attributes or len(attributes) != len(header.attributes):
        raise DataError(
            f"{place}: expected {len(header.attributes)} attributes and values between colons, as"
            f" the lines @attribute say; received {line[:80]!r}"
        )
    cells = [cell.strip() for cell in values.split(",")]
    try:
        numbers = [np.nan if cell == MISSING else float(cell) for cell in cells]
    except ValueError as error:
        raise DataError(f"{place}: expected numbers between commas, or ?: {error}") from None
    return [attribute.strip() for attribute in attributes], np.array(numbers)


def _stamps(
    file: Path,
    header: _Header,
    lines: list[int],
    ids: list[list[str]],
    lengths: list[int],
    freq: str | None,
) -> dict[str, pd.Series]:
    """The stamps of all rows, or their steps where the file has no start."""
    if START not in header.attributes:
        return {STEP: pd.Series(np.concatenate([np.arange(length) for length in lengths]))}
    own = header.said.get("frequency")
    spacing = alias_of(own) if own else freq
    if spacing is None:
        raise DataError(
            f"{file}: no @frequency; set data.freq to the spacing of the values (--set data.freq=D)"
        )
    column = header.attributes.index(START)
    stamps = []
    for number, attributes, length in zip(lines, ids, lengths, strict=True):
        place = f"{file}:{number}"
        start = start_in(attributes[column], place)
        named = "@frequency" if own else None
        stamps.append(stamps_from(start, length, spacing, place, named=named))
    return {STAMP: pd.Series(np.concatenate(stamps))}
