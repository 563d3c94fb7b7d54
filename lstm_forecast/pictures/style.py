"""How every picture looks: colours that colour-blind readers can tell apart, a light grid, labels
of any text.
"""

import io
import math
import textwrap
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import dates, font_manager
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from lstm_forecast.pictures.short_dates import ShortDates
from lstm_forecast.store import write_whole

__all__ = [
    "BLUE", "GREEN", "GREY", "INK", "MAX_PANELS", "MAX_SMALL_PANELS", "MOST_MARKED_STEPS", "ORANGE",
    "PLAIN", "PURPLE", "Figure", "Labels", "add_heading", "fitting", "new_figure", "panels",
    "plain", "positions", "save_figure", "settle_layout", "small_time_axis", "step_axis", "styled",
    "time_axis", "tint", "write_figure",
]  # fmt: skip

# Okabe & Ito's palette (2008).
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
INK, GREY, PALE = "#222222", "#6F6F6F", "#E4E4E4"
WIDTH, DOTS = 10.0, 200  # inches and dots per inch: sharp where a page shows it 1000 pixels wide
LONGEST_LABEL = 90  # letters that fit on a line
LONGEST_LINE = 140  # letters of a note that do, as its font is smaller
MOST_MEASURED = 300  # letters of a label whose width is asked for
MISSING_GLYPH = "Glyph .* missing from font"
MAX_PANELS = 12  # of a picture, each with axes of its own
MAX_SMALL_PANELS = 48  # of an overview, in which axes tell no more than their ends
SMALL_FONT = 7
MOST_LINES = 3  # into which a longer line of one is wrapped
MOST_MARKED_STEPS = 3  # a forecast of no more is hardly a line: its points get a mark
# What helps out where DejaVu lacks a script, if the machine has it: see HELPING in startup.py.
FALLBACK_FONTS = (
    "Noto Sans CJK JP",
    "Noto Sans",
    "Arial Unicode MS",
    "Hiragino Sans",
    "Microsoft YaHei",
    "WenQuanYi Zen Hei",
)
UNDATED: dict[str, Any] = {".png": {}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}


def _style() -> Any:
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return {
        # The last name is for whoever reads an SVG and has none of the others.
        "font.family": [
            "DejaVu Sans",
            *(name for name in FALLBACK_FONTS if name in installed),
            "sans-serif",
        ],
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": 10,
        "text.color": INK,
        "text.usetex": False,
        "axes.labelcolor": GREY,
        "axes.edgecolor": GREY,
        "axes.linewidth": 0.8,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.formatter.useoffset": False,
        "grid.color": PALE,
        "grid.linewidth": 0.8,
        "xtick.color": GREY,
        "ytick.color": GREY,
        "xtick.labelsize": 9,
        "ytick.labelsize": 9,
        "lines.linewidth": 1.4,
        "lines.solid_capstyle": "round",
        "legend.frameon": False,
        "figure.facecolor": "white",
        "figure.constrained_layout.h_pad": 0.06,
        "svg.fonttype": "none",  # text stays text, which can be searched, copied and read aloud
        "svg.hashsalt": "lstm-forecast",  # with UNDATED: the same picture is the same bytes
    }


# Decorates whatever draws: the style holds inside, and the settings of the process stay as they
# are.
styled = mpl.rc_context(_style())


class Picture(Figure):
    """A figure that a notebook shows, though pyplot knows nothing of it."""

    @styled
    def _repr_png_(self) -> bytes:
        content = io.BytesIO()
        self.savefig(content, format="png", dpi=DOTS / 2)
        return content.getvalue()


def new_figure(*, height: float, note: str = "") -> Figure:
    """An empty figure with a ``note`` of one or more lines at the bottom; ``height`` in inches."""
    figure = Picture(figsize=(WIDTH, height), dpi=DOTS, layout="constrained")
    if note:
        lines = (
            textwrap.fill(plain(line, longest=MOST_LINES * LONGEST_LINE), LONGEST_LINE)
            for line in note.split("\n")
        )
        figure.supxlabel("\n".join(lines), x=0.992, ha="right", fontsize=9, color=GREY)
    return figure


