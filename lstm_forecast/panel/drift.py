"""How far new rows lie from what came before them, and which series have fallen silent."""

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.panel.panel import Layout

__all__ = ["drift", "standing_still"]

LEAST_ROWS = 4  # of a stretch, below which nothing can be told
LEAST_STRETCHES, MOST_STRETCHES = 8, 64  # of the past that a new one is compared with
SHARE_DRIFTING_LESS = 0.9  # of the series: the set drifts by as much as that one of them
# What stretches differ by at least: their levels in standard deviations of all rows, and the
# logarithms of their spreads.
LEAST_SPREAD_OF_LEVELS, LEAST_SPREAD_OF_SPREADS = 0.2, 0.1
Floats = NDArray[np.float64]


def drift(layout: Layout, values: Floats, first_new: NDArray[np.int64]) -> float | None:
    """Drift of the set: that of the worst column, which a tenth of the series exceed.

    None where nothing can be told.

    A series drifts by the distance of level (mean) or spread (logarithm of the standard deviation)
    of its newest stretch from those of the stretches of the same length before, in standard
    deviations of these. ``values`` is (n_rows, n_columns), ``first_new`` (n_series,) the first new
    row of each series. Stretches are as long as what is new, and there are at least eight, so that
    seasons, trends and random walks are no drift.
    """
    bounds = zip(layout.offsets[:-1], first_new, layout.offsets[1:], strict=True)
    found = [_stretch_drift(values[start:new], values[new:end]) for start, new, end in bounds]
    measured = [each for each in found if each is not None]
    return (
        float(np.quantile(measured, SHARE_DRIFTING_LESS, axis=0, method="higher").max())
        if measured
        else None
    )


def standing_still(
    layout: Layout, values: Floats, first_new: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Series whose new values (n_rows,) are all the same for longer than values ever were before,
    (n_series,).
    """
    bounds = zip(layout.offsets[:-1], first_new, layout.offsets[1:], strict=True)
    return np.array(
        [_stands_still(values[start:new], values[new:end]) for start, new, end in bounds]
    )


def _stretch_drift(past: Floats, new: Floats) -> Floats | None:
    """(n_columns,); None where there are too few rows."""
    rows = min(len(new), len(past) // LEAST_STRETCHES)
    if rows < LEAST_ROWS:
        return None
    count = min(len(past) // rows, MOST_STRETCHES)
    whole = past[-count * rows :]
    before, newest = whole.reshape(count, rows, -1), new[-rows:]
    deviation = np.maximum(
        whole.std(axis=0), 1e-9 * np.abs(whole).mean(axis=0) + np.finfo(np.float64).tiny
    )
    levels, level = before.mean(axis=1), newest.mean(axis=0)
    spreads, spread = (
        np.log(np.maximum(each, 1e-3 * deviation))
        for each in (before.std(axis=1), newest.std(axis=0))
    )
    by_level = np.abs(level - np.median(levels, axis=0)) / np.maximum(
        levels.std(axis=0), LEAST_SPREAD_OF_LEVELS * deviation
    )
    by_spread = np.abs(spread - np.median(spreads, axis=0)) / np.maximum(
        spreads.std(axis=0), LEAST_SPREAD_OF_SPREADS
    )
    return np.asarray(np.maximum(by_level, by_spread))


def _stands_still(past: Floats, new: Floats) -> bool:
    if len(new) < LEAST_ROWS or (new != new[0]).any():
        return False
    changes = np.flatnonzero(np.diff(past)) + 1
    longest = np.diff(np.concatenate(([0], changes, [len(past)]))).max(initial=0)
    return bool(longest < len(new))
