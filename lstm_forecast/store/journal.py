"""Results of long work, kept as they come, so that a kill loses none of them."""

import sqlite3
from contextlib import closing
from pathlib import Path

from lstm_forecast.errors import WriteError
from lstm_forecast.store.disk import write_errors

__all__ = ["Journal"]


class Journal:
    """Texts by their key in a SQLite file, whole or not there.

    Raises WriteError where the file is none, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with write_errors(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
        self._run("CREATE TABLE IF NOT EXISTS results (key TEXT PRIMARY KEY, result TEXT NOT NULL)")

    def find(self, key: str) -> str | None:
        """The result of that key, if it was kept."""
        rows = self._run("SELECT result FROM results WHERE key = ?", key)
        return rows[0][0] if rows else None

    def keep(self, key: str, result: str) -> None:
        """Keep a result."""
        self._run("INSERT OR REPLACE INTO results VALUES (?, ?)", key, result)

    def _run(self, statement: str, *values: str) -> list[tuple[str]]:
        try:
            with closing(sqlite3.connect(self.path)) as connection, connection:
                return connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise WriteError(
                f"{self.path}: cannot be used: {error}; remove it, and what it kept is done again"
            ) from None
