"""Frames from Python to the same cells as those of a Parquet file."""

from typing import Any

import pandas as pd

from lstm_forecast.errors import DataError
from lstm_forecast.tables.budget import Budget, Size, written_out
from lstm_forecast.tables.faults import require_columns
from lstm_forecast.tables.parquet import require_numbers
from lstm_forecast.tables.source import Frame
from lstm_forecast.tables.text import Wanted

__all__ = ["frame_columns", "read_frame"]


def frame_columns(frame: Frame) -> list[str]:
    """Names of the columns."""
    return list(frame.table.schema.names)


def read_frame(frame: Frame, wanted: Wanted, budget: Budget) -> pd.DataFrame:
    """The wanted columns of a frame: numbers, texts, truths and stamps.

    Categories are read as what they stand for, dates as stamps and decimals as floating-point
    numbers. What can be none of these, such as lists, is left out where no column is named. Raises
    DataError if there are no rows, a column is absent, there twice or not numbers, or the frame
    would take more than the budget.
    """
    import pyarrow as pa

    table, named = frame.table, wanted.columns is not None
    names = frame_columns(frame) if wanted.columns is None else list(wanted.columns)
    require_columns(frame, names, frame_columns(frame))
    if not len(table):
        raise DataError(f"{frame}: no rows")
    kinds = {name: _plain_kind(table.schema.field(name).type) for name in names}
    kept = [name for name in names if kinds[name] is not None]
    if named and len(kept) < len(names):
        raise DataError(
            *(
                f"{frame}: column {name}: expected numbers, texts or stamps, received"
                f" {table.schema.field(name).type}"
                for name in names
                if name not in kept
            )
        )
    schema = pa.schema([(name, kinds[name]) for name in kept])
    require_numbers(frame, schema, wanted.numbers)
    texts = [name for name in kept if pa.types.is_large_string(kinds[name])]
    try:
        table = pa.table({name: _without_views(table[name]) for name in kept})
        text = sum(written_out(table[name]) for name in texts)
        budget.require(Size(len(table), len(table) * len(kept), text))
        cells: pd.DataFrame = table.cast(schema).to_pandas(split_blocks=True)
    except pa.ArrowException as error:
        raise DataError(f"{frame}: cannot be read: {str(error).splitlines()[0]}") from None
    return cells


def _without_views(column: Any) -> Any:
    """The same texts as Arrow's functions know them: Polars has views of them, and a number for
    each category.
    """
    import pyarrow as pa
    from pyarrow import types

    kind = column.type
    if types.is_string_view(kind):
        return column.cast(pa.large_string())
    if types.is_dictionary(kind) and types.is_string_view(kind.value_type):
        return column.cast(pa.dictionary(kind.index_type, pa.large_string()))
    return column


def _plain_kind(kind: Any) -> Any:
    """The type that cells of an Arrow type are read as; None if they are no cells of a table."""
    import pyarrow as pa
    from pyarrow import types

    if types.is_dictionary(kind):
        return _plain_kind(kind.value_type)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return pa.large_string()
    if types.is_time(kind):
        return pa.large_string()
    if types.is_date(kind):
        return pa.timestamp("us")
    if types.is_decimal(kind):
        return pa.float64()
    if types.is_float16(kind):
        return pa.float32()
    own = (types.is_integer, types.is_floating, types.is_boolean, types.is_null, types.is_timestamp)
    return kind if any(is_kind(kind) for is_kind in own) else None
