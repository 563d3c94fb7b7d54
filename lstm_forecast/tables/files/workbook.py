"""Workbooks of Excel and OpenDocument: one sheet, with the types that its cells have."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lstm_forecast.config.inside import Inside
from lstm_forecast.config.text_files import CsvConfig
from lstm_forecast.errors import DataError
from lstm_forecast.files import open_regular
from lstm_forecast.tables.faults import Finding, setting
from lstm_forecast.tables.files.budget import Budget
from lstm_forecast.tables.files.cells import Cells, cell_text, column_of, named_columns
from lstm_forecast.tables.files.column_names import (
    NAMELESS,
    header_names,
    lines_of_header,
    with_one_header,
)
from lstm_forecast.tables.files.header import Record
from lstm_forecast.tables.files.layout import Layout, find_layout, rows_below
from lstm_forecast.tables.files.left_out import (
    lines_left_out,
    require_no_doubt,
    require_one_line,
    require_recorded,
    too_many_below,
)
from lstm_forecast.tables.files.pages import BEGINNING_OF_PAGE, require_no_page
from lstm_forecast.tables.files.text import Wanted
from lstm_forecast.tables.files.unpacked import require_room

__all__ = ["read_workbook"]

# Rows at the beginning and at the end by which those of the table are told from others.
ROWS_LOOKED_AT, ROWS_OF_TAIL = 2000, 60
Row = tuple[int, list[Any]]  # its number in the sheet, and its cells; None is an empty one


def read_workbook(
    file: Path, wanted: Wanted, budget: Budget, inside: Inside, written: CsvConfig
) -> Cells:
    """The sheet that ``inside`` names, or the only one that holds a table.

    Formulas are their values, and cells that hold an error are missing. Raises DataError if it is
    damaged, above the budget, or no sheet or several ones may be meant.
    """
    with open_regular(file) as stream:
        content = stream.read()
    require_no_page(file, content[:BEGINNING_OF_PAGE])
    errors = require_room(file, content, budget)
    rows, sheet, alone = _sheet(file, content, inside.sheet)
    if not rows:
        raise DataError(f"{file}: no rows; expected a header and rows")
    prefix = f"{file}, sheet {sheet}, row "
    laid = _laid_out(prefix, rows, wanted, written)
    findings = lines_left_out(prefix, laid.layout)
    if errors:
        text = f"{errors:,} cells hold an error such as #N/A, and are read as missing"
        findings.append(Finding("errors", "note", errors, text, (f"{file}, sheet {sheet}",)))
    (_, header), *body = laid.rows
    columns = [[row[k] for _, row in body] for k in range(len(header))]
    kept = [
        k
        for k, cells in enumerate(columns)
        if header[k] != NAMELESS.format(k) or any(cell is not None for cell in cells)
    ]
    return Cells(
        named_columns(file, [header[k] for k in kept], [column_of(columns[k]) for k in kept]),
        prefix,
        [number for number, _ in body],
        tuple(findings),
        layout=laid.layout,
        inside=Inside() if alone else Inside(sheet=sheet),
    )


def _sheet(file: Path, content: bytes, wanted: str | None) -> tuple[list[Row], str, bool]:
    """The rows of the sheet that is meant, its name, and whether there is no other one."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = list(book.sheet_names)
        if wanted is not None:
            if wanted not in names:
                raise DataError(f"{file}: no sheet {wanted}; its sheets are {', '.join(names)}")
            return _rows(book.get_sheet_by_name(wanted)), wanted, len(names) == 1
        found = {name: _rows(book.get_sheet_by_name(name)) for name in names}
    except (CalamineError, ValueError, OSError) as error:
        raise DataError(f"{file}: not readable as a workbook: {error}") from None
    tables = [name for name, rows in found.items() if _may_be_table(rows)] or names[:1]
    if len(tables) > 1:
        raise DataError(
            f"{file}: several sheets hold a table: {', '.join(tables)}; choose one with data.sheet"
            f" ({setting('sheet', tables[0])})"
        )
    return found[tables[0]] if tables else [], tables[0] if tables else "", len(names) == 1


