"""The picture of a forecast: what happened, what the network said of it in advance, and what it
says comes next.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lstm_forecast.pictures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    MAX_PANELS,
    MOST_MARKED_STEPS,
    ORANGE,
    PLAIN,
    PURPLE,
    Labels,
    add_heading,
    panels,
    positions,
    small_time_axis,
    styled,
    time_axis,
    tint,
)

__all__ = ["forecast_figure", "interval_levels", "separate_windows"]

COLORS_OF_PARTS = {"training": GREEN, "validation": PURPLE, "test": BLUE, "held-back": BLUE}


@styled
def forecast_figure(
    history: pd.DataFrame,
    test: pd.DataFrame,
    future: pd.DataFrame,
    *,
    name: str,
    title: str,
    note: str = "",
    labels: Labels = PLAIN,
    earlier: Mapping[str, pd.DataFrame] = MappingProxyType({}),
) -> Figure:
    """One panel for each ``unique_id`` of ``history``, in its order.

    ``history`` has ``unique_id, ds, y``: the actual values to show, NaN where there is a gap.
    ``test`` and ``future`` have ``unique_id, ds, cutoff, <name>`` and ``<name>-lo-80,
    <name>-hi-80`` ... for every level; so have ``earlier`` ones, by their part. Of ``test``
    and ``earlier`` those windows are drawn that lie inside the history and do not overlap, with the
    intervals that the future has.
    """
    shown = list(history["unique_id"].unique())
    same_time = future["cutoff"].nunique() == 1
    figure, grid = panels(shown, note=note, labels=labels, same_time=same_time)
    parts, drawn = {**earlier, "test": test}, set[str]()
    shares = _shares(interval_levels(future.dropna(axis=1, how="all"), name))
    n_columns = labels.columns(len(shown))
    for unique_id, axes in grid.items():
        own, ahead = (table[table["unique_id"] == unique_id] for table in (history, future))
        past = {part: table[table["unique_id"] == unique_id] for part, table in parts.items()}
        drawn |= _draw_past(axes, past, own["ds"].iloc[[0, -1]], name, shares)
        _draw_actual_and_future(axes, own, ahead, name, shares)
        if len(shown) > MAX_PANELS:
            small_time_axis(axes, own["ds"])
        else:
            time_axis(axes, own["ds"], ticks=14 // n_columns)
    for axes in list(grid.values())[: len(shown) - n_columns]:
        axes.set_xlabel("")
        axes.tick_params(labelbottom=not (same_time and n_columns == 1))
    shown_parts = [part for part in parts if part in drawn]
    add_heading(figure, title, **_legend(shares, shown_parts, labels.forecast))
    return figure


def interval_levels(table: pd.DataFrame, name: str) -> list[int]:
    """Levels of the intervals in the table, in percent, widest first."""
    found = (re.fullmatch(rf"{re.escape(name)}-lo-(\d+)", column) for column in table.columns)
    return sorted((int(match[1]) for match in found if match), reverse=True)


def separate_windows(test: pd.DataFrame, first: float, last: float) -> list[pd.DataFrame]:
    """Windows of one series that lie between two positions and do not overlap; the newest one is
    kept.
    """
    cutoffs = positions(test["cutoff"])
    ends = pd.Series(positions(test["ds"])).groupby(cutoffs).max()
    kept: list[float] = []
    for cutoff, end in zip(ends.index[::-1], ends[::-1], strict=True):
        if end <= last and cutoff > first:
            kept.append(cutoff)
            last = cutoff
    return [test[cutoffs == cutoff] for cutoff in kept[::-1]]


def _draw_past(
    axes: Axes,
    past: Mapping[str, pd.DataFrame],
    span: pd.Series,
    name: str,
    shares: Mapping[int, float],
) -> set[str]:
    """Draw each window on its own, so that the line breaks where a forecast starts anew; the parts
    that have windows between the two stamps of ``span``.
    """
    drawn = set()
    for part, table in past.items():
        windows = separate_windows(table, *positions(span))
        if windows and max(map(len, windows)) == 1:
            windows = [pd.concat(windows)]  # forecasts of one step make a line only together
        for window in windows:
            _draw_fan(axes, window, name, COLORS_OF_PARTS[part], shares)
            drawn.add(part)
    return drawn


def _draw_actual_and_future(
    axes: Axes,
    history: pd.DataFrame,
    future: pd.DataFrame,
    name: str,
    shares: Mapping[int, float],
) -> None:
    x, y = positions(history["ds"]), history["y"].to_numpy(float)
    axes.plot(x, y, color=INK, linewidth=1.0, zorder=3)
    known = np.isfinite(y)
    alone = known & ~np.append(False, known[:-1]) & ~np.append(known[1:], False)
    if alone.any():  # between holes, where no line comes from
        axes.plot(x[alone], y[alone], ".", color=INK, markersize=2, zorder=3)
    axes.axvline(x[-1], color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=2.5)
    _draw_fan(axes, future, name, ORANGE, shares)
    last = positions(future["ds"]).max()
    axes.set_xlim(x[0], last + 0.01 * (last - x[0]))


def _draw_fan(
    axes: Axes, window: pd.DataFrame, name: str, color: str, shares: Mapping[int, float]
) -> None:
    """The forecast as a line on those of the intervals that it has, the widest below."""
    x, own = positions(window["ds"]), interval_levels(window.dropna(axis=1, how="all"), name)
    for level, share in ((level, share) for level, share in shares.items() if level in own):
        low, high = (window[f"{name}-{side}-{level}"].to_numpy(float) for side in ("lo", "hi"))
        if len(x) > 1:
            axes.fill_between(x, low, high, color=tint(color, share), linewidth=0, zorder=2)
        else:
            axes.vlines(x, low, high, color=tint(color, share), linewidth=6, zorder=2)
    mark = "o" if len(x) <= MOST_MARKED_STEPS else None
    axes.plot(
        x,
        window[name].to_numpy(float),
        color=color,
        linewidth=1.6,
        marker=mark,
        markersize=3,
        zorder=4,
    )


def _shares(levels: Sequence[int]) -> dict[int, float]:
    """How strong the colour of each interval is, the widest palest."""
    count = len(levels)
    strong = [0.26] if count == 1 else np.linspace(0.16, min(0.5, 0.16 * count), count)
    return dict(zip(levels, map(float, strong), strict=True))


def _legend(shares: Mapping[int, float], parts: Sequence[str], forecast: str) -> dict[str, Any]:
    colors = [BLUE, ORANGE] if {"test", "held-back"}.intersection(parts) else [ORANGE]
    handles: dict[str, Any] = {"actual": Line2D([], [], color=INK, linewidth=1.0)}
    for part in parts:
        color = COLORS_OF_PARTS[part]
        handles[f"{part} forecasts"] = Line2D([], [], color=color, linewidth=1.6)
    handles[forecast] = Line2D([], [], color=ORANGE, linewidth=1.6)
    for level, share in shares.items():
        handles[f"{level} % interval"] = tuple(
            Patch(facecolor=tint(color, share)) for color in colors
        )
    handles["cutoff"] = Line2D([], [], color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    return {"handles": handles, "handler_map": {tuple: HandlerTuple(ndivide=None, pad=0)}}
