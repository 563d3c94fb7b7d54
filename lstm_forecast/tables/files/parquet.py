"""Parquet files to a frame: their footers tell how much is in them before anything is read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from lstm_forecast.errors import DataError
from lstm_forecast.files import STDIN, open_regular
from lstm_forecast.tables.faults import require_columns
from lstm_forecast.tables.files.arrow import plain_schema, text_columns, without_views
from lstm_forecast.tables.files.budget import Budget, Size, parquet_size, written_out
from lstm_forecast.tables.files.text import Wanted

__all__ = ["parquet_columns", "read_parquet"]


def parquet_columns(file: Path) -> list[str]:
    """Names of the columns, those in the names of its folders included.

    Raises DataError if it is no Parquet.
    """
    import pyarrow as pa

    try:
        return list(_dataset([file], partitioning="hive").schema.names)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{file}: not readable as Parquet: {error}") from None


def read_parquet(path: Path, files: list[Path], wanted: Wanted, budget: Budget) -> pd.DataFrame:
    """The wanted columns of all files.

    Raises DataError if they are no Parquet, not numbers, or above the budget.

    A text that recurs stands once in Parquet: it is read so, and written out only when that is
    known to fit.
    """
    import pyarrow as pa

    columns = None if wanted.columns is None else list(wanted.columns)
    try:
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
    except (pa.ArrowException, OSError) as error:
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
