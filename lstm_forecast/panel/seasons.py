"""Seasons that the values themselves show."""

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["autocorrelation", "strongest_season"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LONGEST_SEASON = 366  # rows
# The weakest autocorrelation that counts as a season: in all, and in standard errors of one that is
# none.
WEAKEST_SEASON, SURE_ERRORS = 0.1, 4
SEASON_SERIES, SEASON_ROWS = 200, 5_000  # that a season is looked for in, at most


def strongest_season(values: Floats, starts: Ints, ends: Ints) -> tuple[int, float]:
    """The shortest distance in rows at which changes repeat nearly best, in the median of the
    longest series, and the autocorrelation there; 1 and 0 if there is none.

    Series i is ``values`` (n_rows,) from ``starts[i]`` to ``ends[i]``. What counts is how far the
    autocorrelation rises above that at other distances, near ones included: a bend in a trend makes
    all short distances high.
    """
    rows = ends - starts
    longest = np.argsort(-rows, kind="stable")[:SEASON_SERIES]
    lags = min(LONGEST_SEASON, int(np.median(rows)) // 3)
    if lags < 3:
        return 1, 0.0
    ends = ends[longest]
    starts = np.maximum(starts[longest], ends - SEASON_ROWS)
    correlations = np.median(
        [autocorrelation(values[start:end], lags) for start, end in zip(starts, ends, strict=True)],
        axis=0,
    )
    inner = correlations[1:-1]
    around = [
        np.median(correlations[k - (k + 1) // 2 : k + (k + 1) // 2 + 1]) for k in range(1, lags - 1)
    ]
    rise = inner - np.maximum(around, np.median(correlations))
    weakest = max(WEAKEST_SEASON, SURE_ERRORS / math.sqrt((ends - starts).sum()))
    peaks = (inner > correlations[:-2]) & (inner > correlations[2:]) & (rise > weakest)
    if not peaks.any():
        return 1, 0.0
    first = int(np.flatnonzero(peaks & (rise >= 0.9 * rise[peaks].max()))[0])
    return first + 2, float(inner[first])


def autocorrelation(values: Floats, lags: int) -> Floats:
    """Of the changes from row to row, at distances 1 to ``lags``."""
    change = np.diff(values)
    known = ~np.isnan(change)
    change = np.where(known, change - change.mean(where=known) if known.any() else 0.0, 0.0)
    power = float(change @ change)
    if power <= 0:
        return np.zeros(lags)
    # zeros behind the end: no change meets those at the start
    spectrum = np.fft.rfft(change, n=len(change) + lags)
    return np.asarray(
        np.fft.irfft(np.abs(spectrum) ** 2, n=len(change) + lags)[1 : lags + 1] / power
    )
