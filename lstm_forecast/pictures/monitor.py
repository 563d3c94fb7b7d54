"""The picture of a service: error of the forecasts made at each cutoff, and how often intervals
held.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lstm_forecast.pictures.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    add_heading,
    fitting,
    new_figure,
    positions,
    styled,
    time_axis,
)

__all__ = ["monitor_figure"]

Floats = NDArray[np.float64]
HEIGHT = 2.6  # inches of the errors
LEVELS = (GREEN, PURPLE, BLUE)


@styled
def monitor_figure(
    cutoffs: pd.Series,
    *,
    errors: Mapping[str, Floats],
    expected: float | None,
    coverage: Mapping[str, Floats],
    title: str,
    note: str = "",
    measured: str = "",
) -> Figure:
    """Mean absolute errors by cutoff, the run's own first, with the test error as a level; below
    them the coverage. Errors are of what is ``measured``, where that is one thing.

    All arrays are (n_cutoffs,); ``coverage`` is by level in percent.
    """
    figure = new_figure(height=3.8 + 2.0 * bool(coverage), note=note)
    panels = figure.subplots(1 + bool(coverage), 1, sharex=True, squeeze=False)[:, 0]
    x = positions(cutoffs)
    handles: dict[str, Any] = {}
    for (label, values), (color, dashes) in zip(
        errors.items(), ((BLUE, "-"), (ORANGE, (0, (5, 2)))), strict=False
    ):
        (handles[label],) = panels[0].plot(
            x, values, color=color, linestyle=dashes, marker="o", markersize=3
        )
    if expected is not None:
        handles["test error"] = panels[0].axhline(expected, color=GREY, linestyle=(0, (1, 1.5)))
    panels[0].set_ylim(bottom=0)
    what = f" of {measured}" if measured else ", original units"
    panels[0].set_ylabel(fitting(f"mean absolute error{what}", panels[0].yaxis.label, HEIGHT))
    for (level, shares), color in zip(coverage.items(), LEVELS, strict=False):
        label = f"inside the {level} % interval"
        (handles[label],) = panels[1].plot(x, 100 * shares, color=color, marker="o", markersize=3)
        panels[1].axhline(float(level), color=color, linestyle=(0, (1, 1.5)))
    if coverage:
        panels[1].set_ylim(0, 105)
        panels[1].set_ylabel("%")
    time_axis(panels[-1], cutoffs, ticks=9)
    add_heading(figure, title, handles)
    return figure
