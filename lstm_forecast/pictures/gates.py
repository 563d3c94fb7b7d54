"""The picture of what a recurrent network does along a window: gates and states by step."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

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
    positions,
    settle_layout,
    styled,
    time_axis,
)

__all__ = ["MAX_LAYERS", "DrawnLayer", "gates_figure"]

MAX_LAYERS = 4  # beside each other
TITLE_LETTERS = 110  # that fit into the width of the picture
MOST_MARKED_ROWS = 40  # values up to here get a mark each
GROUPS = {"long": PURPLE, "medium": GREEN, "short": GREY, "all": GREY}
STRIP = 0.025  # of the width: the strip that tells the group of a unit
GATE = "gate"  # how the names of what goes from 0 to 1 end
SIGNED = LinearSegmentedColormap.from_list("signed", [ORANGE, "white", BLUE])
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class DrawnLayer:
    """A recurrent layer in one direction, as a column of the picture."""

    title: str
    quantities: Mapping[str, Floats]  # name: (steps, units); gates have names that end so
    groups: Mapping[str, Sequence[int]]  # long, medium, short or all: units from top to bottom
    used: int | None = None  # step whose hidden state goes to the output; None: all go to a layer


@styled
def gates_figure(
    values: pd.DataFrame,
    borders: Sequence[int],
    layers: Sequence[DrawnLayer],
    *,
    label: str,
    title: str,
    note: str = "",
) -> Figure:
    """One column for each layer: the window's values, then gates by group and states by unit.

    ``values`` has ``ds, y``, the rows of the window, NaN where nothing was observed; ``borders``
    (steps + 1,) are the rows that recurrent steps begin at, and the number of rows.
    """
    names = list(layers[0].quantities)
    heights = [1.4, *(1.0 if name.endswith(GATE) else 1.2 for name in names)]
    figure = new_figure(height=1.6 + 1.1 * sum(heights), note=note)
    grid = figure.subplots(
        1 + len(names), len(layers), squeeze=False, sharex=True, sharey="row", height_ratios=heights
    )
    edges = _edges(positions(values["ds"]), borders)
    for column, layer in enumerate(layers):
        _draw_values(grid[0, column], values)
        grid[0, column].set_title(_wrapped(layer.title, columns=len(layers)))
        time_axis(grid[-1, column], values["ds"], ticks=14 // len(layers))
    for row, name in zip(grid[1:], names, strict=True):
        if name.endswith(GATE):
            for axes, layer in zip(row, layers, strict=True):
                _draw_gate(axes, layer, name, edges)
        else:
            _draw_states(row, layers, name, edges)
    for axes, name in zip(grid[:, 0], [plain(label, longest=24), *names], strict=True):
        axes.set_ylabel(name.replace("_", "\n"))
    grid[0, 0].set_xlim(edges[0] - STRIP * (edges[-1] - edges[0]), edges[-1])
    figure.align_ylabels(grid[:, 0])
    add_heading(figure, title, _legend(layers))
    settle_layout(figure)
    return figure


def _wrapped(title: str, *, columns: int) -> str:
    return textwrap.fill(plain(title, longest=2 * TITLE_LETTERS), TITLE_LETTERS // columns)


def _edges(x: Floats, borders: Sequence[int]) -> Floats:
    """Where steps begin and end on the axis: in the middle between two rows."""
    if len(x) == 1:
        return np.array([x[0] - 0.5, x[0] + 0.5])
    between = np.concatenate(
        [[1.5 * x[0] - 0.5 * x[1]], (x[1:] + x[:-1]) / 2, [1.5 * x[-1] - 0.5 * x[-2]]]
    )
    return np.asarray(between[list(borders)])


def _draw_values(axes: Axes, values: pd.DataFrame) -> None:
    mark = "o" if len(values) <= MOST_MARKED_ROWS else None
    axes.plot(
        positions(values["ds"]), values["y"].to_numpy(float), color=INK, marker=mark, markersize=3
    )


def _draw_gate(axes: Axes, layer: DrawnLayer, name: str, edges: Floats) -> None:
    """The median of each group's units, on a band of 10 to 90 % of them."""
    middles = (edges[1:] + edges[:-1]) / 2
    for group, units in layer.groups.items():
        low, median, high = np.quantile(
            layer.quantities[name][:, list(units)], [0.1, 0.5, 0.9], axis=1
        )
        axes.fill_between(middles, low, high, color=GROUPS[group], alpha=0.25, linewidth=0)
        axes.plot(
            middles,
            median,
            color=GROUPS[group],
            marker="o" if len(middles) <= MOST_MARKED_ROWS else None,
            markersize=3,
        )


def _draw_states(
    row: Sequence[Axes], layers: Sequence[DrawnLayer], name: str, edges: Floats
) -> None:
    """One line of colour for each unit, the first group on top; a strip on the left tells it."""
    largest = max(float(np.abs(layer.quantities[name]).max(initial=0)) for layer in layers) or 1.0
    strip = STRIP * (edges[-1] - edges[0])
    for axes, layer in zip(row, layers, strict=True):
        order = [unit for units in layer.groups.values() for unit in units]
        colors = layer.quantities[name].T[order]
        lines = np.linspace(0, 1, len(order) + 1)  # layers of any width stand beside each other
        mesh = axes.pcolormesh(
            edges, lines, colors, cmap=SIGNED, vmin=-largest, vmax=largest, rasterized=True
        )
        top = 0.0
        for group, units in layer.groups.items():
            share = len(units) / len(order)
            axes.add_patch(
                Rectangle(
                    (edges[0] - strip, top), 0.7 * strip, share, color=GROUPS[group], linewidth=0
                )
            )
            top += share
            axes.axhline(top, color=INK, linewidth=0.6 if top < 0.999 else 0)
        if name == "hidden_state" and layer.used is not None:
            first, last = edges[layer.used : layer.used + 2]
            axes.add_patch(
                Rectangle(
                    (first, 0), last - first, 1, fill=False, edgecolor=INK, linewidth=1.6, zorder=4
                )
            )
        axes.set_ylim(1, 0)
        axes.set_yticks([])
        axes.grid(visible=False)
        axes.spines[["left", "bottom"]].set_visible(False)
    bar = row[0].figure.colorbar(mesh, ax=list(row), pad=0.01, aspect=8)
    bar.outline.set_visible(False)


def _legend(layers: Sequence[DrawnLayer]) -> dict[str, Any]:
    handles: dict[str, Any] = {"value": Line2D([], [], color=INK)}
    found = {group for layer in layers for group in layer.groups}
    for group in (group for group in GROUPS if group in found - {"all"}):
        handles[f"{group} memory"] = Patch(facecolor=GROUPS[group])
    if any(layer.used is not None for layer in layers):
        handles["what the output is computed from"] = Patch(
            facecolor="none", edgecolor=INK, linewidth=1.6
        )
    return handles
