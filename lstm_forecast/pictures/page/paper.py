"""A report as a PDF in A4: blocks of known height fill pages from the top."""

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from lstm_forecast.pictures.page.page import Chart, Explorer, Grid, Page, Series, Track
from lstm_forecast.pictures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    plain,
    positions,
    styled,
    time_axis,
    tint,
)

__all__ = ["write_paper"]

WIDTH, HEIGHT, MARGIN = 8.27, 11.69, 0.7  # of A4, in inches
LETTERS = 104  # of a line
CHART, LINE, GAP = 2.5, 0.17, 0.1  # heights in inches
MOST_ROWS = 200  # of a table
MOST_SERIES = 6  # that are drawn, the first of the explorer
WIDEST = 44  # letters of a cell
LONGEST_TICK, SIDE_BY_SIDE = 20, 12  # letters of a name below a chart, and without a slant
MARKS = {"good": "✓", "bad": "!", "neutral": "·"}
COLORS = (BLUE, ORANGE, GREEN, PURPLE, "#8A6D00", GREY)


@dataclass(frozen=True)
class _Block:
    """What is drawn at a place of its own; ``draw`` gets the page and the place of its top left, in
    inches.
    """

    height: float
    draw: Callable[[Figure, float], None]
    below: float = 0.0  # inches that have to be left for what it stands above


@styled
def write_paper(page: Page, path: Path) -> None:
    """Write the file: verdict, the first series of the explorer, and all sections."""
    with PdfPages(path, metadata={"Title": page.title, "CreationDate": None}) as pages:
        figure, top = _sheet(), HEIGHT - MARGIN
        for block in _blocks(page):
            if top - block.height - block.below < MARGIN and top < HEIGHT - MARGIN:
                pages.savefig(figure)
                figure, top = _sheet(), HEIGHT - MARGIN
            block.draw(figure, top)
            top -= block.height + GAP
        pages.savefig(figure)


def _sheet() -> Figure:
    return Figure(figsize=(WIDTH, HEIGHT))


def _blocks(page: Page) -> Iterator[_Block]:
    yield from _text(page.title, size=15, weight="bold")
    yield from _text(page.subtitle, color=GREY)
    for sentence in page.verdict:
        yield from _text(f"{MARKS[sentence.tone]} {sentence.text}", size=10.5)
    for note in page.explorer.notes:
        yield from _text(note)
    for series in page.explorer.series[:MOST_SERIES]:
        yield _drawn(partial(_draw_series, series=series, explorer=page.explorer))
    for section in page.sections:
        for line in _text(section.title, size=12.5, weight="bold"):
            yield replace(line, below=CHART)
        for text in section.texts:
            yield from _text(text)
        for chart in section.charts:
            yield _drawn(partial(_draw_chart, chart=chart), slanted=_slanted(chart))
        for grid in section.grids:
            yield from _rows(grid)


def _text(text: str, *, size: float = 9, **style: Any) -> Iterator[_Block]:
    """A line of the page for every line that the text is wrapped into."""
    longest = int(LETTERS * 9 / size)
    for line in textwrap.wrap(plain(text, longest=20 * LETTERS), longest) or [""]:
        yield _line(line, size=size, **style)


def _line(line: str, *, size: float, **style: Any) -> _Block:
    def draw(figure: Figure, top: float) -> None:
        figure.text(MARGIN / WIDTH, top / HEIGHT, line, fontsize=size, va="top", **style)

    return _Block(LINE * size / 9, draw)


def _rows(grid: Grid) -> Iterator[_Block]:
    rows = [grid.head, *grid.rows[:MOST_ROWS]]
    widths = [min(WIDEST, max(len(row[k]) for row in rows)) + 2 for k in range(len(grid.head))]
    for row in filter(any, rows):
        cells = [textwrap.wrap(cell, WIDEST) or [""] for cell in row]
        for k in range(max(map(len, cells))):
            parts = (cell[k] if k < len(cell) else "" for cell in cells)
            line = "".join(part.ljust(width) for part, width in zip(parts, widths, strict=True))
            yield _line(plain(line.rstrip(), longest=200), size=7.5, family="DejaVu Sans Mono")


