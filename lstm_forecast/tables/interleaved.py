"""Series whose rows lie between those of each other, as of devices that report in turn: no stamp
repeats, and yet a column names them.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import DataError
from lstm_forecast.tables.read import Table
from lstm_forecast.tables.stamps.columns import StampStyle, joined, parse_stamps

__all__ = ["interleaved_key"]

HEAD_ROWS = 10_000  # the first ones, which are looked at
EVEN = 0.25  # share of the median step of a series that a step of it may be longer or shorter
SHARE_EVEN = 0.9  # of the steps in series, and the largest one of the steps of all rows together
LEAST_STEPS = 20  # of a series in the mean
LEAST_LONGER = 1.5  # the median step in series, beside that of all rows


def interleaved_key(
    table: Table, time: Sequence[str], names: Sequence[str], style: StampStyle
) -> str | None:
    """The first of the columns ``names`` each value of which comes at even steps, where the rows in
    all, with their stamps in the columns ``time``, do not; None where there is none.
    """
    if not names:
        return None
    head = replace(table, frame=table.frame.head(HEAD_ROWS))
    rows, column, form = joined(head, time, style.format)
    try:
        stamps = parse_stamps(rows, column=column, timestamp_format=form, timezone=style.timezone)
    except DataError:  # which is told where all rows are read
        return None
    moments = np.asarray(stamps.astype("int64"))
    together, step = _evenness(moments, np.zeros(len(moments), np.int64))
    if together >= SHARE_EVEN:
        return None
    for name in names:
        codes, values = pd.factorize(rows.frame[name])
        if len(moments) < LEAST_STEPS * len(values) or (codes < 0).any():
            continue
        apart, own_step = _evenness(moments, codes)
        if apart >= SHARE_EVEN and own_step >= LEAST_LONGER * step:
            return name
    return None


def _evenness(moments: NDArray[np.int64], codes: NDArray[np.int64]) -> tuple[float, float]:
    """The share of steps in series that are about the median one of their series, and the median of
    all steps.
    """
    order = np.lexsort((moments, codes))
    same = np.diff(codes[order]) == 0
    steps = pd.Series(np.diff(moments[order])[same])
    usual = steps.groupby(codes[order][1:][same]).transform("median")
    return float(((steps - usual).abs() <= EVEN * usual).mean()), float(steps.median())
