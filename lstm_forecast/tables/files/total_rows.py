"""Rows below a header that hold the totals of all others, as exports of web statistics have."""

import re
from collections.abc import Sequence

from lstm_forecast.tables.files.header import LEAST_ROWS, NUMBER, STAMP, filled, value_columns

__all__ = ["rows_of_totals"]

MOST_TOTALS = 3
ROWS_TOLD_BY = 40
# What such a row is called, in one of its cells.
WORDS = re.compile(
    r"(?i)(?:grand|overall|sub)?[ -]?totals?:?|total(?:e|en|i)?(?: (?:g[eé]n[eé]ra[l]e?|generale))?"
    r"|sum(?:me|ma|a|e)?|gesamt(?:summe|ergebnis)?|insgesamt|somme|razem|suma|celkem|totaal|totalt"
    r"|yhteensä|toplam|итого|всего|合計|总计|合计|합계"
)


def rows_of_totals(below: Sequence[Sequence[str]], width: int) -> int:
    """How many of the first rows below a header of so many columns hold totals: they are called so,
    and have numbers, but no stamp where all others have one.
    """
    count = next(
        (k for k, cells in enumerate(below[:MOST_TOTALS]) if not _is_called_total(cells)),
        min(len(below), MOST_TOTALS),
    )
    rows = [cells for cells in below[count : count + ROWS_TOLD_BY] if filled(cells) <= width]
    if not count or len(rows) < LEAST_ROWS:
        return 0
    stamped = [
        column
        for column in value_columns(rows, width)
        if all(column < len(row) and STAMP.fullmatch(row[column].strip()) for row in rows)
    ]
    told = stamped and not any(
        re.search(r"\d", cells[column])
        for cells in below[:count]
        for column in stamped
        if column < len(cells)
    )
    return count if told else 0


def _is_called_total(cells: Sequence[str]) -> bool:
    given = [cell.strip() for cell in cells]
    return any(map(WORDS.fullmatch, given)) and any(map(NUMBER.fullmatch, given))
