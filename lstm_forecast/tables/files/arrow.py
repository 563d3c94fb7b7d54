"""Columns of Arrow's, of a Parquet file or a frame, as the cells of a table."""

from collections.abc import Sequence
from typing import Any

from lstm_forecast.errors import DataError
from lstm_forecast.tables.files.text import Wanted
from lstm_forecast.tables.source import Source

__all__ = ["plain_schema", "text_columns", "without_views"]


def plain_schema(source: Source, schema: Any, wanted: Wanted) -> Any:
    """The wanted columns of a ``schema`` of Arrow's, and the types that their cells are read as.

    Categories are what they stand for, dates are stamps, and decimals floating-point numbers. What
    can be no cell of a table, such as a list, is left out where no column is named. Raises
    DataError for a named column that holds such, and for one that has to be numbers and is not.
    """
    import pyarrow as pa

    names = schema.names if wanted.columns is None else list(wanted.columns)
    kinds = {name: _plain_kind(schema.field(name).type) for name in names}
    odd = [name for name in names if kinds[name] is None]
    if odd and wanted.columns is not None:
        raise DataError(
            *(
                f"{source}: column {name}: expected numbers, texts or stamps, received"
                f" {schema.field(name).type}"
                for name in odd
            )
        )
    plain = pa.schema([(name, kinds[name]) for name in names if name not in odd])
    _require_numbers(source, plain, wanted.numbers)
    return plain


def text_columns(plain: Any) -> list[str]:
    """Names of the columns that hold texts, of what ``plain_schema`` gave."""
    from pyarrow import types

    return [field.name for field in plain if types.is_large_string(field.type)]


def without_views(column: Any) -> Any:
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


def _require_numbers(source: Source, schema: Any, names: Sequence[str]) -> None:
    """Raise DataError for each of these columns that holds something else, by its Arrow type."""
    from pyarrow import types

    kinds = (types.is_integer, types.is_floating, types.is_boolean, types.is_null)
    wrong = [
        name for name in names if not any(is_kind(schema.field(name).type) for is_kind in kinds)
    ]
    if wrong:
        raise DataError(
            *(
                f"{source}: column {name}: expected numbers, received {schema.field(name).type}"
                for name in wrong
            )
        )
