"""The picture of anomalies: values, what would have been usual, and what was not."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lstm_forecast.pictures.style import (
    BLUE,
    INK,
    ORANGE,
    PURPLE,
    add_heading,
    new_figure,
    plain,
    positions,
    styled,
    time_axis,
    tint,
)

__all__ = ["anomalies_figure"]


@styled
def anomalies_figure(
    table: pd.DataFrame, shown: Sequence[str], *, title: str, note: str = ""
) -> Figure:
    """One panel for each of the ``shown`` ids, from the steps in ``table``: ``unique_id, ds, y,
    expected, lo, hi, kind, anomaly``.
    """
    n_columns = 1 if len(shown) <= 3 else 2 if len(shown) <= 6 else 3
    n_rows = math.ceil(len(shown) / n_columns)
    figure = new_figure(height=1.0 + max(1.8 * n_rows, 3.2), note=note)
    grid = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    handles: dict[str, Any] = {}
    for axes, unique_id in zip(grid, shown, strict=False):
        own = table[table["unique_id"] == unique_id]
        x, y = positions(own["ds"]), own["y"].to_numpy(np.float64)
        low, high = (own[name].to_numpy(np.float64) for name in ("lo", "hi"))
        if np.isfinite(low).any():
            axes.fill_between(x, low, high, color=tint(BLUE, 0.2), linewidth=0)
            handles["usual"] = Patch(color=tint(BLUE, 0.2))
        (handles["expected"],) = axes.plot(x, own["expected"], color=BLUE, linewidth=0.8)
        (handles["actual"],) = axes.plot(x, y, color=INK, linewidth=0.8)
        found = own["anomaly"].to_numpy(bool)
        missing = found & np.isnan(y)
        if (found & ~missing).any():
            (handles["unusual"],) = axes.plot(
                x[found & ~missing], y[found & ~missing], "o", color=ORANGE, markersize=3
            )
        if missing.any():
            bottom = np.full(missing.sum(), np.nanmin(y) if np.isfinite(y).any() else 0.0)
            (handles["missing"],) = axes.plot(x[missing], bottom, "x", color=PURPLE, markersize=4)
        time_axis(axes, own["ds"], ticks=14 // n_columns)
        axes.set_title(plain(unique_id, longest=80 // n_columns))
    for axes in grid[len(shown) :]:
        axes.remove()
    add_heading(figure, title, handles)
    return figure
