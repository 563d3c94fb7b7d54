"""Which format a file is of, and who reads it."""

import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from lstm_forecast.config.inside import Inside
from lstm_forecast.config.text_files import CsvConfig
from lstm_forecast.errors import DataError
from lstm_forecast.files import STDIN, open_regular
from lstm_forecast.tables.files.budget import Budget
from lstm_forecast.tables.files.cells import Cells
from lstm_forecast.tables.files.column_names import called
from lstm_forecast.tables.files.database import read_database
from lstm_forecast.tables.files.dialect import UNREADABLE, decompressed, packed_suffix
from lstm_forecast.tables.files.monash import read_monash
from lstm_forecast.tables.files.records import read_records
from lstm_forecast.tables.files.text import Wanted
from lstm_forecast.tables.files.workbook import read_workbook

__all__ = ["ARROW", "CSV", "PARQUET", "format_of", "read_cells", "require_inside", "suffix_of"]

CSV, PARQUET, ARROW = "CSV", "Parquet", "Arrow"
WORKBOOK, DATABASE, JSON, MONASH = "a workbook", "a database", "JSON", "tsf"
SUFFIXES = {
    ".parquet": PARQUET, ".pq": PARQUET, ".arrow": ARROW, ".feather": ARROW, ".ipc": ARROW,
    ".xlsx": WORKBOOK, ".xlsm": WORKBOOK, ".xlsb": WORKBOOK, ".xls": WORKBOOK, ".ods": WORKBOOK,
    ".sqlite": DATABASE, ".sqlite3": DATABASE, ".db": DATABASE,
    ".json": JSON, ".jsonl": JSON, ".ndjson": JSON, ".tsf": MONASH,
}  # fmt: skip
PACKED = {".gz", ".bz2", ".xz", ".zst", ".zip"}  # around text
# How standard input begins, which has no name, and how a file of that kind would be called.
BEGINNINGS = {
    rb"PAR1": ".parquet",
    rb"ARROW1": ".arrow",
    rb"SQLite format 3\0": ".sqlite",
    rb"\xd0\xcf\x11\xe0": ".xls",
    # archives by the name of their first member
    rb"PK\x03\x04(?s:.{26})(\[Content_Types\]\.xml|_rels/|docProps/|xl/)": ".xlsx",
    rb"PK\x03\x04(?s:.{26})mimetypeapplication/vnd\.oasis": ".ods",
    rb'(\xef\xbb\xbf)?\s*\{\s*"': ".jsonl",
    rb'(\xef\xbb\xbf)?\s*\[\s*\{\s*"': ".json",
    rb"(\xef\xbb\xbf)?(#.*\n|\s)*@(relation|attribute)": ".tsf",
}
BEGINNING_BYTES = 4096


def format_of(file: Path) -> str:
    """The format of a file by its name; of standard input, which has none, by how it begins."""
    suffixes = [suffix.lower() for suffix in Path(f"a{suffix_of(file)}").suffixes]
    if len(suffixes) > 1 and suffixes[-1] in PACKED:
        packed = SUFFIXES.get(suffixes[-2], CSV)
        return packed if packed in (JSON, MONASH) else CSV
    return SUFFIXES.get(suffixes[-1], CSV) if suffixes else CSV


def suffix_of(file: Path) -> str:
    """How the name of a file ends, or has to, if it came in on standard input."""
    if file != STDIN:
        return "".join(file.suffixes)
    with open_regular(file) as stream:
        beginning = stream.read(BEGINNING_BYTES)
    packed = packed_suffix(file)
    found = _suffix_by(beginning)
    if found is None and packed:
        with suppress(*UNREADABLE, ValueError), decompressed(file) as unpacked:
            found = _suffix_by(unpacked.read(BEGINNING_BYTES))
        return f"{found or '.csv'}{packed}"
    return found or ".csv"


def _suffix_by(beginning: bytes) -> str | None:
    return next((suffix for sign, suffix in BEGINNINGS.items() if re.match(sign, beginning)), None)


def require_inside(source: Path, inside: Inside) -> None:
    """Raise DataError where ``inside`` names what a file of the format of ``source`` does not hold:
    a sheet, a table or a query.
    """
    kind = format_of(source)
    named = {"sheet": WORKBOOK, "table": DATABASE, "query": DATABASE}
    for key, holder in named.items():
        if getattr(inside, key) is not None and kind != holder:
            raise DataError(
                f"{source}: data.{key}: {getattr(inside, key)}: only {holder} has one, and this is"
                f" {kind}; leave it out"
            )


def read_cells(
    file: Path, wanted: Wanted, budget: Budget, inside: Inside, written: CsvConfig
) -> Cells:
    """The cells of a file that is neither CSV nor of Arrow's formats.

    Raises DataError as its reader does.
    """
    cells = _read(file, wanted, budget, inside, written)
    names = called(list(cells.columns), wanted.columns or ())
    return replace(cells, columns=dict(zip(names, cells.columns.values(), strict=True)))


def _read(file: Path, wanted: Wanted, budget: Budget, inside: Inside, written: CsvConfig) -> Cells:
    kind = format_of(file)
    if kind == WORKBOOK:
        return read_workbook(file, wanted, budget, inside, written)
    if kind == DATABASE:
        return read_database(file, budget, inside)
    read = read_records if kind == JSON else read_monash
    return read(file, budget, inside.freq)
