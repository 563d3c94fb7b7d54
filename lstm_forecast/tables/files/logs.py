"""Texts whose lines are no rows of a table as they stand: logs of web servers, and cells that only
blanks part.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from lstm_forecast.errors import DataError

__all__ = ["require_no_blanks", "require_no_log"]

LINES_LOOKED_AT, LINES_OF_BLANKS = 5, 50
LEAST_LINES = 3
# Host, identity, user, moment and request, as in 10.0.0.1 - - [13/May/2024:00:12:03 +0200] "GET /".
LINE_OF_LOG = re.compile(r'\S+ \S+ .+ \[\d\d/\w{3}/\d{4}(?::\d\d){3} [+-]\d{4}\] "')
OTHER_SIGN = re.compile(r"[;\t|]|(?<!\d),|,(?!\d)")
DATE = re.compile(r"\d{1,4}([-/.])(?:\d{1,2}|[A-Za-z]{3})\1\d{1,4}(?:[T:]\S*)?")
NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
HOUR = re.compile(r"[01]?\d|2[0-4]")


def require_no_log(file: Path, text: str) -> None:
    """Raise DataError where all of the first lines of a ``text`` are those of a log."""
    lines = text[: LINES_LOOKED_AT * 1000].splitlines()[:LINES_LOOKED_AT]
    if lines and all(map(LINE_OF_LOG.match, lines)):
        raise DataError(
            f"{file}: the log of a web server, not a table; write its requests to a CSV file with"
            " a header, such as time,status, and a row for each, such as 2024-05-13 00:12:03,200:"
            " `forecast init` asks then how they are counted"
        )


def require_no_blanks(file: Path, text: str) -> None:
    """Raise DataError where each of the first lines of a ``text`` is a date and a number that
    blanks part: only one blank between cells is a delimiter.
    """
    lines = [line for line in text.splitlines()[:LINES_OF_BLANKS] if line.strip()]
    rows = [line.split() for line in lines[1:]]
    if "," in lines[0] and not _are_cells([lines[0].split()]):
        return
    if any(map(OTHER_SIGN.search, lines)) or len(rows) < LEAST_LINES or not _are_cells(rows):
        return
    headed = not _are_cells([lines[0].split(), *rows])
    if headed and all(line.split(" ") == line.split() for line in lines):
        raise DataError(f"{file}: one blank parts the cells; set data.csv.delimiter: ' '")
    names = "" if headed else " below a line with the names of the columns, such as time,count"
    raise DataError(
        f"{file}: blanks part the cells, and no sign that a table is cut at: write one comma"
        f" instead of them{names}"
    )


def _are_cells(rows: Sequence[Sequence[str]]) -> bool:
    """Whether all rows have as many cells, a date in one column and in another a number that is no
    hour of it.
    """
    if len(set(map(len, rows))) != 1:
        return False
    columns = list(zip(*rows, strict=True))
    dated = [k for k, cells in enumerate(columns) if all(map(DATE.fullmatch, cells))]
    numbered = [k for k, cells in enumerate(columns) if all(map(NUMBER.fullmatch, cells))]
    return bool(dated) and any(
        k < dated[0] or not all(map(HOUR.fullmatch, columns[k])) for k in numbered if k not in dated
    )
