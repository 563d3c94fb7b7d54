"""A table in parts, each with all rows of some series: what is read where all rows at once are
larger than memory.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import UsageError
from lstm_forecast.events import phase
from lstm_forecast.files import memory_taken
from lstm_forecast.panel.row_stream import PartRows, RowStream, row_stream
from lstm_forecast.panel.series_order import CHUNK_ROWS, ROW, Keys, counts_in_order
from lstm_forecast.tables.source import Source
from lstm_forecast.tables.spool import Spool

__all__ = ["MOST_ROWS", "Parts", "parts_of", "rows_within"]

MIB = 2**20
# Memory that a row of a part takes until its series are forecast, about: the peak of 200,000
# series of 60 rows and 24 steps with intervals, less what the program takes before.
BYTES_OF_ROW, BYTES_OF_CELL = 256, 64
RESERVED = 96 * MIB  # for what is read and written at once
LEAST_ROWS, MOST_ROWS = 10_000, 250_000  # larger parts are no faster
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Parts:
    """The rows of a table in parts, in the order of the ids of their series.

    Each becomes a ``Table`` whose rows know their places in the files.
    """

    series: int
    sizes: tuple[int, ...]  # series of each part
    read: Callable[[], Iterator[PartRows]]
    unchanged: Callable[[], AbstractContextManager[None]]  # see ``RowStream``


def parts_of(
    data: DataConfig, source: Source, *, most_rows: int, least_parts: int, more: int, spool: Spool
) -> Parts:
    """The table in ``source``, as ``data`` describes it, in parts of at most ``most_rows`` rows,
    where each series counts for ``more`` rows than it has; a longer series is a part of its own.

    There are ``least_parts`` or more, unless they would be small.

    A Parquet dataset is read as a stream, of other files one at a time has to fit into memory. What
    does not stand in the order of its series waits in the ``spool``. Raises UsageError where all
    rows have to be seen at once, and DataError as ``read_table`` does.
    """
    stream = row_stream(data, source, spool)
    with stream.unchanged():
        counts, keys = counts_in_order(stream), None
        if counts is None:
            keys = Keys(stream)
            counts = keys.rows
        weights = counts + more
        sizes = _sizes(weights, min(most_rows, max(LEAST_ROWS, weights.sum() // least_parts)))
        ends = np.cumsum(sizes)
        rows = np.concatenate(([0], np.cumsum(counts)))[np.concatenate(([0], ends))]
        if keys is not None:
            phase(f"sorting {rows[-1]:,} rows by series", rows=int(rows[-1]))
            _sort(stream, keys, ends, spool)
    own = partial(_slices, stream, rows) if keys is None else partial(_spooled, stream, ends, spool)
    return Parts(len(counts), tuple(map(int, sizes)), own, stream.unchanged)


def rows_within(memory: int, data: DataConfig) -> int:
    """How many rows of a part the program can take in ``memory`` bytes, beside what it has taken.

    Raises UsageError where that is too little to begin with.
    """
    taken = memory_taken() + RESERVED
    most = (memory - taken) // (BYTES_OF_ROW + BYTES_OF_CELL * len(data.columns))
    if most < LEAST_ROWS:
        raise UsageError(
            f"--memory: {memory / MIB:,.0f} MiB, of which the program alone takes"
            f" {taken / MIB:,.0f}; give {(2 * taken) // MIB:,} MiB or more"
        )
    return min(most, MOST_ROWS)


def _sizes(rows: Ints, most: int) -> list[int]:
    """How many series go into each part; ``rows`` are what each counts for."""
    sizes, ends, start = list[int](), np.cumsum(rows), 0
    while start < len(rows):
        before = ends[start - 1] if start else 0
        count = int(np.searchsorted(ends, before + most, side="right")) - start
        sizes.append(max(1, count))
        start += sizes[-1]
    return sizes


def _slices(stream: RowStream, rows: Ints) -> Iterator[PartRows]:
    """Parts of rows that stand in their order; each begins at one of the numbers ``rows``."""
    waiting: list[Any] = []
    start, part = 0, 1
    for batch in stream.batches(stream.schema.names):
        while start + len(batch) >= rows[part]:
            waiting.append(batch.slice(0, rows[part] - start))
            batch = batch.slice(rows[part] - start)
            yield stream.part(waiting, np.arange(rows[part - 1], rows[part]))
            waiting, start, part = [], int(rows[part]), part + 1
            if part == len(rows):
                return
        waiting.append(batch)
        start += len(batch)


def _sort(stream: RowStream, keys: Keys, ends: Ints, spool: Spool) -> None:
    """Write every row to its part in the spool, behind those before it."""
    import pyarrow as pa

    start = 0
    for rows in _chunks(stream.batches(stream.schema.names)):
        parts = np.searchsorted(ends, keys.series_of(rows), side="right")
        order = np.argsort(parts, kind="stable")
        numbered = rows.append_column(ROW, pa.array(start + np.arange(len(rows)))).take(order)
        found, first = np.unique(parts[order], return_index=True)
        for part, begin, end in zip(found, first, [*first[1:], len(rows)], strict=True):
            spool.append(int(part), numbered.slice(begin, end - begin))
        start += len(rows)


def _chunks(batches: Iterator[Any]) -> Iterator[Any]:
    """The same rows, in fewer and larger tables."""
    import pyarrow as pa

    waiting: list[Any] = []
    for rows in batches:
        waiting.append(rows)
        if sum(map(len, waiting)) >= CHUNK_ROWS:
            yield pa.concat_tables(waiting).combine_chunks()
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting).combine_chunks()


def _spooled(stream: RowStream, ends: Ints, spool: Spool) -> Iterator[PartRows]:
    """Parts of rows that wait in the spool."""
    for part in range(len(ends)):
        rows = list(spool.read(part))
        numbers = np.concatenate([batch[ROW].to_numpy() for batch in rows])
        rows = [batch.drop_columns([ROW]) for batch in rows]
        yield stream.part(rows, numbers)
