"""Forecasts as a workbook of Excel: a sheet of them, and one that says what its columns mean."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from lstm_forecast.errors import UsageError

__all__ = ["column_meanings", "write_workbook"]

MOST_ROWS_OF_SHEET = 1_048_575  # below the header
FIRST_YEAR = 1900  # of the dates that a workbook knows
NARROWEST, WIDEST = 12, 40  # columns, in characters


def column_meanings(columns: Iterable[str], name: str) -> Iterator[tuple[str, str]]:
    """What each column of a forecast table is, where it is called by ``name`` or a target."""
    known = {
        "unique_id": "the series, or its target, or both",
        "ds": "stamp that is forecast",
        "cutoff": "newest stamp with a value: what the forecast starts from",
        name: "forecast: the median, in the units of the data",
    }
    for column in columns:
        border = re.fullmatch(r"(.+)-(lo|hi)-(\d+)", column)
        if border is not None:
            side = "lower" if border[2] == "lo" else "upper"
            yield column, f"{side} border of the interval that should hold {border[3]} % of values"
        else:
            yield column, known.get(column, "as in the data")


def write_workbook(table: pd.DataFrame, meaning: Mapping[str, str], path: Path) -> None:
    """Write the table to a sheet called forecasts, and what each column is to one called meaning.

    Texts stay texts: nothing in them is a formula or a link. Stamps are dates in local time, as a
    workbook knows no zones, and texts where they lie before 1900. Raises UsageError for more rows
    than a sheet holds.
    """
    import xlsxwriter

    if len(table) > MOST_ROWS_OF_SHEET:
        raise UsageError(
            f"a sheet holds {MOST_ROWS_OF_SHEET:,} rows, and there are {len(table):,}; give an"
            " --output that ends in .parquet or .csv"
        )

    options = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": False}
    with xlsxwriter.Workbook(path, {**options, "constant_memory": True}) as workbook:
        bold = workbook.add_format({"bold": True})
        sheet = workbook.add_worksheet("forecasts")
        columns = [_cells(table[name]) for name in table.columns]
        for place, (cells, style) in enumerate(columns):
            width = max(len(str(table.columns[place])), *(len(str(cell)) for cell in cells[:100]))
            form = workbook.add_format({"num_format": style}) if style else None
            sheet.set_column(place, place, min(max(width, NARROWEST), WIDEST), form)
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, list(map(str, table.columns)), bold)
        for row, values in enumerate(zip(*(cells for cells, _ in columns), strict=True), start=1):
            sheet.write_row(row, 0, values)
        told = workbook.add_worksheet("meaning")
        told.set_column(0, 0, NARROWEST * 2)
        told.set_column(1, 1, WIDEST * 3)
        told.write_row(0, 0, ["what", "meaning"], bold)
        for row, each in enumerate(meaning.items(), start=1):
            told.write_row(row, 0, each)


def _cells(column: pd.Series) -> tuple[list[Any], str | None]:
    """The cells of a column as a workbook holds them, None for empty ones, and their format."""
    if not pd.api.types.is_datetime64_any_dtype(column):
        return column.astype(object).where(column.notna(), None).to_list(), None
    local = column.dt.tz_localize(None)
    whole = bool((local == local.dt.normalize()).all())
    if local.min().year < FIRST_YEAR:
        return local.dt.strftime("%Y-%m-%d" if whole else "%Y-%m-%d %H:%M:%S").to_list(), None
    return local.dt.to_pydatetime().tolist(), "yyyy-mm-dd" if whole else "yyyy-mm-dd hh:mm:ss"
