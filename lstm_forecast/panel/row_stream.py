"""The rows of a table, some at a time, as often as they are asked for."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.config.table import DataConfig
from lstm_forecast.errors import DataError, UsageError
from lstm_forecast.events import phase
from lstm_forecast.panel.series_ids import id_texts
from lstm_forecast.panel.survey import for_a_run, read_described, wanted_cells
from lstm_forecast.tables.files.columnar import column_batches, count_columns
from lstm_forecast.tables.files.formats import CSV, PARQUET, format_of
from lstm_forecast.tables.padded_ids import without_padding
from lstm_forecast.tables.read import Table, data_files, file_states
from lstm_forecast.tables.source import Frame, Source
from lstm_forecast.tables.spool import Spool

__all__ = ["PartRows", "RowStream", "row_stream"]

KEPT = -1  # the part of the spool that holds all rows as they came
ISO_DATE = r"^\s*(\d{4}-\d\d-\d\d|$)"
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class RowStream:
    """The rows of a table, some at a time, as often as they are asked for."""

    data: DataConfig
    table: Table  # where the rows come from; it has none
    schema: Any  # of Arrow's
    batches: Callable[[Sequence[str]], Iterator[Any]]  # of the named columns, tables of Arrow's

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that name the series."""
        return self.data.series_columns

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Raise ChangedError if files are written to meanwhile, whatever comes of that."""
        try:
            yield
        finally:
            self.table.require_unchanged()

    def texts(self, values: Any) -> pd.Series:
        """The ids that such values of Arrow's are; two that are refused as one are the same."""
        texts = id_texts(values.to_pandas())
        return texts.str.strip() if self.data.padded_ids == "strip" else texts

    def part(self, rows: list[Any], numbers: Ints) -> "PartRows":
        """The part with these ``rows`` of Arrow's, which have the ``numbers`` in its files."""
        padded = self.keys if self.data.padded_ids == "strip" else ()
        return PartRows(self.table, padded, rows, numbers)


@dataclass(frozen=True)
class PartRows:
    """The rows of a part, which become a table once, in this process or in another one."""

    origin: Table  # where the rows come from; it has none
    padded: tuple[str, ...]  # columns in which blanks around ids are left out
    rows: list[Any]  # tables of Arrow's
    numbers: Ints  # of the rows in the files

    def table(self) -> Table:
        """All rows of the part. The list is empty then, so that nothing stands in memory twice."""
        import pyarrow as pa

        whole = pa.concat_tables(self.rows)
        self.rows.clear()
        frame = whole.to_pandas(split_blocks=True, self_destruct=True, ignore_metadata=True)
        findings = self.origin.findings if self.numbers[0] == 0 else ()  # which are told once
        frame = frame.set_index(pd.Index(self.numbers))
        table = replace(self.origin, frame=frame, findings=findings)
        return without_padding(table, self.padded) if self.padded else table


def row_stream(data: DataConfig, source: Source, spool: Spool) -> RowStream:
    """The rows of the table in ``source`` as ``data`` describes it.

    A Parquet dataset is read as a stream. Other files are read one at a time, and the ``spool``
    keeps their rows. Raises UsageError where all rows have to be seen at once, and DataError as
    ``read_table`` does.
    """
    _require_series(data)
    files = [] if isinstance(source, Frame) else data_files(source)
    kind = format_of(files[0]) if files else None
    if isinstance(source, Path) and kind == PARQUET:
        wanted, states = wanted_cells(data), file_states(files)
        phase(f"looking through {source}", path=str(source))
        schema, rows = count_columns(source, wanted, files)
        table = Table(pd.DataFrame(), ((source, rows, None),), states=states)
        stream = RowStream(data, table, schema, partial(column_batches, source, wanted, files))
    else:
        apart = kind == CSV and data.layout not in ("wide", "calendar")
        stream = _kept(data, files if apart else [source], spool)
    with stream.unchanged():
        _require_one_style(stream)
    return stream


def _kept(data: DataConfig, sources: Sequence[Source], spool: Spool) -> RowStream:
    """The rows of files that are read one after another, which the spool keeps."""
    import pyarrow as pa

    whole, schema = Table(pd.DataFrame(), ()), None
    as_written = data.model_copy(update={"padded_ids": "keep"})  # `part` looks at all of a series
    for source in sources:
        with for_a_run():
            table = read_described(as_written, source)
        rows = pa.Table.from_pandas(table.frame, preserve_index=False).replace_schema_metadata(None)
        schema = rows.schema
        spool.append(KEPT, rows)
        whole = replace(
            whole,
            sources=(*whole.sources, *table.sources),
            findings=(*whole.findings, *table.findings),
            states={**whole.states, **table.states},
            places={**whole.places, **table.places},
        )

    def batches(names: Sequence[str]) -> Iterator[Any]:
        return (rows.select(list(names)) for rows in spool.read(KEPT))

    return RowStream(data, whole, schema, batches)


def _require_series(data: DataConfig) -> None:
    """Raise UsageError where no part of the rows tells what is made of it."""
    if not data.series_columns:
        raise UsageError(
            "--memory and --engine: a table is read in parts of whole series, and that of the run"
            " has one series; leave them out"
        )
    if data.aggregate is not None:
        raise UsageError(
            "--memory and --engine: events are counted between the first and the last of all of"
            " them (data.aggregate), which takes all rows at once; leave them out, or give a table"
            " with a row for each step"
        )


def _require_one_style(stream: RowStream) -> None:
    """Raise DataError for ids and stamps that one part may read otherwise than another.

    Numbers with decimals and stamps become the texts of ids by what all of them are. Stamps that
    are texts are plain where a config says their format, or where all begin like 2024-01-31.
    """
    from pyarrow import types

    data, kinds = stream.data, {field.name: field.type for field in stream.schema}
    decimals = [name for name in stream.keys if types.is_floating(kinds[name])]
    texts = [] if data.timestamp_format else data.stamp_columns
    texts = [name for name in texts if types.is_large_string(kinds[name])]
    odd = next((name for name in stream.keys if types.is_temporal(kinds[name])), None)
    for rows in stream.batches([*decimals, *texts]) if decimals or texts else ():
        odd = odd or next((name for name in decimals if not _all_whole(rows[name])), None)
        for name in texts:
            if not _all_iso(rows[name]):
                raise DataError(
                    f"--memory and --engine: column {name}: stamps that do not begin like"
                    " 2024-01-31 are understood by all rows at once: train with"
                    " data.timestamp_format, or leave them out"
                )
    if odd is not None:
        raise DataError(
            f"--memory and --engine: column {odd}: how ids that are {kinds[odd]} are written as"
            " texts is told by all rows at once: write them as texts or whole numbers, or leave"
            " the options out"
        )


def _all_whole(numbers: Any) -> bool:
    import pyarrow.compute as pc

    return pc.all(pc.equal(pc.floor(numbers), numbers)).as_py() is not False


def _all_iso(texts: Any) -> bool:
    import pyarrow.compute as pc

    return pc.all(pc.match_substring_regex(texts, ISO_DATE)).as_py() is not False
