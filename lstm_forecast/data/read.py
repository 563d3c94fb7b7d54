"""Files to one table: CSV in any dialect and compression, Parquet, a directory or a glob of either."""

import glob
import os
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.io.common import get_handle

from lstm_forecast.data.dialect import UNREADABLE, Dialect, line_of, opened, sniff, undecodable_line
from lstm_forecast.errors import DataError

__all__ = ["MISSING", "Table", "column_names", "read_table"]

PARQUET_SUFFIXES = {".parquet", ".pq"}
MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "none", "-", "?"]


@dataclass(frozen=True)
class Table:
    """Rows as they stand in the files, and where each came from."""

    frame: pd.DataFrame
    sources: tuple[tuple[Path, int, Dialect | None], ...]  # file, number of rows, dialect (None: Parquet)

    def place(self, row: int) -> str:
        """``file:line`` of a row of the frame, or ``file, row`` where the file has no lines.

        The index of the frame is the number of each row in the files, also where some are left out.
        """
        row = int(self.frame.index[row])
        for path, n_rows, dialect in self.sources:
            if row < n_rows:
                return f"{path}:{line_of(path, dialect, row)}" if dialect else f"{path}, row {row + 1}"
            row -= n_rows
        raise IndexError(row)


def read_table(
    path: Path,
    *,
    columns: Sequence[str] | None = None,
    text: Sequence[str] = (),
    either: Sequence[str] = (),
    missing: Sequence[str] = (),
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
) -> Table:
    """Read the named ``columns`` (all, if None); those in ``text`` stay as written, the others must be numbers.

    Of columns in ``either`` their cells decide. Cells that say true or false are 1 and 0; those that hold one of the
    texts ``missing``, or what usually means that, are missing. With ``columns=None`` every cell of a CSV file stays as
    written, as suits a first look at unknown data.

    Raises DataError if nothing matches ``path``, a column is absent or there twice, or a cell is not a number.
    """
    files = _files(path)
    if files[0].suffix.lower() in PARQUET_SUFFIXES:
        return _read_parquet(path, files, columns, text, either)
    _require_memory(path, files)
    frames, sources = [], []
    for file in files:
        dialect = sniff(file, delimiter, decimal, encoding)
        _require_columns(file, columns, dialect.columns)
        frame = _read_csv(file, dialect, columns, text, either, [*MISSING, *missing])
        _require_narrow_rows(file, dialect, len(frame))
        frames.append(frame)
        sources.append((file, len(frame), dialect))
    return Table(pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0], tuple(sources))


