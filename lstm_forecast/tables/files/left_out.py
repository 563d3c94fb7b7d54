"""Lines of a file that are no part of its table: told where the config names them, refused where it
does not.
"""

from collections.abc import Sequence
from typing import Any

from lstm_forecast.config.text_files import CsvConfig
from lstm_forecast.errors import DataError
from lstm_forecast.tables.faults import Finding
from lstm_forecast.tables.files.layout import Found, Layout

__all__ = [
    "LEFT_OUT", "keys_of", "lines_left_out", "require_no_doubt", "require_one_line",
    "require_recorded", "too_many_below",
]  # fmt: skip

# Kinds of findings of what a config names.
LEFT_OUT = ("header", "names", "comment", "units", "totals_row", "footer")
OUT_OF_FILE = "or take them out of the file"


def require_recorded(prefix: str, found: Found, written: CsvConfig) -> None:
    """Raise DataError for lines that seem to be no part of the table, and that no key names."""
    if found.names is not None:
        require_no_doubt(prefix, found)
    problems = []
    header = found.layout.header
    if found.before:
        problems.append(
            f"{prefix}{found.before[0]}: {_lines(len(found.before))} before the header, which seems"
            f" to be line {header}; set data.csv.header: {header}, {OUT_OF_FILE}"
        )
    if found.layout.comment and written.comment is None:
        sign = found.layout.comment
        problems.append(
            f"{_file(prefix)}: lines that begin with {sign} seem to be comments; set"
            f" data.csv.comment: {sign!r}, {OUT_OF_FILE}"
        )
    if found.layout.units and not written.units_row:
        line, *more = found.layout.units
        lines = f"{1 + len(more)} lines" if more else "line"
        problems.append(
            f"{prefix}{line}: the {lines} below the header seem{'' if more else 's'} to hold units;"
            f" set data.csv.units_row: true, or take {'them' if more else 'it'} out of the file"
        )
    if found.layout.totals and not written.totals_row:
        count = len(found.layout.totals)
        problems.append(
            f"{prefix}{found.layout.totals[0]}: {_lines(count)} below the header without a stamp,"
            f" called a total; set data.csv.totals_row: true, {OUT_OF_FILE}"
        )
    if problems:
        raise DataError(*problems)


def require_one_line(prefix: str, found: Found | None) -> None:
    """Raise DataError where several lines seem to name the columns, which no key says."""
    if found is None or found.layout.header_lines == 1:
        return
    first, count = found.layout.header, found.layout.header_lines
    raise DataError(
        f"{prefix}{first}: {_lines(count)} seem to name the columns together; set data.csv.header:"
        f" {first} and data.csv.header_lines: {count}, or write one line with their names"
    )


def require_no_doubt(prefix: str, found: Found) -> None:
    """Raise DataError where a line before the header is as wide as the table, or the line below it
    may be the header itself.
    """
    header = found.layout.header
    if found.names is not None:
        raise DataError(
            f"{prefix}{found.names}: names of the columns, or units of those in the line before:"
            f" set data.csv.header: {found.names}, or data.csv.units_row: true"
        )
    if found.doubtful is None:
        return
    raise DataError(
        f"{prefix}{found.doubtful}: no fewer fields than the table, though the header seems to be"
        f" line {header}: set data.csv.header: {header} to leave out the {header - 1:,} lines"
        f" before that, or take them out of the file"
    )


def too_many_below(prefix: str, line: int, count: int, sample: str) -> DataError:
    """The error for last lines that hold no stamp, more than the config names."""
    return DataError(
        f"{prefix}{line}: {_lines(count)} at the end without a stamp, as totals and notes are:"
        f" {sample[:80]!r}; set data.csv.footer: {count}, {OUT_OF_FILE}"
    )


def lines_left_out(prefix: str, layout: Layout) -> list[Finding]:
    """What is left out of a file, for people."""
    told, line = [], "row" if prefix.endswith("row ") else "line"
    if layout.header > 1:
        count = layout.header - 1
        where = f"{line}s 1 to {count}" if count > 1 else f"{line} 1"
        text = f"the header is {line} {layout.header}: {where} left out (data.csv.header)"
        told.append(Finding("header", "note", count, text, (f"{prefix}{layout.header}",)))
    if layout.header_lines > 1:
        first, last = layout.header, layout.header + layout.header_lines - 1
        text = f"{line}s {first} to {last} together name the columns (data.csv.header_lines)"
        told.append(Finding("names", "note", 1, text, (f"{prefix}{first}",)))
    if layout.comment:
        where = f", the first is {line} {layout.comments[0]}" if layout.comments else ""
        text = f"{line}s that begin with {layout.comment} are left out (data.csv.comment){where}"
        told.append(Finding("comment", "note", 1, text, (_file(prefix),)))
    if layout.units:
        begin, end, count = layout.units[0], layout.units[-1], len(layout.units)
        which = f"the {line} below the header, {begin}, holds units or notes, and is"
        if count > 1:
            lines = f"{count} {line}s below the header, {begin} to {end},"
            which = f"{lines} hold units or notes, and are"
        text = f"{which} left out (data.csv.units_row)"
        told.append(Finding("units", "note", count, text, (f"{prefix}{layout.units[0]}",)))
    if layout.totals:
        count = len(layout.totals)
        text = f"{_lines(count)} of totals below the header, left out (data.csv.totals_row)"
        told.append(Finding("totals_row", "note", count, text, (f"{prefix}{layout.totals[0]}",)))
    if layout.end:
        lines = f"{layout.below:,} {line}{'s' if layout.below > 1 else ''}"
        text = f"{lines} without a stamp from {line} {layout.end} on, left out (data.csv.footer)"
        told.append(Finding("footer", "note", layout.below, text, (f"{prefix}{layout.end}",)))
    return told


def keys_of(layouts: Sequence[Layout]) -> dict[str, Any]:
    """The keys of data.csv that leave out what was found to be no part of a table in its files."""
    first = layouts[0]
    return {
        "header": first.header if first.header > 1 or first.header_lines > 1 else None,
        "header_lines": first.header_lines,
        "comment": first.comment,
        "units_row": bool(first.units),
        "totals_row": bool(first.totals),
        "footer": max(layout.below for layout in layouts),
    }


def _file(prefix: str) -> str:
    """The file, or sheet, of places that begin so."""
    return prefix.removesuffix(", row ").removesuffix(":")


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count:,} lines"
