"""Lines at the end of a CSV file that are no rows of its table, such as totals and notes."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lstm_forecast.tables.files.dialect import Dialect, opened, tail_records
from lstm_forecast.tables.files.layout import rows_below
from lstm_forecast.tables.files.left_out import too_many_below

__all__ = ["LINES_OF_TAIL", "without_footer"]

LINES_OF_TAIL = 60  # by which the last ones are seen to be no rows


def without_footer(
    file: Path, dialect: Dialect, tail: bytes, *, most: int, keys: Sequence[str] | None
) -> Dialect:
    """The same without the last lines of the file that are no rows, told by its ``tail``.

    ``most`` lines may be, without a value in the columns ``keys`` where all others have one; with
    None for ``keys``, as at a first look, any number may be that hold no stamp without doubt.
    Raises DataError if more are.
    """
    rows = tail_records(tail, dialect, LINES_OF_TAIL)
    asked = [dialect.columns.index(name) for name in keys or () if name in dialect.columns]
    below = max(rows_below(rows), rows_below(rows, asked) if most else 0)
    if not below:
        return dialect
    with opened(file, dialect) as records:
        line, first = deque(records, below)[0]
    if keys is not None and below > most:
        raise too_many_below(f"{file}:", line, below, dialect.delimiter.join(first))
    return replace(dialect, layout=replace(dialect.layout, end=line, below=below))
