"""A table of forecasts that is written as it is made, with the bytes of one that is written at
once.
"""

from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd

from lstm_forecast.forecasting.table import GROUP_ROWS, spreadsheet_safe

__all__ = ["Piece", "TableWriter", "piece_of"]


@dataclass(frozen=True)
class _Lines:
    """Rows as the text of a CSV file."""

    header: str
    text: str


Piece = Any  # ``_Lines``, or a table of Arrow's: it can be handed to another process


def piece_of(table: pd.DataFrame, *, suffix: str, dated: Collection[str] | None) -> Piece:
    """The rows of a table as a ``TableWriter`` appends them to a file of that ``suffix``.

    ``dated``: columns whose stamps are all at midnight, which CSV shows as dates; None: as this
    part has it.
    """
    if suffix == ".parquet":
        import pyarrow as pa

        return pa.Table.from_pandas(table, preserve_index=False)
    safe = spreadsheet_safe(table, dated=dated)
    return _Lines(safe[:0].to_csv(index=False), safe.to_csv(index=False, header=False))


class TableWriter(AbstractContextManager["TableWriter"]):
    """Writes the parts of a table behind each other, as Parquet or CSV; see ``save_table``.

    A context manager, as its file is open from the first part to the last.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: Any = None
        self._waiting: list[Any] = []  # rows that are too few for a group

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._waiting and error is None:
            self._write_groups(least=1)
        if self._file is not None:
            self._file.close()

    def append(self, piece: Piece) -> None:
        """Write a part, whose columns are those of all others."""
        if isinstance(piece, _Lines):
            self._append_lines(piece)
        else:
            self._append_rows(piece)

    def _append_lines(self, lines: _Lines) -> None:
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8", newline="")
            self._file.write(lines.header)
        self._file.write(lines.text)

    def _append_rows(self, rows: Any) -> None:
        import pyarrow.parquet

        if self._file is None:
            self._file = pyarrow.parquet.ParquetWriter(self._path, rows.schema)
        self._waiting.append(rows)
        self._write_groups(least=GROUP_ROWS)

    def _write_groups(self, *, least: int) -> None:
        """Write what waits in groups of ``GROUP_ROWS``, until fewer than the ``least`` are left."""
        import pyarrow as pa

        if sum(map(len, self._waiting)) < least:
            return
        rows = pa.concat_tables(self._waiting).combine_chunks()
        whole = len(rows) // GROUP_ROWS * GROUP_ROWS if least > 1 else len(rows)
        self._file.write_table(rows.slice(0, whole), row_group_size=GROUP_ROWS)
        self._waiting = [rows.slice(whole)] if whole < len(rows) else []
