"""Statistical forecasts to compare with, fitted anew at every origin by statsforecast, which is an
optional extra.
"""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.errors import UsageError

__all__ = ["check_statistical", "statistical_forecasts"]

MODELS = {"auto_ets": "AutoETS", "auto_theta": "AutoTheta", "auto_arima": "AutoARIMA"}
# Rows before an origin that a model is fitted to: more take minutes and change little.
MOST_FITTED_ROWS = 1_000
REPORTED_WINDOWS = 16  # between two reports of progress
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def check_statistical(names: Sequence[str]) -> None:
    """Raise UsageError for a name that is none, or where statsforecast is not installed."""
    unknown = [name for name in names if name not in MODELS]
    if unknown:
        raise UsageError(
            f"--baselines {','.join(unknown)}: no such baseline; there are {', '.join(MODELS)}"
        )
    if names and find_spec("statsforecast") is None:
        raise UsageError(
            f"--baselines {','.join(names)}: needs statsforecast, which is not installed; python -m"
            " pip install 'lstm-forecast-cli[baselines]' (or '.[baselines]' in the project's"
            " directory)"
        )


def statistical_forecasts(
    names: Sequence[str],
    values: Floats,
    origins: Ints,
    floors: Ints,
    *,
    horizon: int,
    season_length: int,
    progress: Callable[[int, int], None],
) -> dict[str, Floats]:
    """Forecasts (n, horizon, n_targets) by name, each from the newest rows before its origin;
    arrays as in baselines.

    Where a model cannot be fitted, statsforecast takes the last value instead. ``progress`` hears
    how many of how many windows are done.
    """
    if not names:
        return {}
    from statsforecast import StatsForecast, models

    chosen = [
        getattr(models, MODELS[name])(season_length=season_length, alias=name) for name in names
    ]
    fitter = StatsForecast(models=chosen, freq=1, fallback_model=models.Naive())
    n_targets = values.shape[1]
    found = {name: np.empty((len(origins), horizon, n_targets)) for name in names}
    for start in range(0, len(origins), REPORTED_WINDOWS):
        part = slice(start, start + REPORTED_WINDOWS)
        table = fitter.forecast(h=horizon, df=_pasts(values, origins[part], floors[part]))
        for name, forecast in found.items():
            parts = table[name].to_numpy(np.float64).reshape(-1, n_targets, horizon)
            forecast[part] = parts.transpose(0, 2, 1)
        progress(min(start + REPORTED_WINDOWS, len(origins)), len(origins))
    return found


def _pasts(values: Floats, origins: Ints, floors: Ints) -> pd.DataFrame:
    """What lies before every origin, each target a series of its own: window after window, target
    after target.
    """
    starts = np.maximum(floors, origins - MOST_FITTED_ROWS)
    pasts: list[Any] = [
        column for a, b in zip(starts, origins, strict=True) for column in values[a:b].T
    ]
    lengths = [len(past) for past in pasts]
    return pd.DataFrame(
        {
            "unique_id": np.repeat(np.arange(len(pasts)), lengths),
            "ds": np.concatenate([np.arange(n) for n in lengths]),
            "y": np.concatenate(pasts),
        }
    )
