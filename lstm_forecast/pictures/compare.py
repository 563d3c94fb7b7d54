"""The picture of a comparison: errors with their spread, and latency against context length."""

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from lstm_forecast.pictures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    add_heading,
    new_figure,
    plain,
    styled,
    tint,
)

__all__ = ["compare_figure"]

# Variations are told apart by mark and dashes as well as by colour. As 5 and 7 have no common
# factor, no pair of colour and mark returns soon.
COLORS = (BLUE, ORANGE, GREEN, PURPLE, INK)
MARKS = ("o", "s", "^", "D", "v", "P", "X")
DASHES: tuple[Any, ...] = (
    "-",
    (0, (5, 2)),
    (0, (5, 1.5, 1, 1.5)),
    (0, (1, 1.5)),
    (0, (3, 1, 1, 1, 1, 1)),
)
# How far the axis goes for a baseline: in ranges of the variations, or as a share of their errors
# where that is farther.
REACH_IN_RANGES, REACH_IN_ERRORS = 2.0, 0.1


@styled
def compare_figure(
    *,
    errors: Mapping[str, Sequence[float]],
    baselines: Mapping[str, float | None],
    latencies: Mapping[str, Mapping[int, float]],
    title: str,
    note: str = "",
    measured: str = "",
) -> Figure:
    """Mean absolute errors, by seed, of what is ``measured``, if that is one thing, on the left;
    milliseconds for one window, by context length, on the right.

    ``errors`` and ``latencies`` have the same keys, the variations. A baseline that would squeeze
    them into a corner is an arrow at the edge, with its value.
    """
    known = {name: value for name, value in baselines.items() if value is not None}
    figure = new_figure(height=1.7 + max(2.6, 0.3 * (len(errors) + len(known))), note=note)
    left, right = figure.subplots(1, 2, width_ratios=[1.15, 1])
    _draw_errors(left, errors, known)
    what = plain(measured, longest=30) or "original units"
    left.set_xlabel(f"MAE of every seed, {what}; at the right: median")
    handles = _draw_latencies(right, latencies)
    add_heading(figure, title, handles)
    return figure


def _look(k: int) -> dict[str, Any]:
    return {"color": COLORS[k % len(COLORS)], "marker": MARKS[k % len(MARKS)]}


def _draw_errors(
    axes: Axes, errors: Mapping[str, Sequence[float]], baselines: Mapping[str, float]
) -> None:
    """A row for each: small dots are seeds, the large one their median, the line their range."""
    for row, values in enumerate(errors.values()):
        if values:
            _draw_seeds(axes, row, values)
    low, high = _limits(
        [value for values in errors.values() for value in values], list(baselines.values())
    )
    for row, value in enumerate(baselines.values(), start=len(errors)):
        _draw_baseline(axes, row, value, low=low, high=high)
    medians = [median(values) if values else math.nan for values in errors.values()]
    for row, value in enumerate([*medians, *baselines.values()]):
        text, place = f"{value:.4g}" if math.isfinite(value) else "-", (1.03, row)
        side = ("axes fraction", "data")
        axes.annotate(text, place, xycoords=side, va="center", fontsize=9, color=INK)
    names = [*errors, *(name.replace("_", " ") for name in baselines)]
    axes.set_xlim(low, high)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), [plain(name, longest=32) for name in names])
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)


def _draw_seeds(axes: Axes, row: int, values: Sequence[float]) -> None:
    """Draw the errors of one variation: their range, every seed, and the median."""
    look = _look(row)
    pale = tint(look["color"], 0.45)
    axes.plot([min(values), max(values)], [row, row], color=pale, linewidth=4, zorder=2)
    axes.plot(
        values,
        [row] * len(values),
        linestyle="none",
        markersize=3,
        markeredgewidth=0,
        zorder=4,
        **look,
    )
    axes.plot(median(values), row, markersize=8, markeredgecolor="white", zorder=3, **look)


def _draw_baseline(axes: Axes, row: int, value: float, *, low: float, high: float) -> None:
    """Draw the error of a baseline, as an arrow at the edge where it lies beyond."""
    axes.plot(
        min(max(value, low), high),
        row,
        "<" if value < low else ">" if value > high else "|",
        color=GREY,
        markersize=7,
        markeredgewidth=1.6,
        clip_on=False,
    )


def _limits(values: Sequence[float], baselines: Sequence[float]) -> tuple[float, float]:
    """Of the axis: all seeds, and the baselines that are not far away."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    reach = max(REACH_IN_RANGES * (high - low), REACH_IN_ERRORS * abs(high))
    near = [value for value in baselines if low - reach <= value <= high + reach]
    low, high = min([low, *near]), max([high, *near])
    pad = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    return low - pad, high + pad


def _draw_latencies(axes: Axes, latencies: Mapping[str, Mapping[int, float]]) -> dict[str, Any]:
    """A line for each variation; what the legend holds."""
    handles: dict[str, Any] = {}
    for k, (name, by_context) in enumerate(latencies.items()):
        (handles[name],) = axes.plot(
            list(by_context),
            list(by_context.values()),
            linestyle=DASHES[k % len(DASHES)],
            markersize=5,
            **_look(k),
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(
        FixedLocator(sorted({n for by_context in latencies.values() for n in by_context}))
    )
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.set_xlabel("context length, rows")
    axes.set_ylabel("latency of one window, ms")
    return handles
