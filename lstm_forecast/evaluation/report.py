"""Errors of a forecast beside those of the baselines, on the same windows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_forecast.evaluation.metrics import coverage, errors, errors_by_step

__all__ = ["make_report"]

Floats = NDArray[np.float64]


def make_report(
    *, actual: Floats, forecast: Floats, quantiles: Sequence[float], baselines: Mapping[str, Floats], scale: Floats
) -> dict[str, Any]:
    """Errors overall and by step, of the median forecast and of every baseline; coverage of every level.

    ``forecast`` is (n_windows, horizon, n_targets, n_quantiles); ``actual`` and each baseline lack the last axis;
    ``scale`` (n_windows, 1, n_targets) is what MASE divides by. ``skill`` is 1 - MAE / MAE of the baseline.
    """
    middle = len(quantiles) // 2
    points = {"forecast": forecast[..., middle], **baselines}
    overall = {name: errors(values, actual, scale) for name, values in points.items()}
    own = overall["forecast"]["mae"]
    return {
        "windows": len(actual),
        "errors": overall,
        "skill": {name: _skill(own, overall[name]["mae"]) for name in baselines},
        "by_step": {name: errors_by_step(values, actual) for name, values in points.items()},
        "intervals": {
            str(round(100 * (high - low))): coverage(forecast[..., k], forecast[..., -1 - k], actual)
            for k, (low, high) in enumerate(zip(quantiles[:middle], reversed(quantiles[middle + 1 :]), strict=True))
        },
    }


def _skill(own: float | None, other: float | None) -> float | None:
    return 1 - own / other if own is not None and other else None
