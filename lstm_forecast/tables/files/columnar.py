"""What holds columns rather than lines: frames, Parquet and Arrow files, by the names that their
columns are called by.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from lstm_forecast.tables.files.budget import Budget
from lstm_forecast.tables.files.column_names import called
from lstm_forecast.tables.files.feather import feather_columns, read_feather
from lstm_forecast.tables.files.formats import PARQUET, format_of
from lstm_forecast.tables.files.frames import frame_columns, read_frame
from lstm_forecast.tables.files.parquet import (
    parquet_batches,
    parquet_columns,
    parquet_rows,
    read_parquet,
)
from lstm_forecast.tables.files.text import Wanted
from lstm_forecast.tables.source import Frame, Source

__all__ = ["column_batches", "columns_of", "count_columns", "read_columns"]


def columns_of(source: Source) -> list[str]:
    """Names of the columns as they stand in the frame or file. Raises DataError if it is none."""
    if isinstance(source, Frame):
        return frame_columns(source)
    return (parquet_columns if format_of(source) == PARQUET else feather_columns)(source)


def read_columns(
    source: Source, wanted: Wanted, budget: Budget, files: Sequence[Path] = ()
) -> pd.DataFrame:
    """The wanted columns of a frame, an Arrow file, or all ``files`` of a Parquet dataset.

    Raises DataError as their readers do.
    """
    wanted, other = _as_they_stand(wanted, columns_of(files[0] if files else source))
    if isinstance(source, Frame):
        frame = read_frame(source, wanted, budget)
    elif files:
        frame = read_parquet(source, list(files), wanted, budget)
    else:
        frame = read_feather(source, wanted, budget)
    return frame.rename(columns=other) if other else frame


def count_columns(path: Path, wanted: Wanted, files: Sequence[Path]) -> tuple[Any, int]:
    """The schema of the cells that ``column_batches`` gives, and how many rows there are.

    Raises DataError as ``read_parquet`` does, but for what does not fit.
    """
    standing, other = _as_they_stand(wanted, columns_of(files[0]))
    schema, rows = parquet_rows(path, list(files), standing)
    return schema.empty_table().rename_columns(_renamed(schema.names, other)).schema, rows


def column_batches(
    path: Path, wanted: Wanted, files: Sequence[Path], columns: Sequence[str]
) -> Iterator[Any]:
    """The ``columns`` among those wanted of a Parquet dataset, as tables of Arrow's of some rows
    each.

    Raises DataError as ``read_parquet`` does, but for what does not fit.
    """
    standing, other = _as_they_stand(wanted, columns_of(files[0]))
    own = {new: old for old, new in other.items()}
    names = [own.get(name, name) for name in columns]
    for rows in parquet_batches(path, list(files), standing, names):
        yield rows.rename_columns(list(columns))


def _as_they_stand(wanted: Wanted, present: Sequence[str]) -> tuple[Wanted, dict[str, str]]:
    """What is wanted under the names that stand in the files, and what these are called then."""
    names = called(present, wanted.columns or ())
    standing = dict(zip(names, present, strict=True))
    other = {old: new for new, old in standing.items() if old != new}
    if other:
        wanted = replace(
            wanted,
            columns=None if wanted.columns is None else _as_in(standing, wanted.columns),
            text=_as_in(standing, wanted.text),
            either=_as_in(standing, wanted.either),
        )
    return wanted, other


def _renamed(names: Sequence[str], other: dict[str, str]) -> list[str]:
    return [other.get(name, name) for name in names]


def _as_in(standing: dict[str, str], names: Sequence[str]) -> list[str]:
    return [standing.get(name, name) for name in names]
