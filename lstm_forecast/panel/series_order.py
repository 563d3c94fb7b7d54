"""Which series a table has, how many rows each, and whether they stand in the order of the ids."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import EmptyError
from lstm_forecast.panel.row_stream import RowStream

__all__ = ["CHUNK_ROWS", "ROW", "Keys", "counts_in_order"]

ROW = (
    "\0row"  # the number of a row, or how many there are, beside its cells: no column is called so
)
CHUNK_ROWS = 2**19  # that are told apart at once
Ints = NDArray[np.int64]


def counts_in_order(stream: RowStream) -> Ints | None:
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
    if last is None:
        raise EmptyError(f"{stream.table.sources[0][0]}: no rows")
    return np.concatenate(counts)


class Keys:
    """What tells the series of a table, and how many rows each has, in the order of their ids."""

    def __init__(self, stream: RowStream) -> None:
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
