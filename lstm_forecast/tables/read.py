"""Files or a frame to one table: one file of any format, a directory or a glob of one format, or
what a caller of the Python interface holds in memory.
"""

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from lstm_forecast.config.inside import ALONE, Inside
from lstm_forecast.config.text_files import CsvConfig
from lstm_forecast.errors import AbsentError, ChangedError, DataError
from lstm_forecast.events import phase
from lstm_forecast.files import STDIN, is_text
from lstm_forecast.tables.faults import Finding, require_columns
from lstm_forecast.tables.files.budget import Budget
from lstm_forecast.tables.files.cells import wanted_cells
from lstm_forecast.tables.files.column_names import called
from lstm_forecast.tables.files.columnar import columns_of, read_columns
from lstm_forecast.tables.files.dialect import DETECTED, Dialect, line_of, sniff
from lstm_forecast.tables.files.footer import without_footer
from lstm_forecast.tables.files.formats import ARROW, CSV, PARQUET, format_of, read_cells
from lstm_forecast.tables.files.layout import Layout
from lstm_forecast.tables.files.left_out import keys_of, lines_left_out
from lstm_forecast.tables.files.text import (
    Wanted,
    count_text,
    cut_row,
    read_text,
    require_narrow_rows,
)
from lstm_forecast.tables.numbers.cells import PLAIN, Meaning
from lstm_forecast.tables.numbers.nothing import words_for_missing
from lstm_forecast.tables.source import Frame, Source

__all__ = ["Table", "column_names", "data_files", "file_states", "files_below", "read_table"]

# Characters of a cell: the time that some parsers of dates take grows with the square.
LONGEST_CELL = 2**16
State = tuple[int, ...]  # of a file: its size, when it was written, where it lies


@dataclass(frozen=True)
class Table:
    """Rows as they stand in files or in a frame, and where each came from."""

    frame: pd.DataFrame
    # file or frame, number of rows, dialect (None: not CSV)
    sources: tuple[tuple[Source, int, Dialect | None], ...]
    findings: tuple[Finding, ...] = ()
    states: Mapping[Path, State] = field(default_factory=dict)  # of every file before it was read
    # where rows stand in files that say it themselves
    places: Mapping[Path, Callable[[int], str]] = field(default_factory=dict)
    written: CsvConfig = DETECTED  # what a first look left out of the lines of its files
    inside: Inside = ALONE  # what was taken of a file that holds more

    def place(self, row: int) -> str:
        """``file:line`` of a row of the frame, or ``file, row`` where the file has no lines.

        The index of the frame is the number of each row in the files, also where some are left out.
        """
        row = int(self.frame.index[row])
        for source, n_rows, dialect in self.sources:
            if row < n_rows:
                if isinstance(source, Path) and source in self.places:
                    return self.places[source](row)
                if dialect is None or isinstance(source, Frame):
                    return f"{source}, row {row + 1}"
                return f"{source}:{line_of(source, dialect, row)}"
            row -= n_rows
        raise IndexError(row)

    def require_unchanged(self) -> None:
        """Raise ChangedError for a file that is no longer as it was before it was read."""
        _require_unchanged(self.states)


def read_table(
    source: Source,
    *,
    columns: Sequence[str] | None = None,
    text: Sequence[str] = (),
    either: Sequence[str] = (),
    meaning: Meaning = PLAIN,
    memory_limit: int | None = None,
    written: CsvConfig = DETECTED,
    inside: Inside = ALONE,
) -> Table:
    """Read the named ``columns`` (all, if None); those in ``text`` stay as they stand, the others
    must be numbers.

    Of columns in ``either`` their cells decide. Cells that say true or false are 1 and 0; those
    that hold what usually means so are missing, and ``meaning`` says what others mean. ``written``
    says of CSV files what is not to be detected, ``inside`` which table of a file is meant. With
    ``columns=None`` all their cells stay as they stand, as suits a first look at unknown data.

    Raises DataError if nothing matches the path, a column is absent or there twice, a cell is not a
    number, or the table would take more than ``memory_limit`` MiB or what there is; ChangedError if
    a file changes meanwhile.
    """
    meaning = replace(meaning, missing=(*words_for_missing(meaning.dashes), *meaning.missing))
    wanted = Wanted(columns, text, either, meaning)
    budget = Budget.of(source, limit=memory_limit, as_text=columns is None)
    try:
        if isinstance(source, Frame):
            phase(f"reading {source}")
            frame = read_columns(source, wanted, budget)
            table = Table(frame, ((source, len(source.table), None),))
        else:
            table = _read_files(source, wanted, budget, written, inside)
    except MemoryError:
        raise DataError(f"{source}: does not fit into memory; keep fewer rows or columns") from None
    _require_short_texts(table)
    return table


