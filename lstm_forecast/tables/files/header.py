"""Which line of a file names the columns of its table: told from its cells and those below it."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

__all__ = [
    "LEAST_ROWS", "NO_UNITS", "NUMBER", "STAMP", "Record", "filled", "first_header", "is_header",
    "is_value", "shape_of", "usual_width", "value_columns", "widest",
]  # fmt: skip

ROWS_OF_WIDTH = 40  # that tell how wide the table is
LEAST_ROWS = 3  # by which the lines around them are judged
SHARE_OF_VALUES = 0.8  # of the cells that a column of numbers gives
# words for a missing value instead
NO_UNITS = {"na", "n/a", "nan", "null", "none", "-", "?", ".", "..", ":"}
LEAST_STEPS = 3  # stamps in a header that is no row
NUMBER = re.compile(r"[-+]?\s*[\d.,']*\d[\d.,']*([eE][-+]?\d+)?\s*%?")
STAMP = re.compile(
    r"\d{1,4}([-/:])\d{1,2}(\1\d{1,4})?\b.*"  # 2024-01-31, 1/31/2024, 2024-01
    r"|\d{1,4}\.\d{1,2}\.\d{1,4}\b.*"
    r"|(1[5-9]|20)\d\d([01]\d([0-3]\d)?)?"  # 2024, 202401, 20240131
    r"|\d{4}[- ]?[QWMqwm]\d{1,2}.*"
    r"|(1[5-9]|20)\d\d[- ]?(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
)
Record = tuple[int, Sequence[str]]  # the number of its first line, and its cells


def usual_width(records: Sequence[Record]) -> int:
    """Cells of most of the last lines, without empty ones at their ends."""
    return _commonest(records, filled) if len(records) > LEAST_ROWS else 0


def widest(records: Sequence[Record]) -> int:
    """Cells of most of the last lines, with empty ones at their ends, which a header may name."""
    return _commonest(records, len) if records else 0


def _commonest(records: Sequence[Record], size: Callable[[Sequence[str]], int]) -> int:
    """The size that most of the last lines have."""
    later = records[-min(ROWS_OF_WIDTH, len(records) // 2) :]
    return Counter(size(cells) for _, cells in later).most_common(1)[0][0]


def filled(cells: Sequence[str]) -> int:
    """How many cells a record has, without empty ones at its end."""
    return max((k for k, cell in enumerate(cells, 1) if cell.strip()), default=0)


def shape_of(cell: str) -> str:
    """A cell with one digit for each number in it, and one letter for each word."""
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", cell))


def first_header(records: Sequence[Record], width: int) -> int | None:
    """Number of the first record that names the columns of those below it; None if none does.

    The cells are counted from the last row up, once for all records that may be the one.
    """
    most = max(width, widest(records))
    rows = [cells for _, cells in records]
    may_be = {k for k, cells in enumerate(rows) if _may_name(cells, width, most)}
    stepped = next((k for k, cells in enumerate(rows) if filled(cells) >= width), None)
    if stepped is not None and _names_steps(rows[stepped], width, most):
        may_be.add(stepped)
    below, first = _Counted(width), None
    for k in reversed(range(len(rows) - 1)):
        if k + 2 < len(rows):  # the row that follows may hold units
            below.add(rows[k + 2])
        if k in may_be and (below.columns() if below.rows else value_columns(rows[-1:], width)):
            first = k
    return first


def is_header(records: Sequence[Record], width: int) -> bool:
    """Whether the first record names the columns of those below it."""
    return first_header(records, width) == 0


def _may_name(cells: Sequence[str], width: int, most: int) -> bool:
    """Whether a record has a name for each column of a table, no two alike and none a value."""
    return _is_as_wide(cells, width, most) and not any(map(is_value, _given(cells)))


def _names_steps(cells: Sequence[str], width: int, most: int) -> bool:
    """Whether names, or an empty corner, are followed by stamps in their order, as where each step
    has a column, and these by more names, if any, such as that of a total.
    """
    given = _given(cells)
    names = [cell for cell in given if not STAMP.fullmatch(cell)]
    steps = [cell for cell in given if STAMP.fullmatch(cell)]
    first = given.index(steps[0]) if steps else 0
    return (
        (first > 0 or not cells[0].strip())
        and len(steps) >= LEAST_STEPS
        and _is_as_wide(cells, width, most)
        and not any(map(is_value, names))
        and given[first : first + len(steps)] == steps
        and len(set(map(shape_of, steps))) == 1
        and (shape_of(steps[0]) != "0" or sorted(steps) in (steps, steps[::-1]))
    )


def _given(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells if cell.strip()]


def _is_as_wide(cells: Sequence[str], width: int, most: int) -> bool:
    """Whether a record has a text for each column of a table, or all but one, and none twice."""
    given, last = _given(cells), filled(cells)
    return (
        width <= last <= most and len(given) >= max(2, last - 1) and len(set(given)) == len(given)
    )


class _Counted:
    """How many cells of each column are given, and how many of these are numbers or stamps."""

    def __init__(self, width: int) -> None:
        self.width, self.rows = width, 0
        self.given, self.values = [0] * width, [0] * width

    def add(self, cells: Sequence[str]) -> None:
        """Count one row more, unless it is wider than the table."""
        if filled(cells) > self.width:
            return
        self.rows += 1
        for column, cell in enumerate(map(str.strip, cells[: self.width])):
            if cell and cell.lower() not in NO_UNITS:
                self.given[column] += 1
                self.values[column] += is_value(cell)

    def columns(self) -> list[int]:
        """Columns in which nearly all cells that are given are values."""
        counts = enumerate(zip(self.given, self.values, strict=True))
        return [
            column
            for column, (given, values) in counts
            if values >= max(SHARE_OF_VALUES * given, self.rows / 2)
        ]


def value_columns(rows: Iterable[Sequence[str]], width: int) -> list[int]:
    """Columns in which nearly all cells that are given are numbers or stamps."""
    counted = _Counted(width)
    for cells in rows:
        counted.add(cells)
    return counted.columns()


def is_value(cell: str) -> bool:
    """Whether a cell is a number or a stamp in plain digits."""
    return bool(NUMBER.fullmatch(cell) or STAMP.fullmatch(cell))
