"""Parquet files to a frame, or to batches of rows: their footers tell how much is in them before
anything is read.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from lstm_forecast.errors import DataError
from lstm_forecast.files import STDIN, open_regular
from lstm_forecast.tables.faults import require_columns
from lstm_forecast.tables.files.arrow import plain_schema, text_columns, without_views
from lstm_forecast.tables.files.budget import Budget, Size, parquet_size, written_out
from lstm_forecast.tables.files.text import Wanted

__all__ = ["parquet_batches", "parquet_columns", "parquet_rows", "read_parquet"]

BATCH_ROWS = 2**17  # that are read at once where a table is read in batches


def parquet_columns(file: Path) -> list[str]:
    """Names of the columns, those in the names of its folders included.

    Raises DataError if it is no Parquet.
    """
    with _plain_words(file):
        return list(_dataset([file], partitioning="hive").schema.names)


def read_parquet(path: Path, files: list[Path], wanted: Wanted, budget: Budget) -> pd.DataFrame:
    """The wanted columns of all files.

    Raises DataError if they are no Parquet, not numbers, or above the budget.

    A text that recurs stands once in Parquet: it is read so, and written out only when that is
    known to fit.
    """
    import pyarrow as pa

    columns = None if wanted.columns is None else list(wanted.columns)
    with _plain_words(path):
        parts = _partitioning(files, columns, (*wanted.text, *wanted.either))
        plain = _dataset(files, partitioning=parts)
        require_columns(path, columns, plain.schema.names)
        schema = plain_schema(path, plain.schema, wanted)
        names = list(schema.names)
        footers = (fragment.metadata for fragment in plain.get_fragments())
        size = parquet_size(footers, set(names))
        budget.require(size)
        texts = text_columns(schema)
        coded = [
            name
            for name in texts
            if plain.schema.field(name).type in (pa.string(), pa.large_string())
        ]
        whole = _dataset(files, partitioning=parts, dictionary_columns=coded) if coded else plain
        table = whole.to_table(columns=names)
        table = pa.table({name: without_views(table[name]) for name in names})
        budget.require(Size(size.rows, size.cells, sum(written_out(table[name]) for name in texts)))
        table = table.cast(schema)
        # `self_destruct` frees each column as it is converted: the table never stands in memory
        # twice. The metadata of pandas would turn a column into the index.
        frame: pd.DataFrame = table.to_pandas(
            self_destruct=True, split_blocks=True, ignore_metadata=True
        )
        return frame


def parquet_rows(path: Path, files: list[Path], wanted: Wanted) -> tuple[Any, int]:
    """The schema of the cells that ``parquet_batches`` gives, and how many rows there are.

    Raises DataError as ``read_parquet`` does, but for what does not fit.
    """
    with _plain_words(path):
        whole, schema = _with_plain_schema(path, files, wanted)
        return schema, whole.count_rows()


def parquet_batches(
    path: Path, files: list[Path], wanted: Wanted, columns: Sequence[str]
) -> Iterator[Any]:
    """The ``columns`` among those wanted of all files, as tables of Arrow's of some rows each.

    Raises DataError as ``read_parquet`` does, but for what does not fit.
    """
    import pyarrow as pa
    import pyarrow.dataset
    import pyarrow.parquet

    with _plain_words(path):
        whole, schema = _with_plain_schema(path, files, wanted)
        kinds = pa.schema([schema.field(name) for name in columns])
        # one file after another: the scanner of a dataset keeps several times as much in memory
        for fragment in whole.get_fragments():
            named = pyarrow.dataset.get_partition_keys(fragment.partition_expression)
            # what is buffered ahead would be kept until the last row
            file = pyarrow.parquet.ParquetFile(fragment.open(), pre_buffer=False)
            own = [name for name in columns if name in file.schema_arrow.names]
            for batch in file.iter_batches(BATCH_ROWS, columns=own):
                given = {name: without_views(batch[name]) for name in own}
                others = {
                    name: pa.repeat(pa.scalar(named.get(name), schema.field(name).type), len(batch))
                    for name in columns
                    if name not in own
                }
                yield pa.table({name: (given | others)[name] for name in columns}).cast(kinds)


def _with_plain_schema(path: Path, files: list[Path], wanted: Wanted) -> tuple[Any, Any]:
    """The dataset of all files, and the schema of its cells that are wanted."""
    columns = list(wanted.columns or ())
    whole = _dataset(files, partitioning=_partitioning(files, columns, wanted.text))
    require_columns(path, columns, whole.schema.names)
    return whole, plain_schema(path, whole.schema, wanted)


@contextmanager
def _plain_words(path: Path) -> Iterator[None]:
    """Turn what Arrow says of files into a DataError."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, KeyError) as error:
        raise DataError(f"{path}: not readable as Parquet: {error}") from None


def _dataset(
    files: Sequence[Path], *, partitioning: Any, dictionary_columns: Sequence[str] = ()
) -> Any:
    import pyarrow as pa
    import pyarrow.dataset

    form = pyarrow.dataset.ParquetFileFormat(dictionary_columns=list(dictionary_columns))
    for file in files:
        with open_regular(file) as stream:  # Arrow would wait for what is no file
            content = stream.read() if file == STDIN else b""
    if files[0] != STDIN:
        return pyarrow.dataset.dataset(
            [str(file) for file in files], format=form, partitioning=partitioning
        )
    fragment = form.make_fragment(pa.BufferReader(content))
    return pyarrow.dataset.FileSystemDataset([fragment], fragment.physical_schema, form)


def _partitioning(files: list[Path], columns: Sequence[str] | None, text: Sequence[str]) -> Any:
    """Columns that stand in the folder names, as in ``store=007/``; those in ``text`` stay as
    written.
    """
    import pyarrow as pa
    import pyarrow.dataset

    if columns is None:
        return "hive"
    keys = {part.partition("=")[0] for part in files[0].parts if "=" in part}
    fields = [(key, pa.string() if key in text else pa.float64()) for key in columns if key in keys]
    return pyarrow.dataset.partitioning(pa.schema(fields), flavor="hive")
