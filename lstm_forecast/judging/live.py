"""How good forecasts that were made earlier turned out to be."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Live", "live_errors"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Live:
    """Errors of forecasts whose actual values are known by now, in original units."""

    rows: int
    mae: float
    rmse: float
    bias: float  # positive: over-forecast
    # of the seasonal naive forecast from the same cutoffs, on the rows where there is one
    naive_mae: float | None
    skill: float | None  # 1 - MAE / MAE of the seasonal naive forecast, on those rows
    # share of actual values inside the interval, by its level in percent
    coverage: Mapping[str, float]


def live_errors(
    *,
    actual: Floats,
    forecast: Floats,
    naive: Floats,
    intervals: Mapping[str, tuple[Floats, Floats]],
) -> Live:
    """Errors of forecasts (n,), n > 0; ``naive`` is NaN where the season before is not known."""
    error = forecast - actual
    known = np.isfinite(naive)
    naive_mae = float(np.abs(naive - actual)[known].mean()) if known.any() else None
    own = float(np.abs(error)[known].mean()) if known.any() else None
    return Live(
        rows=len(actual),
        mae=float(np.abs(error).mean()),
        rmse=float(np.sqrt((error**2).mean())),
        bias=float(error.mean()),
        naive_mae=naive_mae,
        skill=1 - own / naive_mae if own is not None and naive_mae else None,
        coverage={
            level: float(((low <= actual) & (actual <= high)).mean())
            for level, (low, high) in intervals.items()
        },
    )
