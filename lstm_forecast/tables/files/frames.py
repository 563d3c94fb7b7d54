"""Frames from Python to the same cells as those of a Parquet file."""

import pandas as pd

from lstm_forecast.errors import DataError
from lstm_forecast.tables.faults import require_columns
from lstm_forecast.tables.files.arrow import plain_schema, text_columns, without_views
from lstm_forecast.tables.files.budget import Budget, Size, written_out
from lstm_forecast.tables.files.text import Wanted
from lstm_forecast.tables.source import Frame

__all__ = ["frame_columns", "read_frame"]


def frame_columns(frame: Frame) -> list[str]:
    """Names of the columns."""
    return list(frame.table.schema.names)


def read_frame(frame: Frame, wanted: Wanted, budget: Budget) -> pd.DataFrame:
    """The wanted columns of a frame: numbers, texts, truths and stamps.

    Their cells are read as ``plain_schema`` says. Raises DataError if there are no rows, a column
    is absent, there twice or not numbers, or the frame would take more than the budget.
    """
    import pyarrow as pa

    table, names = frame.table, frame_columns(frame)
    require_columns(frame, names if wanted.columns is None else wanted.columns, names)
    if not len(table):
        raise DataError(f"{frame}: no rows")
    schema = plain_schema(frame, table.schema, wanted)
    try:
        table = pa.table({name: without_views(table[name]) for name in schema.names})
        text = sum(written_out(table[name]) for name in text_columns(schema))
        budget.require(Size(len(table), len(table) * len(schema), text))
        cells: pd.DataFrame = table.cast(schema).to_pandas(split_blocks=True)
    except pa.ArrowException as error:
        raise DataError(f"{frame}: cannot be read: {str(error).splitlines()[0]}") from None
    return cells
