"""Forecasts as tables: the long format that the field's tools read, or the columns of the input."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lstm_forecast.data.panel import Layout

__all__ = ["forecast_table", "quantile_columns", "unique_ids"]


def forecast_table(
    layout: Layout,
    origins: NDArray[np.int64],
    columns: Mapping[str, NDArray[np.floating]],
    *,
    targets: Sequence[str],
    series_id: str | None,
) -> pd.DataFrame:
    """One row per series, target, origin and step: ``unique_id, ds, cutoff``, then ``columns``.

    ``origins`` (n,) are the first forecast rows, ``columns`` arrays of shape (n, steps, n_targets).
    """
    steps = next(iter(columns.values())).shape[1]
    last = layout.ordinals(origins - 1)
    names = unique_ids(layout, targets=targets, series_id=series_id)[layout.series_of(origins - 1)]  # (n, n_targets)
    ordinals = np.broadcast_to((last[:, None] + np.arange(1, steps + 1))[:, None], (*names.shape, steps))
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat(names.ravel(), steps),
            "ds": layout.grid.stamps(ordinals.ravel()),
            "cutoff": layout.grid.stamps(np.repeat(last, names.shape[1] * steps)),
        }
    )
    for name, values in columns.items():
        frame[name] = values.transpose(0, 2, 1).ravel()
    return frame


def unique_ids(layout: Layout, *, targets: Sequence[str], series_id: str | None) -> NDArray[np.object_]:
    """What ``unique_id`` holds, (n_series, n_targets): the series, the target, or both where there are many of each."""
    if series_id is None:
        return np.array([list(targets)], object)
    if len(targets) == 1:
        return np.array(layout.ids, object)[:, None]
    return np.array([[f"{name}/{target}" for target in targets] for name in layout.ids], object)


def quantile_columns(
    name: str, quantiles: Sequence[float], forecast: NDArray[np.floating]
) -> dict[str, NDArray[np.floating]]:
    """Columns ``name``, ``name-lo-80``, ``name-hi-80`` ... of a forecast (n, steps, n_targets, n_quantiles).

    ``quantiles`` ascend symmetrically about the median; levels are whole percents.
    """
    middle = len(quantiles) // 2
    columns = {name: forecast[..., middle]}
    for distance in range(1, middle + 1):
        level = round(100 * (quantiles[middle + distance] - quantiles[middle - distance]))
        columns[f"{name}-lo-{level}"] = forecast[..., middle - distance]
        columns[f"{name}-hi-{level}"] = forecast[..., middle + distance]
    return columns