def _drawn(draw: Callable[[Axes], None], *, slanted: float = 0.0) -> _Block:
    """What is drawn in axes, above labels that need so many inches more."""

    def place(figure: Figure, top: float) -> None:
        left, right, below, above = 0.65, 0.1, 0.5, 0.3
        sides = (
            (MARGIN + left) / WIDTH,
            (top - CHART + below) / HEIGHT,
            (WIDTH - 2 * MARGIN - left - right) / WIDTH,
            (CHART - below - above) / HEIGHT,
        )
        draw(figure.add_axes(sides))

    return _Block(CHART + slanted, place)


def _draw_chart(axes: Axes, chart: Chart) -> None:
    x = _places(chart.x, time=chart.time)
    colors = iter(COLORS * 3)
    for line in chart.lines:
        y = np.array(line.y, float)
        if line.kind == "bars":
            axes.bar(x, y, color=next(colors), label=line.label)
        elif line.kind == "bound":
            axes.plot(x, y, color=GREY, linestyle="--", linewidth=0.9, label=line.label)
        else:
            mark = "o" if len(x) < 3 else None
            axes.plot(x, y, color=next(colors), marker=mark, label=plain(line.label))
    _finish(axes, chart.title, chart.x, time=chart.time)
    if chart.ticks:
        axes.set_xticks(
            range(len(chart.ticks)), [plain(tick, longest=LONGEST_TICK) for tick in chart.ticks]
        )
    if _slanted(chart):
        axes.tick_params(axis="x", labelrotation=45)
        for label in axes.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    axes.set_xlabel(chart.x_label)
    axes.set_ylabel(chart.y_label)


def _slanted(chart: Chart) -> float:
    """Inches that names below a chart need, where they are too long to stand side by side."""
    longest = min(max(map(len, chart.ticks), default=0), LONGEST_TICK)
    return 0.045 * longest if longest > SIDE_BY_SIDE else 0.0


def _draw_series(axes: Axes, series: Series, explorer: Explorer) -> None:
    x = _places(explorer.stamps, time=explorer.time)

    def along(first: int, values: Sequence[float | None]) -> np.ndarray:
        return x[first : first + len(values)]

    tracks = [("test forecast", BLUE, series.test), ("forecast", ORANGE, series.future)]
    for label, color, track in tracks:
        if track is not None:
            _draw_track(axes, along(track.first, track.y), track, color=color, label=label)
    actual = np.array(series.y, float)
    axes.plot(along(series.first, series.y), actual, color=INK, linewidth=0.9, label="actual")
    axes.set_ylabel(plain(explorer.quantity, longest=30))
    _finish(axes, series.name, explorer.stamps, time=explorer.time)


def _draw_track(axes: Axes, x: np.ndarray, track: Track, *, color: str, label: str) -> None:
    shares = np.linspace(0.18, 0.35, max(len(track.low), 1))
    for low, high, share in zip(track.low, track.high, shares, strict=False):
        below, above = np.array(low, float), np.array(high, float)
        axes.fill_between(x, below, above, color=tint(color, share), linewidth=0)
    axes.plot(x, np.array(track.y, float), color=color, label=label)


def _finish(axes: Axes, title: str, x: Sequence[float], *, time: bool) -> None:
    axes.set_title(plain(title, longest=60))
    if time:
        time_axis(axes, _stamps(x), ticks=8)
    if len(axes.get_legend_handles_labels()[1]) > 1:
        axes.legend(loc="upper left", bbox_to_anchor=(0.35, 1.16), ncols=4, fontsize=7)


def _places(x: Sequence[float], *, time: bool) -> np.ndarray:
    return positions(_stamps(x)) if time else np.array(x, float)


def _stamps(seconds: Sequence[float]) -> pd.Series:
    return pd.Series(pd.to_datetime(np.array(seconds, float), unit="s"))