def _rows(sheet: Any) -> list[Row]:
    """The rows of a sheet that hold anything."""
    rows = (
        (number, [None if cell == "" else cell for cell in cells])
        for number, cells in enumerate(sheet.iter_rows(), 1)
    )
    return [(number, cells) for number, cells in rows if any(cell is not None for cell in cells)]


def _may_be_table(rows: Sequence[Row]) -> bool:
    """Whether there are two columns, and a row below the first with anything but words."""
    several = any(sum(cell is not None for cell in cells) > 1 for _, cells in rows)
    below = (cell_text(cell) for _, cells in rows[1:] for cell in cells)
    return several and any(re.search(r"\d", text) for text in below)


@dataclass(frozen=True)
class _Laid:
    """The rows of a table from its header on, and what was left out around them."""

    rows: list[Row]
    layout: Layout


def _laid_out(prefix: str, rows: list[Row], wanted: Wanted, written: CsvConfig) -> _Laid:
    """The rows of the table in a sheet, as ``sniff`` finds the lines of one in a text file."""
    columns, one = wanted.columns or (), written.header_lines == 1
    first = _header_row(rows, columns, written)
    layout = Layout(first, written.header_lines, comment=written.comment)
    rows = [row for row in rows if row[0] >= layout.header and not _is_comment(row, layout)]
    if not rows:
        raise DataError(f"{prefix}{layout.header}: no header, which data.csv.header names")
    records = with_one_header(_records(rows[:ROWS_LOOKED_AT]), layout.header_lines)
    several = one and wanted.columns is None
    found = find_layout(records, units=written.units_row, several=several)
    if found is not None:
        if wanted.columns is None:
            require_no_doubt(prefix, found)
        else:
            require_recorded(prefix, found, written)
        layout = found.layout.within(layout)
        rows = [row for row in rows if row[0] >= layout.header and not _is_comment(row, layout)]
    rows = _headed(rows, layout, columns)
    if one and not set(columns) <= set(rows[0][1]):
        require_one_line(prefix, find_layout(records, units=written.units_row, several=True))
    if written.units_row and len(rows) > 1:
        layout = replace(layout, units=(rows[1][0],))
    rows = [row for row in rows if row[0] not in (*layout.units, *layout.totals)]
    return _without_footer(prefix, _Laid(rows, layout), wanted, written)


def _headed(rows: Sequence[Row], layout: Layout, columns: Sequence[str]) -> list[Row]:
    """The rows with those of the header in one, which holds the names of all columns."""
    header = lines_of_header(_records(rows[: layout.header_lines]), layout.header_lines)
    return [(rows[0][0], list(header_names(header, columns))), *rows[len(header) :]]


def _header_row(rows: Sequence[Row], columns: Sequence[str], written: CsvConfig) -> int:
    """The row that names the columns, also where there are more or fewer before it than usual."""
    if written.header is None:
        return 1
    names, records, n_lines = set(columns), _records(rows), written.header_lines
    headers = (lines_of_header(records[k : k + n_lines], n_lines) for k in range(len(records)))
    having = [
        number
        for (number, _), header in zip(records, headers, strict=True)
        if names and names <= set(header_names(header, columns))
    ]
    return having[0] if len(having) == 1 else written.header


def _without_footer(prefix: str, laid: _Laid, wanted: Wanted, written: CsvConfig) -> _Laid:
    header, tail = _texts(laid.rows[0][1]), [_texts(cells) for _, cells in laid.rows[1:]]
    tail = tail[-ROWS_OF_TAIL:]
    asked = [header.index(name) for name in wanted.text if name in header]
    below = max(rows_below(tail), rows_below(tail, asked) if written.footer else 0)
    if not below:
        return laid
    number, first = laid.rows[-below]
    if wanted.columns is not None and below > written.footer:
        raise too_many_below(prefix, number, below, ", ".join(_texts(first)))
    return _Laid(laid.rows[:-below], replace(laid.layout, end=number, below=below))


def _records(rows: Sequence[Row]) -> list[Record]:
    return [(number, _texts(cells)) for number, cells in rows]


def _texts(cells: Sequence[Any]) -> list[str]:
    return [cell_text(cell) for cell in cells]


def _is_comment(row: Row, layout: Layout) -> bool:
    return layout.comment is not None and cell_text(row[1][0]).startswith(layout.comment)
