"""What a table will take of memory once it is read, told from what is counted of it before."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lstm_forecast.errors import DataError
from lstm_forecast.files import available_memory
from lstm_forecast.tables.source import Source

__all__ = ["Budget", "Size", "parquet_size", "written_out"]

MIB = 2**20
# Memory that a table takes until it is a panel: about the peaks of 2,000,000 rows, long and wide,
# CSV and Parquet. A first look reads all cells as text.
BYTES_OF_ROW, BYTES_OF_CELL, BYTES_OF_TEXT_CELL = 64, 24, 48
BYTES_OF_TEXT_BYTE = 4
# All cells of a line that is longer than a block are told apart at once.
BYTES_OF_LONG_LINE_BYTE = 9


@dataclass(frozen=True)
class Size:
    """How much there is in a table."""

    rows: int = 0
    cells: int = 0  # of the columns that are read
    text: int = 0  # bytes
    longest: int = 0  # bytes of the longest line, about

    def __add__(self, other: "Size") -> "Size":
        longest = max(self.longest, other.longest)
        return Size(
            self.rows + other.rows, self.cells + other.cells, self.text + other.text, longest
        )


@dataclass(frozen=True)
class Budget:
    """Memory that the table in ``source`` may take."""

    source: Source
    most: int
    limited: bool  # by the config
    as_text: bool  # whether all cells are read so
    spent: Size = Size()

    @classmethod
    def of(cls, source: Source, *, limit: int | None, as_text: bool) -> "Budget":
        """What the config allows, in MiB, and no more than there is."""
        left = available_memory()
        limited = limit is not None and limit * MIB < left
        return cls(source, limit * MIB if limit is not None and limited else left, limited, as_text)

    def require_bytes(self, n_bytes: int) -> None:
        """Raise DataError for files that are larger than memory before anything of them is read."""
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        if n_bytes > memory:
            raise DataError(
                f"{self.source}: {n_bytes / 2**30:,.1f} GiB of CSV, and this machine has"
                f" {memory / 2**30:,.1f} GiB of memory; keep fewer rows or columns, or convert it"
                " to Parquet, of which only the columns of the config are read"
            )

    def require(self, size: Size) -> None:
        """Raise DataError if so much more would not fit."""
        size, cell = self.spent + size, BYTES_OF_TEXT_CELL if self.as_text else BYTES_OF_CELL
        need = (
            BYTES_OF_ROW * size.rows
            + cell * size.cells
            + BYTES_OF_TEXT_BYTE * size.text
            + BYTES_OF_LONG_LINE_BYTE * size.longest
        )
        if need > self.most:
            whose = "training.memory_limit allows" if self.limited else "there is room for"
            larger = (
                "raise training.memory_limit" if self.limited else "use a machine with more memory"
            )
            raise DataError(
                f"{self.source}: at least {size.rows:,} rows and {size.text / MIB:,.0f} MiB of text"
                f" inside, which would take {need / MIB:,.0f} MiB of memory or more, and {whose}"
                f" {self.most / MIB:,.0f}; keep fewer rows or columns, or {larger}"
            )


def parquet_size(footers: Iterable[Any], columns: set[str]) -> Size:
    """What the footers of Parquet files tell of the named columns; texts that recur are counted
    once a row group.
    """
    size = Size()
    for footer in footers:
        size += Size(rows=footer.num_rows, cells=footer.num_rows * len(columns))
        groups = [footer.row_group(k) for k in range(footer.num_row_groups)]
        leaves = [groups[0].column(k) for k in range(footer.num_columns)] if groups else []
        for number, leaf in enumerate(leaves):
            is_text = leaf.physical_type.endswith("BYTE_ARRAY")
            if is_text and leaf.path_in_schema in columns:
                parts = [group.column(number) for group in groups]
                texts = sum(part.total_uncompressed_size for part in parts)
                size += Size(cells=sum(part.num_values for part in parts), text=texts)
    return size


def written_out(column: Any) -> int:
    """Bytes that the texts of a column of Arrow's take where every row has its own."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(column.type):
        return int(column.nbytes)
    lengths = (
        pc.sum(pc.take(pc.binary_length(part.dictionary), part.indices)).as_py()
        for part in column.chunks
    )
    return sum(length or 0 for length in lengths)
