"""Arrow IPC files, also called Feather, and Arrow streams."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from lstm_forecast.errors import DataError
from lstm_forecast.files import open_regular
from lstm_forecast.tables.faults import require_columns
from lstm_forecast.tables.files.arrow import plain_schema, text_columns, without_views
from lstm_forecast.tables.files.budget import Budget, Size, written_out
from lstm_forecast.tables.files.text import Wanted

__all__ = ["feather_columns", "read_feather"]

BEGINNING = b"ARROW1"


def feather_columns(file: Path) -> list[str]:
    """Names of the columns. Raises DataError if it is no such file."""
    import pyarrow as pa

    try:
        return list(_opened(file, None).schema.names)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{file}: not readable as Arrow: {error}") from None


def read_feather(file: Path, wanted: Wanted, budget: Budget) -> pd.DataFrame:
    """The wanted columns. Raises DataError if it is no such file, they are not numbers, or above
    the budget.
    """
    import pyarrow as pa

    try:
        names = feather_columns(file)
        require_columns(file, wanted.columns, names)
        reader = _opened(file, [names.index(name) for name in wanted.columns or names])
        batches, size = [], Size()
        for batch in _batches(reader):
            size += Size(len(batch), len(batch) * len(batch.schema), batch.nbytes // 4)
            budget.require(size)
            batch.validate(full=True)
            batches.append(batch)
        whole = pa.Table.from_batches(batches, reader.schema)
        schema = plain_schema(file, whole.schema, wanted)
        table = pa.table({name: without_views(whole[name]) for name in schema.names})
        text = sum(written_out(table[name]) for name in text_columns(schema))
        budget.require(Size(len(table), len(table) * len(schema), text))
        cells: pd.DataFrame = table.cast(schema).to_pandas(split_blocks=True, ignore_metadata=True)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{file}: not readable as Arrow: {error}") from None
    return cells


def _opened(file: Path, columns: Sequence[int] | None) -> Any:
    """A reader of these columns."""
    import pyarrow as pa

    with open_regular(file) as stream:
        content = stream.read()
    fields = None if columns is None else sorted(columns)
    options = pa.ipc.IpcReadOptions(included_fields=fields or None)
    opener = pa.ipc.open_file if content.startswith(BEGINNING) else pa.ipc.open_stream
    return opener(pa.BufferReader(content), options=options)


def _batches(reader: Any) -> Any:
    """The batches of a file, which has numbers for them, or of a stream."""
    if hasattr(reader, "num_record_batches"):
        return (reader.get_batch(number) for number in range(reader.num_record_batches))
    return iter(reader)
