"""JSON to rows: a record a line, a list of records, or series as GluonTS writes them."""

import json
from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from lstm_forecast.errors import DataError
from lstm_forecast.tables.files.budget import Budget, Size
from lstm_forecast.tables.files.cells import Cells
from lstm_forecast.tables.files.dialect import UNREADABLE, decompressed
from lstm_forecast.tables.files.nested import EXAMPLE, ListInsideError, Paths
from lstm_forecast.tables.files.steps import stamps_from, start_in

__all__ = ["read_records"]

BLOCK_BYTES = 1 << 20
START, VALUES = "start", "target"  # of a series in one record; its values become rows
FREQ = "freq"  # of its values
STAMP = "timestamp"
STATIC = ("feat_static_cat", "feat_static_real")  # of GluonTS: numbers of a series
Pairs = list[tuple[str, Any]]


class _TwiceError(ValueError):
    """A key that stands twice in a record."""


def read_records(file: Path, budget: Budget, freq: str | None) -> Cells:
    """The records as rows, their cells as they stand in the file; what a record lacks is missing.

    Records ``{"start": ..., "target": [...]}`` are series: a row for each value, ``freq`` apart.
    Values inside objects have columns that are called by their path. Raises DataError, with the
    line, for what is no JSON or holds other lists, and above the budget.
    """
    text = _text(file, budget)
    lines = array("q")
    columns: dict[str, list[str]] = {}
    series, paths, records = False, Paths(), _records(file, text)
    for line, record in records:
        place = f"{file}:{line}"
        rows = 1
        if isinstance(record.get(VALUES), list) and START in record:
            series, record, rows = True, *_unrolled(place, record, freq)
        elif series:
            raise DataError(f"{place}: expected start and target, as in the records before it")
        try:
            flat = paths.flat(record, place, columns)
        except ListInsideError as error:
            if series or lines or next(records, None) is not None:
                raise
            raise error.of_document(place) from None
        _append(place, flat, columns, len(lines), rows)
        lines.extend([line] * rows)
        budget.require(Size(len(lines), len(lines) * len(columns), len(text)))
    if not lines:
        raise DataError(f"{file}: no records")
    return Cells(_filled(columns, len(lines), paths), f"{file}:", lines)


def _filled(columns: Mapping[str, list[str]], n_rows: int, paths: Paths) -> dict[str, pd.Series]:
    """The columns with all their rows, but those without a value that are objects elsewhere."""
    for cells in columns.values():
        cells.extend([""] * (n_rows - len(cells)))
    return {
        name: pd.Series(cells, dtype="str")
        for name, cells in columns.items()
        if name not in paths.objects or any(cells)
    }


def _text(file: Path, budget: Budget) -> str:
    """All of the file, counted as it is unpacked."""
    blocks: list[bytes] = []
    n_bytes = n_lines = 0
    try:
        with decompressed(file) as stream:
            for block in iter(lambda: stream.read(BLOCK_BYTES), b""):
                n_bytes, n_lines = n_bytes + len(block), n_lines + block.count(b"\n")
                budget.require(Size(n_lines, n_lines, n_bytes))
                blocks.append(block)
        return b"".join(blocks).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: not utf-8 text ({error.reason}), which JSON is") from None
    except UNREADABLE as error:
        raise DataError(f"{file}: cannot be read: {error}") from None


def _records(file: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every record, with the line that it begins in; lists of records may stand around them."""
    decoder = json.JSONDecoder(
        object_pairs_hook=_once, parse_float=str, parse_int=str, parse_constant=str
    )
    position, line, seen = 0, 1, 0
    listed = closed = False  # whether a list around the records began and ended
    while True:
        start = _next(text, position)
        line, seen = line + text.count("\n", seen, start), start
        if start == len(text):
            if listed and not closed:
                raise DataError(f"{file}:{line}: the list of records has no end; the file was cut")
            return
        if closed:
            raise DataError(f"{file}:{line}: expected nothing behind the list of records")
        sign = text[start]
        if not listed and position == 0 and sign == "[":
            listed, position = True, start + 1
        elif listed and sign in ",]":
            closed, position = sign == "]", start + 1
        else:
            record, position = _decoded(decoder, text, start, f"{file}:{line}")
            yield line, record


def _next(text: str, position: int) -> int:
    """Where the next sign that is no space stands; the end if there is none."""
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def _decoded(
    decoder: json.JSONDecoder, text: str, start: int, place: str
) -> tuple[dict[str, Any], int]:
    try:
        record, end = decoder.raw_decode(text, start)
    except json.JSONDecodeError as error:
        shown = text[start : start + 80].partition("\n")[0]
        raise DataError(f"{place}: no JSON: {error.msg}, in {shown!r}") from None
    except (_TwiceError, RecursionError) as error:
        raise DataError(f"{place}: {error}") from None
    if not isinstance(record, dict):
        raise DataError(
            f"{place}: expected a record such as {EXAMPLE}, received {text[start:end][:80]!r}"
        )
    return record, end


def _once(pairs: Pairs) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(f"key {next(n for n in names if names.count(n) > 1)} stands twice")
    return record


def _append(
    place: str, record: Mapping[str, Any], columns: dict[str, list[str]], before: int, rows: int
) -> None:
    """Add the cells of a record, the same in each of its ``rows`` unless there are as many."""
    for name, value in record.items():
        cells = columns.setdefault(name, [])
        if len(cells) < before:
            cells.extend([""] * (before - len(cells)))
        if isinstance(value, _Column):
            cells.extend(value.cells)
        else:
            cells.extend([_cell(place, name, value)] * rows)


class _Column:
    """Cells of the rows that a series becomes."""

    def __init__(self, cells: Sequence[str]) -> None:
        self.cells = cells


def _cell(place: str, name: str, value: Any) -> str:
    """A value as CSV has it."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    raise DataError(
        f"{place}: key {name}: expected a number, a text or null, received"
        f" {json.dumps(value)[:80]}; write one value for each key"
    )


def _unrolled(
    place: str, record: Mapping[str, Any], freq: str | None
) -> tuple[dict[str, Any], int]:
    """A series of GluonTS as the columns of its rows."""
    rest = {key: value for key, value in record.items() if key not in (START, VALUES, FREQ)}
    values = [_cell(place, VALUES, value) for value in record[VALUES]]
    spacing = record.get(FREQ, freq)
    if not isinstance(spacing, str):
        raise DataError(
            f"{place}: a series without stamps; set data.freq to the spacing of its values (--set"
            " data.freq=D)"
        )
    if not isinstance(record[START], str):
        raise DataError(f"{place}: key {START}: expected a stamp, received {record[START]!r}")
    for name in STATIC:
        for k, value in enumerate(rest.pop(name, None) or ()):
            rest[f"{name}_{k}"] = value
    start, named = start_in(record[START], place), FREQ if FREQ in record else None
    stamps = stamps_from(start, len(values), spacing, place, named=named)
    rest |= {STAMP: _Column(stamps.astype("str").tolist()), VALUES: _Column(values)}
    return rest, len(values)
