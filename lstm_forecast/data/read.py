"""Files to one table: CSV in any dialect and compression, Parquet, a directory or a glob of either."""

import csv
import glob
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.io.common import get_handle

from lstm_forecast.errors import DataError

__all__ = ["Dialect", "Table", "read_table"]

PARQUET_SUFFIXES = {".parquet", ".pq"}
SAMPLE_BYTES = 256 * 1024
DELIMITERS = ",;\t|"
MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "none", "-", "?"]


@dataclass(frozen=True)
class Dialect:
    """How one CSV file is written."""

    delimiter: str
    decimal: str
    encoding: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Rows as they stand in the files, and where each came from."""

    frame: pd.DataFrame
    sources: tuple[tuple[Path, int, Dialect | None], ...]  # file, number of rows, dialect (None: Parquet)

    def place(self, row: int) -> str:
        """``file:line`` of a row, or ``file, row`` where the file has no lines."""
        for path, n_rows, dialect in self.sources:
            if row < n_rows:
                return f"{path}:{_line_of(path, dialect, row)}" if dialect else f"{path}, row {row + 1}"
            row -= n_rows
        raise IndexError(row)


def read_table(
    path: Path,
    *,
    columns: Sequence[str] | None = None,
    text: Sequence[str] = (),
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
) -> Table:
    """Read the named ``columns`` (all, if None); those in ``text`` stay as written, the others must be numbers.

    With ``columns=None`` pandas decides the types, as suits a first look at unknown data.

    Raises DataError if nothing matches ``path``, a column is absent, or a cell is not a number.
    """
    files = _files(path)
    if files[0].suffix.lower() in PARQUET_SUFFIXES:
        return _read_parquet(path, files, columns)
    frames, sources = [], []
    for file in files:
        dialect = _sniff(file, delimiter, decimal, encoding)
        _require_columns(file, columns, dialect.columns)
        frame = _read_csv(file, dialect, columns, text)
        frames.append(frame)
        sources.append((file, len(frame), dialect))
    return Table(pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0], tuple(sources))


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = [file for file in sorted(path.rglob("*")) if file.is_file() and not file.name.startswith((".", "_"))]
    else:
        found = [path] if path.is_file() else [Path(name) for name in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207  absolute patterns too
    if not found:
        raise DataError(f"{path}: no such file; data.path is a file, a directory or a glob, relative to its config")
    kinds = {file.suffix.lower() in PARQUET_SUFFIXES for file in found}
    if len(kinds) > 1:
        raise DataError(f"{path}: Parquet beside other files ({found[0].name}, {found[-1].name}); keep them apart")
    return found


def _read_parquet(path: Path, files: list[Path], columns: Sequence[str] | None) -> Table:
    import pyarrow as pa
    import pyarrow.dataset

    try:
        source = path if path.is_dir() else [str(file) for file in files]
        data = pyarrow.dataset.dataset(source, format="parquet", partitioning="hive")
        _require_columns(path, columns, data.schema.names)
        # `self_destruct` frees each column as it is converted: the table never stands in memory twice.
        frame = data.to_table(columns=columns).to_pandas(self_destruct=True, split_blocks=True)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{path}: not readable as Parquet: {error}") from None
    pa.default_memory_pool().release_unused()
    return Table(frame, ((path, len(frame), None),))


def _sniff(file: Path, delimiter: str | None, decimal: str | None, encoding: str | None) -> Dialect:
    sample = _head(file)
    if b"\0" in sample and not sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{file}: a binary file; expected CSV or Parquet")
    encoding = encoding or _detect_encoding(sample)
    try:
        lines = sample.decode(encoding, errors="ignore").splitlines()
    except LookupError:
        raise DataError(f"data.csv.encoding: {encoding} is not a known encoding; try utf-8 or cp1252") from None
    lines = [line for line in lines if line.strip()][:200]
    if not lines:
        raise DataError(f"{file}: empty; expected a header line and rows")
    delimiter = delimiter or max(DELIMITERS, key=lambda sign: _width(lines, sign))
    header = next(csv.reader([lines[0]], delimiter=delimiter))
    return Dialect(delimiter, decimal or _detect_decimal(lines, delimiter), encoding, tuple(header))


def _head(file: Path) -> bytes:
    try:
        with get_handle(file, "rb", compression="infer", is_text=False) as handles:
            return bytes(handles.handle.read(SAMPLE_BYTES))
    except (OSError, EOFError, ValueError, RuntimeError) as error:
        raise DataError(f"{file}: cannot be read: {error}") from None


def _detect_encoding(sample: bytes) -> str:
    if sample.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        sample[: sample.rfind(b"\n") + 1 or None].decode("utf-8")
    except UnicodeDecodeError:
        import charset_normalizer

        best = charset_normalizer.from_bytes(sample).best()
        return best.encoding if best else "cp1252"
    return "utf-8"


def _width(lines: Sequence[str], delimiter: str) -> tuple[bool, int]:
    """Rank of a delimiter: first whether all lines have equally many fields, then how many."""
    widths = [len(row) for row in csv.reader(lines[:50], delimiter=delimiter)]
    return widths[0] > 1 and max(widths) == min(widths), widths[0]


def _detect_decimal(lines: Sequence[str], delimiter: str) -> str:
    cells = [cell.strip() for row in csv.reader(lines[1:], delimiter=delimiter) for cell in row]
    comma, point = (sum(bool(re.fullmatch(rf"-?\d+{sign}\d+", cell)) for cell in cells) for sign in (",", r"\."))
    return "," if comma > point else "."


def _read_csv(file: Path, dialect: Dialect, columns: Sequence[str] | None, text: Sequence[str]) -> pd.DataFrame:
    options: dict[str, Any] = {
        "sep": dialect.delimiter,
        "decimal": dialect.decimal,
        "encoding": dialect.encoding,
        "compression": "infer",
        "keep_default_na": False,
    }
    if columns is None:
        return _parsed(file, **options, na_values=MISSING, low_memory=False)
    numbers = [name for name in columns if name not in text]
    options |= {"usecols": list(columns), "na_values": dict.fromkeys(numbers, MISSING)}
    as_text: dict[str, Any] = dict.fromkeys(text, "str")
    try:
        return _parsed(file, **options, dtype=as_text | dict.fromkeys(numbers, "float64"))[list(columns)]
    except ValueError:
        frame = _parsed(file, **options, dtype="str")
    raise DataError(*_bad_numbers(file, dialect, frame, numbers))


def _parsed(file: Path, **options: Any) -> pd.DataFrame:
    try:
        frame: pd.DataFrame = pd.read_csv(file, **options)
        return frame
    except UnicodeDecodeError as error:
        raise DataError(
            f"{file}: not {options['encoding']} text (byte {error.start} of a block); set data.csv.encoding"
        ) from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, OSError, EOFError) as error:
        raise DataError(f"{file}: not readable as CSV: {error}") from None


def _bad_numbers(file: Path, dialect: Dialect, frame: pd.DataFrame, numbers: Sequence[str]) -> list[str]:
    problems = []
    for name in numbers:
        cells = frame[name].dropna()
        plain = cells.str.replace(dialect.decimal, ".", regex=False) if dialect.decimal != "." else cells
        bad = cells[pd.to_numeric(plain, errors="coerce").isna()]
        if len(bad):
            place = f"{file}:{_line_of(file, dialect, int(bad.index[0]))}"
            hint = "; set data.csv.decimal: ','" if re.fullmatch(r"-?\d+,\d+", str(bad.iloc[0]).strip()) else ""
            problems.append(
                f"{place}: column {name}: expected a number, received {str(bad.iloc[0])!r}"
                f" ({len(bad)} such cell{'s' if len(bad) > 1 else ''}){hint}"
            )
    return problems or [f"{file}: a column is not numeric"]


def _require_columns(path: Path, wanted: Sequence[str] | None, present: Sequence[str]) -> None:
    missing = [name for name in wanted or () if name not in present]
    if missing:
        raise DataError(f"{path}: no column {', '.join(missing)}; its columns are {', '.join(present)}")


def _line_of(file: Path, dialect: Dialect | None, row: int) -> int:
    """The line of a data row, counted the slow and exact way: blank lines and quoted line breaks included."""
    assert dialect is not None  # noqa: S101
    with get_handle(file, "rb", compression="infer", is_text=False) as handles:
        reader = csv.reader(
            io.TextIOWrapper(handles.handle, encoding=dialect.encoding, newline=""),
            delimiter=dialect.delimiter,
        )
        records = (reader.line_num for record in reader if any(cell.strip() for cell in record) or len(record) > 1)
        return next(line for index, line in enumerate(records) if index == row + 1)
