"""Cells of files that are no CSV, and say of each what it is or at least where it stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from lstm_forecast.config.inside import ALONE, Inside
from lstm_forecast.config.text_files import CsvConfig
from lstm_forecast.errors import DataError
from lstm_forecast.tables.faults import Finding, require_columns
from lstm_forecast.tables.files.layout import WHOLE, Layout
from lstm_forecast.tables.files.text import Wanted
from lstm_forecast.tables.numbers.amounts import Style
from lstm_forecast.tables.numbers.cells import with_numbers
from lstm_forecast.tables.numbers.nothing import DASH
from lstm_forecast.tables.numbers.style import decimal_of

__all__ = ["Cells", "cell_text", "column_of", "named_columns", "wanted_cells"]

MOST_EXACT = 2**53  # whole numbers up to here are floating-point numbers as well


@dataclass(frozen=True)
class Cells:
    """The columns of a file, and where each row stands in it."""

    columns: dict[str, pd.Series]  # numbers, truths, stamps, or texts with "" for a missing one
    prefix: str  # of a place, before the number of a row or line
    numbers: Sequence[int]  # of each row
    findings: tuple[Finding, ...] = ()
    layout: Layout = WHOLE
    inside: Inside = ALONE  # what was taken of a file that holds more

    def place(self, row: int) -> str:
        """Where a row stands."""
        return f"{self.prefix}{self.numbers[row]}"


def named_columns(
    file: Path, names: Sequence[str], columns: Sequence[pd.Series]
) -> dict[str, pd.Series]:
    """The columns by their names. Raises DataError for a name that several have."""
    require_columns(file, sorted(set(names)), names)
    return dict(zip(names, columns, strict=True))


def column_of(cells: Sequence[Any]) -> pd.Series:
    """Cells with types of their own as a column of one type; None is a missing one.

    Cells of several types, and whole numbers among missing ones, are texts.
    """
    kinds = {type(cell) for cell in cells}
    given = kinds - {type(None)}
    if given and given <= {datetime, date} and _share_a_clock(cells):
        return pd.Series(pd.to_datetime(pd.Series(cells, dtype="object")).astype("datetime64[us]"))
    if given == {bool} and given == kinds:
        return pd.Series(cells, dtype="bool")
    if given and given <= {int, float}:
        if kinds <= {int, float} and all(_is_whole(cell) for cell in cells):
            return pd.Series(cells).astype("int64")
        if float in given and not all(cell is None or _is_whole(cell) for cell in cells):
            return pd.Series(np.array(cells, dtype=np.float64))
    return pd.Series([cell_text(cell) for cell in cells], dtype="str")


def _share_a_clock(cells: Iterable[Any]) -> bool:
    return not any(isinstance(cell, datetime) and cell.tzinfo for cell in cells)


def _is_whole(cell: float) -> bool:
    return cell == cell and abs(cell) <= MOST_EXACT and cell == int(cell)


def cell_text(cell: Any) -> str:
    """A cell as CSV has it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and _is_whole(cell):
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def wanted_cells(
    file: Path, cells: Cells, wanted: Wanted, written: CsvConfig
) -> tuple[pd.DataFrame, list[Finding]]:
    """The wanted columns, texts among them ``written`` as those of CSV, and what was settled.

    Raises DataError if a column is absent or there twice, or a cell is not a number that has to be.
    """
    require_columns(file, wanted.columns, list(cells.columns))
    if wanted.columns is None:
        return pd.DataFrame(cells.columns), []
    frame = {}
    for name in wanted.columns:
        column = cells.columns[name]
        if name not in wanted.text and isinstance(column.dtype, pd.StringDtype):
            also = (DASH,) if name in wanted.either else ()
            column = column.where(~column.str.strip().isin((*wanted.meaning.missing, *also)))
            column = _read(column) if also else column
        frame[name] = column
    _require_numbers(cells, {name: frame[name] for name in wanted.numbers})
    style = Style(decimal_of(written) or ".", written.thousands)
    table, findings = with_numbers(
        pd.DataFrame(frame), wanted.numbers, wanted.meaning, style, cells.place
    )
    return table.astype(dict.fromkeys(wanted.numbers, "float64")), findings


def _read(given: pd.Series) -> pd.Series:
    """Texts as numbers, or truths, where all that are given are."""
    numbers = pd.to_numeric(given, errors="coerce")
    if (numbers.notna() | given.isna()).all():
        return numbers.astype("float64")
    truths = given.str.lower().map({"true": 1.0, "false": 0.0})
    return truths.astype("bool") if truths.notna().all() else given


def _require_numbers(cells: Cells, columns: Mapping[str, pd.Series]) -> None:
    """Raise DataError for columns of stamps where numbers have to be."""
    problems = [
        f"{cells.place(0)}: column {name}: expected a number, received {str(column.iloc[0])!r}"
        for name, column in columns.items()
        if not isinstance(column.dtype, pd.StringDtype) and not is_numeric_dtype(column)
    ]
    if problems:
        raise DataError(*problems)
