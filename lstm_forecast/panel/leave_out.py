"""Series that a config leaves out of a table, such as a total beside its parts."""

import difflib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import EmptyError
from lstm_forecast.tables.faults import SHOWN_PLACES, Finding
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.totals import listed

__all__ = ["without_series"]

Stamps = pd.DatetimeIndex | pd.Index
LeftOver = tuple[Table, Stamps, NDArray[np.int32], tuple[str, ...], list[Finding]]


def without_series(
    table: Table,
    stamps: Stamps,
    codes: NDArray[np.int32],
    ids: tuple[str, ...],
    names: Sequence[str],
) -> LeftOver:
    """The rows of other series than ``names``, by the numbers ``codes`` of their series among the
    ``ids``, with what was left out.

    A name that no series has is a finding that is refused. Raises DataError where none is left.
    """
    if not names:
        return table, stamps, codes, ids, []
    absent = [name for name in names if name not in ids]
    findings = [Finding("leave_out", "refused", 1, _unknown(name, ids)) for name in absent]
    out = np.isin(ids, names)
    if out.all():
        raise EmptyError(f"data.leave_out: {', '.join(names)}: leaves no series; name fewer")
    dropped = out[codes]
    if not dropped.any():
        return table, stamps, codes, ids, findings
    rows = np.flatnonzero(dropped)
    told = f"rows of series {listed([name for name in ids if name in names])}, left out"
    places = tuple(table.place(int(row)) for row in rows[:SHOWN_PLACES])
    findings.append(Finding("leave_out", "settled", len(rows), told, places))
    kept, numbers = ~dropped, np.cumsum(~out) - 1
    left = replace(table, frame=table.frame[kept])
    ids = tuple(name for name in ids if name not in names)
    return left, stamps[kept], numbers[codes[kept]].astype(np.int32), ids, findings


def _unknown(name: str, ids: Sequence[str]) -> str:
    """That no series has a name, and the nearest names that there are."""
    near = difflib.get_close_matches(name, ids, n=3) or ids
    return f"data.leave_out: no series {name}; there are {listed(near)}"
