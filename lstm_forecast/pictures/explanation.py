"""The picture of what makes a forecast: along the history, and from the base to the forecast."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from lstm_forecast.pictures.style import (
    GREEN,
    GREY,
    INK,
    MOST_MARKED_STEPS,
    ORANGE,
    PURPLE,
    add_heading,
    new_figure,
    plain,
    positions,
    settle_layout,
    styled,
    time_axis,
)

__all__ = ["explanation_figure"]

MOST_LINES = 12  # of the lowest panel; the smallest ones beyond are drawn as one
LINE_HEIGHT = 0.3  # inches
RAISES, LOWERS = GREEN, PURPLE
LOOKS: dict[str, dict[str, Any]] = {
    "base": {"color": GREY, "linestyle": (0, (1, 1.5))},
    "forecast": {"color": ORANGE},
    "changed": {"color": ORANGE, "linestyle": (0, (3, 1.5)), "markerfacecolor": "white"},
}
NAMES = {"base": "base: nothing moves", "forecast": "forecast", "changed": "what if"}


@styled
def explanation_figure(
    history: pd.DataFrame,
    forecast: pd.DataFrame,
    parts: pd.DataFrame,
    lines: Mapping[str, float],
    *,
    totals: Mapping[str, float],
    label: str,
    title: str,
    note: str = "",
) -> Figure:
    """The window and its forecast, what each part of the history contributes, and how all lines
    lead from the base to the forecast.

    ``history`` has ``ds, y``, ``forecast`` ``ds, forecast, base`` and, if asked what if,
    ``changed``; ``parts`` has ``since, until, contribution``, ``totals`` ``base`` and ``changed``,
    of what ``lines`` are of.
    """
    lines = _largest(lines)
    heights = [2.4, 1.3, 0.5 + LINE_HEIGHT * (1 + len(totals) + len(lines))]
    figure = new_figure(height=1.1 + sum(heights), note=note)
    above, below, last = figure.subplots(3, 1, height_ratios=heights)
    _draw_window(above, history, forecast)
    _draw_parts(below, history, parts)
    below.set_xlim(above.get_xlim())
    for axes in (above, below):
        time_axis(axes, history["ds"], ticks=14)
        axes.set_xlabel("")
    above.tick_params(labelbottom=False)
    above.set_ylabel(plain(label, longest=24))
    below.set_ylabel("contribution")
    _draw_lines(last, lines, totals)
    figure.align_ylabels([above, below])
    add_heading(figure, title, _legend(forecast))
    settle_layout(figure)
    return figure


def _largest(lines: Mapping[str, float]) -> dict[str, float]:
    """The lines, the smallest of many as one."""
    if len(lines) <= MOST_LINES:
        return dict(lines)
    ranked = sorted(lines, key=lambda label: -abs(lines[label]))
    kept = set(ranked[: MOST_LINES - 1])
    others = sum(value for label, value in lines.items() if label not in kept)
    shown = {label: value for label, value in lines.items() if label in kept}
    return {**shown, f"{len(lines) - len(kept)} others": others}


def _draw_window(axes: Axes, history: pd.DataFrame, forecast: pd.DataFrame) -> None:
    x, ahead = positions(history["ds"]), positions(forecast["ds"])
    mark = "o" if len(ahead) <= MOST_MARKED_STEPS else None
    axes.plot(x, history["y"].to_numpy(float), color=INK, linewidth=1.0)
    for name, look in LOOKS.items():
        if name in forecast:
            axes.plot(ahead, forecast[name], marker=mark, markersize=3, **look)
    axes.axvline(x[-1], color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    pad = max(0.01 * (ahead[-1] - x[0]), _step(x))
    axes.set_xlim(x[0] - pad, ahead[-1] + pad)


def _draw_parts(axes: Axes, history: pd.DataFrame, parts: pd.DataFrame) -> None:
    """A bar over the steps of each part of the history."""
    step = _step(positions(history["ds"]))
    since, until = (positions(parts[name]) for name in ("since", "until"))
    values = parts["contribution"].to_numpy(float)
    colors = np.where(values < 0, LOWERS, RAISES)
    axes.bar((since + until) / 2, values, width=until - since + 0.85 * step, color=colors)
    axes.axhline(0, color=GREY, linewidth=0.8)


def _step(x: NDArray[np.float64]) -> float:
    """From one row to the next on the axis."""
    return float(np.median(np.diff(x))) if len(x) > 1 else 1.0


def _draw_lines(axes: Axes, lines: Mapping[str, float], totals: Mapping[str, float]) -> None:
    """A bar for each line, from where the one above it ends, and a mark for each total."""
    values, base = np.array(list(lines.values())), totals["base"]
    ends = base + np.cumsum(values)
    starts = ends - values
    rows = range(1, len(values) + 1)
    axes.barh(
        list(rows), values, left=starts, height=0.7, color=np.where(values < 0, LOWERS, RAISES)
    )
    shown = {"base": base, "forecast": float(ends[-1]), **totals}
    low, high = min(*ends, *shown.values()), max(*ends, *shown.values())
    spread = high - low or 1.0
    for row, start, end in zip(rows, starts, ends, strict=True):
        axes.plot([end, end], [row, row + 1], color=GREY, linewidth=0.8)
        right = max(start, end) + 0.008 * spread
        axes.text(right, row, f"{end - start:+.4g}", va="center", fontsize=9, color=GREY)
    axes.plot([base, base], [0, 1], color=GREY, linewidth=0.8)
    labels = [NAMES["base"], *lines, *(NAMES[name] for name in list(shown)[1:])]
    below = range(len(lines) + 1, len(labels))
    for row, (name, value) in zip((0, *below), shown.items(), strict=True):
        axes.plot(value, row, **LOOKS[name] | {"marker": "D", "markersize": 5})
        axes.text(value + 0.012 * spread, row, f"{value:.5g}", va="center", fontsize=9, color=INK)
    axes.set_yticks(range(len(labels)), [plain(each, longest=46) for each in labels])
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(visible=False, axis="y")
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_xlim(low - 0.03 * spread, high + 0.1 * spread)


def _legend(forecast: pd.DataFrame) -> dict[str, Any]:
    handles: dict[str, Any] = {"actual": Line2D([], [], color=INK, linewidth=1.0)}
    for name, look in LOOKS.items():
        if name in forecast:
            handles["base" if name == "base" else NAMES[name]] = Line2D([], [], **look)
    return handles | {"raises": Patch(color=RAISES), "lowers": Patch(color=LOWERS)}