def column_names(
    path: Path, *, delimiter: str | None = None, decimal: str | None = None, encoding: str | None = None
) -> list[str]:
    """Columns of the table at ``path``, by its first file alone. Raises DataError as ``read_table`` does."""
    files = _files(path)
    if files[0].suffix.lower() not in PARQUET_SUFFIXES:
        return list(sniff(files[0], delimiter, decimal, encoding).columns)
    import pyarrow as pa
    import pyarrow.dataset

    try:
        return list(pyarrow.dataset.dataset(str(files[0]), format="parquet", partitioning="hive").schema.names)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: not readable as Parquet: {error}") from None


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = [file for file in sorted(path.rglob("*")) if file.is_file() and not _hidden(file.relative_to(path))]
    else:
        found = [path] if path.is_file() else [Path(name) for name in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207  absolute patterns too
    if not found:
        raise DataError(f"{path}: no such file, directory or glob")
    kinds = {file.suffix.lower() in PARQUET_SUFFIXES for file in found}
    if len(kinds) > 1:
        raise DataError(f"{path}: Parquet beside other files ({found[0].name}, {found[-1].name}); keep them apart")
    return found


def _require_memory(path: Path, files: Sequence[Path]) -> None:
    """Refuse what the system would stop us for reading; all cells of a CSV file pass through memory."""
    size = sum(file.stat().st_size for file in files)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if size > memory:
        raise DataError(
            f"{path}: {size / 2**30:,.1f} GiB of CSV, and this machine has {memory / 2**30:,.1f} GiB of memory; keep "
            "fewer rows or columns, or convert it to Parquet, of which only the columns of the config are read"
        )


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def _read_parquet(
    path: Path, files: list[Path], columns: Sequence[str] | None, text: Sequence[str], either: Sequence[str]
) -> Table:
    import pyarrow as pa
    import pyarrow.dataset

    try:
        source = [str(file) for file in files]
        data = pyarrow.dataset.dataset(
            source, format="parquet", partitioning=_partitioning(files, columns, (*text, *either))
        )
        _require_columns(path, columns, data.schema.names)
        _require_numbers(path, data.schema, [name for name in columns or () if name not in (*text, *either)])
        # `self_destruct` frees each column as it is converted: the table never stands in memory twice. The metadata
        # of pandas would turn a column into the index.
        frame = data.to_table(columns=columns).to_pandas(self_destruct=True, split_blocks=True, ignore_metadata=True)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: not readable as Parquet: {error}") from None
    return Table(frame, ((path, len(frame), None),))


def _partitioning(files: list[Path], columns: Sequence[str] | None, text: Sequence[str]) -> Any:
    """Columns that stand in the folder names, as in ``store=007/``; those in ``text`` stay as written."""
    import pyarrow as pa
    import pyarrow.dataset

    if columns is None:
        return "hive"
    keys = {part.partition("=")[0] for part in files[0].parts if "=" in part}
    fields = [(key, pa.string() if key in text else pa.float64()) for key in columns if key in keys]
    return pyarrow.dataset.partitioning(pa.schema(fields), flavor="hive")


def _require_numbers(path: Path, schema: Any, names: Sequence[str]) -> None:
    from pyarrow import types

    kinds = (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean, types.is_null)
    wrong = [name for name in names if not any(is_kind(schema.field(name).type) for is_kind in kinds)]
    if wrong:
        raise DataError(
            *(f"{path}: column {name}: expected numbers, received {schema.field(name).type}" for name in wrong)
        )


def _read_csv(
    file: Path,
    dialect: Dialect,
    columns: Sequence[str] | None,
    text: Sequence[str],
    either: Sequence[str],
    missing: Sequence[str],
) -> pd.DataFrame:
    options: dict[str, Any] = {
        "sep": dialect.delimiter,
        "decimal": dialect.decimal,
        "encoding": dialect.encoding,
        "compression": "infer",
        "keep_default_na": False,
        "index_col": False,  # else cells behind those of the header would shift the columns
    }
    if columns is None:
        return _parsed(file, **options, dtype="str")
    numbers = [name for name in columns if name not in (*text, *either)]
    options |= {"usecols": list(columns), "na_values": dict.fromkeys((*numbers, *either), missing)}
    options["low_memory"] = not either  # types must not differ from one part of a column to the next
    as_text: dict[str, Any] = dict.fromkeys(text, "str")
    try:
        return _parsed(file, **options, dtype=as_text | dict.fromkeys(numbers, "float64"))[list(columns)]
    except ValueError:
        frame = _parsed(file, **options, dtype="str")
    raise DataError(*_bad_numbers(file, dialect, frame, numbers))


def _parsed(file: Path, **options: Any) -> pd.DataFrame:
    try:
        with warnings.catch_warnings(action="ignore", category=pd.errors.ParserWarning):  # _require_narrow_rows tells
            frame: pd.DataFrame = pd.read_csv(file, **options)
        return frame
    except UnicodeDecodeError:
        line, encoding = undecodable_line(file, options["encoding"]), options["encoding"]
        raise DataError(f"{file}:{line}: not {encoding} text; set data.csv.encoding") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, *UNREADABLE) as error:
        raise DataError(f"{file}: not readable as CSV: {error}") from None


def _require_narrow_rows(file: Path, dialect: Dialect, n_rows: int) -> None:
    """Refuse cells behind the last column, as from 1,5 for 1.5: pandas drops them without a word."""
    width, delimiter = len(dialect.columns), dialect.delimiter
    with get_handle(file, "rb", compression="infer", is_text=False) as handles:
        found = sum(block.count(delimiter.encode()) for block in iter(lambda: handles.handle.read(1 << 20), b""))
    if found == (width - 1) * (n_rows + 1):  # unless cells hold delimiters or are missing
        return
    with opened(file, dialect) as records:
        wide = ((line, row) for line, row in records if len(row) > width and any(map(str.strip, row[width:])))
        for line, row in wide:
            raise DataError(
                f"{file}:{line}: the header names {width} columns, and this row has {len(row)}: "
                f"{delimiter.join(row)[:80]!r} ({1 + sum(1 for _ in wide):,} such rows); put cells that hold "
                f"{delimiter!r} in quotes, or set data.csv.delimiter"
            )


def _bad_numbers(file: Path, dialect: Dialect, frame: pd.DataFrame, numbers: Sequence[str]) -> list[str]:
    problems = []
    for name in numbers:
        cells = frame[name].dropna()
        plain = cells.str.translate({ord("."): "?", ord(","): "."}) if dialect.decimal == "," else cells
        bad = cells[pd.to_numeric(plain, errors="coerce").isna()]
        if len(bad):
            place = f"{file}:{line_of(file, dialect, int(bad.index[0]))}"
            comma = re.fullmatch(r"-?\d+,\d+", str(bad.iloc[0]).strip())
            hint = "data.csv.decimal: ','" if comma else "data.sentinels to what stands for a missing value"
            problems.append(
                f"{place}: column {name}: expected a number, received {str(bad.iloc[0])!r}"
                f" ({len(bad)} such cell{'s' if len(bad) > 1 else ''}); set {hint}"
            )
    return problems or [f"{file}: a column is not numeric"]


def _require_columns(path: Path, wanted: Sequence[str] | None, present: Sequence[str]) -> None:
    missing = [name for name in wanted or () if name not in present]
    if missing:
        raise DataError(f"{path}: no column {', '.join(missing)}; its columns are {', '.join(present)}")
    twice = [name for name in wanted or () if present.count(name) > 1]
    if twice:
        raise DataError(f"{path}: several columns are called {', '.join(twice)}; rename all but one")
