"""Numbers that may stand for a missing value: those that commonly do, and codes below 0 in columns
that hold nothing else there.
"""

from collections.abc import Container

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.panel.notes import suspected_sentinels
from lstm_forecast.tables.numbers.nothing import code_below_zero

__all__ = ["CERTAIN", "cap_text", "negative_codes", "usual_codes"]

Floats = NDArray[np.float64]
# A usual code up to here is far outside of all others; what is nearer 0 may be a value beside them.
CERTAIN = -100


def usual_codes(rows: Floats) -> dict[float, int]:
    """Numbers that commonly stand for a missing value and lie far from all others of a column, and
    in how many of the rows (n_rows, n_columns) each stands.
    """
    found = {number for values in rows.T for number in suspected_sentinels(values)}
    return {number: int((rows == number).any(axis=1).sum()) for number in sorted(found)}


def negative_codes(targets: Floats, usual: Container[float]) -> dict[int, float]:
    """By its number, each column (n_rows, n_targets) that holds nothing below 0 but one code: one
    of the ``usual`` ones, in two of its cells, or beside the same one in another column.
    """
    found = {}
    for column, values in enumerate(targets.T):
        code = code_below_zero(values)
        if code is not None and (
            code in usual
            or (values == code).sum() > 1
            or (targets[values == code] == code).sum() > 1
        ):
            found[column] = code
    return found


def cap_text(number: float, policy: str) -> str:
    """What a large number may be that stands in many rows."""
    return (
        f"{number:g} may be a value, or none: then data.sentinels: [{number:g}] and"
        f" data.missing: {policy}"
    )
