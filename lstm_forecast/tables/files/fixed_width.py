"""Tables whose columns have a fixed width, with blanks between them."""

import re
from collections import Counter
from collections.abc import Iterable

__all__ = ["fixed_width"]

LEAST_LINES, LEAST_COLUMNS = 5, 3
SHARE_OF_WIDTH = 2 / 3  # of the lines: those with the usual number of cells


def fixed_width(lines: Iterable[str]) -> str:
    """What is to be done where most of the lines hold as many cells, which several blanks part;
    nothing where they do not.
    """
    given = [line.strip() for line in lines if line.strip()]
    counts = Counter(len(re.split(r" {2,}", line)) for line in given)
    columns, count = counts.most_common(1)[0] if counts else (0, 0)
    if len(given) < LEAST_LINES or columns < LEAST_COLUMNS or count < SHARE_OF_WIDTH * len(given):
        return ""
    return (
        f"{count:,} of {len(given):,} lines seem to be of {columns} columns of a fixed width, with"
        " blanks between them: write a table with one sign between its cells, as a spreadsheet"
        " does that opens the file by fixed width, below a single line with their names"
    )
