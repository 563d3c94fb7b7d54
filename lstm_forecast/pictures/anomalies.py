"""The picture of anomalies: values, what would have been usual, and what was not."""

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
    PLAIN,
    PURPLE,
    Labels,
    add_heading,
    panels,
    positions,
    styled,
    time_axis,
    tint,
)

__all__ = ["anomalies_figure"]


@styled
def anomalies_figure(
    table: pd.DataFrame,
    shown: Sequence[str],
    *,
    title: str,
    note: str = "",
    labels: Labels = PLAIN,
) -> Figure:
    """One panel for each of the ``shown`` ids, from the steps in ``table``: ``unique_id, ds, y,
    expected, lo, hi, kind, anomaly``.
    """
    figure, grid = panels(shown, note=note, labels=labels)
    handles: dict[str, Any] = {}
    for unique_id, axes in grid.items():
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
        time_axis(axes, own["ds"], ticks=14 // labels.columns(len(shown)))
    add_heading(figure, title, handles)
    return figure
