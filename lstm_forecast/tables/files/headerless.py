"""Whether the first line of a file names its columns, or is a row like all others."""

import re
from collections.abc import Sequence

from lstm_forecast.tables.files.header import NO_UNITS, NUMBER, STAMP, shape_of
from lstm_forecast.tables.files.layout import DAY, NAMED_STAMP

__all__ = ["is_row"]

AMOUNT = re.compile(r"[-+]?[.,]?\d.*")
# Numbers that columns are hardly called by: those with decimals or a sign, and moments since 1970.
NO_NAME = re.compile(r"[-+].*|.*[.,].*|\d{9,}")
# A month, a day or a moment as digits; a year alone may be a number.
DIGITS = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:(?:0[1-9]|[12]\d|3[01])(?:(?:[01]\d|2[0-4])(?:[0-5]\d){0,2})?)?"
)
TWICE = re.compile(r"(.+)\.\d+")  # how the reader calls a column that has the name of another
Column = tuple[str, Sequence[str]]  # its name, and its cells


def is_row(names: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether what should name the columns is a row like all others: there are a stamp and a number
    where they have such, and no name of any column of numbers.

    A first cell that is empty where those below it are not is the corner of a header.
    """
    columns: list[Column] = list(zip(_written(names), zip(*rows, strict=True), strict=True))
    if not rows or (not columns[0][0] and all(columns[0][1])):
        return False
    numbered = [(name, cells) for name, cells in columns if _are_amounts(cells)]
    words = [(name, cells) for name, cells in columns if not _are_amounts(cells)]
    repeated = {name for name, cells in columns if name in cells}
    decimals = any(NO_NAME.fullmatch(name) for name, _ in numbered)
    alike = all(name in repeated for name, _ in words if name)
    plain = alike and (decimals or bool(repeated - {""} and not words))
    stamps = {name for name, cells in columns if _is_stamp(name, cells)}
    given = [name for name, _ in numbered if name and name not in stamps]
    # as many digits in another name, of other cells, are a step of a wide table
    steps = {len(name) for name in given if DIGITS.fullmatch(name)}
    stamped = any(not name.isdecimal() or len(name) not in steps for name in stamps)
    return bool(given) and (stamped or plain) and all(map(AMOUNT.fullmatch, given))


def _written(names: Sequence[str]) -> list[str]:
    """The names as they stand in the file, without words for a missing value."""
    found: list[str] = []
    for name in names:
        twice = TWICE.fullmatch(name)
        found.append(twice[1] if twice and twice[1] in found else name)
    return ["" if name.lower() in NO_UNITS else name for name in found]


def _are_amounts(cells: Sequence[str]) -> bool:
    """Whether all cells that are given begin with a number."""
    return all(
        not cell or cell.lower() in NO_UNITS or AMOUNT.fullmatch(cell) is not None for cell in cells
    )


def _is_stamp(name: str, cells: Sequence[str]) -> bool:
    """Whether a name is a stamp as all cells below it are, each of which has to be one of as many
    digits where it has no other signs.
    """
    if DIGITS.fullmatch(name):
        return all(len(cell) == len(name) and DIGITS.fullmatch(cell) for cell in cells)
    dated = bool(DAY.fullmatch(name) or NAMED_STAMP.fullmatch(name))
    dated = dated or bool(STAMP.fullmatch(name) and not NUMBER.fullmatch(name))
    return dated and all(shape_of(cell) == shape_of(name) for cell in cells)
