"""Values that were not observed, NaN where the policy is ``mask``: what stands for them where a
number must stand.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["carried", "count_between", "history", "weights"]


def carried(contexts: NDArray[np.float32], given: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Contexts (batch, steps, n) with the last value ``given`` in the window before it in the place
    of each other one.

    Before the first one given, that stands; 0 where a window has none.
    """
    if given.all():
        return contexts
    steps = np.arange(contexts.shape[1])[:, None]
    last = np.maximum.accumulate(np.where(given, steps, -1), axis=1)
    source = np.where(last < 0, given.argmax(axis=1)[:, None], last)
    values = np.take_along_axis(contexts, source, axis=1)
    return np.where(given.any(axis=1, keepdims=True), values, np.float32(0))


def weights(given: NDArray[np.bool_]) -> NDArray[np.float32]:
    """1 for values that count, (batch, steps, n): those ``given``; where there are none all, as
    they are equal.
    """
    return (given | ~given.any(axis=1, keepdims=True)).astype(np.float32)


def count_between(
    rows: NDArray[np.bool_], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How many of the ``rows`` (n_rows,) from each start to before each end are true."""
    total = np.concatenate(([0], np.cumsum(rows)))
    return np.asarray(total[ends] - total[starts])


def history(
    values: NDArray[np.float64], spans: NDArray[np.int64], season: int
) -> NDArray[np.float64]:
    """Values (n_rows, n) that simple forecasts start from: in holes the last one at the same place
    of a ``season``.

    Else the last one of the span, (n_spans + 1,) borders, or its first one where there is none
    before.
    """
    if not np.isnan(values).any():
        return values
    span = np.repeat(np.arange(len(spans) - 1), np.diff(spans))
    phase = (np.arange(len(values)) - spans[span]) % season
    frame = pd.DataFrame(values).groupby([span, phase]).ffill()
    filled = frame.groupby(span).ffill()
    return filled.groupby(span).bfill().to_numpy(np.float64)
