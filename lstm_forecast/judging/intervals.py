"""How good quantiles and intervals are, in original units. Every window weighs the same.

Arrays are (n_windows, horizon, n_targets), quantile forecasts have one axis more at the end.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["chance_points", "coverage", "msis", "pinball", "scaled_crps"]

Floats = NDArray[np.float64]


def chance_points(level: float, windows: int) -> float:
    """How far, as a share, the coverage of an interval of that level, a share too, may lie from it
    by chance: two standard errors.

    The steps of a window err together, so that they count as one.
    """
    return 2 * math.sqrt(level * (1 - level) / windows)


def coverage(low: Floats, high: Floats, actual: Floats) -> tuple[float, float]:
    """Share of actuals inside the interval (0 to 1), and its mean width."""
    inside = (low <= actual) & (actual <= high)
    return float(inside.mean()), float((high - low).mean())


def pinball(forecast: Floats, actual: Floats, quantiles: Sequence[float]) -> list[float]:
    """Mean of max(q (y - f), (q - 1) (y - f)) for every quantile q, the last axis of ``forecast``.

    Koenker & Bassett 1978, "Regression quantiles".
    """
    losses: list[float] = _pinball(forecast, actual, quantiles).mean(axis=(0, 1, 2)).tolist()
    return losses


def scaled_crps(forecast: Floats, actual: Floats, quantiles: Sequence[float]) -> float | None:
    """Weighted quantile loss: mean over windows and targets of 2 x (mean pinball loss of the
    quantiles) / mean |y|.

    Both means are over the steps of the window. With many quantiles it nears the continuous ranked
    probability score relative to the size of the actual values (Rangapuram et al. 2021). A window
    whose actual values are all 0 is left out; None where that leaves none. utilsforecast's
    ``scaled_crps`` gives the same for every cutoff.
    """
    loss = _pinball(forecast, actual, quantiles).mean(axis=(1, 3))  # (n_windows, n_targets)
    size = np.abs(actual).mean(axis=1)
    return (
        float((2 * loss / np.where(size > 0, size, 1)).mean(where=size > 0))
        if (size > 0).any()
        else None
    )


def msis(low: Floats, high: Floats, actual: Floats, scale: Floats, *, level: float) -> float | None:
    """Mean scaled interval score: width, plus 2 / (1 - level) times what lies outside, over the
    scale of MASE.

    ``level`` is a share, ``scale`` (n_windows, 1, n_targets); where that is 0 the window is left
    out, and None is what remains where all are. Gneiting & Raftery 2007, "Strictly proper scoring
    rules"; scaled as in M4.
    """
    outside = np.maximum(low - actual, 0) + np.maximum(actual - high, 0)
    score = high - low + 2 / (1 - level) * outside
    measured = np.broadcast_to(scale > 0, score.shape)
    return (
        float((score / np.where(scale > 0, scale, 1)).mean(where=measured))
        if measured.any()
        else None
    )


def _pinball(forecast: Floats, actual: Floats, quantiles: Sequence[float]) -> Floats:
    q, below = np.asarray(quantiles), actual[..., None] - forecast
    return np.maximum(q * below, (q - 1) * below)
