"""Forecast errors in original units. Every window and step weighs the same, so batch sizes never matter.

Arrays are (n_windows, horizon, n_targets). Error = forecast - actual: positive means over-forecast.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["coverage", "errors", "errors_by_step", "seasonal_scale"]

Floats = NDArray[np.float64]
TINY = np.finfo(np.float64).tiny


def errors(forecast: Floats, actual: Floats, scale: Floats) -> dict[str, float | None]:
    """MAE, RMSE, bias, sMAPE (0 to 200) and MASE over all windows, steps and targets.

    ``scale`` (n_windows, 1, n_targets) is what MASE divides by, from seasonal_scale; windows whose scale is 0 are
    left out of MASE, and it is None if none is left. Formulas: Hyndman & Koehler 2006; sMAPE as in M4 (Makridakis et
    al. 2020), where 0/0 counts as 0.
    """
    error = forecast - actual
    size = np.abs(error)
    measured = np.broadcast_to(scale > 0, size.shape)
    scaled = size / np.where(scale > 0, scale, 1)
    return {
        "mae": float(size.mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "bias": float(error.mean()),
        "smape": float((200 * size / np.maximum(np.abs(forecast) + np.abs(actual), TINY)).mean()),
        "mase": float(scaled.mean(where=measured)) if measured.any() else None,
    }


def errors_by_step(forecast: Floats, actual: Floats) -> dict[str, list[float]]:
    """MAE and RMSE of each step of the horizon, over all windows and targets."""
    error = forecast - actual
    return {
        "mae": np.abs(error).mean(axis=(0, 2)).tolist(),
        "rmse": np.sqrt((error**2).mean(axis=(0, 2))).tolist(),
    }


def coverage(low: Floats, high: Floats, actual: Floats) -> dict[str, float]:
    """Share of actuals inside the interval (0 to 1), and its mean width."""
    inside = (low <= actual) & (actual <= high)
    return {"coverage": float(inside.mean()), "width": float((high - low).mean())}


def seasonal_scale(training: Floats, season_length: int) -> Floats:
    """Mean absolute error of the seasonal naive forecast inside the training rows (n_rows, n_targets) of one series.

    Falls back to the last value where the rows are fewer than a season; 0 where there is nothing to compare.
    """
    lag = season_length if len(training) > season_length else 1
    if len(training) <= lag:
        return np.zeros(training.shape[1])
    scale: Floats = np.abs(training[lag:] - training[:-lag]).mean(axis=0)
    return scale