def _read_files(
    path: Path, wanted: Wanted, budget: Budget, written: CsvConfig, inside: Inside
) -> Table:
    files = data_files(path)
    states = file_states(files)
    size = sum(state[0] for state in states.values() if state)
    phase(f"reading {path} ({size / 1e6:,.1f} MB)", path=str(path), bytes=size)
    try:
        kind = format_of(files[0])
        if kind == PARQUET:
            frame = read_columns(path, wanted, budget, files)
            return Table(frame, ((path, len(frame), None),), states=states)
        budget.require_bytes(size)
        if kind == CSV:
            table = _read_texts(files, wanted, budget, written)
        elif kind == ARROW:
            table = _joined([(file, read_columns(file, wanted, budget), None) for file in files])
        else:
            table = _read_typed(files, wanted, budget, written, inside)
        return replace(table, states=states)
    finally:
        _require_unchanged(states)  # whatever else is wrong may come from that


def column_names(
    source: Source,
    written: CsvConfig = DETECTED,
    inside: Inside = ALONE,
    *,
    columns: Sequence[str] = (),
) -> list[str]:
    """Columns of the table in ``source``, by the first file alone where there are several; a header
    that is not where ``written`` says is found by the ``columns`` that it should have.

    Raises DataError as ``read_table`` does.
    """
    first = source if isinstance(source, Frame) else data_files(source)[0]
    if isinstance(first, Frame) or (kind := format_of(first)) in (PARQUET, ARROW):
        return list(called(columns_of(first), columns))
    if kind == CSV:
        return list(sniff(first, written, columns).columns)
    budget = Budget.of(source, limit=None, as_text=True)
    return list(read_cells(first, Wanted(columns), budget, inside, written).columns)


def data_files(path: Path) -> list[Path]:
    """The files that a path names: itself, those in a directory that are not hidden, or those that
    a glob matches.

    Raises DataError if there is none, a folder cannot be looked into, or files of different formats
    lie there.
    """
    if path == STDIN:
        return [path]
    if os.path.isdir(path):  # noqa: PTH112  Path.is_dir raises where a name is too long
        found = sorted(files_below(path))
    elif os.path.lexists(path):
        found = [path]
    else:
        found = [Path(name) for name in sorted(set(_matches(path)))]
    if not found and os.path.isdir(path):  # noqa: PTH112
        raise AbsentError(
            f"{path}: a directory without files; those whose names begin with . or _ are not read"
        )
    if not found:
        raise AbsentError(f"{path}: no such file, directory or glob")
    odd = next((file for file in found if not is_text(str(file))), None)
    if odd is not None:
        raise DataError(
            f"{odd}: a name that is not UTF-8, which no config or table of a run can hold;"
            " rename it"
        )
    kinds = list(dict.fromkeys(map(format_of, found)))
    if len(kinds) > 1:
        kind = PARQUET if PARQUET in kinds else next(kind for kind in kinds if kind != CSV)
        raise DataError(
            f"{path}: {kind} beside other files ({found[0].name}, {found[-1].name}); keep them"
            " apart"
        )
    return found


def files_below(path: Path) -> Iterator[Path]:
    """Everything in a directory that is no directory and not hidden.

    Raises DataError where it cannot be looked into.

    Links to directories are not followed.
    """

    def refuse(error: OSError) -> None:
        raise DataError(f"{error.filename}: cannot be read: {error.strerror}")

    for folder, folders, names in os.walk(path, onerror=refuse):
        folders[:] = [name for name in folders if not _hidden(name)]
        yield from (Path(folder, name) for name in names if not _hidden(name))


def _matches(pattern: Path) -> Iterator[str]:
    """What a glob matches.

    ``**`` enters no folder twice, where that of the standard library walks links in circles.
    """
    if "**" not in pattern.parts:
        yield from glob.glob(str(pattern))  # noqa: PTH207  absolute patterns too
        return
    number = pattern.parts.index("**")
    base, rest = pattern.parts[:number], pattern.parts[number + 1 :] or ("*",)
    for folder in _folders_below(glob.glob(str(Path(*base)))):  # noqa: PTH207
        names = _matches(Path(glob.escape(folder), *rest))
        yield from (name for name in names if not os.path.isdir(name))  # noqa: PTH112


