"""SQLite databases: one table, or the rows of one SELECT, read and never written."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lstm_forecast.config.inside import ALONE, Inside
from lstm_forecast.errors import DataError
from lstm_forecast.files import STDIN, open_regular
from lstm_forecast.tables.faults import setting
from lstm_forecast.tables.files.budget import Budget, Size
from lstm_forecast.tables.files.cells import Cells, column_of, named_columns

__all__ = ["read_database"]

ROWS_AT_ONCE = 10_000
LONGEST_VALUE = 2**24  # bytes of a text, before anything is made of it
READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 7) != 'sqlite_'"


def read_database(file: Path, budget: Budget, inside: Inside) -> Cells:
    """The table or query that ``inside`` names, or the only table.

    Nothing is written, attached or loaded: whatever is no reading is refused. Raises DataError if
    it is no database, above the budget, in use, or several tables may be meant.
    """
    if inside.table is not None and inside.query is not None:
        raise DataError(f"{file}: set data.table or data.query, not both")
    _require_written_out(file)
    try:
        with closing(_connected(file)) as connection:
            return _cells(file, connection, budget, inside)
    except (sqlite3.Error, sqlite3.Warning, UnicodeDecodeError) as error:
        raise DataError(f"{file}: not readable as SQLite: {error}") from None


def _require_written_out(file: Path) -> None:
    """Raise DataError where newer rows wait in a file beside the database."""
    log = file.with_name(f"{file.name}-wal")
    if file != STDIN and log.is_file() and log.stat().st_size:
        raise DataError(
            f"{file}: in use: {log.name} beside it holds rows that are not in it yet; close what"
            " writes it, or copy it with VACUUM INTO"
        )


def _connected(file: Path) -> sqlite3.Connection:
    """The database, for reading alone."""
    with open_regular(file) as stream:  # SQLite would wait for what is no file
        content = stream.read() if file == STDIN else b""
    if file == STDIN:
        connection = sqlite3.connect(":memory:")
        connection.deserialize(content)
    else:
        where = quote(str(file.absolute()))
        connection = sqlite3.connect(f"file:{where}?mode=ro&immutable=1", uri=True)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.set_authorizer(_permission)
    return connection


def _permission(action: int, _: str | None, name: str | None, *__: str | None) -> int:
    plain = action == sqlite3.SQLITE_FUNCTION and name != "load_extension"
    return sqlite3.SQLITE_OK if action in READING or plain else sqlite3.SQLITE_DENY


def _cells(file: Path, connection: sqlite3.Connection, budget: Budget, inside: Inside) -> Cells:
    taken = inside
    if inside.query is None and inside.table is None:
        tables = [name for (name,) in connection.execute(TABLES)]
        if len(tables) != 1:
            raise DataError(_choice(file, tables))
        table, taken = tables[0], ALONE
    else:
        table = inside.table or ""
    quoted = table.replace('"', '""')
    query = inside.query or f'SELECT * FROM "{quoted}"'  # noqa: S608  a name in its quotes
    cursor = connection.execute(query)
    if cursor.description is None:
        raise DataError(f"{file}: data.query: expected one SELECT, received {query[:80]!r}")
    names = [str(name) for name, *_ in cursor.description]
    columns: list[list[Any]] = [[] for _ in names]
    for rows in _blocks(cursor, budget, len(names)):
        for cells, values in zip(columns, zip(*rows, strict=True), strict=True):
            cells.extend(values)
    if not names or not columns[0]:
        raise DataError(f"{file}: no rows in {inside.query or f'table {table}'}")
    prefix = f"{file}, {f'table {table}' if inside.query is None else 'data.query'}, row "
    _require_no_bytes(prefix, names, columns)
    series = [column_of(cells) for cells in columns]
    numbers = range(1, len(columns[0]) + 1)
    return Cells(named_columns(file, names, series), prefix, numbers, inside=taken)


def _choice(file: Path, tables: Sequence[str]) -> str:
    if not tables:
        return f"{file}: no table in this database"
    return (
        f"{file}: several tables: {', '.join(tables)}; choose one with data.table"
        f" ({setting('table', tables[0])}), or a SELECT with data.query"
    )


def _blocks(
    cursor: sqlite3.Cursor, budget: Budget, width: int
) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The rows, counted as they come."""
    size = Size()
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        text = sum(len(cell) for row in rows for cell in row if isinstance(cell, str | bytes))
        size += Size(len(rows), 2 * len(rows) * width, text)  # cells stand beside their columns
        budget.require(size)
        yield rows


def _require_no_bytes(prefix: str, names: Sequence[str], columns: Sequence[list[Any]]) -> None:
    for name, cells in zip(names, columns, strict=True):
        for row, cell in enumerate(cells, 1):
            if isinstance(cell, bytes):
                raise DataError(
                    f"{prefix}{row}: column {name}: expected a number or a text, received"
                    f" {len(cell):,} bytes; leave the column out, with data.query"
                )
