"""A table in parts, each with all rows of some series: what is read where all rows at once are
larger than memory.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import UsageError
from lstm_forecast.events import phase
from lstm_forecast.files import memory_taken
from lstm_forecast.panel.series_ids import id_texts
from lstm_forecast.panel.survey import read_described, wanted_cells
from lstm_forecast.tables.files.columnar import column_batches, count_columns
from lstm_forecast.tables.files.formats import CSV, PARQUET, format_of
from lstm_forecast.tables.padded_ids import without_padding
from lstm_forecast.tables.read import Table, data_files, file_states
from lstm_forecast.tables.source import Frame, Source
from lstm_forecast.tables.spool import Spool

__all__ = ["Parts", "parts_of", "rows_within"]

ROW = "\0row"  # the number of a row in its files, beside its cells; no column is called so
CHUNK_ROWS = 2**19  # that are told apart at once
BLOCK_SERIES = 256  # series of a part are a multiple: batches of forecasts are then as at once
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

    Each part is a ``Table`` whose rows know their places in the files.
    """

    rows: int
    series: int
    sizes: tuple[int, ...]  # series of each part
    read: Callable[[], Iterator[Table]]


@dataclass(frozen=True)
class _Stream:
    """The rows of a table, some at a time, as often as they are asked for."""

    data: DataConfig
    table: Table  # where the rows come from; it has none
    batches: Callable[[Sequence[str]], Iterator[Any]]  # of the named columns, tables of Arrow's
    columns: tuple[str, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that name the series."""
        return self.data.series_columns

    def texts(self, values: Any) -> pd.Series:
        """The ids that such values of Arrow's are; two that are refused as one are the same."""
        texts = id_texts(values.to_pandas())
        return texts.str.strip() if self.data.padded_ids == "strip" else texts

    def part(self, rows: list[Any], numbers: Ints) -> Table:
        """The table with these ``rows`` of Arrow's, which have the ``numbers`` in its files.

        The list is empty then, so that nothing stands in memory twice.
        """
        import pyarrow as pa

        whole = pa.concat_tables(rows)
        rows.clear()
        frame = whole.to_pandas(split_blocks=True, self_destruct=True, ignore_metadata=True)
        table = replace(self.table, frame=frame.set_index(pd.Index(numbers)))
        return without_padding(table, self.keys) if self.data.padded_ids == "strip" else table


def parts_of(data: DataConfig, source: Source, *, most_rows: int, more: int, spool: Spool) -> Parts:
    """The table in ``source``, as ``data`` describes it, in parts of at most ``most_rows`` rows,
    where each series counts for ``more`` rows than it has; a longer series is a part of its own.

    A Parquet dataset is read as a stream, of other files one at a time has to fit into memory. What
    does not stand in the order of its series waits in the ``spool``. Raises UsageError where all
    rows have to be seen at once, and DataError as ``read_table`` does.
    """
    _require_series(data)
    stream = _stream(data, source, spool)
    counts, keys = _in_order(stream), None
    if counts is None:
        keys = _Keys(stream)
        counts = keys.rows
    sizes = _sizes(counts + more, most_rows)
    ends = np.cumsum(sizes)
    rows = np.concatenate(([0], np.cumsum(counts)))[np.concatenate(([0], ends))]
    if keys is None:
        read = partial(_slices, stream, rows)
    else:
        phase(f"sorting {rows[-1]:,} rows by series", rows=int(rows[-1]))
        _sort(stream, keys, ends, spool)
        read = partial(_spooled, stream, ends, spool)
    return Parts(int(rows[-1]), len(counts), tuple(map(int, sizes)), read)


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


def _require_series(data: DataConfig) -> None:
    """Raise UsageError where no part of the rows tells what is made of it."""
    if not data.series_columns:
        raise UsageError(
            "--memory: a table is read in parts of whole series, and that of the run has one"
            " series; leave it out"
        )
    if data.aggregate is not None:
        raise UsageError(
            "--memory: events are counted between the first and the last of all of them"
            " (data.aggregate), which takes all rows at once; leave it out, or give a table with a"
            " row for each step"
        )


def _stream(data: DataConfig, source: Source, spool: Spool) -> _Stream:
    files = [] if isinstance(source, Frame) else data_files(source)
    kind = format_of(files[0]) if files else None
    if isinstance(source, Path) and kind == PARQUET:
        wanted, states = wanted_cells(data), file_states(files)
        phase(f"looking through {source}", path=str(source))
        schema, rows = count_columns(source, wanted, files)
        table = Table(pd.DataFrame(), ((source, rows, None),), states=states)
        batches = partial(column_batches, source, wanted, files)
        return _Stream(data, table, batches, tuple(schema.names))
    apart = kind == CSV and data.layout not in ("wide", "calendar")
    return _kept(data, files if apart else [source], spool)


def _kept(data: DataConfig, sources: Sequence[Source], spool: Spool) -> _Stream:
    """The rows of files that are read one after another, which the spool keeps."""
    import pyarrow as pa

    whole, columns = Table(pd.DataFrame(), ()), ()
    as_written = data.model_copy(update={"padded_ids": "keep"})  # `part` looks at all of a series
    for source in sources:
        table = read_described(as_written, source)
        rows = pa.Table.from_pandas(table.frame, preserve_index=False)
        columns = tuple(rows.schema.names)
        spool.append(-1, rows.replace_schema_metadata(None))
        whole = replace(
            whole,
            sources=(*whole.sources, *table.sources),
            findings=(*whole.findings, *table.findings),
            states={**whole.states, **table.states},
            places={**whole.places, **table.places},
        )
    return _Stream(
        data, whole, lambda names: (rows.select(names) for rows in spool.read(-1)), columns
    )


def _in_order(stream: _Stream) -> Ints | None:
    """How many rows each series has, where they stand in the order of their ids; else None.

    No id is kept, so that memory does not grow with their number.
    """
    import pyarrow as pa

    counts: list[Ints] = []
    last: tuple[str, ...] | None = None
    for rows in stream.batches(stream.keys):
        if any(pa.types.is_floating(kind) for kind in rows.schema.types):
            return None  # whether these are whole numbers is told by all of them
        first, _ = _runs(rows)
        keys = rows.take(first)
        ids = list(zip(*(stream.texts(keys[name]) for name in stream.keys), strict=True))
        lengths = np.diff(np.append(first, len(rows)))
        if ids[0] == last:
            counts[-1][-1] += lengths[0]
            ids, lengths = ids[1:], lengths[1:]
        before = [*([] if last is None else [last]), *ids]
        if any(one >= other for one, other in itertools.pairwise(before)):
            return None
        last = before[-1]
        if len(lengths):
            counts.append(lengths)
    return np.concatenate(counts)


class _Keys:
    """What tells the series of a table, and how many rows each has, in the order of their ids."""

    def __init__(self, stream: _Stream) -> None:
        import pyarrow as pa

        self._columns, seen, kept = stream.keys, list[Any](), 0
        for rows in stream.batches(self._columns):
            first, numbers = _runs(rows)
            _, places = np.unique(numbers, return_index=True)
            lengths = np.diff(np.append(first, len(rows)))
            counts = np.bincount(numbers, weights=lengths).astype(np.int64)
            seen.append(rows.take(first[places]).append_column(ROW, pa.array(counts)))
            if sum(map(len, seen)) > 2 * kept + CHUNK_ROWS:
                seen = [_summed(seen, self._columns)]
                kept = len(seen[0])
        every = _summed(seen, self._columns)
        self._values = [every[name].unique() for name in self._columns]
        self._ranks = [_ranks(stream.texts(values)) for values in self._values]
        self._pairs: list[Ints] = []  # of the keys in the first columns, those that there are
        series = self.series_of(every)
        self.rows = np.bincount(series, weights=every[ROW].to_numpy()).astype(np.int64)

    def series_of(self, rows: Any) -> Ints:
        """The number of the series of every row, in the order of their ids."""
        import pyarrow.compute as pc

        series = np.zeros(len(rows), np.int64)
        for place, name in enumerate(self._columns):
            values, ranks = self._values[place], self._ranks[place]
            codes = pc.index_in(rows[name].combine_chunks(), value_set=values)
            pairs = series * (ranks.max() + 1) + ranks[codes.to_numpy()]
            if place == len(self._pairs):
                self._pairs.append(np.unique(pairs))
            series = np.searchsorted(self._pairs[place], pairs)
        return series


def _summed(counts: list[Any], keys: Sequence[str]) -> Any:
    """One row for all of the same keys, with the sum of their ``counts``."""
    import pyarrow as pa

    groups = pa.concat_tables(counts).group_by(list(keys)).aggregate([(ROW, "sum")])
    return groups.rename_columns({f"{ROW}_sum": ROW}).combine_chunks()


def _runs(rows: Any) -> tuple[Ints, Ints]:
    """The rows where the keys change, and a number for the keys from each of these on."""
    encoded = [
        column.combine_chunks().dictionary_encode(null_encoding="encode") for column in rows.columns
    ]
    codes = [each.indices.to_numpy() for each in encoded]
    changes = np.logical_or.reduce([np.diff(each) != 0 for each in codes])
    first = np.concatenate(([0], np.flatnonzero(changes) + 1))
    numbers = np.zeros(len(first), np.int64)
    for each, column in zip(encoded, codes, strict=True):
        numbers, _ = pd.factorize(numbers * len(each.dictionary) + column[first])
    return first, numbers


def _ranks(texts: pd.Series) -> Ints:
    """The place of each of the ``texts`` in their order."""
    return np.asarray(pd.factorize(texts, sort=True)[0])


def _sizes(rows: Ints, most: int) -> list[int]:
    """How many series go into each part; ``rows`` are what each counts for."""
    sizes, ends, start = [], np.cumsum(rows), 0
    while start < len(rows):
        before = ends[start - 1] if start else 0
        count = max(1, int(np.searchsorted(ends, before + most, side="right")) - start)
        count = count // BLOCK_SERIES * BLOCK_SERIES or count
        sizes.append(min(count, len(rows) - start))
        start += sizes[-1]
    return sizes


def _slices(stream: _Stream, rows: Ints) -> Iterator[Table]:
    """Parts of rows that stand in their order; each begins at one of the numbers ``rows``."""
    waiting: list[Any] = []
    start, part = 0, 1
    for batch in stream.batches(stream.columns):
        while start + len(batch) >= rows[part]:
            waiting.append(batch.slice(0, rows[part] - start))
            batch = batch.slice(rows[part] - start)
            yield stream.part(waiting, np.arange(rows[part - 1], rows[part]))
            start, part = int(rows[part]), part + 1
            if part == len(rows):
                return
        waiting.append(batch)
        start += len(batch)


def _sort(stream: _Stream, keys: _Keys, ends: Ints, spool: Spool) -> None:
    """Write every row to its part in the spool, behind those before it."""
    import pyarrow as pa

    start = 0
    for rows in _chunks(stream.batches(stream.columns)):
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


def _spooled(stream: _Stream, ends: Ints, spool: Spool) -> Iterator[Table]:
    """Parts of rows that wait in the spool."""
    for part in range(len(ends)):
        rows = list(spool.read(part))
        numbers = np.concatenate([batch[ROW].to_numpy() for batch in rows])
        rows = [batch.drop_columns([ROW]) for batch in rows]
        yield stream.part(rows, numbers)
