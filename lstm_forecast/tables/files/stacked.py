"""Headers of several lines, of which none names all columns of a table by itself."""

from collections.abc import Sequence

from lstm_forecast.tables.files.column_names import differ, joined
from lstm_forecast.tables.files.header import (
    NO_UNITS,
    SHARE_OF_VALUES,
    Record,
    filled,
    is_value,
    shape_of,
    value_columns,
    widest,
)

__all__ = ["MOST_LINES", "find_stacked"]

MOST_LINES = 6
MOST_BEFORE = 60  # lines before the first row
ROWS_TOLD_BY = 3  # by which rows are seen to begin
MOST_NAMELESS = 3  # first columns, which hold what rows are of


def find_stacked(records: Sequence[Record], width: int) -> tuple[int, int] | None:
    """Number of the first record of a header, and how many there are; None if there is none.

    They are the fewest above the rows that together tell all columns apart, and those above that
    have a text of its own for each column.
    """
    rows = [cells for _, cells in records]
    columns = value_columns(rows[len(rows) // 2 :], width)
    first, most = _first_row(rows, columns), max(width, widest(records))
    if first is None:
        return None
    for count in range(1, min(MOST_LINES, first) + 1):
        lines = rows[first - count : first]
        if not _may_name(lines[0], columns, last=count == 1):
            return None
        if _tell_apart(joined(lines), width, most):
            above = rows[max(0, first - MOST_LINES) : first - count][::-1]
            count += next(
                (k for k, cells in enumerate(above) if not _is_wide(cells, width)), len(above)
            )
            return first - count, count
    return None


def _is_wide(cells: Sequence[str], width: int) -> bool:
    """Whether a line has words up to the last column, no two alike."""
    given = [cell.strip() for cell in cells if cell.strip()]
    return filled(cells) >= width and not any(map(is_value, given)) and differ(given)


def _first_row(rows: Sequence[Sequence[str]], columns: Sequence[int]) -> int | None:
    """Number of the first row below what is none."""
    are_rows = [_is_row(cells, columns) for cells in rows[: MOST_BEFORE + ROWS_TOLD_BY]]
    starts = range(1, len(are_rows) - ROWS_TOLD_BY + 1)
    return next(
        (k for k in starts if not are_rows[k - 1] and all(are_rows[k : k + ROWS_TOLD_BY])), None
    )


def _is_row(cells: Sequence[str], columns: Sequence[int]) -> bool:
    """Whether nearly all cells that are given are values, in the ``columns`` of values."""
    given = _given(cells, columns)
    return bool(given) and sum(map(is_value, given)) >= SHARE_OF_VALUES * len(given)


def _given(cells: Sequence[str], columns: Sequence[int]) -> list[str]:
    texts = (cells[column].strip() for column in columns if column < len(cells))
    return [text for text in texts if text and text.lower() not in NO_UNITS]


def _may_name(cells: Sequence[str], columns: Sequence[int], *, last: bool) -> bool:
    """Whether a line may be one of a header: of words, or above the ``last`` one of numbers or
    stamps that are written alike and stand above several columns each, as years above months do.
    """
    given = _given(cells, columns)
    values = [text for text in given if is_value(text)]
    if last:  # which may name nothing but the index, as frames with names in levels are written
        return not values
    if sum(bool(cell.strip()) for cell in cells) < 2:
        return False
    if not values:
        return True
    shared = len(set(given)) < len(columns)
    return shared and len(values) == len(given) and len(set(map(shape_of, given))) == 1


def _tell_apart(names: Sequence[str], width: int, most: int) -> bool:
    """Whether each column has a name of its own, but for one, or the first ones."""
    names = names[: filled(names)]
    given = [name for name in names if name]
    missing = len(names) - len(given)
    leading = next((k for k, name in enumerate(names) if name), len(names))
    return (
        width <= len(names) <= most
        and len(given) >= 2
        and differ(given)
        and (missing <= 1 or missing == leading <= MOST_NAMELESS)
    )