def _folders_below(starts: Iterable[str]) -> Iterator[str]:
    entered = set()
    for start in starts:
        for folder, folders, _ in os.walk(start, followlinks=True):
            real = os.path.realpath(folder)
            if real in entered:
                folders.clear()
            else:
                entered.add(real)
                folders[:] = [name for name in folders if not name.startswith(".")]
                yield folder


def _hidden(name: str) -> bool:
    return name.startswith((".", "_"))


def file_states(files: Iterable[Path]) -> dict[Path, State]:
    """What tells that files were written to; standard input has nothing."""
    return {file: _state(file) for file in files if file != STDIN}


def _state(file: Path) -> State:
    """What tells that a file was written to; nothing if it is gone."""
    try:
        status = file.stat()
    except (OSError, ValueError):
        return ()
    return (status.st_size, status.st_mtime_ns, status.st_dev, status.st_ino)


def _require_short_texts(table: Table) -> None:
    """Raise DataError for a text that takes what looks at it, as at a stamp or an id, for ever."""
    for name, column in table.frame.items():
        if isinstance(column.dtype, pd.StringDtype):
            lengths = column.str.len()
            if lengths.max() > LONGEST_CELL:
                raise DataError(
                    f"{table.place(int(lengths.fillna(0).to_numpy().argmax()))}: column {name}: a"
                    f" text of {int(lengths.max()):,} characters, and at most {LONGEST_CELL:,} are"
                    " read; shorten it, or leave the column out of the file"
                )


def _require_unchanged(states: Mapping[Path, State]) -> None:
    """Raise ChangedError for a file that is not as it was: what was read may be half of each."""
    for file, before in states.items():
        if (now := _state(file)) != before:
            sizes = (
                f"{before[0]:,} bytes before, {now[0]:,} now"
                if before and now
                else "it came or went"
            )
            raise ChangedError(
                f"{file}: changed while it was read ({sizes}); try again when it is written"
            )


def _read_texts(files: list[Path], wanted: Wanted, budget: Budget, written: CsvConfig) -> Table:
    sources: list[tuple[Path, pd.DataFrame, Dialect | None]] = []
    findings: list[Finding] = []
    layouts: list[Layout] = []
    for file in files:
        dialect = sniff(file, written, wanted.columns)
        require_columns(file, wanted.columns, dialect.columns)
        counted = count_text(file, dialect, wanted, budget)
        budget = replace(budget, spent=budget.spent + counted.size)
        keys = None if wanted.columns is None else wanted.text
        dialect = without_footer(file, dialect, counted.tail, most=written.footer, keys=keys)
        findings += lines_left_out(f"{file}:", dialect.layout)
        frame, settled = read_text(file, dialect, wanted, written)
        findings += settled
        require_narrow_rows(file, dialect, n_rows=len(frame), delimiters=counted.delimiters)
        findings += [] if counted.ended or dialect.layout.end else cut_row(file, dialect)
        sources.append((file, frame, dialect))
        layouts.append(dialect.layout)
    table = _joined(sources)
    return replace(table, findings=tuple(findings), written=CsvConfig(**keys_of(layouts)))


def _read_typed(
    files: list[Path], wanted: Wanted, budget: Budget, written: CsvConfig, inside: Inside
) -> Table:
    """The table in files whose cells have types, or stand in records."""
    read, findings = [], list[Finding]()
    for file in files:
        cells = read_cells(file, wanted, budget, inside, written)
        frame, settled = wanted_cells(file, cells, wanted, written)
        findings += [*cells.findings, *settled]
        read.append((file, cells, frame))
    table = _joined([(file, frame, None) for file, _, frame in read])
    return replace(
        table,
        findings=tuple(findings),
        places={file: cells.place for file, cells, _ in read},
        written=CsvConfig(**keys_of([cells.layout for _, cells, _ in read])),
        inside=read[0][1].inside,
    )


def _joined(parts: Sequence[tuple[Path, pd.DataFrame, Dialect | None]]) -> Table:
    """One table of what was read of each file."""
    frames = [frame for _, frame, _ in parts]
    whole = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    return Table(whole, tuple((file, len(frame), dialect) for file, frame, dialect in parts))
