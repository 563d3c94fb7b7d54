"""The picture of the errors: how they grow from step to step, beside those of the baselines."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from lstm_forecast.pictures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    MOST_MARKED_STEPS,
    ORANGE,
    PURPLE,
    add_heading,
    fitting,
    new_figure,
    step_axis,
    styled,
)

__all__ = ["horizon_figure"]

HEIGHT = 4.2  # inches
# Told apart by dashes as well as by colour; whatever is drawn first is the run.
LINES: tuple[tuple[str, Any], ...] = (
    (BLUE, "-"),
    (GREY, (0, (1, 1.5))),
    (ORANGE, (0, (5, 2))),
    (GREEN, (0, (5, 1.5, 1, 1.5))),
    (PURPLE, (0, (3, 1, 1, 1, 1, 1))),
    (INK, (0, (8, 3))),
)


@styled
def horizon_figure(
    errors: Mapping[str, Sequence[float]], *, title: str, note: str = "", measured: str = ""
) -> Figure:
    """Mean absolute error by step of the horizon, in original units; the first of ``errors`` is the
    run's. ``measured`` is what they are errors of, if that is one quantity.
    """
    figure = new_figure(height=HEIGHT, note=note)
    axes = figure.subplots()
    handles: dict[str, Any] = {}
    for k, (label, values) in enumerate(errors.items()):
        color, dashes = LINES[k % len(LINES)]
        steps = range(1, len(values) + 1)
        mark = "o" if len(values) <= MOST_MARKED_STEPS else None
        (handles[label],) = axes.plot(
            steps,
            values,
            color=color,
            linestyle=dashes,
            linewidth=1.6 if k else 3.2,
            marker=mark,
            zorder=3 + (k > 0),
        )
    axes.set_ylim(bottom=0)
    step_axis(axes, "step of the horizon", first=1, last=max(map(len, errors.values())))
    what = f" of {measured}" if measured else ", original units"
    axes.set_ylabel(fitting(f"mean absolute error{what}", axes.yaxis.label, HEIGHT - 1.2))
    add_heading(figure, title, handles)
    return figure