@dataclass(frozen=True)
class Labels:
    """What panels, their axes and the forecast are called; panels by the id that they are of."""

    axes: Mapping[str, str] = field(default_factory=dict)  # what is measured, with its unit
    told: Mapping[str, str] = field(default_factory=dict)  # behind the id, in the title
    forecast: str = "forecast"
    wide: int = 0  # panels at the top that are as wide as the picture

    def columns(self, count: int) -> int:
        """How many of ``count`` panels stand beside each other below the wide ones."""
        if count > MAX_PANELS:
            return 4 if count <= 16 else 5 if count <= 25 else 6
        return 1 if count <= 3 else 2 if count <= 6 and not self.wide else 3


PLAIN = Labels()


def panels(
    shown: Sequence[str], *, note: str = "", labels: Labels = PLAIN, same_time: bool = False
) -> tuple[Figure, dict[str, Axes]]:
    """A figure with a panel for each of the ``shown`` ids, under its title; those of one column may
    have the ``same_time``.

    What is measured stands at every axis, but for one whose neighbour on the left says the same.
    """
    n_columns = labels.columns(len(shown))
    small = len(shown) > MAX_PANELS
    n_rows = labels.wide + math.ceil((len(shown) - labels.wide) / n_columns)
    height = max((1.2 if small else 1.8) * n_rows, 3.2)
    figure = new_figure(height=1.0 + height, note=note)
    grid, found, beside = figure.add_gridspec(n_rows, n_columns), dict[str, Axes](), ""
    for k, unique_id in enumerate(shown):
        wide = k < labels.wide
        row, column = (k, 0) if wide else divmod(k + labels.wide * (n_columns - 1), n_columns)
        first = next(iter(found.values()), None)
        axes = found[unique_id] = figure.add_subplot(
            grid[row, :] if wide else grid[row, column],
            sharex=first if same_time and n_columns == 1 else None,
        )
        if small:
            _make_small(axes)
        width = WIDTH / (1 if wide else n_columns) - 0.7  # without ticks and their labels
        axes.set_title(fitting(unique_id, axes.title, width, tail=labels.told.get(unique_id, "")))
        label = labels.axes.get(unique_id, "")
        if column == 0 or label != beside:
            axes.set_ylabel(fitting(label, axes.yaxis.label, height / n_rows - 0.5))
        beside = label
    figure.align_ylabels()
    return figure, found


def _make_small(axes: Axes) -> None:
    """Write smaller at the axes of a small panel, and less."""
    axes.title.set_fontsize(SMALL_FONT + 1)
    axes.yaxis.label.set_fontsize(SMALL_FONT)
    axes.yaxis.get_offset_text().set_fontsize(SMALL_FONT)
    axes.tick_params(labelsize=SMALL_FONT, length=2)
    axes.yaxis.set_major_locator(MaxNLocator(3))


