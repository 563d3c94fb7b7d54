"""The picture of anomalies: values, what would have been usual, and what was not."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
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

MOST_STEPS = 900  # across the picture; the lines of more are one block
MARK_STEPS = 5  # places that a mark is as wide as
USUAL, ACTUAL = tint(BLUE, 0.2), tint(INK, 0.4)


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
    expected, lo, hi, score, anomaly``, in their order.

    Where steps stand too close for lines, the values and the borders of so many as have one place
    are drawn from the lowest to the highest, and the rarest of their unusual ones is marked.
    """
    figure, grid = panels(shown, note=note, labels=labels)
    n_columns, handles = labels.columns(len(shown)), dict[str, Any]()
    for unique_id, axes in grid.items():
        own = table[table["unique_id"] == unique_id]
        close = math.ceil(len(own) / (MOST_STEPS // n_columns))
        handles |= _draw_steps(axes, own) if close == 1 else _draw_spans(axes, own, close)
        handles |= _draw_found(axes, _rarest(own, close * MARK_STEPS) if close > 1 else own)
        time_axis(axes, own["ds"], ticks=14 // n_columns)
    add_heading(figure, title, handles)
    return figure


def _draw_steps(axes: Axes, own: pd.DataFrame) -> dict[str, Any]:
    """Draw every step of a series; what stands for what in the legend, as below."""
    x, handles = positions(own["ds"]), dict[str, Any]()
    if own["lo"].notna().any():
        axes.fill_between(x, own["lo"], own["hi"], color=USUAL, linewidth=0)
        handles["usual"] = Patch(color=USUAL)
    (handles["expected"],) = axes.plot(x, own["expected"], color=BLUE, linewidth=0.8)
    (handles["actual"],) = axes.plot(x, own["y"], color=INK, linewidth=0.8)
    return handles


def _draw_spans(axes: Axes, own: pd.DataFrame, close: int) -> dict[str, Any]:
    """Draw from the lowest to the highest of ``close`` steps."""
    x, places = positions(own["ds"])[::close], own.groupby(np.arange(len(own)) // close)
    spans = places.agg({"lo": "min", "hi": "max"}), places["y"].agg(["min", "max"])
    names = "usual", "actual, lowest to highest"
    for span, color in zip(spans, (USUAL, ACTUAL), strict=True):
        axes.fill_between(x, *span.to_numpy(np.float64).T, color=color, linewidth=0)
    return {name: Patch(color=color) for name, color in zip(names, (USUAL, ACTUAL), strict=True)}


def _rarest(own: pd.DataFrame, close: int) -> pd.DataFrame:
    """The values of a series with the rarest unusual one of every ``close`` steps."""
    place = pd.Series(np.arange(len(own)) // close, own.index)
    ranked = (
        own["score"]
        .where(own["anomaly"])
        .groupby([place, own["y"].isna()])
        .rank(method="first", ascending=False)
    )
    return own.assign(anomaly=ranked == 1)


def _draw_found(axes: Axes, own: pd.DataFrame) -> dict[str, Any]:
    x, y = positions(own["ds"]), own["y"].to_numpy(np.float64)
    found, handles = own["anomaly"].to_numpy(bool), dict[str, Any]()
    seen, missing = found & ~np.isnan(y), found & np.isnan(y)
    if seen.any():
        (handles["unusual"],) = axes.plot(x[seen], y[seen], "o", color=ORANGE, markersize=3)
    if missing.any():
        bottom = np.full(missing.sum(), np.nanmin(y) if np.isfinite(y).any() else 0.0)
        (handles["missing"],) = axes.plot(x[missing], bottom, "x", color=PURPLE, markersize=4)
    return handles
