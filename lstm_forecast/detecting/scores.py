"""Rows as numbers that are the larger the less usual they are, of several kinds."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.detecting.detection import LEVEL, PATTERN, SPIKE
from lstm_forecast.detecting.looking import Looked
from lstm_forecast.panel.panel import Layout

__all__ = ["Scores", "local_scales", "row_scores"]

# Rows whose errors tell how large errors are at the moment, and as how many the usual ones count.
RECENT_ROWS, PRIOR_ROWS = 100, 20
# Times the usual size from which on a larger error tells no more of the others.
LARGEST_TOLD = 3.0
# The root mean square of errors of a normal distribution relative to half their 80 % interval.
USUAL = 1 / 1.2816
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """Scores of rows, (n_rows, n_targets) each, NaN where not known."""

    by_kind: Mapping[str, Floats]
    levels: Floats  # median relative errors over the horizon that ends with the row
    scales: Floats  # by which the errors of a row are larger than usual at that time


def row_scores(looked: Looked, layout: Layout, *, horizon: int) -> Scores:
    """Score each row by the error of the forecast from the row before (a spike), relative to the
    newest errors, and the horizon that ends with it by the median of its errors (a level) and how
    far they lie from that (a pattern).
    """
    n_rows, n_targets = int(layout.offsets[-1]), looked.error.shape[1]

    def spread_out(values: Floats, rows: NDArray[np.int64]) -> Floats:
        found = np.full((n_rows, n_targets), np.nan)
        found[rows] = values
        return found

    errors = spread_out(looked.error, looked.rows)
    scales = local_scales(errors, layout)
    whole = np.isfinite(looked.level).any(axis=1)
    ends = looked.rows[whole] + horizon - 1
    levels = spread_out(looked.level[whole], ends)
    by_kind = {SPIKE: np.abs(errors) / scales}
    if horizon > 1:
        by_kind |= {LEVEL: np.abs(levels), PATTERN: spread_out(looked.spread[whole], ends)}
    return Scores(by_kind, levels, scales)


def local_scales(errors: Floats, layout: Layout) -> Floats:
    """How large errors are at each row, 1 where they are as large as usual: their root mean square
    on the newest ``RECENT_ROWS`` rows before it in its series, among which usual ones count as
    ``PRIOR_ROWS``, and none for more than ``LARGEST_TOLD``.

    ``errors`` (n_rows, n_targets) are relative ones, NaN where not known.
    """
    known = np.isfinite(errors)
    index = np.arange(len(errors))
    first = np.maximum(index - RECENT_ROWS, layout.offsets[layout.series_of(index)])

    def summed(values: NDArray[np.generic]) -> Floats:
        total = np.concatenate([np.zeros((1, errors.shape[1])), np.cumsum(values, axis=0)])
        found: Floats = total[index] - total[first]
        return found

    sizes = np.minimum(np.abs(np.where(known, errors, 0)) / USUAL, LARGEST_TOLD)
    squares = summed(np.square(sizes))
    scales: Floats = np.sqrt((PRIOR_ROWS + np.maximum(squares, 0)) / (PRIOR_ROWS + summed(known)))
    return scales
