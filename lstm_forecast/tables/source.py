"""Where a table comes from: files that a path names, or a frame that a caller of the Python
interface holds in memory.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from lstm_forecast.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ArrowStream", "Frame", "Kind", "Source", "given_source", "in_kind"]

Kind = Literal["pandas", "polars", "pyarrow"]  # what forecasts come back as
BLOCK = 65_536  # rows that are hashed at once


@runtime_checkable
class ArrowStream(Protocol):
    """A frame of any library that speaks Arrow: pandas, Polars, DuckDB, pyarrow and others."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The rows as a stream of Arrow's, in a capsule (the PyCapsule interface of Arrow)."""


@dataclass(frozen=True)
class Frame:
    """Rows that came from Python, as a ``pyarrow.Table``."""

    table: Any
    kind: Kind

    def __str__(self) -> str:
        return "the frame"

    def sha256(self) -> str:
        """SHA-256 of the rows as one Arrow IPC stream, in batches of 65,536 rows.

        Equal columns give equal hashes, however their library lays them out in chunks; but below a
        null, every library leaves what it likes.
        """
        import pyarrow as pa

        plain, digest = self.table.replace_schema_metadata(None), hashlib.sha256()
        sink = pa.PythonFile(_Hashed(digest), mode="w")
        with pa.ipc.new_stream(sink, plain.schema) as stream:
            for start in range(0, len(plain), BLOCK):
                stream.write_table(plain.slice(start, BLOCK).combine_chunks())
        return digest.hexdigest()


Source = Path | Frame


class _Hashed:
    """A file that keeps nothing but the hash of what is written to it."""

    closed = False

    def __init__(self, digest: Any) -> None:
        self.digest = digest

    def write(self, content: Any) -> int:
        self.digest.update(content)
        return len(content)

    def flush(self) -> None:
        pass


def given_source(data: object) -> Source:
    """The source that a caller names by a path, or gives as a frame.

    Raises DataError for what is neither.
    """
    if isinstance(data, str | os.PathLike):
        return Path(data)
    if isinstance(data, Frame):
        return data
    kind = _kind(data)
    if kind == "pandas":
        return Frame(_from_pandas(data), kind)
    if isinstance(data, type) or not isinstance(data, ArrowStream) or hasattr(data, "to_frame"):
        raise DataError(_no_frame(data))
    import pyarrow as pa

    try:
        table = pa.RecordBatchReader.from_stream(data).read_all()
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DataError(f"{_received(data)}: cannot be read as a table: {_first(error)}") from None
    return Frame(table, kind)


def _kind(data: object) -> Kind:
    """The library that a frame is of, or that its class is derived from."""
    roots = {base.__module__.partition(".")[0] for base in type(data).__mro__}
    return "pandas" if "pandas" in roots else "polars" if "polars" in roots else "pyarrow"


def _no_frame(data: object) -> str:
    expected = (
        "expected a path, or a frame of pandas, Polars, DuckDB, pyarrow or another library that"
        f" speaks Arrow; received {_received(data)}"
    )
    if hasattr(data, "to_frame"):
        return f"{expected}: make it a frame, with .to_frame()"
    if hasattr(data, "collect"):
        return f"{expected}: give its rows, with .collect()"
    if isinstance(data, dict | list | tuple):
        return f"{expected}: make a frame of it, for example with pandas.DataFrame(...)"
    return expected


def _received(data: object) -> str:
    library, name = type(data).__module__.partition(".")[0], type(data).__name__
    return name if library == "builtins" else f"{library}.{name}"


def _from_pandas(data: Any) -> Any:
    """The columns of a frame of pandas; its index is none of them.

    Raises DataError for an index or columns that say more than Arrow's tables can hold.
    """
    import pandas as pd
    import pyarrow as pa

    if not isinstance(data, pd.DataFrame):
        raise DataError(_no_frame(data))
    names = [str(name) for name in data.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            f"the frame: several columns are called {', '.join(twice)}; rename all but one"
        )
    named = [name for name in data.index.names if name is not None and str(name) not in names]
    stamps = isinstance(data.index, pd.DatetimeIndex | pd.PeriodIndex | pd.MultiIndex)
    if named or (stamps and None in data.index.names):
        called = f" ({', '.join(map(str, named))})" if named else ""
        raise DataError(
            f"the frame: its index{called} holds what only columns can tell; make it a column with"
            " frame.reset_index(), or leave it out with frame.reset_index(drop=True)"
        )
    periods = [str(name) for name in names if isinstance(data.dtypes.get(name), pd.PeriodDtype)]
    if periods:
        raise DataError(
            f"the frame: column {periods[0]}: holds periods, where stamps are needed; make them"
            f" such with frame[{periods[0]!r}].dt.to_timestamp()"
        )
    try:
        return pa.Table.from_pandas(data, preserve_index=False)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DataError(f"the frame: cannot be read as a table: {_first(error)}") from None


def _first(error: BaseException) -> str:
    """What an error says, in one line; Arrow's name the column in a second argument."""
    return "; ".join(str(part).splitlines()[0] for part in error.args if str(part)) or str(error)


def in_kind(table: "pd.DataFrame", *sources: Source | None) -> Any:
    """A table as the kind of frame that the first of the ``sources`` is that is one; pandas if none
    is.
    """
    kind = next((source.kind for source in sources if isinstance(source, Frame)), "pandas")
    if kind == "pandas":
        return table
    import pyarrow as pa

    arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    if kind == "pyarrow":
        return arrow
    import polars as pl

    return pl.DataFrame(arrow)