def add_heading(figure: Figure, title: str, handles: dict[str, Any], **options: Any) -> None:
    """The title, and below it the legend of ``handles`` by label: above the data, where it hides
    none.
    """
    room, shown = sum(len(label) + 8 for label in handles) <= 130, plain(title, longest=130)
    # a legend and a suptitle know nothing of each other: only as one do they not overlap
    figure.legend(
        list(handles.values()),
        [plain(label) for label in handles],
        title=shown,
        title_fontproperties={"weight": "bold", "size": 13 * min(1.0, 82 / len(shown))},
        alignment="left",
        loc="outside upper left",
        ncols=max(1, len(handles) if room else (len(handles) + 1) // 2),
        handlelength=1.8,
        columnspacing=1.6,
        borderaxespad=0.1,
        **options,
    )


def settle_layout(figure: Figure) -> None:
    """Lay a figure out once, at places without the noise of the solver, which would give every file
    other bytes.
    """
    engine = figure.get_layout_engine()
    if engine is None:
        return
    engine.execute(figure)
    figure.set_layout_engine("none")
    for axes in figure.axes:
        axes.set_position(tuple(round(side, 5) for side in axes.get_position(original=True).bounds))


def plain(text: str, *, longest: int = LONGEST_LABEL) -> str:
    """User text as a label: one line, not too long, and no dollar sign starts a formula."""
    return _escaped(_cut(_printable(text), longest))


def fitting(text: str, place: Text, inches: float, *, tail: str = "") -> str:
    """User text as a label no longer than ``inches`` in the font of its ``place``, with all of its
    ``tail``.
    """
    letters, room = _printable(text)[:MOST_MEASURED], 72 * inches - _width(tail, place)
    longest = len(letters)
    while longest > 1 and (width := _width(_cut(letters, longest), place)) > room:
        longest = max(1, min(longest - 1, int(longest * room / width)))
    return _escaped(_cut(letters, longest) + tail)


def _width(text: str, place: Text) -> float:
    """Width in points."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=MISSING_GLYPH)
        font = place.get_fontproperties()
        width, *_ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width)


def _printable(text: str) -> str:
    return "".join(
        letter if letter.isprintable() else " " if letter.isspace() else "�" for letter in text
    )


def _cut(letters: str, longest: int) -> str:
    if len(letters) <= longest:
        return letters
    return f"{letters[: longest // 2]}…{letters[len(letters) - (longest - longest // 2 - 1) :]}"


def _escaped(letters: str) -> str:
    return letters.replace("$", r"\$")


def tint(color: str, share: float) -> tuple[float, float, float]:
    """The colour, thinned with white to a ``share`` of it.

    Opaque, so that a legend shows what the data show.
    """
    red, green, blue = (share * part + 1 - share for part in to_rgb(color))
    return red, green, blue


def positions(stamps: pd.Series) -> NDArray[np.float64]:
    """Where stamps, of any zone, or integer steps lie on the axis."""
    if pd.api.types.is_integer_dtype(stamps):
        return stamps.to_numpy(np.float64)
    index = pd.DatetimeIndex(stamps)
    naive = index if index.tz is None else index.tz_convert("UTC").tz_localize(None)
    x: NDArray[np.float64] = dates.date2num(naive.to_numpy())  # type: ignore[no-untyped-call]
    return x


def time_axis(axes: Axes, stamps: pd.Series, *, ticks: int) -> None:
    """Label the time axis by what ``stamps`` are: short dates in their own zone, or whole steps.

    There will be at most ``ticks`` labels, or 5: with fewer, Matplotlib warns that 40 hours find no
    fitting interval.
    """
    if pd.api.types.is_integer_dtype(stamps):
        axes.xaxis.set_major_locator(MaxNLocator(ticks, integer=True, min_n_ticks=1))
        axes.set_xlabel("step")
        return
    zone = pd.DatetimeIndex(stamps).tz
    most: Any = dates.AutoDateLocator
    locator = most(tz=zone, minticks=2, maxticks=max(5, ticks))
    axes.xaxis.set_major_locator(locator)
    formatter = ShortDates(locator, tz=zone, show_offset=False)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(formatter)


def small_time_axis(axes: Axes, stamps: pd.Series) -> None:
    """Label the first and the last of the ``stamps``: in a small panel there is room for two."""
    ends = stamps.iloc[[0, -1]]
    texts = [f"{end}" for end in ends]
    if not pd.api.types.is_integer_dtype(stamps):
        form = "%Y-%m-%d" if ends.iloc[0].date() != ends.iloc[1].date() else "%H:%M"
        texts = [end.strftime(form) for end in ends]
    axes.set_xticks(positions(ends), texts, fontsize=SMALL_FONT - 1)
    first, last = axes.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")


def step_axis(axes: Axes, label: str, *, first: int, last: int) -> None:
    """An axis of the whole numbers from ``first`` to ``last``, even where they are one."""
    pad = max(0.01 * (last - first), 0.25)
    axes.set_xlim(first - pad, last + pad)
    axes.xaxis.set_major_locator(MaxNLocator(14, integer=True, min_n_ticks=1))
    axes.set_xlabel(label)


@styled
def save_figure(figure: Figure, path: Path, *, suffix: str) -> None:
    """Write the figure in the format of ``suffix``, one of PICTURES; ``path`` may have any name."""
    with warnings.catch_warnings():
        # A script that no font here has is drawn as boxes: not worth a warning for every letter.
        warnings.filterwarnings("ignore", message=MISSING_GLYPH)
        figure.savefig(path, format=suffix[1:], metadata=UNDATED[suffix])


def write_figure(figure: Figure, path: Path) -> None:
    """Write the figure in the format of the path's suffix, whole or not at all.

    Raises WriteError.
    """
    write_whole(path, lambda staged: save_figure(figure, staged, suffix=path.suffix.lower()))
