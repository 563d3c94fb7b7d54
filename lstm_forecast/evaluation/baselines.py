"""The simple forecasts that a network has to beat, on the same windows."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["naive", "seasonal_naive"]

Floats = NDArray[np.float64]


def naive(values: Floats, origins: NDArray[np.int64], *, horizon: int) -> Floats:
    """Repeat the last value before each origin. ``values`` is (n_rows, n_targets); result (n, horizon, n_targets)."""
    return np.repeat(values[origins - 1][:, None], horizon, axis=1)


def seasonal_naive(
    values: Floats,
    origins: NDArray[np.int64],
    floors: NDArray[np.int64],
    *,
    horizon: int,
    season_length: int,
) -> Floats:
    """Repeat the last season before each origin; the last value where less than a season lies behind ``floors``."""
    season = np.where(origins - floors >= season_length, season_length, 1)[:, None]
    repeated: Floats = values[origins[:, None] - season + np.arange(horizon) % season]
    return repeated
