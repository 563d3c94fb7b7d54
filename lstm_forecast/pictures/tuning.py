"""The picture of a search: what each trial reached, and the keys that mattered."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from lstm_forecast.pictures.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    add_heading,
    new_figure,
    plain,
    styled,
    tint,
)

__all__ = ["tuning_figure"]

MOST_KEYS = 3  # that are drawn
# Trials beyond are cut off at the edge, or one that diverged would squeeze all others together.
WORST = 1.5
# Between the largest and the smallest number: from then on the axis is logarithmic, and has labels
# at powers of ten alone.
LOG_FROM, DECADES_FROM = 8.0, 60.0
CHANGE = FuncFormatter(lambda value, _: f"{value:+.0%}" if abs(value) > 1e-9 else "0%")


@styled
def tuning_figure(
    *,
    ratios: Sequence[Sequence[float]],
    settings: Sequence[Mapping[str, str]],
    importance: Mapping[str, float],
    title: str,
    note: str = "",
) -> Figure:
    """Trials in their order on the left; on the right the values of the keys that mattered most,
    and what trials with them reached.

    ``ratios`` are errors in errors of the config as it stands, by fold, the newest first: of every
    trial as many as it was judged on, the first trial on all. ``settings`` are those of each trial.
    """
    shown = list(importance)[:MOST_KEYS]
    figure = new_figure(height=3.6 if len(shown) < 3 else 4.4, note=note)
    grid = figure.add_gridspec(max(1, len(shown)), 2, width_ratios=[1.5, 1])
    left = figure.add_subplot(grid[:, 0] if shown else grid[:, :])
    handles = _draw_trials(left, ratios)
    for row, key in enumerate(shown):
        axes = figure.add_subplot(grid[row, 1])
        axes.set_title(plain(f"{key}: explains {importance[key]:.0%}", longest=48))
        _draw_key(axes, [each.get(key) for each in settings], [each[:1] for each in ratios])
    add_heading(figure, title, handles)
    return figure


def _draw_trials(axes: Axes, ratios: Sequence[Sequence[float]]) -> dict[str, Any]:
    """A dot for each trial, with the range of its folds, and the best so far."""
    folds = len(ratios[0])
    handles: dict[str, Any] = {"config as it stands": axes.axhline(0, color=INK, linewidth=1)}
    means, best = [], list[float]()
    for number, each in enumerate(ratios):
        complete = len(each) == folds
        mean = fmean(each) - 1 if each else None
        best.append(min([*best[-1:], *([mean] if complete and mean is not None else [])]))
        if mean is None:
            continue
        low, high = min(each) - 1, max(each) - 1
        means.append(min(mean, WORST - 1))
        if complete:
            axes.plot([number, number], [low, high], color=tint(BLUE, 0.45), linewidth=3, zorder=2)
        (dot,) = axes.plot(
            number,
            min(mean, WORST - 1),
            "o" if complete else ".",
            color=BLUE if complete else GREY,
            markersize=6 if complete else 5,
            clip_on=False,
            zorder=3,
        )
        handles.setdefault("all folds, and their range" if complete else "newest fold alone", dot)
    (handles["best so far"],) = axes.plot(best, color=ORANGE, drawstyle="steps-post", zorder=1)
    axes.set_xlabel("trial")
    axes.xaxis.set_major_locator(MaxNLocator(10, integer=True))
    axes.set_ylabel("error, beside the config's")
    axes.yaxis.set_major_formatter(CHANGE)
    return handles


def _draw_key(axes: Axes, values: Sequence[str | None], reached: Sequence[Sequence[float]]) -> None:
    """What trials reached on the newest fold, by the value of one key."""
    pairs = [
        (value, min(each[0], WORST) - 1)
        for value, each in zip(values, reached, strict=True)
        if value is not None and each
    ]
    numbers = [_number(value) for value, _ in pairs]
    known = [number for number in numbers if number is not None]
    if len(known) == len(pairs):
        if min(known) > 0 and max(known) / min(known) >= LOG_FROM:
            axes.set_xscale("log")
            wide = max(known) / min(known) > DECADES_FROM
            axes.xaxis.set_major_locator(LogLocator(subs=(1,) if wide else (1, 2, 5)))
            axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        places: Sequence[float] = known
    else:
        names = sorted({value for value, _ in pairs})
        places = [float(names.index(value)) for value, _ in pairs]
        axes.set_xticks(range(len(names)), [plain(name, longest=12) for name in names])
        axes.set_xlim(-0.5, len(names) - 0.5)
    axes.plot(places, [ratio for _, ratio in pairs], "o", color=BLUE, markersize=4, clip_on=False)
    axes.axhline(0, color=INK, linewidth=1, zorder=1)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(CHANGE)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
