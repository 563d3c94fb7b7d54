"""Rows that wait on disk, in a file without a name: it is gone with the process that wrote it."""

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any

from lstm_forecast.errors import WriteError

__all__ = ["Spool"]


class Spool(AbstractContextManager["Spool"]):
    """Tables of Arrow's, appended to numbered parts of one schema each, and read back by part.

    A context manager, as its file is open from the first row to the last.
    """

    def __init__(self, folder: Path) -> None:
        """Keep the rows in ``folder``. Raises WriteError if nothing can be written there."""
        self._folder = folder
        self._places: dict[int, list[tuple[int, int]]] = {}  # part -> where its batches lie
        self._schemas: dict[int, Any] = {}
        self._end = 0  # of what was written
        try:
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  closed by `__exit__`
        except OSError as error:
            raise self._failed(error) from None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def append(self, part: int, rows: Any) -> None:
        """Write a table of Arrow's behind the others of a part.

        Raises WriteError if the disk is full.
        """
        self._schemas[part] = rows.schema
        places = self._places.setdefault(part, [])
        for batch in rows.combine_chunks().to_batches():
            content = batch.serialize()
            places.append((self._end, content.size))
            try:
                self._file.seek(self._end)  # as a part may be read meanwhile
                self._end += self._file.write(content)
            except OSError as error:
                raise self._failed(error) from None

    def read(self, part: int) -> Iterator[Any]:
        """The tables of a part, in the order in which they were written."""
        import pyarrow as pa

        for start, size in self._places.get(part, []):
            self._file.seek(start)
            batch = pa.ipc.read_record_batch(
                pa.py_buffer(self._file.read(size)), self._schemas[part]
            )
            yield pa.Table.from_batches([batch])

    def _failed(self, error: OSError) -> WriteError:
        return WriteError(
            f"{self._folder}: cannot be written: {error.strerror}; rows that are read in parts may"
            " have to wait there, as many as there are"
        )
