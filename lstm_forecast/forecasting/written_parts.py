"""A table of forecasts that is written as it is made, with the bytes of one that is written at
once.
"""

from collections.abc import Collection
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd

from lstm_forecast.forecasting.table import GROUP_ROWS, spreadsheet_safe

__all__ = ["TableWriter"]


class TableWriter(AbstractContextManager["TableWriter"]):
    """Writes the parts of a table behind each other, as Parquet or CSV; see ``save_table``.

    A context manager, as its file is open from the first part to the last.
    """

    def __init__(self, path: Path, *, suffix: str, dated: Collection[str] | None) -> None:
        """``dated``: columns whose stamps are all at midnight, which CSV shows as dates; None: as
        each part has it.
        """
        self._path, self._dated = path, dated
        self._append = self._append_parquet if suffix == ".parquet" else self._append_csv
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

    def append(self, table: pd.DataFrame) -> None:
        """Write a part, whose columns are those of all others."""
        self._append(table)

    def _append_csv(self, table: pd.DataFrame) -> None:
        first = self._file is None
        if first:
            self._file = self._path.open("w", encoding="utf-8", newline="")
        spreadsheet_safe(table, dated=self._dated).to_csv(self._file, index=False, header=first)

    def _append_parquet(self, table: pd.DataFrame) -> None:
        import pyarrow as pa
        import pyarrow.parquet

        rows = pa.Table.from_pandas(table, preserve_index=False)
        if self._file is None:
            self._file = pa.parquet.ParquetWriter(self._path, rows.schema)
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
