"""Which table of a file is meant, for files that hold several."""

from dataclasses import dataclass

__all__ = ["ALONE", "Inside"]


@dataclass(frozen=True)
class Inside:
    """What of a file is the table, and what some files do not say of it; None: what there is."""

    sheet: str | None = None  # of a workbook
    table: str | None = None  # of a database, or its query
    query: str | None = None
    freq: str | None = None  # of series whose stamps are not written out


ALONE = Inside()  # the only table of the file
