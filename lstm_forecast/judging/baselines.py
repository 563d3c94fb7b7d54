"""The simple forecasts that a network has to beat, on the same windows.

``values`` are (n_rows, n_targets) in original units, ``origins`` (n,) the first forecast rows and
``floors`` (n,) the first rows that may be looked at: nothing looks across a gap or at another
series. Results are (n, horizon, n_targets).
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["drift", "moving_average", "naive", "seasonal_naive", "simple_forecasts"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def simple_forecasts(
    values: Floats, origins: Ints, floors: Ints, *, horizon: int, season_length: int
) -> dict[str, Floats]:
    """All of them by name.

    The moving average is that of one season, or of a horizon where there is no season.
    """
    window = season_length if season_length > 1 else horizon
    return {
        "naive": naive(values, origins, horizon=horizon),
        "seasonal_naive": seasonal_naive(
            values, origins, floors, horizon=horizon, season_length=season_length
        ),
        "drift": drift(values, origins, floors, horizon=horizon),
        "moving_average": moving_average(values, origins, floors, horizon=horizon, window=window),
    }


def naive(values: Floats, origins: Ints, *, horizon: int) -> Floats:
    """Repeat the last value before each origin."""
    return np.repeat(values[origins - 1][:, None], horizon, axis=1)


def seasonal_naive(
    values: Floats, origins: Ints, floors: Ints, *, horizon: int, season_length: int
) -> Floats:
    """Repeat the last season before each origin; the last value where less than a season lies
    behind ``floors``.
    """
    season = np.where(origins - floors >= season_length, season_length, 1)[:, None]
    repeated: Floats = values[origins[:, None] - season + np.arange(horizon) % season]
    return repeated


def drift(values: Floats, origins: Ints, floors: Ints, *, horizon: int) -> Floats:
    """Draw the line through the first value from ``floors`` on and the last one further (Hyndman &
    Athanasopoulos).
    """
    last = values[origins - 1]
    slope = (last - values[floors]) / np.maximum(origins - 1 - floors, 1)[:, None]
    line: Floats = last[:, None] + slope[:, None] * np.arange(1, horizon + 1)[:, None]
    return line


def moving_average(
    values: Floats, origins: Ints, floors: Ints, *, horizon: int, window: int
) -> Floats:
    """Repeat the mean of the last ``window`` rows, or of as many as there are."""
    counts = np.minimum(origins - floors, window)
    mean = np.empty((len(origins), values.shape[1]))
    order = np.argsort(floors, kind="stable")
    firsts, places = np.unique(floors[order], return_index=True)
    # Sums from one floor alone: those of a large series would round a small one away.
    for first, own in zip(firsts, np.split(order, places[1:]), strict=False):
        total = np.cumsum(values[first : origins[own].max()], axis=0)
        total = np.concatenate([np.zeros((1, values.shape[1])), total])
        until = origins[own] - first
        mean[own] = (total[until] - total[until - counts[own]]) / counts[own, None]
    return np.repeat(mean[:, None], horizon, axis=1)
